//! A world made by a function: a table of prompts for every seed number, and a stream that draws from its rows.

use super::recorded::{Recorded, Replay, fingerprint};
use crate::{Environment, Episode, Table};
use routing::{Round, Seed, give_up, random};
use std::sync::Arc;

/// Makes the table of a seed number, or says why it cannot. It may depend on nothing else.
pub type MakeTable = dyn Fn(u64) -> Result<Table, String> + Send + Sync;

/// A generated world. Every seed has a pool of its own, which its stream draws from uniformly with replacement, as the
/// stream of a recorded table does; list prices are mean dollars over the pool, and every model is up.
pub struct Pooled {
    /// The pool of seed number 0: models, tasks and width are those of every pool.
    first: Table,
    shares: Vec<f64>,
    fingerprint: String,
    make: Box<MakeTable>,
}

impl Pooled {
    /// The world of `make`. `content` identifies the function, so that another one with the same first table is another
    /// world.
    ///
    /// # Errors
    /// The rule that it breaks, if its first table has no row, or is another one when asked for again; what `make` says.
    pub fn new(content: &str, make: Box<MakeTable>) -> Result<Pooled, String> {
        let first = make(0)?;
        if first.is_empty() {
            return Err("the table of seed 0 must have at least 1 row, got 0".into());
        }
        let print = fingerprint(&first);
        if fingerprint(&make(0)?) != print {
            return Err("seed 0 must give the same table each time: all draws must come from the seed".into());
        }
        let mut shares = vec![0.0; first.tasks().len()];
        (0..first.len()).for_each(|row| shares[first.task(row)] += 1.0 / first.len() as f64);
        Ok(Pooled { fingerprint: format!("pooled {content} {print}"), shares, first, make })
    }

    /// Gives up ([`give_up`]) if `make` fails, or its table differs from that of seed 0 in models, tasks or width, or has no row.
    fn table(&self, seed: &Seed) -> Table {
        let number = (random::uniform(&mut seed.stream("table").at(Round(0))) * SEED_NUMBERS) as u64;
        let table = (self.make)(number).unwrap_or_else(|problem| give_up(format!("seed {number}: {problem}")));
        if table.is_empty() {
            give_up(format!("the table of seed {number} must have at least 1 row, got 0"));
        }
        let same = |what: &str, known: &dyn std::fmt::Debug, got: &dyn std::fmt::Debug, same: bool| {
            if !same {
                give_up(format!("the {what} of seed {number} must be those of seed 0, {known:?}, got {got:?}"));
            }
        };
        let first = &self.first;
        same("models", &first.models(), &table.models(), first.models() == table.models());
        same("tasks", &first.tasks(), &table.tasks(), first.tasks() == table.tasks());
        same("columns", &first.dimension(), &table.dimension(), first.dimension() == table.dimension());
        table
    }
}

/// Seed numbers are drawn from 0 to 2^53, so that every language holds them exactly.
const SEED_NUMBERS: f64 = (1u64 << 53) as f64;

impl Environment for Pooled {
    fn models(&self) -> &[String] {
        self.first.models()
    }

    fn tasks(&self) -> &[String] {
        self.first.tasks()
    }

    fn dimension(&self) -> usize {
        self.first.dimension()
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn simulated(&self) -> bool {
        true
    }

    fn task_shares(&self) -> Vec<f64> {
        self.shares.clone()
    }

    fn pool(&self, seed: &Seed) -> Arc<Table> {
        Arc::new(self.table(seed))
    }

    fn episode(&self, seed: &Seed) -> Box<dyn Episode + '_> {
        Box::new(Replay::new(Arc::new(Recorded::new(self.pool(seed))), seed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Batch, TableParts};
    use routing::Dollars;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn table(number: u64, rows: usize, tasks: &[&str]) -> Table {
        Table::new(TableParts {
            ids: (0..rows).map(|row| row.to_string()).collect(),
            tasks: tasks.iter().map(|&task| task.to_owned()).collect(),
            task_of: vec![0; rows],
            models: vec!["m".into()],
            dimension: 1,
            features: vec![number as f32; rows],
            quality: vec![0.5; rows],
            cost: vec![Dollars(1.0); rows],
            ..TableParts::default()
        })
    }

    fn world() -> Pooled {
        Pooled::new("code", Box::new(|number| Ok(table(number, 4, &["t"])))).unwrap()
    }

    #[test]
    fn the_stream_of_a_seed_draws_from_its_pool_and_other_seeds_have_others() {
        let (world, seed) = (world(), Seed::root(3).child("replicate", "1"));
        let mut batch = Batch::new(1, 1);
        world.episode(&seed).fill(0..5, &mut batch);
        let pool = world.pool(&seed);
        assert_eq!(batch.contexts().features(), vec![pool.features(0)[0]; 5]);
        assert_ne!(pool.features(0), world.pool(&Seed::root(4)).features(0));
        assert!(world.simulated());
    }

    #[test]
    fn the_fingerprint_tells_the_code_and_the_first_table() {
        let other = |content, rows| {
            Pooled::new(content, Box::new(move |number| Ok(table(number, rows, &["t"])))).unwrap().fingerprint()
        };
        assert_eq!(other("code", 4), world().fingerprint());
        assert_ne!(other("edited", 4), world().fingerprint());
        assert_ne!(other("code", 5), world().fingerprint());
    }

    #[test]
    fn a_function_that_is_none_of_the_seed_is_refused() {
        let refuse = |make: Box<MakeTable>| Pooled::new("code", make).err().unwrap();
        let calls = AtomicU64::new(0);
        let error = refuse(Box::new(move |_| Ok(table(calls.fetch_add(1, Ordering::Relaxed), 4, &["t"]))));
        assert!(error.contains("the same table each time"), "{error}");
        assert!(refuse(Box::new(|_| Ok(table(0, 0, &["t"])))).contains("at least 1 row, got 0"));
    }

    #[test]
    fn a_table_with_other_tasks_is_refused() {
        let tasks = |number| if number == 0 { ["t"] } else { ["u"] };
        let world = Pooled::new("code", Box::new(move |number| Ok(table(number, 4, &tasks(number))))).unwrap();
        let pool = std::panic::AssertUnwindSafe(|| world.pool(&Seed::root(1)));
        let thrown = std::panic::catch_unwind(pool).unwrap_err();
        let reason = &thrown.downcast_ref::<routing::GaveUp>().unwrap().reason;
        assert!(reason.ends_with("must be those of seed 0, [\"t\"], got [\"u\"]"), "{reason}");
    }
}
