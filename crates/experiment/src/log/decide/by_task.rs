//! Where a candidate may take over: its quality on each task beside the incumbent's.

use super::super::error::EvaluationError;
use super::super::evaluate::Chances;
use super::Outcome;
use super::measured::{Incumbent, Judge};
use statistics::{Interval, clustered_contrast, clustered_difference, holm};

/// Most tasks that are looked at, by their rows.
const MOST: usize = 50;

/// A candidate on one task.
#[derive(Clone, Debug)]
pub struct TaskLine {
    /// The task.
    pub task: String,
    /// Rows.
    pub rows: usize,
    /// Quality of candidate minus incumbent.
    pub quality: Interval,
    /// Dollars of candidate minus incumbent.
    pub dollars: Interval,
    /// P-value against a loss of the margin or more, Holm's over the tasks; none where the task cannot be judged.
    pub p_value: Option<f64>,
    /// What follows.
    pub verdict: TaskVerdict,
}

/// What follows for one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskVerdict {
    /// The candidate is shown to lose less than the margin.
    MaySwitch,
    /// It is shown to lose more.
    Worse,
    /// Neither.
    Open,
}

impl TaskVerdict {
    /// The words for it.
    pub fn name(self) -> &'static str {
        match self {
            TaskVerdict::MaySwitch => "may switch",
            TaskVerdict::Worse => "worse",
            TaskVerdict::Open => "open",
        }
    }
}

/// Each task by itself, over the rows that are `unseen`.
pub(super) fn by_task(
    judge: &Judge<'_>,
    name: &str,
    chances: &Chances,
    incumbent: &Incumbent,
    unseen: &[bool],
) -> Result<Vec<TaskLine>, EvaluationError> {
    let table = judge.study.table;
    let in_task = |task: usize| -> Vec<bool> {
        table.rows.iter().zip(unseen).map(|(row, unseen)| *unseen && usize::from(row.task) == task).collect()
    };
    let mut tasks: Vec<(usize, Vec<bool>)> = (0..table.tasks.len()).map(|task| (task, in_task(task))).collect();
    let rows = |wanted: &[bool]| wanted.iter().filter(|wanted| **wanted).count();
    tasks.retain(|(_, wanted)| rows(wanted) > 1);
    tasks.sort_by_key(|(_, wanted)| std::cmp::Reverse(rows(wanted)));
    tasks.truncate(MOST);
    let base = match incumbent.candidate.name.as_str() {
        super::AS_LOGGED => Chances::AsLogged,
        model => judge.study.policies(&[model.to_owned()])?.remove(0).1,
    };
    let (margin, mut lines, mut tests) = (judge.question.margin, Vec::new(), Vec::new());
    for (task, wanted) in tasks {
        let numbers = |outcome| -> Result<_, EvaluationError> {
            let own = judge.study.evaluate_on(&wanted, name, chances, outcome)?;
            Ok((own, judge.study.evaluate_on(&wanted, "incumbent", &base, outcome)?))
        };
        let [(own, other), (spent, other_spent)] = [numbers(Outcome::Quality)?, numbers(Outcome::Dollars)?];
        let contrast = clustered_contrast(own.gathered.robust(), other.gathered.robust(), 1.0);
        let contrast = contrast.filter(|_| judge.at_random && own.flaw().is_none() && other.flaw().is_none());
        tests.push(contrast);
        lines.push(TaskLine {
            task: table.tasks[task].clone(),
            rows: rows(&wanted),
            quality: clustered_difference(own.gathered.robust(), other.gathered.robust()),
            dollars: clustered_difference(spent.gathered.robust(), other_spent.gathered.robust()),
            p_value: None,
            verdict: TaskVerdict::Open,
        });
    }
    let p_values = |of: fn(&statistics::Contrast, f64) -> f64| -> Vec<f64> {
        holm(&tests.iter().map(|test| test.map_or(1.0, |test| (2.0 * of(&test, -margin)).min(1.0))).collect::<Vec<_>>())
    };
    let (keeps, loses) = (p_values(statistics::Contrast::above), p_values(statistics::Contrast::below));
    for (((line, test), keeps), loses) in lines.iter_mut().zip(&tests).zip(keeps).zip(loses) {
        line.p_value = test.map(|_| keeps);
        line.verdict = match (keeps <= 0.05, loses <= 0.05) {
            (true, _) => TaskVerdict::MaySwitch,
            (_, true) => TaskVerdict::Worse,
            _ => TaskVerdict::Open,
        };
    }
    Ok(lines)
}
