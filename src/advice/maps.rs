//! Rules about the sizes of maps.

use crate::compare::share;
use crate::cost::units::{counted, grouped};
use crate::model::{Conv2d, Kind, Layer, NodeId, Padding, PaddingMode, Pair};
use crate::rewrite::{Rewrite, pooled_convolution};

use super::context::{Context, list};
use super::finding::{Certainty, Finding, Rule};
use super::remedy::Remedy;

/// A kernel whose taps meet padding more often than this wastes its work.
const FEW_REAL_TAPS: f64 = 0.7;

/// Above this part of the peak, what comes later is as much of a peak.
const LATE_PEAK: f64 = 0.9;

pub(super) fn rules(context: &Context, findings: &mut Vec<Finding>) {
    growing_maps(context, findings);
    if context.is_exact() {
        padded_taps(context, findings);
        pools_after_convolutions(context, findings);
        early_peak(context, findings);
    }
    copies(context, findings);
    ceil_mode(context, findings);
}

fn growing_maps(context: &Context, findings: &mut Vec<Finding>) {
    let grows = |index: usize, conv: &Conv2d| {
        let even = conv.kernel_size.height % 2 == 0 || conv.kernel_size.width % 2 == 0;
        let (Some(input), Some(output)) = (context.input(index), context.output(index)) else { return false };
        let rank = input.rank();
        even && rank >= 3 && (output[rank - 2] > input[rank - 2] || output[rank - 1] > input[rank - 1])
    };
    let growing: Vec<usize> =
        context.convolutions_over_maps().filter(|&(index, conv)| grows(index, conv)).map(|(index, _)| index).collect();
    let Some(&first) = growing.first() else { return };
    let nodes: Vec<NodeId> = growing.iter().map(|&index| context.id(index)).collect();
    let (input, output) = (context.input(first), context.output(first));
    let size = |dims: Option<&crate::model::Dims>| {
        dims.map_or_else(String::new, |dims| format!("{}x{}", dims[dims.rank() - 2], dims[dims.rank() - 1]))
    };
    let macs: u64 = growing.iter().map(|&index| context.macs(index)).sum();
    findings.push(Finding {
        rule: Rule::GrowingMap,
        message: format!(
            "{} make{} the map larger than it came: {} turns {} into {}.",
            context.names(&nodes),
            if nodes.len() == 1 { "s" } else { "" },
            context.name(first),
            size(input),
            size(output),
        ),
        certainty: Certainty::Sure,
        weight: 0.08 + context.macs_share(macs) / 20.0,
        remedies: Remedy::of(
            context,
            "3x3 kernels with padding 1",
            vec![Rewrite::KernelSize { nodes: nodes.clone(), size: Pair::square(3) }],
        )
        .into_iter()
        .collect(),
        nodes,
    });
}

/// The part of a kernel's taps that meet a real pixel, over all outputs, along one dimension.
fn real_taps(input: u64, output: u64, (kernel, stride, before, dilation): (i64, i64, i64, i64)) -> f64 {
    // Beyond this the edges hardly count.
    const LONG: u64 = 4096;
    if output > LONG || stride < 1 || !(1..=LONG as i64).contains(&kernel) {
        return 1.0;
    }
    // Place `p` of a tap meets pixel `p stride - offset`: so many places meet one from 0 up to `end`.
    let places = |offset: i128, end: i128| {
        let reach = end + offset;
        if reach <= 0 { 0 } else { strides_from(reach, stride).min(u128::from(output)) as u64 }
    };
    let real: u64 = (0..kernel)
        .map(|tap| {
            let offset = i128::from(before) - i128::from(tap) * i128::from(dilation);
            places(offset, i128::from(input)) - places(offset, 0)
        })
        .sum();
    real as f64 / (output * kernel as u64).max(1) as f64
}

/// `ceil(length / stride)`. Divisions of 128 bits are slow, and sizes hardly ever need them.
fn strides_from(length: i128, stride: i64) -> u128 {
    match u64::try_from(length) {
        Ok(length) => u128::from(length.div_ceil(stride.unsigned_abs())),
        Err(_) => length.unsigned_abs().div_ceil(u128::from(stride.unsigned_abs())),
    }
}

