//! What one thread of this machine can do at most.

use super::kernels::aligned::Aligned;
use super::kernels::crew::Crew;
use super::kernels::matrix::{Finish, MatrixJob, PANEL, Panels, PixelSteps, multiply};

/// A matrix product that stays in the first cache: the practical ceiling of every convolution.
#[derive(Clone, Debug)]
pub struct PeakProbe {
    input: Aligned,
    weight: Aligned,
    output: Aligned,
    memory: Aligned,
}

const PIXELS: usize = 16;
const DEPTH: usize = 256;

/// f32 that are copied: 1 MiB from one half to the other, as far as activations of small networks reach.
const COPIED: usize = 1 << 18;

impl Default for PeakProbe {
    fn default() -> Self {
        let fill = |length: usize, value: f32| {
            let mut values = Aligned::zeros(length);
            values.fill(value);
            values
        };
        Self {
            input: fill(PIXELS * DEPTH, 0.5),
            weight: fill(DEPTH * PANEL, 0.25),
            output: fill(PIXELS * PANEL, 0.0),
            memory: fill(2 * COPIED, 1.0),
        }
    }
}

impl PeakProbe {
    /// Computes so many products and gives the multiply-accumulates done; the caller has the clock.
    pub fn run(&mut self, times: usize) -> u64 {
        let job = MatrixJob {
            batch: 1,
            height: 1,
            width: PIXELS,
            outputs: PANEL,
            segments: &[0],
            depth: DEPTH,
            input: PixelSteps { column: DEPTH, ..PixelSteps::default() },
            output: PixelSteps { column: PANEL, ..PixelSteps::default() },
            residual: PixelSteps::default(),
            finish: Finish::None,
        };
        for _ in 0..times {
            let panels = Panels { weight: &self.weight, bias: &[] };
            multiply(core::hint::black_box(&job), panels, &self.input, &[], &mut self.output, Crew::ALONE);
        }
        (times * PIXELS * DEPTH * PANEL) as u64
    }

    /// Copies so many times and gives the bytes read and written.
    pub fn copy(&mut self, times: usize) -> u64 {
        for _ in 0..times {
            let (from, to) = core::hint::black_box(&mut self.memory[..]).split_at_mut(COPIED);
            to.copy_from_slice(from);
        }
        (times * 2 * COPIED * size_of::<f32>()) as u64
    }
}
