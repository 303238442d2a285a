//! Models named by the part they play: `dearest`, `cheapest`, `best`, so that one schedule fits any data.

use crate::support::plan;
use experiment::{Plan, Spec};
use std::path::Path;

/// Two tasks x three models: `mid` is best, `large` dearest, `small` cheapest; `small` was not asked everything.
fn table(folder: &Path, models: [&str; 3]) -> String {
    let [small, mid, large] = models;
    let mut text = format!(
        "sample_id,eval_name,prompt,{small},{mid},{large},{small}|total_cost,{mid}|total_cost,{large}|total_cost\n"
    );
    for row in 0..30 {
        let known = if row % 3 == 0 { ("", "") } else { ("0.25", "0.01") };
        text += &format!("{row},t{},p {row},{},0.75,0.5,{},0.1,1\n", row % 2, known.0, known.1);
    }
    let path = folder.join(format!("{small}-{mid}.csv"));
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn world(file: &str, shift: &str) -> String {
    format!(
        "name = \"r\"\nreplicates = 1\n[protocol]\nkind = \"online\"\nrounds = 100\ncheckpoints = 1\n[[environment]]\n\
         name = \"w\"\nkind = \"recorded\"\nfile = \"{file}\"\n[[environment.shift]]\n{shift}\n[[policy]]\n\
         kind = \"random\"\n"
    )
}

fn id(plan: &Plan) -> &str {
    &plan.cells()[0].id
}

const MODELS: [&str; 3] = ["small", "mid", "large"];

#[test]
fn a_role_is_the_model_that_plays_it_to_the_address() {
    let folder = tempfile::tempdir().unwrap();
    let file = table(folder.path(), MODELS);
    let shifts = [
        "kind = \"price\"\nfactor = 0.5\nmodels = [\"ROLE\"]",
        "kind = \"quality\"\nchange = -0.5\nmodels = [\"ROLE\"]",
        "kind = \"quality-swap\"\nmodels = [\"ROLE\", \"OTHER\"]",
        "kind = \"arrive\"\nat = 50\nmodels = [\"ROLE\"]",
        "kind = \"price-book\"\nstart = \"2023-06-01\"\nrounds-per-day = 1\nmodels = { ROLE = \"gpt-3.5-turbo\" }",
    ];
    for (role, model, other) in [("dearest", "large", "mid"), ("cheapest", "small", "mid"), ("best", "mid", "large")] {
        for shift in shifts {
            let shift = shift.replace("OTHER", other);
            let by_role = plan(&world(&file, &shift.replace("ROLE", role)));
            let by_name = plan(&world(&file, &shift.replace("ROLE", model)));
            assert_eq!(id(&by_role), id(&by_name), "{role}: {shift}");
            assert_eq!(by_role.resolved(), by_name.resolved(), "what is kept says the name");
            assert!(by_role.resolved().contains(model) && !by_role.cells()[0].inputs.contains(role));
        }
    }
}

#[test]
fn a_model_that_is_called_as_a_role_is_that_model() {
    let folder = tempfile::tempdir().unwrap();
    let file = table(folder.path(), ["dearest", "best", "large"]);
    let shift = |model: &str| world(&file, &format!("kind = \"price\"\nfactor = 0.5\nmodels = [\"{model}\"]"));
    let named = plan(&shift("dearest"));
    assert_eq!(named.environments[0].shifts[0]["models"], serde_json::json!(["dearest"]));
    assert_ne!(id(&named), id(&plan(&shift("large"))));
    assert_eq!(id(&named), id(&plan(&shift("cheapest"))), "`cheapest` is still a role, and `dearest` plays it");
}

#[test]
fn two_names_of_one_model_and_roles_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = table(folder.path(), MODELS);
    let refused = |shift: &str, expected: &[&str]| {
        let error = Spec::parse(&world(&file, shift), "bad.toml").and_then(Spec::plan).err().unwrap().to_string();
        for part in ["bad.toml:", ": [[environment]] w.shift 1"].iter().chain(expected) {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    };
    refused("kind = \"price\"\nmodels = [\"dearest\", \"large\"]", &["`models` must be distinct, got `large` twice"]);
    refused(
        "kind = \"price-book\"\nmodels = { dearest = \"gpt-4\", large = \"gpt-4\" }",
        &["`models` must be distinct, got `large` and `dearest`, which is the same"],
    );
    refused(
        "kind = \"price\"\nmodels = [\"deerest\"]",
        &["unknown model `deerest` (nearest is `dearest`; known: ", "best"],
    );
}
