//! The tables of coverage: `make coverage` writes `results/coverage/`. Arguments: the folder, the repetitions (2000), and the prompts
//! of the experiments by commas (0: none, off-policy estimates alone).
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use benchmarks::coverage::{Design, Line, measure};
use benchmarks::off_policy::{self, Fared};
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use store::{Column, Frame, write_csv, write_parquet, write_whole};
use tests::gateway::Trap;

/// Most simulated logs of each kind.
const MOST_LOGS: u64 = 400;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "results/coverage".to_owned()));
    let repetitions = arguments.next().map_or(Ok(2_000), |text| text.parse())?;
    let mut found: Vec<(Design, Line)> = Vec::new();
    for rows in sizes(arguments.next()) {
        for (recorded, held_out) in [(true, false), (true, true), (false, false), (false, true)] {
            let mut policies = vec!["linear", "half", "single", "large", "small"];
            if rows <= 400 && recorded {
                // Its neighbours take most of the time.
                policies.push("near");
            }
            let replicates = if rows > 1_500 { 5 } else { 20 };
            let design = Design { rows, held_out, recorded, policies, replicates, repetitions };
            found.extend(measure(&design).into_iter().map(|line| (design.clone(), line)));
            println!("{} {} {rows} rows: done", world(&design), split(&design));
        }
    }
    if !found.is_empty() {
        let frame = frame(&found);
        write_parquet(&folder.join("coverage.parquet"), &frame)?;
        write_csv(&folder.join("coverage.csv"), &frame)?;
        let page = page(&found, repetitions);
        write_whole(&folder.join("README.md"), page.as_bytes())?;
        println!("{page}");
    }
    let logs = repetitions.min(MOST_LOGS);
    let page = off_policy_page(&gateways(&folder, logs)?, logs);
    write_whole(&folder.join("OFF_POLICY.md"), page.as_bytes())?;
    println!("{page}");
    Ok(())
}

/// Off-policy estimates on simulated gateways, as tables and as numbers.
fn gateways(folder: &Path, repetitions: u64) -> Result<Vec<Fared>, Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let mut all = Vec::new();
    for trap in [Trap::None, Trap::Repeats, Trap::PriceCut, Trap::Retired, Trap::Missing, Trap::Drift] {
        for rows in [500, 2_000, 8_000] {
            all.extend(off_policy::measure(trap, rows, repetitions, scratch.path()));
            println!("gateways, {trap:?}, {rows} rows: done");
        }
    }
    let text = |cell: fn(&Fared) -> String| Column::Text(all.iter().map(|one| Some(cell(one))).collect());
    let real = |cell: fn(&Fared) -> f64| Column::Real(all.iter().map(|one| Some(cell(one))).collect());
    let count = |cell: fn(&Fared) -> u64| Column::Integer(all.iter().map(|one| Some(cell(one))).collect());
    let columns = [
        ("trap", text(|one| one.trap.clone())),
        ("rows", count(|one| one.rows as u64)),
        ("what", text(|one| one.what.clone())),
        ("outcome", text(|one| one.outcome.into())),
        ("printed", count(|one| one.printed)),
        ("refused", real(|one| one.refused)),
        ("intervals", count(|one| one.intervals)),
        ("coverage", real(|one| one.coverage)),
        ("relative_error", real(|one| one.error)),
        ("relative_bias", real(|one| one.bias)),
    ];
    let columns = columns.map(|(name, column)| (name.to_owned(), column)).to_vec();
    let frame = Frame { columns, metadata: Vec::new() };
    write_parquet(&folder.join("off-policy.parquet"), &frame)?;
    write_csv(&folder.join("off-policy.csv"), &frame)?;
    Ok(all)
}

const OFF_POLICY_HEAD: &str = "# Off-policy estimates beside the truth

`make coverage` makes this page and the tables beside it, through the doors of `barp log ope` and `barp log decide`. Logs are
simulated gateways (`tests/src/gateway.rs`), each of models of its own; the truth is that of the world at the end of the log.
Nothing here is about real rows.

Looked at is every model for all requests; in decisions also its difference from what the gateway chose, and its saving where
its quality is shown to be no lower. *Error* is the root mean squared error and *bias* the mean error, as shares of the truth.
*Refused* is the share of numbers that are not printed, *intervals* the number of those that have one. Where ratings are missing
not at random, intervals of quality are bounds.
";

/// The table of how off-policy estimates fared.
fn off_policy_page(all: &[Fared], repetitions: u64) -> String {
    let mut page = format!(
        "{OFF_POLICY_HEAD}\n{repetitions} logs of each kind.\n\n| trap | rows | number | of | refused | intervals | coverage | error | bias \
         |\n|---|---|---|---|---|---|---|---|---|\n"
    );
    for one in all {
        let Fared { trap, rows, what, outcome, refused, intervals, coverage, error, bias, .. } = one;
        let coverage = if *intervals > 0 { format!("{coverage:.3}") } else { "-".to_owned() };
        writeln!(page, "| {trap} | {rows} | {what} | {outcome} | {refused:.3} | {intervals} | {coverage} | {error:.4} | {bias:+.4} |")
            .expect("text can be appended to");
    }
    page
}

