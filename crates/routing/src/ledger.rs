//! What each policy was shown, and what that would have cost.

use crate::Dollars;
use serde::{Deserialize, Serialize};

/// The bill for information: stands in every manifest and beside every score.
///
/// ```
/// use routing::{Dollars, Ledger};
///
/// let mut ledger = Ledger::default();
/// ledger.charge(Dollars(0.25));
/// ledger.charge(Dollars(0.5));
/// assert_eq!((ledger.outcomes, ledger.dollars), (2, Dollars(0.75)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Outcomes revealed to the policy, repeat visits of the same prompt and model included (they are not free).
    pub outcomes: u64,
    /// Dollars that the revealed calls cost, US dollars.
    pub dollars: Dollars,
    /// Settings tried on validation data before the one reported.
    pub tuning_trials: u64,
}

impl Ledger {
    /// Enters one revealed outcome.
    pub fn charge(&mut self, cost: Dollars) {
        self.outcomes += 1;
        self.dollars += cost;
    }

    /// Adds what `other` bought.
    pub fn add(&mut self, other: &Ledger) {
        self.outcomes += other.outcomes;
        self.dollars += other.dollars;
        self.tuning_trials += other.tuning_trials;
    }
}
