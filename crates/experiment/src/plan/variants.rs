//! One environment table as several: each task held out in turn, each model moved in turn, few shots, shifts on and off.

use crate::spec::StandIn;
use crate::written::{EnvironmentTable, WrittenShift};
use environments::Environment;
use serde_json::Value;
use settings::{Place, SpecError};
use store::Factors;

/// Stands for all tasks in turn in `held-out`, and for all models in turn in a shift's `models`.
const EACH: &str = "each";

/// Most shifts in a factorial: 2^6 environments.
const MOST_FACTORS: usize = 6;

/// What one table varies.
pub(super) struct Axes {
    held_out: HeldOut,
    shots: Vec<u64>,
    /// Whether `shots` was written as a list, so that labels tell.
    shots_listed: bool,
    factorial: Vec<String>,
}

enum HeldOut {
    Each,
    Tasks(Vec<String>),
}

/// One environment of several.
pub(super) struct Variant {
    pub(super) label: String,
    pub(super) held_out: Vec<usize>,
    pub(super) shots: Option<u64>,
    pub(super) shifts: Vec<WrittenShift>,
    pub(super) factors: Option<Factors>,
}

impl EnvironmentTable {
    /// What it varies; its schema has checked the values.
    pub(super) fn axes(&self) -> Axes {
        let held_out = match &self.held_out {
            Value::String(_) => HeldOut::Each,
            names => HeldOut::Tasks(names.as_array().into_iter().flatten().filter_map(text).collect()),
        };
        let listed = self.shots.as_array();
        let shots = listed.map_or_else(
            || self.shots.as_u64().into_iter().collect(),
            |list| list.iter().filter_map(Value::as_u64).collect(),
        );
        Axes { held_out, shots, shots_listed: listed.is_some(), factorial: self.factorial.clone() }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The environments that a table called `group` stands for, given its `shifts` and the world it opens.
pub(super) fn variants(
    place: &Place,
    group: &str,
    axes: Axes,
    shifts: Vec<WrittenShift>,
    world: &dyn Environment,
    stand_in: Option<&StandIn>,
) -> Result<Vec<Variant>, SpecError> {
    let plain = Variant { label: group.into(), held_out: Vec::new(), shots: None, shifts, factors: None };
    let mut all = held_out(place, &stood_in(axes.held_out, stand_in, world.tasks()), plain, world.tasks())?;
    if !axes.shots.is_empty() {
        let with = |variant: &Variant, &shots: &u64| {
            let label =
                if axes.shots_listed { format!("{}.{shots}-shot", variant.label) } else { variant.label.clone() };
            Variant { label, shots: Some(shots), ..variant.copy() }
        };
        all = all
            .iter()
            .flat_map(|variant| axes.shots.iter().map(|shots| with(variant, shots)).collect::<Vec<_>>())
            .collect();
    }
    let mut moved = Vec::new();
    for variant in all {
        moved.extend(each_model(place, variant, world.models())?);
    }
    let mut varied = Vec::new();
    for variant in moved {
        varied.extend(factorial(place, &axes.factorial, variant)?);
    }
    Ok(varied)
}

impl Variant {
    fn copy(&self) -> Variant {
        Variant {
            label: self.label.clone(),
            held_out: self.held_out.clone(),
            shots: self.shots,
            shifts: self.shifts.clone(),
            factors: self.factors.clone(),
        }
    }
}

/// The tasks that are held out where `stand_in` says that the rows are others than the experiment was written for.
fn stood_in(written: HeldOut, stand_in: Option<&StandIn>, tasks: &[String]) -> HeldOut {
    let (HeldOut::Tasks(names), Some(stand_in)) = (&written, stand_in) else { return written };
    if names.is_empty() {
        return written;
    }
    match &stand_in.tasks {
        Some(given) => HeldOut::Tasks(given.clone()),
        None if names.iter().all(|name| tasks.contains(name)) => written,
        None => {
            let mut sorted = tasks.to_vec();
            sorted.sort_unstable();
            HeldOut::Tasks(sorted.into_iter().skip(1).step_by(3).collect())
        }
    }
}

fn held_out(place: &Place, which: &HeldOut, plain: Variant, tasks: &[String]) -> Result<Vec<Variant>, SpecError> {
    match which {
        HeldOut::Each => {
            let rule = format!("`{EACH}` only where there are several tasks");
            place.unless(tasks.len() > 1, "held-out", &rule, format!("{} task", tasks.len()))?;
            let of = |(position, task): (usize, &String)| Variant {
                label: format!("{}.{task}", plain.label),
                held_out: vec![position],
                ..plain.copy()
            };
            Ok(tasks.iter().enumerate().map(of).collect())
        }
        HeldOut::Tasks(names) => {
            let known = || tasks.iter().enumerate().map(|(position, task)| (task.as_str(), position));
            let held_out: Vec<usize> =
                names.iter().map(|task| place.at("held-out").find("task", task, known())).collect::<Result<_, _>>()?;
            let rule = "fewer than all tasks";
            place.unless(held_out.len() < tasks.len(), "held-out", rule, format!("{} tasks", tasks.len()))?;
            Ok(vec![Variant { held_out, ..plain }])
        }
    }
}

/// A variant for each model, where a shift's `models` says so; shifts that do move the same model.
fn each_model(place: &Place, variant: Variant, models: &[String]) -> Result<Vec<Variant>, SpecError> {
    let says_each = |shift: &WrittenShift| shift.table.get("models").and_then(Value::as_str) == Some(EACH);
    if !variant.shifts.iter().any(says_each) {
        return Ok(vec![variant]);
    }
    place.unless(models.len() > 1, "models", "`each` only where there are several models", models.len())?;
    let of = |model: &String| {
        let mut own = variant.copy();
        own.label = format!("{}.{model}", variant.label);
        for shift in own.shifts.iter_mut().filter(|shift| says_each(shift)) {
            shift.table.insert("models".into(), Value::from(vec![model.as_str()]));
        }
        own
    };
    Ok(models.iter().map(of).collect())
}

/// A variant for each subset of the shifts called `factors`, the empty one first; shifts with other names, or none, act in
/// all of them.
fn factorial(place: &Place, factors: &[String], variant: Variant) -> Result<Vec<Variant>, SpecError> {
    let names = || variant.shifts.iter().filter_map(|shift| shift.name());
    for (position, factor) in factors.iter().enumerate() {
        let place = place.at("factorial");
        place.find("shift of the factorial", factor, names().map(|name| (name, ())))?;
        place.unless(!factor.contains(" x "), "factorial", "names without ` x `, which joins two", factor)?;
        let fresh = !factors[..position].contains(factor);
        place.unless(fresh, "factorial", "names of shifts, each once", format!("`{factor}` twice"))?;
    }
    let rule = format!("at most {MOST_FACTORS} names");
    place.unless(factors.len() <= MOST_FACTORS, "factorial", &rule, factors.len())?;
    let all = 0..1_usize << factors.len();
    let of = |subset: usize| {
        let on: Vec<String> = factors
            .iter()
            .enumerate()
            .filter(|(bit, _)| subset >> bit & 1 == 1)
            .map(|(_, name)| name.clone())
            .collect();
        let among = |names: &[String], name: &str| names.iter().any(|one| one == name);
        let acts = |shift: &&WrittenShift| shift.name().is_none_or(|name| !among(factors, name) || among(&on, name));
        let shifts = variant.shifts.iter().filter(acts).cloned().collect();
        if factors.is_empty() {
            return Variant { shifts, ..variant.copy() };
        }
        let suffix = if on.is_empty() { "none".to_owned() } else { on.join("+") };
        Variant {
            label: format!("{}.{suffix}", variant.label),
            shifts,
            factors: Some(Factors { group: variant.label.clone(), all: factors.to_vec(), on }),
            ..variant.copy()
        }
    };
    Ok(all.map(of).collect())
}
