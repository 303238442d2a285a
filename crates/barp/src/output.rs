//! Results on stdout. A reader that hangs up (`barp ... | head`) ends the program quietly.

use routing::visible;
use std::io::{ErrorKind, Write};

/// Prints a line; [`crate::output::print`] with the arguments of `format!`.
macro_rules! say {
    ($($argument:tt)*) => { $crate::output::print(&format!($($argument)*)) };
}
pub(crate) use say;

/// Says a line on stderr; [`crate::output::say_aside`] with the arguments of `format!`.
macro_rules! complain {
    ($($argument:tt)*) => { $crate::output::say_aside(&format!($($argument)*)) };
}
pub(crate) use complain;

/// Prints `text` and a line end on stderr. What came from outside cannot steer the terminal.
pub(crate) fn say_aside(text: &str) {
    eprintln!("{}", visible(text));
}

/// Prints `text` and a line end. What came from outside cannot steer the terminal.
///
/// # Panics
/// As [`print_painted`].
pub(crate) fn print(text: &str) {
    print_painted(&visible(text));
}

/// Prints `text`, in which colours stand as the terminal wants them, and a line end.
///
/// # Panics
/// When stdout cannot be written for another reason than that its reader is gone.
pub(crate) fn print_painted(text: &str) {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => panic!("stdout: {error}"),
    }
}

/// Columns of stdout, and whether it may be coloured: a terminal's own, unless NO_COLOR says otherwise.
pub(crate) fn shape() -> (usize, bool) {
    let terminal = console::Term::stdout();
    let width = terminal.size_checked().map_or(100, |(_, columns)| usize::from(columns));
    (width, terminal.is_term() && console::colors_enabled())
}

/// Says on stderr which rows were left out, by the rule that they break.
pub(crate) fn say_dropped<R: std::fmt::Display, N: std::fmt::Display>(dropped: &[(R, N)]) {
    for (rule, rows) in dropped {
        complain!("dropped {rows} rows: {rule}");
    }
}

/// Says on stderr that a file is not what was written, and what follows from it.
pub(crate) fn say_damaged(error: &store::FrameError, so: &str) {
    complain!("damaged: {error}: {so}");
}
