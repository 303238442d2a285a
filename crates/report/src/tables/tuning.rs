//! What tuning tried, chose and bought: a line for each policy of each environment, over its replicates.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use store::TuningRow;

use crate::charts::distinct;
use crate::graphics::format::{number, short_count};

/// Most settings that a line names.
const NAMED: usize = 3;

/// What tuning did for one policy in one environment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tuned {
    pub environment: String,
    /// In the order of [`HEADINGS`].
    pub cells: [String; 7],
}

/// The columns of the table.
pub(crate) const HEADINGS: [&str; 7] = [
    "policy",
    "settings tried",
    "validation reward, first setting",
    "validation reward, chosen setting",
    "chosen (replicates)",
    "outcomes bought for tuning",
    "dollars",
];

/// What is said below the table.
pub(crate) const FOOT: &str = "Means over replicates. The first setting is the one as written, or the first of a grid. The chosen \
setting has the highest mean reward over the weights on cost on the validation split, which flatters it: the test split is in the \
other tables. Outcomes and dollars are those bought beyond what the chosen setting needs by itself. Policies without a line tried \
no other setting.";

/// One line for each policy of each environment, in the order of `rows`.
pub(crate) fn tuned(rows: &[TuningRow]) -> Vec<Tuned> {
    let mut groups: Vec<Vec<&TuningRow>> = Vec::new();
    for row in rows {
        match groups.last_mut() {
            Some(group) if (&group[0].environment, &group[0].policy) == (&row.environment, &row.policy) => {
                group.push(row)
            }
            _ => groups.push(vec![row]),
        }
    }
    groups.iter().map(|group| line(group)).collect()
}

fn line(rows: &[&TuningRow]) -> Tuned {
    let chosen: Vec<&TuningRow> = rows.iter().copied().filter(|row| row.chosen).collect();
    let trials = rows.iter().map(|row| row.trial).max().unwrap_or(0);
    let first: Vec<f64> = rows.iter().filter(|row| row.trial == 1).filter_map(|row| row.reward).collect();
    let best: Vec<f64> = chosen.iter().filter_map(|row| row.reward).collect();
    let reward = |values: &[f64]| mean(values).map_or_else(|| "\u{2013}".to_owned(), |mean| number(mean, 4));
    let outcomes: Vec<f64> = chosen.iter().map(|row| row.price_outcomes as f64).collect();
    let dollars: Vec<f64> = chosen.iter().map(|row| row.price_dollars).collect();
    Tuned {
        environment: rows[0].environment.clone(),
        cells: [
            rows[0].policy.clone(),
            trials.to_string(),
            reward(&first),
            reward(&best),
            settings(&chosen),
            short_count(mean(&outcomes).unwrap_or(0.0)),
            format!("${}", number(mean(&dollars).unwrap_or(0.0), 2)),
        ],
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The chosen settings, those of most replicates first: `alpha = 0.1 (3), alpha = 0.5 (2)`.
fn settings(chosen: &[&TuningRow]) -> String {
    let mut counts: BTreeMap<u64, (usize, &str)> = BTreeMap::new();
    for row in chosen {
        counts.entry(row.trial).or_insert((0, &row.setting)).0 += 1;
    }
    let mut counts: Vec<(usize, &str)> = counts.into_values().collect();
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let named = counts.iter().take(NAMED).map(|(count, setting)| format!("{} ({count})", in_words(setting)));
    let others: usize = counts.iter().skip(NAMED).map(|(count, _)| count).sum();
    let rest = (others > 0).then(|| format!("others ({others}): see tuning.csv"));
    named.chain(rest).collect::<Vec<_>>().join("; ")
}

/// A setting as it would be written: `alpha = 0.1, lambda = 1.0`.
fn in_words(setting: &str) -> String {
    let Ok(table) = serde_json::from_str::<Map<String, Value>>(setting) else { return setting.to_owned() };
    table.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
}

/// The table as Markdown, under a heading for each environment; none without trials.
pub fn tuning(rows: &[TuningRow]) -> Option<String> {
    let lines = tuned(rows);
    let mut text = String::new();
    for environment in distinct(lines.iter().map(|line| &line.environment)) {
        text += &format!(
            "# {environment}\n\n## Settings tried\n\n| {} |\n|---|---:|---:|---:|---|---:|---:|\n",
            HEADINGS.join(" | ")
        );
        for line in lines.iter().filter(|line| line.environment == environment) {
            let cells: Vec<String> = line.cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            text += &format!("| {} |\n", cells.join(" | "));
        }
        text += &format!("\n{FOOT}\n\n");
    }
    (!lines.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(policy: &str, replicate: u64, trial: u64, reward: f64, chosen: bool) -> TuningRow {
        TuningRow {
            environment: "e".into(),
            policy: policy.into(),
            replicate,
            trial,
            setting: format!("{{\"k\":{}}}", 10 * trial),
            reward: Some(reward),
            outcomes: 70,
            dollars: 0.25,
            chosen,
            price_outcomes: 140,
            price_dollars: 0.5,
        }
    }

    #[test]
    fn a_line_tells_what_was_tried_chosen_and_bought() {
        let rows = [
            row("knn", 0, 1, 0.2, false),
            row("knn", 0, 2, 0.3, true),
            row("knn", 1, 1, 0.4, true),
            row("knn", 1, 2, 0.1, false),
            row("a|b", 0, 1, 0.0, true),
        ];
        let text = tuning(&rows).unwrap();
        assert!(text.contains("| knn | 2 | 0.3000 | 0.3500 | k = 10 (1); k = 20 (1) | 140 | $0.50 |\n"), "{text}");
        assert!(text.contains("| a\\|b | 1 |"), "{text}");
        assert_eq!(tuning(&[]), None);
    }
}
