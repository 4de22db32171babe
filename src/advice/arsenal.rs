//! PyTorch's own means for what no change of layers gives: what each changes in this network, at the very best, and
//! the lines that do it.

use crate::cost::Report;
use crate::cost::units::grouped;
use crate::device::{quantised_sizes, saved_sizes};
use crate::model::{Kind, Network, literal};
use crate::rewrite::{self, Rewrite};

use super::costs::Costs;
use super::{has_all_params, runs};

/// One technique.
#[derive(Clone, Debug, PartialEq)]
pub struct Technique {
    /// Stands in tests.
    pub id: &'static str,
    /// The heading: what is done, in a few words.
    pub title: &'static str,
    /// What it does to this network.
    pub effect: String,
    /// The weights before and after.
    pub bytes: Bytes,
    /// What it cannot do.
    pub but: &'static str,
    /// The lines of PyTorch, for a model named `model`.
    pub code: String,
}

/// Bytes of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes {
    /// In 32-bit floats.
    pub before: u64,
    /// At the very best.
    pub after: u64,
}

/// All techniques for a network; none where it cannot run or its parameters are not known. `report` is the network's
/// in 32-bit floats.
pub fn arsenal(network: &Network, report: &Report) -> Vec<Technique> {
    if !runs(report) || !has_all_params(report) {
        return Vec::new();
    }
    let sizes = quantised_sizes(network, report);
    let before = sizes.float32;
    let saved = saved_sizes(network, report);
    let file = |after: Option<u64>| {
        let both = saved.float32.zip(after);
        both.map(|(before, after)| {
            format!(" As archive.pt, torch.save writes {} bytes before and {} after.", grouped(before), grouped(after))
        })
        .unwrap_or_default()
    };
    let bytes = |after: u64| Bytes { before, after };
    let percent = |after: u64| crate::compare::percent(before, after).unwrap_or_else(|| "no change".to_string());
    let linears = network.nodes.iter().filter(|node| node.layer.kind() == Kind::Linear).count();
    let weights = prunable_weights(network, report);
    let half = pruned(&weights, 0.5);
    let halved = Costs::of(&rewrite::apply(network, &Rewrite::PruneChannels { ratio: 0.5 }).network);
    // The values that are left, and a bit for each weight to say where they are.
    let all = weights.iter().copied().fold(0, u64::saturating_add);
    let sparse = (report.totals.figures.params().0 - half).saturating_mul(4).saturating_add(all.div_ceil(8));
    vec![
        Technique {
            id: "float16",
            title: "Half precision",
            effect: format!("{} bytes of weights become {} ({}).", grouped(before), grouped(sizes.float16), percent(sizes.float16)),
            bytes: bytes(sizes.float16),
            but: "Needs hardware with half-precision arithmetic to be faster; most microcontrollers have none.",
            code: "model = model.half().eval()\nwith torch.inference_mode():\n    out = model(x.half())".to_string(),
        },
        Technique {
            id: "dynamic-int8",
            title: "int8 weights of Linears (dynamic)",
            effect: format!(
                "The weights of {linears} Linear{} in one byte each: {} bytes become {} ({}). Convolutions stay as they are.{}",
                if linears == 1 { "" } else { "s" },
                grouped(before),
                grouped(sizes.dynamic_int8),
                percent(sizes.dynamic_int8),
                file(saved.dynamic_int8),
            ),
            bytes: bytes(sizes.dynamic_int8),
            but: "Activations stay floats and are quantised on the fly: on small layers that costs more time than it saves.",
            code: "from torch.ao.quantization import quantize_dynamic\nmodel = quantize_dynamic(model.eval(), {nn.Linear}, dtype=torch.qint8)".to_string(),
        },
        Technique {
            id: "static-int8",
            title: "int8 throughout (static)",
            effect: format!(
                "Batch norms folded, every weight in one byte, biases in four: {} bytes become {} ({}); with a scale for each channel {}.{}",
                grouped(before),
                grouped(sizes.static_int8),
                percent(sizes.static_int8),
                grouped(sizes.static_int8_with_scales),
                file(saved.static_int8),
            ),
            bytes: bytes(sizes.static_int8),
            but: "Needs calibration data, and the outputs move a little: compare accuracy afterwards.",
            code: static_int8_code(network),
        },
        Technique {
            id: "int4",
            title: "int4 weights",
            effect: format!("Half a byte for each weight: {} bytes become {} ({}).", grouped(before), grouped(sizes.int4), percent(sizes.int4)),
            bytes: bytes(sizes.int4),
            but: "Linears only in PyTorch (torchao), and no common runtime for microcontrollers computes with it.",
            code: "# pip install torchao\nfrom torchao.quantization import Int4WeightOnlyConfig, quantize_\nquantize_(model, Int4WeightOnlyConfig(group_size=32))".to_string(),
        },
        Technique {
            id: "unstructured-pruning",
            title: "Unstructured pruning (half of the weights)",
            effect: format!(
                "{} of {} weights become zero. Stored as they are they take the same {} bytes; with a bit for each weight to say which are left, at best {}.",
                grouped(half),
                grouped(all),
                grouped(before),
                grouped(sparse),
            ),
            bytes: bytes(sparse.min(before)),
            but: "The same MACs and the same file, unless the runtime has sparse kernels and formats.",
            code: "import torch.nn.utils.prune as prune\nfor module in model.modules():\n    if isinstance(module, (nn.Conv2d, nn.Linear)):\n        prune.l1_unstructured(module, \"weight\", amount=0.5)\n        prune.remove(module, \"weight\")".to_string(),
        },
        Technique {
            id: "structured-pruning",
            title: "Structured pruning (half of the channels)",
            effect: format!(
                "Smaller tensors for real: {} parameters become {}, {} MACs become {}.",
                grouped(report.totals.figures.params().0),
                grouped(halved.params),
                grouped(report.totals.figures.macs.0),
                grouped(halved.macs),
            ),
            bytes: bytes(halved.params.saturating_mul(4)),
            but: "torch.nn.utils.prune only sets channels to zero: the smaller layers have to be built (torch-pruning does), then trained on.",
            code: "# pip install torch-pruning\nimport torch_pruning as tp\npruner = tp.pruner.MagnitudePruner(model, x, tp.importance.MagnitudeImportance(p=1), pruning_ratio=0.5)\npruner.step()".to_string(),
        },
        Technique {
            id: "distillation",
            title: "Distillation",
            effect: "Changes no size: a small network learns from the outputs of a large one, and so gets back accuracy that smaller layers lost.".to_string(),
            bytes: bytes(before),
            but: "Needs the trained large network and its training data.",
            code: "T = 4.0\nwith torch.no_grad():\n    soft = F.softmax(teacher(x) / T, dim=1)\nloss = F.cross_entropy(student(x), y) + T * T * F.kl_div(\n    F.log_softmax(student(x) / T, dim=1), soft, reduction=\"batchmean\")".to_string(),
        },
    ]
}

