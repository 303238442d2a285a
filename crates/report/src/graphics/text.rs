//! The one font (DejaVu Sans, embedded): how wide its words are, and their letters as dots.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, point};

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// The family as a browser reads it: the same font where it is installed, else one alike.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Height of small letters, in em.
const SMALL: f32 = 0.547;

fn font(weight: Weight) -> &'static FontRef<'static> {
    static FONTS: OnceLock<[FontRef<'static>; 2]> = OnceLock::new();
    let load = |bytes| FontRef::try_from_slice(bytes).expect("the embedded font is whole");
    let [regular, bold] = FONTS.get_or_init(|| [load(dejavu::sans::regular()), load(dejavu::sans::bold())]);
    match weight {
        Weight::Regular => regular,
        Weight::Bold => bold,
    }
}

/// The letters of `words` with their distance from the start, and the width of all, at `size` to the em.
fn letters(words: &str, size: f32, weight: Weight) -> (Vec<Glyph>, f32) {
    let font = font(weight);
    let unit = size / font.units_per_em().expect("the embedded font has an em");
    let scale = PxScale::from(font.height_unscaled() * unit);
    let (mut x, mut last, mut glyphs) = (0.0, None, Vec::new());
    for letter in words.chars() {
        let id = font.glyph_id(letter);
        x += last.map_or(0.0, |last| font.kern_unscaled(last, id) * unit);
        glyphs.push(id.with_scale_and_position(scale, point(x, 0.0)));
        x += font.h_advance_unscaled(id) * unit;
        last = Some(id);
    }
    (glyphs, x)
}

/// Width in points of `words` at `size` points to the em.
pub(crate) fn width(words: &str, size: f64, weight: Weight) -> f64 {
    f64::from(letters(words, size as f32, weight).1)
}

/// Calls `dot` with the place and coverage (0 to 1) of every pixel of `words` at `size` pixels to the em. Places are right of
/// the start of the words and below the middle of their small letters.
pub(crate) fn dots(words: &str, size: f64, weight: Weight, mut dot: impl FnMut(i32, i32, f64)) {
    let drop = (0.5 * SMALL * size as f32).round() as i32;
    for outline in
        letters(words, size as f32, weight).0.into_iter().filter_map(|glyph| font(weight).outline_glyph(glyph))
    {
        let corner = outline.px_bounds().min;
        let (left, top) = (corner.x as i32, corner.y as i32 + drop);
        outline.draw(|x, y, coverage| dot(left + x as i32, top + y as i32, f64::from(coverage.clamp(0.0, 1.0))));
    }
}

/// The widest of several words, in points; 0 for none.
pub(crate) fn widest<'a>(words: impl IntoIterator<Item = &'a str>, size: f64) -> f64 {
    words.into_iter().map(|word| width(word, size, Weight::Regular)).fold(0.0, f64::max)
}

/// `words` if they are at most `most` letters long, else their beginning.
pub(crate) fn shortened(words: &str, most: usize) -> String {
    match words.char_indices().nth(most) {
        None => words.to_owned(),
        Some(_) => words.chars().take(most.saturating_sub(1)).chain(['\u{2026}']).collect(),
    }
}

/// `words` broken at spaces into lines of at most `limit` points, as far as the words allow.
pub(crate) fn wrap(words: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let line = lines.last_mut().expect("there is a line from the start");
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if line.is_empty() || width(&longer, size, Weight::Regular) <= limit {
            *line = longer;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Advance widths of DejaVu Sans in units of 1/2048 em: m 1995, i 569.
    #[test]
    fn words_are_as_wide_as_the_font_says() {
        let expected = (1995.0 + 2.0 * 569.0) / 2048.0 * 12.0;
        assert!((width("mii", 12.0, Weight::Regular) - expected).abs() < 1e-4);
        assert!(width("mii", 12.0, Weight::Bold) > expected);
    }

    #[test]
    fn small_letters_are_centred_on_their_place() {
        let (mut top, mut bottom) = (i32::MAX, i32::MIN);
        dots("x", 400.0, Weight::Regular, |_, y, coverage| {
            if coverage > 0.5 {
                (top, bottom) = (top.min(y), bottom.max(y));
            }
        });
        assert!((top + bottom).abs() <= 3, "{top} to {bottom}");
    }

    #[test]
    fn long_words_end_with_dots() {
        assert_eq!(["mmlu", "natural-questions"].map(|name| shortened(name, 8)), ["mmlu", "natural\u{2026}"]);
    }

    #[test]
    fn lines_break_at_spaces_only() {
        assert_eq!(wrap("one two three", 10.0, 45.0), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 10.0, 5.0), ["unbreakable"]);
    }
}
