//! Classes: constructors that register modules, and `forward`.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::exporter::{Exporter, Unit};
use super::layer::{constructor, lazy};
use super::name::{attribute, camel, identifier, is_attribute, join, parameter as parameter_at, relative};
use super::unknown;
use crate::model::{Kind, Layer, Parameter, Tap, literal};

/// A module in a constructor.
enum Part {
    Expression(String),
    Chain(Vec<(String, Part)>),
}

impl Exporter<'_> {
    /// Writes a class for some nodes; `prefix` is the name of the module it makes.
    pub(crate) fn class(&mut self, name: &str, nodes: Range<usize>, prefix: &str) -> String {
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
                        let what = unknown::not_known(&self.network.nodes[first].name);
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
            let tuple = unknown::gives_tuple(&self.network.nodes[node].layer);
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
            Layer::Unsupported(layer) => unknown::constructor(layer),
            layer if input.is_none() && layer.kind().inferred_argument().is_some() => lazy(layer)
                .unwrap_or_else(|| unknown::not_known(&format!("{}: no shape arrives here", layer.kind().class()))),
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
        let line = if path.contains('.') {
            self.uses_put = true;
            format!("put(self, {}, {value})", literal::string(path))
        } else if is_attribute(path) {
            format!("self.{path} = {value}")
        } else {
            format!("self.register_parameter({}, {value})", literal::string(path))
        };
        init.push_str(&format!("        {line}\n"));
    }

    fn register_uncalled(&mut self, init: &mut String) {
        let modules = self.network.uncalled.clone();
        for module in &modules {
            if let Layer::Parameter(layer) = &module.layer {
                self.register_parameter(&module.name, layer, init);
                continue;
            }
            if let Layer::Unsupported(layer) = &module.layer {
                self.register(&module.name, Part::Expression(unknown::constructor(layer)), init);
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
