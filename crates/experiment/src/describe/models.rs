//! What is odd about models, their scores and dollars, about features, and about how prompts spread over tasks.

use super::facts::{Facts, STEPS};
use super::wording::{counted, dollars, finding};
use environments::Table;
use routing::{Objective, Preference};
use store::{Finding, Severity};

/// Weights on cost of the usual sweep.
const WEIGHTS: [f64; 7] = [0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0];

/// Quantile of all dollars that is tau unless told otherwise.
const TAU: f64 = 0.95;

/// Shares of training and of training with validation, unless told otherwise.
const BEFORE_TEST: f64 = 0.70 + 0.15;

/// Test prompts of a task below which its score says little.
const FEW: usize = 10;

/// Multiple of its model's median dollars from which a call is an outlier.
const FAR: f64 = 100.0;

/// Orders of magnitude between dollars from which a mistaken unit is likelier than a price.
const WIDE: f64 = 6.0;

/// How many calls of each model cost nothing, of those models that have such calls.
pub fn free_calls(table: &Table) -> Vec<(&str, usize)> {
    let free = |arm: usize| {
        (0..table.len()).filter_map(|row| table.outcome(row, arm)).filter(|outcome| outcome.cost.0 == 0.0).count()
    };
    let models = table.models().iter().enumerate().map(|(arm, model)| (model.as_str(), free(arm)));
    models.filter(|(_, free)| *free > 0).collect()
}

/// A price of 0 is a free model or a missing price.
pub(super) fn zero_prices(facts: &Facts<'_>) -> Option<Finding> {
    let mut free = arms(facts, |arm| facts.models[arm].free > 0);
    let calls: usize = free.iter().map(|&arm| facts.models[arm].free).sum();
    free.sort_by_key(|&arm| std::cmp::Reverse(facts.models[arm].free));
    (calls > 0).then(|| {
        let what = format!(
            "{} of {} cost $0: free, or the price is missing",
            counted(calls, "call"),
            counted(free.len(), "model")
        );
        let shown = |&arm: &usize| {
            format!("{}: {} of {}", facts.model(arm), facts.models[arm].free, counted(facts.models[arm].calls, "call"))
        };
        let numbers = [("calls", calls as f64), ("models", free.len() as f64)];
        finding("zero-price", Severity::Warning, what, &numbers, free.iter().map(shown))
    })
}

