//! What a run measured on its test prompts, by weight: the dial that the metrics of the field are made of.

use metrics::field::{Point, Split};
use store::words::{ALL_TASKS, metric, phase};
use store::{Label, Measurement, Quantity, Scores, Standing};

/// The scores of one run on the test split.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    /// One for each weight on cost, the smallest first.
    pub(super) settings: Vec<Setting>,
    /// Fewest test prompts behind a setting.
    pub(super) prompts: u64,
    pub(super) standing: Standing,
    /// Whether answers were timed, so that the reward may hold more than quality and dollars.
    timed: bool,
}

/// What was measured at one weight.
#[derive(Clone, Debug, Default)]
pub(super) struct Setting {
    pub(super) weight: f64,
    reward: Option<f64>,
    quality: Option<f64>,
    cost: Option<f64>,
    /// By model.
    shares: Vec<(Label, f64)>,
    /// Rewards and qualities of the tasks, in the order of the run.
    task_rewards: Vec<f64>,
    task_qualities: Vec<f64>,
}

/// What a score is about, where a dial needs it.
#[derive(Clone, Copy)]
enum Part {
    Reward,
    Quality,
    Cost,
    Share,
    TaskReward,
    TaskQuality,
    Timed,
}

/// Which scores of a run are about a dial, as places among its scores; runs that measured the same share it.
pub(super) struct Layout(Vec<(usize, Part)>);

impl Layout {
    pub(super) fn of(quantities: &[Quantity]) -> Layout {
        let all = quantities.iter().enumerate();
        Layout(all.filter_map(|(place, quantity)| Some((place, part(quantity)?))).collect())
    }

    /// The places of the scores that are numbers of a dial, in order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = usize> {
        self.0.iter().filter(|(_, part)| !matches!(part, Part::Timed)).map(|(place, _)| *place)
    }
}

fn part(quantity: &Quantity) -> Option<Part> {
    if quantity.phase != phase::TEST || quantity.w_cost.is_none() {
        return None;
    }
    match (quantity.metric.as_str(), &*quantity.task == ALL_TASKS) {
        (metric::REWARD, true) => Some(Part::Reward),
        (metric::QUALITY, true) => Some(Part::Quality),
        (metric::COST, true) => Some(Part::Cost),
        (metric::ARM_SHARE, true) => Some(Part::Share),
        (metric::LATENCY, true) => Some(Part::Timed),
        (metric::REWARD, false) => Some(Part::TaskReward),
        (metric::QUALITY, false) => Some(Part::TaskQuality),
        _ => None,
    }
}

impl Dial {
    /// The dial of `scores`; none where nothing was tested at a weight.
    pub(super) fn of(scores: &Scores, layout: &Layout) -> Option<Dial> {
        Dial::with(scores, layout, std::iter::repeat(0.0))
    }

    /// The dial of `scores` less `minus`, one for each of [`Layout::numbers`].
    pub(super) fn with(scores: &Scores, layout: &Layout, minus: impl IntoIterator<Item = f64>) -> Option<Dial> {
        let standing = scores.get(layout.0.first()?.0).standing;
        let mut dial = Dial { settings: Vec::new(), prompts: u64::MAX, standing, timed: false };
        let mut minus = minus.into_iter();
        for &(place, part) in &layout.0 {
            let score = scores.get(place);
            let less = if matches!(part, Part::Timed) { 0.0 } else { minus.next().unwrap_or(f64::NAN) };
            dial.take(part, &Measurement { value: score.value - less, ..score });
        }
        dial.settings.retain(|setting| setting.quality.is_some() && setting.cost.is_some());
        dial.settings.sort_by(|left, right| left.weight.total_cmp(&right.weight));
        (!dial.settings.is_empty()).then_some(dial)
    }

    fn take(&mut self, part: Part, score: &Measurement<'_>) {
        let Some(weight) = score.w_cost.filter(|_| score.value.is_finite()) else { return };
        let known = self.settings.iter().rposition(|setting| setting.weight.to_bits() == weight.to_bits());
        let place = known.unwrap_or(self.settings.len());
        if known.is_none() {
            self.settings.push(Setting { weight, ..Setting::default() });
        }
        let setting = &mut self.settings[place];
        match part {
            Part::Reward => setting.reward = Some(score.value),
            Part::Cost => setting.cost = Some(score.value),
            Part::Share => setting.shares.extend(score.arm.clone().map(|arm| (arm, score.value))),
            Part::TaskReward => setting.task_rewards.push(score.value),
            Part::TaskQuality => setting.task_qualities.push(score.value),
            Part::Timed => self.timed = true,
            Part::Quality => {
                setting.quality = Some(score.value);
                self.prompts = self.prompts.min(score.n);
            }
        }
    }

    /// (dollars, quality) of each setting.
    pub(super) fn points(&self) -> Vec<Point> {
        self.settings.iter().filter_map(Setting::point).collect()
    }

    /// (mean min(dollars / tau, 1), quality) of each setting, from its reward (1 - w) quality - w cost; at weight 0 the cost
    /// is not known, and is infinite. None where the reward may hold a term for waiting.
    pub(super) fn utilities(&self) -> Option<Vec<Point>> {
        let plain = |setting: &Setting| setting.weight == 0.0 && setting.is_quality_alone();
        if self.timed && !self.settings.iter().any(plain) {
            return None;
        }
        let point = |setting: &Setting| {
            let (weight, quality) = (setting.weight, setting.quality?);
            let cost = ((1.0 - weight) * quality - setting.reward?) / weight;
            Some(Point { cost: if weight == 0.0 { f64::INFINITY } else { cost }, quality })
        };
        self.settings.iter().map(point).collect()
    }

    /// The mean over weights of each task's reward, or quality; empty where the run has no tasks, or not the same at every
    /// weight.
    pub(super) fn by_task(&self, part: fn(&Setting) -> &[f64]) -> Vec<f64> {
        let tasks = self.settings.first().map_or(0, |setting| part(setting).len());
        if self.settings.iter().any(|setting| part(setting).len() != tasks) {
            return Vec::new();
        }
        let mean = |task: usize| {
            let values = self.settings.iter().map(|setting| part(setting)[task]);
            values.sum::<f64>() / self.settings.len() as f64
        };
        (0..tasks).map(mean).collect()
    }

    /// What each setting makes of two models, the stronger of which is `strong`.
    pub(super) fn splits(&self, strong: &Label) -> Option<Vec<Split>> {
        self.settings.iter().map(|setting| setting.split(strong)).collect()
    }
}

impl Setting {
    pub(super) fn point(&self) -> Option<Point> {
        Some(Point { cost: self.cost?, quality: self.quality? })
    }

    pub(super) fn task_rewards(&self) -> &[f64] {
        &self.task_rewards
    }

    pub(super) fn task_qualities(&self) -> &[f64] {
        &self.task_qualities
    }

    fn split(&self, strong: &Label) -> Option<Split> {
        let share = self.shares.iter().find(|(arm, _)| arm == strong)?.1;
        Some(Split { strong: share, quality: self.quality? })
    }

    /// Whether nothing but quality is in the reward.
    fn is_quality_alone(&self) -> bool {
        const ROUNDING: f64 = 1e-9;
        self.reward.zip(self.quality).is_some_and(|(reward, quality)| (reward - quality).abs() < ROUNDING)
    }
}
