//! A shift that can never happen in the rounds of its run is refused; one that says itself that it does nothing is not.

use crate::support::plan;
use experiment::Spec;

const MODEL: &str = "models = [\"gpt-4-1106-preview\"]";

fn world(rounds: u64, shift: &str) -> String {
    format!(
        "name = \"s\"\nreplicates = 1\n[protocol]\nkind = \"online\"\nrounds = {rounds}\ncheckpoints = 1\n\
         [[environment]]\nrows = 200\n[[environment.shift]]\n{shift}\n[[policy]]\nkind = \"random\"\n"
    )
}

/// `shift` is refused in a run of 1,000 rounds with all of `said`, and accepted in one of 1,000,000.
#[track_caller]
fn never(shift: &str, said: &[&str]) {
    let error = Spec::parse(&world(1000, shift), "bad.toml").and_then(Spec::plan).err().expect("must be refused");
    for part in ["bad.toml:", ": [[environment]] calibrated.shift 1", "1000"].iter().chain(said) {
        assert!(error.to_string().contains(part), "`{part}` is not in: {error}");
    }
    plan(&world(1_000_000, shift));
}

#[test]
fn what_begins_after_the_last_round_is_refused_with_field_rule_and_value() {
    let below = |value: &str| format!("below `rounds` = 1000 of the protocol, or the shift never happens, got {value}");
    let course = |shift: &str| never(&format!("{shift}\nfrom = 1000"), &["`from` must be", &below("1000")]);
    course(&format!("kind = \"price\"\n{MODEL}\nfactor = 0.1"));
    course(&format!("kind = \"quality\"\n{MODEL}\nchange = -0.5"));
    course("kind = \"quality-swap\"\nmodels = [\"gpt-4-1106-preview\", \"claude-v1\"]");
    course("kind = \"task-mix\"\ntasks = { mbpp = 1.0 }");
    course("kind = \"preferences\"\nhigh = 0.5");
    course("kind = \"tenants\"\ntenants = { a = { w-cost = 0.5, share = 1.0 } }");
    never(&format!("kind = \"arrive\"\n{MODEL}\nat = 1000"), &["(arrive)", "`at` must be", &below("1000")]);
    never("kind = \"task-arrival\"\ntasks = [\"mbpp\"]\nat = 4321", &["`at` must be", &below("4321")]);
    never(&format!("kind = \"outage\"\n{MODEL}\nfrom = 2000\nuntil = 3000"), &["`from` must be", &below("2000")]);
    never(&format!("kind = \"retire\"\n{MODEL}\nat = 1001"), &["`at` must be at most `rounds` = 1000", "got 1001"]);
    never(&format!("kind = \"price-walk\"\n{MODEL}\nevery = 1000"), &["`every` must be", &below("1000")]);
    never(
        "kind = \"price-book\"\nmodels = { gpt-4-1106-preview = \"gpt-3.5-turbo\" }\nstart = \"2023-03-01\"\n\
         rounds-per-day = 900",
        &["`rounds-per-day` must let a price change within `rounds` = 1000", "the first does on 20", "got 900"],
    );
}

#[test]
fn a_course_without_strength_in_any_round_is_refused() {
    let price = format!("kind = \"price\"\n{MODEL}\nfactor = 0.1\n");
    never(&format!("{price}from = 999\nrise = 10"), &["`from` must be at least 2 rounds before round 1000", "got 999"]);
    let refused = |course: &str, said: &str| {
        let error = Spec::parse(&world(1000, &format!("{price}{course}")), "b.toml").and_then(Spec::plan).err();
        assert!(error.as_ref().is_some_and(|error| error.problem.to_string().starts_with(said)), "{error:?}");
    };
    refused("period = 1", "`period` must be 0 or at least 2, or the shift has no strength in any of the 1000 rounds");
    refused("from = 5\nuntil = 6\nrise = 1", "`until` must be at least `from` + 2 = 7");
}

#[test]
fn what_says_itself_that_it_does_nothing_is_allowed() {
    for neutral in [
        format!("kind = \"price\"\n{MODEL}\nfrom = 500"),
        format!("kind = \"price\"\n{MODEL}\nfactor = 0.1\nfrom = 500\nuntil = 500"),
        format!("kind = \"quality\"\n{MODEL}\nchange = 0.0"),
        "kind = \"preferences\"\nstrength = 0.0".to_owned(),
        format!("kind = \"arrive\"\n{MODEL}\nat = 0"),
        format!("kind = \"retire\"\n{MODEL}\nat = 1000"),
        format!("kind = \"outage\"\n{MODEL}\nfrom = 7\nuntil = 7"),
        format!("kind = \"price-walk\"\n{MODEL}\ndeviation = 0.0\nevery = 5000"),
        "kind = \"task-arrival\"\ntasks = [\"mbpp\"]\nat = 0".to_owned(),
        "kind = \"price-book\"\nmodels = { claude-v1 = \"gpt-4-1106-preview\" }\nstart = \"2023-11-06\"".to_owned(),
    ] {
        plan(&world(1000, &neutral));
    }
    for last in ["from = 999", "from = 998\nrise = 10", "period = 2", "from = 5\nuntil = 6\nfall = 1"] {
        plan(&world(1000, &format!("kind = \"price\"\n{MODEL}\nfactor = 0.1\n{last}")));
    }
}
