//! Promises of every chart, at the smallest and at the largest size; set BARP_PREVIEW to a folder to look at them.

use std::path::PathBuf;

use super::*;
use crate::fake::{self, LARGE, SMALL};
use crate::graphics::scene::{Shape, Text};
use crate::{Context, write};

fn context() -> Context {
    Context { command: "barp report results/paper".into(), simulated: true, experiment: "paper".into() }
}

/// One replicate, hardly any known name, long labels.
fn odd() -> Vec<SummaryRow> {
    let mut rows = fake::summary(fake::Size { replicates: 1, ..LARGE });
    for row in &mut rows {
        if row.phase != "data" && !row.policy.starts_with("single:") && row.policy != "barp" {
            row.policy = format!("{} beta=0.05 encoder=hashed", row.policy);
        }
    }
    rows
}

fn scenes() -> Vec<(String, Scene)> {
    let sizes = [("small", fake::summary(SMALL)), ("large", fake::summary(LARGE)), ("odd", odd())];
    let mut scenes = Vec::new();
    for (size, rows) in sizes {
        for chart in CHARTS {
            let table = chart.data(&rows).unwrap_or_else(|| panic!("{} has nothing to draw", chart.about().name));
            scenes.push((format!("{} {size}", chart.about().name), compose(chart, &table, &context())));
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
        assert!(chart.data(&[]).is_none(), "{}", chart.about().name);
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
    for (name, rows) in [("small", fake::summary(SMALL)), ("large", fake::summary(LARGE)), ("odd", odd())] {
        let first = write(&root.join(name), &rows, &context()).unwrap();
        let bytes: Vec<Vec<u8>> = first.charts.iter().map(|path| std::fs::read(path).unwrap()).collect();
        assert_eq!(first.charts.len(), 2 * CHARTS.len());
        let second = write(&root.join(name), &rows, &context()).unwrap();
        for (path, bytes) in second.charts.iter().zip(&bytes) {
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
