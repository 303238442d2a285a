//! A label is a name and nothing else: what is drawn, ranked, set in bold, warned of or decided follows from what a policy is.

use crate::support::{barp, files, plan, run};
use report::{Context, Material, Written, decide, in_words, parse_claims, summary, write_report};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use store::{Folder, Identity, Manifest, Role, SummaryRow};

const WORLD: &str = "name = 'labels'\nreplicates = 2\n[[environment]]\nname = 'w'\nkind = 'calibrated'\nrows = 600\n";

/// Policies as (kind, label, parameters).
const POLICIES: [[&str; 3]; 6] = [
    ["best-single", "floor", ""],
    ["oracle", "ceiling", ""],
    ["barp", "ours", "epochs = 2\n"],
    ["knn", "barp", ""],
    ["lin-ucb", "random", "epochs = 1\n"],
    ["random", "oracle", ""],
];

/// The same experiment under its policies' own labels, or under their kinds.
fn written(labelled: bool) -> String {
    let table = |[kind, label, parameters]: &[&str; 3]| {
        let name = if labelled { format!("name = '{label}'\n") } else { String::new() };
        format!("[[policy]]\nkind = '{kind}'\n{name}{parameters}")
    };
    WORLD.to_owned() + &POLICIES.iter().map(table).collect::<String>() + "[[policy]]\nkind = 'single-models'\n"
}

/// What `barp run` makes of it: what it says, and the folder.
fn made(labelled: bool) -> (String, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("x.toml"), written(labelled)).unwrap();
    let output = barp(place.path(), &["run", "x.toml", "--out", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), place)
}

/// The kind of the policy called `label`.
fn kind(label: &str) -> &str {
    POLICIES.iter().find(|[_, own, _]| *own == label).map_or(label, |[kind, ..]| kind)
}

/// The lines of the Markdown tables under `place`, each policy under its kind.
fn tables(place: &Path, labelled: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for (_, bytes) in files(&place.join("out/tables"), ".md") {
        for line in String::from_utf8(bytes).unwrap().lines() {
            let cells = line.strip_prefix("| ").and_then(|rest| rest.split_once(" |"));
            lines.push(match cells {
                Some((label, rest)) if labelled => format!("| {} |{rest}", kind(label)),
                _ => line.to_owned(),
            });
        }
    }
    lines
}

/// The colours, widths and dashes of everything but words that each chart draws.
fn looks(place: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let look = |shape: &str| {
        let kept = |attribute: &&str| ["fill", "stroke", "opacity"].iter().any(|name| attribute.starts_with(name));
        shape.split(' ').filter(kept).collect::<Vec<_>>().join(" ")
    };
    let shapes = |text: &str| -> BTreeSet<String> {
        text.split('<').filter(|shape| !shape.starts_with("text") && !shape.starts_with('/')).map(look).collect()
    };
    let charts = files(&place.join("out/charts"), ".svg").into_iter();
    charts.map(|(name, bytes)| (name, shapes(std::str::from_utf8(&bytes).unwrap()))).collect()
}

/// The warnings about policies in what a run said, each policy under its kind.
fn warnings(said: &str, labelled: bool) -> Vec<String> {
    let starts = ["never picks ", "collapsed: ", "deaf to the prompt: "];
    let told = said.lines().filter(|line| starts.iter().any(|start| line.starts_with(start)));
    let renamed = |line: &str| -> String {
        line.split(' ').map(|word| if labelled { kind(word) } else { word }).collect::<Vec<_>>().join(" ")
    };
    told.map(renamed).collect()
}

#[test]
fn labels_that_are_kinds_of_others_change_neither_bold_nor_warning_nor_look() {
    let ((said, labelled), (plainly, plain)) = (made(true), made(false));
    let bold = |lines: &[String]| lines.iter().filter(|line| line.contains("**")).count();
    let expected = tables(plain.path(), false);
    assert_eq!(tables(labelled.path(), true), expected);
    assert!(
        bold(&expected) < expected.len()
            && !expected.iter().any(|line| line.starts_with("| oracle") && line.contains("**"))
    );
    let told = warnings(&plainly, false);
    assert!(
        !told.is_empty() && told.iter().all(|line| !line.contains(": random") && !line.contains(": oracle")),
        "{told:?}"
    );
    assert_eq!(warnings(&said, true), told);
    let (drawn, expected) = (looks(labelled.path()), looks(plain.path()));
    assert_eq!(drawn.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (chart, look) in expected {
        assert_eq!(drawn[&chart], look, "{chart}");
    }
}

/// The experiment of the paper's tables on few rows, with few passes over them.
fn paper() -> (String, String) {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/paper").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    let shorter = [
        ("replicates = 5", "replicates = 3"),
        ("kind = \"calibrated\"", "kind = \"calibrated\"\nrows = 1500"),
        ("kind = \"barp\"\n", "kind = \"barp\"\nepochs = 1\n"),
        ("kind = \"barp-full\"\n", "kind = \"barp-full\"\nepochs = 1\n"),
        ("tune = { epochs = [5, 10, 20, 40], hidden = [[100], [100, 100]] }", "epochs = 2\nhidden = [16]"),
        ("kind = \"router-dc\"\n", "kind = \"router-dc\"\nsteps = 20\n"),
    ];
    let mut toml = read("tables.toml");
    for (long, short) in shorter {
        assert!(toml.contains(long), "{long}");
        toml = toml.replace(long, short);
    }
    (toml, read("tables.claims.toml"))
}

