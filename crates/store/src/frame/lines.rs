//! Where in a CSV file a row stands, and whether its last quote is closed: neither is told by the parser.

use std::collections::VecDeque;
use std::io::{self, Read};

/// The mark that some programs put before UTF-8 text.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A CSV file that counts the lines of the bytes it hands on. `\n`, `\r\n` and a lone `\r` end a line.
pub(super) struct Lines<R> {
    inner: R,
    delimiter: u8,
    /// Bytes handed on.
    offset: u64,
    /// Line of the next byte, from 1.
    line: u64,
    at_start: bool,
    after_return: bool,
    /// Offset and number of each line that is not empty, as far as [`Lines::line_at`] has not passed it.
    starts: VecDeque<(u64, u64)>,
    place: Place,
}

/// Where in a cell the next byte stands.
enum Place {
    Start,
    Plain,
    /// Within quotes that were opened on this line.
    Quoted(u64),
    /// After a quote that closes the cell, or is the first of two that stand for one.
    Closing(u64),
}

impl<R: Read> Lines<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Lines<R> {
        let (starts, place) = (VecDeque::new(), Place::Start);
        Lines { inner, delimiter, offset: 0, line: 1, at_start: true, after_return: false, starts, place }
    }

    /// The line of the first byte from `offset` on that does not stand in an empty line; `offset` never goes back.
    pub(super) fn line_at(&mut self, offset: u64) -> u64 {
        while self.starts.front().is_some_and(|(start, _)| *start < offset) {
            self.starts.pop_front();
        }
        self.starts.front().map_or(self.line, |(_, line)| *line)
    }

    fn pass(&mut self, byte: u8) {
        let ends = matches!(byte, b'\n' | b'\r');
        if ends {
            self.line += u64::from(byte == b'\r' || !self.after_return);
        } else if self.at_start {
            self.starts.push_back((self.offset, self.line));
        }
        self.after_return = byte == b'\r';
        self.at_start = ends;
        let is_mark = BYTE_ORDER_MARK.get(self.offset as usize) == Some(&byte);
        self.place = match self.place {
            Place::Quoted(line) if byte == b'"' => Place::Closing(line),
            Place::Quoted(line) => Place::Quoted(line),
            Place::Closing(line) if byte == b'"' => Place::Quoted(line),
            Place::Start if byte == b'"' => Place::Quoted(self.line),
            Place::Start if is_mark => Place::Start,
            _ if ends || byte == self.delimiter => Place::Start,
            _ => Place::Plain,
        };
        self.offset += 1;
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        buffer[..length].iter().for_each(|&byte| self.pass(byte));
        match self.place {
            Place::Quoted(line) if length == 0 && !buffer.is_empty() => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("line {line}: a quote is opened and never closed"),
            )),
            _ => Ok(length),
        }
    }
}
