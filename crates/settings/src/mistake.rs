//! What is wrong with a table, wherever it was written.

/// A mistake in a table. Where it was made is told by [`crate::SpecError`].
#[derive(Clone, Debug, PartialEq)]
pub enum Mistake {
    /// A name that does not exist.
    Unknown {
        /// What it was taken for, for example "key".
        what: String,
        /// The name.
        name: String,
        /// All names there are.
        known: Vec<String>,
    },
    /// A key that has to be there.
    Missing {
        /// The key.
        field: String,
        /// What it must be.
        rule: String,
    },
    /// A value that breaks its rule.
    Rule {
        /// The key.
        field: String,
        /// What it must be.
        rule: String,
        /// What it is.
        value: String,
    },
    /// Anything else, in words. A text that opens with a key in backticks is about that key.
    Text(String),
}

impl Mistake {
    /// The mistake that `field` must be `rule`, unless `holds`.
    ///
    /// # Errors
    /// [`Mistake::Rule`], unless `holds`.
    pub fn unless(holds: bool, field: &str, rule: &str, value: impl std::fmt::Display) -> Result<(), Mistake> {
        if holds {
            return Ok(());
        }
        Err(Mistake::Rule { field: field.into(), rule: rule.into(), value: value.to_string() })
    }

    /// The mistake that `name` is none of the `known` ones.
    pub fn unknown<S: ToString>(what: &str, name: &str, known: impl IntoIterator<Item = S>) -> Mistake {
        let known = known.into_iter().map(|name| name.to_string()).collect();
        Mistake::Unknown { what: what.into(), name: name.into(), known }
    }

    /// The key that it is about, if it is about one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Mistake::Unknown { what, name, .. } => (what == "key").then_some(name.as_str()),
            Mistake::Missing { .. } => None,
            Mistake::Rule { field, .. } => Some(field),
            Mistake::Text(text) => text.strip_prefix('`')?.split_once('`').map(|(field, _)| field),
        }
    }
}

impl From<String> for Mistake {
    fn from(text: String) -> Mistake {
        Mistake::Text(text)
    }
}

impl From<&str> for Mistake {
    fn from(text: &str) -> Mistake {
        Mistake::Text(text.into())
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Mistake::Unknown { what, name, known } => {
                let names: Vec<&str> = known.iter().map(String::as_str).collect();
                // A key inside of a table is told with its path; its own name is what comes last.
                let own = || nearest(name.rsplit('.').next().unwrap_or_default(), &names);
                let nearest = nearest(name, &names).or_else(own).map(|nearest| format!("nearest is `{nearest}`; "));
                write!(f, "unknown {what} `{name}` ({}known: {})", nearest.unwrap_or_default(), names.join(", "))
            }
            Mistake::Missing { field, rule } => write!(f, "`{field}` is missing: it must be {rule}"),
            Mistake::Rule { field, rule, value } => write!(f, "`{field}` must be {rule}, got {value}"),
            Mistake::Text(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Mistake {}

/// The name among `known` that `name` was most probably meant to be, if any is near.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let similarity = |candidate: &str| strsim::normalized_damerau_levenshtein(name, candidate);
    let scored = known.iter().map(|candidate| (similarity(candidate), *candidate));
    let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    (best.0 > 0.4).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_near() {
        assert_eq!(nearest("lin-ucd", &["lin-ts", "lin-ucb", "knn"]), Some("lin-ucb"));
        assert_eq!(nearest("zzz", &["lin-ts", "lin-ucb", "knn"]), None);
    }

    #[test]
    fn a_key_inside_of_a_table_has_its_nearest_name_too() {
        let mistake = Mistake::unknown("key", "tenants.a.shre", ["becomes", "share", "w-cost"]);
        assert!(mistake.to_string().contains("nearest is `share`"), "{mistake}");
    }

    #[test]
    fn a_mistake_knows_its_key() {
        assert_eq!(Mistake::from("`split` must leave each part a prompt").field(), Some("split"));
        assert_eq!(Mistake::unknown("key", "sed", ["seed"]).field(), Some("sed"));
        assert_eq!(Mistake::unknown("task", "gsm", ["gsm8k"]).field(), None);
    }
}
