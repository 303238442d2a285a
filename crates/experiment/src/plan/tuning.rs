//! Which settings a policy tries on the validation split: its own grid, or as many as `[tune]` gives each policy, drawn from
//! the ranges that its parameters declare (random search: Bergstra and Bengio 2012).
//!
//! The setting as written is always the first. Draws depend on the seed of the experiment, the kind of the policy and its
//! parameters as written, and on nothing else: not on its label, its neighbours or the environment. Each parameter has a
//! stream of its own and each draw a place in it, so that more trials begin with those of fewer.

use crate::written::PolicyTable;
use routing::{Round, Seed, random};
use serde_json::{Map, Value};
use settings::{Place, Scale, Search, SpecError, searches};

/// Draws for each setting wanted, before the space counts as exhausted.
const PATIENCE: u64 = 1_000;

/// Digits that a drawn number has, so that a reader can write it into a configuration.
const DIGITS: usize = 3;

/// What a `[[policy]]` says in `tune`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    /// Nothing: parameters that the table does not set are searched where `[tune]` says so.
    Declared,
    /// `false`: the setting as written is the only one.
    Never,
    /// These parameters are searched, whether the table sets them or not.
    Named(Vec<String>),
    /// All combinations of these values are tried.
    Grid(Map<String, Value>),
}

impl PolicyTable {
    pub(super) fn asked(&self) -> Asked {
        match &self.tune {
            Value::Bool(_) => Asked::Never,
            Value::Array(names) => Asked::Named(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            Value::Object(grid) if !grid.is_empty() => Asked::Grid(grid.clone()),
            _ => Asked::Declared,
        }
    }
}

impl Asked {
    /// The parameters that it speaks of.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Asked::Declared | Asked::Never => Vec::new(),
            Asked::Named(names) => names.iter().map(String::as_str).collect(),
            Asked::Grid(grid) => grid.keys().map(String::as_str).collect(),
        }
    }

    /// The parameters that are searched, given those that the table sets and the schema that declares where.
    ///
    /// # Errors
    /// For a name that declares no search.
    pub(super) fn searched(
        &self,
        place: &Place,
        written: &Map<String, Value>,
        schema: &Value,
    ) -> Result<Vec<(String, Search)>, SpecError> {
        let declared = searches(schema);
        match self {
            Asked::Declared => Ok(declared.into_iter().filter(|(key, _)| !written.contains_key(key)).collect()),
            Asked::Named(names) => {
                for name in names {
                    let known = declared.iter().map(|(key, _)| (key.as_str(), ()));
                    place.at("tune").find("parameter with a search range", name, known)?;
                }
                Ok(declared.into_iter().filter(|(key, _)| names.contains(key)).collect())
            }
            Asked::Never | Asked::Grid(_) => Ok(Vec::new()),
        }
    }
}

/// Every combination of a tuning grid; one empty setting for an empty grid.
pub(super) fn combinations(grid: &Map<String, Value>) -> Vec<Map<String, Value>> {
    grid.iter().fold(vec![Map::new()], |settings, (key, values)| {
        let values = values.as_array().expect("the schema of `tune` asks for lists");
        let with = |setting: &Map<String, Value>, value: &Value| {
            let mut setting = setting.clone();
            setting.insert(key.clone(), value.clone());
            setting
        };
        settings.iter().flat_map(|setting| values.iter().map(move |value| with(setting, value))).collect()
    })
}

/// At most `trials` settings of the `searched` parameters, no two alike, the one `written` first. Draws that a policy does
/// not accept are left out; there are fewer settings than trials where the space has no more.
pub(super) fn drawn(
    searched: &[(String, Search)],
    written: &Value,
    trials: u32,
    seed: &Seed,
    accepts: impl Fn(&Map<String, Value>) -> bool,
) -> Vec<Map<String, Value>> {
    let as_written = searched.iter().map(|(key, _)| (key.clone(), written[key].clone()));
    let mut settings = vec![as_written.collect::<Map<_, _>>()];
    let streams: Vec<_> = searched.iter().map(|(key, _)| seed.child("parameter", key).stream("value")).collect();
    for place in 0..u64::from(trials) * PATIENCE {
        if settings.len() >= trials as usize || searched.is_empty() {
            break;
        }
        let draw = |((key, search), stream): (&(String, Search), &routing::Stream)| {
            (key.clone(), value(search, random::uniform(&mut stream.at(Round(place)))))
        };
        let setting: Map<String, Value> = searched.iter().zip(&streams).map(draw).collect();
        if !settings.contains(&setting) && accepts(&setting) {
            settings.push(setting);
        }
    }
    settings
}

