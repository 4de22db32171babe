//! Whether a network fits a device, and by how much.

use crate::cost::{NumberType, Report, Settings, analyze};
use crate::model::Network;

use super::board::{Class, Device};
use super::flash::{CODE_FLASH_KIB, Int8Flash};
use super::ram::{Basis, Int8Ram, RUNTIME_RAM_KIB, RamBand};
use super::timings::MODEL_ZOO;

/// What a network takes of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Bytes of weights. On a microcontroller in int8, in the flash; on a computer in 32-bit floats, in the RAM.
    pub weights: u64,
    /// The weights follow a rule that was checked against published figures.
    pub weights_exact: bool,
    /// Bytes of tensors, as planned here.
    pub tensors: u64,
    /// Bytes of tensors by other planners, from the least to the most.
    pub tensors_low: u64,
    /// See [`Fit::tensors_low`].
    pub tensors_high: u64,
    /// The weights against the device's flash.
    pub flash: Verdict,
    /// The tensors against its RAM.
    pub ram: Verdict,
    /// What the tensors of a microcontroller follow from.
    pub basis: Option<Basis>,
}

/// Whether something fits a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Also with the largest runtime known; so many bytes stay free then.
    #[expect(missing_docs, reason = "the variant says it")]
    Fits { free: u64 },
    /// Depends on the runtime: as planned here, it leaves so many bytes for it.
    #[expect(missing_docs, reason = "the variant says it")]
    Tight { free: u64 },
    /// As planned here, even without any runtime, so many bytes are missing.
    #[expect(missing_docs, reason = "the variant says it")]
    TooLarge { missing: u64 },
}

/// What a network takes of every device of a class, for a batch of one; the fields are those of [`Fit`].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Needs {
    class: Class,
    weights: u64,
    weights_exact: bool,
    tensors: u64,
    tensors_low: u64,
    tensors_high: u64,
    basis: Option<Basis>,
}

impl Needs {
    /// `None` where a shape is missing, or a size does not fit 64 bits.
    pub(super) fn of(class: Class, network: &Network) -> Option<Self> {
        match class {
            Class::Microcontroller => {
                let report = analyze(network, &Settings { number_type: NumberType::Int8, ..Settings::default() });
                Self::in_flash_and_ram(network, &report)
            }
            Class::Computer => Self::in_memory(&analyze(network, &Settings::default())),
        }
    }

    fn in_flash_and_ram(network: &Network, report: &Report) -> Option<Self> {
        let ram = Int8Ram::of(network, report)?;
        let flash = Int8Flash::of(network, report);
        let band = RamBand::of_published();
        let others = ((ram.plain as f64 * band.low) as u64, (ram.plain as f64 * band.high).ceil() as u64);
        Some(Self {
            class: Class::Microcontroller,
            weights: flash.bytes(),
            weights_exact: flash.is_exact(),
            tensors: ram.arena,
            tensors_low: ram.arena.min(others.0),
            tensors_high: ram.arena.max(others.1),
            basis: Some(ram.basis),
        })
    }

    /// Weights and tensors share the memory; what the rest of the system takes is not known.
    fn in_memory(report: &Report) -> Option<Self> {
        let memory = report.memory.as_ref().filter(|_| report.totals.completeness.is_exact())?;
        let weights = report.totals.figures.weight_bytes.0;
        let (tensors, most) = (memory.arena.total, memory.bytes(memory.peak_out_of_place.elements).0);
        weights.checked_add(tensors.max(most))?;
        Some(Self {
            class: Class::Computer,
            weights,
            weights_exact: true,
            tensors,
            tensors_low: tensors.min(most),
            tensors_high: tensors.max(most),
            basis: None,
        })
    }

