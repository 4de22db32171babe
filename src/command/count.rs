//! `convscope MODEL...`: what models cost.

use serde::Serialize;

use super::arguments::{Call, Format};
use super::device_fit::DeviceFit;
use super::figures::{Figures, SCHEMA};
use super::open::{Model, Opened, open_all};
use super::problem::Problem;
use super::text::{Column, Table};
use super::{Outcome, Stopped};
use crate::cost::Report;
use crate::cost::units::grouped;
use crate::decimal::fixed;
use crate::model::Network;
use crate::report;

/// A file that no network was read from.
#[derive(Debug, Serialize)]
struct Failed<'a> {
    file: &'a str,
    problems: &'a [Problem],
}

/// A model with its figures.
struct Counted<'a> {
    figures: Figures,
    model: &'a Model,
    report: Report,
}

/// The whole answer as JSON.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: &'static str,
    models: &'a [Figures],
    failed: Vec<Failed<'a>>,
}

pub(super) fn answer(call: &Call) -> Result<(String, Outcome), Stopped> {
    let opened = open_all(call);
    let mut counted = Vec::new();
    let mut is_wrong = false;
    for one in &opened {
        one.tell();
        is_wrong |= one.is_wrong();
        for model in &one.models {
            let (mut figures, report) = Figures::of(one, model, call.batch);
            figures.fit = call.device.as_ref().map(|device| DeviceFit::of(device, &model.network, &report));
            is_wrong |= figures.tell_of_rows(one);
            counted.push(Counted { figures, model, report });
        }
    }
    let rows_of_all = call.rows || (counted.len() == 1 && call.format != Format::Csv);
    let text = match call.format {
        Format::Json => {
            let figures: Vec<Figures> = counted.into_iter().map(|one| one.figures).collect();
            json(&figures, &opened)?
        }
        _ if counted.is_empty() => String::new(),
        Format::Csv if call.rows => csv_rows(&counted),
        Format::Markdown if rows_of_all => {
            let each = |one: &Counted| {
                let network = Network { name: one.figures.name.clone(), ..one.model.network.clone() };
                report::Format::Markdown.write(&network, &one.report)
            };
            counted.iter().map(each).collect::<Vec<_>>().join("\n")
        }
        Format::Table if rows_of_all => {
            counted.iter().map(|one| one_model(&one.figures)).collect::<Vec<_>>().join("\n")
        }
        _ => summary(&counted, call),
    };
    Ok((text, if is_wrong { Outcome::Wrong } else { Outcome::Fine }))
}

fn json(figures: &[Figures], opened: &[Opened]) -> Result<String, Stopped> {
    let empty = opened.iter().filter(|one| one.models.is_empty());
    let failed = empty.map(|one| Failed { file: &one.file, problems: &one.problems }).collect();
    let answer = Answer { schema: SCHEMA, models: figures, failed };
    let text = serde_json::to_string(&answer).map_err(|error| error.to_string())?;
    // A model a line: what reads line by line, and people, see where one ends.
    Ok(text.replace("{\"file\":", "\n{\"file\":") + "\n")
}

/// A line for each model: all figures as CSV, those that fit a line for people.
fn summary(counted: &[Counted], call: &Call) -> String {
    let is_csv = call.format == Format::Csv;
    let of_people = ["file", "name", "input", "params", "MACs", "peak bytes", "flash int8", "RAM int8"];
    let mut columns: Vec<Column> = if is_csv { CSV_COLUMNS } else { &of_people }
        .iter()
        .enumerate()
        .map(|(index, &title)| if index < 3 { Column::left(title) } else { Column::right(title) })
        .collect();
    if call.device.is_some() {
        columns.extend(["device", "fits"].map(Column::left));
        columns.push(Column::right(if is_csv { "milliseconds" } else { "ms" }));
    }
    let mut table = Table::new(&columns);
    for Counted { figures, .. } in counted {
        let mut row = vec![figures.file.clone(), figures.name.clone(), sizes(&figures.input)];
        row.extend(if is_csv { numbers(figures) } else { qualified(figures) });
        if let Some(fit) = &figures.fit {
            let milliseconds = fit.milliseconds.map_or(String::new(), |time| fixed(time, 1));
            row.extend([fit.device.to_string(), fit.verdict().to_string(), milliseconds]);
        }
        table.push(row);
    }
    table.write(call.format)
}

