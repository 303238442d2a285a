//! A plan written out as a configuration with nothing left unsaid.

use super::{Plan, PlannedEnvironment};
use serde_json::{Map, Value, json};

impl Plan {
    /// The configuration with every default filled in, as TOML that plans to the same cells.
    pub fn resolved(&self) -> String {
        let spec = &self.spec;
        let environment = |environment: &PlannedEnvironment| {
            let table = &spec.environments[environment.written];
            let tasks = environment.world.tasks();
            let held_out: Vec<&String> = environment.held_out.iter().map(|&task| &tasks[task]).collect();
            let protocol = table.get("protocol").map(|_| &environment.protocol);
            let shifts = (!environment.shifts.is_empty()).then_some(&environment.shifts);
            let head = json!({
                "kind": environment.kind, "name": environment.label, "held-out": held_out, "protocol": protocol,
                "shots": environment.shots, "splits": table.get("splits"),
                "shift": shifts, "feedback": environment.feedback,
            });
            joined(head, &environment.parameters)
        };
        let policy = |table: &Map<String, Value>| {
            let known = self.environments.iter().flat_map(|environment| &environment.policies);
            let label = table.get("name").or_else(|| table.get("kind")).cloned().unwrap_or_default();
            let planned = known.into_iter().find(|policy| label == policy.label.as_str());
            let parameters = planned.map_or(&Value::Null, |policy| &policy.content["parameters"]);
            let mut table = table.clone();
            // Once every parameter is written, those that are searched have to be named.
            if let Some(planned) = planned.filter(|policy| policy.content["tune"].is_array()) {
                table.insert("tune".into(), planned.tuned().into());
            }
            joined(Value::Object(table), parameters)
        };
        let all = json!({
            "name": spec.name,
            "about": spec.about,
            "seed": spec.seed,
            "replicates": spec.replicates,
            "protocol": spec.protocol,
            "objective": spec.tau,
            "latency": (spec.latency.weight > 0.0).then_some(spec.latency),
            "preferences": spec.preferences,
            "tune": (spec.tune.trials > 0).then_some(spec.tune),
            "environment": self.environments.iter().map(environment).collect::<Vec<_>>(),
            "policy": spec.policies.iter().map(policy).collect::<Vec<_>>(),
        });
        toml::to_string_pretty(&without_nulls(&all)).expect("a configuration without nulls is TOML")
    }
}

/// The fields of `head`, then those of `more` that it lacks.
fn joined(head: Value, more: &Value) -> Value {
    let Value::Object(mut all) = head else { unreachable!("callers pass tables") };
    for (key, value) in more.as_object().into_iter().flatten() {
        all.entry(key).or_insert_with(|| value.clone());
    }
    Value::Object(all)
}

/// TOML has no null: an absent key says the same.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(table) => {
            let kept = table.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
