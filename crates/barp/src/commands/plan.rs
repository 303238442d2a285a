//! `barp plan CONFIG`: cells, what they would buy, how long they would take, and what they could tell apart. Nothing is
//! computed that is kept.

mod power;

use crate::failure::Failure;
use crate::files::read;
use crate::output::say;
use crate::overriding::Overrides;
use crate::rehearsal;
use crate::running::{claims_beside, plan};
use crate::table::aligned;
use clap::Args;
use environments::{Link, Table};
use experiment::{Bill, Protocol, Spec};
use routing::Seed;
use serde::Serialize;
use std::ffi::OsStr;
use std::num::NonZero;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Plan {
    /// The experiment, a TOML file
    config: PathBuf,
    #[command(flatten)]
    overrides: Overrides,
    /// Say how long it will take on this machine too, from a moment of each policy: at most a second or so for each
    #[arg(long)]
    time: bool,
    /// Write which prompts each replicate trains, validates and tests on to this file (.csv or .parquet): `environment`,
    /// `sample_id`, `replicate`, `part`; `splits` of an environment takes it
    #[arg(long, value_name = "FILE")]
    splits: Option<PathBuf>,
    /// Threads that will run it; all unless given
    #[arg(long, value_name = "N", requires = "time")]
    threads: Option<usize>,
    /// Say instead how many replicates and test prompts show a difference of EFFECT in reward between two policies
    #[arg(long, value_name = "EFFECT", value_parser = effect, conflicts_with = "time")]
    power: Option<f64>,
    /// A result folder of the same environments, from which --power takes how much differences vary
    #[arg(long, value_name = "DIR", requires = "power")]
    from: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// A difference in reward, which lies in [-1, 1].
fn effect(text: &str) -> Result<f64, String> {
    let parsed = text.parse().ok().filter(|effect: &f64| *effect > 0.0 && *effect <= 2.0);
    parsed.ok_or_else(|| format!("must be a difference in reward, above 0 and at most 2, got `{text}`"))
}

impl Plan {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let file = self.config.display().to_string();
        let text = read(&self.config)?;
        let plan = plan(Spec::parse_with(&text, &file, &self.overrides.all).map_err(Failure::input)?)?;
        claims_beside(&self.config, &plan)?;
        let written = self.splits.as_deref().map(|path| write_splits(&plan, path)).transpose()?;
        if let Some(effect) = self.power {
            return power::print(&plan, effect, self.from.as_deref(), self.json);
        }
        let bills = plan.bills();
        let times = self.time.then(|| rehearsed(&plan));
        if self.json {
            let line = |place: usize| Line { bill: &bills[place], seconds: times.as_ref().map(|times| times[place]) };
            let lines: Vec<Line<'_>> = (0..bills.len()).map(line).collect();
            say!("{}", serde_json::to_string_pretty(&lines).expect("bills are plain text and numbers"));
            return Ok(());
        }
        say!("{}: {} cells ({} replicates)", plan.spec.name, plan.cells().len(), plan.spec.replicates);
        say!("{}", in_lines(&bills, times.as_deref()));
        let (outcomes, dollars) = bills.iter().fold((0, 0.0), |(n, d), bill| (n + bill.all_outcomes, d + bill.dollars));
        let replicates = f64::from(plan.spec.replicates);
        say!(
            "all replicates: {} labels, about {:.2} USD at mean prices, if they were bought",
            outcomes,
            dollars * replicates
        );
        tried(&plan, &bills).iter().for_each(|sentence| say!("{sentence}"));
        clustered(&plan).iter().for_each(|sentence| say!("{sentence}"));
        written.iter().for_each(|sentence| say!("{sentence}"));
        if let Some(times) = times {
            let there = || std::thread::available_parallelism().map_or(1, NonZero::get);
            let threads = self.threads.unwrap_or_else(there).max(1);
            let (all, longest) = (replicates * times.iter().sum::<f64>(), times.iter().copied().fold(0.0, f64::max));
            let wall = (all / threads as f64).max(longest);
            say!("about {} on {threads} threads of this machine, told from a moment of each policy", duration(wall));
        }
        Ok(())
    }
}

/// A bill with the seconds of a cell where they were asked for.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    bill: &'a Bill,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

/// How many settings `[tune]` gives each policy, and who tries another number; none where it gives one.
fn tried(plan: &experiment::Plan, bills: &[Bill]) -> Option<String> {
    let trials = plan.spec.tune.trials;
    let mut others: Vec<String> = Vec::new();
    for bill in bills.iter().filter(|bill| bill.tuning_trials != u64::from(trials)) {
        let other = format!("{} {}", bill.policy, bill.tuning_trials);
        if !others.contains(&other) {
            others.push(other);
        }
    }
    let but = if others.is_empty() { String::new() } else { format!(", but: {}", others.join(", ")) };
    (trials > 1).then(|| format!("each policy tries {trials} settings{but}"))
}

