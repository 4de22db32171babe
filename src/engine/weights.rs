//! Parameters of a network: made from a seed by a fixed rule, or given.
//!
//! Every tensor is filled from integers, so the same seed gives the same weights on every machine. Value `i` of
//! stream `t` begins with the 24 top bits of SplitMix64's finalizer over `t * 2^32 + i`. Streams are numbered in
//! registration order: parameters from 0, float buffers from 2^30, inputs from 2^31. Seed 0 is the rule itself; any
//! other seed s changes the keys by exclusive or with the finalizer of s.

use std::collections::HashMap;

use super::error::EngineError;
use crate::model::NodeId;

/// The stream of a network's first float buffer.
pub const FIRST_BUFFER_STREAM: u64 = 1 << 30;
/// The stream of a network's input.
pub const INPUT_STREAM: u64 = 1 << 31;

/// Where parameters and buffers come from.
#[derive(Clone, Debug)]
pub enum WeightSource {
    /// By a rule, from a seed.
    Seeded(Seeding),
    /// The tensors of each node that has any, in the order weight, bias, running mean, running variance.
    Given(HashMap<NodeId, Vec<Vec<f32>>>),
}

/// How seeded weights are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Seeding {
    /// Equal seeds give equal weights, on every machine.
    pub seed: u64,
    /// Weights are uniform in ±sqrt(gain / fan-in). 1 is PyTorch's default; 6 keeps signals alive in deep networks.
    pub gain: f64,
    /// Streams of the nodes whose parameters are not registered in execution order, as in [`WeightSource::Given`].
    pub streams: HashMap<NodeId, Vec<u64>>,
}

/// Which rule fills a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// `r * sqrt(gain / fan_in)`.
    Uniform { fan_in: usize },
    /// `0.5 + u`: scales of norms, running variances.
    Scale,
    /// `r * 0.1`: shifts of norms, running means.
    Shift,
    /// `0.5 * u`: slopes of PReLU.
    Slope,
}

/// A parameter or buffer of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorRule {
    pub name: &'static str,
    pub length: usize,
    pub rule: Rule,
    pub is_buffer: bool,
}

/// Hands out the tensors of one node after another, in registration order.
pub(super) struct WeightReader<'a> {
    source: &'a WeightSource,
    next_parameter: u64,
    next_buffer: u64,
}

impl Default for Seeding {
    fn default() -> Self {
        Self { seed: 0, gain: 1.0, streams: HashMap::new() }
    }
}

impl<'a> WeightReader<'a> {
    pub(super) fn new(source: &'a WeightSource) -> Self {
        Self { source, next_parameter: 0, next_buffer: FIRST_BUFFER_STREAM }
    }

    /// The streams the next node gets if nothing else is said.
    pub(super) fn register(&mut self, rules: &[TensorRule]) -> Vec<u64> {
        let mut take = |rule: &TensorRule| {
            let next = if rule.is_buffer { &mut self.next_buffer } else { &mut self.next_parameter };
            *next += 1;
            *next - 1
        };
        rules.iter().map(&mut take).collect()
    }

    /// The tensors of a node, whose streams are `registered` unless the source says otherwise.
    pub(super) fn read(
        &self,
        id: NodeId,
        name: &str,
        rules: &[TensorRule],
        registered: &[u64],
    ) -> Result<Vec<Vec<f32>>, EngineError> {
        let seeding = match self.source {
            WeightSource::Seeded(seeding) => seeding,
            WeightSource::Given(tensors) => {
                let tensors = tensors.get(&id).map_or(&[] as &[_], Vec::as_slice);
                return rules
                    .iter()
                    .enumerate()
                    .map(|(index, rule)| {
                        let found = tensors.get(index).map_or(&[] as &[f32], Vec::as_slice);
                        if found.len() == rule.length {
                            return Ok(found.to_vec());
                        }
                        let (parameter, expected) = (rule.name, rule.length);
                        Err(EngineError::WeightLength {
                            node: name.to_string(),
                            parameter,
                            expected,
                            found: found.len(),
                        })
                    })
                    .collect();
            }
        };
        let streams = seeding.streams.get(&id).filter(|streams| streams.len() == rules.len());
        let streams = streams.map_or(registered, Vec::as_slice);
        Ok(rules.iter().zip(streams).map(|(rule, &stream)| seeding.tensor(rule, stream)).collect())
    }
}

