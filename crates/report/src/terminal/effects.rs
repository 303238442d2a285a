//! What each shift of a factorial costs each policy: main effects on the regret of the run.

use super::{Page, cut};
use crate::charts::{distinct, select};
use crate::graphics::format::number;
use store::SummaryRow;
use store::words::{metric, phase};

/// A line for each policy of one factorial's `rows`, a cell for each shift: regret more with it than without, and the half
/// width of its interval. Empty without effects.
pub(super) fn effects(rows: &[SummaryRow], page: &Page) -> String {
    let own: Vec<&SummaryRow> =
        select(rows, phase::EFFECT, metric::REGRET).filter(|row| !row.task.contains(" x ")).collect();
    let shifts = distinct(own.iter().map(|row| &row.task));
    let policies = distinct(own.iter().map(|row| &row.policy));
    if policies.is_empty() {
        return String::new();
    }
    let cell = |policy: &String, shift: &String| {
        let effect = own.iter().find(|row| row.policy == *policy && row.task == *shift);
        effect.map_or(String::new(), |row| {
            let half = row.ci_high.map_or(String::new(), |high| format!(" ± {}", number(high - row.value, 0)));
            number(row.value, 0) + &half
        })
    };
    let mut lines: Vec<(String, Vec<String>)> = vec![("regret that it costs".into(), shifts.clone())];
    for policy in &policies {
        lines.push((policy.clone(), shifts.iter().map(|shift| cell(policy, shift)).collect()));
    }
    let length = |text: &String| text.chars().count();
    let width = lines.iter().map(|(name, _)| length(name)).max().unwrap_or(0);
    let cells = lines.iter().flat_map(|(_, cells)| cells).map(length).max().unwrap_or(0);
    let line = |(name, values): &(String, Vec<String>)| {
        let values: String = values.iter().map(|value| format!("  {value:>cells$}")).collect();
        cut(&format!("  {name:<width$}{values}"), page.width) + "\n"
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use crate::terminal;
    use store::{Direction, SummaryRow};

    #[test]
    fn main_effects_stand_by_policy_and_shift_and_interactions_do_not() {
        let row = |policy: &str, task: &str, value: f64| SummaryRow {
            environment: "shifts".into(),
            policy: policy.into(),
            phase: "effect".into(),
            w_cost: None,
            task: task.into(),
            metric: "regret".into(),
            unit: "reward".into(),
            direction: Direction::Down,
            value,
            ci_low: Some(value - 8.0),
            ci_high: Some(value + 8.0),
            ci_method: "student-t 95% over replicates, paired".into(),
            replicates: 5,
            n: 100,
            round: 100,
            arm: None,
            outcomes: 100.0,
            dollars: 1.0,
            tuning_trials: 0,
            identity: store::Identity::new("lin-ucb", store::Role::Learner),
        };
        let rows = [row("p", "cut", 30.0), row("p", "cut x drop", 5.0), row("p", "drop", -12.0)];
        let text = terminal(&rows, 80, false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["shifts", "  regret that it costs      cut     drop"]);
        assert_eq!(lines[2], "  p                      30 ± 8  −12 ± 8");
    }
}
