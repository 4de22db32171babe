//! The network that grows while `forward` runs.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::value::{Unknown, Why};
use super::super::python::{Id, Run, Spent, Stop};
use super::super::result::{CallKind, ExecutedCall};
use super::super::write::layer::counted_name;
use super::figures::Figures;
use super::tensor::{Tensor, TensorSource};
use super::{Machine, Value};
use crate::model::{self, Call, Dims, Inputs, Layer, Node, NodeId, Source};
use crate::shape;

/// The calls of one `forward`.
#[derive(Debug)]
pub(crate) struct Trace {
    pub nodes: Vec<Node>,
    pub executed: Vec<ExecutedCall>,
    pub stops_after: Option<usize>,
    /// Qualified names of the modules, and of the parameters.
    names: HashMap<Id, String>,
    parameter_names: HashMap<Id, String>,
    parameter_nodes: HashMap<Id, NodeId>,
    taken: HashSet<String>,
    /// How many names of a stem were tried.
    numbers: HashMap<String, u32>,
    /// What the rows give, by their ids; `None`: not known.
    pub shapes: Vec<Option<Dims>>,
    /// Parameters that rows count as their weight or bias.
    pub weights: HashSet<Id>,
    /// The names and layers of rows by the weight that they were given.
    pub(crate) weighted: HashMap<Id, (String, Layer)>,
    /// The names of the modules whose `forward` is running.
    pub inside: Vec<String>,
    /// Functions are numbered over the whole network.
    pub counted: bool,
    /// Something of `forward` was left out.
    pub left_out: bool,
    /// The network's input, with the batch.
    pub input: Option<Dims>,
    /// A row's output was taken to have its input's shape: what does not fit below it may be no mistake of the text.
    pub assumed: bool,
}

/// More nodes than this are not traced.
const MOST_NODES: usize = 20_000;

impl Trace {
    pub(crate) fn new(modules: &[(String, Id)], parameters: HashMap<Id, String>) -> Self {
        let mut names = HashMap::new();
        for (name, id) in modules {
            names.entry(*id).or_insert_with(|| name.clone());
        }
        let taken = modules.iter().map(|(name, _)| name.clone()).collect();
        Self {
            nodes: Vec::new(),
            executed: Vec::new(),
            stops_after: None,
            names,
            parameter_names: parameters,
            parameter_nodes: HashMap::new(),
            taken,
            numbers: HashMap::new(),
            shapes: Vec::new(),
            weights: HashSet::new(),
            weighted: HashMap::new(),
            inside: Vec::new(),
            counted: false,
            left_out: false,
            input: None,
            assumed: false,
        }
    }

    /// PyTorch would stop before the next call.
    pub(crate) fn stops(&mut self) {
        let calls = self.executed.len();
        self.stops_after.get_or_insert(calls);
    }

    /// A module that `forward` itself puts into another one.
    pub(crate) fn add_module(&mut self, parent: Id, name: &str, child: Id) {
        let Some(parent) = self.names.get(&parent) else { return };
        let full = if parent.is_empty() { name.to_string() } else { format!("{parent}.{name}") };
        self.taken.insert(full.clone());
        self.names.entry(child).or_insert(full);
    }

    pub(crate) fn name_of(&self, module: Id) -> Option<&String> {
        self.names.get(&module)
    }

    /// A name for what a function does: `layer1.0.relu`, `layer1.0.relu_1`.
    fn function_name(&mut self, function: &str) -> String {
        let function = function.trim_matches('_');
        let stem = match self.inside.last() {
            _ if self.counted => counted_name(function).to_string(),
            Some(inside) if !inside.is_empty() => format!("{inside}.{function}"),
            _ => function.to_string(),
        };
        let number = self.numbers.entry(stem.clone()).or_insert(0);
        loop {
            let name = if *number == 0 { stem.clone() } else { format!("{stem}_{number}") };
            *number += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    fn push(&mut self, name: String, layer: Layer, sources: Vec<Source>, call: Call) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        let above = self.nodes.last().map_or(Source::Input, |node| Source::Node(node.id));
        let inputs = if sources.is_empty() || sources == [above] { Inputs::Above } else { Inputs::From(sources) };
        // What has no module is not told apart.
        let call = if layer.kind().is_function() { Call::Module } else { call };
        self.nodes.push(Node { id, name, layer, inputs, call });
        self.shapes.push(None);
        id
    }
}

impl Trace {
    /// What a row gives.
    pub(crate) fn shape(&self, id: NodeId) -> Option<Dims> {
        self.shapes.get(id.0 as usize).copied().flatten()
    }

