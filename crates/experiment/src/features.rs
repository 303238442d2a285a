//! Vectors of texts, encoded in parallel and kept, so that no text is encoded twice.
//!
//! A cache is a folder of parquet files for each encoder, by its fingerprint; a row is the hash of a text and its vector. Each
//! file is written whole as its texts are done: what is interrupted goes on from there. Files can be deleted at any time when
//! nobody uses them. Whoever reads text goes through [`TextVectors`]: tables, logs that teach or score, prompts to be routed.

mod cache;
mod encoders;

pub use encoders::{cosine, open_encoder, text_encoder};

use cache::{Key, Known};
use encoder::Encoder;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use store::FrameError;

/// Texts in a file of the cache: what an interruption loses at most.
const FILE: usize = 512;

/// Texts that one thread encodes together.
const TOGETHER: usize = 16;

/// Texts, and their bytes, that a stream gathers before it has them encoded: enough for every thread, whatever the file.
const GATHERED: (usize, usize) = (2048, 1 << 24);

/// A folder of encoded texts. Its files carry checksums; one that is not what was written is removed, and its texts are encoded
/// again.
#[derive(Clone, Debug)]
pub struct FeatureCache {
    folder: PathBuf,
    damage: Damage,
}

type Listener = dyn Fn(&FrameError) + Send + Sync;

/// Who hears of damaged files.
#[derive(Clone, Default)]
struct Damage(Option<Arc<Listener>>);

impl Damage {
    fn tell(&self, error: &FrameError) {
        if let Some(listener) = &self.0 {
            listener(error);
        }
    }
}

impl std::fmt::Debug for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "heard of" } else { "not heard of" })
    }
}

impl FeatureCache {
    /// A cache in `folder`, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> FeatureCache {
        FeatureCache { folder: folder.into(), damage: Damage::default() }
    }

    /// The same, where `listener` hears of each damaged file; default: nobody does.
    pub fn telling(self, listener: impl Fn(&FrameError) + Send + Sync + 'static) -> FeatureCache {
        FeatureCache { damage: Damage(Some(Arc::new(listener))), ..self }
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

impl Encoding {
    /// On all cores; vectors of a costly encoder are kept in [`FeatureCache::usual`].
    pub fn usual(encoder: &str) -> Encoding {
        let costly = encoder::by_name(encoder).is_some_and(|entry| entry.is_costly);
        Encoding { cache: costly.then(FeatureCache::usual), threads: 0 }
    }
}

/// Progress callback (newly finished, total), and who hears of damaged files of the cache; both may run on any thread; default:
/// none.
#[derive(Clone, Default)]
pub struct Progress {
    done: Option<Arc<dyn Fn(usize, usize) + Send + Sync>>,
    damage: Damage,
}

impl Progress {
    /// Calls `listener`.
    pub fn new(listener: impl Fn(usize, usize) + Send + Sync + 'static) -> Progress {
        Progress { done: Some(Arc::new(listener)), damage: Damage::default() }
    }

    /// The same, where `listener` hears of each damaged file of the cache.
    pub fn telling(self, listener: impl Fn(&FrameError) + Send + Sync + 'static) -> Progress {
        Progress { damage: Damage(Some(Arc::new(listener))), ..self }
    }

    /// Says that `more` of `all` texts are done.
    pub fn tell(&self, more: usize, all: usize) {
        if let Some(listener) = &self.done {
            listener(more, all);
        }
    }
}

/// An encoder at work on texts that come in parts. The vectors have the same bits with and without a cache, for any number of
/// threads, and however the texts are cut into parts.
pub struct TextVectors<'a> {
    encoder: Source<'a>,
    pool: rayon::ThreadPool,
    known: Option<Known>,
}

/// An encoder, and whose it is.
enum Source<'a> {
    Borrowed(&'a dyn Encoder),
    Shared(Arc<dyn Encoder>),
}

impl Source<'_> {
    fn encoder(&self) -> &dyn Encoder {
        match self {
            Source::Borrowed(encoder) => *encoder,
            Source::Shared(encoder) => &**encoder,
        }
    }
}

impl TextVectors<'static> {
    /// As [`TextVectors::open`], of an encoder that others use too.
    ///
    /// # Errors
    /// As there.
    pub fn shared(encoder: Arc<dyn Encoder>, how: &Encoding) -> Result<TextVectors<'static>, FrameError> {
        TextVectors::begin(Source::Shared(encoder), how)
    }
}

