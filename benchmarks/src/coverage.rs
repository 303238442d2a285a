//! How often intervals hold the truth: experiments on made-up populations whose truth is known, run and reported as a user's
//! are.
//!
//! A population draws prompts of three tasks, the probability that each of three models answers each, and its dollars. Every
//! repetition draws a table (recorded), or a table for every replicate (generated), runs train-then-test on it, and compares
//! each interval with what it is about:
//!
//! - one replicate: the score of that trained router on all prompts of the population;
//! - several replicates of recorded rows: the same, averaged over trainings on those rows;
//! - several replicates of generated rows: the same, averaged over tables too.
//!
//! The population is finite, and prompts are drawn from it with replacement: trained routers are scored on all of it by
//! expected outcomes, so that truths have no noise but for the number of trainings that they are averaged over.

use environments::sources::{Pooled, Recorded};
use environments::{Batch, Environment, Table, TableParts};
use experiment::{EnvironmentExtension, Extensions, PolicyExtension, Spec};
use policies::{Configured, Information, POLICIES, Recipe};
use rayon::prelude::*;
use report::{Claim, Relation, decide, summarise};
use routing::words::{metric, phase};
use routing::{
    Arm, Choice, Contexts, Dollars, Objective, Preference, Problem, Round, Router, Seed, TrainingSet, random,
};
use std::sync::{Arc, Mutex};
use store::{Replicate, Run, Score, SummaryRow};

const TASKS: [&str; 3] = ["a", "b", "c"];
const MODELS: [&str; 3] = ["small", "medium", "large"];
const PRICES: [f64; 3] = [0.1, 0.35, 1.0];
const WIDTH: usize = 6;
/// Weights on cost at which policies are tested.
const WEIGHTS: [f64; 2] = [0.2, 0.6];
/// Dollars at which a call counts as fully expensive: hardly any call reaches it.
const TAU: f64 = 4.0;
/// Prompts of each task in the population.
const POPULATION: usize = 150;
/// Trainings beside those of the replicates, over which the truth of recorded rows is averaged.
const MORE_TRAININGS: usize = 20;
/// Replicates that are looked at: the first so many of those that were run.
pub const REPLICATES: [usize; 3] = [1, 5, 20];
/// Words of an interval that may not hold.
const WARNING: &str = "trainings may differ";
/// Shares of the split, as experiments have them by default.
const SHARES: [f64; 3] = [0.7, 0.15, 0.15];

/// One kind of experiment.
#[derive(Clone, Debug)]
pub struct Design {
    /// Prompts of the table.
    pub rows: usize,
    /// Whether task `c` is held out.
    pub held_out: bool,
    /// Whether all replicates share a table.
    pub recorded: bool,
    /// Labels of the policies.
    pub policies: Vec<&'static str>,
    /// Most replicates.
    pub replicates: usize,
    /// Times that it is repeated.
    pub repetitions: u64,
}

/// How often the intervals of one number held the truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Metric or relation, and whose.
    pub what: String,
    /// `score`, `difference` or `gain`.
    pub kind: &'static str,
    /// Replicates.
    pub replicates: usize,
    /// Repetitions that had an interval.
    pub intervals: u64,
    /// Share of them that said that they may not hold: one model for all requests, where trainings may differ.
    pub warned: f64,
    /// Share of them that held the truth.
    pub coverage: f64,
    /// Share that lay wholly above it: a claim at its own threshold would pass.
    pub above: f64,
    /// Share that lay wholly below it: a claim at its own threshold would fail.
    pub below: f64,
    /// Share that held the truth over all tables, for recorded rows.
    pub other_rows: Option<f64>,
    /// Mean of the truths.
    pub truth: f64,
    /// Mean half-width.
    pub half_width: f64,
}

/// A population of prompts: [`POPULATION`] of each task in turn.
struct Population {
    features: Vec<f64>,
    /// Probability that each model answers each prompt.
    answers: Vec<f64>,
}

