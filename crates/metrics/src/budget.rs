//! Dollars spent over dollars allowed, for policies that are given a budget.

use crate::{About, Better, Reading, about};

/// What [`budget_use`] reports.
pub const BUDGET_USE: About = about(
    "budget_use",
    "ratio",
    Better::Neither,
    "mean dollars of the chosen calls over the policy's budget of dollars a request; above 1: the budget is broken",
);

/// Compliance with a budget of `budget` dollars a request, above 0: of each phase whose `phase_cost_usd` stands among
/// `readings`, and of the whole run.
pub fn budget_use(readings: &[Reading], budget: f64) -> Vec<Reading> {
    let phases = readings.iter().filter(|reading| reading.about.name == "phase_cost_usd");
    let of = |reading: &Reading| Reading { about: &BUDGET_USE, value: reading.value / budget, ..*reading };
    let mut all: Vec<Reading> = phases.map(of).collect();
    if let Some(&last) = all.last() {
        let spent: f64 = all.iter().map(|phase| phase.value * phase.n as f64).sum();
        all.push(Reading { phase: None, n: last.end, value: spent / last.end as f64, ..last });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ADAPTATION, WHOLE};

    #[test]
    fn phases_count_by_their_length() {
        let cost = ADAPTATION.iter().find(|about| about.name == "phase_cost_usd").unwrap();
        let phase = |phase, end, n, value| Reading { about: cost, phase: Some(phase), end, n, value };
        let other = Reading { about: &WHOLE[0], phase: None, end: 400, n: 400, value: 7.0 };
        let readings = budget_use(&[phase(0, 100, 100, 2.0), phase(1, 400, 300, 6.0), other], 4.0);
        let found: Vec<_> = readings.iter().map(|reading| (reading.phase, reading.n, reading.value)).collect();
        assert_eq!(found, [(Some(0), 100, 0.5), (Some(1), 300, 1.5), (None, 400, 1.25)]);
    }
}