impl<'a> TextVectors<'a> {
    /// Starts the threads, and reads which texts the cache holds.
    ///
    /// # Errors
    /// When a file of the cache may not be read, or is not one.
    pub fn open(encoder: &'a dyn Encoder, how: &Encoding) -> Result<TextVectors<'a>, FrameError> {
        TextVectors::begin(Source::Borrowed(encoder), how)
    }

    fn begin(encoder: Source<'a>, how: &Encoding) -> Result<TextVectors<'a>, FrameError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(how.threads).build();
        let pool = pool.expect("a thread can be started");
        let known = how.cache.as_ref().map(|cache| Known::open(cache, encoder.encoder())).transpose()?;
        Ok(TextVectors { encoder, pool, known })
    }

    /// The vectors of `texts`, a row of `encoder.width()` numbers each. `progress` is told, from any thread, how many texts are
    /// newly done; equal texts are encoded once.
    ///
    /// # Errors
    /// When a file of the cache cannot be read or written, or is not one.
    pub fn encode<T: AsRef<str> + Sync>(
        &mut self,
        texts: &[T],
        progress: impl Fn(usize) + Sync,
    ) -> Result<Vec<f32>, FrameError> {
        let width = self.encoder.encoder().width();
        let mut wanted: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (row, text) in texts.iter().enumerate() {
            wanted.entry(key(text.as_ref())).or_default().push(row);
        }
        let mut vectors = vec![0.0; texts.len() * width];
        if let Some(known) = &mut self.known {
            known.take(&mut wanted, |rows, vector| {
                rows.iter().for_each(|row| vectors[row * width..][..width].copy_from_slice(vector));
                progress(rows.len());
            })?;
        }
        // Texts of like length together, so that threads finish together.
        let mut missing: Vec<(Key, Vec<usize>)> = wanted.into_iter().collect();
        missing.sort_by_key(|(_, rows)| texts[rows[0]].as_ref().len());
        for part in missing.chunks(FILE) {
            let encoded = self.encode_part(part, texts, &progress);
            for ((_, rows), vector) in part.iter().zip(encoded.chunks_exact(width)) {
                rows.iter().for_each(|row| vectors[row * width..][..width].copy_from_slice(vector));
            }
            if let Some(known) = &mut self.known {
                let keys: Vec<Key> = part.iter().map(|(key, _)| *key).collect();
                known.keep(&keys, encoded)?;
            }
        }
        Ok(vectors)
    }

    /// The vectors of the distinct texts of `part`, on all threads.
    fn encode_part<T: AsRef<str> + Sync>(
        &self,
        part: &[(Key, Vec<usize>)],
        texts: &[T],
        progress: &(impl Fn(usize) + Sync),
    ) -> Vec<f32> {
        let encoder = self.encoder.encoder();
        let width = encoder.width();
        let mut encoded = vec![0.0; part.len() * width];
        if part.len() == 1 {
            // Who asks for one text waits for it: other threads would only be woken.
            encoder.encode(texts[part[0].1[0]].as_ref(), &mut encoded);
            progress(part[0].1.len());
            return encoded;
        }
        let encode = |(part, out): (&[(Key, Vec<usize>)], &mut [f32])| {
            let own: Vec<&str> = part.iter().map(|(_, rows)| texts[rows[0]].as_ref()).collect();
            encoder.encode_all(&own, out);
            progress(part.iter().map(|(_, rows)| rows.len()).sum());
        };
        let parts = part.par_chunks(TOGETHER).zip(encoded.par_chunks_mut(TOGETHER * width));
        self.pool.install(|| parts.for_each(encode));
        encoded
    }
}

/// The vectors of `texts`: [`TextVectors::encode`] of all of them at once.
///
/// # Errors
/// As there.
pub fn encode_texts<T: AsRef<str> + Sync>(
    encoder: &dyn Encoder,
    texts: &[T],
    how: &Encoding,
    progress: impl Fn(usize) + Sync,
) -> Result<Vec<f32>, FrameError> {
    TextVectors::open(encoder, how)?.encode(texts, progress)
}

/// Rows of a stream that wait until enough of them are there to be encoded together.
#[derive(Debug)]
pub struct Gathered<R> {
    /// The rows, in the order in which they came.
    pub rows: Vec<R>,
    /// Their texts.
    pub texts: Vec<String>,
    bytes: usize,
}

impl<R> Default for Gathered<R> {
    fn default() -> Gathered<R> {
        Gathered { rows: Vec::new(), texts: Vec::new(), bytes: 0 }
    }
}

impl<R> Gathered<R> {
    /// Enters a row with its text.
    pub fn push(&mut self, row: R, text: String) {
        self.bytes += text.len();
        self.rows.push(row);
        self.texts.push(text);
    }

    /// Whether it is time to encode.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= GATHERED.0 || self.bytes >= GATHERED.1
    }

    /// Hands out what is there and begins anew.
    pub fn take(&mut self) -> Gathered<R> {
        std::mem::take(self)
    }
}

fn key(text: &str) -> Key {
    let digest = Sha256::digest(text.as_bytes());
    std::array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests;
