//! `[[policy]]` tables as what is compared on an environment.

use super::identity::{drawn, single, told};
use super::tuning::{self, Asked, combinations};
use super::{PlannedEnvironment, PlannedPolicy, Subject, canonical};
use crate::extensions::{Extensions, PolicyKind};
use crate::spec::{Protocol, Spec};
use crate::written::{DECISIONS_FILE, PolicyTable, WrittenPolicy};
use environments::{REFERENCES, SINGLE_MODELS};
use policies::{Configured, Information};
use routing::{Arm, Seed};
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
        let common: PolicyTable = place.take(&mut table)?;
        let asked = common.asked();
        let PolicyTable { kind, name, only, .. } = common;
        let label = name.unwrap_or_else(|| kind.clone());
        if !only.is_empty() && !only.contains(&environment.label) && !only.contains(&environment.group) {
            return Ok(Vec::new());
        }
        if kind == DECISIONS_FILE {
            if !asked.names().is_empty() {
                return Err(place.error("`tune` needs parameters that can be tried; the decisions of a file are made"));
            }
            return Ok(vec![self.decided(&place, label, table, environment)?]);
        }
        let reference = REFERENCES.iter().find(|reference| reference.name == kind);
        if kind == SINGLE_MODELS || reference.is_some() {
            refuse_parameters(&place, table, &asked)?;
            let Some(reference) = reference else { return Ok(single_models(environment.world.models())) };
            let content = json!({ "kind": kind, "revision": reference.revision });
            let identity = Identity::new(reference.name, drawn(reference.sees));
            return Ok(vec![PlannedPolicy { label, identity, content, subject: Subject::Reference(reference) }]);
        }
        let entry = extensions.policy(&place.at("kind"), &kind)?;
        if matches!(environment.protocol, Protocol::Online { .. }) {
            self.refuse_online(&place, &kind, &table, &asked, &entry, environment)?;
        }
        let (subject, parameters, tune) = self.settings(&place, &kind, table, &asked, &entry)?;
        let content = json!({ "kind": kind, "revision": entry.revision, "parameters": parameters, "tune": tune });
        let identity = Identity::new(kind.as_str(), told(entry.information));
        Ok(vec![PlannedPolicy { label, identity, content, subject }])
    }

    /// Refuses what protocol `online` cannot give: full labels, and a validation split.
    fn refuse_online(
        &self,
        place: &Place,
        kind: &str,
        table: &Map<String, Value>,
        asked: &Asked,
        entry: &PolicyKind<'_>,
        environment: &PlannedEnvironment,
    ) -> Result<(), SpecError> {
        let label = &environment.label;
        if entry.information == Information::Full {
            return Err(place.error(format!(
                "policy `{kind}` needs full labels; protocol `online` of environment `{label}` reveals chosen outcomes only",
            )));
        }
        if !asked.names().is_empty() {
            return Err(place.error("`tune` needs a validation split; protocol `online` has none"));
        }
        let searched = asked.searched(place, table, &entry.schema)?;
        if self.tune.trials > 1 && !searched.is_empty() {
            return Err(place.error(format!(
                "`[tune]` needs a validation split, and protocol `online` of environment `{label}` has none: say `tune = false` \
                 for policy `{kind}` there, or leave out `[tune]`",
            )));
        }
        Ok(())
    }

    /// The settings that a policy tries, its parameters in the first of them, and what its content says of tuning.
    fn settings(
        &self,
        place: &Place,
        kind: &str,
        table: Map<String, Value>,
        asked: &Asked,
        entry: &PolicyKind<'_>,
    ) -> Result<(Subject, Value, Value), SpecError> {
        let accepts = |value: &Value| (entry.configure)(value.clone()).map(|_| ());
        let checked = |all: Value| (entry.configure)(all).map_err(|mistake| place.error(mistake));
        let strict =
            Strict { defaults: entry.defaults.clone(), schema: entry.schema.clone(), taken: PolicyTable::keys() };
        let searched = asked.searched(place, &table, &entry.schema)?;
        let written = place.merge(&strict, table, accepts)?;
        let strict = Strict { defaults: written.clone(), taken: Vec::new(), ..strict };
        let tuned = place.at("tune").table(format!("{}.tune", place.table));
        let with = |setting: Map<String, Value>| checked(tuned.merge(&strict, setting, accepts)?);
        if let Asked::Grid(grid) = asked {
            let candidates: Vec<Configured> = combinations(grid).into_iter().map(with).collect::<Result<_, _>>()?;
            let parameters = candidates[0].parameters.clone();
            return Ok((Subject::Policy(candidates), parameters, json!(grid)));
        }
        if matches!(asked, Asked::Named(_)) && self.tune.trials == 0 {
            return Err(place
                .at("tune")
                .error("`tune` names parameters for `[tune] trials` to search, and there is none"));
        }
        let first = checked(written)?;
        let parameters = first.parameters.clone();
        let seed = Seed::root(self.seed).child("tune", &canonical(&json!([kind, parameters])));
        let settings = tuning::drawn(&searched, &parameters, self.tune.trials, &seed, |setting| {
            tuned.merge(&strict, setting.clone(), accepts).is_ok()
        });
        // A setting alone is not validated: it is as if nothing had been said of tuning.
        let tune = if settings.len() > 1 { json!(settings) } else { json!({}) };
        let others = settings.into_iter().skip(1).map(with);
        let candidates = [Ok(first)].into_iter().chain(others).collect::<Result<Vec<Configured>, SpecError>>()?;
        Ok((Subject::Policy(candidates), parameters, tune))
    }
}

/// Refuses parameters of a reference: it has none.
fn refuse_parameters(place: &Place, table: Map<String, Value>, asked: &Asked) -> Result<(), SpecError> {
    let keys = PolicyTable::keys().into_iter().filter(|key| key != "tune");
    let strict = Strict { defaults: json!({}), taken: keys.collect(), ..Strict::default() };
    if *asked != Asked::Declared {
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
