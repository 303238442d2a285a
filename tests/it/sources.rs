//! Published data sets by name: listed, converted, and real rows of four of them.

use crate::support::{barp, shared};
use environments::sources::named::DATA_SOURCES;
use std::path::Path;
use std::process::Command;

/// Exit code, stdout and stderr of a command.
fn said(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = barp(folder, arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_source_is_listed_with_licence_citation_and_columns() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text, _) = said(folder.path(), &["list", "sources"]);
    let (_, json, _) = said(folder.path(), &["list", "sources", "--json"]);
    let items: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, items.as_array().unwrap().len()), (Some(0), DATA_SOURCES.len()));
    for (source, item) in DATA_SOURCES.iter().zip(items.as_array().unwrap()) {
        assert_eq!(
            (&item["name"], &item["licence"], &item["citation"]),
            (&source.name.into(), &source.licence.into(), &source.citation.into())
        );
        assert_eq!(item["columns"], source.columns.join(", "));
        assert!(text.contains(&format!("{}\n    {}\n", source.name, source.about)), "{text}");
    }
}

#[test]
fn a_source_brings_its_own_layout_and_says_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), "sample_id,prompt,a\n1,x,.5\n").unwrap();
    let import = |more: &[&str]| said(folder.path(), &[&["data", "import", "t.csv", "--out", "out"], more].concat());
    for (more, wanted) in [
        (&["--source", "routerbnech"][..], "routerbench"),
        (&["--source", "routerbench", "--format", "long"], "cannot be used with"),
        (&["--source", "routerbench", "--column", "id=x"], "cannot be used with"),
        (&["--no-dollars"], "--source"),
        (
            &["--source", "routerbench"],
            "no such column: `eval_name`, `MODEL|total_cost`; the file has `sample_id`, `prompt`, `a`",
        ),
        (&["--source", "bfcl"], "`--prices BOOK` and `--price-date DAY` are needed"),
    ] {
        let (code, _, error) = import(more);
        assert!(code == Some(2) && error.contains(wanted), "{more:?}: {error}");
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn costs_without_dollars_are_told_loudly() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gsm8k.csv"), "prompt,a,b,a_response\nx y z,True,False,1\nu v w,False,False,2\n")
        .unwrap();
    let (code, text, error) =
        said(folder.path(), &["data", "import", "gsm8k.csv", "--source", "routellm", "--no-dollars", "--out", "out"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(text.starts_with("2 prompts, 2 models, 1 tasks"), "{text}");
    assert!(error.contains("every cost of this table is 0"), "{error}");
    assert!(error.contains("the release of lm-sys for GSM8K: 2 prompts, that one has 1,319"), "{error}");
    assert!(text.contains("near-duplicate prompts"), "what was reshaped is searched for duplicates too: {text}");
}

#[test]
fn a_pickle_needs_python_with_pandas_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("no.pkl"), "no pickle").unwrap();
    let arguments = ["data", "import", "no.pkl", "--source", "routerbench-pickle", "--out", "out"];
    let output = Command::new(crate::support::program())
        .args(arguments)
        .current_dir(folder.path())
        .env("PATH", folder.path())
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && error.contains("no.pkl: `python3` is not installed"), "{error}");
    let (code, _, error) = said(folder.path(), &arguments);
    assert!(code == Some(2) && error.contains("no.pkl"), "{error}");
}

#[test]
fn real_rows_import_by_name() {
    let book = shared("book_aug2024.csv").map(|path| path.display().to_string()).unwrap_or_default();
    let priced = ["--prices", &book, "--price-date", "2024-08-20"];
    for (file, source, more, begins, warns) in [
        (
            "routerbench_0shot_5llm.parquet",
            "routerbench",
            &[][..],
            "5694 prompts, 5 models",
            "5,694 prompts, that one has 36,497",
        ),
        ("paretobandit_k4.parquet", "paretobandit", &[], "3559 prompts, 4 models", ""),
        ("superhard_56x17_2026.long.csv", "superhard", &[], "56 prompts, 17 models", ""),
        ("bfcl_2024-08_x22.long.parquet", "bfcl", &priced, "22 models", ""),
    ] {
        let Some(path) = shared(file) else { continue };
        let folder = tempfile::tempdir().unwrap();
        let path = path.display().to_string();
        let arguments = [&["data", "import", &path, "--source", source, "--out", "out"][..], more];
        let (code, text, error) = said(folder.path(), &arguments.concat());
        assert!(code == Some(0) && text.contains(begins), "{source}: {text}{error}");
        assert!(error.contains(warns), "{error}");
        let missing = "2 of 30580 cells are missing";
        assert!(source != "bfcl" || error.contains(missing), "two answers lack tokens: {error}");
        assert!(source == "bfcl" || !warns.is_empty() || !error.contains("warning"), "{source}: {error}");
    }
}
