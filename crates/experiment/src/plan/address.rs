//! Addresses: the hash of everything that determines a cell's numbers.

use super::{PlannedCell, PlannedEnvironment, Subject};
use crate::spec::{Protocol, Spec};
use serde_json::{Value, json};
use store::{FORMAT, address};

/// Raised when a change of a protocol changes its numbers; part of every cell's address.
const PROTOCOL_REVISION: u32 = 1;

/// The key of the inputs that differs between replicates.
const REPLICATE: &str = "replicate";

impl Spec {
    /// The cells of a policy in an environment, one for each replicate.
    pub(super) fn cells(&self, environment: &PlannedEnvironment, position: usize, policy: usize) -> Vec<PlannedCell> {
        let decided = matches!(environment.policies[policy].subject, Subject::Decided(_));
        // Files of splits and of decisions are others in each replicate; all else is written once.
        let each_its_own = decided || environment.splits.is_some();
        let first = around(&self.inputs(environment, policy, 0), REPLICATE);
        let cell = |replicate| {
            let own = each_its_own.then(|| around(&self.inputs(environment, policy, replicate), REPLICATE));
            let [before, after] = own.as_ref().unwrap_or(&first);
            let inputs = format!("{before}{replicate}{after}");
            PlannedCell { id: address(&inputs), inputs, environment: position, policy, replicate }
        };
        (0..self.replicates).map(cell).collect()
    }

    fn inputs(&self, environment: &PlannedEnvironment, policy: usize, replicate: u32) -> Value {
        let metrics: Vec<Value> =
            metrics::METRICS.iter().map(|metric| json!([metric.about.name, metric.about.version])).collect();
        let held_out: Vec<&String> =
            environment.held_out.iter().map(|&task| &environment.world.tasks()[task]).collect();
        let mut inputs = json!({
            "format": FORMAT,
            "seed": self.seed,
            REPLICATE: replicate,
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
        inputs
    }
}

/// [`canonical`] of a table before and after the value of `key`, which it has.
fn around(table: &Value, key: &str) -> [String; 2] {
    let marked = |mark: &str| {
        let mut table = table.clone();
        table[key] = mark.into();
        canonical(&table)
    };
    // What two texts of the same length and different letters have in common is all but the letters.
    let (one, other) = (marked("0"), marked("1"));
    let at = one.bytes().zip(other.bytes()).position(|(one, other)| one != other).expect("the marks differ");
    [one[..at - 1].to_owned(), one[at + 2..].to_owned()]
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