impl Seeding {
    /// The values of one tensor.
    pub fn tensor(&self, rule: &TensorRule, stream: u64) -> Vec<f32> {
        let numbers = Numbers { stream, twist: finalize(self.seed) };
        let fill = |value: &dyn Fn(u64) -> f64| (0..rule.length as u64).map(|index| value(index) as f32).collect();
        match rule.rule {
            Rule::Uniform { fan_in } => {
                let bound = 1.0 / (fan_in as f64 / self.gain).sqrt();
                fill(&|index| numbers.signed(index) * bound)
            }
            Rule::Scale => fill(&|index| 0.5 + numbers.unsigned(index)),
            Rule::Shift => fill(&|index| numbers.signed(index) * 0.1),
            Rule::Slope => fill(&|index| 0.5 * numbers.unsigned(index)),
        }
    }
}

/// An input of seeded values, uniform in ±scale; `number` counts the inputs of one seed from 0.
pub fn seeded_input(seed: u64, number: u64, length: usize, scale: f64) -> Vec<f32> {
    let numbers = Numbers { stream: INPUT_STREAM + number, twist: finalize(seed) };
    (0..length as u64).map(|index| (numbers.signed(index) * scale) as f32).collect()
}

// Once for every weight: planning would else take a tenth longer.
struct Numbers {
    stream: u64,
    twist: u64,
}

impl Numbers {
    #[inline(always)]
    fn top_bits(&self, index: u64) -> u64 {
        let key = (self.stream << 32).wrapping_add(index) ^ self.twist;
        finalize(key.wrapping_add(0x9E37_79B9_7F4A_7C15)) >> 40
    }

    /// In [0, 1).
    #[inline(always)]
    fn unsigned(&self, index: u64) -> f64 {
        self.top_bits(index) as f64 / (1_u64 << 24) as f64
    }

    /// In [-1, 1).
    #[inline(always)]
    fn signed(&self, index: u64) -> f64 {
        let half = (1_u64 << 23) as f64;
        (self.top_bits(index) as f64 - half) / half
    }
}

/// SplitMix64's finalizer; 0 stays 0.
#[inline(always)]
fn finalize(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_gives_the_reference_values() {
        let value = |stream, index: usize, rule, gain| {
            let rule = TensorRule { name: "", length: index + 1, rule, is_buffer: false };
            Seeding { gain, ..Seeding::default() }.tensor(&rule, stream)[index]
        };
        assert_eq!(value(0, 0, Rule::Uniform { fan_in: 4 }, 1.0), 0.383_310_8);
        assert_eq!(value(0, 0, Rule::Uniform { fan_in: 4 }, 6.0), 0.938_915_85);
        assert_eq!(value(2, 0, Rule::Scale, 1.0), 1.405_065_2);
        assert_eq!(value(3, 3, Rule::Shift, 1.0), -0.069_785_44);
        assert_eq!(value(12, 10943, Rule::Uniform { fan_in: 304 }, 1.0), -0.051_027_387);
        assert_eq!(value(15, 2, Rule::Uniform { fan_in: 36 }, 1.0), 0.061_079_662);
        assert_eq!(value(FIRST_BUFFER_STREAM, 0, Rule::Shift, 1.0), -0.099_480_25);
        assert_eq!(value(FIRST_BUFFER_STREAM + 5, 15, Rule::Scale, 1.0), 1.043_698_8);
        assert_eq!(seeded_input(0, 0, 1, 1.0), [-0.436_561_58]);
        assert_ne!(seeded_input(1, 0, 1, 1.0), seeded_input(0, 0, 1, 1.0));
    }
}
