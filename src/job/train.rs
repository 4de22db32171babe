//! Designs that learn in turns from the same batches.

use serde::{Deserialize, Serialize};

use super::control::Control;
use super::pace::Pace;
use super::{Binary, Clock, News, Request};
use crate::model::{Dims, Network};
use crate::share_link;
use crate::training::data::{self, DataError, Dataset, Split};
use crate::training::{
    Advance, Course, CourseSettings, Ended, Loss, Optimizer, Record, Schedule, Tensors, TrainerOptions, TrainingMemory,
    fit_to,
};

/// Train designs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainTask {
    /// As in a link, in the order of the page.
    pub designs: Vec<String>,
    /// The same for all designs.
    pub data: DataTask,
    /// The same for all designs.
    pub settings: TrainSettings,
}

/// What to learn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum DataTask {
    /// The page's file of handwritten digits.
    Digits(Vec<u8>),
    /// Made by a formula in the first design's shape.
    Vibration,
    /// A table as text.
    Own(String),
}

/// The settings of the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "PyTorch's names")]
pub struct TrainSettings {
    /// None at all: only what training would take is found out.
    pub epochs: u32,
    pub batch_size: u32,
    pub lr: f64,
    pub momentum: f64,
    pub weight_decay: f64,
    pub seed: u64,
    /// Seeds one after the other, from `seed` on.
    pub seeds: u32,
    pub optimizer: OptimizerName,
    pub schedule: ScheduleName,
    pub label_smoothing: f64,
    /// Whether a course ends when its test loss no longer falls.
    pub stops_by_itself: bool,
    /// Whether the data are brought to the design's shape instead of the design to the data's.
    pub resamples: bool,
}

/// `torch.optim`'s classes; `Nesterov` is `SGD(nesterov=True)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "PyTorch's names")]
pub enum OptimizerName {
    Sgd,
    Nesterov,
    Adam,
    AdamW,
    RmsProp,
}

/// How the rate changes over the epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScheduleName {
    /// Not at all.
    Constant,
    /// A tenth after each third of the epochs.
    Step,
    /// To 0 at the end, as `CosineAnnealingLR`.
    Cosine,
}

/// What is known so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainReport {
    /// In the order of the task.
    pub designs: Vec<TrainedDesign>,
    /// The same for all designs.
    pub data: DataReport,
    /// How far all of it is, 0 to 1.
    pub progress: f64,
    /// The seed at hand, counted from 0.
    pub seed: u32,
    /// Nothing more is told.
    pub is_done: bool,
}

/// The data in figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataReport {
    /// Of one sample: `[C, H, W]`, `[C, L]`.
    pub shape: Vec<u64>,
    /// Their names, in the order of the network's outputs.
    pub classes: Vec<String>,
    /// Samples of each class.
    pub counts: Vec<u32>,
    /// Samples that are learned from.
    pub train: u32,
    /// Samples that are kept to test on.
    pub test: u32,
    /// What was done to the numbers: `(x - shift) / scale`.
    pub shift: f64,
    /// See [`DataReport::shift`].
    pub scale: f64,
}

/// One design's course.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainedDesign {
    /// As it was trained, as in a link.
    pub network: String,
    /// What was changed so that it takes the data.
    pub changes: Vec<String>,
    /// Why it is not trained.
    pub problem: Option<String>,
    /// Of the seed at hand, or of the last one: loss and accuracy, in training and in the test, and the rate.
    pub epochs: Vec<[f64; 5]>,
    /// Of the first steps, one by one.
    pub losses: Vec<f64>,
    /// Taken so far with the seed at hand.
    pub steps: u32,
    /// Test samples by class and by what they are taken for: row by row.
    pub confusion: Vec<u32>,
    /// Test samples taken for another class: the values, the class, what it was taken for.
    pub wrong: Vec<(Vec<f32>, u32, u32)>,
    /// Why it ended early, in words.
    pub ended: Option<String>,
    /// The last test accuracy of every seed that is done.
    pub accuracies: Vec<f64>,
    /// Bytes, part by part with its formula.
    pub memory: Vec<(String, u64, String)>,
    /// Numbers that learn.
    pub parameters: u64,
    /// The weights of the first seed when all is done: PyTorch's names, sizes, values.
    pub weights: Vec<WeightReport>,
    /// Milliseconds of its steps, and samples in them.
    pub took: f64,
    /// Samples in the milliseconds that [`TrainedDesign::took`] counts.
    pub learned: u64,
}

/// A tensor by PyTorch's name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WeightReport {
    /// `layer1.0.conv1.weight`.
    pub name: String,
    /// No sizes at all for a single number.
    pub shape: Vec<u64>,
    /// Row by row.
    pub values: Vec<f32>,
}