    /// Against the limits of a device of the class.
    pub(super) fn on(&self, device: &Device) -> Fit {
        let (code, runtime) = (CODE_FLASH_KIB.1 * 1024, RUNTIME_RAM_KIB.1 * 1024);
        let Self { weights, tensors, tensors_high, .. } = *self;
        let (flash, ram) = match self.class {
            Class::Microcontroller => (
                Verdict::of(device.flash.value, weights, weights.saturating_add(code)),
                Verdict::of(device.ram.value, tensors, tensors_high.saturating_add(runtime)),
            ),
            Class::Computer => (
                Verdict::of(device.flash.value, weights, weights),
                Verdict::of(device.ram.value, weights.saturating_add(tensors), weights.saturating_add(tensors_high)),
            ),
        };
        Fit {
            weights,
            weights_exact: self.weights_exact,
            tensors,
            tensors_low: self.tensors_low,
            tensors_high,
            flash,
            ram,
            basis: self.basis.clone(),
        }
    }
}

impl Fit {
    /// For a batch of one. `None` where a shape is missing, or a size does not fit 64 bits.
    pub fn of(device: &Device, network: &Network) -> Option<Self> {
        Needs::of(device.class, network).map(|needs| needs.on(device))
    }

    /// How the figures come about, and where the rules can be looked up: a sentence each.
    pub fn evidence(&self, class: Class) -> Vec<String> {
        let cards = format!("{} ({})", MODEL_ZOO.title, MODEL_ZOO.address);
        match class {
            Class::Microcontroller => {
                let band = RamBand::of_published();
                let others = if self.weights_exact {
                    ""
                } else {
                    " Parameters that do not fold are a byte each, as TensorFlow Lite has them; runtimes differ here."
                };
                vec![
                    format!(
                        "int8 weights: batch norms folded, a byte for each weight, four for the bias of each output channel. The rule gives the flash on ST's model cards to the printed digit.{others} {cards}"
                    ),
                    self.tensors_evidence(),
                    format!(
                        "By other planners: ST's own took {:.2} to {:.2} times the tensors alone, as planned here, for {} networks. {cards}",
                        band.low, band.high, band.networks
                    ),
                    format!(
                        "Fits: also with the most tensors of that band and the largest runtime on those cards, {} KiB of code and {} KiB of RAM; what is left then stands beside it. Tight: the plan made here fits, and leaves that for a runtime. Too large: that plan does not fit.",
                        CODE_FLASH_KIB.1, RUNTIME_RAM_KIB.1
                    ),
                ]
            }
            Class::Computer => vec![
                "Weights and tensors in 32-bit floats, which share the memory; the band is from tensors that work in place to ones that each have a place of their own. What the system itself takes is not known.".to_string(),
            ],
        }
    }

    /// How the tensors come about.
    fn tensors_evidence(&self) -> String {
        match &self.basis {
            Some(Basis::Runtime { with_same, tail, file }) => {
                let same = with_same.map_or(String::new(), |bytes| {
                    format!(
                        " Layers with a stride are padded by an operator of their own on even maps, as PyTorch's padding has it; with TensorFlow's \"same\" padding, which moves their windows by a pixel, it would be {bytes} bytes."
                    )
                });
                format!(
                    "Tensors: the head of TensorFlow Lite Micro's arena for the exported Keras code, converted for a batch of one, by the rules of its converter and planner; on 421 generated networks kept from the tuning, 420 to the byte.{same} The runtime keeps some {tail} bytes more in the arena, on a host of 64 bits, and the .tflite file takes some {file} bytes: both within 6 % for nine of ten of those networks."
                )
            }
            Some(Basis::Tensors(why)) => {
                format!("Tensors: planned greedily by size, input and output included, no runtime's own rules. {why}")
            }
            None => String::new(),
        }
    }

    /// Neither weights nor tensors are too large; either may be tight.
    pub const fn fits(&self) -> bool {
        !matches!(self.flash, Verdict::TooLarge { .. }) && !matches!(self.ram, Verdict::TooLarge { .. })
    }
}

impl Verdict {
    /// `least` is needed in any case, `most` for sure enough.
    pub const fn of(limit: u64, least: u64, most: u64) -> Self {
        if most <= limit {
            Self::Fits { free: limit - most }
        } else if least <= limit {
            Self::Tight { free: limit - least }
        } else {
            Self::TooLarge { missing: least - limit }
        }
    }
}
