//! One environment table that stands for many: a factorial of shifts, each task held out, each model moved, few shots.

use crate::support::{plan, results};
use experiment::{Plan, Spec};
use std::collections::BTreeSet;

const ONLINE: &str = "name = \"many\"\nreplicates = 1\n[protocol]\nkind = \"online\"\nrounds = 300\ncheckpoints = 3\n";
const TRAINED: &str = "name = \"many\"\nreplicates = 1\n";
const CUT: &str =
    "[[environment.shift]]\nname = \"cut\"\nkind = \"price\"\nmodels = [\"gpt-4-1106-preview\"]\nfactor = 0.1\n";
const DROP: &str =
    "[[environment.shift]]\nname = \"drop\"\nkind = \"quality\"\nmodels = [\"claude-v1\"]\nchange = -0.5\n";
const RANDOM: &str = "[[policy]]\nkind = \"random\"\n";

fn world(head: &str, rest: &str) -> String {
    format!("{head}[[environment]]\nname = \"w\"\nkind = \"calibrated\"\nrows = 300\n{rest}{RANDOM}")
}

fn labels(plan: &Plan) -> Vec<String> {
    plan.environments.iter().map(|environment| environment.label.clone()).collect()
}

#[track_caller]
fn refused(toml: &str, expected: &[&str]) {
    let error = Spec::parse(toml, "bad.toml").and_then(Spec::plan).err().expect("must be refused").to_string();
    for part in ["bad.toml", "[[environment]] w"].iter().chain(expected) {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
}

#[test]
fn a_factorial_is_every_combination_of_its_shifts_over_the_same_requests() {
    let always = "[[environment.shift]]\nkind = \"preferences\"\nhigh = 0.5\n";
    let toml = world(ONLINE, &format!("factorial = [\"cut\", \"drop\"]\n{CUT}{always}{DROP}"));
    let plan = plan(&toml);
    assert_eq!(labels(&plan), ["w.none", "w.cut", "w.drop", "w.cut+drop"]);
    let shifts: Vec<usize> = plan.environments.iter().map(|environment| environment.shifts.len()).collect();
    assert_eq!(shifts, [1, 2, 2, 3], "a shift outside of the factorial always acts");
    let sources: BTreeSet<&String> = plan.environments.iter().map(|environment| &environment.source).collect();
    assert_eq!(sources.len(), 1, "all meet the same requests");
    let ids: BTreeSet<&String> = plan.cells().iter().map(|cell| &cell.id).collect();
    assert_eq!(ids.len(), 4);
    let both = plan.environments[3].factors.as_ref().unwrap();
    assert_eq!((both.group.as_str(), both.on.len(), both.all.len()), ("w", 2, 2));
    let alone = crate::support::plan(&world(ONLINE, &format!("{CUT}{always}")));
    assert_eq!(alone.cells()[0].id, plan.cells()[1].id, "a combination is the environment that one would have written");
    let again = crate::support::plan(&plan.resolved());
    let inputs = |plan: &Plan| plan.cells().iter().map(|cell| cell.inputs.clone()).collect::<Vec<_>>();
    assert_eq!(inputs(&again), inputs(&plan), "{}", plan.resolved());
}

#[test]
fn bad_factorials_and_shots_are_refused_with_table_field_rule_and_value() {
    let factorial = |names: &str| world(ONLINE, &format!("factorial = {names}\n{CUT}{DROP}"));
    refused(&factorial("[\"cutt\"]"), &["unknown shift of the factorial `cutt`", "nearest is `cut`"]);
    refused(&factorial("[\"cut\", \"cut\"]"), &["`factorial`", "each once", "`cut` twice"]);
    refused(&factorial("\"cut\""), &["`factorial` must be a list of names"]);
    refused(&world(TRAINED, "shots = 5\n"), &["`shots` must be given with `held-out` tasks, got 5"]);
    refused(&world(TRAINED, "held-out = [\"mbpp\"]\nshots = 900\n"), &["`shots` must be at most", "got 900"]);
    refused(&world(TRAINED, "held-out = [\"mbpp\"]\nshots = [-1]\n"), &["`shots` must be a whole number"]);
    refused(&world(ONLINE, "held-out = [\"mbpp\"]\nshots = 5\n"), &["`shots` needs a training split"]);
}

#[test]
fn each_task_is_held_out_in_turn() {
    let each = plan(&world(TRAINED, "held-out = \"each\"\n"));
    let tasks = each.environments[0].world.tasks().to_vec();
    let expected: Vec<String> = tasks.iter().map(|task| format!("w.{task}")).collect();
    assert_eq!(labels(&each), expected);
    let one = plan(&world(TRAINED, &format!("held-out = [\"{}\"]\n", tasks[2])));
    assert_eq!(each.cells()[2].id, one.cells()[0].id);
    for replicate in results(&world(TRAINED, "held-out = \"each\"\n")) {
        let tested = replicate.scores.iter().filter(|score| score.phase == "test" && score.task != "all");
        let tested: BTreeSet<&str> = tested.map(|score| score.task.as_str()).collect();
        assert_eq!(tested.len(), 1);
        assert!(replicate.environment.ends_with(tested.first().unwrap()), "{}: {tested:?}", replicate.environment);
    }
}

#[test]
fn each_model_arrives_in_turn() {
    let arrive = "[[environment.shift]]\nkind = \"arrive\"\nmodels = \"each\"\nat = 100\n";
    let plan = plan(&world(ONLINE, arrive));
    let models = plan.environments[0].world.models().to_vec();
    assert_eq!(labels(&plan), models.iter().map(|model| format!("w.{model}")).collect::<Vec<_>>());
    assert_eq!(plan.environments[4].shifts[0]["models"], serde_json::json!([models[4]]));
}

#[test]
fn shots_are_trained_on_and_tests_stay_the_same() {
    let toml = world(TRAINED, "held-out = [\"mbpp\"]\nshots = [0, 5, 20]\n").replace("random", "knn");
    let all = results(&toml);
    let labels: Vec<&str> = all.iter().map(|replicate| replicate.environment.as_str()).collect();
    assert_eq!(labels, ["w.0-shot", "w.5-shot", "w.20-shot"]);
    let of = |position: usize| {
        let replicate = &all[position];
        let score =
            replicate.scores.iter().find(|score| score.phase == "test" && score.metric == "sweep_reward").unwrap();
        (score.outcomes, score.n)
    };
    let (none, five, twenty) = (of(0), of(1), of(2));
    assert_eq!((five.0 - none.0, twenty.0 - none.0), (5 * 11, 20 * 11), "full labels of so many prompts more");
    assert!(none.1 == five.1 && five.1 == twenty.1, "{} test prompts", none.1);
    let oracle = results(&toml.replace("knn", "oracle"));
    let rewards: BTreeSet<String> = oracle
        .iter()
        .flat_map(|replicate| replicate.scores.iter().find(|score| score.metric == "sweep_reward"))
        .map(|score| format!("{}", score.value))
        .collect();
    assert_eq!(rewards.len(), 1, "the same test prompts: {rewards:?}");
}
