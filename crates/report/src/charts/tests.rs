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
        Made { name, rows: crate::summarise(&runs), runs }
    }
}

/// The smallest, the largest, and one of two replicates with hardly any known name and long labels.
fn made() -> [Made; 3] {
    let mut odd = fake::everything(fake::Size { replicates: 2, ..LARGE });
    let data = |one: &Replicate| one.scores.iter().all(|score| score.phase == "data");
    for one in odd.iter_mut().filter(|one| !data(one) && !one.policy.starts_with("single:") && one.policy != "barp") {
        one.policy += " beta=0.05 encoder=hashed";
    }
    let [small, large] = [SMALL, LARGE].map(fake::everything);
    [Made::new("small", &small), Made::new("large", &large), Made::new("odd", &odd)]
}

fn scenes() -> Vec<(String, Scene)> {
    let mut scenes = Vec::new();
    for Made { name, rows, runs } in made() {
        let runs: Vec<&Run> = runs.iter().collect();
        let source = Source { rows: &rows, runs: &runs };
        for chart in CHARTS {
            let Some(table) = chart.data(&source) else {
                assert!(name == "small", "{} has nothing to draw of {name}", chart.about().name);
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
        assert!(chart.data(&Source { rows: &[], runs: &[] }).is_none(), "{}", chart.about().name);
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
        let material = Material { rows, runs, claims: &[], manifest: None };
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
