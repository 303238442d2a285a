//! Made-up experiments in the shape of real ones, for tests: nothing they show was measured.

use store::{Direction, Identity, Replicate, Role, Run, Score, SummaryRow};

/// Size of a made-up experiment.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub policies: usize,
    pub models: usize,
    pub tasks: usize,
    pub replicates: u32,
}

pub(crate) const SMALL: Size = Size { policies: 2, models: 2, tasks: 2, replicates: 3 };
pub(crate) const LARGE: Size = Size { policies: 14, models: 11, tasks: 8, replicates: 5 };

/// Name, how much of the room between the zero router and the oracle it wins, outcomes it buys.
const POLICIES: [(&str, f64, u64); 14] = [
    ("barp", 0.16, 81_920),
    ("oracle", 1.0, 0),
    ("barp-full", 0.20, 281_050),
    ("knn", 0.17, 281_050),
    ("ridge", 0.13, 281_050),
    ("lin-ucb", 0.10, 81_920),
    ("lin-ts", 0.07, 81_920),
    ("epsilon-greedy", 0.02, 81_920),
    ("random", -0.75, 0),
    ("cheapest", -0.55, 0),
    ("largest", -0.42, 0),
    ("best-single", -0.05, 0),
    ("best-per-task", 0.09, 0),
    ("zero-router", 0.0, 0),
];

/// The 0-shot RouterBench models: mean score and dollars per query.
const MODELS: [(&str, f64, f64); 11] = [
    ("gpt-4-1106-preview", 0.7814, 0.0032928),
    ("mistralai/mistral-7b-chat", 0.3061, 0.0000457),
    ("zero-one-ai/Yi-34B-Chat", 0.6475, 0.0001855),
    ("claude-v2", 0.6358, 0.0024186),
    ("claude-v1", 0.6301, 0.0021447),
    ("gpt-3.5-turbo-1106", 0.6193, 0.0002433),
    ("claude-instant-v1", 0.5984, 0.0002329),
    ("mistralai/mixtral-8x7b-chat", 0.5471, 0.0001346),
    ("WizardLM/WizardLM-13B-V1.2", 0.4311, 0.0000729),
    ("meta/llama-2-70b-chat", 0.3287, 0.0002027),
    ("meta/code-llama-instruct-34b-chat", 0.2022, 0.0001720),
];

const TASKS: [(&str, u64, f64); 8] = [
    ("mmlu", 2106, 0.02),
    ("gsm8k", 1118, -0.06),
    ("hellaswag", 1507, 0.11),
    ("arc-challenge", 221, 0.13),
    ("winogrande", 190, -0.05),
    ("mbpp", 64, -0.03),
    ("natural-questions", 412, -0.16),
    ("hotpotqa", 398, -0.21),
];

const GRID: [f64; 7] = [0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0];

