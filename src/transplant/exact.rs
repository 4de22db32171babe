//! The rewrites that keep the function: what becomes of the weights.

use crate::model::{Groups, Layer, Network};
use crate::rewrite::{Uses, absorber, depthwise_pairs, folds};
use crate::shape::{self, Direction};

use super::{Tensors, TransplantError, tensor};

/// A batch norm as `y = scale x + shift`, and where its running mean stands among its tensors.
struct Affine {
    scale: Vec<f64>,
    mean: Vec<f64>,
    beta: Vec<f64>,
    mean_place: usize,
}

/// `W' = W gamma / sqrt(var + eps)`, `b' = (b - mean) gamma / sqrt(var + eps) + beta`.
pub(super) fn fold_batch_norms(network: &Network, tensors: &Tensors) -> Result<Tensors, TransplantError> {
    let uses = Uses::of(network);
    let shapes = shape::infer(network, &network.wiring(), 1);
    let mut folded = tensors.clone();
    for (index, node) in network.nodes.iter().enumerate() {
        let Some(norm) = uses.only_reader(index).filter(|&norm| folds(network, &uses, index, norm)) else { continue };
        let affine = affine(network, tensors, norm)?;
        let weight = tensor(tensors, network, (index, 0))?;
        let bias = tensor(tensors, network, (index, 1)).ok();
        let inputs = uses.channels_into(&shapes, index).unwrap_or(1) as usize;
        let channel = output_channels(&node.layer, (weight.len(), affine.scale.len()), inputs);
        let scaled =
            weight.iter().enumerate().map(|(place, &value)| (f64::from(value) * affine.scale[channel(place)]) as f32);
        let shifted = (0..affine.scale.len()).map(|channel| {
            let before = bias.map_or(0.0, |bias| f64::from(bias[channel]));
            ((before - affine.mean[channel]) * affine.scale[channel] + affine.beta[channel]) as f32
        });
        folded.insert(node.id, vec![scaled.collect(), shifted.collect()]);
        folded.remove(&network.nodes[norm].id);
    }
    Ok(folded)
}

/// `running_mean' = running_mean - b`.
pub(super) fn drop_biases(network: &Network, tensors: &Tensors) -> Result<Tensors, TransplantError> {
    let uses = Uses::of(network);
    let mut dropped = tensors.clone();
    for (index, node) in network.nodes.iter().enumerate() {
        let Some(norm) = uses.only_reader(index).filter(|&norm| folds(network, &uses, index, norm)) else { continue };
        let Ok(bias) = tensor(tensors, network, (index, 1)) else { continue };
        let bias: Vec<f64> = bias.iter().map(|&value| f64::from(value)).collect();
        shift_mean(network, &mut dropped, norm, &bias)?;
        dropped.insert(node.id, vec![tensor(tensors, network, (index, 0))?.to_vec()]);
    }
    Ok(dropped)
}

/// `b' = b + W b_depthwise`, or `running_mean' = running_mean - W b_depthwise`; from the top down, as a bias that was
/// taken on may be given on.
pub(super) fn absorb_biases(network: &Network, tensors: &Tensors) -> Result<Tensors, TransplantError> {
    let uses = Uses::of(network);
    let shapes = shape::infer(network, &network.wiring(), 1);
    let mut absorbed = tensors.clone();
    for (index, node) in network.nodes.iter().enumerate() {
        let Some(absorber) = absorber(network, &uses, &shapes, index) else { continue };
        let bias: Vec<f32> = tensor(&absorbed, network, (index, 1))?.to_vec();
        let reader = uses.only_reader(index).ok_or_else(|| TransplantError::Tensors(node.name.clone()))?;
        let outputs = shapes.nodes[reader].dims().and_then(|dims| dims.get(1).copied()).unwrap_or(0) as usize;
        let weight = tensor(&absorbed, network, (reader, 0))?;
        let groups = groups(&network.nodes[reader].layer, uses.channels_into(&shapes, reader));
        let sums = products(weight, &bias, (outputs, groups));
        if absorber == reader {
            let own = tensor(&absorbed, network, (reader, 1))?;
            let sum = own.iter().zip(&sums).map(|(&own, sum)| (f64::from(own) + sum) as f32).collect();
            if let Some(tensors) = absorbed.get_mut(&network.nodes[reader].id) {
                tensors[1] = sum;
            }
        } else {
            shift_mean(network, &mut absorbed, absorber, &sums)?;
        }
        if let Some(tensors) = absorbed.get_mut(&node.id) {
            tensors.truncate(1);
        }
    }
    Ok(absorbed)
}

