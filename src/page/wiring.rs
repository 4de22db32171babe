//! Which rows a row takes its input from, as a text of their names.

use crate::model::{Inputs, Network, NodeId, Source};

/// The names of a node's inputs, where they are not just the row above.
pub fn takes(network: &Network, index: usize) -> Option<String> {
    let Inputs::From(sources) = &network.nodes[index].inputs else { return None };
    let name = |source: &Source| match source {
        Source::Input => "input".to_string(),
        Source::Node(id) => network.node(*id).map_or_else(|| format!("(gone: {})", id.0), |node| node.name.clone()),
    };
    Some(sources.iter().map(name).collect::<Vec<_>>().join(", "))
}

/// Wires a node to rows named in a text; an empty one means the row above.
///
/// # Errors
/// Where no row above has a name.
pub fn set_inputs(network: &mut Network, id: NodeId, text: &str) -> Result<(), String> {
    let Some(position) = network.position(id) else { return Ok(()) };
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let source = |name: &str| {
        if name == "input" {
            return Ok(Source::Input);
        }
        let above = network.nodes[..position].iter().rev().find(|node| node.name == name);
        above.map(|node| Source::Node(node.id)).ok_or_else(|| format!("no row above is called {name}"))
    };
    let sources = names.map(source).collect::<Result<Vec<_>, _>>()?;
    network.nodes[position].inputs = if sources.is_empty() { Inputs::Above } else { Inputs::From(sources) };
    Ok(())
}
