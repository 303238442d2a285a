//! What stands in the footer of a cell beside its columns: what its address is the hash of, what was bought, what was tried.

use crate::Tuning;
use routing::Ledger;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// Keys of the metadata of a cell: what its address is the hash of, what its policy is and was shown, and what was tried.
pub(crate) const INPUTS: &str = "barp.inputs";
pub(crate) const POLICY: &str = "barp.policy";
pub(crate) const LEDGER: &str = "barp.ledger";
pub(crate) const TUNING: &str = "barp.tuning";

/// What the footer of a cell says of what was bought.
#[derive(Clone, Debug, PartialEq)]
pub struct Bought {
    /// As in [`crate::Cell::ledger`].
    pub ledger: Ledger,
    /// As in [`crate::Cell::tuning`].
    pub tuning: Option<Tuning>,
}

/// The address of a cell with these `inputs`: the first 80 bits of their SHA-256, in hexadecimal.
pub fn address(inputs: &str) -> String {
    routing::hexadecimal(&Sha256::digest(inputs.as_bytes())[..10])
}

/// Whether a cell with this `metadata` is the cell `id`, not one that was renamed.
pub(crate) fn belongs(id: &str, metadata: &[(String, String)]) -> Result<(), String> {
    let inputs = metadata.iter().find(|(key, _)| key == INPUTS).map(|(_, value)| value);
    let found = address(inputs.ok_or("this is no cell: metadata `barp.inputs` is missing")?);
    if found == id {
        return Ok(());
    }
    Err(format!(
        "this is cell {found} under another name, or an edited one; delete it, and `barp run` computes it again"
    ))
}

/// The value of `key` among the `metadata` of a cell, read as JSON; none where it is not there.
pub(crate) fn told<T: DeserializeOwned>(metadata: &[(String, String)], key: &str) -> Result<Option<T>, String> {
    let told = metadata.iter().find(|(known, _)| known == key);
    let read = told.map(|(_, value)| serde_json::from_str(value));
    read.transpose().map_err(|error| format!("metadata `{key}`: {error}"))
}

/// What was bought, among the `metadata` of a cell.
pub(crate) fn bought(metadata: &[(String, String)]) -> Result<Bought, String> {
    let ledger = told(metadata, LEDGER)?.ok_or_else(|| format!("this is no cell: metadata `{LEDGER}` is missing"))?;
    Ok(Bought { ledger, tuning: told(metadata, TUNING)? })
}