impl Population {
    fn new() -> Population {
        let mut generator = Seed::root(77).stream("population").at(Round(0));
        let mut normals = |count: usize, scale: f64| -> Vec<f64> {
            (0..count).map(|_| scale * random::normal(&mut generator)).collect()
        };
        let means = normals(TASKS.len() * WIDTH, 0.9);
        let [slopes, bends] = [0.6, 0.5].map(|scale| normals(MODELS.len() * WIDTH, scale));
        let mut features = normals(POPULATION * TASKS.len() * WIDTH, 1.0);
        let mut answers = Vec::new();
        for (row, x) in features.chunks_mut(WIDTH).enumerate() {
            let task = row % TASKS.len();
            x.iter_mut().zip(&means[WIDTH * task..]).for_each(|(x, mean)| *x += mean);
            for (model, bias) in [-0.2, 0.4, 0.8].into_iter().enumerate() {
                let weights = slopes[WIDTH * model..].iter().zip(&bends[WIDTH * model..]);
                let terms = weights.zip(&*x).map(|((slope, bend), x)| slope * x + bend * libm::sin(2.0 * x));
                answers.push(1.0 / (1.0 + libm::exp(-(bias + terms.sum::<f64>()))));
            }
        }
        Population { features, answers }
    }

    /// `rows` prompts of the tasks in turn, with outcomes of their own.
    fn draw(&self, rows: usize, seed: &Seed) -> Table {
        let stream = seed.stream("prompts");
        let mut parts = made(rows);
        for row in 0..rows {
            let mut generator = stream.at(Round(row as u64));
            let task = row % TASKS.len();
            let prompt = task + TASKS.len() * random::below(&mut generator, POPULATION);
            for (model, price) in PRICES.iter().enumerate() {
                let answered = random::uniform(&mut generator) < self.answers[MODELS.len() * prompt + model];
                parts.quality.push(f32::from(u8::from(answered)));
                // A factor of mean 1.
                let times = libm::exp(0.4 * random::normal(&mut generator) - 0.08);
                parts.cost.push(Dollars(price * times));
            }
            let features = &self.features[WIDTH * prompt..WIDTH * (prompt + 1)];
            parts.features.extend(features.iter().map(|&x| x as f32));
        }
        Table::new(parts)
    }

    /// All of it, with expected outcomes.
    fn whole(&self) -> Table {
        let rows = POPULATION * TASKS.len();
        Table::new(TableParts {
            features: self.features.iter().map(|&x| x as f32).collect(),
            quality: self.answers.iter().map(|&answer| answer as f32).collect(),
            cost: (0..rows).flat_map(|_| PRICES.map(Dollars)).collect(),
            ..made(rows)
        })
    }
}

/// A table of `rows` prompts of the tasks in turn, without features and outcomes.
fn made(rows: usize) -> TableParts {
    TableParts {
        ids: (0..rows).map(|row| row.to_string()).collect(),
        tasks: TASKS.map(str::to_owned).into(),
        task_of: (0..rows).map(|row| (row % TASKS.len()) as u16).collect(),
        models: MODELS.map(str::to_owned).into(),
        dimension: WIDTH,
        ..TableParts::default()
    }
}

/// What a router is worth on the population, at each weight on cost.
#[derive(Clone, Debug, Default)]
struct Worth {
    /// Reward, quality, dollars and share of the large model at each weight.
    at: Vec<[f64; 4]>,
}

impl Worth {
    fn mean(worths: &[Worth]) -> Worth {
        let mut mean = vec![[0.0; 4]; WEIGHTS.len()];
        for worth in worths {
            for (sum, one) in mean.iter_mut().zip(&worth.at) {
                sum.iter_mut().zip(one).for_each(|(sum, one)| *sum += one / worths.len() as f64);
            }
        }
        Worth { at: mean }
    }

    /// The number that a metric has at the first weight, or over both.
    fn of(&self, metric: &str) -> f64 {
        match metric {
            metric::SWEEP_REWARD => self.at.iter().map(|one| one[0]).sum::<f64>() / WEIGHTS.len() as f64,
            metric::REWARD => self.at[0][0],
            metric::QUALITY => self.at[0][1],
            metric::COST => self.at[0][2],
            _ => self.at[0][3],
        }
    }
}

