//! Outcomes that nobody recorded are never guessed; latencies and tokens that somebody did are used.

use crate::support::{Toy, barp, plan, results};
use environments::{Batch, Revealed};
use policies::{Information, POLICIES};
use routing::{Arm, Choice, Dollars, Ledger};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use store::{Replicate, Score};
use tempfile::TempDir;

const MODELS: usize = 6;
const ROWS: usize = 240;

/// What model `arm` answers to prompt `row`: quality, dollars and seconds.
fn answer(row: usize, arm: usize) -> (f64, f64, f64) {
    let luck = (row * 7919 + arm * 104_729) % 97;
    (f64::from(u8::from(luck < 35 + 10 * arm)), 0.001 * (1 + arm * arm) as f64 + 1e-5 * luck as f64, 0.1 * luck as f64)
}

/// Whether the cell is one of the hundred or so that are left out; model 0 answers everything.
fn left_out(row: usize, arm: usize) -> bool {
    arm > 0 && (row * 31 + arm * 17).is_multiple_of(13)
}

/// A table in a folder; `gap` says which cells are empty.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new(gap: fn(usize, usize) -> bool) -> Files {
        let mut text = "sample_id,prompt,task".to_owned();
        (0..MODELS).for_each(|arm| write!(text, ",m{arm},m{arm}|total_cost,m{arm}|latency_s").unwrap());
        for row in 0..ROWS {
            let task = ["maths", "law"][row % 2];
            write!(text, "\n{row},prompt {} number {row},{task}", row % 5).unwrap();
            for arm in 0..MODELS {
                let (quality, cost, latency) = answer(row, arm);
                let cells = if gap(row, arm) { ",,,".to_owned() } else { format!(",{quality},{cost},{latency}") };
                text += &cells;
            }
        }
        let folder = tempfile::tempdir().unwrap();
        store::write_whole(&folder.path().join("rows.csv"), text.as_bytes()).unwrap();
        Files { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("rows.csv")
    }
}

fn experiment(file: &Path, protocol: &str, policies: &[&str], more: &str) -> String {
    let policies: String = policies.iter().map(|kind| format!("[[policy]]\nkind = \"{kind}\"\n")).collect();
    format!(
        "name = \"gaps\"\nreplicates = 1\n{more}\n[protocol]\n{protocol}\n[[environment]]\nkind = \"recorded\"\n\
         file = {file:?}\n{policies}"
    )
}

/// The scores called `metric` of a policy on the mix of tasks, by weight on cost.
fn scores<'a>(replicates: &'a [Replicate], policy: &str, metric: &str) -> Vec<&'a Score> {
    let own = replicates.iter().filter(|replicate| replicate.policy == policy).flat_map(|own| &own.scores);
    own.filter(|score| score.metric == metric && score.task == "all").collect()
}

const TRAINED: &str = "kind = \"train-then-test\"\ncheckpoints = 2";

