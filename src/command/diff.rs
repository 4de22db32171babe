//! `convscope diff A B`: how two models differ.

use serde::Serialize;

use super::arguments::{Call, Format};
use super::count::sizes;
use super::figures::{Figures, SCHEMA};
use super::open::{Model, Opened, open_all};
use super::text::{Column, Table};
use super::{Outcome, Stopped};
use crate::compare::{AlignedRow, Comparison, Side, compare, percent};
use crate::cost::Report;
use crate::cost::units::grouped;
use crate::model::Network;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: &'static str,
    title: &'a str,
    text: &'a str,
    /// The models, first and second.
    models: [&'a Figures; 2],
    /// Rows that belong together, by name: left, right.
    rows: Vec<Pair<'a>>,
}

#[derive(Debug, Serialize)]
struct Pair<'a> {
    left: Vec<&'a str>,
    right: Vec<&'a str>,
    same: bool,
}

pub(super) fn answer(call: &Call) -> Result<(String, Outcome), Stopped> {
    let opened = open_all(call);
    opened.iter().for_each(Opened::tell);
    let models: Vec<(&Opened, &Model)> =
        opened.iter().flat_map(|one| one.models.iter().map(move |model| (one, model))).collect();
    let [(left_file, left), (right_file, right)] = match (call.models.len(), models.as_slice()) {
        // A file of one pair, as people paste it.
        (1, &[left, right, ..]) => [left, right],
        (2, _) => match opened.as_slice() {
            [one, other] => match (one.models.first(), other.models.first()) {
                (Some(left), Some(right)) => [(one, left), (other, right)],
                _ => return Ok((String::new(), Outcome::Wrong)),
            },
            _ => return Ok((String::new(), Outcome::Wrong)),
        },
        _ => return Err("diff wants two models, or one file with two networks".to_string()),
    };
    let (left_figures, left_report) = Figures::of(left_file, left, call.batch);
    let (right_figures, right_report) = Figures::of(right_file, right, call.batch);
    let left_side = Side { name: &left.name, network: &left.network, report: &left_report, origins: None };
    let right_side = Side { name: &right.name, network: &right.network, report: &right_report, origins: None };
    let comparison = compare(&left_side, &right_side);
    let headline = comparison.headline();
    let is_wrong = opened.iter().any(Opened::is_wrong);
    let outcome = if is_wrong { Outcome::Wrong } else { Outcome::Fine };
    if call.format == Format::Json {
        let rows = comparison.rows.iter().map(|row| Pair {
            left: names(&left.network, &row.left),
            right: names(&right.network, &row.right),
            same: is_same(row, &left_side, &right_side),
        });
        let answer = Answer {
            schema: SCHEMA,
            title: &headline.title,
            text: &headline.text,
            models: [&left_figures, &right_figures],
            rows: rows.collect(),
        };
        return Ok((serde_json::to_string(&answer).map_err(|error| error.to_string())? + "\n", outcome));
    }
    let totals = totals(call.format, &left_figures, &right_figures);
    let rows = rows(call.format, &comparison, &left_side, &right_side);
    let text = match call.format {
        Format::Csv => rows,
        Format::Markdown => format!("**{}** {}\n\n{totals}\n{rows}", headline.title, headline.text),
        Format::Table | Format::Json => format!("{}\n{}\n\n{totals}\n{rows}", headline.title, headline.text),
    };
    Ok((text, outcome))
}

