//! Several networks learn in turns from the same batches.

use crate::engine::kernels::training::samples::Samples;
use crate::model::Network;

use super::data::{Dataset, Split};
use super::error::TrainingError;
use super::initial::{Tensors, initial_tensors};
use super::loss::{Loss, Targets};
use super::memory::TrainingMemory;
use super::optimizer::Optimizer;
use super::random::Generator;
use super::schedule::Schedule;
use super::trainer::{Trainer, TrainerOptions};

/// How long, how fast and from which seed.
#[derive(Clone, Debug, PartialEq)]
pub struct CourseSettings {
    /// Of weights, order of samples and dropouts.
    pub seed: u64,
    /// Passes over all samples that are learned from.
    pub epochs: u32,
    /// Samples in a step; the last step of an epoch may have fewer.
    pub batch: usize,
    /// At the start, before the schedule.
    pub rate: f64,
    /// How a gradient becomes a step.
    pub optimizer: Optimizer,
    /// How the rate changes over the epochs.
    pub schedule: Schedule,
    /// What is made small.
    pub loss: Loss,
    /// Ends a network's course when its test loss has not fallen for so many epochs; 0 for never.
    pub patience: u32,
}

/// What is known of one network's course so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Of the first steps, at most [`LOSSES_KEPT`].
    pub losses: Vec<f64>,
    /// Taken so far.
    pub steps: u32,
    /// Those that are done.
    pub epochs: Vec<Epoch>,
    /// Samples of the test by their class and by what the network takes them for, row by row.
    pub confusion: Vec<u32>,
    /// Test samples that the network gets wrong, and what it takes them for: the first ones.
    pub wrong: Vec<(u32, u32)>,
    /// Why it ended before its time.
    pub ended: Option<Ended>,
}

/// Why a course ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The test loss no longer fell.
    Settled,
    /// A loss was no number at this step; the weights are those of the last whole epoch.
    #[expect(missing_docs, reason = "the variant says it")]
    Lost { step: u32 },
}

/// One pass over all samples that are learned from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// That of its steps.
    pub rate: f64,
    /// The mean over its batches, before each step.
    pub train_loss: f64,
    /// Of the same outputs, 0 to 1.
    pub train_accuracy: f64,
    /// After it.
    pub test_loss: f64,
    /// After it, 0 to 1.
    pub test_accuracy: f64,
}

/// How many losses of single steps are kept.
pub const LOSSES_KEPT: usize = 100;
/// How many wrong samples.
const WRONG_KEPT: usize = 24;

/// What [`Course::advance`] has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// A step of one network, or a part of a test.
    Part,
    /// All networks have taken the same step.
    Step,
    /// All networks have been tested after an epoch.
    Epoch,
    /// No network has a step left.
    Done,
}

/// Networks that learn from the same data, from one seed: each begins with the weights of `torch.manual_seed(seed)`, and
/// the batches are those of `torch.randperm(samples, generator=torch.Generator().manual_seed(seed))`, one permutation an
/// epoch.
pub struct Course<'a> {
    data: &'a Dataset,
    split: &'a Split,
    settings: CourseSettings,
    learners: Vec<Learner>,
    shuffle: Generator,
    order: Vec<u32>,
    epoch: u32,
    /// The first sample of the batch at hand in `order`.
    at: usize,
    place: Place,
    /// Of the batch at hand.
    input: Vec<f32>,
    labels: Vec<u32>,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Place {
    Learn { learner: usize },
    Test { learner: usize, at: usize },
    Done,
}

struct Learner {
    network: Network,
    trainer: Trainer<Samples>,
    /// What drops in dropout, going on from where the initial weights ended.
    generator: Generator,
    record: Record,
    /// Of the last whole epoch.
    good: Tensors,
    sums: Sums,
    lowest: f64,
    since: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    loss: f64,
    right: u32,
    seen: u32,
}

