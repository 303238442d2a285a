//! From a saved router back to one that decides. A new form is a line in [`FORMS`].

use crate::learners::{actor, linear};
use crate::{Export, POLICIES, Recipe};
use crate::{
    avengers_pro, budget_paced, cheapest, knn, largest, lin_cbwk, lin_ucb_listed, mlp, random, ridge, router_dc,
};
use routing::{NotRestored, Policy, Problem, Router, Saved, Seed};
use serde_json::Value;

type Restore = fn(&Saved, &Problem) -> Result<Box<dyn Router>, NotRestored>;

/// Every form in which a frozen router is saved, and how it is built again.
const FORMS: &[(&str, Restore)] = &[
    (actor::ACTOR, actor::restore),
    (linear::LINEAR, linear::restore),
    (lin_ucb_listed::ENTRY.name, lin_ucb_listed::restore),
    (budget_paced::ENTRY.name, budget_paced::restore),
    (lin_cbwk::ENTRY.name, lin_cbwk::restore),
    (knn::ENTRY.name, knn::restore),
    (ridge::ENTRY.name, ridge::restore),
    (mlp::ENTRY.name, mlp::restore),
    (router_dc::ENTRY.name, router_dc::restore),
    (avengers_pro::ENTRY.name, avengers_pro::restore),
    (random::ENTRY.name, random::restore),
    (cheapest::ENTRY.name, cheapest::restore),
    (largest::ENTRY.name, largest::restore),
];

/// The router that was saved, for requests of `problem`. It decides bit for bit as the one that was saved.
///
/// # Errors
/// [`NotRestored`] for an unknown form, or a setting or tensor that does not fit the form and the problem.
pub fn restore(saved: &Saved, problem: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    match FORMS.iter().find(|(form, _)| *form == saved.form) {
        Some((_, restore)) => restore(saved, problem),
        None => {
            let known: Vec<&str> = FORMS.iter().map(|(form, _)| *form).collect();
            Err(NotRestored::new("`form`", format!("one of {}", known.join(", ")), format!("`{}`", saved.form)))
        }
    }
}

/// Names of the policies that [`resume`] continues, as the registry declares them.
pub fn learners() -> impl Iterator<Item = &'static str> {
    POLICIES.iter().filter(|entry| entry.export == Export::Learner).map(|entry| entry.name)
}

/// The policy whose [`Policy::state`] is `state`, to go on learning bit for bit. `content` is what it was made of: `kind`,
/// `revision` and `parameters`. Models of `problem` after the first `known` are met for the first time.
///
/// # Errors
/// [`NotRestored`] for a policy that cannot go on or has changed since, and for a setting or tensor that does not fit.
pub fn resume(content: &Value, state: &Saved, problem: &Problem, known: usize) -> Result<Box<dyn Policy>, NotRestored> {
    let kind = &content["kind"];
    let entry = POLICIES.iter().filter(|entry| entry.export == Export::Learner).find(|entry| entry.name == *kind);
    let names = || format!("one that goes on learning ({})", learners().collect::<Vec<_>>().join(", "));
    let entry = entry.ok_or_else(|| NotRestored::new("the policy", names(), kind))?;
    if content["revision"] != entry.revision {
        let rule = format!("revision {} of `{}`", entry.revision, entry.name);
        return Err(NotRestored::new("the policy", rule, &content["revision"]));
    }
    let configured = (entry.configure)(content["parameters"].clone());
    let configured = configured.map_err(|error| NotRestored::new("its parameters", error.to_string(), content))?;
    let Recipe::Bandit { build, .. } = configured.recipe else {
        unreachable!("an entry that declares a learner learns from its own choices")
    };
    // Whoever declares a learner draws nothing when it is built.
    let mut policy = build(problem, &Seed::root(0));
    policy.resume(state, known)?;
    Ok(policy)
}
