//! What tuning tried in a cell, and what it bought for it: as it stands in the cell's file, and from there in the manifest.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The settings that were tried in a cell, in order, and the one that was tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// At least two.
    pub trials: Vec<Trial>,
    /// Position in `trials` of the setting with the highest reward on the validation split, the first of equals.
    pub chosen: usize,
    /// Outcomes bought beyond those that the chosen setting needs by itself.
    pub outcomes: u64,
    /// What those cost, US dollars.
    pub dollars: f64,
}

/// A setting that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Value of each parameter that is tuned, by name.
    pub setting: Value,
    /// Mean reward over the weights on cost on the validation split; none where nothing could be scored.
    pub reward: Option<f64>,
    /// Outcomes bought for this trial: on the validation split, and by exploring where the policy does. The full labels of the
    /// training split, which all settings of an offline router share, are not among them.
    pub outcomes: u64,
    /// What those cost, US dollars.
    pub dollars: f64,
}

/// The setting that was tested, as the manifest has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// As in [`Trial::setting`].
    pub setting: Value,
    /// As in [`Trial::reward`].
    pub reward: Option<f64>,
    /// Its number among the trials, from 1.
    pub trial: u64,
    /// Settings tried.
    pub trials: u64,
    /// As in [`Tuning::outcomes`].
    pub outcomes: u64,
    /// As in [`Tuning::dollars`].
    pub dollars: f64,
}

impl Tuning {
    /// The setting that was tested; none where `chosen` is none of the trials.
    pub fn winner(&self) -> Option<Chosen> {
        let Trial { setting, reward, .. } = self.trials.get(self.chosen)?;
        Some(Chosen {
            setting: setting.clone(),
            reward: *reward,
            trial: self.chosen as u64 + 1,
            trials: self.trials.len() as u64,
            outcomes: self.outcomes,
            dollars: self.dollars,
        })
    }
}
