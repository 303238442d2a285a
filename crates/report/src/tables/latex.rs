//! Tables as LaTeX: rules of `booktabs`, numbers of `siunitx` (version 3) with half the interval in brackets. A table wider than the
//! line is shrunk to it.

use crate::Context;
use crate::graphics::format::count;
use crate::theme;
use routing::visible_name;

use super::sheet::{Cell, Kind, Line, Sheet};

/// Says what the file needs; the lines it is compiled with by itself stand in it as a comment.
const PREAMBLE: &str = "\
% Needs in the preamble:
%   \\usepackage{booktabs,graphicx,siunitx}
%   \\sisetup{mode=match, reset-text-series=false, text-series-to-math=true}
";

/// One `table` environment for each sheet, to be read by `\\input`.
pub(super) fn latex(sheets: &[Sheet], context: &Context) -> String {
    let redraw = visible_name(&context.command);
    let mut text = format!("% Redrawn by: {redraw}\n{PREAMBLE}");
    sheets.iter().for_each(|sheet| text += &table(sheet));
    text
}

fn table(sheet: &Sheet) -> String {
    let columns: Vec<String> = (0..sheet.columns.len()).map(|column| format(sheet, column)).collect();
    let headings: Vec<String> = sheet.columns.iter().map(|column| format!("{{{}}}", heading(column))).collect();
    let mut text = format!(
        "\n\\begin{{table}}\n\\centering\\footnotesize\\setlength{{\\tabcolsep}}{{4pt}}\n\\caption{{{}}}\n\
         \\resizebox{{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}}{{!}}{{%\n\\begin{{tabular}}{{l{}}}\n\\toprule\nPolicy & {} \\\\\n",
        caption(sheet),
        columns.concat(),
        headings.join(" & "),
    );
    if sheet.kind == Kind::Tasks {
        text += &format!("{} \\\\\n", requests(sheet));
    }
    text += "\\midrule\n";
    for (line, name) in sheet.lines.iter().zip(names(sheet)) {
        let cells: Vec<String> = line.cells.iter().map(|cell| number(sheet, cell.as_ref())).collect();
        text += &format!("{} & {} \\\\\n", escape(&name), cells.join(" & "));
    }
    text + "\\bottomrule\n\\end{tabular}}\n\\end{table}\n"
}

/// Names of policies; a single model goes by the shortest that tells it apart.
fn names(sheet: &Sheet) -> Vec<String> {
    let models: Vec<String> = sheet.lines.iter().filter_map(|line| line.model.clone()).collect();
    let mut short = theme::short_names(&models).into_iter();
    let name = |line: &Line| match &line.model {
        Some(model) => format!("only {}", short.next().as_ref().unwrap_or(model)),
        None => line.policy.clone(),
    };
    sheet.lines.iter().map(name).collect()
}

/// A column wide enough for its largest number.
fn format(sheet: &Sheet, column: usize) -> String {
    let cells = || sheet.lines.iter().filter_map(move |line| line.cells[column].as_ref());
    let values = || cells().map(|cell| sheet.shown.factor * cell.row.value);
    let whole = values().map(|value| format!("{:.0}", value.abs().trunc()).len()).max().unwrap_or(1);
    let digits = cells().filter_map(|cell| half(sheet, cell)).map(|half| half.to_string().len()).max();
    let sign = if values().any(|value| value < 0.0) { "-" } else { "" };
    let spread = digits.map_or(String::new(), |digits| format!("({digits})"));
    format!("S[table-format={sign}{whole}.{}{spread}]", sheet.shown.decimals)
}

/// Half the interval in units of the last decimal; none where there is no interval.
fn half(sheet: &Sheet, cell: &Cell) -> Option<u64> {
    let (low, high) = cell.row.ci_low.zip(cell.row.ci_high)?;
    let last = libm::pow(10.0, sheet.shown.decimals as f64);
    Some(libm::round(0.5 * sheet.shown.factor * (high - low) * last) as u64)
}

fn number(sheet: &Sheet, cell: Option<&Cell>) -> String {
    let Some(cell) = cell else { return "{--}".to_owned() };
    let mean = format!("{:.*}", sheet.shown.decimals, sheet.shown.factor * cell.row.value);
    let spread = half(sheet, cell).map_or(String::new(), |half| format!("({half})"));
    format!("{}{mean}{spread}", if cell.best { "\\bfseries " } else { "" })
}

fn heading(column: &str) -> String {
    match column.strip_prefix("w_cost ") {
        Some(weight) => format!("$w_{{\\mathrm{{cost}}}} = {weight}$"),
        None => escape(column),
    }
}

/// The number of requests of each task, under its heading.
fn requests(sheet: &Sheet) -> String {
    let size =
        |column: usize| sheet.lines.iter().find_map(|line| line.cells[column].as_ref()).map_or(0, |cell| cell.row.n);
    let cells: Vec<String> = (0..sheet.columns.len())
        .map(|column| format!("{{$n = {}$}}", count(size(column)).replace(',', "\\,")))
        .collect();
    format!(" & {}", cells.join(" & "))
}

fn caption(sheet: &Sheet) -> String {
    let bold =
        if sheet.shown.ranked { " Bold: ahead of the runner-up by a paired test, the oracle aside." } else { "" };
    let words = format!(
        "{} in {}. {} In brackets: half the interval, in units of the last digit.{bold}",
        sheet.heading(),
        sheet.environment,
        sheet.foot
    );
    escape(&words)
}

/// Text as LaTeX prints it.
fn escape(text: &str) -> String {
    let mut safe = String::new();
    for letter in visible_name(text).chars() {
        match letter {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                safe.push('\\');
                safe.push(letter);
            }
            '\\' => safe += "\\textbackslash{}",
            '~' => safe += "\\textasciitilde{}",
            '^' => safe += "\\textasciicircum{}",
            '<' => safe += "\\textless{}",
            '>' => safe += "\\textgreater{}",
            '\u{2013}' => safe += "--",
            '\u{2212}' => safe += "$-$",
            '\u{00b1}' => safe += "$\\pm$",
            '\u{00b7}' => safe += "$\\cdot$",
            '\n' | '\r' => safe.push(' '),
            plain => safe.push(plain),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_can_be_a_command() {
        assert_eq!(escape("a_b & 5 % \\input{x}"), "a\\_b \\& 5 \\% \\textbackslash{}input\\{x\\}");
        assert_eq!(heading("w_cost 0.2"), "$w_{\\mathrm{cost}} = 0.2$");
    }
}
