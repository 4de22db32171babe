//! Several rows of a design at once.

use crate::model::{Network, NodeId, Value};

use super::quick;

/// An argument that some of the rows have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// PyTorch's name.
    pub name: &'static str,
    /// How many of the rows have it.
    pub rows: usize,
    /// Its value as it is typed, where it is the same in all of them.
    pub value: Option<String>,
}

/// The arguments of rows, in the order in which they are first met.
pub fn arguments(network: &Network, ids: &[NodeId]) -> Vec<Common> {
    let mut found = Vec::<Common>::new();
    for layer in ids.iter().filter_map(|&id| network.node(id)).map(|node| &node.layer) {
        for &name in layer.kind().arguments() {
            let value = layer.argument(name).map(|value: Value| value.to_string());
            match found.iter_mut().find(|common| common.name == name) {
                Some(common) => {
                    common.rows += 1;
                    common.value = common.value.take().filter(|same| Some(same) == value.as_ref());
                }
                None => found.push(Common { name, rows: 1, value }),
            }
        }
    }
    found
}

/// Sets an argument of all rows that have it, and tells how many those are.
///
/// # Errors
/// The row that does not take the value, and what it takes; nothing is changed then.
pub fn set_argument(network: &mut Network, ids: &[NodeId], name: &str, text: &str) -> Result<usize, String> {
    let mut changed = network.clone();
    let mut count = 0;
    for node in changed.nodes.iter_mut().filter(|node| ids.contains(&node.id)) {
        if node.layer.kind().arguments().contains(&name) {
            quick::set(&mut node.layer, name, text).map_err(|words| format!("{}: {words}", node.name))?;
            count += 1;
        }
    }
    if count == 0 {
        return Err(format!("none of these layers has {name}"));
    }
    *network = changed;
    Ok(count)
}

/// `1 layer`, `3 layers`.
pub fn layers(count: usize) -> String {
    format!("{count} layer{}", if count == 1 { "" } else { "s" })
}
