//! Promises of every chart, at the smallest and at the largest size; set BARP_PREVIEW to a folder to look at them.

use std::path::PathBuf;

use super::*;
use crate::fake::{self, LARGE, SMALL};
use crate::graphics::scene::{Shape, Text};
use crate::{Context, Material, write, write_report};
use store::Replicate;

fn context() -> Context {
    Context { command: "barp report results/paper".into(), simulated: true, experiment: "paper".into() }
}

/// A made-up experiment as charts are drawn from it.
struct Made {
    name: &'static str,
    rows: Vec<SummaryRow>,
    runs: Vec<Run>,
}

impl Made {
    fn new(name: &'static str, replicates: &[Replicate]) -> Made {
        let runs = Run::of(replicates);
        Made { name, rows: crate::summarise(&runs).unwrap(), runs }
    }
}

/// A model, a policy and what another learned from cost nothing; or all do; or only one policy is there, of negative cost.
fn free() -> [Made; 3] {
    let with = |name: &'static str, costs: &dyn Fn(&Replicate) -> Option<f64>, size: fake::Size| {
        let mut replicates = fake::everything(size);
        for one in &mut replicates {
            let Some(cost) = costs(one) else { continue };
            for score in &mut one.scores {
                score.dollars = 0.0;
                if score.metric == "cost_usd" {
                    score.value = cost;
                }
            }
        }
        Made::new(name, &replicates)
    };
    let some = |one: &Replicate| {
        (one.policy.contains("mixtral") || one.policy == "knn" || one.policy == "barp").then_some(0.0)
    };
    let one = fake::Size { policies: 1, models: 1, ..SMALL };
    [with("free", &some, LARGE), with("all free", &|_| Some(0.0), LARGE), with("one", &|_| Some(-0.001), one)]
}

/// The smallest, the largest, and one of two replicates with hardly any known name and long labels; then [`free`] ones.
fn made() -> Vec<Made> {
    let mut odd = fake::everything(fake::Size { replicates: 2, ..LARGE });
    let data = |one: &Replicate| one.scores.iter().all(|score| score.phase == "data");
    for one in
        odd.iter_mut().filter(|one| !data(one) && one.identity.role != store::Role::SingleModel && one.policy != "barp")
    {
        one.policy += " beta=0.05 encoder=hashed";
    }
    let [small, large] = [SMALL, LARGE].map(fake::everything);
    let mut made = vec![Made::new("small", &small), Made::new("large", &large), Made::new("odd", &odd)];
    made.extend(free());
    made
}

fn scenes() -> Vec<(String, Scene)> {
    let mut scenes = Vec::new();
    for Made { name, rows, runs } in made() {
        let runs: Vec<&Run> = runs.iter().collect();
        let source = Source::new(&rows, &runs);
        for chart in CHARTS {
            let Some(table) = chart.data(&source) else {
                assert!(["small", "one"].contains(&name), "{} has nothing to draw of {name}", chart.about().name);
                continue;
            };
            scenes.push((format!("{} {name}", chart.about().name), compose(*chart, &table, &context())));
        }
    }
    scenes
}

fn texts(scene: &Scene) -> Vec<&Text> {
    scene.shapes.iter().filter_map(|shape| if let Shape::Text(text) = shape { Some(text) } else { None }).collect()
}

#[test]
fn no_words_lie_on_other_words_or_beyond_the_page() {
    for (name, scene) in scenes() {
        let page = Area { left: 0.0, top: 0.0, right: scene.width, bottom: scene.height };
        let texts = texts(&scene);
        for (position, text) in texts.iter().enumerate() {
            assert!(text.extent().within(&page), "{name}: `{}` at {:?}", text.words, text.at);
            for other in &texts[..position] {
                assert!(!text.extent().overlaps(&other.extent()), "{name}: `{}` on `{}`", text.words, other.words);
            }
        }
    }
}

#[test]
fn no_words_hide_a_marker() {
    for (name, scene) in scenes() {
        for shape in &scene.shapes {
            let Shape::Disc { center, .. } = shape else { continue };
            let place = Area { left: center.x, right: center.x, top: center.y, bottom: center.y }.grown(0.1);
            let hidden = texts(&scene).into_iter().find(|text| text.extent().overlaps(&place));
            assert!(hidden.is_none(), "{name}: `{}`", hidden.unwrap().words);
        }
    }
}

#[test]
fn nothing_is_drawn_beyond_the_page() {
    for (name, scene) in scenes() {
        for shape in &scene.shapes {
            let points = match shape {
                Shape::Line { points, .. } | Shape::Polygon { corners: points, .. } => points.clone(),
                Shape::Disc { center, .. } => vec![*center],
                Shape::Text(_) => continue,
            };
            let inside = |x: f64, y: f64| (0.0..=scene.width).contains(&x) && (0.0..=scene.height).contains(&y);
            assert!(points.iter().all(|point| inside(point.x, point.y)), "{name}: {shape:?}");
        }
    }
}

