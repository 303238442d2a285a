//! What the page knows, in the shape its scripts read: arrays by task, then by weight, so that names stand there once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use store::words::{self, metric, phase};

use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{CellRecord, Manifest, Role, SummaryRow};

use crate::charts::{best, distinct, model_colors, model_prices, of_environment, ranked};
use crate::claims::Verdict;
use crate::context::Context;
use crate::graphics::mark::Style;
use crate::graphics::scene::Color;
use crate::roster::Roster;
use crate::theme::{self, Part, SeriesStyle};

/// Most numbers that a page carries by task; beyond, it has the mix of all tasks only.
const BY_TASK: usize = 40_000;
/// Most numbers of that mix; beyond, each environment keeps its best policies, the main one and the references.
const OF_MIX: usize = 60_000;
/// Most missing cells that are named.
const NAMED: usize = 12;
/// Metrics of the dial.
const METRICS: [&str; 3] = [metric::REWARD, metric::QUALITY, metric::COST];

/// Value, lower and upper end of its interval, position of what stands behind it in the content.
type Number = (f64, Option<f64>, Option<f64>, usize);

/// Requests, replicates and the method of the interval: what many numbers have in common.
type Behind<'a> = (u64, u64, &'a str);

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
    /// Some of the missing cells, in words.
    gone: Vec<String>,
    behind: Vec<Behind<'a>>,
    environments: Vec<Environment<'a>>,
    claims: &'a [Verdict],
}

#[derive(Serialize)]
struct Environment<'a> {
    label: String,
    fingerprint: &'a str,
    simulated: bool,
    /// Whether scores by task were left out because there are too many, and how many policies.
    cut: bool,
    left_out: usize,
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
    /// The model, of a policy that always chooses it.
    model: Option<String>,
    /// Whether it sees every outcome, which no router can.
    oracle: bool,
    look: Look,
    /// Whether it stands out before the reader chooses.
    shown: bool,
    /// Cells whose numbers are here, and those that are missing.
    cells: Vec<&'a str>,
    gone: Vec<&'a str>,
    /// What it bought before; none where nobody told.
    outcomes: Option<f64>,
    dollars: Option<f64>,
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

/// Everything the page shows, from the rows of the test split. `missing` are cells whose numbers are not among them.
pub(super) fn content<'a>(
    rows: &'a [SummaryRow],
    context: &'a Context,
    claims: &'a [Verdict],
    manifest: &'a Manifest,
    missing: &[&'a CellRecord],
) -> Content<'a> {
    let test = || rows.iter().filter(|row| row.phase == phase::TEST);
    let shared: BTreeSet<Behind<'_>> = test().filter(|row| row.arm.is_none()).map(behind).collect();
    let known = Known {
        behind: shared.into_iter().collect(),
        cells: by_policy(&mut manifest.cells.iter()),
        gone: by_policy(&mut missing.iter().copied()),
        manifest,
    };
    let labels = distinct(test().map(|row| &row.environment));
    let own: Vec<Rows<'_>> = labels.into_iter().map(|label| Rows::new(label, rows)).collect();
    let cut = own.iter().map(|own| own.numbers(own.policies.len()) * own.tasks.len()).sum::<usize>() > BY_TASK;
    let room = OF_MIX / own.len().max(1);
    let environments = own.into_iter().map(|own| environment(own, cut, room, &known)).collect();
    let name =
        |cell: &&CellRecord| format!("{} \u{b7} {} \u{b7} replicate {}", cell.environment, cell.policy, cell.replicate);
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
        missing: missing.len(),
        gone: missing.iter().take(NAMED).map(name).collect(),
        behind: known.behind,
        environments,
        claims,
    }
}

fn behind(row: &SummaryRow) -> Behind<'_> {
    (row.n, row.replicates, row.ci_method.as_str())
}

/// Ids of cells by environment and policy.
type Ids<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a str>>;

fn by_policy<'a>(cells: &mut dyn Iterator<Item = &'a CellRecord>) -> Ids<'a> {
    let mut ids = Ids::new();
    cells.for_each(|cell| ids.entry((&cell.environment, &cell.policy)).or_default().push(&cell.id));
    ids
}

/// What all environments share.
struct Known<'a> {
    behind: Vec<Behind<'a>>,
    cells: Ids<'a>,
    gone: Ids<'a>,
    manifest: &'a Manifest,
}

/// The part of a summary that is about one environment, and the names in it.
struct Rows<'a> {
    label: String,
    rows: Cow<'a, [SummaryRow]>,
    weights: Vec<f64>,
    tasks: Vec<String>,
    /// The best first.
    policies: Vec<String>,
    singles: Vec<String>,
    roster: Roster,
    colored: Vec<(String, Color)>,
}

