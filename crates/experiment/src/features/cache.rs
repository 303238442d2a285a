//! Vectors of texts on disk, by content: where each one is, and the files that hold them.

use super::{Damage, FeatureCache};
use encoder::Encoder;
use routing::hexadecimal;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::{Column, Frame, FrameError};

/// Texts that a cache knows at most, about 40 bytes of memory and 1.5 kB of disk each: later ones are encoded whenever they
/// are met.
const MOST: usize = 1 << 22;

/// Hash of a text.
pub(super) type Key = [u8; 16];

/// Where the vector of a text lies.
#[derive(Clone, Copy, Debug)]
struct At {
    file: u32,
    row: u32,
}

/// The opened cache of one encoder.
pub(super) struct Known {
    folder: PathBuf,
    fingerprint: String,
    width: usize,
    files: Vec<PathBuf>,
    places: BTreeMap<Key, At>,
    /// Vectors that are too few for a file of their own: of a stream that comes text by text.
    loose: BTreeMap<Key, Vec<f32>>,
    damage: Damage,
}

/// Texts that are worth a file of their own.
const WORTH: usize = 16;

/// The keys and vectors of a file of the cache.
type Rows = (Vec<Option<Key>>, Vec<f32>);

impl Known {
    /// Reads which texts lie in the part of the cache that belongs to `encoder`. Damaged files are removed and said: their texts
    /// are encoded again.
    pub(super) fn open(cache: &FeatureCache, encoder: &dyn Encoder) -> Result<Known, FrameError> {
        let (fingerprint, width) = (encoder.fingerprint(), encoder.width());
        let folder = cache.folder.join(hexadecimal(&Sha256::digest(fingerprint.as_bytes())[..8]));
        let paths = files(&folder)?;
        let (files, places, loose, damage) = (Vec::new(), BTreeMap::new(), BTreeMap::new(), cache.damage.clone());
        let mut known = Known { folder, fingerprint, width, files, places, loose, damage };
        for path in paths {
            if let Some((keys, _)) = known.read(&path)? {
                known.enter(path, keys.into_iter());
            }
        }
        Ok(known)
    }

