//! From a production log to a router: learn from decisions that another router took, tested on requests left out.
//!
//! The log is a bandit log: each row shows the outcome of the one model that answered. Whoever regresses outcomes learns
//! from it as from its own choices; a policy gradient weighs each row by its inverse propensity (`Policy::learn_logged`).
//! An outcome does not depend on the preference, so each visit of a row draws a preference of its own and the router serves
//! every w. Test scores are off-policy estimates on other prompts: what the router would have earned there.

use super::against::against;
use super::rows::{LogParts, Rows, read, seed_of};
use super::scores::log_scores;
use super::training::LogTraining;
use crate::plan::canonical;
use crate::spec::{Preferences, TauRule};
use deployment::{Artifact, Card, DataCard, EncoderCard, HeldOut, LatencyCard, LearntFrom, PolicyCard, Scored};
use encoder::Encoder;
use environments::quantile_of;
use environments::sources::logged::Log;
use policies::{Configured, Forecast, POLICIES, Recipe};
use routing::{
    ContextsBuffer, Dollars, Ledger, Objective, Policy, Preference, Problem, Round, Router, Saved, Seed, hexadecimal,
    random,
};
use serde_json::{Value, json};
use settings::{Place, SpecError, Strict};
use sha2::{Digest, Sha256};

/// A router with what there is to say of the log that it learnt from.
pub struct LearntFromLog {
    /// The router.
    pub artifact: Artifact,
    /// Rows without a score, which teach nothing.
    pub unscored: u64,
    /// Rows whose propensity was not logged and was taken to be the share of their model among the rows of their task.
    pub estimated: u64,
    /// Rows left out for the test.
    pub tested: u64,
}

/// Trains a policy on the log, with `encode` as its encoder.
///
/// # Errors
/// [`SpecError`] for an unknown policy or parameter, a policy that needs full labels, a row without prompt, and a model that
/// has no scored row to learn from.
pub fn train_on_log(log: &Log, encoder: &dyn Encoder, training: &LogTraining) -> Result<LearntFromLog, SpecError> {
    let place = Place::top(&log.path().display().to_string());
    let share = training.test_share;
    place.unless(share > 0.0 && share < 1.0, "--test-share", "in (0, 1)", share)?;
    let (content, configured) = policy(&place, training)?;
    let seed = seed_of(training.seed);
    let parts = read(&place, log, encoder, training, &seed)?;
    let problem = Problem {
        models: log.models().to_vec(),
        dimension: encoder.width(),
        objective: Objective::new(tau(&training.tau, &parts.train)),
    };
    let prices = mean_prices(&place, &problem, &parts.train)?;
    let policy_seed = seed.child("policy", &canonical(&content));
    let (router, state) = match &configured.recipe {
        Recipe::Fixed(build) => (build(&problem, &policy_seed), None),
        Recipe::Full(_) => {
            let problem = "needs every model's outcome of every prompt; a log shows that of the chosen model only";
            return Err(place.error(format!("policy `{}` {problem}", training.policy)));
        }
        Recipe::Bandit { epochs, batch, build } => {
            learn(build(&problem, &policy_seed), &parts.train, &prices, (*epochs, *batch), &seed)
        }
    };
    let forecast = Forecast::fit(&problem, &parts.train.features, &parts.train.feedback);
    let (grid, up) = (Preferences::default().test, available(&place, &problem, training)?);
    let scores = log_scores(&*router, &problem, (&prices, &up), &parts.test, &grid);
    let encoder = EncoderCard { name: training.encoder.clone(), fingerprint: encoder.fingerprint() };
    let card = card(training, content, encoder, &problem, &prices, &parts, scores);
    let card = Card {
        against: against(&*router, (&problem, &prices, &up), &forecast, (&parts.train, &parts.test), &grid),
        ..card
    };
    let artifact = Artifact::new(card, router, Some(forecast), state);
    let artifact = artifact.ok_or_else(|| place.error(format!("policy `{}` cannot be saved", training.policy)))?;
    let LogParts { unscored, estimated, .. } = parts;
    Ok(LearntFromLog { artifact, unscored, estimated, tested: parts.test.len() as u64 })
}

/// The policy's content and how to build it.
fn policy(place: &Place, training: &LogTraining) -> Result<(Value, Configured), SpecError> {
    let entry = place.find("policy", &training.policy, POLICIES.iter().map(|entry| (entry.name, entry)))?;
    let accepts = |value: &Value| (entry.configure)(value.clone()).map(|_| ());
    let strict = Strict { defaults: (entry.defaults)(), schema: (entry.schema)(), taken: Vec::new() };
    let parameters = place.table("--set").merge(&strict, training.parameters.clone(), accepts)?;
    let content = json!({ "kind": entry.name, "revision": entry.revision, "parameters": parameters });
    Ok((content, (entry.configure)(parameters).expect("`merge` accepted the table")))
}

