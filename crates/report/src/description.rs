//! `describe.html`: one page about a data set before anything is run: what is odd about it, the models, the tasks.
//!
//! No script and nothing from outside: text, tables and the chart of the data set as SVG. Names are escaped wherever they stand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::words::{self, metric};

use store::{Finding, SummaryRow};

use crate::charts::{CHARTS, Source, compose, description};
use crate::context::Context;
use crate::graphics::paint;
use crate::page::{STYLE, escape};
use crate::write::{ReportError, put};

/// Name of the page.
pub const PAGE: &str = "describe.html";

/// Name of the chart that stands in the page.
const CHART: &str = "dataset";

/// Most tasks, and most models, in the tables of the page.
const MOST: (usize, usize) = (300, 300);

/// Most models beside each other in the table of tasks.
const BESIDE: usize = 24;

/// What the style of the report's page does not have.
const OWN_STYLE: &str = "main > section { margin-top: 30px; }
.findings { list-style: none; padding: 0; margin: 8px 0; }
.findings > li { display: grid; grid-template-columns: 6.5em minmax(0, 1fr); gap: 2px 14px; padding: 10px 0; border-bottom: 1px solid var(--line); }
.severity { font-weight: 700; font-size: .85rem; }
.warning .severity { color: var(--fail); }
.note .severity { color: var(--open); }
.findings p { margin: 0 0 .25em; }
.findings code { color: var(--soft); }
.findings ul { margin: .2em 0 0; padding-left: 1.1em; font-size: .88rem; color: var(--soft); }
@media (max-width: 520px) { .findings > li { grid-template-columns: minmax(0, 1fr); } }
";

/// The page as HTML, from `findings` and the rows of a description (phase `data`). Equal arguments give equal bytes.
///
/// # Errors
/// When the chart cannot be drawn.
pub fn description_page(findings: &[Finding], rows: &[SummaryRow], context: &Context) -> Result<String, ReportError> {
    let title = escape(&context.experiment);
    let counts = Counts::of(rows);
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
         form-action 'none'\">\n<title>{title}: described</title>\n<style>\n{STYLE}{OWN_STYLE}</style>\n</head>\n<body>\n<header>\n\
         <p class=\"kicker\">barp: a data set before anything is run</p>\n<h1>{title}</h1>\n\
         <p class=\"about\">{} prompts, {} models, {} tasks. Written by <code>{}</code>.</p>\n</header>\n<main>\n{}{}{}{}</main>\n\
         </body>\n</html>\n",
        counts.prompts,
        counts.models.len(),
        counts.tasks.len(),
        escape(&context.command),
        findings_section(findings),
        chart_section(rows, context)?,
        models_section(&counts),
        tasks_section(&counts),
    ))
}

/// Writes the page into `folder`, and says where.
///
/// # Errors
/// When it cannot be drawn or written.
pub fn write_description(
    folder: &Path,
    findings: &[Finding],
    rows: &[SummaryRow],
    context: &Context,
) -> Result<PathBuf, ReportError> {
    let path = folder.join(PAGE);
    put(&path, description_page(findings, rows, context)?.as_bytes())?;
    Ok(path)
}