/// The value at the share `uniform`, in [0, 1), of a search.
fn value(search: &Search, uniform: f64) -> Value {
    let between = |scale: Scale, low: f64, high: f64| match scale {
        Scale::Linear => low + uniform * (high - low),
        Scale::Log => libm::exp(libm::log(low) + uniform * libm::log(high / low)),
    };
    match search {
        Search::Choices(choices) => choices[(uniform * choices.len() as f64) as usize].clone(),
        // Each whole number stands for the numbers from it to the next, so that the last is as likely as its neighbours.
        Search::Interval { scale, low, high, whole: true } => {
            (between(*scale, *low, high + 1.0).clamp(*low, *high) as u64).into()
        }
        Search::Interval { scale, low, high, whole: false } => {
            short(between(*scale, *low, *high)).clamp(*low, *high).into()
        }
    }
}

/// A number with [`DIGITS`] digits.
fn short(number: f64) -> f64 {
    let text = format!("{number:.digits$e}", digits = DIGITS - 1);
    text.parse().expect("what Rust prints of a number it reads")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn log(low: f64, high: f64, whole: bool) -> Search {
        Search::Interval { scale: Scale::Log, low, high, whole }
    }

    fn many(search: &Search) -> Vec<f64> {
        let all = drawn(&[("x".into(), search.clone())], &json!({ "x": 0.0 }), 2_001, &Seed::root(5), |_| true);
        all[1..].iter().map(|setting| setting["x"].as_f64().unwrap()).collect()
    }

    #[test]
    fn log_uniform_draws_keep_their_range_and_fill_each_decade_alike() {
        let draws = many(&log(1e-5, 1e-1, false));
        assert_eq!(draws.len(), 2_000);
        assert!(draws.iter().all(|draw| (1e-5..=1e-1).contains(draw)));
        for decade in -5..-1 {
            let ends = libm::pow(10.0, f64::from(decade))..libm::pow(10.0, f64::from(decade + 1));
            let share = draws.iter().filter(|draw| ends.contains(draw)).count() as f64 / 2_000.0;
            // Five standard deviations of a share of a quarter; fewer draws are alike where numbers are many.
            assert!((share - 0.25).abs() < 0.05, "10^{decade}: {share}");
        }
    }

    #[test]
    fn whole_numbers_and_choices_are_all_found_and_never_repeated() {
        let mut found: Vec<f64> = many(&log(1.0, 30.0, true));
        found.sort_by(f64::total_cmp);
        assert_eq!(found, (1..=30).map(f64::from).collect::<Vec<_>>());
        let choices = Search::Choices(vec![json!([100]), json!([200]), json!("a")]);
        let settings = drawn(&[("h".into(), choices)], &json!({ "h": [200] }), 50, &Seed::root(5), |_| true);
        assert_eq!((settings.len(), &settings[0]["h"]), (3, &json!([200])));
    }

    #[test]
    fn the_setting_as_written_is_first_and_more_trials_begin_with_those_of_fewer() {
        let searched = [("a".to_owned(), log(0.01, 1.0, false)), ("k".to_owned(), log(1.0, 100.0, true))];
        let written = json!({ "a": 0.1, "k": 7, "other": true });
        let draw = |trials| drawn(&searched, &written, trials, &Seed::root(1), |_| true);
        assert_eq!(draw(1), vec![Map::from_iter([("a".into(), json!(0.1)), ("k".into(), json!(7))])]);
        assert_eq!(draw(9)[..4], draw(4));
        // Another parameter leaves the draws of this one as they are.
        let alone = drawn(&searched[..1], &written, 4, &Seed::root(1), |_| true);
        assert!(alone.iter().zip(draw(4)).all(|(one, both)| one["a"] == both["a"]));
    }

    #[test]
    fn a_setting_that_the_policy_refuses_is_not_tried() {
        let searched = [("k".to_owned(), log(1.0, 10.0, true))];
        let settings = drawn(&searched, &json!({ "k": 2 }), 20, &Seed::root(1), |setting| {
            setting["k"].as_u64().unwrap().is_multiple_of(2)
        });
        assert_eq!(settings.len(), 5);
    }
}
