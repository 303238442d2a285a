//! What stands behind the label of a policy: its kind, and the part it plays in a comparison.
//!
//! A label is whatever a user writes. What is drawn, ranked or warned of follows from here.

use crate::Label;
use serde::{Deserialize, Serialize};

/// The part that a policy plays in a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Learns from the outcomes of its own choices.
    Learner,
    /// A router that was fitted on full labels.
    Fitted,
    /// A rule that is fixed in advance and learns nothing.
    Rule,
    /// A line drawn from every outcome of the training prompts.
    Reference,
    /// A line that sees every outcome of the request itself: no router can be it.
    Oracle,
    /// One model for every request.
    SingleModel,
    /// A router made elsewhere, known by its decisions alone; what it bought is told only where its author says so.
    Elsewhere,
    /// No policy: what is said of the models of a data set before anything runs.
    Data,
    /// Not told: the file is older than roles.
    #[default]
    Unknown,
}

/// Every role with what it means, in the order of [`Role`].
pub const ROLES: [(Role, &str); 9] = [
    (Role::Learner, "learns from the outcomes of its own choices"),
    (Role::Fitted, "a router that was fitted on full labels"),
    (Role::Rule, "a rule that is fixed in advance and learns nothing"),
    (Role::Reference, "a line drawn from every outcome of the training prompts"),
    (Role::Oracle, "a line that sees every outcome of the request itself: no router can be it"),
    (Role::SingleModel, "one model for every request"),
    (Role::Elsewhere, "a router made elsewhere, known by its decisions; with 0 outcomes it is not told what it bought"),
    (Role::Data, "no policy: what is said of the models of a data set"),
    (Role::Unknown, "not told: the file is older than roles"),
];

impl Role {
    /// The word for it in a file.
    pub fn name(self) -> &'static str {
        match self {
            Role::Learner => "learner",
            Role::Fitted => "fitted",
            Role::Rule => "rule",
            Role::Reference => "reference",
            Role::Oracle => "oracle",
            Role::SingleModel => "single-model",
            Role::Elsewhere => "elsewhere",
            Role::Data => "data",
            Role::Unknown => "unknown",
        }
    }

    /// The role that a file calls `name`.
    pub fn parse(name: &str) -> Option<Role> {
        ROLES.iter().map(|(role, _)| *role).find(|role| role.name() == name)
    }

    /// Whether it learns something about prompts, so that it may fail to.
    pub fn learns(self) -> bool {
        matches!(self, Role::Learner | Role::Fitted)
    }

    /// Whether it is drawn as a line of reference.
    pub fn is_reference(self) -> bool {
        matches!(self, Role::Rule | Role::Reference | Role::Oracle | Role::SingleModel)
    }
}

/// What stands behind a label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Name in the registry, such as `lin-ucb`; empty where it is not told.
    pub kind: Label,
    /// The part it plays.
    pub role: Role,
    /// The model that it always chooses, for [`Role::SingleModel`] and [`Role::Data`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Label>,
}

impl Identity {
    /// A policy of this kind, about no single model.
    pub fn new(kind: impl Into<Label>, role: Role) -> Identity {
        Identity { kind: kind.into(), role, model: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_one_spelling_in_tables_and_in_json() {
        for (role, meaning) in ROLES {
            assert_eq!(Role::parse(role.name()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
            assert!(!meaning.is_empty());
        }
        assert_eq!(Role::parse("Learner"), None);
    }
}
