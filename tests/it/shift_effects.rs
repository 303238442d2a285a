//! The effect of every kind of shift on the outcome table, checked against its closed form.

use crate::shifts::{ROUNDS, forms, rounds, shifted};
use environments::Batch;
use environments::shifts::SHIFTS;
use routing::Dollars;
use serde_json::json;
use std::ops::Range;

/// Mean over `span` of a number of each request.
fn mean(batch: &Batch, span: Range<usize>, number: impl Fn(&Batch, usize) -> f64) -> f64 {
    let n = span.len() as f64;
    span.map(|row| number(batch, row)).sum::<f64>() / n
}

#[test]
fn prices_follow_their_closed_form_and_are_public() {
    let batch = rounds(&*shifted(&[("price", forms("price").0)]), 3, 0..ROUNDS);
    for (row, factor) in [(0, 1.0), (999, 1.0), (1500, 0.1_f64.sqrt()), (2000, 0.1), (3999, 0.1)] {
        let (cost, price) = (batch.cost(row)[2].0, batch.contexts().list_prices(row)[2].0);
        assert!((cost - 4.0 * factor).abs() < 1e-12 && (price - 4.0 * factor).abs() < 1e-12, "round {row}: {cost}");
        assert_eq!(batch.cost(row)[1], Dollars(2.0));
    }
    let walk = rounds(&*shifted(&[("price-walk", forms("price-walk").0)]), 3, 0..ROUNDS);
    let logs: Vec<f64> = (0..40).map(|step| libm::log(walk.cost(step * 100)[2].0 / 4.0)).collect();
    let squares: f64 = logs.windows(2).map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0])).sum();
    assert_eq!(logs[0], 0.0);
    assert!((0.1..0.6).contains(&(squares / 39.0)), "variance of a step {}, expected 0.25", squares / 39.0);
    assert_eq!(walk.cost(399), walk.cost(300), "a price stays between two steps");
}

#[test]
fn tasks_come_with_the_shares_that_the_mix_says() {
    let prose = |batch: &Batch, row: usize| f64::from(u8::from(batch.task(row) == 1));
    let (base, half) = (0.25, json!({ "tasks": { "prose": 1.0 }, "strength": 0.5, "from": 1000 }));
    let batch = rounds(&*shifted(&[("task-mix", half)]), 3, 0..ROUNDS);
    assert!((mean(&batch, 0..1000, prose) - base).abs() < 0.05);
    assert!((mean(&batch, 1000..4000, prose) - (0.5 * base + 0.5)).abs() < 0.03);
    let arriving = rounds(&*shifted(&[("task-arrival", forms("task-arrival").0)]), 3, 0..ROUNDS);
    assert_eq!(mean(&arriving, 0..2000, prose), 0.0);
    assert!((mean(&arriving, 2000..4000, prose) - base).abs() < 0.04);
}

#[test]
fn quality_falls_silently_and_recovers() {
    let batch = rounds(&*shifted(&[("quality", forms("quality").0)]), 3, 0..ROUNDS);
    let large = |batch: &Batch, row: usize| f64::from(batch.quality(row)[2]);
    assert!((mean(&batch, 0..1000, large) - 0.8).abs() < 1e-6);
    assert!((mean(&batch, 1000..2000, large) - 0.4).abs() < 0.05);
    assert!((mean(&batch, 2000..3000, large) - 0.6).abs() < 0.05, "linear recovery: three quarters on average");
    assert!((mean(&batch, 3000..4000, large) - 0.8).abs() < 1e-6);
    assert_eq!(batch.contexts().list_prices(1500), batch.contexts().list_prices(0), "nothing public tells");
    let better = rounds(&*shifted(&[("quality", json!({ "models": ["small"], "change": 0.5 }))]), 3, 0..ROUNDS);
    assert!((mean(&better, 0..4000, |batch, row| f64::from(batch.quality(row)[0])) - 0.6).abs() < 0.03);
    let swapped = rounds(&*shifted(&[("quality-swap", forms("quality-swap").0)]), 3, 0..ROUNDS);
    assert_eq!((swapped.quality(999)[0], swapped.quality(1000)[0], swapped.quality(1000)[2]), (0.2, 0.8, 0.2));
    assert_eq!(swapped.cost(1000)[0], Dollars(1.0), "prices stay with the names");
}

#[test]
fn the_pool_and_the_preferences_change_when_they_should() {
    let up = |kind: &str| {
        let entry = SHIFTS.iter().find(|entry| entry.name == kind).unwrap().name;
        let batch = rounds(&*shifted(&[(entry, forms(kind).0)]), 3, 0..ROUNDS);
        [0, 999, 1000, 1999, 2000, 3999].map(|row| batch.contexts().available(row)[2])
    };
    assert_eq!(up("arrive"), [false, false, false, false, true, true]);
    assert_eq!(up("retire"), [true, true, true, true, false, false]);
    assert_eq!(up("outage"), [true, true, false, false, true, true]);
    let batch = rounds(&*shifted(&[("preferences", forms("preferences").0)]), 3, 0..ROUNDS);
    let weight = |batch: &Batch, row: usize| batch.contexts().preferences()[row].cost();
    assert!((mean(&batch, 0..1000, weight) - 0.5).abs() < 0.04);
    assert!((mean(&batch, 1000..4000, weight) - 0.95).abs() < 0.01);
    assert!((1000..4000).all(|row| (0.9..=1.0).contains(&weight(&batch, row))));
}

#[test]
fn a_price_book_is_followed_day_by_day() {
    let batch = rounds(&*shifted(&[("price-book", forms("price-book").0)]), 3, 0..ROUNDS);
    // At a quarter of output tokens: 1, then 0.5, then 0.75 x 0.5 + 0.25 x 2 = 0.875 of the price of July 1.
    for (row, factor) in [(0, 1.0), (999, 1.0), (1000, 0.5), (1999, 0.5), (2000, 0.875), (3999, 0.875)] {
        let (cost, price) = (batch.cost(row)[2].0, batch.contexts().list_prices(row)[2].0);
        assert_eq!((cost, price), (4.0 * factor, 4.0 * factor), "round {row}");
        assert_eq!(batch.cost(row)[1], Dollars(2.0));
    }
}

#[test]
fn tenants_have_their_own_preferences_and_change_their_shares() {
    let batch = rounds(&*shifted(&[("tenants", forms("tenants").0)]), 3, 0..ROUNDS);
    let weight = |batch: &Batch, row: usize| batch.contexts().preferences()[row].cost();
    let thrifty = |batch: &Batch, row: usize| f64::from(u8::from(weight(batch, row) > 0.5));
    let near = |w: f64| (0.05..=0.15).contains(&w) || (0.85..=0.95).contains(&w);
    assert!((0..4000).all(|row| near(weight(&batch, row))), "within `spread` of a tenant's weight");
    assert!((mean(&batch, 0..1000, thrifty) - 0.25).abs() < 0.05);
    assert!((mean(&batch, 1000..2000, thrifty) - 0.625).abs() < 0.05, "half way on average");
    assert_eq!(mean(&batch, 2000..4000, thrifty), 1.0);
    let half = json!({ "tenants": { "one": { "w-cost": 1.0, "share": 1.0 } }, "strength": 0.5 });
    let half = rounds(&*shifted(&[("tenants", half)]), 3, 0..ROUNDS);
    assert!((mean(&half, 0..4000, weight) - 0.75).abs() < 0.03, "half of the requests keep their own preference");
}
