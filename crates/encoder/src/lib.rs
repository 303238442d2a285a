//! Prompt text to features. An encoder is one file plus its line in [`ENCODERS`]; it knows nothing of routing.

mod flaw;
mod hashed;
mod minilm;
mod wordpiece;

pub use hashed::Hashed;
pub use minilm::MiniLm;

use std::path::{Path, PathBuf};

/// Turns any text into a vector of fixed width.
pub trait Encoder: Send + Sync {
    /// Name in [`ENCODERS`].
    fn name(&self) -> &'static str;

    /// Numbers in each vector, above zero.
    fn width(&self) -> usize;

    /// Replaces `out` by the vector of `text`: finite numbers of length one, or all zeros for a text without content. A
    /// pure function of the text, the same bits on every host.
    ///
    /// # Panics
    /// If `out` is not [`Encoder::width`] long.
    fn encode(&self, text: &str, out: &mut [f32]);

    /// Replaces `out`, a row for each text, by their vectors: the bits of [`Encoder::encode`], sooner for many than one by one.
    ///
    /// # Panics
    /// If `out` has not [`Encoder::width`] places for each text.
    fn encode_all(&self, texts: &[&str], out: &mut [f32]) {
        assert_eq!(out.len(), texts.len() * self.width(), "one place for each number");
        for (text, out) in texts.iter().zip(out.chunks_exact_mut(self.width())) {
            self.encode(text, out);
        }
    }

    /// Identifies the content: equal fingerprints give equal vectors for equal texts.
    fn fingerprint(&self) -> String;
}

/// Why an encoder cannot be opened.
#[derive(Clone, Debug)]
pub struct EncoderError {
    /// The file or folder.
    pub path: PathBuf,
    /// The rule it breaks, and how.
    pub message: String,
}

impl EncoderError {
    fn new(path: &Path, message: String) -> EncoderError {
        EncoderError { path: path.to_owned(), message }
    }
}

impl std::fmt::Display for EncoderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for EncoderError {}

/// An encoder, or why there is none.
pub type Opened = Result<Box<dyn Encoder>, EncoderError>;

/// One line of the registry.
pub struct Entry {
    /// What a user types.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Numbers in each vector.
    pub width: usize,
    /// Whether it is slow enough that its vectors are worth keeping.
    pub is_costly: bool,
    /// Opens it with its defaults, its files in the folder given or where they are usually found.
    pub open: fn(Option<&Path>) -> Opened,
}

/// Every encoder, in the order of listings.
pub const ENCODERS: &[Entry] = &[
    Entry {
        name: Hashed::NAME,
        about: "signed hashing of words, word pairs and character 3- to 5-grams into 384 numbers; needs no download",
        width: Hashed::WIDTH,
        is_costly: false,
        open: |_| Ok(Box::new(Hashed::default())),
    },
    Entry {
        name: MiniLm::NAME,
        about: "sentence encoder all-MiniLM-L6-v2, 384 numbers from at most 256 pieces; `make encoder` fetches its weights",
        width: MiniLm::WIDTH,
        is_costly: true,
        open: |folder| {
            let folder = folder.map_or_else(minilm::default_folder, Path::to_owned);
            Ok(Box::new(MiniLm::open(&folder)?))
        },
    },
];

/// The line of the encoder called `name`; None when there is none.
pub fn by_name(name: &str) -> Option<&'static Entry> {
    ENCODERS.iter().find(|entry| entry.name == name)
}

/// Where this user's programs keep what can be made again: `barp` in `$XDG_CACHE_HOME`, else in `$HOME/.cache`, else in
/// `.cache`.
pub fn cache_folder() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    cache.unwrap_or_else(|| PathBuf::from(".cache")).join("barp")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: [&str; 7] =
        ["", " \t\n", "plain words", "İSTANBUL straße", "日本語の文", "🦀🦀 e\u{301}", "\u{0}\u{200b}"];

    #[test]
    fn every_encoder_keeps_its_promises() {
        for entry in ENCODERS {
            let encoder = match (entry.open)(None) {
                Ok(encoder) => encoder,
                Err(error) => {
                    eprintln!("SKIPPED: {error}");
                    continue;
                }
            };
            assert_eq!((encoder.name(), encoder.width()), (entry.name, entry.width));
            let long = "word ".repeat(20_000);
            for text in ODD.into_iter().chain([long.as_str()]) {
                let mut vectors = [vec![f32::NAN; encoder.width()], vec![7.0; encoder.width()]];
                for vector in &mut vectors {
                    encoder.encode(text, vector);
                }
                assert_eq!(vectors[0], vectors[1], "{}: {text:?} must not depend on what stood there", entry.name);
                let length: f64 = vectors[0].iter().map(|&x| f64::from(x) * f64::from(x)).sum();
                assert!((length - 1.0).abs() < 1e-5 || length == 0.0, "{}: {text:?} has length {length}", entry.name);
            }
        }
    }

    #[test]
    fn an_unknown_name_is_no_encoder() {
        assert!(by_name("nonesuch").is_none());
    }
}
