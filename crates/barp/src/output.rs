//! Results on stdout. A reader that hangs up (`barp ... | head`) ends the program quietly.

use std::io::{ErrorKind, Write};

/// Prints a line; [`crate::output::print`] with the arguments of `format!`.
macro_rules! say {
    ($($argument:tt)*) => { $crate::output::print(&format!($($argument)*)) };
}
pub(crate) use say;

/// Prints `text` and a line end.
///
/// # Panics
/// When stdout cannot be written for another reason than that its reader is gone.
pub(crate) fn print(text: &str) {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => panic!("stdout: {error}"),
    }
}
