//! A design's shape-and-cost table as text: Markdown for a forum's answer, LaTeX (booktabs), HTML, CSV and JSON, which
//! has the design in it to be read back.
//!
//! A figure that is not known is written as such, never as 0; sums say `at least` or `about` where rows are missing
//! or assumed.

use std::fmt::Write;

use crate::cost::Report;
use crate::cost::units::grouped;
use crate::model::Network;
use crate::share_link;

/// The texts a table can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the titles say it")]
pub enum Format {
    Markdown,
    Latex,
    Html,
    Csv,
    Json,
}

/// A LaTeX table of more lines runs over several pages.
const MOST_LINES_OF_A_PAGE: usize = 40;

/// Texts that are longer stick out of their column.
const WIDEST_COLUMN: usize = 60;

/// One row of the table.
struct Line {
    name: String,
    class: &'static str,
    /// Without the batch: `4x2x151`.
    output: Option<String>,
    params: Option<u64>,
    macs: Option<u64>,
}

/// The table of a network.
struct Table {
    title: String,
    /// As in a link, from which the network is read back.
    design: String,
    input: String,
    lines: Vec<Line>,
    params: u64,
    macs: u64,
    /// `at least `, `about ` or nothing, before the parameters.
    params_qualifier: String,
    /// The same before the multiply-accumulates.
    qualifier: String,
}

impl Format {
    /// In the order of menus.
    pub const ALL: &'static [Self] = &[Self::Markdown, Self::Latex, Self::Html, Self::Csv, Self::Json];

    /// In menus: "Markdown table".
    pub const fn title(self) -> &'static str {
        match self {
            Self::Markdown => "Markdown table",
            Self::Latex => "LaTeX table",
            Self::Html => "HTML table",
            Self::Csv => "CSV",
            Self::Json => "JSON",
        }
    }

    /// Of a file with it, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Latex => "tex",
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// The table of a network and its cost.
    pub fn write(self, network: &Network, report: &Report) -> String {
        let table = Table::new(network, report);
        match self {
            Self::Markdown => table.markdown(),
            Self::Latex => table.latex(),
            Self::Html => table.html(),
            Self::Csv => table.csv(),
            Self::Json => table.json(),
        }
    }
}

impl Table {
    fn new(network: &Network, report: &Report) -> Self {
        let mut lines: Vec<Line> = network
            .nodes
            .iter()
            .zip(&report.rows)
            .zip(&report.shapes.nodes)
            .map(|((node, row), shape)| Line {
                name: node.name.clone(),
                class: node.layer.kind().class(),
                output: shape.dims().map(|dims| dims.without_batch().to_string()),
                params: row.params().map(|params| params.0),
                macs: row.macs().map(|macs| macs.0),
            })
            .collect();
        lines.extend(network.uncalled.iter().zip(&report.uncalled).map(|(module, row)| Line {
            name: format!("{} (never called)", module.name),
            class: module.layer.kind().class(),
            output: None,
            params: row.params().map(|params| params.0),
            macs: Some(0),
        }));
        let completeness = &report.totals.completeness;
        let spaced = |qualifier: &str| if qualifier.is_empty() { String::new() } else { format!("{qualifier} ") };
        Self {
            title: network.name.clone(),
            design: share_link::encode_design(network),
            input: network.input.to_string(),
            lines,
            params: report.totals.figures.params().0,
            macs: report.totals.figures.macs.0,
            params_qualifier: spaced(completeness.params_qualifier()),
            qualifier: spaced(completeness.qualifier()),
        }
    }

    fn markdown(&self) -> String {
        let cell = markdown_cell;
        let mut rows: Vec<[String; 5]> = vec![["Layer", "Type", "Output", "Params", "MACs"].map(str::to_string)];
        rows.extend(self.lines.iter().map(|line| {
            let output = line.output.clone().unwrap_or_else(|| "-".to_string());
            [cell(&line.name), line.class.to_string(), output, shown(line.params), shown(line.macs)]
        }));
        let total = |qualifier: &str, sum: u64| format!("**{qualifier}{}**", grouped(sum));
        let (params, macs) = (total(&self.params_qualifier, self.params), total(&self.qualifier, self.macs));
        rows.push(["**Total**".to_string(), String::new(), String::new(), params, macs]);
        // Columns stand below each other also where nothing renders the table.
        let widths = (0..5).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
        let widths: Vec<usize> = widths.map(|width| width.min(WIDEST_COLUMN)).collect();
        let mut text = match cell(&self.title) {
            title if title.is_empty() => format!("Input {}\n\n", self.input),
            title => format!("**{title}**, input {}\n\n", self.input),
        };
        for (index, [name, class, output, params, macs]) in rows.iter().enumerate() {
            let [a, b, c, d, e] = [widths[0], widths[1], widths[2], widths[3], widths[4]];
            let _ = writeln!(text, "| {name:<a$} | {class:<b$} | {output:>c$} | {params:>d$} | {macs:>e$} |");
            if index == 0 {
                let rule = |width: usize| "-".repeat(width.max(3));
                let right = |width: usize| format!("{}:", "-".repeat(width.max(4) - 1));
                let _ = writeln!(text, "| {} | {} | {} | {} | {} |", rule(a), rule(b), right(c), right(d), right(e));
            }
        }
        text
    }