fn world(design: &Design) -> &'static str {
    if design.recorded { "recorded" } else { "generated" }
}

fn split(design: &Design) -> &'static str {
    if design.held_out { "out of distribution" } else { "in distribution" }
}

fn frame(found: &[(Design, Line)]) -> Frame {
    let text =
        |cell: &dyn Fn(&(Design, Line)) -> String| Column::Text(found.iter().map(|one| Some(cell(one))).collect());
    let real = |cell: fn(&Line) -> f64| Column::Real(found.iter().map(|(_, line)| Some(cell(line))).collect());
    let count =
        |cell: &dyn Fn(&(Design, Line)) -> u64| Column::Integer(found.iter().map(|one| Some(cell(one))).collect());
    let columns = [
        ("world", text(&|(design, _)| world(design).into())),
        ("split", text(&|(design, _)| split(design).into())),
        ("rows", count(&|(design, _)| design.rows as u64)),
        ("replicates", count(&|(_, line)| line.replicates as u64)),
        ("kind", text(&|(_, line)| line.kind.into())),
        ("what", text(&|(_, line)| line.what.clone())),
        ("intervals", count(&|(_, line)| line.intervals)),
        ("warned", real(|line| line.warned)),
        ("coverage", real(|line| line.coverage)),
        ("above", real(|line| line.above)),
        ("below", real(|line| line.below)),
        ("other_rows", Column::Real(found.iter().map(|(_, line)| line.other_rows).collect())),
        ("truth", real(|line| line.truth)),
        ("half_width", real(|line| line.half_width)),
    ];
    Frame { columns: columns.map(|(name, column)| (name.to_owned(), column)).to_vec(), metadata: Vec::new() }
}

const HEAD: &str = "# How often 95 % intervals hold the truth

`make coverage` makes this page and the tables beside it. Experiments are run on made-up populations whose truth is known, and
reported as a user's are (`benchmarks/src/coverage.rs` says how). Nothing here is about real rows.

An interval is about **new prompts of the same tasks in the same shares**, and

- with one replicate about **this training**;
- with several replicates of recorded rows about **new trainings on these rows**;
- with several replicates of generated rows about **new rows to train on** too.

Coverage is the share of intervals that hold what they are about, lowest to highest over the numbers in question. *Above* and
*below* are the largest shares of intervals that lie wholly above or below it: how often a claim whose threshold is the truth
would pass, or fail. *Other rows* is the lowest and highest share that hold the truth over all tables: intervals on recorded rows
do not promise it, and out of distribution they fall short. Intervals that say `one model for all: trainings may differ` are
counted by themselves below: a policy that sends all requests to one model jumps when another training chooses another.
";

fn page(found: &[(Design, Line)], repetitions: u64) -> String {
    let mut page = format!(
        "{HEAD}\n{repetitions} repetitions; a share of .95 among them has a standard error of {:.4}.\n",
        (0.95_f64 * 0.05 / repetitions as f64).sqrt()
    );
    for (heading, warned) in [("Intervals", false), ("Intervals that say that they may not hold", true)] {
        page += &format!(
            "\n## {heading}\n\n| world | split | rows | replicates | of | numbers | coverage | above | below | other rows |\n|---|---|---|---|---|---|---|---|---|---|\n"
        );
        let wanted = |line: &Line| (line.warned > 0.0) == warned;
        let mut groups: Vec<Vec<&(Design, Line)>> = Vec::new();
        for one in found.iter().filter(|(_, line)| wanted(line)) {
            let same = |(design, line): &(Design, Line)| {
                (world(design), split(design), design.rows, line.replicates, line.kind)
                    == (world(&one.0), split(&one.0), one.0.rows, one.1.replicates, one.1.kind)
            };
            match groups.iter_mut().find(|group| same(group[0])) {
                Some(group) => group.push(one),
                None => groups.push(vec![one]),
            }
        }
        for group in groups {
            let (design, line) = group[0];
            let range = |cell: &dyn Fn(&Line) -> Option<f64>| {
                let cells = || group.iter().filter_map(|(_, line)| cell(line));
                let (low, high) =
                    cells().fold((f64::INFINITY, 0.0_f64), |(low, high), cell| (low.min(cell), high.max(cell)));
                if cells().next().is_some() { format!("{low:.3} to {high:.3}") } else { String::new() }
            };
            let most = |cell: fn(&Line) -> f64| group.iter().map(|(_, line)| cell(line)).fold(0.0, f64::max);
            writeln!(
                page,
                "| {} | {} | {} | {} | {} | {} | {} | {:.3} | {:.3} | {} |",
                world(design),
                split(design),
                design.rows,
                line.replicates,
                line.kind,
                group.len(),
                range(&|line| Some(line.coverage)),
                most(|line| line.above),
                most(|line| line.below),
                range(&|line| line.other_rows)
            )
            .expect("text can be appended to");
        }
    }
    page
}

/// Prompts of the tables: those that are asked for, by commas.
fn sizes(asked: Option<String>) -> Vec<usize> {
    asked.map_or(vec![400, 1_500, 6_000], |text| {
        text.split(',').filter_map(|one| one.parse().ok()).filter(|prompts| *prompts > 0).collect()
    })
}
