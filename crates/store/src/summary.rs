//! The summary of an experiment as a file: `summary.parquet` for programs, `summary.csv` for eyes and spreadsheets.

use std::collections::BTreeSet;
use std::path::Path;

use crate::columns::Columns;
use crate::frame::CsvParts;
use crate::scores::Pool;
use crate::stored::Cells::{Integer, MaybeReal, MaybeText, Real, Text};
use crate::stored::{Described, Stored, described, frame};
use crate::{Direction, Frame, FrameError, Identity, ParquetParts, Role, SummaryRow, in_parallel, read};

const PARQUET: &str = "summary.parquet";
const CSV: &str = "summary.csv";
/// Rows that are in memory as columns at a time.
const PART: usize = 1 << 16;
/// Parts that are made into columns at a time, one by each core.
const AT_ONCE: usize = 2;

/// Writes `summary.parquet` and `summary.csv` under `folder`, one line a row, in the order given.
///
/// # Errors
/// When a file cannot be written.
pub fn write_summary(folder: &Path, rows: &[SummaryRow]) -> Result<(), FrameError> {
    // An empty summary has columns too.
    let parts: Vec<&[SummaryRow]> = rows.chunks(PART).chain(rows.is_empty().then_some(rows)).collect();
    let mut csv = CsvParts::create(&folder.join(CSV))?;
    let mut parquet: Option<ParquetParts> = None;
    for parts in parts.chunks(AT_ONCE) {
        let frames = in_parallel(parts, |part| Frame::from(*part));
        std::thread::scope(|scope| {
            let columns = scope.spawn(|| {
                frames.iter().try_for_each(|frame| match &mut parquet {
                    Some(file) => file.write(frame),
                    None => ParquetParts::create(&folder.join(PARQUET), frame).map(|file| parquet = Some(file)),
                })
            });
            let lines = frames.iter().try_for_each(|frame| csv.write(frame));
            columns.join().expect("writing does not panic").and(lines)
        })?;
    }
    parquet.map_or(Ok(()), ParquetParts::finish).and(csv.finish())
}

/// Reads `summary.parquet` under `folder`.
///
/// # Errors
/// When it cannot be read, or a column is missing, of another kind, or empty where it must not be.
pub fn read_summary(folder: &Path) -> Result<Vec<SummaryRow>, FrameError> {
    let path = folder.join(PARQUET);
    let frame = read(&path)?;
    rows(&frame).map_err(|message| FrameError { path, message })
}

/// The columns, those that scripts are written against first, in the promised order.
const COLUMNS: &[Stored<SummaryRow>] = &[
    Stored::new("environment", "", Text(|row| &row.environment), "label of the environment"),
    Stored::new("policy", "", Text(|row| &row.policy), "label of the policy; of a description, the model"),
    Stored::new("phase", "", Text(|row| &row.phase), "when it was measured (see the phases)"),
    Stored::new(
        "w_cost",
        "weight",
        MaybeReal(|row| row.w_cost),
        "weight on cost at which it was measured; nothing where the metric spans the grid",
    ),
    Stored::new("task", "", Text(|row| &row.task), "task that it is about; `all` for the mix"),
    Stored::new("metric", "", Text(|row| &row.metric), "name of the metric (`barp list metrics`)"),
    Stored::new("unit", "", Text(|row| &row.unit), "unit of the value and of its interval"),
    Stored::new("direction", "", Text(|row| row.direction.name()), "which way is better: `up`, `down` or `none`"),
    Stored::new("value", "that of `unit`", Real(|row| row.value), "mean over the replicates that have it"),
    Stored::new("ci_low", "that of `unit`", MaybeReal(|row| row.ci_low), "lower end of its interval"),
    Stored::new("ci_high", "that of `unit`", MaybeReal(|row| row.ci_high), "upper end of its interval"),
    Stored::new("ci_method", "", Text(|row| &row.ci_method), "how the interval was made"),
    Stored::new("replicates", "replicates", Integer(|row| row.replicates), "replicates behind the value"),
    Stored::new(
        "n",
        "requests",
        Integer(|row| row.n),
        "requests behind it in each replicate, mean over replicates; of a survival curve, replicates at risk",
    ),
    Stored::new(
        "round",
        "rounds",
        Integer(|row| row.round),
        "rounds that the policy had played, mean over replicates; of a survival curve, rounds since the change",
    ),
    Stored::new(
        "arm",
        "",
        MaybeText(|row| row.arm.as_deref()),
        "model that the metric is about, for metrics of one model",
    ),
    Stored::new(
        "outcomes",
        "outcomes",
        Real(|row| row.outcomes),
        "outcomes that the policy had bought, mean over replicates",
    ),
    Stored::new("dollars", "USD", Real(|row| row.dollars), "dollars that these outcomes cost, mean over replicates"),
    Stored::new(
        "tuning_trials",
        "settings",
        Integer(|row| row.tuning_trials),
        "settings that were tried on validation data, most over replicates",
    ),
    Stored::new(
        "kind",
        "",
        Text(|row| &row.identity.kind),
        "kind of the policy in the registry (`barp list policies`), whatever its label",
    ),
    Stored::new("role", "", Text(|row| row.identity.role.name()), "the part that the policy plays (see the roles)"),
    Stored::new(
        "model",
        "",
        MaybeText(|row| row.identity.model.as_deref()),
        "model that the policy always chooses, or that a description is about",
    ),
];

