//! CSV files as many programs write them: each with its exact reading, or its exact refusal.

use super::{Column, Decimal, Delimiter, Dialect, Frame, Record, Records, read_with};
use crate::write_whole;
use serde_json::Value;
use std::path::Path;

const PLAIN: Dialect = Dialect { delimiter: None, decimal: Decimal::Point, trim: false };
const TRIMMED: Dialect = Dialect { trim: true, ..PLAIN };
const SEMICOLON: Dialect = Dialect { delimiter: Some(Delimiter::of(b';')), ..PLAIN };
const EXCEL: Dialect = Dialect { decimal: Decimal::Comma, ..SEMICOLON };
const COMMAS: Dialect = Dialect { decimal: Decimal::Comma, ..PLAIN };
const TAB: Dialect = Dialect { delimiter: Some(Delimiter::TAB), ..PLAIN };
const PIPE: Dialect = Dialect { delimiter: Some(Delimiter::of(b'|')), ..PLAIN };

/// What a file is called and holds, how it is read, and what comes of it: columns as `name=KIND[cell|cell]` (KIND: T text,
/// I whole numbers, R numbers; `~` a missing cell), or the refusal.
type Case = (&'static str, &'static [u8], Dialect, &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    // How cells are set apart.
    ("a.csv", b"a,b\n1,x\n2,y\n", PLAIN, "a=I[1|2] b=T[x|y]"),
    ("a.csv", b"a,b\r\n1,x\r\n2,y\r\n", PLAIN, "a=I[1|2] b=T[x|y]"),
    ("a.csv", b"a,b\r1,x\r2,y", PLAIN, "a=I[1|2] b=T[x|y]"),
    ("a.csv", b"a,b\n1,x\n2,y", PLAIN, "a=I[1|2] b=T[x|y]"),
    ("a.csv", b"\xEF\xBB\xBFa,b\n1,x\n", PLAIN, "a=I[1] b=T[x]"),
    ("a.csv", b"\xEF\xBB\xBF\"a\",b\n1,x\n", PLAIN, "a=I[1] b=T[x]"),
    ("A.CSV", b"a,b\n1,x\n", PLAIN, "a=I[1] b=T[x]"),
    ("a.tsv", b"a\tb\n1\tx, y\n", PLAIN, "a=I[1] b=T[x, y]"),
    ("a.tsv", b"a,b\n1,x\n", Dialect { delimiter: Some(Delimiter::COMMA), ..PLAIN }, "a=I[1] b=T[x]"),
    ("a.csv", b"a\tb\n1\tx\n", TAB, "a=I[1] b=T[x]"),
    ("a.csv", b"a;b\n1;x, y\n", SEMICOLON, "a=I[1] b=T[x, y]"),
    ("a.csv", b"a|b\n1|x\n", PIPE, "a=I[1] b=T[x]"),
    ("a.csv", b"a,b,\n1,x,\n2,y,\n", PLAIN, "a=I[1|2] b=T[x|y] =T[~|~]"),
    ("a.csv", b"a\n1\n\n2\n", PLAIN, "a=I[1|2]"),
    ("a.csv", b"\n\na,b\n\n1,x\n\n\n2,y\n\n", PLAIN, "a=I[1|2] b=T[x|y]"),
    ("a.csv", b"", PLAIN, ""),
    ("a.csv", b"a,b\n", PLAIN, "a=T[] b=T[]"),
    // Quotes.
    ("a.csv", b"a,b\n\"x, \"\"y\"\"\nz\",1\n", PLAIN, "a=T[x, \"y\"\\nz] b=I[1]"),
    ("a.csv", b"\"a\",\"b\"\n\"1\",\"\"\n", PLAIN, "a=I[1] b=T[~]"),
    ("a.csv", b"a,b\n5\" disk,x\n", PLAIN, "a=T[5\" disk] b=T[x]"),
    ("a.csv", b"a\n\"x\ny\n", PLAIN, "line 2: a quote is opened and never closed"),
    ("a.csv", b"a\nz\n\n\"x\"\n\"y\n", PLAIN, "line 5: a quote is opened and never closed"),
    // Spaces.
    ("a.csv", b"a, b\n1 , x \n2, y\n", PLAIN, "a=T[1 |2]  b=T[ x | y]"),
    ("a.csv", b"a, b \n1 , x \n2,\" y \"\n", TRIMMED, "a=I[1|2] b=T[x|y]"),
    ("a.csv", b"a,b\n , \n", TRIMMED, "a=T[~] b=T[~]"),
    // Numbers stay numbers only where nothing of the text is lost.
    ("a.csv", b"a\n3.1\n3.10\n", PLAIN, "a=T[3.1|3.10]"),
    ("a.csv", b"a\n3.1\n3.2\n", PLAIN, "a=R[3.1|3.2]"),
    ("a.csv", b"a\n1.0\n2\n", PLAIN, "a=T[1.0|2]"),
    ("a.csv", b"a\n1e5\n2\n", PLAIN, "a=T[1e5|2]"),
    ("a.csv", b"a\n007\n8\n", PLAIN, "a=T[007|8]"),
    ("a.csv", b"a\n+5\n8\n", PLAIN, "a=T[+5|8]"),
    ("a.csv", b"a\n.5\n8\n", PLAIN, "a=T[.5|8]"),
    ("a.csv", b"a\n-5\n0.25\n", PLAIN, "a=R[-5|0.25]"),
    ("a.csv", b"a\n-0\n0\n", PLAIN, "a=R[-0|0]"),
    ("a.csv", b"a\n18446744073709551615\n0\n", PLAIN, "a=I[18446744073709551615|0]"),
    ("a.csv", b"a\n18446744073709551617\n0\n", PLAIN, "a=T[18446744073709551617|0]"),
    ("a.csv", b"a\n-9007199254740993\n0\n", PLAIN, "a=T[-9007199254740993|0]"),
    ("a.csv", b"a\nNaN\n1\n", PLAIN, "a=R[NaN|1]"),
    ("a.csv", b"a\nnan\n1\n", PLAIN, "a=T[nan|1]"),
    ("a.csv", b"a\ninf\n-inf\n", PLAIN, "a=R[inf|-inf]"),
    ("a.csv", b"a\nTrue\nFalse\n", PLAIN, "a=T[True|False]"),
    ("a.csv", b"a,b\n1,\n,2\n", PLAIN, "a=I[1|~] b=I[~|2]"),
    // Decimal commas.
    ("a.csv", b"a;b\n0,5;x\n1;y\n", EXCEL, "a=R[0.5|1] b=T[x|y]"),
    ("a.csv", b"a;b\n0,50;1,5\n1;one, two\n", EXCEL, "a=T[0.50|1] b=T[1,5|one, two]"),
    ("a.csv", b"a,b\n\"0,5\",x\n", COMMAS, "a=R[0.5] b=T[x]"),
    ("a.csv", b"a;b\n1.234,5;x\n1;y\n", EXCEL, "a=T[1.234,5|1] b=T[x|y]"),
    ("a.csv", b"a;b\n1.5;x\n1;y\n", EXCEL, "a=U2[row 1: `1.5` has a point where decimal commas were declared] b=T[x|y]"),
    ("a.csv", b"a;b\n1.5;x\nv2;y\n", EXCEL, "a=T[1.5|v2] b=T[x|y]"),
    // Names.
    ("a.csv", "größe,名前\n1,x\n".as_bytes(), PLAIN, "größe=I[1] 名前=T[x]"),
    ("a.csv", b"a b,c|d\n1,2\n", PLAIN, "a b=I[1] c|d=I[2]"),
    ("a.csv", b"a,b,a\n1,2,3\n", PLAIN, "two columns are called `a`"),
    ("a.csv", b",,a\n1,2,3\n", PLAIN, "two columns are called ``"),
    // Refused.
    ("a.csv", b"a,b\n1,2\n3\n", PLAIN, "line 3: 1 cells where the header has 2"),
    ("a.csv", b"a,b\r\n\r\n1,2\r\n3,4,5\r\n", PLAIN, "line 4: 3 cells where the header has 2"),
    ("a.csv", b"a,b\n1,2\n3,\xFF\n", PLAIN, "line 3: column `b`: not UTF-8"),
    ("a.csv", b"a,\xFF\n1,2\n", PLAIN, "line 1: the header is not UTF-8"),
    ("a.csv", b"a;b\n1;2\n", PLAIN, "the header is one column `a;b` with `,` between columns: is the delimiter `;`?"),
    ("a.csv", b"a\tb\n1\t2\n", PLAIN, "the header is one column `a\tb` with `,` between columns: is the delimiter `tab`?"),
    ("a.tsv", b"a,b\n1,2\n", PLAIN, "the header is one column `a,b` with `tab` between columns: is the delimiter `,`?"),
    ("a.jsonl", b"{}\n", SEMICOLON, "delimiter, decimal and trim are for .csv and .tsv files, not for .jsonl"),
    ("a.csv.gz", b"\x1F\x8B", PLAIN, "unexpected end of file"),
];

