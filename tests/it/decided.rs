//! A router that was made elsewhere joins by a file of its decisions.

use crate::support::{barp, run};
use experiment::{Plan, Spec};
use std::path::Path;
use store::Role;

const HEAD: &str = "sample_id,w_cost,model";
const WEIGHTS: [&str; 2] = ["0", "0.5"];

/// Forty prompts; model `a` answers even ones, `b` the others.
fn rows(folder: &Path) {
    let mut table = "sample_id,prompt,eval_name,a,a|total_cost,b,b|total_cost\n".to_owned();
    for row in 0..40 {
        table += &format!("p{row},question {row},t,{},0.001,{},0.002\n", 1 - row % 2, row % 2);
    }
    store::write_whole(&folder.join("rows.csv"), table.as_bytes()).unwrap();
}

/// For all prompts and weights the model that answers.
fn right() -> Vec<String> {
    let one = |row: usize| WEIGHTS.map(|weight| format!("p{row},{weight},{}", ["a", "b"][row % 2]));
    std::iter::once(HEAD.to_owned()).chain((0..40).flat_map(one)).collect()
}

fn config(folder: &Path, more: &str) -> String {
    let path = |name: &str| folder.join(name).display().to_string();
    format!(
        "name = \"made\"\nreplicates = 2\n[preferences]\ntest = [0.0, 0.5]\n[[environment]]\nkind = \"recorded\"\n\
         name = \"rec\"\nfile = \"{}\"\n[[policy]]\nkind = \"lin-ucb\"\n[[policy]]\nkind = \"oracle\"\n[[policy]]\n\
         kind = \"decisions-file\"\nname = \"ours\"\nfile = \"{}\"\n{more}\n",
        path("rows.csv"),
        path("made.csv")
    )
}

/// The plan with these lines as decisions, or its refusal.
fn planned(folder: &Path, lines: &[String], more: &str) -> Result<Plan, String> {
    rows(folder);
    store::write_whole(&folder.join("made.csv"), (lines.join("\n") + "\n").as_bytes()).unwrap();
    let plan = Spec::parse(&config(folder, more), "c.toml").and_then(Spec::plan);
    plan.map_err(|error| error.to_string().replace(&folder.join("made.csv").display().to_string(), "made.csv"))
}

/// The scores on the test split of each policy in the first replicate, as text without bills.
fn tested(plan: &Plan, policy: usize) -> Vec<String> {
    let cell = plan.cells().iter().find(|cell| cell.policy == policy && cell.replicate == 0).unwrap();
    let scores = plan.simulate(cell, false).cell.scores.into_iter().filter(|score| score.phase == "test");
    scores
        .map(|one| format!("{:?} {} {} {:?} {} {}", one.w_cost, one.task, one.metric, one.arm, one.value, one.n))
        .collect()
}

#[test]
fn whoever_decides_as_the_oracle_scores_as_the_oracle() {
    let folder = tempfile::tempdir().unwrap();
    let plan = planned(folder.path(), &right(), "").unwrap();
    assert_eq!(tested(&plan, 2), tested(&plan, 1));
    let wrong: Vec<String> = right().iter().map(|line| line.replace(",0,a", ",0,b")).collect();
    let worse = planned(folder.path(), &wrong, "").unwrap();
    assert_ne!(tested(&worse, 2), tested(&worse, 1));
    let id = |plan: &Plan, policy| plan.cells().iter().find(|cell| cell.policy == policy).unwrap().id.clone();
    assert_ne!(id(&plan, 2), id(&worse, 2), "what the file says is in the address");
    assert_eq!(id(&plan, 0), id(&worse, 0), "of that policy alone");
    let reversed: Vec<String> = std::iter::once(HEAD.into()).chain(right().into_iter().skip(1).rev()).collect();
    assert_eq!(id(&planned(folder.path(), &reversed, "").unwrap(), 2), id(&plan, 2), "the order of rows says nothing");
}

#[test]
fn decisions_of_one_replicate_are_used_there_alone() {
    let folder = tempfile::tempdir().unwrap();
    let of = |replicate: usize, wrong: bool| {
        right().into_iter().skip(1).map(move |line| {
            let line = if wrong { line.replace(",0,a", ",0,b") } else { line };
            format!("{line},{replicate},0.25,0.5")
        })
    };
    let head = || std::iter::once(format!("{HEAD},replicate,expected_reward,propensity"));
    let lines: Vec<String> = head().chain(of(2, true)).chain(of(1, false)).collect();
    let plan = planned(folder.path(), &lines, "").unwrap();
    assert_eq!(tested(&plan, 2)[..6], tested(&plan, 1)[..6], "the first replicate decides as the oracle does");
    let own = plan.cells().iter().filter(|cell| cell.policy == 2).collect::<Vec<_>>();
    let log = plan.simulate(own[1], true);
    let expected = log.cell.scores.iter().find(|score| score.metric == "expected_reward" && score.phase == "test");
    assert_eq!(expected.unwrap().value, 0.25);
    let decisions = log.decisions.unwrap();
    assert!((0..decisions.rows()).all(|row| decisions.column("propensity").unwrap().number(row) == Ok(Some(0.5))));
    let chosen: Vec<_> = (0..decisions.rows()).map(|row| decisions.column("arm").unwrap().text(row).unwrap()).collect();
    assert!(chosen.iter().any(|model| model == "b"), "{chosen:?}");
    let gone: Vec<String> = head().chain(of(1, false)).collect();
    let refusal = planned(folder.path(), &gone, "").err().unwrap();
    assert!(refusal.contains("(replicate 2; 12 of 12 decisions are missing there)"), "{refusal}");
}

