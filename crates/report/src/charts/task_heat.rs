//! On which tasks a policy earns more than the best single model, and on which less.

use std::collections::BTreeMap;
use store::words::{self, metric, phase};

use statistics::Interval;
use store::Role;

use super::blocks::{Task, rewards};
use super::table::{Basis, Mark, Measured, Table, best, distinct, ranked};
use super::{About, Chart, Source, WIDTH};
use crate::evidence::{self, Evidence, Number, Paired};
use crate::graphics::axis::range;
use crate::graphics::diverging;
use crate::graphics::format::{count, number};
use crate::graphics::panel::TICK;
use crate::graphics::scene::{Anchor, Area, GRID, Point, SOFT_INK, Scene, Text};
use crate::graphics::text;
use crate::roster::{BASELINE, Roster};

/// Most rows of policies.
const POLICIES: usize = 12;
/// Of the rows, those that are left to references whatever comes.
const KEPT: usize = 2;
const MIX: &str = words::ALL_TASKS;
const COUNTS: &str = "requests, n";

const ROW: f64 = 24.0;
/// Widest and narrowest column, in points.
const COLUMN: (f64, f64) = (50.0, 14.0);
/// Points that all columns together may take before they get narrower.
const COLUMNS: f64 = 620.0;
/// Points between blocks of rows.
const GAP: f64 = 9.0;
const NUMBER: f64 = 10.5;
/// Letters of the longest name of a task.
const LETTERS: usize = 30;
/// Panels of the table: differences, and the rewards of what they are taken from.
const DIFFERENCE: &str = "difference";
const REWARD: &str = "reward";

pub(super) struct TaskHeat;

impl Chart for TaskHeat {
    fn about(&self) -> About {
        About {
            name: "task_heat",
            title: "Where the reward comes from",
            what: "Test split, mean over the grid of preferences: reward minus that of the policy named above the columns, \
                   replicate by replicate. Bold (a dot where numbers do not fit): the paired interval excludes zero; \
                   intervals are not corrected for their number. The last row is the reward itself of what is \
                   subtracted. Colours are scaled to the policies above the references, which may lie beyond. \
                   At most 12 policies, the best on average first, `barp` always among them.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let measured = measured(source);
        let names = distinct(source.runs.iter().map(|run| &run.policy));
        let names: Vec<String> = names.into_iter().filter(|name| measured.contains_key(name.as_str())).collect();
        let names = ranked(&names, &best(source.rows));
        let baseline = baseline(&names, &source.roster)?;
        let basis = basis(source, &measured)?;
        let mut table = Table { basis, baseline: Some(baseline.to_owned()), ..Table::of_source(source) };
        let side = |policy: &str| Evidence::of(source.runs.iter().copied().filter(|run| run.policy == policy));
        let reference = side(baseline);
        for policy in chosen(&names, baseline, &source.roster) {
            let candidate = side(policy);
            for task in measured[policy].keys().filter(|task| measured[baseline].contains_key(*task)) {
                let reward = |side| Number { about: grid(source, task), ..Number::new(side, evidence::About::SWEEP) };
                let pairs = Paired::new(reward(&candidate), reward(&reference));
                if !pairs.readings.is_empty() {
                    table.compared(policy, task, pairs.difference(), requests(&measured[baseline][task]));
                }
            }
        }
        if table.marks.is_empty() {
            return None;
        }
        for (task, own) in &measured[baseline] {
            let values: Vec<f64> = means(own).into_iter().map(|(_, value)| value).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            table.mark(REWARD, baseline, task, Measured::exact(mean), requests(own));
        }
        Some(table)
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        let layout = Layout::of(table);
        let width = layout.names + layout.column * layout.tasks.len() as f64 + 60.0;
        let rows = layout.rows.len() as f64;
        (width.max(WIDTH), 205.0 + layout.headings + ROW * rows + 2.0 * GAP + layout.counts)
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let layout = Layout::of(table);
        let most = layout.most(table);
        let title = format!("reward minus that of {}", table.baseline.as_deref().unwrap_or_default());
        scene.text(Text::new(area.left, area.top + 4.0, TICK, &title).colored(SOFT_INK));
        diverging::key(most, Point { x: area.right - diverging::WIDTH - 30.0, y: area.top }, scene);
        let origin = Point { x: area.left + layout.names + 10.0, y: area.top + 34.0 + layout.headings };
        layout.names(table, origin, scene);
        for mark in &table.marks {
            if let Some(place) = layout.place(mark, origin) {
                cell(mark, most, place, scene);
            }
        }
    }
}

/// By policy, task and replicate. Single models are left out.
type Rewards<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Vec<(u32, Task)>>>;

fn measured<'a>(source: &Source<'a>) -> Rewards<'a> {
    let mut measured = Rewards::new();
    for run in source.runs.iter().filter(|run| run.identity.role != Role::SingleModel) {
        for (task, found) in rewards(run) {
            measured.entry(&run.policy).or_default().entry(task).or_default().push((run.replicate, found));
        }
    }
    measured
}

