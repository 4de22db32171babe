//! One operator after another.

use super::super::onnx::{Constants, Graph as Nodes, Remark, ValueInfo};
use super::super::problem::FileProblem;
use super::build::{Build, value};
use super::codes::name;
use super::message::Operator;
use super::operators;

/// The nodes that are built, and the constants that they read.
pub(super) struct Built<'a> {
    pub graph: Nodes<'a>,
    pub constants: Constants<'a>,
}

impl<'a> Build<'a, '_> {
    /// All of it.
    pub(super) fn built(mut self, remarks: &mut Vec<Remark>) -> Result<Built<'a>, FileProblem> {
        if self.graph.operators.is_empty() {
            return Err(FileProblem::of(
                "SubGraph.operators",
                "there is none: a graph without operators is no network",
            ));
        }
        for index in 0..self.graph.operators.len() {
            if !self.taken.contains(&index) {
                self.operator(index);
            }
        }
        let value = |tensor: usize| {
            let told = &self.graph.tensors[tensor];
            let shape = (!told.dims.is_empty()).then(|| self.layout.dims(&told.dims).into_iter().map(Some).collect());
            ValueInfo { name: value(tensor), shape }
        };
        if self.graph.inputs.iter().any(|&input| self.graph.tensors[input].is_open) {
            let message = "The file leaves sizes of its input open, and says one where it does.".to_string();
            remarks.push(Remark { rule: "assumed", is_warning: true, message });
        }
        let made = self.graph.operators.iter().flat_map(|operator| operator.outputs.iter().copied());
        let graph = Nodes {
            name: self.graph.name.clone(),
            inputs: self.graph.inputs.iter().copied().map(value).collect(),
            outputs: self.graph.outputs.iter().copied().map(value).collect(),
            values: made.map(value).collect(),
            nodes: self.nodes,
            initializers: Vec::new(),
        };
        Ok(Built { graph, constants: self.constants })
    }

    fn operator(&mut self, index: usize) {
        let graph = self.graph;
        let operator = &graph.operators[index];
        if self.is_about_sizes(operator) {
            self.sizes.extend(&operator.outputs);
            return;
        }
        let before = self.nodes.len();
        if let Err(why) = operators::read(self, index) {
            // Nodes of its first half.
            self.nodes.truncate(before);
            let mut node = self.node(name(operator), operator);
            node.domain = format!("TensorFlow Lite ({why})");
            node.inputs = operator.inputs.iter().flatten().copied().filter(|&one| self.flows(one)).map(value).collect();
            node.outputs = operator.outputs.iter().copied().map(value).collect();
            self.nodes.push(node);
        }
    }

    /// Whether it computes sizes, from sizes and constants alone.
    fn is_about_sizes(&self, operator: &Operator) -> bool {
        const SHAPE: i32 = 77;
        let is_whole = |&tensor: &usize| matches!(self.graph.tensors[tensor].kind, 2 | 4);
        operator.outputs.iter().all(is_whole)
            && (operator.code == SHAPE || !operator.inputs.iter().flatten().any(|&input| self.flows(input)))
    }
}