/// The columns that name a row: no two rows of a summary have the same in all of them.
pub const SUMMARY_KEY: [&str; 8] = ["environment", "policy", "phase", "w_cost", "task", "arm", "metric", "round"];

/// What the columns of `summary.parquet` and `summary.csv` mean.
pub fn summary_columns() -> Vec<Described> {
    described(COLUMNS)
}

/// The first row of `rows` whose [`SUMMARY_KEY`] another one before it has, in words; none where each has its own.
pub fn repeated(rows: &[SummaryRow]) -> Option<String> {
    let mut seen = BTreeSet::new();
    let key = |row: &&SummaryRow| {
        let weight = row.w_cost.map(f64::to_bits);
        let arm = row.arm.clone();
        (
            row.environment.clone(),
            row.policy.clone(),
            row.phase.clone(),
            weight,
            row.task.clone(),
            arm,
            row.metric.clone(),
            row.round,
        )
    };
    let twice = rows.iter().find(|row| !seen.insert(key(row)))?;
    let SummaryRow { environment, policy, phase, task, metric, round, .. } = twice;
    Some(format!(
        "`{metric}` of `{policy}` in `{environment}` stands twice (phase {phase}, task {task}, round {round})"
    ))
}

impl From<&[SummaryRow]> for Frame {
    fn from(rows: &[SummaryRow]) -> Frame {
        frame(COLUMNS, rows)
    }
}

fn rows(frame: &Frame) -> Result<Vec<SummaryRow>, String> {
    let columns = Columns(frame);
    let (environment, policy) = (columns.text("environment")?, columns.text("policy")?);
    let (phase, w_cost, task) = (columns.text("phase")?, columns.real("w_cost")?, columns.text("task")?);
    let (metric, unit, direction) = (columns.text("metric")?, columns.text("unit")?, columns.text("direction")?);
    let (value, low, high) = (columns.real("value")?, columns.real("ci_low")?, columns.real("ci_high")?);
    let (method, replicates) = (columns.text("ci_method")?, columns.integer("replicates")?);
    let (n, round, arm) = (columns.integer("n")?, columns.integer("round")?, columns.text("arm")?);
    let (outcomes, dollars) = (columns.real("outcomes")?, columns.real("dollars")?);
    let trials = columns.integer("tuning_trials")?;
    let identity = identities(frame)?;
    let pool = Pool::default();
    let label = |text: String| pool.label(&text);
    let summary_row = |row: usize| {
        Ok(SummaryRow {
            environment: label(environment.required(row)?),
            policy: label(policy.required(row)?),
            phase: label(phase.required(row)?),
            w_cost: w_cost.get(row),
            task: label(task.required(row)?),
            metric: label(metric.required(row)?),
            unit: label(unit.required(row)?),
            direction: Direction::parse(&direction.required(row)?, row)?,
            value: value.required(row)?,
            ci_low: low.get(row),
            ci_high: high.get(row),
            ci_method: label(method.required(row)?),
            replicates: replicates.required(row)?,
            n: n.required(row)?,
            round: round.required(row)?,
            arm: arm.get(row).map(label),
            outcomes: outcomes.required(row)?,
            dollars: dollars.required(row)?,
            tuning_trials: trials.required(row)?,
            identity: identity(row)?,
        })
    };
    (0..frame.rows()).map(summary_row).collect()
}

