//! What every chart has around it: heading, how to read it, and at the foot what stands behind its numbers.

use std::borrow::Cow;

use super::{Basis, Chart, Table};
use crate::Context;
use crate::graphics::format::count;
use crate::graphics::scene::{Area, SOFT_INK, Scene, Text};
use crate::graphics::text;
use crate::graphics::text::Weight;
use crate::names;

pub(super) const MARGIN: f64 = 18.0;
const FOOT: f64 = 9.5;
const FOOT_ROW: f64 = 13.5;
/// Lines of the foot that [`Chart::size`] reckons with; a page of more is that much higher.
const USUAL: f64 = 3.0;

/// The chart on a page of its own.
pub(crate) fn compose(chart: &dyn Chart, table: &Table, context: &Context) -> Scene {
    let about = chart.about();
    let table = &briefly(table);
    let (width, height) = chart.size(table);
    let lines: Vec<String> = [about.what.to_owned(), behind(&table.basis, context)]
        .iter()
        .flat_map(|words| text::wrap(words, FOOT, width - 2.0 * MARGIN))
        .collect();
    let height = height + FOOT_ROW * (lines.len() as f64 - USUAL);
    let mut scene = Scene::new(width, height);
    scene.text(Text::new(MARGIN, 24.0, 15.0, about.title).bold());
    let place = match table.basis.environment.as_str() {
        same if same == context.experiment => context.experiment.clone(),
        environment => format!("{} \u{00b7} {environment}", context.experiment),
    };
    scene.text(Text::new(MARGIN, 43.0, 11.0, fitting(place, width - 2.0 * MARGIN)).colored(SOFT_INK));
    let foot = height - 0.6 * MARGIN - FOOT_ROW * lines.len() as f64;
    for (row, line) in lines.into_iter().enumerate() {
        scene.text(Text::new(MARGIN, foot + FOOT_ROW * (row as f64 + 0.5), FOOT, line).colored(SOFT_INK));
    }
    let area = Area { left: MARGIN, top: 62.0, right: width - MARGIN, bottom: foot - 10.0 };
    chart.draw(table, &mut scene, area);
    scene
}

/// The same marks under names that a page has room for.
fn briefly(table: &Table) -> Table {
    let brief = |name: &mut String| {
        if let Cow::Owned(short) = names::brief(name) {
            *name = short;
        }
    };
    let mut table = table.clone();
    table.marks.iter_mut().flat_map(|mark| [&mut mark.panel, &mut mark.series, &mut mark.label]).for_each(brief);
    table.best.iter_mut().chain(&mut table.baseline).for_each(brief);
    table.roster = table.roster.brief();
    table
}

/// The beginning of `words` that is no wider than `limit` points in the letters below the heading.
fn fitting(words: String, limit: f64) -> String {
    let fits = |words: &String| text::width(words, 11.0, Weight::Regular) <= limit;
    if fits(&words) {
        return words;
    }
    let letters = words.chars().count();
    (1..letters).rev().map(|most| text::shortened(&words, most)).find(fits).unwrap_or_default()
}

/// The words a reader who cannot see the chart gets.
pub(crate) fn description(chart: &dyn Chart, table: &Table, context: &Context) -> String {
    let about = chart.about();
    format!("{}. {} {}", about.title, about.what, behind(&table.basis, context))
}

/// Units, interval, replicates, n and where the outcomes come from.
pub(crate) fn behind(basis: &Basis, context: &Context) -> String {
    let units: Vec<String> = basis.units.iter().map(|(metric, unit)| format!("{metric} ({unit})")).collect();
    let many = |range: Option<(u64, u64)>, one: &str, more: &str| match range {
        None => format!("no {more}"),
        Some((1, 1)) => format!("1 {one}"),
        Some((low, high)) if low == high => format!("{} {more}", count(low)),
        Some((low, high)) => format!("{} to {} {more}", count(low), count(high)),
    };
    let source = if context.simulated { "Simulated outcomes" } else { "Recorded rows" };
    format!(
        "{source}. Units: {}. Interval: {}; {}; n = {}.",
        units.join(", "),
        basis.methods.join(" or "),
        many(basis.replicates, "replicate", "replicates"),
        many(basis.n, "request", "requests"),
    )
}
