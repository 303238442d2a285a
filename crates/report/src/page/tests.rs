//! Promises of the page that need no browser; tests/page drives it in one.

use serde_json::Value;
use store::{CellRecord, EnvironmentRecord, FORMAT, Folder, Manifest, SummaryRow};

use super::*;
use crate::claims::Decision;
use crate::fake::{self, LARGE, SMALL};

fn context() -> Context {
    Context { command: "barp report x".into(), simulated: true, experiment: "x".into() }
}

fn manifest() -> Manifest {
    let cell = |policy: &str, id: &str| CellRecord {
        id: id.into(),
        environment: "calibrated".into(),
        policy: policy.into(),
        identity: fake::identity(policy),
        replicate: 0,
        ledger: None,
        chosen: None,
        sha256: None,
    };
    Manifest {
        format: FORMAT,
        barp: "0.1.0".into(),
        experiment: "x".into(),
        about: "what it asks".into(),
        command: "barp run x.toml".into(),
        seed: 7,
        environments: vec![EnvironmentRecord {
            label: "calibrated".into(),
            fingerprint: "f00d".into(),
            simulated: true,
            models: Vec::new(),
            factors: None,
        }],
        cells: vec![cell("barp", "c0ffee"), cell("oracle", "beef")],
    }
}

fn verdict(text: &str) -> Verdict {
    Verdict {
        id: "one".into(),
        text: text.into(),
        verdict: Decision::Pass,
        relation: crate::Relation::RelativeGainAtLeast,
        effect: Some(0.1),
        low: Some(0.05),
        high: Some(0.15),
        rule: "r".into(),
        why: "w".into(),
        n: 1,
        replicates: 5,
        p_value: Some(0.001),
        p_holm: Some(0.002),
        corrected: Decision::Pass,
        outcomes_candidate: 1.0,
        outcomes_baseline: 2.0,
    }
}

/// The JSON in a page.
fn content(page: &str) -> Value {
    let start = page.find("type=\"application/json\">").unwrap() + "type=\"application/json\">".len();
    let end = start + page[start..].find("</script>").unwrap();
    serde_json::from_str(&page[start..end]).unwrap()
}

#[test]
fn every_number_of_the_dial_is_the_summarys() {
    let rows = fake::summary(LARGE);
    let content = content(&page(&rows, &context(), &[], &manifest(), &[], &[], &[]));
    let environment = &content["environments"][0];
    let position = |list: &Value, wanted: &Value| list.as_array().unwrap().iter().position(|item| item == wanted);
    let mut found = 0;
    let moved = |row: &SummaryRow| ["reward", "quality", "cost_usd"].contains(&row.metric.as_str());
    let of_dial = |row: &&SummaryRow| row.phase == "test" && row.w_cost.is_some() && row.arm.is_none() && moved(row);
    for row in rows.iter().filter(of_dial) {
        let policies = environment["policies"].as_array().unwrap();
        let policy = policies.iter().find(|policy| policy["name"] == row.policy.as_str()).unwrap();
        let task = position(&environment["tasks"], &row.task.as_str().into()).unwrap();
        let weight = position(&environment["weights"], &row.w_cost.into()).unwrap();
        let number = &policy["measured"][row.metric.as_str()][task][weight];
        for (place, expected) in [(0, row.value), (1, row.ci_low.unwrap()), (2, row.ci_high.unwrap())] {
            // The test's own JSON reader may miss the last bit; a browser does not.
            let error = (number[place].as_f64().unwrap() - expected).abs();
            assert!(error <= 1e-15 * expected.abs(), "{row:?}");
        }
        let behind = &content["behind"][number[3].as_u64().unwrap() as usize];
        let expected = serde_json::json!([row.n, row.replicates, row.ci_method.as_str()]);
        assert_eq!(*behind, expected, "{row:?}");
        found += 1;
    }
    assert!(found > 1000, "{found}");
    assert_eq!(environment["policies"][0]["cells"][0], "c0ffee");
}

#[test]
fn shares_stand_at_their_models() {
    let rows = fake::summary(SMALL);
    let content = content(&page(&rows, &context(), &[], &manifest(), &[], &[], &[]));
    let environment = &content["environments"][0];
    let share = |row: &&SummaryRow| row.metric == "arm_share" && row.policy == "barp" && row.w_cost == Some(1.0);
    let mut found = 0;
    for row in rows.iter().filter(share) {
        let models = environment["models"].as_array().unwrap();
        let model = models.iter().position(|model| model["name"] == row.arm.as_deref().unwrap()).unwrap();
        assert_eq!(environment["policies"][0]["mix"][0][6][model].to_string(), row.value.to_string());
        found += 1;
    }
    assert_eq!(found, 2);
}

