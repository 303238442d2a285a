//! A multi-layer perceptron with ReLU between its layers.

use kernels::{Left, add_product, relu, relu_backward, set_product, transpose};
use std::ops::Range;

/// Outputs of each layer are stored in rows of a multiple of this, the rest zero: whole vectors for the kernels.
const PADDING: usize = 16;

/// What happens to the last layer's outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Nothing: logits or regressions.
    Linear,
    /// ReLU: a hidden representation.
    Relu,
}

/// One affine layer inside the flat parameter vector: `inputs` x `padded` weights, then `padded` biases.
#[derive(Clone, Copy, Debug)]
struct Layer {
    inputs: usize,
    outputs: usize,
    padded: usize,
    offset: usize,
}

impl Layer {
    fn weights(self) -> Range<usize> {
        self.offset..self.offset + self.inputs * self.padded
    }

    fn biases(self) -> Range<usize> {
        let start = self.weights().end;
        start..start + self.padded
    }
}

/// The shape of a network; its parameters are a slice of a vector that the caller owns.
#[derive(Clone, Debug)]
pub struct Mlp {
    layers: Vec<Layer>,
    output: Output,
}

/// What a forward pass leaves behind for the backward pass, and scratch space; grows to the batch and stays.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    rows: usize,
    activations: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
    transposed: Vec<f32>,
}

/// Which input columns a backward pass differentiates by, and where it adds the result.
#[derive(Debug)]
pub struct InputGradient<'a> {
    /// The columns.
    pub columns: Range<usize>,
    /// Rows of `stride` numbers, one row for each input row.
    pub out: &'a mut [f32],
    /// At least as many as there are columns.
    pub stride: usize,
}

impl Mlp {
    /// A network of the given widths, inputs first, for example `[448, 256, 11]`.
    ///
    /// # Panics
    /// With fewer than two widths, or a width of zero.
    pub fn new(widths: &[usize], output: Output) -> Mlp {
        assert!(widths.len() >= 2 && widths.iter().all(|&width| width > 0), "a network needs inputs and outputs");
        let mut offset = 0;
        let mut inputs = widths[0];
        let mut layers = Vec::new();
        for &outputs in &widths[1..] {
            let padded = outputs.next_multiple_of(PADDING);
            let layer = Layer { inputs, outputs, padded, offset };
            offset = layer.biases().end;
            layers.push(layer);
            inputs = outputs;
        }
        Mlp { layers, output }
    }

    /// Numbers in the parameter vector, padding included.
    pub fn parameters(&self) -> usize {
        self.last().biases().end
    }

    /// Width of an input row.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    /// Width of an output row, padding left out.
    pub fn outputs(&self) -> usize {
        self.last().outputs
    }

    /// Distance between output rows.
    pub fn output_stride(&self) -> usize {
        self.last().padded
    }

    fn last(&self) -> Layer {
        *self.layers.last().expect("`new` refuses an empty network")
    }

    /// Draws weights and biases uniformly on +-1 / sqrt(inputs), PyTorch's default, from `uniform` on [0, 1).
    pub fn initialise(&self, parameters: &mut [f32], mut uniform: impl FnMut() -> f64) {
        parameters.fill(0.0);
        for layer in &self.layers {
            let bound = 1.0 / (layer.inputs as f64).sqrt();
            for row in parameters[layer.offset..layer.biases().end].chunks_exact_mut(layer.padded) {
                for value in &mut row[..layer.outputs] {
                    *value = ((2.0 * uniform() - 1.0) * bound) as f32;
                }
            }
        }
    }

