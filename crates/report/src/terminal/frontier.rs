//! Quality against cost in dots: the sweeps of the most prominent policies, each named by a letter on its line.

use store::SummaryRow;
use store::words::{self, metric, phase};

use super::canvas::Canvas;
use super::{Page, cut};
use crate::charts::select;
use crate::graphics::axis::range;
use crate::graphics::format::{dollars, number};
use crate::graphics::scene::Color;
use crate::roster::{NO_PROMPT, Roster};
use crate::theme::SeriesStyle;

/// Most routers that can be told apart in so few dots.
const ROUTERS: usize = 5;
const ROWS: usize = 12;
/// Room for the numbers of the vertical axis.
const BESIDE: usize = 8;

/// A policy's points (dollars per 1,000 requests, quality) as the weight on cost rises.
struct Sweep<'a> {
    look: &'a SeriesStyle,
    letter: char,
    points: Vec<(f64, f64)>,
}

pub(super) fn frontier(rows: &[SummaryRow], looks: &[SeriesStyle], roster: &Roster, page: &Page) -> String {
    let routers = looks.iter().filter(|look| !roster.is_reference(&look.name)).take(ROUTERS);
    let sweeps: Vec<Sweep<'_>> = routers
        .chain(looks.iter().filter(|look| roster.stands_for(&look.name) == Some(NO_PROMPT)))
        .map(|look| (look, points(rows, &look.name)))
        .filter(|(_, points)| points.len() > 1)
        .zip('a'..='z')
        .map(|((look, points), letter)| Sweep { look, letter, points })
        .collect();
    let all = || sweeps.iter().flat_map(|sweep| sweep.points.iter());
    let Some(qualities) = range(all().map(|(_, quality)| *quality)) else { return String::new() };
    let axis = Costs {
        above: range(all().map(|(cost, _)| *cost).filter(|&cost| cost > 0.0).map(libm::log10)),
        free: all().any(|(cost, _)| *cost <= 0.0),
    };
    let columns = page.width - BESIDE - 2;
    let mut canvas = Canvas::new(columns, ROWS);
    let place = |(cost, quality): (f64, f64)| (axis.share(cost), share(quality, qualities));
    for sweep in &sweeps {
        let places: Vec<(f64, f64)> = sweep.points.iter().map(|&point| place(point)).collect();
        places.windows(2).for_each(|ends| canvas.line(ends[0], ends[1], sweep.look.style.color));
    }
    for sweep in &sweeps {
        let middle = sweep.points.len() / 2;
        let mut order: Vec<usize> = (0..sweep.points.len()).collect();
        order.sort_by_key(|position| position.abs_diff(middle));
        order
            .iter()
            .any(|&position| canvas.letter(place(sweep.points[position]), sweep.letter, sweep.look.style.color));
    }
    drawn(&canvas, &axis, qualities, page) + &key(&sweeps, page)
}

/// Share of the width at which prices begin where some cost nothing, which stand at the left edge.
const START: f64 = 0.12;

/// The horizontal axis.
struct Costs {
    /// Logarithms of the least and the greatest price above zero.
    above: Option<(f64, f64)>,
    /// Whether something costs nothing.
    free: bool,
}

impl Costs {
    fn share(&self, cost: f64) -> f64 {
        let Some(ends) = self.above else { return 0.5 };
        match self.free {
            true if cost > 0.0 => START + (1.0 - START) * share(libm::log10(cost), ends),
            true => 0.0,
            false => share(libm::log10(cost), ends),
        }
    }
}

fn share(value: f64, (low, high): (f64, f64)) -> f64 {
    if high > low { (value - low) / (high - low) } else { 0.5 }
}

fn points(rows: &[SummaryRow], policy: &str) -> Vec<(f64, f64)> {
    let of = |metric: &'static str| {
        select(rows, phase::TEST, metric)
            .filter(|row| row.policy == policy && row.task == words::ALL_TASKS && row.w_cost.is_some())
    };
    let cost = |quality: &SummaryRow| of(metric::COST).find(|row| row.w_cost == quality.w_cost).map(|row| row.value);
    let points = of(metric::QUALITY).filter_map(|quality| Some((1_000.0 * cost(quality)?, quality.value)));
    points.filter(|(cost, quality)| cost.is_finite() && quality.is_finite()).collect()
}

/// The dots between their axes: quality at the left, dollars below.
fn drawn(canvas: &Canvas, costs: &Costs, qualities: (f64, f64), page: &Page) -> String {
    let mut text = format!("\n{}\n", cut("  quality against dollars per 1,000 requests (logarithmic)", page.width));
    for (row, line) in canvas.lines().enumerate() {
        let value = match row {
            0 => number(qualities.1, 3),
            last if last == ROWS - 1 => number(qualities.0, 3),
            _ => String::new(),
        };
        text += &format!("  {value:>6} \u{2502}{}\n", colored(&line, page));
    }
    let columns = page.width - BESIDE - 2;
    let mut floor = vec!['\u{2500}'; columns];
    let ends = costs.above.map(|(low, high)| [low, high].map(|end| dollars(libm::pow(10.0, end))));
    let (low, high) = match ends {
        None => {
            text += &format!("{:>BESIDE$} \u{2514}{}\n", "", floor.iter().collect::<String>());
            return text + format!("{:>BESIDE$}  {:^columns$}", "", dollars(0.0)).trim_end() + "\n";
        }
        Some([low, high]) if costs.free => {
            // The break, and below it zero left of the least price.
            let start = (START * columns as f64) as usize;
            floor[start / 2] = '\u{254c}';
            (format!("{:<start$}{low}", dollars(0.0)), high)
        }
        Some([low, high]) => (low, high),
    };
    text += &format!("{:>BESIDE$} \u{2514}{}\n", "", floor.iter().collect::<String>());
    let gap = columns.saturating_sub(low.chars().count());
    text + &format!("{:>BESIDE$}  {low}{high:>gap$}\n", "")
}

/// Letters of one colour in a row share one sequence.
fn colored(line: &[(char, Option<Color>)], page: &Page) -> String {
    let end = line.iter().rposition(|(letter, _)| *letter != ' ').map_or(0, |last| last + 1);
    let mut text = String::new();
    for group in line[..end].chunk_by(|left, right| left.1 == right.1) {
        let words: String = group.iter().map(|(letter, _)| *letter).collect();
        text += &group[0].1.map_or(words.clone(), |color| page.paint(&words, color));
    }
    text
}

/// Which letter is whose, as many to a line as fit.
fn key(sweeps: &[Sweep<'_>], page: &Page) -> String {
    let (mut text, mut used) = (String::new(), 0);
    for sweep in sweeps {
        let words = cut(&format!("{} {}", sweep.letter, sweep.look.name), page.width - 2);
        let length = words.chars().count() + 2;
        if used > 0 && used + length > page.width {
            text.push('\n');
            used = 0;
        }
        text += &format!("  {}", page.paint(&words, sweep.look.style.color));
        used += length;
    }
    text + "\n"
}
