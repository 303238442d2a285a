//! What the page knows, in the shape its scripts read: arrays by task, then by weight, so that names stand there once.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{Manifest, SummaryRow};

use crate::charts::{best, distinct, model_colors, model_prices, of_environment, ranked};
use crate::claims::Verdict;
use crate::graphics::mark::Style;
use crate::graphics::scene::Color;
use crate::theme::{self, Part, Player, SINGLE};
use crate::write::Context;

/// Most numbers by task that a page carries; beyond, it has the mix of all tasks only.
const BY_TASK: usize = 40_000;
/// Metrics of the dial.
const METRICS: [&str; 3] = ["reward", "quality", "cost_usd"];

/// Value, lower and upper end of its interval, requests, replicates, position of the interval's method in the content.
type Number = (f64, Option<f64>, Option<f64>, u64, u64, usize);

#[derive(Serialize)]
pub(super) struct Content<'a> {
    experiment: &'a str,
    about: &'a str,
    simulated: bool,
    /// The command that makes the folder, and the one that redraws it.
    command: &'a str,
    redraw: &'a str,
    barp: &'a str,
    seed: u64,
    /// SHA-256 of `manifest.json`.
    hash: String,
    cells: usize,
    missing: usize,
    methods: Vec<String>,
    environments: Vec<Environment<'a>>,
    claims: &'a [Verdict],
}

#[derive(Serialize)]
struct Environment<'a> {
    label: String,
    fingerprint: &'a str,
    simulated: bool,
    /// Whether scores by task were left out because there are too many.
    cut: bool,
    weights: Vec<f64>,
    tasks: Vec<String>,
    /// Whether the models stand in the order of their prices.
    priced: bool,
    models: Vec<Model>,
    policies: Vec<Policy<'a>>,
}

#[derive(Serialize)]
struct Model {
    name: String,
    short: String,
    color: String,
}

#[derive(Serialize)]
struct Policy<'a> {
    name: String,
    kind: &'static str,
    look: Look,
    /// Whether it stands out before the reader chooses.
    shown: bool,
    cells: Vec<&'a str>,
    outcomes: f64,
    dollars: f64,
    trials: u64,
    sweep: Option<Number>,
    /// By metric, task and weight.
    measured: BTreeMap<&'static str, Vec<Vec<Option<Number>>>>,
    /// By task, weight and model.
    mix: Vec<Vec<Vec<f64>>>,
}

#[derive(Serialize)]
struct Look {
    color: String,
    marker: String,
    open: bool,
    dash: &'static [f64],
    width: f64,
}

/// Everything the page shows, from the rows of the test split.
pub(super) fn content<'a>(
    rows: &[SummaryRow],
    context: &'a Context,
    claims: &'a [Verdict],
    manifest: &'a Manifest,
) -> Content<'a> {
    let test = || rows.iter().filter(|row| row.phase == "test");
    let methods = distinct(test().map(|row| &row.ci_method));
    let labels = distinct(test().map(|row| &row.environment));
    let environments = labels.into_iter().map(|label| environment(label, rows, &methods, manifest)).collect();
    Content {
        experiment: &context.experiment,
        about: &manifest.about,
        simulated: context.simulated,
        command: &manifest.command,
        redraw: &context.command,
        barp: &manifest.barp,
        seed: manifest.seed,
        hash: hash(manifest),
        cells: manifest.cells.len(),
        missing: manifest.cells.iter().filter(|cell| cell.ledger.is_none()).count(),
        methods,
        environments,
        claims,
    }
}

/// The hash of the bytes of `manifest.json`, as `sha256sum` prints it.
fn hash(manifest: &Manifest) -> String {
    let text = serde_json::to_string_pretty(manifest).expect("a manifest is plain text and numbers") + "\n";
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn environment<'a>(label: String, rows: &[SummaryRow], methods: &[String], manifest: &'a Manifest) -> Environment<'a> {
    let all = of_environment(rows, &label);
    let own: Vec<&SummaryRow> = all.iter().filter(|row| row.phase == "test").collect();
    let mut weights: Vec<f64> = own.iter().filter_map(|row| row.w_cost).collect();
    weights.sort_by(f64::total_cmp);
    weights.dedup();
    let (mut tasks, rest): (Vec<String>, Vec<String>) =
        distinct(own.iter().map(|row| &row.task)).into_iter().partition(|task| task == "all");
    let (models, policies): (Vec<String>, Vec<String>) =
        distinct(own.iter().map(|row| &row.policy)).into_iter().partition(|policy| policy.starts_with(SINGLE));
    let policies = ranked(&policies, &best(&all));
    let colored = model_colors(&all);
    let numbers = weights.len() * (policies.len() * (METRICS.len() + colored.len()) + models.len() * METRICS.len());
    let cut = numbers * (rest.len() + 1) > BY_TASK;
    if !cut {
        tasks.extend(rest);
    }
    let names: Vec<String> = colored.iter().map(|(name, _)| name.clone()).collect();
    let place = Place { label: &label, weights: &weights, tasks: &tasks, models: &names, methods };
    let known = manifest.environments.iter().find(|environment| environment.label == label);
    Environment {
        fingerprint: known.map_or("", |environment| &environment.fingerprint),
        simulated: known.is_some_and(|environment| environment.simulated),
        cut,
        priced: model_prices(&all, &names).is_some(),
        policies: all_policies(&policies, &models, &own, &place, manifest),
        models: described(&colored),
        weights,
        tasks,
        label,
    }
}

