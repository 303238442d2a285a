//! Weights cut off or shrunken, and how much of it the rows ask for.

use super::{LoggedRow, mean};

/// Values of lambda that are tried.
const TRIED: i32 = 33;

/// What is done to large weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// They become zero above lambda.
    Switch,
    /// They become lambda w / (w^2 + lambda).
    Shrink,
}

impl Cut {
    /// The weight that stands for `weight`.
    pub(super) fn weight(self, weight: f64, lambda: f64) -> f64 {
        match self {
            Cut::Switch if weight <= lambda => weight,
            Cut::Switch => 0.0,
            Cut::Shrink if lambda.is_infinite() => weight,
            Cut::Shrink => lambda * weight / (weight * weight + lambda),
        }
    }
}

/// The lambda whose estimated mean squared error is least; infinite, which cuts nothing, where none has less.
pub(super) fn least_error(rows: &[LoggedRow], cut: Cut) -> f64 {
    let matched: Vec<LoggedRow> = rows.iter().filter(|row| row.weight > 0.0).copied().collect();
    let bounds = (f64::INFINITY, 0.0_f64);
    let (low, high) = matched.iter().fold(bounds, |(low, high), row| (low.min(row.weight), high.max(row.weight)));
    if matched.is_empty() {
        return f64::INFINITY;
    }
    let centre = mean(rows, |row| row.expected);
    let unmatched = rows.iter().filter(|row| row.weight <= 0.0).map(|row| row.expected - centre);
    let rest = unmatched.fold((0.0, 0.0), |(sum, squares), off| (sum + off, squares + off * off));
    let errors = Errors { matched, rows: rows.len() as f64, centre, rest };
    // Shrinkage of w is felt where lambda is about w^2.
    let power = if cut == Cut::Switch { 1.0 } else { 2.0 };
    let (from, reach) = (libm::log(low) * power, power * (libm::log(high) - libm::log(low)).max(1.0));
    let tried = (0..TRIED).map(|step| libm::exp(from + reach * f64::from(step) / f64::from(TRIED - 1)));
    let start = (errors.of(cut, f64::INFINITY), f64::INFINITY);
    let less = |best: (f64, f64), next: (f64, f64)| if next.0 < best.0 * (1.0 - 1e-9) { next } else { best };
    tried.map(|lambda| (errors.of(cut, lambda), lambda)).fold(start, less).1
}

/// Rows as the mean squared error needs them: those that no cut can change are summed.
struct Errors {
    matched: Vec<LoggedRow>,
    rows: f64,
    /// A value near all others, taken off before anything is squared.
    centre: f64,
    /// Sums of the others' values and squares.
    rest: (f64, f64),
}

impl Errors {
    /// Variance of the mean plus the square of its bias, as the rows estimate them.
    fn of(&self, cut: Cut, lambda: f64) -> f64 {
        let ((mut sum, mut squares), mut bias) = (self.rest, 0.0);
        for row in &self.matched {
            let (kept, residual) = (cut.weight(row.weight, lambda), row.outcome - row.predicted);
            let off = row.expected + kept * residual - self.centre;
            sum += off;
            squares += off * off;
            bias += (row.weight - kept) * residual;
        }
        let (average, bias) = (sum / self.rows, bias / self.rows);
        (squares / self.rows - average * average) / self.rows + bias * bias
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(weight: f64, outcome: f64) -> LoggedRow {
        LoggedRow { cluster: 0, chance: 0.5, weight, outcome, predicted: 0.5, expected: 0.5, leverage: None }
    }

    #[test]
    fn equal_weights_are_left_alone_and_a_lone_giant_is_cut() {
        let equal: Vec<LoggedRow> = (0..50).map(|at| row(2.0 * f64::from(at % 2), f64::from(at % 4 / 2))).collect();
        assert_eq!(least_error(&equal, Cut::Switch), f64::INFINITY);
        let mut giant: Vec<LoggedRow> = (0..400).map(|at| row(1.0, f64::from(at % 2))).collect();
        giant.push(row(300.0, 0.6));
        giant.push(row(300.0, 0.4));
        assert!(least_error(&giant, Cut::Switch) < 300.0);
        assert!(Cut::Shrink.weight(300.0, least_error(&giant, Cut::Shrink)) < 100.0);
    }

    #[test]
    fn the_error_of_no_cut_is_the_variance_of_the_mean() {
        let rows = [row(2.0, 1.0), row(0.0, 1.0), row(1.0, 0.0), row(1.0, 0.5)];
        // Values 1.5, .5, 0, .5 with mean .625: squares .765625 + .015625 + .390625 + .015625 = 1.1875.
        let matched = rows.iter().filter(|row| row.weight > 0.0).copied().collect();
        let errors = Errors { matched, rows: 4.0, centre: 0.5, rest: (0.0, 0.0) };
        assert!((errors.of(Cut::Switch, f64::INFINITY) - 1.1875 / 16.0).abs() < 1e-15);
        // Without the first, values .5, .5, 0, .5 have mean .375 and squares .1875; the bias is 2 * .5 / 4.
        assert!((errors.of(Cut::Switch, 1.5) - (0.1875 / 16.0 + 0.0625)).abs() < 1e-15);
    }
}
