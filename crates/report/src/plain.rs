//! A page of text, small tables and one plane, in the look of `report.html`: no script and nothing from outside. Names are escaped
//! wherever they stand.

use crate::page::{STYLE, escape};

/// What the style of the report's page does not have.
const OWN_STYLE: &str = "main > section { margin-top: 30px; }
.lead { font-size: 1.15rem; font-weight: 600; }
.plane { width: 100%; max-width: 860px; height: auto; }
.plane text { font-size: 12px; fill: var(--soft); }
.plane .name { fill: var(--ink); }
.plane line, .plane path { stroke: var(--line); fill: none; }
.plane ellipse, .plane polygon { fill: var(--accent); fill-opacity: .1; stroke: var(--accent); stroke-opacity: .6; }
.plane circle { fill: var(--accent); }
.plane .base { stroke: var(--fail); stroke-width: 2; }
";

/// A part of a page.
#[derive(Clone, Debug)]
pub enum Section {
    /// Items, each a sentence; left out where there is none.
    List {
        /// Its heading.
        title: String,
        /// The sentences.
        items: Vec<String>,
    },
    /// A table.
    Table(SmallTable),
    /// Points in a plane, the first of them the one that others are compared with.
    Plane {
        /// Its heading.
        title: String,
        /// What it shows.
        note: String,
        /// The points; x is dollars of a request, y quality.
        points: Vec<Point>,
    },
}

/// A table whose first line is its header.
#[derive(Clone, Debug)]
pub struct SmallTable {
    /// Its heading.
    pub title: String,
    /// What stands under it.
    pub note: String,
    /// Lines of equal length.
    pub lines: Vec<Vec<String>>,
}

/// A point in the plane of dollars and quality.
#[derive(Clone, Debug)]
pub struct Point {
    /// Its name.
    pub name: String,
    /// Dollars of a request.
    pub x: f64,
    /// Quality.
    pub y: f64,
    /// Where it may lie.
    pub ellipse: Option<Ellipse>,
}

/// The ellipse of all v with v' M^-1 v = 1, M the matrix of these entries.
#[derive(Clone, Copy, Debug)]
pub struct Ellipse {
    /// Of x.
    pub xx: f64,
    /// Of both.
    pub xy: f64,
    /// Of y.
    pub yy: f64,
}