/// A frame in one line, as the cases write it.
pub(super) fn shown(frame: &Frame) -> String {
    let column = |(name, column): &(String, Column)| {
        let kind = match column {
            Column::Text(_) => "T",
            Column::Integer(_) => "I",
            Column::Real(_) => "R",
            Column::Vectors { width, values } => return format!("{name}=V{width}{values:?}"),
            Column::Unreadable { rows, flaw } => return format!("{name}=U{rows}[{flaw}]"),
        };
        let cell = |row| column.text(row).map_or("~".to_owned(), |text| text.replace('\n', "\\n"));
        format!("{name}={kind}[{}]", (0..column.len()).map(cell).collect::<Vec<_>>().join("|"))
    };
    frame.columns.iter().map(column).collect::<Vec<_>>().join(" ")
}

/// The file `name` of a new folder.
fn with_file<T>(name: &str, bytes: &[u8], then: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    write_whole(&path, bytes).unwrap();
    then(&path)
}

#[test]
fn every_dialect_is_read_right_or_refused_exactly() {
    for (name, bytes, dialect, expected) in CASES {
        let got = with_file(name, bytes, |path| match read_with(path, dialect) {
            Ok(frame) => shown(&frame),
            Err(error) => error.message,
        });
        assert_eq!(got, *expected, "{name}: {:?} as {dialect:?}", String::from_utf8_lossy(bytes));
    }
}

