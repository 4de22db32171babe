//! A file's operators as the nodes of an ONNX graph, channels first: what becomes of them is known there.

use std::collections::{HashMap, HashSet};

use super::super::onnx::small_numbers_of;
use super::super::onnx::{Attribute, Change, Constant, Constants, Node, Numbers, Stored, Tensor};
use super::layout::{Layout, turned};
use super::message::{self, Graph, Operator};
use super::names;

/// Why an operator is a row of unknown cost.
pub(super) type Unknown = String;

/// The state while one operator after another is read.
pub(super) struct Build<'a, 'b> {
    pub graph: &'b Graph<'a>,
    pub layout: Layout,
    pub nodes: Vec<Node<'a>>,
    pub constants: Constants<'a>,
    /// Tensors that hold sizes which are computed as it runs.
    pub sizes: HashSet<usize>,
    /// Constants that an operator only gives another type: halves that become floats.
    same: HashMap<usize, usize>,
    /// Operators that another one has taken in.
    pub taken: HashSet<usize>,
    next: usize,
}

/// What the file calls a constant as it is read by one operator.
pub(super) enum Turn<'t> {
    /// As the file has it.
    Plain,
    /// Its dimensions in this order.
    By(&'t [usize]),
}

impl<'a, 'b> Build<'a, 'b> {
    pub(super) fn new(graph: &'b Graph<'a>) -> Self {
        Self {
            graph,
            layout: Layout::of(graph),
            nodes: Vec::new(),
            constants: Constants::new(),
            sizes: HashSet::new(),
            same: HashMap::new(),
            taken: HashSet::new(),
            next: 0,
        }
    }

    /// Whether a tensor depends on the input.
    pub(super) fn flows(&self, tensor: usize) -> bool {
        self.graph.tensors[tensor].data.is_none() && !self.sizes.contains(&tensor) && !self.same.contains_key(&tensor)
    }

    /// Notes that a tensor is a constant of another type.
    pub(super) fn is_same(&mut self, tensor: usize, constant: usize) {
        let constant = self.same.get(&constant).copied().unwrap_or(constant);
        self.same.insert(tensor, constant);
    }

    /// The constant that a tensor is.
    pub(super) fn constant(&self, tensor: usize) -> Option<&'b message::Tensor<'a>> {
        let tensor = self.same.get(&tensor).copied().unwrap_or(tensor);
        self.graph.tensors.get(tensor).filter(|tensor| tensor.data.is_some())
    }

    /// The whole numbers of a small constant.
    pub(super) fn integers(&self, tensor: usize) -> Option<Vec<i64>> {
        let told = self.constant(tensor)?;
        match small_numbers_of(&stored(told)?)? {
            Numbers::Integers(integers) => Some(integers),
            Numbers::Floats(_) => None,
        }
    }

