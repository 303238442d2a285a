//! The metrics of the field from what is stored: each replicate of a policy beside the single models of the same replicate.
//!
//! Nothing is simulated again: only rewards, scores, dollars and shares of the test phase are read, so `barp report` adds these
//! numbers to folders of any age. A metric whose inputs are not there (no single models in the run, more than two models, a
//! quality that is not reached) has no value. The best, the dearest and the stronger single model are those of the test
//! prompts of that replicate.

mod aggregate;
mod dial;
mod jackknife;

pub(crate) use aggregate::aggregates;

use dial::{Dial, Layout, Setting};
use metrics::field::{self, Pair, Point};
use metrics::{About, Better};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::words::{ALL_TASKS, phase};
use store::{Direction, Influences, Label, Quantity, Role, Run, Scores, Standing, in_parallel};

/// What spans the dial, in the order of summaries.
const WHOLE: [About; 23] = [
    field::AIQ,
    field::AIQ_ROUTERBENCH,
    field::ZERO_ROUTER_GAIN,
    field::HYPERVOLUME,
    field::EXPECTED_UTILITY,
    field::MAXIMUM_UTILITY_LOSS,
    field::ISO_QUALITY_SAVING,
    field::QNC,
    field::QNC_ORBIT,
    field::NAUC_ORBIT,
    field::PERF_GAIN,
    field::COST_SAVE,
    field::PARETO_DIST,
    field::APGR,
    field::APGR_ROUTELLM,
    field::CPT_50,
    field::CPT_80,
    field::CPT_50_ROUTELLM,
    field::CPT_80_ROUTELLM,
    field::DIAL_COST,
    field::DIAL_QUALITY,
    field::TASK_MEAN_REWARD,
    field::TASK_MEAN_QUALITY,
];

/// What stands at each weight.
const EACH: [About; 3] = [field::PGR, field::ARENA_SCORE, field::ROUTER_EVAL_VB];

/// Whether [`derived`] makes `metric`.
pub fn is_derived(metric: &str) -> bool {
    WHOLE.iter().chain(&EACH).any(|about| about.name == metric)
}

/// For each of `runs` that was tested at weights, a run of the same labels with the metrics of the field: one number a
/// replicate, NaN where it does not exist. `n` is the number of test prompts. Where replicates share their prompts, or there
/// is one, it has the influences of groups of prompts too, if the rows of the test prompts are there and can be read.
pub fn derived(runs: &[Run]) -> Vec<Run> {
    in_groups(runs, GROUPS)
}

/// Groups of prompts that are left out one by one: as many as give Student's t 19 degrees of freedom, at 20 times the work.
const GROUPS: usize = 20;

/// [`derived`] with up to so many groups of prompts.
fn in_groups(runs: &[Run], count: usize) -> Vec<Run> {
    let wanted = jackknife::wanted(runs);
    let mut groups: BTreeMap<(&Label, u32), Vec<usize>> = BTreeMap::new();
    for (place, run) in runs.iter().enumerate() {
        groups.entry((&run.environment, run.replicate)).or_default().push(place);
    }
    let groups: Vec<Vec<usize>> = groups.into_values().collect();
    let made = in_parallel(&groups, |group| replicate(runs, group, &wanted, count));
    let mut made: Vec<Measured> = made.into_iter().flatten().collect();
    made.sort_by_key(|one| one.place);
    let mut grids = Grids::default();
    let finished = |one: Measured| {
        let run = &runs[one.place];
        let scores = Scores::at_once(grids.quantities(&one.weights), one.values, one.prompts, one.standing);
        run.with_scores(scores, one.influences)
    };
    made.into_iter().map(finished).collect()
}

/// The numbers of one run: those of [`WHOLE`], then those of [`EACH`] at every weight.
struct Measured {
    /// Place of the run.
    place: usize,
    weights: Vec<f64>,
    values: Vec<f64>,
    prompts: u64,
    standing: Standing,
    influences: Option<Influences>,
}

/// What is measured on each grid of weights, written once for all runs that have it.
#[derive(Default)]
struct Grids(Vec<(Vec<f64>, Arc<[Quantity]>)>);

