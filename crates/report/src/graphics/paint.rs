//! A scene as SVG and as PNG, both by plotters from the one painter below.
//!
//! Plotters places by whole pixels, so the painter works at [`FINE`] pixels to the point. The SVG is shown at the size of
//! the page; the PNG is averaged down to [`SHARP`] pixels to the point, which smooths every edge and the letter spacing.

use std::borrow::Cow;

use plotters::coord::Shift;
use plotters::prelude::{
    BitMapBackend, Circle, DrawingArea, DrawingBackend, FontFamily, FontTransform, IntoDrawingArea, PathElement,
    Polygon, RGBAColor, SVGBackend, ShapeStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, IntoFont, TextStyle};

use routing::visible;

use super::palette::{Indexed, indexed};
use super::scene::{Anchor, Color, Point, Scene, Shape, Text, Turn};
use super::text;
use super::text::Weight;

const FINE: u32 = 4;
const SHARP: u32 = 2;

/// A painter's failure, in its own words.
#[derive(Debug)]
pub(crate) struct PaintError(pub String);

fn failed(error: impl std::fmt::Display) -> PaintError {
    PaintError(error.to_string())
}

/// Sets a text on an area of a backend: as words where the viewer has fonts, else as dots (plotters would set letters to the
/// left by their bearing, so that words look torn).
type Setter<B> = fn(&DrawingArea<B, Shift>, &Text) -> Result<(), PaintError>;

/// The scene as an SVG document with a description and the command that redraws it.
pub(crate) fn svg(scene: &Scene, description: &str, command: &str) -> Result<Vec<u8>, PaintError> {
    let (width, height) = pixels(scene, FINE);
    let mut document = String::new();
    paint(scene, SVGBackend::with_string(&mut document, (width, height)), set_words)?;
    let fine = format!("<svg width=\"{width}\" height=\"{height}\"");
    let page = format!("<svg width=\"{}\" height=\"{}\"", scene.width, scene.height);
    let document = document.replacen(&fine, &page, 1);
    let start = document.find("<svg").expect("plotters opens an svg element");
    let open = start + document[start..].find('>').expect("plotters closes the tag of its svg element") + 1;
    let notes =
        format!("\n<desc>{}</desc>\n<metadata>redraw with: {}</metadata>", escaped(description), escaped(command));
    let document = format!("{}{notes}{}", &document[..open], &document[open..]);
    // XML has no place for control characters, not even escaped ones.
    Ok(visible(&document).into_owned().into_bytes())
}

/// The scene as a PNG with the same two notes as text chunks.
pub(crate) fn png(scene: &Scene, description: &str, command: &str) -> Result<Vec<u8>, PaintError> {
    let (width, height) = pixels(scene, FINE);
    let mut fine = vec![0; 3 * width as usize * height as usize];
    paint(scene, BitMapBackend::with_buffer(&mut fine, (width, height)), set_dots)?;
    let (sharp_width, sharp_height) = pixels(scene, SHARP);
    let sharp = averaged(&fine, width as usize, sharp_width as usize, sharp_height as usize);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, sharp_width, sharp_height);
    let Indexed { palette, dots } = indexed(&sharp);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    // Level 9 takes three times as long for a hundredth fewer bytes.
    encoder.set_deflate_compression(png::DeflateCompression::Level(6));
    encoder.set_filter(png::Filter::NoFilter);
    for (key, words) in [("Description", description), ("Redraw with", command)] {
        encoder.add_itxt_chunk(key.to_owned(), words.to_owned()).map_err(failed)?;
    }
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&dots).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

fn pixels(scene: &Scene, scale: u32) -> (u32, u32) {
    (scene.width.ceil() as u32 * scale, scene.height.ceil() as u32 * scale)
}

