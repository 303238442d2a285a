//! A router as a protocol leaves it.

use super::against::Against;
use policies::Forecast;
use routing::{Dollars, Ledger, Problem, Router, Saved};
use serde_json::Value;
use store::Score;

/// A frozen router with what it took to get it.
pub struct TrainedRouter {
    /// What decides.
    pub router: Box<dyn Router>,
    /// What its policy needs to go on learning; none where it cannot.
    pub state: Option<Saved>,
    /// What it was trained for.
    pub problem: Problem,
    /// Dollars of a typical request of each model.
    pub list_prices: Vec<Dollars>,
    /// Expected outcomes, from the outcomes that training bought; none where it bought none.
    pub forecast: Option<Forecast>,
    /// The router against the best single model on the test prompts, by preference.
    pub against: Vec<Against>,
    /// Scores on the test prompts.
    pub scores: Vec<Score>,
    /// The bill of its training.
    pub ledger: Ledger,
    /// Prompts trained on.
    pub rows: u64,
    /// The setting that tuning chose: value of each tuned parameter; none where nothing was tuned.
    pub chosen: Option<Value>,
}
