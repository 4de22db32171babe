//! The lines of `forward`: what they call, and the variables between them.

use std::ops::Range;

use super::exporter::{Exporter, Unit};
use super::layer::{counted_name, function};
use super::name::{join, parameter as parameter_at, relative};
use super::unknown;
use crate::model::{Kind, Layer, Tap};
use crate::shape::Shapes;

impl Exporter<'_> {
    /// A call, and its name where the import would give it another.
    pub(crate) fn function_call(&mut self, index: usize, inputs: &[String], prefix: &str) -> (String, Option<String>) {
        let node = &self.network.nodes[index];
        let rank = self.wiring.taps(index).first().and_then(|&tap| self.shapes.tap(tap)).map_or(4, |dims| dims.rank());
        let known = match &node.layer {
            Layer::View(view) => Some(self.view(index, view, inputs.first().map_or("x", String::as_str))),
            Layer::Unsupported(layer) => unknown::function(layer, inputs).map(|call| (layer.class.as_str(), call)),
            layer => function(layer, inputs, rank),
        };
        let Some((name, call)) = known else {
            return (inputs.first().cloned().unwrap_or_default(), None);
        };
        let stem = if self.counted { counted_name(name).to_string() } else { join(prefix, name) };
        let default = self.taken.next(&stem);
        self.taken.take(&node.name);
        (call, (default != node.name).then(|| node.name.clone()))
    }

    /// Another shape. A leading 1 that stands for the batch is the input's size; `reshape` where the data may lie in
    /// another order.
    fn view(&self, index: usize, view: &crate::model::View, x: &str) -> (&'static str, String) {
        let leads = |shapes: &Shapes| {
            let tap = self.wiring.taps(index).first()?;
            shapes.tap(*tap)?.first().copied()
        };
        let batched = leads(&self.shapes) == Some(1) && leads(&self.more) == Some(2);
        let sizes = view.shape.iter().enumerate().map(|(place, size)| match (place, size) {
            (0, 1) if batched => format!("{x}.size(0)"),
            (_, size) => size.to_string(),
        });
        let sizes: Vec<String> = sizes.collect();
        let called = self.network.nodes[index].name.rsplit('.').next().unwrap_or_default();
        let name = if called.starts_with("reshape") || !self.is_contiguous(index) { "reshape" } else { "view" };
        (name, format!("{x}.{name}({})", sizes.join(", ")))
    }

    /// Whether all that may flow in surely lies in memory in its order.
    fn is_contiguous(&self, index: usize) -> bool {
        let reorders = |kind| {
            matches!(
                kind,
                Kind::Transpose | Kind::Permute | Kind::Chunk | Kind::Slice | Kind::Unsupported | Kind::LayerNorm2d
            )
        };
        !self.network.nodes[..index].iter().any(|node| reorders(node.layer.kind()))
    }

    /// The variables that the lines assign to: `x` where the next line alone uses it.
    pub(crate) fn variables(&self, units: &[Unit], nodes: Range<usize>) -> Vec<String> {
        let mut names = Vec::with_capacity(units.len());
        let ends = self.further_ends(units, &nodes);
        for (place, unit) in units.iter().enumerate() {
            let output = unit.nodes.end - 1;
            let next =
                units.iter().skip(place + 1).find(|unit| !self.is_parameter(unit)).map(|unit| unit.nodes.clone());
            let later = (unit.nodes.end..nodes.end).any(|index| {
                let in_next = next.as_ref().is_some_and(|next| next.contains(&index));
                !in_next && self.wiring.taps(index).contains(&Tap::Node(output))
            });
            let is_end = ends.contains(&place);
            names.push(if later || is_end { format!("x{}", place + 1) } else { "x".to_string() });
        }
        names
    }

    pub(crate) fn is_parameter(&self, unit: &Unit) -> bool {
        unit.nodes.len() == 1 && matches!(self.network.nodes[unit.nodes.start].layer, Layer::Parameter(_))
    }

    /// What comes into the class is used after the first line.
    pub(crate) fn input_is_kept(&self, units: &[Unit], nodes: Range<usize>) -> bool {
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

    pub(crate) fn unit_inputs(
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
                    parameter_at(relative(&self.network.nodes[*above].name, prefix))
                } else {
                    names[place].clone()
                }
            }
            _ => parameter.to_string(),
        };
        taps.iter().map(named).collect()
    }

    /// What a module's call has to be: `self.gru(x)[0]`, `self.attention(x, x, x)[0]`.
    pub(crate) fn module_call(&self, index: usize, module: &str, inputs: &[String]) -> String {
        let plain = format!("{module}({})", inputs.join(", "));
        let Layer::Unsupported(layer) = &self.network.nodes[index].layer else { return plain };
        match (layer.class.as_str(), inputs) {
            _ if !unknown::is_of_tuples(layer) => plain,
            ("MultiheadAttention", [x]) => format!("{module}({x}, {x}, {x})[0]"),
            ("LSTM", [x, h, c]) => format!("{module}({x}, ({h}, {c}))[0]"),
            _ => format!("{plain}[0]"),
        }
    }

    /// A state of a recurrent layer, `[N, num_layers * directions, H]`, of what its variable's neighbour holds.
    pub(crate) fn state(&self, index: usize, recurrent: usize, variable: &str) -> String {
        let class = |index: usize| match &self.network.nodes[index].layer {
            Layer::Unsupported(layer) => layer.class.as_str(),
            _ => "",
        };
        let part = match (class(recurrent), class(index)) {
            ("LSTM", "h_n") => "[0]",
            ("LSTM", _) => "[1]",
            _ => "",
        };
        format!("{variable}{part}.transpose(0, 1)")
    }
}
