//! The door for others: the examples of the library `barp` run, and the library needs nothing of its command line.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

#[path = "../../crates/barp/examples/policy.rs"]
pub(crate) mod policy;
#[path = "../../crates/barp/examples/read_results.rs"]
mod read_results;
#[path = "../../crates/barp/examples/route.rs"]
mod route;
#[path = "../../crates/barp/examples/world.rs"]
mod world;

type Main = fn() -> Result<(), Box<dyn std::error::Error>>;

const EXAMPLES: [(&str, Main); 4] = [
    ("policy.rs", policy::main),
    ("read_results.rs", read_results::main),
    ("route.rs", route::main),
    ("world.rs", world::main),
];

#[test]
fn every_example_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/barp/examples");
    let there: BTreeSet<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, EXAMPLES.map(|(name, _)| name.to_owned()).into(), "an example that no test runs, or none");
    for (name, main) in EXAMPLES {
        main().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn a_policy_of_ones_own_takes_thirty_lines() {
    let text = include_str!("../../crates/barp/examples/policy.rs");
    let (_, policy) = text.split_once("#[derive(Clone)]").unwrap();
    let (policy, _) = policy.split_once("\n/// The policy under a name").unwrap();
    // The rest of the first line is the line of the attribute.
    let lines = policy.lines().skip(1).filter(|line| !line.trim().is_empty()).count() + 1;
    assert!(lines <= 30, "{lines} lines");
}

#[test]
fn the_library_is_built_without_the_crates_of_a_command_line() {
    let packages = |features: &[&str]| -> BTreeSet<String> {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--offline", "--package", "barp", "--edges", "normal", "--prefix", "none"])
            .args(["--format", "{p}"])
            .args(features)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    let (program, library) = (packages(&[]), packages(&["--no-default-features"]));
    for name in ["clap", "console", "ctrlc", "indicatif"] {
        assert!(program.contains(name), "`{name}` left the command line: adapt this test");
        assert!(!library.contains(name), "the library needs `{name}`");
    }
    assert!(library.contains("experiment"));
}
