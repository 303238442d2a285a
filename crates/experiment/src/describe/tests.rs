use super::*;
use environments::TableParts;
use routing::Dollars;

/// Models `good` (dear), `poor` (cheap), `twin` (as good as `poor`, dearer).
fn table() -> Table {
    Table::new(TableParts {
        ids: ["1", "2", "3", "4"].map(str::to_owned).to_vec(),
        tasks: ["code", "empty", "maths"].map(str::to_owned).to_vec(),
        task_of: vec![0, 0, 0, 2],
        models: ["good", "poor", "twin"].map(str::to_owned).to_vec(),
        dimension: 0,
        features: Vec::new(),
        quality: vec![1.0, 0.5, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.75, 0.0, 0.5],
        cost: [8.0, 1.0, 2.0, 8.0, 2.0, 3.0, 8.0, 1.0, 1.0, 8.0, 4.0, 4.0].map(Dollars).to_vec(),
        ..TableParts::default()
    })
}

fn find<'a>(rows: &'a [SummaryRow], model: &str, task: &str, metric: &str) -> &'a SummaryRow {
    let mut matching = rows.iter().filter(|row| row.policy == model && row.task == task && row.metric == metric);
    let row = matching.next().unwrap();
    assert!(matching.next().is_none(), "one row for {model}, {task}, {metric}");
    row
}

#[test]
fn quality_and_dollars_are_means_over_prompts_with_intervals() {
    let rows = describe(&table(), "toy");
    let quality = find(&rows, "good", "code", "quality");
    assert_eq!((quality.value, quality.n, quality.unit.as_str()), (2.0 / 3.0, 3, "score"));
    // Values 1, 1, 0: standard error 1/3, t(0.975, 2) = 4.302653.
    assert!((quality.ci_high.unwrap() - (2.0 + 4.302_652_729_749_464) / 3.0).abs() < 1e-9);
    assert!((quality.ci_low.unwrap() - (2.0 - 4.302_652_729_749_464) / 3.0).abs() < 1e-9);
    assert_eq!(quality.ci_method, "student-t 95% over prompts");
    assert_eq!((quality.environment.as_str(), quality.phase.as_str(), quality.replicates), ("toy", "data", 1));
    let cost = find(&rows, "poor", "all", "cost_usd");
    assert_eq!((cost.value, cost.n, cost.unit.as_str(), cost.direction), (2.0, 4, "USD/request", Direction::Down));
}

#[test]
fn a_task_with_one_prompt_has_no_interval_and_one_without_has_no_row() {
    let rows = describe(&table(), "toy");
    let quality = find(&rows, "twin", "maths", "quality");
    assert_eq!((quality.value, quality.ci_low, quality.ci_high), (0.5, None, None));
    assert_eq!(quality.ci_method, "none (1 prompt)");
    assert!(rows.iter().all(|row| row.task != "empty"));
    assert_eq!(rows.len(), 3 * (3 + 3 + 4), "all, code and maths");
}

#[test]
fn the_oracle_takes_the_cheapest_of_the_best_or_nobody() {
    let rows = describe(&table(), "toy");
    let share = |model, task| find(&rows, model, task, "oracle_share").value;
    assert_eq!(["good", "poor", "twin", NOBODY].map(|model| share(model, ALL)), [0.5, 0.25, 0.0, 0.25]);
    assert_eq!(share("good", "maths"), 1.0);
    assert_eq!(share(NOBODY, "maths"), 0.0);
}

#[test]
fn dominance_needs_a_lower_price_and_no_lower_quality() {
    assert_eq!(dominators(&table()), [None, None, Some(1)], "`poor` is as good as `twin` and cheaper");
}

/// A table of `prompts` with models a, b and c: scores and dollars of each by its row.
fn made(prompts: usize, tasks: &[&str], cell: impl Fn(usize, usize) -> (f32, f64)) -> TableParts {
    let cells: Vec<(f32, f64)> = (0..prompts).flat_map(|row| [0, 1, 2].map(|arm| cell(row, arm))).collect();
    TableParts {
        ids: (0..prompts).map(|row| format!("p{row}")).collect(),
        tasks: tasks.iter().map(|task| (*task).to_owned()).collect(),
        task_of: (0..prompts).map(|row| (row % tasks.len()) as u16).collect(),
        models: ["a", "b", "c"].map(str::to_owned).to_vec(),
        dimension: 2,
        features: (0..prompts).flat_map(|row| [row as f32 + 1.0, 2.0 * row as f32]).collect(),
        quality: cells.iter().map(|cell| cell.0).collect(),
        cost: cells.iter().map(|cell| Dollars(cell.1)).collect(),
        ..TableParts::default()
    }
}

