//! Ids and names of the nodes that a rewrite adds.

use std::collections::HashSet;

use crate::model::NodeId;

/// How far the ids of a node's parts lie apart: ids of nodes that people add stay below.
const PART_STRIDE: u32 = 1 << 20;

/// Ids stay below this, so that there is always a next one.
const ID_LIMIT: u32 = 1 << 31;

/// The id of a new part of a node: the same for the same node whatever else the network holds, unless it is taken.
pub(super) fn part_id(taken: &HashSet<NodeId>, origin: NodeId, part: u32) -> NodeId {
    let mut id = origin.0.wrapping_add(part.wrapping_mul(PART_STRIDE)) % ID_LIMIT;
    let mut tries = 0;
    while taken.contains(&NodeId(id)) {
        tries += 1;
        // After one turn through the strides, the ids beside them.
        let step = if tries % (ID_LIMIT / PART_STRIDE) == 0 { PART_STRIDE + 1 } else { PART_STRIDE };
        id = (id + step) % ID_LIMIT;
    }
    NodeId(id)
}

/// The name of a part of a module: `conv1` and `depthwise` give `depthwise1`, `features.0.0` gives
/// `features.0.0.depthwise`.
pub(super) fn part_name(name: &str, stem: &str, part: &str) -> String {
    let (path, leaf) = name.rsplit_once('.').map_or(("", name), |(path, leaf)| (path, leaf));
    let dot = if path.is_empty() { "" } else { "." };
    match leaf.strip_prefix(stem) {
        Some(suffix)
            if suffix.is_empty() || suffix.starts_with(|first: char| first.is_ascii_digit() || first == '_') =>
        {
            format!("{path}{dot}{part}{suffix}")
        }
        _ => format!("{name}.{part}"),
    }
}

/// The name, or the first of `name_2`, `name_3`, ... that is not taken.
pub(super) fn free_name(taken: &HashSet<String>, name: String) -> String {
    if !taken.contains(&name) {
        return name;
    }
    (2_u32..).map(|number| format!("{name}_{number}")).find(|name| !taken.contains(name)).unwrap_or(name)
}
