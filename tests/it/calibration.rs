//! What routers expect of their choices: redrawn from the decisions by plain arithmetic, and true where it can be.

use crate::support::{plan, run};
use store::{Column, Folder, Frame, read};

const TOML: &str = "name = 'x'\nreplicates = 1\npreferences = { test = [0.0, 0.5] }\n[[environment]]\nkind = 'calibrated'\n\
                    rows = 600\n[[policy]]\nkind = 'ridge'\n[[policy]]\nkind = 'lin-ucb'\nepochs = 2\n[[policy]]\nkind = 'barp'\n\
                    epochs = 1\n[[policy]]\nkind = 'random'\n[[policy]]\nkind = 'best-single'\n";

/// (expected, obtained) of the test decisions at `w_cost`; none where nothing was expected.
fn pairs(decisions: &Frame, w_cost: f64) -> Vec<(Option<f64>, f64)> {
    let reals = |name: &str| match decisions.column(name) {
        Some(Column::Real(values)) => values,
        other => panic!("`{name}` is {other:?}"),
    };
    let (weights, expected, obtained) = (reals("w_cost"), reals("expected_reward"), reals("reward"));
    let phases = decisions.column("phase").unwrap();
    let tested = (0..decisions.rows()).filter(|&row| phases.text(row).as_deref() == Some("test"));
    let at = tested.filter(|&row| weights[row] == Some(w_cost));
    at.map(|row| (expected[row], obtained[row].unwrap())).collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

#[test]
fn every_score_can_be_had_again_from_the_decisions() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(TOML);
    let manifest = run(&plan, folder.path(), 0);
    let folder = Folder::new(folder.path());
    let (mut compared, mut silent) = (0, Vec::new());
    for record in &manifest.cells {
        let decisions = read(&folder.decisions_path(&record.id)).unwrap();
        let scores = folder.read_cell(&record.id).unwrap().scores;
        let own: Vec<_> = scores.iter().filter(|score| score.metric == "calibration_error").collect();
        if own.is_empty() {
            assert!(pairs(&decisions, 0.5).iter().all(|(expected, _)| expected.is_none()), "{}", record.policy);
            silent.push(record.policy.as_str());
        }
        for error in own {
            let w_cost = error.w_cost.unwrap();
            let score = |phase: &str, metric: &str| {
                let found = scores.iter().find(|score| {
                    (score.phase.as_str(), score.metric.as_str(), score.w_cost) == (phase, metric, Some(w_cost))
                        && score.task == "all"
                });
                found.unwrap_or_else(|| panic!("{phase} {metric}")).value
            };
            let mut pairs: Vec<(f64, f64)> =
                pairs(&decisions, w_cost).iter().map(|&(expected, obtained)| (expected.unwrap(), obtained)).collect();
            let optimism = mean(pairs.iter().map(|(expected, obtained)| expected - obtained));
            assert!((score("test", "optimism") - optimism).abs() < 1e-12, "{}", record.policy);
            pairs.sort_by(|left, right| left.0.total_cmp(&right.0));
            assert_eq!(pairs.len() % 10, 0, "deciles of this split are equally full");
            let deciles: Vec<(f64, f64)> = pairs
                .chunks(pairs.len() / 10)
                .map(|part| (mean(part.iter().map(|pair| pair.0)), mean(part.iter().map(|pair| pair.1))))
                .collect();
            for (decile, (expected, obtained)) in deciles.iter().enumerate() {
                let phase = format!("decile {:02}", decile + 1);
                assert!((score(&phase, "expected_reward") - expected).abs() < 1e-12, "{} {phase}", record.policy);
                assert!((score(&phase, "reward") - obtained).abs() < 1e-12, "{} {phase}", record.policy);
            }
            let distance = mean(deciles.iter().map(|(expected, obtained)| (expected - obtained).abs()));
            assert!((error.value - distance).abs() < 1e-12 && error.n == pairs.len() as u64, "{}", record.policy);
            compared += 1;
        }
    }
    silent.retain(|policy| !policy.starts_with("single:"));
    assert_eq!((compared, silent), (4, vec!["barp", "random", "best-single"]), "two regressions at two weights");
}