fn means(own: &[(u32, Task)]) -> Vec<(u32, f64)> {
    own.iter().map(|(replicate, task)| (*replicate, task.mean())).collect()
}

/// The rewards on `task` at every weight of the grid.
fn grid<'a>(source: &Source<'a>, task: &'a str) -> Vec<evidence::About<'a>> {
    let mut weights: Vec<f64> = source
        .rows
        .iter()
        .filter(|row| row.metric == metric::REWARD && row.phase == phase::TEST && row.task == task)
        .filter_map(|row| row.w_cost)
        .collect();
    weights.sort_by(f64::total_cmp);
    weights.dedup();
    let at = |weight| evidence::About { metric: metric::REWARD, task, w_cost: Some(weight), ..evidence::About::SWEEP };
    weights.into_iter().map(at).collect()
}

/// Requests on a task in a replicate, on average.
fn requests(own: &[(u32, Task)]) -> u64 {
    let sum: u64 = own.iter().map(|(_, task)| task.n).sum();
    (sum as f64 / own.len() as f64).round() as u64
}

/// What the others are compared with: the best single model, else the best other reference but the oracle, else the best policy.
fn baseline<'a>(names: &'a [String], roster: &Roster) -> Option<&'a str> {
    let reference = |name: &&String| matches!(roster.role(name), Role::Rule | Role::Reference);
    let usual = |name: &&String| roster.kind(name) == Some(BASELINE);
    let found = names.iter().find(usual).or_else(|| names.iter().find(reference));
    found.or(names.first()).map(String::as_str)
}

/// The rows from above: policies that learn, the best first, then references, the best first.
fn chosen<'a>(names: &'a [String], baseline: &str, roster: &Roster) -> Vec<&'a str> {
    let (references, learning): (Vec<&str>, Vec<&str>) =
        names.iter().map(String::as_str).filter(|name| *name != baseline).partition(|name| roster.is_reference(name));
    let main = learning.iter().position(|name| roster.is_main(name));
    let last = POLICIES - KEPT.min(references.len());
    let last = if main.is_some_and(|place| place >= last) { last - 1 } else { last };
    let kept = learning.iter().enumerate().filter(|(place, _)| *place < last || Some(*place) == main);
    let mut rows: Vec<&str> = kept.map(|(_, name)| *name).collect();
    let mut room = references.clone();
    room.sort_by_key(|name| roster.need(name));
    room.truncate(POLICIES - rows.len());
    rows.extend(references.into_iter().filter(|name| room.contains(name)));
    rows
}

fn basis(source: &Source<'_>, measured: &Rewards<'_>) -> Option<Basis> {
    let all = || measured.values().flat_map(BTreeMap::values);
    let replicates = || all().map(|own| own.len() as u64);
    let requests = || all().flatten().map(|(_, task)| task.n);
    Some(Basis {
        environment: source.runs.first()?.environment.to_string(),
        units: vec![(metric::REWARD.to_owned(), "reward, mean over the grid of preferences".to_owned())],
        methods: Vec::new(),
        replicates: replicates().min().zip(replicates().max()),
        n: requests().min().zip(requests().max()),
    })
}

