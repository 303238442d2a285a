//! A scale with a middle: white at zero, blue above and orange below, which the colour-blind tell apart, equally dark.

use super::format::number;
use super::scene::{Anchor, Area, Color, Point, SOFT_INK, Scene, Text, WHITE};

const ABOVE: Color = Color::hex(0x14507A);
const BELOW: Color = Color::hex(0xB0561A);

/// Width and height of the patches of a [`key`], in points.
pub(crate) const WIDTH: f64 = 150.0;
const HEIGHT: f64 = 9.0;

/// The darker the farther from zero; 1 and -1 and what lies beyond are darkest.
pub(crate) fn color(share: f64) -> Color {
    WHITE.toward(if share > 0.0 { ABOVE } else { BELOW }, share.abs().min(1.0))
}

/// What the colours mean, from `most` below zero to `most` above, with its upper left corner at a place.
pub(crate) fn key(most: f64, at: Point, scene: &mut Scene) {
    const STEPS: u32 = 40;
    let step = WIDTH / f64::from(STEPS);
    for part in 0..STEPS {
        let share = (2.0 * f64::from(part) + 1.0) / f64::from(STEPS) - 1.0;
        let left = at.x + step * f64::from(part);
        let patch = Area { left, top: at.y, right: left + step + 0.2, bottom: at.y + HEIGHT };
        scene.rectangle(patch, color(share));
    }
    let decimals = if most < 0.02 { 3 } else { 2 };
    for (share, sign) in [(-1.0, ""), (0.0, ""), (1.0, "+")] {
        let x = at.x + 0.5 * WIDTH * (1.0 + share);
        let words = format!("{sign}{}", number(share * most, decimals));
        scene.text(Text::new(x, at.y + HEIGHT + 9.0, 9.5, words).anchored(Anchor::Middle).colored(SOFT_INK));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphics::scene::{INK, Shape};

    #[test]
    fn words_on_every_shade_are_read_on_light_pages_and_on_dark_ones() {
        for step in -50..=50 {
            let shade = color(f64::from(step) / 50.0);
            let mut scene = Scene::new(10.0, 10.0);
            scene.rectangle(Area { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 }, shade);
            scene.text(Text::new(5.0, 5.0, 8.0, "x").colored(shade.ink()));
            for page in [scene.clone(), scene.dark()] {
                let [Shape::Polygon { color, .. }, Shape::Text(text)] = &page.shapes[..] else { unreachable!() };
                assert!(color.contrast(text.color) >= 3.7, "{step} {:?}", page.background);
            }
        }
        assert_eq!((color(2.0).ink(), color(0.0).ink(), color(0.0)), (WHITE, INK, WHITE));
        assert_eq!((color(1.5), color(-1.5)), (ABOVE, BELOW));
    }
}
