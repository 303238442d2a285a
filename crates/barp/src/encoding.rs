//! How a command turns texts into vectors; the bits are the same whatever is said here.

use crate::failure::Failure;
use clap::Args;
use encoder::Encoder;
use experiment::{Encoding, FeatureCache};
use std::path::PathBuf;

#[derive(Args, Clone)]
pub(crate) struct EncodingArguments {
    /// Folder of the encoder's weights [default: $BARP_ENCODER, else where `make encoder` puts them]
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Folder that keeps vectors of texts [default: the user's cache, for encoders that are slow]
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Threads that encode texts [default: one a core]
    #[arg(long)]
    threads: Option<usize>,
}

impl EncodingArguments {
    /// Whether anything was said.
    pub(crate) fn is_given(&self) -> bool {
        self.weights.is_some() || self.cache.is_some() || self.threads.is_some()
    }

    /// The encoder called `name`.
    pub(crate) fn open(&self, name: &str) -> Result<Box<dyn Encoder>, Failure> {
        experiment::open_encoder(name, self.weights.as_deref()).map_err(Failure::input)
    }

    /// How the encoder called `name` is used.
    pub(crate) fn how(&self, name: &str) -> Encoding {
        let usual = Encoding::usual(name);
        Encoding {
            cache: self.cache.clone().map(FeatureCache::new).or(usual.cache).map(|cache| cache.telling(encoded_again)),
            threads: self.threads.unwrap_or(0),
        }
    }
}

/// Says that a file of the feature cache is damaged.
pub(crate) fn encoded_again(error: &store::FrameError) {
    crate::output::say_damaged(error, "removed; its texts are encoded again");
}