#[test]
fn every_chart_names_its_units_interval_replicates_and_source() {
    for (name, scene) in scenes() {
        let words: String = texts(&scene).iter().map(|text| format!("{} ", text.words)).collect();
        for promised in ["Simulated outcomes", "Units: ", "Interval: ", "replicate", "n = "] {
            assert!(words.contains(promised), "{name} lacks `{promised}`");
        }
    }
}

#[test]
fn a_chart_without_rows_is_not_drawn() {
    for chart in CHARTS {
        assert!(chart.data(&Source::new(&[], &[])).is_none(), "{}", chart.about().name);
    }
}

#[test]
fn names_are_unique() {
    let names: Vec<String> = CHARTS.iter().map(|chart| chart.about().name.to_owned()).collect();
    assert_eq!(distinct(&names).len(), names.len());
}

#[test]
fn files_are_the_same_bytes_each_time_and_carry_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let preview = std::env::var_os("BARP_PREVIEW").map(PathBuf::from);
    let root = preview.as_deref().unwrap_or(folder.path());
    for Made { name, rows, runs } in &made() {
        let material = Material { rows, runs, tuning: &[], claims: &[], manifest: None };
        let report = || write_report(&root.join(name), &material, &context()).unwrap();
        let first = report();
        let bytes: Vec<Vec<u8>> = first.charts.iter().map(|path| std::fs::read(path).unwrap()).collect();
        for (path, bytes) in report().charts.iter().zip(&bytes) {
            assert_eq!(&std::fs::read(path).unwrap(), bytes, "{}", path.display());
            let carried = bytes.windows(12).any(|window| window == b"results/pape");
            assert!(carried, "{} does not say how to redraw it", path.display());
        }
    }
}

#[test]
fn what_costs_nothing_is_on_every_chart_of_dollars() {
    for Made { name, rows, .. } in free() {
        let source = Source::new(&rows, &[]);
        let table = frontier::Frontier.data(&source).unwrap();
        let measured = distinct(select(&rows, "test", "cost_usd").map(|row| &row.policy));
        let drawn = table.series();
        assert!(measured.iter().all(|policy| drawn.contains(policy)), "{name}: {drawn:?}");
        for chart in [&frontier::Frontier as &dyn Chart, &dataset::Dataset, &learning_curve::LearningCurve] {
            let Some(table) = chart.data(&source) else { continue };
            let scene = compose(chart, &table, &context());
            assert!(
                texts(&scene).iter().any(|text| text.words == "$0"),
                "{name}: {} has no tick at zero",
                chart.about().name
            );
        }
    }
}

#[test]
fn several_environments_get_a_folder_each() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = fake::summary(SMALL);
    let mut others = rows.clone();
    others.iter_mut().for_each(|row| row.environment = "Price Drift/2".into());
    rows.extend(others);
    let written = write(folder.path(), &rows, &context()).unwrap();
    assert!(written.charts.contains(&folder.path().join("charts/price-drift-2/sweep.svg")), "{written:?}");
    assert!(written.charts.contains(&folder.path().join("charts/calibrated/sweep.png")), "{written:?}");
}

#[test]
fn environments_of_like_names_keep_their_own_charts() {
    let folder = tempfile::tempdir().unwrap();
    let (one, long) = (fake::summary(SMALL), "x".repeat(300));
    let labels = ["a b", "a/b", "数学", "物理", "..", &long];
    let rows: Vec<SummaryRow> = labels
        .iter()
        .flat_map(|label| one.iter().map(|row| SummaryRow { environment: (*label).into(), ..row.clone() }))
        .collect();
    let written = write(folder.path(), &rows, &context()).unwrap();
    let mut places: Vec<PathBuf> = written.charts.iter().map(|path| path.parent().unwrap().to_owned()).collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), labels.len(), "{places:?}");
    assert!(places.iter().all(|place| place.parent() == Some(&folder.path().join("charts"))), "{places:?}");
}

#[test]
fn names_of_three_hundred_letters_stay_on_the_page() {
    let long = "a name without end ".repeat(16);
    let mut replicates = fake::everything(SMALL);
    for one in &mut replicates {
        one.environment = long.clone();
        if one.policy == "oracle" {
            one.policy = long.clone();
        }
        one.scores.iter_mut().filter(|score| score.task == "gsm8k").for_each(|score| score.task = long.clone());
    }
    let Made { rows, runs, .. } = Made::new("long", &replicates);
    let runs: Vec<&Run> = runs.iter().collect();
    for chart in CHARTS {
        let Some(table) = chart.data(&Source::new(&rows, &runs)) else { continue };
        let scene = compose(*chart, &table, &context());
        let page = Area { left: 0.0, top: 0.0, right: scene.width, bottom: scene.height };
        for text in texts(&scene) {
            assert!(text.extent().within(&page), "{}: `{}`", chart.about().name, text.words);
        }
    }
}