fn described(colored: &[(String, Color)]) -> Vec<Model> {
    let names: Vec<String> = colored.iter().map(|(name, _)| name.clone()).collect();
    let short = theme::short_names(&names);
    let model =
        |((name, color), short): (&(String, Color), String)| Model { name: name.clone(), short, color: hex(*color) };
    colored.iter().zip(short).map(model).collect()
}

/// The axes along which the numbers of an environment lie.
struct Place<'a> {
    label: &'a str,
    weights: &'a [f64],
    tasks: &'a [String],
    models: &'a [String],
    methods: &'a [String],
}

impl Place<'_> {
    /// Where a row stands: task, then weight.
    fn of(&self, row: &SummaryRow) -> Option<(usize, usize)> {
        let task = self.tasks.iter().position(|task| *task == row.task)?;
        let weight = self.weights.iter().position(|weight| Some(*weight) == row.w_cost)?;
        Some((task, weight))
    }

    fn number(&self, row: &SummaryRow) -> Number {
        let method = self.methods.iter().position(|method| *method == row.ci_method).unwrap_or(0);
        (row.value, row.ci_low, row.ci_high, row.n, row.replicates, method)
    }

    /// One value for each task and weight.
    fn grid<T: Clone>(&self, value: T) -> Vec<Vec<T>> {
        vec![vec![value; self.weights.len()]; self.tasks.len()]
    }
}

/// Policies, the most prominent first, then single models.
fn all_policies<'a>(
    policies: &[String],
    models: &[String],
    rows: &[&SummaryRow],
    place: &Place<'_>,
    manifest: &'a Manifest,
) -> Vec<Policy<'a>> {
    let mut by_policy: BTreeMap<&str, Vec<&SummaryRow>> = BTreeMap::new();
    rows.iter().for_each(|row| by_policy.entry(&row.policy).or_default().push(row));
    let single = |name: &String| Player { name: name.clone(), style: theme::MODEL, part: Part::Other };
    let players = theme::looks(policies).into_iter().chain(models.iter().map(single));
    players.map(|player| policy(&player, &by_policy[player.name.as_str()], place, manifest)).collect()
}

fn policy<'a>(player: &Player, rows: &[&SummaryRow], place: &Place<'_>, manifest: &'a Manifest) -> Policy<'a> {
    let single = player.name.starts_with(SINGLE);
    let mut measured = BTreeMap::from(METRICS.map(|metric| (metric, place.grid(None))));
    let mut mix = if single { Vec::new() } else { place.grid(Vec::new()) };
    for row in rows {
        let Some((task, weight)) = place.of(row) else { continue };
        match (&row.arm, measured.get_mut(row.metric.as_str())) {
            (None, Some(grid)) => grid[task][weight] = Some(place.number(row)),
            (Some(arm), _) if row.metric == "arm_share" && !single => {
                let shares = &mut mix[task][weight];
                shares.resize(place.models.len(), 0.0);
                if let Some(model) = place.models.iter().position(|model| model == arm) {
                    shares[model] = row.value;
                }
            }
            _ => {}
        }
    }
    let sweep = rows.iter().find(|row| row.metric == "sweep_reward" && row.task == "all");
    let own = |cell: &&store::CellRecord| cell.environment == place.label && cell.policy == player.name;
    Policy {
        name: player.name.clone(),
        kind: kind(&player.name),
        look: look(&player.style),
        shown: player.part == Part::Highlighted,
        cells: manifest.cells.iter().filter(own).map(|cell| cell.id.as_str()).collect(),
        outcomes: rows.first().map_or(0.0, |row| row.outcomes),
        dollars: rows.first().map_or(0.0, |row| row.dollars),
        trials: rows.iter().map(|row| row.tuning_trials).max().unwrap_or(0),
        sweep: sweep.map(|row| place.number(row)),
        measured,
        mix,
    }
}

fn kind(name: &str) -> &'static str {
    match name {
        name if name.starts_with(SINGLE) => "model",
        name if theme::is_reference(name) => "reference",
        _ => "router",
    }
}

fn look(style: &Style) -> Look {
    Look {
        color: hex(style.color),
        marker: style.path(),
        open: style.is_open(),
        dash: style.pattern(),
        width: style.width,
    }
}

fn hex(color: Color) -> String {
    format!("#{:02x}{:02x}{:02x}", color.red, color.green, color.blue)
}
