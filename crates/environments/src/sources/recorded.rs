//! A recorded table as a world: real prompts, drawn again and again.

use crate::{Batch, Environment, Episode, MeanTokens, Table};
use routing::random::{below, uniform};
use routing::{Dollars, Preference, Round, Seed, Stream};
use sha2::{Digest, Sha256};
use std::ops::Deref;
use std::sync::Arc;

/// A world whose requests are the rows of one table, drawn uniformly with replacement; each round has a preference drawn
/// uniformly from the simplex. The list price of a model is its mean dollars over the table, and every model is up.
#[derive(Clone, Debug)]
pub struct Recorded {
    table: Arc<Table>,
    list_prices: Vec<Dollars>,
    available: Vec<bool>,
    /// Rows of each task.
    by_task: Vec<Vec<usize>>,
    fingerprint: String,
}

impl Recorded {
    /// The world of `table`.
    ///
    /// # Panics
    /// If the table has no row.
    pub fn new(table: Arc<Table>) -> Recorded {
        assert!(!table.is_empty(), "requests are drawn from the rows of the table");
        let rows: Vec<usize> = (0..table.len()).collect();
        Recorded {
            list_prices: table.mean_cost(&rows),
            available: vec![true; table.arms()],
            by_task: rows_by_task(&table),
            fingerprint: fingerprint(&table),
            table,
        }
    }
}

impl Environment for Recorded {
    fn models(&self) -> &[String] {
        self.table.models()
    }

    fn tasks(&self) -> &[String] {
        self.table.tasks()
    }

    fn dimension(&self) -> usize {
        self.table.dimension()
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn simulated(&self) -> bool {
        false
    }

    fn task_shares(&self) -> Vec<f64> {
        self.by_task.iter().map(|rows| rows.len() as f64 / self.table.len() as f64).collect()
    }

    fn mean_tokens(&self) -> Vec<Option<MeanTokens>> {
        (0..self.table.arms()).map(|arm| self.table.mean_tokens(arm)).collect()
    }

    fn pool(&self, _seed: &Seed) -> Arc<Table> {
        Arc::clone(&self.table)
    }

    fn episode(&self, seed: &Seed) -> Box<dyn Episode + '_> {
        Box::new(Replay::new(self, seed))
    }
}

/// An endless stream of rows of the world that it borrows or owns.
pub(super) struct Replay<W> {
    world: W,
    rows: Stream,
    preferences: Stream,
}

impl<W> Replay<W> {
    pub(super) fn new(world: W, seed: &Seed) -> Replay<W> {
        Replay { world, rows: seed.stream("row"), preferences: seed.stream("preference") }
    }
}

impl<W: Deref<Target = Recorded> + Send> Episode for Replay<W> {
    fn task(&self, round: Round) -> usize {
        let table = &self.world.table;
        table.task(below(&mut self.rows.at(round), table.len()))
    }

    fn push(&self, round: Round, instead: Option<usize>, batch: &mut Batch) {
        let Recorded { table, list_prices, available, by_task, .. } = &*self.world;
        let mut generator = self.rows.at(round);
        let row = match instead {
            None => below(&mut generator, table.len()),
            Some(task) => by_task[task][below(&mut generator, by_task[task].len())],
        };
        let w_cost = uniform(&mut self.preferences.at(round));
        let preference = Preference::new(w_cost).expect("a uniform draw lies in [0, 1)");
        batch.push_row(round, table, row, preference, list_prices, available);
    }
}

/// The rows of each task, in table order.
fn rows_by_task(table: &Table) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); table.tasks().len()];
    (0..table.len()).for_each(|row| rows[table.task(row)].push(row));
    rows
}

