//! Models by the part that they play in their pool, so that one schedule fits any data.
//!
//! A role is resolved before a shift is built and addressed: what is stored, and what its address is made of, is the name.

use crate::Environment;
use routing::{Outcome, Seed};
use serde_json::{Map, Value};
use settings::Mistake;

/// A role: its name, the number of a model by which it is given, and whether the highest has it.
type Role = (&'static str, fn(&Outcome) -> f64, bool);

/// Every role. Means are over the recorded outcomes of the source's pool with seed 0; the first model among equals.
const ROLES: [Role; 3] = [
    ("dearest", |outcome| outcome.cost.0, true),
    ("cheapest", |outcome| outcome.cost.0, false),
    ("best", |outcome| f64::from(outcome.quality), true),
];

/// Names of the roles that a model can be named by in a shift's `models`: the highest and the lowest mean dollars, and the
/// highest mean quality.
pub fn roles() -> impl Iterator<Item = &'static str> {
    ROLES.iter().map(|(name, ..)| *name)
}

/// Puts the models of `source` in the place of roles in the key `models` of a shift's table, a list of names or a table by
/// name. A model that is called as a role is that model.
///
/// # Errors
/// Names field, rule and value where a table by name has one model twice.
pub fn resolve(table: &mut Map<String, Value>, source: &dyn Environment) -> Result<(), Mistake> {
    let plays = |name: &str| role(name, source);
    match table.get_mut("models") {
        Some(Value::Array(names)) => {
            for name in names {
                if let Some(model) = name.as_str().and_then(plays) {
                    *name = model.into();
                }
            }
        }
        Some(Value::Object(by_name)) => {
            for name in by_name.keys().cloned().collect::<Vec<_>>() {
                let Some(model) = plays(&name) else { continue };
                if by_name.contains_key(&model) {
                    let got = format!("`{model}` and `{name}`, which is the same");
                    return Mistake::unless(false, "models", "distinct", got);
                }
                let value = by_name.remove(&name).unwrap_or_default();
                by_name.insert(model, value);
            }
        }
        _ => {}
    }
    Ok(())
}

/// The model that plays the role called `name`; none where a model is called so, or no role is.
fn role(name: &str, source: &dyn Environment) -> Option<String> {
    let models = source.models();
    let (_, number, highest) = ROLES.iter().find(|(role, ..)| *role == name)?;
    if models.iter().any(|model| model == name) {
        return None;
    }
    let pool = source.pool(&Seed::root(0));
    let mean = |arm: usize| {
        let known = || (0..pool.len()).filter_map(|row| pool.outcome(row, arm));
        let count = known().count() as f64;
        (count > 0.0).then(|| known().map(|outcome| number(&outcome)).sum::<f64>() / count)
    };
    let known = (0..models.len()).filter_map(|arm| Some((arm, mean(arm)?)));
    let better = |one: f64, other: f64| if *highest { one > other } else { one < other };
    let chosen = known.reduce(|top, next| if better(next.1, top.1) { next } else { top });
    chosen.map(|(arm, _)| models[arm].clone())
}
