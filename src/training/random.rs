//! PyTorch's random numbers on a CPU, draw by draw.
//!
//! Sources: `aten/src/ATen/core/MT19937RNGEngine.h`, `DistributionsHelper.h`, `TransformationHelper.h` and
//! `native/cpu/DistributionTemplates.h` of PyTorch 2.9.1.

const LENGTH: usize = 624;
const MIDDLE: usize = 397;

/// `torch.Generator(device="cpu")`: the Mersenne Twister MT19937.
#[derive(Clone, Debug)]
pub struct Generator {
    state: Box<[u32; LENGTH]>,
    /// How many numbers of the state have been given.
    taken: usize,
    /// The second of two normal values, which the next one is.
    second_normal: Option<f64>,
}

impl Generator {
    /// `torch.manual_seed(seed)`: the low 32 bits decide.
    pub fn new(seed: u64) -> Self {
        let mut state = Box::new([0_u32; LENGTH]);
        state[0] = seed as u32;
        for at in 1..LENGTH {
            let before = state[at - 1];
            state[at] = 1_812_433_253_u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(at as u32);
        }
        Self { state, taken: LENGTH, second_normal: None }
    }

    /// The next 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.taken == LENGTH {
            self.twist();
        }
        let mut bits = self.state[self.taken];
        self.taken += 1;
        bits ^= bits >> 11;
        bits ^= (bits << 7) & 0x9d2c_5680;
        bits ^= (bits << 15) & 0xefc6_0000;
        bits ^ (bits >> 18)
    }

    /// The next 64 bits, the high half first.
    pub fn next_u64(&mut self) -> u64 {
        let high = self.next_u32();
        (u64::from(high) << 32) | u64::from(self.next_u32())
    }

    /// `torch.empty((), dtype=torch.int64).random_()`.
    pub fn next_i64(&mut self) -> i64 {
        (self.next_u64() & (u64::MAX >> 1)) as i64
    }

    /// In [0, 1), 24 bits of it: `torch.rand`.
    pub fn unit_f32(&mut self) -> f32 {
        (self.next_u32() & 0x00ff_ffff) as f32 / 16_777_216.0
    }

    /// In [0, 1), 53 bits of it.
    fn unit_f64(&mut self) -> f64 {
        (self.next_u64() & ((1 << 53) - 1)) as f64 / (1_u64 << 53) as f64
    }

    /// `tensor.uniform_(from, to)` of float32. PyTorch's processors multiply and add with one rounding, and so does this.
    pub fn uniform(&mut self, from: f64, to: f64, values: &mut [f32]) {
        let (from, to) = (from as f32, to as f32);
        let range = f64::from(to - from);
        for value in values {
            // The product has 48 bits and the sum no more than f64 holds.
            *value = (f64::from(self.unit_f32()) * range + f64::from(from)) as f32;
        }
    }

    /// `tensor.normal_(mean, deviation)` of float32. From 16 values on PyTorch takes another way, whose last bits
    /// are the processor's: there these are the nearest values.
    pub fn normal(&mut self, mean: f64, deviation: f64, values: &mut [f32]) {
        const RUN: usize = 16;
        if values.len() < RUN {
            values.iter_mut().for_each(|value| *value = (self.standard_normal() * deviation + mean) as f32);
            return;
        }
        values.iter_mut().for_each(|value| *value = self.unit_f32());
        let whole = values.len() / RUN * RUN;
        for run in values[..whole].chunks_exact_mut(RUN) {
            normal_run(mean, deviation, run);
        }
        if whole < values.len() {
            let start = values.len() - RUN;
            values[start..].iter_mut().for_each(|value| *value = self.unit_f32());
            normal_run(mean, deviation, &mut values[start..]);
        }
    }

    /// One value of `tensor.bernoulli_(probability)`.
    pub fn bernoulli(&mut self, probability: f64) -> bool {
        self.unit_f64() < probability
    }

    /// `torch.randperm(count)`, of fewer than 2^32 / 20.
    pub fn permutation(&mut self, count: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..count as u32).collect();
        for at in 0..count.saturating_sub(1) {
            let other = at + self.next_u32() as usize % (count - at);
            order.swap(at, other);
        }
        order
    }

    /// By Box and Muller; of two the second is kept.
    fn standard_normal(&mut self) -> f64 {
        if let Some(value) = self.second_normal.take() {
            return value;
        }
        let (angle, length) = (self.unit_f64(), self.unit_f64());
        let (angle, length) = (2.0 * std::f64::consts::PI * angle, libm::sqrt(-2.0 * libm::log1p(-length)));
        self.second_normal = Some(length * libm::sin(angle));
        length * libm::cos(angle)
    }

    fn twist(&mut self) {
        let mix = |high: u32, low: u32| {
            let bits = (high & 0x8000_0000) | (low & 0x7fff_ffff);
            (bits >> 1) ^ if low & 1 == 1 { 0x9908_b0df } else { 0 }
        };
        for at in 0..LENGTH {
            let next = mix(self.state[at], self.state[(at + 1) % LENGTH]);
            self.state[at] = self.state[(at + MIDDLE) % LENGTH] ^ next;
        }
        self.taken = 0;
    }
}

/// Sixteen uniform values become normal ones: the first eight are lengths, the others angles.
fn normal_run(mean: f64, deviation: f64, values: &mut [f32]) {
    let (lengths, angles) = values.split_at_mut(8);
    for (length, angle) in lengths.iter_mut().zip(angles) {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - f64::from(*length)));
        let turn = 2.0 * std::f64::consts::PI * f64::from(*angle);
        *length = (radius * libm::cos(turn) * deviation + mean) as f32;
        *angle = (radius * libm::sin(turn) * deviation + mean) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `torch.manual_seed(7)`, then `torch.empty(n).normal_(0.5, 2.0)` and `torch.rand(1)`.
    #[test]
    fn normal_values_are_pytorchs() {
        let cases: [(usize, [f32; 3], f32); 4] = [
            (5, [0.206_409_81, 2.072_282_6, 2.393_643_1], 0.286_839),
            (15, [0.206_409_81, 2.072_282_6, 2.393_643_1], 0.626_650_6),
            (16, [-1.140_269, 1.291_262_4, 2.297_817], 0.720_380_4),
            (37, [-1.140_269, 1.291_262_4, 2.297_817], 0.470_287_5),
        ];
        for (count, first, after) in cases {
            let mut generator = Generator::new(7);
            let mut values = vec![0.0; count];
            generator.normal(0.5, 2.0, &mut values);
            // From sixteen on PyTorch computes them with the processor's vectors, whose logarithm is off by some last bits.
            let last_bits = if count < 16 { 2.0 } else { 8.0 };
            for (found, expected) in values.iter().zip(first) {
                let most = last_bits * f32::EPSILON * expected.abs();
                assert!((found - expected).abs() <= most, "{count}: {found} {expected}");
            }
            assert_eq!(generator.unit_f32(), after, "{count}");
        }
    }

    /// `torch.manual_seed(3)`, then `F.dropout(torch.ones(16), 0.5, True)`.
    #[test]
    fn bernoulli_values_are_pytorchs() {
        let mut generator = Generator::new(3);
        let kept: Vec<u8> = (0..16).map(|_| u8::from(generator.bernoulli(0.5))).collect();
        assert_eq!(kept, [1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1]);
    }
}