/// The rows by what they are about, so that each is looked up once.
struct Counts<'a> {
    prompts: u64,
    models: Vec<&'a str>,
    /// Tasks with their prompts, in the order of the summary.
    tasks: Vec<(&'a str, u64)>,
    /// By metric, task and model.
    rows: BTreeMap<(&'a str, &'a str, &'a str), &'a SummaryRow>,
}

impl<'a> Counts<'a> {
    fn of(rows: &'a [SummaryRow]) -> Counts<'a> {
        let mut counts = Counts { prompts: 0, models: Vec::new(), tasks: Vec::new(), rows: BTreeMap::new() };
        for row in rows {
            let (metric, task, model): (&str, &str, &str) = (&row.metric, &row.task, &row.policy);
            // The first task is all of them; after it a task may be called so.
            if counts.rows.contains_key(&(metric, task, model)) {
                continue;
            }
            counts.rows.insert((metric, task, model), row);
            if metric != metric::ORACLE_SHARE {
                continue;
            }
            if task == words::ALL_TASKS {
                counts.prompts = row.n;
                counts.models.push(model);
            } else if counts.tasks.last().is_none_or(|(last, _)| *last != task) {
                counts.tasks.push((task, row.n));
            }
        }
        // The last is no model but nobody.
        counts.models.pop();
        counts
    }

    fn get(&self, metric: &'a str, task: &'a str, model: &'a str) -> Option<&'a SummaryRow> {
        self.rows.get(&(metric, task, model)).copied()
    }
}

fn findings_section(findings: &[Finding]) -> String {
    let items: String = findings.iter().map(item).collect();
    let nothing = if findings.is_empty() { "<p>Nothing odd was found.</p>\n" } else { "" };
    format!(
        "<section id=\"findings\" aria-labelledby=\"findings-name\">\n<h2 id=\"findings-name\">What is odd</h2>\n{nothing}\
         <ol class=\"findings\">\n{items}</ol>\n</section>\n"
    )
}

fn item(finding: &Finding) -> String {
    let class = finding.severity.word();
    let numbers: Vec<String> =
        finding.numbers.iter().map(|(name, value)| format!("{name} {}", short(*value))).collect();
    let examples: String = finding.examples.iter().map(|example| format!("<li>{}</li>", escape(example))).collect();
    let list = if examples.is_empty() { String::new() } else { format!("<ul>{examples}</ul>") };
    format!(
        "<li class=\"{class}\"><span class=\"severity\">{class}</span><div><p>{}</p><code>{}: {}</code>{list}</div></li>\n",
        escape(&finding.what),
        escape(&finding.name),
        escape(&numbers.join(", ")),
    )
}

fn chart_section(rows: &[SummaryRow], context: &Context) -> Result<String, ReportError> {
    let Some(chart) = CHARTS.iter().find(|chart| chart.about().name == CHART) else { return Ok(String::new()) };
    let Some(table) = chart.data(&Source::new(rows, &[])) else { return Ok(String::new()) };
    let words = description(*chart, &table, context);
    let drawn = paint::svg(&compose(*chart, &table, context), &words, &context.command);
    let svg = drawn.map_err(|error| ReportError { path: PAGE.into(), message: error.0 })?;
    let svg = String::from_utf8_lossy(&svg);
    let svg = &svg[svg.find("<svg").unwrap_or(0)..];
    Ok(format!(
        "<section id=\"chart\">\n<figure class=\"chart\">\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Chart of the \
         data set, scrolls sideways\">{}</div>\n</figure>\n</section>\n",
        svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{}\" ", escape(&words)), 1)
    ))
}

fn models_section(counts: &Counts<'_>) -> String {
    let mut body = String::new();
    let number = |row: Option<&SummaryRow>, digits: usize| {
        row.map_or_else(|| "\u{2013}".to_owned(), |row| measured(row, digits))
    };
    for model in counts.models.iter().copied().take(MOST.1) {
        let cells = [(metric::QUALITY, 4), (metric::COST, 7), (metric::ORACLE_SHARE, 3)].map(|(metric, digits)| {
            format!("<td>{}</td>", number(counts.get(metric, words::ALL_TASKS, model), digits))
        });
        let n = counts.get(metric::QUALITY, words::ALL_TASKS, model).map_or(0, |row| row.n);
        body += &format!("<tr><th scope=\"row\">{}</th><td>{n}</td>{}</tr>\n", escape(model), cells.concat());
    }
    let head = ["calls", "quality", "USD/request", "oracle share"].map(|name| format!("<th scope=\"col\">{name}</th>"));
    let nobody = counts.get(metric::ORACLE_SHARE, words::ALL_TASKS, "nobody").map_or(0.0, |row| 100.0 * row.value);
    let caption = format!(
        "Means with 95 % intervals over prompts. Oracle share: share of prompts on which the model is the cheapest of the best; on \
         {nobody:.1} % no model scores.{}",
        shown(counts.models.len(), MOST.1, "models")
    );
    table("models", "Models", &caption, &format!("<th scope=\"col\">model</th>{}", head.concat()), &body)
}

fn tasks_section(counts: &Counts<'_>) -> String {
    let models: Vec<&str> = counts.models.iter().copied().take(BESIDE).collect();
    let mut tasks = counts.tasks.clone();
    tasks.sort_by_key(|(_, prompts)| std::cmp::Reverse(*prompts));
    let mut body = String::new();
    for (task, prompts) in tasks.iter().copied().take(MOST.0) {
        body += &format!("<tr><th scope=\"row\">{}</th><td>{prompts}</td>", escape(task));
        for model in &models {
            let value = |metric| counts.get(metric, task, model).map(|row| row.value);
            body += &match value(metric::QUALITY).zip(value(metric::COST)) {
                Some((quality, dollars)) => format!("<td>{quality:.4}<small>${dollars:.7}</small></td>"),
                None => "<td>\u{2013}</td>".to_owned(),
            };
        }
        body += "</tr>\n";
    }
    let names: String = models.iter().map(|model| format!("<th scope=\"col\">{}</th>", escape(model))).collect();
    let caption = format!(
        "Mean quality and, below it, dollars of a call; the tasks with the most prompts first.{}{}",
        shown(tasks.len(), MOST.0, "tasks"),
        shown(counts.models.len(), BESIDE, "models")
    );
    let head = format!("<th scope=\"col\">task</th><th scope=\"col\">prompts</th>{names}");
    table("tasks", "Tasks", &caption, &head, &body)
}

/// A number with its interval.
fn measured(row: &SummaryRow, digits: usize) -> String {
    let interval =
        row.ci_low.zip(row.ci_high).map(|(low, high)| format!("<small>[{low:.digits$}, {high:.digits$}]</small>"));
    format!("{:.digits$}{}", row.value, interval.unwrap_or_default())
}

/// Says what is left to the summary; nothing where all is shown.
fn shown(all: usize, most: usize, what: &str) -> String {
    if all <= most {
        String::new()
    } else {
        format!(" Shown: {most} of {all} {what}; summary.csv beside this page has all.")
    }
}

fn table(id: &str, name: &str, caption: &str, head: &str, body: &str) -> String {
    format!(
        "<section id=\"{id}-section\" aria-labelledby=\"{id}-name\">\n<h2 id=\"{id}-name\">{name}</h2>\n<p class=\"hint\">{caption}</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{name}, scrolls sideways\"><table>\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{body}</tbody>\n</table></div>\n</section>\n"
    )
}

/// A whole number as it is, another in four significant digits.
fn short(value: f64) -> String {
    if value == value.trunc() {
        return value.to_string();
    }
    let magnitude = libm::floor(libm::log10(value.abs()));
    let decimals = (3.0 - magnitude).clamp(0.0, 12.0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::{Direction, Identity, Role, Severity};

    fn row(model: &str, task: &str, metric: &str, value: f64) -> SummaryRow {
        SummaryRow {
            environment: "toy".into(),
            policy: model.into(),
            phase: "data".into(),
            w_cost: None,
            task: task.into(),
            metric: metric.into(),
            unit: "unit".into(),
            direction: Direction::None,
            value,
            ci_low: Some(value - 0.125),
            ci_high: Some(value + 0.125),
            ci_method: "student-t 95% over prompts".into(),
            replicates: 1,
            n: 40,
            round: 0,
            arm: None,
            outcomes: 0.0,
            dollars: 0.0,
            tuning_trials: 0,
            identity: Identity { model: Some(model.into()), ..Identity::new("", Role::Data) },
        }
    }

    fn rows() -> Vec<SummaryRow> {
        let mut rows = Vec::new();
        for task in ["all", "ma&ths"] {
            rows.push(row("<b>gpt</b>", task, "quality", 0.75));
            rows.push(row("<b>gpt</b>", task, "cost_usd", 0.5));
            rows.push(row("<b>gpt</b>", task, "oracle_share", 0.9));
            rows.push(row("nobody", task, "oracle_share", 0.1));
        }
        rows
    }

    fn finding(name: &str, severity: Severity) -> Finding {
        Finding {
            name: name.to_owned(),
            severity,
            what: format!("what of {name}"),
            numbers: BTreeMap::from([("calls".to_owned(), 3.0)]),
            examples: vec!["<img src=x onerror=alert(1)>".to_owned()],
        }
    }

    #[test]
    fn every_finding_is_on_the_page_before_the_tables_and_names_are_escaped() {
        let found = [finding("zero-price", Severity::Warning), finding("dominated", Severity::Note)];
        let context =
            Context { command: "barp data describe <x>".into(), simulated: false, experiment: "toy<script>".into() };
        let page = description_page(&found, &rows(), &context).unwrap();
        for name in ["zero-price", "dominated"] {
            let told = page.find(&format!("what of {name}")).expect("it is told");
            assert!(told < page.find("Models</h2>").unwrap(), "findings stand first");
            assert!(page.contains(&format!("<code>{name}: calls 3</code>")));
        }
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;") && !page.contains("<img"));
        assert!(page.contains("toy&lt;script&gt;") && !page.contains("<script"));
        assert!(page.contains("&lt;b&gt;gpt&lt;/b&gt;") && !page.contains("<b>"));
        assert!(page.contains("ma&amp;ths</th><td>40</td><td>0.7500<small>$0.5000000</small>"), "{page}");
        assert!(page.contains("0.7500<small>[0.6250, 0.8750]</small>"));
        assert!(
            !page.contains("http://") || page.matches("http://").count() == page.matches("http://www.w3.org/").count()
        );
    }

    #[test]
    fn a_page_of_very_many_tasks_says_what_it_leaves_out() {
        let mut many = rows();
        for task in 0..400 {
            let name = format!("task{task}");
            many.extend([row("<b>gpt</b>", &name, "quality", 0.5), row("<b>gpt</b>", &name, "oracle_share", 0.5)]);
        }
        let context = Context { command: String::new(), simulated: false, experiment: "toy".into() };
        let page = description_page(&[], &many, &context).unwrap();
        assert!(page.contains("Nothing odd was found."));
        assert!(page.contains("Shown: 300 of 401 tasks"), "and ma&ths");
        assert!(page.len() < 400_000, "{}", page.len());
    }
}
