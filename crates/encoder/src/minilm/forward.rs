//! The forward pass: sentences of unequal length one after the other, no padding.
//!
//! Every number of a sentence depends on that sentence alone and is accumulated in an order that its own length fixes, so
//! neither the company it keeps in a batch nor the width of vectors changes a bit.

use super::weights::{HEAD, Layer, Norm, Weights};
use kernels::{PANEL, Right, add_and_normalise, gelu, set_panels, softmax_within};

/// Room for the numbers between layers; grows to the largest group and is used again.
#[derive(Default)]
pub(super) struct Workspace {
    hidden: Vec<f32>,
    next: Vec<f32>,
    mixed: Vec<f32>,
    /// Queries, keys and values side by side.
    projected: Vec<f32>,
    inner: Vec<f32>,
    attention: Attention,
}

#[derive(Default)]
struct Attention {
    keys: Vec<f32>,
    values: Vec<f32>,
    scores: Vec<f32>,
}

/// Writes the mean over tokens of the last layer, scaled to length one, of each sentence (pieces with their specials, at
/// least one each) to its row of `out`.
pub(super) fn forward(weights: &Weights, sentences: &[&[u32]], work: &mut Workspace, out: &mut [f32]) {
    let width = weights.width;
    let tokens: usize = sentences.iter().map(|sentence| sentence.len()).sum();
    embed(weights, sentences, work);
    for layer in &weights.layers {
        attend(layer, sentences, width, work);
        let inner = layer.up_bias.len();
        fit(&mut work.inner, tokens * inner);
        set_panels(tokens, (&work.hidden, width), layer.up.view(), &layer.up_bias, (&mut work.inner, inner));
        gelu(&mut work.inner);
        set_panels(tokens, (&work.inner, inner), layer.down.view(), &layer.down_bias, (&mut work.next, width));
        add_then_norm(&mut work.next, &mut work.hidden, &layer.after_inner);
    }
    let mut row = 0;
    for (sentence, out) in sentences.iter().zip(out.chunks_exact_mut(width)) {
        pool(&work.hidden[row * width..][..sentence.len() * width], out);
        row += sentence.len();
    }
}

/// Makes `buffer` hold `length` numbers, whatever they are.
fn fit(buffer: &mut Vec<f32>, length: usize) {
    buffer.resize(length, 0.0);
}

/// `hidden` = norm(next + hidden); `next` becomes free.
fn add_then_norm(next: &mut Vec<f32>, hidden: &mut Vec<f32>, norm: &Norm) {
    add_and_normalise(next, hidden, &norm.scale, &norm.shift, super::EPSILON);
    std::mem::swap(next, hidden);
}

/// The sum of the vectors of piece and place, normalised. Weights hold the sentence's kind (always 0) in the place.
fn embed(weights: &Weights, sentences: &[&[u32]], work: &mut Workspace) {
    let width = weights.width;
    let tokens: usize = sentences.iter().map(|sentence| sentence.len()).sum();
    fit(&mut work.hidden, tokens * width);
    fit(&mut work.next, tokens * width);
    let pieces = sentences.iter().flat_map(|sentence| sentence.iter().enumerate());
    let rows = work.next.chunks_exact_mut(width).zip(work.hidden.chunks_exact_mut(width));
    for ((place, &piece), (next, hidden)) in pieces.zip(rows) {
        next.copy_from_slice(&weights.pieces[piece as usize * width..][..width]);
        hidden.copy_from_slice(&weights.places[place * width..][..width]);
    }
    add_then_norm(&mut work.next, &mut work.hidden, &weights.after_embedding);
}

/// Self-attention, its output layer, and the norm after it.
fn attend(layer: &Layer, sentences: &[&[u32]], width: usize, work: &mut Workspace) {
    let tokens = work.hidden.len() / width;
    fit(&mut work.projected, tokens * 3 * width);
    fit(&mut work.mixed, tokens * width);
    fit(&mut work.next, tokens * width);
    let projected = (&mut work.projected[..], 3 * width);
    set_panels(tokens, (&work.hidden, width), layer.project.view(), &layer.project_bias, projected);
    let mut row = 0;
    for sentence in sentences {
        let own = &work.projected[row * 3 * width..][..sentence.len() * 3 * width];
        let mixed = &mut work.mixed[row * width..][..sentence.len() * width];
        for head in 0..width / HEAD {
            work.attention.head(own, head, width, mixed);
        }
        row += sentence.len();
    }
    set_panels(tokens, (&work.mixed, width), layer.output.view(), &layer.output_bias, (&mut work.next, width));
    add_then_norm(&mut work.next, &mut work.hidden, &layer.after_attention);
}

impl Attention {
    /// softmax(Q K') V of one head of one sentence into its columns of `mixed`; Q is scaled already.
    fn head(&mut self, projected: &[f32], head: usize, width: usize, mixed: &mut [f32]) {
        let stride = 3 * width;
        let length = projected.len() / stride;
        let (query, key, value) = (head * HEAD, width + head * HEAD, 2 * width + head * HEAD);
        // Scores come in whole panels; those of keys beyond the sentence are never read.
        let panels = length.div_ceil(PANEL);
        let padded = panels * PANEL;
        fit(&mut self.keys, padded * HEAD);
        fit(&mut self.values, length * HEAD);
        fit(&mut self.scores, length * padded);
        for (place, row) in projected.chunks_exact(stride).enumerate() {
            let panel = &mut self.keys[place / PANEL * PANEL * HEAD + place % PANEL..];
            for (&number, line) in row[key..][..HEAD].iter().zip(panel.chunks_mut(PANEL)) {
                line[0] = number;
            }
            self.values[place * HEAD..][..HEAD].copy_from_slice(&row[value..][..HEAD]);
        }
        let panel = |data, panel_stride, rows, columns| Right { data, row_stride: PANEL, panel_stride, rows, columns };
        let keys = panel(&self.keys[..], PANEL * HEAD, HEAD, padded);
        set_panels(length, (&projected[query..], stride), keys, &[], (&mut self.scores, padded));
        softmax_within(&mut self.scores, length, padded);
        let values = panel(&self.values[..], 0, length, HEAD);
        set_panels(length, (&self.scores, padded), values, &[], (&mut mixed[head * HEAD..], width));
    }
}

/// The mean of the rows, scaled to length one.
fn pool(rows: &[f32], out: &mut [f32]) {
    let width = out.len();
    let mut sums = vec![0.0f64; width];
    for row in rows.chunks_exact(width) {
        for (sum, &number) in sums.iter_mut().zip(row) {
            *sum += f64::from(number);
        }
    }
    let length = libm::sqrt(sums.iter().map(|sum| sum * sum).sum());
    let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
    for (number, sum) in out.iter_mut().zip(sums) {
        *number = (sum * scale) as f32;
    }
}
