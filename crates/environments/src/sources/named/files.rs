//! Files and columns of a data set, before its rows are looked at.

use super::error::{SourceError, SourceRule};
use std::path::{Path, PathBuf};
use store::{Record, Records};

/// What stands for the name of each model in the columns of a [`super::DataSource`].
const MODEL: &str = "MODEL";

/// Refuses the file at `path` unless its first row has every one of `columns`.
pub(super) fn expect(path: &Path, source: &'static str, columns: &[&str]) -> Result<(), SourceError> {
    let names = names(path, source)?;
    let lacks = |column: &&&str| match column.strip_prefix(MODEL) {
        Some(suffix) => !names.iter().any(|name| name.len() > suffix.len() && name.ends_with(suffix)),
        None => !names.iter().any(|name| name == **column),
    };
    let missing: Vec<String> = columns.iter().filter(lacks).map(|name| format!("`{name}`")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let has: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let value = format!("{}; the file has {}", missing.join(", "), has.join(", "));
    Err(SourceError::refused(path, source, SourceRule::NoColumn, value))
}

/// Names of the columns of a table: those of its header, or of the first line of a JSONL file.
pub(super) fn names(path: &Path, source: &'static str) -> Result<Vec<String>, SourceError> {
    let mut record = Record::default();
    if !Records::open(path)?.read(&mut record)? {
        return Err(SourceError::refused(path, source, SourceRule::NoRows, "there is no row of data"));
    }
    if let Some(flaw) = record.flaw {
        let value = format!("line {}: {flaw}", record.place);
        return Err(SourceError::refused(path, source, SourceRule::Cell, value));
    }
    Ok(record.fields.into_iter().map(|(name, _)| name).collect())
}

/// The text of a cell; numbers as they are written. None where it is missing.
pub(super) fn text(record: &Record, name: &str) -> Option<String> {
    record.get(name).map(|cell| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned))
}

/// `path` itself, or, where it is a folder, the files anywhere below it whose name is `wanted`, sorted.
///
/// # Errors
/// When a folder cannot be read, or has no such file.
pub(super) fn below(path: &Path, source: &'static str, wanted: fn(&str) -> bool) -> Result<Vec<PathBuf>, SourceError> {
    let refused = |path: &Path, value: String| SourceError::refused(path, source, SourceRule::NoRows, value);
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let (mut files, mut folders) = (Vec::new(), vec![path.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| refused(&folder, error.to_string()))? {
            let entry = entry.map_err(|error| refused(&folder, error.to_string()))?;
            let kind = entry.file_type().map_err(|error| refused(&entry.path(), error.to_string()))?;
            // A link could lead back to a folder above it.
            if kind.is_dir() {
                folders.push(entry.path());
            } else if entry.file_name().to_str().is_some_and(wanted) {
                files.push(entry.path());
            }
        }
    }
    if files.is_empty() {
        return Err(refused(path, "the folder has no file of this data set".to_owned()));
    }
    files.sort_unstable();
    Ok(files)
}
