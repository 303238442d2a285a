//! One pair of axes on the page, and marks placed by value inside it.

use super::axis::Axis;
use super::mark::Style;
use super::scene::{Anchor, Area, Color, GRID, INK, Point, SOFT_INK, Scene, Text, WHITE};
use super::text;

pub(crate) const TICK: f64 = 11.0;
pub(crate) const LABEL: f64 = 12.0;

/// Axes over a rectangle of the page. Their ranges are made to hold every value, so nothing is ever clipped.
pub(crate) struct Panel {
    /// The rectangle between the axes.
    pub area: Area,
    pub x: Axis,
    pub y: Axis,
}

/// Which lines of the grid are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Grid {
    Both,
    Upright,
    Neither,
}

/// Whether the vertical axis carries words, or shares those of the panel to its left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Side {
    Labelled,
    Shared,
}

/// The sign of a break in the horizontal axis.
fn broken(scene: &mut Scene, x: f64, y: f64) {
    scene.segment((x - 1.5, y), (x + 1.5, y), WHITE, 2.5);
    for x in [x - 2.0, x + 2.0] {
        scene.segment((x - 1.5, y + 4.0), (x + 1.5, y - 4.0), SOFT_INK, 1.0);
    }
}

impl Panel {
    /// A panel that fills `outer` together with the words of its axes.
    pub fn inside(outer: Area, x: Axis, y: Axis, side: Side) -> Panel {
        let below = TICK * 1.2 + 8.0 + if x.label.is_empty() { 0.0 } else { LABEL * 1.5 };
        let widest = text::widest(y.ticks.iter().map(|tick| tick.words.as_str()), TICK);
        let beside = match side {
            Side::Shared => 4.0,
            Side::Labelled => widest + 8.0 + if y.label.is_empty() { 0.0 } else { LABEL * 1.7 },
        };
        let last = x.ticks.last().map_or(0.0, |tick| 0.5 * text::widest([tick.words.as_str()], TICK));
        let area = Area {
            left: outer.left + beside,
            top: outer.top + 0.5 * TICK,
            right: outer.right - last.min(16.0),
            bottom: outer.bottom - below,
        };
        Panel { area, x, y }
    }

    pub fn across(&self, x: f64) -> f64 {
        self.area.left + self.x.share(x) * self.area.width()
    }

    pub fn down(&self, y: f64) -> f64 {
        self.area.bottom - self.y.share(y) * self.area.height()
    }

    pub fn at(&self, (x, y): (f64, f64)) -> Point {
        Point { x: self.across(x), y: self.down(y) }
    }

    pub fn places(&self, values: &[(f64, f64)]) -> Vec<Point> {
        values.iter().map(|&pair| self.at(pair)).collect()
    }

    /// Grid, axes, ticks and labels: drawn first, beneath the data.
    pub fn frame(&self, scene: &mut Scene, grid: Grid, side: Side) {
        let Area { left, top, right, bottom } = self.area;
        if grid == Grid::Both {
            for tick in &self.y.ticks {
                scene.segment((left, self.down(tick.value)), (right, self.down(tick.value)), GRID, 0.75);
            }
        }
        if matches!(grid, Grid::Both | Grid::Upright) {
            for tick in &self.x.ticks {
                scene.segment((self.across(tick.value), top), (self.across(tick.value), bottom), GRID, 0.75);
            }
        }
        scene.segment((left, bottom), (right, bottom), SOFT_INK, 1.0);
        scene.segment((left, top), (left, bottom), SOFT_INK, 1.0);
        if let Some(share) = self.x.gap() {
            broken(scene, left + share * self.area.width(), bottom);
        }
        self.horizontal_words(scene);
        if side == Side::Labelled {
            self.vertical_words(scene);
        }
    }

    /// Words under the horizontal axis; a tick whose words would touch the last ones keeps its grid line only.
    fn horizontal_words(&self, scene: &mut Scene) {
        let Area { left, right, bottom, .. } = self.area;
        let mut free = f64::NEG_INFINITY;
        for tick in &self.x.ticks {
            let x = self.across(tick.value);
            let words = Text::new(x, bottom + 6.0 + 0.5 * TICK, TICK, &tick.words).anchored(Anchor::Middle);
            scene.segment((x, bottom), (x, bottom + 3.5), SOFT_INK, 1.0);
            if words.extent().left > free {
                free = words.extent().right + 4.0;
                scene.text(words);
            }
        }
        if !self.x.label.is_empty() {
            let label = Text::new(0.5 * (left + right), bottom + 14.0 + 1.5 * TICK, LABEL, &self.x.label);
            scene.text(label.anchored(Anchor::Middle));
        }
    }

    fn vertical_words(&self, scene: &mut Scene) {
        let Area { left, top, bottom, .. } = self.area;
        for tick in &self.y.ticks {
            let words = Text::new(left - 6.0, self.down(tick.value), TICK, &tick.words);
            scene.text(words.anchored(Anchor::End));
        }
        if !self.y.label.is_empty() {
            let widest = text::widest(self.y.ticks.iter().map(|tick| tick.words.as_str()), TICK);
            let x = left - 12.0 - widest - 0.5 * LABEL;
            let label = Text::new(x, 0.5 * (top + bottom), LABEL, &self.y.label);
            scene.text(label.anchored(Anchor::Middle).vertical());
        }
    }

    /// A bold heading over the panel, at its left edge.
    pub fn heading(&self, scene: &mut Scene, words: &str, color: Color) {
        let heading = Text::new(self.area.left, self.area.top - 11.0, LABEL, words);
        scene.text(heading.bold().colored(color));
    }

    /// A line of `style` through the values.
    pub fn line(&self, scene: &mut Scene, values: &[(f64, f64)], style: &Style) {
        style.line(scene, &self.places(values));
    }

    /// The region between a lower and an upper end at each x: (x, low, high).
    pub fn band(&self, scene: &mut Scene, ends: &[(f64, f64, f64)], color: Color) {
        if ends.len() > 1 {
            let upper = ends.iter().map(|&(x, _, high)| self.at((x, high)));
            let lower = ends.iter().rev().map(|&(x, low, _)| self.at((x, low)));
            scene.polygon(upper.chain(lower).collect(), color.faded(0.16 * color.alpha));
        }
    }

    /// A vertical interval at `x`.
    pub fn vertical_interval(&self, scene: &mut Scene, x: f64, (low, high): (f64, f64), color: Color) {
        let x = self.across(x);
        scene.segment((x, self.down(low)), (x, self.down(high)), color, 1.2);
    }

    /// A horizontal interval at `y`.
    pub fn horizontal_interval(&self, scene: &mut Scene, (low, high): (f64, f64), y: f64, color: Color) {
        let y = self.down(y);
        scene.segment((self.across(low), y), (self.across(high), y), color, 1.2);
    }

    /// A bar over the given ranges.
    pub fn bar(&self, scene: &mut Scene, (left, right): (f64, f64), (low, high): (f64, f64), color: Color) {
        let (from, to) = (self.at((left, high)), self.at((right, low)));
        scene.rectangle(Area { left: from.x, top: from.y, right: to.x, bottom: to.y }, color);
    }

    /// Words centred on a value.
    pub fn words(&self, scene: &mut Scene, place: (f64, f64), words: &str, color: Option<Color>) {
        let Point { x, y } = self.at(place);
        scene.text(Text::new(x, y, TICK, words).anchored(Anchor::Middle).colored(color.unwrap_or(INK)));
    }
}
