//! A network that learns: all its tensors, forward and back.

use crate::engine::graph::TensorId;
use crate::engine::kernels::training::convolved::Convolved;
use crate::engine::kernels::training::normalization::{Batch, Statistics};
use crate::engine::kernels::training::value::Number;
use crate::model::Network;

use super::error::TrainingError;
use super::initial::Tensors;
use super::loss::{Loss, Targets};
use super::optimizer::{Memory, Optimizer};
use super::program::{Program, Slot, Work};
use super::random::Generator;

mod backward;
mod forward;
mod places;

use places::Places;

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainerOptions {
    /// The most samples of a batch.
    pub batch: usize,
    /// What is made small.
    pub loss: Loss,
    /// How a gradient becomes a step.
    pub optimizer: Optimizer,
}

/// Whether layers do what they do in training: `model.train()`, `model.eval()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Train,
    Evaluate,
}

/// A network with its parameters and all that a step needs; a step allocates nothing.
///
/// A tensor holds its samples in blocks of `Value::LANES`: [blocks, elements of a sample, lanes].
#[derive(Clone, Debug)]
pub struct Trainer<V: Convolved> {
    program: Program,
    loss: Loss,
    optimizer: Optimizer,
    parameters: Vec<V::Number>,
    gradients: Vec<V::Number>,
    buffers: Vec<V::Number>,
    /// Batches seen.
    batches: u64,
    memory: Memory<V::Number>,
    /// Of every tensor.
    tensors: Vec<Vec<V>>,
    /// What the way back needs beside tensors, of every step.
    extras: Vec<Vec<V>>,
    /// Of every batch norm, by step.
    statistics: Vec<Vec<Statistics>>,
    /// Gradients by tensors that are needed at the same time.
    pool: Vec<Vec<V>>,
    places: Places,
    /// Sample after sample.
    outputs: Vec<f64>,
    output_gradients: Vec<f64>,
    /// The most samples.
    capacity: usize,
    samples: usize,
}

/// Values of the activations' gradients that are needed at once, of one sample.
pub(super) fn gradient_values(program: &Program) -> u64 {
    Places::of(program).sizes.iter().map(|&size| size as u64).sum()
}

impl<V: Convolved> Trainer<V> {
    /// A trainer of a network that begins with these tensors.
    ///
    /// # Errors
    /// Where the network cannot be trained, and where the tensors are not the network's.
    pub fn new(network: &Network, tensors: &Tensors, options: &TrainerOptions) -> Result<Self, TrainingError> {
        let program = Program::new(network)?;
        if let Some(error) = program.samples_problem(options.batch) {
            return Err(error);
        }
        if matches!(options.loss, Loss::CrossEntropy { .. }) && program.output_dims.len() != 2 {
            let sizes: Vec<String> = program.output_dims[1..].iter().map(ToString::to_string).collect();
            return Err(TrainingError::Output { found: sizes.join(" x ") });
        }
        let blocks = options.batch.div_ceil(V::LANES);
        let filled = |elements: usize| vec![V::default(); elements * blocks];
        let places = Places::of(&program);
        let statistics = program.steps.iter().map(|step| match &step.work {
            Work::BatchNorm(norm) => vec![Statistics::default(); norm.planes.channels],
            _ => Vec::new(),
        });
        let outputs: usize = program.output_dims.iter().product::<usize>() * options.batch;
        let mut trainer = Self {
            loss: options.loss.clone(),
            optimizer: options.optimizer,
            parameters: vec![V::Number::default(); program.parameters],
            gradients: vec![V::Number::default(); program.parameters],
            buffers: vec![V::Number::default(); program.buffers],
            batches: 0,
            memory: options.optimizer.memory(program.parameters),
            tensors: program.sizes.iter().map(|&size| filled(size)).collect(),
            extras: program.steps.iter().map(|step| filled(step.extra)).collect(),
            statistics: statistics.collect(),
            pool: places.sizes.iter().map(|&size| filled(size)).collect(),
            places,
            outputs: vec![0.0; outputs],
            output_gradients: vec![0.0; outputs],
            capacity: options.batch,
            samples: 0,
            program,
        };
        trainer.set_tensors(network, tensors)?;
        Ok(trainer)
    }

    /// The learned tensors and the buffers, in the order of registration.
    pub fn slots(&self) -> &[Slot] {
        &self.program.slots
    }

    /// The values of a slot.
    pub fn values(&self, slot: &Slot) -> &[V::Number] {
        let all = if slot.is_buffer { &self.buffers } else { &self.parameters };
        &all[slot.range.clone()]
    }

    /// The gradient of the last step by a parameter; nothing for a buffer.
    pub fn gradient(&self, slot: &Slot) -> &[V::Number] {
        if slot.is_buffer { &[] } else { &self.gradients[slot.range.clone()] }
    }

    /// Moves one parameter by this much.
    pub fn move_parameter(&mut self, slot: &Slot, at: usize, by: f64) {
        if let Some(value) = self.parameters.get_mut(slot.range.start + at).filter(|_| !slot.is_buffer) {
            *value = V::Number::of(value.to_f64() + by);
        }
    }

    /// How many batches it has learned from.
    pub fn batches(&self) -> u64 {
        self.batches
    }

    /// The sizes of one sample's output.
    pub fn output_dims(&self) -> &[usize] {
        &self.program.output_dims[1..]
    }

