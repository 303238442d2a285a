//! A page as a list of shapes, in points from the upper left corner, painted in order; no file format is known here.

use super::text::{self, Weight};

/// A place on the page: points to the right of and below its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub x: f64,
    pub y: f64,
}

impl Point {
    /// Whether both are numbers, and not so large that they are far from any page.
    pub fn is_somewhere(&self) -> bool {
        self.x.abs() < FAR && self.y.abs() < FAR
    }
}

/// Points from a page at which nothing is any more.
const FAR: f64 = 1e6;
/// Points beyond the edge of a page at which lines end.
pub(crate) const BEYOND: f64 = 100.0;

/// The part of a line from one place to another that lies in `area` (Liang and Barsky 1984); none where there is no such part.
pub(crate) fn clipped(from: Point, to: Point, area: Area) -> Option<(Point, Point)> {
    let number = |point: Point| !point.x.is_nan() && !point.y.is_nan();
    if !number(from) || !number(to) {
        return None;
    }
    // Infinity has no slope; what is far from the page is as good.
    let near = |point: Point| Point { x: point.x.clamp(-1e9, 1e9), y: point.y.clamp(-1e9, 1e9) };
    let (from, to) = (near(from), near(to));
    let (across, down) = (to.x - from.x, to.y - from.y);
    let edges = [
        (-across, from.x - area.left),
        (across, area.right - from.x),
        (-down, from.y - area.top),
        (down, area.bottom - from.y),
    ];
    let (mut start, mut end) = (0.0_f64, 1.0_f64);
    for (toward, room) in edges {
        match toward {
            0.0 if room < 0.0 => return None,
            0.0 => {}
            into if into < 0.0 => start = start.max(room / into),
            out => end = end.min(room / out),
        }
    }
    let at = |share: f64| match share {
        0.0 => from,
        1.0 => to,
        share => Point { x: from.x + share * across, y: from.y + share * down },
    };
    (start <= end).then(|| (at(start), at(end)))
}

/// A rectangle on the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn overlaps(&self, other: &Area) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    pub fn within(&self, outer: &Area) -> bool {
        self.left >= outer.left && self.right <= outer.right && self.top >= outer.top && self.bottom <= outer.bottom
    }

    /// `amount` wider on every side.
    pub fn grown(&self, amount: f64) -> Area {
        Area {
            left: self.left - amount,
            top: self.top - amount,
            right: self.right + amount,
            bottom: self.bottom + amount,
        }
    }

    fn holds(&self, place: Point) -> bool {
        (self.left..=self.right).contains(&place.x) && (self.top..=self.bottom).contains(&place.y)
    }

    /// The least area that holds all `places`; none without any.
    fn around(places: &[Point]) -> Option<Area> {
        let first = places.first()?;
        let start = Area { left: first.x, top: first.y, right: first.x, bottom: first.y };
        Some(places.iter().fold(start, |area, place| Area {
            left: area.left.min(place.x),
            top: area.top.min(place.y),
            right: area.right.max(place.x),
            bottom: area.bottom.max(place.y),
        }))
    }

    fn corners(&self) -> Vec<Point> {
        let corner = |x, y| Point { x, y };
        vec![
            corner(self.left, self.top),
            corner(self.right, self.top),
            corner(self.right, self.bottom),
            corner(self.left, self.bottom),
        ]
    }
}

/// A colour, opaque at alpha 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Color {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
    pub alpha: f64,
}

impl Color {
    /// An opaque colour from its six hexadecimal digits.
    pub const fn hex(code: u32) -> Color {
        Color { red: (code >> 16) as u8, green: (code >> 8) as u8, blue: code as u8, alpha: 1.0 }
    }

    /// The colour of the same hue that is as light as this one is dark; white becomes nearly black.
    pub fn mirrored(self) -> Color {
        const DARKEST: f64 = 22.0;
        let (least, most) = (self.red.min(self.green).min(self.blue), self.red.max(self.green).max(self.blue));
        let shift = 255.0 - f64::from(least) - f64::from(most);
        let mirror = |part: u8| (DARKEST + (f64::from(part) + shift) * (255.0 - DARKEST) / 255.0).round() as u8;
        Color { red: mirror(self.red), green: mirror(self.green), blue: mirror(self.blue), ..self }
    }

