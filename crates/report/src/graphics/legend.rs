//! Keys to the series, in a column of their own to the right of what they explain.

use super::mark::Style;
use super::scene::{Area, Color, Point, SOFT_INK, Scene, Text, Weight};
use super::text;

const SIZE: f64 = 11.0;
const ROW: f64 = 18.0;
const SAMPLE: f64 = 30.0;
/// A note is broken into lines no wider than this, in points.
const NOTE: f64 = 120.0;

/// One line of a legend.
pub(crate) enum Entry {
    /// A line with its marker.
    Line(String, Style),
    /// A marker alone.
    Mark(String, Style),
    /// A patch of colour.
    Patch(String, Color),
    /// Words in a softer colour, broken into short lines.
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
            Entry::Note(words) => text::wrap(words, SIZE, NOTE)
                .iter()
                .map(|line| text::width(line, SIZE, Weight::Regular))
                .fold(0.0, f64::max),
            Entry::Heading(words) => text::width(words, SIZE, Weight::Bold),
        }
    }
}

/// Draws the legend at the right edge of `area` and returns what is left of it.
pub(crate) fn place(scene: &mut Scene, area: Area, entries: &[Entry]) -> Area {
    let width = entries.iter().map(Entry::width).fold(0.0, f64::max);
    let left = area.right - width;
    let mut y = area.top + 0.5 * ROW;
    for entry in entries {
        match entry {
            Entry::Line(name, style) => {
                style.line(scene, &[Point { x: left, y }, Point { x: left + SAMPLE, y }]);
                style.mark(scene, Point { x: left + 0.5 * SAMPLE, y }, 4.0);
                scene.text(Text::new(left + SAMPLE + 8.0, y, SIZE, name));
            }
            Entry::Mark(name, style) => {
                style.mark(scene, Point { x: left + 0.5 * SAMPLE, y }, 4.0);
                scene.text(Text::new(left + SAMPLE + 8.0, y, SIZE, name));
            }
            Entry::Patch(name, color) => {
                let patch = Area { left: left + 8.0, top: y - 6.0, right: left + SAMPLE, bottom: y + 6.0 };
                scene.rectangle(patch, *color);
                scene.text(Text::new(left + SAMPLE + 8.0, y, SIZE, name));
            }
            Entry::Note(words) => {
                for line in text::wrap(words, SIZE, NOTE) {
                    scene.text(Text::new(left, y, SIZE, line).colored(SOFT_INK));
                    y += 14.0;
                }
                y -= 10.0;
            }
            Entry::Heading(words) => scene.text(Text::new(left, y, SIZE, words).bold()),
        }
        y += ROW;
    }
    Area { right: left - 16.0, ..area }
}
