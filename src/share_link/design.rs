//! One network as a text: `1x1x150.c4k2p1.bn.relu.max2.flat.fc3`.
//!
//! The input's shape (`1x28x28_Design~~Class` with the names of design and network, where they are not the default
//! ones), then a token a layer, between dots (white space does as well). Behind the layer's arguments follow its
//! inputs, where they are not the node above, and its name, where it is not the default one:
//! `add~1~4_layer1-0-add` adds the node above and the fourth above. `~IN` is the network's input, `~NONE` no input,
//! `~GONE` one that is missing; `~FN` says that PyTorch's text calls a function (`F.relu`). A token that starts with
//! `~` is a module that is never called.

use rustc_hash::FxHashMap;

use super::layer::{self, LayerToken};
use super::problem::{LinkPlace, Problems};
use super::text::{escape, escape_name, name_of, unescape, unescape_name};
use crate::model::{
    Call, Dims, DimsError, Inputs, Layer, Naming, Network, Node, NodeId, Source, UncalledModule, Unsupported,
};
use crate::workbench::MAX_ROWS;

const INPUT: &str = "IN";
const NO_INPUT: &str = "NONE";
const MISSING: &str = "GONE";
const FUNCTION: &str = "FN";
/// No escaped text has it.
const NETWORK_NAME_MARK: &str = "~~";
const DEFAULT_NETWORK_NAME: &str = "Net";

/// Reads one design, and says what it cannot.
pub(super) struct Reader<'a> {
    pub problems: &'a mut Problems,
    /// The design's index, for problems.
    pub design: usize,
    /// How many rows may still be read.
    pub rows_left: &'a mut usize,
}

/// An input as a token gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Input,
    None,
    Missing,
    /// So many rows above.
    Above(i64),
}

/// A design's network with the name behind its shape.
pub(super) struct DesignText {
    pub network: Network,
    pub name: Option<String>,
}

/// A network, and the design's name where it is to be written.
pub(super) fn encode(network: &Network, name: Option<&str>) -> String {
    let mut text = network.input.to_string();
    if let Some(name) = name {
        text.push('_');
        text.push_str(&escape(name));
    }
    if network.name != DEFAULT_NETWORK_NAME {
        text.push_str(NETWORK_NAME_MARK);
        text.push_str(&escape(&network.name));
    }
    let mut naming = Naming::default();
    let positions = network.positions();
    for (index, node) in network.nodes.iter().enumerate() {
        text.push('.');
        text.push_str(&layer::encode(&node.layer));
        text.push_str(&encode_inputs(network, index, &positions));
        if node.call == Call::Function {
            text.push_str(&format!("~{FUNCTION}"));
        }
        push_name(&mut text, &mut naming, &node.name, &node.layer);
    }
    for module in &network.uncalled {
        text.push_str(".~");
        text.push_str(&layer::encode(&module.layer));
        for size in &module.declared {
            text.push_str(&format!("~{size}"));
        }
        push_name(&mut text, &mut naming, &module.name, &module.layer);
    }
    text
}

fn push_name(text: &mut String, naming: &mut Naming, name: &str, layer: &Layer) {
    if naming.next(layer) != name {
        text.push('_');
        text.push_str(&escape_name(name));
    }
    naming.take(name, layer);
}

fn encode_inputs(network: &Network, index: usize, positions: &FxHashMap<NodeId, usize>) -> String {
    let Inputs::From(sources) = &network.nodes[index].inputs else { return String::new() };
    if sources.is_empty() {
        return format!("~{NO_INPUT}");
    }
    let source_text = |source: &Source| match source {
        Source::Input => format!("~{INPUT}"),
        Source::Node(id) => match positions.get(id) {
            Some(&position) => format!("~{}", index as i64 - position as i64),
            None => format!("~{MISSING}"),
        },
    };
    sources.iter().map(source_text).collect()
}

