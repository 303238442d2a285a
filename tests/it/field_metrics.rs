//! What must hold of the metrics of the field and of the statistics, whatever the numbers: the order of settings does not
//! matter, nor does saying one twice; dollars have no scale; values stay in their ranges.

use metrics::field::{self, Hull, Pair, Point, Split};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed};

/// Cases that are the same on every host and in every run, and leave no file behind.
fn config() -> Config {
    Config {
        cases: 300,
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(12),
        ..Config::default()
    }
}

fn point() -> impl Strategy<Value = Point> {
    (1e-5..1e-2_f64, 0.0..1.0_f64).prop_map(|(cost, quality)| Point { cost, quality })
}

/// Settings of a router and single models.
fn dials() -> impl Strategy<Value = (Vec<Point>, Vec<Point>)> {
    (vec(point(), 1..10), vec(point(), 2..6))
}

/// Every metric of a set of settings beside single models: name, value, and whether dollars scale it.
fn measured(router: &[Point], singles: &[Point]) -> Vec<(&'static str, Option<f64>, bool)> {
    let dearest = singles.iter().map(|single| single.cost).fold(0.0, f64::max);
    let common = router.iter().map(|setting| setting.cost).fold(dearest, f64::max);
    let all: Vec<Point> = router.iter().chain(singles).copied().collect();
    let best = field::best_single(singles).unwrap();
    let reference = Point { cost: dearest, quality: 0.0 };
    vec![
        ("aiq", field::aiq(router), false),
        ("aiq_routerbench", field::aiq_routerbench(router, common), false),
        ("zero_router_gain", field::zero_router_gain(router, singles), false),
        ("hypervolume", Some(field::hypervolume(router, reference)), true),
        ("iso_quality_saving", field::iso_quality_saving(router, singles, best.quality), false),
        ("qnc", field::qnc(router, singles), false),
        ("qnc_orbit", field::qnc_orbit(router, singles), false),
        ("perf_gain", field::perf_gain(router, singles), false),
        ("cost_save", field::cost_save(router, singles), false),
        ("pareto_dist", field::pareto_dist(router, &field::pareto_front(&all), dearest), false),
    ]
}

#[track_caller]
fn close(name: &str, one: Option<f64>, other: Option<f64>) -> Result<(), TestCaseError> {
    match (one, other) {
        (Some(a), Some(b)) => prop_assert!((a - b).abs() <= 1e-9 * a.abs().max(1.0), "{name}: {a} and {b}"),
        _ => prop_assert_eq!(one, other, "{}", name),
    }
    Ok(())
}

