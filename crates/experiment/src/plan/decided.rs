//! A router made elsewhere, known by its decisions alone: which model it takes for each test prompt at each preference.
//!
//! It sees no outcome and no feature: what it knew when it decided is between its author and the rules of the experiment
//! (`barp plan --splits` says what it may be trained on). Every decision that the test asks for must be there before anything
//! runs.

use super::given::{GivenError, REPLICATE, Row, SAMPLE_ID, each_row, of_file};
use super::{PlannedEnvironment, PlannedPolicy, Subject, canonical};
use crate::spec::{Protocol, Spec};
use crate::written::{DECISIONS_FILE, PolicyTable};
use environments::Table;
use routing::{Arm, Choice, Dollars, Ledger, Preference, Propensity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use settings::{Mistake, Parameters, Place, SpecError, Strict};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use store::{Identity, Role, address};

/// What it is, in a sentence.
pub(crate) const ABOUT: &str =
    "a router made elsewhere: a file says which model it takes for each test prompt and preference";

/// Raised when a change of the code changes its numbers.
const REVISION: u32 = 1;

/// Most difference of a weight from one of the grid: what is lost on the way through text.
const ROUNDING: f64 = 1e-9;

const W_COST: &str = "w_cost";
const MODEL: &str = "model";
const EXPECTED_REWARD: &str = "expected_reward";
const PROPENSITY: &str = "propensity";

/// Parameters of `decisions-file`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-required" = ["file"]))]
pub(crate) struct DecisionsFile {
    /// The decisions (parquet, CSV or JSONL): `sample_id`, `w_cost`, `model`, where decisions differ between replicates
    /// `replicate` (from 1), where the file is about several environments `environment`; as far as known `expected_reward` and
    /// `propensity`.
    #[schemars(extend("x-rule" = "a path"))]
    file: Option<PathBuf>,
    /// Outcomes that its making bought, in each replicate; 0: it learned from none. Not told unless given.
    outcomes: Option<u64>,
    /// US dollars that these outcomes cost; given together with `outcomes`.
    #[schemars(range(min = 0.0))]
    dollars: Option<f64>,
}

impl Parameters for DecisionsFile {
    fn check(&self) -> Result<(), Mistake> {
        let together = self.outcomes.is_some() == self.dollars.is_some();
        let got = if self.outcomes.is_some() { "`outcomes` alone" } else { "`dollars` alone" };
        Mistake::unless(together, "outcomes", "given together with `dollars`, or neither", got)
    }
}

impl DecisionsFile {
    /// The part it plays: what it learned from is its own affair, unless it says that it learned nothing.
    fn role(&self) -> Role {
        if self.outcomes == Some(0) { Role::Rule } else { Role::Elsewhere }
    }
}

/// The decisions on the test prompts of every replicate.
pub struct Decisions {
    by_replicate: Vec<Decided>,
    ledger: Ledger,
    told: bool,
}

struct Decided {
    /// For each test row a choice for each weight of the grid.
    choices: BTreeMap<usize, Vec<Choice>>,
    /// Identifies them.
    contents: String,
}

impl Decisions {
    /// What the author says that making it bought; nothing where nothing is told.
    pub(crate) fn ledger(&self) -> Ledger {
        self.ledger
    }

    /// Whether the author says what making it bought.
    pub(crate) fn is_told(&self) -> bool {
        self.told
    }

    /// For each weight of the grid the choices for the test rows `rows` of a replicate, in their order.
    pub(crate) fn choices(&self, replicate: u32, rows: &[usize]) -> Vec<Vec<Choice>> {
        let choices = &self.by_replicate[replicate as usize].choices;
        let weights = choices.values().next().map_or(0, Vec::len);
        (0..weights).map(|weight| rows.iter().map(|row| choices[row][weight]).collect()).collect()
    }

    /// What identifies the decisions of a replicate.
    pub(super) fn contents(&self, replicate: u32) -> &str {
        &self.by_replicate[replicate as usize].contents
    }
}

/// The file as read: which choice stands where.
struct File<'a> {
    path: &'a Path,
    models: Vec<&'a str>,
    grid: &'a [Preference],
    /// By replicate (none: for each), prompt and place of the weight: the choice and its line.
    found: BTreeMap<(Option<usize>, String, usize), (u64, Choice)>,
}

