//! Money as a type of its own, so that a score can never be added to a price.

use serde::{Deserialize, Serialize};

/// An amount in US dollars. Never negative or NaN when it comes from a checked table.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dollars(pub f64);

impl std::ops::Add for Dollars {
    type Output = Dollars;
    fn add(self, other: Dollars) -> Dollars {
        Dollars(self.0 + other.0)
    }
}

impl std::ops::AddAssign for Dollars {
    fn add_assign(&mut self, other: Dollars) {
        self.0 += other.0;
    }
}
