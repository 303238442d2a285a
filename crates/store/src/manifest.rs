//! `manifest.json`: what an experiment consisted of, whatever of it was computed.

use crate::stored::Described;
use crate::{Chosen, Identity};
use routing::Ledger;
use routing::hexadecimal;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Raised when files of an older version can no longer be read; part of every cell's address.
pub const FORMAT: u32 = 1;

/// What an experiment consisted of: labels and addresses, nothing that changes from run to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`] of the files.
    pub format: u32,
    /// Version of barp that wrote them.
    pub barp: String,
    /// Name of the experiment.
    pub experiment: String,
    /// What it asks, in a sentence.
    pub about: String,
    /// The command that makes the folder again.
    pub command: String,
    /// Its seed.
    pub seed: u64,
    /// Its environments.
    pub environments: Vec<EnvironmentRecord>,
    /// Its cells, those of other shards included.
    pub cells: Vec<CellRecord>,
}

/// An environment of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentRecord {
    /// Label in the summary.
    pub label: String,
    /// Fingerprint of its content.
    pub fingerprint: String,
    /// Whether its requests are generated rather than recorded.
    pub simulated: bool,
    /// Names of its models.
    pub models: Vec<String>,
    /// Its place in a factorial of shifts, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factors: Option<Factors>,
}

/// Which of several shifts act in an environment, beside others of its group with every combination of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Factors {
    /// What the environments of the factorial have in common.
    pub group: String,
    /// Names of all shifts of the factorial.
    pub all: Vec<String>,
    /// Names of those that act.
    pub on: Vec<String>,
}

/// SHA-256 of the files of a cell, as `sha256sum` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashes {
    /// Of `cells/<id>.parquet`.
    pub cell: String,
    /// Of `tested/<id>.parquet`, where it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tested: Option<String>,
    /// Of `decisions/<id>.parquet`, where it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisions: Option<String>,
}

/// A cell of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellRecord {
    /// Its address: hash of everything that determines its numbers.
    pub id: String,
    /// Label of its environment.
    pub environment: String,
    /// Label of its policy.
    pub policy: String,
    /// What stands behind that label; of no role in a manifest that is older than roles.
    #[serde(default)]
    pub identity: Identity,
    /// Number of its replicate, from 0.
    pub replicate: u32,
    /// What its policy was shown; none while the cell is missing.
    pub ledger: Option<Ledger>,
    /// The setting that was tested; none where nothing was tuned, while the cell is missing, and of a cell that is older than
    /// this record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Chosen>,
    /// Of its files; none while the cell is missing, and in a manifest that is older than hashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Hashes>,
}

/// What the last line but one of a manifest begins with, which holds the SHA-256 of the text without that line.
const SEAL: &str = ",\n  \"sha256\": \"";
/// What stands behind it.
const END: &str = "\"\n}\n";

/// The fields of a manifest that is older than its checksum.
const FIELDS: [&str; 8] = ["format", "barp", "experiment", "about", "command", "seed", "environments", "cells"];

/// What is looked at before the fields, which another format may have others of.
#[derive(Deserialize)]
struct Head {
    format: Option<serde_json::Value>,
}

impl Manifest {
    /// It as the text of `manifest.json`, with its own checksum at the end.
    pub fn sealed(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest is plain text and numbers");
        let sum = hexadecimal(&Sha256::digest(text.as_bytes()));
        text.truncate(text.len() - "\n}".len());
        text + SEAL + &sum + END
    }

    /// What [`Manifest::sealed`] wrote, or a version of barp before checksums did.
    pub(crate) fn unsealed(text: &str) -> Result<Manifest, String> {
        let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match head.format {
            Some(format) if format == FORMAT => {}
            Some(format) => return Err(format!("`format` must be {FORMAT}, got {format}")),
            None => return Err("`format` is missing: this is no manifest of barp".to_owned()),
        }
        let fields: BTreeMap<String, IgnoredAny> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        // Any other field is a checksum, or what damage made of one.
        if fields.keys().any(|name| !FIELDS.contains(&name.as_str())) {
            let split = text.strip_suffix(END).and_then(|text| text.rsplit_once(SEAL));
            let sum = |body: &str| hexadecimal(&Sha256::digest(format!("{body}\n}}")));
            if split.is_none_or(|(body, stated)| sum(body) != stated) {
                return Err("it was changed since barp wrote it: its `sha256` is not that of its text".to_owned());
            }
        }
        let manifest: Manifest = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match manifest.repeated() {
            Some(twice) => Err(twice),
            None => Ok(manifest),
        }
    }

