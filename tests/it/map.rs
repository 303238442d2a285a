//! The pages for people hold what they say: the map of the crates, the files and commands that pages name, and figures.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The pages that are held to what they say.
const PAGES: [&str; 8] = [
    "README.md",
    "CONTRIBUTING.md",
    "configs/README.md",
    "crates/README.md",
    "crates/DESIGN.md",
    "crates/barp/README.md",
    "crates/python/README.md",
    "results/README.md",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The rows of the first table of `page` whose heading begins with `first`, cell by cell.
fn table(page: &str, first: &str) -> Vec<Vec<String>> {
    let lines = page.lines().skip_while(|line| !line.starts_with(&format!("| {first} |"))).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split(" |").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands between backticks in `text`.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Each crate under `crates/` with the other ones that it depends on, tests aside.
fn edges() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let own: Vec<&Value> = packages.filter(|package| text(&package["manifest_path"]).contains("/crates/")).collect();
    let names: BTreeSet<String> = own.iter().map(|package| text(&package["name"])).collect();
    let used = |package: &&Value| {
        let all = package["dependencies"].as_array().unwrap().iter().filter(|one| one["kind"] != "dev");
        let used = all.map(|one| text(&one["name"])).filter(|name| names.contains(name)).collect();
        (text(&package["name"]), used)
    };
    own.iter().map(used).collect()
}

#[test]
fn the_table_of_crates_is_what_cargo_says() {
    let rows = table(&page("crates/README.md"), "crate");
    let list = |cell: &String| cell.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let written: BTreeMap<String, BTreeSet<String>> = rows
        .iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), row.get(3).map(list).unwrap_or_default()))
        .collect();
    for (name, used) in edges() {
        assert_eq!(written.get(&name), Some(&used), "crates/README.md, line `{name}`: what it may use");
    }
    assert_eq!(written.len(), edges().len(), "crates/README.md names a crate that is not there");
}

#[test]
fn a_new_thing_goes_where_the_map_says() {
    let crates = root().join("crates");
    for row in table(&page("crates/README.md"), "to add") {
        for name in quoted(&row[1]).filter(|name| name.contains('/')) {
            let base = if name.starts_with("tests/") { root() } else { crates.clone() };
            let place = base.join(name);
            let place = if name.contains("NAME") { place.parent().unwrap().to_owned() } else { place };
            assert!(place.exists(), "crates/README.md, to add {}: `{name}` is not there", row[0]);
        }
        let registries: Vec<&str> =
            quoted(&row[2]).filter(|name| name.chars().all(|c| c.is_uppercase() || c == '_')).collect();
        for registry in registries {
            let line = format!("const {registry}: &[");
            let owner = quoted(&row[1]).chain(quoted(&row[2])).find(|name| name.contains("/src/"));
            let owner = owner.and_then(|name| name.split('/').next()).expect("the row names a crate");
            let sources = crate::support::files(&crates.join(owner).join("src"), ".rs");
            let found = sources.values().any(|text| String::from_utf8_lossy(text).contains(&line));
            assert!(found, "crates/README.md, to add {}: no `{registry}` in `{owner}`", row[0]);
        }
    }
}

#[test]
fn the_template_of_a_policy_has_the_fields_of_a_registered_one() {
    let fields = |text: &str| -> Vec<String> {
        let (_, entry) = text.split_once("const ENTRY: Entry = Entry {\n").expect("an entry");
        let (entry, _) = entry.split_once("\n};").expect("the entry ends");
        entry.lines().filter_map(|line| line.trim().split_once(':')).map(|(field, _)| field.to_owned()).collect()
    };
    let imports = |text: &str| -> String {
        text.lines().find(|line| line.starts_with("use crate::registry::")).expect("imports").to_owned()
    };
    let (template, real) = (page("crates/README.md"), page("crates/policies/src/lin_ucb.rs"));
    assert_eq!(fields(&template), fields(&real));
    assert_eq!(imports(&template), imports(&real));
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    for name in PAGES {
        let text = page(name);
        let folder = root().join(name).parent().unwrap().to_owned();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let images = text.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next());
        for link in links.chain(images).filter(|link| !link.starts_with("http")) {
            assert!(folder.join(link).exists(), "{name}: `{link}` is not there");
        }
    }
}

#[test]
fn the_front_page_is_short_and_says_how_to_run_and_to_test() {
    let readme = page("README.md");
    assert!(readme.lines().count() < 120, "{} lines", readme.lines().count());
    let makefile = page("Makefile");
    for target in ["reproduce", "test"] {
        assert!(readme.contains(&format!("\nmake {target} ")), "`make {target}` is not on the front page");
        assert!(makefile.contains(&format!("\n{target}:")), "`make {target}` is no target");
    }
}

/// The simulated rewards on the page of results are those of the stored summary.
#[test]
fn figures_of_the_embedded_benchmark_are_those_that_are_stored() {
    let rows = store::read_summary(&root().join("results/paper/tables")).unwrap();
    let written = table(&page("results/README.md"), "router");
    let check = |router: &str, policy: &str| {
        let cell = &written.iter().find(|row| row[0].contains(router)).unwrap_or_else(|| panic!("{router}"))[2];
        let row = rows.iter().find(|row| {
            &*row.environment == "in-distribution"
                && &*row.policy == policy
                && &*row.metric == "sweep_reward"
                && &*row.phase == "test"
                && &*row.task == "all"
        });
        let row = row.unwrap_or_else(|| panic!("no row of `{policy}`"));
        let half = (row.ci_high.unwrap() - row.ci_low.unwrap()) / 2.0;
        let expected = format!("{:.3} ± {half:.3}", row.value).replace("0.", ".");
        assert_eq!(*cell, expected, "{router}");
    };
    check("BaRP", "barp");
    check("the same network", "barp-full");
    check("kNN", "knn");
    check("MLP", "mlp");
    check("ridge", "ridge");
    check("best single model", "best-single");
    check("oracle", "oracle");
    check("RouterDC as published", "router-dc");
    check("GPT-4", "largest");
}
