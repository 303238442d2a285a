//! How often one policy is ahead of another, for every pair.

use statistics::probability_of_improvement;

use super::blocks::blocks;
use super::table::{Mark, Measured, Table};
use super::{About, Chart, Source};
use crate::graphics::diverging;
use crate::graphics::format::number;
use crate::graphics::panel::TICK;
use crate::graphics::scene::{Anchor, Area, SOFT_INK, Scene, Text};
use crate::graphics::text;

/// Most policies in the matrix.
const POLICIES: usize = 12;
const CELL: (f64, f64) = (56.0, 32.0);

pub(super) struct Improvement;

impl Chart for Improvement {
    fn about(&self) -> About {
        About {
            name: "improvement",
            title: "Probability of improvement",
            what: "Share of tasks on which the policy of the row earns more than that of the column (ties count one half), paired \
                   within each replicate, where both met the same requests; mean over replicates. Bold: the interval \
                   excludes one half (an interval of no width says that replicates agree, which few of them can by chance). At most 12 policies, the best on average first. The definition is rliable's (arXiv 2108.13264), but \
                   for the pairing.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let blocks = blocks(source)?.best(POLICIES);
        let extent = blocks.extent();
        let mut table = Table { basis: blocks.basis, ..Table::of_source(source) };
        for (row, a) in blocks.policies.iter().zip(&blocks.scores) {
            for (column, b) in blocks.policies.iter().zip(&blocks.scores).filter(|(column, _)| *column != row) {
                let ahead = probability_of_improvement(a, b);
                if !table.basis.methods.iter().any(|known| known == ahead.method) {
                    table.basis.methods.push(ahead.method.to_owned());
                }
                table.marks.push(Mark {
                    panel: extent.clone(),
                    series: row.clone(),
                    label: column.clone(),
                    x: Measured { value: ahead.mean, interval: ahead.low.zip(ahead.high) },
                    y: Measured::exact(0.0),
                    n: blocks.tasks.len() as u64,
                });
            }
        }
        table.unless_empty()
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        let policies = table.series();
        let (names, count) = (widest(&policies), policies.len() as f64);
        ((names + CELL.0 * count + 60.0).max(620.0), 190.0 + names + CELL.1 * count)
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let policies = table.series();
        let (left, top) = (area.left + widest(&policies) + 10.0, area.top + widest(&policies) + 22.0);
        let extent = table.panels().concat();
        scene.text(
            Text::new(area.left, area.top + 2.0, TICK, format!("row ahead of column, {extent}")).colored(SOFT_INK),
        );
        for (place, policy) in policies.iter().enumerate() {
            let (x, y) = (left + CELL.0 * (place as f64 + 0.5), top + CELL.1 * (place as f64 + 0.5));
            scene.text(Text::new(left - 8.0, y, TICK, policy).anchored(Anchor::End));
            scene.text(Text::new(x, top - 7.0, TICK, policy).vertical());
        }
        for mark in &table.marks {
            let place = |name: &String| policies.iter().position(|policy| policy == name).unwrap_or(0) as f64;
            let (x, y) = (left + CELL.0 * place(&mark.label), top + CELL.1 * place(&mark.series));
            cell(mark, Area { left: x, top: y, right: x + CELL.0, bottom: y + CELL.1 }, scene);
        }
    }
}

fn widest(policies: &[String]) -> f64 {
    text::widest(policies.iter().map(String::as_str), TICK)
}

fn cell(mark: &Mark, area: Area, scene: &mut Scene) {
    let share = mark.x.value;
    // White at one half, the darker the surer.
    let color = diverging::color(2.0 * (share - 0.5));
    scene.rectangle(area.grown(-0.75), color);
    let ink = color.ink();
    let (x, y) = (0.5 * (area.left + area.right), 0.5 * (area.top + area.bottom));
    let agreed = share == 0.0 || share == 1.0;
    let certain = mark.x.interval.is_some_and(|(low, high)| (low > 0.5 || high < 0.5) && (agreed || low < high));
    let words = Text::new(x, y - 6.0, TICK, number(share, 2)).anchored(Anchor::Middle).colored(ink);
    scene.text(if certain { words.bold() } else { words });
    if let Some((low, high)) = mark.x.interval {
        let ends = format!("{} to {}", number(low, 2), number(high, 2));
        scene.text(Text::new(x, y + 7.5, 8.0, ends).anchored(Anchor::Middle).colored(ink));
    }
}