    /// Outputs for `inputs` (rows x inputs), as rows of [`Mlp::output_stride`] numbers kept in `tape`.
    pub fn forward<'t>(&self, parameters: &[f32], inputs: &[f32], tape: &'t mut Tape) -> &'t mut [f32] {
        let rows = inputs.len() / self.inputs();
        tape.rows = rows;
        tape.activations.resize(self.layers.len(), Vec::new());
        for (position, layer) in self.layers.iter().enumerate() {
            let (before, here) = tape.activations.split_at_mut(position);
            let out = &mut here[0];
            out.clear();
            for _ in 0..rows {
                out.extend_from_slice(&parameters[layer.biases()]);
            }
            let (source, stride) = match before.last() {
                None => (inputs, layer.inputs),
                Some(previous) => (previous.as_slice(), self.layers[position - 1].padded),
            };
            let left = Left { data: source, row_stride: stride, column_stride: 1 };
            add_product(left, &parameters[layer.weights()], out, layer.padded);
            if position + 1 < self.layers.len() || self.output == Output::Relu {
                relu(out);
            }
        }
        tape.activations.last_mut().expect("`new` refuses an empty network")
    }

    /// Outputs of the last forward pass, rows of [`Mlp::output_stride`] numbers.
    pub fn outputs_of<'t>(&self, tape: &'t Tape) -> &'t [f32] {
        &tape.activations[self.layers.len() - 1]
    }

    /// Where the caller writes the gradient with respect to the outputs before [`Mlp::backward`]: zeroed rows of
    /// [`Mlp::output_stride`] numbers.
    pub fn output_gradient<'t>(&self, tape: &'t mut Tape) -> &'t mut [f32] {
        tape.gradients.resize(self.layers.len(), Vec::new());
        let gradient = tape.gradients.last_mut().expect("`new` refuses an empty network");
        gradient.clear();
        gradient.resize(tape.rows * self.last().padded, 0.0);
        gradient
    }

    /// Propagates the output gradient in `tape` back through the last forward pass over `inputs`. Overwrites `gradient`,
    /// the gradient with respect to the parameters; adds the gradient with respect to the inputs where it is `wanted`.
    pub fn backward(
        &self,
        parameters: &[f32],
        inputs: &[f32],
        tape: &mut Tape,
        gradient: &mut [f32],
        wanted: Option<InputGradient<'_>>,
    ) {
        let rows = tape.rows;
        for (position, layer) in self.layers.iter().enumerate().rev() {
            let (before, here) = tape.gradients.split_at_mut(position);
            let slope = here[0].as_mut_slice();
            if position + 1 < self.layers.len() || self.output == Output::Relu {
                relu_backward(&tape.activations[position], slope);
            }
            let (source, stride) = match position {
                0 => (inputs, layer.inputs),
                _ => (tape.activations[position - 1].as_slice(), self.layers[position - 1].padded),
            };
            let flipped = Left { data: source, row_stride: 1, column_stride: stride };
            set_product(flipped, slope, &mut gradient[layer.weights()], layer.padded);
            sum_rows(slope, &mut gradient[layer.biases()]);
            if let Some(previous) = before.last_mut() {
                previous.clear();
                let width = self.layers[position - 1].padded;
                previous.resize(rows * width, 0.0);
                let wide = layer.transposed(parameters, 0..layer.inputs, width, &mut tape.transposed);
                set_product(Left::rows(slope, layer.padded), wide, previous, width);
            }
        }
        if let Some(InputGradient { columns, out, stride }) = wanted {
            let layer = self.layers[0];
            let wide = layer.transposed(parameters, columns, stride, &mut tape.transposed);
            add_product(Left::rows(&tape.gradients[0], layer.padded), wide, out, stride);
        }
    }
}

impl Layer {
    /// The transpose of the weights that leave `inputs`, in rows of `stride` numbers.
    fn transposed<'t>(
        self,
        parameters: &[f32],
        inputs: Range<usize>,
        stride: usize,
        scratch: &'t mut Vec<f32>,
    ) -> &'t [f32] {
        let weights = &parameters[self.weights()][inputs.start * self.padded..inputs.end * self.padded];
        scratch.clear();
        scratch.resize(self.padded * stride, 0.0);
        transpose(weights, self.padded, scratch, stride);
        scratch
    }
}

