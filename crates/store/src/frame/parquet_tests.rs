//! Parquet files as many programs write them: each layout with its exact reading, as a column and row by row.

use super::cells::cast;
use super::csv_tests::shown;
use super::{Column, Frame, Record, Records, read};
use crate::write_whole;
use arrow::array::*;
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// A file of `arrays`, compressed with `compression`, in a new folder.
fn file(arrays: Vec<(&str, ArrayRef)>, compression: Compression) -> (TempDir, PathBuf) {
    let batch = RecordBatch::try_from_iter_with_nullable(arrays.into_iter().map(|(name, array)| (name, array, true)));
    let (batch, mut bytes) = (batch.unwrap(), Vec::new());
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write_whole(&path, &bytes).unwrap();
    (folder, path)
}

/// What `arrays` are read as from a file: the frame, and each row as JSON.
fn readings(arrays: Vec<(&str, ArrayRef)>, compression: Compression) -> (Frame, Vec<String>) {
    let (_folder, path) = file(arrays, compression);
    let (mut records, mut record, mut rows) = (Records::open(&path).unwrap(), Record::default(), Vec::new());
    while records.read(&mut record).unwrap() {
        assert_eq!(record.flaw, None);
        rows.push(record.fields.iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>().join(" "));
    }
    (read(&path).unwrap(), rows)
}

/// Checks that `array` is read as the column that `column` shows, and row by row as the JSON `rows`.
#[track_caller]
fn check(array: impl Array + 'static, column: &str, rows: &[&str]) {
    let kind = array.data_type().clone();
    let (frame, got) = readings(vec![("x", make_array(array.to_data()))], Compression::UNCOMPRESSED);
    assert_eq!(shown(&frame), format!("x={column}"), "{kind}");
    assert_eq!(got, rows, "{kind}");
}

#[test]
#[rustfmt::skip]
fn every_kind_of_number_is_read() {
    check(Int8Array::from(vec![Some(1), None]), "I[1|~]", &["1", "null"]);
    check(Int16Array::from(vec![1, -2]), "R[1|-2]", &["1", "-2"]);
    check(Int32Array::from(vec![1, 2]), "I[1|2]", &["1", "2"]);
    check(Int64Array::from(vec![i64::MAX, 0]), "I[9223372036854775807|0]", &["9223372036854775807", "0"]);
    check(Int64Array::from(vec![i64::MIN, 0]), "T[-9223372036854775808|0]", &["-9223372036854775808", "0"]);
    check(UInt8Array::from(vec![1, 255]), "I[1|255]", &["1", "255"]);
    check(UInt16Array::from(vec![1, 2]), "I[1|2]", &["1", "2"]);
    check(UInt32Array::from(vec![1, u32::MAX]), "I[1|4294967295]", &["1", "4294967295"]);
    check(UInt64Array::from(vec![1, u64::MAX]), "I[1|18446744073709551615]", &["1", "18446744073709551615"]);
    let halves = cast(&(Arc::new(Float32Array::from(vec![0.5, -2.0])) as ArrayRef), &DataType::Float16).unwrap();
    check(halves, "R[0.5|-2]", &["0.5", "-2.0"]);
    check(Float32Array::from(vec![Some(0.25), None]), "R[0.25|~]", &["0.25", "null"]);
    check(Float64Array::from(vec![f64::NAN, f64::INFINITY]), "R[NaN|inf]", &["\"NaN\"", "\"inf\""]);
    check(Decimal128Array::from(vec![310, 5]).with_precision_and_scale(10, 2).unwrap(), "T[3.10|0.05]", &["\"3.10\"", "\"0.05\""]);
    check(Decimal256Array::from(vec![i256::from(1), i256::from(-25)]).with_precision_and_scale(40, 1).unwrap(), "T[0.1|-2.5]", &["\"0.1\"", "\"-2.5\""]);
    check(BooleanArray::from(vec![Some(true), Some(false), None]), "T[true|false|~]", &["true", "false", "null"]);
    check(NullArray::new(2), "T[~|~]", &["null", "null"]);
}

