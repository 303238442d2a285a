//! `[[policy]]` tables as what is compared on an environment.

use super::identity::{drawn, single, told};
use super::{PlannedEnvironment, PlannedPolicy, Subject};
use crate::extensions::Extensions;
use crate::spec::{Protocol, Spec};
use crate::written::{DECISIONS_FILE, PolicyTable, WrittenPolicy};
use environments::{REFERENCES, SINGLE_MODELS};
use policies::Information;
use routing::Arm;
use serde_json::{Map, Value, json};
use settings::{Mistake, Place, SpecError, Strict};
use store::Identity;

impl Spec {
    pub(super) fn policy(
        &self,
        WrittenPolicy { place, mut table }: WrittenPolicy,
        environment: &PlannedEnvironment,
        extensions: &Extensions,
    ) -> Result<Vec<PlannedPolicy>, SpecError> {
        let PolicyTable { kind, name, only, tune, .. } = place.take(&mut table)?;
        let label = name.unwrap_or_else(|| kind.clone());
        if !only.is_empty() && !only.contains(&environment.label) && !only.contains(&environment.group) {
            return Ok(Vec::new());
        }
        if kind == DECISIONS_FILE {
            if !tune.is_empty() {
                return Err(place.error("`tune` needs parameters that can be tried; the decisions of a file are made"));
            }
            return Ok(vec![self.decided(&place, label, table, environment)?]);
        }
        let reference = REFERENCES.iter().find(|reference| reference.name == kind);
        if kind == SINGLE_MODELS || reference.is_some() {
            refuse_parameters(&place, table, &tune)?;
            let Some(reference) = reference else { return Ok(single_models(environment.world.models())) };
            let content = json!({ "kind": kind, "revision": reference.revision });
            let identity = Identity::new(reference.name, drawn(reference.sees));
            return Ok(vec![PlannedPolicy { label, identity, content, subject: Subject::Reference(reference) }]);
        }
        let entry = extensions.policy(&place.at("kind"), &kind)?;
        let online = matches!(environment.protocol, Protocol::Online { .. });
        if online && entry.information == Information::Full {
            return Err(place.error(format!(
                "policy `{kind}` needs full labels; protocol `online` of environment `{}` reveals chosen outcomes only",
                environment.label
            )));
        }
        if online && !tune.is_empty() {
            return Err(place.error("`tune` needs a validation split; protocol `online` has none"));
        }
        let accepts = |value: &Value| (entry.configure)(value.clone()).map(|_| ());
        let strict = Strict { defaults: entry.defaults, schema: entry.schema, taken: PolicyTable::keys() };
        let parameters = place.merge(&strict, table, accepts)?;
        let strict = Strict { defaults: parameters, taken: Vec::new(), ..strict };
        let mut candidates = Vec::new();
        for setting in settings(&tune) {
            let all = place.at("tune").table(format!("{}.tune", place.table)).merge(&strict, setting, accepts)?;
            candidates.push((entry.configure)(all).map_err(|mistake| place.error(mistake))?);
        }
        let content = json!({
            "kind": kind, "revision": entry.revision, "parameters": candidates[0].parameters, "tune": tune,
        });
        let identity = Identity::new(kind.as_str(), told(entry.information));
        Ok(vec![PlannedPolicy { label, identity, content, subject: Subject::Policy(candidates) }])
    }
}

/// Refuses parameters of a reference: it has none.
fn refuse_parameters(place: &Place, table: Map<String, Value>, tune: &Map<String, Value>) -> Result<(), SpecError> {
    let keys = PolicyTable::keys().into_iter().filter(|key| key != "tune");
    let strict = Strict { defaults: json!({}), taken: keys.collect(), ..Strict::default() };
    if !tune.is_empty() {
        return Err(place.error(Mistake::unknown("key", "tune", strict.taken)));
    }
    place.merge(&strict, table, |_| Ok(())).map(|_| ())
}

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
        let values = values.as_array().expect("the schema of `tune` asks for lists");
        let with = |setting: &Map<String, Value>, value: &Value| {
            let mut setting = setting.clone();
            setting.insert(key.clone(), value.clone());
            setting
        };
        settings.iter().flat_map(|setting| values.iter().map(move |value| with(setting, value))).collect()
    })
}
