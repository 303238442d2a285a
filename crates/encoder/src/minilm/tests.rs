use super::*;
use kernels::Level;
use safetensors::tensor::{Dtype, TensorView, serialize};
use std::collections::BTreeMap;

/// A small network of the same build, with random weights.
const SMALL: Shape = Shape { vocabulary: 9, places: 256, width: 64, inner: 96, layers: 2 };

const PIECES: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##c\n.";

/// Name -> shape and numbers of every tensor.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn tensors() -> Tensors {
    let Shape { vocabulary, places, width, inner, layers } = SMALL;
    let mut all = Tensors::new();
    let mut add = |name: String, shape: &[usize]| {
        let salt = all.len() as u32;
        let centre = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
        let number = |i: usize| {
            let mixed = (i as u32 ^ salt << 20).wrapping_mul(0x9E37_79B1).rotate_left(15).wrapping_mul(0x85EB_CA6B);
            centre + 0.6 * (mixed as f32 / u32::MAX as f32 - 0.5)
        };
        all.insert(name, (shape.to_vec(), (0..shape.iter().product()).map(number).collect()));
    };
    add("embeddings.word_embeddings.weight".into(), &[vocabulary, width]);
    add("embeddings.position_embeddings.weight".into(), &[places, width]);
    add("embeddings.token_type_embeddings.weight".into(), &[2, width]);
    let mut norms = vec!["embeddings.LayerNorm".to_owned()];
    for layer in 0..layers {
        let dense = [
            ("attention.self.query", width, width),
            ("attention.self.key", width, width),
            ("attention.self.value", width, width),
            ("attention.output.dense", width, width),
            ("intermediate.dense", inner, width),
            ("output.dense", width, inner),
        ];
        for (part, outputs, inputs) in dense {
            add(format!("encoder.layer.{layer}.{part}.weight"), &[outputs, inputs]);
            add(format!("encoder.layer.{layer}.{part}.bias"), &[outputs]);
        }
        norms.extend(["attention.output", "output"].map(|part| format!("encoder.layer.{layer}.{part}.LayerNorm")));
    }
    for norm in norms {
        add(format!("{norm}.weight"), &[width]);
        add(format!("{norm}.bias"), &[width]);
    }
    all
}

