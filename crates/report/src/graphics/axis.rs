//! What lies between the two ends of an axis, and where its ticks are.

use super::format;

/// How a value becomes a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    Linear,
    /// Equal ratios are equal distances; every value is above zero.
    Logarithmic,
    /// The same to the right of a break; zero, which has no ratio to anything, has a place of its own left of it.
    Broken,
    /// Zero alone has a place.
    Zero,
}

/// Shares of a broken axis at which zero, the break and the logarithmic part stand.
const ZERO: f64 = 0.04;
const BREAK: f64 = 0.09;
const START: f64 = 0.14;
/// Sizes beyond which a value has no place: ratios and differences of those within are numbers.
const LEAST: f64 = 1e-150;
const MOST: f64 = 1e150;
/// Most ticks of an axis.
const TICKS: usize = 200;

/// What the numbers at the ticks are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Numbers {
    Plain,
    Dollars,
    Counts,
    Percent,
}

/// A value with the words written at it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub value: f64,
    pub words: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub label: String,
    pub scale: Scale,
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<Tick>,
}

/// The least and the greatest of the finite values; none when there is no such value.
pub(crate) fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

impl Axis {
    /// A linear axis over (low, high) with a margin of 4 % and about `count` ticks.
    pub fn linear(label: &str, (low, high): (f64, f64), numbers: Numbers, count: usize) -> Axis {
        let span = if high > low { high - low } else { low.abs().max(1.0) * 0.1 };
        let (low, high) = (low - 0.04 * span, high + 0.04 * span);
        Axis::exactly(label, (low, high), numbers, count)
    }

    /// A linear axis that ends at `low` and `high`, which differ, with about `count` ticks.
    pub fn exactly(label: &str, ends: (f64, f64), numbers: Numbers, count: usize) -> Axis {
        let (low, high) = drawable(ends);
        let (step, decimals) = nice_step((high - low) / count as f64);
        let first = libm::ceil(low / step - 1e-9) as i64;
        let last = libm::floor(high / step + 1e-9) as i64;
        let ticks = (first..=last).take(TICKS).map(|position| {
            let value = position as f64 * step;
            Tick { value, words: words(value, numbers, decimals) }
        });
        Axis { label: label.to_owned(), scale: Scale::Linear, low, high, ticks: ticks.collect() }
    }

    /// A logarithmic axis over (low, high), both above zero, with a margin of 4 % and at most about `count` ticks.
    pub fn logarithmic(label: &str, (low, high): (f64, f64), numbers: Numbers, count: usize) -> Axis {
        let (low, high) = (low.clamp(LEAST, MOST), high.clamp(LEAST, MOST));
        let decades = libm::log10(high / low).max(0.1);
        let margin = libm::pow(10.0, 0.04 * decades);
        let (low, high) = (low / margin, high * margin);
        let values = |steps: &[&str]| -> Vec<f64> {
            let (first, last) = (libm::floor(libm::log10(low)) as i32, libm::floor(libm::log10(high)) as i32);
            let values = (first..=last).flat_map(|power| steps.iter().map(move |step| decimal(step, power)));
            values.filter(|value| (low..=high).contains(value)).collect()
        };
        let sets: [&[&str]; 3] = [&["1", "1.5", "2", "3", "4", "5", "7"], &["1", "2", "5"], &["1"]];
        let fits = |steps: &&&[&str]| values(steps).len() <= count;
        let ticks = values(sets.iter().find(fits).unwrap_or(&sets[2]));
        let every = ticks.len().div_ceil(TICKS).max(1);
        let ticks = ticks.into_iter().step_by(every).map(|value| Tick { value, words: words(value, numbers, 2) });
        Axis { label: label.to_owned(), scale: Scale::Logarithmic, low, high, ticks: ticks.collect() }
    }

    /// A logarithmic axis over the range of the values above zero, if there is one. Where some are `free`, zero has its place
    /// and tick at the left end, and a break keeps it apart.
    pub fn from_zero(label: &str, above: Option<(f64, f64)>, free: bool, numbers: Numbers, count: usize) -> Axis {
        let zero = Tick { value: 0.0, words: words(0.0, numbers, 0) };
        let Some(ends) = above else {
            return Axis { label: label.to_owned(), scale: Scale::Zero, low: 0.0, high: 0.0, ticks: vec![zero] };
        };
        let mut axis = Axis::logarithmic(label, ends, numbers, count);
        if free {
            axis.scale = Scale::Broken;
            axis.ticks.insert(0, zero);
        }
        axis
    }

    /// Where the axis is broken, as [`Axis::share`].
    pub fn gap(&self) -> Option<f64> {
        (self.scale == Scale::Broken).then_some(BREAK)
    }

    /// One place for each name, the first at the top of a vertical axis or the left of a horizontal one.
    pub fn categories(label: &str, names: &[String], order: Order) -> Axis {
        let ticks = names.iter().enumerate().map(|(position, name)| {
            let value = if order == Order::Downward { names.len() - 1 - position } else { position };
            Tick { value: value as f64, words: name.clone() }
        });
        let high = names.len() as f64 - 0.5;
        Axis { label: label.to_owned(), scale: Scale::Linear, low: -0.5, high, ticks: ticks.collect() }
    }

    /// Where `value` lies: 0 at the low end, 1 at the high end. On a logarithmic axis, what lies below its low end stands
    /// there, and what is not above zero stands at the place of zero if it has one.
    pub fn share(&self, value: f64) -> f64 {
        let ratio = || libm::log(value.max(self.low) / self.low) / libm::log(self.high / self.low);
        match self.scale {
            _ if value.is_nan() => value,
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Logarithmic => ratio(),
            Scale::Broken if value > 0.0 => START + (1.0 - START) * ratio(),
            Scale::Broken => ZERO,
            Scale::Zero => 0.5,
        }
    }
}