impl Table {
    fn mark(&mut self, panel: &str, policy: &str, task: &str, x: Measured, n: u64) {
        let (panel, series, label) = (panel.to_owned(), policy.to_owned(), task.to_owned());
        self.marks.push(Mark { panel, series, label, x, y: Measured::exact(0.0), n });
    }

    /// Adds `policy` minus the baseline on a task.
    fn compared(&mut self, policy: &str, task: &str, difference: Interval, n: u64) {
        if !self.basis.methods.iter().any(|known| known == difference.method) {
            self.basis.methods.push(difference.method.to_owned());
        }
        let x = Measured { value: difference.mean, interval: difference.low.zip(difference.high) };
        self.mark(DIFFERENCE, policy, task, x, n);
    }
}

/// Where rows and columns lie.
struct Layout {
    /// Policies from above; what they are compared with is the last.
    rows: Vec<String>,
    /// How many rows stand above the references.
    learning: usize,
    /// The mix first.
    tasks: Vec<String>,
    column: f64,
    /// Width of the names of policies, height of those of tasks, and height of the counts below.
    names: f64,
    headings: f64,
    counts: f64,
}

impl Layout {
    fn of(table: &Table) -> Layout {
        let rows = table.series();
        let above = &rows[..rows.len() - 1];
        let learning = above.iter().take_while(|name| !table.roster.is_reference(name)).count();
        let mut tasks = table.labels();
        tasks.sort_by_key(|task| task != MIX);
        let column = (COLUMNS / tasks.len() as f64).clamp(COLUMN.1, COLUMN.0);
        let most = table.marks.iter().map(|mark| mark.n).max().unwrap_or(0);
        let widest_count = text::widest([count(most).as_str()], 9.0);
        let short: Vec<String> = tasks.iter().map(|task| text::shortened(task, LETTERS)).collect();
        Layout {
            learning,
            column,
            names: text::widest(rows.iter().map(String::as_str), TICK).max(text::widest([COUNTS], 9.0)),
            headings: text::widest(short.iter().map(String::as_str), TICK),
            counts: if widest_count + 4.0 > column { widest_count } else { 9.0 },
            rows,
            tasks,
        }
    }

    /// The end of the scale of colours.
    fn most(&self, table: &Table) -> f64 {
        let above = if self.learning > 0 { self.learning } else { self.rows.len() - 1 };
        let shown = table.marks.iter().filter(|mark| self.rows[..above].contains(&mark.series));
        let differences = shown.filter(|mark| mark.panel == DIFFERENCE);
        range(differences.map(|mark| mark.x.value.abs())).map_or(0.0, |(_, most)| most).max(1e-9)
    }

    /// Upper edge of a row below the first one.
    fn top(&self, row: usize) -> f64 {
        let gaps = usize::from(row >= self.learning && self.learning > 0) + usize::from(row + 1 == self.rows.len());
        ROW * row as f64 + GAP * gaps as f64
    }

    fn place(&self, mark: &Mark, origin: Point) -> Option<Area> {
        let row = self.rows.iter().position(|name| *name == mark.series)?;
        let column = self.tasks.iter().position(|task| *task == mark.label)?;
        let (left, top) = (origin.x + self.column * column as f64, origin.y + self.top(row));
        Some(Area { left, top, right: left + self.column, bottom: top + ROW })
    }

