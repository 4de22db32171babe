//! What is known of a network while it is written as classes.

use std::collections::HashMap;
use std::ops::Range;

use super::layer::function;
use super::name::Taken;
use super::unknown;
use crate::model::{Call, Kind, Layer, Network, Tap, Wiring};
use crate::shape::Shapes;

/// A network on its way to text.
pub(crate) struct Exporter<'a> {
    pub network: &'a Network,
    pub wiring: Wiring,
    pub shapes: Shapes,
    /// For two samples.
    pub more: Shapes,
    /// Names and texts of the classes, inner ones first; the texts from behind the name on.
    pub classes: Vec<(String, String)>,
    /// The number behind the next class of a name that is taken; names that the text itself uses are.
    pub class_numbers: HashMap<String, usize>,
    /// Names that the import finds taken: of modules, and of functions above.
    pub taken: Taken,
    pub uses_put: bool,
    /// Functions are numbered over the whole network.
    pub counted: bool,
    /// `forward` gives several tensors.
    pub many: bool,
}

/// What one line of a `forward` does.
pub(crate) struct Unit {
    pub nodes: Range<usize>,
    /// The name of the module below the class's own; empty for a single node.
    pub head: String,
}

impl Exporter<'_> {
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
    pub(crate) fn name_modules(&mut self) {
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

    /// Written as a function, not as a module.
    pub(crate) fn is_unknown_function(&self, index: usize) -> bool {
        let node = &self.network.nodes[index];
        let inputs = vec!["x".to_string(); self.wiring.taps(index).len()];
        match &node.layer {
            Layer::Unsupported(layer) => {
                unknown::function(layer, &inputs).is_some() || self.recurrent_of(index).is_some()
            }
            _ => false,
        }
    }

    /// The recurrent layer whose state a row is.
    pub(crate) fn recurrent_of(&self, index: usize) -> Option<usize> {
        let is_state = matches!(&self.network.nodes[index].layer,
            Layer::Unsupported(layer) if matches!(layer.class.as_str(), "h_n" | "c_n"));
        let above = |index: usize| match self.wiring.taps(index) {
            [Tap::Node(above)] => Some(*above),
            _ => None,
        };
        let mut at = above(index).filter(|_| is_state)?;
        if self.network.nodes[at].layer.kind() == Kind::Transpose {
            at = above(at)?;
        }
        matches!(&self.network.nodes[at].layer,
            Layer::Unsupported(layer) if layer.class != "MultiheadAttention" && unknown::is_of_tuples(layer))
        .then_some(at)
    }
}
