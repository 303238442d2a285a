//! One look for every chart: a fixed colour, marker and line for each known kind of policy, and who stands out where many meet.
//!
//! Colours are those of Okabe and Ito (2008) and of Tol's muted scheme, made to be told apart by the colour-blind; markers
//! and dashes say the same in greyscale. References, which learn nothing, are black and grey.

use crate::graphics::legend::Entry;
use crate::graphics::mark::Dash::{Alternating, Dashed, Dotted, Solid};
use crate::graphics::mark::Inside::{Filled, Hollow};
use crate::graphics::mark::Marker::{Cross, Diamond, Disc, Dot, Down, Left, Plus, Right, Square, Star, Up};
use crate::graphics::mark::Style;
use crate::graphics::scene::Color;
use crate::graphics::text;
use crate::roster::Roster;

/// Most series that stand out in one chart.
const HIGHLIGHTED: usize = 8;

/// Most letters of the grey series that a legend names.
const NOTED: usize = 150;

/// Kinds with a look of their own, the most prominent first.
const KNOWN: [(&str, Style); 17] = [
    ("barp", Style { width: 2.5, ..Style::new(0xD55E00, Disc, Filled, Solid) }),
    ("barp-full", Style::new(0xB8860B, Disc, Hollow, Dashed)),
    ("lin-ucb", Style::new(0x009E73, Up, Filled, Solid)),
    ("knn", Style::new(0x0072B2, Square, Filled, Solid)),
    ("mlp", Style::new(0x44AA99, Star, Hollow, Alternating)),
    ("lin-ts", Style::new(0xCC79A7, Down, Filled, Dashed)),
    ("epsilon-greedy", Style::new(0x882255, Cross, Filled, Alternating)),
    ("ridge", Style::new(0x56B4E9, Diamond, Filled, Dashed)),
    ("router-dc", Style::new(0x999933, Right, Filled, Dotted)),
    ("avengers-pro", Style::new(0xAA4499, Left, Filled, Solid)),
    ("oracle", Style::new(0x000000, Star, Filled, Solid)),
    ("zero-router", Style::new(0x000000, Dot, Filled, Dashed)),
    ("best-per-task", Style::new(0x555555, Diamond, Hollow, Alternating)),
    ("best-single", Style::new(0x555555, Square, Hollow, Dashed)),
    ("largest", Style::new(0x555555, Up, Hollow, Dotted)),
    ("random", Style::new(0x555555, Plus, Filled, Dotted)),
    ("cheapest", Style::new(0x555555, Down, Hollow, Dotted)),
];

/// Looks for policies of other kinds, and for further ones of a known kind, in the order they appear.
const SPARE: [Style; 8] = [
    Style::new(0x332288, Square, Hollow, Solid),
    Style::new(0x117733, Diamond, Hollow, Dashed),
    Style::new(0x44AA99, Up, Hollow, Solid),
    Style::new(0xAA4499, Down, Hollow, Alternating),
    Style::new(0x999933, Star, Filled, Dashed),
    Style::new(0x661100, Plus, Filled, Solid),
    Style::new(0x6699CC, Cross, Filled, Dotted),
    Style::new(0x222222, Disc, Filled, Dashed),
];

/// Colours for the models of a stack; neighbours differ in lightness.
pub(crate) const STACK: [Color; 11] = [
    Color::hex(0x332288),
    Color::hex(0x88CCEE),
    Color::hex(0x117733),
    Color::hex(0xDDCC77),
    Color::hex(0xAA4499),
    Color::hex(0x7FD1B9),
    Color::hex(0x661100),
    Color::hex(0xF0A08A),
    Color::hex(0x44668A),
    Color::hex(0xE69F00),
    Color::hex(0x1A1A1A),
];

/// The models too small to be told apart in a stack.
pub(crate) const REST: Color = Color::hex(0xD9D9D9);

/// A model by itself, where policies are drawn too.
pub(crate) const MODEL: Style = Style::new(0x595959, Disc, Hollow, Solid);

/// Series that step back behind the highlighted ones.
pub(crate) const OTHER: Style = Style { width: 0.8, ..Style::new(0xB5B5B5, Dot, Filled, Solid) };

/// A policy's part in one chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    Highlighted,
    Other,
}

/// A policy with its look in one chart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeriesStyle {
    pub name: String,
    pub style: Style,
    pub part: Part,
}

/// Place among [`KNOWN`] of the kind that `name` stands for.
fn known(name: &str, roster: &Roster) -> Option<usize> {
    let kind = roster.stands_for(name)?;
    KNOWN.iter().position(|(known, _)| *known == kind)
}

/// Every kind that has a look of its own.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(kind, _)| *kind)
}

