//! A graph becoming rows: values by name, rows with their weights, what was folded.

use std::collections::{HashMap, HashSet};

use super::constant::{Constant, Constants, Stored};
use super::message::{Graph, Node};
use super::names::{self, Names};
use crate::model::{self, Call, Dims, Inputs, Layer, NodeId, Parameter, Source, Unsupported};
use crate::shape;

/// A tensor that flows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Data {
    pub source: Source,
    /// With the batch.
    pub dims: Dims,
}

/// The numbers of a parameter.
#[derive(Clone, Debug)]
pub(super) enum Weight<'a> {
    Stored(Box<Stored<'a>>),
    /// So many times this number.
    Filled(f32, u64),
}

/// A row, and its parameters in the order weight, bias, running mean, running variance.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    pub node: model::Node,
    pub weights: Vec<Weight<'a>>,
}

/// What the exporter folded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Folded {
    pub norms: u64,
    /// Parameters that PyTorch has more, where the convolutions have no bias but where they are known to.
    pub more: u64,
    /// Channels of those of which it is not known whether they had a bias.
    pub open: u64,
    /// Biases of Linears that were left out as they are zero: their rows have them again.
    pub zeros: u64,
    /// Channels of convolutions that have no bias, or one of zeros that was left out.
    pub zeros_open: u64,
}

/// The state while one node after another is read.
pub(super) struct Rows<'a, 'b> {
    pub graph: &'b Graph<'a>,
    pub opset: i64,
    pub batch: u64,
    pub rows: Vec<Row<'a>>,
    pub constants: Constants<'a>,
    pub data: HashMap<String, Data>,
    /// Shapes that the file tells, by name.
    pub told: HashMap<&'b str, Vec<Option<u64>>>,
    /// The nodes that read a value.
    pub readers: HashMap<&'b str, Vec<usize>>,
    pub outputs: HashSet<&'b str>,
    /// Nodes that a pattern has taken in.
    pub taken: Vec<bool>,
    pub names: Names,
    pub folded: Folded,
    /// Modules by the names of their weights.
    shared: HashMap<Vec<String>, (String, Layer)>,
    parameters: HashMap<String, Data>,
    pub quantised: usize,
    pub unknown: Vec<String>,
}

/// Why a node is a row of unknown cost.
pub(super) type Unknown = String;

