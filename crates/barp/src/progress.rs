//! What is done, how fast, how much is left and who is ahead, on a terminal; silence elsewhere.

use crate::output::complain;
use experiment::Event;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Most policies shown of one environment.
const POLICIES: usize = 5;
/// Most lines of the table: it must not push the bar off the screen.
const LINES: usize = 16;
/// Letters of a policy's name.
const NAME: usize = 40;

/// Shows the events of a run on stderr if that is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    standings: Mutex<Standings>,
}

/// Mean rewards so far, by environment and policy.
#[derive(Default)]
struct Standings(BTreeMap<String, BTreeMap<String, Standing>>);

#[derive(Default)]
struct Standing {
    sum: f64,
    cells: u32,
}

impl Progress {
    /// A bar for the experiment `name`, not yet started.
    pub(crate) fn new(name: &str) -> Progress {
        let bar = ProgressBar::no_length();
        let style = "{prefix} {wide_bar} {pos}/{len} cells · {per_sec} · {eta} left{msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("the template is well-formed"));
        bar.set_prefix(name.to_owned());
        Progress { bar, standings: Mutex::default() }
    }

    /// Takes in an event, from any thread.
    pub(crate) fn hear(&self, event: Event) {
        match event {
            Event::Started { missing, .. } => self.bar.set_length(missing as u64),
            Event::CellStarted { .. } => self.bar.tick(),
            Event::CellDone { environment, policy, reward } => {
                let mut standings = self.standings.lock().expect("no thread panics while it holds the lock");
                standings.add(environment, policy, reward);
                self.bar.set_message(standings.table());
                self.bar.inc(1);
            }
            Event::Damaged(what) => self.bar.suspend(|| complain!("damaged: {what}: computed again")),
            Event::Unsealed { cells } => {
                self.bar.suspend(|| complain!("{cells} cells are older than checksums: taken as they are"));
            }
            Event::CellFailed { name, reason } => self.bar.suspend(|| complain!("failed: {name}: {reason}")),
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar that counts `things` up to `length`, on stderr if that is a terminal.
pub(crate) fn counter(name: &str, length: u64, things: &str) -> ProgressBar {
    styled(ProgressBar::new(length), name, &format!("{{pos}}/{{len}} {things} · {{per_sec}} · {{eta}} left"))
}

/// A bar over the bytes of a file, or, where their number is not known, a count of them.
pub(crate) fn bytes(name: &str, length: Option<u64>) -> ProgressBar {
    match length {
        Some(length) => {
            styled(ProgressBar::new(length), name, "{bytes}/{total_bytes} · {bytes_per_sec} · {eta} left{msg}")
        }
        None => styled(ProgressBar::no_length(), name, "{bytes} · {elapsed}{msg}"),
    }
}

fn styled(bar: ProgressBar, name: &str, counts: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!("{{prefix}} {{wide_bar}} {counts}"));
    bar.set_style(style.expect("the template is well-formed"));
    bar.set_prefix(name.to_owned());
    bar
}

/// Shows how the encoding of prompts goes on, each time that some are encoded.
pub(crate) fn encoding() -> experiment::Progress {
    let bar: Mutex<Option<ProgressBar>> = Mutex::default();
    let progress = experiment::Progress::new(move |more, all| {
        let mut shown = bar.lock().expect("no thread panics while it holds the lock");
        let bar = shown.get_or_insert_with(|| counter("encode", all as u64, "prompts"));
        bar.inc(more as u64);
        if bar.position() >= all as u64 {
            bar.finish_and_clear();
            *shown = None;
        }
    });
    progress.telling(crate::encoding::encoded_again)
}

impl Standings {
    fn add(&mut self, environment: String, policy: String, reward: Option<f64>) {
        if let Some(reward) = reward.filter(|reward| reward.is_finite()) {
            let standing = self.0.entry(environment).or_default().entry(policy).or_default();
            *standing = Standing { sum: standing.sum + reward, cells: standing.cells + 1 };
        }
    }

    /// The best policies of each environment so far, each on a line that begins with a line break; empty at first.
    fn table(&self) -> String {
        let mut lines = Vec::new();
        for (environment, policies) in &self.0 {
            let mut ranked: Vec<(f64, &str, u32)> = policies
                .iter()
                .map(|(policy, standing)| (standing.sum / f64::from(standing.cells), policy.as_str(), standing.cells))
                .collect();
            ranked.sort_by(|left, right| right.0.total_cmp(&left.0));
            let more = ranked.len().saturating_sub(POLICIES);
            let more = if more > 0 { format!(", {more} more below") } else { String::new() };
            lines.push(format!("\n{environment}: mean reward so far{more}"));
            lines.extend(ranked.iter().take(POLICIES).map(|(reward, policy, cells)| {
                let name: String = policy.chars().take(NAME).collect();
                let cells = if *cells == 1 { "1 cell".to_owned() } else { format!("{cells} cells") };
                format!("\n  {name:<NAME$} {reward:>7.4}  {cells}")
            }));
        }
        lines.truncate(LINES);
        lines.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_so_far_comes_first_with_its_cells() {
        let mut standings = Standings::default();
        assert_eq!(standings.table(), "");
        for (policy, reward) in [("knn", Some(0.5)), ("barp", Some(0.4)), ("barp", Some(0.8)), ("odd", None)] {
            standings.add("e".to_owned(), policy.to_owned(), reward);
        }
        let table = standings.table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[1], "e: mean reward so far");
        assert!(lines[2].starts_with("  barp ") && lines[2].ends_with("0.6000  2 cells"), "{table}");
        assert!(lines[3].starts_with("  knn ") && lines[3].ends_with("0.5000  1 cell"), "{table}");
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn many_policies_do_not_fill_the_screen() {
        let mut standings = Standings::default();
        for number in 0..40 {
            for environment in ["a", "b", "c", "d"] {
                standings.add(environment.to_owned(), format!("policy {number}"), Some(f64::from(number)));
            }
        }
        let table = standings.table();
        assert!(table.contains("a: mean reward so far, 35 more below\n  policy 39 "), "{table}");
        assert_eq!(table.lines().count(), LINES + 1);
    }
}
