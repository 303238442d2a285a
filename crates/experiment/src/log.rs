//! Production logs: what they say of their models, what policies and trained routers would have earned on them, what a
//! generator fitted to them says of that, and routers that learn from them.
//!
//! The policies are those that log and generator can both score: they choose by the task alone. Means of models by task stand
//! for the outcome model. Both come from rows other than the ones they are applied to ([`Fold`]), so no policy is praised for
//! luck that it was picked for.

mod against;
mod agreement;
mod decide;
mod describe;
mod error;
mod evaluate;
mod fold;
mod holes;
mod identity;
mod json;
mod policies;
mod propensity;
mod routers;
mod rows;
mod scores;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod train;
mod training;

pub use agreement::{Comparison, Comparisons, Margins, Verdict, compare};
pub use decide::{
    AS_LOGGED, Candidate, Conclusion, Decision, FeedbackShare, Fit, Goal, Measured, ModelLine, Planned, Question,
    Region, TaskLine, TaskVerdict, decide,
};
pub use describe::describe_log;
pub use error::{EvaluationError, RouterProblem, RowProblem};
pub use evaluate::{Evaluation, Evaluations, HEADLINE, Propensities, evaluate};
pub use fold::{Fold, Outcome};
pub use holes::{Hole, Part};
pub use identity::Together;
pub use policies::{TaskPolicy, names, policies};
pub use propensity::PropensityVerdict;
pub use routers::{Decides, LoggedRouter, RouterScores, ScoredRows, evaluate_routers};
pub use timeline::{Change, ChangeKind};
pub use train::{LearntFromLog, train_on_log};
pub use training::LogTraining;
