//! `[[policy]]` tables as what is compared on an environment.

use super::identity::{drawn, single, told};
use super::{PlannedEnvironment, PlannedPolicy, Subject};
use crate::extensions::Extensions;
use crate::settings::SpecError;
use crate::spec::{Protocol, Spec};
use crate::take::{take_grid, take_name, take_names};
use environments::REFERENCES;
use policies::Information;
use routing::Arm;
use serde_json::{Map, Value, json};
use store::Identity;

impl Spec {
    pub(super) fn policy(
        &self,
        mut table: Map<String, Value>,
        environment: &PlannedEnvironment,
        extensions: &Extensions,
    ) -> Result<Vec<PlannedPolicy>, SpecError> {
        let place = self.place.table("[[policy]]");
        let Some(kind) = take_name(&place, &mut table, "kind")? else {
            return Err(place.error("`kind` is missing: it must be the name of a policy (see `barp list policies`)"));
        };
        let label = take_name(&place, &mut table, "name")?.unwrap_or_else(|| kind.clone());
        let place = self.place.table(format!("[[policy]] {label}"));
        let only = take_names(&place, &mut table, "only")?;
        if !only.is_empty() && !only.contains(&environment.label) && !only.contains(&environment.group) {
            return Ok(Vec::new());
        }
        if kind == SINGLE_MODELS {
            place.merge(json!({}), table, |_| Ok(()))?;
            return Ok(single_models(environment.world.models()));
        }
        if let Some(reference) = REFERENCES.iter().find(|reference| reference.name == kind) {
            place.merge(json!({}), table, |_| Ok(()))?;
            let content = json!({ "kind": kind, "revision": reference.revision });
            let identity = Identity::new(reference.name, drawn(reference.sees));
            return Ok(vec![PlannedPolicy { label, identity, content, subject: Subject::Reference(reference) }]);
        }
        let entry = extensions.policy(&place, &kind)?;
        let online = matches!(environment.protocol, Protocol::Online { .. });
        if online && entry.information == Information::Full {
            return Err(place.error(format!(
                "policy `{kind}` needs full labels; protocol `online` of environment `{}` reveals chosen outcomes only",
                environment.label
            )));
        }
        let tune = take_grid(&place, &mut table)?;
        if online && !tune.is_empty() {
            return Err(place.error("`tune` needs a validation split; protocol `online` has none"));
        }
        let accepts = |value: &Value| (entry.configure)(value.clone()).map(|_| ()).map_err(|error| error.to_string());
        let parameters = place.merge(entry.defaults, table, accepts)?;
        let mut candidates = Vec::new();
        for setting in settings(&tune) {
            let all = place.table(format!("[[policy]] {label}.tune")).merge(parameters.clone(), setting, accepts)?;
            candidates.push((entry.configure)(all).map_err(|error| place.error(error.to_string()))?);
        }
        let content = json!({
            "kind": kind, "revision": entry.revision, "parameters": candidates[0].parameters, "tune": tune,
        });
        let identity = Identity::new(kind.as_str(), told(entry.information));
        Ok(vec![PlannedPolicy { label, identity, content, subject: Subject::Policy(candidates) }])
    }
}

/// Kind that stands for one reference for each model.
pub(crate) const SINGLE_MODELS: &str = "single-models";

fn single_models(models: &[String]) -> Vec<PlannedPolicy> {
    let one = |(position, model): (usize, &String)| PlannedPolicy {
        label: format!("single:{model}"),
        identity: single(model),
        content: json!({ "kind": SINGLE_MODELS, "model": model, "revision": 1 }),
        subject: Subject::Always(Arm::at(position)),
    };
    models.iter().enumerate().map(one).collect()
}

/// Every combination of a tuning grid; one empty setting for an empty grid.
fn settings(grid: &Map<String, Value>) -> Vec<Map<String, Value>> {
    grid.iter().fold(vec![Map::new()], |settings, (key, values)| {
        let values = values.as_array().expect("`take_grid` checked the lists");
        let with = |setting: &Map<String, Value>, value: &Value| {
            let mut setting = setting.clone();
            setting.insert(key.clone(), value.clone());
            setting
        };
        settings.iter().flat_map(|setting| values.iter().map(move |value| with(setting, value))).collect()
    })
}