/// What stands behind the label of each row; [`Identity::default`] in a summary that is older than roles.
fn identities(frame: &Frame) -> Result<impl Fn(usize) -> Result<Identity, String>, String> {
    let columns = Columns(frame);
    let known = match frame.column("role") {
        Some(_) => Some((columns.text("kind")?, columns.text("role")?, columns.text("model")?)),
        None => None,
    };
    let pool = Pool::default();
    Ok(move |row: usize| {
        let Some((kind, role, model)) = &known else { return Ok(Identity::default()) };
        let name = role.required(row)?;
        let unknown = || format!("column `role`, row {}: `{name}` is no role", row + 1);
        Ok(Identity {
            kind: pool.label(&kind.required(row)?),
            role: Role::parse(&name).ok_or_else(unknown)?,
            model: model.get(row).map(|model| pool.label(&model)),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, write_parquet};

    fn some_rows() -> Vec<SummaryRow> {
        let with_all = SummaryRow {
            environment: "routerbench".into(),
            policy: "barp".into(),
            phase: "test".into(),
            w_cost: Some(0.2),
            task: "gsm8k".into(),
            metric: "arm_share".into(),
            unit: "share of requests".into(),
            direction: Direction::None,
            value: 0.1 + 0.2,
            ci_low: Some(0.25),
            ci_high: Some(0.35),
            ci_method: "student-t 95% over replicates".into(),
            replicates: 5,
            n: 1118,
            round: 80_000,
            arm: Some("gpt-4, \"turbo\"".into()),
            outcomes: 80_000.5,
            dollars: 64.25,
            tuning_trials: 4,
            identity: Identity::new("barp", Role::Learner),
        };
        let with_least = SummaryRow {
            w_cost: None,
            ci_low: None,
            ci_high: None,
            arm: None,
            direction: Direction::Down,
            ci_method: "none (1 replicate)".into(),
            identity: Identity { model: Some("gpt-4".into()), ..Identity::new("single-models", Role::SingleModel) },
            replicates: 1,
            ..with_all.clone()
        };
        vec![with_all, with_least]
    }

    #[test]
    fn a_summary_comes_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        write_summary(folder.path(), &some_rows()).unwrap();
        assert_eq!(read_summary(folder.path()).unwrap(), some_rows());
    }

    #[test]
    fn the_promised_columns_come_first() {
        let folder = tempfile::tempdir().unwrap();
        write_summary(folder.path(), &some_rows()).unwrap();
        let csv = std::fs::read_to_string(folder.path().join("summary.csv")).unwrap();
        let promised = "environment,policy,phase,w_cost,task,metric,unit,direction,value,ci_low,ci_high,ci_method,\
                        replicates,n,";
        assert!(csv.starts_with(promised), "{csv}");
    }

    #[test]
    fn a_summary_that_is_older_than_roles_is_read_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut frame = Frame::from(&some_rows()[..]);
        frame.columns.retain(|(name, _)| !["kind", "role", "model"].contains(&name.as_str()));
        write_parquet(&folder.path().join(PARQUET), &frame).unwrap();
        let rows = read_summary(folder.path()).unwrap();
        assert!(rows.len() == 2 && rows.iter().all(|row| row.identity == Identity::default()));
        assert_eq!(rows[0].identity.role, Role::Unknown);
    }

    #[test]
    fn what_is_wrong_with_a_summary_is_named() {
        let check = |spoil: fn(&mut Frame), expected: &str| {
            let folder = tempfile::tempdir().unwrap();
            let mut frame = Frame::from(&some_rows()[..]);
            spoil(&mut frame);
            write_parquet(&folder.path().join(PARQUET), &frame).unwrap();
            let error = read_summary(folder.path()).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains(PARQUET), "{error}");
        };
        check(|frame| drop(frame.columns.remove(1)), "column `policy` is missing");
        check(|frame| frame.columns[7].1 = Column::Text(vec![Some("up".into()), Some("left".into())]), "`left`");
        check(|frame| frame.columns[8].1 = Column::Real(vec![Some(1.0), None]), "column `value`, row 2");
        check(
            |frame| frame.columns[20].1 = Column::Text(vec![Some("learner".into()), Some("boss".into())]),
            "row 2: `boss`",
        );
        check(|frame| frame.columns[13].1 = Column::Text(vec![None, None]), "column `n` must hold whole numbers");
    }
}