    pub(crate) fn modules(&self) -> impl Iterator<Item = (&String, &Id)> {
        self.names.iter().map(|(id, name)| (name, id))
    }

    /// The parameter that a row is.
    pub(crate) fn parameter_of(&self, node: NodeId) -> Option<Id> {
        self.parameter_nodes.iter().find(|(_, other)| **other == node).map(|(id, _)| *id)
    }

    fn note_shape(&mut self, id: NodeId, dims: Option<Dims>) {
        if let Some(shape) = self.shapes.get_mut(id.0 as usize) {
            *shape = dims;
        }
    }
}

impl Machine {
    /// The tensor that a row gives.
    pub(crate) fn row(&mut self, node: NodeId, dims: Option<Dims>) -> Rc<Tensor> {
        if let Some(trace) = &mut self.host.trace {
            trace.note_shape(node, dims);
        }
        Rc::new(Tensor { dims, source: TensorSource::Node(node), numbers: None })
    }

    /// A name written behind the line as a comment, else one made of the function's.
    fn node_name(&mut self, function: &str) -> String {
        let written = self.host.name_comments.get(&self.line).cloned();
        let Some(trace) = &mut self.host.trace else { return String::new() };
        match written {
            Some(name) => {
                trace.taken.insert(name.clone());
                name
            }
            None => trace.function_name(function),
        }
    }

    /// Where a tensor comes from, in the network. What is no node yet becomes one.
    fn source(&mut self, tensor: &Rc<Tensor>) -> Run<Source> {
        Ok(match &tensor.source {
            TensorSource::Input => Source::Input,
            TensorSource::Node(id) => Source::Node(*id),
            TensorSource::Parameter(parameter) => Source::Node(self.parameter_node(*parameter, tensor)),
            TensorSource::Pending(pending) => match pending.made.get() {
                Some(id) => Source::Node(id),
                None => {
                    let input = self.source(&pending.input)?;
                    let name = self.node_name(pending.name);
                    let layer = pending.layer.clone();
                    let Some(trace) = &mut self.host.trace else { return Ok(Source::Input) };
                    let id = trace.push(name, layer, vec![input], Call::Function);
                    trace.note_shape(id, tensor.dims);
                    pending.made.set(Some(id));
                    Source::Node(id)
                }
            },
            TensorSource::State(state) => {
                let made = self.state_rows(&state.clone())?;
                self.source(&made)?
            }
            TensorSource::Expanded(original) => {
                let original = original.clone();
                let input = self.source(&original)?;
                let dims = (original.dims.as_ref(), tensor.dims.as_ref());
                Source::Node(self.costless_node("expand", vec![input], dims))
            }
            TensorSource::Made => {
                let above = self
                    .host
                    .trace
                    .as_ref()
                    .and_then(|trace| trace.nodes.last())
                    .map_or(Source::Input, |node| Source::Node(node.id));
                Source::Node(self.costless_node("constant", vec![above], (None, tensor.dims.as_ref())))
            }
        })
    }

    /// One part of a chunk as a node of its own.
    pub(crate) fn settled_part(&mut self, tensor: &Rc<Tensor>) -> Run<Rc<Tensor>> {
        if matches!(tensor.source, TensorSource::Pending(_)) { self.settled(tensor) } else { Ok(tensor.clone()) }
    }

    /// The tensor as that of a node, where it is not one yet.
    pub(crate) fn settled(&mut self, tensor: &Rc<Tensor>) -> Run<Rc<Tensor>> {
        let later = |source: &TensorSource| {
            matches!(source, TensorSource::Pending(_) | TensorSource::State(_) | TensorSource::Expanded(_))
        };
        if !later(&tensor.source) {
            return Ok(tensor.clone());
        }
        let source = match self.source(tensor)? {
            Source::Input => TensorSource::Input,
            Source::Node(id) => TensorSource::Node(id),
        };
        Ok(Rc::new(Tensor { dims: tensor.dims, source, numbers: None }))
    }

    fn parameter_node(&mut self, parameter: Id, tensor: &Tensor) -> NodeId {
        let Some(trace) = &mut self.host.trace else { return NodeId(0) };
        if let Some(&id) = trace.parameter_nodes.get(&parameter) {
            return id;
        }
        let name = trace.parameter_names.get(&parameter).cloned().unwrap_or_else(|| "parameter".to_string());
        let shape = tensor.dims.iter().flat_map(|dims| dims.sizes()).map(|&size| size as i64).collect();
        let id = trace.push(name, Layer::Parameter(model::Parameter { shape }), Vec::new(), Call::Module);
        trace.note_shape(id, tensor.dims);
        trace.parameter_nodes.insert(parameter, id);
        id
    }

