//! The short of a run for a terminal: who earned most, what it had bought, and quality against cost in braille dots.

mod canvas;
mod effects;
mod frontier;
mod online;
mod recovery;

use routing::visible_name;
use std::borrow::Cow;
use std::collections::BTreeMap;
use store::words::{self, metric, phase};

use store::{Identity, Label, Role, SummaryRow};

use crate::charts::{distinct, select};
use crate::graphics::format::number;
use crate::graphics::scene::Color;
use crate::roster::Roster;
use crate::tables::bought;
use crate::theme::{self, SeriesStyle};

/// The narrowest terminal that is written for; narrower ones break lines.
const NARROWEST: usize = 32;
/// Most policies in a ranking.
const LINES: usize = 60;
/// Wider lines are no easier to read.
const WIDEST: usize = 110;

/// For each environment of `rows`, policies by their mean reward over the grid of preferences, the best first, and below them
/// their sweeps from quality alone to cost alone. No line is wider than `width` columns (at least 32); columns that do not fit
/// are left out; of an online run, policies by their regret after the last round. With `colour`, policies have the colours of
/// the charts, as ANSI sequences. Empty without scores.
pub fn terminal(rows: &[SummaryRow], width: usize, colour: bool) -> String {
    let page = Page { width: width.clamp(NARROWEST, WIDEST), colour };
    let mut text = String::new();
    for environment in distinct(rows.iter().map(|row| &row.environment)) {
        let own = rows.iter().filter(|row| row.environment == environment && shown(row)).cloned();
        let own: Vec<SummaryRow> = own.map(visible_row).collect();
        let environment = Label::from(&*visible_name(&environment));
        let policies = distinct(own.iter().filter(|row| row.phase == phase::TEST).map(|row| &row.policy));
        let roster = Roster::of(&own);
        let policies: Vec<String> = policies.into_iter().filter(|policy| !roster.is_single(policy)).collect();
        let looks = theme::distinct_looks(&policies, &roster);
        let ranking = ranking(&own, &looks, &page);
        if !ranking.is_empty() {
            text += &page.heading(&environment);
            text += &ranking;
            text += &frontier::frontier(&own, &looks, &roster, &page);
            text.push('\n');
        }
        let effects = effects::effects(&own, &page);
        if !effects.is_empty() {
            text += &page.heading(&environment);
            text += &effects;
            text.push('\n');
        }
        let online = online::online(&own, &page);
        if !online.is_empty() {
            text += &page.heading(&environment);
            text += &online;
            text += &recovery::recovery(&own, &page);
            text.push('\n');
        }
    }
    text
}

/// Whether a row is about all tasks and models, which is all that a terminal has room for.
fn shown(row: &SummaryRow) -> bool {
    let by_task = row.task != words::ALL_TASKS && row.phase == phase::TEST;
    row.arm.is_none() && !by_task && row.phase != phase::VALIDATION && row.phase != phase::BUCKET
}

/// How wide lines may be, and whether they may have colours.
struct Page {
    width: usize,
    colour: bool,
}

impl Page {
    fn heading(&self, words: &str) -> String {
        let words = cut(words, self.width);
        if self.colour { format!("\u{1b}[1m{words}\u{1b}[0m\n") } else { format!("{words}\n") }
    }

    /// `words` in the colour of a policy; black and greys are left to the terminal, which may be dark.
    fn paint(&self, words: &str, color: Color) -> String {
        let Color { red, green, blue, .. } = color;
        if !self.colour || (red == green && green == blue) {
            return words.to_owned();
        }
        format!("\u{1b}[38;2;{red};{green};{blue}m{words}\u{1b}[0m")
    }
}

/// The first `width` letters of `words`, the last an ellipsis where something is left out.
/// `row` with names that cannot steer a terminal.
fn visible_row(row: SummaryRow) -> SummaryRow {
    let name = |label: Label| match visible_name(&label) {
        Cow::Borrowed(_) => label,
        Cow::Owned(spelled) => spelled.into(),
    };
    let identity = Identity { model: row.identity.model.map(name), ..row.identity };
    let (environment, policy, task) = (name(row.environment), name(row.policy), name(row.task));
    SummaryRow { environment, policy, task, arm: row.arm.map(name), identity, ..row }
}

