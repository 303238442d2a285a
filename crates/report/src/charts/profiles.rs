//! On how many tasks and replicates a policy earns more than any given reward.

use super::blocks::blocks;
use super::table::{Mark, Measured, Table};
use super::{About, Chart, Source};
use crate::evidence::over_replicates;
use crate::graphics::axis::{Axis, Numbers, range};
use crate::graphics::legend::{self, Entry};
use crate::graphics::panel::{Grid, Panel, Side};
use crate::graphics::scene::{Area, Scene};
use crate::theme::{self, Part};

/// Thresholds between the least and the greatest reward.
const STEPS: u32 = 80;
/// Most policies drawn; the rest would be a grey wall.
const POLICIES: usize = 40;

pub(super) struct Profiles;

impl Chart for Profiles {
    fn about(&self) -> About {
        About {
            name: "profiles",
            title: "Performance profiles",
            what: "Share of tasks on which a policy earns more than the reward at the horizontal axis: the higher the curve, the better; \
                   where curves cross, neither is better everywhere. Tasks count alike. Bands are intervals over \
                   replicates at each reward by itself, cut at 0 and 1 (rliable, arXiv 2108.13264).",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let blocks = blocks(source)?.best(POLICIES);
        let (low, high) = range(blocks.scores.iter().flatten().flatten().copied())?;
        let mut table = Table { basis: blocks.basis.clone(), ..Table::of_source(source) };
        for (policy, scores) in blocks.policies.iter().zip(&blocks.scores) {
            for step in 0..=STEPS {
                let threshold = low + (high - low) * f64::from(step) / f64::from(STEPS);
                let above = |own: &Vec<f64>| own.iter().filter(|score| **score > threshold).count() as f64;
                let shares: Vec<f64> = scores.iter().map(|own| above(own) / own.len() as f64).collect();
                let share = over_replicates(&shares, source.runs.iter().any(|run| run.recorded), (0.0, 1.0));
                if !table.basis.methods.iter().any(|known| known == share.method) {
                    table.basis.methods.push(share.method.to_owned());
                }
                table.marks.push(Mark {
                    panel: blocks.extent(),
                    series: policy.clone(),
                    label: String::new(),
                    x: Measured::exact(threshold),
                    y: Measured { value: share.mean, interval: share.low.zip(share.high) },
                    n: blocks.tasks.len() as u64,
                });
            }
        }
        table.unless_empty()
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let looks = table.looks(&table.series());
        let area = legend::place(scene, area, &theme::legend(&looks, Entry::Line));
        let reach = range(table.marks.iter().map(|mark| mark.x.value)).unwrap_or((0.0, 1.0));
        let label = format!("mean reward over preferences on a task ({})", table.panels().concat());
        let x = Axis::linear(&label, reach, Numbers::Plain, 7);
        let y = Axis::exactly("share of tasks above", (0.0, 1.02), Numbers::Percent, 5);
        let panel = Panel::inside(area, x, y, Side::Labelled);
        panel.frame(scene, Grid::Both, Side::Labelled);
        for look in looks.iter().rev() {
            let marks: Vec<&Mark> = table.of(&look.name).collect();
            let values: Vec<(f64, f64)> = marks.iter().map(|mark| (mark.x.value, mark.y.value)).collect();
            if look.part == Part::Highlighted {
                let ends = |mark: &&Mark| mark.y.interval.map(|(low, high)| (mark.x.value, low, high));
                panel.band(scene, &marks.iter().filter_map(ends).collect::<Vec<_>>(), look.style.color.faded(0.5));
            }
            panel.line(scene, &values, &look.style);
            for &value in values.iter().skip(8).step_by(16) {
                look.style.mark(scene, panel.at(value), 3.5);
            }
        }
    }
}