#[test]
fn decisions_that_break_a_rule_are_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let check = |place: usize, line: &str, message: &str| {
        let mut lines = right();
        lines[place] = line.into();
        let refusal = planned(folder.path(), &lines, "").err().unwrap();
        assert!(refusal.contains(message), "{refusal}\nexpected {message}");
        assert!(refusal.starts_with("c.toml:16: [[policy]] ours: `file`: made.csv: "), "{refusal}");
    };
    check(3, "p1,0,c", "line 4, column `model`: must be one of `a`, `b`, got `c`");
    check(3, "p1,0.3,a", "line 4, column `w_cost`: must be a weight that is tested (0, 0.5), got `0.3`");
    check(
        3,
        "p0,0,a",
        "line 4, column `sample_id`: must name each prompt once at each weight of a replicate, got `p0` at w_cost 0 again, first at 2",
    );
    check(3, "x1,0,a", "line 4, column `sample_id`: must be an id of the table, got `x1`");
    check(3, ",0,a", "line 4, column `sample_id`: must not be empty");
    check(0, "sample_id,w_cost,arm", "line 2, column `model`: no such column, the file has sample_id, w_cost, arm");
    let half: Vec<String> = right().into_iter().filter(|line| !line.contains(",0.5,")).collect();
    let refusal = planned(folder.path(), &half, "").err().unwrap();
    assert!(
        refusal.contains("it must decide every test prompt at every weight, got no row with sample_id `p"),
        "{refusal}"
    );
    assert!(refusal.contains("and w_cost 0.5 (replicate 1; 6 of 12 decisions are missing there)"), "{refusal}");
    let mixed = |of: [&str; 2]| {
        let line = |(place, line): (usize, String)| match place {
            0 => format!("{line},replicate"),
            place => format!("{line},{}", of[place % 2]),
        };
        planned(folder.path(), &right().into_iter().enumerate().map(line).collect::<Vec<_>>(), "").err().unwrap()
    };
    let rule = "line 3, column `replicate`: must stand in every row or in none, got 1 in some";
    assert!(mixed(["1", ""]).contains(rule) && mixed(["", "1"]).contains(rule), "{}", mixed(["1", ""]));
}

#[test]
fn decisions_need_test_prompts_and_a_whole_bill_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |more: &str| planned(folder.path(), &right(), more).err().unwrap();
    let online = "[protocol]\nkind = \"online\"\nrounds = 10\ncheckpoints = 1";
    assert!(
        refusal(online).contains("policy `decisions-file` needs protocol `train-then-test`"),
        "{}",
        refusal(online)
    );
    assert!(refusal("outcomes = 5").contains("`outcomes` must be given together with `dollars`, or neither"));
    assert!(refusal("tune = { outcomes = [1] }").contains("`tune` needs parameters that can be tried"));
    assert!(refusal("flie = \"x\"").contains("unknown key `flie` (nearest is `file`"));
}

#[test]
fn what_was_bought_elsewhere_is_as_its_author_says_and_else_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |more: &str| {
        let plan = planned(folder.path(), &right(), more).unwrap();
        let (_, policy) = plan.parts(plan.cells().iter().find(|cell| cell.policy == 2).unwrap());
        let (role, bill) = (policy.identity.role, plan.bills().remove(2));
        store::write_whole(&folder.path().join("c.toml"), config(folder.path(), more).as_bytes()).unwrap();
        let planned = String::from_utf8(barp(folder.path(), &["plan", "c.toml"]).stdout).unwrap();
        let line = planned.lines().find(|line| line.contains("ours")).unwrap().to_owned();
        let out = tempfile::tempdir().unwrap();
        let manifest = run(&plan, out.path(), 1);
        let ledger = manifest.cells.iter().find(|cell| cell.policy.as_str() == "ours").unwrap().ledger.unwrap();
        assert_eq!(ledger.outcomes, bill.outcomes, "a plan says what is bought");
        (role, bill.told, line, (ledger.outcomes, ledger.dollars.0))
    };
    let (role, told, line, bought) = at("");
    assert_eq!((role, told, bought), (Role::Elsewhere, false, (0, 0.0)));
    assert_eq!(line.matches("not told").count(), 2, "{line}");
    let (role, told, line, bought) = at("outcomes = 70\ndollars = 1.25");
    assert_eq!((role, told, bought), (Role::Elsewhere, true, (70, 1.25)));
    assert!(line.contains("70") && line.contains("1.25"), "{line}");
    let (role, told, ..) = at("outcomes = 0\ndollars = 0.0");
    assert_eq!((role, told), (Role::Rule, true), "it learned from nothing");
}

#[test]
fn a_run_shows_that_a_bill_is_not_told_wherever_bills_stand() {
    let folder = tempfile::tempdir().unwrap();
    planned(folder.path(), &right(), "").unwrap();
    store::write_whole(&folder.path().join("c.toml"), config(folder.path(), "").as_bytes()).unwrap();
    let output = barp(folder.path(), &["run", "c.toml", "--out", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let line = printed.lines().find(|line| line.contains("ours")).unwrap();
    assert_eq!(line.matches("not told").count(), 2, "{line}");
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("\"outcomes\":null,\"dollars\":null"));
    let summary = store::read(&folder.path().join("out/summary.csv")).unwrap();
    let roles = summary.column("role").unwrap();
    assert!((0..summary.rows()).any(|row| roles.text(row).as_deref() == Some("elsewhere")));
}

#[test]
fn the_example_runs_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let out = tempfile::tempdir().unwrap();
    let out = out.path().display().to_string();
    let output = barp(root, &["run", "configs/examples/decisions-file.toml", "--out", &out]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8(output.stdout).unwrap().contains("rule-of-thumb"));
}
