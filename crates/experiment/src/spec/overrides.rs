//! Values given beside a configuration's file, as `policy.barp.epochs=20`: put into its parsed table before anything of it is
//! checked, so that they meet the same rules as what is written.

use super::{DEFAULT_SOURCE, Recorded, Spec, Top};
use serde_json::{Map, Value};
use settings::{Place, SpecError, Written, field_order};
use std::fmt;
use std::str::FromStr;

/// One value for one path of a configuration.
///
/// A path is written as keys are in TOML. Where it meets a list of tables (`policy`, `environment`, a `shift`), the next key
/// is a label, the table's `name` or else its `kind`, and stands for every table so called. The value is TOML; a word that is
/// not is text.
///
/// ```
/// use experiment::{Override, Spec};
///
/// let text = "name = 'x'\n[[environment]]\n[[policy]]\nkind = 'barp'\n";
/// let replicates: Override = "replicates=3".parse().unwrap();
/// assert_eq!(Spec::parse_with(text, "x.toml", &[replicates]).unwrap().replicates, 3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// As the user wrote it.
    written: String,
    /// At least one key.
    path: Vec<String>,
    value: Value,
}

/// Why a text is no [`Override`]: field, rule and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideError(String);

impl fmt::Display for OverrideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OverrideError {}

/// As it is typed after `--set` in a shell.
impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:=/+@%".contains(c);
        if self.written.chars().all(plain) {
            f.write_str(&self.written)
        } else {
            write!(f, "'{}'", self.written.replace('\'', r"'\''"))
        }
    }
}

impl FromStr for Override {
    type Err = OverrideError;

    fn from_str(written: &str) -> Result<Override, OverrideError> {
        let rule = |rule: &str| OverrideError(format!("must be {rule}, got `{written}`"));
        let (path, value) = halves(written).ok_or_else(|| rule("PATH=VALUE"))?;
        let path = keys(path).ok_or_else(|| rule("PATH=VALUE with a path of keys as in TOML, `policy.barp.epochs`"))?;
        let value = read(value.trim()).ok_or_else(|| rule("PATH=VALUE with a value that is TOML or a word"))?;
        Ok(Override { written: written.into(), path, value })
    }
}

/// What stands before and after the first `=` outside of quotes.
fn halves(written: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, c) in written.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '=' => return Some((&written[..at], &written[at + 1..])),
            None => {}
        }
    }
    None
}

/// The keys of a dotted TOML key.
fn keys(path: &str) -> Option<Vec<String>> {
    let mut table: toml::Table = toml::from_str(&format!("{path} = 0")).ok()?;
    let mut keys = Vec::new();
    loop {
        let only = table.len() == 1;
        let (key, value) = table.into_iter().next().filter(|_| only)?;
        keys.push(key);
        match value {
            toml::Value::Table(inner) => table = inner,
            toml::Value::Integer(_) => return Some(keys),
            _ => return None,
        }
    }
}

/// A TOML value, or else a text that begins none. A bare day is text too, as all days of configurations are.
fn read(text: &str) -> Option<Value> {
    let parsed = toml::from_str::<toml::Table>(&format!("value = {text}")).ok();
    match parsed.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value")) {
        Some(toml::Value::Datetime(day)) => Some(day.to_string().into()),
        Some(value) => serde_json::to_value(value).ok(),
        None if text.is_empty() || text.contains('\n') || text.starts_with(['[', '{', '"', '\'']) => None,
        None => Some(text.into()),
    }
}

impl Override {
    /// Whether its path leads somewhere in the configuration `text` of the file called `file`.
    ///
    /// # Errors
    /// [`SpecError`] where it does not, with what there is instead; and for malformed TOML.
    pub fn meets(&self, text: &str, file: &str) -> Result<(), SpecError> {
        self.put_into(&mut Written::parse(text, file)?.table)
    }

    /// Puts the value into a parsed configuration.
    fn put_into(&self, table: &mut Map<String, Value>) -> Result<(), SpecError> {
        let known = field_order::<Top>();
        self.place().find("key", &self.path[0], known.iter().map(|known| (known.as_str(), ())))?;
        self.put(table, &self.path)
    }

    fn put(&self, table: &mut Map<String, Value>, path: &[String]) -> Result<(), SpecError> {
        let [key, rest @ ..] = path else { unreachable!("a path has a key") };
        if rest.is_empty() {
            table.insert(key.clone(), self.value.clone());
            return Ok(());
        }
        match table.entry(key).or_insert_with(|| Map::new().into()) {
            Value::Object(inner) => self.put(inner, rest),
            Value::Array(items) if items.iter().all(Value::is_object) => self.put_each(key, items, rest),
            other => {
                Err(self.place().error(format!("`{key}` must be a table to set `{}` in it, got {other}", rest[0])))
            }
        }
    }

    /// Puts the value into each of the tables `[[key]]` that is called as the path goes on.
    fn put_each(&self, key: &str, items: &mut [Value], path: &[String]) -> Result<(), SpecError> {
        let [label, rest @ ..] = path else { unreachable!("a path has a key") };
        let called: Vec<String> = items.iter().map(|item| label_of(key, item)).collect();
        self.place().find(&format!("label of `[[{key}]]`"), label, called.iter().map(|known| (known.as_str(), ())))?;
        if rest.is_empty() {
            return Err(self.place().error(format!("the path must go on to a key of `[[{key}]]`, got `{label}` last")));
        }
        let meant = items.iter_mut().zip(&called).filter(|(_, called)| *called == label);
        meant.filter_map(|(item, _)| item.as_object_mut()).try_for_each(|table| self.put(table, rest))
    }

    fn place(&self) -> Place {
        Place::top(&format!("--set {self}"))
    }
}

/// What a table `[[key]]` is called; nothing where it is no table, or says neither name nor kind.
fn label_of(key: &str, item: &Value) -> String {
    let said = item.get("name").or_else(|| item.get("kind")).and_then(Value::as_str);
    let unsaid = if key == "environment" { DEFAULT_SOURCE } else { "" };
    said.unwrap_or(unsaid).to_owned()
}

/// What a configuration was made of, so that a mistake in it can be put down to the file or to an override.
#[derive(Clone, Debug)]
pub(crate) struct Overridden {
    pub(crate) text: String,
    pub(crate) file: String,
    pub(crate) overrides: Vec<Override>,
    /// As in [`Spec::on_recorded`].
    pub(crate) recorded: Option<Recorded>,
}

impl Overridden {
    /// The configuration with the first `count` overrides.
    pub(crate) fn with(&self, count: usize) -> Result<Spec, SpecError> {
        let mut written = Written::parse(&self.text, &self.file)?;
        self.overrides[..count].iter().try_for_each(|one| one.put_into(&mut written.table))?;
        Spec::taken(written)
    }

    /// `error`, which `attempt` makes of the whole configuration, at the place of the override that causes it: the first with
    /// which it appears. It stays where it is if the file alone makes the same.
    pub(crate) fn blamed(&self, error: SpecError, attempt: impl Fn(Spec) -> Option<SpecError>) -> SpecError {
        let fails = |count: usize| {
            let spec = self.with(count).map(|spec| match &self.recorded {
                None => spec,
                Some(recorded) => spec.on_recorded(recorded),
            });
            spec.map_or_else(Some, &attempt).as_ref() == Some(&error)
        };
        // Without a first count it takes all of them.
        let count = (0..self.overrides.len()).find(|&count| fails(count)).unwrap_or(self.overrides.len());
        match count.checked_sub(1) {
            None => error,
            Some(last) => SpecError { file: format!("--set {}", self.overrides[last]), line: None, ..error },
        }
    }
}