    /// The keys and vectors of a file; none of one that is not what was written, which is removed.
    fn read(&self, path: &Path) -> Result<Option<Rows>, FrameError> {
        let fail = |error: std::io::Error| FrameError { path: path.to_owned(), message: error.to_string() };
        match std::fs::File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => drop(opened.map_err(fail)?),
        }
        match store::read(path) {
            Ok(frame) => rows(path, frame, self.width).map(Some),
            Err(error) => {
                self.damage.tell(&error);
                store::remove(path).map_err(fail)?;
                Ok(None)
            }
        }
    }

    fn enter(&mut self, path: PathBuf, keys: impl Iterator<Item = Option<Key>>) {
        let file = u32::try_from(self.files.len()).expect("a file holds texts, and there are fewer than `MOST`");
        self.files.push(path);
        for (key, row) in keys.zip(0..) {
            if let Some(key) = key.filter(|_| self.places.len() < MOST) {
                self.places.entry(key).or_insert(At { file, row });
            }
        }
    }

    /// Takes the texts that are known out of `wanted` and hands each one's rows and vector to `enter`.
    pub(super) fn take(
        &mut self,
        wanted: &mut BTreeMap<Key, Vec<usize>>,
        mut enter: impl FnMut(&[usize], &[f32]),
    ) -> Result<(), FrameError> {
        if !self.loose.is_empty() {
            wanted.retain(|key, rows| match self.loose.get(key) {
                Some(vector) => {
                    enter(rows, vector);
                    false
                }
                None => true,
            });
        }
        let mut found: BTreeMap<u32, Vec<(u32, Key)>> = BTreeMap::new();
        for key in wanted.keys() {
            if let Some(at) = self.places.get(key) {
                found.entry(at.file).or_default().push((at.row, *key));
            }
        }
        for (file, places) in found {
            let (keys, values) = self.read(&self.files[file as usize])?.unwrap_or_default();
            for (row, key) in places {
                // A file that was damaged, removed or replaced since it was opened: its texts are encoded again.
                let same = keys.get(row as usize).is_some_and(|known| *known == Some(key));
                let vector = values.get(row as usize * self.width..).and_then(|rest| rest.get(..self.width));
                match vector.filter(|_| same) {
                    Some(vector) => enter(&wanted.remove(&key).expect("it was found among them"), vector),
                    None => drop(self.places.remove(&key)),
                }
            }
        }
        Ok(())
    }

    /// Keeps vectors: those of many texts in a file at once, those of a few once there are as many as in a file.
    pub(super) fn keep(&mut self, keys: &[Key], values: Vec<f32>) -> Result<(), FrameError> {
        if keys.len() >= WORTH {
            return self.write(keys, values);
        }
        self.loose.extend(keys.iter().copied().zip(values.chunks_exact(self.width).map(<[f32]>::to_vec)));
        if self.loose.len() >= super::FILE { self.write_loose() } else { Ok(()) }
    }

    fn write_loose(&mut self) -> Result<(), FrameError> {
        let loose = std::mem::take(&mut self.loose);
        let keys: Vec<Key> = loose.keys().copied().collect();
        if keys.is_empty() { Ok(()) } else { self.write(&keys, loose.into_values().flatten().collect()) }
    }

    /// Puts a file of vectors into the cache, named after its keys; nothing where the cache is full.
    fn write(&mut self, keys: &[Key], values: Vec<f32>) -> Result<(), FrameError> {
        if self.places.len() + keys.len() > MOST {
            return Ok(());
        }
        let texts: Vec<String> = keys.iter().map(|key| hexadecimal(key)).collect();
        let name = hexadecimal(&Sha256::digest(texts.concat().as_bytes())[..16]);
        let columns = vec![
            ("text".to_owned(), Column::Text(texts.into_iter().map(Some).collect())),
            ("embedding".to_owned(), Column::Vectors { width: self.width, values }),
        ];
        let frame = Frame { columns, metadata: vec![("encoder".to_owned(), self.fingerprint.clone())] };
        let path = self.folder.join(format!("{name}.parquet"));
        store::write_parquet(&path, &frame)?;
        self.enter(path, keys.iter().copied().map(Some));
        Ok(())
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        // What cannot be kept is encoded again: no result depends on it.
        let _ = self.write_loose();
    }
}

/// The key that a file of the cache writes as hexadecimal digits; none if it is not one.
fn key(text: &str) -> Option<Key> {
    let digits = Some(text).filter(|text| text.len() == 2 * size_of::<Key>() && text.is_ascii())?;
    u128::from_str_radix(digits, 16).ok().map(u128::to_be_bytes)
}

/// The parquet files in `folder`, none where it does not exist.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, FrameError> {
    let fail = |error: std::io::Error| FrameError { path: folder.to_owned(), message: error.to_string() };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(fail)?,
    };
    let paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(fail)?;
    let mut found: Vec<PathBuf> =
        paths.into_iter().filter(|path| path.extension().is_some_and(|e| e == "parquet")).collect();
    found.sort();
    Ok(found)
}

/// The keys and vectors in `frame`, the file at `path`.
fn rows(path: &Path, mut frame: Frame, width: usize) -> Result<Rows, FrameError> {
    let place = |name: &str| frame.columns.iter().position(|(known, _)| known == name);
    let (Some(text), Some(embedding)) = (place("text"), place("embedding")) else { return Err(foreign(path)) };
    let Column::Text(keys) = &frame.columns[text].1 else { return Err(foreign(path)) };
    let keys = keys.iter().map(|text| text.as_deref().and_then(key)).collect();
    let Column::Vectors { width: found, values } = &mut frame.columns[embedding].1 else { return Err(foreign(path)) };
    if *found != width {
        let message = format!("column `embedding` must have {width} numbers a row, got {found}: delete the file");
        return Err(FrameError { path: path.to_owned(), message });
    }
    Ok((keys, std::mem::take(values)))
}

fn foreign(path: &Path) -> FrameError {
    let message = "must have the columns `text` and `embedding`: not a file of the feature cache, delete it".into();
    FrameError { path: path.to_owned(), message }
}
