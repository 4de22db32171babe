//! A network as a readable, runnable `nn.Module`.
//!
//! Names are kept: dotted names become `nn.Sequential`s where their layers are a chain, classes of their own where
//! one tensor goes in and one comes out, and are put in by their path elsewhere. What has no module is a function
//! in `forward`; where the import would give it another name than it has, a comment does: `# name: layer1.0.add`.
//! Functions that are numbered over the whole network are told by one comment, see [`COUNTED_FUNCTIONS`].

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::layer::{constructor, function, lazy};
use super::name::{
    Taken, attribute, camel, identifier, is_attribute, join, parameter as parameter_at, relative, submodule,
};
use super::unknown as export_unknown;
use crate::model::{Call, Kind, Layer, Network, Parameter, Tap, Wiring, literal};
use crate::shape::{self, NodeShape, Shapes};

/// The comment in a text whose functions are numbered over the whole network, not within each module.
pub(crate) const COUNTED_FUNCTIONS: &str = "# Functions are named in order, as torch.fx does: add, add_1, add_2";

/// The network's source text: imports, classes, and how to make it.
pub fn export_module(network: &Network) -> String {
    // Whichever way needs fewer comments.
    let [modular, counted] = [false, true].map(|counted| export_with(network, counted));
    let comments = |text: &str| text.matches("  # name: ").count();
    if comments(&counted) < comments(&modular) { counted } else { modular }
}

fn export_with(network: &Network, counted: bool) -> String {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let more = shape::infer(network, &wiring, 2);
    let mut exporter = Exporter {
        network,
        wiring,
        shapes,
        more,
        classes: Vec::new(),
        class_numbers: NAMES_IN_USE.iter().map(|name| (name.to_string(), 2)).collect(),
        taken: Taken::default(),
        uses_put: false,
        counted,
        many: false,
    };
    exporter.name_modules();
    let name = identifier(&network.name, "Net");
    let name = exporter.class(&name, 0..network.nodes.len(), "");
    exporter.text(&name)
}

pub(crate) struct Exporter<'a> {
    pub network: &'a Network,
    pub wiring: Wiring,
    pub shapes: Shapes,
    /// For two samples.
    pub more: Shapes,
    /// Names and texts of the classes, inner ones first; the texts from behind the name on.
    classes: Vec<(String, String)>,
    /// The number behind the next class of a name that is taken; names that the text itself uses are.
    class_numbers: HashMap<String, usize>,
    /// Names that the import finds taken: of modules, and of functions above.
    pub taken: Taken,
    uses_put: bool,
    /// Functions are numbered over the whole network.
    pub counted: bool,
    /// `forward` gives several tensors.
    many: bool,
}

/// Names that a text uses for something else than its own classes.
const NAMES_IN_USE: &[&str] = &[
    "torch",
    "nn",
    "F",
    "put",
    "super",
    "hasattr",
    "getattr",
    "print",
    "OrderedDict",
    "LayerNorm2d",
    "StochasticDepth",
    "NotImplementedError",
    export_unknown::NOT_KNOWN,
];

/// What one line of a `forward` does.
pub(crate) struct Unit {
    pub nodes: Range<usize>,
    /// The name of the module below the class's own; empty for a single node.
    pub head: String,
}

/// A module in a constructor.
enum Part {
    Expression(String),
    Chain(Vec<(String, Part)>),
}