/// `label` in other letters of the same widths, so that nothing on a page moves, and nobody else's name.
fn disguised(label: &str) -> String {
    const FROM: &str = "bdlinuh";
    const TO: &str = "dbiluhn";
    let mut before = ' ';
    let other = |letter: char| {
        // The font sets a `d` nearer to an `r` than a `b`.
        let kept = std::mem::replace(&mut before, letter) == 'r';
        FROM.find(letter).filter(|_| !kept).map_or(letter, |place| TO.as_bytes()[place].into())
    };
    label.chars().map(other).collect()
}

/// The configuration and its claims with every label disguised.
fn renamed(toml: &str, claims: &str) -> (String, String) {
    let mut tables: Vec<String> = toml.split("[[policy]]").map(str::to_owned).collect();
    for table in &mut tables[1..] {
        let value = |key: &str| {
            let start = table.find(&format!("\n{key} = \""))? + key.len() + 5;
            Some(table[start..].split('"').next().unwrap().to_owned())
        };
        let (kind, name) = (value("kind").unwrap(), value("name"));
        *table = match name {
            Some(name) => table.replace(&format!("name = \"{name}\""), &format!("name = \"{}\"", disguised(&name))),
            None if kind == "single-models" => table.clone(),
            None => format!("\nname = \"{}\"{table}", disguised(&kind)),
        };
    }
    let side = |line: &str| match line.split_once(" = \"") {
        Some((key @ ("candidate" | "baseline"), label)) if !label.starts_with("single:") => {
            format!("{key} = \"{}\"\n", disguised(label.trim_end_matches('"')))
        }
        _ => format!("{line}\n"),
    };
    (tables.join("[[policy]]"), claims.lines().map(side).collect())
}

/// Everything that is made of an experiment, by name, as text.
struct Made {
    texts: BTreeMap<String, String>,
    rows: Vec<SummaryRow>,
    manifest: Manifest,
}

fn report(toml: &str, claims: &str, folder: &Path) -> Made {
    let manifest = run(&plan(toml), folder, 0);
    let runs = Folder::new(folder).runs(&manifest).unwrap();
    let rows = summary(&manifest, &runs).unwrap();
    let verdicts = decide(&parse_claims(claims, "claims.toml").unwrap(), &runs);
    let context = Context { command: "barp report x".into(), simulated: true, experiment: "tables".into() };
    let material = Material { rows: &rows, runs: &runs, tuning: &[], claims: &verdicts, manifest: Some(&manifest) };
    let Written { charts, tables, page } = write_report(folder, &material, &context).unwrap();
    let mut texts = BTreeMap::new();
    for path in charts.iter().chain(&tables).chain(&page).filter(|path| path.extension().unwrap() != "png") {
        let name = path.strip_prefix(folder).unwrap().display().to_string();
        texts.insert(name, std::fs::read_to_string(path).unwrap());
    }
    texts.insert("terminal".into(), report::terminal(&rows, 100, true));
    texts.insert("verdicts".into(), in_words(&verdicts));
    Made { texts, rows, manifest }
}

