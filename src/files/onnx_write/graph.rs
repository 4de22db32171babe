//! The graph being written: nodes, initialisers, and the values of rows.

use std::collections::HashSet;

use super::OnnxProblem;
use super::message::{self, Value, Writer};
use crate::model::{Dims, Node};

pub(super) const INPUT: &str = "input";
const OUTPUT: &str = "output";

pub(super) type Written = Result<String, OnnxProblem>;

/// What a row is written with.
pub(super) struct Graph<'a> {
    name: &'a str,
    nodes: Vec<Vec<u8>>,
    initializers: Vec<Vec<u8>>,
    /// Names of initialisers that are written, and of values.
    taken: HashSet<String>,
    input: Dims,
    output: Dims,
}

/// A row in its place.
pub(super) struct Row<'a> {
    pub node: &'a Node,
    pub inputs: Vec<String>,
    pub dims: Vec<Dims>,
    pub output: Dims,
    /// Weight, bias, running mean, running variance.
    pub tensors: &'a [Vec<f32>],
    /// A name that no other row has.
    pub value: String,
}

impl<'a> Graph<'a> {
    /// A graph without nodes, whose output is its input.
    pub(super) fn new(name: &'a str, input: Dims) -> Self {
        Self {
            name,
            nodes: Vec::new(),
            initializers: Vec::new(),
            taken: HashSet::from([INPUT.to_string(), OUTPUT.to_string()]),
            input,
            output: input,
        }
    }

    /// The last value is what the graph gives.
    pub(super) fn end(&mut self, value: String, dims: Dims) {
        self.output = dims;
        self.nodes.push(message::node("Identity", OUTPUT, &[value], OUTPUT, &[]));
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut graph = Writer::default();
        self.nodes.iter().for_each(|node| graph.bytes(1, node));
        graph.bytes(2, if self.name.is_empty() { b"Net" } else { self.name.as_bytes() });
        self.initializers.iter().for_each(|tensor| graph.bytes(5, tensor));
        graph.bytes(11, &message::value(INPUT, &self.input));
        graph.bytes(12, &message::value(OUTPUT, &self.output));
        graph.0
    }

    /// Adds a node; gives the name of its output.
    pub(super) fn node(
        &mut self,
        operator: &str,
        row: &Row,
        inputs: &[String],
        attributes: &[(&str, Value)],
    ) -> String {
        let output = self.unused(&format!("{}_out", row.value));
        self.nodes.push(message::node(operator, &output, inputs, &output, attributes));
        output
    }

    /// A constant of whole numbers.
    pub(super) fn integers(&mut self, row: &Row, what: &str, values: &[i64]) -> String {
        let name = self.unused(&format!("{}.{what}", row.value));
        self.initializers.push(message::integers(&name, values));
        name
    }

    /// A constant of floats that is no parameter.
    pub(super) fn floats(&mut self, row: &Row, what: &str, (dims, values): (&[u64], &[f32])) -> String {
        let name = self.unused(&format!("{}.{what}", row.value));
        self.initializers.push(message::floats(&name, dims, values));
        name
    }

    /// A parameter by PyTorch's name, written once however often its module is called.
    pub(super) fn parameter(
        &mut self,
        row: &Row,
        what: &str,
        place: usize,
        dims: &[u64],
    ) -> Result<String, OnnxProblem> {
        let module = &row.node.name;
        let name = if what.is_empty() { module.clone() } else { format!("{module}.{what}") };
        let values = row.tensors.get(place).map_or(&[] as &[f32], Vec::as_slice);
        if dims.iter().try_fold(1_u64, |product, &size| product.checked_mul(size)) != Some(values.len() as u64) {
            return Err(OnnxProblem::Weights { name });
        }
        if self.taken.insert(format!("parameter {name}")) {
            self.initializers.push(message::floats(&name, dims, values));
        }
        Ok(name)
    }

    pub(super) fn unused(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_string();
        let mut number = 1_u32;
        while !self.taken.insert(name.clone()) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        name
    }
}