/// The prompts on which routers are scored.
struct Judge {
    table: Table,
    rows: Vec<usize>,
    answers: Vec<f64>,
}

impl Judge {
    fn new(population: &Population, held_out: bool) -> Judge {
        let table = population.whole();
        let rows = (0..table.len()).filter(|&row| !held_out || table.task(row) == 2).collect();
        Judge { table, rows, answers: population.answers.clone() }
    }

    fn worth(&self, router: &dyn Router) -> Worth {
        let mut batch = Batch::new(WIDTH, MODELS.len());
        let (prices, up) = (PRICES.map(Dollars), [true; MODELS.len()]);
        let preference = |weight: f64| Preference::new(weight).expect("the weights lie in [0, 1]");
        for (&row, round) in self.rows.iter().zip(0..) {
            batch.push_row(Round(round), &self.table, row, preference(WEIGHTS[0]), &prices, &up);
        }
        let mut choices = Vec::new();
        let mut at = |weight: f64| {
            batch.set_preference(preference(weight));
            router.decide(&batch.contexts(), &mut choices);
            let share = 1.0 / self.rows.len() as f64;
            let mut sums = [0.0; 4];
            for (&row, choice) in self.rows.iter().zip(&choices) {
                let arm = choice.arm.index();
                let (answer, price) = (self.answers[MODELS.len() * row + arm], PRICES[arm]);
                let reward = (1.0 - weight) * answer - weight * price / TAU;
                let large = f64::from(u8::from(arm == 2));
                sums.iter_mut().zip([reward, answer, price, large]).for_each(|(sum, one)| *sum += share * one);
            }
            sums
        };
        Worth { at: WEIGHTS.map(&mut at).to_vec() }
    }
}

/// One model for every request.
struct Always(Arm);

impl Router for Always {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        choices.clear();
        choices.resize(contexts.len(), Choice::certain(self.0));
    }
}

/// Whether the policy learns nothing.
fn fixed(label: &str) -> bool {
    ["large", "small"].contains(&label)
}

type Fit = Box<dyn Fn(&Problem, &TrainingSet, &Seed) -> Box<dyn Router> + Send + Sync>;

/// How a policy of this label is fitted.
fn fit(label: &str) -> Fit {
    let registered = |kind: &str| -> Fit {
        let entry = POLICIES.iter().find(|entry| entry.name == kind).expect("it is registered");
        match (entry.configure)((entry.defaults)()).expect("defaults are legal").recipe {
            Recipe::Full(fit) => fit,
            _ => unreachable!("{kind} is fitted on full labels"),
        }
    };
    match label {
        // A training that leaves much to chance: on half of the prompts, which its seed draws.
        "half" => {
            let ridge = registered("ridge");
            Box::new(move |problem, training, seed| {
                let mut rows: Vec<usize> = (0..training.len()).collect();
                random::shuffle(&mut seed.stream("half").at(Round(0)), &mut rows);
                rows.truncate(rows.len() / 2);
                ridge(problem, &part(training, &rows), seed)
            })
        }
        // The best model at the first weight on the training prompts, whichever that is.
        "single" => Box::new(|problem, training, _| {
            let preference = Preference::new(WEIGHTS[0]).expect("the weights lie in [0, 1]");
            let reward = |arm: usize| -> f64 {
                let outcomes = (0..training.len()).filter_map(|row| training.outcome(row, arm));
                outcomes.map(|outcome| problem.objective.reward(preference, &outcome)).sum()
            };
            let rewards: Vec<f64> = (0..MODELS.len()).map(reward).collect();
            let best = (0..MODELS.len()).max_by(|&one, &two| rewards[one].total_cmp(&rewards[two]));
            Box::new(Always(Arm::at(best.expect("there are models"))))
        }),
        "large" => Box::new(|_, _, _| Box::new(Always(Arm::at(2)))),
        "small" => Box::new(|_, _, _| Box::new(Always(Arm::at(0)))),
        "linear" => registered("ridge"),
        "near" => registered("knn"),
        other => unreachable!("no policy is called {other}"),
    }
}