    /// Sizes of a tensor as the file has them.
    pub(super) fn dims(&self, tensor: usize) -> &'b [u64] {
        &self.graph.tensors[tensor].dims
    }

    /// A node with the name of its row.
    pub(super) fn node(&self, operator: &str, of: &Operator) -> Node<'a> {
        let name = |tensor: usize| self.graph.tensors[tensor].name.as_str();
        let output = of.outputs.first().map_or("", |&output| name(output));
        let weight = of.inputs.iter().flatten().skip(1).find(|&&input| self.graph.tensors[input].data.is_some());
        let is_weighted = matches!(operator, "Conv" | "ConvTranspose" | "Gemm" | "MatMul");
        let found = match weight.filter(|_| is_weighted) {
            Some(&weight) => names::of_weighted(name(weight), output),
            None => names::of_output(output),
        };
        let name = found.unwrap_or_else(|| operator.to_lowercase());
        Node { name, operator: operator.to_string(), ..Node::default() }
    }

    pub(super) fn push(&mut self, node: Node<'a>) {
        self.nodes.push(node);
    }

    /// A name that no value has.
    pub(super) fn fresh(&mut self, what: &str) -> String {
        self.next += 1;
        format!("{what} {}", self.next)
    }

    /// A constant that the nodes read: whole numbers.
    pub(super) fn list(&mut self, integers: Vec<i64>) -> String {
        let name = self.fresh("list");
        let constant = Constant::integers_of(vec![integers.len() as u64], integers);
        self.constants.insert(name.clone(), constant);
        name
    }

    /// A constant of the file's, turned, with other sizes where they are given.
    pub(super) fn weight(&mut self, tensor: usize, turn: Turn<'_>, dims: Option<Vec<u64>>) -> Result<String, Unknown> {
        let told = self.constant(tensor).ok_or("a weight of it is computed as it runs")?;
        let kind = stored(told).ok_or_else(|| format!("numbers of type {} are not read", told.kind))?;
        let order: Vec<usize> = match turn {
            Turn::Plain => (0..told.dims.len()).collect(),
            Turn::By(order) => order.to_vec(),
        };
        let dims = dims.unwrap_or_else(|| turned(&told.dims, &order));
        let is_turned = !order.is_sorted();
        let change = match told.is_quantised() {
            false => Change::None,
            true => Change::Dequantised { scales: told.scales.clone(), zeros: told.zeros.clone(), axis: told.axis },
        };
        // Numbers to compute with are in order.
        let numbers = small_numbers_of(&kind).filter(|_| !is_turned).and_then(|numbers| dequantised(numbers, &change));
        let stored = Stored { tensor: kind, change, order: is_turned.then_some(order) };
        let name = self.fresh("constant");
        let constant = Constant { name: String::new(), dims, numbers, tensor: Some(stored) };
        self.constants.insert(name.clone(), constant);
        Ok(name)
    }

    /// A tensor that flows, or a constant beside one of this rank: its dimensions are those of the other's end.
    pub(super) fn operand(&mut self, tensor: usize, rank: usize) -> Result<String, Unknown> {
        let own = self.dims(tensor).len();
        if self.flows(tensor) {
            let is_turned = !self.layout.order(rank).is_sorted();
            return if own == rank || !is_turned {
                Ok(value(tensor))
            } else {
                Err("its inputs differ in rank".to_string())
            };
        }
        let dims = self.constant(tensor).ok_or("an input of it is computed from sizes")?.dims.clone();
        let order = self.layout.order(rank);
        if order.is_sorted() || dims.iter().product::<u64>() == 1 {
            return self.weight(tensor, Turn::Plain, None);
        }
        let missing = rank.checked_sub(own).ok_or("a constant has more dimensions than what it is for")?;
        let whole: Vec<u64> = std::iter::repeat_n(1, missing).chain(dims.iter().copied()).collect();
        let here = turned(&whole, &order);
        let kept: Vec<usize> = order.iter().filter_map(|&at| at.checked_sub(missing)).collect();
        // Dimensions of one place in front say nothing.
        let first = here.iter().position(|&size| size != 1).unwrap_or(0);
        self.weight(tensor, Turn::By(&kept), Some(here[first..].to_vec()))
    }

    /// One tensor in, one out.
    pub(super) fn simple(
        &mut self,
        operator: &Operator,
        onnx: &str,
        attributes: Vec<Attribute<'a>>,
    ) -> Result<(), Unknown> {
        let mut node = self.node(onnx, operator);
        node.attributes = attributes;
        node.inputs = vec![value(input(operator, 0)?)];
        self.finish(node, output(operator)?, 0)
    }

    /// Adds a node that makes a tensor, with the activation that the file has fused into it.
    pub(super) fn finish(&mut self, mut node: Node<'a>, output: usize, activation: u8) -> Result<(), Unknown> {
        let (onnx, attributes) = match activation {
            0 => {
                node.outputs = vec![value(output)];
                self.push(node);
                return Ok(());
            }
            1 => ("Relu", Vec::new()),
            2 => ("Clip", vec![float("min", -1.0), float("max", 1.0)]),
            3 => ("Clip", vec![float("min", 0.0), float("max", 6.0)]),
            4 => ("Tanh", Vec::new()),
            other => return Err(format!("the activation {other} is not known here")),
        };
        let between = self.fresh("sum");
        let name = format!("{}.{}", node.name, onnx.to_lowercase());
        node.outputs = vec![between.clone()];
        self.push(node);
        let (inputs, outputs) = (vec![between], vec![value(output)]);
        self.push(Node { name, operator: onnx.to_string(), attributes, inputs, outputs, ..Node::default() });
        Ok(())
    }
}

/// An input of an operator by its place.
pub(super) fn input(operator: &Operator, place: usize) -> Result<usize, Unknown> {
    operator.inputs.get(place).copied().flatten().ok_or_else(|| format!("it has no input {place}"))
}

/// The only output of an operator, or its first.
pub(super) fn output(operator: &Operator) -> Result<usize, Unknown> {
    operator.outputs.first().copied().ok_or_else(|| "it has no output".to_string())
}

/// Numbers as what they stand for; `None` where each channel has its own scale.
fn dequantised(numbers: Numbers, change: &Change) -> Option<Numbers> {
    let Change::Dequantised { scales, zeros, .. } = change else { return Some(numbers) };
    let (&[scale], Numbers::Integers(integers)) = (scales.as_slice(), numbers) else { return None };
    let zero = zeros.first().copied().unwrap_or(0);
    let float = |integer: i64| integer.saturating_sub(zero) as f32 * scale;
    Some(Numbers::Floats(integers.into_iter().map(float).collect()))
}

/// The name of a tensor's value.
pub(super) fn value(tensor: usize) -> String {
    format!("value {tensor}")
}

/// A constant as ONNX has them; `None` where its kind of numbers is not read.
fn stored<'a>(told: &message::Tensor<'a>) -> Option<Tensor<'a>> {
    let kind = match told.kind {
        0 => 1,
        1 => 10,
        2 => 6,
        3 => 2,
        4 => 7,
        6 => 9,
        7 => 5,
        9 => 3,
        10 => 11,
        16 => 4,
        18 => 16,
        15 => 12,
        _ => return None,
    };
    let (bytes, start) = told.data?;
    Some(Tensor::of_bytes(told.name.clone(), told.dims.clone(), kind, (bytes, start)))
}

/// An attribute of a node.
pub(super) fn integers<'a>(name: &str, integers: &[i64]) -> Attribute<'a> {
    Attribute { name: name.to_string(), integers: integers.to_vec(), ..Attribute::default() }
}

pub(super) fn integer<'a>(name: &str, integer: i64) -> Attribute<'a> {
    Attribute { name: name.to_string(), integer: Some(integer), ..Attribute::default() }
}

pub(super) fn float<'a>(name: &str, float: f32) -> Attribute<'a> {
    Attribute { name: name.to_string(), float: Some(float), ..Attribute::default() }
}

pub(super) fn text<'a>(name: &str, text: &str) -> Attribute<'a> {
    Attribute { name: name.to_string(), text: Some(text.to_string()), ..Attribute::default() }
}