fn cut(words: &str, width: usize) -> String {
    if words.chars().count() <= width {
        return words.to_owned();
    }
    let kept: String = words.chars().take(width.saturating_sub(1)).collect();
    kept + "\u{2026}"
}

/// One line of the ranking; the first cell is to the left, the others to the right.
struct Line<'a> {
    look: &'a SeriesStyle,
    cells: Vec<String>,
}

fn ranking(rows: &[SummaryRow], looks: &[SeriesStyle], page: &Page) -> String {
    let mut ranked: Vec<(&SummaryRow, &SeriesStyle)> = select(rows, phase::TEST, metric::SWEEP_REWARD)
        .filter(|row| row.task == words::ALL_TASKS)
        .filter_map(|row| Some((row, looks.iter().find(|look| look.name == row.policy)?)))
        .collect();
    ranked.sort_by(|(left, _), (right, _)| right.value.total_cmp(&left.value));
    if ranked.is_empty() {
        return String::new();
    }
    let sparks = Sparks::new(rows);
    let more = ranked.len().saturating_sub(LINES);
    ranked.truncate(LINES);
    let headings = ["policy", "mean reward", "by w_cost", "bought", "dollars"].map(str::to_owned);
    let lines: Vec<Line<'_>> = ranked
        .iter()
        .map(|(row, look)| {
            let [told, dollars] = bought(row);
            let nothing = row.outcomes == 0.0 && row.tells_what_was_bought();
            let bought = if nothing { "\u{2013}".to_owned() } else { told };
            let spark = sparks.of(&look.name);
            let cells = vec![row.policy.to_string(), mean(row), spark, bought, dollars];
            Line { look, cells }
        })
        .collect();
    let widths = widths(&headings, &lines, page.width);
    let mut text = written(&headings, &widths, None, page);
    lines.iter().for_each(|line| text += &written(&line.cells, &widths, Some(line.look), page));
    if more > 0 {
        text += &format!("  and {more} more\n");
    }
    text
}

fn mean(row: &SummaryRow) -> String {
    let mean = number(row.value, 3);
    match row.ci_low.zip(row.ci_high) {
        Some((low, high)) => format!("{mean} \u{00b1} {}", number(0.5 * (high - low), 3)),
        None => mean,
    }
}

/// Widths of the columns that fit, from the left; the names give way to the numbers beside them.
fn widths(headings: &[String], lines: &[Line<'_>], width: usize) -> Vec<usize> {
    let length = |text: &String| text.chars().count();
    let widest = |column: usize| {
        let cells = lines.iter().map(|line| length(&line.cells[column]));
        cells.chain([length(&headings[column])]).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..headings.len()).map(widest).collect();
    let total = |widths: &[usize]| widths.iter().map(|width| width + 2).sum::<usize>();
    while widths.len() > 2 && total(&widths) > width {
        widths.pop();
    }
    widths[0] = widths[0].min((width + widths[0]).saturating_sub(total(&widths)));
    widths
}

fn written(cells: &[String], widths: &[usize], look: Option<&SeriesStyle>, page: &Page) -> String {
    let name = format!("{:<width$}", cut(&cells[0], widths[0]), width = widths[0]);
    let mut text = format!("  {}", look.map_or(name.clone(), |look| page.paint(&name, look.style.color)));
    for (cell, width) in cells.iter().zip(widths).skip(1) {
        text += &format!("  {cell:>width$}");
    }
    text.trim_end().to_owned() + "\n"
}

/// Rewards along the weights on cost as bars, from the least (low) to the greatest reward of any policy.
struct Sparks<'a> {
    range: (f64, f64),
    rewards: BTreeMap<&'a str, Vec<(f64, f64)>>,
}

