//! From a saved router back to one that decides. A new form is a line in [`FORMS`].

use crate::learners::{actor, linear};
use crate::{
    avengers_pro, budget_paced, cheapest, knn, largest, lin_cbwk, lin_ucb_listed, mlp, random, ridge, router_dc,
};
use routing::{NotRestored, Problem, Router, Saved};

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
