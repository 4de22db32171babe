//! What a network does while it learns: the engine's operations of one sample, with the tensors that are learned, and
//! the layers that do something else in training.

use std::ops::Range;

use crate::engine::graph::{Graph, GraphNode, TensorId};
use crate::engine::kernels::geometry::Planes;
use crate::engine::kernels::reference::normalization::Scaling;
use crate::engine::lower::lower;
use crate::engine::operation::Operation;
use crate::engine::{Seeding, WeightSource};
use crate::model::{Dims, Layer, Network, NodeId, StochasticMode};
use crate::shape::{self, softmax_dimension};

use super::error::TrainingError;

/// A learned tensor, or a buffer, of a module.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// The node of the module's first call.
    pub node: NodeId,
    /// PyTorch's name: `conv1.weight`, `bn1.running_mean`.
    pub name: String,
    /// As PyTorch has them.
    pub shape: Vec<u64>,
    /// Which of the node's tensors it is.
    pub place: usize,
    /// Kept, but not learned.
    pub is_buffer: bool,
    /// Where it lies among all parameters, or among all buffers.
    pub range: Range<usize>,
}

/// The work of one step.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// Its parameters are taken out.
    Plain(Operation),
    BatchNorm(BatchNorm),
    /// An instance norm that keeps running statistics.
    InstanceNorm(BatchNorm),
    Dropout(Dropout),
}

#[derive(Clone, Debug)]
pub(super) struct BatchNorm {
    /// Of one sample.
    pub planes: Planes,
    pub epsilon: f64,
    /// The weight of what is new; `None` for the mean of all.
    pub momentum: Option<f64>,
    /// Where the running mean and variance lie among the buffers.
    pub running: Option<[Range<usize>; 2]>,
}

/// What is drawn, and for how many neighbouring values each time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dropout {
    pub probability: f64,
    /// Values that are dropped together.
    pub run: usize,
    pub kind: DropoutKind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum DropoutKind {
    /// For each sample by itself.
    Sample,
    /// One draw for the whole batch.
    Batch,
    /// To SELU's negative limit, and scaled so that mean and variance stay.
    Alpha,
}

/// One step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub work: Work,
    pub inputs: Vec<TensorId>,
    pub output: TensorId,
    /// Among the parameters; empty where there is none.
    pub weight: Range<usize>,
    pub bias: Range<usize>,
    /// The network's node.
    pub node: usize,
    /// Whether anything learned comes before it, so that its input needs a gradient.
    pub passes: Vec<bool>,
    /// Values beside the tensors that the way back needs, of one sample: choices of pools, statistics, masks.
    pub extra: usize,
    /// Whether the output depends on it.
    pub counts: bool,
}

/// A network as steps of one sample.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub steps: Vec<Step>,
    /// Elements of every tensor that is written, of one sample; 0 for what is only a view.
    pub sizes: Vec<usize>,
    pub input: TensorId,
    pub output: TensorId,
    pub output_dims: Vec<usize>,
    pub slots: Vec<Slot>,
    pub parameters: usize,
    pub buffers: usize,
    /// The fewest samples of a batch, and the node that wants them.
    pub least: (usize, String),
}

impl Program {
    pub(super) fn new(network: &Network) -> Result<Self, TrainingError> {
        check_samples(network)?;
        let graph = lower(network, &WeightSource::Seeded(Seeding::default()), 1)?;
        let (slots, parameters, buffers) = slots(network);
        if parameters == 0 {
            return Err(TrainingError::NothingLearns);
        }
        let output_dims = graph.dims(graph.output).to_vec();
        let mut building = Building {
            network,
            slots: &slots,
            stands_for: (0..graph.tensors.len()).map(TensorId).collect(),
            learned: vec![false; graph.tensors.len()],
            steps: Vec::new(),
            graph: &graph,
        };
        building.all()?;
        let output = building.stands_for[graph.output.0];
        let mut steps = building.steps;
        let mut counts = vec![false; graph.tensors.len()];
        counts[output.0] = true;
        for step in steps.iter_mut().rev() {
            step.counts = counts[step.output.0];
            if step.counts {
                step.inputs.iter().for_each(|input| counts[input.0] = true);
            }
        }
        let mut sizes = vec![0; graph.tensors.len()];
        sizes[Graph::INPUT.0] = graph.elements(Graph::INPUT);
        for step in &steps {
            sizes[step.output.0] = graph.elements(step.output);
        }
        let least = least_samples(network, &steps)?;
        Ok(Self { steps, sizes, input: Graph::INPUT, output, output_dims, slots, parameters, buffers, least })
    }

