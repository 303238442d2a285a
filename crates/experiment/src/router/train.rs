//! From an experiment to one router that leaves it: trained as in its cells, tested as in its cells, saved with a card.

use crate::plan::{Plan, PlannedCell, Subject};
use crate::protocols::{Against, TrainedRouter};
use deployment::{Artifact, Card, DataCard, EncoderCard, LatencyCard, LearntFrom, PolicyCard, Scored, Versus};
use metrics::FORECAST;
use metrics::field::BRIER;
use rayon::prelude::*;
use routing::hexadecimal;
use routing::words::{self, metric, phase};
use settings::SpecError;
use sha2::{Digest, Sha256};
use statistics::{Clustered, clustered_mean};
use store::Score;

/// Which router of a plan is wanted, and what its card says beside what the plan knows.
#[derive(Clone, Debug, Default)]
pub struct Training {
    /// Label of the policy.
    pub policy: String,
    /// Label of the environment; none for the plan's only one.
    pub environment: Option<String>,
    /// What turns prompts into the features of that environment.
    pub encoder: Option<EncoderCard>,
    /// Terms of use.
    pub licence: String,
    /// The command that trains it again.
    pub command: String,
}

impl Plan {
    /// Trains the wanted router on the first replicate's split, and the same on every other replicate for the intervals of
    /// its scores: they are those of the procedure, on prompts that it was not trained on.
    ///
    /// # Errors
    /// [`SpecError`] for an unknown policy or environment, and for what cannot leave an experiment as a router.
    pub fn train(&self, wanted: &Training) -> Result<Artifact, SpecError> {
        let cells = self.cells_of(wanted)?;
        let trained: Vec<Option<TrainedRouter>> = cells.par_iter().map(|cell| self.router(cell)).collect();
        let (environment, policy) = self.parts(cells[0]);
        let place = self.spec.place.table(format!("[[policy]] {}", policy.label));
        let rule = "it cannot be saved: only a policy under protocol `train-then-test` becomes a router";
        let mut trained: Vec<TrainedRouter> =
            trained.into_iter().collect::<Option<_>>().ok_or_else(|| place.error(rule))?;
        let (scores, against) = (scored(&trained), against(&trained));
        let TrainedRouter { router, state, problem, list_prices, forecast, ledger, rows, chosen, .. } =
            trained.swap_remove(0);
        let card = Card {
            format: 0,
            barp: env!("CARGO_PKG_VERSION").into(),
            command: wanted.command.clone(),
            policy: PolicyCard { label: policy.label.clone(), content: policy.content.clone(), chosen },
            models: problem.models,
            dimension: problem.dimension,
            tau_usd: problem.objective.tau.0,
            latency: LatencyCard::of(&problem.objective),
            list_prices_usd: list_prices.iter().map(|price| price.0).collect(),
            w_cost: self.spec.preferences.trained_range(),
            without: Vec::new(),
            encoder: wanted.encoder.clone(),
            data: DataCard {
                source: LearntFrom::Environment(format!("{} `{}`", environment.kind, environment.label)),
                fingerprint: environment.world.fingerprint(),
                simulated: environment.world.simulated(),
                rows,
                held_out: None,
            },
            config_sha256: hexadecimal(&Sha256::digest(self.resolved().as_bytes())),
            seed: self.spec.seed,
            ledger,
            scores,
            licence: wanted.licence.clone(),
            form: String::new(),
            settings: serde_json::Value::Null,
            weights_sha256: String::new(),
            learning: None,
            against,
            card_sha256: String::new(),
        };
        Artifact::new(card, router, forecast, state).ok_or_else(|| place.error(rule))
    }

    /// The cells of the wanted router, one for each replicate, in order.
    fn cells_of(&self, wanted: &Training) -> Result<Vec<&PlannedCell>, SpecError> {
        let place = &self.spec.place;
        let labels = || self.environments.iter().map(|environment| environment.label.as_str());
        let environment = match &wanted.environment {
            Some(name) => place.find("environment", name, labels().zip(0..))?,
            None if self.environments.len() == 1 => 0,
            None => {
                let known = labels().collect::<Vec<_>>().join(", ");
                return Err(place.error(format!("`--environment` must say on which of {known} to train")));
            }
        };
        let policies = &self.environments[environment].policies;
        let routers = policies.iter().enumerate().filter(|(_, policy)| matches!(policy.subject, Subject::Policy(_)));
        let known = routers.map(|(position, policy)| (policy.label.as_str(), position));
        let policy = place.find("policy", &wanted.policy, known)?;
        Ok(self.cells().iter().filter(|cell| cell.environment == environment && cell.policy == policy).collect())
    }
}

/// Metrics that a card shows, over all tasks, beside those of the forecast.
const SHOWN: [&str; 4] = [metric::SWEEP_REWARD, metric::REWARD, metric::QUALITY, metric::COST];

/// Means over replicates of the shown metrics on the test prompts.
fn scored(trained: &[TrainedRouter]) -> Vec<Scored> {
    let forecast = || FORECAST.iter().chain([&BRIER]);
    let told = |metric: &str| SHOWN.contains(&metric) || forecast().any(|about| about.name == metric);
    let shown = |score: &&Score| score.phase == phase::TEST && score.task == words::ALL_TASKS && told(&score.metric);
    let first = trained[0].scores.iter().filter(shown);
    let scored = first.map(|like| {
        let same = |score: &&Score| shown(score) && score.metric == like.metric && score.w_cost == like.w_cost;
        let values: Vec<f64> =
            trained.iter().filter_map(|one| one.scores.iter().find(same)).map(|score| score.value).collect();
        let interval = statistics::mean_interval(&values);
        Scored {
            metric: like.metric.clone(),
            unit: like.unit.clone(),
            w_cost: like.w_cost,
            value: interval.mean,
            low: interval.low,
            high: interval.high,
            method: interval.method.into(),
            n: like.n,
            replicates: values.len() as u64,
        }
    });
    // A number that cannot be had, as of a forecast over too few prompts: JSON has no word for it.
    scored.filter(|score| score.value.is_finite()).collect()
}

/// Means over replicates of the router's reward beside that of the best single model, with the interval of their difference.
fn against(trained: &[TrainedRouter]) -> Vec<Versus> {
    let (first, models) = (&trained[0], &trained[0].problem.models);
    let versus = first.against.iter().map(|like| {
        let same = |one: &&Against| one.preference == like.preference;
        let all: Vec<&Against> = trained.iter().filter_map(|one| one.against.iter().find(same)).collect();
        let mean = |of: fn(&Against) -> f64| all.iter().map(|one| of(one)).sum::<f64>() / all.len() as f64;
        let number = Clustered {
            values: all.iter().map(|one| one.router - one.fixed).collect(),
            influences: all.iter().map(|one| one.influence.clone()).collect(),
        };
        let interval = clustered_mean(&number, (f64::NEG_INFINITY, f64::INFINITY));
        Versus {
            w_cost: like.preference.cost(),
            model: models[like.model.index()].clone(),
            router: mean(|one| one.router),
            fixed: mean(|one| one.fixed),
            low: interval.low,
            high: interval.high,
            method: interval.method.into(),
            n: like.n,
        }
    });
    versus.collect()
}