impl Reader<'_> {
    /// Reads a network; what cannot be read stays as a row that says so, or is left out of its row.
    pub(super) fn read(&mut self, text: &str) -> DesignText {
        let mut tokens =
            text.split(|letter: char| letter == '.' || letter.is_whitespace()).filter(|one| !one.is_empty());
        let head = tokens.next().unwrap_or_default();
        let first_layer = layer::decode(head).map(|_| head);
        let mut design = self.read_head(head, first_layer.is_some());
        let mut naming = Naming::default();
        let mut wires = Vec::new();
        for token in first_layer.into_iter().chain(tokens) {
            if *self.rows_left == 0 {
                self.add_problem(token, format!("a link has at most {MAX_ROWS} layers; the rest is left out"));
                break;
            }
            *self.rows_left -= 1;
            match token.strip_prefix('~') {
                Some(module) => self.read_uncalled(&mut design.network, &mut naming, module),
                None => wires.push(self.read_node(&mut design.network, &mut naming, token)),
            }
        }
        connect(&mut design.network, &wires);
        design
    }

    fn read_head(&mut self, head: &str, is_layer: bool) -> DesignText {
        let head = if is_layer { "" } else { head };
        let (rest, network_name) =
            head.split_once(NETWORK_NAME_MARK).map_or((head, None), |(rest, name)| (rest, Some(name)));
        let (dims, name) = rest.split_once('_').map_or((rest, None), |(dims, name)| (dims, Some(name)));
        let input = dims.parse().unwrap_or_else(|error: DimsError| {
            let input = Dims::new(&[3, 224, 224]).unwrap_or_default();
            let why = if head.is_empty() { "the input's shape is missing".to_string() } else { error.to_string() };
            self.add_problem(head, format!("{why}; it is taken to be {input}"));
            input
        });
        let mut readable = |name: Option<&str>| {
            let name = name?;
            name_of(unescape(name)).map_err(|message| self.add_problem(name, message)).ok()
        };
        let name = readable(name);
        let network_name = readable(network_name).unwrap_or_else(|| DEFAULT_NETWORK_NAME.to_string());
        DesignText { network: Network { name: network_name, input, nodes: Vec::new(), uncalled: Vec::new() }, name }
    }

    /// Adds a node, still without inputs; gives what the token says of them.
    fn read_node(&mut self, network: &mut Network, naming: &mut Naming, token: &str) -> Vec<Wire> {
        let row = network.nodes.len();
        let place = LinkPlace::Row { design: self.design, row };
        let decoded = layer::decode(token).unwrap_or_else(|| {
            self.problems.add(place, token, "not a layer; kept as an unsupported one");
            let class = token.to_string();
            let layer = Unsupported { class, ..Unsupported::default() }.into();
            LayerToken { layer, numbers: Vec::new(), name: None, messages: Vec::new() }
        });
        let name = self.read_name(place, token, &decoded, naming);
        let mut wires = Vec::new();
        let mut call = Call::Module;
        for number in &decoded.numbers {
            match (*number, number.parse::<i64>()) {
                (FUNCTION, _) => call = Call::Function,
                (INPUT, _) => wires.push(Wire::Input),
                (NO_INPUT, _) => wires.push(Wire::None),
                (MISSING, _) => wires.push(Wire::Missing),
                (_, Ok(up)) => wires.push(Wire::Above(up)),
                (_, Err(_)) => {
                    self.problems.add(place, token, format!("the input \"{number}\" is not read; it is missing"));
                    wires.push(Wire::Missing);
                }
            }
        }
        network.nodes.push(Node { id: NodeId(row as u32), name, layer: decoded.layer, inputs: Inputs::Above, call });
        wires
    }

    fn read_uncalled(&mut self, network: &mut Network, naming: &mut Naming, token: &str) {
        let place = LinkPlace::Design { design: self.design };
        let Some(decoded) = layer::decode(token) else {
            return self.problems.add(place, token, "not a layer; this uncalled module is left out");
        };
        let name = self.read_name(place, token, &decoded, naming);
        let mut declared = Vec::new();
        for number in &decoded.numbers {
            match number.parse() {
                Ok(size) => declared.push(size),
                Err(_) => self.problems.add(place, token, format!("\"{number}\" is not a size; it is left out")),
            }
        }
        network.uncalled.push(UncalledModule { name, layer: decoded.layer, declared });
    }

    /// The name of a row, and its token's faults.
    fn read_name(&mut self, place: LinkPlace, token: &str, decoded: &LayerToken<'_>, naming: &mut Naming) -> String {
        for message in &decoded.messages {
            self.problems.add(place, token, message);
        }
        let written = decoded.name.and_then(|name| {
            name_of(unescape_name(name)).map_err(|message| self.problems.add(place, token, message)).ok()
        });
        let name = written.unwrap_or_else(|| naming.next(&decoded.layer));
        naming.take(&name, &decoded.layer);
        name
    }

    fn add_problem(&mut self, token: &str, message: impl Into<String>) {
        self.problems.add(LinkPlace::Design { design: self.design }, token, message);
    }
}

/// Wires the nodes, whose ids are their positions. Nodes without wires take the one above.
fn connect(network: &mut Network, wires: &[Vec<Wire>]) {
    const NO_NODE: NodeId = NodeId(u32::MAX);
    let count = network.nodes.len();
    for (index, (node, wires)) in network.nodes.iter_mut().zip(wires).enumerate() {
        if wires.is_empty() {
            continue;
        }
        let source = |wire: &Wire| match wire {
            Wire::Input => Some(Source::Input),
            Wire::None => None,
            Wire::Missing => Some(Source::Node(NO_NODE)),
            Wire::Above(up) => {
                let position = (index as i64).checked_sub(*up).and_then(|position| usize::try_from(position).ok());
                let found = position.filter(|&position| position < count);
                Some(Source::Node(found.map_or(NO_NODE, |position| NodeId(position as u32))))
            }
        };
        node.inputs = Inputs::From(wires.iter().filter_map(source).collect());
    }
}
