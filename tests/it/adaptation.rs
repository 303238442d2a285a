//! What is measured of an online run besides its sums: buckets, the exploration bill, budgets, alarms, the whole run.

use crate::support::results;
use store::{Replicate, Score};

const WORLD: &str = "name = \"measured\"\nreplicates = 1\n[protocol]\nkind = \"online\"\nrounds = 2000\ncheckpoints = 7\n\
                     [[environment]]\nkind = \"calibrated\"\nrows = 200\n\
                     [[environment.shift]]\nkind = \"price\"\nmodels = [\"gpt-4-1106-preview\"]\nfactor = 0.1\nfrom = 800\n";

fn of(policy: &str) -> Replicate {
    results(&format!("{WORLD}[[policy]]\n{policy}\n")).remove(0)
}

fn all<'a>(replicate: &'a Replicate, phase: &'a str, metric: &'a str) -> impl Iterator<Item = &'a Score> {
    replicate.scores.iter().filter(move |score| score.phase == phase && score.metric == metric)
}

#[track_caller]
fn last(replicate: &Replicate, phase: &str, metric: &str) -> f64 {
    all(replicate, phase, metric).last().unwrap_or_else(|| panic!("no {metric} of {phase}")).value
}

#[test]
fn buckets_cut_the_run_into_pieces_that_sum_to_it() {
    let run = of("kind = \"lin-ucb\"");
    let rounds: Vec<u64> = all(&run, "bucket", "regret").map(|score| score.round).collect();
    assert_eq!(rounds, [286, 572, 858, 1143, 1429, 1715, 2000], "as many as checkpoints, whatever the rounds");
    assert_eq!(all(&run, "bucket", "regret").map(|score| score.n).sum::<u64>(), 2000);
    let total: f64 = all(&run, "bucket", "regret").map(|score| score.value).sum();
    assert!((total - last(&run, "online", "regret")).abs() < 1e-9);
    let spent: f64 = all(&run, "bucket", "cost_usd").map(|score| score.value * score.n as f64).sum();
    assert!((spent - 2000.0 * last(&run, "online", "cost_usd")).abs() < 1e-9);
}

#[test]
fn exploring_is_billed_to_those_who_explore() {
    let (greedy, curious) = (of("kind = \"lin-ucb\"\nalpha = 0.0"), of("kind = \"epsilon-greedy\"\nepsilon = 0.2"));
    assert_eq!((last(&greedy, "whole", "exploration_share"), last(&greedy, "whole", "exploration_reward")), (0.0, 0.0));
    // With probability 0.2 one of eleven models is drawn, which is another than the greedy one ten times out of eleven.
    let share = last(&curious, "whole", "exploration_share");
    assert!((share - 0.2 * 10.0 / 11.0).abs() < 0.03, "{share}");
    assert!(last(&curious, "whole", "exploration_reward") > 0.0);
    let regret = last(&curious, "online", "regret") - last(&curious, "whole", "exploration_reward");
    assert!((last(&curious, "whole", "greedy_regret") - regret).abs() < 1e-9);
    for metric in ["exploration_usd", "exploration_quality", "exploration_reward"] {
        let phases = last(&curious, "phase 1", metric) + last(&curious, "phase 2", metric);
        assert!((phases - last(&curious, "whole", metric)).abs() < 1e-9, "{metric}");
    }
    let frozen = of("kind = \"oracle\"");
    assert_eq!(all(&frozen, "whole", "exploration_share").count(), 0, "who does not learn does not explore");
}

#[test]
fn budgets_are_held_against_what_was_spent() {
    for kind in ["budget-paced", "lin-cbwk"] {
        let run = of(&format!("kind = \"{kind}\"\nbudget-usd = 0.0002"));
        let expected = last(&run, "online", "cost_usd") / 0.0002;
        let used = last(&run, "whole", "budget_use");
        assert!((used - expected).abs() < 1e-9, "{kind}: {used} against {expected}");
        assert!((0.3..1.5).contains(&used), "{kind} keeps roughly to its budget: {used}");
        assert_eq!(all(&run, "phase 2", "budget_use").count(), 1);
    }
    let spendthrift = of("kind = \"lin-ucb\"");
    assert_eq!(all(&spendthrift, "whole", "budget_use").count(), 0, "no budget, no compliance");
    let broke = of("kind = \"lin-cbwk\"\nbudget-usd = 0.0002\nhorizon = 100");
    let late = all(&broke, "bucket", "cost_usd").last().unwrap().value;
    let cheapest = last(&of("kind = \"cheapest\""), "online", "cost_usd");
    assert!(late < 1.3 * cheapest, "with the budget spent it takes the cheapest: {late} against {cheapest}");
}

#[test]
fn alarms_are_counted_for_those_who_listen() {
    let listening = of("kind = \"glr-lin-ucb\"\ndelta = 0.9\ndeviation = 0.02");
    let phases = last(&listening, "phase 1", "alarms") + last(&listening, "phase 2", "alarms");
    assert!(phases > 0.0 && phases == last(&listening, "whole", "alarms"));
    assert!(last(&listening, "phase 2", "detection_delay") <= 1200.0);
    assert_eq!(all(&listening, "phase 1", "detection_delay").count(), 0, "nothing changed before the first phase");
    assert_eq!(all(&of("kind = \"lin-ucb\""), "whole", "alarms").count(), 0);
}

#[test]
fn regret_of_the_whole_run_stands_beside_that_of_its_phases() {
    let run = of("kind = \"d-lin-ucb\"");
    let phases = last(&run, "phase 1", "phase_static_regret") + last(&run, "phase 2", "phase_static_regret");
    assert!((phases - last(&run, "whole", "dynamic_regret")).abs() < 1e-9);
    let (fixed, moving) = (last(&run, "whole", "static_regret"), last(&run, "whole", "dynamic_regret"));
    assert!(
        fixed <= moving + 1e-9,
        "one model for the whole run is no better than one for each phase: {fixed} {moving}"
    );
}
