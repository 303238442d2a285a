//! `barp plan CONFIG --power EFFECT`: replicates and test prompts with which a difference of two policies is seen.

use crate::failure::Failure;
use crate::output::say;
use crate::reporting::runs;
use crate::table::aligned;
use experiment::{Plan, Tested};
use report::replicate_spread;
use serde::Serialize;
use statistics::{Design, LEVEL, POWER, Spread};
use std::path::Path;
use store::{Folder, Run};

/// What is taken for the spread where nothing was measured. Pairs of BaRP, kNN, ridge, LinUCB, best single model and random
/// (6 replicates; 5 models of RouterBench, and 6,000 rows of the embedded benchmark) differ in reward over the grid by .03 to .26
/// from prompt to prompt (upper quartiles .22 and .24), from training to training by .006 to .016. The upper end is taken, so
/// that a plan asks for too many rather than too few.
const DEFAULT: Spread = Spread { training: 0.01, prompt: 0.25 };

/// What one environment needs.
#[derive(Serialize)]
struct Needed {
    environment: String,
    effect: f64,
    level: f64,
    power: f64,
    /// Of the configuration.
    replicates: u64,
    /// Of the configuration, in each replicate.
    prompts: u64,
    /// Recorded prompts that they are drawn from; none where they are generated.
    pool: Option<u64>,
    sd_prompt: f64,
    sd_training: f64,
    /// Where the standard deviations come from.
    source: String,
    /// With the replicates and prompts of the configuration.
    power_as_configured: Option<f64>,
    /// With the prompts of the configuration.
    replicates_needed: Option<u64>,
    /// With the replicates of the configuration.
    prompts_needed: Option<u64>,
}

/// Prints what `plan` needs to see `effect`, with spreads from the folder `from` where there is one.
pub(super) fn print(plan: &Plan, effect: f64, from: Option<&Path>, json: bool) -> Result<(), Failure> {
    let measured = from.map(measured).transpose()?;
    let tested = plan.tested();
    if tested.is_empty() {
        let rule = "no environment trains and then tests, and a power is planned for those alone";
        return Err(Failure::Input(format!("{}: {rule}", plan.spec.name)));
    }
    let needed: Vec<Needed> = tested.iter().map(|one| needed(one, effect, from, measured.as_deref())).collect();
    if json {
        say!("{}", serde_json::to_string_pretty(&needed).expect("plain text and numbers"));
        return Ok(());
    }
    say!("to see a difference of {effect} in reward over the grid (two-sided {LEVEL}, power {POWER}):");
    say!("{}", in_lines(&needed));
    say!("{}", assumptions(&needed));
    Ok(())
}

fn measured(folder: &Path) -> Result<Vec<Run>, Failure> {
    let folder = Folder::new(folder);
    let manifest = folder.read_manifest().map_err(Failure::input)?;
    runs(&folder, &manifest)
}

fn needed(tested: &Tested, effect: f64, from: Option<&Path>, measured: Option<&[Run]>) -> Needed {
    let Tested { environment, replicates, prompts, pool } = tested.clone();
    let design = Design { replicates, prompts, pool };
    let found = measured.zip(from).and_then(|(runs, folder)| spread(runs, tested, folder));
    let (spread, source) = found.unwrap_or_else(|| (DEFAULT, "default".to_owned()));
    Needed {
        effect,
        level: LEVEL,
        power: POWER,
        replicates,
        prompts,
        pool,
        sd_prompt: spread.prompt,
        sd_training: spread.training,
        source,
        power_as_configured: spread.power(effect, design),
        replicates_needed: spread.replicates(effect, design),
        prompts_needed: spread.prompts(effect, design),
        environment,
    }
}

/// The spread that a folder shows. Cells do not tell prompts from trainings: what the default says of prompts is taken for
/// theirs, up to all that replicates differ by, and the rest is left to trainings.
fn spread(runs: &[Run], tested: &Tested, folder: &Path) -> Option<(Spread, String)> {
    let shown = replicate_spread(runs, &tested.environment)?;
    // Prompts that all replicates have in common do not part them.
    let shared = tested.pool.map_or(0.0, |pool| 1.0 / pool.max(shown.prompts) as f64);
    let parted = 1.0 / shown.prompts as f64 - shared;
    let (all, by_prompts) = (shown.deviation * shown.deviation, DEFAULT.prompt * DEFAULT.prompt * parted);
    let spread = if all < by_prompts {
        Spread { training: 0.0, prompt: shown.deviation / libm::sqrt(parted) }
    } else {
        Spread { training: libm::sqrt(all - by_prompts), ..DEFAULT }
    };
    let source = format!(
        "{}: {} pairs of policies, {:.4} from replicate to replicate; prompts and trainings told apart by the default",
        folder.display(),
        shown.pairs,
        shown.deviation
    );
    Some((spread, source))
}

fn in_lines(needed: &[Needed]) -> String {
    let heading = ["environment", "replicates", "prompts", "power", "replicates needed", "prompts needed"];
    let mut lines = vec![heading.map(str::to_owned)];
    for one in needed {
        let count = |count: Option<u64>| count.map_or_else(|| "none suffices".to_owned(), |count| count.to_string());
        lines.push([
            one.environment.clone(),
            one.replicates.to_string(),
            one.prompts.to_string(),
            one.power_as_configured.map_or_else(|| "no test".to_owned(), |power| format!("{power:.2}")),
            count(one.replicates_needed),
            count(one.prompts_needed),
        ]);
    }
    aligned(&lines, 1).trim_end().to_owned()
}

/// What the numbers rest on.
fn assumptions(needed: &[Needed]) -> String {
    let mut text =
        "replicates needed: with these prompts in each; prompts needed: test prompts of each replicate, with these \
                    replicates, the pool growing with them\nstandard deviations of a paired difference:"
            .to_owned();
    for Needed { environment, sd_prompt, sd_training, source, .. } in needed {
        text += &format!(
            "\n  {environment}: {sd_prompt:.3} from prompt to prompt, {sd_training:.4} from training to training ({source})"
        );
    }
    if needed.iter().any(|one| one.pool.is_none()) {
        text += "\ngenerated prompts: every replicate has its own; paired t-test over replicates";
    }
    if needed.iter().any(|one| one.pool.is_some()) {
        text += "\nrecorded prompts: replicates share one pool, which more of them do not enlarge; test over prompts";
    }
    text
}
