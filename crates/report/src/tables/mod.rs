//! Tables of scores: Markdown for a repository, CSV for a spreadsheet, LaTeX for a paper, plain text for a terminal.

mod latex;
mod sheet;
mod text;
mod tuning;

use store::words::{self, metric, phase};
use store::{Run, SummaryRow};

pub use sheet::Kind;
pub use tuning::tuning;
pub(crate) use tuning::{FOOT, HEADINGS, Tuned, tuned};

use crate::Context;
use crate::charts::{distinct, select};
use crate::graphics::format::{NOT_TOLD, number, short_count};

/// One table of every sheet of a kind, in each of the formats it is written in.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Sections of Markdown under a heading for each environment.
    pub markdown: String,
    /// A line for each cell, with the ends of its interval and all digits.
    pub csv: String,
    /// `table` environments for `booktabs` and `siunitx`.
    pub latex: String,
}

/// The tables of one kind: policies by weight on cost, or by task, for reward, quality and dollars, each cell a mean give or
/// take half its interval. None when `rows` hold none of it.
///
/// The best policy of a column stands in bold where the paired interval of its difference to the runner-up, over the
/// replicates (`runs`) both were measured in, lies above zero; the oracle, which no router can be, does not compete.
pub fn render(kind: Kind, rows: &[SummaryRow], runs: &[Run], context: &Context) -> Option<Rendered> {
    let sheets = sheet::sheets(kind, rows, runs, context);
    (!sheets.is_empty()).then(|| Rendered {
        markdown: text::markdown(&sheets),
        csv: text::csv(&sheets),
        latex: latex::latex(&sheets, context),
    })
}

/// Plain text: for each environment, policies by their mean reward over the grid of preferences, the best first, with the
/// outcomes they bought and the dollars these cost. Empty when `rows` hold none of it.
pub fn ranking(rows: &[SummaryRow]) -> String {
    let mut text = String::new();
    for environment in distinct(rows.iter().map(|row| &row.environment)) {
        let here = select(rows, phase::TEST, metric::SWEEP_REWARD).filter(|row| row.environment == environment);
        let mut ranked: Vec<&SummaryRow> = here.filter(|row| row.task == words::ALL_TASKS).collect();
        ranked.sort_by(|left, right| right.value.total_cmp(&left.value));
        let Some(first) = ranked.first() else { continue };
        let words = format!(
            "{environment}: mean reward over preferences, {} replicates, {}",
            first.replicates, first.ci_method
        );
        text += &format!("{words}\n");
        let mut lines = vec![["policy", "reward", "outcomes bought", "dollars"].map(str::to_owned)];
        lines.extend(ranked.iter().map(|row| {
            let [outcomes, dollars] = bought(row);
            [row.policy.to_string(), give_or_take(row, 1.0, 3), outcomes, dollars]
        }));
        text += &aligned(&lines);
    }
    text
}

/// Outcomes bought and their dollars, in words; of a router made elsewhere nobody may have told.
pub(crate) fn bought(row: &SummaryRow) -> [String; 2] {
    if row.tells_what_was_bought() {
        [short_count(row.outcomes), format!("${}", number(row.dollars, 2))]
    } else {
        [NOT_TOLD.to_owned(), NOT_TOLD.to_owned()]
    }
}

/// The mean of a row give or take half the width of its interval.
fn give_or_take(row: &SummaryRow, factor: f64, decimals: usize) -> String {
    let mean = number(factor * row.value, decimals);
    match row.ci_low.zip(row.ci_high) {
        Some((low, high)) => format!("{mean} \u{00b1} {}", number(0.5 * factor * (high - low), decimals)),
        None => mean,
    }
}

/// Lines whose columns stand under each other: the first to the left, the others to the right.
fn aligned<const COLUMNS: usize>(lines: &[[String; COLUMNS]]) -> String {
    // `format!` pads to no more than 65,535 letters.
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0).min(1_000);
    let mut text = String::new();
    for line in lines {
        let mut written = format!("  {:<width$}", line[0], width = width(0));
        for (column, cell) in line.iter().enumerate().skip(1) {
            written += &format!("  {:>width$}", cell, width = width(column));
        }
        text += &written;
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests;