#[test]
fn complete_models_score_as_in_the_complete_table_and_others_on_what_was_recorded() {
    let (whole, gaps) = (Files::new(|_, _| false), Files::new(left_out));
    // A whole task is tested on: which prompts these are does not depend on the seed, and so not on the table.
    let run = |files: &Files| {
        let toml = experiment(&files.path(), TRAINED, &["single-models", "knn"], "");
        results(&toml.replace("kind = \"recorded\"", "kind = \"recorded\"\nheld-out = [\"law\"]"))
    };
    let (whole, gaps) = (run(&whole), run(&gaps));
    let all = |replicates: &[Replicate], policy: &str, metric: &str| -> Vec<(f64, u64)> {
        scores(replicates, policy, metric).iter().map(|score| (score.value, score.n)).collect()
    };
    for metric in ["quality", "cost_usd", "latency_s", "latency_p95_s"] {
        assert_eq!(all(&whole, "single:m0", metric), all(&gaps, "single:m0", metric), "m0 has no gap: {metric}");
        assert!(!all(&whole, "single:m0", metric).is_empty(), "{metric}");
    }
    for arm in 1..MODELS {
        let (full, part) =
            (all(&whole, &format!("single:m{arm}"), "quality"), all(&gaps, &format!("single:m{arm}"), "quality"));
        let unscored = all(&gaps, &format!("single:m{arm}"), "unscored_share");
        assert!(part[0].1 < full[0].1, "m{arm} stands on fewer prompts");
        let known = || (1..ROWS).step_by(2).filter(|&row| !left_out(row, arm));
        let mean = known().map(|row| answer(row, arm).0).sum::<f64>() / known().count() as f64;
        assert!((part[0].0 - mean).abs() < 1e-12 && part[0].1 == known().count() as u64, "m{arm}: {part:?}");
        let share = (full[0].1 - part[0].1) as f64 / full[0].1 as f64;
        assert!((unscored[0].0 - share).abs() < 1e-12 && unscored[0].1 == full[0].1, "m{arm}: {unscored:?}");
    }
    assert!(all(&whole, "single:m1", "unscored_share").is_empty(), "a complete table has no such score");
    let bought = |replicates: &[Replicate]| scores(replicates, "knn", "sweep_reward")[0].outcomes;
    assert_eq!(bought(&whole), 84 * MODELS as u64);
    assert!(bought(&gaps) < bought(&whole), "what nobody recorded is not charged");
}

#[test]
fn every_policy_and_reference_runs_on_gaps_under_both_protocols() {
    let files = Files::new(left_out);
    let full: Vec<&str> =
        POLICIES.iter().map(|entry| entry.name).chain(["oracle", "best-single", "zero-router"]).collect();
    let bandits = POLICIES.iter().filter(|entry| entry.information != Information::Full).map(|entry| entry.name);
    let online: Vec<&str> = bandits.chain(["oracle", "best-per-task"]).collect();
    let rounds = "kind = \"online\"\nrounds = 600\ncheckpoints = 4";
    for (protocol, policies, metric) in [(TRAINED, &full, "sweep_reward"), (rounds, &online, "reward")] {
        let replicates = results(&experiment(&files.path(), protocol, policies, ""));
        for policy in policies {
            let rewards = scores(&replicates, policy, metric);
            assert!(!rewards.is_empty(), "`{policy}` has no {metric}");
            assert!(rewards.iter().all(|score| score.value.is_finite() && score.n > 0), "`{policy}`: {rewards:?}");
        }
        let value = |policy: &str| scores(&replicates, policy, metric).last().unwrap().value;
        assert!(value("oracle") > value("random"), "the oracle sees what was recorded");
        let compared =
            replicates.iter().flat_map(|own| &own.scores).any(|score| score.metric.contains("static_regret"));
        assert!(!compared, "what needs every model's outcome does not exist");
    }
}

#[test]
fn a_policy_that_chose_a_gap_learns_nothing_of_it_and_pays_nothing() {
    let files = Files::new(left_out);
    let plan = plan(&experiment(&files.path(), TRAINED, &["random"], ""));
    let world = &plan.environments[0].world;
    let mut batch = Batch::new(world.dimension(), MODELS);
    world.episode(&routing::Seed::root(4)).fill(0..200, &mut batch);
    let choices = vec![Choice::certain(Arm(3)); 200];
    let (mut ledger, mut revealed) = (Ledger::default(), Revealed::new(world.dimension(), MODELS));
    let (contexts, feedback) = batch.reveal(&choices, &mut ledger, &mut revealed);
    let known: Vec<usize> = (0..200).filter(|&row| batch.outcome(row, 3).is_some()).collect();
    assert!((100..200).contains(&known.len()), "{}", known.len());
    assert_eq!((contexts.len(), feedback.len(), ledger.outcomes), (known.len(), known.len(), known.len() as u64));
    for (place, &row) in known.iter().enumerate() {
        assert_eq!(contexts.rounds()[place], batch.contexts().rounds()[row]);
        assert_eq!(contexts.feature_row(place), batch.contexts().feature_row(row));
        assert_eq!(feedback[place].outcome, batch.outcome(row, 3).unwrap());
    }
    let paid: f64 = known.iter().map(|&row| batch.cost(row)[3].0).sum();
    assert_eq!(ledger.dollars, Dollars(paid));
}

