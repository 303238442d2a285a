//! How soon policies recovered from each change: Kaplan-Meier medians, a line for each policy.

use super::{Page, cut};
use crate::charts::distinct;
use crate::graphics::format::short_count;
use store::SummaryRow;
use store::words::metric;

/// A line for each policy that had something to recover from in one environment's `rows`, a cell for each change: the median
/// of rounds until recovery, or `> n` where half of the replicates had not recovered in the n rounds that were seen. Empty
/// without changes.
pub(super) fn recovery(rows: &[SummaryRow], page: &Page) -> String {
    let curves: Vec<&SummaryRow> = rows.iter().filter(|row| row.metric == metric::RECOVERY_CURVE).collect();
    let policies = distinct(curves.iter().map(|row| &row.policy));
    let phases = distinct(curves.iter().map(|row| &row.phase));
    if policies.is_empty() {
        return String::new();
    }
    let cell = |policy: &String, phase: &String| -> String {
        let of = |row: &&SummaryRow| row.policy == *policy && row.phase == *phase;
        let median = rows.iter().find(|row| row.metric == metric::RECOVERY_MEDIAN && of(row));
        let seen = curves.iter().filter(|row| of(row)).map(|row| row.round).max();
        match (median, seen) {
            (Some(median), _) => short_count(median.value),
            (None, Some(seen)) => format!("> {}", short_count(seen as f64)),
            (None, None) => String::new(),
        }
    };
    let width = policies.iter().map(|policy| policy.chars().count()).max().unwrap_or(0).min(page.width);
    let mut lines: Vec<(String, Vec<String>)> = vec![("rounds to recover".into(), phases.clone())];
    for policy in &policies {
        lines.push((policy.clone(), phases.iter().map(|phase| cell(policy, phase)).collect()));
    }
    let width = width.max(lines[0].0.chars().count()).min(page.width);
    let line = |(name, cells): &(String, Vec<String>)| {
        let cells: String = cells.iter().map(|cell| format!("  {cell:>9}")).collect();
        cut(&format!("  {name:<width$}{cells}"), page.width) + "\n"
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use crate::terminal;
    use store::{Direction, SummaryRow};

    #[test]
    fn medians_are_told_and_what_is_not_reached_is_bounded_below() {
        let row = |policy: &str, metric: &str, value, round| SummaryRow {
            environment: "drift".into(),
            policy: policy.into(),
            phase: "phase 2".into(),
            w_cost: None,
            task: "all".into(),
            metric: metric.into(),
            unit: "rounds".into(),
            direction: Direction::Down,
            value,
            ci_low: None,
            ci_high: None,
            ci_method: "kaplan-meier".into(),
            replicates: 5,
            n: 5,
            round,
            arm: None,
            outcomes: 0.0,
            dollars: 0.0,
            tuning_trials: 0,
            identity: store::Identity::new("lin-ucb", store::Role::Learner),
        };
        let mut regret = row("fast", "regret", 1.0, 10);
        regret.phase = "online".into();
        let rows = [
            regret,
            row("fast", "recovery_median", 3000.0, 50_000),
            row("fast", "recovery_curve", 0.0, 3000),
            row("slow", "recovery_curve", 0.8, 20_000),
        ];
        let text = terminal(&rows, 80, false);
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("phase") || line.contains("k")).collect();
        assert_eq!(lines[0], "  rounds to recover    phase 2");
        assert!(lines[1].starts_with("  fast") && lines[1].ends_with(" 3k"), "{text}");
        assert!(lines[2].starts_with("  slow") && lines[2].ends_with("> 20k"), "{text}");
    }
}
