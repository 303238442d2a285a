//! The one font (DejaVu Sans, embedded) and how wide its words are.

use std::sync::Once;

use plotters::style::{FontFamily, FontStyle, IntoFont, register_font};

use super::scene::Weight;

/// The family as a browser reads it: the same font where it is installed, else one alike.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Height of the font's line over its em: `ab_glyph` counts sizes by the line.
pub(crate) const LINE: f64 = 1.164;

/// Makes the font known to plotters, once.
pub(crate) fn register() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())] {
            assert!(register_font(FAMILY, style, bytes).is_ok(), "the embedded font is whole");
        }
    });
}

pub(crate) fn style(weight: Weight) -> FontStyle {
    match weight {
        Weight::Regular => FontStyle::Normal,
        Weight::Bold => FontStyle::Bold,
    }
}

/// Width in points of `words` at `size` points to the em.
pub(crate) fn width(words: &str, size: f64, weight: Weight) -> f64 {
    register();
    const EM: f64 = 1000.0;
    let font = (FontFamily::Name(FAMILY), EM * LINE, style(weight)).into_font();
    let (_, (width, _)) = font.layout_box(words).expect("the font was registered above");
    f64::from(width) * size / EM
}

/// The widest of several words, in points; 0 for none.
pub(crate) fn widest<'a>(words: impl IntoIterator<Item = &'a str>, size: f64) -> f64 {
    words.into_iter().map(|word| width(word, size, Weight::Regular)).fold(0.0, f64::max)
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
