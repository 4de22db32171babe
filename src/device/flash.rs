//! What a network's weights take in the flash of a device, and in PyTorch's smaller number types.

use crate::cost::Report;
use crate::model::{Dims, Kind, Layer, Network};
use crate::rewrite::{Uses, takes_norm};
use crate::shape::{ParameterTensor, ParameterTensors, parameter_tensors};

/// The weights of a network as int8 runtimes for microcontrollers keep them: batch norms folded, each weight one
/// byte, for each output channel a bias of four. Sums end at `u64::MAX`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Int8Flash {
    /// One byte each.
    pub weights: u64,
    /// Output channels of convolutions and Linears, four bytes each.
    pub biases: u64,
    /// What does not fold: slopes, scales and shifts of norms on their own, bare parameters, a byte each as TensorFlow
    /// Lite keeps them. Runtimes differ here.
    pub others: u64,
}

/// What the code of the runtime takes beside the weights on ST's model cards, from the smallest to the largest
/// network, in KiB (STM32 model zoo, image classification).
pub const CODE_FLASH_KIB: (u64, u64) = (46, 191);

/// The bytes of a network's parameters in PyTorch's number types. Sums end at `u64::MAX`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuantisedSizes {
    /// All parameters in 32 bits.
    pub float32: u64,
    /// Also the running statistics of batch norms, without the counter.
    pub float32_with_buffers: u64,
    /// All parameters in 16 bits.
    pub float16: u64,
    /// `quantize_dynamic`: the weights of Linears in one byte, all else in four.
    pub dynamic_int8: u64,
    /// Folded, weights in one byte, biases in four.
    pub static_int8: u64,
    /// Also a 32-bit scale for each output channel.
    pub static_int8_with_scales: u64,
    /// Folded, weights in half a byte, biases in four: no stack for microcontrollers is known to run it.
    pub int4: u64,
}

impl Int8Flash {
    /// Batch norms behind convolutions and Linears folded.
    pub fn of(network: &Network, report: &Report) -> Self {
        let uses = Uses::of(network);
        let mut flash = Self::default();
        // Each call of a module takes the batch norm behind it into weights of its own.
        let mut stored: Vec<(&str, Option<&str>)> = Vec::new();
        for (index, node) in network.nodes.iter().enumerate() {
            let input = report.wiring.taps(index).first().and_then(|&tap| report.shapes.tap(tap));
            let tensors = parameter_tensors(&node.layer, input);
            let is_folded =
                |above: usize| uses.only_reader(above) == Some(index) && takes_norm(network, &uses, above, index);
            if uses.only_source(index).is_some_and(is_folded) {
                continue;
            }
            if uses.called_again(index) {
                let norm = uses.only_reader(index).filter(|&norm| takes_norm(network, &uses, index, norm));
                let call = (node.name.as_str(), norm.map(|norm| network.nodes[norm].name.as_str()));
                if stored.contains(&call) {
                    continue;
                }
                stored.push(call);
            }
            flash = flash.plus(&Self::of_layer(&node.layer, &tensors, report.shapes.nodes[index].dims()));
        }
        flash
    }

    /// One layer by itself, with these tensors and this output.
    pub fn of_layer(layer: &Layer, tensors: &ParameterTensors, output: Option<&Dims>) -> Self {
        let learned = || tensors.iter().filter(|tensor| !tensor.fill.is_buffer());
        let elements = |tensor: &ParameterTensor| tensor.elements().unwrap_or(u64::MAX);
        if layer.kind().multiplies() {
            let weights = learned().find(|tensor| tensor.name == "weight").map_or(0, elements);
            Self { weights, biases: output_channels(layer, output), others: 0 }
        } else if matches!(layer.kind(), Kind::BatchNorm2d | Kind::BatchNorm1d) {
            // A scale and a shift of each channel, also of what it does not learn.
            let channels = output.and_then(|output| output.get(1).copied()).unwrap_or(0);
            Self { others: channels.saturating_mul(2), ..Self::default() }
        } else {
            Self { others: learned().map(elements).fold(0, u64::saturating_add), ..Self::default() }
        }
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            weights: self.weights.saturating_add(other.weights),
            biases: self.biases.saturating_add(other.biases),
            others: self.others.saturating_add(other.others),
        }
    }

    /// Weights in one byte, biases in four, and the rest.
    pub const fn bytes(&self) -> u64 {
        self.bytes_with_weights_of(self.weights)
    }

    const fn bytes_with_weights_of(&self, bytes: u64) -> u64 {
        bytes.saturating_add(self.biases.saturating_mul(4)).saturating_add(self.others)
    }

    /// Whether the rule is the one that was checked against published figures.
    pub const fn is_exact(&self) -> bool {
        self.others == 0
    }
}

/// The bytes in PyTorch's number types.
pub fn quantised_sizes(network: &Network, report: &Report) -> QuantisedSizes {
    let flash = Int8Flash::of(network, report);
    let params = report.totals.figures.params().0;
    let rows = || network.nodes.iter().zip(&report.rows);
    // Each batch norm has one counter among its buffers.
    let counters = rows().filter(|(_, row)| row.figures.buffers.0 > 0).count() as u64;
    let linears = network.nodes.iter().enumerate().filter(|(_, node)| node.layer.kind() == Kind::Linear);
    let linear_weights =
        linears.fold(0, |sum: u64, (index, _)| sum.saturating_add(linear_weights(network, report, index)));
    let float32 = params.saturating_mul(4);
    let statistics = report.totals.figures.buffers.0.saturating_sub(counters);
    QuantisedSizes {
        float32,
        float32_with_buffers: float32.saturating_add(statistics.saturating_mul(4)),
        float16: params.saturating_mul(2),
        dynamic_int8: linear_weights.saturating_add(params.saturating_sub(linear_weights).saturating_mul(4)),
        static_int8: flash.bytes(),
        static_int8_with_scales: flash.bytes().saturating_add(flash.biases.saturating_mul(4)),
        int4: flash.bytes_with_weights_of(flash.weights.div_ceil(2)),
    }
}

/// The weights of a Linear, without its bias, as far as they are counted in its row.
fn linear_weights(network: &Network, report: &Report, index: usize) -> u64 {
    let bias = match &network.nodes[index].layer {
        layer @ Layer::Linear(linear) if linear.bias => output_channels(layer, report.shapes.nodes[index].dims()),
        _ => 0,
    };
    report.rows[index].figures.params().0.saturating_sub(bias)
}

fn output_channels(layer: &Layer, output: Option<&Dims>) -> u64 {
    let channels = output.and_then(|dims| match layer.convolution() {
        Some(_) => dims.get(1),
        None => dims.last(),
    });
    channels.copied().unwrap_or(0)
}