impl Grids {
    fn quantities(&mut self, weights: &[f64]) -> Arc<[Quantity]> {
        if let Some((_, known)) = self.0.iter().find(|(known, _)| known == weights) {
            return known.clone();
        }
        let whole = WHOLE.iter().map(|about| quantity(about, None));
        let each = weights.iter().flat_map(|&weight| EACH.iter().map(move |about| quantity(about, Some(weight))));
        let all: Arc<[Quantity]> = whole.chain(each).collect();
        self.0.push((weights.to_vec(), all.clone()));
        all
    }
}

fn quantity(about: &About, w_cost: Option<f64>) -> Quantity {
    Quantity {
        phase: phase::TEST.into(),
        w_cost,
        task: ALL_TASKS.into(),
        arm: None,
        metric: about.name.into(),
        unit: about.unit.into(),
        direction: match about.better {
            Better::Higher => Direction::Up,
            Better::Lower => Direction::Down,
            Better::Neither => Direction::None,
        },
    }
}

/// A run with its dial.
struct Member<'a> {
    /// Place of the run.
    place: usize,
    run: &'a Run,
    /// Place of its layout.
    layout: usize,
    dial: Dial,
}

/// The numbers of the runs `group`, which met the same requests; of those that are `wanted` with the influences of up to
/// `count` groups of prompts.
fn replicate(runs: &[Run], group: &[usize], wanted: &[bool], count: usize) -> Vec<Measured> {
    let mut layouts: Vec<(&Scores, Layout)> = Vec::new();
    let mut members: Vec<Member<'_>> = Vec::new();
    for &place in group {
        let run = &runs[place];
        let known = layouts.iter().position(|(other, _)| other.alike(&run.scores));
        let layout = known.unwrap_or_else(|| {
            layouts.push((&run.scores, Layout::of(run.scores.quantities())));
            layouts.len() - 1
        });
        members.extend(Dial::of(&run.scores, &layouts[layout].1).map(|dial| Member { place, run, layout, dial }));
    }
    let singles = Singles::of(members.iter().map(|one| (one.run, &one.dial)));
    let layouts: Vec<Layout> = layouts.into_iter().map(|(_, layout)| layout).collect();
    let influences = jackknife::influences(&members, &layouts, wanted, count);
    let measured = |(Member { place, dial, .. }, influences): (&Member<'_>, Option<Influences>)| Measured {
        place: *place,
        weights: dial.settings.iter().map(|setting| setting.weight).collect(),
        values: numbers(dial, &singles),
        prompts: dial.prompts,
        standing: dial.standing,
        influences,
    };
    members.iter().zip(influences).map(measured).collect()
}

/// The values of [`WHOLE`], then those of [`EACH`] at every weight; NaN where one does not exist.
fn numbers(dial: &Dial, singles: &Singles) -> Vec<f64> {
    let each = dial.settings.iter().flat_map(|setting| each(setting, singles));
    whole(dial, singles).into_iter().chain(each).map(|value| value.unwrap_or(f64::NAN)).collect()
}

/// The single models of a replicate, each by its first setting: the weight changes neither its dollars nor its quality.
#[derive(Default)]
struct Singles {
    points: Vec<Point>,
    /// As [`Dial::utilities`], at its largest weight; none where one model has none.
    utilities: Option<Vec<Point>>,
    /// The better of two models, where there are two that differ in quality.
    strong: Option<(Label, Pair)>,
}

impl Singles {
    fn of<'a>(all: impl Iterator<Item = (&'a Run, &'a Dial)>) -> Singles {
        let own: Vec<_> = all.filter(|(run, _)| run.identity.role == Role::SingleModel).collect();
        let points: Vec<Point> = own.iter().filter_map(|(_, dial)| dial.points().first().copied()).collect();
        let utilities = own.iter().map(|(_, dial)| dial.utilities()?.last().copied()).collect();
        let names: Option<Vec<&Label>> = own.iter().map(|(run, _)| run.identity.model.as_ref()).collect();
        let strong = match (points.as_slice(), names.as_deref()) {
            ([a, b], Some([first, second])) if a.quality != b.quality => {
                let pair = Pair { weak: a.quality.min(b.quality), strong: a.quality.max(b.quality) };
                Some(((if a.quality > b.quality { *first } else { *second }).clone(), pair))
            }
            _ => None,
        };
        Singles { points, utilities, strong }
    }

    fn best(&self) -> Option<Point> {
        field::best_single(&self.points)
    }

    /// Dollars of the dearest.
    fn dearest(&self) -> Option<f64> {
        self.points.iter().map(|point| point.cost).reduce(f64::max)
    }
}

