//! `barp inspect FILE`: the card of a saved router.

use crate::failure::Failure;
use crate::output::say;
use crate::routers::against;
use clap::Args;
use deployment::{Artifact, Card};
use serde_json::Value;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Inspect {
    /// A router made by `barp train`
    router: PathBuf,
    /// Print the card as JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let card = Artifact::read(&self.router).map_err(Failure::input)?.card;
        if self.json {
            say!("{}", serde_json::to_string_pretty(&card).expect("a card is plain"));
        } else {
            say!("{}", in_words(&card));
        }
        Ok(())
    }
}

fn in_words(card: &Card) -> String {
    let encoder = card.encoder.as_ref();
    let encoder = encoder.map_or("not known: it routes embeddings, not text".into(), |encoder| encoder.name.clone());
    let simulated = if card.data.simulated { ", simulated" } else { "" };
    let mut lines = vec![
        format!("policy      {} ({})", card.policy.label, card.policy.content["kind"].as_str().unwrap_or("unknown")),
        format!("trained on  {}: {} rows{simulated}", card.data.source, card.data.rows),
        format!("bought      {} outcomes, {:.4} dollars", card.ledger.outcomes, card.ledger.dollars.0),
        format!("encoder     {encoder}"),
        format!("w_cost      {} to {}", card.w_cost[0], card.w_cost[1]),
        format!("tau         {:.6} dollars", card.tau_usd),
        format!("licence     {}", card.licence),
        format!("weights     {}", card.weights_sha256),
        format!("command     {}", card.command),
        String::new(),
        "model                                        dollars of a typical request".into(),
    ];
    if let Some(Value::Object(chosen)) = &card.policy.chosen {
        let setting = chosen.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ");
        lines
            .insert(1, format!("setting     {setting}: chosen of {} on validation prompts", card.ledger.tuning_trials));
    }
    if let Some(learning) = &card.learning {
        let joined = if learning.joined.is_empty() {
            String::new()
        } else {
            format!("; joined: {}", learning.joined.join(", "))
        };
        lines.insert(
            2,
            format!("learnt      {} outcomes of {} requests since{joined}", learning.learnt, learning.routed),
        );
    }
    let models = card.models.iter().zip(&card.list_prices_usd);
    lines.extend(models.map(|(model, price)| format!("{model:<44} {price:.6}")));
    lines.push(String::new());
    lines.push(format!("{:<15} {:>6} {:>10}   95 % interval           n", "on test", "w_cost", "value"));
    for score in &card.scores {
        let weight = score.w_cost.map_or("all".into(), |w| format!("{w}"));
        let interval = match (score.low, score.high) {
            (Some(low), Some(high)) => format!("[{low:.6}, {high:.6}]"),
            _ => score.method.clone(),
        };
        lines.push(format!("{:<15} {weight:>6} {:>10.6}   {interval:<22} {}", score.metric, score.value, score.n));
    }
    let against = against(card);
    if !against.is_empty() {
        lines.push(String::new());
        lines.extend(against);
    }
    lines.join("\n")
}
