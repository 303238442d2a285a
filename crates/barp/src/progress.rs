//! A progress bar with ETA on a terminal, silence elsewhere.

use experiment::Event;
use indicatif::{ProgressBar, ProgressStyle};

/// Shows the events of a run on stderr if that is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar for the experiment `name`, not yet started.
    pub(crate) fn new(name: &str) -> Progress {
        let bar = ProgressBar::no_length();
        let style = "{prefix} {wide_bar} {pos}/{len} cells · {per_sec} · {eta} left · {msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("the template is well-formed"));
        bar.set_prefix(name.to_owned());
        Progress { bar }
    }

    /// Takes in an event, from any thread.
    pub(crate) fn hear(&self, event: Event) {
        match event {
            Event::Started { missing, .. } => self.bar.set_length(missing as u64),
            Event::CellStarted { name } => self.bar.set_message(name),
            Event::CellDone { .. } => self.bar.inc(1),
            Event::CellFailed { name, reason } => self.bar.suspend(|| eprintln!("failed: {name}: {reason}")),
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar that counts `things` up to `length`, on stderr if that is a terminal.
pub(crate) fn counter(name: &str, length: usize, things: &str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    let style = format!("{{prefix}} {{wide_bar}} {{pos}}/{{len}} {things} · {{per_sec}} · {{eta}} left");
    bar.set_style(ProgressStyle::with_template(&style).expect("the template is well-formed"));
    bar.set_prefix(name.to_owned());
    bar
}
