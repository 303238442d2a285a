//! What each way of moving does to each policy, alone and together with another.

use super::table::{Mark, Measured, Table, distinct};
use super::{About, Chart, Source};
use crate::graphics::axis::range;
use crate::graphics::diverging;
use crate::graphics::format::number;
use crate::graphics::panel::TICK;
use crate::graphics::scene::{Anchor, Area, SOFT_INK, Scene, Text};
use crate::graphics::text;
use store::Role;
use store::words::{metric, phase};

const METRIC: &str = metric::REGRET;
/// Most policies on a page.
const POLICIES: usize = 30;
const CELL: (f64, f64) = (92.0, 30.0);

pub(super) struct Factorial;

impl Chart for Factorial {
    fn about(&self) -> About {
        About {
            name: "factorial",
            title: "Effects of the shifts on regret",
            what: "Regret at the end of the run with the shift minus without it, mean over the combinations of the other shifts, paired \
                   within replicates; a x b: how much more both cost than the sum of each. Below in brackets: the interval; \
                   bold: it excludes zero. At most 30 policies.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let mut table = Table::of_source(source);
        let effects = source.rows.iter().filter(|row| row.phase == phase::EFFECT && row.metric == METRIC);
        for row in effects.filter(|row| row.identity.role != Role::SingleModel) {
            let mark = Mark {
                panel: String::new(),
                series: row.policy.to_string(),
                label: row.task.to_string(),
                x: Measured::from(row),
                y: Measured::exact(0.0),
                n: row.n,
            };
            table.push(mark, &[row]);
        }
        let kept = distinct(table.marks.iter().map(|mark| &mark.series)).into_iter().take(POLICIES);
        let kept: Vec<String> = kept.collect();
        table.marks.retain(|mark| kept.contains(&mark.series));
        table.unless_empty()
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        let (policies, effects) = (table.series(), table.labels());
        let width = widest(&policies) + CELL.0 * effects.len() as f64 + 60.0;
        (width.max(620.0), 180.0 + widest(&effects) + CELL.1 * policies.len() as f64)
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let (policies, effects) = (table.series(), table.labels());
        let (left, top) = (area.left + widest(&policies) + 10.0, area.top + widest(&effects) + 16.0);
        for (place, policy) in policies.iter().enumerate() {
            let y = top + CELL.1 * (place as f64 + 0.5);
            scene.text(Text::new(left - 8.0, y, TICK, policy).anchored(Anchor::End));
        }
        for (place, effect) in effects.iter().enumerate() {
            let x = left + CELL.0 * (place as f64 + 0.5);
            scene.text(Text::new(x, top - 7.0, TICK, effect).vertical().colored(SOFT_INK));
        }
        let (low, high) = range(table.marks.iter().map(|mark| mark.x.value)).unwrap_or((-1.0, 1.0));
        let most = low.abs().max(high.abs()).max(1e-12);
        for mark in &table.marks {
            let place = |names: &[String], name: &String| names.iter().position(|one| one == name).unwrap_or(0) as f64;
            let (x, y) = (left + CELL.0 * place(&effects, &mark.label), top + CELL.1 * place(&policies, &mark.series));
            cell(mark, mark.x.value / most, Area { left: x, top: y, right: x + CELL.0, bottom: y + CELL.1 }, scene);
        }
    }
}

fn widest(names: &[String]) -> f64 {
    text::widest(names.iter().map(String::as_str), TICK)
}

fn cell(mark: &Mark, share: f64, area: Area, scene: &mut Scene) {
    // More regret is worse.
    let color = diverging::color(-share);
    scene.rectangle(area.grown(-0.75), color);
    let ink = color.ink();
    let decimals = if mark.x.value.abs() < 10.0 { 2 } else { 0 };
    let (x, y) = (0.5 * (area.left + area.right), 0.5 * (area.top + area.bottom));
    let certain = mark.x.interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0);
    let words = Text::new(x, y - 6.0, TICK, number(mark.x.value, decimals)).anchored(Anchor::Middle).colored(ink);
    scene.text(if certain { words.bold() } else { words });
    if let Some((low, high)) = mark.x.interval {
        let ends = format!("[{}, {}]", number(low, decimals), number(high, decimals));
        scene.text(Text::new(x, y + 7.0, 8.0, ends).anchored(Anchor::Middle).colored(ink));
    }
}
