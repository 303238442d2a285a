//! The files of a log as somebody names them: files, folders, patterns and standard input.

use crate::failure::Failure;
use std::io::Read;
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// Endings of the files that are looked for in a folder.
const ENDINGS: [&str; 6] = ["parquet", "csv", "tsv", "jsonl", "ndjson", "json"];

/// A copy of standard input, which is read more than once; gone with this value.
pub(super) struct Spool {
    _path: TempPath,
}

/// The files that `given` stands for: of a folder all that can be a log, by name, those of folders in it too; of a pattern all that fit
/// it, by name.
///
/// # Errors
/// When there is no such file, a folder or a pattern has none, or standard input cannot be copied.
pub(super) fn files(given: &[PathBuf]) -> Result<(Vec<PathBuf>, Option<Spool>), Failure> {
    let (mut found, mut spool) = (Vec::new(), None);
    for path in given {
        if path.as_os_str() == "-" {
            if spool.is_some() {
                return Err(Failure::Input("`-` stands twice: standard input is one file".into()));
            }
            let copy = copied()?;
            found.push(copy.to_path_buf());
            spool = Some(Spool { _path: copy });
        } else if path.is_dir() {
            let before = found.len();
            within(path, &mut found)?;
            if found.len() == before {
                let endings = ENDINGS.join(", .");
                return Err(Failure::Input(format!(
                    "{}: no file in it ends in .{endings}, or these with .gz",
                    path.display()
                )));
            }
        } else if path.exists() {
            found.push(path.clone());
        } else {
            found.extend(fitting(path)?);
        }
    }
    Ok((found, spool))
}

/// Appends the files in `folder` that can be a log.
fn within(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let fail = |error: std::io::Error| Failure::Input(format!("{}: {error}", folder.display()));
    let entries = std::fs::read_dir(folder).map_err(fail)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(fail)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            within(&path, found)?;
        } else if is_log(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_log(path: &Path) -> bool {
    let packed = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    let name = if packed { path.with_extension("") } else { path.to_owned() };
    name.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// The files that fit the pattern `path`.
fn fitting(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let text = path.to_string_lossy();
    let missing = || Failure::Input(format!("{text}: no such file, and no file fits it as a pattern"));
    if !text.contains(['*', '?', '[']) {
        return Err(Failure::Input(format!("{text}: no such file")));
    }
    let pattern = glob::glob(&text).map_err(|error| Failure::Input(format!("{text}: {error}")))?;
    let found: Vec<PathBuf> = pattern.filter_map(Result::ok).filter(|path| path.is_file()).collect();
    if found.is_empty() { Err(missing()) } else { Ok(found) }
}

/// Standard input as a file whose ending says what it holds.
fn copied() -> Result<TempPath, Failure> {
    let fail = |error: std::io::Error| Failure::Failed(format!("standard input: {error}"));
    let (mut input, mut start) = (std::io::stdin().lock(), Vec::new());
    input.by_ref().take(64).read_to_end(&mut start).map_err(fail)?;
    let ending = match start.trim_ascii_start() {
        [b'P', b'A', b'R', b'1', ..] => ".parquet",
        [0x1f, 0x8b, ..] => ".jsonl.gz",
        [b'{' | b'[', ..] | [0xEF, 0xBB, 0xBF, b'{' | b'[', ..] => ".jsonl",
        _ => ".csv",
    };
    let mut file = tempfile::Builder::new().prefix("barp-").suffix(ending).tempfile().map_err(fail)?;
    std::io::copy(&mut start.as_slice().chain(input), &mut file).map_err(fail)?;
    Ok(file.into_temp_path())
}
