//! The Python module `barp`: run an experiment, read its results as Arrow, route prompts, and write a policy or a world in
//! Python that joins an experiment behind the same information barrier as those written in Rust.
//!
//! Everything is behind the feature `wheel`, which maturin turns on: without it the crate is empty. What the functions
//! promise to Python stands in `barp.pyi` and in the docstrings here.

#[cfg(feature = "wheel")]
mod wheel;
