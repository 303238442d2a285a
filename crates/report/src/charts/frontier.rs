//! What quality a dollar buys: every policy's sweep over the weight on cost, above or below what needs no router.

use std::collections::{BTreeMap, BTreeSet};
use store::words::{self, metric, phase};

use store::{Role, SummaryRow};

use super::table::{Cap, Mark, Measured, Table, nearest_weight, select};
use super::{About, Chart, Source};
use crate::graphics::axis::{Axis, Numbers, range};
use crate::graphics::labels::Room;
use crate::graphics::legend::{self, Entry};
use crate::graphics::mark::{Dash, Inside, Marker, Style};
use crate::graphics::panel::{Grid, Panel, Side};
use crate::graphics::scene::{Area, Point, SOFT_INK, Scene, Text};
use crate::roster::NO_PROMPT;
use crate::theme::{self, Part, SeriesStyle};

/// Requests a price is quoted for.
const REQUESTS: f64 = 1_000.0;
/// Most grey policies that are named where they lie; the legend names some of more.
const NAMED: usize = 24;
/// The weight on cost of the curves of equal reward.
const WEIGHT: f64 = 0.2;
const ISO: Style = Style { width: 0.7, ..Style::new(0xB9C4CC, Marker::Dot, Inside::Filled, Dash::Solid) };

pub(super) struct Frontier;

impl Chart for Frontier {
    fn about(&self) -> About {
        About {
            name: "frontier",
            title: "Quality against cost",
            what: "Each line is one policy on the test split as the weight on cost goes from none (right) to all (left); \
                   crosses are intervals, where they are larger than the marker; hollow circles are single models; the zero-router line mixes single models \
                   without reading the prompt, so a router is useful above it only. Thin curves: equal mean reward at the \
                   weight on cost nearest to 0.2, if no request reaches the cap on cost; where requests do, the reward is higher than \
                   the curve says.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let rows = source.rows;
        let place = |row: &SummaryRow| (row.policy.clone(), row.w_cost.map(f64::to_bits));
        let costs: BTreeMap<_, &SummaryRow> = select(rows, phase::TEST, metric::COST)
            .filter(|row| row.task == words::ALL_TASKS)
            .map(|row| (place(row), row))
            .collect();
        let mut models = BTreeSet::new();
        let mut table = Table::of_source(source);
        for quality in select(rows, phase::TEST, metric::QUALITY).filter(|row| row.task == words::ALL_TASKS) {
            let Some(cost) = costs.get(&place(quality)).filter(|cost| cost.value.is_finite()) else { continue };
            if quality.identity.role == Role::SingleModel && !models.insert(&quality.policy) {
                continue;
            }
            let mark = Mark {
                panel: String::new(),
                series: quality.policy.to_string(),
                label: quality.w_cost.map_or(String::new(), |weight| format!("w_cost {weight}")),
                x: Measured::from(*cost).scaled(REQUESTS),
                y: Measured::from(quality),
                n: quality.n,
            };
            table.push(mark, &[quality, cost]);
        }
        table.cap = cap(rows);
        table.unless_empty()
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let (models, policies): (Vec<String>, Vec<String>) =
            table.series().into_iter().partition(|series| table.roster.is_single(series));
        let looks = looks(table, &policies);
        let mut entries = theme::legend(&looks, Entry::Line);
        if !models.is_empty() {
            entries.push(Entry::Mark("single model".to_owned(), theme::MODEL));
        }
        let area = legend::place(scene, area, &entries);
        let panel = panel(table, area);
        panel.frame(scene, Grid::Both, Side::Labelled);
        let mut room = Room::within(panel.area.grown(-2.0));
        let rewards = table.cap.map_or(Vec::new(), |cap| equal_rewards(cap, &panel, scene));
        for look in looks.iter().rev() {
            sweep(table, look, &panel, scene, &mut room);
        }
        let marks = single_marks(table, &models, &panel, scene, &mut room);
        for words in rewards {
            if words.extent().within(&panel.area) && room.is_free(&words.extent()) {
                room.take_area(words.extent());
                scene.text(words);
            }
        }
        name_singles(&marks, table, &panel, scene, &mut room);
        ends_of_the_sweep(table, &panel, scene, &mut room);
        name_others(table, &looks, &panel, scene, &mut room);
    }
}

/// The weight on cost nearest to [`WEIGHT`], and the dollars of a request beyond which cost no longer lowers the reward:
/// the reward (1 - w) q - w min(c / cap, 1) gives the cap wherever no request reaches it, which is where the mean of the
/// capped cost is largest beside the mean cost.
fn cap(rows: &[SummaryRow]) -> Option<Cap> {
    let of = |metric: &'static str| select(rows, phase::TEST, metric).filter(|row| row.task == words::ALL_TASKS);
    let weight =
        nearest_weight(of(metric::REWARD).filter(|row| row.w_cost.is_some_and(|weight| weight > 0.0)), WEIGHT)?;
    let at = |metric: &'static str| -> BTreeMap<&str, f64> {
        of(metric).filter(|row| row.w_cost == Some(weight)).map(|row| (row.policy.as_str(), row.value)).collect()
    };
    let (rewards, costs) = (at(metric::REWARD), at(metric::COST));
    let share = |row: &SummaryRow| {
        let (reward, cost) = (rewards.get(row.policy.as_str())?, costs.get(row.policy.as_str())?);
        Some(((1.0 - weight) * row.value - reward) / (weight * cost))
    };
    let qualities = of(metric::QUALITY).filter(|row| row.w_cost == Some(weight));
    let steepest = qualities.filter_map(share).filter(|share| share.is_finite()).fold(0.0, f64::max);
    (steepest > 0.0).then(|| Cap { dollars: REQUESTS / steepest, weight })
}

