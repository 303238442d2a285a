//! Our side of `make bench-encoder`: `peers/encoder.py` asks for passes over the same texts by turns.
//!
//! Arguments: a file with prompts, its column of texts, how many to take (every n-th), the folder of the weights. The first
//! line out is the texts as a JSON list. Then for each line in, a batch size, one thread encodes all texts in such batches,
//! shortest first, and the line out is `done`. `vectors FILE` instead writes them to FILE as little-endian f32.
#![expect(clippy::print_stdout, reason = "its output is what the peer reads")]
#![expect(clippy::disallowed_methods, reason = "the scratch file may be lost")]

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::Path;
use store::Column;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, column, count, folder] = &arguments[..] else { return Err("FILE COLUMN COUNT FOLDER".into()) };
    let frame = store::read(Path::new(file))?;
    let texts = frame.column(column).ok_or_else(|| format!("{file}: no column `{column}`"))?;
    let texts = sample(texts, count.parse()?);
    let encoder = encoder::MiniLm::open(Path::new(folder))?;
    answer(&serde_json::to_string(&texts)?)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if let Some(path) = line.strip_prefix("vectors ") {
            let vectors = pass(&encoder, &texts, 8);
            std::fs::write(path, vectors.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())?;
            answer("written")?;
            continue;
        }
        std::hint::black_box(pass(&encoder, &texts, line.parse()?));
        answer("done")?;
    }
    Ok(())
}

/// Every n-th text so that `count` are taken, shortest first.
fn sample(column: &Column, count: usize) -> Vec<String> {
    let step = (column.len() / count).max(1);
    let mut texts: Vec<String> =
        (0..column.len()).step_by(step).filter_map(|row| column.text(row)).take(count).collect();
    texts.sort_by_key(String::len);
    texts
}

fn pass(encoder: &impl encoder::Encoder, texts: &[String], batch: usize) -> Vec<f32> {
    let width = encoder.width();
    let mut vectors = vec![0.0; texts.len() * width];
    for (texts, vectors) in texts.chunks(batch).zip(vectors.chunks_mut(batch * width)) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        encoder.encode_all(&texts, vectors);
    }
    vectors
}

fn answer(line: &str) -> std::io::Result<()> {
    println!("{line}");
    std::io::stdout().flush()
}
