//! A TOML text as a table, with the line of every key.

use crate::mistake::Mistake;
use crate::place::{Lines, Place, SpecError};
use serde_json::{Map, Value};
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// A configuration file: its top table, and the place to make errors at.
#[derive(Clone, Debug)]
pub struct Written {
    /// The top table.
    pub table: Map<String, Value>,
    /// The top of the file.
    pub place: Place,
}

impl Written {
    /// Reads the TOML `text` of the file called `file`. Dates are read as texts.
    ///
    /// # Errors
    /// For malformed TOML, and for numbers that are not finite or do not fit into 64 bits.
    pub fn parse(text: &str, file: &str) -> Result<Written, SpecError> {
        let reader = Reader { text, file };
        let top = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            reader.refuse(at, format!("this is not TOML: {}", error.message().trim_end().replace('\n', ", ")))
        })?;
        let (table, lines) = reader.table(top.get_ref(), None)?;
        Ok(Written { table, place: Place::with_lines(file, Arc::new(lines)) })
    }
}

struct Reader<'a> {
    text: &'a str,
    file: &'a str,
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|&byte| byte == b'\n').count()
    }

    fn refuse(&self, at: usize, problem: impl Into<Mistake>) -> SpecError {
        SpecError {
            file: self.file.to_owned(),
            line: Some(self.line(at)),
            table: String::new(),
            problem: Box::new(problem.into()),
        }
    }

    fn table(&self, table: &DeTable<'_>, line: Option<usize>) -> Result<(Map<String, Value>, Lines), SpecError> {
        let (mut values, mut lines) = (Map::new(), Lines { line, ..Lines::default() });
        for (key, value) in table {
            let (value, below) = self.value(key.get_ref(), value, self.line(key.span().start))?;
            values.insert(key.get_ref().to_string(), value);
            lines.keys.insert(key.get_ref().to_string(), Arc::new(below));
        }
        Ok((values, lines))
    }

    fn value(&self, key: &str, value: &Spanned<DeValue<'_>>, line: usize) -> Result<(Value, Lines), SpecError> {
        let wrong = |rule: &str, got: &str| {
            let mistake = Mistake::Rule { field: key.to_owned(), rule: rule.to_owned(), value: got.to_owned() };
            self.refuse(value.span().start, mistake)
        };
        let plain = match value.get_ref() {
            DeValue::Table(table) => {
                let (table, lines) = self.table(table, Some(line))?;
                return Ok((Value::Object(table), lines));
            }
            DeValue::Array(items) => return self.list(key, items, line),
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(yes) => Value::from(*yes),
            DeValue::Datetime(date) => Value::from(date.to_string()),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map(Value::from)
                .map_err(|_| wrong("a whole number of 64 bits", integer.as_str()))?,
            DeValue::Float(float) => {
                let number = float.as_str().parse().ok().filter(|number: &f64| number.is_finite());
                number.map(Value::from).ok_or_else(|| wrong("a finite number", float.as_str()))?
            }
        };
        Ok((plain, Lines { line: Some(line), ..Lines::default() }))
    }

    fn list(&self, key: &str, items: &DeArray<'_>, line: usize) -> Result<(Value, Lines), SpecError> {
        let (mut values, mut lines) = (Vec::new(), Lines { line: Some(line), ..Lines::default() });
        for item in items {
            let (value, below) = self.value(key, item, self.line(item.span().start))?;
            values.push(value);
            lines.items.push(Arc::new(below));
        }
        Ok((Value::Array(values), lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"a\"\n\n[[policy]]\nkind = \"barp\"\n\n[[policy]]\n# a comment\nkind = \"knn\"\n\
                        tune = { k = [\n  1,\n  2 ] }\n";

    #[test]
    fn errors_have_the_line_of_the_key_they_are_about_else_of_the_table() {
        let written = Written::parse(TEXT, "c.toml").unwrap();
        let second = written.place.at("policy").item(1).table("[[policy]] knn");
        assert_eq!(second.error("`kind` is odd").to_string(), "c.toml:8: [[policy]] knn: `kind` is odd");
        assert_eq!(second.error("`k` is missing").line, Some(6));
        assert_eq!(second.error("`tune.k` is odd").line, Some(9));
        assert_eq!(written.place.error("`about` is missing").line, None);
        assert_eq!(written.table["policy"][1]["tune"]["k"][1], 2);
    }

    #[test]
    fn what_is_no_toml_or_no_number_has_its_line() {
        let refusal = |text: &str| Written::parse(text, "c.toml").unwrap_err().to_string();
        assert!(refusal("a = 1\nb =\n").starts_with("c.toml:2: this is not TOML: "), "{}", refusal("a = 1\nb =\n"));
        assert_eq!(refusal("a = 1\n[b]\nc = [1.0, inf]\n"), "c.toml:3: `c` must be a finite number, got inf");
        assert_eq!(
            refusal("a = 99999999999999999999"),
            "c.toml:1: `a` must be a whole number of 64 bits, got 99999999999999999999"
        );
        assert_eq!(Written::parse("day = 2024-05-13", "c.toml").unwrap().table["day"], "2024-05-13");
    }
}