fn bytes(tensors: &Tensors) -> Vec<u8> {
    let stored: Vec<(&String, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, numbers))| {
            (name, shape.clone(), numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
        })
        .collect();
    let views =
        stored.iter().map(|(name, shape, bytes)| (*name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    serialize(views, None).unwrap()
}

fn small() -> MiniLm {
    MiniLm::new(PIECES, &bytes(&tensors()), SMALL, "small".into()).unwrap_or_else(|error| panic!("{error}"))
}

fn texts() -> Vec<String> {
    let lengths = [0, 1, 2, 5, 13, 31, 32, 33, 64, 100, 300, 7];
    lengths.iter().map(|&n| ["ac ", "b ", ". ", "acc "].iter().cycle().take(n).copied().collect()).collect()
}

/// The network by its definition in f64, one number after the other.
mod definition {
    use super::*;

    type Rows = Vec<Vec<f64>>;

    fn row(tensors: &Tensors, name: &str, row: usize) -> Vec<f64> {
        let (shape, numbers) = &tensors[name];
        let width = *shape.last().unwrap();
        numbers[row * width..][..width].iter().map(|&number| f64::from(number)).collect()
    }

    fn dense(tensors: &Tensors, name: &str, x: &Rows) -> Rows {
        let (bias, outputs) = (row(tensors, &format!("{name}.bias"), 0), tensors[&format!("{name}.bias")].1.len());
        let weights: Rows = (0..outputs).map(|output| row(tensors, &format!("{name}.weight"), output)).collect();
        x.iter().map(|x| weights.iter().zip(&bias).map(|(w, bias)| bias + dot(w, x)).collect()).collect()
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    fn norm(tensors: &Tensors, name: &str, a: &Rows, b: &Rows) -> Rows {
        let (scale, shift) = (row(tensors, &format!("{name}.weight"), 0), row(tensors, &format!("{name}.bias"), 0));
        let one = |(a, b): (&Vec<f64>, &Vec<f64>)| {
            let sum: Vec<f64> = a.iter().zip(b).map(|(a, b)| a + b).collect();
            let mean = sum.iter().sum::<f64>() / sum.len() as f64;
            let variance = sum.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / sum.len() as f64;
            let scaled = sum.iter().zip(&scale).zip(&shift);
            scaled.map(|((x, scale), shift)| (x - mean) / (variance + 1e-12).sqrt() * scale + shift).collect()
        };
        a.iter().zip(b).map(one).collect()
    }

    fn attention(query: &Rows, key: &Rows, value: &Rows) -> Rows {
        let (length, width) = (query.len(), query[0].len());
        let mut mixed = vec![vec![0.0; width]; length];
        for head in (0..width).step_by(32) {
            for place in 0..length {
                let logit =
                    |other: &Vec<f64>| dot(&query[place][head..head + 32], &other[head..head + 32]) / 32f64.sqrt();
                let shares: Vec<f64> = key.iter().map(|other| libm::exp(logit(other))).collect();
                let total: f64 = shares.iter().sum();
                for column in head..head + 32 {
                    let sum: f64 = shares.iter().zip(value).map(|(share, value)| share * value[column]).sum();
                    mixed[place][column] = sum / total;
                }
            }
        }
        mixed
    }

    pub(super) fn encode(tensors: &Tensors, pieces: &[u32]) -> Vec<f64> {
        let place = |(place, &piece): (usize, &u32)| -> Vec<f64> {
            let word = row(tensors, "embeddings.word_embeddings.weight", piece as usize);
            word.iter().zip(row(tensors, "embeddings.position_embeddings.weight", place)).map(|(a, b)| a + b).collect()
        };
        let start: Rows = pieces.iter().enumerate().map(place).collect();
        let kind = vec![row(tensors, "embeddings.token_type_embeddings.weight", 0); pieces.len()];
        let mut x = norm(tensors, "embeddings.LayerNorm", &start, &kind);
        for layer in 0..SMALL.layers {
            let name = |part: &str| format!("encoder.layer.{layer}.{part}");
            let [query, key, value] =
                ["query", "key", "value"].map(|part| dense(tensors, &name(&format!("attention.self.{part}")), &x));
            let mixed = dense(tensors, &name("attention.output.dense"), &attention(&query, &key, &value));
            x = norm(tensors, &name("attention.output.LayerNorm"), &mixed, &x);
            let mut inner = dense(tensors, &name("intermediate.dense"), &x);
            inner.iter_mut().flatten().for_each(|x| *x *= 0.5 * libm::erfc(-*x / std::f64::consts::SQRT_2));
            x = norm(tensors, &name("output.LayerNorm"), &dense(tensors, &name("output.dense"), &inner), &x);
        }
        let mean: Vec<f64> = (0..SMALL.width).map(|column| x.iter().map(|row| row[column]).sum::<f64>()).collect();
        let length = dot(&mean, &mean).sqrt();
        mean.into_iter().map(|number| number / length).collect()
    }
}

#[test]
fn vectors_are_those_of_the_definition() {
    let (own, tensors) = (small(), tensors());
    for text in texts() {
        let mut vector = vec![0.0; own.width()];
        own.encode(&text, &mut vector);
        let expected = definition::encode(&tensors, &own.pieces.encode(&text, LONGEST));
        for (number, expected) in vector.iter().zip(expected) {
            assert!((f64::from(*number) - expected).abs() < 2e-6, "{} pieces: {number} {expected}", text.len() / 2);
        }
    }
}

#[test]
fn bits_depend_on_neither_batch_nor_instructions_nor_threads() {
    let (own, texts) = (small(), texts());
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let encoded = |batch: usize| -> Vec<u32> {
        let mut vectors = vec![0.0; texts.len() * own.width()];
        for (texts, vectors) in texts.chunks(batch).zip(vectors.chunks_mut(batch * own.width())) {
            own.encode_all(texts, vectors);
        }
        vectors.iter().map(|number| number.to_bits()).collect()
    };
    let expected = encoded(1);
    for level in Level::all() {
        Level::limit_to(level);
        for batch in [1, 2, 5, texts.len()] {
            assert!(encoded(batch) == expected, "batches of {batch} at {level:?}");
        }
    }
    Level::limit_to(Level::Avx512);
    std::thread::scope(|scope| {
        let both = [scope.spawn(|| encoded(3)), scope.spawn(|| encoded(4))];
        both.into_iter().for_each(|one| assert!(one.join().unwrap() == expected));
    });
}

#[test]
fn what_is_wrong_with_weights_is_said() {
    let error = |bytes: &[u8]| MiniLm::new(PIECES, bytes, SMALL, String::new()).err().unwrap().to_string();
    let whole = bytes(&tensors());
    let torn = error(&whole[..whole.len() - 100]);
    assert!(torn.starts_with("the file must be in the safetensors format: "), "{torn}");
    let name = "encoder.layer.1.output.dense.bias";
    let changed = |change: fn(&mut (Vec<usize>, Vec<f32>))| {
        let mut all = tensors();
        change(all.get_mut(name).unwrap());
        error(&bytes(&all))
    };
    let shape = changed(|tensor| tensor.0 = vec![8, 8]);
    assert_eq!(shape, format!("tensor `{name}` must be F32 of shape [64], got F32 of shape [8, 8]"));
    let number = changed(|tensor| tensor.1[4] = f32::NAN);
    assert_eq!(number, format!("tensor `{name}` must hold finite numbers, number 5 is NaN"));
    let mut all = tensors();
    all.remove(name);
    assert_eq!(error(&bytes(&all)), format!("tensor `{name}` is missing"));
    let short = MiniLm::new("[UNK]\n[CLS]\n[SEP]", &whole, SMALL, String::new()).err().unwrap().to_string();
    assert_eq!(short, "the vocabulary must have 9 pieces, got 3");
}
