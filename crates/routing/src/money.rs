//! Money as a type of its own, so that a score can never be added to a price.

use serde::{Deserialize, Serialize};

/// An amount in US dollars. Never negative or NaN when it comes from a checked table.
///
/// ```
/// use routing::Dollars;
///
/// let mut spent = Dollars(0.25) + Dollars(0.5);
/// spent += Dollars(0.25);
/// assert_eq!(spent, Dollars(1.0));
/// ```
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
