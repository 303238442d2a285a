//! Keys to the series, below what they explain: a page is then narrow enough for one column of a paper.

use super::mark::Style;
use super::scene::{Area, Color, Point, SOFT_INK, Scene, Text};
use super::text;
use super::text::Weight;

const SIZE: f64 = 11.0;
const ROW: f64 = 18.0;
const SAMPLE: f64 = 30.0;
/// Size of the letters of a note, and points from line to line.
const NOTE: f64 = 10.0;
const LINE: f64 = 13.5;
/// Points between columns, and above the first row.
const GAP: f64 = 14.0;
const ABOVE: f64 = 8.0;

/// One line of a legend.
pub(crate) enum Entry {
    /// A line with its marker.
    Line(String, Style),
    /// A marker alone.
    Mark(String, Style),
    /// A patch of colour.
    Patch(String, Color),
    /// Words in a softer colour below all others.
    Note(String),
    /// Words in bold.
    Heading(String),
}

impl Entry {
    fn width(&self) -> f64 {
        match self {
            Entry::Line(name, _) | Entry::Mark(name, _) | Entry::Patch(name, _) => {
                SAMPLE + 8.0 + text::width(name, SIZE, Weight::Bold)
            }
            Entry::Note(_) => 0.0,
            Entry::Heading(words) => text::width(words, SIZE, Weight::Bold),
        }
    }
}

/// The legend as blocks of rows: what precedes a heading, and each heading with what follows it; notes come last.
fn rows(entries: &[Entry], width: f64) -> Vec<Vec<&Entry>> {
    let (notes, keys): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|entry| matches!(entry, Entry::Note(_)));
    let mut rows = Vec::new();
    for block in keys.chunk_by(|_, next| !matches!(next, Entry::Heading(_))) {
        let (headings, keys): (Vec<&Entry>, Vec<&Entry>) =
            block.iter().partition(|entry| matches!(entry, Entry::Heading(_)));
        rows.extend(headings.into_iter().map(|heading| vec![heading]));
        let deep = keys.len().div_ceil(columns(&keys, width));
        let row = |place: usize| keys.iter().skip(place).step_by(deep).copied().collect();
        rows.extend((0..deep).map(row));
    }
    rows.extend(notes.into_iter().map(|note| vec![note]));
    rows
}

fn columns(keys: &[&Entry], width: f64) -> usize {
    let widest = keys.iter().map(|entry| entry.width()).fold(1.0, f64::max);
    (((width + GAP) / (widest + GAP)) as usize).clamp(1, keys.len().max(1))
}

fn lines(row: &[&Entry], width: f64) -> f64 {
    match row {
        [Entry::Note(words)] => LINE * text::wrap(words, NOTE, width).len() as f64 + 4.0,
        _ => ROW,
    }
}

/// Height that [`place`] takes at this width, in points.
pub(crate) fn height(entries: &[Entry], width: f64) -> f64 {
    let taken: f64 = rows(entries, width).iter().map(|row| lines(row, width)).sum();
    if entries.is_empty() { 0.0 } else { taken + ABOVE }
}

/// Draws the legend at the lower edge of `area`, in columns that are read downward, and returns what is left above it.
pub(crate) fn place(scene: &mut Scene, area: Area, entries: &[Entry]) -> Area {
    let bottom = area.bottom - height(entries, area.width());
    let mut top = bottom + ABOVE;
    let keys: Vec<&Entry> = entries.iter().filter(|entry| !matches!(entry, Entry::Note(_))).collect();
    let usual = keys.iter().map(|entry| entry.width()).fold(0.0, f64::max) + GAP;
    let mut step = usual;
    for row in rows(entries, area.width()) {
        // Columns of all blocks stand below each other where there is room; the first row of a block is its longest.
        let end = step * (row.len() as f64 - 1.0) + row.last().map_or(0.0, |entry| entry.width());
        match row.as_slice() {
            [Entry::Heading(_)] => step = usual,
            [_, _, ..] if end > area.width() => step = (area.width() + GAP) / row.len() as f64,
            _ => {}
        }
        for (column, entry) in row.iter().enumerate() {
            draw(entry, Point { x: area.left + step * column as f64, y: top + 0.5 * ROW }, area.width(), scene);
        }
        top += lines(&row, area.width());
    }
    Area { bottom, ..area }
}

fn draw(entry: &Entry, Point { x, y }: Point, width: f64, scene: &mut Scene) {
    match entry {
        Entry::Line(name, style) => {
            style.line(scene, &[Point { x, y }, Point { x: x + SAMPLE, y }]);
            style.mark(scene, Point { x: x + 0.5 * SAMPLE, y }, 4.0);
            scene.text(Text::new(x + SAMPLE + 8.0, y, SIZE, name));
        }
        Entry::Mark(name, style) => {
            style.mark(scene, Point { x: x + 0.5 * SAMPLE, y }, 4.0);
            scene.text(Text::new(x + SAMPLE + 8.0, y, SIZE, name));
        }
        Entry::Patch(name, color) => {
            let patch = Area { left: x + 8.0, top: y - 6.0, right: x + SAMPLE, bottom: y + 6.0 };
            scene.rectangle(patch, *color);
            scene.text(Text::new(x + SAMPLE + 8.0, y, SIZE, name));
        }
        Entry::Note(words) => {
            for (line, words) in text::wrap(words, NOTE, width).into_iter().enumerate() {
                let y = y - 0.5 * ROW + 3.0 + LINE * (line as f64 + 0.5);
                scene.text(Text::new(x, y, NOTE, words).colored(SOFT_INK));
            }
        }
        Entry::Heading(words) => scene.text(Text::new(x, y, SIZE, words).bold()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_as_many_columns_as_fit_and_are_read_downward() {
        let patch = |name: &str| Entry::Patch(name.to_owned(), SOFT_INK);
        let note = Entry::Note("and more".to_owned());
        let entries = [patch("a"), note, patch("b"), patch("c"), Entry::Heading("h".to_owned()), patch("d")];
        let name = |entry: &&Entry| match entry {
            Entry::Patch(name, _) | Entry::Heading(name) => name.clone(),
            _ => "note".to_owned(),
        };
        let found = |width: f64| -> Vec<String> {
            rows(&entries, width).iter().map(|row| row.iter().map(name).collect::<String>()).collect()
        };
        assert_eq!(found(500.0), ["abc", "h", "d", "note"]);
        assert_eq!(found(110.0), ["ac", "b", "h", "d", "note"]);
        assert_eq!(found(10.0), ["a", "b", "c", "h", "d", "note"]);
    }
}
