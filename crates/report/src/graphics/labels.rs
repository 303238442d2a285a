//! Words beside points, where they hide nothing.

use super::scene::{Anchor, Area, BEYOND, Point, SOFT_INK, Scene, Text, WHITE, clipped};
use super::text;

/// Size of the names at the ends of lines.
const END: f64 = 10.0;

/// Finds room for labels: what is taken stays taken.
pub(crate) struct Room {
    bounds: Area,
    taken: Vec<Area>,
    markers: Vec<Point>,
    lines: Vec<Point>,
}

impl Room {
    pub fn within(bounds: Area) -> Room {
        Room { bounds, taken: Vec::new(), markers: Vec::new(), lines: Vec::new() }
    }

    /// Whether neither label nor marker nor line lies on `area`.
    pub fn is_free(&self, area: &Area) -> bool {
        let crossed = self.lines.iter().any(|place| distance(area, *place) == 0.0);
        !crossed && self.taken.iter().all(|taken| !taken.overlaps(area))
    }

    /// No label will lie on these words.
    pub fn take_area(&mut self, area: Area) {
        self.taken.push(area);
    }

    /// No label will lie on this marker.
    pub fn take_point(&mut self, center: Point, radius: f64) {
        self.markers.push(center);
        self.taken.push(Area { left: center.x, top: center.y, right: center.x, bottom: center.y }.grown(radius));
    }

    /// Labels will keep off this line where they can.
    pub fn take_line(&mut self, points: &[Point]) {
        for ends in points.windows(2) {
            let Some((from, to)) = clipped(ends[0], ends[1], self.bounds.grown(BEYOND)) else { continue };
            let ends = [from, to];
            let steps = (libm::hypot(ends[1].x - ends[0].x, ends[1].y - ends[0].y) / 3.0) as usize + 1;
            self.lines.extend((0..=steps).map(|step| {
                let share = step as f64 / steps as f64;
                Point { x: ends[0].x + share * (ends[1].x - ends[0].x), y: ends[0].y + share * (ends[1].y - ends[0].y) }
            }));
        }
    }

    /// Writes `words` beside `point`, with a thin line to it where they stand far off.
    pub fn label(&mut self, scene: &mut Scene, point: Point, words: &str, size: f64) {
        if !point.is_somewhere() {
            return;
        }
        let candidates = offsets().map(|(x, y)| beside(point, (x, y), words, size));
        let best = candidates
            .map(|text| (self.price(&text.extent(), point), text))
            .min_by(|(left, _), (right, _)| left.total_cmp(right));
        let Some((_, text)) = best else { return };
        let extent = text.extent();
        if distance(&extent, point) > 14.0 {
            scene.line(&[point, nearest(&extent, point)], SOFT_INK, 0.6);
        }
        // A line that must be crossed shows through a little.
        scene.rectangle(extent.grown(-0.5), WHITE.faded(0.72));
        self.taken.push(extent);
        scene.text(text);
    }

    /// How bad a place is: beyond the edge or on another label or marker is worse than nearer to another marker, which is
    /// worse than on a line, which is worse than far.
    fn price(&self, extent: &Area, point: Point) -> f64 {
        let far = distance(extent, point);
        let kept_off = extent.grown(1.5);
        let outside = if extent.within(&self.bounds) { 0.0 } else { 10_000.0 };
        let covered = self.taken.iter().filter(|area| area.overlaps(&kept_off)).count() as f64;
        let nearer = |marker: &&Point| **marker != point && distance(extent, **marker) < far + 2.0;
        let mistaken = self.markers.iter().filter(nearer).count() as f64;
        let inside = |place: &&Point| distance(&kept_off, **place) == 0.0;
        let crossed = self.lines.iter().filter(inside).count() as f64;
        outside + 1_000.0 * covered + 60.0 * mistaken + 6.0 * crossed + far
    }
}

/// From the nearest point of `area` to `point`.
fn distance(area: &Area, point: Point) -> f64 {
    let nearest = nearest(area, point);
    libm::hypot(nearest.x - point.x, nearest.y - point.y)
}

fn nearest(area: &Area, point: Point) -> Point {
    Point { x: point.x.clamp(area.left, area.right), y: point.y.clamp(area.top, area.bottom) }
}

