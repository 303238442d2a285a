//! Text from outside where people read it: what would move a cursor, hide or reorder letters is spelled out.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` with every control character but line feed and tab, and every character that reorders or hides others, as `\u` and
/// four hexadecimal digits, which is also how JSON writes it.
///
/// ```
/// assert_eq!(routing::visible("a\u{1b}[31m\tb\n"), "a\\u001b[31m\tb\n");
/// assert_eq!(routing::visible("gpt-\u{202e}4"), "gpt-\\u202e4");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    spelled(text, |letter| is_unseen(letter) && !matches!(letter, '\n' | '\t'))
}

/// [`visible`] for a name, which keeps to its line: line feeds and tabs are spelled out too.
pub fn visible_name(name: &str) -> Cow<'_, str> {
    spelled(name, is_unseen)
}

fn spelled(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hidden) {
        return Cow::Borrowed(text);
    }
    let mut spelled = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if hidden(letter) {
            write!(spelled, "\\u{:04x}", u32::from(letter)).expect("a text takes every letter");
        } else {
            spelled.push(letter);
        }
    }
    Cow::Owned(spelled)
}

/// Control characters, marks and overrides of direction, separators of lines, marks of byte order, and what is no character.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
            | '\u{fffe}' | '\u{ffff}')
}