/// Curves of equal reward at round values; returns their names, to be written at their beginning where nothing lies.
fn equal_rewards(cap: Cap, panel: &Panel, scene: &mut Scene) -> Vec<Text> {
    let mut names = Vec::new();
    const STEPS: u32 = 60;
    let Cap { dollars: cap, weight } = cap;
    let reward = |dollars: f64, quality: f64| (1.0 - weight) * quality - weight * dollars / cap;
    let quality = |dollars: f64, reward: f64| (reward + weight * dollars / cap) / (1.0 - weight);
    let least = reward(panel.x.high.min(cap), panel.y.low);
    let levels = Axis::exactly("", (least, reward(panel.x.low, panel.y.high)), Numbers::Plain, 10).ticks;
    for level in levels {
        if panel.x.high <= panel.x.low {
            break;
        }
        let ratio = libm::log(panel.x.high / panel.x.low);
        let dollars = (0..=STEPS).map(|step| panel.x.low * libm::exp(ratio * f64::from(step) / f64::from(STEPS)));
        let inside = |&(_, quality): &(f64, f64)| (panel.y.low..=panel.y.high).contains(&quality);
        let curve: Vec<(f64, f64)> =
            dollars.filter(|dollars| *dollars <= cap).map(|dollars| (dollars, quality(dollars, level.value))).collect();
        let curve: Vec<(f64, f64)> = curve.into_iter().filter(inside).collect();
        if curve.len() < STEPS as usize / 3 {
            continue;
        }
        panel.line(scene, &curve, &ISO);
        if let Some(&start) = curve.first() {
            let Point { x, y } = panel.at(start);
            let words = format!("reward {}", level.words);
            names.push(Text::new(x + 4.0, y - 6.0, 8.0, words).colored(SOFT_INK));
        }
    }
    names
}

/// The line of reference among the highlighted, in the place of the last of them; what steps back is named where it lies.
fn looks(table: &Table, policies: &[String]) -> Vec<SeriesStyle> {
    let mut looks = table.looks(policies);
    let highlighted = looks.iter().filter(|look| look.part == Part::Highlighted).count();
    // What needs no router is always highlighted: a policy below it is useless.
    let is_line = |look: &SeriesStyle| table.roster.stands_for(&look.name) == Some(NO_PROMPT);
    let Some(line) = looks.iter().position(|look| is_line(look) && look.part == Part::Other) else {
        return looks;
    };
    let mut line = looks.remove(line);
    line = SeriesStyle { style: theme::style(&line.name, &table.roster), part: Part::Highlighted, ..line };
    looks[highlighted - 1] = SeriesStyle { style: theme::OTHER, part: Part::Other, ..looks[highlighted - 1].clone() };
    looks.insert(highlighted - 1, line);
    looks
}

