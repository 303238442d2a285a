//! A world that moves, at a glance: what is lost, what is spent, and who answers, phase by phase.

use super::arm_shares::{colors, key, order};
use super::online::{Bucket, buckets, changes, name_phases, phases, shade};
use super::shares_online::stack;
use super::table::{Mark, Measured, Table, best, distinct, ranked};
use super::{About, Chart, Source, WIDTH, legend_height};
use crate::graphics::axis::{Axis, Numbers, range};
use crate::graphics::legend::{self, Entry};
use crate::graphics::panel::{Grid, Panel, Side};
use crate::graphics::scene::{Area, Color, INK, Scene};
use crate::theme::{self, Part};
use store::Role;
use store::words::metric;

const REGRET: &str = "regret per request";
const SPEND: &str = "dollars per 1,000 requests";
const ANSWERS: &str = "who answers: ";
const PHASE: &str = "phase";
/// Requests a price is quoted for.
const REQUESTS: f64 = 1_000.0;

pub(super) struct Drift;

impl Chart for Drift {
    fn about(&self) -> About {
        About {
            name: "drift",
            title: "The run, bucket by bucket",
            what: "Every value is over the requests of its bucket alone; phases between two changes of the world are shaded in turn. \
                   Regret is against the best model of each request. Below: the models used by the most prominent policy that \
                   learns. Bands are intervals.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let mut table = Table::of_source(source);
        let mut add = |panel: &str, one: &Bucket<'_>, series: &str, factor: f64| {
            let mark = Mark {
                panel: panel.to_owned(),
                series: series.to_owned(),
                label: String::new(),
                x: Measured { value: 0.5 * (one.ends.0 + one.ends.1), interval: Some(one.ends) },
                y: one.mean.scaled(factor),
                n: one.row.n,
            };
            table.push(mark, &[one.row]);
        };
        let regret = buckets(source.rows, metric::REGRET);
        let single = |one: &&Bucket<'_>| one.row.identity.role != Role::SingleModel;
        regret.iter().filter(single).for_each(|one| add(REGRET, one, &one.row.policy, 1.0));
        let spend = buckets(source.rows, metric::COST);
        spend.iter().filter(single).for_each(|one| add(SPEND, one, &one.row.policy, REQUESTS));
        let shares = buckets(source.rows, metric::ARM_SHARE);
        let learning =
            distinct(shares.iter().map(|one| &one.row.policy).filter(|policy| !source.roster.is_reference(policy)));
        if let Some(first) = theme::looks(&ranked(&learning, &best(source.rows)), &source.roster).first() {
            let panel = format!("{ANSWERS}{}", first.name);
            let own = || shares.iter().filter(|one| one.row.policy == first.name);
            for arm in order(source.rows, distinct(own().filter_map(|one| one.row.arm.as_ref()))) {
                own().filter(|one| one.row.arm.as_deref() == Some(&arm)).for_each(|one| add(&panel, one, &arm, 1.0));
            }
        }
        for (start, end) in phases(source.rows) {
            let x = Measured { value: end, interval: Some((start, end)) };
            let (panel, label) = (PHASE.to_owned(), PHASE.to_owned());
            table.marks.push(Mark { panel, series: PHASE.to_owned(), label, x, y: Measured::exact(0.0), n: 0 });
        }
        table.within(REGRET).next()?;
        Some(table)
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        (WIDTH, 720.0 + legend_height(&keys(table), WIDTH))
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let looks = looks(table);
        let shares = shares(table);
        let colors = colors(&shares);
        let area = legend::place(scene, area, &keys(table));
        let phases: Vec<(f64, f64)> = table.within(PHASE).filter_map(|mark| mark.x.interval).collect();
        let names: Vec<String> = table.panels().into_iter().filter(|name| name != PHASE).collect();
        let area = Area { top: area.top + 12.0, ..area };
        let height = (area.height() - 30.0) / names.len() as f64;
        for (place, name) in names.iter().enumerate() {
            let top = area.top + height * place as f64;
            let last = place + 1 == names.len();
            let outer = Area { top: top + 22.0, bottom: top + height + if last { 26.0 } else { 8.0 }, ..area };
            let panel = panel(table, name, outer, last);
            if place == 0 {
                name_phases(&phases, &panel, area.top, scene);
            }
            if name.starts_with(ANSWERS) {
                stack(&table.within(name).collect::<Vec<_>>(), &colors, &panel, scene);
                changes(&phases, &panel, scene);
                panel.frame(scene, Grid::Neither, Side::Labelled);
                heading(name, &panel, scene);
                continue;
            }
            shade(&phases, &panel, scene);
            panel.frame(scene, Grid::Both, Side::Labelled);
            heading(name, &panel, scene);
            for look in looks.iter().rev() {
                line(table, name, look, &panel, scene);
            }
        }
    }
}