#[test]
#[rustfmt::skip]
fn every_kind_of_text_and_of_bytes_is_read() {
    check(StringArray::from(vec![Some("3.10"), None, Some("")]), "T[3.10|~|]", &["\"3.10\"", "null", "\"\""]);
    check(LargeStringArray::from(vec!["a", "b"]), "T[a|b]", &["\"a\"", "\"b\""]);
    check(StringViewArray::from(vec![Some("a text of more than twelve bytes"), None]), "T[a text of more than twelve bytes|~]", &["\"a text of more than twelve bytes\"", "null"]);
    check([Some("x"), None, Some("x")].into_iter().collect::<DictionaryArray<Int32Type>>(), "T[x|~|x]", &["\"x\"", "null", "\"x\""]);
    check(DictionaryArray::new(Int8Array::from(vec![1, 0]), Arc::new(Int64Array::from(vec![7, -9]))), "R[-9|7]", &["-9", "7"]);
    check(BinaryArray::from(vec!["ü".as_bytes(), b"b"]), "T[ü|b]", &["\"ü\"", "\"b\""]);
    check(BinaryViewArray::from(vec![b"a".as_slice()]), "T[a]", &["\"a\""]);
    let flaw = "type Binary cannot be read: Invalid argument error: Encountered non UTF-8 data: invalid utf-8 sequence of 1 bytes from index 1";
    check(BinaryArray::from(vec![Some(b"a".as_slice()), Some(b"\xFF"), None]), &format!("U3[{flaw}]"), &[&format!("{{\"unreadable\":\"{flaw}\"}}"), &format!("{{\"unreadable\":\"{flaw}\"}}"), "null"]);
    let uuid = "type FixedSizeBinary(2) cannot be read";
    let fixed = FixedSizeBinaryArray::try_from_iter([[1_u8, 2]].into_iter()).unwrap();
    let (frame, rows) = readings(vec![("x", Arc::new(fixed)), ("y", Arc::new(Int8Array::from(vec![1])))], Compression::UNCOMPRESSED);
    assert!(frame.columns[0].1.flaw().is_some_and(|flaw| flaw.starts_with(uuid)), "{}", shown(&frame));
    assert_eq!(frame.columns[1].1, Column::Integer(vec![Some(1)]));
    assert!(rows[0].starts_with(&format!("{{\"unreadable\":\"{uuid}")) && rows[0].ends_with(" 1"), "{rows:?}");
}

#[test]
#[rustfmt::skip]
fn moments_are_rfc_3339_in_utc() {
    check(TimestampSecondArray::from(vec![0]).with_timezone("UTC"), "T[1970-01-01T00:00:00Z]", &["\"1970-01-01T00:00:00Z\""]);
    check(TimestampMillisecondArray::from(vec![Some(1_250), None]).with_timezone("UTC"), "T[1970-01-01T00:00:01.250Z|~]", &["\"1970-01-01T00:00:01.250Z\"", "null"]);
    check(TimestampMicrosecondArray::from(vec![1]).with_timezone("+00:00"), "T[1970-01-01T00:00:00.000001Z]", &["\"1970-01-01T00:00:00.000001Z\""]);
    check(TimestampNanosecondArray::from(vec![1]).with_timezone("UTC"), "T[1970-01-01T00:00:00.000000001Z]", &["\"1970-01-01T00:00:00.000000001Z\""]);
    check(TimestampMicrosecondArray::from(vec![0]).with_timezone("Europe/Berlin"), "T[1970-01-01T00:00:00Z]", &["\"1970-01-01T00:00:00Z\""]);
    check(TimestampMillisecondArray::from(vec![0]).with_timezone("+02:00"), "T[1970-01-01T00:00:00Z]", &["\"1970-01-01T00:00:00Z\""]);
    check(TimestampMicrosecondArray::from(vec![500_000]), "T[1970-01-01T00:00:00.500]", &["\"1970-01-01T00:00:00.500\""]);
    check(Date32Array::from(vec![Some(19_723), None]), "T[2024-01-01|~]", &["\"2024-01-01\"", "null"]);
    check(Date64Array::from(vec![86_400_000]), "T[1970-01-02T00:00:00]", &["\"1970-01-02T00:00:00\""]);
    check(Time32MillisecondArray::from(vec![3_723_004]), "T[01:02:03.004]", &["\"01:02:03.004\""]);
    check(Time64MicrosecondArray::from(vec![3_723_000_000]), "T[01:02:03]", &["\"01:02:03\""]);
    check(DurationMillisecondArray::from(vec![1_500]), "T[PT1.5S]", &["\"PT1.5S\""]);
    let (frame, _) = readings(vec![("x", Arc::new(TimestampSecondArray::from(vec![i64::MAX / 1000]).with_timezone("UTC"))), ("y", Arc::new(Int8Array::from(vec![1])))], Compression::UNCOMPRESSED);
    assert!(frame.columns[0].1.flaw().is_some(), "a moment beyond all calendars: {}", shown(&frame));
}

