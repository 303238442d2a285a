//! `barp log decide`: switch, don't switch, or what log would decide it.

use super::reading::{LogSource, Weighing};
use crate::encoding::EncodingArguments;
use crate::failure::Failure;
use crate::files::write;
use crate::output::say;
use crate::table::{aligned, dollars, score};
use crate::{progress, routers};
use clap::Args;
use experiment::log::{
    Candidate, Decides, Decision, EvaluationError, Goal, LoggedRouter, ModelLine, Question, TaskLine, decide,
};
use report::{Ellipse, Point, Section, SmallTable, plain_page};
use routing::Preference;
use statistics::Interval;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Decide {
    #[command(flatten)]
    source: LogSource,
    /// A router made by `barp train`, beside models and policies by task; rows whose prompts it was trained on are left out for
    /// all (repeatable)
    #[arg(long, value_name = "FILE")]
    router: Vec<PathBuf>,
    /// Gain reward at this weight on cost, from 0 (quality alone) to 1 (cost alone) [default goal: fewer dollars at a quality no
    /// lower than the incumbent's by the margin]
    #[arg(long, value_name = "W", conflicts_with_all = ["quality_at_least", "dollars_at_most"])]
    w_cost: Option<f64>,
    /// Gain dollars at a mean quality of at least this
    #[arg(long, value_name = "Q", conflicts_with = "dollars_at_most")]
    quality_at_least: Option<f64>,
    /// Gain quality at mean dollars of a request of at most this
    #[arg(long, value_name = "D")]
    dollars_at_most: Option<f64>,
    /// The model that answers everything today [default: the logging policy as it was]
    #[arg(long, value_name = "MODEL")]
    incumbent: Option<String>,
    /// Largest loss of quality that does not matter, and smallest gain of quality or reward that does
    #[arg(long, default_value_t = 0.02)]
    margin: f64,
    /// Weight on cost that routers are asked at, without --w-cost
    #[arg(long, value_name = "W", requires = "router", conflicts_with = "w_cost")]
    router_w_cost: Vec<f64>,
    /// Judge the model that `barp route` writes, not a draw from the router's probabilities
    #[arg(long, requires = "router")]
    greedy: bool,
    #[command(flatten)]
    encoding: EncodingArguments,
    #[command(flatten)]
    weighing: Weighing,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    /// Write a page as well
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Decide {
    pub(super) fn run(self) -> Result<(), Failure> {
        if !(self.margin.is_finite() && self.margin >= 0.0) {
            return Err(Failure::Input(format!("`--margin` must be finite and not negative, got {}", self.margin)));
        }
        let goal = self.goal()?;
        let log = self.source.open()?;
        let routers = self.routers(goal)?;
        let question = Question {
            goal,
            incumbent: self.incumbent.clone(),
            margin: self.margin,
            propensities: self.weighing.propensities.propensities(),
            together: self.weighing.cluster.together(),
        };
        let refuse = |error: EvaluationError| Failure::Input(format!("{}: {error}", self.source.shown()));
        let decision = decide(&log, &routers, &question, &progress::encoding()).map_err(refuse)?;
        if let Some(path) = &self.html {
            write(path, &page(&decision, &self.source.name()))?;
        }
        match self.json {
            true => {
                let text = serde_json::to_string_pretty(&decision.to_json());
                say!("{}", text.expect("a decision is plain text and numbers"));
            }
            false => say!("{}", text(&decision).trim_end()),
        }
        Ok(())
    }

    fn goal(&self) -> Result<Goal, Failure> {
        let finite = |name: &str, value: f64| match value.is_finite() && value >= 0.0 {
            true => Ok(value),
            false => Err(Failure::Input(format!("`{name}` must be finite and not negative, got {value}"))),
        };
        Ok(match (self.w_cost, self.quality_at_least, self.dollars_at_most) {
            (Some(weight), ..) => Goal::Reward(preference("--w-cost", weight)?),
            (_, Some(least), _) => Goal::QualityAtLeast(finite("--quality-at-least", least)?),
            (.., Some(most)) => Goal::DollarsAtMost(finite("--dollars-at-most", most)?),
            _ => Goal::Saving,
        })
    }

    fn routers(&self, goal: Goal) -> Result<Vec<LoggedRouter>, Failure> {
        let weights = match goal {
            Goal::Reward(preference) => vec![preference],
            _ => {
                let asked = self.router_w_cost.iter().map(|&weight| preference("--router-w-cost", weight));
                asked.collect::<Result<_, _>>()?
            }
        };
        let decides = if self.greedy { Decides::Greedily } else { Decides::ByProbability };
        routers::logged(&self.router, &self.encoding, &weights, decides)
    }
}

fn preference(option: &str, weight: f64) -> Result<Preference, Failure> {
    Preference::new(weight).map_err(|error| Failure::Input(format!("{option}: {error}")))
}

/// A number with the ends of its interval.
fn with_ends(interval: &Interval, digits: fn(f64) -> String) -> String {
    match (interval.low, interval.high) {
        (Some(low), Some(high)) => format!("{} [{}, {}]", digits(interval.mean), digits(low), digits(high)),
        _ => digits(interval.mean),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

const COLUMNS: [&str; 8] = [
    "policy",
    "quality",
    "difference",
    "USD/request",
    "difference",
    "saving at equal quality",
    "reward difference",
    "effective rows",
];

fn line(candidate: &Candidate) -> [String; 8] {
    let none = || "-".to_owned();
    let name = [std::slice::from_ref(&candidate.name), &candidate.also].concat().join(" = ");
    if candidate.refused.is_some() {
        // The reason stands below the table.
        let refused = "refused".to_owned();
        let effective = format!("{:.0}", candidate.effective);
        return [name, refused, none(), none(), none(), none(), none(), effective];
    }
    [
        name,
        with_ends(&candidate.quality.own, score),
        with_ends(&candidate.quality.difference, score),
        with_ends(&candidate.dollars.own, dollars),
        with_ends(&candidate.dollars.difference, dollars),
        candidate.saving.map_or_else(none, |saving| with_ends(&saving, percent)),
        candidate.reward.map_or_else(none, |reward| with_ends(&reward.difference, score)),
        format!("{:.0}", candidate.effective),
    ]
}

fn candidates(decision: &Decision) -> Vec<[String; 8]> {
    let mut lines = vec![COLUMNS.map(str::to_owned)];
    lines.push(line(&decision.incumbent));
    lines.extend(decision.candidates.iter().map(line));
    lines
}

fn refusals(decision: &Decision) -> Vec<String> {
    let all = std::iter::once(&decision.incumbent).chain(&decision.candidates);
    all.filter_map(|candidate| Some(format!("refused: {}: {}", candidate.name, candidate.refused.as_ref()?))).collect()
}

fn tasks(decision: &Decision) -> Vec<[String; 6]> {
    let mut lines = vec![["task", "rows", "quality difference", "USD difference", "p", "verdict"].map(str::to_owned)];
    lines.extend(decision.by_task.iter().map(|line: &TaskLine| {
        let p = line.p_value.map_or_else(|| "-".to_owned(), |p| format!("{p:.4}"));
        let (quality, spent) = (with_ends(&line.quality, score), with_ends(&line.dollars, dollars));
        [line.task.clone(), line.rows.to_string(), quality, spent, p, line.verdict.name().to_owned()]
    }));
    lines
}

fn models(decision: &Decision) -> Vec<[String; 7]> {
    let header = ["model", "rows", "rows that count", "scored", "rated", "first", "last"];
    let mut lines = vec![header.map(str::to_owned)];
    lines.extend(decision.models.iter().zip(&decision.feedback.shares).map(|(line, share): (&ModelLine, &f64)| {
        let [first, last] = line
            .times
            .map_or_else(|| ["-".to_owned(), "-".to_owned()], |times| [times.0.to_string(), times.1.to_string()]);
        let counts = [line.rows, line.rows_now, line.scored_now].map(|count| count.to_string());
        let rated = if share.is_finite() { percent(*share) } else { "-".to_owned() };
        let [rows, now, scored] = counts;
        [line.model.clone(), rows, now, scored, rated, first, last]
    }));
    lines
}

/// What the numbers are about.
fn about(decision: &Decision) -> String {
    let goal = match decision.question.goal {
        Goal::Saving => {
            format!("fewer dollars at a quality no lower than the incumbent's by {}", decision.question.margin)
        }
        Goal::Reward(preference) => {
            format!("more reward at w_cost {} (tau {} USD)", preference.cost(), dollars(decision.tau.0))
        }
        Goal::QualityAtLeast(least) => format!("fewer dollars at a mean quality of at least {least}"),
        Goal::DollarsAtMost(most) => format!("more quality at mean dollars of at most {most}"),
    };
    let times =
        if decision.timed { "" } else { "; not every row has a time, so retirement, prices and drift cannot be seen" };
    format!(
        "goal: {goal}; {} of {} rows count, {} clusters{times}",
        decision.rows[1], decision.rows[0], decision.clusters
    )
}

const ENDS: &str = "estimates are doubly robust, [ends] of 95 % intervals by clusters of rows; differences are from the first line, row by row";

fn by_task_title(decision: &Decision) -> String {
    let name = decision.conclusion.about().unwrap_or_default();
    format!("where {name} may take over: a loss of quality of {} or more is ruled out (Holm)", decision.question.margin)
}

fn text(decision: &Decision) -> String {
    let mut text = format!("{}\n\n{}\n{}\n\n", decision.sentence(), about(decision), decision.propensities.sentence());
    text += &aligned(&candidates(decision), 1);
    refusals(decision).iter().for_each(|line| text += &format!("{line}\n"));
    text += &format!("{ENDS}\n\n{}", aligned(&models(decision), 1));
    if !decision.by_task.is_empty() {
        text += &format!("\n{}\n{}", by_task_title(decision), aligned(&tasks(decision), 1));
    }
    text
}

/// The decision as a page of its own.
fn page(decision: &Decision, name: &str) -> String {
    let table =
        |title: String, note: String, lines: Vec<Vec<String>>| Section::Table(SmallTable { title, note, lines });
    let wide = |lines: Vec<[String; 8]>| lines.into_iter().map(Vec::from).collect();
    let refused = refusals(decision).join("; ");
    let mut sections = vec![
        Section::List { title: "What a reader could trip over".into(), items: decision.traps() },
        Section::Plane {
            title: "Quality against dollars".into(),
            note: "Up and to the left is better. Ellipses hold the differences from the incumbent (the cross) in both with 95 % confidence.".into(),
            points: points(decision),
        },
        table("Candidates".into(), format!("{ENDS}. {refused}"), wide(candidates(decision))),
        table("Models".into(), String::new(), models(decision).into_iter().map(Vec::from).collect()),
    ];
    if !decision.by_task.is_empty() {
        let title = by_task_title(decision);
        sections.push(table(title, String::new(), tasks(decision).into_iter().map(Vec::from).collect()));
    }
    let lead = [decision.sentence(), about(decision), decision.propensities.sentence()];
    plain_page(&format!("{name}: {}", decision.conclusion.name()), "barp: a decision from a log", &lead, &sections)
}

fn points(decision: &Decision) -> Vec<Point> {
    let incumbent = &decision.incumbent;
    let judged = decision.candidates.iter().filter(|candidate| candidate.refused.is_none());
    let mut points = vec![Point {
        name: incumbent.name.clone(),
        x: incumbent.dollars.own.mean,
        y: incumbent.quality.own.mean,
        ellipse: None,
    }];
    points.extend(judged.map(|candidate| Point {
        name: candidate.name.clone(),
        x: incumbent.dollars.own.mean + candidate.dollars.difference.mean,
        y: incumbent.quality.own.mean + candidate.quality.difference.mean,
        ellipse: candidate.region.map(|region| Ellipse {
            yy: region.covariance[0] * region.reach,
            xy: region.covariance[1] * region.reach,
            xx: region.covariance[2] * region.reach,
        }),
    }));
    points
}
