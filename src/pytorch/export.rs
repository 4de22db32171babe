//! A network as a readable, runnable `nn.Module`.
//!
//! Names are kept: dotted names become `nn.Sequential`s where their layers are a chain, classes of their own where
//! one tensor goes in and one comes out, and are put in by their path elsewhere. What has no module is a function
//! in `forward`; where the import would give it another name than it has, a comment does: `# name: layer1.0.add`.
//! Functions that are numbered over the whole network are told by one comment, see [`COUNTED_FUNCTIONS`].

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::export_layer::{constructor, counted_name, function};
use super::export_name::{attribute, camel, identifier, is_identifier, join, relative};
use crate::model::{Call, Kind, Layer, Network, Tap, Wiring};
use crate::shape::{self, Shapes};

/// The comment in a text whose functions are numbered over the whole network, not within each module.
pub(super) const COUNTED_FUNCTIONS: &str = "# Functions are named in order, as torch.fx does: add, add_1, add_2";

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
    let mut exporter = Exporter {
        network,
        wiring,
        shapes,
        classes: Vec::new(),
        taken: HashSet::from([String::new()]),
        uses_put: false,
        counted,
    };
    exporter.name_modules();
    let name = identifier(&network.name, "Net");
    exporter.class(&name, 0..network.nodes.len(), "");
    exporter.text(&name)
}

pub(super) struct Exporter<'a> {
    pub network: &'a Network,
    pub wiring: Wiring,
    shapes: Shapes,
    /// Names and texts of the classes, inner ones first.
    classes: Vec<(String, String)>,
    /// Names that the import finds taken.
    taken: HashSet<String>,
    uses_put: bool,
    /// Functions are numbered over the whole network.
    counted: bool,
}