    /// This colour at `share` 0, `end` at 1, in between what lies between them.
    pub fn toward(self, end: Color, share: f64) -> Color {
        let mix = |from: u8, to: u8| (f64::from(from) + share * (f64::from(to) - f64::from(from))).round() as u8;
        Color {
            red: mix(self.red, end.red),
            green: mix(self.green, end.green),
            blue: mix(self.blue, end.blue),
            alpha: self.alpha,
        }
    }

    /// Of [`INK`] and [`WHITE`], the one that is read better on this colour (contrast as in WCAG 2.1).
    pub fn ink(self) -> Color {
        self.better(INK, WHITE)
    }

    fn better(self, one: Color, other: Color) -> Color {
        if self.contrast(one) > self.contrast(other) { one } else { other }
    }

    /// Ratio of luminances, 1 to 21.
    pub fn contrast(self, other: Color) -> f64 {
        let (own, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        own.max(other) / own.min(other)
    }

    fn luminance(self) -> f64 {
        let linear = |part: u8| match f64::from(part) / 255.0 {
            dark if dark <= 0.04045 => dark / 12.92,
            light => libm::pow((light + 0.055) / 1.055, 2.4),
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    pub const fn faded(self, alpha: f64) -> Color {
        Color { alpha, ..self }
    }
}

pub(crate) const WHITE: Color = Color::hex(0xFFFFFF);
pub(crate) const INK: Color = Color::hex(0x222222);
pub(crate) const SOFT_INK: Color = Color::hex(0x595959);
pub(crate) const GRID: Color = Color::hex(0xE6E6E6);

/// Which end of a text its place is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Turn {
    Level,
    /// Read from below, as the label of a vertical axis.
    Upward,
}

/// A line of text; its place is at half the height of its small letters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    pub at: Point,
    pub words: String,
    /// Points from em to em.
    pub size: f64,
    pub color: Color,
    pub anchor: Anchor,
    pub weight: Weight,
    pub turn: Turn,
}

impl Text {
    /// Level text of ordinary weight and colour, beginning at the place.
    pub fn new(x: f64, y: f64, size: f64, words: impl Into<String>) -> Text {
        Text {
            at: Point { x, y },
            words: words.into(),
            size,
            color: INK,
            anchor: Anchor::Start,
            weight: Weight::Regular,
            turn: Turn::Level,
        }
    }

    pub fn anchored(self, anchor: Anchor) -> Text {
        Text { anchor, ..self }
    }

    pub fn colored(self, color: Color) -> Text {
        Text { color, ..self }
    }

    pub fn bold(self) -> Text {
        Text { weight: Weight::Bold, ..self }
    }

    pub fn vertical(self) -> Text {
        Text { turn: Turn::Upward, ..self }
    }

    /// The rectangle its letters take.
    pub fn extent(&self) -> Area {
        let width = text::width(&self.words, self.size, self.weight);
        let before = match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5 * width,
            Anchor::End => width,
        };
        let half = 0.5 * self.size;
        let Point { x, y } = self.at;
        match self.turn {
            Turn::Level => Area { left: x - before, right: x - before + width, top: y - half, bottom: y + half },
            Turn::Upward => Area { left: x - half, right: x + half, top: y + before - width, bottom: y + before },
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Line { points: Vec<Point>, color: Color, width: f64 },
    Polygon { corners: Vec<Point>, color: Color },
    Disc { center: Point, radius: f64, color: Color },
    Text(Text),
}

/// A page of `width` x `height` points and what is on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) background: Color,
    pub(crate) shapes: Vec<Shape>,
}

impl Scene {
    pub(crate) fn new(width: f64, height: f64) -> Scene {
        Scene { width, height, background: WHITE, shapes: Vec::new() }
    }

