//! What an answer will probably be worth and cost: told beside a decision, never used to take it.
//!
//! One ridge regression of quality and one of dollars for each model, on the outcomes that its router bought and no others.
//! A model of which nothing was bought has no forecast. Quality is kept in [0, 1], dollars between the least and the most
//! that were seen of the model.

use crate::learners::least_squares::LeastSquares;
use routing::{Dollars, Feedback, NotRestored, Problem, Saved, Tensor, Values};

/// Penalty on squared coefficients.
const PENALTY: f64 = 1.0;

/// Forecasts for each model.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    models: Vec<Option<Regressions>>,
    dimension: usize,
}

/// Expected outcome of one call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// In [0, 1].
    pub quality: f64,
    /// Dollars of the call.
    pub cost: Dollars,
}

#[derive(Clone, Debug, PartialEq)]
struct Regressions {
    /// d coefficients and an intercept.
    quality: Vec<f64>,
    /// d coefficients and an intercept, in dollars.
    cost: Vec<f64>,
    least: f64,
    most: f64,
}

impl Forecast {
    /// From outcomes that were bought: row i of `features` (n x d) belongs to `bought[i]`.
    ///
    /// # Panics
    /// If the two disagree about n.
    pub fn fit(problem: &Problem, features: &[f32], bought: &[Feedback]) -> Forecast {
        let d = problem.dimension;
        assert_eq!(features.len(), bought.len() * d, "one feature row for each outcome");
        let models = (0..problem.arms()).map(|arm| {
            let own: Vec<usize> = (0..bought.len()).filter(|&row| bought[row].arm.index() == arm).collect();
            if own.is_empty() {
                return None;
            }
            let problem = LeastSquares::new(own.iter().map(|&row| &features[row * d..][..d]), PENALTY);
            let costs = || own.iter().map(|&row| bought[row].outcome.cost.0);
            Some(Regressions {
                quality: problem.coefficients(|row| f64::from(bought[own[row]].outcome.quality)),
                cost: problem.coefficients(|row| bought[own[row]].outcome.cost.0),
                least: costs().fold(f64::INFINITY, f64::min),
                most: costs().fold(0.0, f64::max),
            })
        });
        Forecast { models: models.collect(), dimension: d }
    }

    /// The same with one model after the others, of which nothing was bought.
    pub fn with_unknown(mut self) -> Forecast {
        self.models.push(None);
        self
    }

    /// What each of the K models is expected to answer to a prompt with `features` (d numbers).
    pub fn expect<'a>(&'a self, features: &'a [f32]) -> impl Iterator<Item = Option<Expected>> + 'a {
        let mut row: Vec<f64> = features.iter().map(|&x| f64::from(x)).collect();
        row.push(1.0);
        self.models.iter().map(move |model| {
            model.as_ref().map(|model| Expected {
                quality: kernels::dot(&model.quality, &row).clamp(0.0, 1.0),
                cost: Dollars(kernels::dot(&model.cost, &row).clamp(model.least, model.most)),
            })
        })
    }

    /// The forecasts as tensors: `forecast.known` (K, 1 or 0), `forecast.quality` and `forecast.cost` (K x (d + 1)),
    /// `forecast.range` (K x 2, dollars).
    pub fn save(&self) -> Vec<Tensor> {
        let (arms, width) = (self.models.len(), self.dimension + 1);
        let nothing = Regressions { quality: vec![0.0; width], cost: vec![0.0; width], least: 0.0, most: 0.0 };
        let each = |numbers: &dyn Fn(&Regressions) -> Vec<f64>| {
            let rows = self.models.iter().map(|model| numbers(model.as_ref().unwrap_or(&nothing)));
            Values::F64(rows.collect::<Vec<_>>().concat())
        };
        let known = self.models.iter().map(|model| f64::from(u8::from(model.is_some()))).collect();
        Saved::bare("forecast")
            .with(KNOWN, &[arms], Values::F64(known))
            .with(QUALITY, &[arms, width], each(&|model| model.quality.clone()))
            .with(COST, &[arms, width], each(&|model| model.cost.clone()))
            .with(RANGE, &[arms, 2], each(&|model| vec![model.least, model.most]))
            .tensors
    }