fn padded_taps(context: &Context, findings: &mut Vec<Finding>) {
    let mut padded = Vec::new();
    let (mut wasted, mut least) = (0.0, (1.0, 0));
    for (index, conv) in context.convolutions_over_maps() {
        let (Some(input), Some(output)) = (context.input(index), context.output(index)) else { continue };
        let (rank, padding) = (input.rank(), conv.padding_sides());
        if rank < 3 || conv.padding_mode != PaddingMode::Zeros {
            continue;
        }
        let down = (conv.kernel_size.height, conv.stride.height, padding.top, conv.dilation.height);
        let across = (conv.kernel_size.width, conv.stride.width, padding.left, conv.dilation.width);
        let real =
            real_taps(input[rank - 2], output[rank - 2], down) * real_taps(input[rank - 1], output[rank - 1], across);
        if real < FEW_REAL_TAPS {
            padded.push((index, conv));
            wasted += context.macs(index) as f64 * (1.0 - real);
            if real < least.0 {
                least = (real, index);
            }
        }
    }
    if padded.is_empty() || wasted < 1.0 {
        return;
    }
    let (real, worst) = least;
    // Where the map has one row, a kernel of one row does.
    let flat = padded.iter().filter(|&&(index, conv)| {
        let height = context.input(index).map_or(0, |input| input[input.rank() - 2]);
        height == 1 && conv.kernel_size.height > 1
    });
    let (flat, flat_layers): (Vec<NodeId>, Vec<&Conv2d>) = flat.map(|&(index, conv)| (context.id(index), conv)).unzip();
    let nodes: Vec<NodeId> = padded.iter().map(|&(index, _)| context.id(index)).collect();
    let remedy = flat_layers.first().and_then(|conv| {
        let size = Pair::new(1, conv.kernel_size.width);
        Remedy::of(context, format!("1x{} kernels", size.width), vec![Rewrite::KernelSize { nodes: flat, size }])
    });
    findings.push(Finding {
        rule: Rule::PaddedTaps,
        message: format!(
            "{:.0} % of what {} multiplies is padding{}: {} in all meet{} only zeros ({}).",
            (1.0 - real) * 100.0,
            context.name(worst),
            if nodes.len() > 1 { ", and it is not alone" } else { "" },
            counted(wasted as u64, "MAC"),
            if wasted as u64 == 1 { "s" } else { "" },
            share(wasted as u64, context.costs.macs),
        ),
        nodes,
        certainty: Certainty::Sure,
        weight: 0.1 + context.macs_share(wasted as u64) / 4.0,
        remedies: remedy.into_iter().collect(),
    });
}

fn pools_after_convolutions(context: &Context, findings: &mut Vec<Finding>) {
    let pools: Vec<(usize, usize)> = (0..context.network.nodes.len())
        .filter_map(|pool| pooled_convolution(context.network, &context.uses, pool).map(|conv| (pool, conv)))
        .collect();
    if pools.is_empty() {
        return;
    }
    let ids: Vec<NodeId> = pools.iter().map(|&(pool, _)| context.id(pool)).collect();
    let rewrite = Rewrite::StrideForPool { pools: ids.clone() };
    let Some(remedy) = Remedy::of(context, "Strides instead of pools", vec![rewrite]) else { return };
    if remedy.saves_macs() <= 0 {
        return;
    }
    let macs: u64 = pools.iter().map(|&(_, conv)| context.macs(conv)).sum();
    let all: Vec<&str> = pools.iter().map(|&(_, conv)| context.name(conv)).collect();
    findings.push(Finding {
        rule: Rule::PoolAfterConvolution,
        message: format!(
            "{} compute{} {} MACs ({}) before a pool keeps a part of the pixels; with its stride the network takes {} MACs instead of {}.",
            list(&all),
            if all.len() == 1 { "s" } else { "" },
            grouped(macs),
            share(macs, context.costs.macs),
            grouped(remedy.after.macs),
            grouped(context.costs.macs),
        ),
        nodes: pools.iter().flat_map(|&(pool, conv)| [context.id(conv), context.id(pool)]).collect(),
        certainty: Certainty::Sure,
        weight: 0.1 + context.macs_share(remedy.saves_macs().unsigned_abs()) / 3.0,
        remedies: vec![remedy],
    });
}

fn early_peak(context: &Context, findings: &mut Vec<Finding>) {
    let Some(memory) = context.report.memory.as_ref() else { return };
    let (Some(at), count) = (memory.peak_in_place.at, context.network.nodes.len()) else { return };
    let &[_, height, width] = context.network.input.sizes() else { return };
    if at as usize * 3 >= count || count < 6 {
        return;
    }
    // Where later rows need as much, a smaller start lowers nothing.
    let later = memory.in_place.live().and_then(|live| live.into_iter().skip(count.div_ceil(3)).max()).unwrap_or(0);
    if later as f64 > LATE_PEAK * memory.peak_in_place.elements as f64 {
        return;
    }
    let half = Rewrite::Resolution { height: height.div_ceil(2), width: width.div_ceil(2) };
    let title = format!("Half the resolution: {}x{}", height.div_ceil(2), width.div_ceil(2));
    let average = memory.sum_of_outputs.0 / count as u64;
    findings.push(Finding {
        rule: Rule::EarlyPeak,
        message: format!(
            "The memory peak of {} is at {}, row {} of {count}: the average row writes {}.",
            counted(memory.peak_in_place.elements, "value"),
            context.name(at as usize),
            at + 1,
            grouped(average),
        ),
        nodes: vec![context.id(at as usize)],
        certainty: Certainty::Sure,
        weight: 0.12,
        remedies: Remedy::of(context, title, vec![half]).into_iter().collect(),
    });
}

