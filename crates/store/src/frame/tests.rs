//! Columns survive every format, and what is wrong with a file is said by line or row, column and value.

use super::{Column, Frame, Record, Records, read, write_csv, write_parquet};
use crate::write_whole;
use std::path::PathBuf;
use tempfile::TempDir;

fn file(name: &str, text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    write_whole(&path, text.as_bytes()).unwrap();
    (folder, path)
}

fn columns(name: &str, text: &str) -> Vec<(String, Column)> {
    let (_folder, path) = file(name, text);
    read(&path).unwrap().columns
}

#[track_caller]
fn check_refusal(name: &str, text: &str, message: &str) {
    let (_folder, path) = file(name, text);
    assert_eq!(read(&path).unwrap_err().to_string(), format!("{}: {message}", path.display()));
}

fn texts(cells: &[Option<&str>]) -> Column {
    Column::Text(cells.iter().map(|cell| cell.map(str::to_owned)).collect())
}

fn scalars() -> Frame {
    Frame {
        columns: vec![
            ("name".to_owned(), texts(&[Some("a, \"b\"\nc"), None, Some("Ünï")])),
            ("count".to_owned(), Column::Integer(vec![Some(0), Some(999_999_999_999_999), None])),
            ("cost".to_owned(), Column::Real(vec![Some(1e-300), None, Some(-0.1)])),
        ],
        metadata: Vec::new(),
    }
}

fn everything() -> Frame {
    let mut frame = scalars();
    frame.columns[1].1 = Column::Integer(vec![Some(0), Some(u64::MAX), None]);
    frame.columns[2].1 = Column::Real(vec![Some(f64::INFINITY), None, Some(-0.1)]);
    frame
        .columns
        .push(("vector".to_owned(), Column::Vectors { width: 2, values: vec![0.1, 2.0, -3.0, 0.0, 5.0, 6.0] }));
    frame.metadata = vec![("z".to_owned(), "last".to_owned()), ("a".to_owned(), String::new())];
    frame
}

#[test]
fn parquet_gives_back_every_column_and_the_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.parquet");
    for frame in [everything(), Frame::default()] {
        write_parquet(&path, &frame).unwrap();
        assert_eq!(read(&path).unwrap(), frame);
    }
}

#[test]
fn parquet_bytes_depend_on_the_content_alone() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["first.parquet", "second.parquet"].map(|name| folder.path().join(name));
    for path in &paths {
        write_parquet(path, &everything()).unwrap();
    }
    let [first, second] = paths.map(|path| std::fs::read(path).unwrap());
    assert_eq!(first, second);
    let text = String::from_utf8_lossy(&first);
    assert!(!text.contains("parquet-rs"), "the version of the writer must not be in the file");
}

#[test]
fn csv_gives_back_every_scalar() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.csv");
    write_csv(&path, &scalars()).unwrap();
    assert_eq!(read(&path).unwrap(), scalars());
}

#[test]
fn csv_columns_are_numbers_only_when_that_loses_nothing() {
    let text = "whole,real,id,long,mixed,empty\n1,1,007,123456789012345678901,0.5,\n2,0.5,8,1,oops,\n,NaN,9,2,,\n";
    let columns = columns("a.csv", text);
    assert_eq!(columns[0].1, Column::Integer(vec![Some(1), Some(2), None]));
    let Column::Real(reals) = &columns[1].1 else { panic!("{:?}", columns[1]) };
    assert_eq!(reals[..2], [Some(1.0), Some(0.5)]);
    assert!(reals[2].unwrap().is_nan(), "a written NaN is a value, not a missing cell");
    assert_eq!(columns[2].1, texts(&[Some("007"), Some("8"), Some("9")]));
    assert_eq!(columns[3].1, texts(&[Some("123456789012345678901"), Some("1"), Some("2")]));
    assert_eq!(columns[4].1, texts(&[Some("0.5"), Some("oops"), None]));
    assert_eq!(columns[5].1, texts(&[None, None, None]));
}

#[test]
fn jsonl_columns_keep_the_order_of_the_file() {
    let text = concat!(
        "{\"z\": 1, \"vector\": [1, 2.5], \"a\": \"x\"}\n\n",
        "{\"a\": 3, \"z\": -2, \"late\": true}\n",
        "{\"vector\": [null, 3], \"a\": {\"k\": [1]}, \"words\": [\"u\"]}\n",
    );
    let columns = columns("a.jsonl", text);
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["z", "vector", "a", "late", "words"]);
    assert_eq!(columns[0].1, Column::Real(vec![Some(1.0), Some(-2.0), None]));
    let Column::Vectors { width: 2, values } = &columns[1].1 else { panic!("{:?}", columns[1]) };
    assert_eq!(values[..2], [1.0, 2.5]);
    assert!(values[2..5].iter().all(|value| value.is_nan()), "a missing vector is NaN");
    assert_eq!(values[5], 3.0);
    assert_eq!(columns[2].1, texts(&[Some("x"), Some("3"), Some("{\"k\":[1]}")]));
    assert_eq!(columns[3].1, texts(&[None, Some("true"), None]));
    assert_eq!(columns[4].1, texts(&[None, None, Some("[\"u\"]")]));
}

