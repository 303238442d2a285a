//! What tuning tried, as a table in the page.

use super::escape;
use crate::tables::{FOOT, HEADINGS, Tuned};

/// Most lines that the page shows; the others stand in the file of the table.
const MOST: usize = 200;

/// The section of all that was tuned; empty without any.
pub(super) fn section(lines: &[Tuned]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let headings: String =
        ["environment"].iter().chain(&HEADINGS).map(|heading| format!("<th scope=\"col\">{heading}</th>")).collect();
    let mut text = format!(
        "<section id=\"tuning\" aria-labelledby=\"tuning-name\">\n<h2 id=\"tuning-name\">Settings tried</h2>\n<p class=\"hint\">{FOOT}</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Settings tried, scrolls sideways\"><table>\n<thead><tr>{headings}</tr></thead>\n<tbody>\n"
    );
    for line in lines.iter().take(MOST) {
        let cells: String = line.cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        text += &format!("<tr><td>{}</td>{cells}</tr>\n", escape(&line.environment));
    }
    text += "</tbody>\n</table></div>\n";
    if lines.len() > MOST {
        text += &format!("<p>{} more in <a href=\"tables/tuning.md\">tables/tuning.md</a></p>\n", lines.len() - MOST);
    }
    text + "</section>\n"
}
