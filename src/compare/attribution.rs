//! What the totals are made of.

use crate::cost::{Report, RowState};
use crate::model::{Kind, Network, Sort};
use crate::shape::NodeShape;

use super::{Side, Summary};

/// A sort of layers whose costs are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    Convolutions,
    Linears,
    Norms,
    Rest,
}

/// How much of one part each side has.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub part: Part,
    pub left: GroupFigures,
    pub right: GroupFigures,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupFigures {
    pub layers: u64,
    pub params: u64,
    pub macs: u64,
    /// Elements written.
    pub written: u64,
}

/// The row that holds the most parameters of a design.
#[derive(Clone, Debug, PartialEq)]
pub struct Dominant {
    pub row: usize,
    pub name: String,
    pub kind: Kind,
    pub params: u64,
    /// Of all parameters, 0 to 1.
    pub share: f64,
}

impl Part {
    pub const ALL: [Self; 4] = [Self::Convolutions, Self::Linears, Self::Norms, Self::Rest];

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
