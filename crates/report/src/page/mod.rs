//! `report.html`: one file that needs no network, from the rows of a summary, its claims and its manifest.
//!
//! The numbers stand in the page as JSON (see `data`); `assets/` holds the template, its style and the scripts that draw
//! them. Everything that came from outside is JSON or escaped text, and the page's own policy forbids it to load anything.

mod data;
mod figures;
#[cfg(test)]
mod tests;
mod tuning;

pub use figures::Figure;
pub(crate) use figures::SHOWN;
use routing::visible;
use store::{CellRecord, Manifest, SummaryRow, TuningRow};

use crate::claims::Verdict;
use crate::context::Context;

const TEMPLATE: &str = include_str!("assets/page.html");
pub(crate) const STYLE: &str = include_str!("assets/page.css");
/// In the order in which they are run.
const SCRIPTS: [&str; 7] = [
    include_str!("assets/base.js"),
    include_str!("assets/behind.js"),
    include_str!("assets/frontier.js"),
    include_str!("assets/mix.js"),
    include_str!("assets/scores.js"),
    include_str!("assets/claims.js"),
    include_str!("assets/main.js"),
];

/// The whole page as HTML: a preference dial that moves every policy along its measured sweep, sortable scores, claims with
/// their verdicts, and for each number the cells and commands behind it. Equal arguments give equal bytes.
///
/// Nothing is interpolated: the dial stops at the weights that were measured. What is not about the test split is shown by
/// `figures`, and what tuning tried by `tuning`. `missing` are the cells of the manifest whose numbers are not in `rows`. Where there are very many numbers,
/// scores by task and then the worst policies are left to the tables and the summary, and the page says so.
pub fn page(
    rows: &[SummaryRow],
    context: &Context,
    claims: &[Verdict],
    manifest: &Manifest,
    missing: &[&CellRecord],
    figures: &[Figure],
    tuning: &[TuningRow],
) -> String {
    let content = data::content(rows, context, claims, manifest, missing);
    let json = serde_json::to_string(&content).expect("text and numbers are always JSON");
    let parts = [
        ("title", escape(&format!("{}: barp report", context.experiment))),
        ("style", STYLE.to_owned()),
        ("data", harmless(&json)),
        ("script", SCRIPTS.concat()),
        ("experiment", escape(&context.experiment)),
        ("about", escape(&manifest.about)),
        ("figures", figures::section(figures, context) + &tuning::section(&crate::tables::tuned(tuning))),
    ];
    fill(TEMPLATE, &parts)
}

/// `template` with the part of that name for every `{{name}}`; what a part contains is not searched again.
fn fill(template: &str, parts: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (position, piece) in template.split("{{").enumerate() {
        match piece.split_once("}}") {
            Some((name, rest)) if position > 0 => {
                text += parts.iter().find(|(known, _)| *known == name).map_or("", |(_, part)| part);
                text += rest;
            }
            _ => text += piece,
        }
    }
    text
}

/// Text as HTML, in an element or a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::new();
    for letter in text.chars() {
        match letter {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            plain => safe += &visible(plain.encode_utf8(&mut [0; 4])),
        }
    }
    safe
}

/// JSON that cannot end the element it stands in nor reorder the source: these letters occur in strings only, and mean the same
/// escaped.
fn harmless(json: &str) -> String {
    visible(&json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")).into_owned()
}
