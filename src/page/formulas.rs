//! How the figures of a row come about.

use crate::cost::{Expression, Figure};
use crate::decimal::fixed;
use crate::model::NodeId;

use super::derived::DesignState;

/// The figures of a row that are not zero, each with how it comes about.
pub fn formulas(state: &DesignState, id: NodeId) -> Vec<(&'static str, String)> {
    const SHOWN: [Figure; 13] = [
        Figure::Params,
        Figure::Buffers,
        Figure::Macs,
        Figure::Flops,
        Figure::Multiplications,
        Figure::Additions,
        Figure::Comparisons,
        Figure::Divisions,
        Figure::Exponentials,
        Figure::WeightBytes,
        Figure::Input,
        Figure::Output,
        Figure::OutputBytes,
    ];
    let Some(index) = state.network().position(id) else { return Vec::new() };
    let explained = |figure: Figure| {
        let formula = state.report.explain(state.network(), index, figure)?;
        (formula.value() != Some(0)).then(|| (figure.title(), formula.to_string()))
    };
    let field = state.report.receptive_field(index).map(|field| {
        let (height, width) = (field.height, field.width);
        let size = format!("{} × {} pixels of the input", height.size(), width.size());
        let strides = format!("strides {} and {}", trimmed(height.stride), trimmed(width.stride));
        let centre = format!("the first around ({}, {})", trimmed(height.offset()), trimmed(width.offset()));
        ("receptive field", format!("{size}, {strides}, {centre}"))
    });
    let intensity = state.report.rows[index].figures.arithmetic_intensity().filter(|intensity| *intensity > 0.0);
    let intensity = intensity.map(|intensity| ("arithmetic intensity", fixed(intensity, 2) + " MACs a byte"));
    SHOWN.into_iter().filter_map(explained).chain(intensity).chain(field).collect()
}

/// Two decimals at most.
fn trimmed(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