/// SHA-256, in hexadecimal, of everything a table holds, each part with its length: whatever file it came from, equal
/// tables have equal fingerprints.
pub(super) fn fingerprint(table: &Table) -> String {
    let mut hash = Sha256::new();
    let mut texts = |texts: &mut dyn ExactSizeIterator<Item = &str>| {
        hash.update((texts.len() as u64).to_le_bytes());
        for text in texts {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
    };
    texts(&mut std::iter::once("barp table 1"));
    texts(&mut table.models().iter().map(String::as_str));
    texts(&mut table.tasks().iter().map(String::as_str));
    texts(&mut (0..table.len()).map(|row| table.id(row)));
    hash.update((table.dimension() as u64).to_le_bytes());
    for row in 0..table.len() {
        hash.update((table.task(row) as u64).to_le_bytes());
        table.features(row).iter().for_each(|number| hash.update(number.to_bits().to_le_bytes()));
        table.quality(row).iter().for_each(|score| hash.update(score.to_bits().to_le_bytes()));
        table.cost(row).iter().for_each(|cost| hash.update(cost.0.to_bits().to_le_bytes()));
    }
    // What a table had no place for when addresses were first computed is hashed only where there is some of it.
    if table.timed() > 0 {
        hash.update("latency 1");
        table.outcomes().seconds().iter().for_each(|seconds| hash.update(seconds.to_bits().to_le_bytes()));
    }
    if table.has_tokens() {
        hash.update("tokens 1");
        for cell in 0..table.len() * table.arms() {
            let tokens = table.tokens(cell / table.arms(), cell % table.arms());
            let counts = tokens.map_or([u32::MAX; 3], |tokens| [tokens.input, tokens.cached, tokens.output]);
            counts.iter().for_each(|count| hash.update(count.to_le_bytes()));
        }
    }
    // Clusters stay together where a table is split, which changes what is trained on; what linked them does not.
    if table.repeated() > 0 {
        hash.update("repeats 1");
        (0..table.len()).for_each(|row| hash.update((table.first_of(row) as u64).to_le_bytes()));
    }
    routing::hexadecimal(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TableParts;
    use std::ops::Range;

    fn parts() -> TableParts {
        TableParts {
            ids: ["a", "b", "c"].map(str::to_owned).to_vec(),
            tasks: ["t", "u"].map(str::to_owned).to_vec(),
            task_of: vec![0, 1, 0],
            models: ["m", "n"].map(str::to_owned).to_vec(),
            dimension: 1,
            features: vec![0.1, 0.2, 0.3],
            quality: vec![0.0, 1.0, 0.25, 0.5, 1.0, 0.0],
            cost: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(Dollars).to_vec(),
            ..TableParts::default()
        }
    }

    fn world() -> Recorded {
        Recorded::new(Arc::new(Table::new(parts())))
    }

    fn fill(world: &Recorded, seed: &Seed, rounds: Range<u64>) -> Batch {
        let mut batch = Batch::new(world.dimension(), world.models().len());
        world.episode(seed).fill(rounds, &mut batch);
        batch
    }

    #[test]
    fn a_round_is_the_same_however_rounds_are_batched() {
        let (world, seed) = (world(), Seed::root(3));
        let whole = fill(&world, &seed, 0..100);
        for (start, end) in [(0, 1), (1, 8), (8, 40), (40, 100)] {
            let part = fill(&world, &seed, start..end);
            for row in 0..part.len() {
                let (all, at) = (whole.contexts(), start as usize + row);
                assert_eq!(part.contexts().rounds()[row], Round(at as u64));
                assert_eq!(part.contexts().feature_row(row), all.feature_row(at));
                assert_eq!(part.contexts().preferences()[row], all.preferences()[at]);
                assert_eq!(part.task(row), whole.task(at));
                assert_eq!(part.quality(row), whole.quality(at));
                assert_eq!(part.cost(row), whole.cost(at));
            }
        }
    }

    #[test]
    fn rows_and_preferences_are_drawn_uniformly() {
        let world = world();
        let batch = fill(&world, &Seed::root(3), 0..30_000);
        for id in [0.1, 0.2, 0.3] {
            let count = batch.contexts().features().iter().filter(|&&feature| feature == id).count();
            assert!((9_700..10_300).contains(&count), "{count}");
        }
        let weights = batch.contexts().preferences().iter().map(|preference| preference.cost());
        for low in [0.0, 0.25, 0.5, 0.75] {
            let count = weights.clone().filter(|weight| (low..low + 0.25).contains(weight)).count();
            assert!((7_200..7_800).contains(&count), "{count}");
        }
    }

    #[test]
    fn what_is_public_are_mean_prices_and_that_all_models_are_up() {
        let world = world();
        let batch = fill(&world, &Seed::root(3), 5..6);
        assert_eq!(batch.contexts().list_prices(0), [Dollars(3.0), Dollars(4.0)]);
        assert_eq!(batch.contexts().available(0), [true, true]);
        assert_eq!(world.pool(&Seed::root(1)).len(), 3);
        assert!(!world.simulated());
    }

    #[test]
    fn seeds_differ() {
        let world = world();
        let drawn = |number| fill(&world, &Seed::root(number), 0..20).contexts().features().to_vec();
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn the_fingerprint_tells_every_part_of_the_content() {
        type Change = fn(&mut TableParts);
        let changes: [Change; 8] = [
            |_| (),
            |parts| parts.ids[0].push('x'),
            |parts| parts.tasks[0].push('x'),
            |parts| parts.task_of[0] = 1,
            |parts| parts.models.swap(0, 1),
            |parts| parts.features[2] = 0.4,
            |parts| parts.quality[5] = 0.5,
            |parts| parts.cost[0] = Dollars(1.5),
        ];
        let prints = changes.map(|change| {
            let mut parts = parts();
            change(&mut parts);
            Recorded::new(Arc::new(Table::new(parts))).fingerprint()
        });
        assert_eq!(prints[0], world().fingerprint());
        assert_eq!(prints[0], PINNED);
        let distinct: std::collections::BTreeSet<&String> = prints.iter().collect();
        assert_eq!(distinct.len(), prints.len());
    }
    /// Frozen: it stands in the address of every stored cell. From an independent computation in Python.
    const PINNED: &str = "9e448c8c83884fe13fb03c2a471ceedd2d74d02fec64a7c27d01e06e98ad806a";
}
