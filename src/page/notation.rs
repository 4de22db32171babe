//! A design as lines of text that people edit, in step with its rows:
//!
//! ```text
//! input 1x8x150
//! conv1 = Conv2d(out_channels=4, kernel_size=2, padding=1)
//! relu1 = ReLU()
//! add1 = Add() <- relu1, input
//! ```
//!
//! A line is a row: its name, PyTorch's class, the arguments that differ from their defaults, and behind an arrow the rows
//! that it takes, where that is not the one above. Without a name it gets one; a line of shorthand (`conv 64 k3`,
//! [`super::quick`]) will do, too.

use std::collections::HashSet;

use crate::model::{Call, Dims, DimsError, Inputs, Kind, Layer, Network, Node, NodeId, Source, check_path, stem};

use super::quick;
use super::wiring::takes;

const ARROW: &str = "<-";
const INPUT: &str = "input";

/// The lines of a network.
pub fn write(network: &Network) -> String {
    let lines = (0..network.nodes.len()).map(|index| line(network, index));
    std::iter::once(format!("{INPUT} {}", network.input)).chain(lines).collect::<Vec<_>>().join("\n")
}

/// What stands above the lines of rows that were copied.
pub const COPIED: &str = "# Convscope layers";

/// Some rows as lines, to be pasted. Names that no line can say, or that several rows have, are given anew.
pub fn copy(network: &Network, ids: &[NodeId]) -> String {
    let mut named = network.clone();
    let mut seen = HashSet::new();
    for index in 0..named.nodes.len() {
        let Node { name, layer, .. } = &named.nodes[index];
        if check_path(name).is_err() || name == INPUT || !seen.insert(name.clone()) {
            let name = named.unused_name(stem(layer));
            seen.insert(name.clone());
            named.nodes[index].name = name;
        }
    }
    let copied = (0..named.nodes.len()).filter(|&index| ids.contains(&named.nodes[index].id));
    let lines = copied.map(|index| line(&named, index));
    std::iter::once(COPIED.to_string()).chain(lines).collect::<Vec<_>>().join("\n")
}

/// Puts lines behind a row, or at the end: what they take is looked for among themselves, then above. Gives the new rows.
///
/// # Errors
/// The line, from 1, and what is wrong with it.
pub fn paste(text: &str, network: &mut Network, after: Option<NodeId>) -> Result<Vec<NodeId>, String> {
    let after = after.or_else(|| network.nodes.last().map(|node| node.id));
    let place = after.and_then(|id| network.position(id)).map_or(0, |position| position + 1);
    let before = network.clone();
    let mut above = Network { nodes: before.nodes[..place].to_vec(), ..before.clone() };
    let mut reader = Reader { before: &before, left: vec![false; before.nodes.len()], next: before.unused_id().0 };
    let (mut changed, mut last, mut pasted) = (before.clone(), after, Vec::<(NodeId, NodeId)>::new());
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        for node in reader.read(line, &above).map_err(|words| format!("line {}: {words}", number + 1))? {
            let is_taken = changed.nodes.iter().any(|other| other.name == node.name);
            let name = if is_taken { changed.unused_name(stem(&node.layer)) } else { node.name.clone() };
            let id = changed.insert_after(last, name, node.layer.clone());
            if let (Inputs::From(sources), Some(position)) = (&node.inputs, changed.position(id)) {
                let own = |source: &Source| match source {
                    Source::Node(read) => {
                        Source::Node(pasted.iter().find(|(one, _)| one == read).map_or(*read, |(_, own)| *own))
                    }
                    Source::Input => Source::Input,
                };
                changed.nodes[position].inputs = Inputs::From(sources.iter().map(own).collect());
            }
            pasted.push((node.id, id));
            above.nodes.push(node);
            last = Some(id);
        }
    }
    *network = changed;
    Ok(pasted.into_iter().map(|(_, id)| id).collect())
}

/// The line of one row.
fn line(network: &Network, index: usize) -> String {
    let node = &network.nodes[index];
    let takes = takes(network, index).map(|takes| format!(" {ARROW} {takes}")).unwrap_or_default();
    format!("{} = {}{takes}", node.name, call(&node.layer))
}

/// `Conv2d(out_channels=4, kernel_size=2)`.
fn call(layer: &Layer) -> String {
    if let Layer::Unsupported(layer) = layer {
        return format!("{}({})", layer.class, layer.arguments.replace('\n', " "));
    }
    let arguments = layer.written_arguments().map(|(name, value)| format!("{name}={value}"));
    format!("{}({})", layer.kind().class(), arguments.collect::<Vec<_>>().join(", "))
}

/// The network that a text says, made from the one whose lines it was: rows whose lines are there still are the same.
///
/// # Errors
/// The line, from 1, and what is wrong with it.
pub fn read(text: &str, before: &Network) -> Result<Network, String> {
    // Also what no line can say: rows of odd names, and wires that lead nowhere.
    if text == write(before) {
        return Ok(before.clone());
    }
    let mut reader = Reader { before, left: vec![true; before.nodes.len()], next: before.unused_id().0 };
    let mut network = Network { nodes: Vec::new(), ..before.clone() };
    let mut names = HashSet::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |words: String| format!("line {}: {words}", number + 1);
        if let Some(shape) = line.strip_prefix(INPUT).filter(|rest| rest.starts_with([' ', '\t'])) {
            network.input = shape.trim().parse::<Dims>().map_err(|error: DimsError| wrong(error.to_string()))?;
            continue;
        }
        for node in reader.read(line, &network).map_err(wrong)? {
            let is_again = before.nodes.iter().filter(|other| other.name == node.name).count() > 1;
            if !names.insert(node.name.clone()) && !is_again {
                return Err(wrong(format!("another layer is called {}", node.name)));
            }
            network.nodes.push(node);
        }
    }
    Ok(network)
}