/// Some rows of a training set.
fn part(training: &TrainingSet, rows: &[usize]) -> TrainingSet {
    let features = rows.iter().flat_map(|&row| &training.features()[WIDTH * row..WIDTH * (row + 1)]).copied().collect();
    let outcome = |row: usize, arm: usize| training.outcome(row, arm).expect("every outcome is there");
    let cells = || rows.iter().flat_map(|&row| (0..MODELS.len()).map(move |arm| outcome(row, arm)));
    let (quality, cost) = (cells().map(|one| one.quality).collect(), cells().map(|one| one.cost).collect());
    TrainingSet::new(features, quality, cost, WIDTH, MODELS.len())
}

/// A policy that is scored on the population as soon as it is trained.
fn watched(label: &'static str, judge: &Arc<Judge>, sink: &Arc<Mutex<Vec<Worth>>>) -> PolicyExtension {
    let (judge, sink) = (judge.clone(), sink.clone());
    PolicyExtension {
        name: label.into(),
        revision: 1.into(),
        information: if fixed(label) { Information::None } else { Information::Full },
        defaults: serde_json::json!({}),
        configure: Box::new(move |parameters| {
            let (fit, judge, sink) = (fit(label), judge.clone(), sink.clone());
            if fixed(label) {
                let recipe = Recipe::Fixed(Box::new(move |problem, seed| {
                    let nothing = TrainingSet::new(Vec::new(), Vec::new(), Vec::new(), WIDTH, MODELS.len());
                    let router = fit(problem, &nothing, seed);
                    sink.lock().expect("no thread panics while it holds the lock").push(judge.worth(&*router));
                    router
                }));
                return Ok(Configured { parameters, recipe });
            }
            let recipe = Recipe::Full(Box::new(move |problem, training, seed| {
                let router = fit(problem, training, seed);
                sink.lock().expect("no thread panics while it holds the lock").push(judge.worth(&*router));
                router
            }));
            Ok(Configured { parameters, recipe })
        }),
    }
}

/// An interval beside its truths.
#[derive(Clone, Debug)]
struct Seen {
    kind: &'static str,
    what: String,
    replicates: usize,
    /// None: refused, with a reason.
    ends: Option<(f64, f64)>,
    /// Whether the interval says that it may not hold.
    warned: bool,
    /// Of the trainings at hand.
    own: f64,
    /// Averaged over trainings on these rows.
    rows: f64,
}

/// Runs `design` and says how often its intervals held the truth.
pub fn measure(design: &Design) -> Vec<Line> {
    let population = Arc::new(Population::new());
    let judge = Arc::new(Judge::new(&population, design.held_out));
    let seen: Vec<Vec<Seen>> =
        (0..design.repetitions).into_par_iter().map(|number| repetition(design, &population, &judge, number)).collect();
    (0..seen[0].len()).map(|place| line(design, seen.iter().map(|one| &one[place]))).collect()
}

fn line<'a>(design: &Design, seen: impl Iterator<Item = &'a Seen> + Clone) -> Line {
    let first = seen.clone().next().expect("there is a repetition");
    let (n, sum) = seen.clone().fold((0.0, 0.0), |(n, sum), one| (n + 1.0, sum + one.own));
    let overall: f64 = sum / n;
    let truth = |one: &Seen| match (first.replicates, design.recorded) {
        (1, _) => one.own,
        (_, true) => one.rows,
        (_, false) => overall,
    };
    let there: Vec<(&Seen, (f64, f64))> = seen.filter_map(|one| Some((one, one.ends?))).collect();
    let share = |held: &dyn Fn(&Seen, (f64, f64)) -> bool| {
        there.iter().filter(|(one, ends)| held(one, *ends)).count() as f64 / there.len() as f64
    };
    // Truths that no interval can miss by rounding alone.
    let hair = 1e-9;
    let other_rows = share(&|_, (low, high)| low <= overall + hair && overall <= high + hair);
    Line {
        what: first.what.clone(),
        kind: first.kind,
        replicates: first.replicates,
        intervals: there.len() as u64,
        warned: share(&|one, _| one.warned),
        coverage: share(&|one, (low, high)| low <= truth(one) + hair && truth(one) <= high + hair),
        above: share(&|one, (low, _)| low > truth(one) + hair),
        below: share(&|one, (_, high)| high < truth(one) - hair),
        other_rows: (design.recorded && first.replicates > 1).then_some(other_rows),
        truth: there.iter().map(|(one, _)| truth(one)).sum::<f64>() / there.len() as f64,
        half_width: there.iter().map(|(_, (low, high))| 0.5 * (high - low)).sum::<f64>() / there.len() as f64,
    }
}