    /// What stands twice among the cells, in words.
    pub(crate) fn repeated(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        let twice = self.cells.iter().find(|cell| !seen.insert((&cell.environment, &cell.policy, cell.replicate)))?;
        let CellRecord { environment, policy, replicate, .. } = twice;
        Some(format!("`cells`: replicate {replicate} of `{policy}` in `{environment}` stands twice"))
    }
}

/// What the fields of `manifest.json` mean; `[]` stands for each item of a list.
pub const MANIFEST_FIELDS: &[Described] = &[
    Described::new("format", "whole number", "", "version of the files, 1"),
    Described::new("barp", "text", "", "version of barp that wrote them"),
    Described::new("experiment", "text", "", "name of the experiment"),
    Described::new("about", "text", "", "what it asks, in a sentence"),
    Described::new("command", "text", "", "the command that makes the folder again"),
    Described::new("seed", "whole number", "", "seed of the experiment"),
    Described::new("environments[].label", "text", "", "label in the summary"),
    Described::new("environments[].fingerprint", "text", "", "identifies its content: another one gives other numbers"),
    Described::new(
        "environments[].simulated",
        "true or false",
        "",
        "whether its requests are generated rather than recorded",
    ),
    Described::new("environments[].models[]", "text", "", "names of its models"),
    Described::new(
        "environments[].factors.group",
        "text or nothing",
        "",
        "what the environments of its factorial have in common",
    ),
    Described::new("environments[].factors.all[]", "text or nothing", "", "names of all shifts of the factorial"),
    Described::new("environments[].factors.on[]", "text or nothing", "", "names of those that act in it"),
    Described::new("cells[].id", "text", "", "address: hash of everything that determines the numbers of the cell"),
    Described::new("cells[].environment", "text", "", "label of its environment"),
    Described::new("cells[].policy", "text", "", "label of its policy"),
    Described::new("cells[].identity.kind", "text", "", "kind of its policy in the registry, whatever its label"),
    Described::new("cells[].identity.role", "text", "", "the part that its policy plays (see the roles)"),
    Described::new("cells[].identity.model", "text or nothing", "", "model that its policy always chooses"),
    Described::new("cells[].replicate", "whole number", "", "number of its replicate, from 0"),
    Described::new(
        "cells[].ledger.outcomes",
        "whole number or nothing",
        "outcomes",
        "outcomes that its policy was shown",
    ),
    Described::new("cells[].ledger.dollars", "number or nothing", "USD", "dollars that these outcomes cost"),
    Described::new(
        "cells[].ledger.tuning_trials",
        "whole number or nothing",
        "settings",
        "settings that were tried on validation data",
    ),
    Described::new(
        "cells[].chosen.setting",
        "table or nothing",
        "",
        "value of each tuned parameter in the setting that was tested",
    ),
    Described::new(
        "cells[].chosen.reward",
        "number or nothing",
        "reward",
        "its mean reward over the weights on cost on the validation split",
    ),
    Described::new("cells[].chosen.trial", "whole number or nothing", "", "its number among the trials, from 1"),
    Described::new("cells[].chosen.trials", "whole number or nothing", "settings", "settings that were tried"),
    Described::new(
        "cells[].chosen.outcomes",
        "whole number or nothing",
        "outcomes",
        "outcomes bought beyond those that the chosen setting needs by itself",
    ),
    Described::new("cells[].chosen.dollars", "number or nothing", "USD", "dollars that these outcomes cost"),
    Described::new("cells[].sha256.cell", "text or nothing", "", "SHA-256 of its file in `cells`"),
    Described::new("cells[].sha256.tested", "text or nothing", "", "SHA-256 of its file in `tested`"),
    Described::new("cells[].sha256.decisions", "text or nothing", "", "SHA-256 of its file in `decisions`"),
    Described::new("sha256", "text or nothing", "", "SHA-256 of the file without this line"),
];
