//! MiniLM: the sentence encoder all-MiniLM-L6-v2, in Rust alone.
//!
//! What it does: cuts the text into at most 256 pieces with `[CLS]` before and `[SEP]` after them (later text plays no part),
//! runs six transformer blocks of width 384 (12 heads, 1,536 inner units, GELU in its exact form), takes the mean over all
//! pieces and scales it to length one. A text without content is the vector of `[CLS]` `[SEP]`, not zero.
//!
//! What it assumes: the weights and vocabulary of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), checked by length and
//! SHA-256 when opened; `make encoder` fetches them. Distilled as in Wang et al. 2020, arXiv 2002.10957; pooling and training
//! as in Reimers and Gurevych 2019, arXiv 1908.10084; the blocks are those of Devlin et al. 2019, arXiv 1810.04805.
//!
//! The same bits whatever the batch, the number of threads and the host's vectors (see `kernels`).

mod forward;
mod weights;

use crate::flaw::Flaw;
use crate::wordpiece::WordPiece;
use crate::{Encoder, EncoderError};
use forward::{Workspace, forward};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use weights::{Shape, Weights};

/// Added to the variance in every layer norm.
const EPSILON: f32 = 1e-12;

/// Pieces of a text that are looked at, the two special ones included.
const LONGEST: usize = 256;

/// Pieces in one pass through the network: as many as keep its numbers in the second cache.
const GROUP: usize = 256;

/// The shape of all-MiniLM-L6-v2.
const SHAPE: Shape = Shape { vocabulary: 30_522, places: 512, width: 384, inner: 1_536, layers: 6 };

/// A file that must be exactly this one.
struct Pin {
    name: &'static str,
    bytes: u64,
    sha256: &'static str,
}

const WEIGHTS: Pin = Pin {
    name: "model.safetensors",
    bytes: 90_868_376,
    sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
};

const VOCABULARY: Pin = Pin {
    name: "vocab.txt",
    bytes: 231_508,
    sha256: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
};

/// The sentence encoder.
pub struct MiniLm {
    pieces: WordPiece,
    weights: Weights,
    fingerprint: String,
}

impl MiniLm {
    pub(crate) const NAME: &'static str = "minilm";
    pub(crate) const WIDTH: usize = SHAPE.width;

    /// Reads and checks the weights in `folder`.
    ///
    /// # Errors
    /// When a file is absent or is not the pinned one; says how to fetch them.
    pub fn open(folder: &Path) -> Result<MiniLm, EncoderError> {
        let vocabulary = read(folder, &VOCABULARY)?;
        let weights = read(folder, &WEIGHTS)?;
        let vocabulary = String::from_utf8(vocabulary).expect("its hash says that it is the pinned text");
        MiniLm::new(&vocabulary, &weights, SHAPE, format!("minilm 1, weights {}", WEIGHTS.sha256))
            .map_err(|flaw| EncoderError::new(folder, flaw.to_string()))
    }

    fn new(vocabulary: &str, weights: &[u8], shape: Shape, fingerprint: String) -> Result<MiniLm, Flaw> {
        let pieces = WordPiece::parse(vocabulary)?;
        if pieces.len() != shape.vocabulary {
            return Err(Flaw::Pieces { expected: shape.vocabulary, found: pieces.len() });
        }
        Ok(MiniLm { pieces, weights: Weights::parse(weights, shape)?, fingerprint })
    }
}

/// Where the weights are looked for when no folder is named: `$BARP_ENCODER`, else `encoders/minilm` in
/// [`crate::cache_folder`], where `make encoder` puts them.
pub(crate) fn default_folder() -> PathBuf {
    let named = std::env::var_os("BARP_ENCODER").filter(|value| !value.is_empty());
    named.map_or_else(|| crate::cache_folder().join("encoders/minilm"), PathBuf::from)
}

/// The bytes of a pinned file.
fn read(folder: &Path, pin: &Pin) -> Result<Vec<u8>, EncoderError> {
    let path = folder.join(pin.name);
    let fail = |message: String| EncoderError::new(&path, message);
    let length = std::fs::metadata(&path).map(|about| about.len());
    let length = length.map_err(|error| {
        fail(format!("{error}; encoder `minilm` needs its weights: run `make encoder`, or name their folder"))
    })?;
    if length != pin.bytes {
        return Err(fail(format!("must have {} bytes, got {length}; run `make encoder` again", pin.bytes)));
    }
    let bytes = std::fs::read(&path).map_err(|error| fail(error.to_string()))?;
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if hash != pin.sha256 {
        return Err(fail(format!("SHA-256 must be {}, got {hash}; run `make encoder` again", pin.sha256)));
    }
    Ok(bytes)
}

impl Encoder for MiniLm {
    fn name(&self) -> &'static str {
        MiniLm::NAME
    }

    fn width(&self) -> usize {
        self.weights.width
    }

    fn encode(&self, text: &str, out: &mut [f32]) {
        self.encode_all(&[text], out);
    }

    fn encode_all(&self, texts: &[&str], out: &mut [f32]) {
        let width = self.width();
        assert_eq!(out.len(), texts.len() * width, "one place for each number");
        let sentences: Vec<Vec<u32>> = texts.iter().map(|text| self.pieces.encode(text, LONGEST)).collect();
        let mut work = Workspace::default();
        let mut vectors = Vec::new();
        for group in groups(&sentences) {
            let own: Vec<&[u32]> = group.iter().map(|&text| &sentences[text][..]).collect();
            vectors.resize(own.len() * width, 0.0);
            forward(&self.weights, &own, &mut work, &mut vectors);
            for (&text, vector) in group.iter().zip(vectors.chunks_exact(width)) {
                out[text * width..][..width].copy_from_slice(vector);
            }
        }
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }
}

/// Positions of sentences, together at most [`GROUP`] pieces unless one alone has more.
fn groups(sentences: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut pieces = GROUP;
    for (position, sentence) in sentences.iter().enumerate() {
        if pieces + sentence.len() > GROUP {
            groups.push(Vec::new());
            pieces = 0;
        }
        pieces += sentence.len();
        groups.last_mut().expect("one was opened for the first sentence").push(position);
    }
    groups
}

#[cfg(test)]
mod tests;
