//! Tables of scores, for people: Markdown for a repository, plain text for a terminal.

use store::SummaryRow;

use crate::Context;
use crate::charts::{Basis, behind, distinct, nearest_weight, select};
use crate::graphics::format::{count, number, short_count};

/// Metrics of the tables with their headings and decimals; dollars are for 1,000 requests.
const METRICS: [(&str, &str, f64, usize); 3] = [
    ("reward", "Reward", 1.0, 3),
    ("quality", "Quality", 1.0, 3),
    ("cost_usd", "Dollars per 1,000 requests", 1_000.0, 4),
];

/// The weight on cost of the table by task.
const WEIGHT: f64 = 0.2;

/// Markdown: for each environment, a table of policies by weight on cost for reward, quality and dollars on the whole test
/// split, each cell a mean give or take half its interval. Empty when `rows` hold none of it.
pub fn scores(rows: &[SummaryRow], context: &Context) -> String {
    by_environment(rows, |own| {
        let mut text = String::new();
        for metric in METRICS {
            let here: Vec<&SummaryRow> = select(own, "test", metric.0).filter(|row| row.task == "all").collect();
            let mut weights: Vec<f64> = here.iter().filter_map(|row| row.w_cost).collect();
            weights.sort_by(f64::total_cmp);
            weights.dedup();
            let columns: Vec<String> = weights.iter().map(|weight| format!("w_cost {weight}")).collect();
            let cell = |policy: &str, column: usize| {
                let mut rows = here.iter().filter(|row| row.policy == policy && row.w_cost == Some(weights[column]));
                rows.next().map(|row| give_or_take(row, metric.2, metric.3))
            };
            text += &table(metric.1, &here, &columns, &cell, context);
        }
        text
    })
}

/// Markdown: for each environment, a table of policies by task at the weight on cost nearest to .2, for reward, quality and
/// dollars, with the number of requests in each cell. Empty when `rows` hold none of it.
pub fn tasks(rows: &[SummaryRow], context: &Context) -> String {
    by_environment(rows, |own| {
        let mut text = String::new();
        for metric in METRICS {
            let tasks = || select(own, "test", metric.0).filter(|row| row.task != "all");
            let Some(weight) = nearest_weight(tasks(), WEIGHT) else { continue };
            let here: Vec<&SummaryRow> = tasks().filter(|row| row.w_cost == Some(weight)).collect();
            let columns = distinct(here.iter().map(|row| &row.task));
            let cell = |policy: &str, column: usize| {
                let mut rows = here.iter().filter(|row| row.policy == policy && row.task == columns[column]);
                let row = rows.next()?;
                Some(format!("{} (n {})", give_or_take(row, metric.2, metric.3), count(row.n)))
            };
            text += &table(&format!("{} at w_cost {weight}", metric.1), &here, &columns, &cell, context);
        }
        text
    })
}

/// Plain text: for each environment, policies by their mean reward over the grid of preferences, the best first, with the
/// outcomes they bought and the dollars these cost. Empty when `rows` hold none of it.
pub fn ranking(rows: &[SummaryRow]) -> String {
    let mut text = String::new();
    for environment in distinct(rows.iter().map(|row| &row.environment)) {
        let here = select(rows, "test", "sweep_reward").filter(|row| row.environment == environment);
        let mut ranked: Vec<&SummaryRow> = here.filter(|row| row.task == "all").collect();
        ranked.sort_by(|left, right| right.value.total_cmp(&left.value));
        let Some(first) = ranked.first() else { continue };
        let words = format!(
            "{environment}: mean reward over preferences, {} replicates, {}",
            first.replicates, first.ci_method
        );
        text += &format!("{words}\n");
        let mut lines = vec![["policy", "reward", "outcomes bought", "dollars"].map(str::to_owned)];
        lines.extend(ranked.iter().map(|row| {
            let dollars = format!("${}", number(row.dollars, 2));
            [row.policy.clone(), give_or_take(row, 1.0, 3), short_count(row.outcomes), dollars]
        }));
        text += &aligned(&lines);
    }
    text
}

/// One section for each environment that has something to say, under its name where there are several.
fn by_environment(rows: &[SummaryRow], section: impl Fn(&[SummaryRow]) -> String) -> String {
    let environments = distinct(rows.iter().map(|row| &row.environment));
    let mut text = String::new();
    for environment in &environments {
        let own: Vec<SummaryRow> = rows.iter().filter(|row| row.environment == *environment).cloned().collect();
        let body = section(&own);
        if !body.is_empty() {
            text += &format!("# {environment}\n\n{body}");
        }
    }
    text
}

/// A Markdown table of `rows`' policies with what stands behind it; empty without columns.
fn table(
    heading: &str,
    rows: &[&SummaryRow],
    columns: &[String],
    cell: &dyn Fn(&str, usize) -> Option<String>,
    context: &Context,
) -> String {
    if columns.is_empty() {
        return String::new();
    }
    let mut text =
        format!("## {heading}\n\n| policy | {} |\n|---|{}\n", columns.join(" | "), "---:|".repeat(columns.len()));
    for policy in distinct(rows.iter().map(|row| &row.policy)) {
        let cells: Vec<String> =
            (0..columns.len()).map(|column| cell(&policy, column).unwrap_or_else(|| "\u{2013}".to_owned())).collect();
        text += &format!("| {policy} | {} |\n", cells.join(" | "));
    }
    let mut basis = Basis::default();
    rows.iter().for_each(|row| basis.add(row));
    text + &format!("\n{}\n\n", behind(&basis, context))
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
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
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
mod tests {
    use super::*;
    use crate::fake::{self, LARGE, SMALL};

    fn context() -> Context {
        Context { command: "barp report x".into(), simulated: false, experiment: "x".into() }
    }

    #[test]
    fn scores_have_a_line_for_each_policy_and_a_column_for_each_weight() {
        let text = scores(&fake::summary(SMALL), &context());
        let barp: Vec<&str> = text.lines().filter(|line| line.starts_with("| barp |")).collect();
        assert_eq!(barp.len(), METRICS.len(), "{text}");
        assert!(barp.iter().all(|line| line.matches(" \u{00b1} ").count() == 7), "{text}");
        assert!(text.contains("Recorded rows") && text.contains("3 replicates; n = 5,474 requests"), "{text}");
        assert!(text.contains("| single:gpt-4-1106-preview | 3.29"), "dollars are for 1,000 requests: {text}");
    }

    #[test]
    fn every_cell_by_task_names_its_requests() {
        let text = tasks(&fake::summary(LARGE), &context());
        assert!(text.contains("## Quality at w_cost 0.2"), "{text}");
        for line in text.lines().filter(|line| line.starts_with("| barp |")) {
            assert_eq!(line.matches("(n ").count(), 8, "{line}");
            assert!(line.contains("(n 2,106)") && line.contains("(n 64)"), "{line}");
        }
    }

    #[test]
    fn the_ranking_falls_and_says_what_was_bought() {
        let text = ranking(&fake::summary(LARGE));
        let place = |policy: &str| text.find(&format!("\n  {policy} ")).unwrap_or_else(|| panic!("{policy}: {text}"));
        assert!(place("oracle") < place("barp") && place("barp") < place("lin-ucb"), "{text}");
        let barp = text.lines().find(|line| line.starts_with("  barp ")).unwrap();
        assert!(barp.contains("81.9k") && barp.contains("$73.73"), "{barp}");
    }

    #[test]
    fn nothing_measured_is_nothing_said() {
        assert_eq!([scores(&[], &context()), tasks(&[], &context()), ranking(&[])], ["", "", ""]);
    }
}