    /// The name of a step's node.
    pub(super) fn samples_problem(&self, samples: usize) -> Option<TrainingError> {
        (samples < self.least.0).then(|| TrainingError::OneValue { node: self.least.1.clone() })
    }
}

/// Every layer must keep the samples of a batch apart.
fn check_samples(network: &Network) -> Result<(), TrainingError> {
    let wiring = network.wiring();
    let all = [1, 2].map(|batch| shape::infer(network, &wiring, batch));
    for (index, node) in network.nodes.iter().enumerate() {
        let [Some(one), Some(two)] = [&all[0], &all[1]].map(|shapes| shapes.nodes[index].dims()) else { continue };
        let inputs = [&all[0], &all[1]].map(|shapes| wiring.taps(index).first().and_then(|&tap| shapes.tap(tap)));
        let along_samples = match &node.layer {
            Layer::Softmax(layer) => softmax_dimension(layer.dim, one.rank()) == Some(0),
            Layer::LogSoftmax(layer) => softmax_dimension(layer.dim, one.rank()) == Some(0),
            Layer::LayerNorm(layer) => inputs[0].is_some_and(|input| layer.normalized_dims >= input.rank() as i64),
            _ => false,
        };
        // What PyTorch takes for one sample without a batch has samples for channels.
        let [tensors, others] = inputs.map(|input| shape::parameter_tensors(&node.layer, input));
        let is_by_samples = !tensors.iter().eq(others.iter());
        let rest = |dims: &Dims| dims.sizes().get(1..).map(<[u64]>::to_vec);
        let apart = one.sizes().first() == Some(&1) && two.sizes().first() == Some(&2) && rest(one) == rest(two);
        // What is made of bare parameters alone is the same for every sample.
        if along_samples || is_by_samples || !(apart || (one == two && only_parameters(&wiring, index))) {
            return Err(TrainingError::Mixes { node: node.name.clone() });
        }
    }
    Ok(())
}

fn only_parameters(wiring: &crate::model::Wiring, index: usize) -> bool {
    let mut waiting = vec![index];
    let mut seen = std::collections::HashSet::new();
    while let Some(index) = waiting.pop() {
        for tap in wiring.taps(index) {
            match tap {
                crate::model::Tap::Node(above) if seen.insert(*above) => waiting.push(*above),
                crate::model::Tap::Node(_) => {}
                _ => return false,
            }
        }
    }
    true
}

/// The fewest samples of a batch that every norm can take.
///
/// # Errors
/// Where the network cannot be trained.
pub fn least_batch(network: &Network) -> Result<usize, TrainingError> {
    Program::new(network).map(|program| program.least.0)
}

/// The tensors of all modules in the order of registration.
pub fn slots_of(network: &Network) -> Vec<Slot> {
    slots(network).0
}

/// The tensors of all modules, and how many values the learned ones and the buffers have.
fn slots(network: &Network) -> (Vec<Slot>, usize, usize) {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let first_calls = network.first_calls();
    let mut slots = Vec::new();
    let (mut parameters, mut buffers) = (0, 0);
    for (index, node) in network.nodes.iter().enumerate().filter(|(index, _)| first_calls[*index].is_none()) {
        let input = wiring.taps(index).first().and_then(|&tap| shapes.tap(tap));
        let tensors = shape::parameter_tensors(&node.layer, input);
        let kept = tensors.iter().filter(|tensor| tensor.fill != shape::Fill::Counter);
        for (place, tensor) in kept.enumerate() {
            let is_buffer = tensor.fill.is_buffer();
            let next = if is_buffer { &mut buffers } else { &mut parameters };
            let start = *next;
            *next += tensor.elements().unwrap_or(0) as usize;
            let name =
                if tensor.name.is_empty() { node.name.clone() } else { format!("{}.{}", node.name, tensor.name) };
            let shape = tensor.shape.sizes().to_vec();
            slots.push(Slot { node: node.id, name, shape, place, is_buffer, range: start..*next });
        }
    }
    (slots, parameters, buffers)
}