/// Epochs without a lower test loss after which a course ends by itself.
pub(super) const PATIENCE: u32 = 10;
/// The least milliseconds between two reports.
const TELL_INTERVAL: f64 = 120.0;
/// Samples of more values than this are not told one by one.
const LARGEST_SHOWN: usize = 1024;
/// Weights of more values than this stay in the worker.
const MOST_WEIGHTS: usize = 4_000_000;

impl TrainSettings {
    /// What a course is told.
    fn course(&self, seed: u64) -> CourseSettings {
        CourseSettings {
            seed,
            epochs: self.epochs,
            batch: self.batch_size.max(1) as usize,
            rate: self.lr,
            optimizer: self.optimizer(),
            schedule: match self.schedule {
                ScheduleName::Constant => Schedule::Constant,
                ScheduleName::Step => Schedule::Step { step: self.epochs.div_ceil(3).max(1), gamma: 0.1 },
                ScheduleName::Cosine => Schedule::Cosine { period: self.epochs.max(1), lowest: 0.0 },
            },
            loss: self.loss(),
            patience: if self.stops_by_itself { PATIENCE } else { 0 },
        }
    }

    pub(super) fn loss(&self) -> Loss {
        Loss::CrossEntropy { label_smoothing: self.label_smoothing, class_weights: Vec::new() }
    }

    pub(super) fn optimizer(&self) -> Optimizer {
        let (momentum, weight_decay) = (self.momentum, self.weight_decay);
        let (betas, epsilon) = ([0.9, 0.999], 1e-8);
        match self.optimizer {
            OptimizerName::Sgd => Optimizer::Sgd { momentum, dampening: 0.0, nesterov: false, weight_decay },
            OptimizerName::Nesterov => {
                Optimizer::Sgd { momentum, dampening: 0.0, nesterov: momentum > 0.0, weight_decay }
            }
            OptimizerName::Adam => Optimizer::Adam { betas, epsilon, weight_decay },
            OptimizerName::AdamW => Optimizer::AdamW { betas, epsilon, weight_decay },
            OptimizerName::RmsProp => {
                Optimizer::RmsProp { alpha: 0.99, epsilon, weight_decay, momentum, centered: false }
            }
        }
    }

    /// What training a network would take in memory, or why it cannot be trained.
    ///
    /// # Errors
    /// In words.
    pub fn memory(&self, network: &Network) -> Result<TrainingMemory, String> {
        let options =
            TrainerOptions { batch: self.batch_size.max(1) as usize, loss: self.loss(), optimizer: self.optimizer() };
        TrainingMemory::of(network, &options).map_err(|error| error.to_string())
    }
}

impl DataTask {
    /// The samples; `shape` is what a formula makes.
    fn load(&self, shape: &Dims) -> Result<Dataset, DataError> {
        match self {
            Self::Digits(bytes) => data::digits(bytes),
            Self::Vibration => Ok(data::vibration(shape, 0)),
            Self::Own(text) => data::table(text),
        }
    }
}

impl Request for TrainTask {
    type Reply = TrainReport;
    type Wire = Self;
    const BINARY: Binary = Binary::Trainer;

    async fn answer(&self, clock: Clock<'_>, tell: &mut dyn FnMut(News<TrainReport>)) -> Result<TrainReport, String> {
        Control::clear();
        let mut pace = Pace::new(clock);
        let networks = self.networks()?;
        let first = networks.first().ok_or("There is no design to train.")?.input;
        let mut dataset = self.data.load(&first).map_err(|error| error.to_string())?;
        if self.settings.resamples && dataset.shape != first {
            dataset = dataset.resampled(&first);
        }
        let split = dataset.split(self.settings.seed).map_err(|error| error.to_string())?;
        let mut report = TrainReport { data: data_report(&dataset, &split), ..TrainReport::default() };
        let mut trained = Vec::new();
        for (index, network) in networks.iter().enumerate() {
            let fit = fit_to(network, &dataset.shape, dataset.classes.len());
            let mut design = TrainedDesign {
                network: share_link::encode_design(&fit.network),
                changes: fit.changes,
                ..TrainedDesign::default()
            };
            match self.settings.memory(&fit.network).and_then(|memory| {
                memory.check().map_err(|error| error.to_string())?;
                Ok(memory)
            }) {
                Ok(memory) => {
                    let parts = memory.parts.iter();
                    design.memory =
                        parts.map(|part| (part.name.to_string(), part.bytes, part.formula.clone())).collect();
                    trained.push((index, fit.network));
                }
                Err(words) => design.problem = Some(words),
            }
            report.designs.push(design);
        }
        if trained.is_empty() || self.settings.epochs == 0 {
            report.is_done = true;
            return Ok(report);
        }
        tell(News::Told(report.clone()));
        let seeds = self.settings.seeds.max(1);
        for seed in 0..seeds {
            report.seed = seed;
            self.run_seed(&trained, (&dataset, &split), &mut report, &mut pace, tell).await?;
            if Control::wants_finish() {
                break;
            }
        }
        report.is_done = true;
        report.progress = 1.0;
        Ok(report)
    }
}