    /// The fewest samples a batch may have: of fewer, a norm has nothing to go by.
    pub fn least_samples(&self) -> usize {
        self.program.least.0
    }

    /// All parameters and buffers, as the engine takes them.
    pub fn tensors(&self) -> Tensors {
        let mut all = Tensors::new();
        for slot in &self.program.slots {
            let values = self.values(slot).iter().map(|value| value.to_f64() as f32);
            all.entry(slot.node).or_default().push(values.collect());
        }
        all
    }

    /// Begins again from other tensors; what the optimiser remembers stays.
    ///
    /// # Errors
    /// Where one is missing or of another length.
    pub fn set_tensors(&mut self, network: &Network, tensors: &Tensors) -> Result<(), TrainingError> {
        for slot in &self.program.slots {
            let given = tensors.get(&slot.node).and_then(|tensors| tensors.get(slot.place));
            let found = given.map_or(0, Vec::len);
            if found != slot.range.len() {
                let node = network.node(slot.node).map_or_else(String::new, |node| node.name.clone());
                let (parameter, expected) = ("a tensor", slot.range.len());
                return Err(crate::engine::EngineError::WeightLength { node, parameter, expected, found }.into());
            }
            let all = if slot.is_buffer { &mut self.buffers } else { &mut self.parameters };
            let values = given.into_iter().flatten().map(|&value| V::Number::of(f64::from(value)));
            all[slot.range.clone()].iter_mut().zip(values).for_each(|(old, new)| *old = new);
        }
        Ok(())
    }

    /// One step on a batch, sample after sample in PyTorch's order, and the loss before it. `generator` draws what
    /// dropout drops.
    pub fn step(&mut self, input: &[f32], targets: Targets<'_>, rate: f64, generator: &mut Generator) -> f64 {
        let loss = self.differentiate(input, targets, generator);
        self.optimizer.step(rate, &mut self.memory, &self.gradients, &mut self.parameters);
        loss
    }

    /// The loss of a batch in training, its gradients by all parameters, and what running statistics become.
    pub fn differentiate(&mut self, input: &[f32], targets: Targets<'_>, generator: &mut Generator) -> f64 {
        self.load(input);
        self.batches += 1;
        self.forward(Mode::Train, generator);
        let used = self.read_outputs();
        let (outputs, gradients) = (&self.outputs[..used], &mut self.output_gradients[..used]);
        let loss = self.loss.of(outputs, self.samples, targets, gradients);
        self.backward();
        loss
    }

    /// The outputs in evaluation, sample after sample; at most a batch at once.
    pub fn evaluate(&mut self, input: &[f32]) -> &[f64] {
        self.load(input);
        self.forward(Mode::Evaluate, &mut Generator::new(0));
        let used = self.read_outputs();
        &self.outputs[..used]
    }

    /// The outputs of the last batch, sample after sample.
    pub fn outputs(&self) -> &[f64] {
        &self.outputs[..self.samples * self.outputs.len() / self.capacity.max(1)]
    }

    /// The loss of the last batch that was evaluated.
    pub fn loss(&mut self, targets: Targets<'_>) -> f64 {
        let used = self.samples * self.outputs.len() / self.capacity.max(1);
        self.loss.of(&self.outputs[..used], self.samples, targets, &mut self.output_gradients[..used])
    }

    /// Bytes of all that it holds.
    pub fn bytes(&self) -> usize {
        let values: usize =
            [&self.tensors, &self.extras, &self.pool].iter().flat_map(|all| all.iter()).map(Vec::len).sum();
        let numbers = self.parameters.len() + self.gradients.len() + self.buffers.len();
        values * size_of::<V>() + numbers * size_of::<V::Number>() + self.memory.bytes()
    }

    fn blocks(&self) -> usize {
        self.samples.div_ceil(V::LANES)
    }

    fn batch(&self, planes: &crate::engine::kernels::geometry::Planes) -> Batch {
        Batch { channels: planes.channels, area: planes.area(), blocks: self.blocks(), samples: self.samples }
    }

    /// Takes whole samples, at most the capacity; lanes without a sample are zero.
    fn load(&mut self, input: &[f32]) {
        let TensorId(tensor) = self.program.input;
        let size = self.program.sizes[tensor].max(1);
        self.samples = (input.len() / size).min(self.capacity);
        let values = &mut self.tensors[tensor];
        for (block, values) in values.chunks_exact_mut(size).enumerate().take(self.samples.div_ceil(V::LANES)) {
            let first = block * V::LANES;
            for lane in 0..V::LANES {
                let sample = (first + lane < self.samples).then(|| &input[(first + lane) * size..][..size]);
                for (at, value) in values.iter_mut().enumerate() {
                    let number = sample.map_or(0.0, |sample| sample[at]);
                    value.set_lane(lane, V::Number::of(f64::from(number)));
                }
            }
        }
    }

    /// How many numbers were read.
    fn read_outputs(&mut self) -> usize {
        let TensorId(tensor) = self.program.output;
        let size = self.program.output_dims.iter().product::<usize>();
        for (sample, row) in self.outputs.chunks_exact_mut(size.max(1)).enumerate().take(self.samples) {
            let block = &self.tensors[tensor][sample / V::LANES * size..][..size];
            for (number, value) in row.iter_mut().zip(block) {
                *number = value.lane(sample % V::LANES).to_f64();
            }
        }
        self.samples * size
    }
}