impl Spec {
    /// The policy of a table of this kind, on `environment`.
    pub(super) fn decided(
        &self,
        place: &Place,
        label: String,
        table: Map<String, Value>,
        environment: &PlannedEnvironment,
    ) -> Result<PlannedPolicy, SpecError> {
        let Protocol::TrainThenTest { split: shares, .. } = &environment.protocol else {
            return Err(place.error(format!(
                "policy `{DECISIONS_FILE}` needs protocol `train-then-test`, whose test prompts are known beforehand; \
                 environment `{}` is under protocol `online`",
                environment.label
            )));
        };
        let strict = Strict {
            defaults: settings::defaults::<DecisionsFile>(),
            schema: settings::schema::<DecisionsFile>(),
            taken: PolicyTable::keys().into_iter().filter(|key| key != "tune").collect(),
        };
        let parse = |all: &Value| settings::parse::<DecisionsFile>(all);
        let all = place.merge(&strict, table, |all| parse(all).map(|_| ()))?;
        let parameters = parse(&all).map_err(|mistake| place.error(mistake))?;
        let missing = || place.error("`file` is missing: it must name a file of decisions");
        let path = parameters.file.as_deref().ok_or_else(missing)?;
        let refuse = |error: GivenError| place.at("file").error(format!("`file`: {error}"));
        let file = File::read(path, environment, &self.preferences.test).map_err(refuse)?;
        let mut by_replicate = Vec::new();
        for replicate in 0..self.replicates {
            let world = self.world_seed(&environment.source, replicate);
            let pool = environment.world.pool(&world);
            let rows = environment.split(&pool, *shares, replicate, &world).test;
            file.check_ids(&pool, replicate as usize, environment.world.simulated()).map_err(refuse)?;
            by_replicate.push(file.decided(&pool, &rows, replicate as usize).map_err(refuse)?);
        }
        let ledger = Ledger {
            outcomes: parameters.outcomes.unwrap_or(0),
            dollars: Dollars(parameters.dollars.unwrap_or(0.0)),
            ..Ledger::default()
        };
        let content = json!({
            "kind": DECISIONS_FILE, "revision": REVISION, "outcomes": parameters.outcomes, "dollars": parameters.dollars,
        });
        let identity = Identity::new(DECISIONS_FILE, parameters.role());
        let decisions = Decisions { by_replicate, ledger, told: parameters.outcomes.is_some() };
        Ok(PlannedPolicy { label, identity, content, subject: Subject::Decided(decisions) })
    }
}