/// Numbers in (-1, 1) that depend on their names alone.
fn noise(name: &str, replicate: u32, place: u64) -> f64 {
    let mut state =
        u64::from(replicate).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ place.wrapping_mul(0xD1B5_4A32_D192_ED03);
    for byte in name.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    for _ in 0..3 {
        state ^= state >> 29;
        state = state.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    }
    (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

fn blank() -> Score {
    Score {
        phase: "test".into(),
        round: 0,
        w_cost: None,
        task: "all".into(),
        arm: None,
        metric: String::new(),
        unit: "score".into(),
        direction: Direction::Up,
        value: 0.0,
        n: 5474,
        outcomes: 0,
        dollars: 0.0,
        tuning_trials: 0,
    }
}

struct Policy {
    name: String,
    skill: f64,
    bought: u64,
    replicate: u32,
}

impl Policy {
    fn score(&self, metric: &str, value: f64) -> Score {
        let unit = match metric {
            "cost_usd" => "USD/request",
            "arm_share" | "oracle_share" => "share",
            "quality" => "score",
            "latency_s" | "latency_p95_s" => "s",
            _ => "reward",
        };
        let dollars = 0.0009 * self.bought as f64;
        Score { metric: metric.into(), unit: unit.into(), value, outcomes: self.bought, dollars, ..blank() }
    }

    /// Quality and dollars of a request when cost has this weight.
    fn outcome(&self, weight: f64, place: u64) -> (f64, f64) {
        let jitter = 0.006 * noise(&self.name, self.replicate, place);
        let cost = 0.0033 * libm::exp(-4.2 * libm::pow(weight, 0.55)) * (1.0 + 4.0 * jitter);
        let hull = 0.31 + 0.11 * libm::log(cost / 0.0000457);
        match self.name.as_str() {
            "cheapest" => (0.3061 + jitter, 0.0000457),
            "largest" => (0.7814 + jitter, 0.0032928),
            "best-single" if weight >= 0.3 => (0.6475 + jitter, 0.0001855),
            "best-single" => (0.7814 + jitter, 0.0032928),
            "random" => (0.53 + jitter, 0.00083),
            "oracle" => (0.93 - 0.06 * weight * weight + 0.3 * jitter, 0.3 * cost + 0.00004),
            _ => (hull.min(0.8) + 0.12 * self.skill + jitter, cost * (1.0 - 0.1 * self.skill)),
        }
    }

    fn sweep_reward(&self) -> f64 {
        0.52 + 0.12 * self.skill + 0.008 * noise(&self.name, self.replicate, 999)
    }
}

/// Every replicate of a made-up experiment with both protocols, its single models and its policies.
pub(crate) fn replicates(size: Size) -> Vec<Replicate> {
    let mut all = Vec::new();
    for replicate in 0..size.replicates {
        for &(name, skill, bought) in &POLICIES[..size.policies] {
            let policy = Policy { name: name.into(), skill, bought, replicate };
            let mut scores = test(&policy, size);
            scores.extend(calibration(&policy));
            scores.extend(learning(&policy));
            scores.extend(moving(&policy, size));
            all.push(of("calibrated", name, replicate, scores));
        }
        for &(model, quality, dollars) in &MODELS[..size.models] {
            let name = format!("single:{model}");
            let policy = Policy { name: name.clone(), skill: 0.0, bought: 0, replicate };
            let jitter = 0.004 * noise(model, replicate, 1);
            let mut scores: Vec<Score> = GRID
                .iter()
                .flat_map(|&weight| {
                    let quality = Score { w_cost: Some(weight), ..policy.score("quality", quality + jitter) };
                    let cost = Score { w_cost: Some(weight), ..policy.score("cost_usd", dollars * (1.0 + jitter)) };
                    [quality, cost]
                })
                .collect();
            scores.push(policy.score("sweep_reward", 0.5 * quality + 0.2 - 60.0 * dollars + jitter));
            let identity = Identity { model: Some(model.into()), ..Identity::new("single-models", Role::SingleModel) };
            all.push(Replicate { identity, ..of("calibrated", &name, replicate, scores) });
        }
    }
    all
}

/// What stands behind a made-up policy, which goes by its kind.
pub(crate) fn identity(policy: &str) -> Identity {
    let role = match policy {
        "oracle" => Role::Oracle,
        "best-single" | "best-per-task" | "zero-router" => Role::Reference,
        "random" | "cheapest" | "largest" => Role::Rule,
        "barp-full" | "knn" | "ridge" => Role::Fitted,
        _ => Role::Learner,
    };
    Identity::new(policy, role)
}

fn of(environment: &str, policy: &str, replicate: u32, scores: Vec<Score>) -> Replicate {
    let identity = identity(policy);
    Replicate { environment: environment.into(), policy: policy.into(), identity, replicate, scores }
}

fn test(policy: &Policy, size: Size) -> Vec<Score> {
    let mut scores = vec![policy.score("sweep_reward", policy.sweep_reward())];
    for (step, &weight) in GRID.iter().enumerate() {
        let (quality, cost) = policy.outcome(weight, step as u64);
        let reward = |quality: f64| (1.0 - weight) * quality - weight * (cost / 0.00807).min(1.0);
        let at = |score: Score| Score { w_cost: Some(weight), ..score };
        scores.push(at(policy.score("quality", quality)));
        scores.push(at(policy.score("cost_usd", cost)));
        scores.push(at(policy.score("reward", reward(quality))));
        scores.extend(latency(policy, quality).map(at));
        for (position, &(task, n, harder)) in TASKS[..size.tasks].iter().enumerate() {
            let jitter = 0.3 / libm::sqrt(n as f64) * noise(&policy.name, policy.replicate, 100 + position as u64);
            let quality = (quality + harder + jitter).clamp(0.0, 1.0);
            for (metric, value) in [("quality", quality), ("reward", reward(quality)), ("cost_usd", cost)] {
                scores.push(Score { task: task.into(), n, ..at(policy.score(metric, value)) });
            }
        }
        scores.extend(shares(policy, weight, size).map(at));
    }
    scores
}

/// Seconds to answer: what answers better takes longer.
fn latency(policy: &Policy, quality: f64) -> impl Iterator<Item = Score> {
    let jitter = 1.0 + 0.1 * noise(&policy.name, policy.replicate, 60);
    let mean = 6.0 * quality * quality * jitter;
    let metrics = [("latency_s", mean), ("latency_p95_s", 2.5 * mean + 0.5 * jitter)];
    metrics.map(|(metric, value)| Score { direction: Direction::Down, ..policy.score(metric, value) }).into_iter()
}

/// What became of rewards that were expected, of whoever learns but BaRP: promised the more too much the less skill.
fn calibration(policy: &Policy) -> Vec<Score> {
    let mut scores = Vec::new();
    for weight in GRID.into_iter().filter(|_| policy.bought > 0 && policy.name != "barp") {
        let at = |phase: &str, metric: &str, value: f64| {
            let score = Score { direction: Direction::None, ..policy.score(metric, value) };
            Score { phase: phase.into(), w_cost: Some(weight), ..score }
        };
        let optimism = 0.1 * (1.0 - policy.skill);
        scores.push(at("test", "calibration_error", optimism + 0.01 * noise(&policy.name, policy.replicate, 70)));
        scores.push(at("test", "calibration_chance", 0.03));
        for decile in 1..=10 {
            let (phase, noise) = (format!("decile {decile:02}"), noise(&policy.name, policy.replicate, 80 + decile));
            let expected = 0.3 + 0.06 * decile as f64 * (1.0 - 0.5 * weight);
            scores.push(at(&phase, "expected_reward", expected));
            scores.push(at(&phase, "reward", expected - optimism + 0.05 * noise));
        }
    }
    scores
}

/// Mass moves from dear models to cheap ones as cost weighs more.
fn shares(policy: &Policy, weight: f64, size: Size) -> impl Iterator<Item = Score> {
    let pull = move |dollars: f64, quality: f64| {
        let taste = 1.0 + 2.0 * noise(&policy.name, 0, (dollars * 1e7) as u64);
        libm::exp(6.0 * quality + taste - weight * 1.6 * libm::log(dollars / 0.00004))
    };
    let models = &MODELS[..size.models];
    let total: f64 = models.iter().map(|&(_, quality, dollars)| pull(dollars, quality)).sum();
    models.iter().map(move |&(model, quality, dollars)| Score {
        arm: Some(model.into()),
        direction: Direction::None,
        ..policy.score("arm_share", pull(dollars, quality) / total)
    })
}

/// A validation curve for what learns from bandit feedback, and regret online for everything but the oracle.
fn learning(policy: &Policy) -> Vec<Score> {
    let mut scores = Vec::new();
    if policy.bought == 81_920 {
        for step in 0..=12u32 {
            let bought = 20u32 << step;
            let progress = 1.0 - libm::exp(-f64::from(step) / 4.0);
            let value = 0.4
                + (policy.sweep_reward() - 0.4) * progress
                + 0.02 * (1.0 - progress) * noise(&policy.name, policy.replicate, u64::from(step));
            scores.push(Score {
                phase: "validation".into(),
                round: u64::from(bought),
                outcomes: u64::from(bought),
                ..policy.score("sweep_reward", value)
            });
        }
    }
    for step in (0..=40u64).filter(|_| policy.name != "oracle") {
        let round = 500 * step;
        let rate = 0.32 - 0.15 * policy.skill;
        let value = rate
            * libm::pow(round as f64, 0.93 - 0.1 * policy.skill)
            * (1.0 + 0.05 * noise(&policy.name, policy.replicate, 7));
        scores.push(Score { phase: "online".into(), round, n: round, ..policy.score("regret", value) });
    }
    scores
}

/// A world that moves twice: buckets, phases, recoveries, and effects of two shifts.
fn moving(policy: &Policy, size: Size) -> Vec<Score> {
    let mut scores = Vec::new();
    for bucket in 1..=40u64 {
        let since = bucket % 14;
        let lost = (0.30 - 0.2 * policy.skill) * (0.4 + 0.6 * libm::exp(-(since as f64) / 4.0));
        let lost = lost * (1.0 + 0.1 * noise(&policy.name, policy.replicate, bucket));
        let at = |score: Score| Score { phase: "bucket".into(), round: 500 * bucket, n: 500, ..score };
        scores.push(at(policy.score("regret", 500.0 * lost)));
        scores.push(at(policy.score("cost_usd", 0.0004 * (1.0 + lost))));
        scores.extend(shares(policy, since as f64 / 14.0, size).map(at));
    }
    for (phase, round) in [("phase 1", 7000), ("phase 2", 14_000), ("phase 3", 20_000)] {
        let at = |score: Score| Score { phase: phase.into(), round, n: 7000, ..score };
        scores.push(at(policy.score("phase_regret", 700.0 * (1.0 - policy.skill))));
        let left = |step: u64| 1.0 - (0.2 + 0.15 * policy.skill) * step as f64;
        let curve = (0..4).map(|step| Score {
            round: 400 * step + (100.0 * (1.0 - policy.skill)) as u64 * step,
            n: 5 - step,
            ..at(policy.score("recovery_curve", left(step).clamp(0.0, 1.0)))
        });
        scores.extend(curve.filter(|_| phase != "phase 1"));
    }
    for (place, effect) in ["price", "task-mix", "price x task-mix"].into_iter().enumerate() {
        let value = 900.0 * (0.4 - policy.skill) + 200.0 * noise(&policy.name, policy.replicate, 50 + place as u64);
        let at = |score: Score| Score { phase: "effect".into(), task: effect.into(), round: 20_000, ..score };
        scores.push(at(policy.score("regret", value)));
    }
    scores
}

/// [`replicates`] as they are read from a folder.
pub(crate) fn runs(size: Size) -> Vec<Run> {
    Run::of(&replicates(size))
}

/// The summary of [`everything`].
pub(crate) fn summary(size: Size) -> Vec<SummaryRow> {
    crate::summarise(&Run::of(&everything(size))).expect("made-up runs have no rows to read")
}

/// [`replicates`], and the data set itself as a replicate for each model.
pub(crate) fn everything(size: Size) -> Vec<Replicate> {
    let mut all = replicates(size);
    let oracle = [0.021, 0.276, 0.145, 0.009, 0.012, 0.029, 0.043, 0.168, 0.229, 0.018, 0.013];
    for (position, &(model, quality, dollars)) in MODELS[..size.models].iter().enumerate() {
        let data = |score: Score| Score { phase: "data".into(), ..score };
        let policy = Policy { name: model.into(), skill: 0.0, bought: 0, replicate: 0 };
        let mut scores = vec![
            data(policy.score("quality", quality)),
            data(policy.score("cost_usd", dollars)),
            data(policy.score("oracle_share", oracle[position])),
        ];
        for (place, &(task, n, harder)) in TASKS[..size.tasks].iter().enumerate() {
            let value = (quality + harder + 0.08 * noise(model, 0, place as u64)).clamp(0.0, 1.0);
            scores.push(Score { task: task.into(), n, ..data(policy.score("quality", value)) });
        }
        let identity = Identity { model: Some(model.into()), ..Identity::new("", Role::Data) };
        all.push(Replicate { identity, ..of("calibrated", model, 0, scores) });
    }
    let nobody = Policy { name: "nobody".into(), skill: 0.0, bought: 0, replicate: 0 };
    let share = Score { phase: "data".into(), ..nobody.score("oracle_share", 0.037) };
    let identity = Identity::new("", Role::Data);
    all.push(Replicate { identity, ..of("calibrated", "nobody", 0, vec![share]) });
    all
}
