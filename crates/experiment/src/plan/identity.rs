//! The kind and the part of a policy, from the registries; and for result folders that are older than roles, from what their
//! cells are addressed by.

use environments::{REFERENCES, SINGLE_MODELS, Sees};
use policies::{Information, POLICIES};
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use store::{Folder, FrameError, Identity, Manifest, Role, Run};

/// The single model `model`.
pub(super) fn single(model: &str) -> Identity {
    Identity { model: Some(model.into()), ..Identity::new(SINGLE_MODELS, Role::SingleModel) }
}

/// The part of a policy that learns from this.
pub(super) fn told(information: Information) -> Role {
    match information {
        Information::None => Role::Rule,
        Information::Bandit => Role::Learner,
        Information::Full => Role::Fitted,
    }
}

/// The part of a line that is drawn from this.
pub(super) fn drawn(sees: Sees) -> Role {
    match sees {
        Sees::Training => Role::Reference,
        Sees::Everything => Role::Oracle,
    }
}

/// What stands behind a policy with this `content` in the address of its cells; none for a kind that no registry knows.
fn identity(content: &Value) -> Option<Identity> {
    let kind = content.get("kind")?.as_str()?;
    if kind == SINGLE_MODELS {
        return Some(single(content.get("model")?.as_str()?));
    }
    let policies = POLICIES.iter().map(|entry| (entry.name, told(entry.information)));
    let mut known = policies.chain(REFERENCES.iter().map(|entry| (entry.name, drawn(entry.sees))));
    known.find(|(name, _)| *name == kind).map(|(name, role)| Identity::new(name, role))
}

/// The cells of `manifest` in `folder`, and what is wrong with those that are damaged, as [`Folder::sound_runs`] has them; of a
/// folder that is older than roles, with the kind and the part of every policy that a registry knows.
///
/// # Errors
/// As [`Folder::sound_runs`].
pub fn identified_runs(folder: &Folder, manifest: &Manifest) -> Result<(Vec<Run>, Vec<FrameError>), FrameError> {
    let (mut runs, damaged) = folder.sound_runs(manifest)?;
    let mut known: BTreeMap<(&str, &str), Identity> = BTreeMap::new();
    for cell in manifest.cells.iter().filter(|cell| cell.identity.role == Role::Unknown && folder.has(&cell.id)) {
        let label = (cell.environment.as_str(), cell.policy.as_str());
        if let Entry::Vacant(place) = known.entry(label) {
            let inputs: Option<Value> = folder.inputs(&cell.id).ok().and_then(|text| serde_json::from_str(&text).ok());
            let found = inputs.and_then(|inputs| identity(inputs.get("policy")?));
            place.insert(found.unwrap_or_default());
        }
    }
    for run in runs.iter_mut().filter(|run| run.identity.role == Role::Unknown) {
        if let Some(found) = known.get(&(run.environment.as_str(), run.policy.as_str())) {
            run.identity = found.clone();
        }
    }
    Ok((runs, damaged))
}
