//! `barp help [COMMAND]` as clap prints it, and `barp help config [TABLE]`: every key of a configuration.

use crate::failure::Failure;
use crate::output::{say, shape};
use crate::reference::{in_markdown, in_text, named, tables};
use clap::Args;
use settings::Mistake;

/// What stands above all tables.
const INTRODUCTION: &str = "\
Every key of a configuration: its default (none: it may be left out), what its
value must be, and its meaning. `barp help config TABLE` shows one table, by
the name beside its heading or the end of it: `objective`, `policy`, `barp`.
";

#[derive(Args)]
pub(crate) struct Help {
    /// A command; or `config`, and a table of it: `objective`, `policy`, `barp`, `shift.price`
    #[arg(value_name = "COMMAND")]
    topic: Vec<String>,
    /// With `config`: print the page `configs/REFERENCE.md`
    #[arg(long)]
    markdown: bool,
}

impl Help {
    /// `program` is the whole command line, for the help of its commands.
    pub(crate) fn run(self, program: clap::Command) -> Result<(), Failure> {
        match self.topic.split_first() {
            Some((first, tables)) if first == "config" => self.config(tables),
            _ => of_command(program, &self.topic),
        }
    }

    fn config(&self, wanted: &[String]) -> Result<(), Failure> {
        let mut shown = Vec::new();
        for name in wanted {
            shown.extend(named(name).map_err(Failure::input)?);
        }
        if wanted.is_empty() {
            shown = tables();
        }
        let (width, colour) = shape();
        if self.markdown {
            say!("{}", in_markdown(&shown).trim_end());
        } else {
            if wanted.is_empty() {
                say!("{INTRODUCTION}");
            }
            say!("{}", in_text(&shown, width, colour));
        }
        Ok(())
    }
}

fn of_command(mut program: clap::Command, topic: &[String]) -> Result<(), Failure> {
    program.build();
    let mut command = &mut program;
    for name in topic {
        let known: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
        let unknown =
            || Failure::input(Mistake::unknown("command", name, known.iter().map(String::as_str).chain(["config"])));
        command = command.find_subcommand_mut(name).ok_or_else(unknown)?;
    }
    say!("{}", command.render_long_help().to_string().trim_end());
    Ok(())
}
