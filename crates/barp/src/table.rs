//! Plain tables for a terminal.

/// Letters that a column is padded to at most; `format!` pads to no more than 65,535.
const WIDEST: usize = 1_000;

/// Lines of cells in columns, the first `left` of them flush left and the others flush right.
pub(crate) fn aligned<const N: usize>(lines: &[[String; N]], left: usize) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0).min(WIDEST);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            if column < left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// A mean score, or a dash where there is none.
pub(crate) fn score(mean: f64) -> String {
    if mean.is_nan() { "-".into() } else { format!("{mean:.4}") }
}

/// A mean amount, or a dash where there is none.
pub(crate) fn dollars(mean: f64) -> String {
    if mean.is_nan() { "-".into() } else { format!("{mean:.7}") }
}