const CSV_COLUMNS: &[&str] = &[
    "file",
    "name",
    "input",
    "params",
    "trainable",
    "buffers",
    "macs",
    "flops",
    "peak_activation_bytes",
    "flash_int8_bytes",
    "ram_int8_bytes",
    "completeness",
];

fn numbers(figures: &Figures) -> Vec<String> {
    let known = |known: Option<u64>| known.map_or(String::new(), |number| number.to_string());
    let sums = [figures.params, figures.trainable, figures.buffers, figures.macs, figures.flops].map(Some);
    let bytes = [figures.peak_activation_bytes, Some(figures.flash_int8_bytes), figures.ram_int8_bytes];
    let mut cells: Vec<String> = sums.into_iter().chain(bytes).map(known).collect();
    cells.push(figures.completeness.name().to_string());
    cells
}

fn qualified(figures: &Figures) -> Vec<String> {
    let of_all = figures.completeness.qualifier();
    let of_params = figures.params_qualifier();
    let known = |(words, known): (&str, Option<u64>)| {
        known.map_or_else(|| "?".to_string(), |number| format!("{words}{}", grouped(number)))
    };
    let cells = [
        (of_params, Some(figures.params)),
        (of_all, Some(figures.macs)),
        (of_all, figures.peak_activation_bytes),
        (of_all, Some(figures.flash_int8_bytes)),
        ("", figures.ram_int8_bytes),
    ];
    cells.map(known).to_vec()
}

/// A line for each layer, in a terminal.
fn one_model(figures: &Figures) -> String {
    let unknown = |number: Option<u64>| number.map_or_else(|| "?".to_string(), grouped);
    let mut table = Table::new(&[
        Column::left("layer"),
        Column::left("type"),
        Column::right("output"),
        Column::right("params"),
        Column::right("MACs"),
        Column::left(""),
    ]);
    for row in &figures.rows {
        let state = if row.state == "ok" { "" } else { row.state };
        let output = row.output.as_deref().map_or_else(|| "?".to_string(), sizes);
        let cells = [row.class.to_string(), output, unknown(row.params), unknown(row.macs), state.to_string()];
        table.push(std::iter::once(row.name.clone()).chain(cells).collect());
    }
    let qualifier = figures.completeness.qualifier();
    let of_params = figures.params_qualifier();
    let mut text = format!("{}, input {}\n\n{}\n", figures.name, sizes(&figures.input), table.write(Format::Table));
    let mut line = |name: &str, words: String| text.push_str(&format!("{name:<18}{words}\n"));
    let frozen = if figures.trainable == figures.params {
        String::new()
    } else {
        format!(", {} of them learn", grouped(figures.trainable))
    };
    line("params", format!("{of_params}{}{frozen}", grouped(figures.params)));
    line("buffers", grouped(figures.buffers));
    line("MACs", format!("{qualifier}{}", grouped(figures.macs)));
    line("FLOPs", format!("{qualifier}{}", grouped(figures.flops)));
    let bytes =
        |bytes: Option<u64>| bytes.map_or_else(|| "not known".to_string(), |bytes| format!("{} bytes", grouped(bytes)));
    line("peak activations", format!("{qualifier}{}", bytes(figures.peak_activation_bytes)));
    line("flash, int8", format!("{qualifier}{}", bytes(Some(figures.flash_int8_bytes))));
    line("RAM, int8", bytes(figures.ram_int8_bytes));
    if let Some(fit) = &figures.fit {
        line(fit.device, fit.words());
    }
    text
}

fn csv_rows(counted: &[Counted]) -> String {
    let titles = ["file", "model", "name", "class", "output", "params", "macs", "state"];
    let mut table = Table::new(&titles.map(Column::left));
    let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
    for Counted { figures, .. } in counted {
        for row in &figures.rows {
            table.push(vec![
                figures.file.clone(),
                figures.name.clone(),
                row.name.clone(),
                row.class.to_string(),
                row.output.as_deref().map_or(String::new(), sizes),
                number(row.params),
                number(row.macs),
                row.state.to_string(),
            ]);
        }
    }
    table.write(Format::Csv)
}

/// `3x224x224`.
pub(super) fn sizes(sizes: &[u64]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}
