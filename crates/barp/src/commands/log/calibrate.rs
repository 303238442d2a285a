//! `barp log calibrate`: fit the generator to a log, and ask whether simulation and off-policy evaluation agree.

use super::reading::{LogSource, PropensitySource};
use crate::failure::Failure;
use crate::files::write;
use crate::output::say;
use crate::table::{aligned, dollars, score};
use clap::Args;
use environments::sources::calibrated::{LoggedCells, fit_log};
use environments::sources::logged::Log;
use experiment::log::{Comparisons, Margins, Propensities, Verdict, compare, names};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct CalibrateLog {
    #[command(flatten)]
    source: LogSource,
    /// TOML file for the calibration, to be named by `file` of a `calibrated` environment
    #[arg(long)]
    out: PathBuf,
    /// Where the propensities come from
    #[arg(long, value_enum, default_value = "logged")]
    propensities: PropensitySource,
    /// Largest difference of mean scores that does not matter
    #[arg(long, default_value_t = Margins::default().quality)]
    quality_margin: f64,
    /// Largest difference of mean dollars that does not matter, as a share of them
    #[arg(long, default_value_t = Margins::default().dollars)]
    dollars_margin: f64,
}

impl CalibrateLog {
    pub(super) fn run(self) -> Result<(), Failure> {
        let margins = Margins { quality: self.quality_margin, dollars: self.dollars_margin };
        if [margins.quality, margins.dollars].iter().any(|margin| !(margin.is_finite() && *margin >= 0.0)) {
            return Err(Failure::Input("margins must be finite and not negative".into()));
        }
        let log = self.source.open()?;
        calibrate(&log, &self.source.name(), &self.out, self.propensities.propensities(), margins)
    }
}

/// Fits the generator to a log, writes it, and asks whether simulation and off-policy evaluation agree.
fn calibrate(log: &Log, name: &str, out: &Path, from: Propensities, margins: Margins) -> Result<(), Failure> {
    let survey = log.survey();
    let cells = LoggedCells { models: log.models(), tasks: log.tasks(), cells: &survey.cells };
    let fitted = fit_log(cells, name).map_err(Failure::input)?;
    write(out, &fitted.calibration.to_toml())?;
    say!("calibration of {} logged rows: {}", log.len(), out.display());
    fitted.assumed.iter().for_each(|sentence| say!("{sentence}"));
    if from == Propensities::Logged && survey.with_propensity == 0 {
        say!(
            "no row has a propensity: whether simulation and off-policy evaluation agree stays open (--propensities shares)"
        );
        return Ok(());
    }
    let compared = compare(log, &names(log.models()), from, margins).map_err(Failure::input)?;
    say!("\n{}", table(&compared, margins).trim_end());
    match compared.verdict() {
        Verdict::Disagree => Err(Failure::Failed("simulation and off-policy evaluation disagree".into())),
        Verdict::Agree | Verdict::Open => Ok(()),
    }
}

fn table(compared: &Comparisons, margins: Margins) -> String {
    let header = ["policy", "outcome", "log", "+-", "simulated", "+-", "effective rows", "verdict"];
    let mut lines = vec![header.map(str::to_owned)];
    let mut reasons = String::new();
    for comparison in &compared.all {
        let (estimate, simulated) = (comparison.estimate(), comparison.simulated);
        let evaluation = &comparison.evaluation;
        let half = |interval: statistics::Interval| interval.high.map_or(f64::NAN, |high| high - interval.mean);
        let digits = |value: f64| match evaluation.outcome {
            experiment::log::Outcome::Dollars => dollars(value),
            _ => score(value),
        };
        lines.push([
            evaluation.policy.clone(),
            evaluation.outcome.name().to_owned(),
            digits(estimate.mean),
            digits(half(estimate)),
            digits(simulated.mean),
            digits(half(simulated)),
            format!("{:.0}", evaluation.gathered.effective()),
            comparison.verdict.name().to_owned(),
        ]);
        if let Some(flaw) = evaluation.flaw() {
            reasons += &format!("{} ({}): {flaw}\n", evaluation.policy, evaluation.outcome.name());
        }
    }
    let [agree, disagree, open] =
        [Verdict::Agree, Verdict::Disagree, Verdict::Open].map(|verdict| compared.count(verdict));
    let whole = match compared.verdict() {
        Verdict::Agree => "simulation and off-policy evaluation agree",
        Verdict::Disagree => {
            "simulation and off-policy evaluation disagree: choices depended on more than the task, \
                              propensities are wrong, or the world moved within the log"
        }
        Verdict::Open => "too few rows to say whether simulation and off-policy evaluation agree",
    };
    format!(
        "simulated values come from a generator fitted to {} rows, estimates (doubly robust, 95 %) from the other {}\n\
         {}{reasons}{agree} agree within the margin (quality {}, dollars {} %), {disagree} disagree, {open} stay open\n{whole}\n",
        compared.rows[0],
        compared.rows[1],
        aligned(&lines, 2),
        margins.quality,
        100.0 * margins.dollars,
    )
}