/// Writes the splits of `plan` to the file at `path`, and says so.
fn write_splits(plan: &experiment::Plan, path: &Path) -> Result<String, Failure> {
    let write = match path.extension().and_then(OsStr::to_str) {
        Some("csv") => store::write_csv,
        Some("parquet") => store::write_parquet,
        _ => return Err(Failure::Input(format!("--splits must end in .csv or .parquet, got `{}`", path.display()))),
    };
    let nothing = || Failure::Input("--splits: no environment is split, all are under protocol `online`".into());
    let frame = plan.splits().ok_or_else(nothing)?;
    write(path, &frame).map_err(Failure::failed)?;
    Ok(format!("splits: {} rows in {}", frame.rows(), path.display()))
}

/// A sentence for each environment whose split keeps prompts together; those of one table are one sentence.
fn clustered(plan: &experiment::Plan) -> Vec<String> {
    let mut sentences: Vec<(String, String)> = Vec::new();
    for environment in &plan.environments {
        let split = matches!(environment.protocol, Protocol::TrainThenTest { .. });
        if !split || environment.world.simulated() || sentences.iter().any(|(group, _)| *group == environment.group) {
            continue;
        }
        let pool = environment.world.pool(&Seed::root(0));
        let declared = ["group", "near-duplicates"].iter().any(|key| !environment.parameters[key].is_null());
        if declared || pool.repeated() > 0 {
            let words = if declared { in_clusters(&pool) } else { repeated(&pool) };
            sentences.push((environment.group.clone(), format!("{}: {words}", environment.group)));
        }
    }
    sentences.into_iter().map(|(_, words)| words).collect()
}

/// How many prompts of a table repeat another.
fn repeated(pool: &Table) -> String {
    let (rows, all) = (pool.repeated(), pool.len());
    format!("{rows} of {all} prompts repeat another; equal prompts stay on one side of a split")
}

/// What is kept together of a table, and why.
fn in_clusters(pool: &Table) -> String {
    let (rows, all) = (pool.repeated(), pool.len());
    let by = Link::ALL.map(|link| {
        let rule = match link {
            Link::EqualPrompts => "equal prompts",
            Link::Group => "`group`",
            Link::NearDuplicates => "`near-duplicates`",
        };
        format!("{} by {rule}", pool.linked(link))
    });
    let clusters = pool.clusters();
    format!(
        "{all} prompts in {clusters} clusters, {rows} of them in clusters of more than one ({}); a cluster stays on one side \
         of a split",
        by.join(", ")
    )
}

/// Seconds that a cell of each policy will take, in the order of the bills.
fn rehearsed(plan: &experiment::Plan) -> Vec<f64> {
    let first = plan.cells().iter().filter(|cell| cell.replicate == 0);
    first.map(|cell| rehearsal::seconds(|share| plan.rehearse(cell, share))).collect()
}

fn in_lines(bills: &[Bill], times: Option<&[f64]>) -> String {
    let heading = ["environment", "policy", "tunings", "labels/cell", "USD/cell"].map(str::to_owned);
    let unknown = || ("not told".to_owned(), "not told".to_owned());
    let mut lines = vec![with(heading, times.map(|_| "s/cell".to_owned()))];
    for (place, Bill { environment, policy, tuning_trials, told, outcomes, dollars, .. }) in bills.iter().enumerate() {
        let (labels, usd) = if *told { (outcomes.to_string(), format!("{dollars:.2}")) } else { unknown() };
        let tunings = tuning_trials.to_string();
        let line = [environment.clone(), policy.clone(), tunings, labels, usd];
        lines.push(with(line, times.map(|times| format!("{:.2}", times[place]))));
    }
    aligned(&lines, 2).trim_end().to_owned()
}

/// A line with a last cell, empty where there is none.
fn with([environment, policy, tunings, labels, usd]: [String; 5], last: Option<String>) -> [String; 6] {
    [environment, policy, tunings, labels, usd, last.unwrap_or_default()]
}

/// Seconds as a reader says them.
fn duration(seconds: f64) -> String {
    match seconds {
        short if short < 90.0 => format!("{short:.0} s"),
        middling if middling < 5400.0 => format!("{:.0} min", middling / 60.0),
        long => format!("{:.1} h", long / 3600.0),
    }
}
