//! Functions that are given their weights: whose weights they are, and rows that only computed a weight.

use std::collections::HashSet;
use std::rc::Rc;

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::{Id, Run};
use super::tensor::{Tensor, TensorSource};
use super::trace::Trace;
use super::{Arguments, Machine, Value};
use crate::model::{Dims, Inputs, Kind, Layer, NodeId, Source};

/// The parameters that a weight is made of.
struct Origin {
    parameters: Vec<Id>,
    /// It is one of them as it is.
    is_plain: bool,
}

impl Machine {
    /// A layer whose weight and bias are given to it. It has the name of the module whose weight it is.
    pub(crate) fn weighted(
        &mut self,
        function: &str,
        layer: Layer,
        tensor: &Rc<Tensor>,
        given: (Option<&Rc<Tensor>>, Option<&Rc<Tensor>>),
    ) -> Run<Value> {
        let (Some(weight), true) = (given.0, self.host.trace.is_some() && Self::flows(tensor)) else {
            return self.apply(function, layer, std::slice::from_ref(tensor));
        };
        let Some(origin) = self.origin(weight) else {
            // The network works its weight out: no layer has it.
            return self.computed(function, &layer, tensor, given);
        };
        let Some(own) = origin.parameters.iter().copied().find(|id| self.host.parameters[*id].dims == weight.dims)
        else {
            return self.apply(function, layer, std::slice::from_ref(tensor));
        };
        let bias = given.1.and_then(|bias| match bias.source {
            TensorSource::Parameter(id) => Some(id),
            _ => None,
        });
        let name = self.weighted_name(own, &layer);
        if !origin.is_plain {
            let who = name.clone().unwrap_or_else(|| function.to_string());
            let message = format!(
                "The weight of {who} is computed on the way: its row counts the layer itself, what computes the weight is not counted."
            );
            self.note(Problem::new(Severity::Warning, ProblemKind::NotUnderstood, message));
        }
        if let Some(trace) = &mut self.host.trace {
            trace.weights.insert(own);
            trace.weights.extend(bias);
        }
        let Some(name) = name else {
            let value = self.apply(function, layer.clone(), std::slice::from_ref(tensor))?;
            if let (Value::Tensor(made), Some(trace)) = (&value, &mut self.host.trace)
                && let TensorSource::Node(node) = made.source
                && let Some(node) = trace.nodes.iter().find(|other| other.id == node)
            {
                trace.weighted.insert(own, (node.name.clone(), layer));
            }
            return Ok(value);
        };
        let dims = self.output_dims(&layer, std::slice::from_ref(tensor), None)?;
        let node = self.module_node(&name, layer.clone(), std::slice::from_ref(tensor))?;
        self.record(function, std::slice::from_ref(tensor), dims, Some(node));
        if let Some(trace) = &mut self.host.trace {
            trace.weighted.insert(own, (name, layer));
        }
        Ok(Value::Tensor(self.row(node, dims)))
    }

    /// A layer whose weight flows in, too.
    fn computed(
        &mut self,
        function: &str,
        layer: &Layer,
        tensor: &Rc<Tensor>,
        given: (Option<&Rc<Tensor>>, Option<&Rc<Tensor>>),
    ) -> Run<Value> {
        let dims = self.output_dims(layer, std::slice::from_ref(tensor), None)?;
        let taps = given.0.and_then(|weight| weight.dims).and_then(|weight| {
            let all = weight.elements()?;
            let transposed = matches!(layer, Layer::ConvTranspose1d(_) | Layer::ConvTranspose2d(_));
            let places = if transposed { tensor.dims?.elements()? } else { dims?.elements()? };
            places.checked_mul(all.checked_div(*weight.first()?)?)
        });
        let inputs: Vec<Rc<Tensor>> = std::iter::once(tensor).chain(given.0).chain(given.1).cloned().collect();
        match (taps, layer) {
            (Some(_), Layer::LayerNorm(_)) => self.figured(function, &inputs, dims, 0),
            (Some(macs), _) => self.figured(function, &inputs, dims, macs),
            (None, _) => self.unsupported(function, &inputs, dims),
        }
    }

