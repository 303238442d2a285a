//! The command line: alone parses arguments and prints. Results on stdout, progress and errors on stderr.
#![expect(clippy::print_stderr, reason = "this crate is the one that prints")]

mod collapse;
mod commands;
mod encoding;
mod failure;
mod files;
mod output;
mod overriding;
mod progress;
mod reference;
mod rehearsal;
mod reporting;
mod requests;
mod routers;
mod running;
mod spellings;
mod table;
mod unscored;

use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

/// Which model should answer this prompt, for a user who weighs quality against cost this way? Train and compare routers
/// under the feedback they would really get.
#[derive(Parser)]
#[command(name = "barp", version, propagate_version = true, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run an experiment: compute its missing cells, then write its summary, tables and charts
    Run(commands::run::Run),
    /// Run the paper's tables and sweeps, on the embedded benchmark or on your rows
    Reproduce(commands::reproduce::Reproduce),
    /// Say what an experiment would compute and buy, and run nothing
    Plan(commands::plan::Plan),
    /// Redraw summary, tables and charts of a result folder from its parquet files alone
    Report(commands::report::Report),
    /// Compute a sample of a result folder's cells again and compare bytes
    Verify(commands::verify::Verify),
    /// Put shards of one experiment into one folder
    Merge(commands::merge::Merge),
    /// Share an experiment out to a scheduler: Slurm, Kubernetes
    #[command(subcommand)]
    Submit(commands::submit::Submit),
    /// Two policies of a result folder, paired by replicate
    Compare(commands::compare::Compare),
    /// Decide the claims of a result folder: pass, fail or inconclusive
    Claims(commands::claims::Claims),
    /// Train one policy and save it as a router
    Train(commands::train::Train),
    /// Let a saved router choose a model for each prompt
    Route(commands::route::Route),
    /// Let a saved router choose models and go on learning from what comes of it
    Learn(commands::learn::Learn),
    /// Say what a saved router is, what it learnt from and how well it does
    Inspect(commands::inspect::Inspect),
    /// List what can be named in a configuration
    List(commands::list::List),
    /// Print the JSON schema of a configuration, with which editors complete and check it
    Schema(commands::schema::Schema),
    /// Describe a production log, learn from it, and estimate what others would have earned on it
    #[command(subcommand)]
    Log(Box<commands::log::Log>),
    /// Import, describe and imitate outcome tables
    #[command(subcommand)]
    Data(Box<commands::data::Data>),
    /// Print what a shell needs to complete commands and options
    Completions(commands::completions::Completions),
    /// Write a manual page for each command
    Man(commands::man::Man),
    /// Help on a command, or on every key of a configuration: `barp help config [TABLE]`
    Help(commands::help::Help),
}

fn main() -> ExitCode {
    let result = match Arguments::parse_from(spellings::current(std::env::args_os().collect())).command {
        Command::Run(command) => command.run(),
        Command::Reproduce(command) => command.run(),
        Command::Plan(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Verify(command) => command.run(),
        Command::Merge(command) => command.run(),
        Command::Submit(command) => command.run(),
        Command::Compare(command) => command.run(),
        Command::Claims(command) => command.run(),
        Command::Train(command) => command.run(),
        Command::Route(command) => command.run(),
        Command::Learn(command) => command.run(),
        Command::Inspect(command) => command.run(),
        Command::List(command) => command.run(),
        Command::Schema(command) => command.run(),
        Command::Log(command) => command.run(),
        Command::Data(command) => command.run(),
        Command::Completions(command) => command.run(Arguments::command()),
        Command::Man(command) => command.run(Arguments::command()),
        Command::Help(command) => command.run(Arguments::command()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain!("error: {failure}");
            failure.exit_code()
        }
    }
}