/// Nothing odd: two tasks of 100 prompts, each model the best on some, no model both better and cheaper than another.
fn even() -> TableParts {
    made(200, &["code", "maths"], even_cell)
}

fn even_cell(row: usize, arm: usize) -> (f32, f64) {
    (if row % 4 <= arm { 1.0 } else { 0.0 }, [1.0, 2.0, 3.0][arm])
}

fn only(parts: TableParts, texts: Option<Texts>, name: &str) -> Option<store::Finding> {
    findings(&Table::new(parts), texts.as_ref()).into_iter().find(|finding| finding.name == name)
}

/// That the even table lacks the finding, and that the changed one has it with these numbers and this first example.
fn check(name: &str, change: impl Fn(&mut TableParts), numbers: &[(&str, f64)], example: &str) {
    assert_eq!(only(even(), None, name), None, "{name}");
    let mut parts = even();
    change(&mut parts);
    said(only(parts, None, name), name, numbers, example);
}

/// The same of texts: those of the even table are `texts`, all others unlike each other.
fn check_texts(name: &str, texts: &[&str], splits: &[&str], numbers: &[(&str, f64)], example: &str) {
    let prompt = |row: usize| format!("say w{row} x{} y{} z{}", row * 7, row * 11, row * 13);
    let with = |texts: &[&str]| {
        let mut prompts: Vec<String> = (0..200).map(prompt).collect();
        prompts.iter_mut().zip(texts).for_each(|(prompt, text)| *prompt = (*text).to_owned());
        let splits = (0..200).map(|row| splits[row % splits.len()].to_owned()).collect();
        Some(Texts::new(prompts, Some(splits)))
    };
    assert_eq!(only(even(), with(&[]), name), None, "{name}");
    said(only(even(), with(texts), name), name, numbers, example);
}

fn said(found: Option<store::Finding>, name: &str, numbers: &[(&str, f64)], example: &str) {
    let found = found.unwrap_or_else(|| panic!("{name} is not found"));
    for (number, value) in numbers {
        assert_eq!(found.numbers.get(*number), Some(value), "{number} of {found:?}");
    }
    assert_eq!(found.examples.first().map_or("", String::as_str), example, "{found:?}");
    assert!(found.examples.len() <= 5);
}

#[test]
fn an_even_table_is_told_by_its_range_of_dollars_alone() {
    let found = findings(&Table::new(even()), None);
    let names: Vec<&str> = found.iter().map(|finding| finding.name.as_str()).collect();
    assert_eq!(names, ["dollars-range"], "{found:?}");
    assert!((found[0].numbers["orders_of_magnitude"] - 0.477_121_254_719_662_4).abs() < 1e-12);
}