/// What one line of a `forward` does.
pub(super) struct Unit {
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
        let mut text = "import torch\nimport torch.nn as nn\n".to_string();
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
        for (_, class) in &self.classes {
            text.push_str("\n\n");
            text.push_str(class);
        }
        let sizes: Vec<String> = self.network.input.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "\n\nif __name__ == \"__main__\":\n    model = {name}()\n    x = torch.randn(1, {})\n    print(model(x).shape)\n",
            sizes.join(", ")
        ));
        text
    }

    /// The names of all modules and of what holds them.
    fn name_modules(&mut self) {
        let nodes =
            self.network.nodes.iter().filter(|node| self.is_module(&node.layer, node.call)).map(|node| &node.name);
        let names = nodes.chain(self.network.uncalled.iter().map(|module| &module.name));
        let mut taken: Vec<String> = Vec::new();
        for name in names {
            for (at, _) in name.match_indices('.') {
                taken.push(name[..at].to_string());
            }
            taken.push(name.clone());
        }
        self.taken.extend(taken);
    }

    /// Written as a module, not as a function.
    fn is_module(&self, layer: &Layer, call: Call) -> bool {
        match layer.kind() {
            Kind::Unsupported => true,
            kind if kind.is_function() => false,
            _ => call == Call::Module || function(layer, &[], 4).is_none(),
        }
    }

    pub(super) fn node_is_module(&self, index: usize) -> bool {
        let node = &self.network.nodes[index];
        self.is_module(&node.layer, node.call)
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
            if matches!(self.network.nodes[first].layer, Layer::Parameter(_)) && unit.nodes.len() == 1 {
                self.register_parameter(first, prefix, &mut registered, &mut init);
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
                (format!("{}({})", attribute(&path), inputs.join(", ")), None)
            } else {
                self.function_call(first, &inputs, prefix)
            };
            let comment = comment.map_or_else(String::new, |name| format!("  # name: {name}"));
            lines.push(format!("        {} = {expression}{comment}\n", names[place]));
        }
        if prefix.is_empty() {
            self.register_uncalled(&mut init);
        }
        let result = match units.last() {
            Some(unit) if matches!(self.network.nodes[unit.nodes.start].layer, Layer::Parameter(_)) => {
                attribute(relative(&self.network.nodes[unit.nodes.start].name, prefix))
            }
            Some(_) => names[units.len() - 1].clone(),
            None => parameter.clone(),
        };
        let text = format!(
            "(nn.Module):\n    def __init__(self):\n        super().__init__()\n{init}\n    def forward(self, {parameter}):\n{}        return {result}\n",
            lines.concat()
        );
        // The same layers in the same wiring are the same class.
        if let Some((same, _)) =
            self.classes.iter().find(|(other, own)| *own == format!("class {other}{text}") && !prefix.is_empty())
        {
            return same.clone();
        }
        let mut unique = name.to_string();
        let mut number = 1;
        while self.classes.iter().any(|(other, _)| *other == unique) {
            number += 1;
            unique = format!("{name}{number}");
        }
        self.classes.push((unique.clone(), format!("class {unique}{text}")));
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
            let plain = !inner.head.is_empty() || self.node_is_module(inner.nodes.start);
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
            Layer::Unsupported(layer) => {
                format!("nn.Identity()  # {}({}) is not known here", layer.class, layer.arguments)
            }
            layer => constructor(layer, input),
        }
    }

    fn register(&mut self, path: &str, part: Part, init: &mut String) {
        let expression = part.text(8);
        if path.contains('.') {
            self.uses_put = true;
            init.push_str(&format!("        put(self, {path:?}, {expression})\n"));
        } else if is_identifier(path) {
            init.push_str(&format!("        self.{path} = {expression}\n"));
        } else {
            init.push_str(&format!("        self.add_module({path:?}, {expression})\n"));
        }
    }

    fn register_parameter(&mut self, index: usize, prefix: &str, registered: &mut BTreeSet<String>, init: &mut String) {
        let node = &self.network.nodes[index];
        let Layer::Parameter(layer) = &node.layer else { return };
        let path = relative(&node.name, prefix).to_string();
        if registered.insert(path.clone()) {
            let sizes: Vec<String> = layer.shape.iter().map(ToString::to_string).collect();
            let value = format!("nn.Parameter(torch.randn({}))", sizes.join(", "));
            if path.contains('.') {
                self.uses_put = true;
                let (parent, name) = path.rsplit_once('.').unwrap_or(("", &path));
                init.push_str(&format!("        put(self, {parent:?}, nn.Module())\n"));
                init.push_str(&format!("        self.get_submodule({parent:?}).{name} = {value}\n"));
            } else {
                init.push_str(&format!("        self.{path} = {value}\n"));
            }
        }
    }

    fn register_uncalled(&mut self, init: &mut String) {
        let modules = self.network.uncalled.clone();
        for module in &modules {
            if let Layer::Parameter(layer) = &module.layer {
                let sizes: Vec<String> = layer.shape.iter().map(ToString::to_string).collect();
                if is_identifier(&module.name) {
                    init.push_str(&format!(
                        "        self.{} = nn.Parameter(torch.randn({}))\n",
                        module.name,
                        sizes.join(", ")
                    ));
                }
                continue;
            }
            let mut sizes = vec![1];
            sizes.extend(&module.declared);
            if !matches!(module.layer.kind(), Kind::Linear | Kind::LayerNorm | Kind::BatchNorm1d) {
                sizes.extend([1, 1]);
            }
            let input = crate::model::Dims::new(&sizes);
            let part = Part::Expression(constructor(&module.layer, input.as_ref()));
            self.register(&module.name, part, init);
        }
    }

    /// A call, and its name where the import would give it another.
    fn function_call(&mut self, index: usize, inputs: &[String], prefix: &str) -> (String, Option<String>) {
        let node = &self.network.nodes[index];
        let rank = self.wiring.taps(index).first().and_then(|&tap| self.shapes.tap(tap)).map_or(4, |dims| dims.rank());
        let Some((name, call)) = function(&node.layer, inputs, rank) else {
            return (inputs.first().cloned().unwrap_or_default(), None);
        };
        let stem = if self.counted { counted_name(name).to_string() } else { join(prefix, name) };
        let mut default = stem.clone();
        let mut number = 0;
        while self.taken.contains(&default) {
            number += 1;
            default = format!("{stem}_{number}");
        }
        self.taken.insert(node.name.clone());
        (call, (default != node.name).then(|| node.name.clone()))
    }

    /// The variables that the lines assign to: `x` where the next line alone uses it.
    fn variables(&self, units: &[Unit], nodes: Range<usize>) -> Vec<String> {
        let mut names = Vec::with_capacity(units.len());
        for (place, unit) in units.iter().enumerate() {
            let output = unit.nodes.end - 1;
            let next =
                units.iter().skip(place + 1).find(|unit| !self.is_parameter(unit)).map(|unit| unit.nodes.clone());
            let later = (unit.nodes.end..nodes.end).any(|index| {
                let in_next = next.as_ref().is_some_and(|next| next.contains(&index));
                !in_next && self.wiring.taps(index).contains(&Tap::Node(output))
            });
            names.push(if later { format!("x{}", place + 1) } else { "x".to_string() });
        }
        names
    }

    fn is_parameter(&self, unit: &Unit) -> bool {
        unit.nodes.len() == 1 && matches!(self.network.nodes[unit.nodes.start].layer, Layer::Parameter(_))
    }

    /// What comes into the class is used after the first line.
    fn input_is_kept(&self, units: &[Unit], nodes: Range<usize>) -> bool {
        let first = units.iter().find(|unit| !self.is_parameter(unit));
        let Some(first) = first else { return false };
        (first.nodes.end..nodes.end).any(|index| {
            self.wiring.taps(index).iter().any(|tap| match tap {
                Tap::Node(above) => !nodes.contains(above),
                Tap::Input => true,
                Tap::Missing(_) | Tap::NotAbove(_) => false,
            })
        })
    }

    fn unit_inputs(
        &self,
        unit: &Unit,
        units: &[Unit],
        names: &[String],
        nodes: Range<usize>,
        prefix: &str,
        parameter: &str,
    ) -> Vec<String> {
        let taps: Vec<Tap> = if unit.head.is_empty() {
            self.wiring.taps(unit.nodes.start).to_vec()
        } else {
            self.single_input(unit.nodes.clone()).into_iter().collect()
        };
        let named = |tap: &Tap| match tap {
            Tap::Node(above) if nodes.contains(above) => {
                let place = units.iter().position(|unit| unit.nodes.contains(above)).unwrap_or(0);
                if self.is_parameter(&units[place]) {
                    let path = relative(&self.network.nodes[*above].name, prefix);
                    match path.rsplit_once('.') {
                        Some((parent, name)) => format!("self.get_submodule({parent:?}).{name}"),
                        None => attribute(path),
                    }
                } else {
                    names[place].clone()
                }
            }
            _ => parameter.to_string(),
        };
        taps.iter().map(named).collect()
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
                        let (text, remark) = match text.split_once("  # ") {
                            Some((text, remark)) if !text.contains('\n') => (text.to_string(), format!("  # {remark}")),
                            _ => (text, String::new()),
                        };
                        if counted {
                            format!("{space}{text},{remark}\n")
                        } else {
                            format!("{space}({name:?}, {text}),{remark}\n")
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