/// Which models the router may choose.
fn available(place: &Place, problem: &Problem, training: &LogTraining) -> Result<Vec<bool>, SpecError> {
    let mut up = vec![true; problem.arms()];
    for model in &training.without {
        up[place.find("model", model, problem.models.iter().map(String::as_str).zip(0..))?] = false;
    }
    place.unless(up.contains(&true), "--without", "not all of the models", training.without.join(", "))?;
    Ok(up)
}

/// tau of the reward, from the dollars that the rows cost.
fn tau(rule: &TauRule, rows: &Rows) -> Dollars {
    let costs = || rows.feedback.iter().map(|feedback| feedback.outcome.cost.0);
    Dollars(rule.tau_usd.or_else(|| quantile_of(costs(), rule.tau_percentile / 100.0)).unwrap_or_default())
}

/// Mean dollars of each model: the price of a typical request.
fn mean_prices(place: &Place, problem: &Problem, rows: &Rows) -> Result<Vec<Dollars>, SpecError> {
    let price = |(arm, model): (usize, &String)| {
        let own =
            rows.feedback.iter().filter(|feedback| feedback.arm.index() == arm).map(|feedback| feedback.outcome.cost.0);
        let (sum, count) = own.fold((0.0, 0), |(sum, count), cost| (sum + cost, count + 1));
        if count == 0 {
            return Err(place.error(format!("model `{model}` must have a scored row to learn from, got none")));
        }
        Ok(Dollars(sum / f64::from(count)))
    };
    problem.models.iter().enumerate().map(price).collect()
}

/// Passes over the rows as the policy passes over prompts, each visit at a preference of its own.
fn learn(
    mut policy: Box<dyn Policy>,
    rows: &Rows,
    prices: &[Dollars],
    (epochs, batch): (u32, usize),
    seed: &Seed,
) -> (Box<dyn Router>, Option<Saved>) {
    let (order_stream, preference_stream) = (seed.stream("order"), seed.stream("preference"));
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut buffer = ContextsBuffer::new(rows.dimension, prices.len());
    let (up, mut round) = (vec![true; prices.len()], Round(0));
    let (mut feedback, mut propensities) = (Vec::new(), Vec::new());
    for epoch in 0..epochs {
        random::shuffle(&mut order_stream.at(Round(epoch.into())), &mut order);
        for visited in order.chunks(batch) {
            buffer.clear();
            feedback.clear();
            propensities.clear();
            for &row in visited {
                let w_cost = random::uniform(&mut preference_stream.at(round));
                let preference = Preference::new(w_cost).expect("a uniform draw lies in [0, 1)");
                buffer.push(round, rows.row(row), preference, prices, &up);
                feedback.push(rows.feedback[row]);
                propensities.push(rows.propensities[row]);
                round.0 += 1;
            }
            policy.learn_logged(&buffer.view(), &feedback, &propensities);
        }
    }
    (policy.freeze(), policy.state())
}

fn card(
    training: &LogTraining,
    content: Value,
    encoder: EncoderCard,
    problem: &Problem,
    prices: &[Dollars],
    parts: &LogParts,
    scores: Vec<Scored>,
) -> Card {
    let mut ledger = Ledger::default();
    parts.train.feedback.iter().for_each(|feedback| ledger.charge(feedback.outcome.cost));
    let options =
        json!({ "policy": content, "seed": training.seed, "tau": training.tau, "test-share": training.test_share });
    Card {
        format: 0,
        barp: env!("CARGO_PKG_VERSION").into(),
        command: training.command.clone(),
        policy: PolicyCard { label: training.policy.clone(), content, chosen: None },
        models: problem.models.clone(),
        dimension: problem.dimension,
        tau_usd: problem.objective.tau.0,
        latency: LatencyCard::of(&problem.objective),
        list_prices_usd: prices.iter().map(|price| price.0).collect(),
        w_cost: [0.0, 1.0],
        without: training.without.clone(),
        encoder: Some(encoder),
        data: DataCard {
            source: LearntFrom::Log,
            fingerprint: parts.fingerprint.clone(),
            simulated: false,
            rows: parts.train.len() as u64,
            held_out: Some(HeldOut {
                rule: HeldOut::RULE.into(),
                share: training.test_share,
                trained_on: parts.trained_on.clone(),
            }),
        },
        config_sha256: hexadecimal(&Sha256::digest(canonical(&options).as_bytes())),
        seed: training.seed,
        ledger,
        scores,
        licence: training.licence.clone(),
        form: String::new(),
        settings: Value::Null,
        weights_sha256: String::new(),
        learning: None,
        against: Vec::new(),
        card_sha256: String::new(),
    }
}