impl TrainTask {
    fn networks(&self) -> Result<Vec<Network>, String> {
        let read = |text: &String| match share_link::decode_design(text) {
            (network, problems) if problems.is_empty() => Ok(network),
            (_, problems) => Err(problems.first().map(ToString::to_string).unwrap_or_default()),
        };
        self.designs.iter().map(read).collect()
    }

    /// All designs from one seed.
    async fn run_seed(
        &self,
        trained: &[(usize, Network)],
        data: (&Dataset, &Split),
        report: &mut TrainReport,
        pace: &mut Pace<'_>,
        tell: &mut dyn FnMut(News<TrainReport>),
    ) -> Result<(), String> {
        let settings = self.settings.course(self.settings.seed.wrapping_add(report.seed.into()));
        let networks: Vec<(Network, Option<Tensors>)> =
            trained.iter().map(|(_, network)| (network.clone(), None)).collect();
        let mut course = Course::new(&networks, data, &settings).map_err(|errors| {
            errors.into_iter().flatten().next().map_or_else(String::new, |error| error.to_string())
        })?;
        let mut told = pace.now();
        let mut finishing = false;
        while !course.is_done() {
            if let Some(rate) = Control::new_rate() {
                course.set_rate(rate);
            }
            if Control::wants_finish() && !std::mem::replace(&mut finishing, true) {
                course.finish();
            }
            let before = pace.now();
            let advance = course.advance();
            let now = pace.now();
            for (design, _) in trained {
                report.designs[*design].took += (now - before) / trained.len() as f64;
            }
            let is_step = advance != Advance::Part;
            if is_step && (Control::is_stepping() || advance == Advance::Epoch || now - told > TELL_INTERVAL) {
                told = now;
                self.fill(report, trained, &course, data.0);
                tell(News::Told(report.clone()));
            }
            if is_step && Control::is_stepping() {
                Control::wait();
                pace.pause().await;
            } else {
                pace.pause_at_times().await;
            }
        }
        self.fill(report, trained, &course, data.0);
        for (learner, (design, network)) in trained.iter().enumerate() {
            let accuracy = course.record(learner).epochs.last().map(|epoch| epoch.test_accuracy);
            report.designs[*design].accuracies.extend(accuracy);
            if report.seed == 0 {
                report.designs[*design].weights = weights(network, &course.tensors(learner));
            }
        }
        Ok(())
    }

    fn fill(&self, report: &mut TrainReport, trained: &[(usize, Network)], course: &Course, data: &Dataset) {
        let seeds = f64::from(self.settings.seeds.max(1));
        report.progress = (f64::from(report.seed) + course.progress()) / seeds;
        for (learner, (design, _)) in trained.iter().enumerate() {
            let Record { losses, steps, epochs, confusion, wrong, ended } = course.record(learner);
            let shown = &mut report.designs[*design];
            shown.epochs = epochs
                .iter()
                .map(|epoch| [epoch.train_loss, epoch.train_accuracy, epoch.test_loss, epoch.test_accuracy, epoch.rate])
                .collect();
            if report.seed == 0 {
                shown.losses.clone_from(losses);
            }
            shown.steps = *steps;
            shown.learned = u64::from(*steps) * u64::from(self.settings.batch_size);
            shown.confusion.clone_from(confusion);
            let shown_wrong = wrong.iter().map(|&(sample, found)| {
                (data.sample(sample).to_vec(), data.labels.get(sample as usize).copied().unwrap_or(0), found)
            });
            shown.wrong = if data.length() > LARGEST_SHOWN { Vec::new() } else { shown_wrong.collect() };
            shown.ended = ended.map(|ended| match ended {
                Ended::Settled => format!("ended by itself: the test loss had not fallen for {PATIENCE} epochs"),
                Ended::Lost { step } => format!(
                    "the loss of step {step} is no number: the rate is too high for this design; its weights are those of the last whole epoch"
                ),
            });
        }
    }
}

fn data_report(dataset: &Dataset, split: &Split) -> DataReport {
    DataReport {
        shape: dataset.shape.sizes().to_vec(),
        classes: dataset.classes.clone(),
        counts: dataset.counts().into_iter().map(|count| count as u32).collect(),
        train: split.train.len() as u32,
        test: split.test.len() as u32,
        shift: dataset.normalization.shift,
        scale: dataset.normalization.scale,
    }
}

/// Tensors by PyTorch's names, where they are not too many to hand over.
fn weights(network: &Network, tensors: &Tensors) -> Vec<WeightReport> {
    let total: usize = tensors.values().flatten().map(Vec::len).sum();
    if total > MOST_WEIGHTS {
        return Vec::new();
    }
    let slots = crate::training::slots_of(network);
    let named = slots.into_iter().filter_map(|slot| {
        let values = tensors.get(&slot.node)?.get(slot.place)?.clone();
        Some(WeightReport { name: slot.name, shape: slot.shape, values })
    });
    named.collect()
}