#[test]
fn every_kind_of_oddity_of_names_and_models_is_found_with_its_numbers() {
    let rename = |parts: &mut TableParts, to: &str| parts.tasks[1] = to.to_owned();
    check("similar-tasks", |parts| rename(parts, " CODE"), &[("names", 2.0)], "`code`, ` CODE`");
    check("similar-tasks", |parts| rename(parts, "ｃode"), &[("groups", 1.0)], "`code`, `ｃode`");
    check("similar-ids", |parts| parts.ids[7] = "P3".to_owned(), &[("names", 2.0)], "`p3`, `P3`");
    let accents = |parts: &mut TableParts| (parts.ids[0], parts.ids[1]) = ("é".to_owned(), "e\u{301}".to_owned());
    check("similar-ids", accents, &[("groups", 1.0)], "`é`, `e\\u{301}`");
    check("zero-price", |parts| parts.cost[4] = Dollars(0.0), &[("calls", 1.0), ("models", 1.0)], "b: 1 of 200 calls");
    check(
        "cost-outliers",
        |parts| parts.cost[4] = Dollars(202.0),
        &[("calls", 1.0)],
        "b, p1: $202 is 101 times the median",
    );
    let gap = |parts: &mut TableParts| parts.quality[5] = f32::NAN;
    check("gaps-by-model", gap, &[("gaps", 1.0), ("cells", 600.0)], "c: 1 of 200");
    check("gaps-by-task", gap, &[("tasks", 1.0)], "maths: 1 of 300 cells");
    let constant = |parts: &mut TableParts| (0..200).for_each(|row| parts.quality[3 * row] = 0.5);
    check("constant-quality", constant, &[("models", 1.0)], "a: 0.5 on 200 prompts");
    let any = |parts: &mut TableParts| (0..200).for_each(|row| parts.quality[3 * row] = row as f32 / 333.0);
    check("unstepped-quality", any, &[("models", 1.0), ("models_in_steps", 2.0)], "a");
    let silent = |parts: &mut TableParts| (0..200).for_each(|row| parts.features[2 * row] = 0.0);
    check("silent-features", silent, &[("constant_features", 1.0), ("prompts_of_zeros", 1.0)], "p0");
}

#[test]
fn every_kind_of_oddity_of_tasks_and_dominance_is_found_with_its_numbers() {
    // 60 prompts leave 9 to the test, 140 leave 21.
    let small = |parts: &mut TableParts| (0..200).for_each(|row| parts.task_of[row] = u16::from(row < 60));
    check("small-tasks", small, &[("tasks", 1.0), ("all_tasks", 2.0)], "maths: 9 of 60 prompts");
    let single = |parts: &mut TableParts| {
        parts.tasks.truncate(1);
        parts.task_of.fill(0);
    };
    check("single-task", single, &[("tasks", 1.0)], "code");
    let dear =
        |parts: &mut TableParts| (0..200).for_each(|row| parts.quality[3 * row + 2] = parts.quality[3 * row + 1]);
    check("dominated", dear, &[("models", 1.0)], "c by b");
    let worse = |parts: &mut TableParts| {
        for scores in parts.quality.chunks_mut(3) {
            (scores[0], scores[2]) = (scores[0].max(0.25), 0.0);
        }
    };
    check("never-best", worse, &[("models", 1.0)], "c");
    let wide = |parts: &mut TableParts| parts.cost[0] = Dollars(1e-6);
    let mut parts = even();
    wide(&mut parts);
    let found = only(parts, None, "dollars-range").unwrap();
    assert_eq!(found.severity, store::Severity::Warning, "0.000001 to 3 dollars: {found:?}");
}

#[test]
fn every_kind_of_duplicate_is_found_with_its_numbers() {
    let twice = ["the same prompt as another one", "the same prompt as another one"];
    // Rows 0 and 1: `a` scores 1 and 0.
    check_texts("contradicting-duplicates", &twice, &["x"], &[("prompts", 2.0)], "p0, p1: a scores 0 to 1");
    check_texts("exact-duplicate-prompts", &twice, &["x"], &[("prompts", 2.0), ("groups", 1.0)], "p0, p1");
    let nearly = ["one two three four five", "One two three four five!"];
    let numbers = [("prompts", 2.0), ("groups", 1.0), ("largest_group", 2.0)];
    check_texts("near-duplicate-prompts", &nearly, &["x"], &numbers, "p0 and p1: 1.00");
    check_texts("leak-across-splits", &nearly, &["train", "test"], &[("prompts", 2.0)], "1 of split `test`");
}

/// Quadratic in tasks, this would take minutes.
#[test]
fn a_table_of_very_many_tasks_is_described_row_by_row() {
    let names: Vec<String> = (0..20_000).map(|task| format!("task {task}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let table = Table::new(made(40_000, &names, even_cell));
    assert_eq!(describe(&table, "toy").len(), 20_001 * (2 * 3 + 4), "a row for each task, model and metric");
    let found = findings(&table, None);
    let small = found.iter().find(|finding| finding.name == "small-tasks").unwrap();
    assert_eq!((small.numbers["tasks"], small.examples.len()), (20_000.0, 5));
}
