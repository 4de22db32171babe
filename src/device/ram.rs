//! What a network's tensors take in the RAM of a device.

use crate::cost::Report;
use crate::keras::{Fill, Function, Program, lower};
use crate::model::Network;

use super::tflite::{Converted, convert};
use super::timings::PLANNED;

/// The int8 arena of a network, for a batch of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Int8Ram {
    /// Bytes of tensors and scratch: the head of TensorFlow Lite Micro's arena where its rules apply, else the plan of the
    /// tensors alone.
    pub arena: u64,
    /// The plan of the tensors alone, greedy by size, 16-byte aligned: batch norms and activations folded into the layers
    /// before them, no padding and no scratch. What other runtimes are compared with.
    pub plain: u64,
    /// The most bytes of tensors alive at once: no planner can do with less for this order of layers.
    pub bound: u64,
    /// The node at which most is alive, by index.
    pub peak_at: Option<u32>,
    /// What the arena takes where the input stays in 32-bit floats and is quantised on the device.
    pub with_float_input: u64,
    /// Whose rules it follows.
    pub basis: Basis,
}

/// What the arena follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// TensorFlow Lite Micro's own rules.
    Runtime {
        /// The head where strided layers pad as TensorFlow's "same", where that is less.
        with_same: Option<u64>,
        /// What the runtime itself keeps in the arena, on a host of 64 bits, as an estimate.
        tail: u64,
        /// Bytes of the .tflite file, as an estimate.
        file: u64,
    },
    /// The plan of the tensors alone, because TensorFlow Lite Micro cannot run the network: why.
    Tensors(String),
}

/// Published arenas of a vendor's planner, in times of the plan of the tensors made here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RamBand {
    /// The smallest of them, as a factor.
    pub low: f64,
    /// The largest of them, as a factor.
    pub high: f64,
    /// How many networks it was taken from.
    pub networks: usize,
}

/// What the runtime takes beside the tensors on ST's model cards, in KiB (STM32 model zoo, image classification).
pub const RUNTIME_RAM_KIB: (u64, u64) = (4, 30);

/// The most rows whose conversion is followed: it takes time with their square, and this is far beyond what a
/// microcontroller runs.
const MOST_ROWS: usize = 1_000;

impl Int8Ram {
    /// From a network and its report in int8. `None` where a shape is missing or a size does not fit 64 bits.
    pub fn of(network: &Network, report: &Report) -> Option<Self> {
        let plain = int8_arena(report)?;
        let memory = report.memory.as_ref()?;
        let input = report.shapes.input.elements()?;
        let runtime = Self::in_runtime(network);
        let arena = runtime.as_ref().map_or(plain, |(head, _)| *head);
        Some(Self {
            arena,
            plain,
            bound: memory.bytes(memory.peak_in_place.elements).0,
            peak_at: memory.peak_in_place.at,
            with_float_input: arena.max(float_input(input)),
            basis: runtime.map_or_else(Basis::Tensors, |(_, basis)| basis),
        })
    }

    /// The head of the arena; the error says why TensorFlow Lite Micro has none.
    fn in_runtime(network: &Network) -> Result<(u64, Basis), String> {
        if network.nodes.len() > MOST_ROWS {
            return Err(format!("Networks of more than {MOST_ROWS} rows are not followed through the conversion."));
        }
        let program = lower(network).map_err(|problem| problem.to_string())?;
        let converted = convert(&program);
        if let Some(operator) = converted.missing().first() {
            let name = operator.name();
            return Err(format!(
                "TensorFlow Lite Micro has no int8 kernel for {name}, which the network is converted to."
            ));
        }
        let head = converted.head().ok_or("Its tensors do not fit 64 bits.")?.bytes;
        let with_same = padded_as_tensorflow(program).and_then(|program| Some(convert(&program).head()?.bytes));
        let with_same = with_same.filter(|&bytes| bytes < head);
        Ok((head, Basis::Runtime { with_same, tail: converted.tail_bytes(), file: Converted::file_bytes(&converted) }))
    }
}

/// The program where each layer whose zeros are padded by an operator of their own has TensorFlow's "same" padding in their
/// place, if that gives the same sizes. `None` where there is no such layer.
fn padded_as_tensorflow(mut program: Program) -> Option<Program> {
    let mut changed = false;
    let mut index = 0;
    while index + 1 < program.operations.len() {
        let pad = &program.operations[index];
        let is_pad = matches!(pad.function, Function::Pad { fill: Fill::Zero, .. });
        let (source, padded) = (pad.inputs[0], pad.output);
        let next = &program.operations[index + 1];
        let reads = next.inputs == [padded] && program.readers(padded) == 1 && program.output != padded;
        let same = next.function.padded_as_same(&program.tensors[source], &program.tensors[next.output]);
        match same.filter(|_| is_pad && reads) {
            Some(function) => {
                program.operations[index + 1].function = function;
                program.operations[index + 1].inputs = vec![source];
                program.remove(index);
                changed = true;
            }
            None => index += 1,
        }
    }
    changed.then_some(program)
}

/// The plan of the tensors alone, in bytes, from a report in int8: quick, for comparing many networks.
pub fn int8_arena(report: &Report) -> Option<u64> {
    report.memory.as_ref().filter(|_| report.totals.completeness.is_exact()).map(|memory| memory.arena.total)
}

impl RamBand {
    /// Over all networks whose arena a vendor published.
    pub fn of_published() -> Self {
        let ratios = || PLANNED.iter().map(|planned| planned.published_kib * 1024.0 / planned.arena as f64);
        Self {
            low: ratios().fold(f64::INFINITY, f64::min),
            high: ratios().fold(0.0, f64::max),
            networks: PLANNED.len(),
        }
    }
}

/// The float input beside the int8 one that is made of it; then the float one is given up.
const fn float_input(elements: u64) -> u64 {
    elements.saturating_mul(5)
}
