//! Tensors with one document beside them, in a single safetensors file that other programs read too.

use crate::{FrameError, write_whole};
use routing::{Tensor, Values};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Key of the document in the file's metadata.
const CARD: &str = "barp";

/// Writes `tensors` with `card`, a text, in the metadata. Equal arguments give equal bytes.
///
/// # Errors
/// When the file cannot be written.
pub fn write_tensors(path: &Path, card: &str, tensors: &[Tensor]) -> Result<(), FrameError> {
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
    let file = safetensors::serialize(views, Some(metadata)).expect("a tensor has as many values as its shape");
    write_whole(path, &file).map_err(|error| FrameError::new(path, error))
}

/// Reads what [`write_tensors`] wrote: the document and the tensors, sorted by name.
///
/// # Errors
/// When the file cannot be read, is not a safetensors file, has no such document, or holds another kind of number.
pub fn read_tensors(path: &Path) -> Result<(String, Vec<Tensor>), FrameError> {
    let file = std::fs::read(path).map_err(|error| FrameError::new(path, error))?;
    let fail =
        |error: safetensors::SafeTensorError| FrameError::new(path, format!("not a whole safetensors file: {error}"));
    let (_, header) = SafeTensors::read_metadata(&file).map_err(fail)?;
    let card = header.metadata().as_ref().and_then(|metadata| metadata.get(CARD)).cloned();
    let card =
        card.ok_or_else(|| FrameError::new(path, format!("no `{CARD}` in its metadata: barp did not write it")))?;
    let content = SafeTensors::deserialize(&file).map_err(fail)?;
    let mut tensors = Vec::new();
    for (name, view) in content.tensors() {
        let values = match view.dtype() {
            Dtype::F32 => Values::F32(numbers(view.data(), f32::from_le_bytes)),
            Dtype::F64 => Values::F64(numbers(view.data(), f64::from_le_bytes)),
            other => return Err(FrameError::new(path, format!("tensor `{name}` must be F32 or F64, got {other:?}"))),
        };
        tensors.push(Tensor { name, shape: view.shape().to_vec(), values });
    }
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((card, tensors))
}

/// SHA-256 of names, shapes and numbers, in hexadecimal: of the content, whatever the file's layout.
pub fn tensors_hash(tensors: &[Tensor]) -> String {
    let mut sorted: Vec<&Tensor> = tensors.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hash = Sha256::new();
    for tensor in sorted {
        for part in [tensor.name.as_bytes(), format!("{:?}", tensor.shape).as_bytes(), &little_endian(&tensor.values)] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["1", "2"].map(|name| folder.path().join(name));
        write_tensors(&first, "the card", &tensors()).unwrap();
        write_tensors(&second, "the card", &tensors().into_iter().rev().collect::<Vec<_>>()).unwrap();
        assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(&second).unwrap());
        let (card, mut read) = read_tensors(&first).unwrap();
        read.reverse();
        assert_eq!((card.as_str(), read), ("the card", tensors()));
    }

    #[test]
    fn a_torn_or_foreign_file_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("router");
        write_tensors(&path, "the card", &tensors()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in [0, 7, 40, whole.len() - 1] {
            write_whole(&path, &whole[..length]).unwrap();
            let error = read_tensors(&path).unwrap_err().to_string();
            assert!(error.contains("router") && error.contains("not a whole safetensors file"), "{length}: {error}");
        }
        let foreign = safetensors::serialize(Vec::<(String, TensorView<'_>)>::new(), None).unwrap();
        write_whole(&path, &foreign).unwrap();
        assert!(read_tensors(&path).unwrap_err().to_string().contains("barp did not write it"));
    }
}