    /// `weight_norm` and `spectral_norm`, the functions of before and the parametrizations: what they learn besides.
    pub(crate) fn renormed(&mut self, path: &str, arguments: &Arguments) -> Run<Value> {
        let Some(Value::Instance(id)) = arguments.get(0, "module").cloned() else {
            return Ok(arguments.positional.first().cloned().unwrap_or(Value::None));
        };
        let module = Value::Instance(id);
        let name = match arguments.get(1, "name") {
            Some(Value::Text(name)) => name.to_string(),
            _ => "weight".to_string(),
        };
        let kind = path.rsplit('.').next().unwrap_or_default();
        let own = [format!("{name}_g"), format!("{name}_u"), format!("{name}_v"), "_u".into(), "_v".into()];
        if kind.starts_with("remove_") {
            if let Some(module) = &mut self.heap.instances[id].module {
                module.parameters.retain(|(other, _)| !own.iter().any(|own| **own == **other));
                module.buffers.retain(|(other, _)| !own.iter().any(|own| **own == **other));
            }
            return Ok(module);
        }
        let Some(weight) = self.module(id).and_then(|module| {
            let parameter = module.parameters.iter().find(|(other, _)| **other == *name).map(|(_, id)| *id)?;
            self.host.parameters[parameter].dims
        }) else {
            return Ok(module);
        };
        let transposed = self.module(id).is_some_and(|module| module.class.contains("ConvTranspose"));
        let dim = arguments.get(2, "dim").or_else(|| arguments.keyword("dim"));
        if kind == "weight_norm" {
            let at = match dim {
                Some(Value::None) => None,
                Some(dim) => dim.as_i64().and_then(|dim| super::fold::axis(dim, weight.rank())),
                None => Some(0),
            };
            let sizes: Vec<u64> = match at {
                Some(at) => (0..weight.rank()).map(|axis| if axis == at { weight[axis] } else { 1 }).collect(),
                None => Vec::new(),
            };
            let parameter = self.new_parameter(Dims::new(&sizes), false)?;
            if let Some(module) = &mut self.heap.instances[id].module {
                module.parameters.push((Rc::from(own[0].as_str()), parameter));
            }
            return Ok(module);
        }
        let at = usize::from(transposed);
        let rows = weight.get(at).copied().unwrap_or(1);
        let columns = weight.elements().unwrap_or(0).checked_div(rows).unwrap_or(0);
        let (first, second) = (own[1].clone(), own[2].clone());
        for (name, size) in [(first, rows), (second, columns)] {
            let buffer = self.new_parameter(Dims::new(&[size]), true)?;
            if let Some(module) = &mut self.heap.instances[id].module {
                module.buffers.push((Rc::from(name), buffer));
            }
        }
        Ok(module)
    }

    /// The name of the layer that has this weight: an earlier call's of it, or its module's.
    fn weighted_name(&self, weight: Id, layer: &Layer) -> Option<String> {
        let trace = self.host.trace.as_ref()?;
        if let Some((name, earlier)) = trace.weighted.get(&weight) {
            return (earlier == layer).then(|| name.clone());
        }
        let (name, _) = trace.modules().find(|(name, module)| {
            !name.is_empty()
                && self.module(**module).is_some_and(|module| {
                    let same =
                        module.leaf().and_then(|leaf| leaf.layer.as_ref()).map(Layer::kind) == Some(layer.kind());
                    same && module.parameters.iter().any(|(_, id)| *id == weight)
                })
        })?;
        Some(name.clone())
    }

