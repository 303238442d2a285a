//! The end of an online run: policies by their cumulative regret, the lowest first.

use super::{Page, cut};
use crate::charts::select;
use crate::graphics::format::{number, short_count};
use store::words::{self, metric, phase};
use store::{Role, SummaryRow};

/// A line for each policy of one environment's `rows` at its last round; empty without online scores.
pub(super) fn online(rows: &[SummaryRow], page: &Page) -> String {
    let mut last: Vec<&SummaryRow> = Vec::new();
    let own = |row: &&SummaryRow| row.task == words::ALL_TASKS && row.identity.role != Role::SingleModel;
    for row in select(rows, phase::ONLINE, metric::REGRET).filter(own) {
        match last.iter_mut().find(|known| known.policy == row.policy) {
            Some(known) if known.round < row.round => *known = row,
            Some(_) => {}
            None => last.push(row),
        }
    }
    last.sort_by(|a, b| a.value.total_cmp(&b.value));
    let width = last.iter().map(|row| row.policy.chars().count()).max().unwrap_or(0).min(page.width);
    let line = |row: &&SummaryRow| {
        let half = row.ci_high.map_or(String::new(), |high| format!(" ± {}", number(high - row.value, 1)));
        let (regret, bought) = (number(row.value, 1), short_count(row.outcomes));
        cut(&format!("  {:<width$}  regret {regret}{half}, bought {bought}", row.policy), page.width) + "\n"
    };
    let lines: String = last.iter().map(line).collect();
    match last.first() {
        None => String::new(),
        Some(row) => format!("  after {} rounds\n{lines}", short_count(row.round as f64)),
    }
}

#[cfg(test)]
mod tests {
    use crate::terminal;
    use store::{Direction, SummaryRow};

    #[test]
    fn the_lowest_regret_at_the_last_round_comes_first() {
        let row = |policy: &str, round, value| SummaryRow {
            environment: "drift".into(),
            policy: policy.into(),
            phase: "online".into(),
            w_cost: None,
            task: "all".into(),
            metric: "regret".into(),
            unit: "reward".into(),
            direction: Direction::Down,
            value,
            ci_low: Some(value - 2.0),
            ci_high: Some(value + 2.0),
            ci_method: "student-t 95% over replicates".into(),
            replicates: 5,
            n: round,
            round,
            arm: None,
            outcomes: round as f64,
            dollars: 1.0,
            tuning_trials: 0,
            identity: store::Identity::new("lin-ucb", store::Role::Learner),
        };
        let rows = [row("slow", 10, 1.0), row("slow", 100, 30.0), row("fast", 10, 2.0), row("fast", 100, 20.0)];
        let text = terminal(&rows, 80, false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["drift", "  after 100 rounds"]);
        assert_eq!(lines[2], "  fast  regret 20.0 ± 2.0, bought 100");
        assert_eq!(lines[3], "  slow  regret 30.0 ± 2.0, bought 100");
    }
}