fn copies(context: &Context, findings: &mut Vec<Finding>) {
    let mut padded = Vec::new();
    let mut same = Vec::new();
    let mut elements = [0_u64; 2];
    for (index, conv) in context.convolutions_over_maps() {
        let Some(input) = context.input(index).filter(|input| input.rank() >= 3) else { continue };
        let (rank, sides) = (input.rank(), conv.padding_sides());
        let grown =
            |size: u64, before: i64, after: i64| size.saturating_add_signed(before).saturating_add_signed(after);
        let copy = input[..rank - 2].iter().copied().fold(1, u64::saturating_mul);
        let copy = copy.saturating_mul(grown(input[rank - 2], sides.top, sides.bottom));
        let copy = copy.saturating_mul(grown(input[rank - 1], sides.left, sides.right));
        let pads = [sides.top, sides.bottom, sides.left, sides.right].iter().any(|&side| side > 0);
        if conv.padding_mode != PaddingMode::Zeros && pads {
            padded.push(index);
            elements[0] = elements[0].saturating_add(copy);
        } else if conv.padding == Padding::Same && (sides.top != sides.bottom || sides.left != sides.right) {
            same.push(index);
            elements[1] = elements[1].saturating_add(copy);
        }
    }
    for (rule, rows, copied) in [(Rule::PaddingCopy, padded, elements[0]), (Rule::SamePaddingCopy, same, elements[1])] {
        if rows.is_empty() {
            continue;
        }
        let all: Vec<&str> = rows.iter().map(|&index| context.name(index)).collect();
        findings.push(Finding {
            rule,
            message: format!("{}: copies of {} padded values are written.", list(&all), grouped(copied)),
            nodes: rows.iter().map(|&index| context.id(index)).collect(),
            certainty: Certainty::Depends("the runtime; this is what PyTorch does"),
            weight: 0.03 + copied as f64 / context.costs.written.max(1) as f64 / 10.0,
            remedies: Vec::new(),
        });
    }
}

fn ceil_mode(context: &Context, findings: &mut Vec<Finding>) {
    let hangs = |index: usize| {
        let (kernel, stride, padding, ceil) = match &context.network.nodes[index].layer {
            Layer::MaxPool2d(pool) if pool.dilation == Pair::square(1) => {
                (pool.kernel_size, pool.stride(), pool.padding, pool.ceil_mode)
            }
            Layer::AvgPool2d(pool) => (pool.kernel_size, pool.stride(), pool.padding, pool.ceil_mode),
            _ => return false,
        };
        let (Some(input), Some(output)) = (context.input(index), context.output(index)) else { return false };
        let rank = input.rank();
        let over = |from_end: usize, kernel: i64, stride: i64, padding: i64| {
            let (size, places) = (input[rank - from_end] as i64, output[rank - from_end] as i64);
            let last = (i128::from(places) - 1) * i128::from(stride) - i128::from(padding) + i128::from(kernel);
            last > i128::from(size) + i128::from(padding)
        };
        ceil && rank >= 3
            && (over(2, kernel.height, stride.height, padding.height)
                || over(1, kernel.width, stride.width, padding.width))
    };
    let rows: Vec<usize> = (0..context.network.nodes.len())
        .filter(|&index| matches!(context.network.nodes[index].layer.kind(), Kind::MaxPool2d | Kind::AvgPool2d))
        .filter(|&index| hangs(index))
        .collect();
    if rows.is_empty() {
        return;
    }
    let all: Vec<&str> = rows.iter().map(|&index| context.name(index)).collect();
    findings.push(Finding {
        rule: Rule::CeilMode,
        message: format!("The last window of {} hangs over the edge of the map.", list(&all)),
        nodes: rows.iter().map(|&index| context.id(index)).collect(),
        certainty: Certainty::Depends("the framework the network is exported to"),
        weight: 0.02,
        remedies: Vec::new(),
    });
}