/// Calls far above what their model usually costs: one of them moves a mean.
pub(super) fn outliers(facts: &Facts<'_>) -> Option<Finding> {
    let mut found = Vec::new();
    for arm in arms(facts, |arm| facts.models[arm].median > 0.0) {
        let median = facts.models[arm].median;
        for row in 0..facts.table.len() {
            let cost = facts.table.outcome(row, arm).map_or(0.0, |outcome| outcome.cost.0);
            if cost > FAR * median {
                found.push((cost / median, arm, row));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let most = found.first()?.0;
    let what = format!(
        "{} cost more than {FAR} times the median of their model: a slip of units, or a call that ran away",
        counted(found.len(), "call")
    );
    let shown = found.iter().map(|&(times, arm, row)| {
        let cost = facts.table.cost(row)[arm].0;
        let (model, id, cost) = (facts.model(arm), facts.table.id(row), dollars(cost));
        format!("{model}, {id}: {cost} is {times:.0} times the median")
    });
    let numbers = [("calls", found.len() as f64), ("most_times_the_median", most)];
    Some(finding("cost-outliers", Severity::Warning, what, &numbers, shown))
}

/// Cells that nobody recorded, by model.
pub(super) fn gaps_by_model(facts: &Facts<'_>) -> Option<Finding> {
    let (prompts, gaps) = (facts.table.len(), facts.table.gaps());
    let missing = |arm: usize| prompts - facts.models[arm].calls;
    let mut lacking = arms(facts, |arm| missing(arm) > 0);
    lacking.sort_by_key(|&arm| std::cmp::Reverse(missing(arm)));
    (gaps > 0).then(|| {
        let cells = prompts * facts.table.arms();
        let what = format!(
            "{gaps} of {cells} cells are gaps, of {}: means of models are over the prompts that each answered",
            counted(lacking.len(), "model")
        );
        let shown = |&arm: &usize| format!("{}: {} of {prompts}", facts.model(arm), missing(arm));
        let numbers = [("gaps", gaps as f64), ("cells", cells as f64), ("models", lacking.len() as f64)];
        finding("gaps-by-model", Severity::Warning, what, &numbers, lacking.iter().map(shown))
    })
}

/// Cells that nobody recorded, by task.
pub(super) fn gaps_by_task(facts: &Facts<'_>) -> Option<Finding> {
    let mut lacking: Vec<usize> = (0..facts.tasks.len()).filter(|&task| facts.tasks[task].gaps > 0).collect();
    lacking.sort_by_key(|&task| std::cmp::Reverse(facts.tasks[task].gaps));
    (!lacking.is_empty()).then(|| {
        let what = format!("{} with gaps", counted(lacking.len(), "task"));
        let shown = |&task: &usize| {
            let cells = facts.tasks[task].prompts * facts.table.arms();
            format!("{}: {} of {cells} cells", facts.table.tasks()[task], facts.tasks[task].gaps)
        };
        finding("gaps-by-task", Severity::Warning, what, &[("tasks", lacking.len() as f64)], lacking.iter().map(shown))
    })
}

/// A model with one score for every prompt has most likely not been scored.
pub(super) fn constant_quality(facts: &Facts<'_>) -> Option<Finding> {
    let constant = arms(facts, |arm| facts.models[arm].calls > 1 && facts.models[arm].levels.len() == 1);
    (!constant.is_empty()).then(|| {
        let what = format!("{} with the same quality on every prompt", counted(constant.len(), "model"));
        let score = |arm: usize| facts.models[arm].levels.first().map_or(0.0, |bits| f32::from_bits(*bits));
        let shown = |&arm: &usize| {
            format!("{}: {} on {}", facts.model(arm), score(arm), counted(facts.models[arm].calls, "prompt"))
        };
        let numbers = [("models", constant.len() as f64)];
        finding("constant-quality", Severity::Warning, what, &numbers, constant.iter().map(shown))
    })
}

/// Scores of any value where those of most models are in steps: another judge, or a mean of several answers.
pub(super) fn unstepped_quality(facts: &Facts<'_>) -> Option<Finding> {
    let judged = arms(facts, |arm| facts.models[arm].calls > 2 * STEPS);
    let (stepped, free): (Vec<usize>, Vec<usize>) =
        judged.iter().copied().partition(|&arm| facts.models[arm].levels.len() <= STEPS);
    (!free.is_empty() && stepped.len() >= free.len()).then(|| {
        let what = format!(
            "quality of {} is not in steps, where that of {} takes at most {STEPS} values: another judge or scale?",
            counted(free.len(), "model"),
            counted(stepped.len(), "other")
        );
        let numbers = [("models", free.len() as f64), ("models_in_steps", stepped.len() as f64)];
        let shown = free.iter().map(|&arm| facts.model(arm).to_owned());
        finding("unstepped-quality", Severity::Warning, what, &numbers, shown)
    })
}

/// Features that say nothing.
pub(super) fn features(facts: &Facts<'_>) -> Option<Finding> {
    let (table, d) = (facts.table, facts.table.dimension());
    if table.len() < 2 || d == 0 {
        return None;
    }
    let mut constant = vec![true; d];
    let mut blank = Vec::new();
    for row in 0..table.len() {
        let features = table.features(row);
        let first = table.features(0);
        constant.iter_mut().zip(features.iter().zip(first)).for_each(|(same, (value, first))| *same &= value == first);
        if features.iter().all(|value| *value == 0.0) {
            blank.push(row);
        }
    }
    let constants = constant.iter().filter(|same| **same).count();
    (constants > 0 || !blank.is_empty()).then(|| {
        let severity = if constants == d { Severity::Warning } else { Severity::Note };
        let what = format!(
            "{constants} of {} are the same on every prompt; {} have no feature other than 0",
            counted(d, "feature"),
            counted(blank.len(), "prompt")
        );
        let numbers =
            [("constant_features", constants as f64), ("features", d as f64), ("prompts_of_zeros", blank.len() as f64)];
        finding("silent-features", severity, what, &numbers, blank.iter().map(|&row| table.id(row).to_owned()))
    })
}

/// Tasks with too few prompts for a score on the test split.
pub(super) fn small_tasks(facts: &Facts<'_>) -> Option<Finding> {
    let tested = |task: usize| {
        let prompts = facts.tasks[task].prompts;
        prompts - (BEFORE_TEST * prompts as f64).round() as usize
    };
    let mut small: Vec<usize> =
        (0..facts.tasks.len()).filter(|&task| facts.tasks[task].prompts > 0 && tested(task) < FEW).collect();
    small.sort_by_key(|&task| tested(task));
    (!small.is_empty()).then(|| {
        let what = format!(
            "{} of {} get fewer than {FEW} test prompts from a split of 70/15/15: their scores will have wide intervals",
            counted(small.len(), "task"),
            facts.tasks.len()
        );
        let shown = |&task: &usize| {
            let prompts = facts.tasks[task].prompts;
            format!("{}: {} of {}", facts.table.tasks()[task], tested(task), counted(prompts, "prompt"))
        };
        let numbers = [("tasks", small.len() as f64), ("all_tasks", facts.tasks.len() as f64)];
        finding("small-tasks", Severity::Warning, what, &numbers, small.iter().map(shown))
    })
}

/// One task: nothing can be told apart by it, or held out.
pub(super) fn single_task(facts: &Facts<'_>) -> Option<Finding> {
    let [task] = facts.table.tasks() else { return None };
    let what = "there is a single task: scores by task repeat those over all, and no task can be held out".to_owned();
    Some(finding("single-task", Severity::Note, what, &[("tasks", 1.0)], [task.clone()]))
}

/// Models that no preference of the usual sweep would choose for any prompt.
pub(super) fn never_best(facts: &Facts<'_>) -> Option<Finding> {
    let table = facts.table;
    let rows: Vec<usize> = (0..table.len()).collect();
    let objective = Objective::new(table.cost_quantile(&rows, TAU)?);
    let preferences = WEIGHTS.map(|weight| Preference::new(weight).expect("every weight of the sweep lies in [0, 1]"));
    let mut ever = vec![false; table.arms()];
    for row in rows {
        let terms = || (0..table.arms()).filter_map(|arm| Some((arm, objective.terms(&table.outcome(row, arm)?))));
        for preference in preferences {
            let best = terms().map(|(_, terms)| terms.reward(preference)).fold(f64::NEG_INFINITY, f64::max);
            terms().filter(|(_, terms)| terms.reward(preference) >= best).for_each(|(arm, _)| ever[arm] = true);
        }
    }
    let never = arms(facts, |arm| facts.models[arm].calls > 0 && !ever[arm]);
    (!never.is_empty()).then(|| {
        let what = format!(
            "{} never the best, on no prompt and at no weight on cost of {}",
            if never.len() == 1 { "1 model is".to_owned() } else { format!("{} models are", never.len()) },
            WEIGHTS.map(|weight| weight.to_string()).join(", ")
        );
        let numbers = [("models", never.len() as f64)];
        finding("never-best", Severity::Note, what, &numbers, never.iter().map(|&arm| facts.model(arm).to_owned()))
    })
}

/// Models that another beats on average in both quality and dollars.
pub(super) fn dominated(facts: &Facts<'_>) -> Option<Finding> {
    let by = super::dominators(facts.table);
    let dominated = arms(facts, |arm| by[arm].is_some());
    (!dominated.is_empty()).then(|| {
        let what = format!(
            "{} no better than a cheaper one on average",
            match dominated.len() {
                1 => "1 model is".to_owned(),
                several => format!("{several} models are"),
            }
        );
        let shown =
            dominated.iter().filter_map(|&arm| Some(format!("{} by {}", facts.model(arm), facts.model(by[arm]?))));
        finding("dominated", Severity::Note, what, &[("models", dominated.len() as f64)], shown)
    })
}

/// How far apart the cheapest and the dearest call are.
pub(super) fn dollars_range(facts: &Facts<'_>) -> Option<Finding> {
    let (low, high) = facts.dollars?;
    let orders = libm::log10(high / low);
    let severity = if orders >= WIDE { Severity::Warning } else { Severity::Note };
    let doubt = if orders >= WIDE { ": is every price in the same unit?" } else { "" };
    let what = format!(
        "dollars of a call above 0 span {orders:.1} orders of magnitude, {} to {}{doubt}",
        dollars(low),
        dollars(high)
    );
    let numbers = [("orders_of_magnitude", orders), ("least_usd", low), ("most_usd", high)];
    Some(finding("dollars-range", severity, what, &numbers, []))
}

/// Models that `is` holds of, in the order of the table.
fn arms(facts: &Facts<'_>, is: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..facts.models.len()).filter(|&arm| is(arm)).collect()
}
