//! The weights as a safetensors file holds them, checked and packed once for the forward pass.

use crate::flaw::Flaw;
use kernels::Panels;
use safetensors::{Dtype, SafeTensors};

/// Numbers in a head, of queries, keys and values alike: one panel of the product kernel.
pub(super) const HEAD: usize = kernels::PANEL;

/// Scale and shift of a layer norm.
pub(super) struct Norm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

/// One transformer block.
pub(super) struct Layer {
    /// Queries (scaled by 1/sqrt of the head's width), keys and values in one product.
    pub(super) project: Panels,
    pub(super) project_bias: Vec<f32>,
    pub(super) output: Panels,
    pub(super) output_bias: Vec<f32>,
    pub(super) after_attention: Norm,
    pub(super) up: Panels,
    pub(super) up_bias: Vec<f32>,
    pub(super) down: Panels,
    pub(super) down_bias: Vec<f32>,
    pub(super) after_inner: Norm,
}

/// The whole network.
pub(super) struct Weights {
    /// Numbers in each hidden vector.
    pub(super) width: usize,
    /// A vector for each piece of the vocabulary.
    pub(super) pieces: Vec<f32>,
    /// A vector for each place in a sentence, with that of the first kind of sentence added.
    pub(super) places: Vec<f32>,
    pub(super) after_embedding: Norm,
    pub(super) layers: Vec<Layer>,
}

/// Numbers that fix every tensor's shape.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) vocabulary: usize,
    pub(super) places: usize,
    pub(super) width: usize,
    pub(super) inner: usize,
    pub(super) layers: usize,
}

impl Weights {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// What is wrong: no safetensors file, a tensor missing, of another type or shape, or with a number that is not finite.
    pub(super) fn parse(bytes: &[u8], shape: Shape) -> Result<Weights, Flaw> {
        let file = SafeTensors::deserialize(bytes);
        let file = Tensors(file.map_err(Flaw::Format)?);
        let Shape { vocabulary, places: length, width, .. } = shape;
        let mut places = file.get("embeddings.position_embeddings.weight", &[length, width])?;
        let kinds = file.get("embeddings.token_type_embeddings.weight", &[2, width])?;
        for place in places.chunks_exact_mut(width) {
            place.iter_mut().zip(&kinds).for_each(|(number, kind)| *number += kind);
        }
        Ok(Weights {
            width,
            pieces: file.get("embeddings.word_embeddings.weight", &[vocabulary, width])?,
            places,
            after_embedding: file.norm("embeddings.LayerNorm", width)?,
            layers: (0..shape.layers).map(|layer| file.layer(layer, shape)).collect::<Result<_, _>>()?,
        })
    }
}

struct Tensors<'a>(SafeTensors<'a>);

impl Tensors<'_> {
    fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Flaw> {
        let tensor = self.0.tensor(name).map_err(|_| Flaw::NoTensor(name.into()))?;
        if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
            let (kind, found) = (tensor.dtype(), tensor.shape().to_vec());
            return Err(Flaw::Shape { name: name.into(), expected: shape.to_vec(), kind, found });
        }
        let numbers = tensor.data().as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
        let numbers: Vec<f32> = numbers.collect();
        match numbers.iter().position(|number| !number.is_finite()) {
            None => Ok(numbers),
            Some(at) => Err(Flaw::NotFinite { name: name.into(), place: at + 1, value: numbers[at] }),
        }
    }

    /// A layer's weights (a row for each output) and bias.
    fn dense(&self, name: &str, outputs: usize, inputs: usize) -> Result<(Vec<f32>, Vec<f32>), Flaw> {
        Ok((self.get(&format!("{name}.weight"), &[outputs, inputs])?, self.get(&format!("{name}.bias"), &[outputs])?))
    }

    fn packed(&self, name: &str, outputs: usize, inputs: usize) -> Result<(Panels, Vec<f32>), Flaw> {
        let (weights, bias) = self.dense(name, outputs, inputs)?;
        Ok((Panels::of_transpose(&weights, inputs), bias))
    }

    fn norm(&self, name: &str, width: usize) -> Result<Norm, Flaw> {
        let [scale, shift] = ["weight", "bias"].map(|part| self.get(&format!("{name}.{part}"), &[width]));
        Ok(Norm { scale: scale?, shift: shift? })
    }

    fn layer(&self, number: usize, shape: Shape) -> Result<Layer, Flaw> {
        let Shape { width, inner, .. } = shape;
        let name = |part: &str| format!("encoder.layer.{number}.{part}");
        let (mut weights, mut project_bias) = self.dense(&name("attention.self.query"), width, width)?;
        let scale = 1.0 / libm::sqrtf(HEAD as f32);
        weights.iter_mut().chain(&mut project_bias).for_each(|number| *number *= scale);
        for part in ["attention.self.key", "attention.self.value"] {
            let (more, bias) = self.dense(&name(part), width, width)?;
            weights.extend(more);
            project_bias.extend(bias);
        }
        let (output, output_bias) = self.packed(&name("attention.output.dense"), width, width)?;
        let (up, up_bias) = self.packed(&name("intermediate.dense"), inner, width)?;
        let (down, down_bias) = self.packed(&name("output.dense"), width, inner)?;
        Ok(Layer {
            project: Panels::of_transpose(&weights, width),
            project_bias,
            output,
            output_bias,
            after_attention: self.norm(&name("attention.output.LayerNorm"), width)?,
            up,
            up_bias,
            down,
            down_bias,
            after_inner: self.norm(&name("output.LayerNorm"), width)?,
        })
    }
}
