//! Vectors of texts, encoded in parallel and kept, so that no text is encoded twice.
//!
//! A cache is a folder of parquet files for each encoder, by its fingerprint; a row is the hash of a text and its vector. Each
//! file is written whole as its texts are done: what is interrupted goes on from there. Files can be deleted at any time.

use encoder::Encoder;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::{Column, Frame, FrameError};

/// Texts in a file of the cache: what an interruption loses at most.
const FILE: usize = 512;

/// Texts that one thread encodes together.
const TOGETHER: usize = 16;

/// A folder of encoded texts.
#[derive(Clone, Debug)]
pub struct FeatureCache {
    folder: PathBuf,
}

impl FeatureCache {
    /// A cache in `folder`, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> FeatureCache {
        FeatureCache { folder: folder.into() }
    }

    /// The user's: `features` in [`encoder::cache_folder`].
    pub fn usual() -> FeatureCache {
        FeatureCache::new(encoder::cache_folder().join("features"))
    }
}

/// How to encode.
#[derive(Clone, Debug, Default)]
pub struct Encoding {
    /// Where vectors are kept; none: nowhere.
    pub cache: Option<FeatureCache>,
    /// Threads; 0: one for each core.
    pub threads: usize,
}

/// The vectors of `texts`, a row of `encoder.width()` numbers each: the same bits with and without a cache, for any number of
/// threads. `heard` is told, from any thread, how many texts are newly done; equal texts are encoded once.
///
/// # Errors
/// When a file of the cache cannot be read or written, or is not one.
pub fn encode_texts(
    encoder: &dyn Encoder,
    texts: &[&str],
    how: &Encoding,
    heard: impl Fn(usize) + Sync,
) -> Result<Vec<f32>, FrameError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(how.threads).build();
    let pool = pool.expect("a thread can be started");
    let width = encoder.width();
    let mut wanted: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (row, text) in texts.iter().enumerate() {
        wanted.entry(hash(text.as_bytes(), 32)).or_default().push(row);
    }
    let mut vectors = vec![0.0; texts.len() * width];
    let mut enter = |rows: &[usize], vector: &[f32]| {
        rows.iter().for_each(|row| vectors[row * width..][..width].copy_from_slice(vector));
        heard(rows.len());
    };
    let folder = how.cache.as_ref().map(|cache| cache.folder.join(hash(encoder.fingerprint().as_bytes(), 16)));
    for path in folder.as_deref().map(files).transpose()?.unwrap_or_default() {
        for (key, vector) in read(&path, width)? {
            if let Some(rows) = wanted.remove(&key) {
                enter(&rows, &vector);
            }
        }
    }
    // Texts of like length together, so that threads finish together.
    let mut missing: Vec<(String, Vec<usize>)> = wanted.into_iter().collect();
    missing.sort_by_key(|(_, rows)| texts[rows[0]].len());
    for part in missing.chunks(FILE) {
        let mut encoded = vec![0.0; part.len() * width];
        let encode = |(part, out): (&[(String, Vec<usize>)], &mut [f32])| {
            let own: Vec<&str> = part.iter().map(|(_, rows)| texts[rows[0]]).collect();
            encoder.encode_all(&own, out);
            heard(part.iter().map(|(_, rows)| rows.len()).sum());
        };
        pool.install(|| part.par_chunks(TOGETHER).zip(encoded.par_chunks_mut(TOGETHER * width)).for_each(encode));
        for ((_, rows), vector) in part.iter().zip(encoded.chunks_exact(width)) {
            rows.iter().for_each(|row| vectors[row * width..][..width].copy_from_slice(vector));
        }
        if let Some(folder) = &folder {
            let keys: Vec<&str> = part.iter().map(|(key, _)| key.as_str()).collect();
            write(folder, encoder, &keys, encoded)?;
        }
    }
    Ok(vectors)
}

/// The first `digits` of SHA-256 in hexadecimal.
fn hash(bytes: &[u8], digits: usize) -> String {
    Sha256::digest(bytes).iter().take(digits / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// The parquet files in `folder`, none where it does not exist.
fn files(folder: &Path) -> Result<Vec<PathBuf>, FrameError> {
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

/// The rows of a file of the cache.
fn read(path: &Path, width: usize) -> Result<Vec<(String, Vec<f32>)>, FrameError> {
    let frame = store::read(path)?;
    let (Some(Column::Text(keys)), Some(Column::Vectors { width: found, values })) =
        (frame.column("text"), frame.column("embedding"))
    else {
        let message = "must have the columns `text` and `embedding`: not a file of the feature cache, delete it".into();
        return Err(FrameError { path: path.to_owned(), message });
    };
    if *found != width {
        let message = format!("column `embedding` must have {width} numbers a row, got {found}: delete the file");
        return Err(FrameError { path: path.to_owned(), message });
    }
    let rows = keys.iter().zip(values.chunks_exact(width));
    Ok(rows.filter_map(|(key, vector)| Some((key.clone()?, vector.to_vec()))).collect())
}

/// Puts a file named after its keys into `folder`.
fn write(folder: &Path, encoder: &dyn Encoder, keys: &[&str], values: Vec<f32>) -> Result<(), FrameError> {
    let name = hash(keys.concat().as_bytes(), 32);
    let keys = keys.iter().map(|key| Some((*key).to_owned())).collect();
    let columns = vec![
        ("text".to_owned(), Column::Text(keys)),
        ("embedding".to_owned(), Column::Vectors { width: encoder.width(), values }),
    ];
    let frame = Frame { columns, metadata: vec![("encoder".to_owned(), encoder.fingerprint())] };
    store::write_parquet(&folder.join(format!("{name}.parquet")), &frame)
}

#[cfg(test)]
mod tests;
