//! Vibrations of a machine, made by a formula.

use crate::model::Dims;
use crate::training::random::Generator;

use super::{Dataset, Normalization};

/// The kinds.
pub const VIBRATIONS: [&str; 3] = ["even", "unbalanced", "bearing"];

/// Samples of each kind.
const EACH: usize = 200;

/// Made up, at any shape: a turning machine that runs evenly (one faint tone), that is out of balance (a strong tone
/// and its double), and one whose bearing knocks (short bursts at an even distance). Phase, speed, loudness and noise are
/// drawn; along the last dimension lies time, rows and channels see the same machine later.
pub fn vibration(shape: &Dims, seed: u64) -> Dataset {
    let sizes = shape.sizes();
    let time = sizes.last().map_or(1, |&size| size as usize);
    let lines = (shape.elements().unwrap_or(1) as usize / time.max(1)).max(1);
    let mut generator = Generator::new(seed);
    let mut inputs = Vec::with_capacity(VIBRATIONS.len() * EACH * time * lines);
    let mut labels = Vec::new();
    for sample in 0..VIBRATIONS.len() * EACH {
        let kind = sample % VIBRATIONS.len();
        let mut drawn = |from: f64, to: f64| from + (to - from) * f64::from(generator.unit_f32());
        let (turns, phase, loud) = (drawn(3.0, 7.0), drawn(0.0, 1.0), drawn(0.7, 1.3));
        let (knocks, ring) = (drawn(5.0, 9.0), drawn(18.0, 30.0));
        let mut noise = vec![0.0; lines * time];
        generator.normal(0.0, 0.35, &mut noise);
        for line in 0..lines {
            for at in 0..time {
                let moment = (at as f64 / time as f64) + line as f64 * 0.037;
                let angle = std::f64::consts::TAU * (turns * moment + phase);
                let clean = match kind {
                    0 => 0.4 * libm::sin(angle),
                    1 => libm::sin(angle) + 0.5 * libm::sin(2.0 * angle + 0.6),
                    _ => {
                        let since = (knocks * moment + phase).fract() / knocks;
                        let burst = libm::exp(-25.0 * since) * libm::sin(std::f64::consts::TAU * ring * since);
                        0.4 * libm::sin(angle) + 1.4 * burst
                    }
                };
                inputs.push((loud * clean) as f32 + noise[line * time + at]);
            }
        }
        labels.push(kind as u32);
    }
    let classes = VIBRATIONS.map(str::to_string).to_vec();
    Dataset { shape: *shape, classes, inputs, labels, normalization: Normalization::NONE }
}
