//! Functions that are given their weights: whose weights they are, and rows that only computed a weight.

use std::collections::HashSet;
use std::rc::Rc;

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::{Id, Run};
use super::tensor::{Tensor, TensorSource};
use super::trace::Trace;
use super::{Machine, Value};
use crate::model::{Inputs, Kind, Layer, NodeId, Source};

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
            return self.apply(function, layer, std::slice::from_ref(tensor));
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
