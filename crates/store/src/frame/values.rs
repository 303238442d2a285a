//! JSON objects one after another: in a list, over several lines each, or on one line each.

use std::io::{self, BufRead};

/// Hands out the bytes of each object of a text, in memory for one object. Around them may stand one list; between them commas
/// and white space.
pub(super) struct Objects<R> {
    reader: R,
    /// Line of the next byte, from 1.
    line: u64,
    list: List,
}

/// Where in its list a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    /// Before the first byte that is no white space.
    Unknown,
    Within,
    /// There is none.
    Absent,
    Ended,
}

/// What comes next.
pub(super) enum Next {
    /// An object that begins on this line stands in the buffer.
    Object(u64),
    /// The text is over.
    End,
    /// Neither, on this line.
    Flaw(u64, String),
}

impl<R: BufRead> Objects<R> {
    pub(super) fn new(reader: R) -> Objects<R> {
        Objects { reader, line: 1, list: List::Unknown }
    }

    /// Replaces `object` by the bytes of the next one. After a flaw nothing follows.
    pub(super) fn next(&mut self, object: &mut Vec<u8>) -> io::Result<Next> {
        object.clear();
        loop {
            let Some(byte) = self.byte()? else {
                let open = self.list == List::Within;
                self.list = List::Ended;
                return Ok(if open { self.flaw("the list is not closed".to_owned()) } else { Next::End });
            };
            match (byte, self.list) {
                (b' ' | b'\t' | b'\r' | b'\n', _) => {}
                (b'[', List::Unknown) => self.list = List::Within,
                (b',', List::Within) => {}
                (b']', List::Within) => self.list = List::Ended,
                (b'{', List::Unknown | List::Within | List::Absent) => {
                    if self.list == List::Unknown {
                        self.list = List::Absent;
                    }
                    let line = self.line;
                    object.push(byte);
                    return Ok(if self.rest(object)? {
                        Next::Object(line)
                    } else {
                        self.list = List::Ended;
                        Next::Flaw(line, "the object is not closed".to_owned())
                    });
                }
                (other, _) => return Ok(self.flaw(format!("`{}` where an object should begin", char::from(other)))),
            }
        }
    }

    fn flaw(&mut self, what: String) -> Next {
        self.list = List::Ended;
        let line = self.line;
        // Nothing after it can be trusted to be where it seems to be.
        while let Ok(rest) = self.reader.fill_buf() {
            let length = rest.len();
            if length == 0 {
                break;
            }
            self.reader.consume(length);
        }
        Next::Flaw(line, what)
    }

    /// Appends everything up to the brace that closes the object; false where the text ends before.
    fn rest(&mut self, object: &mut Vec<u8>) -> io::Result<bool> {
        let (mut depth, mut quoted, mut escaped) = (1_u64, false, false);
        while let Some(byte) = self.byte()? {
            object.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' if !quoted => depth += 1,
                b'}' if !quoted => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let Some(&byte) = self.reader.fill_buf()?.first() else { return Ok(None) };
        self.reader.consume(1);
        self.line += u64::from(byte == b'\n');
        Ok(Some(byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text holds: objects with the line on which each begins, then the flaw, if there is one.
    fn check(text: &str, objects: &[(u64, &str)], flaw: Option<(u64, &str)>) {
        let (mut reader, mut object, mut found, mut wrong) =
            (Objects::new(text.as_bytes()), Vec::new(), Vec::new(), None);
        loop {
            match reader.next(&mut object).unwrap() {
                Next::Object(line) => found.push((line, String::from_utf8(object.clone()).unwrap())),
                Next::End => break,
                Next::Flaw(line, what) => wrong = Some((line, what)),
            }
        }
        let found: Vec<(u64, &str)> = found.iter().map(|(line, text)| (*line, text.as_str())).collect();
        assert_eq!(
            (found.as_slice(), wrong.as_ref().map(|(line, what)| (*line, what.as_str()))),
            (objects, flaw),
            "{text}"
        );
    }

    #[test]
    fn objects_are_found_in_a_list_and_without_one() {
        check("", &[], None);
        check(" [ ] ", &[], None);
        check("[{\"a\": {}}, {\"b\": 1}]", &[(1, "{\"a\": {}}"), (1, "{\"b\": 1}")], None);
        check("{\"a\":\n1}\n\n{\"b\":2}", &[(1, "{\"a\":\n1}"), (4, "{\"b\":2}")], None);
    }

    #[test]
    fn braces_and_quotes_within_text_do_not_count() {
        let text = "{\"a\": \"}\\\"{ ]\\\\\"}";
        check(&format!("[{text}]"), &[(1, text)], None);
    }

    #[test]
    fn what_is_no_object_ends_the_text_with_its_line() {
        check("[{},\n 7, {}]", &[(1, "{}")], Some((2, "`7` where an object should begin")));
        check("[{}", &[(1, "{}")], Some((1, "the list is not closed")));
        check("[{}] {}", &[(1, "{}")], Some((1, "`{` where an object should begin")));
        check("{\"a\": [1\n", &[], Some((1, "the object is not closed")));
    }
}