    fn latex(&self) -> String {
        let cell = |text: &str| {
            let mut escaped = String::with_capacity(text.len());
            for character in text.chars() {
                match character {
                    '\\' => escaped.push_str("\\textbackslash{}"),
                    '~' => escaped.push_str("\\textasciitilde{}"),
                    '^' => escaped.push_str("\\textasciicircum{}"),
                    '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                        escaped.push('\\');
                        escaped.push(character);
                    }
                    // Behind `\\` these are an argument of the line's end.
                    '[' | ']' | '*' => escaped.extend(['{', character, '}']),
                    control if control.is_control() => escaped.push(' '),
                    other => escaped.push(other),
                }
            }
            escaped
        };
        let shape = |output: &Option<String>| match output {
            Some(output) => format!("${}$", output.replace('x', " \\times ")),
            None => "--".to_string(),
        };
        // What does not fit on a page goes on on the next.
        let long = self.lines.len() > MOST_LINES_OF_A_PAGE;
        let (packages, environment) = if long { ("booktabs,longtable", "longtable") } else { ("booktabs", "tabular") };
        let mut text = format!(
            "% \\usepackage{{{packages}}}\n\\begin{{{environment}}}{{llrrr}}\n\\toprule\nLayer & Type & Output & Params & MACs \\\\\n\\midrule\n"
        );
        if long {
            text.push_str("\\endhead\n");
        }
        for line in &self.lines {
            let _ = writeln!(
                text,
                "{} & {} & {} & {} & {} \\\\",
                cell(&line.name),
                cell(line.class),
                shape(&line.output),
                shown(line.params),
                shown(line.macs)
            );
        }
        let _ = writeln!(
            text,
            "\\midrule\n{} & & & {}{} & {}{} \\\\\n\\bottomrule\n\\end{{{environment}}}",
            cell(&match self.title.as_str() {
                "" => format!("Total, input {}", self.input),
                title => format!("Total of {title}, input {}", self.input),
            }),
            self.params_qualifier,
            grouped(self.params),
            self.qualifier,
            grouped(self.macs)
        );
        text
    }

    fn html(&self) -> String {
        let mut text = "<table>\n<thead><tr><th>layer</th><th class=\"left\">type</th><th>output</th><th>params</th><th>MACs</th></tr></thead>\n<tbody>\n".to_string();
        for line in &self.lines {
            let _ = writeln!(
                text,
                "<tr><td><bdi>{}</bdi></td><td class=\"left\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                html_text(&line.name),
                line.class,
                line.output.as_deref().unwrap_or("-"),
                shown(line.params),
                shown(line.macs)
            );
        }
        let _ = writeln!(
            text,
            "</tbody>\n<tfoot><tr><td>Total</td><td></td><td></td><td>{}{}</td><td>{}{}</td></tr></tfoot>\n</table>",
            self.params_qualifier,
            grouped(self.params),
            self.qualifier,
            grouped(self.macs)
        );
        text
    }

    fn csv(&self) -> String {
        let cell = csv_cell;
        let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
        let mut text = "layer,type,output,params,macs\r\n".to_string();
        for line in &self.lines {
            let output = line.output.as_deref().unwrap_or_default();
            let _ = write!(
                text,
                "{},{},{output},{},{}\r\n",
                cell(&line.name),
                cell(line.class),
                number(line.params),
                number(line.macs)
            );
        }
        text
    }

    fn json(&self) -> String {
        let number = |number: Option<u64>| number.map_or_else(|| "null".to_string(), |number| number.to_string());
        let sizes = |output: &Option<String>| match output {
            Some(output) => format!("[{}]", output.replace('x', ", ")),
            None => "null".to_string(),
        };
        let lines: Vec<String> = self
            .lines
            .iter()
            .map(|line| {
                format!(
                    "    {{\"name\": {}, \"type\": {}, \"output\": {}, \"params\": {}, \"macs\": {}}}",
                    quoted(&line.name),
                    quoted(line.class),
                    sizes(&line.output),
                    number(line.params),
                    number(line.macs)
                )
            })
            .collect();
        format!(
            "{{\n  \"name\": {},\n  \"design\": {},\n  \"input\": [{}],\n  \"params\": {},\n  \"macs\": {},\n  \"complete\": {},\n  \"layers\": [\n{}\n  ]\n}}\n",
            quoted(&self.title),
            quoted(&self.design),
            self.input.replace('x', ", "),
            self.params,
            self.macs,
            self.qualifier.is_empty(),
            lines.join(",\n")
        )
    }
}

fn shown(number: Option<u64>) -> String {
    number.map_or_else(|| "unknown".to_string(), grouped)
}

/// The JSON of a network with the fragment of the whole workbench in it, as which it is opened again.
pub fn json_with_workbench(network: &Network, report: &Report, workbench: &str) -> String {
    let json = Format::Json.write(network, report);
    json.replacen('{', &format!("{{\n  \"workbench\": {},", quoted(workbench)), 1)
}

/// A text as Markdown shows it: each sign that means something there stands for itself, and so does what a browser
/// would take for HTML.
pub fn markdown_cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    let mut above = ' ';
    for (at, character) in text.char_indices() {
        let next = text[at + character.len_utf8()..].chars().next().unwrap_or(' ');
        match character {
            // Within a word it is no emphasis.
            '_' if above.is_alphanumeric() && next.is_alphanumeric() => cell.push('_'),
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '&' => cell.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '!' | '~' => {
                cell.push('\\');
                cell.push(character);
            }
            control if control.is_control() || matches!(control, '\u{2028}' | '\u{2029}') => cell.push(' '),
            other => cell.push(other),
        }
        above = character;
    }
    cell
}

/// A text within HTML, or within an attribute's double quotes.
pub fn html_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if u32::from(control) < 0x20 => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A table of any texts as CSV.
pub fn csv(header: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| cells.iter().map(|cell| csv_cell(cell)).collect::<Vec<_>>().join(",") + "\r\n";
    std::iter::once(line(header)).chain(rows.iter().map(|row| line(row))).collect()
}

/// A cell of CSV. A spreadsheet must not take a name for a formula, nor split it where its language has `;` for `,`.
fn csv_cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_string() };
    if text.contains([',', ';', '"', '\t', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