fn reals(lists: &[Option<&[Option<f64>]>]) -> ListArray {
    ListArray::from_iter_primitive::<Float64Type, _, _>(lists.iter().map(|list| list.map(<[_]>::to_vec)))
}

fn object(fields: Vec<(&str, ArrayRef)>) -> StructArray {
    let fields =
        fields.into_iter().map(|(name, array)| (Arc::new(Field::new(name, array.data_type().clone(), true)), array));
    StructArray::from(fields.collect::<Vec<_>>())
}

#[test]
#[rustfmt::skip]
fn nested_columns_are_vectors_or_json() {
    check(reals(&[Some(&[Some(0.5), Some(1.0)]), Some(&[Some(2.0), Some(3.0)])]), "V2[0.5, 1.0, 2.0, 3.0]", &["[0.5,1.0]", "[2.0,3.0]"]);
    check(reals(&[None, Some(&[Some(2.0), None])]), "V2[NaN, NaN, 2.0, NaN]", &["null", "[2.0,null]"]);
    check(reals(&[Some(&[Some(1.0)]), Some(&[Some(2.0), Some(3.0)])]), "U2[row 2 has 2 numbers where the rows before have 1]", &["[1.0]", "[2.0,3.0]"]);
    check(reals(&[Some(&[])]), "U1[row 1 has a vector of no numbers]", &["[]"]);
    check(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>([Some([Some(0.5), Some(1.0)])], 2), "V2[0.5, 1.0]", &["[0.5,1.0]"]);
    check(LargeListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), Some(2)])]), "V2[1.0, 2.0]", &["[1,2]"]);
    let words: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let item = Arc::new(Field::new("item", DataType::Utf8, true));
    check(ListArray::new(item, OffsetBuffer::new(vec![0, 2, 2, 3].into()), words, None), "T[[\"a\",\"b\"]|[]|[\"c\"]]", &["[\"a\",\"b\"]", "[]", "[\"c\"]"]);
    let usage = object(vec![("prompt_tokens", Arc::new(Int32Array::from(vec![Some(7), None]))), ("cached", Arc::new(BooleanArray::from(vec![true, false])))]);
    check(usage, "T[{\"cached\":true,\"prompt_tokens\":7}|{\"cached\":false,\"prompt_tokens\":null}]", &["{\"cached\":true,\"prompt_tokens\":7}", "{\"cached\":false,\"prompt_tokens\":null}"]);
    let inner: ArrayRef = Arc::new(object(vec![("at", Arc::new(TimestampMicrosecondArray::from(vec![0]).with_timezone("Asia/Tokyo")))]));
    check(object(vec![("meta", inner)]), "T[{\"meta\":{\"at\":\"1970-01-01T00:00:00Z\"}}]", &["{\"meta\":{\"at\":\"1970-01-01T00:00:00Z\"}}"]);
    let turns = object(vec![("role", Arc::new(StringArray::from(vec!["user"]))), ("content", Arc::new(StringArray::from(vec!["hi"])))]);
    let item = Arc::new(Field::new("item", turns.data_type().clone(), true));
    check(ListArray::new(item, OffsetBuffer::new(vec![0, 1].into()), Arc::new(turns), None), "T[[{\"content\":\"hi\",\"role\":\"user\"}]]", &["[{\"content\":\"hi\",\"role\":\"user\"}]"]);
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    map.keys().append_value("k");
    map.values().append_value(-3);
    map.append(true).unwrap();
    map.append(false).unwrap();
    check(map.finish(), "T[{\"k\":-3}|~]", &["{\"k\":-3}", "null"]);
}