/// `W[o, c] = sum over the channels m made of c of P[o, m] D[m]`, `b' = P b_depthwise + b`.
pub(super) fn fold_depthwise(network: &Network, tensors: &Tensors) -> Result<Tensors, TransplantError> {
    let uses = Uses::of(network);
    let shapes = shape::infer(network, &network.wiring(), 1);
    let mut folded = tensors.clone();
    for (index, above) in depthwise_pairs(network, &uses, &shapes).into_iter().enumerate() {
        let Some(above) = above else { continue };
        let inputs = uses.channels_into(&shapes, above).unwrap_or(1).max(1) as usize;
        let outputs = shapes.nodes[index].dims().and_then(|dims| dims.get(1).copied()).unwrap_or(0) as usize;
        let depthwise = tensor(tensors, network, (above, 0))?;
        let pointwise = tensor(tensors, network, (index, 0))?;
        let middle = pointwise.len() / outputs.max(1);
        let (taps, times) = (depthwise.len() / middle.max(1), middle / inputs);
        let mut weight = Vec::with_capacity(outputs * inputs * taps);
        for output in 0..outputs {
            for input in 0..inputs {
                for tap in 0..taps {
                    let made = input * times..(input + 1) * times;
                    let sum: f64 = made
                        .map(|channel| {
                            f64::from(pointwise[output * middle + channel]) * f64::from(depthwise[channel * taps + tap])
                        })
                        .sum();
                    weight.push(sum as f32);
                }
            }
        }
        let mut carried = vec![weight];
        let biases = (tensor(tensors, network, (above, 1)).ok(), tensor(tensors, network, (index, 1)).ok());
        if let (Some(_), _) | (_, Some(_)) = biases {
            let through = biases.0.map(|bias| products(pointwise, bias, (outputs, 1)));
            let bias = (0..outputs).map(|output| {
                let own = biases.1.map_or(0.0, |bias| f64::from(bias[output]));
                (own + through.as_ref().map_or(0.0, |through| through[output])) as f32
            });
            carried.push(bias.collect());
        }
        folded.remove(&network.nodes[above].id);
        folded.insert(network.nodes[index].id, carried);
    }
    Ok(folded)
}

fn affine(network: &Network, tensors: &Tensors, norm: usize) -> Result<Affine, TransplantError> {
    let (eps, is_affine) = match &network.nodes[norm].layer {
        Layer::BatchNorm2d(norm) => (norm.eps, norm.affine),
        Layer::BatchNorm1d(norm) => (norm.eps, norm.affine),
        _ => return Err(TransplantError::Tensors(network.nodes[norm].name.clone())),
    };
    let mean_place = if is_affine { 2 } else { 0 };
    let values = |place: usize| -> Result<Vec<f64>, TransplantError> {
        Ok(tensor(tensors, network, (norm, place))?.iter().map(|&value| f64::from(value)).collect())
    };
    let (mean, variance) = (values(mean_place)?, values(mean_place + 1)?);
    let (gamma, beta) =
        if is_affine { (values(0)?, values(1)?) } else { (vec![1.0; mean.len()], vec![0.0; mean.len()]) };
    let scale = gamma.iter().zip(&variance).map(|(gamma, variance)| gamma / (variance + eps).sqrt()).collect();
    Ok(Affine { scale, mean, beta, mean_place })
}

fn shift_mean(network: &Network, tensors: &mut Tensors, norm: usize, by: &[f64]) -> Result<(), TransplantError> {
    let Affine { mean, mean_place, .. } = affine(network, tensors, norm)?;
    let shifted = mean.iter().zip(by).map(|(mean, by)| (mean - by) as f32).collect();
    if let Some(tensors) = tensors.get_mut(&network.nodes[norm].id) {
        tensors[mean_place] = shifted;
    }
    Ok(())
}

/// What a constant in each input channel adds to each output of an unpadded convolution: for each output, the sum of
/// its taps times the constants of their channels. Weight `[outputs, channels / groups, taps]`; the outputs of a group
/// see the channels of their group.
fn products(weight: &[f32], constants: &[f32], (outputs, groups): (usize, usize)) -> Vec<f64> {
    let row = weight.len() / outputs.max(1);
    let channels = (constants.len() / groups.max(1)).max(1);
    let taps = (row / channels).max(1);
    let of_output = |output: usize| -> f64 {
        let first = output / (outputs / groups.max(1)).max(1) * channels;
        let row = &weight[output * row..(output + 1) * row];
        row.iter()
            .enumerate()
            .map(|(place, &value)| f64::from(value) * f64::from(constants[first + place / taps]))
            .sum()
    };
    (0..outputs).map(of_output).collect()
}

/// Into how many groups a layer divides so many input channels.
fn groups(layer: &Layer, inputs: Option<u64>) -> usize {
    match layer.convolution().map(|conv| conv.groups) {
        Some(Groups::Count(groups)) => usize::try_from(groups).unwrap_or(1).max(1),
        Some(Groups::InputChannels) => inputs.map_or(1, |inputs| inputs as usize).max(1),
        None => 1,
    }
}

/// The output channel of each place in a weight: `[outputs, ...]`, or `[inputs, outputs / groups, taps]` for a
/// transposed convolution.
fn output_channels(layer: &Layer, (length, outputs): (usize, usize), inputs: usize) -> impl Fn(usize) -> usize {
    let row = (length / outputs.max(1)).max(1);
    let is_transposed = layer.convolution().is_some_and(|conv| conv.direction == Direction::Transposed);
    let transposed = is_transposed.then(|| {
        let groups = groups(layer, Some(inputs as u64));
        ((outputs / groups).max(1), (inputs / groups).max(1), (length * groups / (inputs * outputs).max(1)).max(1))
    });
    move |place| match transposed {
        None => place / row,
        Some((outputs_per_group, inputs_per_group, taps)) => {
            let input = place / (outputs_per_group * taps);
            input / inputs_per_group * outputs_per_group + place / taps % outputs_per_group
        }
    }
}