/// The looks of `names`, most prominent first: at most [`HIGHLIGHTED`] stand out, the others are thin and grey.
pub(crate) fn looks(names: &[String], roster: &Roster) -> Vec<SeriesStyle> {
    let mut spare = SPARE.iter().cycle();
    let mut ranked: Vec<(usize, SeriesStyle)> = names
        .iter()
        .map(|name| {
            let known = known(name, roster);
            let style =
                known.map_or_else(|| *spare.next().expect("a cycle does not end"), |position| KNOWN[position].1);
            // What is unknown here was put into the experiment on purpose: it comes right after the first two.
            let rank = known.map_or(2, |position| if position < 2 { position } else { position + 1 });
            (rank, SeriesStyle { name: name.clone(), style, part: Part::Highlighted })
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    for (_, look) in ranked.iter_mut().skip(HIGHLIGHTED) {
        look.style = OTHER;
        look.part = Part::Other;
    }
    ranked.into_iter().map(|(_, look)| look).collect()
}

/// The looks of `names` where each can be told apart by more than its look, most prominent first: nobody steps back, and
/// those that would in a chart are marked as such.
pub(crate) fn distinct_looks(names: &[String], roster: &Roster) -> Vec<SeriesStyle> {
    let mut spare = SPARE.iter().cycle();
    let own = |look: &SeriesStyle| {
        let known = known(&look.name, roster).map(|place| KNOWN[place].1);
        known.unwrap_or_else(|| *spare.next().expect("a cycle does not end"))
    };
    let mut looks = looks(names, roster);
    let styles: Vec<Style> = looks.iter().map(own).collect();
    looks.iter_mut().zip(styles).for_each(|(look, style)| look.style = style);
    looks
}

/// The look of one policy by itself, where rows carry the names and nothing needs to step back.
pub(crate) fn style(name: &str, roster: &Roster) -> Style {
    known(name, roster).map_or(Style::new(0x777777, Disc, Hollow, Solid), |place| KNOWN[place].1)
}

/// Lines of a legend for `looks`: the highlighted ones each, the others together.
pub(crate) fn legend(looks: &[SeriesStyle], entry: fn(String, Style) -> Entry) -> Vec<Entry> {
    let highlighted = looks.iter().filter(|look| look.part == Part::Highlighted);
    let mut entries: Vec<Entry> = highlighted.map(|look| entry(look.name.clone(), look.style)).collect();
    let others: Vec<&str> =
        looks.iter().filter(|look| look.part == Part::Other).map(|look| look.name.as_str()).collect();
    if !others.is_empty() {
        entries.push(entry("other".to_owned(), OTHER));
        let mut letters = 0;
        let fits = |name: &&&str| {
            letters += name.chars().count() + 2;
            letters <= NOTED
        };
        let named = others.iter().take_while(fits).count();
        let more = match others.len() - named {
            0 => String::new(),
            more => format!("{}{more} more", if named > 0 { " and " } else { "" }),
        };
        entries.push(Entry::Note(format!("other: {}{more}", others[..named].join(", "))));
    }
    entries
}

/// Points by which the longest of `names` is wider than a page is laid out for; 0 where it is not.
pub(crate) fn excess<'a>(names: impl IntoIterator<Item = &'a str>) -> f64 {
    const USUAL: f64 = 110.0;
    (text::widest(names, 11.0) - USUAL).max(0.0)
}

/// Names of models as short as they can be and still differ: without the vendor, and without "chat" and the like.
pub(crate) fn short_names(models: &[String]) -> Vec<String> {
    let shortest: Vec<String> = models.iter().map(|model| without_kind(without_vendor(model))).collect();
    let alone = |names: &[String], name: &String| names.iter().filter(|other| *other == name).count() == 1;
    models
        .iter()
        .zip(&shortest)
        .map(|(model, short)| if alone(&shortest, short) { short.clone() } else { model.clone() })
        .collect()
}

fn without_vendor(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

fn without_kind(model: &str) -> String {
    let kinds = ["-chat", "-Chat", "-preview", "-instruct"];
    kinds.iter().fold(model.to_owned(), |name, kind| name.replacen(kind, "", 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Role;

    fn of_kind(kind: &str) -> Option<Style> {
        KNOWN.iter().find(|(known, _)| *known == kind).map(|(_, style)| *style)
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn known_policies_look_the_same_in_every_company() {
        let roster = Roster::made(&[
            ("mine", "mine", Role::Learner),
            ("random", "random", Role::Rule),
            ("near", "knn", Role::Fitted),
            ("knn", "barp", Role::Learner),
        ]);
        let alone = looks(&names(&["near"]), &roster);
        let together = looks(&names(&["mine", "random", "near", "knn"]), &roster);
        assert_eq!(together[0].name, "knn", "it is of the most prominent kind, whatever its label");
        assert_eq!(together.iter().find(|look| look.name == "near").unwrap().style, alone[0].style);
        assert_eq!(Some(alone[0].style), of_kind("knn"));
    }

    #[test]
    fn two_policies_of_one_kind_are_told_apart() {
        let roster = Roster::made(&[("a", "router-dc", Role::Fitted), ("b", "router-dc", Role::Fitted)]);
        let [a, b] = looks(&names(&["a", "b"]), &roster).try_into().unwrap();
        assert_ne!(a.style, b.style);
        assert_eq!(
            (a.name.as_str(), b.style),
            ("b", of_kind("router-dc").unwrap()),
            "the first stands for the kind, the other comes before"
        );
    }

    #[test]
    fn at_most_eight_stand_out() {
        let all: Vec<String> = kinds().map(str::to_owned).collect();
        let roster: Vec<(&str, &str, Role)> = kinds().map(|kind| (kind, kind, Role::Learner)).collect();
        let looks = looks(&all, &Roster::made(&roster));
        assert_eq!(looks.iter().filter(|look| look.part == Part::Highlighted).count(), 8);
        assert!(looks.iter().filter(|look| look.part == Part::Other).all(|look| look.style == OTHER));
    }

    #[test]
    fn no_two_known_policies_look_alike_without_colour() {
        for (position, (name, style)) in KNOWN.iter().enumerate() {
            for (other, beside) in &KNOWN[..position] {
                let same = (style.marker, style.inside) == (beside.marker, beside.inside);
                assert!(!same, "{name} and {other}");
            }
        }
    }

    #[test]
    fn short_names_stay_apart() {
        let models = names(&["mistralai/mistral-7b-chat", "gpt-4-1106-preview", "a/llama-chat", "b/llama"]);
        assert_eq!(short_names(&models), ["mistral-7b", "gpt-4-1106", "a/llama-chat", "b/llama"]);
    }
}