    /// What a weight is made of, where it is made of parameters and constants alone.
    fn origin(&self, weight: &Tensor) -> Option<Origin> {
        let trace = self.host.trace.as_ref()?;
        match &weight.source {
            TensorSource::Parameter(id) => Some(Origin { parameters: vec![*id], is_plain: true }),
            TensorSource::Pending(pending) => {
                self.origin(&pending.input).map(|origin| Origin { is_plain: false, ..origin })
            }
            TensorSource::Expanded(original) => {
                self.origin(original).map(|origin| Origin { is_plain: false, ..origin })
            }
            TensorSource::Node(node) => {
                let mut parameters = Vec::new();
                let mut open = vec![*node];
                let mut seen = HashSet::new();
                while let Some(id) = open.pop() {
                    if !seen.insert(id) {
                        continue;
                    }
                    let index = trace.nodes.iter().position(|node| node.id == id)?;
                    match trace.nodes[index].layer.kind() {
                        Kind::Parameter => parameters.extend(trace.parameter_of(id)),
                        _ if is_constant(trace, index) => {}
                        _ => {
                            for source in sources(trace, index) {
                                match source {
                                    Source::Node(id) => open.push(id),
                                    Source::Input => return None,
                                }
                            }
                        }
                    }
                }
                Some(Origin { parameters, is_plain: false })
            }
            TensorSource::Made | TensorSource::Input | TensorSource::State(_) => None,
        }
    }
}

fn is_constant(trace: &Trace, index: usize) -> bool {
    matches!(&trace.nodes[index].layer, Layer::Unsupported(layer) if layer.class == "constant")
}

/// What flows into a row.
fn sources(trace: &Trace, index: usize) -> Vec<Source> {
    match &trace.nodes[index].inputs {
        Inputs::Above if trace.nodes[index].layer.kind() == Kind::Parameter => Vec::new(),
        Inputs::Above => {
            vec![index.checked_sub(1).map_or(Source::Input, |above| Source::Node(trace.nodes[above].id))]
        }
        Inputs::From(sources) => sources.clone(),
    }
}

impl Trace {
    /// Takes out the rows that nothing reads and that only look at a tensor, or only computed a weight.
    pub(crate) fn drop_unread(&mut self, outputs: &[NodeId]) {
        let all: Vec<Vec<Source>> = (0..self.nodes.len()).map(|index| sources(self, index)).collect();
        let place: std::collections::HashMap<NodeId, usize> =
            self.nodes.iter().enumerate().map(|(index, node)| (node.id, index)).collect();
        let mut is_static = vec![false; self.nodes.len()];
        for index in 0..self.nodes.len() {
            let follows =
                |source: &Source| matches!(source, Source::Node(id) if place.get(id).is_some_and(|&at| is_static[at]));
            is_static[index] = self.nodes[index].layer.kind() == Kind::Parameter
                || is_constant(self, index)
                || (!all[index].is_empty() && all[index].iter().all(follows));
        }
        let mut read = vec![0_usize; self.nodes.len()];
        for source in all.iter().flatten() {
            if let Source::Node(id) = source
                && let Some(&at) = place.get(id)
            {
                read[at] += 1;
            }
        }
        let mut gone = vec![false; self.nodes.len()];
        for index in (0..self.nodes.len().saturating_sub(1)).rev() {
            let node = &self.nodes[index];
            let looks =
                matches!(node.layer.kind(), Kind::View | Kind::Slice | Kind::Chunk | Kind::Transpose | Kind::Permute);
            if read[index] > 0 || outputs.contains(&node.id) || !(is_static[index] || looks) {
                continue;
            }
            gone[index] = true;
            for source in &all[index] {
                if let Source::Node(id) = source
                    && let Some(&at) = place.get(id)
                {
                    read[at] -= 1;
                }
            }
        }
        if !gone.contains(&true) {
            return;
        }
        let lost: HashSet<NodeId> =
            self.nodes.iter().zip(&gone).filter(|(_, gone)| **gone).map(|(node, _)| node.id).collect();
        for call in &mut self.executed {
            call.node = call.node.filter(|node| !lost.contains(node));
        }
        let mut above = Source::Input;
        let nodes = std::mem::take(&mut self.nodes);
        for ((mut node, gone), sources) in nodes.into_iter().zip(gone).zip(all) {
            if gone {
                continue;
            }
            let from_above = sources.is_empty() || sources == [above];
            node.inputs = if from_above { Inputs::Above } else { Inputs::From(sources) };
            above = Source::Node(node.id);
            self.nodes.push(node);
        }
    }
}
