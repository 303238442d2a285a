//! Facts of the outcomes alone: scores, dollars, grades, correlations, oracle choices.

use super::Fact;
use crate::Table;

/// Scores closer than this are the same grade.
const SAME: f64 = 1e-6;

/// The facts of `rows`, in an order that depends on models, tasks and `grades` (of each task) alone.
pub(super) fn outcome_facts(table: &Table, rows: &[usize], grades: &[Vec<f64>]) -> Vec<Fact> {
    let mut facts = Vec::new();
    means(table, rows, None, &mut facts);
    oracle(table, rows, &mut facts);
    facts.push(Fact {
        what: "95th percentile of dollars".into(),
        task: None,
        model: None,
        unit: "dollars",
        value: table.cost_quantile(rows, 0.95).unwrap_or_default().0,
    });
    for (task, grades) in grades.iter().enumerate() {
        let own: Vec<usize> = rows.iter().copied().filter(|&row| table.task(row) == task).collect();
        means(table, &own, Some(task), &mut facts);
        partial_grades(table, &own, task, grades, &mut facts);
        correlations(table, &own, task, &mut facts);
        facts.push(share("nobody correct", Some(task), None, &own, |row| best(table, row) <= SAME));
    }
    facts
}

fn share(what: &str, task: Option<usize>, model: Option<usize>, rows: &[usize], holds: impl Fn(usize) -> bool) -> Fact {
    let count = rows.iter().filter(|&&row| holds(row)).count();
    Fact { what: what.to_owned(), task, model, unit: "share", value: count as f64 / rows.len() as f64 }
}

fn best(table: &Table, row: usize) -> f64 {
    table.quality(row).iter().fold(0.0, |best: f64, &q| best.max(f64::from(q)))
}

fn means(table: &Table, rows: &[usize], task: Option<usize>, facts: &mut Vec<Fact>) {
    let n = rows.len() as f64;
    for model in 0..table.arms() {
        let quality = rows.iter().map(|&row| f64::from(table.quality(row)[model])).sum::<f64>() / n;
        let dollars = rows.iter().map(|&row| table.cost(row)[model].0).sum::<f64>() / n;
        for (what, unit, value) in [("mean quality", "score", quality), ("mean dollars", "dollars", dollars)] {
            facts.push(Fact { what: what.into(), task, model: Some(model), unit, value });
        }
    }
}

/// Share of each grade over all models, in tasks that give partial credit.
fn partial_grades(table: &Table, rows: &[usize], task: usize, grades: &[f64], facts: &mut Vec<Fact>) {
    if grades.len() <= 2 {
        return;
    }
    let scores: Vec<f64> = rows.iter().flat_map(|&row| table.quality(row)).map(|&q| f64::from(q)).collect();
    for (at, grade) in grades.iter().enumerate() {
        // A score belongs to the nearest grade.
        let low = if at == 0 { f64::MIN } else { 0.5 * (grade + grades[at - 1]) };
        let high = grades.get(at + 1).map_or(f64::MAX, |next| 0.5 * (grade + next));
        let count = scores.iter().filter(|&&score| low < score && score <= high).count();
        let value = count as f64 / scores.len() as f64;
        facts.push(Fact {
            what: format!("share of grade {grade}"),
            task: Some(task),
            model: None,
            unit: "share",
            value,
        });
    }
}

/// Mean correlation of each model's score with the other models', and of all pairs.
fn correlations(table: &Table, rows: &[usize], task: usize, facts: &mut Vec<Fact>) {
    let (n, arms) = (rows.len() as f64, table.arms());
    let score = |row: usize, model: usize| f64::from(table.quality(row)[model]);
    let mut z: Vec<Vec<f64>> = (0..arms).map(|model| rows.iter().map(|&row| score(row, model)).collect()).collect();
    for scores in &mut z {
        let mean = scores.iter().sum::<f64>() / n;
        let variance = scores.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        scores.iter_mut().for_each(|x| *x = if variance > 0.0 { (*x - mean) / variance.sqrt() } else { f64::NAN });
    }
    let (mut all, mut pairs) = (0.0, 0.0);
    for model in 0..arms {
        let others = (0..arms).filter(|&other| other != model);
        let each = others.map(|other| z[model].iter().zip(&z[other]).map(|(x, y)| x * y).sum::<f64>() / n);
        let defined: Vec<f64> = each.filter(|value| !value.is_nan()).collect();
        let (sum, count) = (defined.iter().sum::<f64>(), defined.len() as f64);
        (all, pairs) = (all + sum, pairs + count);
        let what = "correlation with other models".into();
        facts.push(Fact { what, task: Some(task), model: Some(model), unit: "correlation", value: sum / count });
    }
    let what = "correlation of two models".into();
    facts.push(Fact { what, task: Some(task), model: None, unit: "correlation", value: all / pairs });
}

/// How often each model is the cheapest among the best, and how often nobody scores at all.
fn oracle(table: &Table, rows: &[usize], facts: &mut Vec<Fact>) {
    let choice = |row: usize| {
        let top = best(table, row);
        let among = (0..table.arms()).filter(|&model| f64::from(table.quality(row)[model]) >= top - SAME);
        let cheapest = among.min_by(|&a, &b| table.cost(row)[a].0.total_cmp(&table.cost(row)[b].0));
        if top <= SAME { None } else { cheapest }
    };
    let choices: Vec<Option<usize>> = rows.iter().map(|&row| choice(row)).collect();
    let of =
        |wanted: Option<usize>| choices.iter().filter(|&&chosen| chosen == wanted).count() as f64 / rows.len() as f64;
    for model in 0..table.arms() {
        let value = of(Some(model));
        facts.push(Fact { what: "oracle share".into(), task: None, model: Some(model), unit: "share", value });
    }
    facts.push(Fact { what: "nobody correct".into(), task: None, model: None, unit: "share", value: of(None) });
}
