//! Tables as Markdown and as CSV.

use crate::graphics::format::count;
use routing::visible_name;

use super::give_or_take;
use super::sheet::{Cell, Kind, Sheet};

/// Sections under a heading for each environment; bold is the best by the paired test.
pub(super) fn markdown(sheets: &[Sheet]) -> String {
    let mut text = String::new();
    let mut environment = "";
    for sheet in sheets {
        if sheet.environment != environment {
            environment = &sheet.environment;
            text += &format!("# {}\n\n", quoted(environment));
        }
        text += &section(sheet);
    }
    text
}

fn section(sheet: &Sheet) -> String {
    let columns: Vec<String> = sheet.columns.iter().map(|column| quoted(column)).collect();
    let rule = "---:|".repeat(columns.len());
    let mut text = format!("## {}\n\n| policy | {} |\n|---|{rule}\n", sheet.heading(), columns.join(" | "));
    for line in &sheet.lines {
        let cells: Vec<String> = line.cells.iter().map(|cell| words(sheet, cell.as_ref())).collect();
        text += &format!("| {} | {} |\n", quoted(&line.policy), cells.join(" | "));
    }
    let bold =
        if sheet.shown.ranked { " Bold: ahead of the runner-up by a paired test, the oracle aside." } else { "" };
    text + &format!("\n{}{bold}\n\n", sheet.foot)
}

fn words(sheet: &Sheet, cell: Option<&Cell>) -> String {
    let Some(Cell { row, best }) = cell else { return "\u{2013}".to_owned() };
    let mut words = give_or_take(row, sheet.shown.factor, sheet.shown.decimals);
    if *best {
        words = format!("**{words}**");
    }
    match sheet.kind {
        Kind::Scores => words,
        Kind::Tasks => format!("{words} (n {})", count(row.n)),
    }
}

/// A label that keeps to its cell and is no markup.
fn quoted(label: &str) -> String {
    let mut safe = String::new();
    for letter in visible_name(label).chars() {
        match letter {
            '<' => safe += "&lt;",
            '&' => safe += "&amp;",
            '|' | '`' | '[' | ']' | '\\' => safe.extend(['\\', letter]),
            plain => safe.push(plain),
        }
    }
    safe
}

/// A line for each cell: labels, then the numbers with all their digits, in the unit of the summary.
pub(super) fn csv(sheets: &[Sheet]) -> String {
    let mut text = "environment,metric,unit,policy,w_cost,task,value,ci_low,ci_high,n,replicates,best\n".to_owned();
    for sheet in sheets {
        for Cell { row, best } in sheet.lines.iter().flat_map(|line| line.cells.iter().flatten()) {
            let real = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
            let fields = [
                field(&row.environment),
                field(&row.metric),
                field(&row.unit),
                field(&row.policy),
                real(row.w_cost),
                field(&row.task),
                row.value.to_string(),
                real(row.ci_low),
                real(row.ci_high),
                row.n.to_string(),
                row.replicates.to_string(),
                best.to_string(),
            ];
            text += &fields.join(",");
            text.push('\n');
        }
    }
    text
}

/// Text as a cell of CSV.
fn field(text: &str) -> String {
    let text = &*store::no_formula(text);
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