/// The cells of a file read row by row, each column as [`shown`] has it but for its kind; the first flaw or refusal else.
fn by_rows(path: &Path, dialect: &Dialect) -> Result<Vec<Vec<Option<String>>>, String> {
    let mut records = Records::open_with(path, dialect).map_err(|error| error.message)?;
    let (mut record, mut rows) = (Record::default(), Vec::new());
    while records.read(&mut record).map_err(|error| error.message)? {
        if let Some(flaw) = &record.flaw {
            return Err(format!("line {}: {flaw}", record.place));
        }
        let cell = |(_, value): &(String, Value)| value.as_str().map(str::to_owned);
        rows.push(record.fields.iter().map(cell).collect());
    }
    Ok(rows)
}

#[test]
fn rows_read_one_at_a_time_are_those_of_the_whole_file() {
    let csv =
        CASES.iter().filter(|(name, _, dialect, _)| !name.ends_with("jsonl") && dialect.decimal != Decimal::Comma);
    for (name, bytes, dialect, _) in csv {
        with_file(name, bytes, |path| {
            let whole = read_with(path, dialect).map_err(|error| error.message).map(|frame| {
                let row = |row| frame.columns.iter().map(|(_, column)| column.text(row)).collect();
                (0..frame.rows()).map(row).collect::<Vec<Vec<_>>>()
            });
            assert_eq!(by_rows(path, dialect), whole, "{name}: {:?}", String::from_utf8_lossy(bytes));
        });
    }
    let pointed = with_file("a.csv", b"a;b;c\n0,50;one, two;1.500\n", |path| by_rows(path, &EXCEL));
    assert_eq!(pointed.unwrap(), [[Some("0.50".to_owned()), Some("one, two".to_owned()), None]]);
}

