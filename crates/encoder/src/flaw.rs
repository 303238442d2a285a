//! What can be wrong with the files of a network.

use safetensors::{Dtype, SafeTensorError};

/// Why a vocabulary and weights are not those of the network.
#[derive(Debug)]
pub(crate) enum Flaw {
    /// A piece stands twice in the vocabulary.
    PieceTwice { piece: String, line: usize, first: usize },
    /// The vocabulary lacks a piece that every sentence needs.
    NoPiece { name: &'static str, lines: usize },
    /// The vocabulary has another length.
    Pieces { expected: usize, found: usize },
    /// The weights are no safetensors file.
    Format(SafeTensorError),
    /// A tensor is missing.
    NoTensor(String),
    /// A tensor is of another kind or shape.
    Shape { name: String, expected: Vec<usize>, kind: Dtype, found: Vec<usize> },
    /// A tensor holds a number that is not finite.
    NotFinite { name: String, place: usize, value: f32 },
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Flaw::PieceTwice { piece, line, first } => {
                write!(f, "line {line}: a piece may stand once, `{piece}` is in line {first} too")
            }
            Flaw::NoPiece { name, lines } => {
                write!(f, "the vocabulary must have the piece `{name}`, it has {lines} others")
            }
            Flaw::Pieces { expected, found } => {
                write!(f, "the vocabulary must have {expected} pieces, got {found}")
            }
            Flaw::Format(error) => write!(f, "the file must be in the safetensors format: {error:?}"),
            Flaw::NoTensor(name) => write!(f, "tensor `{name}` is missing"),
            Flaw::Shape { name, expected, kind, found } => {
                write!(f, "tensor `{name}` must be F32 of shape {expected:?}, got {kind:?} of shape {found:?}")
            }
            Flaw::NotFinite { name, place, value } => {
                write!(f, "tensor `{name}` must hold finite numbers, number {place} is {value}")
            }
        }
    }
}
