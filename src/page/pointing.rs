//! What is pointed at, in rows, in their counterparts and in charts alike.

use crate::model::NodeId;

use super::derived::Derived;

/// A row of a design: its index, and the node.
pub type Place = (usize, NodeId);

/// All rows of a row of the comparison, or the one of the only design.
pub fn places(derived: &Derived, compared: usize) -> Vec<Place> {
    let of = |design: usize, nodes: &[usize]| {
        let ids = |state: &super::derived::DesignState| {
            let id = |&node: &usize| state.network().nodes.get(node).map(|node| (design, node.id));
            nodes.iter().filter_map(id).collect::<Vec<_>>()
        };
        derived.designs.get(design).map(ids).unwrap_or_default()
    };
    match (derived.pair, &derived.comparison) {
        (Some((left, right)), Some(comparison)) => comparison
            .rows
            .get(compared)
            .map_or_else(Vec::new, |row| [of(left, &row.left), of(right, &row.right)].concat()),
        _ => of(0, &[compared]),
    }
}

/// The row of the comparison that a row of a design belongs to; `None` for a design that is not compared.
pub fn compared_row(derived: &Derived, (design, id): Place) -> Option<usize> {
    let node = derived.designs.get(design)?.network().nodes.iter().position(|node| node.id == id)?;
    match (derived.pair, &derived.comparison) {
        (Some((left, right)), Some(comparison)) => comparison.rows.iter().position(|row| {
            (design == left && row.left.contains(&node)) || (design == right && row.right.contains(&node))
        }),
        _ => (design == 0).then_some(node),
    }
}
