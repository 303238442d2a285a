//! How one series looks: its colour, its marker and its line, each of which tells it apart without the others.

use super::scene::{Color, Point, Scene, WHITE};

/// The sign at each value of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Marker {
    Disc,
    Square,
    Diamond,
    Up,
    Down,
    Left,
    Right,
    Cross,
    Plus,
    Star,
    Dot,
}

/// The inside of a marker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Inside {
    Filled,
    Hollow,
}

/// The line between the values of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Dash {
    Solid,
    Dashed,
    Dotted,
    Alternating,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Style {
    pub color: Color,
    pub marker: Marker,
    pub inside: Inside,
    pub dash: Dash,
    /// Width of the line in points.
    pub width: f64,
}

impl Style {
    pub const fn new(color: u32, marker: Marker, inside: Inside, dash: Dash) -> Style {
        Style { color: Color::hex(color), marker, inside, dash, width: 1.5 }
    }

    /// The line of this style through `points`.
    pub fn line(&self, scene: &mut Scene, points: &[Point]) {
        match self.pattern() {
            [] => scene.line(points, self.color, self.width),
            pattern => {
                for piece in scene.pieces(points).iter().flat_map(|piece| dashes(piece, pattern)) {
                    scene.line(&piece, self.color, self.width);
                }
            }
        }
    }

    /// Drawn and empty lengths of the line in turn, in points; empty for an unbroken line.
    pub fn pattern(&self) -> &'static [f64] {
        match self.dash {
            Dash::Solid => &[],
            Dash::Dashed => &[6.0, 3.0],
            Dash::Dotted => &[1.5, 2.5],
            Dash::Alternating => &[7.0, 2.5, 1.5, 2.5],
        }
    }

    /// The outline of the marker as the data of an SVG path, of radius 1 about (0, 0).
    pub fn path(&self) -> String {
        let through = |corners: &[(f64, f64)]| {
            let places: Vec<String> = corners.iter().map(|(x, y)| format!("{x} {y}")).collect();
            format!("M{}", places.join("L"))
        };
        match outline(self.marker) {
            Outline::Round(r) => format!("M{} 0a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 {} 0z", -r, 2.0 * r, -2.0 * r),
            Outline::Corners(corners, _) => through(corners) + "z",
            Outline::Strokes(strokes) => strokes.iter().map(|stroke| through(stroke)).collect(),
        }
    }

    /// Whether the inside of the marker shows what is behind it.
    pub fn is_open(&self) -> bool {
        self.inside == Inside::Hollow || matches!(outline(self.marker), Outline::Strokes(_))
    }

    /// The marker of this style, `radius` points large.
    pub fn mark(&self, scene: &mut Scene, center: Point, radius: f64) {
        let stroke = 1.3;
        match outline(self.marker) {
            Outline::Round(scale) => {
                scene.disc(center, radius * scale, self.color);
                if self.inside == Inside::Hollow {
                    scene.disc(center, radius * scale - stroke, WHITE);
                }
            }
            Outline::Corners(corners, inner) => {
                scene.polygon(around(center, radius, corners), self.color);
                if self.inside == Inside::Hollow {
                    scene.polygon(around(center, radius - stroke / inner, corners), WHITE);
                }
            }
            Outline::Strokes(strokes) => {
                for stroke in strokes {
                    scene.line(&around(center, radius, stroke), self.color, 1.6);
                }
            }
        }
    }
}