#[test]
fn renaming_every_policy_of_the_papers_tables_changes_nothing_but_names() {
    let place = tempfile::tempdir().unwrap();
    let (toml, claims) = paper();
    let plain = report(&toml, &claims, place.path());
    let labels: BTreeSet<&str> = plain.manifest.cells.iter().map(|cell| cell.policy.as_str()).collect();
    let mut labels: Vec<&str> = labels.into_iter().filter(|label| !label.starts_with("single:")).collect();
    assert_eq!(labels.len(), 19, "{labels:?}");
    let (toml, claims) = renamed(&toml, &claims);
    let other = report(&toml, &claims, place.path());
    // Longer ones first: one may be part of another.
    labels.sort_by_key(|label| std::cmp::Reverse(label.len()));
    let back = |text: &str| labels.iter().fold(text.to_owned(), |text, label| text.replace(&disguised(label), label));
    let cells = |made: &Made| -> Vec<(String, Identity)> {
        made.manifest.cells.iter().map(|cell| (cell.id.clone(), cell.identity.clone())).collect()
    };
    assert_eq!(cells(&plain), cells(&other), "a label is no part of an address, nor of what a policy is");
    assert_eq!(plain.rows.len(), other.rows.len());
    for (row, renamed) in plain.rows.iter().zip(&other.rows) {
        assert_eq!(*row, SummaryRow { policy: back(&renamed.policy).into(), ..renamed.clone() });
    }
    assert!(plain.texts.len() > 50 && plain.texts["verdicts"].contains("measured"), "{:?}", plain.texts.keys());
    for (name, text) in &plain.texts {
        // The page carries the hash of its manifest, in which labels stand.
        let start = |text: &str| text.find("\"hash\":\"").map_or(0, |at| at + 8);
        let without = |text: &str| {
            if name == "report.html" { text.replace(&text[start(text)..][..64], "") } else { text.to_owned() }
        };
        assert!(labels.iter().any(|label| text.contains(label)), "{name} names nobody");
        let found = without(&back(&other.texts[name]));
        let differing = without(text)
            .lines()
            .zip(found.lines())
            .find(|(left, right)| left != right)
            .map(|(a, b)| format!("{a}\n{b}"));
        assert!(without(text) == found, "{name}: {differing:?}");
    }
}

#[test]
fn every_kind_that_charts_know_is_registered() {
    let registered: BTreeSet<&str> = policies::POLICIES
        .iter()
        .map(|entry| entry.name)
        .chain(environments::REFERENCES.iter().map(|entry| entry.name))
        .collect();
    for kind in report::known_kinds() {
        assert!(registered.contains(kind), "{kind}");
    }
}

#[test]
fn the_part_of_a_policy_is_decided_by_what_it_learns_from() {
    let plan = plan(&written(true));
    let found: Vec<(&str, &str, Role)> = plan.environments[0]
        .policies
        .iter()
        .map(|policy| (policy.label.as_str(), policy.identity.kind.as_str(), policy.identity.role))
        .collect();
    let expected = [
        ("floor", "best-single", Role::Reference),
        ("ceiling", "oracle", Role::Oracle),
        ("ours", "barp", Role::Learner),
        ("barp", "knn", Role::Fitted),
        ("random", "lin-ucb", Role::Learner),
        ("oracle", "random", Role::Rule),
    ];
    assert_eq!(found[..6], expected);
    let singles = &plan.environments[0].policies[6..];
    assert_eq!(singles.len(), plan.environments[0].world.models().len());
    for (policy, model) in singles.iter().zip(plan.environments[0].world.models()) {
        assert_eq!(policy.identity.role, Role::SingleModel);
        assert_eq!(policy.identity.model.as_deref(), Some(model.as_str()));
    }
}

#[test]
fn a_folder_that_is_older_than_roles_is_reported_alike() {
    let (_, place) = made(true);
    let out = place.path().join("out");
    let before = files(&out, "");
    let folder = Folder::new(&out);
    let mut manifest = folder.read_manifest().unwrap();
    for record in &mut manifest.cells {
        let path = folder.cell_path(&record.id);
        let mut cell = store::read(&path).unwrap();
        cell.metadata.retain(|(key, _)| key != "barp.policy");
        assert_eq!(cell.metadata.len(), 2);
        store::write_parquet(&path, &cell).unwrap();
        record.identity = Identity::default();
    }
    let mut older = serde_json::to_value(&manifest).unwrap();
    for cell in older["cells"].as_array_mut().unwrap() {
        cell.as_object_mut().unwrap().remove("sha256").unwrap();
        cell.as_object_mut().unwrap().remove("identity").unwrap();
    }
    std::fs::write(out.join("manifest.json"), older.to_string()).unwrap();
    assert!(barp(place.path(), &["report", "out"]).status.success());
    let verified = barp(place.path(), &["verify", "out", "--sample", "0.2"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let same = |name: &String| !name.starts_with("cells") && name != "manifest.json" && name != "report.html";
    for (name, bytes) in files(&out, "").iter().filter(|(name, _)| same(name)) {
        assert!(before[name] == *bytes, "{name}");
    }
}