fn panel(table: &Table, area: Area) -> Panel {
    let means = || table.marks.iter().map(|mark| mark.x.value);
    let least = means().filter(|&dollars| dollars > 0.0).fold(f64::INFINITY, f64::min);
    let dollars = table.marks.iter().flat_map(|mark| mark.x.reach()).filter(|&dollars| dollars > 0.2 * least);
    let quality = table.marks.iter().flat_map(|mark| mark.y.reach());
    let free = means().any(|dollars| dollars <= 0.0);
    let x = Axis::from_zero("dollars per 1,000 requests (logarithmic)", range(dollars), free, Numbers::Dollars, 8);
    let y = Axis::linear("mean quality", range(quality).unwrap_or((0.0, 1.0)), Numbers::Plain, 7);
    Panel::inside(area, x, y, Side::Labelled)
}

fn sweep(table: &Table, look: &SeriesStyle, panel: &Panel, scene: &mut Scene, room: &mut Room) {
    let style = look.style;
    let values: Vec<(f64, f64)> = table.of(&look.name).map(|mark| (mark.x.value, mark.y.value)).collect();
    panel.line(scene, &values, &style);
    room.take_line(&panel.places(&values));
    for mark in table.of(&look.name) {
        for ends in [
            mark.x.interval.map(|ends| [(ends.0, mark.y.value), (ends.1, mark.y.value)]),
            mark.y.interval.map(|ends| [(mark.x.value, ends.0), (mark.x.value, ends.1)]),
        ]
        .into_iter()
        .flatten()
        {
            if look.part == Part::Highlighted {
                room.take_line(&panel.places(&ends));
            }
        }
        if look.part == Part::Highlighted {
            if let Some(ends) = mark.y.interval {
                panel.vertical_interval(scene, mark.x.value, ends, style.color);
            }
            if let Some(ends) = mark.x.interval {
                panel.horizontal_interval(scene, ends, mark.y.value, style.color);
            }
        }
        let center = panel.at((mark.x.value, mark.y.value));
        style.mark(scene, center, 4.0);
        room.take_point(center, 4.0);
    }
}

/// Draws single models, each where it stands at the first weight.
fn single_marks<'a>(
    table: &'a Table,
    models: &'a [String],
    panel: &Panel,
    scene: &mut Scene,
    room: &mut Room,
) -> Vec<&'a Mark> {
    let marks: Vec<&Mark> = models.iter().filter_map(|series| table.of(series).next()).collect();
    for mark in &marks {
        let center = panel.at((mark.x.value, mark.y.value));
        theme::MODEL.mark(scene, center, 4.0);
        room.take_point(center, 4.5);
    }
    marks
}

fn name_singles(marks: &[&Mark], table: &Table, panel: &Panel, scene: &mut Scene, room: &mut Room) {
    let model = |mark: &&Mark| table.roster.model(&mark.series).unwrap_or(&mark.series).to_owned();
    let full: Vec<String> = marks.iter().map(model).collect();
    for (mark, name) in marks.iter().zip(theme::short_names(&full)) {
        room.label(scene, panel.at((mark.x.value, mark.y.value)), &name, 10.0);
    }
}

/// Says which end of the main line is which.
fn ends_of_the_sweep(table: &Table, panel: &Panel, scene: &mut Scene, room: &mut Room) {
    let main = table.series().into_iter().find(|series| table.roster.is_main(series)).unwrap_or_default();
    let marks: Vec<&Mark> = table.of(&main).collect();
    if let [first, .., last] = marks.as_slice() {
        for mark in [first, last] {
            room.label(scene, panel.at((mark.x.value, mark.y.value)), &mark.label, 10.0);
        }
    }
}

/// Names the grey policies, but for those that stand on a single model, which is named already.
fn name_others(table: &Table, looks: &[SeriesStyle], panel: &Panel, scene: &mut Scene, room: &mut Room) {
    let place = |mark: &Mark| panel.at((mark.x.value, mark.y.value));
    let models: Vec<Point> =
        table.marks.iter().filter(|mark| table.roster.is_single(&mark.series)).map(place).collect();
    let others = || looks.iter().filter(|look| look.part == Part::Other);
    if others().count() > NAMED {
        return;
    }
    for look in others() {
        let Some(point) = table.of(&look.name).next().map(place) else { continue };
        if models.iter().all(|model| libm::hypot(model.x - point.x, model.y - point.y) > 8.0) {
            room.label(scene, point, &look.name, 9.0);
        }
    }
}
