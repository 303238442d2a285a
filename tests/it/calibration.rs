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
    assert_eq!((compared, silent), (4, vec!["barp", "random", "best-single"]), "two regressions at two weights");
}

/// (model, quality, expected reward) of each tested prompt at `w_cost`, in the order of the prompts.
fn tested(folder: &Folder, cell: &str, w_cost: f64) -> Vec<(String, f64, Option<f64>)> {
    let frame = read(&folder.tested_path(cell)).unwrap();
    let reals = |name: &str| match frame.column(name) {
        Some(Column::Real(values)) => values,
        other => panic!("`{name}` is {other:?}"),
    };
    let (weights, quality, expected) = (reals("w_cost"), reals("quality"), reals("expected_reward"));
    let models = frame.column("model").unwrap();
    let at = (0..frame.rows()).filter(|&row| weights[row] == Some(w_cost));
    at.map(|row| (models.text(row).unwrap(), quality[row].unwrap(), expected[row])).collect()
}

/// Mean loss of the k surest for every k, averaged, by its definition.
fn area(rows: &[(String, f64, Option<f64>)]) -> f64 {
    let mut sorted: Vec<(f64, f64)> = rows.iter().map(|(_, quality, sure)| (sure.unwrap(), 1.0 - quality)).collect();
    sorted.sort_by(|left, right| right.0.total_cmp(&left.0));
    mean((0..sorted.len()).map(|k| mean(sorted[..=k].iter().map(|one| one.1))))
}

#[test]
fn collapse_risk_and_entropy_can_be_had_again_from_the_rows_of_the_test_prompts() {
    let folder = tempfile::tempdir().unwrap();
    let toml = format!("{TOML}[[policy]]\nkind = 'single-models'\n");
    let manifest = run(&plan(&toml), folder.path(), 0);
    let folder = Folder::new(folder.path());
    let cell = |policy: &str| &manifest.cells.iter().find(|record| record.policy == policy).unwrap().id;
    let singles: Vec<_> = manifest.cells.iter().filter(|record| record.policy.starts_with("single:")).collect();
    let score = |id: &str, metric: &str| {
        let scores = folder.read_cell(id).unwrap().scores;
        scores.iter().find(|one| one.metric == metric && one.w_cost == Some(0.0)).map(|one| one.value)
    };
    let cost = |id: &str| score(id, "cost_usd").unwrap();
    let dearest = singles.iter().max_by(|left, right| cost(&left.id).total_cmp(&cost(&right.id))).unwrap();
    let dearest = dearest.policy.strip_prefix("single:").unwrap();
    let by_model: Vec<_> = singles.iter().map(|one| tested(&folder, &one.id, 0.0)).collect();
    for policy in ["ridge", "lin-ucb", "random"] {
        let rows = tested(&folder, cell(policy), 0.0);
        let wrong = rows.iter().enumerate().filter(|(prompt, (model, quality, _))| {
            let best = by_model.iter().map(|rows| rows[*prompt].1).fold(f64::NEG_INFINITY, f64::max);
            let others = by_model.iter().map(|rows| &rows[*prompt]).filter(|one| one.0 != dearest);
            let alone = others.clone().all(|one| one.1 < best);
            *quality < best || (model == dearest && !alone)
        });
        let expected = wrong.count() as f64 / rows.len() as f64;
        assert_eq!(score(cell(policy), "rci"), Some(expected), "{policy}");
        assert!(expected > 0.0 && expected < 1.0, "{policy}: {expected}");
        let found = score(cell(policy), "aurc");
        assert_eq!(found.is_some(), policy != "random", "{policy}: only who expects can be sure");
        if let Some(found) = found {
            assert!((found - area(&rows)).abs() < 1e-12, "{policy}: {found}");
        }
    }
    let entropy = |policy: &str| score(cell(policy), "router_eval_ep_drawn").unwrap();
    let bits = (singles.len() as f64).log2();
    assert!((entropy("random") - bits).abs() < 1e-6, "a probability is a 32-bit number: {}", entropy("random"));
    assert_eq!(entropy("ridge"), 0.0, "a frozen regression is always sure");
}
