//! Whether a learned router stopped routing, from the summary alone.

use environments::BEST_SINGLE;
use std::collections::BTreeMap;
use store::words::{self, metric, phase};
use store::{Label, SummaryRow};

/// Below this entropy of choices, in bits, at least about 99 % of the requests go to one model.
const ONE_MODEL: f64 = 0.08;

/// Below this share a model is not used.
const UNUSED: f64 = 0.001;

/// A sentence for each learned policy that sends (nearly) every prompt to one model whatever the preference (collapsed) or
/// at each preference (deaf to the prompt), or that never uses the model that is best alone when cost does not matter.
/// Policies that bought no outcome are not learned, nor are lines of reference.
pub(crate) fn warnings(rows: &[SummaryRow]) -> Vec<String> {
    let mut tested: BTreeMap<(&str, &str), Vec<&SummaryRow>> = BTreeMap::new();
    let mut learned: Vec<(&str, &str)> = Vec::new();
    let mut singles: BTreeMap<&str, &str> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.phase == phase::TEST && row.task == words::ALL_TASKS) {
        let key = (row.environment.as_str(), row.policy.as_str());
        let own = tested.entry(key).or_default();
        if own.is_empty() && row.outcomes > 0.0 && row.identity.role.learns() {
            learned.push(key);
        }
        if row.identity.kind == BEST_SINGLE {
            singles.entry(key.0).or_insert(key.1);
        }
        own.push(row);
    }
    let told =
        |(environment, policy): (&str, &str)| warning(&tested, environment, policy, singles.get(environment).copied());
    learned.into_iter().filter_map(told).collect()
}

/// What is to be said of `policy`, where `single` is the label of the best single model.
fn warning(
    tested: &BTreeMap<(&str, &str), Vec<&SummaryRow>>,
    environment: &str,
    policy: &str,
    single: Option<&str>,
) -> Option<String> {
    let of = |policy: &str, metric: &str| -> Vec<&SummaryRow> {
        let own = tested.get(&(environment, policy)).into_iter().flatten();
        own.filter(|row| row.metric == metric).copied().collect()
    };
    let (entropy, shares) = (of(policy, metric::CHOICE_ENTROPY), of(policy, metric::ARM_SHARE));
    if !entropy.is_empty() && entropy.iter().all(|row| row.value < ONE_MODEL) {
        let range = |arm: &Option<Label>| {
            let values = shares.iter().filter(|row| row.arm == *arm).map(|row| row.value);
            let (low, high) = values.fold((1.0, 0.0), |(low, high), v| (f64::min(low, v), f64::max(high, v)));
            high - low
        };
        return Some(if shares.iter().all(|row| range(&row.arm) < 0.01) {
            format!("collapsed: {policy} sends every prompt to one model whatever the preference ({environment})")
        } else {
            format!("deaf to the prompt: {policy} sends every prompt to one model at each preference ({environment})")
        });
    }
    let alone = of(single?, metric::ARM_SHARE).into_iter().filter(|row| row.w_cost == Some(0.0));
    let best = alone.max_by(|a, b| a.value.total_cmp(&b.value))?.arm.clone();
    let used = shares.iter().filter(|row| row.arm == best && row.w_cost == Some(0.0)).any(|row| row.value >= UNUSED);
    let best = best.map_or(String::new(), |best| best.to_string());
    (!used && !shares.is_empty()).then(|| {
        format!("never picks {best}, the best single model when cost does not matter: {policy} ({environment})")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::{Direction, Identity, Role};

    /// A label that says nothing of what it stands for.
    const SINGLE: &str = "floor";

    fn row(policy: &str, metric: &str, w_cost: f64, arm: Option<&str>, value: f64) -> SummaryRow {
        SummaryRow {
            environment: "e".into(),
            policy: policy.into(),
            phase: "test".into(),
            w_cost: Some(w_cost),
            task: "all".into(),
            metric: metric.into(),
            unit: "".into(),
            direction: Direction::None,
            value,
            ci_low: None,
            ci_high: None,
            ci_method: "none".into(),
            replicates: 1,
            n: 10,
            round: 0,
            arm: arm.map(Label::from),
            outcomes: 10.0,
            dollars: 0.0,
            tuning_trials: 0,
            identity: match policy {
                SINGLE => Identity::new(BEST_SINGLE, Role::Reference),
                _ => Identity::new("knn", Role::Fitted),
            },
        }
    }

    /// Shares of models a and b at w_cost 0 and 1, with the entropy at both.
    fn policy(name: &str, a: [f64; 2], entropy: f64) -> Vec<SummaryRow> {
        let at = |(w, a): (f64, f64)| {
            let share = |arm, value| row(name, "arm_share", w, Some(arm), value);
            [share("a", a), share("b", 1.0 - a), row(name, "choice_entropy", w, None, entropy)]
        };
        [(0.0, a[0]), (1.0, a[1])].into_iter().flat_map(at).collect()
    }

    #[test]
    fn collapse_deafness_and_neglect_are_told_from_routing() {
        let check = |a: [f64; 2], entropy: f64, expected: Option<&str>| {
            let mut rows = policy(SINGLE, [1.0, 0.0], 0.0);
            rows.extend(policy("p", a, entropy));
            let said = warnings(&rows);
            assert_eq!(said.len(), usize::from(expected.is_some()), "{said:?}");
            assert!(expected.is_none_or(|start| said[0].starts_with(start)), "{said:?}");
        };
        check([0.6, 0.6], 0.0, Some("collapsed: p"));
        check([1.0, 0.0], 0.01, Some("deaf to the prompt: p"));
        check([0.0, 0.0], 0.9, Some("never picks a, the best single model when cost does not matter: p"));
        check([0.6, 0.1], 0.9, None);
    }

    #[test]
    fn a_label_neither_spares_nor_accuses() {
        let of = |kind: &str, role| {
            let mut rows = policy("zero-router", [0.6, 0.6], 0.0);
            rows.iter_mut().for_each(|row| row.identity = Identity::new(kind, role));
            warnings(&rows)
        };
        assert_eq!(of("barp", Role::Learner).len(), 1);
        assert!(of("zero-router", Role::Reference).is_empty());
    }
}
