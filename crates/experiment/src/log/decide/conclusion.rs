//! One sentence: switch, don't switch, or what log would decide it.

use super::measured::{Candidate, Fit};
use super::{Decision, Goal, Question};
use crate::log::ChangeKind;
use statistics::{Contrast, Design, Spread, holm};

/// Share of the rows with a prompt that another row has, from which repeats are named.
const REPEATED: f64 = 0.1;

/// Share of rated answers below which that is named.
const RATED: f64 = 0.95;

/// Beyond so many rows no log decides.
const MOST_ROWS: f64 = 1e8;

/// What follows for a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Conclusion {
    /// To this candidate.
    Switch {
        /// Its name.
        to: String,
    },
    /// No candidate is worth it.
    Stay {
        /// Name of the one that gains most.
        nearest: Option<String>,
    },
    /// The log does not say.
    Open {
        /// The candidate that promises most, and the log that would decide it; none where no candidate can be judged.
        planned: Option<Planned>,
    },
}

/// A log that would decide a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The candidate.
    pub candidate: String,
    /// Rows like those of the log; none where no log of a practical size decides, since ratings are missing or nothing differs.
    pub rows: Option<u64>,
}

/// Whether a candidate may be judged and does not choose as the incumbent does.
fn judged(candidate: &&Candidate) -> bool {
    candidate.refused.is_none() && candidate.gain.is_some()
}

fn gain(candidate: &Candidate) -> Contrast {
    candidate.gain.unwrap_or(Contrast { estimate: f64::NEG_INFINITY, error: 0.0, freedom: 1.0 })
}

fn most<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> Option<&'a Candidate> {
    candidates.max_by(|a, b| gain(a).estimate.total_cmp(&gain(b).estimate))
}

impl Conclusion {
    pub(super) fn new(question: &Question, incumbent: &Candidate, candidates: &[Candidate]) -> Conclusion {
        let all: Vec<&Candidate> = candidates.iter().filter(judged).collect();
        // Where the incumbent itself breaks a constraint on its own number, whoever keeps it is better.
        let alone = matches!(question.goal, Goal::QualityAtLeast(_) | Goal::DollarsAtMost(_));
        let forced = alone && incumbent.fit == Fit::Breaks;
        let gains = |candidate: &Candidate| {
            let p = (2.0 * gain(candidate).above(candidate.slack[0])).min(1.0);
            if forced { candidate.p_fit } else { p.max(candidate.p_fit) }
        };
        let adjusted = holm(&all.iter().map(|candidate| gains(candidate)).collect::<Vec<_>>());
        let shown = all.iter().zip(&adjusted).filter(|(_, p)| **p <= 0.05).map(|(candidate, _)| *candidate);
        if let Some(best) = most(shown) {
            return Conclusion::Switch { to: best.name.clone() };
        }
        let possible: Vec<&Candidate> = all.iter().filter(|candidate| candidate.fit != Fit::Breaks).copied().collect();
        let worthless =
            |candidate: &&Candidate| 2.0 * gain(candidate).below(candidate.worth - candidate.slack[1]) <= 0.05;
        if !all.is_empty() && !forced && possible.iter().all(worthless) {
            return Conclusion::Stay { nearest: most(all.into_iter()).map(|candidate| candidate.name.clone()) };
        }
        let open = possible.iter().filter(|candidate| !worthless(candidate)).copied();
        let planned = most(open).map(|candidate| Planned { candidate: candidate.name.clone(), rows: None });
        Conclusion::Open { planned }
    }

    /// Name of the candidate that it is about.
    pub fn about(&self) -> Option<&str> {
        match self {
            Conclusion::Switch { to } => Some(to),
            Conclusion::Stay { nearest } => nearest.as_deref(),
            Conclusion::Open { planned } => planned.as_ref().map(|planned| planned.candidate.as_str()),
        }
    }

    /// The same with the rows that an open question needs, from `rows` in `clusters`.
    pub(super) fn planned(self, candidates: &[Candidate], rows: usize, clusters: u64) -> Conclusion {
        let Conclusion::Open { planned: Some(planned) } = self else { return self };
        let needed = candidates.iter().find(|known| known.name == planned.candidate);
        let needed = needed.and_then(|candidate| needed_rows(candidate, rows, clusters));
        Conclusion::Open { planned: Some(Planned { rows: needed, ..planned }) }
    }

    /// The word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Conclusion::Switch { .. } => "switch",
            Conclusion::Stay { .. } => "don't switch",
            Conclusion::Open { .. } => "open",
        }
    }
}

/// Rows like these with which the gain, and the room to the constraint, as they were measured, are seen four times in five.
fn needed_rows(candidate: &Candidate, rows: usize, clusters: u64) -> Option<u64> {
    if candidate.slack != [0.0; 2] || candidate.blind && candidate.fit == Fit::Open {
        return None;
    }
    let needed = |contrast: Contrast, least: f64| {
        let prompt = contrast.error * libm::sqrt(clusters as f64);
        let design = Design { replicates: 1, prompts: clusters, pool: Some(clusters) };
        Spread { training: 0.0, prompt }.prompts(contrast.estimate.abs().max(least), design)
    };
    let worth = candidate.worth.max(f64::MIN_POSITIVE);
    let of_gain = needed(gain(candidate), worth)?;
    let of_room = match candidate.room.filter(|_| candidate.fit == Fit::Open) {
        // A room of next to nothing is never seen: a tenth of an error is taken to be seen at last.
        Some(room) => needed(room, 0.1 * room.error)?,
        None => 0,
    };
    let needed = of_gain.max(of_room).max(clusters + 1) as f64 * rows as f64 / clusters as f64;
    (needed <= MOST_ROWS).then(|| round_up(needed))
}

