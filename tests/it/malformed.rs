//! A thousand malformed inputs over every reader: none panics, hangs or writes a file where it should not. With
//! `BARP_MALFORMED=N` N thousand (`make malformed`).

use crate::support::{barp, files};
use deployment::Artifact;
use environments::sources::calibrated::{Calibrated, Calibration};
use experiment::Spec;
use routing::{Round, Seed, random};
use std::panic::catch_unwind;
use std::path::Path;
use store::{Column, Folder, Frame, Record, Records};

const SEED: u64 = 14;

/// What a mutation puts into a file.
const TOKENS: [&[u8]; 16] = [
    b"9223372036854775807",
    b"-1",
    b"1e308",
    b"NaN",
    b"\xff\xfe",
    b"\x1b[31m",
    b"\0\0\0\0",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"{\"a\":",
    b"\"",
    b"\n",
    b",",
    b"../../../../tmp/escape",
    b"\xe2\x80\xae",
    b"=cmd|' /C calc'!A0",
    b"\xff\xff\xff\x7f",
];

/// `whole` with one to four changes: bits, runs of bytes left out, doubled or replaced, an end that is cut.
fn malformed(whole: &[u8], reader: &str, time: u64) -> Vec<u8> {
    let generator = &mut Seed::root(SEED).child("malformed", reader).stream("change").at(Round(time));
    let mut bytes = whole.to_vec();
    for _ in 0..=random::below(generator, 4) {
        if bytes.is_empty() {
            break;
        }
        let at = random::below(generator, bytes.len());
        let run = at..(at + 1 + random::below(generator, 24)).min(bytes.len());
        let token = TOKENS[random::below(generator, TOKENS.len())];
        match random::below(generator, 6) {
            0 => bytes[at] ^= 1 << random::below(generator, 8),
            1 => drop(bytes.drain(run)),
            2 => {
                let doubled = bytes[run].to_vec();
                bytes.splice(at..at, doubled);
            }
            3 => drop(bytes.splice(run, token.iter().copied())),
            4 => drop(bytes.splice(at..at, token.iter().copied())),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// How many times as many inputs are asked for.
fn more() -> u64 {
    std::env::var("BARP_MALFORMED").map_or(1, |text| text.parse().expect("BARP_MALFORMED is a whole number"))
}

/// Hands `times` malformed versions of `whole`, as a file called `name`, to `read`.
fn check(name: &str, whole: &[u8], times: u64, read: impl Fn(&Path) + std::panic::RefUnwindSafe) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join(name);
    for time in 0..times * more() {
        let bytes = malformed(whole, name, time);
        store::write_whole(&path, &bytes).unwrap();
        if catch_unwind(|| read(&path)).is_err() {
            panic!("{name}, time {time}: {:?}", String::from_utf8_lossy(&bytes));
        }
        assert_eq!(files(place.path(), "").len(), 1, "{name}, time {time}: a reader writes nothing");
    }
}

fn read_all(path: &Path) {
    drop(store::read(path));
    let (Ok(mut records), mut record) = (Records::open(path), Record::default()) else { return };
    while records.read(&mut record).unwrap_or(false) {}
}

fn frame() -> Frame {
    let texts = |text: &str| Column::Text((0..40).map(|row| Some(format!("{text} {row}"))).collect());
    let columns = vec![
        ("sample_id".to_owned(), texts("id")),
        ("prompt".to_owned(), texts("a prompt")),
        ("task".to_owned(), Column::Text(vec![Some("t".to_owned()); 40])),
        ("m".to_owned(), Column::Real((0..40).map(|row| Some(f64::from(row % 2))).collect())),
        ("m|total_cost".to_owned(), Column::Real(vec![Some(0.1); 40])),
        ("tokens".to_owned(), Column::Integer((0..40).map(Some).collect())),
        ("embedding".to_owned(), Column::Vectors { width: 8, values: vec![0.5; 320] }),
    ];
    Frame { columns, metadata: Vec::new() }
}

/// A parquet file that barp wrote as other programs would have: without the checksum that keeps changes from its readers.
fn foreign_parquet(path: &Path, frame: &Frame) -> Vec<u8> {
    const MARK: &[u8] = b"barp, sealed by SHA-256";
    store::write_parquet(path, frame).unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    let size = u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap()) as usize;
    let footer = bytes.len() - 8 - size;
    drop(bytes.drain(footer - MARK.len() - 32..footer));
    let name = bytes.windows(MARK.len()).rposition(|part| part == MARK).unwrap();
    bytes[name..][..MARK.len()].copy_from_slice(b"some other program 1.00");
    bytes
}

#[test]
fn tables_of_any_format_are_read_or_refused() {
    let place = tempfile::tempdir().unwrap();
    let parquet = foreign_parquet(&place.path().join("a.parquet"), &frame());
    check("a.parquet", &parquet, 200, read_all);
    let mut scalars = frame();
    scalars.columns.pop();
    let csv = place.path().join("a.csv");
    store::write_csv(&csv, &scalars).unwrap();
    check("a.csv", &std::fs::read(&csv).unwrap(), 150, read_all);
    let line = |row: u32| {
        format!(
            "{{\"sample_id\":\"{row}\",\"prompt\":\"p\",\"m\":0.5,\"m|total_cost\":1e-3,\"v\":[1,2.5],\"o\":{{\"a\":[1]}}}}\n"
        )
    };
    check("a.jsonl", (0..20).map(line).collect::<String>().as_bytes(), 150, read_all);
}

#[test]
fn recorded_rows_are_planned_or_refused() {
    let place = tempfile::tempdir().unwrap();
    let parquet = foreign_parquet(&place.path().join("a.parquet"), &frame());
    check("rows.parquet", &parquet, 100, |path| {
        let text = format!(
            "name = 'x'\n[[environment]]\nkind = 'recorded'\nfile = '{}'\n[[policy]]\nkind = 'random'",
            path.display()
        );
        drop(Spec::parse(&text, "x.toml").and_then(Spec::plan).map(|plan| plan.cells().len()));
    });
}

#[test]
fn configurations_and_calibrations_are_planned_or_refused() {
    let config = include_str!("../../configs/quick.toml");
    check("quick.toml", config.as_bytes(), 150, |path| {
        let Ok(text) = std::fs::read_to_string(path) else { return };
        drop(Spec::parse(&text, "quick.toml").and_then(Spec::plan).map(|plan| plan.bills().len()));
    });
    let claims = include_str!("../../configs/drift/price-drift.claims.toml");
    check("claims.toml", claims.as_bytes(), 50, |path| {
        let Ok(text) = std::fs::read_to_string(path) else { return };
        drop(report::parse_claims(&text, "claims.toml"));
    });
    let world = include_str!("../../crates/environments/src/sources/calibrated/routerbench-11.toml");
    check("world.toml", world.as_bytes(), 50, |path| {
        let Ok(text) = std::fs::read_to_string(path) else { return };
        drop(Calibration::parse(&text).and_then(|world| Calibrated::new(world, 50, 64)));
    });
}

/// A small experiment with its results and a router.
fn results(place: &Path) {
    let toml = "name = 'x'\nreplicates = 1\n[[environment]]\nrows = 200\n[[policy]]\nkind = 'lin-ucb'";
    store::write_whole(&place.join("x.toml"), toml.as_bytes()).unwrap();
    for arguments in
        [&["run", "x.toml", "--out", "out"][..], &["train", "x.toml", "--policy", "lin-ucb", "--out", "router"]]
    {
        let output = barp(place, arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn routers_manifests_and_cells_are_read_or_refused() {
    let place = tempfile::tempdir().unwrap();
    results(place.path());
    let router = std::fs::read(place.path().join("router")).unwrap();
    check("router", &router, 100, |path| drop(Artifact::read(path)));
    let manifest = std::fs::read(place.path().join("out/manifest.json")).unwrap();
    check("manifest.json", &manifest, 50, |path| drop(Folder::new(path.parent().unwrap()).read_manifest()));
    let folder = Folder::new(&place.path().join("out"));
    let whole = folder.read_manifest().unwrap();
    let mut older = whole.clone();
    older.cells[0].sha256 = None;
    let paths = [folder.cell_path(&whole.cells[0].id), folder.tested_path(&whole.cells[0].id)];
    for path in paths {
        let frame = store::read(&path).unwrap();
        let foreign = foreign_parquet(&path, &frame);
        for time in 0..50 * more() {
            store::write_whole(&path, &malformed(&foreign, "cell", time)).unwrap();
            let read = || {
                let (runs, _) = folder.sound_runs(&older).unwrap();
                runs.iter().for_each(|run| drop(run.tested()));
            };
            assert!(catch_unwind(read).is_ok(), "{}, time {time}", path.display());
        }
        store::write_parquet(&path, &frame).unwrap();
    }
}

#[test]
fn logs_are_imported_or_refused_and_nothing_is_written_outside() {
    let outer = tempfile::tempdir().unwrap();
    let place = outer.path().join("a/b/c/d");
    let log = "request_id,timestamp,prompt,task,model,score,cost_usd,propensity\n".to_owned()
        + &(0..30)
            .map(|row| format!("r{row},2024-01-01T00:00:{row:02}Z,p {row},t,m{},1,0.1,0.5\n", row % 2))
            .collect::<String>();
    for time in 0..20 {
        store::write_whole(&place.join("log.csv"), &malformed(log.as_bytes(), "log.csv", time)).unwrap();
        let output = barp(&place, &["log", "import", "log.csv", "--out", "out"]);
        let code = output.status.code();
        assert!(matches!(code, Some(0..=2)), "time {time}: {code:?} {}", String::from_utf8_lossy(&output.stderr));
        let foreign = |name: &String| !name.starts_with("a/b/c/d/out/") && name != "a/b/c/d/log.csv";
        let outside: Vec<String> = files(outer.path(), "").into_keys().filter(foreign).collect();
        assert!(outside.is_empty(), "time {time}: {outside:?}");
    }
}