impl<'a> File<'a> {
    fn read(
        path: &'a Path,
        environment: &'a PlannedEnvironment,
        grid: &'a [Preference],
    ) -> Result<File<'a>, GivenError> {
        let models = environment.world.models().iter().map(String::as_str).collect();
        let mut file = File { path, models, grid, found: BTreeMap::new() };
        each_row(path, [&environment.label, &environment.group], |row| file.take(row))?;
        Ok(file)
    }

    fn take(&mut self, row: &Row<'_>) -> Result<(), GivenError> {
        let (id, replicate, weight) = (row.text(SAMPLE_ID)?, row.replicate()?, self.weight(row)?);
        let arm = Arm::at(row.among(MODEL, &self.models)?);
        let propensity = row.number(PROPENSITY, "a probability in (0, 1]", |p| p > 0.0 && p <= 1.0)?;
        let expected = row.number(EXPECTED_REWARD, "a finite number", f64::is_finite)?;
        let choice = Choice::drawn(arm, Propensity::Exact(propensity.unwrap_or(1.0) as f32));
        let choice = Choice { expected_reward: expected, ..choice };
        if let Some(((other, _, _), _)) =
            self.found.first_key_value().filter(|(key, _)| key.0.is_some() != replicate.is_some())
        {
            let got = replicate.or(*other).map_or(0, |number| number + 1);
            return Err(row.error(Some(REPLICATE), format!("must stand in every row or in none, got {got} in some")));
        }
        let twice = format!("`{id}` at {W_COST} {}", self.grid[weight].cost());
        match self.found.entry((replicate, id, weight)) {
            Entry::Vacant(vacant) => drop(vacant.insert((row.place(), choice))),
            Entry::Occupied(first) => {
                let rule = "must name each prompt once at each weight of a replicate";
                let message = format!("{rule}, got {twice} again, first at {}", first.get().0);
                return Err(row.error(Some(SAMPLE_ID), message));
            }
        }
        Ok(())
    }

    /// The place of the weight of a row in the grid.
    fn weight(&self, row: &Row<'_>) -> Result<usize, GivenError> {
        let text = row.text(W_COST)?;
        let same = |number: f64| self.grid.iter().position(|weight| (weight.cost() - number).abs() <= ROUNDING);
        text.trim().parse().ok().and_then(same).ok_or_else(|| {
            let tested: Vec<String> = self.grid.iter().map(|weight| weight.cost().to_string()).collect();
            row.error(Some(W_COST), format!("must be a weight that is tested ({}), got `{text}`", tested.join(", ")))
        })
    }

    /// Refuses decisions about prompts that the table of a replicate does not have. Generated prompts differ from replicate to
    /// replicate; there only rows that name theirs can be told to be wrong.
    fn check_ids(&self, table: &Table, replicate: usize, simulated: bool) -> Result<(), GivenError> {
        let known: BTreeSet<&str> = (0..table.len()).map(|row| table.id(row)).collect();
        let own = |of: &Option<usize>| *of == Some(replicate) || (of.is_none() && replicate == 0 && !simulated);
        let strangers = self.found.iter().filter(|((of, id, _), _)| own(of) && !known.contains(id.as_str()));
        match strangers.min_by_key(|(_, (place, _))| *place) {
            None => Ok(()),
            Some(((_, id, _), (place, _))) => Err(GivenError::Refused {
                path: self.path.to_owned(),
                place: Some(*place),
                column: Some(SAMPLE_ID),
                message: format!("must be an id of the table, got `{id}`"),
            }),
        }
    }

    /// The decisions on the test prompts `rows` of a replicate.
    fn decided(&self, table: &Table, rows: &[usize], replicate: usize) -> Result<Decided, GivenError> {
        let numbered = self.found.first_key_value().is_some_and(|((of, _, _), _)| of.is_some());
        let of = numbered.then_some(replicate);
        let (mut choices, mut missing) = (BTreeMap::<usize, Vec<Choice>>::new(), Vec::new());
        for (&row, weight) in rows.iter().flat_map(|row| (0..self.grid.len()).map(move |weight| (row, weight))) {
            match self.found.get(&(of, table.id(row).to_owned(), weight)) {
                Some((_, choice)) => choices.entry(row).or_default().push(*choice),
                None => missing.push((row, weight)),
            }
        }
        if let Some(&(row, weight)) = missing.first() {
            let (id, w_cost, number) = (table.id(row), self.grid[weight].cost(), replicate + 1);
            let (count, all) = (missing.len(), rows.len() * self.grid.len());
            return Err(of_file(
                self.path,
                format!(
                    "it must decide every test prompt at every weight, got no row with {SAMPLE_ID} `{id}` and {W_COST} \
                     {w_cost} (replicate {number}; {count} of {all} decisions are missing there)"
                ),
            ));
        }
        let one = |row: &usize, choices: &Vec<Choice>| -> Value {
            let choices = choices.iter().map(|choice| {
                json!([self.models[choice.arm.index()], choice.propensity.value(), choice.expected_reward])
            });
            json!([table.id(*row), choices.collect::<Vec<_>>()])
        };
        let all: Vec<Value> = choices.iter().map(|(row, choices)| one(row, choices)).collect();
        Ok(Decided { contents: address(&canonical(&Value::Array(all))), choices })
    }
}
