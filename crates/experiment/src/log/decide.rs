//! From a log to a decision: switch, don't switch, or what log would decide it.
//!
//! Every single model, every policy by task and every router is estimated doubly robust on the same rows: those of the world as
//! it is now (after the last change that [`super::timeline`] finds) whose prompts no router was trained on. Each is compared with
//! the incumbent, row by row, by clusters. To switch, a candidate must be shown to keep the constraint of the goal and to gain
//! (an intersection-union test), at 5 % over all candidates (Holm 1979). Not to switch, every candidate that can be judged must
//! be shown to break the constraint or to gain less than is worth it. Else the question is open, and the power of the test says
//! how many rows like these would close it.

mod by_task;
mod conclusion;
mod feedback;
mod json;
mod measured;

pub use by_task::{TaskLine, TaskVerdict};
pub use conclusion::{Conclusion, Planned};
pub use feedback::FeedbackShare;
pub use measured::{Candidate, Fit, Measured, Region};

use super::error::EvaluationError;
use super::evaluate::{Chances, Propensities, Study, holes};
use super::fold::Outcome;
use super::holes::Hole;
use super::identity::Together;
use super::policies::{ALWAYS, names};
use super::propensity::PropensityVerdict;
use super::routers::{LoggedRouter, Target};
use super::table::LogTable;
use super::timeline::{Change, present};
use crate::features::Progress;
use crate::spec::TauRule;
use environments::quantile_of;
use environments::sources::logged::{Log, Moment};
use measured::Judge;
use routing::{Dollars, Preference};
use settings::Mistake;

/// Smallest saving that is worth a switch, as a share of the incumbent's dollars.
const WORTH_DOLLARS: f64 = 0.05;

/// What is to be gained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Fewer dollars at a quality that is not lower than the incumbent's by the margin.
    Saving,
    /// More reward at this weight on cost.
    Reward(Preference),
    /// Fewer dollars at a mean quality of at least this.
    QualityAtLeast(f64),
    /// More quality at mean dollars of at most this.
    DollarsAtMost(f64),
}

/// What is to be decided, and how.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is to be gained.
    pub goal: Goal,
    /// The model that answers everything today; none: the logging policy as it was.
    pub incumbent: Option<String>,
    /// Largest loss of quality that does not matter, and smallest gain of quality or reward that does.
    pub margin: f64,
    /// Where the propensities come from.
    pub propensities: Propensities,
    /// Which rows move together.
    pub together: Together,
}

/// What a log has to say of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelLine {
    /// Its name.
    pub model: String,
    /// Rows in the whole log.
    pub rows: usize,
    /// Rows of the world as it is now.
    pub rows_now: usize,
    /// Those of them that have a score.
    pub scored_now: usize,
    /// First and last time that it answered, where rows have times.
    pub times: Option<(Moment, Moment)>,
}

/// What a log says of a question.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The question.
    pub question: Question,
    /// Name of the incumbent.
    pub incumbent: Candidate,
    /// All others, in the order of tables.
    pub candidates: Vec<Candidate>,
    /// What follows.
    pub conclusion: Conclusion,
    /// Where the candidate that the conclusion is about may take over.
    pub by_task: Vec<TaskLine>,
    /// What moved while the log was written.
    pub changes: Vec<Change>,
    /// The first moment of the world as it is now; none where nothing moved.
    pub since: Option<Moment>,
    /// Whether every row has a time.
    pub timed: bool,
    /// Rows of the log, and rows that candidates are judged on.
    pub rows: [usize; 2],
    /// Clusters of the rows that candidates are judged on.
    pub clusters: u64,
    /// Rows left out because a router may know their prompts.
    pub trained_on: usize,
    /// What the log says of each model.
    pub models: Vec<ModelLine>,
    /// How often each model's answers were rated.
    pub feedback: FeedbackShare,
    /// What is to be said of the propensities.
    pub propensities: PropensityVerdict,
    /// Parts of the traffic in which a model never answers.
    pub holes: Vec<Hole>,
    /// Dollars at which a call counts as fully expensive, where there is a reward.
    pub tau: Dollars,
}

/// Policies by name.
type Policies = Vec<(String, Chances)>;