/// Each pixel as the mean of the block of fine ones it covers.
fn averaged(fine: &[u8], fine_width: usize, width: usize, height: usize) -> Vec<u8> {
    const BLOCK: usize = (FINE / SHARP) as usize;
    const DOTS: u32 = (BLOCK * BLOCK) as u32;
    let mut sharp = Vec::with_capacity(3 * width * height);
    let mut sums = vec![0u32; 3 * width];
    for rows in fine.chunks_exact(3 * fine_width * BLOCK).take(height) {
        sums.fill(0);
        for row in rows.chunks_exact(3 * fine_width) {
            for (sum, dots) in sums.chunks_exact_mut(3).zip(row.chunks_exact(3 * BLOCK)) {
                for dot in dots.chunks_exact(3) {
                    sum.iter_mut().zip(dot).for_each(|(sum, part)| *sum += u32::from(*part));
                }
            }
        }
        sharp.extend(sums.iter().map(|sum| ((sum + DOTS / 2) / DOTS) as u8));
    }
    sharp
}

fn paint<B: DrawingBackend>(scene: &Scene, backend: B, set: Setter<B>) -> Result<(), PaintError> {
    let area = backend.into_drawing_area();
    area.fill(&rgba(scene.background)).map_err(failed)?;
    for shape in &scene.shapes {
        match shape {
            Shape::Line { points, color, width } => {
                let stroke = ShapeStyle { color: rgba(*color), filled: false, stroke_width: fine(*width) as u32 };
                area.draw(&PathElement::new(placed(points), stroke)).map_err(failed)?;
            }
            Shape::Polygon { corners, color } => {
                area.draw(&Polygon::new(placed(corners), filled(*color))).map_err(failed)?;
            }
            Shape::Disc { center, radius, color } => {
                let disc = Circle::new((fine(center.x), fine(center.y)), fine(*radius), filled(*color));
                area.draw(&disc).map_err(failed)?;
            }
            Shape::Text(words) => set(&area, words)?,
        }
    }
    area.present().map_err(failed)
}

fn set_words<B: DrawingBackend>(area: &DrawingArea<B, Shift>, text: &Text) -> Result<(), PaintError> {
    /// Plotters divides the size of a font by this on its way into an SVG.
    const SHRINK: f64 = 1.24;
    let horizontal = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let transform = match text.turn {
        Turn::Level => FontTransform::None,
        Turn::Upward => FontTransform::Rotate270,
    };
    let weight = match text.weight {
        Weight::Regular => FontStyle::Normal,
        Weight::Bold => FontStyle::Bold,
    };
    let font = (FontFamily::Name(text::FAMILY), text.size * f64::from(FINE) * SHRINK, weight).into_font();
    let color = rgba(text.color);
    let style = TextStyle::from(font.transform(transform)).color(&color).pos(Pos::new(horizontal, VPos::Center));
    area.draw_text(&text.words, &style, (fine(text.at.x), fine(text.at.y))).map_err(failed)
}

fn set_dots<B: DrawingBackend>(area: &DrawingArea<B, Shift>, text: &Text) -> Result<(), PaintError> {
    let width = text::width(&text.words, text.size, text.weight);
    let before = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => 0.5 * width,
        Anchor::End => width,
    };
    let (x, y) = match text.turn {
        Turn::Level => (fine(text.at.x - before), fine(text.at.y)),
        Turn::Upward => (fine(text.at.x), fine(text.at.y + before)),
    };
    let mut outcome = Ok(());
    text::dots(&text.words, text.size * f64::from(FINE), text.weight, |along, below, coverage| {
        let place = match text.turn {
            Turn::Level => (x + along, y + below),
            Turn::Upward => (x + below, y - along),
        };
        if outcome.is_ok() && coverage > 0.0 {
            let color = Color { alpha: text.color.alpha * coverage, ..text.color };
            outcome = area.draw_pixel(place, &rgba(color)).map_err(failed);
        }
    });
    outcome
}

fn fine(points: f64) -> i32 {
    (points * f64::from(FINE)).round() as i32
}

fn placed(points: &[Point]) -> Vec<(i32, i32)> {
    points.iter().map(|point| (fine(point.x), fine(point.y))).collect()
}

fn rgba(color: Color) -> RGBAColor {
    RGBAColor(color.red, color.green, color.blue, color.alpha)
}

fn filled(color: Color) -> ShapeStyle {
    ShapeStyle { color: rgba(color), filled: true, stroke_width: 0 }
}

fn escaped(words: &str) -> Cow<'_, str> {
    if words.contains(['&', '<', '>']) {
        Cow::Owned(words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
    } else {
        Cow::Borrowed(words)
    }
}
