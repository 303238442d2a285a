//! The checksum inside every parquet file that barp writes: found wrong by any reader of ours, passed over by all others.
//!
//! A parquet file ends with its footer, the footer's length and `PAR1`. The seal stands right before the footer, among bytes
//! that no column chunk claims: [`MARK`] and the SHA-256 of every other byte of the file, whatever part of the format it
//! belongs to. The mark stands in the footer too, as the name of the writer, so that damage to one of the two cannot make a
//! sealed file look like one without a seal.

use parquet::file::reader::ChunkReader;
use routing::hexadecimal;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Name of the writer in the footer, and the beginning of a seal.
pub(crate) const MARK: &str = "barp, sealed by SHA-256";

/// The four bytes that a parquet file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";
/// The footer's length and [`MAGIC`].
const END: u64 = 8;
/// [`MARK`] and the checksum.
const SEAL: u64 = MARK.len() as u64 + 32;
/// The end of a file without a seal, in which a mark would stand if it had lost one: the footer's last field but one.
const TAIL: u64 = 1 << 16;
/// Bytes that are hashed at a time.
const BLOCK: usize = 1 << 18;

/// What a file says of its own content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seal {
    /// It is the content that was written.
    Whole,
    /// It has no seal: others wrote it, or a version of barp before seals.
    Absent,
}

/// Where the footer of a parquet file of `length` bytes begins that ends with `end`; none where that is no such file.
fn footer(length: u64, end: [u8; END as usize]) -> Option<u64> {
    let [a, b, c, d, magic @ ..] = end;
    let size = u64::from(u32::from_le_bytes([a, b, c, d]));
    length.checked_sub(END + size).filter(|_| magic == *MAGIC)
}

/// `file`, a parquet file as its writer left it, with its seal.
pub(crate) fn sealed(mut file: Vec<u8>) -> Vec<u8> {
    let end = *file.last_chunk().expect("a parquet file ends with a length and its name");
    let at = footer(file.len() as u64, end).expect("the writer has just closed it") as usize;
    let sum = Sha256::digest(&file);
    file.splice(at..at, MARK.bytes().chain(sum.iter().copied()));
    file
}

/// Puts a seal into `file`, a parquet file as its writer left it.
pub(crate) fn seal(file: &mut File) -> io::Result<()> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut end = [0; END as usize];
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    file.read_exact(&mut end)?;
    let at = footer(length, end).ok_or_else(|| io::Error::other("its writer left no footer"))?;
    file.rewind()?;
    let sum = hashed(file, length, Sha256::new())?.finalize();
    let mut last = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.read_to_end(&mut last)?;
    file.seek(SeekFrom::Start(at))?;
    [MARK.as_bytes(), &sum, &last].iter().try_for_each(|part| file.write_all(part))
}

/// Feeds the next `length` bytes of `from` to `hash`.
fn hashed(from: &mut impl Read, length: u64, mut hash: Sha256) -> io::Result<Sha256> {
    let mut block = vec![0; BLOCK.min(usize::try_from(length).unwrap_or(BLOCK)).max(1)];
    let mut from = from.take(length);
    loop {
        match from.read(&mut block)? {
            0 => return Ok(hash),
            read => hash.update(&block[..read]),
        }
    }
}

/// Whether the content of `file` is what was written, by its own seal.
///
/// # Errors
/// When it cannot be read, or is not what was written: the rule.
pub(crate) fn check<R: ChunkReader>(file: &R) -> Result<Seal, String> {
    let length = file.len();
    let tail = part(file, length.saturating_sub(END), END)?;
    let at = tail.first_chunk().and_then(|end| footer(length, *end)).and_then(|footer| footer.checked_sub(SEAL));
    let seal = at.map_or(Ok(Vec::new()), |at| part(file, at, SEAL))?;
    if let (Some(at), Some(stated)) = (at, seal.strip_prefix(MARK.as_bytes())) {
        let hash = feed(file, 0, at, Sha256::new())?;
        let sum = feed(file, at + SEAL, length - at - SEAL, hash)?.finalize();
        return if sum[..] == *stated { Ok(Seal::Whole) } else { Err(differs(&sum, stated)) };
    }
    let tail = part(file, length.saturating_sub(TAIL), TAIL)?;
    match tail.windows(MARK.len()).any(|part| part == MARK.as_bytes()) {
        true => Err("its content is not what barp wrote: its checksum is damaged".to_owned()),
        false => Ok(Seal::Absent),
    }
}

fn part<R: ChunkReader>(file: &R, start: u64, length: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut from = file.get_read(start).map_err(|error| error.to_string())?.take(length);
    from.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn feed<R: ChunkReader>(file: &R, start: u64, length: u64, hash: Sha256) -> Result<Sha256, String> {
    let mut from = file.get_read(start).map_err(|error| error.to_string())?;
    hashed(&mut from, length, hash).map_err(|error| error.to_string())
}

fn differs(sum: &[u8], stated: &[u8]) -> String {
    let short = |bytes: &[u8]| hexadecimal(&bytes[..8.min(bytes.len())]);
    format!("its content is not what barp wrote: SHA-256 {}.. where its seal says {}..", short(sum), short(stated))
}

/// SHA-256 of the file at `path`, as `sha256sum` prints it.
pub(crate) fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    Ok(hexadecimal(&hashed(&mut file, u64::MAX, Sha256::new())?.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Frame, FrameError, ParquetParts, read, write_parquet};

    fn frame() -> Frame {
        let columns = vec![
            ("name".to_owned(), Column::Text(vec![Some("a".into()), None, Some("b".into())])),
            ("value".to_owned(), Column::Real(vec![Some(0.5), Some(-1e300), None])),
            ("n".to_owned(), Column::Integer(vec![Some(1), Some(2), Some(3)])),
        ];
        Frame { columns, metadata: vec![("key".to_owned(), "value".to_owned())] }
    }

    /// Whether these bytes are refused, by their seal or, at `path`, by the reader.
    fn refused(path: &Path, bytes: Vec<u8>) -> bool {
        check(&bytes::Bytes::from(bytes.clone())).is_err() || {
            crate::write_whole(path, &bytes).unwrap();
            read(path).is_err()
        }
    }

    #[test]
    fn every_flipped_bit_and_every_shorter_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        write_parquet(&path, &frame()).unwrap();
        assert_eq!(read(&path).unwrap(), frame());
        let whole = std::fs::read(&path).unwrap();
        for bit in 0..8 * whole.len() {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&path, flipped), "bit {bit} of {}", 8 * whole.len());
        }
        for length in 0..whole.len() {
            assert!(refused(&path, whole[..length].to_vec()), "{length} bytes of {}", whole.len());
        }
    }

    #[test]
    fn a_file_written_in_parts_has_a_seal_too() -> Result<(), FrameError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut parts = ParquetParts::create(&path, &frame())?;
        parts.write(&frame())?;
        parts.finish()?;
        assert_eq!(check(&File::open(&path).unwrap()), Ok(Seal::Whole));
        assert_eq!(read(&path)?.rows(), 6);
        Ok(())
    }

    #[test]
    fn the_sum_of_a_file_is_that_of_sha256sum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        crate::write_whole(&path, b"abc").unwrap();
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&path).unwrap(), known);
    }
}