impl<'a> Course<'a> {
    /// Networks that take the data's samples, and the weights that they begin with where those are not the seed's.
    ///
    /// # Errors
    /// For each network: why it cannot be trained.
    pub fn new(
        networks: &[(Network, Option<Tensors>)],
        (data, split): (&'a Dataset, &'a Split),
        settings: &CourseSettings,
    ) -> Result<Self, Vec<Option<TrainingError>>> {
        let made: Vec<Result<Learner, TrainingError>> =
            networks.iter().map(|(network, tensors)| Learner::new(network, tensors.as_ref(), settings)).collect();
        if made.iter().any(Result::is_err) {
            return Err(made.into_iter().map(Result::err).collect());
        }
        let mut course = Self {
            data,
            split,
            learners: made.into_iter().flatten().collect(),
            shuffle: Generator::new(settings.seed),
            order: Vec::new(),
            epoch: 0,
            at: 0,
            place: Place::Done,
            input: Vec::with_capacity(settings.batch * data.length()),
            labels: Vec::with_capacity(settings.batch),
            settings: settings.clone(),
        };
        if settings.epochs > 0 && !course.learners.is_empty() {
            course.begin_epoch();
        }
        Ok(course)
    }

    /// Does what comes next: a step of one network, or the test of one on so many samples as a batch has.
    pub fn advance(&mut self) -> Advance {
        match self.place {
            Place::Learn { learner } => self.learn(learner),
            Place::Test { learner, at } => self.test(learner, at),
            Place::Done => Advance::Done,
        }
    }

    /// Whether there is nothing more to do.
    pub fn is_done(&self) -> bool {
        matches!(self.place, Place::Done)
    }

    /// Epochs begun.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// How far it is, 0 to 1.
    pub fn progress(&self) -> f64 {
        let within = self.at as f64 / self.order.len().max(1) as f64;
        if self.is_done() { 1.0 } else { (f64::from(self.epoch) + within) / f64::from(self.settings.epochs.max(1)) }
    }

    /// The rate from now on; a schedule goes on from it.
    pub fn set_rate(&mut self, rate: f64) {
        self.settings.rate = rate;
    }

    /// What is known of a network's course, by its place.
    pub fn record(&self, learner: usize) -> &Record {
        &self.learners[learner].record
    }

    /// The network's weights as they are now.
    pub fn tensors(&self, learner: usize) -> Tensors {
        self.learners[learner].trainer.tensors()
    }

    /// Ends the course after a test of all networks as they are.
    pub fn finish(&mut self) {
        if let Place::Learn { .. } = self.place {
            self.settings.epochs = self.epoch + 1;
            self.place = Place::Test { learner: 0, at: 0 };
        }
        self.settings.epochs = self.settings.epochs.min(self.epoch + 1);
    }

    fn begin_epoch(&mut self) {
        self.order = self.shuffle.permutation(self.split.train.len());
        self.at = 0;
        self.place = Place::Learn { learner: 0 };
        self.learners.iter_mut().for_each(|learner| learner.sums = Sums::default());
        self.load_batch();
    }

    fn load(&mut self, samples: impl Iterator<Item = u32>) {
        self.input.clear();
        self.labels.clear();
        for sample in samples {
            self.input.extend_from_slice(self.data.sample(sample));
            self.labels.extend(self.data.labels.get(sample as usize));
        }
    }

    fn load_batch(&mut self) {
        let end = (self.at + self.settings.batch).min(self.order.len());
        let order = std::mem::take(&mut self.order);
        let train = &self.split.train;
        self.load(order[self.at..end].iter().map(|&at| train[at as usize]));
        self.order = order;
    }

    fn learn(&mut self, index: usize) -> Advance {
        let rate = self.settings.schedule.rate(self.settings.rate, self.epoch);
        self.learners[index].learn(&self.input, &self.labels, rate);
        if index + 1 < self.learners.len() {
            self.place = Place::Learn { learner: index + 1 };
            return Advance::Part;
        }
        self.at += self.settings.batch;
        if self.at < self.order.len() {
            self.place = Place::Learn { learner: 0 };
            self.load_batch();
        } else {
            self.place = Place::Test { learner: 0, at: 0 };
        }
        Advance::Step
    }

    fn test(&mut self, index: usize, at: usize) -> Advance {
        let test = &self.split.test;
        let end = (at + self.settings.batch).min(test.len());
        if at == 0 {
            self.learners[index].begin_test(self.data.classes.len());
        }
        self.load(test[at..end].iter().copied());
        self.learners[index].test(&self.input, &self.labels, &test[at..end]);
        if end < test.len() {
            self.place = Place::Test { learner: index, at: end };
            return Advance::Part;
        }
        let rate = self.settings.schedule.rate(self.settings.rate, self.epoch);
        self.learners[index].end_epoch(rate, test.len(), self.settings.patience);
        if index + 1 < self.learners.len() {
            self.place = Place::Test { learner: index + 1, at: 0 };
            return Advance::Part;
        }
        self.epoch += 1;
        let all_ended = self.learners.iter().all(|learner| learner.record.ended.is_some());
        if self.epoch < self.settings.epochs && !all_ended {
            self.begin_epoch();
        } else {
            self.place = Place::Done;
        }
        Advance::Epoch
    }
}

