//! A recorded table at other prices: every call costs what its tokens cost on a day of a price book.

use crate::Table;
use crate::price_book::{Date, PriceBook, PriceBookError};
use std::collections::BTreeMap;

/// Prices of one day.
#[derive(Clone, Debug)]
pub struct Pricing {
    /// The book.
    pub book: PriceBook,
    /// The day.
    pub date: Date,
    /// Model of the table -> model of the book, where they differ.
    pub names: BTreeMap<String, String>,
}

impl Pricing {
    /// `table` at these prices; gaps stay gaps.
    ///
    /// # Errors
    /// For a name that the table does not have, a call whose tokens nobody counted, and a model without a price on the day.
    pub fn of(&self, table: Table) -> Result<Table, PriceBookError> {
        let refuse = |message: String| PriceBookError { message };
        if let Some(unknown) = self.names.keys().find(|name| !table.models().contains(name)) {
            let known = table.models().join(", ");
            return Err(refuse(format!("`{unknown}` is no model of the table (known: {known})")));
        }
        for (arm, model) in table.models().iter().enumerate() {
            let recorded = (0..table.len()).filter(|&row| table.outcome(row, arm).is_some());
            let uncounted = recorded.clone().filter(|&row| table.tokens(row, arm).is_none()).count();
            if uncounted > 0 {
                let calls = recorded.count();
                return Err(refuse(format!("{uncounted} of {calls} calls of `{model}` have no tokens to price anew")));
            }
        }
        table.priced(|table, row, arm| {
            let model = &table.models()[arm];
            let name = self.names.get(model).unwrap_or(model);
            self.book.dollars(name, self.date, table.tokens(row, arm).expect("all were counted"))
        })
    }
}