    /// A row that multiplies nothing, by the shapes of what flows in and of what it gives.
    fn costless_node(
        &mut self,
        function: &str,
        inputs: Vec<Source>,
        (input, dims): (Option<&Dims>, Option<&Dims>),
    ) -> NodeId {
        let name = self.node_name(function);
        let figures = Figures { dims: dims.copied(), macs: Some(0), parameters: Some(0), ..Figures::default() };
        let layer = figures.layer(function, input);
        match &mut self.host.trace {
            Some(trace) => {
                let id = trace.push(name, layer, inputs, Call::Function);
                trace.note_shape(id, dims.copied());
                id
            }
            None => NodeId(0),
        }
    }

    /// Whether a tensor is the network's input or follows from it or from parameters.
    pub(crate) fn flows(tensor: &Tensor) -> bool {
        !matches!(tensor.source, TensorSource::Made)
    }

    /// Runs a layer as a function: a node of the network, and a call.
    pub(crate) fn apply(&mut self, function: &str, layer: Layer, inputs: &[Rc<Tensor>]) -> Run<Value> {
        let dims = self.output_dims(&layer, inputs, None)?;
        self.apply_with(function, layer, inputs, dims)
    }

    /// As [`Self::apply`], for a shape that is known.
    pub(crate) fn apply_with(
        &mut self,
        function: &str,
        layer: Layer,
        inputs: &[Rc<Tensor>],
        dims: Option<Dims>,
    ) -> Run<Value> {
        if self.host.trace.is_none() || !inputs.iter().any(|input| Self::flows(input)) {
            return Ok(Value::Tensor(Tensor::made(dims)));
        }
        let node = self.node(function, layer, inputs)?;
        self.record(function, inputs, dims, Some(node));
        Ok(Value::Tensor(self.row(node, dims)))
    }

    /// A node named after a function, without a call.
    pub(crate) fn node(&mut self, function: &str, layer: Layer, inputs: &[Rc<Tensor>]) -> Run<NodeId> {
        self.check_length()?;
        let mut sources = Vec::with_capacity(inputs.len());
        for input in inputs {
            sources.push(self.source(input)?);
        }
        let name = self.node_name(function);
        Ok(match &mut self.host.trace {
            Some(trace) => trace.push(name, layer, sources, Call::Function),
            None => NodeId(0),
        })
    }

    fn check_length(&mut self) -> Run<()> {
        self.allocate(8)?;
        match &self.host.trace {
            Some(trace) if trace.nodes.len() >= MOST_NODES => Err(Stop::Spent(Spent::Rows)),
            _ => Ok(()),
        }
    }

    /// The node of a module's call.
    pub(crate) fn module_node(&mut self, name: &str, layer: Layer, inputs: &[Rc<Tensor>]) -> Run<NodeId> {
        self.check_length()?;
        let mut sources = Vec::with_capacity(inputs.len());
        for input in inputs {
            sources.push(self.source(input)?);
        }
        Ok(match &mut self.host.trace {
            Some(trace) => trace.push(name.to_string(), layer, sources, Call::Module),
            None => NodeId(0),
        })
    }

    /// Notes the call of a function.
    pub(crate) fn record(&mut self, function: &str, inputs: &[Rc<Tensor>], dims: Option<Dims>, node: Option<NodeId>) {
        let line = (self.line > 0).then_some(self.line);
        let Some(trace) = &mut self.host.trace else { return };
        let inside = trace.inside.last().cloned().unwrap_or_default();
        trace.executed.push(ExecutedCall {
            kind: CallKind::Function { inside },
            class: function.to_string(),
            inputs: inputs.iter().map(|input| input.dims.unwrap_or_default()).collect(),
            output: dims.unwrap_or_default(),
            params: Some(0),
            line,
            node,
        });
    }

    /// A function that the tool does not count, with a shape: a row of unknown cost, without parameters of its own.
    pub(crate) fn unsupported(&mut self, function: &str, inputs: &[Rc<Tensor>], dims: Option<Dims>) -> Run<Value> {
        self.unsupported_with(function, Some(0), inputs, dims)
    }