/// Lines on which rows begin, as an editor counts them.
#[test]
fn rows_are_named_by_the_line_on_which_they_begin() {
    #[rustfmt::skip]
    let cases: &[(&[u8], &[u64])] = &[
        (b"a,b\n1,2\n3,4\n", &[2, 3]),
        (b"a,b\r\n1,2\r\n3,4\r\n", &[2, 3]),
        (b"a,b\r1,2\r3,4\r", &[2, 3]),
        (b"a,b\n1,2\n\n\n3,4\n", &[2, 5]),
        (b"a,b\r\n1,2\r\n\r\n3,4\r\n", &[2, 4]),
        (b"\n\na,b\n1,2", &[4]),
        (b"a,b\n\"x\ny\",2\n3,4\n", &[2, 4]),
        (b"a,b\r\n\"x\r\n\r\ny\",2\r\n3,4\r\n", &[2, 5]),
        (b"\"a\nz\",b\n1,2\n3,4\n", &[3, 4]),
        (b"\xEF\xBB\xBFa,b\n1,2\n", &[2]),
        (b"a,b\n1,2\n3,4,5\n6,7\n", &[2, 3, 4]),
    ];
    for (bytes, expected) in cases {
        let lines = with_file("a.csv", bytes, |path| {
            let (mut records, mut record, mut lines) = (Records::open(path).unwrap(), Record::default(), Vec::new());
            while records.read(&mut record).unwrap() {
                lines.push(record.place);
            }
            lines
        });
        assert_eq!(lines, *expected, "{:?}", String::from_utf8_lossy(bytes));
    }
    let many: String = (0..40_000).map(|row| format!("{row},\"one\r\ntwo\"\r\n")).collect();
    let last = with_file("a.csv", format!("a,b\r\n{many}").as_bytes(), |path| {
        let (mut records, mut record) = (Records::open(path).unwrap(), Record::default());
        while records.read(&mut record).unwrap() {}
        record.place
    });
    assert_eq!(last, 2 + 2 * 39_999, "also beyond the first buffer");
}

#[test]
fn text_is_read_as_a_number_where_one_is_asked_for() {
    #[rustfmt::skip]
    let cases = [
        ("0.50", Ok(Some(0.5))), ("1e5", Ok(Some(100_000.0))), ("007", Ok(Some(7.0))), (" 1.0 ", Ok(Some(1.0))),
        ("+5", Ok(Some(5.0))), ("true", Ok(Some(1.0))), ("False", Ok(Some(0.0))), ("", Ok(None)),
        ("x", Err("`x`".to_owned())), ("1_000", Err("`1_000`".to_owned())), ("5 %", Err("`5 %`".to_owned())),
        ("0,5", Err("`0,5` (a decimal comma has to be declared: decimal `,`)".to_owned())),
    ];
    for (text, expected) in cases {
        assert_eq!(Column::Text(vec![Some(text.to_owned())]).number(0), expected, "{text}");
    }
}

#[test]
fn a_column_of_text_is_numeric_when_every_cell_is_a_number() {
    #[rustfmt::skip]
    let cases: &[(&[&str], bool)] = &[
        (&["1.0", "2"], true), (&["1e5", ""], true), (&[" 3", "+4"], true), (&["nan", "0.50"], true),
        (&["1", "x"], false), (&["true", "false"], false), (&["007", "8"], false),
        (&["12345678901234567", "1"], false), (&["", ""], false), (&[], false),
    ];
    for (texts, expected) in cases {
        let column = Column::Text(texts.iter().map(|text| Some((*text).to_owned())).collect());
        assert_eq!(column.is_numeric(), *expected, "{texts:?}");
    }
}

#[test]
fn a_dialect_is_written_in_a_table_as_on_the_command_line() {
    let parse = |text: &str| serde_json::from_str::<Dialect>(text).map_err(|error| error.to_string());
    assert_eq!(parse(r#"{"delimiter": ";", "decimal": ",", "trim": true}"#), Ok(Dialect { trim: true, ..EXCEL }));
    assert_eq!(parse(r#"{"delimiter": "tab"}"#), Ok(TAB));
    assert_eq!(parse("{}"), Ok(PLAIN));
    let check = |text: &str, message: &str| assert!(parse(text).unwrap_err().starts_with(message), "{:?}", parse(text));
    check(r#"{"delimiter": ";;"}"#, "the delimiter must be one ASCII character other than a quote, or `tab`, got `;;`");
    check(r#"{"delimiter": "\""}"#, "the delimiter must be one ASCII character other than a quote, or `tab`, got `\"`");
    check(r#"{"decimal": ";"}"#, "the decimal sign must be `.` or `,`, got `;`");
    check(r#"{"quote": "'"}"#, "unknown field `quote`");
}