impl Learner {
    fn new(network: &Network, tensors: Option<&Tensors>, settings: &CourseSettings) -> Result<Self, TrainingError> {
        let options =
            TrainerOptions { batch: settings.batch, loss: settings.loss.clone(), optimizer: settings.optimizer };
        TrainingMemory::of(network, &options)?.check()?;
        let mut generator = Generator::new(settings.seed);
        let initial = initial_tensors(network, &mut generator);
        let good = tensors.cloned().unwrap_or(initial);
        let trainer = Trainer::new(network, &good, &options)?;
        Ok(Self {
            network: network.clone(),
            trainer,
            generator,
            record: Record::default(),
            good,
            sums: Sums::default(),
            lowest: f64::INFINITY,
            since: 0,
        })
    }

    fn learn(&mut self, input: &[f32], labels: &[u32], rate: f64) {
        if self.record.ended.is_some() || labels.len() < self.trainer.least_samples() {
            return;
        }
        let loss = self.trainer.step(input, Targets::Classes(labels), rate, &mut self.generator);
        self.record.steps += 1;
        if self.record.losses.len() < LOSSES_KEPT {
            self.record.losses.push(loss);
        }
        if !loss.is_finite() {
            self.record.ended = Some(Ended::Lost { step: self.record.steps });
            // They were this network's before.
            let _ = self.trainer.set_tensors(&self.network, &self.good);
            return;
        }
        self.sums.loss += loss * labels.len() as f64;
        self.sums.seen += labels.len() as u32;
        let outputs = self.trainer.outputs();
        let rows = outputs.chunks_exact((outputs.len() / labels.len().max(1)).max(1)).zip(labels);
        self.sums.right += rows.filter(|(row, label)| largest(row) == **label as usize).count() as u32;
    }

    fn begin_test(&mut self, classes: usize) {
        self.record.confusion = vec![0; classes * classes];
        self.record.wrong.clear();
        self.record.epochs.push(Epoch {
            rate: 0.0,
            train_loss: self.sums.loss / f64::from(self.sums.seen.max(1)),
            train_accuracy: f64::from(self.sums.right) / f64::from(self.sums.seen.max(1)),
            test_loss: 0.0,
            test_accuracy: 0.0,
        });
    }

    fn test(&mut self, input: &[f32], labels: &[u32], samples: &[u32]) {
        let classes = self.record.confusion.len().isqrt();
        let outputs = self.trainer.evaluate(input);
        let rows = outputs.chunks_exact((outputs.len() / labels.len().max(1)).max(1));
        for ((row, &label), &sample) in rows.zip(labels).zip(samples) {
            let found = largest(row);
            if let Some(count) = self.record.confusion.get_mut(label as usize * classes + found.min(classes - 1)) {
                *count += 1;
            }
            if found != label as usize && self.record.wrong.len() < WRONG_KEPT {
                self.record.wrong.push((sample, found as u32));
            }
        }
        let loss = self.trainer.loss(Targets::Classes(labels)) * labels.len() as f64;
        if let Some(epoch) = self.record.epochs.last_mut() {
            epoch.test_loss += loss;
        }
    }

    fn end_epoch(&mut self, rate: f64, samples: usize, patience: u32) {
        let classes = self.record.confusion.len().isqrt();
        let right: u32 = (0..classes).map(|class| self.record.confusion[class * classes + class]).sum();
        let Some(epoch) = self.record.epochs.last_mut() else { return };
        epoch.rate = rate;
        epoch.test_loss /= samples.max(1) as f64;
        epoch.test_accuracy = f64::from(right) / samples.max(1) as f64;
        let loss = epoch.test_loss;
        if self.record.ended.is_some() {
            return;
        }
        self.good = self.trainer.tensors();
        self.since = if loss < self.lowest { 0 } else { self.since + 1 };
        self.lowest = self.lowest.min(loss);
        if patience > 0 && self.since >= patience {
            self.record.ended = Some(Ended::Settled);
        }
    }
}

/// The place of the largest value, the first of equal ones.
fn largest(row: &[f64]) -> usize {
    let mut best = 0;
    for (at, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = at;
        }
    }
    best
}
