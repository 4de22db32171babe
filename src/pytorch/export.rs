//! A network as a readable, runnable `nn.Module`.
//!
//! Names are kept: dotted names become `nn.Sequential`s where their layers are a chain, classes of their own where
//! one tensor goes in and one comes out, and are put in by their path elsewhere. What has no module is a function
//! in `forward`; where the import would give it another name than it has, a comment does: `# name: layer1.0.add`.
//! Functions that are numbered over the whole network are told by one comment, see [`COUNTED_FUNCTIONS`].

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::export_layer::{constructor, counted_name, function};
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

struct Exporter<'a> {
    network: &'a Network,
    wiring: Wiring,
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
struct Unit {
    nodes: Range<usize>,
    /// The name of the module below the class's own; empty for a single node.
    head: String,
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

    fn node_is_module(&self, index: usize) -> bool {
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
                } else {
                    self.skip(unit);
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

    /// What stands on one line each: nodes below one name that one tensor goes into and one comes out of, else nodes.
    fn units(&self, nodes: Range<usize>, prefix: &str) -> Vec<Unit> {
        let mut units = Vec::new();
        let mut at = nodes.start;
        while at < nodes.end {
            match self.group(at, nodes.clone(), prefix) {
                Some(unit) => {
                    at = unit.nodes.end;
                    units.push(unit);
                }
                None => {
                    units.push(Unit { nodes: at..at + 1, head: String::new() });
                    at += 1;
                }
            }
        }
        units
    }

    fn head(&self, index: usize, prefix: &str) -> Option<&str> {
        relative(&self.network.nodes[index].name, prefix).split_once('.').map(|(head, _)| head)
    }

    /// The longest group that starts at a node.
    fn group(&self, start: usize, nodes: Range<usize>, prefix: &str) -> Option<Unit> {
        let first = self.first_module(start, nodes.clone())?;
        let head = self.head(first, prefix)?.to_string();
        let belongs = |index: usize| self.head(index, prefix) == Some(head.as_str());
        let last = nodes.clone().rev().find(|&index| belongs(index))?;
        // Functions between may have names of other places.
        if (first..=last).any(|index| !belongs(index) && self.node_is_module(index)) {
            return None;
        }
        if (nodes.start..start).any(belongs)
            || self.network.nodes[last + 1..].iter().any(|node| under(&node.name, prefix, &head))
        {
            return None;
        }
        if self.network.nodes[..nodes.start].iter().any(|node| under(&node.name, prefix, &head)) {
            return None;
        }
        if self.network.nodes.iter().any(|node| relative(&node.name, prefix) == head) {
            return None;
        }
        let mut ends = vec![last + 1];
        // The sum with what went in is most likely part of it.
        let mut end = last + 1;
        while end < nodes.end && !self.node_is_module(end) && self.head(end, prefix).is_none() {
            end += 1;
            ends.push(end);
            if ends.len() > 3 {
                break;
            }
        }
        // But not where nothing else were left beside the group.
        let residual =
            ends.iter().skip(1).copied().filter(|&end| start > nodes.start || end < nodes.end).find(|&end| {
                matches!(self.network.nodes[end - 1].layer, Layer::Add(_) | Layer::Mul(_))
                    && self.is_closed(start..end, nodes.clone())
                    && {
                        let input = self.single_input(start..end);
                        self.wiring.taps(end - 1).iter().any(|tap| Some(*tap) == input)
                    }
            });
        // Not where no other module were left beside the group; but a chain may have only one block.
        let is_block = head.chars().all(|c| c.is_ascii_digit());
        let leaves_some =
            |end: usize| is_block || nodes.clone().any(|at| !(start..end).contains(&at) && self.node_is_module(at));
        let closed = |end: &usize| {
            let plain = start == first && *end == last + 1;
            (plain || leaves_some(*end)) && self.is_closed(start..*end, nodes.clone())
        };
        let end = residual
            .or_else(|| ends.first().copied().filter(closed))
            .or_else(|| self.joined_end(&ends, nodes.clone(), closed))?;
        Some(Unit { nodes: start..end, head })
    }

    /// The first module of a group that starts here: the node itself, or what follows the parts that a tensor is
    /// divided into.
    fn first_module(&self, start: usize, nodes: Range<usize>) -> Option<usize> {
        let divides = |index: usize| matches!(self.network.nodes[index].layer, Layer::Chunk(_) | Layer::Slice(_));
        let first = (start..nodes.end).find(|&index| !divides(index))?;
        let of_one = (start..first).all(|index| self.wiring.taps(index) == self.wiring.taps(start));
        (of_one && self.node_is_module(first)).then_some(first)
    }

    /// Where branches come together behind the modules of a group, and their channels are mixed.
    fn joined_end(&self, ends: &[usize], nodes: Range<usize>, closed: impl Fn(&usize) -> bool) -> Option<usize> {
        let joins =
            |end: usize| matches!(self.network.nodes[end - 1].layer, Layer::Cat(_) | Layer::Add(_) | Layer::Mul(_));
        let end = ends.iter().copied().find(|&end| joins(end) && closed(&end))?;
        let shuffles = end < nodes.end && matches!(self.network.nodes[end].layer, Layer::ChannelShuffle(_));
        let follows = shuffles && self.wiring.taps(end) == [Tap::Node(end - 1)];
        Some(if follows && closed(&(end + 1)) { end + 1 } else { end })
    }

    /// The one tensor that goes in.
    fn single_input(&self, nodes: Range<usize>) -> Option<Tap> {
        let mut input = None;
        for index in nodes.clone() {
            for tap in self.wiring.taps(index) {
                let inside = matches!(tap, Tap::Node(above) if nodes.contains(above));
                if inside {
                    continue;
                }
                match input {
                    None => input = Some(*tap),
                    Some(other) if other == *tap => {}
                    Some(_) => return None,
                }
            }
        }
        input
    }

    /// One tensor goes in, and only the last one made is used elsewhere.
    fn is_closed(&self, nodes: Range<usize>, _class: Range<usize>) -> bool {
        if self.single_input(nodes.clone()).is_none() {
            return false;
        }
        let outside = nodes.end..self.network.nodes.len();
        let used = outside.into_iter().all(|index| {
            self.wiring.taps(index).iter().all(|tap| match tap {
                Tap::Node(above) => !nodes.contains(above) || *above + 1 == nodes.end,
                _ => true,
            })
        });
        let ends_well = !matches!(self.network.nodes[nodes.end - 1].layer, Layer::Parameter(_));
        used && ends_well
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

    /// A module that is called again: its functions are named again.
    fn skip(&mut self, _unit: &Unit) {}

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

/// A name below a prefix; the whole name where it is not below it.
fn relative<'a>(name: &'a str, prefix: &str) -> &'a str {
    if prefix.is_empty() {
        return name;
    }
    name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
}

fn under(name: &str, prefix: &str, head: &str) -> bool {
    name.strip_prefix(&join(prefix, head)).is_some_and(|rest| rest.starts_with('.'))
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") }
}

/// How a module is reached from its class.
fn attribute(path: &str) -> String {
    if path.contains('.') {
        format!("self.get_submodule({path:?})")
    } else if is_identifier(path) {
        format!("self.{path}")
    } else {
        format!("getattr(self, {path:?})")
    }
}

fn is_identifier(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !WORDS.contains(&name)
}

/// A name that Python takes.
pub(super) fn identifier(name: &str, fallback: &str) -> String {
    let mut plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    if plain.starts_with(|first: char| first.is_ascii_digit()) {
        plain.insert(0, '_');
    }
    if is_identifier(&plain) { plain } else { fallback.to_string() }
}

/// `layer1.0` to `Layer1Block0`.
fn camel(path: &str) -> String {
    let mut name = String::new();
    for part in path.split(['.', '_']) {
        if part.starts_with(|first: char| first.is_ascii_digit()) {
            name.push_str("Block");
        }
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}