/// The sums side by side.
fn totals(format: Format, left: &Figures, right: &Figures) -> String {
    let mut table =
        Table::new(&[Column::left(""), Column::right("left"), Column::right("right"), Column::right("change")]);
    let mut push = |what: &str, (left_words, left): (&str, Option<u64>), (right_words, right): (&str, Option<u64>)| {
        let shown = |words: &str, number: Option<u64>| {
            number.map_or_else(|| "?".to_string(), |number| format!("{words}{}", grouped(number)))
        };
        let exact = left_words.is_empty() && right_words.is_empty();
        let change = left.zip(right).filter(|_| exact).and_then(|(left, right)| match left == right {
            true => Some("same".to_string()),
            false => percent(left, right),
        });
        table.push(vec![
            what.to_string(),
            shown(left_words, left),
            shown(right_words, right),
            change.unwrap_or_default(),
        ]);
    };
    let (left_params, right_params) = (left.params_qualifier(), right.params_qualifier());
    let (left_words, right_words) = (left.completeness.qualifier(), right.completeness.qualifier());
    push("params", (left_params, Some(left.params)), (right_params, Some(right.params)));
    push("buffers", ("", Some(left.buffers)), ("", Some(right.buffers)));
    push("MACs", (left_words, Some(left.macs)), (right_words, Some(right.macs)));
    push("FLOPs", (left_words, Some(left.flops)), (right_words, Some(right.flops)));
    push("peak activation bytes", (left_words, left.peak_activation_bytes), (right_words, right.peak_activation_bytes));
    push("flash bytes, int8", (left_params, Some(left.flash_int8_bytes)), (right_params, Some(right.flash_int8_bytes)));
    push("RAM bytes, int8", ("", left.ram_int8_bytes), ("", right.ram_int8_bytes));
    table.write(format)
}

/// The rows that differ; as CSV all of them.
fn rows(format: Format, comparison: &Comparison, left: &Side, right: &Side) -> String {
    let mut table = Table::new(&[
        Column::left("same"),
        Column::left("left"),
        Column::left("right"),
        Column::right("left_params"),
        Column::right("right_params"),
        Column::right("left_macs"),
        Column::right("right_macs"),
    ]);
    let mut same = 0;
    for row in &comparison.rows {
        let is_same = is_same(row, left, right);
        if is_same && format != Format::Csv {
            same += 1;
            continue;
        }
        let (left_params, left_macs) = sums(left.report, &row.left);
        let (right_params, right_macs) = sums(right.report, &row.right);
        let number = |number: Option<u64>| match (number, format) {
            (None, _) => String::new(),
            (Some(number), Format::Csv) => number.to_string(),
            (Some(number), _) => grouped(number),
        };
        table.push(vec![
            if is_same { "yes" } else { "no" }.to_string(),
            described(left, &row.left),
            described(right, &row.right),
            number(left_params),
            number(right_params),
            number(left_macs),
            number(right_macs),
        ]);
    }
    let text = table.write(format);
    if format == Format::Csv {
        text
    } else {
        format!("{text}\n{same} of {} rows are the same.\n", comparison.rows.len())
    }
}

/// The same layer, name, shape and wiring to its kin.
fn is_same(row: &AlignedRow, left: &Side, right: &Side) -> bool {
    let [one] = row.left.as_slice() else { return false };
    let [other] = row.right.as_slice() else { return false };
    let (a, b) = (&left.network.nodes[*one], &right.network.nodes[*other]);
    let dims = |side: &Side, index: usize| side.report.shapes.nodes[index].dims().copied();
    a.layer == b.layer && a.name == b.name && dims(left, *one) == dims(right, *other)
}

fn names<'a>(network: &'a Network, rows: &[usize]) -> Vec<&'a str> {
    rows.iter().map(|&row| network.nodes[row].name.as_str()).collect()
}

/// `conv1 Conv2d 8x14x14 + bn1 BatchNorm2d 8x14x14`.
fn described(side: &Side, rows: &[usize]) -> String {
    let one = |&row: &usize| {
        let node = &side.network.nodes[row];
        let output = side.report.shapes.nodes[row].dims();
        let output = output.map_or(String::new(), |dims| format!(" {}", sizes(dims.without_batch().sizes())));
        format!("{} {}{output}", node.name, node.layer.kind().class())
    };
    rows.iter().map(one).collect::<Vec<_>>().join(" + ")
}

/// Parameters and MACs of rows; `None` where there are none of them, or one is not known.
fn sums(report: &Report, rows: &[usize]) -> (Option<u64>, Option<u64>) {
    let sum = |of: fn(&crate::cost::Row) -> Option<u64>| {
        rows.iter().try_fold(0_u64, |sum, &row| sum.checked_add(of(&report.rows[row])?)).filter(|_| !rows.is_empty())
    };
    (sum(|row| row.params().map(|params| params.0)), sum(|row| row.macs().map(|macs| macs.0)))
}