    /// The forecasts in `saved`; none if it has no tensor of theirs.
    ///
    /// # Errors
    /// [`NotRestored`] for a tensor that is missing beside the others, or does not fit `problem`.
    pub fn restore(saved: &Saved, problem: &Problem) -> Result<Option<Forecast>, NotRestored> {
        if !saved.tensors.iter().any(|tensor| tensor.name == KNOWN) {
            return Ok(None);
        }
        let (arms, width) = (problem.arms(), problem.dimension + 1);
        let known = saved.f64(KNOWN, &[arms])?;
        let quality = saved.f64(QUALITY, &[arms, width])?;
        let cost = saved.f64(COST, &[arms, width])?;
        let range = saved.f64(RANGE, &[arms, 2])?;
        if let Some(arm) = range.chunks_exact(2).position(|range| range[0] > range[1]) {
            let rule = "the least before the most";
            return Err(NotRestored::new(format!("tensor `{RANGE}`"), rule, format!("{:?}", &range[2 * arm..][..2])));
        }
        let model = |arm: usize| Regressions {
            quality: quality[arm * width..][..width].to_vec(),
            cost: cost[arm * width..][..width].to_vec(),
            least: range[2 * arm],
            most: range[2 * arm + 1],
        };
        let models = (0..arms).map(|arm| (known[arm] > 0.0).then(|| model(arm))).collect();
        Ok(Some(Forecast { models, dimension: problem.dimension }))
    }
}

const KNOWN: &str = "forecast.known";
const QUALITY: &str = "forecast.quality";
const COST: &str = "forecast.cost";
const RANGE: &str = "forecast.range";

#[cfg(test)]
mod tests {
    use super::*;
    use routing::{Arm, Objective, Outcome};

    fn forecast() -> (Problem, Forecast) {
        let models = vec!["a".into(), "b".into(), "unbought".into()];
        let problem = Problem { models, dimension: 1, objective: Objective::new(Dollars(1.0)) };
        let (mut features, mut bought) = (Vec::new(), Vec::new());
        for step in 0..4000 {
            let x = (step % 100) as f32 / 100.0;
            let arm = step % 2;
            let quality = if arm == 0 { 0.2 + 0.5 * x } else { 0.9 };
            let cost = if arm == 0 { 0.01 } else { 0.02 + 0.02 * f64::from(x) };
            features.push(x);
            bought.push(Feedback { arm: Arm::at(arm), outcome: Outcome::untimed(quality, Dollars(cost)) });
        }
        let forecast = Forecast::fit(&problem, &features, &bought);
        (problem, forecast)
    }

    #[test]
    fn what_is_linear_is_foretold_and_what_was_never_bought_is_not() {
        let (_, forecast) = forecast();
        let expected: Vec<_> = forecast.expect(&[0.5]).collect();
        let [first, second] = [expected[0].unwrap(), expected[1].unwrap()];
        assert!((first.quality - 0.45).abs() < 0.01 && (first.cost.0 - 0.01).abs() < 1e-9, "{first:?}");
        assert!((second.quality - 0.9).abs() < 0.01 && (second.cost.0 - 0.03).abs() < 1e-3, "{second:?}");
        assert_eq!(expected[2], None);
        let far = forecast.expect(&[50.0]).next().unwrap().unwrap();
        assert_eq!((far.quality, far.cost.0), (1.0, 0.01), "kept within what can be");
    }

    #[test]
    fn saved_and_restored_it_is_the_same() {
        let (problem, forecast) = forecast();
        let saved = Saved { tensors: forecast.save(), ..Saved::bare("any") };
        assert_eq!(Forecast::restore(&saved, &problem).unwrap(), Some(forecast));
        assert_eq!(Forecast::restore(&Saved::bare("any"), &problem).unwrap(), None);
        let mut torn = saved;
        torn.tensors.pop();
        let error = Forecast::restore(&torn, &problem).unwrap_err().to_string();
        assert_eq!(error, "tensor `forecast.range` must be there with shape [3, 2], got nothing");
    }
}