#[test]
fn a_struct_is_asked_for_by_dotted_names() {
    let usage = object(vec![("prompt_tokens", Arc::new(Int32Array::from(vec![Some(7), None])))]);
    let (_folder, path) = file(vec![("usage", Arc::new(usage))], Compression::UNCOMPRESSED);
    let (mut records, mut record, mut tokens) = (Records::open(&path).unwrap(), Record::default(), Vec::new());
    while records.read(&mut record).unwrap() {
        tokens.push(record.get("usage.prompt_tokens").and_then(|value| value.as_u64()));
    }
    assert_eq!(tokens, [Some(7), None]);
}

#[test]
fn every_compression_is_read() {
    let all = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for compression in all {
        let arrays: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(StringArray::from(vec!["3.10", "3.1"]))),
            ("ok", Arc::new(BooleanArray::from(vec![true, false]))),
            ("v", Arc::new(reals(&[Some(&[Some(0.5)]), Some(&[Some(2.0)])]))),
        ];
        let (frame, rows) = readings(arrays, compression);
        assert_eq!(shown(&frame), "id=T[3.10|3.1] ok=T[true|false] v=V1[0.5, 2.0]", "{compression:?}");
        assert_eq!(rows, ["\"3.10\" true [0.5]", "\"3.1\" false [2.0]"], "{compression:?}");
        assert_eq!(frame.columns[1].1.number(0), Ok(Some(1.0)));
        assert_eq!(frame.columns[1].1.number(1), Ok(Some(0.0)));
    }
}

#[test]
fn what_is_read_does_not_depend_on_how_many_rows_are_decoded_at_a_time() {
    let n = 20_000;
    let lists: Vec<Option<Vec<Option<f32>>>> =
        (0..n).map(|row| (row % 3 != 0).then(|| vec![Some(row as f32); 2])).collect();
    let ragged: Vec<Option<Vec<Option<f32>>>> = (0..n).map(|row| Some(vec![Some(0.0); 1 + row / 19_999])).collect();
    let arrays: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(Int64Array::from_iter((0..n as i64).map(|row| (row % 7 != 0).then_some(row - 1))))),
        ("v", Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(lists.clone()))),
        ("r", Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(ragged))),
        ("s", Arc::new(object(vec![("row", Arc::new(Int32Array::from_iter_values(0..n as i32)))]))),
    ];
    let (frame, rows) = readings(arrays, Compression::SNAPPY);
    assert_eq!(rows.len(), n);
    assert!(rows[n - 1].ends_with(" [19999.0,19999.0] [0.0,0.0] {\"row\":19999}"), "{}", rows[n - 1]);
    let Column::Integer(numbers) = &frame.columns[0].1 else { panic!("no number is negative") };
    assert!((0..n).all(|row| numbers[row] == (row % 7 != 0).then(|| row as u64 - 1)));
    let Column::Vectors { width: 2, values } = &frame.columns[1].1 else { panic!("vectors of two numbers") };
    for (row, list) in lists.iter().enumerate() {
        let expected = list.as_ref().map_or(f32::NAN, |list| list[0].unwrap());
        assert_eq!(values[2 * row].to_bits(), expected.to_bits(), "row {row}");
    }
    assert_eq!(frame.columns[2].1.flaw(), Some("row 20000 has 2 numbers where the rows before have 1"));
    assert_eq!(frame.columns[3].1.text(n - 1).as_deref(), Some("{\"row\":19999}"));
    assert!(frame.columns.iter().all(|(_, column)| column.len() == n));
}
