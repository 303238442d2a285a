//! What claims name is checked before anything is run, and no claims of another experiment decide.

use crate::support::{barp, files};
use std::path::Path;

const EXPERIMENT: &str = "name = \"asked\"\nreplicates = 2\n[[environment]]\nkind = \"calibrated\"\nrows = 150\n\
                          [[policy]]\nkind = \"knn\"\n[[policy]]\nkind = \"best-single\"\n";

const CLAIM: &str = "[[claim]]\nid = \"better\"\ntext = \"kNN earns more\"\nmetric = \"reward\"\nw_cost = 0.2\n\
                     candidate = \"knn\"\nbaseline = \"best-single\"\nrelation = \"difference-at-least\"\nthreshold = 0.0\n";

fn put(folder: &Path, name: &str, text: &str) {
    store::write_whole(&folder.join(name), text.as_bytes()).unwrap();
}

#[test]
fn a_slip_in_a_claim_is_refused_with_its_line_before_anything_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "e.toml", EXPERIMENT);
    let check = |from: &str, to: &str, expected: &str| {
        put(folder.path(), "e.claims.toml", &CLAIM.replace(from, to));
        for command in ["run", "plan"] {
            let output = barp(folder.path(), &[command, "e.toml"]);
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{error}");
            assert!(error.contains("e.claims.toml:") && error.contains(expected), "`{expected}` is not in: {error}");
        }
        assert!(!folder.path().join("results").exists(), "nothing was computed");
    };
    check(
        "\"knn\"",
        "\"knm\"",
        "6: [[claim]] better: unknown policy `knm` (nearest is `knn`; known: knn, best-single)",
    );
    check(
        "\"best-single\"",
        "\"best-singel\"",
        "7: [[claim]] better: unknown policy `best-singel` (nearest is `best-single`",
    );
    check("\"reward\"", "\"rewart\"", "4: [[claim]] better: unknown metric `rewart` (nearest is `reward`;");
    check("0.2", "0.3", "5: [[claim]] better: `w_cost` must be one of the weights that are tested, 0, 0.2, 0.4, 0.5, ");
    check("metric", "environment = \"real\"\nmetric", "4: [[claim]] better: unknown environment `real` (");
}

#[test]
fn the_claims_of_every_configuration_name_what_is_there() {
    let configs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../configs"));
    let with_claims: Vec<String> = files(configs, ".claims.toml").into_keys().collect();
    assert!(with_claims.len() >= 4, "{with_claims:?}");
    for claims in with_claims {
        let output = barp(configs, &["plan", &claims.replace(".claims.toml", ".toml")]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn claims_of_an_earlier_run_do_not_decide_a_later_one() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "e.toml", EXPERIMENT);
    put(folder.path(), "e.claims.toml", CLAIM);
    let said = |expected: bool| {
        let output = barp(folder.path(), &["run", "e.toml"]);
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success());
        assert_eq!(printed.contains("kNN earns more"), expected, "{printed}");
    };
    said(true);
    assert!(folder.path().join("results/asked/claims.json").is_file());
    std::fs::remove_file(folder.path().join("e.claims.toml")).unwrap();
    said(false);
    assert!(!folder.path().join("results/asked/claims.json").exists());
}
