//! Adam (Kingma and Ba 2015, algorithm 1).

/// Settings of [`Adam`]; the decays and epsilon are the paper's defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamSettings {
    /// Learning rate, above zero.
    pub learning_rate: f32,
    /// Decay of the first moment.
    pub first: f32,
    /// Decay of the second moment.
    pub second: f32,
    /// Added to the denominator.
    pub epsilon: f32,
}

impl AdamSettings {
    /// The usual decays (.9, .999) and epsilon (1e-8) with the given learning rate.
    pub fn with_rate(learning_rate: f32) -> AdamSettings {
        AdamSettings { learning_rate, first: 0.9, second: 0.999, epsilon: 1e-8 }
    }
}

/// The optimiser's state for one flat parameter vector.
#[derive(Clone, Debug)]
pub struct Adam {
    settings: AdamSettings,
    first: Vec<f32>,
    second: Vec<f32>,
    // beta^t, kept as running products: the system's pow differs between hosts.
    first_power: f64,
    second_power: f64,
}

impl Adam {
    /// State for `parameters` parameters, before the first step.
    pub fn new(settings: AdamSettings, parameters: usize) -> Adam {
        Adam {
            settings,
            first: vec![0.0; parameters],
            second: vec![0.0; parameters],
            first_power: 1.0,
            second_power: 1.0,
        }
    }

    /// Moves `parameters` one step down `gradient`; all three of equal length.
    pub fn step(&mut self, parameters: &mut [f32], gradient: &[f32]) {
        let AdamSettings { learning_rate, first, second, epsilon } = self.settings;
        self.first_power *= f64::from(first);
        self.second_power *= f64::from(second);
        let step = kernels::AdamStep {
            first,
            second,
            rate: (f64::from(learning_rate) / (1.0 - self.first_power)) as f32,
            correction: (1.0 / (1.0 - self.second_power).sqrt()) as f32,
            epsilon,
        };
        kernels::adam(step, parameters, gradient, &mut self.first, &mut self.second);
    }
}
