//! The engine for benchmarks: a network comes in as numbers, runs are plain calls.
//!
//! JavaScript writes a description into memory from [`reserve`], calls [`load`], then copies inputs to
//! [`input_address`], calls [`run`] and reads outputs at [`output_address`].

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::AtomicU32;

use convscope::engine::kernels::crew::{self, Crew, Signals};
use convscope::engine::{Kernels, Numbers, PeakProbe, Plan, PlanOptions, Seeding, WeightSource};
use convscope::model::presets;
use convscope::model::{
    AdaptiveAvgPool2d, Call, Cat, Channels, Conv2d, Dims, Flatten, Groups, Inputs, Kind, Layer, Linear, MaxPool2d,
    Network, Node, NodeId, Padding, Pair, Sides, Source, ZeroPad2d,
};

#[derive(Default)]
struct State {
    description: Vec<i32>,
    weights: Vec<f32>,
    plan: Option<Plan>,
    times: Vec<f64>,
    peak: PeakProbe,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::default());
}

/// Room for so many numbers of description.
#[unsafe(no_mangle)]
pub extern "C" fn reserve_description(length: usize) -> *mut i32 {
    STATE.with_borrow_mut(|state| {
        state.description = vec![0; length];
        state.description.as_mut_ptr()
    })
}

/// Room for so many weights.
#[unsafe(no_mangle)]
pub extern "C" fn reserve_weights(length: usize) -> *mut f32 {
    STATE.with_borrow_mut(|state| {
        state.weights = vec![0.0; length];
        state.weights.as_mut_ptr()
    })
}

/// Plans the described network; 0 where that fails. `options` as in [`plan_options`].
#[unsafe(no_mangle)]
pub extern "C" fn load(options: u32) -> u32 {
    STATE.with_borrow_mut(|state| {
        let description = std::mem::take(&mut state.description);
        let weights = std::mem::take(&mut state.weights);
        let (network, weights) = Description { numbers: &description, at: 0 }.network(&weights);
        state.plan = Plan::new(&network, &weights, &plan_options(options)).ok();
        u32::from(state.plan.is_some())
    })
}

/// Plans the preset of this index with seeded weights; its MACs, or a negative number where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn load_preset(index: usize, options: u32) -> f64 {
    STATE.with_borrow_mut(|state| {
        let Some(preset) = presets::all().get(index) else { return -1.0 };
        let weights = WeightSource::Seeded(Seeding { gain: 6.0, ..Seeding::default() });
        // The memory of the last plan is free before the next one wants its own.
        state.plan = None;
        state.plan = Plan::new(&preset.network(), &weights, &plan_options(options)).ok();
        state.plan.as_ref().map_or(-1.0, |plan| plan.steps().iter().map(|step| step.macs as f64).sum())
    })
}

/// Plans the preset of this index so many times, each time after an edit of its first convolution; how many plans there
/// were.
#[unsafe(no_mangle)]
pub extern "C" fn replan(index: usize, times: usize) -> usize {
    STATE.with_borrow_mut(|state| {
        let Some(preset) = presets::all().get(index) else { return 0 };
        let weights = WeightSource::Seeded(Seeding::default());
        let mut network = preset.network();
        let mut plans = 0;
        for time in 0..times {
            let first = network.nodes.iter_mut().find_map(|node| match &mut node.layer {
                Layer::Conv2d(conv) => Some(conv),
                _ => None,
            });
            let Some(conv) = first else { return plans };
            conv.kernel_size = Pair::square(1 + time as i64 % 2);
            state.plan = Plan::new(&network, &weights, &plan_options(0)).ok();
            plans += usize::from(state.plan.is_some());
        }
        plans
    })
}

/// The name of a preset, as [`step_kernel`] gives names; empty behind the last.
#[unsafe(no_mangle)]
pub extern "C" fn preset_name(index: usize) -> u64 {
    let name = presets::all().get(index).map_or("", |preset| preset.id);
    (name.len() as u64) << 32 | name.as_ptr() as u64
}

/// Multiply-accumulates of so many products in the first cache.
#[unsafe(no_mangle)]
pub extern "C" fn calibrate(times: usize) -> f64 {
    STATE.with_borrow_mut(|state| state.peak.run(times) as f64)
}

#[unsafe(no_mangle)]
pub extern "C" fn input_address() -> *mut f32 {
    STATE
        .with_borrow_mut(|state| state.plan.as_mut().map_or(std::ptr::null_mut(), |plan| plan.input_mut().as_mut_ptr()))
}

#[unsafe(no_mangle)]
pub extern "C" fn output_address() -> *const f32 {
    STATE.with_borrow(|state| state.plan.as_ref().map_or(std::ptr::null(), |plan| plan.output().as_ptr()))
}

#[unsafe(no_mangle)]
pub extern "C" fn run() {
    STATE.with_borrow_mut(|state| {
        if let Some(plan) = &mut state.plan {
            plan.run();
        }
    });
}

unsafe extern "C" {
    /// Milliseconds.
    fn now() -> f64;
    /// Wakes all who wait for a change of the number at this address.
    fn wake(address: *const u32);
}

/// Parts of steps for the thread of this number, until there are none for a while. It then waits for a change of the number
/// at [`bell`], which is what this gives.
#[unsafe(no_mangle)]
pub extern "C" fn help(member: usize) -> u32 {
    crew::SHARED.help(member)
}

#[unsafe(no_mangle)]
pub extern "C" fn bell() -> *const u32 {
    crew::SHARED.bell().as_ptr()
}

/// Where the stack of another thread begins.
#[unsafe(no_mangle)]
pub extern "C" fn stack() -> usize {
    crew::stack()
}

