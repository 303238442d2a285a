//! Commands by the names that they had before: what scripts were written against goes on working.

use std::ffi::OsString;

/// `arguments` of the program in today's spelling. Everything about logs has moved to `barp log`:
///
/// - `barp ope LOG` is `barp log ope LOG`;
/// - `barp train --log LOG` is `barp log train LOG`;
/// - `barp data import|describe|calibrate LOG --format log` is `barp log import|describe|calibrate LOG`.
pub(crate) fn current(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let word = |at: usize| arguments.get(at).and_then(|word| word.to_str()).unwrap_or_default().to_owned();
    match (word(1).as_str(), word(2).as_str()) {
        ("ope", _) => arguments.insert(1, "log".into()),
        ("train", _) => {
            if let Some(log) = take(&mut arguments, "--log") {
                arguments.splice(1..2, ["log".into(), "train".into(), log]);
            }
        }
        ("data", "import" | "describe" | "calibrate") => {
            let mut rest = arguments.clone();
            if take(&mut rest, "--format").is_some_and(|format| format == "log") {
                arguments = rest;
                arguments[1] = "log".into();
            }
        }
        _ => {}
    }
    arguments
}

/// Takes the option called `name` out, `--name VALUE` or `--name=VALUE`; none where it is not given.
fn take(arguments: &mut Vec<OsString>, name: &str) -> Option<OsString> {
    for at in 0..arguments.len() {
        let Some(word) = arguments[at].to_str() else { continue };
        if word == "--" {
            return None;
        }
        if word == name && at + 1 < arguments.len() {
            return arguments.drain(at..at + 2).next_back();
        }
        if let Some(value) = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            let value = value.into();
            arguments.remove(at);
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_spellings_are_todays_commands() {
        let check = |old: &str, new: &str| {
            let words: Vec<OsString> = old.split(' ').map(OsString::from).collect();
            assert_eq!(current(words).join(" ".as_ref()), new);
        };
        check("barp ope x.csv --json", "barp log ope x.csv --json");
        check("barp train --log x.csv --policy knn", "barp log train x.csv --policy knn");
        check("barp train --policy knn --log=x.csv", "barp log train x.csv --policy knn");
        check("barp data describe x.csv --format log --json", "barp log describe x.csv --json");
        check("barp data calibrate --format=log x.csv", "barp log calibrate x.csv");
        check("barp data import x.csv --format long", "barp data import x.csv --format long");
        check("barp train c.toml --policy knn", "barp train c.toml --policy knn");
        check("barp run c.toml --log decisions", "barp run c.toml --log decisions");
        check("barp data fidelity x.csv --format log", "barp data fidelity x.csv --format log");
    }
}