/// Decides `question` on `log` among its models, policies by task and `routers`.
///
/// # Errors
/// When the incumbent is no model of the log, no row has a propensity and one is needed, or a router cannot be asked.
pub fn decide(
    log: &Log,
    routers: &[LoggedRouter],
    question: &Question,
    progress: &Progress,
) -> Result<Decision, EvaluationError> {
    let named = incumbent(log.models(), question.incumbent.as_deref())?;
    let whole = LogTable::read(log, question.together)?;
    let (changes, since) = present(&whole);
    let counts = |at: &usize| since.is_none_or(|since| whole.rows[*at].time.is_some_and(|time| time >= since));
    let kept: Vec<usize> = (0..whole.rows.len()).filter(counts).collect();
    let now = whole.only(|at, _| counts(&at));
    let (asked, unseen) = ask(log, routers, &kept, progress)?;
    let trained_on = unseen.iter().filter(|unseen| !**unseen).count();
    let study = Study::new(&now, question.propensities)?.scoring(unseen.clone());
    let (mut all, also) = without_doubles(study.policies(&names(&now.models))?);
    all.extend(asked);
    let (tau, feedback) = (tau(&now), FeedbackShare::new(&now));
    let all_rated = now.rows.iter().all(|row| row.quality.is_some());
    let judge = Judge { study: &study, question, tau, at_random: feedback.at_random(), all_rated };
    let incumbent = judged_incumbent(&judge, named, &mut all)?;
    let candidates = all.iter().map(|(name, chances)| judge.candidate(name, chances, &incumbent));
    let mut candidates = candidates.collect::<Result<Vec<_>, _>>()?;
    for (name, other) in also {
        candidates.iter_mut().filter(|candidate| candidate.name == name).for_each(|one| one.also.push(other.clone()));
    }
    let judged = kept.len() - trained_on;
    let conclusion = Conclusion::new(question, &incumbent.candidate, &candidates);
    let conclusion = conclusion.planned(&candidates, judged, incumbent.clusters);
    let by_task = match conclusion.about().and_then(|name| all.iter().find(|(known, _)| known == name)) {
        Some((name, chances)) => by_task::by_task(&judge, name, chances, &incumbent, &unseen)?,
        None => Vec::new(),
    };
    Ok(Decision {
        question: question.clone(),
        clusters: incumbent.clusters,
        conclusion,
        by_task,
        since,
        timed: whole.rows.iter().all(|row| row.time.is_some()),
        rows: [whole.rows.len(), judged],
        trained_on,
        models: model_lines(&whole, &now),
        feedback,
        propensities: study.verdict.clone(),
        holes: holes(&now),
        tau,
        changes,
        incumbent: incumbent.candidate,
        candidates,
    })
}

/// What the routers decide on the rows that are kept, and which of these no router was trained on.
fn ask(
    log: &Log,
    routers: &[LoggedRouter],
    kept: &[usize],
    progress: &Progress,
) -> Result<(Policies, Vec<bool>), EvaluationError> {
    let (mut asked, mut unseen, models) = (Vec::new(), vec![true; kept.len()], log.models().len());
    for router in routers {
        let target = Target::new(log, router)?;
        let decided = target.decide(log, progress)?;
        unseen.iter_mut().zip(kept).for_each(|(unseen, &at)| *unseen &= decided.unseen[at]);
        let part = |all: &Vec<f32>| kept.iter().flat_map(|&at| &all[at * models..][..models]).copied().collect();
        asked.extend(target.names().into_iter().zip(decided.chances.iter().map(|all| Chances::ByRow(part(all)))));
    }
    Ok((asked, unseen))
}

/// The incumbent, taken out of the candidates where it is one of them.
fn judged_incumbent(
    judge: &Judge<'_>,
    named: Option<String>,
    all: &mut Policies,
) -> Result<measured::Incumbent, EvaluationError> {
    let Some(named) = named else { return judge.incumbent(AS_LOGGED, &Chances::AsLogged) };
    let place = all.iter().position(|(known, _)| *known == named).expect("every model has its policy");
    let (name, chances) = all.remove(place);
    judge.incumbent(&name, &chances)
}

/// Policies that choose alike once, and the names of those left out beside the one that stays.
fn without_doubles(all: Policies) -> (Policies, Vec<(String, String)>) {
    let (mut kept, mut also) = (Policies::new(), Vec::new());
    for (name, chances) in all {
        match kept.iter().find(|(_, known)| known.is_as(&chances)) {
            Some((known, _)) => also.push((known.clone(), name)),
            None => kept.push((name, chances)),
        }
    }
    (kept, also)
}

/// Name of the logging policy as it was.
pub const AS_LOGGED: &str = "as logged";

/// The policy of the incumbent; none: the logging policy.
fn incumbent(models: &[String], named: Option<&str>) -> Result<Option<String>, EvaluationError> {
    let Some(name) = named else { return Ok(None) };
    if !models.iter().any(|model| model == name) {
        let known = models.iter().map(String::as_str);
        return Err(EvaluationError::Incumbent(Mistake::unknown("model", name, known)));
    }
    Ok(Some(format!("{ALWAYS}{name}")))
}

/// Dollars at which a call counts as fully expensive, by the rule of experiments.
fn tau(table: &LogTable) -> Dollars {
    let share = TauRule::default().tau_percentile / 100.0;
    Dollars(quantile_of(table.rows.iter().map(|row| row.dollars), share).unwrap_or_default())
}

fn model_lines(whole: &LogTable, now: &LogTable) -> Vec<ModelLine> {
    let line = |(arm, model): (usize, &String)| {
        let of = |table: &'_ LogTable| {
            table.rows.iter().filter(|row| usize::from(row.arm) == arm).copied().collect::<Vec<_>>()
        };
        let (all, current) = (of(whole), of(now));
        let times = all.iter().filter_map(|row| row.time);
        let (first, last) = (times.clone().min(), times.max());
        let scored_now = current.iter().filter(|row| row.quality.is_some()).count();
        ModelLine { model: model.clone(), rows: all.len(), rows_now: current.len(), scored_now, times: first.zip(last) }
    };
    whole.models.iter().enumerate().map(line).collect()
}