/// Parts that helpers have done.
#[unsafe(no_mangle)]
pub extern "C" fn helped() -> u32 {
    crew::SHARED.helped()
}

fn crew_of(members: u32) -> Crew {
    // SAFETY: the import takes and keeps nothing.
    let wake = |bell: &AtomicU32| unsafe { wake(bell.as_ptr()) };
    // A page may not wait.
    let signals = Signals { wake, wait: || {}, call: || {}, lost: || {} };
    if members > 1 { Crew::new(&crew::SHARED, signals, members as usize) } else { Crew::ALONE }
}

/// Runs so often with a clock.
#[unsafe(no_mangle)]
pub extern "C" fn time_steps(runs: usize) {
    STATE.with_borrow_mut(|state| {
        let Some(plan) = &mut state.plan else { return };
        state.times = vec![0.0; plan.steps().len()];
        for _ in 0..runs {
            // SAFETY: the import takes and keeps nothing.
            plan.run_timed(&mut || unsafe { now() }, &mut state.times);
        }
        state.times.iter_mut().for_each(|time| *time /= runs as f64);
    });
}

/// Mean milliseconds of a step in the last [`time_steps`].
#[unsafe(no_mangle)]
pub extern "C" fn step_time(step: usize) -> f64 {
    STATE.with_borrow(|state| state.times.get(step).copied().unwrap_or(-1.0))
}

/// Multiply-accumulates of a step.
#[unsafe(no_mangle)]
pub extern "C" fn step_macs(step: usize) -> f64 {
    STATE.with_borrow(|state| {
        state.plan.as_ref().and_then(|plan| plan.steps().get(step)).map_or(-1.0, |step| step.macs as f64)
    })
}

/// The name of a step's kernel: its address, and its length in the upper bits.
#[unsafe(no_mangle)]
pub extern "C" fn step_kernel(step: usize) -> u64 {
    STATE.with_borrow(|state| {
        let name = state.plan.as_ref().and_then(|plan| plan.steps().get(step)).map_or("", |step| step.choice.kernel());
        (name.len() as u64) << 32 | name.as_ptr() as u64
    })
}

/// Bit 0: reference kernels; bit 1: nothing fused; bit 2: 8-bit numbers; from bit 8 on how many threads.
fn plan_options(bits: u32) -> PlanOptions {
    PlanOptions {
        batch: 1,
        fuse: bits & 2 == 0,
        kernels: if bits & 1 == 0 { Kernels::Fast } else { Kernels::Reference },
        numbers: if bits & 4 == 0 { Numbers::F32 } else { Numbers::Int8 },
        crew: crew_of(bits >> 8),
    }
}

struct Description<'a> {
    numbers: &'a [i32],
    at: usize,
}

impl Description<'_> {
    fn next(&mut self) -> i64 {
        self.at += 1;
        i64::from(self.numbers[self.at - 1])
    }

    fn pair(&mut self) -> Pair {
        let height = self.next();
        Pair::new(height, self.next())
    }

    /// The input's C, H, W; then for each node: what it is, its inputs (0 is the network's, 1 the first node's ...), its
    /// numbers, and where its weights begin.
    fn network(mut self, weights: &[f32]) -> (Network, WeightSource) {
        let input: Vec<u64> = (0..3).map(|_| self.next() as u64).collect();
        let input = Dims::new(&input).expect("three sizes");
        let mut network = Network { name: String::new(), input, nodes: Vec::new(), uncalled: Vec::new() };
        let mut tensors = HashMap::new();
        while self.at < self.numbers.len() {
            let id = NodeId(network.nodes.len() as u32 + 1);
            let operation = self.next();
            let inputs = self.next();
            let sources = (0..inputs).map(|_| match self.next() {
                0 => Source::Input,
                node => Source::Node(NodeId(node as u32)),
            });
            let inputs = Inputs::From(sources.collect());
            let layer = self.layer(operation);
            if matches!(layer, Layer::Conv2d(_) | Layer::Linear(_)) {
                let lists = (0..2).map(|_| {
                    let (offset, length) = (self.next() as usize, self.next() as usize);
                    weights[offset..offset + length].to_vec()
                });
                tensors.insert(id, lists.collect());
            }
            network.nodes.push(Node { id, name: format!("node{}", id.0), layer, call: Call::Module, inputs });
        }
        (network, WeightSource::Given(tensors))
    }

    fn layer(&mut self, operation: i64) -> Layer {
        match operation {
            0 => {
                let (outputs, groups) = (self.next(), self.next());
                Conv2d {
                    out_channels: Channels::Count(outputs),
                    groups: Groups::Count(groups),
                    kernel_size: self.pair(),
                    stride: self.pair(),
                    padding: Padding::Explicit(self.pair()),
                    dilation: self.pair(),
                    ..Conv2d::default()
                }
                .into()
            }
            1 => Linear { out_features: self.next(), bias: true }.into(),
            2 => MaxPool2d {
                kernel_size: self.pair(),
                stride: Some(self.pair()),
                padding: self.pair(),
                ceil_mode: self.next() != 0,
                ..MaxPool2d::default()
            }
            .into(),
            3 => Kind::Add.layer(),
            4 => AdaptiveAvgPool2d::default().into(),
            5 => Flatten::default().into(),
            6 => Cat::default().into(),
            7 => Kind::ReLU.layer(),
            8 => Kind::ReLU6.layer(),
            9 => {
                let (top, left, bottom, right) = (self.next(), self.next(), self.next(), self.next());
                ZeroPad2d { padding: Sides { left, right, top, bottom } }.into()
            }
            other => panic!("no operation {other}"),
        }
    }
}