    /// Policies beside their rows, tasks over their columns, and the requests of each task below.
    fn names(&self, table: &Table, origin: Point, scene: &mut Scene) {
        for (row, name) in self.rows.iter().enumerate() {
            let y = origin.y + self.top(row) + 0.5 * ROW;
            let soft = row >= self.learning;
            let name = Text::new(origin.x - 8.0, y, TICK, name).anchored(Anchor::End);
            scene.text(if soft { name.colored(SOFT_INK) } else { name });
        }
        let below = origin.y + self.top(self.rows.len() - 1) + ROW + 6.0;
        let horizontal = self.counts <= 9.0;
        for (column, task) in self.tasks.iter().enumerate() {
            let x = origin.x + self.column * (column as f64 + 0.5);
            let name = Text::new(x, origin.y - 7.0, TICK, text::shortened(task, LETTERS)).vertical();
            scene.text(if task == MIX { name.bold() } else { name });
            let n = table.marks.iter().find(|mark| mark.label == *task).map_or(0, |mark| mark.n);
            let n = Text::new(x, below + if horizontal { 4.5 } else { 0.0 }, 9.0, count(n)).colored(SOFT_INK);
            scene.text(if horizontal { n.anchored(Anchor::Middle) } else { n.vertical().anchored(Anchor::End) });
        }
        let word = Text::new(origin.x - 8.0, below + 4.5, 9.0, COUNTS);
        scene.text(word.anchored(Anchor::End).colored(SOFT_INK));
    }
}

