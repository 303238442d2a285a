//! Whether a learned router stopped routing: the same model for every prompt.

use std::collections::BTreeMap;
use store::SummaryRow;

/// A model with at least this share of the requests answers for all of them.
const WHOLE: f64 = 0.99;

/// One sentence for each learned policy that sends (nearly) all prompts to one model: at every preference (collapsed), or
/// at each preference to another (deaf to the prompt). Policies whose outcomes were not bought are not learned.
pub(crate) fn warnings(rows: &[SummaryRow]) -> Vec<String> {
    let shares = rows.iter().filter(|row| row.metric == "arm_share" && row.phase == "test" && row.task == "all");
    let learned = shares.filter(|row| row.outcomes > 0.0 && !REFERENCES.contains(&row.policy.as_str()));
    let mut tops: BTreeMap<(&str, &str), Vec<Option<&str>>> = BTreeMap::new();
    let mut preferences: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    for row in learned {
        let key = (row.environment.as_str(), row.policy.as_str());
        let weight = row.w_cost.unwrap_or_default().to_bits();
        let seen = preferences.entry(key).or_default();
        let tops = tops.entry(key).or_default();
        if seen.last() != Some(&weight) {
            seen.push(weight);
            tops.push(None);
        }
        if row.value >= WHOLE {
            *tops.last_mut().expect("a place was pushed for this preference") = row.arm.as_deref();
        }
    }
    tops.into_iter().filter_map(|((environment, policy), tops)| sentence(environment, policy, &tops)).collect()
}

/// References that buy full labels but are no routers.
const REFERENCES: [&str; 3] = ["best-single", "best-per-task", "zero-router"];

fn sentence(environment: &str, policy: &str, tops: &[Option<&str>]) -> Option<String> {
    let whole: Option<Vec<&str>> = tops.iter().copied().collect();
    let whole = whole?;
    let first = whole.first()?;
    Some(if whole.iter().all(|model| model == first) {
        format!("collapsed: {policy} sends every prompt to {first} at every preference ({environment})")
    } else {
        format!("deaf to the prompt: {policy} sends every prompt to one model at each preference ({environment})")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Direction;

    fn shares(policy: &str, shares: &[(f64, &str, f64)]) -> Vec<SummaryRow> {
        let row = |&(w_cost, arm, value): &(f64, &str, f64)| SummaryRow {
            environment: "e".into(),
            policy: policy.into(),
            phase: "test".into(),
            w_cost: Some(w_cost),
            task: "all".into(),
            metric: "arm_share".into(),
            unit: "share".into(),
            direction: Direction::None,
            value,
            ci_low: None,
            ci_high: None,
            ci_method: "none".into(),
            replicates: 1,
            n: 10,
            round: 0,
            arm: Some(arm.into()),
            outcomes: 10.0,
            dollars: 0.0,
            tuning_trials: 0,
        };
        shares.iter().map(row).collect()
    }

    #[test]
    fn collapse_is_told_from_routing() {
        let mut rows = shares("stuck", &[(0.0, "a", 1.0), (0.0, "b", 0.0), (1.0, "a", 0.995), (1.0, "b", 0.005)]);
        rows.extend(shares("deaf", &[(0.0, "a", 1.0), (0.0, "b", 0.0), (1.0, "a", 0.0), (1.0, "b", 1.0)]));
        rows.extend(shares("routes", &[(0.0, "a", 0.6), (0.0, "b", 0.4), (1.0, "a", 0.0), (1.0, "b", 1.0)]));
        let said = warnings(&rows);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("deaf to the prompt: deaf"), "{said:?}");
        assert!(said[1].starts_with("collapsed: stuck sends every prompt to a"), "{said:?}");
    }
}