fn times(points: &[Point], factor: f64) -> Vec<Point> {
    points.iter().map(|point| Point { cost: factor * point.cost, ..*point }).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_order_of_settings_and_models_does_not_matter((router, singles) in dials(), turn in 0..10_usize) {
        let (mut turned, mut other) = (router.clone(), singles.clone());
        turned.reverse();
        turned.rotate_left(turn % router.len());
        other.rotate_left(turn % singles.len());
        for (one, two) in measured(&router, &singles).into_iter().zip(measured(&turned, &other)) {
            close(one.0, one.1, two.1)?;
        }
    }

    #[test]
    fn a_setting_that_stands_twice_counts_once((router, singles) in dials(), place in 0..10_usize) {
        let twice = router.iter().copied().chain([router[place % router.len()]]).collect::<Vec<_>>();
        let means = ["pareto_dist"];
        for (one, two) in measured(&router, &singles).into_iter().zip(measured(&twice, &singles)) {
            if !means.contains(&one.0) {
                close(one.0, one.1, two.1)?;
            }
        }
    }

    #[test]
    fn another_currency_changes_nothing_but_areas((router, singles) in dials(), factor in 0.01..100.0_f64) {
        let (router_in, singles_in) = (times(&router, factor), times(&singles, factor));
        for (one, two) in measured(&router, &singles).into_iter().zip(measured(&router_in, &singles_in)) {
            let expected = if one.2 { one.1.map(|value| factor * value) } else { one.1 };
            close(one.0, expected, two.1)?;
        }
    }

    #[test]
    fn values_stay_in_their_ranges((router, singles) in dials()) {
        let best = router.iter().map(|setting| setting.quality).fold(0.0, f64::max);
        for (name, value, _) in measured(&router, &singles) {
            let Some(value) = value else { continue };
            let (low, high) = match name {
                "aiq" | "aiq_routerbench" => (0.0, best),
                "zero_router_gain" => (-1.0, 1.0),
                "hypervolume" | "pareto_dist" | "qnc" | "qnc_orbit" => (0.0, f64::INFINITY),
                "iso_quality_saving" | "cost_save" => (f64::NEG_INFINITY, 1.0),
                _ => (-1.0, f64::INFINITY),
            };
            prop_assert!(value >= low - 1e-12 && value <= high + 1e-12, "{}: {} not in [{}, {}]", name, value, low, high);
        }
    }

    #[test]
    fn the_hull_lies_above_every_setting_and_inverts_itself(router in vec(point(), 1..12)) {
        let hull = Hull::of(&router).unwrap();
        for setting in &router {
            let height = hull.quality_at(setting.cost).unwrap();
            prop_assert!(height >= setting.quality - 1e-12);
            let cost = hull.cost_of(height).unwrap();
            prop_assert!(cost <= setting.cost * (1.0 + 1e-9));
        }
        let corners = hull.corners();
        prop_assert!(corners.windows(2).all(|pair| pair[0].cost < pair[1].cost && pair[0].quality < pair[1].quality));
    }

    #[test]
    fn one_more_setting_never_lowers_what_the_best_of_the_dial_gives((router, singles) in dials(), more in point()) {
        let (weights, larger) = ([0.0, 0.3, 1.0], router.iter().copied().chain([more]).collect::<Vec<_>>());
        let reference = Point { cost: 1e-2, quality: 0.0 };
        prop_assert!(field::hypervolume(&larger, reference) >= field::hypervolume(&router, reference));
        let (before, after) = (field::expected_utility(&router, &weights), field::expected_utility(&larger, &weights));
        prop_assert!(after.unwrap() >= before.unwrap());
        let loss = |dial: &[Point]| field::maximum_utility_loss(dial, &singles, &weights).unwrap();
        prop_assert!(loss(&larger) <= loss(&router));
    }

    #[test]
    fn two_models_have_an_order_free_dial(mut dial in vec((0.0..1.0_f64, 0.0..1.0_f64), 2..12), target in 0.1..1.0_f64) {
        let pair = Pair { weak: 0.3, strong: 0.7 };
        let settings = |dial: &[(f64, f64)]| -> Vec<Split> {
            dial.iter().map(|&(strong, quality)| Split { strong, quality }).collect()
        };
        let measured = |dial: &[(f64, f64)]| {
            let settings = settings(dial);
            [
                field::apgr(&settings, pair),
                field::apgr_routellm(&settings, pair),
                field::cpt(&settings, pair, target),
                field::cpt_routellm(&settings, pair, target),
            ]
        };
        let before = measured(&dial);
        dial.reverse();
        for (one, two) in before.into_iter().zip(measured(&dial)) {
            close("two models", one, two)?;
        }
        for share in before[2..].iter().flatten() {
            prop_assert!((0.0..=1.0).contains(share), "{}", share);
        }
    }

    #[test]
    fn risks_and_probabilities_stay_in_their_ranges(pairs in vec((0.0..1.0_f64, 0.0..1.0_f64), 1..40), turn in 0..40_usize) {
        let mut turned = pairs.clone();
        turned.rotate_left(turn % pairs.len());
        for metric in [field::aurc, field::brier] {
            let value = metric(&pairs).unwrap();
            prop_assert!((0.0..=1.0).contains(&value));
            close("by prompt", Some(value), metric(&turned))?;
        }
        let whole = field::risk_coverage(&pairs).last().copied().unwrap();
        let mean = pairs.iter().map(|(_, loss)| loss).sum::<f64>() / pairs.len() as f64;
        prop_assert!(whole.coverage == 1.0 && (whole.risk - mean).abs() < 1e-12);
    }

    #[test]
    fn a_dial_turned_the_other_way_has_the_other_sign(values in vec(0.0..1.0_f64, 2..12), factor in 0.1..10.0_f64) {
        let value = field::dial_monotonicity(&values).unwrap();
        prop_assert!((-1.0..=1.0).contains(&value));
        let back: Vec<f64> = values.iter().rev().map(|value| factor * value).collect();
        close("dial", Some(-value), field::dial_monotonicity(&back))?;
    }

    #[test]
    fn adjusted_p_values_are_no_smaller_keep_their_order_and_holm_is_the_stricter(p in vec(0.0..1.0_f64, 1..20)) {
        let (holm, bh) = (statistics::holm(&p), statistics::benjamini_hochberg(&p));
        for place in 0..p.len() {
            prop_assert!(p[place] <= bh[place] + 1e-12 && bh[place] <= holm[place] + 1e-12 && holm[place] <= 1.0);
            for other in 0..p.len() {
                prop_assert!(p[place] > p[other] || (holm[place] <= holm[other] && bh[place] <= bh[other]));
            }
        }
        let mut back = p.clone();
        back.reverse();
        let mut turned = statistics::holm(&back);
        turned.reverse();
        prop_assert_eq!(turned, holm);
    }

    #[test]
    fn the_interquartile_mean_lies_in_the_middle_half(mut scores in vec(-5.0..5.0_f64, 4..60), shift in -3.0..3.0_f64) {
        let value = statistics::interquartile_mean(&scores);
        let moved: Vec<f64> = scores.iter().rev().map(|score| score + shift).collect();
        close("iqm", Some(value + shift), Some(statistics::interquartile_mean(&moved)))?;
        scores.sort_by(f64::total_cmp);
        let cut = scores.len() / 4;
        prop_assert!(scores[cut] - 1e-12 <= value && value <= scores[scores.len() - 1 - cut] + 1e-12);
    }

    #[test]
    fn collapse_and_entropy_stay_in_their_ranges(rows in vec((0.0..1.0_f64, 0.0..1.0_f64, 0..3_usize), 1..30)) {
        let scores: Vec<f64> = rows.iter().flat_map(|&(a, b, _)| [a.round(), b.round(), 0.5]).collect();
        let chosen: Vec<usize> = rows.iter().map(|&(.., arm)| arm).collect();
        let index = field::routing_collapse(&scores, 3, &chosen, 2).unwrap();
        prop_assert!((0.0..=1.0).contains(&index));
        let law: Vec<f64> = rows.iter().flat_map(|&(a, b, _)| {
            let total = a + b + 1.0;
            [a / total, b / total, 1.0 / total]
        }).collect();
        let entropy = field::router_eval_ep(&law, 3).unwrap();
        prop_assert!(entropy >= 0.0 && entropy <= libm::log2(3.0) + 1e-12);
    }
}
