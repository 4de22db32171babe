//! The figures of a model, as `--json` writes them: docs/command-line.md.

use serde::Serialize;

use super::device_fit::DeviceFit;
use super::open::{Model, Opened};
use super::problem::{Problem, Severity};
use crate::cost::{self, NumberType, Report, Settings};
use crate::device::{Int8Flash, Int8Ram};
use crate::shape::NodeShape;
use crate::share_link;

/// What the JSON is, with its version: keys are added to a version, never changed or taken away.
pub(super) const SCHEMA: &str = "convscope.1";

/// One model.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub file: String,
    pub name: String,
    /// `[C, H, W]`.
    pub input: Vec<u64>,
    pub params: u64,
    pub trainable: u64,
    /// Elements.
    pub buffers: u64,
    pub macs: u64,
    pub flops: u64,
    /// In 32-bit floats, each layer writing memory of its own; `None` where it does not fit 64 bits.
    pub peak_activation_bytes: Option<u64>,
    pub flash_int8_bytes: u64,
    /// `None` where a shape or a layer is not known.
    pub ram_int8_bytes: Option<u64>,
    pub completeness: Completeness,
    pub rows: Vec<Row>,
    pub problems: Vec<Problem>,
    /// The design as a text, which this program reads back.
    pub design: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit: Option<DeviceFit>,
    #[serde(skip)]
    pub of_params: Completeness,
}

/// How far the sums can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Completeness {
    Exact,
    /// A row is not in the sums, as its cost is not known.
    AtLeast,
    /// A row was counted on a shape that was assumed.
    About,
}

/// One layer.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub name: String,
    pub class: &'static str,
    /// Without the batch; `None` where it is not known.
    pub output: Option<Vec<u64>>,
    /// `None`: not known.
    pub params: Option<u64>,
    pub macs: Option<u64>,
    /// `ok`, `error`, `unsupported`, as the page has it, or `uncalled`.
    pub state: &'static str,
}

impl Figures {
    /// The figures of a model, with what is wrong with the file that it is from.
    pub(super) fn of(opened: &Opened, model: &Model, batch: u64) -> (Self, Report) {
        let settings = Settings { batch, frozen: model.frozen.clone(), ..Settings::default() };
        let network = &model.network;
        let report = cost::analyze(network, &settings);
        let int8 = cost::analyze(network, &Settings { number_type: NumberType::Int8, ..Settings::default() });
        let figures = &report.totals.figures;
        let memory = report.memory.as_ref();
        let all = Self {
            file: opened.file.clone(),
            name: model.name.clone(),
            input: network.input.to_vec(),
            params: figures.params().0,
            trainable: figures.trainable.0,
            buffers: figures.buffers.0,
            macs: figures.macs.0,
            flops: figures.flops.0,
            peak_activation_bytes: memory.map(|memory| memory.bytes(memory.peak_out_of_place.elements).0),
            flash_int8_bytes: Int8Flash::of(network, &int8).bytes(),
            ram_int8_bytes: Int8Ram::of(network, &int8).map(|ram| ram.arena),
            completeness: Completeness::named(report.totals.completeness.qualifier()),
            rows: rows(model, &report),
            problems: opened.problems.iter().cloned().chain(row_problems(opened, model, &report)).collect(),
            design: share_link::encode_design(network),
            fit: None,
            of_params: Completeness::named(report.totals.completeness.params_qualifier()),
        };
        (all, report)
    }
}

impl Figures {
    /// What stands before a sum of parameters.
    pub(super) const fn params_qualifier(&self) -> &'static str {
        self.of_params.qualifier()
    }

    /// Says on standard error what is wrong with rows, beside what is wrong with the file; whether there was anything.
    pub(super) fn tell_of_rows(&self, opened: &Opened) -> bool {
        let of_rows = self.problems.get(opened.problems.len()..).unwrap_or_default();
        of_rows.iter().for_each(|problem| eprintln!("{}", problem.told(&opened.file)));
        !of_rows.is_empty()
    }
}

impl Completeness {
    fn named(qualifier: &str) -> Self {
        match qualifier {
            "" => Self::Exact,
            "at least" => Self::AtLeast,
            _ => Self::About,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::AtLeast => "at_least",
            Self::About => "about",
        }
    }

    /// What stands before a sum.
    pub(super) const fn qualifier(self) -> &'static str {
        match self {
            Self::Exact => "",
            Self::AtLeast => "at least ",
            Self::About => "about ",
        }
    }
}

fn rows(model: &Model, report: &Report) -> Vec<Row> {
    let network = &model.network;
    let nodes = network.nodes.iter().zip(&report.rows).zip(&report.shapes.nodes);
    let mut rows: Vec<Row> = nodes
        .map(|((node, row), shape)| Row {
            name: node.name.clone(),
            class: node.layer.kind().class(),
            output: shape.dims().map(|dims| dims.without_batch().to_vec()),
            params: row.params().map(|params| params.0),
            macs: row.macs().map(|macs| macs.0),
            state: row.state.name(),
        })
        .collect();
    rows.extend(network.uncalled.iter().zip(&report.uncalled).map(|(module, row)| Row {
        name: module.name.clone(),
        class: module.layer.kind().class(),
        output: None,
        params: row.params().map(|params| params.0),
        macs: Some(0),
        state: "uncalled",
    }));
    rows
}

/// What keeps rows from having a shape, where the file's own problems do not say it.
fn row_problems(opened: &Opened, model: &Model, report: &Report) -> Vec<Problem> {
    let said = opened.problems.iter().any(|problem| problem.severity == Severity::Error);
    let nodes = model.network.nodes.iter().zip(&report.shapes.nodes).zip(&report.rows);
    let of = |((node, shape), row): ((&crate::model::Node, &NodeShape), &cost::Row)| match (shape, &row.state) {
        (NodeShape::Failed(error), _) if !said => {
            let way_out = error.way_out().map_or(String::new(), |way_out| format!(". {way_out}"));
            Some(Problem::error("shape", format!("{}: {}: {error}{way_out}", node.name, error.class())))
        }
        (_, cost::RowState::Overflow(error)) => Some(Problem::error("overflow", error.to_string())),
        _ => None,
    };
    nodes.filter_map(of).collect()
}