/// The values of [`WHOLE`].
fn whole(dial: &Dial, singles: &Singles) -> [Option<f64>; WHOLE.len()] {
    let (settings, models) = (dial.points(), singles.points.as_slice());
    let dearest = singles.dearest();
    let common = dearest.map(|cost| settings.iter().map(|setting| setting.cost).fold(cost, f64::max));
    let everything: Vec<Point> = settings.iter().chain(models).copied().collect();
    let by_budget: Vec<Point> = settings.iter().rev().copied().collect();
    let along = |part: fn(&Point) -> f64| field::dial_monotonicity(&settings.iter().map(part).collect::<Vec<_>>());
    let [utility, loss] = utilities(dial, singles);
    let [apgr, apgr_code, cpt_50, cpt_80, cpt_50_code, cpt_80_code] = two_models(dial, singles);
    [
        field::aiq(&settings),
        common.and_then(|common| field::aiq_routerbench(&settings, common)),
        field::zero_router_gain(&settings, models),
        dearest.map(|cost| field::hypervolume(&settings, Point { cost, quality: 0.0 })),
        utility,
        loss,
        singles.best().and_then(|best| field::iso_quality_saving(&settings, models, best.quality)),
        field::qnc(&settings, models),
        field::qnc_orbit(&settings, models),
        field::nauc_orbit(&by_budget, models),
        field::perf_gain(&settings, models),
        field::cost_save(&settings, models),
        dearest.and_then(|cost| field::pareto_dist(&settings, &field::pareto_front(&everything), cost)),
        apgr,
        apgr_code,
        cpt_50,
        cpt_80,
        cpt_50_code,
        cpt_80_code,
        along(|setting| setting.cost),
        along(|setting| setting.quality),
        field::task_mean(&dial.by_task(Setting::task_rewards)),
        field::task_mean(&dial.by_task(Setting::task_qualities)),
    ]
}

/// Expected utility, and the largest loss of it to the single models, over the dial's own weights.
fn utilities(dial: &Dial, singles: &Singles) -> [Option<f64>; 2] {
    let weights: Vec<f64> = dial.settings.iter().map(|setting| setting.weight).collect();
    let Some(own) = dial.utilities() else { return [None; 2] };
    let models = singles.utilities.as_ref().filter(|models| !models.is_empty());
    [
        field::expected_utility(&own, &weights),
        models.and_then(|models| field::maximum_utility_loss(&own, models, &weights)),
    ]
}

/// APGR by the paper and by the code, CPT at 50 and 80 % by the first crossing, then by the code.
fn two_models(dial: &Dial, singles: &Singles) -> [Option<f64>; 6] {
    let Some((strong, pair)) = &singles.strong else { return [None; 6] };
    let Some(splits) = dial.splits(strong) else { return [None; 6] };
    [
        field::apgr(&splits, *pair),
        field::apgr_routellm(&splits, *pair),
        field::cpt(&splits, *pair, 0.5),
        field::cpt(&splits, *pair, 0.8),
        field::cpt_routellm(&splits, *pair, 0.5),
        field::cpt_routellm(&splits, *pair, 0.8),
    ]
}

/// The values of [`EACH`] at one setting.
fn each(setting: &Setting, singles: &Singles) -> [Option<f64>; EACH.len()] {
    let Some(point) = setting.point() else { return [None; EACH.len()] };
    [
        singles.strong.as_ref().and_then(|(_, pair)| field::pgr(point.quality, *pair)),
        field::arena_score(point.quality, point.cost),
        singles.best().and_then(|best| field::router_eval_vb(point.quality, best.quality)),
    ]
}

#[cfg(test)]
mod tests;
