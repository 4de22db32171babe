//! `convscope run MODEL`: the forward pass.

use std::fs;
use std::time::Instant;

use serde::Serialize;

use super::arguments::{Call, Format};
use super::count::sizes;
use super::figures::SCHEMA;
use super::open::open_one;
use super::weights::weights_of;
use super::{Outcome, Stopped, npy};
use crate::cost::units::grouped;
use crate::decimal::fixed;
use crate::engine::{Numbers, Plan, PlanOptions, seeded_input};

/// How long passes are timed, in seconds, and how many of them at most.
const MEASURE: f64 = 0.5;
const MOST_PASSES: usize = 1000;
/// Values of the output that are shown.
const SHOWN: usize = 16;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: &'static str,
    name: &'a str,
    output_shape: &'a [usize],
    /// The first of them.
    output: &'a [f32],
    median_ms: f64,
    passes: usize,
    arena_bytes: usize,
}

pub(super) fn answer(call: &Call) -> Result<(String, Outcome), Stopped> {
    let model = open_one(call)?;
    let weights = weights_of(call, &model)?;
    let numbers = if call.int8 { Numbers::Int8 } else { Numbers::F32 };
    let options = PlanOptions { batch: call.batch, numbers, ..PlanOptions::default() };
    let mut plan = Plan::new(&model.network, &weights, &options).map_err(|error| error.to_string())?;
    let length = plan.input_mut().len();
    let values = match &call.values {
        None => seeded_input(call.seed, 0, length, 1.0),
        Some(path) => {
            let told = |words: String| format!("{}: {words}", path.display());
            let bytes = fs::read(path).map_err(|error| told(error.to_string()))?;
            npy::read(&bytes).map_err(told)?
        }
    };
    plan.set_input(&values).map_err(|error| error.to_string())?;
    plan.run();
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < MOST_PASSES && (times.is_empty() || start.elapsed().as_secs_f64() < MEASURE) {
        let before = Instant::now();
        plan.run();
        times.push(before.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    if let Some(path) = &call.save {
        let bytes = npy::write(plan.output(), plan.output_dims());
        fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let shown = &plan.output()[..plan.output().len().min(SHOWN)];
    let text = if call.format == Format::Json {
        let answer = Answer {
            schema: SCHEMA,
            name: &model.name,
            output_shape: plan.output_dims(),
            output: shown,
            median_ms: median,
            passes: times.len(),
            arena_bytes: plan.arena_bytes(),
        };
        serde_json::to_string(&answer).map_err(|error| error.to_string())? + "\n"
    } else {
        let dims: Vec<u64> = plan.output_dims().iter().map(|&size| size as u64).collect();
        let values: Vec<String> = shown.iter().map(ToString::to_string).collect();
        let more = if shown.len() < plan.output().len() { " ..." } else { "" };
        format!(
            "{}\noutput  {}: {}{more}\nmedian  {} ms of {} passes, one thread\narena   {} bytes\n",
            model.name,
            sizes(&dims),
            values.join(" "),
            fixed(median, 3),
            times.len(),
            grouped(plan.arena_bytes() as u64)
        )
    };
    Ok((text, Outcome::Fine))
}