fn config(design: &Design, number: u64) -> String {
    let mut text = format!(
        "name = 'coverage'\nseed = {number}\nreplicates = {}\n[protocol]\nkind = 'train-then-test'\ncheckpoints = 1\n\
         [objective]\ntau-usd = {TAU}\n[preferences]\ntest = {WEIGHTS:?}\n[[environment]]\nkind = 'made'\n",
        design.replicates
    );
    if design.held_out {
        text += "held-out = ['c']\n";
    }
    design.policies.iter().for_each(|label| text += &format!("[[policy]]\nkind = '{label}'\n"));
    text
}

fn repetition(design: &Design, population: &Arc<Population>, judge: &Arc<Judge>, number: u64) -> Vec<Seen> {
    let seed = Seed::root(number).child("coverage", &format!("{design:?}"));
    let table = Arc::new(population.draw(design.rows, &seed));
    let world: Arc<dyn Environment> = match design.recorded {
        true => Arc::new(Recorded::new(table.clone())),
        false => {
            let (rows, population) = (design.rows, population.clone());
            let make = move |seed| Ok(population.draw(rows, &Seed::root(seed)));
            Arc::new(Pooled::new("coverage", Box::new(make)).expect("a table has rows"))
        }
    };
    let sink = Arc::new(Mutex::new(Vec::new()));
    let made = EnvironmentExtension {
        name: "made".into(),
        defaults: serde_json::json!({}),
        open: Box::new(move |_| Ok(world.clone())),
    };
    let extensions = Extensions {
        policies: design.policies.iter().map(|label| watched(label, judge, &sink)).collect(),
        environments: vec![made],
        ..Extensions::default()
    };
    let spec = Spec::parse(&config(design, number), "coverage.toml").expect("the configuration is legal");
    let plan = spec.plan_with(&extensions).expect("the configuration can be planned");
    let mut runs = Vec::new();
    for cell in plan.cells() {
        let log = plan.simulate(cell, false);
        let (environment, policy) = plan.parts(cell);
        let replicate = Replicate {
            environment: environment.label.clone(),
            policy: policy.label.clone(),
            identity: policy.identity.clone(),
            replicate: cell.replicate,
            scores: log.cell.scores.into_iter().filter(looked_for).collect(),
        };
        let rows = log.tested.expect("the protocol tests");
        runs.push(Run::of(&[replicate]).remove(0).with_tested(&rows, design.recorded));
    }
    // Cells come policy by policy, and each trained once.
    let worths = std::mem::take(&mut *sink.lock().expect("no thread panics while it holds the lock"));
    let own: Vec<&[Worth]> = worths.chunks(design.replicates).collect();
    let more: Vec<Vec<Worth>> = design
        .policies
        .iter()
        .map(|label| if design.recorded { trainings(label, &table, design.held_out, judge, &seed) } else { Vec::new() })
        .collect();
    let truths = Truths { policies: &design.policies, own, more };
    REPLICATES
        .iter()
        .filter(|&&count| count <= design.replicates)
        .flat_map(|&count| looked_at(&runs, count, &truths))
        .collect()
}

