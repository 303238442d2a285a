//! The keys of a configuration as text for a terminal and as a page. What is said of them comes from their declarations.

use experiment::TableReference;
use serde_json::Value;
use settings::{Key, Mistake};
use std::collections::BTreeSet;

/// Widest text that is easy to read.
const WIDEST: usize = 80;

/// Where the rules of keys begin.
const RULES: usize = 28;

/// Every table of a configuration, and of a file of claims.
pub(crate) fn tables() -> Vec<TableReference> {
    let mut all = experiment::reference();
    let claims = report::claim_schema();
    let about =
        "A claim, in a file `NAME.claims.toml` beside the configuration `NAME.toml`, decided when the run is done.";
    all.push(TableReference::new("claim", "[[claim]]", about, claims));
    all
}

/// The tables that `name` stands for: a path (`policy.barp`), its end (`barp`) or its beginning (`protocol`), with the tables
/// inside of it. The kinds of a list (`policy`) come without their keys.
///
/// # Errors
/// When there is none.
pub(crate) fn named(name: &str) -> Result<Vec<TableReference>, Mistake> {
    let all = tables();
    let plain = name.trim_matches(['[', ']']).to_ascii_lowercase();
    let is = |path: &str| path == plain || path.rsplit('.').next() == Some(&plain);
    let mut found: Vec<&str> = all.iter().map(|table| table.path.as_str()).filter(|path| is(path)).collect();
    if found.is_empty() {
        let begins = |path: &&str| path.starts_with(&format!("{plain}."));
        found = all.iter().map(|table| table.path.as_str()).filter(begins).collect();
    }
    if found.is_empty() {
        let known = all.iter().flat_map(|table| table.path.split('.')).collect::<BTreeSet<_>>();
        return Err(Mistake::unknown("table", name, known));
    }
    let inside = |path: &str| found.iter().any(|outer| path == *outer || path.starts_with(&format!("{outer}.")));
    let shown = all.iter().filter(|table| inside(&table.path)).filter_map(|table| {
        let kind = all.iter().rfind(|kind| is_kind(kind) && table.path.starts_with(&kind.path));
        match kind {
            Some(kind) if !found.iter().any(|outer| table.path == *outer || outer.starts_with(&kind.path)) => {
                let brief = TableReference { schema: Value::Null, ..table.clone() };
                is_kind(table).then_some(brief)
            }
            _ => Some(table.clone()),
        }
    });
    Ok(shown.collect())
}

/// Whether a table is one kind of a list of tables.
fn is_kind(table: &TableReference) -> bool {
    table.written.starts_with("[[") && table.written.contains(" kind = ")
}

/// Tables as text, at most `width` columns wide; `bold` marks names.
pub(crate) fn in_text(tables: &[TableReference], width: usize, bold: bool) -> String {
    let width = width.min(WIDEST);
    let mut text = String::new();
    for table in tables {
        text += &format!("{}  {}\n", strong(&table.written, bold), dim(&table.path, bold));
        text += &wrapped(&capital(&table.about), 2, width);
        for key in table.keys() {
            text += &key_in_text(&key, width, bold);
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn key_in_text(key: &Key, width: usize, bold: bool) -> String {
    let (name, default) = (&key.name, default(key));
    let shown = format!("{name}{default}");
    let mut text = format!("  {}{default}", strong(name, bold));
    let rule = &key.rule;
    if shown.chars().count() + 3 <= RULES && RULES + rule.chars().count() <= width {
        text += &" ".repeat(RULES - 2 - shown.chars().count());
        text += &format!("{rule}\n");
    } else {
        text += "\n";
        text += &wrapped(rule, RULES, width);
    }
    text += &wrapped(&key.meaning, 6, width);
    if let Some(search) = &key.search {
        text += &wrapped(&format!("Tuned: {search}."), 6, width);
    }
    for (choice, meaning) in key.choices.iter().filter(|(_, meaning)| !meaning.is_empty()) {
        text += &wrapped(&format!("`{choice}`: {meaning}"), 8, width);
    }
    text
}

/// How a key is written where it has its default.
fn default(key: &Key) -> String {
    match &key.default {
        _ if key.required => " (required)".into(),
        Some(value) if !is_empty(value) && key.table.is_none() => format!(" = {}", in_toml(value)),
        _ => String::new(),
    }
}

fn is_empty(value: &Value) -> bool {
    value == ""
        || value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(serde_json::Map::is_empty)
}

/// A value as TOML writes it in one line.
fn in_toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(in_toml).collect::<Vec<_>>().join(", ")),
        Value::Number(number) if number.as_f64().is_some_and(|number| number != 0.0 && number.abs() < 1e-3) => {
            format!("{:e}", number.as_f64().unwrap_or_default())
        }
        plain => plain.to_string(),
    }
}

/// Words in lines of at most `width`, all of them indented.
fn wrapped(words: &str, indent: usize, width: usize) -> String {
    let (mut text, mut line) = (String::new(), String::new());
    for word in words.split_whitespace() {
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > width {
            text += &format!("{:indent$}{line}\n", "");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    if line.is_empty() { text } else { text + &format!("{:indent$}{line}\n", "") }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>());
    first.unwrap_or_default() + letters.as_str()
}

fn strong(words: &str, bold: bool) -> String {
    if bold { console::style(words).force_styling(true).bold().to_string() } else { words.to_owned() }
}

fn dim(words: &str, bold: bool) -> String {
    if bold { console::style(words).force_styling(true).dim().to_string() } else { format!("({words})") }
}

/// All tables as a page in Markdown.
pub(crate) fn in_markdown(tables: &[TableReference]) -> String {
    let mut page = String::from(PAGE);
    for table in tables {
        let level = if table.path.contains('.') { "###" } else { "##" };
        page += &format!("\n{level} {}\n\n`{}`: {}\n", table.path, table.written, cell(&table.about));
        let keys = table.keys();
        if keys.is_empty() {
            continue;
        }
        page += "\n| key | default | must be | meaning |\n|---|---|---|---|\n";
        for key in keys {
            let told = key.choices.iter().filter(|(_, meaning)| !meaning.is_empty());
            let told: Vec<String> = told.map(|(choice, meaning)| format!("`{choice}`: {meaning}")).collect();
            let default = default(&key);
            let default = default.trim_start_matches([' ', '=']);
            let default = if default.is_empty() || key.required { default.to_owned() } else { format!("`{default}`") };
            let search = key.search.as_ref().map(|search| format!("Tuned: {search}."));
            let meaning = [key.meaning.clone()].into_iter().chain(told).chain(search).collect::<Vec<_>>().join(" ");
            page +=
                &format!("| `{}` | {} | {} | {} |\n", key.name, cell(&default), cell(&key.rule), cell(meaning.trim()));
        }
    }
    page
}

/// A text as a cell of a table: a bar would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

const PAGE: &str = "\
# Every key of a configuration

Printed by `barp help config --markdown` from the declarations that check the keys; `barp help config TABLE` shows one table.
`barp schema` prints the same as a JSON schema, which stands in `barp.schema.json`: put

```toml
#:schema ./barp.schema.json
```

at the top of a configuration, and editors with Taplo (Even Better TOML) complete and check it. A key without a default may be
left out; its meaning says what then holds. Unknown keys are refused.
";