/// Ends of an axis that are numbers, not too large to be drawn, and differ.
fn drawable((low, high): (f64, f64)) -> (f64, f64) {
    let number = |value: f64, other: f64| if value.is_nan() { other } else { value.clamp(-MOST, MOST) };
    let (low, high) = (number(low, 0.0), number(high, 1.0));
    if high - low > f64::EPSILON * low.abs().max(high.abs()).max(LEAST) {
        (low, high)
    } else {
        (low, low + low.abs().max(1.0) * 0.1)
    }
}

/// Which way the names of a category axis run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Rightward,
    Downward,
}

/// `digits` times ten to `power`, as exact as it can be written.
fn decimal(digits: &str, power: i32) -> f64 {
    format!("{digits}e{power}").parse().expect("digits and a power are a number")
}

/// The least of 1, 2, 5 times a power of ten that is at least `rough`, and the decimals it needs.
fn nice_step(rough: f64) -> (f64, usize) {
    let power = libm::floor(libm::log10(rough)) as i32;
    let candidates = [("1", power), ("2", power), ("5", power), ("1", power + 1)];
    let (digits, power) = candidates
        .into_iter()
        .find(|(digits, power)| decimal(digits, *power) >= rough * (1.0 - 1e-9))
        .unwrap_or(("1", power + 1));
    (decimal(digits, power), (-power).max(0) as usize)
}

fn words(value: f64, numbers: Numbers, decimals: usize) -> String {
    match numbers {
        Numbers::Plain => format::number(value, decimals),
        Numbers::Dollars => format::dollars(value),
        Numbers::Counts => format::short_count(value),
        Numbers::Percent => format!("{} %", format::number(100.0 * value, decimals.saturating_sub(2))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.words.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_lie_inside() {
        let axis = Axis::exactly("q", (0.43, 0.81), Numbers::Plain, 5);
        assert_eq!(ticks(&axis), ["0.5", "0.6", "0.7", "0.8"]);
        let axis = Axis::exactly("q", (-0.1, 0.1), Numbers::Plain, 4);
        assert_eq!(ticks(&axis), ["\u{2212}0.10", "\u{2212}0.05", "0.00", "0.05", "0.10"]);
        let axis = Axis::exactly("share", (0.0, 1.0), Numbers::Percent, 4);
        assert_eq!(ticks(&axis), ["0 %", "50 %", "100 %"]);
    }

    #[test]
    fn a_logarithmic_axis_of_money_has_one_two_five() {
        let axis = Axis::logarithmic("cost", (0.04, 3.3), Numbers::Dollars, 8);
        assert_eq!(ticks(&axis), ["$0.05", "$0.1", "$0.2", "$0.5", "$1", "$2"]);
        assert!((axis.share(axis.low)).abs() < 1e-12 && (axis.share(axis.high) - 1.0).abs() < 1e-12);
        assert!((axis.share(libm::sqrt(axis.low * axis.high)) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_single_value_still_has_an_axis() {
        let axis = Axis::linear("q", (0.5, 0.5), Numbers::Plain, 5);
        assert!(axis.low < 0.5 && 0.5 < axis.high && axis.ticks.len() >= 2, "{axis:?}");
        let axis = Axis::logarithmic("cost", (0.5, 0.5), Numbers::Dollars, 8);
        assert!(axis.low < 0.5 && 0.5 < axis.high && !axis.ticks.is_empty(), "{axis:?}");
    }

    #[test]
    fn the_range_leaves_out_what_is_not_a_number() {
        assert_eq!(range([f64::NAN, 2.0, f64::INFINITY, -1.0]), Some((-1.0, 2.0)));
        assert_eq!(range([f64::NAN]), None);
    }

    #[test]
    fn what_costs_nothing_stands_left_of_the_break() {
        let axis = Axis::from_zero("cost", Some((0.04, 3.3)), true, Numbers::Dollars, 8);
        assert_eq!(ticks(&axis)[..2], ["$0", "$0.05"]);
        let places = [-1.0, 0.0, axis.low, 0.05, axis.high].map(|value| axis.share(value));
        assert_eq!(places[0], places[1]);
        assert!(0.0 < places[0] && places[0] < BREAK && BREAK < places[2], "{places:?}");
        assert!(places[2] < places[3] && places[4] == 1.0, "{places:?}");
        assert_eq!(Axis::from_zero("cost", Some((0.04, 3.3)), false, Numbers::Dollars, 8).gap(), None);
    }

    #[test]
    fn where_all_is_free_there_is_one_tick() {
        let axis = Axis::from_zero("cost", None, true, Numbers::Dollars, 8);
        assert_eq!((ticks(&axis), axis.share(0.0)), (vec!["$0"], 0.5));
    }

    #[test]
    fn no_ends_make_an_axis_without_end() {
        let odd = [f64::NAN, f64::NEG_INFINITY, f64::INFINITY, -1e308, 1e308, 0.0, 5e-324, 1e17];
        for low in odd {
            for high in odd {
                let made = [
                    Axis::exactly("", (low, high), Numbers::Plain, 5),
                    Axis::linear("", (low, high), Numbers::Counts, 5),
                    Axis::logarithmic("", (low, high), Numbers::Dollars, 5),
                ];
                for axis in made {
                    assert!(axis.ticks.len() <= TICKS, "{low} to {high}: {} ticks", axis.ticks.len());
                    assert!(axis.ticks.iter().all(|tick| tick.value.is_finite()), "{low} to {high}");
                }
            }
        }
    }
}