#[test]
fn a_vector_missing_before_the_first_one_is_nan_too() {
    let columns = columns("a.jsonl", "{\"id\": 1, \"v\": null}\n{\"id\": 2, \"v\": [4]}\n");
    let Column::Vectors { width: 1, values } = &columns[1].1 else { panic!("{:?}", columns[1]) };
    assert!(values[0].is_nan());
    assert_eq!(values[1..], [4.0]);
}

#[test]
fn unreadable_files_are_refused_by_line_and_column() {
    check_refusal("a.pkl", "", "the ending must be .parquet, or .csv, .tsv, .jsonl, .ndjson or .json, also with .gz");
    check_refusal("a.json", "[{},\n1]", "line 2: `1` where an object should begin");
    check_refusal("a.csv", "a,b\n1,2\n3\n", "line 3: 1 cells where the header has 2");
    check_refusal("a.csv", "a,b,a\n1,2,3\n", "two columns are called `a`");
    check_refusal("a.jsonl", "{\"a\": 1}\n{\"a\": NaN}\n", "line 2: character 7: expected value");
    check_refusal("a.jsonl", "{\"a\": 1}\n[1]\n", "line 2: character 0: invalid type: sequence, expected an object");
    check_refusal("a.jsonl", "{\"a\": 1, \"a\": 2}\n", "line 1: key `a` stands twice");
    check_refusal("a.parquet", "PAR", "EOF: Parquet file too small. Size is 3 but need 8");
    let missing = read("/nowhere/a.csv".as_ref()).unwrap_err().to_string();
    assert_eq!(missing, "/nowhere/a.csv: No such file or directory (os error 2)");
}

#[test]
fn frames_that_no_file_can_hold_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let check = |columns: Vec<(&str, Column)>, message: &str| {
        let columns = columns.into_iter().map(|(name, column)| (name.to_owned(), column)).collect();
        let error = write_csv(&path, &Frame { columns, metadata: Vec::new() }).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: {message}", path.display()));
    };
    let one = || Column::Integer(vec![Some(1)]);
    check(vec![("a", one()), ("a", one())], "two columns are called `a`");
    check(vec![("a", one()), ("b", Column::Real(Vec::new()))], "column `b`: 0 rows, the first has 1");
    let vectors = |width| Column::Vectors { width, values: vec![0.5; width] };
    check(vec![("v", vectors(0))], "column `v`: vectors of no numbers");
    check(vec![("v", vectors(2))], "column `v`: CSV has no place for vectors");
    assert!(!path.exists());
}

#[test]
fn a_byte_order_mark_and_other_endings_are_read_in_jsonl_too() {
    let text = "\u{feff}{\"a\": 1}\n{\"a\": 2}\n";
    for name in ["a.jsonl", "a.ndjson", "A.JSONL"] {
        assert_eq!(columns(name, text), [("a".to_owned(), Column::Integer(vec![Some(1), Some(2)]))]);
        let (_folder, path) = file(name, text);
        let (mut records, mut record, mut rows) = (Records::open(&path).unwrap(), Record::default(), Vec::new());
        while records.read(&mut record).unwrap() {
            rows.push((record.place, record.flaw.clone(), record.get("a").and_then(|value| value.as_u64())));
        }
        assert_eq!(rows, [(1, None, Some(1)), (2, None, Some(2))]);
    }
    check_refusal("a.jsonl", "{}\n\u{feff}{}\n", "line 2: character 1: expected value");
}

#[test]
fn lists_of_different_length_are_refused_only_where_they_are_asked_for() {
    let ragged =
        columns("a.jsonl", "{\"v\": [1, 2], \"a\": 1}\n{\"v\": null, \"a\": 2}\n{\"v\": [1, 2, 3], \"a\": 3}\n");
    assert_eq!(ragged[0].1.flaw(), Some("row 3 has 3 numbers where the rows before have 2"));
    assert_eq!(ragged[0].1.len(), 3);
    assert_eq!(ragged[1].1, Column::Integer(vec![Some(1), Some(2), Some(3)]));
    let empty = columns("a.jsonl", "{\"v\": []}\n");
    assert_eq!(empty[0].1.flaw(), Some("row 1 has a vector of no numbers"));
}

#[test]
fn a_path_leads_into_objects_lists_and_text_that_holds_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let line = r#"{"a": {"b.c": {"d": 1}, "e": [5, {"f": 2}]}, "text": "{\"x\": {\"y\": 3}}", "g.h": 4, "none": null, "bad": "{"}"#;
    write_whole(&path, line.as_bytes()).unwrap();
    let (mut records, mut record) = (Records::open(&path).unwrap(), Record::default());
    assert!(records.read(&mut record).unwrap());
    let get = |name: &str| record.get(name).and_then(|value| value.as_u64());
    assert_eq!((get("a.b.c.d"), get(r"a.b\.c.d"), get("a.e.1.f"), get("a.e.0")), (Some(1), Some(1), Some(2), Some(5)));
    assert_eq!(
        (get("text.x.y"), get("g.h"), get("missing or a.e.0"), get("none or g.h")),
        (Some(3), Some(4), Some(5), Some(4))
    );
    assert_eq!((get("a.e.2"), get("a.x"), get("bad.x"), get("g.h.i"), get("none")), (None, None, None, None, None));
    assert!(record.has("none") && record.has("x or none") && !record.has("a.e.7") && !record.has("x or y"));
}