#[test]
fn a_weight_on_latency_moves_choices_and_none_changes_no_address() {
    let files = Files::new(|_, _| false);
    let policies: Vec<&str> = POLICIES.iter().map(|entry| entry.name).chain(["oracle", "best-single"]).collect();
    let toml = |more: &str| experiment(&files.path(), TRAINED, &policies, more);
    let ids = |more: &str| plan(&toml(more)).cells().iter().map(|cell| cell.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(""), ids("[latency]\nweight = 0"));
    let weighed = "[latency]\nweight = 0.6\ntau-s = 5.0";
    assert_ne!(ids(""), ids(weighed));
    let (plain, slow) = (results(&toml("")), results(&toml(weighed)));
    let latency = |replicates: &[Replicate], policy: &str| scores(replicates, policy, "latency_s")[1].value;
    assert!(latency(&slow, "oracle") < 0.5 * latency(&plain, "oracle"));
    for policy in &policies {
        let sweep = |policy: &str| scores(&slow, policy, "sweep_reward").last().unwrap().value;
        assert!(sweep(policy) <= sweep("oracle"), "`{policy}` cannot earn more than all that there is");
    }
    let untimed = "name = \"x\"\n[latency]\nweight = 0.2\n[[environment]]\nkind = \"calibrated\"\nrows = 200\n\
                   [[policy]]\nkind = \"random\"\n";
    let error = experiment::Spec::parse(untimed, "x.toml").and_then(experiment::Spec::plan).err().unwrap().to_string();
    assert!(error.contains("`[latency]` needs recorded latencies, and generated requests have none"), "{error}");
}

#[test]
fn the_reward_of_a_logged_decision_is_the_formula_with_latency() {
    let files = Files::new(|_, _| false);
    let plan = plan(&experiment(&files.path(), TRAINED, &["oracle"], "[latency]\nweight = 0.25\ntau-s = 4.0"));
    let log = plan.simulate(&plan.cells()[0], true);
    let frame = log.decisions.unwrap();
    let number = |name: &str, row: usize| frame.column(name).unwrap().number(row).unwrap().unwrap();
    // tau is the 95th percentile of the training costs: any decision that costs less tells it.
    let terms = |row: usize| {
        let (w, q) = (number("w_cost", row), number("quality", row));
        let waiting = (number("latency_s", row) / 4.0).min(1.0);
        (w, (0.75 * (1.0 - w) * q - 0.25 * waiting - number("reward", row)) / 0.75, number("cost_usd", row))
    };
    let tested = (0..frame.rows()).filter(|&row| number("w_cost", row) == 1.0);
    let taus: Vec<f64> =
        tested.map(terms).filter(|(_, p, _)| *p > 1e-6 && *p < 1.0 - 1e-6).map(|(_, p, c)| c / p).collect();
    assert!(taus.len() > 20 && taus.iter().all(|tau| (tau / taus[0] - 1.0).abs() < 1e-6), "one tau for all: {taus:?}");
}

