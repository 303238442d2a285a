//! Charts of a run as it goes on, drawn into the page: learning curves, and online runs phase by phase.

use super::escape;
use crate::context::Context;

/// Charts that are shown in the page, by name.
pub(crate) const SHOWN: [&str; 6] = ["learning_curve", "drift", "regret", "shares_online", "recovery", "factorial"];
/// Bytes of all charts together: the page stays one that can be sent by mail.
const MOST: usize = 900_000;

/// Widest chart, in points, that stands beside another.
const COLUMN: f64 = 640.0;

/// A chart as it stands in the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Label of its environment.
    pub environment: String,
    /// Heading of the chart.
    pub title: String,
    /// What a reader who cannot see it gets.
    pub words: String,
    /// The chart as an SVG document.
    pub svg: String,
    /// Its file, from the folder of the page.
    pub file: String,
}

/// The section of all figures; empty without any.
pub(super) fn section(figures: &[Figure], context: &Context) -> String {
    if figures.is_empty() {
        return String::new();
    }
    let mut text = "<section id=\"course\" aria-labelledby=\"course-name\">\n<h2 id=\"course-name\">As the run goes on</h2>\n\
                    <p class=\"hint\">These do not move with the dial: they are about learning, before and beside the test split.</p>\n"
        .to_owned();
    let mut size = 0;
    for figure in figures {
        size += figure.svg.len();
        text += &if size <= MOST { drawn(figure, context) } else { named(figure) };
    }
    text + "</section>\n"
}

fn drawn(figure: &Figure, context: &Context) -> String {
    let start = figure.svg.find("<svg").unwrap_or(0);
    let named = format!("<svg role=\"img\" aria-label=\"{}\" ", escape(&figure.words));
    let svg = figure.svg[start..].replacen("<svg ", &named, 1);
    format!(
        "<figure class=\"chart{}\">\n<figcaption>{} \u{b7} {} <small>drawn by <code>{}</code> as <a href=\"{}\">{}</a></small></figcaption>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{}\">{svg}</div>\n</figure>\n",
        if width(&figure.svg) > COLUMN { " wide" } else { "" },
        escape(&figure.title),
        escape(&figure.environment),
        escape(&context.command),
        escape(&figure.file),
        escape(&figure.file),
        escape(&format!("{}, {}, scrolls sideways", figure.title, figure.environment)),
    )
}

/// Width that an SVG document says it has, in points; 0 where it says none.
fn width(svg: &str) -> f64 {
    let digits = svg.split_once("width=\"").and_then(|(_, rest)| rest.split('"').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0.0)
}

fn named(figure: &Figure) -> String {
    let (title, environment, file) = (escape(&figure.title), escape(&figure.environment), escape(&figure.file));
    format!("<p>{title} \u{b7} {environment}: <a href=\"{file}\">{file}</a></p>\n")
}
