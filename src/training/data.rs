//! What networks learn from: samples with their classes, split and normalised.

mod digits;
mod table;
mod vibration;

pub use digits::digits;
pub use table::table;
pub use vibration::{VIBRATIONS, vibration};

use crate::model::Dims;

use super::random::Generator;

/// Samples with their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Of one sample, without the batch dimension.
    pub shape: Dims,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// Sample after sample.
    pub inputs: Vec<f32>,
    /// The class of each sample.
    pub labels: Vec<u32>,
    /// What was done to the numbers.
    pub normalization: Normalization,
}

/// `(x - shift) / scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the formula says it")]
pub struct Normalization {
    pub shift: f64,
    pub scale: f64,
}

/// Which samples are learned from, and which are kept to test on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Samples by index, to learn from.
    pub train: Vec<u32>,
    /// Samples by index, to test on.
    pub test: Vec<u32>,
}

/// Why data cannot be taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum DataError {
    #[error("the digits could not be read: the file is not the page's")]
    Digits,
    #[error(
        "line {line}: {found} values where the lines above have {expected}; every line is a class and the same number of values"
    )]
    Ragged { line: usize, expected: usize, found: usize },
    #[error(
        "line {line}: {text:?} is no number; a line is a class and then numbers, with commas, semicolons or tabs between them"
    )]
    NoNumber { line: usize, text: String },
    #[error("line {line}: no value stands behind the class")]
    NoValues { line: usize },
    #[error("there is only one class ({class:?}): the first column is the class, and at least two are needed")]
    OneClass { class: String },
    #[error("class {class:?} has {found} sample: each needs 2 or more, one to learn from and one to test on")]
    Rare { class: String, found: usize },
    #[error("the text has no line with a class and values")]
    Empty,
    #[error("{what} is {found}, more than the {limit} that are taken here")]
    TooMany { what: &'static str, found: usize, limit: usize },
}

impl Normalization {
    /// Leaves numbers as they are.
    pub const NONE: Self = Self { shift: 0.0, scale: 1.0 };
}

impl Dataset {
    /// How many samples there are.
    pub fn samples(&self) -> usize {
        self.labels.len()
    }

    /// Values of one sample.
    pub fn length(&self) -> usize {
        self.shape.elements().unwrap_or(0) as usize
    }

    /// One sample.
    pub fn sample(&self, index: u32) -> &[f32] {
        let length = self.length();
        self.inputs.get(index as usize * length..).and_then(|rest| rest.get(..length)).unwrap_or_default()
    }

    /// How many samples each class has.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for &label in &self.labels {
            if let Some(count) = counts.get_mut(label as usize) {
                *count += 1;
            }
        }
        counts
    }

    /// A fifth of each class, but at least one sample, is kept to test on. In PyTorch: with one generator of this seed,
    /// `torch.randperm` of each class in turn, whose first ones are kept.
    ///
    /// # Errors
    /// Where a class has too few samples.
    pub fn split(&self, seed: u64) -> Result<Split, DataError> {
        let mut generator = Generator::new(seed);
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for (class, name) in self.classes.iter().enumerate() {
            let of_class = |&sample: &u32| self.labels[sample as usize] as usize == class;
            let own: Vec<u32> = (0..self.labels.len() as u32).filter(of_class).collect();
            if own.len() < 2 {
                return Err(DataError::Rare { class: name.clone(), found: own.len() });
            }
            let order = generator.permutation(own.len());
            let kept = (own.len() / 5).max(1);
            test.extend(order[..kept].iter().map(|&at| own[at as usize]));
            train.extend(order[kept..].iter().map(|&at| own[at as usize]));
        }
        train.sort_unstable();
        test.sort_unstable();
        Ok(Split { train, test })
    }

    /// Every sample in another shape of as many channels or not: along each of the last two dimensions the values between
    /// are found by straight lines, missing channels repeat the last one.
    #[must_use]
    pub fn resampled(&self, shape: &Dims) -> Self {
        let map = |dims: &Dims| match *dims.sizes() {
            [channels, height, width] => [channels as usize, height as usize, width as usize],
            [channels, width] => [channels as usize, 1, width as usize],
            _ => [1, 1, dims.elements().unwrap_or(0) as usize],
        };
        let ([from_channels, from_height, from_width], [channels, height, width]) = (map(&self.shape), map(shape));
        let place = |at: usize, size: usize, from: usize| {
            let place =
                if size > 1 { at as f64 * (from - 1) as f64 / (size - 1) as f64 } else { (from - 1) as f64 / 2.0 };
            let first = (place as usize).min(from - 1);
            (first, (first + 1).min(from - 1), place - first as f64)
        };
        let mut inputs = Vec::with_capacity(self.samples() * channels * height * width);
        for sample in self.inputs.chunks_exact(self.length().max(1)) {
            for channel in 0..channels {
                let plane = channel.min(from_channels - 1) * from_height * from_width;
                for y in 0..height {
                    let (top, bottom, down) = place(y, height, from_height);
                    for x in 0..width {
                        let (left, right, across) = place(x, width, from_width);
                        let row = |row: usize| {
                            let at = |column: usize| f64::from(sample[plane + row * from_width + column]);
                            at(left) * (1.0 - across) + at(right) * across
                        };
                        inputs.push((row(top) * (1.0 - down) + row(bottom) * down) as f32);
                    }
                }
            }
        }
        Self { shape: *shape, inputs, ..self.clone() }
    }
}