/// Two digits of a number of rows: more would be a pretence.
fn round_up(rows: f64) -> u64 {
    let unit = libm::pow(10.0, (libm::floor(libm::log10(rows.max(1.0))) - 1.0).max(0.0));
    (libm::ceil(rows / unit) * unit) as u64
}

impl Decision {
    /// The answer in a sentence, with what a reader could trip over.
    pub fn sentence(&self) -> String {
        let traps = self.traps();
        let note = if traps.is_empty() { String::new() } else { format!("; note: {}", traps.join("; ")) };
        format!("{}{note}.", self.answer())
    }

    fn answer(&self) -> String {
        let incumbent = &self.incumbent.name;
        let named = |name: &str| self.candidates.iter().find(|candidate| candidate.name == name);
        match &self.conclusion {
            Conclusion::Switch { to } => {
                let figures = named(to).map_or_else(String::new, |candidate| self.figures(candidate));
                format!("Switch from {incumbent} to {to}: {figures}")
            }
            Conclusion::Stay { nearest } => {
                let figures = nearest
                    .as_deref()
                    .and_then(named)
                    .map(|one| format!(" (nearest is {}: {})", one.name, self.figures(one)));
                format!(
                    "Don't switch from {incumbent}: no candidate that can be judged keeps the goal and gains what is worth it{}",
                    figures.unwrap_or_default()
                )
            }
            Conclusion::Open { planned: Some(Planned { candidate, rows }) } => {
                let figures = named(candidate).map_or_else(String::new, |candidate| self.figures(candidate));
                let log = match rows {
                    Some(rows) => format!("a log of about {rows} rows like these would decide it"),
                    None => "no log like this decides it, however long: rate all answers of some requests".to_owned(),
                };
                format!("Open, don't switch yet from {incumbent} to {candidate} ({figures}): {log}")
            }
            Conclusion::Open { planned: None } => {
                format!(
                    "Open: no candidate can be judged beside {incumbent} on these rows; log a random choice among the models for some requests"
                )
            }
        }
    }

    /// Quality and dollars of a candidate beside the incumbent's.
    fn figures(&self, candidate: &Candidate) -> String {
        let ends = |interval: &statistics::Interval, scale: f64, digits: usize| match (interval.low, interval.high) {
            (Some(low), Some(high)) => {
                format!("{:+.digits$} [{:+.digits$}, {:+.digits$}]", interval.mean * scale, low * scale, high * scale)
            }
            _ => format!("{:+.digits$}", interval.mean * scale),
        };
        let spent = self.incumbent.dollars.own.mean;
        let mut text = format!("quality {}", ends(&candidate.quality.difference, 1.0, 3));
        text += &format!(", dollars {} %", ends(&candidate.dollars.difference, 100.0 / spent, 1));
        if let Some(reward) = &candidate.reward {
            text = format!("reward {}, {text}", ends(&reward.difference, 1.0, 3));
        }
        text
    }

    /// What a reader could trip over, each in a clause.
    pub fn traps(&self) -> Vec<String> {
        let mut traps: Vec<String> = self.changes.iter().map(ToString::to_string).collect();
        if let Some(since) = self.since {
            traps.push(format!("the {} rows since {since} count", self.rows[1]));
        }
        let scored: usize = self.models.iter().map(|line| line.scored_now).sum();
        let rated = scored as f64 / self.models.iter().map(|line| line.rows_now).sum::<usize>().max(1) as f64;
        if !self.feedback.at_random() {
            traps.push(self.missing());
        } else if rated < RATED {
            let rated = 100.0 * rated;
            traps.push(format!(
                "{rated:.0} % of the answers are rated, at like rates for all models: quality is only bounded, its differences \
                 hold if ratings depend on how good an answer is and on nothing else"
            ));
        }
        let repeated = 1.0 - self.clusters as f64 / self.rows[1].max(1) as f64;
        if repeated >= REPEATED {
            traps.push(format!("{:.0} % of the rows repeat a prompt, so intervals count prompts", 100.0 * repeated));
        }
        if self.trained_on > 0 {
            traps.push(format!("{} rows are left out because a router was trained on their prompts", self.trained_on));
        }
        if self.propensities.flaw.is_some() || self.propensities.estimated > 0 {
            traps.push(self.propensities.sentence());
        }
        let new = |name: &str| {
            self.changes.iter().any(|change| {
                change.model == name && matches!(change.kind, ChangeKind::New { .. } | ChangeKind::Retired)
            })
        };
        let thin = self.models.iter().filter(|line| line.scored_now < super::measured::FLOOR && !new(&line.model));
        traps.extend(
            thin.map(|line| format!("{} has {} scored rows, too few to judge it", line.model, line.scored_now)),
        );
        traps
    }

    fn missing(&self) -> String {
        let shares = self.models.iter().zip(&self.feedback.shares).filter(|(_, share)| share.is_finite());
        let shares: Vec<String> =
            shares.map(|(line, share)| format!("{} {:.0} %", line.model, 100.0 * share)).collect();
        format!(
            "feedback is missing not at random ({} of the answers rated), so quality is only bounded",
            shares.join(", ")
        )
    }
}