impl<'a, 'b> Rows<'a, 'b> {
    pub(super) fn new(graph: &'b Graph<'a>, opset: i64, constants: Constants<'a>) -> Self {
        let mut readers: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, node) in graph.nodes.iter().enumerate() {
            for input in node.inputs.iter().filter(|input| !input.is_empty()) {
                readers.entry(input).or_default().push(index);
            }
        }
        Self {
            graph,
            opset,
            batch: 1,
            rows: Vec::new(),
            constants,
            data: HashMap::new(),
            told: HashMap::new(),
            readers,
            outputs: graph.outputs.iter().map(|output| output.name.as_str()).collect(),
            taken: vec![false; graph.nodes.len()],
            names: Names::default(),
            folded: Folded::default(),
            shared: HashMap::new(),
            parameters: HashMap::new(),
            quantised: 0,
            unknown: Vec::new(),
        }
    }

    /// The one node that reads a value, where nothing else does.
    pub(super) fn only_reader(&self, value: &str) -> Option<usize> {
        match self.readers.get(value)?.as_slice() {
            [one] if !self.outputs.contains(value) && !self.taken[*one] => Some(*one),
            _ => None,
        }
    }

    /// The constant that is a node's input.
    pub(super) fn constant(&self, node: &Node, place: usize) -> Option<&Constant<'a>> {
        self.constants.get(node.inputs.get(place)?)
    }

    /// Whether a node has such an input.
    pub(super) fn has(&self, node: &Node, place: usize) -> bool {
        node.inputs.get(place).is_some_and(|input| !input.is_empty())
    }

    /// The tensor that flows into a node; a constant becomes a bare parameter.
    pub(super) fn input(&mut self, node: &Node, place: usize) -> Result<Data, Unknown> {
        let name = node.inputs.get(place).filter(|name| !name.is_empty()).cloned();
        let name = name.ok_or_else(|| format!("it has no input {place}"))?;
        if let Some(data) = self.data.get(&name).or_else(|| self.parameters.get(&name)) {
            return Ok(*data);
        }
        let Some(constant) = self.constants.get(&name).cloned() else {
            return Err(format!("its input {name} is made by no node above"));
        };
        let shape: Option<Vec<i64>> = constant.dims.iter().map(|&size| i64::try_from(size).ok()).collect();
        let shape = shape.filter(|shape| !shape.is_empty()).unwrap_or_else(|| vec![1]);
        let wanted = match constant.name.is_empty() {
            true => format!("{}.constant", names::of(node, None)),
            false => names::of(&Node { name: name.clone(), ..Node::default() }, None),
        };
        let weights = constant.tensor.clone().map(|stored| Weight::Stored(Box::new(stored))).into_iter().collect();
        let data = self.push(Parameter { shape }, &wanted, &[], weights)?;
        self.parameters.insert(name, data);
        Ok(data)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Where the layer cannot take its inputs, in PyTorch's words.
    pub(super) fn push(
        &mut self,
        layer: impl Into<Layer>,
        wanted: &str,
        inputs: &[Data],
        weights: Vec<Weight<'a>>,
    ) -> Result<Data, Unknown> {
        let layer = layer.into();
        let dims: Vec<Dims> = inputs.iter().map(|input| input.dims).collect();
        let dims = shape::output(&layer, &dims).map_err(|error| error.to_string())?;
        let name = self.row_name(&layer, wanted, &weights);
        let id = NodeId(self.rows.len() as u32);
        let above = self.rows.last().map_or(Source::Input, |row| Source::Node(row.node.id));
        let inputs = match inputs {
            [one] if one.source == above => Inputs::Above,
            several => Inputs::From(several.iter().map(|input| input.source).collect()),
        };
        self.rows.push(Row { node: model::Node { id, name, layer, inputs, call: Call::Module }, weights });
        Ok(Data { source: Source::Node(id), dims })
    }

    /// The name of a module that has these weights already, or one of its own.
    ///
    /// Exporters keep equal tensors once, so that fresh norms of one width have the same ones: they are one module only where
    /// they are called the same.
    fn row_name(&mut self, layer: &Layer, wanted: &str, weights: &[Weight]) -> String {
        let stored = weights.iter().filter_map(|weight| match weight {
            Weight::Stored(stored) => Some(stored.tensor.name.clone()),
            Weight::Filled(..) => None,
        });
        let mut key: Vec<String> = stored.collect();
        // Bare parameters are known by the names of their values.
        let is_bare = matches!(layer, Layer::Parameter(_));
        if is_bare || key.is_empty() || key.iter().any(String::is_empty) {
            return self.names.unique(wanted);
        }
        if !layer.kind().multiplies() {
            let call = wanted.trim_end_matches(|letter: char| letter.is_ascii_digit());
            key.push(call.strip_suffix('_').filter(|_| call.len() < wanted.len()).unwrap_or(wanted).to_string());
        }
        match self.shared.get(&key) {
            Some((name, same)) if same == layer => name.clone(),
            _ => {
                let name = self.names.unique(wanted);
                self.shared.insert(key, (name.clone(), layer.clone()));
                name
            }
        }
    }

    /// A row whose arithmetic is no multiply-accumulate: nothing of its cost is unknown.
    pub(super) fn push_free(&mut self, node: &Node, inputs: &[Data], output: &[u64]) -> Result<Data, Unknown> {
        let first = inputs.first().ok_or("it has no input")?;
        self.push_known(node, inputs, (first.dims, output), 0)
    }

    /// A row with known multiply-accumulates of one sample and without parameters.
    pub(super) fn push_known(
        &mut self,
        node: &Node,
        inputs: &[Data],
        (input, output): (Dims, &[u64]),
        macs: u64,
    ) -> Result<Data, Unknown> {
        // Sizes of all samples: the first is so many for each.
        let by_sample = |sizes: &[u64]| -> Option<Vec<i64>> {
            let mut sizes: Vec<i64> = sizes.iter().map(|&size| i64::try_from(size).ok()).collect::<Option<_>>()?;
            let first = sizes.first_mut()?;
            let batch = i64::try_from(self.batch).ok()?;
            if *first % batch == 0 {
                *first /= -batch;
            }
            Some(sizes)
        };
        let (input, shape) = by_sample(&input).zip(by_sample(output)).ok_or("its sizes do not fit 63 bits")?;
        let layer = Unsupported {
            class: node.operator.clone(),
            shape: Some(shape),
            macs: Some(i64::try_from(macs).map_err(|_| "its MACs do not fit 63 bits")?),
            input: Some(input),
            ..Unsupported::default()
        };
        self.push(layer, &names::of(node, None), inputs, Vec::new())
    }

    /// A row of unknown cost for each output of a node that is read, with the shape where the file tells it.
    pub(super) fn push_unknown(&mut self, node: &Node, why: &str) {
        let first = (0..node.inputs.len()).find_map(|place| self.data.get(&node.inputs[place]).copied());
        let input = first.unwrap_or_else(|| Data { source: Source::Input, dims: self.input_dims() });
        self.unknown.push(format!("{} ({}): {why}", names::of(node, None), node.operator));
        for (index, output) in node.outputs.iter().enumerate().filter(|(_, output)| !output.is_empty()) {
            if index > 0 && !self.readers.contains_key(output.as_str()) && !self.outputs.contains(output.as_str()) {
                continue;
            }
            let told = self.told_dims(output);
            let shape = told.and_then(|dims| dims.get(1..)?.iter().map(|&size| i64::try_from(size).ok()).collect());
            let layer = Unsupported { class: node.operator.clone(), shape, ..Unsupported::default() };
            let pushed = self.push(layer, &names::of(node, None), &[input], Vec::new());
            let data = pushed.unwrap_or(input);
            self.data.insert(output.clone(), data);
        }
    }

    /// The dims of a value that the file tells whole.
    pub(super) fn told_dims(&self, value: &str) -> Option<Dims> {
        let sizes = self.told.get(value)?;
        let batch = self.batch;
        let of = |(index, size): (usize, &Option<u64>)| size.or((index == 0).then_some(batch));
        let sizes: Option<Vec<u64>> = sizes.iter().enumerate().map(of).collect();
        Dims::new(&sizes?).filter(|dims| dims.rank() > 0)
    }

    fn input_dims(&self) -> Dims {
        self.data.values().find(|data| data.source == Source::Input).map_or_else(Dims::default, |data| data.dims)
    }

    /// A constant as a parameter of a row.
    pub(super) fn weight(constant: &Constant<'a>) -> Weight<'a> {
        match &constant.tensor {
            Some(stored) => Weight::Stored(Box::new(stored.clone())),
            None => Weight::Filled(constant.number().unwrap_or(0.0) as f32, constant.elements()),
        }
    }
}