fn cell(mark: &Mark, most: f64, area: Area, scene: &mut Scene) {
    let is_difference = mark.panel == DIFFERENCE;
    let value = mark.x.value;
    let color = if is_difference { diverging::color(value / most) } else { GRID };
    scene.rectangle(area.grown(-0.75), color);
    let ink = color.ink();
    let (x, y) = (0.5 * (area.left + area.right), 0.5 * (area.top + area.bottom));
    let certain = mark.x.interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0);
    let sign = if is_difference && value > 0.0005 { "+" } else { "" };
    let words = Text::new(x, y, NUMBER, format!("{sign}{}", number(value, 3))).anchored(Anchor::Middle).colored(ink);
    let words = if certain { words.bold() } else { words };
    if words.extent().grown(1.0).width() <= area.width() {
        scene.text(words);
    } else if certain {
        scene.disc(Point { x, y }, 2.0, ink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;
    use crate::charts::compose;
    use crate::fake::{self, LARGE, Size};
    use crate::graphics::scene::Shape;
    use crate::graphics::text::Weight;
    use store::Run;

    fn table(size: Size, spoil: impl Fn(&mut store::Replicate)) -> Option<Table> {
        let mut replicates = fake::replicates(size);
        replicates.iter_mut().for_each(spoil);
        let runs = Run::of(&replicates);
        let rows = crate::summarise(&runs).unwrap();
        TaskHeat.data(&Source::new(&rows, &runs.iter().collect::<Vec<_>>()))
    }

    /// The words of the chart, with whether they are bold.
    fn words(table: &Table) -> Vec<(String, bool)> {
        let context = Context { command: "c".into(), simulated: true, experiment: "e".into() };
        let scene = compose(&TaskHeat, table, &context);
        let text = |shape: &Shape| match shape {
            Shape::Text(text) => Some((text.words.clone(), text.weight == Weight::Bold)),
            _ => None,
        };
        scene.shapes.iter().filter_map(text).collect()
    }

    #[test]
    fn a_cell_is_the_paired_difference_to_the_best_single_model() {
        let table = table(LARGE, |_| ()).unwrap();
        let runs = fake::runs(LARGE);
        let reward = |policy: &str, replicate: u32| {
            let run = runs.iter().find(|run| run.policy == policy && run.replicate == replicate).unwrap();
            rewards(run)["gsm8k"].mean()
        };
        let own = |policy: &str| (0..5).map(|replicate| reward(policy, replicate)).collect::<Vec<f64>>();
        let expected = statistics::paired_difference(&own("knn"), &own("best-single"));
        let found = table.marks.iter().find(|mark| mark.series == "knn" && mark.label == "gsm8k").unwrap();
        assert_eq!((found.x.value, found.x.interval), (expected.mean, expected.low.zip(expected.high)));
        assert_eq!((found.n, table.baseline.as_deref()), (1118, Some("best-single")));
    }

    #[test]
    fn policies_stand_best_first_over_the_references() {
        let rows = table(LARGE, |_| ()).unwrap().series();
        assert_eq!(rows[0], "barp-full", "{rows:?}");
        let place = |name: &str| rows.iter().position(|row| row == name).unwrap_or_else(|| panic!("{name}: {rows:?}"));
        assert!(place("epsilon-greedy") < place("oracle") && place("oracle") < place("random"), "{rows:?}");
        assert_eq!((rows.last().unwrap().as_str(), rows.len()), ("best-single", POLICIES + 1));
    }

    #[test]
    fn barp_is_kept_among_many_better_policies() {
        let names: Vec<String> = (0..40).map(|place| format!("variant {place}")).collect();
        let names = [names, vec!["ours".into(), "dice".into(), "sky".into(), "floor".into()]].concat();
        let roster = Roster::made(&[
            ("ours", "barp", Role::Learner),
            ("dice", "random", Role::Rule),
            ("sky", "oracle", Role::Oracle),
            ("floor", BASELINE, Role::Reference),
        ]);
        let rows = chosen(&names, "floor", &roster);
        assert_eq!((rows.len(), rows[9], &rows[10..]), (POLICIES, "ours", &["dice", "sky"][..]));
    }

    #[test]
    fn without_a_best_single_model_another_policy_is_named() {
        let names = |list: &[&str]| -> Vec<String> { list.iter().map(|name| (*name).to_owned()).collect() };
        let roster = Roster::made(&[
            ("a", "oracle", Role::Oracle),
            ("b", "barp", Role::Learner),
            ("c", "best-per-task", Role::Reference),
            ("d", BASELINE, Role::Reference),
        ]);
        assert_eq!(baseline(&names(&["a", "b", "c", "d"]), &roster), Some("d"));
        assert_eq!(baseline(&names(&["a", "b", "c"]), &roster), Some("c"));
        assert_eq!(baseline(&names(&["b", "a"]), &roster), Some("b"));
        assert_eq!(baseline(&[], &roster), None);
    }

    #[test]
    fn bold_is_what_the_interval_tells_from_zero() {
        let one = table(Size { replicates: 1, ..LARGE }, |_| ()).unwrap();
        let bold = |table: &Table| words(table).into_iter().filter(|(_, bold)| *bold).count();
        assert_eq!(bold(&one), 2, "the heading and the mix: a single replicate has no interval");
        let several = table(LARGE, |_| ()).unwrap();
        let certain = |mark: &&Mark| mark.x.interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0);
        let expected = several.marks.iter().filter(certain).count();
        assert!(expected > 0 && expected < several.marks.len(), "{expected}");
        assert_eq!(bold(&several), 2 + expected);
    }

    #[test]
    fn sixty_tasks_have_narrow_cells_without_numbers() {
        let table = table(LARGE, |one| {
            let copies = one.scores.iter().filter(|score| score.task != MIX && score.metric == "reward").cloned();
            let rename = |copy: u32| {
                move |score: store::Score| store::Score {
                    task: format!("a rather long name of a subject of {} {copy}", score.task),
                    ..score
                }
            };
            let copies: Vec<store::Score> = copies.collect();
            let more = (0..7).flat_map(|copy| copies.iter().cloned().map(rename(copy)).collect::<Vec<_>>());
            let more: Vec<store::Score> = more.collect();
            one.scores.extend(more);
        });
        let table = table.unwrap();
        assert_eq!(table.labels().len(), 65);
        let context = Context { command: "c".into(), simulated: true, experiment: "e".into() };
        let scene = compose(&TaskHeat, &table, &context);
        let page = Area { left: 0.0, top: 0.0, right: scene.width, bottom: scene.height };
        let text = |shape: &Shape| if let Shape::Text(text) = shape { Some(text.extent()) } else { None };
        let extents: Vec<Area> = scene.shapes.iter().filter_map(text).collect();
        for (position, extent) in extents.iter().enumerate() {
            assert!(extent.within(&page), "{extent:?}");
            assert!(extents[..position].iter().all(|other| !extent.overlaps(other)), "{extent:?}");
        }
        let words = words(&table);
        assert!(!words.iter().any(|(words, _)| words.starts_with("+0.0") && words.len() == 6), "numbers fit nowhere");
        assert!(TaskHeat.size(&table).0 < 1200.0);
    }
}