/// Trainings on other splits of the same rows.
fn trainings(label: &str, table: &Table, held_out: bool, judge: &Judge, seed: &Seed) -> Vec<Worth> {
    let (fit, stream) = (fit(label), seed.stream("more"));
    let problem =
        Problem { models: MODELS.map(str::to_owned).into(), dimension: WIDTH, objective: Objective::new(Dollars(TAU)) };
    let train = |round: usize| {
        let mut rows = Vec::new();
        for task in 0..TASKS.len() - usize::from(held_out) {
            let mut own: Vec<usize> = (0..table.len()).filter(|&row| table.task(row) == task).collect();
            random::shuffle(&mut stream.at(Round((TASKS.len() * round + task) as u64)), &mut own);
            let count = (SHARES[0] * own.len() as f64).round() as usize;
            rows.extend_from_slice(&own[..count]);
        }
        judge.worth(&*fit(&problem, &table.training_set(&rows), &seed.child("training", &round.to_string())))
    };
    (0..MORE_TRAININGS).map(train).collect()
}

/// What routers are worth, by policy.
struct Truths<'a> {
    policies: &'a [&'static str],
    own: Vec<&'a [Worth]>,
    more: Vec<Vec<Worth>>,
}

impl Truths<'_> {
    /// What `label` is worth: by the first `count` trainings, and by all.
    fn of(&self, label: &str, count: usize) -> [Worth; 2] {
        let place = self.policies.iter().position(|policy| *policy == label).expect("it is compared");
        let all: Vec<Worth> = self.own[place].iter().chain(&self.more[place]).cloned().collect();
        [Worth::mean(&self.own[place][..count]), Worth::mean(&all)]
    }
}

/// Whether a score is looked at, or says that all requests went to one model.
fn looked_for(score: &Score) -> bool {
    let known = SCORES.contains(&score.metric.as_str())
        || [metric::QUALITY, metric::CHOICE_ENTROPY].contains(&score.metric.as_str());
    known && score.task == "all" && score.phase == phase::TEST
}

/// Scores that are looked at, of every policy.
const SCORES: [&str; 4] = [metric::SWEEP_REWARD, metric::REWARD, metric::COST, metric::ARM_SHARE];
/// Differences and gains that are looked at: relation, metric, candidate, baseline.
const COMPARED: [(Relation, &str, &str, &str); 8] = [
    (Relation::DifferenceAtLeast, metric::SWEEP_REWARD, "linear", "large"),
    (Relation::DifferenceAtLeast, metric::SWEEP_REWARD, "near", "linear"),
    (Relation::DifferenceAtLeast, metric::SWEEP_REWARD, "half", "linear"),
    (Relation::DifferenceAtLeast, metric::QUALITY, "half", "single"),
    (Relation::RelativeGainAtLeast, metric::QUALITY, "linear", "small"),
    (Relation::RelativeGainAtLeast, metric::QUALITY, "half", "large"),
    (Relation::RelativeSavingAtLeast, metric::COST, "linear", "large"),
    (Relation::RelativeSavingAtLeast, metric::COST, "linear", "single"),
];

/// Every interval over the first `count` replicates.
fn looked_at(runs: &[Run], count: usize, truths: &Truths<'_>) -> Vec<Seen> {
    let runs: Vec<Run> = runs.iter().filter(|run| (run.replicate as usize) < count).cloned().collect();
    let rows = summarise(&runs).expect("the rows are in memory");
    let mut seen = Vec::new();
    for label in truths.policies {
        // The share of a model that is always, or never, chosen does not vary.
        for metric in SCORES.into_iter().filter(|metric| !fixed(label) || *metric != metric::ARM_SHARE) {
            let found = rows.iter().find(|row| of(row, label, metric));
            let [own, all] = truths.of(label, count);
            seen.push(Seen {
                kind: "score",
                what: format!("{metric} of {label}"),
                replicates: count,
                // A model that no router chose has no row, as it has no share.
                ends: found.and_then(|row| row.ci_low.zip(row.ci_high)),
                warned: found.is_some_and(|row| row.ci_method.contains(WARNING)),
                own: own.of(metric),
                rows: all.of(metric),
            });
        }
    }
    for (relation, metric, candidate, baseline) in COMPARED {
        if [candidate, baseline].iter().all(|label| truths.policies.contains(label)) {
            seen.push(compared(&runs, count, truths, (relation, metric, candidate, baseline)));
        }
    }
    seen
}