    /// The same of something whose parameters may not be known either.
    pub(crate) fn unsupported_with(
        &mut self,
        function: &str,
        parameters: Option<i64>,
        inputs: &[Rc<Tensor>],
        dims: Option<Dims>,
    ) -> Run<Value> {
        let shape = dims.map(|dims| dims.without_batch().sizes().iter().map(|&size| size as i64).collect());
        let class = function.to_string();
        let written = self.host.written.take().filter(|(name, _)| **name == *function);
        let arguments = written.map(|(_, arguments)| arguments).unwrap_or_default();
        let layer = model::Unsupported { class, arguments, shape, parameters, ..Default::default() };
        let layer = Layer::Unsupported(layer);
        self.apply_with(function, layer, inputs, dims)
    }

    /// What follows is counted on a shape that is not sure.
    pub(crate) fn shape_is_assumed(&mut self) {
        if let Some(trace) = &mut self.host.trace {
            trace.assumed = true;
        }
    }

    /// Something unknown is called with a tensor.
    pub(crate) fn unsupported_call(&mut self, unknown: &Unknown, tensor: &Rc<Tensor>) -> Run<Value> {
        let what = &*unknown.words;
        let short = what.rsplit('.').next().unwrap_or(what);
        let short: String = short.chars().filter(|c| c.is_alphanumeric() || *c == '_').take(40).collect();
        let name = if short.is_empty() { "unknown".to_string() } else { short };
        let message =
            format!("{what} is not understood: its cost is unknown, its output is taken to have its input's shape.");
        let problem = Problem::new(Severity::Warning, ProblemKind::UnknownModule, message);
        // A missing attribute has been noted as such.
        if unknown.why != Why::Unset {
            self.note(problem);
        }
        // The row itself is not sure of the shape.
        self.shape_is_assumed();
        let layer = model::Unsupported { class: name.clone(), ..model::Unsupported::default() };
        self.apply_with(&name, Layer::Unsupported(layer), std::slice::from_ref(tensor), tensor.dims)
    }

    /// The shape of a layer's output. An error is noted, and the shape is then not known.
    pub(crate) fn output_dims(
        &mut self,
        layer: &Layer,
        inputs: &[Rc<Tensor>],
        module: Option<&str>,
    ) -> Run<Option<Dims>> {
        let dims: Option<Vec<Dims>> = inputs.iter().map(|input| input.dims).collect();
        let Some(dims) = dims else { return Ok(None) };
        match shape::output(layer, &dims) {
            Ok(output) => Ok(Some(output)),
            // The constructor has said so.
            Err(error) if module.is_some() && error.stage() == shape::Stage::Init => Ok(None),
            Err(error) => {
                self.shape_error(&error, layer, &dims, module)?;
                Ok(None)
            }
        }
    }
}

impl Machine {
    /// The network's input, with the batch.
    pub(crate) fn input_tensor(&self, dims: Option<Dims>) -> Value {
        Value::Tensor(Rc::new(Tensor { dims, source: TensorSource::Input, numbers: None }))
    }

    /// An input besides the first. One of another shape is a row.
    pub(crate) fn further_input(&mut self, name: &str, first: Option<Dims>, dims: Option<Dims>) -> Value {
        if dims == first || dims.is_none() {
            return self.input_tensor(dims);
        }
        let node = self.costless_node(name, vec![Source::Input], (first.as_ref(), dims.as_ref()));
        Value::Tensor(self.row(node, dims))
    }

    /// The row that gives a tensor, where there is one.
    pub(crate) fn node_of(&self, tensor: &Tensor) -> Option<NodeId> {
        match &tensor.source {
            TensorSource::Node(node) => Some(*node),
            TensorSource::Pending(pending) => pending.made.get(),
            TensorSource::State(state) => state.row(),
            TensorSource::Parameter(parameter) => self.host.trace.as_ref()?.parameter_nodes.get(parameter).copied(),
            TensorSource::Made | TensorSource::Input | TensorSource::Expanded(_) => None,
        }
    }

    /// Makes the last node the one that gives this tensor.
    pub(crate) fn end_with(&mut self, tensor: &Rc<Tensor>) -> Run<()> {
        if !Self::flows(tensor) || self.host.trace.as_ref().is_none_or(|trace| trace.nodes.is_empty()) {
            return Ok(());
        }
        let source = self.source(tensor)?;
        if let Some(trace) = &mut self.host.trace {
            let last = trace.nodes.last().map(|node| Source::Node(node.id));
            if last != Some(source) {
                let name = trace.function_name("output");
                let id = trace.push(name, Layer::Identity(model::Identity {}), vec![source], Call::Module);
                trace.note_shape(id, tensor.dims);
            }
        }
        Ok(())
    }
}
