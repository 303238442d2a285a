//! Tensors with one document beside them, in a single safetensors file that other programs read too.

use routing::{Tensor, Values, hexadecimal};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};

/// Key of the document in the file's metadata.
const CARD: &str = "barp";

/// Why bytes are not tensors that barp wrote.
#[derive(Debug)]
pub enum NotTensors {
    /// They are no safetensors file, or part of one.
    Torn(safetensors::SafeTensorError),
    /// They hold no card.
    Foreign,
    /// A tensor holds another kind of number than F32 or F64.
    Numbers {
        /// Name of the tensor.
        tensor: String,
        /// Its kind of number.
        kind: Dtype,
    },
}

impl std::fmt::Display for NotTensors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NotTensors::Torn(error) => write!(f, "not a whole safetensors file: {error}"),
            NotTensors::Foreign => write!(f, "no `{CARD}` in its metadata: barp did not write it"),
            NotTensors::Numbers { tensor, kind } => write!(f, "tensor `{tensor}` must be F32 or F64, got {kind:?}"),
        }
    }
}

impl std::error::Error for NotTensors {}

/// The file that holds `tensors`, with `card`, a text, in the metadata. Equal arguments give equal bytes.
pub(crate) fn write_tensors(card: &str, tensors: &[Tensor]) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> = tensors.iter().map(|tensor| little_endian(&tensor.values)).collect();
    let views = tensors.iter().zip(&bytes).map(|(tensor, bytes)| {
        let kind = match tensor.values {
            Values::F32(_) => Dtype::F32,
            Values::F64(_) => Dtype::F64,
        };
        let view =
            TensorView::new(kind, tensor.shape.clone(), bytes).expect("a tensor has as many values as its shape");
        (tensor.name.as_str(), view)
    });
    let metadata = std::iter::once((CARD.to_owned(), card.to_owned())).collect();
    safetensors::serialize(views, Some(metadata)).expect("a tensor has as many values as its shape")
}

/// Reads what [`write_tensors`] made: the card and the tensors, sorted by name.
pub(crate) fn read_tensors(file: &[u8]) -> Result<(String, Vec<Tensor>), NotTensors> {
    let (_, header) = SafeTensors::read_metadata(file).map_err(NotTensors::Torn)?;
    let card = header.metadata().as_ref().and_then(|metadata| metadata.get(CARD)).cloned();
    let card = card.ok_or(NotTensors::Foreign)?;
    let content = SafeTensors::deserialize(file).map_err(NotTensors::Torn)?;
    let mut tensors = Vec::new();
    for (name, view) in content.tensors() {
        let values = match view.dtype() {
            Dtype::F32 => Values::F32(numbers(view.data(), f32::from_le_bytes)),
            Dtype::F64 => Values::F64(numbers(view.data(), f64::from_le_bytes)),
            kind => return Err(NotTensors::Numbers { tensor: name, kind }),
        };
        tensors.push(Tensor { name, shape: view.shape().to_vec(), values });
    }
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((card, tensors))
}

/// SHA-256 of names, shapes and numbers, in hexadecimal: of the content, whatever the file's layout.
pub(crate) fn tensors_hash(tensors: &[Tensor]) -> String {
    let mut sorted: Vec<&Tensor> = tensors.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hash = Sha256::new();
    for tensor in sorted {
        for part in [tensor.name.as_bytes(), format!("{:?}", tensor.shape).as_bytes(), &little_endian(&tensor.values)] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hexadecimal(&hash.finalize())
}

fn little_endian(values: &Values) -> Vec<u8> {
    match values {
        Values::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Values::F64(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}

fn numbers<T, const BYTES: usize>(data: &[u8], from: fn([u8; BYTES]) -> T) -> Vec<T> {
    let number = |bytes: &[u8]| from(bytes.try_into().expect("chunks are exact"));
    data.chunks_exact(BYTES).map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors() -> Vec<Tensor> {
        vec![
            Tensor { name: "b".into(), shape: vec![2, 1], values: Values::F32(vec![1.5, -2.0]) },
            Tensor { name: "a".into(), shape: vec![3], values: Values::F64(vec![0.1, f64::MIN_POSITIVE, 1e300]) },
        ]
    }

    #[test]
    fn what_was_written_is_read_and_equal_content_gives_equal_bytes() {
        let reversed: Vec<Tensor> = tensors().into_iter().rev().collect();
        let file = write_tensors("the card", &tensors());
        assert_eq!(file, write_tensors("the card", &reversed));
        let (card, mut read) = read_tensors(&file).unwrap();
        read.reverse();
        assert_eq!((card.as_str(), read), ("the card", tensors()));
    }

    #[test]
    fn a_torn_or_foreign_file_is_refused_by_name() {
        let whole = write_tensors("the card", &tensors());
        for length in [0, 7, 40, whole.len() - 1] {
            let error = read_tensors(&whole[..length]).unwrap_err().to_string();
            assert!(error.contains("not a whole safetensors file"), "{length}: {error}");
        }
        let foreign = safetensors::serialize(Vec::<(String, TensorView<'_>)>::new(), None).unwrap();
        assert!(read_tensors(&foreign).unwrap_err().to_string().contains("barp did not write it"));
    }
}