impl Exporter<'_> {
    fn text(&self, name: &str) -> String {
        let mut text = self.broken();
        text.push_str("import torch\nimport torch.nn as nn\n");
        let all: String = self.classes.iter().map(|(_, text)| text.as_str()).collect();
        if all.contains("F.") {
            text.push_str("import torch.nn.functional as F\n");
        }
        if all.contains("OrderedDict(") {
            text.push_str("from collections import OrderedDict\n");
        }
        if all.contains(" LayerNorm2d(") || all.contains("\nLayerNorm2d(") {
            text.push_str("from torchvision.models.convnext import LayerNorm2d\n");
        }
        if all.contains("StochasticDepth(") {
            text.push_str("from torchvision.ops import StochasticDepth\n");
        }
        if self.counted {
            text.push_str(&format!("\n{COUNTED_FUNCTIONS}\n"));
        }
        if self.uses_put {
            text.push_str(
                "\n\ndef put(module, path, layer):\n    *parents, name = path.split(\".\")\n    for parent in parents:\n        if not hasattr(module, parent):\n            module.add_module(parent, nn.Module())\n        module = getattr(module, parent)\n    module.add_module(name, layer)\n",
            );
        }
        if all.contains("NotKnown(") {
            text.push_str(&format!("\n\n{}", export_unknown::NOT_KNOWN_CLASS));
        }
        for (name, class) in &self.classes {
            text.push_str("\n\nclass ");
            text.push_str(name);
            text.push_str(class);
        }
        let sizes: Vec<String> = self.network.input.iter().map(ToString::to_string).collect();
        let shown = if self.many { "[y.shape for y in model(x)]" } else { "model(x).shape" };
        text.push_str(&format!(
            "\n\nif __name__ == \"__main__\":\n    model = {name}()\n    x = torch.randn(1, {})\n    print({shown})\n",
            sizes.join(", ")
        ));
        text
    }

    /// What is wrong with the design, where it cannot run.
    fn broken(&self) -> String {
        let failures = self.shapes.nodes.iter().zip(&self.network.nodes).filter_map(|(shape, node)| match shape {
            NodeShape::Failed(error) => {
                let words = format!("{} ({}): {error}", node.name, node.layer.kind().class());
                Some(format!("#   {}\n", literal::comment(&words)))
            }
            NodeShape::Known(_) | NodeShape::Waits { .. } => None,
        });
        let failures: String = failures.collect();
        if failures.is_empty() {
            return failures;
        }
        format!("# THIS DESIGN IS BROKEN: it cannot run as it is.\n{failures}\n")
    }

    /// The rows besides the last that nothing reads: further outputs.
    pub(crate) fn further_ends(&self, units: &[Unit], nodes: &Range<usize>) -> Vec<usize> {
        let is_read = |index: usize| {
            (index + 1..self.network.nodes.len()).any(|later| self.wiring.taps(later).contains(&Tap::Node(index)))
        };
        let ends = units
            .iter()
            .enumerate()
            .filter(|(_, unit)| unit.nodes.end < nodes.end && !self.is_parameter(unit) && !is_read(unit.nodes.end - 1));
        ends.map(|(place, _)| place).collect()
    }

    /// The names of all modules and of what holds them.
    fn name_modules(&mut self) {
        let nodes = self
            .network
            .nodes
            .iter()
            .enumerate()
            .filter(|(index, _)| self.node_is_module(*index))
            .map(|(_, node)| &node.name);
        let names = nodes.chain(self.network.uncalled.iter().map(|module| &module.name));
        self.taken.modules = names.cloned().collect();
    }

    /// Written as a module, not as a function.
    fn is_module(&self, layer: &Layer, call: Call) -> bool {
        match layer.kind() {
            Kind::Unsupported => true,
            kind if kind.is_function() => false,
            _ => call == Call::Module || function(layer, &[], 4).is_none(),
        }
    }

    pub(crate) fn node_is_module(&self, index: usize) -> bool {
        let node = &self.network.nodes[index];
        !self.is_unknown_function(index) && self.is_module(&node.layer, node.call)
    }

    /// Writes a class for some nodes; `prefix` is the name of the module it makes.
    fn class(&mut self, name: &str, nodes: Range<usize>, prefix: &str) -> String {
        let units = self.units(nodes.clone(), prefix);
        let mut init = String::new();
        let mut registered: BTreeSet<String> = BTreeSet::new();
        let mut lines = Vec::new();
        let names = self.variables(&units, nodes.clone());
        let mut parameter = "x".to_string();
        if self.input_is_kept(&units, nodes.clone()) {
            parameter = "inputs".to_string();
        }
        for (place, unit) in units.iter().enumerate() {
            let first = unit.nodes.start;
            let node = &self.network.nodes[first];
            if let Layer::Parameter(layer) = &node.layer
                && unit.nodes.len() == 1
            {
                let path = relative(&node.name, prefix);
                if registered.insert(path.to_string()) {
                    self.register_parameter(path, layer, &mut init);
                }
                continue;
            }
            let inputs = self.unit_inputs(unit, &units, &names, nodes.clone(), prefix, &parameter);
            let (expression, comment) = if !unit.head.is_empty() {
                let path = unit.head.clone();
                if registered.insert(path.clone()) {
                    let part = self.part(unit, prefix);
                    self.register(&path, part, &mut init);
                }
                (format!("{}({})", attribute(&path), inputs.join(", ")), None)
            } else if self.node_is_module(first) {
                let path = relative(&self.network.nodes[first].name, prefix).to_string();
                if registered.insert(path.clone()) {
                    let part = Part::Expression(self.constructor(first));
                    self.register(&path, part, &mut init);
                }
                (self.module_call(first, &attribute(&path), &inputs), None)
            } else if let Some(recurrent) = self.recurrent_of(first) {
                let place = units.iter().position(|unit| unit.head.is_empty() && unit.nodes.start == recurrent);
                match place {
                    Some(place) => (self.state(first, recurrent, &format!("state{}", place + 1)), None),
                    None => {
                        let what = export_unknown::not_known(&self.network.nodes[first].name);
                        (format!("{what}({})", inputs.join(", ")), None)
                    }
                }
            } else {
                self.function_call(first, &inputs, prefix)
            };
            // A state that a row below takes is kept.
            let takes_state = |index| self.recurrent_of(index) == Some(first);
            if unit.head.is_empty() && nodes.clone().any(takes_state) {
                let call = expression.strip_suffix("[0]").unwrap_or(&expression);
                let number = place + 1;
                let name = &names[place];
                lines.push(format!("        {name}, state{number} = {call}\n"));
                continue;
            }
            let comment = comment.map_or_else(String::new, |name| format!("  # name: {}", literal::comment(&name)));
            lines.push(format!("        {} = {expression}{comment}\n", names[place]));
        }
        if prefix.is_empty() {
            self.register_uncalled(&mut init);
        }
        let result = match units.last() {
            Some(unit) if matches!(self.network.nodes[unit.nodes.start].layer, Layer::Parameter(_)) => {
                parameter_at(relative(&self.network.nodes[unit.nodes.start].name, prefix))
            }
            Some(_) => names[units.len() - 1].clone(),
            None => parameter.clone(),
        };
        let mut result = result;
        if prefix.is_empty() {
            let ends = self.further_ends(&units, &nodes);
            self.many = !ends.is_empty();
            for place in ends {
                result.push_str(&format!(", {}", names[place]));
            }
        }
        let text = format!(
            "(nn.Module):\n    def __init__(self):\n        super().__init__()\n{init}\n    def forward(self, {parameter}):\n{}        return {result}\n",
            lines.concat()
        );
        // The same layers in the same wiring are the same class.
        if let Some((same, _)) = self.classes.iter().find(|(_, own)| *own == text && !prefix.is_empty()) {
            return same.clone();
        }
        let mut unique = name.to_string();
        while self.class_numbers.contains_key(&unique) {
            let number = self.class_numbers.entry(name.to_string()).or_insert(2);
            unique = format!("{name}{number}");
            *number += 1;
        }
        self.class_numbers.insert(unique.clone(), 2);
        self.classes.push((unique.clone(), text));
        unique
    }

    /// The module of a group: a chain where it is one, else a class.
    fn part(&mut self, unit: &Unit, prefix: &str) -> Part {
        let own = join(prefix, &unit.head);
        let units = self.units(unit.nodes.clone(), &own);
        let mut seen = HashSet::new();
        let mut above = None;
        let is_chain = units.iter().enumerate().all(|(place, inner)| {
            let name = self.unit_name(inner, &own);
            let node = inner.nodes.start;
            let tuple = export_unknown::gives_tuple(&self.network.nodes[node].layer);
            let plain = !inner.head.is_empty() || (self.node_is_module(node) && !tuple);
            let taps = if inner.head.is_empty() {
                self.wiring.taps(inner.nodes.start).to_vec()
            } else {
                self.single_input(inner.nodes.clone()).into_iter().collect()
            };
            let follows = place == 0 || taps == [Tap::Node(above.unwrap_or(usize::MAX))];
            above = Some(inner.nodes.end - 1);
            plain && follows && taps.len() == 1 && !name.contains('.') && seen.insert(name)
        });
        if !is_chain {
            let name = identifier(&camel(&own), "Block");
            let name = self.class(&name, unit.nodes.clone(), &own);
            return Part::Expression(format!("{name}()"));
        }
        let mut parts = Vec::new();
        for inner in &units {
            let name = self.unit_name(inner, &own);
            let part = if inner.head.is_empty() {
                Part::Expression(self.constructor(inner.nodes.start))
            } else {
                self.part(inner, &own)
            };
            parts.push((name, part));
        }
        Part::Chain(parts)
    }

    fn unit_name(&self, unit: &Unit, prefix: &str) -> String {
        if unit.head.is_empty() {
            relative(&self.network.nodes[unit.nodes.start].name, prefix).to_string()
        } else {
            unit.head.clone()
        }
    }

    fn constructor(&self, index: usize) -> String {
        let node = &self.network.nodes[index];
        let input = self.wiring.taps(index).first().and_then(|&tap| self.shapes.tap(tap));
        match &node.layer {
            Layer::Unsupported(layer) => export_unknown::constructor(layer),
            layer if input.is_none() && layer.kind().inferred_argument().is_some() => {
                lazy(layer).unwrap_or_else(|| {
                    export_unknown::not_known(&format!("{}: no shape arrives here", layer.kind().class()))
                })
            }
            layer => constructor(layer, input),
        }
    }

    fn register(&mut self, path: &str, part: Part, init: &mut String) {
        let expression = part.text(8);
        if path.contains('.') {
            self.uses_put = true;
            init.push_str(&format!("        put(self, {}, {expression})\n", literal::string(path)));
        } else if is_attribute(path) {
            init.push_str(&format!("        self.{path} = {expression}\n"));
        } else {
            init.push_str(&format!("        self.add_module({}, {expression})\n", literal::string(path)));
        }
    }

    fn register_parameter(&mut self, path: &str, layer: &Parameter, init: &mut String) {
        let sizes: Vec<String> = layer.shape.iter().map(ToString::to_string).collect();
        let value = format!("nn.Parameter(torch.randn({}))", sizes.join(", "));
        let (object, name) = match path.rsplit_once('.') {
            Some((parent, name)) => {
                self.uses_put = true;
                init.push_str(&format!("        put(self, {}, nn.Module())\n", literal::string(parent)));
                (submodule(parent), name)
            }
            None => ("self".to_string(), path),
        };
        if is_attribute(name) {
            init.push_str(&format!("        {object}.{name} = {value}\n"));
        } else {
            init.push_str(&format!("        {object}.register_parameter({}, {value})\n", literal::string(name)));
        }
    }

    fn register_uncalled(&mut self, init: &mut String) {
        let modules = self.network.uncalled.clone();
        for module in &modules {
            if let Layer::Parameter(layer) = &module.layer {
                self.register_parameter(&module.name, layer, init);
                continue;
            }
            if let Layer::Unsupported(layer) = &module.layer {
                self.register(&module.name, Part::Expression(export_unknown::constructor(layer)), init);
                continue;
            }
            let mut sizes = vec![1];
            sizes.extend(&module.declared);
            match module.layer.kind() {
                Kind::Linear | Kind::LayerNorm | Kind::BatchNorm1d => {}
                Kind::Conv1d | Kind::ConvTranspose1d | Kind::InstanceNorm1d => sizes.push(1),
                _ => sizes.extend([1, 1]),
            }
            let input = crate::model::Dims::new(&sizes);
            let part = Part::Expression(constructor(&module.layer, input.as_ref()));
            self.register(&module.name, part, init);
        }
    }
}

impl Part {
    fn text(&self, indent: usize) -> String {
        match self {
            Self::Expression(text) => text.clone(),
            Self::Chain(parts) => {
                let counted = parts.iter().enumerate().all(|(place, (name, _))| *name == place.to_string());
                let space = " ".repeat(indent + 4);
                let lines: Vec<String> = parts
                    .iter()
                    .map(|(name, part)| {
                        let text = part.text(indent + 4);
                        if counted {
                            format!("{space}{text},\n")
                        } else {
                            format!("{space}({}, {text}),\n", literal::string(name))
                        }
                    })
                    .collect();
                let end = " ".repeat(indent);
                if counted {
                    format!("nn.Sequential(\n{}{end})", lines.concat())
                } else {
                    format!("nn.Sequential(OrderedDict([\n{}{end}]))", lines.concat())
                }
            }
        }
    }
}