fn looks(table: &Table) -> Vec<theme::SeriesStyle> {
    table.looks(&distinct(table.within(REGRET).map(|mark| &mark.series)))
}

/// The part of `table` that says who answers.
fn shares(table: &Table) -> Table {
    let answers = table.panels().into_iter().find(|panel| panel.starts_with(ANSWERS));
    let marks = answers.iter().flat_map(|name| table.within(name)).cloned().collect();
    Table { marks, basis: table.basis.clone(), roster: table.roster.clone(), ..Table::default() }
}

fn keys(table: &Table) -> Vec<Entry> {
    let shares = shares(table);
    let mut keys = theme::legend(&looks(table), Entry::Line);
    if !shares.marks.is_empty() {
        keys.extend(key(&shares, &colors(&shares)));
    }
    keys
}

/// All panels begin at the same place, so that rounds stand above each other.
fn panel(table: &Table, name: &str, outer: Area, last: bool) -> Panel {
    let rounds = range(table.within(REGRET).flat_map(|mark| mark.x.reach())).unwrap_or((0.0, 1.0));
    let x = Axis::exactly(if last { "requests answered" } else { "" }, rounds, Numbers::Counts, 6);
    let values = range(table.within(name).map(|mark| mark.y.value)).unwrap_or((0.0, 1.0));
    let y = if name.starts_with(ANSWERS) {
        Axis::exactly("", (0.0, 1.0), Numbers::Percent, 4)
    } else {
        let numbers = if name == SPEND { Numbers::Dollars } else { Numbers::Plain };
        Axis::linear("", (values.0.min(0.0), values.1), numbers, 5)
    };
    let mut panel = Panel::inside(outer, x, y, Side::Labelled);
    if !last {
        // Rounds are written below the last panel only.
        panel.x.ticks.iter_mut().for_each(|tick| tick.words.clear());
    }
    panel.area.left = outer.left + 52.0;
    panel
}

fn heading(name: &str, panel: &Panel, scene: &mut Scene) {
    let top = Panel { area: Area { top: panel.area.top - 4.0, ..panel.area }, x: panel.x.clone(), y: panel.y.clone() };
    top.heading(scene, name, INK);
}

fn line(table: &Table, name: &str, look: &theme::SeriesStyle, panel: &Panel, scene: &mut Scene) {
    let marks: Vec<&Mark> = table.within(name).filter(|mark| mark.series == look.name).collect();
    if look.part == Part::Highlighted {
        let cut = |value: f64| value.clamp(panel.y.low, panel.y.high);
        let ends = |mark: &&Mark| mark.y.interval.map(|(low, high)| (mark.x.value, cut(low), cut(high)));
        let color = Color { alpha: 0.6, ..look.style.color };
        panel.band(scene, &marks.iter().filter_map(ends).collect::<Vec<_>>(), color);
    }
    let values: Vec<(f64, f64)> = marks.iter().map(|mark| (mark.x.value, mark.y.value)).collect();
    panel.line(scene, &values, &look.style);
    let every = values.len().div_ceil(6).max(1);
    for &value in values.iter().skip(every / 2).step_by(every) {
        look.style.mark(scene, panel.at(value), 3.2);
    }
}