/// Directions and distances to try, nearest first.
fn offsets() -> impl Iterator<Item = (f64, f64)> {
    const DIRECTIONS: [(f64, f64); 12] = [
        (1.0, 0.0),
        (-1.0, 0.0),
        (0.0, -1.0),
        (0.0, 1.0),
        (0.8, -0.6),
        (0.8, 0.6),
        (-0.8, -0.6),
        (-0.8, 0.6),
        (0.5, -0.87),
        (0.5, 0.87),
        (-0.5, -0.87),
        (-0.5, 0.87),
    ];
    [9.0, 13.0, 18.0, 25.0, 34.0, 45.0, 60.0, 80.0]
        .into_iter()
        .flat_map(|distance| DIRECTIONS.into_iter().map(move |(x, y)| (distance * x, distance * y)))
}

fn beside(point: Point, (x, y): (f64, f64), words: &str, size: f64) -> Text {
    let anchor = match x {
        right if right > 1.0 => Anchor::Start,
        left if left < -1.0 => Anchor::End,
        _ => Anchor::Middle,
    };
    let vertical = if anchor == Anchor::Middle { y + 0.2 * size * y.signum() } else { y };
    Text::new(point.x + x, point.y + vertical, size, words).anchored(anchor)
}

/// Points that [`name_ends`] needs to the right of a panel.
pub(crate) fn gutter<'a>(names: impl IntoIterator<Item = &'a str>) -> f64 {
    let widest = text::widest(names, END);
    if widest > 0.0 { widest + 18.0 } else { 0.0 }
}

/// Names lines where they leave `area` on the right: (name, height on the page).
pub(crate) fn name_ends(scene: &mut Scene, area: Area, ends: &[(String, f64)]) {
    let heights: Vec<f64> = ends.iter().map(|(_, height)| *height).collect();
    let places = spread(&heights, END + 2.0, (area.top, area.bottom));
    for ((name, height), place) in ends.iter().zip(places) {
        scene.segment((area.right + 1.0, *height), (area.right + 11.0, place), SOFT_INK, 0.6);
        scene.text(Text::new(area.right + 14.0, place, END, name));
    }
}

/// Moves `places` apart until neighbours are `gap` from each other, keeping their order and staying in (low, high) where
/// there is room; the result is in the order given.
fn spread(places: &[f64], gap: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|&a, &b| places[a].total_cmp(&places[b]));
    let mut moved = places.to_vec();
    let mut least = low;
    for &index in &order {
        moved[index] = moved[index].max(least);
        least = moved[index] + gap;
    }
    let mut most = high;
    for &index in order.iter().rev() {
        moved[index] = moved[index].min(most);
        most = moved[index] - gap;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphics::scene::Shape;

    #[test]
    fn labels_of_a_crowd_do_not_overlap() {
        let bounds = Area { left: 0.0, top: 0.0, right: 400.0, bottom: 300.0 };
        let (mut room, mut scene) = (Room::within(bounds), Scene::new(400.0, 300.0));
        let crowd: Vec<Point> =
            (0..12).map(|i| Point { x: 180.0 + 7.0 * f64::from(i % 4), y: 140.0 + 8.0 * f64::from(i / 4) }).collect();
        crowd.iter().for_each(|&point| room.take_point(point, 4.0));
        crowd.iter().for_each(|&point| room.label(&mut scene, point, "gpt-3.5-turbo", 10.0));
        let texts: Vec<Area> = scene
            .shapes
            .iter()
            .filter_map(|shape| if let Shape::Text(text) = shape { Some(text.extent()) } else { None })
            .collect();
        assert_eq!(texts.len(), crowd.len());
        for (position, extent) in texts.iter().enumerate() {
            assert!(extent.within(&bounds));
            assert!(texts[..position].iter().all(|other| !other.overlaps(extent)), "label {position}");
        }
    }

    #[test]
    fn spreading_keeps_order_and_gap() {
        assert_eq!(spread(&[10.0, 11.0, 50.0], 5.0, (0.0, 100.0)), [10.0, 15.0, 50.0]);
        assert_eq!(spread(&[99.0, 98.0], 5.0, (0.0, 100.0)), [100.0, 95.0]);
    }

    #[test]
    fn a_line_to_anywhere_takes_finite_room() {
        let mut room = Room::within(Area { left: 0.0, top: 0.0, right: 400.0, bottom: 300.0 });
        for far in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e300, 1e12] {
            room.take_line(&[Point { x: 10.0, y: 10.0 }, Point { x: far, y: 20.0 }, Point { x: 10.0, y: far }]);
        }
        assert!(room.lines.len() < 5_000, "{}", room.lines.len());
        let scene = &mut Scene::new(400.0, 300.0);
        room.label(scene, Point { x: f64::NAN, y: 1.0 }, "nowhere", 10.0);
        assert!(scene.shapes.is_empty());
    }
}
