//! Why a log cannot be evaluated.

use deployment::DeploymentError;
use environments::sources::calibrated::CalibrationError;
use environments::sources::logged::{LogError, LogRow};
use routing::OutsideSimplex;
use settings::Mistake;
use statistics::off_policy::NoProbability;
use store::FrameError;

/// Why policies or routers cannot be evaluated on a log.
#[derive(Debug)]
pub enum EvaluationError {
    /// It cannot be read a second time.
    Log(LogError),
    /// A row lacks something, or has something that cannot be.
    Row {
        /// Line of the row.
        line: u64,
        /// What is wrong with it.
        problem: RowProblem,
    },
    /// No policy has this name.
    UnknownPolicy {
        /// The name.
        name: String,
        /// All names there are.
        known: Vec<String>,
    },
    /// The incumbent is none of its models.
    Incumbent(Mistake),
    /// A router cannot be evaluated on it.
    Router {
        /// Name of the router.
        name: String,
        /// Why not.
        problem: RouterProblem,
    },
    /// Prompts cannot be turned into features.
    Features(FrameError),
    /// Routers choose by the prompt, and no row has one.
    NoPrompts,
    /// It cannot be cut in two.
    TooShort,
    /// The generator cannot be fitted to its first half.
    FirstHalf(CalibrationError),
    /// The generator that was fitted to its first half cannot be made.
    Generator(CalibrationError),
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowProblem {
    /// It has no propensity, and needs one.
    NoPropensity,
    /// It has no prompt, and a router needs one.
    NoPrompt,
    /// It has no weight on cost, and a router needs one.
    NoWeight,
    /// Its weight on cost is none.
    Weight(OutsideSimplex),
    /// A probability of its choice is none.
    Probability(NoProbability),
}

/// Why a router cannot be evaluated on a log.
#[derive(Clone, Debug, PartialEq)]
pub enum RouterProblem {
    /// It cannot read text.
    Deployment(DeploymentError),
    /// Its card does not say on which prompts of a log it was trained.
    NotSaidWhich,
    /// None of its models ever answers in the log.
    UnknownModels {
        /// Its models.
        models: Vec<String>,
        /// Those that answer.
        known: Vec<String>,
    },
}

impl EvaluationError {
    /// What is wrong with `row`.
    pub(super) fn at(row: &LogRow, problem: RowProblem) -> EvaluationError {
        EvaluationError::Row { line: row.place, problem }
    }
}

impl From<LogError> for EvaluationError {
    fn from(error: LogError) -> EvaluationError {
        EvaluationError::Log(error)
    }
}

impl std::fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EvaluationError::Log(error) => error.fmt(f),
            EvaluationError::Row { line, problem } => write!(f, "line {line}: {problem}"),
            EvaluationError::UnknownPolicy { name, known } => Mistake::unknown("policy", name, known).fmt(f),
            EvaluationError::Incumbent(mistake) => write!(f, "--incumbent: {mistake}"),
            EvaluationError::Router { name, problem } => write!(f, "{name}: {problem}"),
            EvaluationError::Features(error) => error.fmt(f),
            EvaluationError::NoPrompts => f.write_str(
                "no row has a prompt, and a router chooses by it (`--column prompt=NAME` says which column it is)",
            ),
            EvaluationError::TooShort => f.write_str("the log has too few rows to be cut in two"),
            EvaluationError::FirstHalf(error) => write!(f, "the first half of the log: {error}"),
            EvaluationError::Generator(error) => error.fmt(f),
        }
    }
}

impl std::fmt::Display for RowProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RowProblem::NoPropensity => {
                f.write_str("no propensity: off-policy evaluation needs one, or `--propensities shares` (see its help)")
            }
            RowProblem::NoPrompt => f.write_str("the row has no prompt, and a router chooses by it"),
            RowProblem::NoWeight => f.write_str("the row has no weight on cost, and no --w-cost was given"),
            RowProblem::Weight(error) => error.fmt(f),
            RowProblem::Probability(error) => error.fmt(f),
        }
    }
}

impl std::fmt::Display for RouterProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RouterProblem::Deployment(error) => error.fmt(f),
            RouterProblem::NotSaidWhich => f.write_str(
                "its card does not say which prompts of a log it was trained on, so no row may score it: train it again \
                 with this version",
            ),
            RouterProblem::UnknownModels { models, known } => {
                let (own, there) = (models.join(", "), known.join(", "));
                write!(f, "none of its models ({own}) ever answers in the log (models there: {there})")
            }
        }
    }
}

impl std::error::Error for EvaluationError {}