impl<'a> Rows<'a> {
    fn new(label: String, rows: &'a [SummaryRow]) -> Rows<'a> {
        let all = of_environment(rows, &label);
        let test = || all.iter().filter(|row| row.phase == phase::TEST);
        let mut weights: Vec<f64> = test().filter_map(|row| row.w_cost).collect();
        weights.sort_by(f64::total_cmp);
        weights.dedup();
        let mut tasks = distinct(test().map(|row| &row.task));
        tasks.sort_by_key(|task| task != words::ALL_TASKS);
        let roster = Roster::of(&all);
        let (singles, policies): (Vec<String>, Vec<String>) =
            distinct(test().map(|row| &row.policy)).into_iter().partition(|policy| roster.is_single(policy));
        let policies = ranked(&policies, &best(&all));
        Rows { colored: model_colors(&all), weights, tasks, policies, singles, roster, label, rows: all }
    }

    /// Numbers of the dial for each task, with so many policies.
    fn numbers(&self, policies: usize) -> usize {
        let all = policies * (METRICS.len() + self.colored.len()) + self.singles.len() * METRICS.len();
        self.weights.len() * all
    }

    /// The policies that a page with `room` for so many numbers of an environment has: the best, the main one and references.
    fn kept(&self, room: usize) -> Vec<String> {
        let each = (self.numbers(self.policies.len() + 1) - self.numbers(self.policies.len())).max(1);
        let most = room.saturating_sub(self.numbers(0)) / each;
        let ever = |name: &str| self.roster.is_main(name) || self.roster.is_reference(name);
        let names = self.policies.iter().enumerate();
        names.filter(|(place, name)| *place < most || ever(name)).map(|(_, name)| name.clone()).collect()
    }
}

/// The hash of the bytes of `manifest.json`, as `sha256sum` prints it.
fn hash(manifest: &Manifest) -> String {
    let text = manifest.sealed();
    routing::hexadecimal(&Sha256::digest(text.as_bytes()))
}

/// One environment, without scores by task if `cut`, and with about as many numbers as there is `room` for.
fn environment<'a>(own: Rows<'_>, cut: bool, room: usize, known: &Known<'a>) -> Environment<'a> {
    let policies = own.kept(room);
    let mut tasks = own.tasks.clone();
    if cut {
        tasks.truncate(1);
    }
    let names: Vec<String> = own.colored.iter().map(|(name, _)| name.clone()).collect();
    let place =
        Place { label: &own.label, roster: &own.roster, weights: &own.weights, tasks: &tasks, models: &names, known };
    let record = known.manifest.environments.iter().find(|environment| environment.label == own.label);
    let test: Vec<&SummaryRow> = own.rows.iter().filter(|row| row.phase == phase::TEST).collect();
    Environment {
        fingerprint: record.map_or("", |environment| &environment.fingerprint),
        simulated: record.is_some_and(|environment| environment.simulated),
        cut: cut && own.tasks.len() > 1,
        left_out: own.policies.len() - policies.len(),
        priced: model_prices(&own.rows, &names).is_some(),
        policies: all_policies(&policies, &own.singles, &test, &place),
        models: described(&own.colored),
        weights: own.weights.clone(),
        tasks: tasks.clone(),
        label: own.label.clone(),
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
struct Place<'a, 'b> {
    label: &'a str,
    roster: &'a Roster,
    weights: &'a [f64],
    tasks: &'a [String],
    models: &'a [String],
    known: &'a Known<'b>,
}

impl Place<'_, '_> {
    /// Where a row stands: task, then weight.
    fn of(&self, row: &SummaryRow) -> Option<(usize, usize)> {
        let task = self.tasks.iter().position(|task| *task == row.task)?;
        let weight = self.weights.iter().position(|weight| Some(*weight) == row.w_cost)?;
        Some((task, weight))
    }

    fn number(&self, row: &SummaryRow) -> Number {
        let behind = self.known.behind.binary_search(&behind(row)).expect("every row was looked at");
        (row.value, row.ci_low, row.ci_high, behind)
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
    place: &Place<'_, 'a>,
) -> Vec<Policy<'a>> {
    let mut by_policy: BTreeMap<&str, Vec<&SummaryRow>> = BTreeMap::new();
    rows.iter().for_each(|row| by_policy.entry(&row.policy).or_default().push(row));
    let single = |name: &String| SeriesStyle { name: name.clone(), style: theme::MODEL, part: Part::Other };
    let all_series = theme::distinct_looks(policies, place.roster).into_iter().chain(models.iter().map(single));
    all_series.map(|series| policy(&series, &by_policy[series.name.as_str()], place)).collect()
}

fn policy<'a>(series: &SeriesStyle, rows: &[&SummaryRow], place: &Place<'_, 'a>) -> Policy<'a> {
    let role = place.roster.role(&series.name);
    let single = role == Role::SingleModel;
    let mut measured = BTreeMap::from(METRICS.map(|metric| (metric, place.grid(None))));
    let mut mix = if single { Vec::new() } else { place.grid(Vec::new()) };
    for row in rows {
        let Some((task, weight)) = place.of(row) else { continue };
        match (&row.arm, measured.get_mut(row.metric.as_str())) {
            (None, Some(grid)) => grid[task][weight] = Some(place.number(row)),
            (Some(arm), _) if row.metric == metric::ARM_SHARE && !single => {
                let shares = &mut mix[task][weight];
                shares.resize(place.models.len(), 0.0);
                if let Some(model) = place.models.iter().position(|model| model == arm) {
                    shares[model] = row.value;
                }
            }
            _ => {}
        }
    }
    let told = rows.first().filter(|row| row.tells_what_was_bought());
    let sweep = rows.iter().find(|row| row.metric == metric::SWEEP_REWARD && row.task == words::ALL_TASKS);
    let own = |ids: &Ids<'a>| ids.get(&(place.label, series.name.as_str())).cloned().unwrap_or_default();
    let (mut cells, gone) = (own(&place.known.cells), own(&place.known.gone));
    cells.retain(|id| !gone.contains(id));
    Policy {
        name: series.name.clone(),
        kind: kind(role),
        model: place.roster.model(&series.name).map(str::to_owned),
        oracle: role == Role::Oracle,
        look: look(&series.style),
        shown: series.part == Part::Highlighted,
        cells,
        gone,
        outcomes: told.map(|row| row.outcomes),
        dollars: told.map(|row| row.dollars),
        trials: rows.iter().map(|row| row.tuning_trials).max().unwrap_or(0),
        sweep: sweep.map(|row| place.number(row)),
        measured,
        mix,
    }
}

fn kind(role: Role) -> &'static str {
    match role {
        Role::SingleModel => "model",
        role if role.is_reference() => "reference",
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
