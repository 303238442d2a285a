//! Columns survive every format, and what is wrong with a file is said by line or row, column and value.

use super::{Column, Frame, Record, Records, read, write_csv, write_parquet};
use crate::write_whole;
use arrow::array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float32Array, Int8Array, Int64Array, LargeStringArray, ListArray,
    StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, Float64Type, Int32Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use std::path::PathBuf;
use std::sync::Arc;
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
    let text = "whole,real,id,long,mixed,empty\n1,1,007,123456789012345678901,0.5,\n2,.5,8,1,oops,\n,nan,9,2,,\n";
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
    check_refusal("a.pkl", "", "the ending must be .parquet, .csv or .jsonl");
    check_refusal("a.csv", "a,b\n1,2\n3\n", "line 3: 1 cells where the header has 2");
    check_refusal("a.csv", "a,b,a\n1,2,3\n", "two columns are called `a`");
    check_refusal("a.jsonl", "{\"a\": 1}\n{\"a\": NaN}\n", "line 2, character 7: expected value");
    check_refusal("a.jsonl", "{\"a\": 1}\n[1]\n", "line 2, character 0: invalid type: sequence, expected an object");
    check_refusal("a.jsonl", "{\"a\": 1, \"a\": 2}\n", "line 1: key `a` stands twice");
    let ragged = "{\"v\": [1, 2]}\n{\"v\": null}\n{\"v\": [1, 2, 3]}\n";
    check_refusal("a.jsonl", ragged, "row 3, column `v`: 3 numbers where the rows before have 2");
    check_refusal("a.jsonl", "{\"v\": []}\n", "row 1, column `v`: a vector of no numbers");
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

/// A parquet file as another program writes it.
fn foreign(arrays: Vec<(&str, ArrayRef)>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.parquet");
    let batch = RecordBatch::try_from_iter(arrays).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    write_whole(&path, &bytes).unwrap();
    (folder, path)
}

/// Column types that other programs write.
#[test]
fn foreign_parquet_types_become_one_of_ours() {
    let lists: [Option<Vec<Option<f64>>>; 3] = [Some(vec![Some(0.5), None]), None, Some(vec![Some(1.0), Some(2.0)])];
    let pointers: DictionaryArray<Int32Type> = [Some("x"), None, Some("x")].into_iter().collect();
    let arrays: Vec<(&str, ArrayRef)> = vec![
        ("small", Arc::new(Int8Array::from(vec![Some(1), None, Some(3)]))),
        ("negative", Arc::new(Int64Array::from(vec![-1, 0, 2]))),
        ("hash", Arc::new(Int64Array::from(vec![i64::MIN, 0, 2]))),
        ("single", Arc::new(Float32Array::from(vec![Some(0.25), None, Some(f32::NAN)]))),
        ("word", Arc::new(pointers)),
        ("long", Arc::new(LargeStringArray::from(vec!["a", "b", "c"]))),
        ("flag", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ("list", Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(lists))),
    ];
    let (_folder, path) = foreign(arrays);
    let frame = read(&path).unwrap();
    let column = |name| frame.column(name).unwrap();
    assert_eq!(*column("small"), Column::Integer(vec![Some(1), None, Some(3)]));
    assert_eq!(*column("negative"), Column::Real(vec![Some(-1.0), Some(0.0), Some(2.0)]));
    assert_eq!(*column("hash"), texts(&[Some("-9223372036854775808"), Some("0"), Some("2")]));
    assert!(
        matches!(column("single"), Column::Real(cells) if cells[..2] == [Some(0.25), None] && cells[2].unwrap().is_nan())
    );
    assert_eq!(*column("word"), texts(&[Some("x"), None, Some("x")]));
    assert_eq!(*column("long"), texts(&[Some("a"), Some("b"), Some("c")]));
    assert_eq!(*column("flag"), texts(&[Some("true"), Some("false"), Some("true")]));
    let Column::Vectors { width: 2, values } = column("list") else { panic!("{:?}", column("list")) };
    assert_eq!([values[0], values[4], values[5]], [0.5, 1.0, 2.0]);
    assert!(values[1..4].iter().all(|value| value.is_nan()));
}

#[test]
fn a_parquet_struct_becomes_a_column_for_each_field_and_a_missing_one_lacks_them_all() {
    let whole = |name: &str| Field::new(name, DataType::Int64, true);
    let tokens: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), Some(8), None]));
    let inner = StructArray::new(Fields::from(vec![whole("read")]), vec![tokens.clone()], None);
    let fields = vec![whole("score"), Field::new("tokens", inner.data_type().clone(), true)];
    let present = NullBuffer::from(vec![true, false, true]);
    let outer = StructArray::new(Fields::from(fields), vec![tokens, Arc::new(inner)], Some(present));
    let (_folder, path) = foreign(vec![("m.1", Arc::new(outer))]);
    let frame = read(&path).unwrap();
    let expected = Column::Integer(vec![Some(7), None, None]);
    let names = ["m.1.score", "m.1.tokens.read"];
    assert_eq!(frame.columns, names.map(|name| (name.to_owned(), expected.clone())));
    let (mut records, mut record) = (Records::open(&path).unwrap(), Record::default());
    assert!(records.read(&mut record).unwrap());
    assert_eq!(record.get("m.1.tokens.read"), Some(&7.into()));
}
