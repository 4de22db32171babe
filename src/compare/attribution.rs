//! What the totals are made of.

use crate::cost::{Report, RowState};
use crate::model::{Kind, Network, Sort};
use crate::shape::NodeShape;

use super::{Side, Summary};

/// A sort of layers whose costs are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Of every kind, transposed ones too.
    Convolutions,
    /// Matrix products.
    Linears,
    /// With learned scales or without.
    Norms,
    /// Everything else.
    Rest,
}

/// How much of one part each side has.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The sort that is added up.
    pub part: Part,
    /// Of the left design.
    pub left: GroupFigures,
    /// Of the right design.
    pub right: GroupFigures,
}

/// Sums over the layers of one part of one design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupFigures {
    /// How many layers there are.
    pub layers: u64,
    /// Of shared modules once.
    pub params: u64,
    /// Multiply-accumulates with the report's batch.
    pub macs: u64,
    /// Elements written.
    pub written: u64,
}

/// The row that holds the most parameters of a design.
#[derive(Clone, Debug, PartialEq)]
pub struct Dominant {
    /// Index of the node.
    pub row: usize,
    /// The node's.
    pub name: String,
    /// The node's, without arguments.
    pub kind: Kind,
    /// What the row holds.
    pub params: u64,
    /// Of all parameters, 0 to 1.
    pub share: f64,
}

impl Part {
    /// In the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Convolutions, Self::Linears, Self::Norms, Self::Rest];

    /// Which part a kind of layer counts to.
    pub const fn of(kind: Kind) -> Self {
        match kind.sort() {
            Sort::Convolution => Self::Convolutions,
            Sort::MatrixProduct => Self::Linears,
            Sort::Norm => Self::Norms,
            Sort::Pool
            | Sort::Activation
            | Sort::Softmax
            | Sort::Regularizer
            | Sort::Rearrangement
            | Sort::Resizing
            | Sort::Combination
            | Sort::Parameter
            | Sort::Unknown => Self::Rest,
        }
    }

    /// In a sentence: `the convolutions shrink`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Convolutions => "the convolutions",
            Self::Linears => "the Linear layers",
            Self::Norms => "the norms",
            Self::Rest => "the other layers",
        }
    }
}

impl Summary {
    pub(super) fn of(side: &Side) -> Self {
        let Side { name, network, report, .. } = *side;
        let figures = &report.totals.figures;
        let memory = report.memory.as_ref();
        Self {
            name: name.to_string(),
            params: figures.params().0,
            macs: figures.macs.0,
            written: figures.output.0,
            peak: memory.map(|memory| memory.peak_in_place.elements),
            element_bytes: report.settings.number_type.activation_bytes(),
            qualifier: report.totals.completeness.params_qualifier(),
            unknown: unknown(network, report),
            dominant: dominant(network, report).filter(|_| report.totals.completeness.params_qualifier().is_empty()),
            problem: problem(network, report),
        }
    }
}

pub(super) fn groups(left: &Side, right: &Side) -> Vec<Group> {
    let figures = |side: &Side, part: Part| {
        let mut sum = GroupFigures::default();
        for (node, row) in side.network.nodes.iter().zip(&side.report.rows) {
            if Part::of(node.layer.kind()) == part {
                sum.layers += 1;
                sum.params += row.figures.params().0;
                sum.macs += row.figures.macs.0;
                sum.written += row.figures.output.0;
            }
        }
        sum
    };
    let groups = Part::ALL.map(|part| Group { part, left: figures(left, part), right: figures(right, part) });
    groups.into_iter().filter(|group| group.left.layers + group.right.layers > 0).collect()
}

fn dominant(network: &Network, report: &Report) -> Option<Dominant> {
    let total = report.totals.figures.params().0;
    let largest = |row: &usize| (report.rows[*row].figures.params().0, usize::MAX - row);
    let row = (0..report.rows.len()).max_by_key(largest)?;
    let params = report.rows[row].figures.params().0;
    let node = network.nodes.get(row)?;
    (params > 0).then(|| Dominant {
        row,
        name: node.name.clone(),
        kind: node.layer.kind(),
        params,
        share: params as f64 / total as f64,
    })
}

fn unknown(network: &Network, report: &Report) -> Vec<String> {
    let rows = network.nodes.iter().zip(&report.rows);
    rows.filter(|(_, row)| row.state == RowState::Unsupported).map(|(node, _)| node.name.clone()).collect()
}

fn problem(network: &Network, report: &Report) -> Option<(String, String)> {
    for (index, row) in report.rows.iter().enumerate() {
        let message = match (&row.state, &report.shapes.nodes[index]) {
            (RowState::Overflow(error), _) => error.to_string(),
            (_, NodeShape::Failed(error)) => error.to_string(),
            _ => continue,
        };
        return Some((network.nodes[index].name.clone(), message));
    }
    None
}
