//! Prompt text to features. An encoder is one file plus its line in [`ENCODERS`]; it knows nothing of routing.

mod hashed;

pub use hashed::Hashed;

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

    /// Identifies the content: equal fingerprints give equal vectors for equal texts.
    fn fingerprint(&self) -> String;
}

/// One line of the registry.
pub struct Entry {
    /// What a user types.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Makes it with its defaults.
    pub make: fn() -> Box<dyn Encoder>,
}

/// Every encoder, in the order of listings.
pub const ENCODERS: &[Entry] = &[Entry {
    name: Hashed::NAME,
    about: "signed hashing of words, word pairs and character 3- to 5-grams into 384 numbers; needs no download",
    make: || Box::new(Hashed::default()),
}];

/// The encoder called `name`, with its defaults; None when there is none.
pub fn by_name(name: &str) -> Option<Box<dyn Encoder>> {
    ENCODERS.iter().find(|entry| entry.name == name).map(|entry| (entry.make)())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: [&str; 7] =
        ["", " \t\n", "plain words", "İSTANBUL straße", "日本語の文", "🦀🦀 e\u{301}", "\u{0}\u{200b}"];

    #[test]
    fn every_encoder_keeps_its_promises() {
        for entry in ENCODERS {
            let encoder = by_name(entry.name).unwrap();
            assert_eq!(encoder.name(), entry.name);
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