/// The weights of each convolution and Linear, biases not included.
fn prunable_weights(network: &Network, report: &Report) -> Vec<u64> {
    let rows = network.nodes.iter().enumerate().filter(|&(index, node)| {
        matches!(node.layer.kind(), Kind::Conv2d | Kind::Linear) && report.rows[index].shared_with.is_none()
    });
    rows.filter_map(|(index, node)| {
        let input = report.wiring.taps(index).first().and_then(|&tap| report.shapes.tap(tap));
        let tensors = crate::shape::parameter_tensors(&node.layer, input);
        tensors.iter().find(|tensor| tensor.name == "weight").and_then(|tensor| tensor.elements())
    })
    .collect()
}

/// How many weights PyTorch's `l1_unstructured` sets to zero: `round(amount * n)` of each layer.
fn pruned(weights: &[u64], amount: f64) -> u64 {
    weights.iter().map(|&count| (count as f64 * amount).round_ties_even() as u64).sum()
}

fn static_int8_code(network: &Network) -> String {
    let triples = fusable(network);
    let fuse = if triples.is_empty() {
        String::new()
    } else {
        format!("model = torch.ao.quantization.fuse_modules(model, [{}])\n", triples.join(", "))
    };
    format!(
        "model.eval()\n{fuse}model = torch.ao.quantization.QuantWrapper(model)\n\
         model.qconfig = torch.ao.quantization.get_default_qconfig(\"fbgemm\")\n\
         torch.ao.quantization.prepare(model, inplace=True)\n\
         with torch.inference_mode():\n    for x in calibration:\n        model(x)\n\
         torch.ao.quantization.convert(model, inplace=True)"
    )
}

/// `["conv1", "bn1", "relu1"]` for each convolution with a batch norm, and a ReLU behind it.
fn fusable(network: &Network) -> Vec<String> {
    let uses = rewrite::Uses::of(network);
    let mut groups = Vec::new();
    for index in 0..network.nodes.len() {
        let Some(norm) = uses.only_reader(index).filter(|&norm| rewrite::folds(network, &uses, index, norm)) else {
            continue;
        };
        let relu = uses.only_reader(norm).filter(|&relu| network.nodes[relu].layer.kind() == Kind::ReLU);
        let quoted = [Some(index), Some(norm), relu];
        let quoted = quoted.iter().flatten().map(|&node| literal::string(&network.nodes[node].name));
        groups.push(format!("[{}]", quoted.collect::<Vec<_>>().join(", ")));
    }
    groups
}
