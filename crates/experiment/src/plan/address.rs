//! Addresses: the hash of everything that determines a cell's numbers.

use super::{PlannedCell, PlannedEnvironment, Subject};
use crate::spec::{Protocol, Spec};
use serde_json::{Value, json};
use store::{FORMAT, address};

/// Raised when a change of a protocol changes its numbers; part of every cell's address.
const PROTOCOL_REVISION: u32 = 1;

impl Spec {
    pub(super) fn cell(
        &self,
        environment: &PlannedEnvironment,
        position: usize,
        policy: usize,
        replicate: u32,
    ) -> PlannedCell {
        let metrics: Vec<Value> =
            metrics::METRICS.iter().map(|metric| json!([metric.about.name, metric.about.version])).collect();
        let held_out: Vec<&String> =
            environment.held_out.iter().map(|&task| &environment.world.tasks()[task]).collect();
        let mut inputs = json!({
            "format": FORMAT,
            "seed": self.seed,
            "replicate": replicate,
            "protocol": environment.protocol,
            "protocol-revision": PROTOCOL_REVISION,
            "tau": self.tau,
            "preferences": self.preferences,
            "metrics": metrics,
            "environment": environment.source,
            "held-out": held_out,
            "policy": environment.policies[policy].content,
        });
        let versions = |abouts: &mut dyn Iterator<Item = &metrics::About>| -> Value {
            abouts.map(|about| json!([about.name, about.version])).collect()
        };
        // Each protocol measures beside the common metrics what only it can.
        match environment.protocol {
            Protocol::Online { .. } => inputs["adaptation"] = versions(&mut metrics::adaptation_metrics()),
            Protocol::TrainThenTest { .. } => inputs["calibration"] = versions(&mut metrics::CALIBRATION.iter()),
        }
        if let Subject::Decided(decisions) = &environment.policies[policy].subject {
            inputs["decisions"] = decisions.contents(replicate).into();
        }
        if self.latency.weight > 0.0 {
            inputs["latency"] = json!(self.latency);
        }
        if !environment.shift_contents.is_empty() {
            inputs["shifts"] = environment.shift_contents.clone().into();
        }
        if let Some(shots) = environment.shots {
            inputs["shots"] = shots.into();
        }
        if let Some(splits) = &environment.splits {
            inputs["splits"] = splits.contents(replicate).into();
        }
        if let Some(feedback) = &environment.feedback {
            inputs["feedback"] = json!(feedback);
        }
        let inputs = canonical(&inputs);
        PlannedCell { id: address(&inputs), inputs, environment: position, policy, replicate }
    }
}

/// JSON with sorted keys, whatever order the parser kept.
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let mut keys: Vec<&String> = table.keys().collect();
            keys.sort();
            let fields: Vec<String> =
                keys.iter().map(|key| format!("{}:{}", Value::from(key.as_str()), canonical(&table[*key]))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}
