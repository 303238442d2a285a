//! How much more than the baseline every policy earns, in pairs.

use store::Role;
use store::words::{self, metric, phase};

use super::table::{Mark, Measured, Table, distinct, select};
use super::{About, Chart, Source, WIDTH};
use crate::evidence::{self, Evidence, Number, Paired};
use crate::graphics::axis::{Axis, Numbers, Order, range};
use crate::graphics::format::number;
use crate::graphics::panel::{Grid, Panel, Side, TICK};
use crate::graphics::scene::{Anchor, Area, SOFT_INK, Scene, Text};
use crate::graphics::text;
use crate::roster::Roster;
use crate::theme;

const ROW: f64 = 22.0;
/// Most rows on a page.
const ROWS: usize = 50;
/// Width of the column of numbers.
const COLUMN: f64 = 172.0;

pub(super) struct Forest;

impl Chart for Forest {
    fn about(&self) -> About {
        About {
            name: "forest",
            title: "Difference to the baseline",
            what: "Mean reward over the grid of preferences on the test split, minus that of the baseline named at the axis, replicate by \
                   replicate: the best reference but the oracle, else the first policy. An interval that crosses the line \
                   of zero says that the data do not tell which is better. At most 50 policies; intervals are not corrected for \
                   their number.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let rows = || select(source.rows, phase::TEST, metric::SWEEP_REWARD).filter(|row| row.task == words::ALL_TASKS);
        let policies = distinct(rows().map(|row| &row.policy).filter(|policy| !source.roster.is_single(policy)));
        let baseline = baseline(source, &policies)?;
        let side = |policy: &str| Evidence::of(source.runs.iter().copied().filter(|run| run.policy == policy));
        let reference = side(&baseline);
        let mut table = Table { baseline: Some(baseline.clone()), ..Table::of_source(source) };
        for row in rows().filter(|row| row.policy != baseline && policies.iter().any(|policy| row.policy == *policy)) {
            let own = side(&row.policy);
            let sweep = |side| Number::new(side, evidence::About::SWEEP);
            let pairs = Paired::new(sweep(&own), sweep(&reference));
            if pairs.readings.is_empty() {
                continue;
            }
            let difference = pairs.difference();
            let mark = Mark {
                panel: String::new(),
                series: row.policy.to_string(),
                label: String::new(),
                x: Measured { value: difference.mean, interval: difference.low.zip(difference.high) },
                y: Measured::exact(0.0),
                n: row.n,
            };
            table.push(mark, &[row]);
            table.basis.replaced_method(difference.method);
        }
        table.marks.sort_by(|left, right| right.x.value.total_cmp(&left.x.value));
        table.marks.truncate(ROWS);
        table.unless_empty()
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        (WIDTH + table.excess(), 200.0 + ROW * table.marks.len() as f64)
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let names = table.series();
        let reach = table.marks.iter().flat_map(|mark| mark.x.reach()).chain([0.0]);
        let baseline = table.baseline.as_deref().unwrap_or_default();
        let label = format!("mean reward over preferences, minus that of {baseline}");
        let x = Axis::linear(&label, range(reach).unwrap_or((-1.0, 1.0)), Numbers::Plain, 4);
        let y = Axis::categories("", &names, Order::Downward);
        let gutter = text::widest(names.iter().map(String::as_str), TICK) + 12.0;
        let outer = Area { left: area.left + gutter, top: area.top + 16.0, right: area.right - COLUMN, ..area };
        let panel = Panel::inside(outer, x, y, Side::Shared);
        panel.frame(scene, Grid::Upright, Side::Shared);
        let zero = panel.across(0.0);
        scene.segment((zero, panel.area.top), (zero, panel.area.bottom), SOFT_INK, 1.5);
        let heading = Text::new(area.right, panel.area.top - 12.0, TICK, "difference [interval]");
        scene.text(heading.anchored(Anchor::End).bold());
        for (mark, tick) in table.marks.iter().zip(&panel.y.ticks) {
            row(mark, &table.roster, tick.value, &panel, area, scene);
        }
    }
}

/// The best reference that a router could be; without one, the first policy.
fn baseline(source: &Source<'_>, policies: &[String]) -> Option<String> {
    let rows = select(source.rows, phase::TEST, metric::SWEEP_REWARD).filter(|row| row.task == words::ALL_TASKS);
    let references = rows.filter(|row| matches!(row.identity.role, Role::Rule | Role::Reference));
    let best = references.max_by(|left, right| left.value.total_cmp(&right.value)).map(|row| row.policy.to_string());
    best.or_else(|| policies.first().cloned())
}

fn row(mark: &Mark, roster: &Roster, place: f64, panel: &Panel, area: Area, scene: &mut Scene) {
    let style = theme::style(&mark.series, roster);
    if let Some(ends) = mark.x.interval {
        panel.horizontal_interval(scene, ends, place, style.color);
    }
    style.mark(scene, panel.at((mark.x.value, place)), 3.4);
    let y = panel.down(place);
    let certain = mark.x.interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0);
    scene.text(Text::new(panel.area.left - 8.0, y, TICK, &mark.series).anchored(Anchor::End));
    let signed = |value: f64| if value > 0.0 { format!("+{}", number(value, 3)) } else { number(value, 3) };
    let numbers = match mark.x.interval {
        Some((low, high)) => format!("{} [{}, {}]", signed(mark.x.value), signed(low), signed(high)),
        None => signed(mark.x.value),
    };
    let words = Text::new(area.right, y, TICK, numbers).anchored(Anchor::End);
    scene.text(if certain { words.bold() } else { words });
}
