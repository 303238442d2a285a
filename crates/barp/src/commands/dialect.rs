//! How a CSV file on the command line is written.

use clap::Args;
use store::{Decimal, Delimiter, Dialect};

/// The flags of a [`Dialect`].
#[derive(Args)]
pub(crate) struct DialectArguments {
    /// CSV: the character between cells, or `tab` [default: a comma, a tab in .tsv files]
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<Delimiter>,
    /// CSV: the sign before the decimals of a number, `.` or `,`
    #[arg(long, value_name = "SIGN", default_value_t = Decimal::Point)]
    decimal: Decimal,
    /// CSV: leave out spaces around cells and column names
    #[arg(long)]
    trim: bool,
}

impl DialectArguments {
    /// The dialect that the flags describe.
    pub(crate) fn dialect(&self) -> Dialect {
        Dialect { delimiter: self.delimiter, decimal: self.decimal, trim: self.trim }
    }
}