/// The page as HTML: a title, a kicker, `lead` paragraphs of which the first is the answer, and sections. Equal arguments give
/// equal bytes.
pub fn plain_page(title: &str, kicker: &str, lead: &[String], sections: &[Section]) -> String {
    let (title, kicker) = (escape(title), escape(kicker));
    let paragraph = |(at, text): (usize, &String)| {
        let class = if at == 0 { "lead" } else { "about" };
        format!("<p class=\"{class}\">{}</p>\n", escape(text))
    };
    let lead: String = lead.iter().enumerate().map(paragraph).collect();
    let body: String = sections.iter().map(section).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
         form-action 'none'\">\n<title>{title}</title>\n<style>\n{STYLE}{OWN_STYLE}</style>\n</head>\n<body>\n<header>\n\
         <p class=\"kicker\">{kicker}</p>\n<h1>{title}</h1>\n{lead}</header>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

fn section(section: &Section) -> String {
    match section {
        Section::List { items, .. } if items.is_empty() => String::new(),
        Section::List { title, items } => {
            let items: String = items.iter().map(|item| format!("<li>{}</li>\n", escape(item))).collect();
            format!("<section>\n<h2>{}</h2>\n<ul>\n{items}</ul>\n</section>\n", escape(title))
        }
        Section::Table(table) => small_table(table),
        Section::Plane { title, note, points } => format!(
            "<section>\n<h2>{}</h2>\n<p class=\"hint\">{}</p>\n{}</section>\n",
            escape(title),
            escape(note),
            plane(points)
        ),
    }
}

fn small_table(table: &SmallTable) -> String {
    let Some((header, lines)) = table.lines.split_first() else { return String::new() };
    let cells = |line: &[String], tag: &str| -> String {
        let cell = |(at, text): (usize, &String)| match (at, tag) {
            (0, "td") => format!("<th scope=\"row\">{}</th>", escape(text)),
            (_, "th") => format!("<th scope=\"col\">{}</th>", escape(text)),
            _ => format!("<td>{}</td>", escape(text)),
        };
        format!("<tr>{}</tr>\n", line.iter().enumerate().map(cell).collect::<String>())
    };
    let body: String = lines.iter().map(|line| cells(line, "td")).collect();
    let note =
        if table.note.is_empty() { String::new() } else { format!("<p class=\"hint\">{}</p>\n", escape(&table.note)) };
    let title = escape(&table.title);
    format!(
        "<section>\n<h2>{title}</h2>\n{note}<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{title}, scrolls \
         sideways\"><table>\n<thead>{}</thead>\n<tbody>{body}</tbody>\n</table></div>\n</section>\n",
        cells(header, "th")
    )
}

/// Width and height of the plane, and the margin around it, in pixels.
const SIZE: [f64; 2] = [860.0, 420.0];
const MARGIN: f64 = 56.0;

/// Corners of an ellipse.
const CORNERS: u32 = 48;

/// Points and ellipses as SVG; nothing where no point has numbers.
fn plane(points: &[Point]) -> String {
    let finite: Vec<&Point> = points.iter().filter(|point| point.x.is_finite() && point.y.is_finite()).collect();
    let reach =
        |of: fn(&Ellipse) -> f64, point: &Point| point.ellipse.map_or(0.0, |ellipse| libm::sqrt(of(&ellipse).max(0.0)));
    let range = |at: fn(&Point) -> f64, of: fn(&Ellipse) -> f64| {
        let ends = finite.iter().flat_map(|point| [at(point) - reach(of, point), at(point) + reach(of, point)]);
        let (low, high) =
            ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), end| (low.min(end), high.max(end)));
        let pad = 0.06 * (high - low).max(1e-9);
        (low - pad, high + pad)
    };
    if finite.is_empty() {
        return String::new();
    }
    let (x, y) = (range(|point| point.x, |ellipse| ellipse.xx), range(|point| point.y, |ellipse| ellipse.yy));
    let place = |px: f64, py: f64| {
        let across = MARGIN + (px - x.0) / (x.1 - x.0) * (SIZE[0] - 2.0 * MARGIN);
        (across, SIZE[1] - MARGIN - (py - y.0) / (y.1 - y.0) * (SIZE[1] - 2.0 * MARGIN))
    };
    let mut drawn = format!(
        "<svg class=\"plane\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"quality against dollars\">\n",
        SIZE[0], SIZE[1]
    );
    let (left, bottom) = (MARGIN, SIZE[1] - MARGIN);
    drawn += &format!("<path d=\"M{left} {MARGIN} V{bottom} H{}\"/>\n", SIZE[0] - MARGIN);
    for (step, share) in [0.0, 0.5, 1.0].into_iter().enumerate() {
        let (vx, vy) = (x.0 + share * (x.1 - x.0), y.0 + share * (y.1 - y.0));
        let ((px, _), (_, py)) = (place(vx, y.0), place(x.0, vy));
        let anchor = ["start", "middle", "end"][step];
        drawn +=
            &format!("<text x=\"{px:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{vx:.6} USD</text>\n", bottom + 18.0);
        drawn += &format!("<text x=\"{:.1}\" y=\"{py:.1}\" text-anchor=\"end\">{vy:.3}</text>\n", left - 6.0);
    }
    for (at, point) in finite.iter().enumerate() {
        let (px, py) = place(point.x, point.y);
        if let Some(ellipse) = &point.ellipse {
            let corner = |step: u32| {
                let (dx, dy) = edge(ellipse, f64::from(step) / f64::from(CORNERS));
                let (px, py) = place(point.x + dx, point.y + dy);
                format!("{px:.1},{py:.1}")
            };
            drawn += &format!("<polygon points=\"{}\"/>\n", (0..CORNERS).map(corner).collect::<Vec<_>>().join(" "));
        }
        drawn += &match at {
            0 => format!("<path class=\"base\" d=\"M{:.1} {py:.1} h14 M{px:.1} {:.1} v14\"/>\n", px - 7.0, py - 7.0),
            _ => format!("<circle cx=\"{px:.1}\" cy=\"{py:.1}\" r=\"4\"/>\n"),
        };
        drawn += &format!(
            "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
            px + 8.0,
            py - 6.0,
            escape(&point.name)
        );
    }
    drawn + "</svg>\n"
}

/// A point of the ellipse, a `share` of the way around: the Cholesky factor of its matrix times a point of the circle.
fn edge(ellipse: &Ellipse, share: f64) -> (f64, f64) {
    let angle = core::f64::consts::TAU * share;
    let (cos, sin) = (libm::cos(angle), libm::sin(angle));
    let first = libm::sqrt(ellipse.xx.max(0.0));
    let below = if first > 0.0 { ellipse.xy / first } else { 0.0 };
    let second = libm::sqrt((ellipse.yy - below * below).max(0.0));
    (first * cos, below * cos + second * sin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_an_ellipse_lies_on_its_matrix() {
        let ellipse = Ellipse { xx: 4.0, xy: 1.0, yy: 1.0 };
        for step in 0..8 {
            let (x, y) = edge(&ellipse, f64::from(step) / 8.0);
            // M^-1 = [1, -1; -1, 4] / 3.
            assert!(((x * x - 2.0 * x * y + 4.0 * y * y) / 3.0 - 1.0).abs() < 1e-12);
        }
        let points = vec![
            Point { name: "<b>".into(), x: 0.1, y: 0.5, ellipse: None },
            Point { name: "two".into(), x: 0.2, y: 0.6, ellipse: Some(Ellipse { xx: 1e-4, xy: 0.0, yy: 1e-4 }) },
        ];
        let plane = Section::Plane { title: "a".into(), note: String::new(), points };
        let page = plain_page("<i>", "kicker", &["answer".into()], &[plane]);
        assert!(
            !page.contains("<b>") && !page.contains("<i>") && page.contains("&lt;b&gt;") && page.contains("<polygon")
        );
    }
}