impl<'a> Sparks<'a> {
    fn new(rows: &'a [SummaryRow]) -> Sparks<'a> {
        let mut rewards: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
        let own = |row: &&SummaryRow| row.task == words::ALL_TASKS && row.identity.role != Role::SingleModel;
        for row in select(rows, phase::TEST, metric::REWARD).filter(own) {
            rewards.entry(&row.policy).or_default().extend(row.w_cost.map(|weight| (weight, row.value)));
        }
        rewards.values_mut().for_each(|own| own.sort_by(|(left, _), (right, _)| left.total_cmp(right)));
        let all = rewards.values().flatten().map(|(_, value)| *value);
        Sparks { range: crate::graphics::axis::range(all).unwrap_or((0.0, 1.0)), rewards }
    }

    fn of(&self, policy: &str) -> String {
        const BARS: [char; 8] =
            ['\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}', '\u{2588}'];
        let (low, high) = self.range;
        let bar = |value: f64| BARS[(8.0 * (value - low) / (high - low).max(1e-12)).clamp(0.0, 7.0) as usize];
        self.rewards.get(policy).into_iter().flatten().map(|(_, value)| bar(*value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{self, LARGE, SMALL};

    fn plain(text: &str) -> String {
        let mut plain = String::new();
        let mut pieces = text.split('\u{1b}');
        plain += pieces.next().unwrap();
        pieces.for_each(|piece| plain += piece.split_once('m').unwrap().1);
        plain
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let mut rows = fake::summary(LARGE);
        rows.iter_mut()
            .filter(|row| row.policy == "knn")
            .for_each(|row| row.policy = "knn of a very long name indeed".into());
        for width in [32, 40, 57, 80, 200] {
            let text = terminal(&rows, width, false);
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= width, "{widest} of {width}:\n{text}");
            assert!(text.contains("0.5"), "{text}");
        }
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let rows = fake::summary(LARGE);
        let (plain_text, colored) = (terminal(&rows, 80, false), terminal(&rows, 80, true));
        assert!(!plain_text.contains('\u{1b}'), "{plain_text}");
        assert!(colored.contains("\u{1b}[38;2;213;94;0mbarp"), "{colored}");
        assert_eq!(plain(&colored), plain_text);
    }

    #[test]
    fn the_best_comes_first_and_bars_fall_with_the_reward() {
        let text = terminal(&fake::summary(LARGE), 80, false);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[2].starts_with("  oracle ") && text.contains("81.9k") && text.contains("$73.73"), "{text}");
        let bars: Vec<char> = lines[2].chars().filter(|letter| ('\u{2581}'..='\u{2588}').contains(letter)).collect();
        assert_eq!(bars.len(), 7);
        assert!(bars[0] == '\u{2588}' && bars.is_sorted_by(|left, right| left >= right), "{bars:?}");
    }

    #[test]
    fn nothing_measured_is_nothing_said() {
        assert_eq!(terminal(&[], 80, true), "");
        let learning: Vec<SummaryRow> =
            fake::summary(SMALL).into_iter().filter(|row| row.phase == "validation").collect();
        assert_eq!(terminal(&learning, 80, false), "");
    }

    #[test]
    fn what_costs_nothing_stands_at_the_left_edge() {
        let mut rows = fake::summary(LARGE);
        let cost = |row: &SummaryRow| row.metric == "cost_usd" && row.phase == "test";
        rows.iter_mut().filter(|row| cost(row) && row.policy == "knn").for_each(|row| row.value = 0.0);
        let text = terminal(&rows, 80, false);
        let floor = text.lines().find(|line| line.contains('\u{254c}')).unwrap();
        assert!(floor.trim_start().starts_with('\u{2514}') && text.contains("  $0  "), "{text}");
        rows.iter_mut().filter(|row| cost(row)).for_each(|row| row.value = 0.0);
        let text = terminal(&rows, 80, false);
        assert!(text.contains(" $0\n") && !text.contains('\u{254c}'), "{text}");
    }
}