struct Reader<'a> {
    before: &'a Network,
    /// Which rows of before no line has taken yet.
    left: Vec<bool>,
    next: u32,
}

impl Reader<'_> {
    /// The row or rows of a line, to come behind those that there are.
    fn read(&mut self, text: &str, above: &Network) -> Result<Vec<Node>, String> {
        if let Some(node) = self.kept(text, above) {
            return Ok(vec![node]);
        }
        let (text, inputs) = match text.split_once(ARROW) {
            Some((text, names)) => (text.trim(), inputs(names, above)?),
            None => (text, Inputs::Above),
        };
        let (name, call) = match text.split_once('=') {
            Some((name, call)) if !name.contains('(') && !name.trim().contains(char::is_whitespace) => {
                (Some(name.trim()), call.trim())
            }
            _ => (None, text),
        };
        let layers = match call.split_once('(') {
            Some((class, rest)) => vec![self.layer(class.trim(), rest, name)?],
            None => quick::read(call)?,
        };
        if let Some(name) = name {
            check_path(name).map_err(|error| error.to_string())?;
        }
        let mut nodes: Vec<Node> = Vec::new();
        let mut known = above.clone();
        for layer in layers {
            let name =
                name.filter(|_| nodes.is_empty()).map_or_else(|| known.unused_name(stem(&layer)), str::to_string);
            let inputs = if nodes.is_empty() { inputs.clone() } else { Inputs::Above };
            let node = self.node(name, layer, inputs);
            known.nodes.push(node.clone());
            nodes.push(node);
        }
        Ok(nodes)
    }

    /// The row whose line this is already, where all that it takes is above it still.
    fn kept(&mut self, text: &str, above: &Network) -> Option<Node> {
        let index = (0..self.left.len()).find(|&index| self.left[index] && line(self.before, index) == text)?;
        let node = self.before.nodes[index].clone();
        if let Inputs::From(sources) = &node.inputs {
            let is_there = |source: &Source| match source {
                Source::Input => true,
                // One that was not above before is not made worse by being kept.
                Source::Node(id) => {
                    above.node(*id).is_some() || self.before.position(*id).is_none_or(|position| position >= index)
                }
            };
            sources.iter().all(is_there).then_some(())?;
        }
        self.left[index] = false;
        Some(node)
    }

    /// A row by its name, in place of the one that had it.
    fn node(&mut self, name: String, layer: Layer, inputs: Inputs) -> Node {
        let index = (0..self.left.len()).find(|&index| self.left[index] && self.before.nodes[index].name == name);
        if let Some(index) = index {
            self.left[index] = false;
            let Node { id, call, .. } = self.before.nodes[index];
            return Node { id, name, layer, inputs, call };
        }
        let id = NodeId(self.next);
        self.next = self.next.saturating_add(1);
        Node { id, name, layer, inputs, call: Call::Module }
    }

    /// `Conv2d`, and `out_channels=4, kernel_size=2)`.
    fn layer(&self, class: &str, rest: &str, name: Option<&str>) -> Result<Layer, String> {
        let Some(arguments) = rest.trim_end().strip_suffix(')') else {
            return Err(format!("{class}( is not closed"));
        };
        // A row that is only wired or named anew keeps a layer that no text can say.
        let same = |node: &&Node| call(&node.layer) == format!("{class}({arguments})");
        if let Some(node) = self.before.nodes.iter().filter(same).max_by_key(|node| Some(node.name.as_str()) == name) {
            return Ok(node.layer.clone());
        }
        let Some(kind) = Kind::from_class(class).filter(|kind| *kind != Kind::Unsupported) else {
            return Err(format!(
                "{class} is no layer that Convscope knows; such a line can be moved and taken out, not changed"
            ));
        };
        let mut layer = kind.layer();
        for (place, argument) in split(arguments).into_iter().enumerate() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name.trim(), value.trim()),
                None => {
                    (*kind.arguments().get(place).ok_or_else(|| format!("{class} takes fewer arguments"))?, argument)
                }
            };
            quick::set(&mut layer, name, value)?;
        }
        Ok(layer)
    }
}

/// What a row takes, by the names of rows above.
fn inputs(names: &str, above: &Network) -> Result<Inputs, String> {
    let source = |name: &str| {
        if name == INPUT {
            return Ok(Source::Input);
        }
        let found = above.nodes.iter().rev().find(|node| node.name == name);
        found.map(|node| Source::Node(node.id)).ok_or_else(|| format!("no row above is called {name}"))
    };
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    Ok(Inputs::From(names.map(source).collect::<Result<_, _>>()?))
}

/// Arguments between commas that stand in no bracket and no quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_u32, None);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}
