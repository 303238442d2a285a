//! Encoders by name, opened where their files are usually found.

use super::{Encoding, Progress, encode_texts};
use encoder::Encoder;
use environments::sources::TextEncoder;
use settings::Mistake;
use std::path::Path;

/// The encoder called `name`, its files in `folder` or where they are usually found.
///
/// # Errors
/// What is wrong with the name, with the known ones; what is wrong with its files.
pub fn open_encoder(name: &str, folder: Option<&Path>) -> Result<Box<dyn Encoder>, Mistake> {
    (entry(name)?.open)(folder).map_err(|error| error.to_string().into())
}

fn entry(name: &str) -> Result<&'static encoder::Entry, Mistake> {
    let known = encoder::ENCODERS.iter().map(|entry| entry.name);
    encoder::by_name(name).ok_or_else(|| Mistake::unknown("encoder", name, known))
}

/// The encoder called `name`, for sources that read texts. Opened when there are texts to encode; vectors of a costly one
/// are kept in [`crate::FeatureCache::usual`]. `progress` is told how it goes on.
///
/// # Errors
/// What is wrong with the name, with the known ones.
pub fn text_encoder(name: &str, progress: &Progress) -> Result<TextEncoder, Mistake> {
    let (entry, progress) = (entry(name)?, progress.clone());
    let encode_all = move |texts: &[String]| {
        let encoder = (entry.open)(None).map_err(|error| error.to_string())?;
        let told = |more| progress.tell(more, texts.len());
        let mut how = Encoding::usual(entry.name);
        if let Some(cache) = &mut how.cache {
            cache.damage = progress.damage.clone();
        }
        let vectors = encode_texts(&*encoder, texts, &how, told);
        vectors.map_err(|error| error.to_string().into())
    };
    Ok(TextEncoder { width: entry.width, encode_all: Box::new(encode_all) })
}

/// Cosine of the angle between two vectors of one length; 1 for two without content, which are all zeros, 0 beside a number
/// that is not finite.
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
    match dot(a, b) / (dot(a, a) * dot(b, b)).sqrt() {
        cosine if cosine.is_finite() => cosine,
        _ => f64::from(u8::from(a == b)),
    }
}