#[test]
fn nothing_from_outside_can_end_its_element() {
    let evil = "</script><script>alert(1)</script><!-- {{data}} \" ' &";
    let mut rows = fake::summary(SMALL);
    rows.iter_mut().for_each(|row| row.policy = format!("{evil}{}", row.policy).into());
    let manifest = Manifest { about: evil.into(), experiment: evil.into(), command: evil.into(), ..manifest() };
    let context = Context { experiment: evil.into(), ..context() };
    let page = page(&rows, &context, &[verdict(evil)], &manifest, &[], &[], &[]);
    assert!(!page.contains("alert(1)</script>"), "escaped everywhere");
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    let content = content(&page);
    assert_eq!(content["claims"][0]["text"], evil);
    assert_eq!(content["command"], evil);
}

#[test]
fn a_page_is_the_same_bytes_each_time_and_loads_nothing() {
    let rows = fake::summary(LARGE);
    let made = |rows: &[SummaryRow]| page(rows, &context(), &[verdict("t")], &manifest(), &[], &[], &[]);
    let first = made(&rows);
    assert_eq!(first, made(&rows));
    assert!(first.len() < 2_000_000, "{}", first.len());
    assert!(first.contains("default-src 'none'"));
    for loading in ["src=", "@import", "url(", "fetch(", "<link"] {
        assert!(!first.contains(loading), "{loading}");
    }
    assert!(!first.contains("{{"), "every part of the template is filled");
}

#[test]
fn the_hash_is_that_of_the_file() {
    use sha2::{Digest, Sha256};
    let place = tempfile::tempdir().unwrap();
    Folder::new(place.path()).write_manifest(&manifest()).unwrap();
    let bytes = std::fs::read(place.path().join("manifest.json")).unwrap();
    let expected = routing::hexadecimal(&Sha256::digest(&bytes));
    assert_eq!(content(&page(&[], &context(), &[], &manifest(), &[], &[], &[]))["hash"], expected.as_str());
}

#[test]
fn very_many_policies_leave_tasks_to_the_tables() {
    let mut rows = Vec::new();
    for copy in 0..12 {
        let mut more = fake::summary(LARGE);
        more.iter_mut().for_each(|row| row.policy = format!("{} {copy}", row.policy).into());
        rows.extend(more);
    }
    let page = page(&rows, &context(), &[], &manifest(), &[], &[], &[]);
    let content = content(&page);
    assert_eq!(
        (&content["environments"][0]["cut"], content["environments"][0]["tasks"].as_array().unwrap().len()),
        (&Value::Bool(true), 1)
    );
    assert!(page.len() < 2_000_000, "{}", page.len());
}

#[test]
fn charts_of_the_run_stand_in_the_page_with_words_until_there_are_too_many() {
    let figure = |number: usize, size: usize| Figure {
        environment: "e <b>".into(),
        title: format!("chart {number}"),
        words: "says \"what\" it shows".into(),
        svg: format!("<svg width=\"8\">{}</svg>", "x".repeat(size)),
        file: format!("charts/{number}.svg"),
    };
    let figures = [figure(1, 10), figure(2, 10), figure(3, 2_000_000)];
    let page = page(&[], &context(), &[], &manifest(), &[], &figures, &[]);
    assert_eq!(page.matches("<svg role=\"img\" aria-label=\"says &quot;what&quot; it shows\" width").count(), 2);
    assert!(page.contains("<a href=\"charts/3.svg\">") && page.len() < 200_000, "a chart too large is named");
    assert!(page.contains("e &lt;b&gt;"));
    assert!(!super::page(&[], &context(), &[], &manifest(), &[], &[], &[]).contains("id=\"course\""));
}

#[test]
fn a_page_of_thousands_of_policies_keeps_the_best_and_says_how_many_it_left_out() {
    let mut rows = fake::summary(LARGE);
    let one: Vec<SummaryRow> = rows.iter().filter(|row| row.policy == "knn").cloned().collect();
    for copy in 0..900 {
        let mut more = one.clone();
        for row in &mut more {
            row.policy = format!("copy {copy}").into();
            row.value -= f64::from(copy) * 1e-3;
        }
        rows.extend(more);
    }
    let page = page(&rows, &context(), &[], &manifest(), &[], &[], &[]);
    let environment = &content(&page)["environments"][0];
    let names: Vec<&str> =
        environment["policies"].as_array().unwrap().iter().map(|policy| policy["name"].as_str().unwrap()).collect();
    for kept in ["barp", "oracle", "random", "copy 0"] {
        assert!(names.contains(&kept), "{kept}");
    }
    assert!(!names.contains(&"copy 899"), "the worst is left out");
    let policies = names.iter().filter(|name| !name.starts_with("single:")).count() as u64;
    assert_eq!(environment["left_out"].as_u64(), Some(914 - policies));
    assert!(page.len() < 3_000_000, "{}", page.len());
}

#[test]
fn missing_cells_are_named() {
    let manifest = manifest();
    let page = page(&fake::summary(SMALL), &context(), &[], &manifest, &[&manifest.cells[0]], &[], &[]);
    let content = content(&page);
    assert_eq!(content["missing"], 1);
    assert_eq!(content["gone"][0], "calibrated \u{b7} barp \u{b7} replicate 0");
    let policy = &content["environments"][0]["policies"][0];
    assert_eq!((&policy["gone"][0], policy["cells"].as_array().unwrap().len()), (&"c0ffee".into(), 0));
}