/// A marker of radius 1 about (0, 0), downward positive.
enum Outline {
    Round(f64),
    /// Corners, and the radius of the circle inside them.
    Corners(&'static [(f64, f64)], f64),
    Strokes(&'static [[(f64, f64); 2]]),
}

fn outline(marker: Marker) -> Outline {
    match marker {
        Marker::Disc => Outline::Round(1.0),
        Marker::Dot => Outline::Round(0.5),
        Marker::Square => Outline::Corners(&[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)], 0.88),
        Marker::Diamond => Outline::Corners(&[(0.0, -1.25), (1.1, 0.0), (0.0, 1.25), (-1.1, 0.0)], 0.82),
        Marker::Up => Outline::Corners(&[(0.0, -1.25), (1.15, 0.8), (-1.15, 0.8)], 0.7),
        Marker::Down => Outline::Corners(&[(0.0, 1.25), (-1.15, -0.8), (1.15, -0.8)], 0.7),
        Marker::Left => Outline::Corners(&[(-1.25, 0.0), (0.8, -1.15), (0.8, 1.15)], 0.7),
        Marker::Right => Outline::Corners(&[(1.25, 0.0), (-0.8, 1.15), (-0.8, -1.15)], 0.7),
        Marker::Cross => Outline::Strokes(&[[(-0.85, -0.85), (0.85, 0.85)], [(-0.85, 0.85), (0.85, -0.85)]]),
        Marker::Plus => Outline::Strokes(&[[(-1.1, 0.0), (1.1, 0.0)], [(0.0, -1.1), (0.0, 1.1)]]),
        Marker::Star => Outline::Corners(
            &[
                (0.0, -1.4),
                (0.33, -0.45),
                (1.33, -0.43),
                (0.53, 0.17),
                (0.82, 1.13),
                (0.0, 0.56),
                (-0.82, 1.13),
                (-0.53, 0.17),
                (-1.33, -0.43),
                (-0.33, -0.45),
            ],
            0.5,
        ),
    }
}

fn around(center: Point, radius: f64, offsets: &[(f64, f64)]) -> Vec<Point> {
    offsets.iter().map(|(x, y)| Point { x: center.x + radius * x, y: center.y + radius * y }).collect()
}

/// The drawn pieces of a line: `pattern` gives drawn and empty lengths in turn, in points.
fn dashes(points: &[Point], pattern: &[f64]) -> Vec<Vec<Point>> {
    let (mut pieces, mut position, mut left) = (vec![Vec::new()], 0, pattern[0]);
    let Some(&first) = points.first() else { return Vec::new() };
    pieces[0].push(first);
    for ends in points.windows(2) {
        let (mut from, to) = (ends[0], ends[1]);
        loop {
            let length = libm::hypot(to.x - from.x, to.y - from.y);
            let drawn = position % 2 == 0;
            if length <= left {
                left -= length;
                if let (true, Some(piece)) = (drawn, pieces.last_mut()) {
                    piece.push(to);
                }
                break;
            }
            let share = left / length;
            from = Point { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
            match pieces.last_mut() {
                Some(piece) if drawn => piece.push(from),
                _ => pieces.push(vec![from]),
            }
            position = (position + 1) % pattern.len();
            left = pattern[position];
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_round_corners_and_leave_the_gaps_out() {
        let corner = [(0.0, 0.0), (4.0, 0.0), (4.0, 6.0)].map(|(x, y)| Point { x, y });
        let length = |piece: &Vec<Point>| -> f64 {
            piece.windows(2).map(|ends| libm::hypot(ends[1].x - ends[0].x, ends[1].y - ends[0].y)).sum()
        };
        let pieces = dashes(&corner, &[5.0, 2.0]);
        assert_eq!(pieces.iter().map(length).collect::<Vec<_>>(), [5.0, 3.0]);
        assert_eq!(pieces[0].len(), 3, "the corner belongs to the first dash");
    }

    #[test]
    fn a_line_to_anywhere_is_no_longer_than_the_page_lets_it_be() {
        use crate::graphics::scene::Shape;
        let (inside, style) = (Point { x: 50.0, y: 50.0 }, Style::new(0, Marker::Disc, Inside::Filled, Dash::Dotted));
        for far in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e300, -1e300, 1e12] {
            for end in [Point { x: far, y: 60.0 }, Point { x: 60.0, y: far }, Point { x: far, y: far }] {
                let mut scene = Scene::new(100.0, 100.0);
                style.line(&mut scene, &[inside, end, inside, Point { x: 54.0, y: 50.0 }]);
                assert!(!scene.shapes.is_empty() && scene.shapes.len() < 500, "{end:?}: {}", scene.shapes.len());
                for shape in &scene.shapes {
                    let Shape::Line { points, .. } = shape else { panic!("{shape:?}") };
                    let near = |point: &Point| point.x.abs() <= 201.0 && point.y.abs() <= 201.0;
                    assert!(points.iter().all(near), "{end:?}: {points:?}");
                }
            }
        }
    }
}