    /// The same on a dark page: every colour keeps its hue and has its lightness mirrored, so that contrasts stay; words on a
    /// coloured cell are set in what is read better there.
    pub(crate) fn dark(&self) -> Scene {
        let mut scene = self.clone();
        scene.background = scene.background.mirrored();
        let mut cells: Vec<(Area, Color)> = Vec::new();
        for shape in &mut scene.shapes {
            if let Shape::Polygon { corners, color } = shape
                && color.alpha == 1.0
            {
                cells.extend(Area::around(corners).map(|area| (area, color.mirrored())));
            }
            if let Shape::Text(text) = shape
                && [INK, WHITE].contains(&text.color)
                && let Some((_, cell)) = cells.iter().rev().find(|(area, _)| area.holds(text.at))
            {
                text.color = cell.better(INK.mirrored(), WHITE.mirrored());
                continue;
            }
            let color = match shape {
                Shape::Line { color, .. } | Shape::Polygon { color, .. } | Shape::Disc { color, .. } => color,
                Shape::Text(text) => &mut text.color,
            };
            *color = color.mirrored();
        }
        scene
    }

    fn around(&self) -> Area {
        Area { left: 0.0, top: 0.0, right: self.width, bottom: self.height }.grown(BEYOND)
    }

    /// The pieces of a line that can be drawn: it is broken where it has no place, and ends a little beyond the page, so that
    /// no line is longer than a page lets it be.
    pub(crate) fn pieces(&self, points: &[Point]) -> Vec<Vec<Point>> {
        let around = self.around();
        let mut pieces: Vec<Vec<Point>> = Vec::new();
        for ends in points.windows(2) {
            let Some((from, to)) = clipped(ends[0], ends[1], around) else { continue };
            match pieces.last_mut() {
                Some(piece) if piece.last() == Some(&from) => piece.push(to),
                _ => pieces.push(vec![from, to]),
            }
        }
        pieces
    }

    pub(crate) fn line(&mut self, points: &[Point], color: Color, width: f64) {
        for points in self.pieces(points) {
            self.shapes.push(Shape::Line { points, color, width });
        }
    }

    pub(crate) fn segment(&mut self, from: (f64, f64), to: (f64, f64), color: Color, width: f64) {
        self.line(&[Point { x: from.0, y: from.1 }, Point { x: to.0, y: to.1 }], color, width);
    }

    pub(crate) fn polygon(&mut self, corners: Vec<Point>, color: Color) {
        if corners.iter().any(|corner| corner.x.is_nan() || corner.y.is_nan()) {
            return;
        }
        let around = self.around();
        let near =
            |Point { x, y }| Point { x: x.clamp(around.left, around.right), y: y.clamp(around.top, around.bottom) };
        self.shapes.push(Shape::Polygon { corners: corners.into_iter().map(near).collect(), color });
    }

    pub(crate) fn rectangle(&mut self, area: Area, color: Color) {
        self.polygon(area.corners(), color);
    }

    pub(crate) fn disc(&mut self, center: Point, radius: f64, color: Color) {
        if center.is_somewhere() {
            self.shapes.push(Shape::Disc { center, radius, color });
        }
    }

    pub(crate) fn text(&mut self, text: Text) {
        if text.at.is_somewhere() {
            self.shapes.push(Shape::Text(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_place_is_not_drawn() {
        let mut scene = Scene::new(100.0, 100.0);
        let (here, nowhere) = (Point { x: 1.0, y: 1.0 }, Point { x: f64::NAN, y: 1.0 });
        scene.disc(nowhere, 3.0, INK);
        scene.polygon(vec![here, nowhere, here], INK);
        scene.text(Text::new(f64::INFINITY, 1.0, 10.0, "a"));
        scene.line(&[here, nowhere, here], INK, 1.0);
        assert_eq!(scene.shapes, []);
        scene.rectangle(Area { left: 10.0, top: f64::NEG_INFINITY, right: f64::INFINITY, bottom: 20.0 }, INK);
        let Shape::Polygon { corners, .. } = &scene.shapes[0] else { panic!("{:?}", scene.shapes) };
        assert!(corners.iter().all(|corner| corner.x.abs() <= 200.0 && corner.y.abs() <= 200.0), "{corners:?}");
    }

    #[test]
    fn a_line_that_leaves_keeps_its_slope() {
        let area = Area { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };
        let cut = clipped(Point { x: 5.0, y: 5.0 }, Point { x: 25.0, y: 15.0 }, area);
        assert_eq!(cut, Some((Point { x: 5.0, y: 5.0 }, Point { x: 10.0, y: 7.5 })));
        assert_eq!(clipped(Point { x: 11.0, y: 0.0 }, Point { x: 11.0, y: 10.0 }, area), None);
    }
}
