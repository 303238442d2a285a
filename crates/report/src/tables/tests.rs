use super::*;
use crate::fake::{self, LARGE, SMALL, Size};

fn context() -> Context {
    Context { command: "barp report x".into(), simulated: false, experiment: "x".into() }
}

fn rendered(kind: Kind, size: Size) -> Rendered {
    render(kind, &fake::summary(size), &fake::runs(size), &context()).unwrap()
}

#[test]
fn scores_have_a_line_for_each_policy_and_a_column_for_each_weight() {
    let text = rendered(Kind::Scores, SMALL).markdown;
    let barp: Vec<&str> = text.lines().filter(|line| line.starts_with("| barp |")).collect();
    assert_eq!(barp.len(), 5, "{text}");
    assert!(barp.iter().all(|line| line.matches(" \u{00b1} ").count() == 7), "{text}");
    assert!(text.contains("Recorded rows") && text.contains("3 replicates; n = 5,474 requests"), "{text}");
    assert!(text.contains("| single:gpt-4-1106-preview | 3.29"), "dollars are for 1,000 requests: {text}");
}

#[test]
fn every_cell_by_task_names_its_requests() {
    let text = rendered(Kind::Tasks, LARGE).markdown;
    assert!(text.contains("## Quality at w_cost 0.2"), "{text}");
    for line in text.lines().filter(|line| line.starts_with("| barp |")) {
        assert_eq!(line.matches("(n ").count(), 8, "{line}");
        assert!(line.contains("(n 2,106)") && line.contains("(n 64)"), "{line}");
    }
}

/// Two policies of equal noise, `ahead` in every replicate by `lead` and by chance.
fn duel(lead: f64, replicates: u32) -> (Vec<SummaryRow>, Vec<Run>) {
    let mut cells = fake::replicates(Size { policies: 4, replicates, ..SMALL });
    cells.retain(|cell| ["barp", "knn", "oracle"].contains(&cell.policy.as_str()));
    for cell in &mut cells {
        let chance = [0.01, -0.012, 0.004, 0.0, -0.003][cell.replicate as usize];
        for score in cell.scores.iter_mut().filter(|score| score.metric == "quality") {
            let shared = 0.5 + 0.1 * f64::from(cell.replicate);
            score.value = match cell.policy.as_str() {
                "barp" => shared + lead + chance,
                "knn" => shared,
                _ => 2.0,
            };
        }
    }
    let runs = Run::of(&cells);
    (crate::summarise(&runs).unwrap(), runs)
}

#[test]
fn bold_is_what_the_paired_test_says() {
    let check = |lead: f64, bold: Option<&str>| {
        let (rows, cells) = duel(lead, 5);
        let tables = render(Kind::Scores, &rows, &cells, &context()).unwrap();
        let quality = tables.markdown.split("## Quality").nth(1).unwrap().split("## ").next().unwrap();
        let found: Vec<&str> = quality.lines().filter(|line| line.contains("**")).collect();
        assert_eq!(found.len(), usize::from(bold.is_some()), "{quality}");
        assert!(bold.is_none_or(|policy| found[0].starts_with(&format!("| {policy} |"))), "{quality}");
        assert!(tables.csv.contains("quality,score,knn,0.2,all,0.7,"), "{}", tables.csv);
        let latex = tables.latex.split("\\caption{Quality").nth(1).unwrap().split("\\end{table}").next().unwrap();
        assert_eq!(latex.contains("\\bfseries"), bold.is_some(), "{latex}");
    };
    check(0.05, Some("barp"));
    check(0.005, None);
    check(-0.05, Some("knn"));
}

#[test]
fn without_replicates_nothing_is_bold() {
    let (rows, _) = duel(0.05, 5);
    assert!(!render(Kind::Scores, &rows, &[], &context()).unwrap().markdown.contains("**"));
    let (rows, cells) = duel(0.05, 1);
    assert!(!render(Kind::Scores, &rows, &cells, &context()).unwrap().latex.contains("\\bfseries"));
}

#[test]
fn latex_has_a_cell_for_every_column() {
    let text = rendered(Kind::Tasks, LARGE).latex;
    for line in text.lines().filter(|line| line.starts_with("barp & ")) {
        assert_eq!(line.matches(" & ").count(), 8, "{line}");
        assert!(line.ends_with(" \\\\"), "{line}");
    }
    assert_eq!(text.matches("\\begin{table}").count(), 3, "seconds are not measured by task");
    assert!(text.contains("{$n = 2\\,106$}") && text.contains("\\_cost 0.2"), "{text}");
}

#[test]
fn csv_keeps_every_digit() {
    let rows = fake::summary(SMALL);
    let text = rendered(Kind::Scores, SMALL).csv;
    let row = rows.iter().find(|row| row.metric == "reward" && row.policy == "barp" && row.task == "all").unwrap();
    assert!(text.contains(&format!(",{},", row.value)), "{text}");
}

#[test]
fn the_ranking_falls_and_says_what_was_bought() {
    let text = ranking(&fake::summary(LARGE));
    let place = |policy: &str| text.find(&format!("\n  {policy} ")).unwrap_or_else(|| panic!("{policy}: {text}"));
    assert!(place("oracle") < place("barp") && place("barp") < place("lin-ucb"), "{text}");
    let barp = text.lines().find(|line| line.starts_with("  barp ")).unwrap();
    assert!(barp.contains("81.9k") && barp.contains("$73.73"), "{barp}");
}

#[test]
fn nothing_measured_is_nothing_said() {
    for kind in [Kind::Scores, Kind::Tasks] {
        assert_eq!(render(kind, &[], &[], &context()), None);
    }
    assert_eq!(ranking(&[]), "");
}

#[test]
fn seconds_are_in_every_format_where_they_were_measured_and_nowhere_else() {
    let mut rows = fake::summary(SMALL);
    let all = |rows: &[SummaryRow]| {
        let Rendered { markdown, csv, latex } = render(Kind::Scores, rows, &[], &context()).unwrap();
        [
            (markdown, "Seconds to answer, mean"),
            (csv, ",latency_p95_s,s,"),
            (latex, "Seconds to answer, 95th percentile"),
        ]
    };
    assert!(all(&rows).iter().all(|(text, words)| text.contains(words)));
    rows.retain(|row| !row.metric.starts_with("latency"));
    assert!(all(&rows).iter().all(|(text, _)| !text.contains("Seconds") && !text.contains("latency")));
}
