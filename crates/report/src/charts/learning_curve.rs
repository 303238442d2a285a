//! What is learned from how much that was paid for.

use store::words::{self, metric, phase};
use store::{Role, SummaryRow};

use super::table::{Mark, Measured, Table, distinct, select};
use super::{About, Chart, Source, WIDTH, legend_height};
use crate::graphics::axis::{Axis, Numbers, range};
use crate::graphics::labels;
use crate::graphics::legend::{self, Entry};
use crate::graphics::mark::Style;
use crate::graphics::panel::{Grid, Panel, Side};
use crate::graphics::scene::{Area, Point, Scene};
use crate::roster::Roster;
use crate::theme::{self, Part, SeriesStyle};

const CURVE: &str = "curve";
const POINT: &str = "point";
const HORIZONTAL: &str = "horizontal";
/// Points between two policies that bought the same.
const BESIDE: f64 = 9.0;

pub(super) struct LearningCurve;

impl Chart for LearningCurve {
    fn about(&self) -> About {
        About {
            name: "learning_curve",
            title: "Reward against what was paid for learning",
            what: "Mean reward over the grid of preferences, against outcomes bought and against their dollars. Curves with \
                   bands: validation split while learning; points: test split, at all that was bought, tuning included \
                   (side by side where equal); horizontal lines: test split, references. Where a point lies off the end of its \
                   curve, tested tasks are not those of validation, or settings were chosen on validation prompts.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let rows = source.rows;
        let mut table = Table::of_source(source);
        for row in select(rows, phase::VALIDATION, metric::SWEEP_REWARD)
            .filter(|row| row.task == words::ALL_TASKS && row.outcomes > 0.0)
        {
            BILLS.iter().for_each(|bill| table.push(mark(row, bill, CURVE), &[row]));
        }
        if table.marks.is_empty() {
            return None;
        }
        let finals = select(rows, phase::TEST, metric::SWEEP_REWARD).filter(|row| row.task == words::ALL_TASKS);
        for row in finals.filter(|row| row.identity.role != Role::SingleModel) {
            let horizontal = row.identity.role.is_reference() || row.outcomes == 0.0;
            let label = if horizontal { HORIZONTAL } else { POINT };
            BILLS.iter().for_each(|bill| table.push(mark(row, bill, label), &[row]));
        }
        Some(table)
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        let width = WIDTH + table.excess();
        let keys = theme::legend(&table.looks(&learners(table)), Entry::Line);
        (width, 660.0 + legend_height(&keys, width))
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let looks = table.looks(&learners(table));
        let area = legend::place(scene, area, &theme::legend(&looks, Entry::Line));
        let levels: Vec<&Mark> = table.within(BILLS[0].label).filter(|mark| mark.label == HORIZONTAL).collect();
        let gutter = labels::gutter(levels.iter().map(|mark| mark.series.as_str()));
        let height = area.height() / BILLS.len() as f64;
        for (place, bill) in (0..).zip(&BILLS) {
            let top = area.top + height * f64::from(place);
            let own: Vec<&Mark> = table.within(bill.label).collect();
            let panel = panel(&own, bill, Area { right: area.right - gutter, top, bottom: top + height, ..area });
            panel.frame(scene, Grid::Both, Side::Labelled);
            horizontal_lines(&levels, &table.roster, &panel, scene);
            for look in looks.iter().rev() {
                curve(&own, look, &panel, scene);
            }
            points(&own, &looks, &panel, scene);
        }
    }
}

/// Who is no horizontal line.
fn learners(table: &Table) -> Vec<String> {
    distinct(table.marks.iter().filter(|mark| mark.label != HORIZONTAL).map(|mark| &mark.series))
}

/// What learning is paid in, which is the name of a panel.
struct Bill {
    label: &'static str,
    numbers: Numbers,
    of: fn(&SummaryRow) -> f64,
}

const BILLS: [Bill; 2] = [
    Bill { label: "outcomes bought (logarithmic)", numbers: Numbers::Counts, of: |row| row.outcomes },
    Bill { label: "dollars of these outcomes (logarithmic)", numbers: Numbers::Dollars, of: |row| row.dollars },
];

fn mark(row: &SummaryRow, bill: &Bill, kind: &str) -> Mark {
    Mark {
        panel: bill.label.to_owned(),
        series: row.policy.to_string(),
        label: kind.to_owned(),
        x: Measured::exact((bill.of)(row)),
        y: Measured::from(row),
        n: row.n,
    }
}

fn panel(marks: &[&Mark], bill: &Bill, area: Area) -> Panel {
    let bought = marks.iter().map(|mark| mark.x.value).filter(|&paid| paid > 0.0);
    let free = marks.iter().any(|mark| mark.label != HORIZONTAL && mark.x.value <= 0.0);
    // Points that stand side by side need room to the right of the last.
    let room = if marks.iter().any(|mark| mark.label == POINT) { 1.6 } else { 1.0 };
    let bought = range(bought).map(|(low, high)| (low, room * high));
    let rewards = marks.iter().flat_map(|mark| mark.y.reach());
    let x = Axis::from_zero(bill.label, bought, free, bill.numbers, 8);
    let y = Axis::linear("mean reward over preferences", range(rewards).unwrap_or((0.0, 1.0)), Numbers::Plain, 7);
    Panel::inside(area, x, y, Side::Labelled)
}

/// Lines across the panel, named at their right end.
fn horizontal_lines(levels: &[&Mark], roster: &Roster, panel: &Panel, scene: &mut Scene) {
    for mark in levels {
        let style = Style { width: 1.0, ..theme::style(&mark.series, roster) };
        let y = panel.down(mark.y.value);
        style.line(scene, &[panel.area.left, panel.area.left + panel.area.width()].map(|x| Point { x, y }));
    }
    let ends: Vec<(String, f64)> = levels.iter().map(|mark| (mark.series.clone(), panel.down(mark.y.value))).collect();
    labels::name_ends(scene, panel.area, &ends);
}

fn curve(marks: &[&Mark], look: &SeriesStyle, panel: &Panel, scene: &mut Scene) {
    let own = |mark: &&&Mark| mark.series == look.name && mark.label == CURVE;
    let marks: Vec<&Mark> = marks.iter().filter(own).copied().collect();
    if look.part == Part::Highlighted {
        let band: Vec<(f64, f64, f64)> =
            marks.iter().filter_map(|mark| mark.y.interval.map(|(low, high)| (mark.x.value, low, high))).collect();
        panel.band(scene, &band, look.style.color);
    }
    let values: Vec<(f64, f64)> = marks.iter().map(|mark| (mark.x.value, mark.y.value)).collect();
    panel.line(scene, &values, &look.style);
    // A marker at every value would hide the line: about eight tell the series apart.
    let every = values.len().div_ceil(8).max(1);
    for &value in values.iter().rev().step_by(every) {
        look.style.mark(scene, panel.at(value), 3.5);
    }
}

/// Points on the test split, side by side where several bought the same.
fn points(marks: &[&Mark], looks: &[SeriesStyle], panel: &Panel, scene: &mut Scene) {
    let marks: Vec<(&SeriesStyle, &Mark)> = looks
        .iter()
        .flat_map(|look| marks.iter().filter(|mark| mark.series == look.name).map(move |mark| (look, *mark)))
        .filter(|(_, mark)| mark.label == POINT)
        .collect();
    for (position, (look, mark)) in marks.iter().enumerate() {
        let near = |(_, other): &&(&SeriesStyle, &Mark)| {
            (panel.across(other.x.value) - panel.across(mark.x.value)).abs() < BESIDE
        };
        let before = marks[..position].iter().filter(near).count() as f64;
        let all = marks.iter().filter(near).count() as f64;
        let least = panel.area.left + 0.5 * (all - 1.0) * BESIDE;
        let x = panel.across(mark.x.value).max(least) + (before - 0.5 * (all - 1.0)) * BESIDE;
        if let Some((low, high)) = mark.y.interval {
            scene.segment((x, panel.down(low)), (x, panel.down(high)), look.style.color, 1.2);
        }
        look.style.mark(scene, Point { x, y: panel.down(mark.y.value) }, 4.0);
    }
}