#[test]
fn a_price_book_shift_on_rows_with_tokens_is_the_re_pricing_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| store::write_whole(&folder.path().join(name), text.as_bytes()).unwrap();
    let header = "sample_id,prompt,task,m,m|total_cost,m|input_tokens,m|cached_tokens,m|output_tokens,n,n|total_cost\n";
    let row = |row: usize| format!("{row},p {row},t,1,9,{},{},{},1,2\n", 100 * row, 10 * row, 7 * row);
    write("rows.csv", &(header.to_owned() + &(1..=40).map(row).collect::<String>()));
    let book = "[[price]]\nmodel = 'M'\nfrom = '2024-01-01'\ninput = 3.0\noutput = 15.0\n\
                [[price]]\nmodel = 'M'\nfrom = '2024-01-11'\ninput = 1.0\ncached = 0.5\noutput = 4.0\n";
    write("book.toml", book);
    let toml = format!(
        "name = \"book\"\nreplicates = 1\n[protocol]\nkind = \"online\"\nrounds = 200\n[[environment]]\n\
         kind = \"recorded\"\nfile = {:?}\n[[environment.shift]]\nkind = \"price-book\"\nmodels = {{ m = \"M\" }}\n\
         start = \"2024-01-01\"\nrounds-per-day = 10\nfile = {:?}\n[[policy]]\nkind = \"random\"\n",
        folder.path().join("rows.csv"),
        folder.path().join("book.toml")
    );
    let plan = plan(&toml);
    let world = &plan.environments[0].world;
    assert_eq!(world.changes(), [100], "ten days of ten rounds");
    let mut batch = Batch::new(world.dimension(), 2);
    world.episode(&routing::Seed::root(2)).fill(0..200, &mut batch);
    let still = world.pool(&routing::Seed::root(0));
    for at in 0..200 {
        let of_row = |row: &usize| still.features(*row) == batch.contexts().feature_row(at);
        let number = 1.0 + (0..40).find(of_row).unwrap() as f64;
        let dollars = |number: f64| match at {
            0..100 => (3.0 * 100.0 * number + 15.0 * 7.0 * number) / 1e6,
            _ => (1.0 * 90.0 * number + 0.5 * 10.0 * number + 4.0 * 7.0 * number) / 1e6,
        };
        assert!((batch.cost(at)[0].0 / dollars(number) - 1.0).abs() < 1e-12, "round {at}");
        assert!((batch.contexts().list_prices(at)[0].0 / dollars(20.5) - 1.0).abs() < 1e-12, "round {at}");
        assert_eq!((batch.cost(at)[1], batch.contexts().list_prices(at)[1]), (Dollars(2.0), Dollars(2.0)));
    }
    let decisions = plan.simulate(&plan.cells()[0], true).decisions.unwrap();
    let number = |name: &str, row: usize| decisions.column(name).unwrap().number(row).unwrap();
    let chose_m = |row: &usize| decisions.column("arm").unwrap().text(*row).unwrap() == "m";
    for row in (0..100).filter(chose_m) {
        let (read, written) =
            (number("usage.prompt_tokens", row).unwrap(), number("usage.completion_tokens", row).unwrap());
        let dollars = (3.0 * read + 15.0 * written) / 1e6;
        assert!((number("cost_usd", row).unwrap() / dollars - 1.0).abs() < 1e-9, "the log tells what was paid for");
    }
}

#[test]
fn a_free_pool_has_rewards() {
    let toy = Toy::new(4, 2);
    assert_eq!(toy.problem.objective.penalty(Dollars(0.0)), 0.0);
    let folder = tempfile::tempdir().unwrap();
    let mut text = "sample_id,prompt,task,free,free|total_cost,also,also|total_cost".to_owned();
    (0..60).for_each(|row| write!(text, "\n{row},p {row},t,{},0,{},0", row % 2, (row / 2) % 2).unwrap());
    store::write_whole(&folder.path().join("rows.csv"), text.as_bytes()).unwrap();
    let policies: Vec<&str> = POLICIES.iter().map(|entry| entry.name).chain(["oracle", "zero-router"]).collect();
    let replicates = results(&experiment(&folder.path().join("rows.csv"), TRAINED, &policies, ""));
    for policy in policies {
        let rewards = scores(&replicates, policy, "sweep_reward");
        assert!(rewards.iter().all(|score| (0.0..=1.0).contains(&score.value)), "`{policy}`: {rewards:?}");
    }
}

#[test]
fn a_policy_whose_choices_have_few_outcomes_is_named() {
    let files = Files::new(|row, arm| arm == 5 && row > 0);
    let toml = experiment(&files.path(), TRAINED, &["single-models"], "");
    store::write_whole(&files.folder.path().join("few.toml"), toml.as_bytes()).unwrap();
    let output = barp(files.folder.path(), &["run", "few.toml", "--out", "few"]);
    let told = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(output.status.success(), "{told}");
    let sentence = "few outcomes: nobody recorded what up to 100 % of the choices of single:m5 would have brought";
    assert!(told.contains(sentence) && !told.contains("choices of single:m0"), "{told}");
}