struct Building<'a> {
    network: &'a Network,
    slots: &'a [Slot],
    graph: &'a Graph,
    /// The tensor that a view shows.
    stands_for: Vec<TensorId>,
    /// Whether a tensor depends on anything learned.
    learned: Vec<bool>,
    steps: Vec<Step>,
}

impl Building<'_> {
    fn all(&mut self) -> Result<(), TrainingError> {
        let first_calls = self.network.first_calls();
        let mut rest = self.graph.nodes.as_slice();
        while let Some(node) = rest.first() {
            let index = node.covers.first().copied().unwrap_or(0);
            let together = rest.iter().take_while(|other| other.covers.first() == Some(&index)).count();
            let (own, others) = rest.split_at(together);
            rest = others;
            let module = first_calls[index].map_or(index, |first| first);
            let id = self.network.nodes[module].id;
            let slots: Vec<&Slot> = self.slots.iter().filter(|slot| slot.node == id).collect();
            self.layer(index, own, &slots);
        }
        Ok(())
    }

    /// The operations of one layer.
    fn layer(&mut self, index: usize, nodes: &[GraphNode], slots: &[&Slot]) {
        let layer = &self.network.nodes[index].layer;
        let learned = |place: usize| {
            let slot = slots.iter().filter(|slot| !slot.is_buffer).nth(place);
            slot.map_or(0..0, |slot| slot.range.clone())
        };
        let parameters = [learned(0), learned(1)];
        let running = || {
            let mut buffers = slots.iter().filter(|slot| slot.is_buffer).map(|slot| slot.range.clone());
            Some([buffers.next()?, buffers.next()?])
        };
        let norm = |planes: Planes, epsilon: f64, momentum: Option<f64>| BatchNorm {
            planes,
            epsilon,
            momentum,
            running: running(),
        };
        match layer {
            Layer::BatchNorm2d(_) | Layer::BatchNorm1d(_) => {
                let [epsilon, momentum] = match layer {
                    Layer::BatchNorm2d(norm) => [Some(norm.eps), norm.momentum],
                    Layer::BatchNorm1d(norm) => [Some(norm.eps), norm.momentum],
                    _ => [None, None],
                };
                // Without running statistics it is several operations; all are this one.
                let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return };
                if let Operation::ScaleChannels(planes, _) = &last.operation {
                    let work = Work::BatchNorm(norm(*planes, epsilon.unwrap_or(1e-5), momentum));
                    self.push(work, &first.inputs, last.output, parameters, index);
                }
                return;
            }
            Layer::InstanceNorm2d(layer) if layer.track_running_stats => {
                let (epsilon, momentum) = (layer.eps, Some(layer.momentum.unwrap_or(0.0)));
                return self.instance_norm(nodes, |planes| norm(planes, epsilon, momentum), parameters, index);
            }
            Layer::InstanceNorm1d(layer) if layer.track_running_stats => {
                let (epsilon, momentum) = (layer.eps, Some(layer.momentum.unwrap_or(0.0)));
                return self.instance_norm(nodes, |planes| norm(planes, epsilon, momentum), parameters, index);
            }
            _ => {}
        }
        if let (Some(node), Some(dropout)) = (nodes.first(), nodes.first().and_then(|node| self.dropout(layer, node))) {
            return self.push(Work::Dropout(dropout), &node.inputs, node.output, [0..0, 0..0], index);
        }
        for node in nodes {
            let has_parameters =
                node.operation.parameter_count() > 0 || matches!(node.operation, Operation::GroupNorm(..));
            let own = if has_parameters { parameters.clone() } else { [0..0, 0..0] };
            self.plain(node, own, index);
        }
    }

    fn plain(&mut self, node: &GraphNode, parameters: [Range<usize>; 2], index: usize) {
        if node.operation == Operation::Alias {
            self.stands_for[node.output.0] = self.stands_for[node.inputs[0].0];
            return;
        }
        self.push(Work::Plain(node.operation.without_parameters()), &node.inputs, node.output, parameters, index);
    }

    fn instance_norm(
        &mut self,
        nodes: &[GraphNode],
        norm: impl Fn(Planes) -> BatchNorm,
        parameters: [Range<usize>; 2],
        index: usize,
    ) {
        for node in nodes {
            match &node.operation {
                Operation::ScaleChannels(planes, _) => {
                    let work = Work::InstanceNorm(norm(*planes));
                    self.push(work, &node.inputs, node.output, parameters.clone(), index);
                }
                _ => self.plain(node, [0..0, 0..0], index),
            }
        }
    }

    /// What a layer drops of the tensor that this node shows, if it drops anything.
    fn dropout(&self, layer: &Layer, node: &GraphNode) -> Option<Dropout> {
        let dims = self.graph.dims(node.output);
        let elements: usize = dims.iter().product();
        let (probability, run, kind) = match layer {
            Layer::Dropout(dropout) => (dropout.p, 1, DropoutKind::Sample),
            Layer::AlphaDropout(dropout) => (dropout.p, 1, DropoutKind::Alpha),
            Layer::Dropout2d(dropout) => {
                (dropout.p, elements / dims.get(1).copied().unwrap_or(1).max(1), DropoutKind::Sample)
            }
            Layer::StochasticDepth(depth) => {
                let kind = match depth.mode {
                    StochasticMode::Row => DropoutKind::Sample,
                    StochasticMode::Batch => DropoutKind::Batch,
                };
                (depth.p, elements, kind)
            }
            _ => return None,
        };
        (probability > 0.0).then_some(Dropout { probability, run: run.max(1), kind })
    }

    fn push(
        &mut self,
        work: Work,
        inputs: &[TensorId],
        output: TensorId,
        [weight, bias]: [Range<usize>; 2],
        node: usize,
    ) {
        let inputs: Vec<TensorId> = inputs.iter().map(|input| self.stands_for[input.0]).collect();
        let passes: Vec<bool> = inputs.iter().map(|input| self.learned[input.0]).collect();
        self.learned[output.0] = !weight.is_empty() || !bias.is_empty() || passes.contains(&true);
        let elements = self.graph.elements(output);
        let extra = match &work {
            Work::Plain(Operation::MaxPool(_) | Operation::AdaptiveMaxPool(..)) => elements,
            Work::Plain(Operation::GroupNorm(norm, _)) => 2 * (elements / norm.length.max(1)),
            Work::Plain(Operation::AxisNorm(axis, ..)) => 2 * axis.outer * axis.inner,
            Work::InstanceNorm(norm) => 2 * norm.planes.channels,
            Work::Dropout(dropout) => elements / dropout.run,
            Work::Plain(_) | Work::BatchNorm(_) => 0,
        };
        self.steps.push(Step { work, inputs, output, weight, bias, node, passes, extra, counts: true });
    }
}

/// The fewest samples that every norm can take.
fn least_samples(network: &Network, steps: &[Step]) -> Result<(usize, String), TrainingError> {
    let mut least = (1, String::new());
    for step in steps {
        let node = &network.nodes[step.node];
        let is_instance = matches!(node.layer, Layer::InstanceNorm1d(_) | Layer::InstanceNorm2d(_));
        match &step.work {
            Work::InstanceNorm(norm) if norm.planes.area() == 1 => {
                return Err(TrainingError::OneElement { node: node.name.clone() });
            }
            Work::Plain(Operation::GroupNorm(norm, _)) if norm.length == 1 && norm.scaling != Scaling::PerElement => {
                if is_instance {
                    return Err(TrainingError::OneElement { node: node.name.clone() });
                }
                least = (2, node.name.clone());
            }
            Work::BatchNorm(norm) if norm.planes.area() == 1 => least = (2, node.name.clone()),
            _ => {}
        }
    }
    Ok(least)
}