fn of(row: &SummaryRow, label: &str, metric: &str) -> bool {
    let at = |weight: Option<f64>| row.w_cost == weight;
    row.policy == label
        && row.metric == metric
        && row.phase == phase::TEST
        && row.task == "all"
        && (if metric == metric::SWEEP_REWARD { at(None) } else { at(Some(WEIGHTS[0])) })
        && row.arm.as_deref().is_none_or(|arm| arm == MODELS[2])
}

fn compared(
    runs: &[Run],
    count: usize,
    truths: &Truths<'_>,
    (relation, metric, candidate, baseline): (Relation, &str, &str, &str),
) -> Seen {
    let claim = Claim {
        id: "claim".into(),
        text: String::new(),
        environment: None,
        metric: metric.into(),
        task: "all".into(),
        tasks: None,
        at_outcomes: None,
        at_dollars: None,
        w_cost: (metric != metric::SWEEP_REWARD).then_some(WEIGHTS[0]),
        phase: phase::TEST.into(),
        candidate: candidate.into(),
        baseline: baseline.into(),
        baseline_w_cost: None,
        relation,
        threshold: 0.0,
        unavailable: None,
    };
    let verdict = decide(&[claim], runs).remove(0);
    let [own, other] = [candidate, baseline].map(|label| truths.of(label, count));
    let relate = |which: usize| {
        let (one, two) = (own[which].of(metric), other[which].of(metric));
        match relation {
            Relation::RelativeGainAtLeast => one / two - 1.0,
            Relation::RelativeSavingAtLeast => 1.0 - one / two,
            _ => one - two,
        }
    };
    let (kind, words) = match relation {
        Relation::RelativeGainAtLeast => ("gain", "relative gain in"),
        Relation::RelativeSavingAtLeast => ("gain", "relative saving in"),
        _ => ("difference", "difference in"),
    };
    Seen {
        kind,
        what: format!("{words} {metric}: {candidate} to {baseline}"),
        replicates: count,
        ends: verdict.low.zip(verdict.high),
        warned: verdict.why.contains(WARNING),
        own: relate(0),
        rows: relate(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The short form of `make coverage`: with 200 repetitions a share of .95 has a standard error of .015.
    #[test]
    fn intervals_hold_what_they_say_they_hold() {
        for (recorded, held_out) in [(true, false), (true, true), (false, false)] {
            let policies = vec!["linear", "half", "single", "large", "small"];
            let design = Design { rows: 399, held_out, recorded, policies, replicates: 5, repetitions: 200 };
            let lines: Vec<Line> = measure(&design).into_iter().filter(|line| line.warned == 0.0).collect();
            assert!(lines.len() > 20 && lines.iter().any(|line| line.kind == "gain"), "{}", lines.len());
            let mean = lines.iter().map(|line| line.coverage).sum::<f64>() / lines.len() as f64;
            assert!((0.935..=0.97).contains(&mean), "{design:?}: {mean}");
            for line in lines {
                assert!((0.885..=1.0).contains(&line.coverage), "{design:?}: {line:?}");
            }
        }
    }

    #[test]
    fn who_may_flip_between_models_is_warned_of() {
        let design = Design {
            rows: 399,
            held_out: true,
            recorded: true,
            policies: vec!["linear", "single"],
            replicates: 5,
            repetitions: 20,
        };
        let lines = measure(&design);
        let several = |line: &&Line| line.replicates > 1 && line.what.contains("single");
        assert!(lines.iter().filter(several).count() > 4);
        assert!(lines.iter().filter(several).all(|line| line.warned == 1.0));
        assert!(lines.iter().filter(|line| !line.what.contains("single")).all(|line| line.warned == 0.0));
    }
}
