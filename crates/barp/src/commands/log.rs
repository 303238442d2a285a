//! `barp log ...`: production logs in, described and imitated; routers that learn from them, and what others would have earned.

mod calibrate;
mod decide;
mod describe;
mod files;
mod import;
mod ope;
mod reading;
mod train;

pub(crate) use reading::LogArguments;

use crate::failure::Failure;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Log {
    /// Check every row of a log and store it as DIR/log.parquet
    Import(import::ImportLog),
    /// What a log holds: models, tasks, scores, dollars, propensities, near-duplicate prompts
    Describe(describe::DescribeLog),
    /// Fit the generator to a log, and ask whether simulation and off-policy evaluation agree
    Calibrate(calibrate::CalibrateLog),
    /// Train one policy on a log and save it as a router
    Train(train::TrainOnLog),
    /// Decide whether to switch: models, policies by task and saved routers beside the incumbent, in one sentence
    Decide(Box<decide::Decide>),
    /// Estimate what other policies, and saved routers, would have earned
    Ope(ope::Ope),
}

impl Log {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Log::Import(command) => command.run(),
            Log::Describe(command) => command.run(),
            Log::Calibrate(command) => command.run(),
            Log::Train(command) => command.run(),
            Log::Decide(command) => command.run(),
            Log::Ope(command) => command.run(),
        }
    }
}