/// Writes the sum of the rows of `values` into `sums`.
fn sum_rows(values: &[f32], sums: &mut [f32]) {
    sums.fill(0.0);
    for row in values.chunks_exact(sums.len()) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniform() -> impl FnMut() -> f64 {
        let mut state = 2_u64;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    /// Sum of outputs weighted by fixed numbers, so that its gradient with respect to the outputs is those numbers.
    fn loss(net: &Mlp, parameters: &[f32], inputs: &[f32], weights: &[f32]) -> f64 {
        let mut tape = Tape::default();
        let outputs = net.forward(parameters, inputs, &mut tape);
        let rows = outputs.chunks(net.output_stride()).flat_map(|row| &row[..net.outputs()]);
        rows.zip(weights).map(|(output, weight)| f64::from(*output) * f64::from(*weight)).sum()
    }

    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        for output in [Output::Linear, Output::Relu] {
            let net = Mlp::new(&[5, 7, 18, 3], output);
            let mut draw = uniform();
            let mut parameters = vec![0.0; net.parameters()];
            net.initialise(&mut parameters, &mut draw);
            let mut inputs: Vec<f32> = (0..4 * 5).map(|_| (draw() - 0.5) as f32 * 4.0).collect();
            let weights: Vec<f32> = (0..4 * 3).map(|_| (draw() - 0.5) as f32).collect();

            let mut tape = Tape::default();
            net.forward(&parameters, &inputs, &mut tape);
            let stride = net.output_stride();
            let slope = net.output_gradient(&mut tape);
            for (row, weights) in weights.chunks(3).enumerate() {
                slope[row * stride..][..3].copy_from_slice(weights);
            }
            let (mut gradient, mut by_input) = (vec![0.0; net.parameters()], vec![0.0; 4 * 2]);
            let wanted = InputGradient { columns: 3..5, out: &mut by_input, stride: 2 };
            net.backward(&parameters, &inputs, &mut tape, &mut gradient, Some(wanted));

            let step = 2e-4; // small, so that hardly any unit crosses its kink
            for position in 0..net.parameters() {
                let mut at = |delta: f32| {
                    let old = parameters[position];
                    parameters[position] = old + delta;
                    let value = loss(&net, &parameters, &inputs, &weights);
                    parameters[position] = old;
                    value
                };
                let numeric = (at(step) - at(-step)) / f64::from(2.0 * step);
                let analytic = f64::from(gradient[position]);
                assert!((numeric - analytic).abs() < 0.02, "parameter {position}: {numeric} against {analytic}");
            }
            for (row, column) in [(0, 3), (2, 4), (3, 3)] {
                let mut at = |delta: f32| {
                    inputs[row * 5 + column] += delta;
                    let value = loss(&net, &parameters, &inputs, &weights);
                    inputs[row * 5 + column] -= delta;
                    value
                };
                let numeric = (at(step) - at(-step)) / f64::from(2.0 * step);
                assert!((numeric - f64::from(by_input[row * 2 + column - 3])).abs() < 0.02);
            }
        }
    }

    #[test]
    fn a_batch_gives_the_bits_of_its_rows_alone() {
        let net = Mlp::new(&[6, 16, 4], Output::Linear);
        let mut draw = uniform();
        let mut parameters = vec![0.0; net.parameters()];
        net.initialise(&mut parameters, &mut draw);
        let inputs: Vec<f32> = (0..9 * 6).map(|_| draw() as f32).collect();
        let mut tape = Tape::default();
        let together = net.forward(&parameters, &inputs, &mut tape).to_vec();
        for (row, input) in inputs.chunks(6).enumerate() {
            let alone = net.forward(&parameters, input, &mut tape);
            assert_eq!(alone, &together[row * net.output_stride()..][..net.output_stride()]);
        }
    }
}
