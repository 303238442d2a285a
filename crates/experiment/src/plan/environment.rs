//! `[[environment]]` tables as worlds: one table may stand for many that differ in one thing.

use super::PlannedEnvironment;
use super::shifts::{Moving, feedback_rule, moving};
use super::split::{HeldOut, split};
use super::splits::Splits;
use super::variants::{Variant, variants};
use crate::extensions::Extensions;
use crate::features::text_encoder;
use crate::spec::{Protocol, Spec};
use crate::written::EnvironmentTable;
use environments::Environment;
use routing::{Seed, words};
use serde_json::{Map, Value};
use settings::{Place, SpecError, Strict};
use std::path::Path;
use std::sync::Arc;

impl Spec {
    /// The environments that table number `written` stands for.
    pub(super) fn environments_of(
        &self,
        written: usize,
        mut table: Map<String, Value>,
        extensions: &Extensions,
    ) -> Result<Vec<PlannedEnvironment>, SpecError> {
        let place = self.place_of("environment", written, &table);
        let common: EnvironmentTable = place.take(&mut table)?;
        let kind = common.kind.clone();
        let group = common.name.clone().unwrap_or_else(|| kind.clone());
        let protocol = match common.protocol.clone() {
            None => self.protocol.clone(),
            Some(given) => Protocol::parse(&place.at("protocol").table(format!("{}.protocol", place.table)), given)?,
        };
        let feedback = feedback_rule(&place, common.feedback.clone(), &protocol)?;
        let (axes, shifts) = (common.axes(), common.shifts(&place));
        let source = extensions.source(&place.at("kind"), &kind)?;
        let strict = Strict { defaults: source.defaults(), schema: source.schema(), taken: EnvironmentTable::keys() };
        let parameters = place.merge(&strict, table, |all| source.check(all))?;
        let encoder = |name: &str| text_encoder(name, &extensions.progress);
        let opened = source.open(&parameters, &encoder).map_err(|mistake| place.error(mistake))?;
        let mix = |task: &String| task == words::ALL_TASKS;
        let told_apart = opened.tasks().len() < 2 || !opened.tasks().iter().any(mix);
        let rule = "other names than that of the mix of all, where there are several";
        place.unless(told_apart, "tasks", rule, format!("`{}`", words::ALL_TASKS))?;
        let mut environments = Vec::new();
        self.timed(&place, &*opened)?;
        for variant in variants(&place, &group, axes, shifts, &*opened, self.stand_in.as_ref())? {
            let Variant { label, held_out, shots, shifts, factors } = variant;
            enough_shots(&place, &*opened, &held_out, shots, &protocol)?;
            let rows =
                PlannedRows { world: &*opened, protocol: &protocol, held_out: &HeldOut { tasks: &held_out, shots } };
            let splits = match &common.splits {
                Some(file) => Some(self.given_splits(&place, file, [&label, &group], &rows)?),
                None => self.enough_prompts(&place, &rows).map(|()| None)?,
            };
            let Moving { world, shifts, contents: shift_contents } =
                moving(&place, shifts, Arc::clone(&opened), &protocol)?;
            environments.push(PlannedEnvironment {
                label,
                group: group.clone(),
                written,
                kind: kind.clone(),
                parameters: parameters.clone(),
                world,
                source: opened.fingerprint(),
                shifts,
                shift_contents,
                held_out,
                shots,
                splits,
                factors,
                protocol: protocol.clone(),
                feedback: feedback.clone(),
                policies: Vec::new(),
            });
        }
        Ok(environments)
    }
}

/// What is split, and by which rules.
struct PlannedRows<'a> {
    world: &'a dyn Environment,
    protocol: &'a Protocol,
    held_out: &'a HeldOut<'a>,
}

impl Spec {
    /// The splits that the file at `path` gives for the environment with these `labels`.
    fn given_splits(
        &self,
        place: &Place,
        path: &str,
        labels: [&str; 2],
        rows: &PlannedRows<'_>,
    ) -> Result<Splits, SpecError> {
        let parted = matches!(rows.protocol, Protocol::TrainThenTest { .. });
        place.unless(parted, "splits", "given under protocol `train-then-test`, which splits", "protocol `online`")?;
        let source = rows.world.fingerprint();
        let table_of = |replicate| rows.world.pool(&self.world_seed(&source, replicate));
        let splits = Splits::read(Path::new(path), labels, self.replicates, table_of, rows.held_out);
        splits.map_err(|error| place.at("splits").error(format!("`splits`: {error}")))
    }

    /// Refuses a split of recorded rows that leaves a part without prompts: it would have no score. A generated pool differs
    /// from replicate to replicate; there the cell says so. Without clusters the sizes of the parts are the same in all replicates.
    fn enough_prompts(&self, place: &Place, rows: &PlannedRows<'_>) -> Result<(), SpecError> {
        let Protocol::TrainThenTest { split: shares, .. } = rows.protocol else { return Ok(()) };
        if rows.world.simulated() {
            return Ok(());
        }
        let (pool, source) = (rows.world.pool(&Seed::root(0)), rows.world.fingerprint());
        let different = if pool.repeated() == 0 { 1 } else { self.replicates };
        for replicate in 0..different {
            let world = self.world_seed(&source, replicate);
            let parts = split(&pool, *shares, rows.held_out, &world.stream("split"));
            let sizes = [parts.train.len(), parts.validation.len(), parts.test.len()];
            let [train, validation, test] = sizes;
            if sizes.contains(&0) {
                let got = format!("{train} for training, {validation} for validation and {test} for test");
                let clusters =
                    if pool.repeated() == 0 { String::new() } else { format!(" in {} clusters", pool.clusters()) };
                let of = format!("replicate {}: {} prompts{clusters}, shares {shares:?}", replicate + 1, pool.len());
                return Err(place.error(format!("`split` must leave each part a prompt, got {got} ({of})")));
            }
        }
        Ok(())
    }

    /// Refuses a weight on latency where a recorded call has none.
    fn timed(&self, place: &Place, world: &dyn Environment) -> Result<(), SpecError> {
        if self.latency.weight == 0.0 {
            return Ok(());
        }
        if world.simulated() {
            return Err(place.error("`[latency]` needs recorded latencies, and generated requests have none"));
        }
        let pool = world.pool(&Seed::root(0));
        let calls = pool.len() * pool.arms() - pool.gaps();
        let rule = "with a weight on latency, that of every recorded call must be known";
        let problem = format!("{rule}, got {} of {calls} calls (`[latency]` of the configuration)", pool.timed());
        if pool.timed() == calls { Ok(()) } else { Err(place.error(problem)) }
    }
}

/// Refuses more shots than the held-out tasks have training prompts.
fn enough_shots(
    place: &Place,
    world: &dyn Environment,
    held_out: &[usize],
    shots: Option<u64>,
    protocol: &Protocol,
) -> Result<(), SpecError> {
    let Some(shots) = shots else { return Ok(()) };
    place.unless(!held_out.is_empty(), "shots", "given with `held-out` tasks", shots)?;
    let Protocol::TrainThenTest { split, .. } = protocol else {
        return Err(place.error("`shots` needs a training split; protocol `online` has none"));
    };
    let pool = world.pool(&Seed::root(0));
    for &task in held_out {
        let prompts = (0..pool.len()).filter(|&row| pool.task(row) == task).count();
        // Generated pools differ a little from replicate to replicate.
        let most = (0.9 * split[0] * prompts as f64) as u64;
        let rule = format!("at most {most} (nine tenths of the training prompts of `{}`)", pool.tasks()[task]);
        place.unless(shots <= most, "shots", &rule, shots)?;
    }
    Ok(())
}
