//! Which sizes of a network are its batch: told apart by running it once more, on more samples.
//!
//! A shape that is given size by size has the batch in it as a number, `x.view(n, 2, c, h, w)`; where it stands is
//! seen by what another batch makes of it.

use super::super::torch::trace::Trace;
use crate::model::{Dims, Inputs, Layer, Node, Source};

/// So many samples the second run has.
pub(crate) const SAMPLES: u64 = 2;

/// The word for the batch among the arguments of what is not counted.
pub(crate) const BATCH: &str = "batch";

/// Whether the network has sizes of which the batch may be one.
pub(crate) fn matters(trace: &Trace) -> bool {
    trace.nodes.iter().any(|node| match &node.layer {
        Layer::View(view) => view.shape != [1, -1] && view.shape.first() != Some(&-1),
        Layer::Unsupported(layer) => {
            layer.input.is_some()
                || layer.shape.as_ref().is_some_and(|shape| shape.contains(&1))
                || layer.class == "expand"
        }
        _ => false,
    })
}

/// Takes the batch out of the sizes of a network that was run on one sample; `other` is the same on [`SAMPLES`].
pub(crate) fn settle(trace: &mut Trace, other: &Trace, input: &Dims) {
    for index in 0..trace.nodes.len().min(other.nodes.len()) {
        let (node, twin) = (&trace.nodes[index], &other.nodes[index]);
        // From where they part, nothing is the same any more.
        if node.name != twin.name || node.inputs != twin.inputs || node.layer.kind() != twin.layer.kind() {
            return;
        }
        let outputs = (trace.shape(node.id), other.shape(twin.id));
        let inputs = (
            first_input(&trace.nodes, index).and_then(|source| shape_of(trace, source, input, 1)),
            first_input(&other.nodes, index).and_then(|source| shape_of(other, source, input, SAMPLES)),
        );
        let twin = twin.layer.clone();
        match (&mut trace.nodes[index].layer, twin) {
            (Layer::View(view), Layer::View(other)) => {
                if let (Some(one), Some(more)) = inputs
                    && let Some(shape) = settled(&view.shape, &other.shape, (&one, &more), outputs.0.as_ref())
                {
                    view.shape = shape;
                }
            }
            (Layer::Unsupported(layer), _) => {
                let (Some(one), Some(more)) = outputs else { continue };
                if let Some(given) = &mut layer.input {
                    if let Some((one, more)) = inputs.0.zip(inputs.1) {
                        grows(given, &one, &more);
                    }
                    grows(layer.shape.get_or_insert_default(), &one, &more);
                }
                let by_sample = layer.input.is_none();
                for (place, size) in layer.shape.iter_mut().flatten().enumerate().filter(|_| by_sample) {
                    let at = place + 1;
                    let is_inputs =
                        |dims: &(Dims, Dims)| dims.0.get(at) == one.get(at) && dims.1.get(at) == more.get(at);
                    if one.get(at) != more.get(at) && inputs.0.zip(inputs.1).as_ref().is_some_and(is_inputs) {
                        *size = -1;
                    }
                }
                if layer.class != "expand" {
                    continue;
                }
                let sizes = one.iter().zip(more.iter());
                let sizes = sizes.map(|(one, more)| if one == more { one.to_string() } else { BATCH.to_string() });
                layer.arguments = sizes.collect::<Vec<_>>().join(", ");
                let batched = |dims: (Option<Dims>, Option<Dims>)| {
                    dims.0.is_some_and(|dims| dims.first() == Some(&1))
                        && dims.1.is_some_and(|dims| dims.first() == Some(&SAMPLES))
                };
                if batched(outputs) && !batched(inputs) {
                    // How often the elements are repeated, a tensor above says.
                    let above = trace.nodes[..index]
                        .iter()
                        .rev()
                        .find(|node| batched((trace.shape(node.id), other.shape(node.id))));
                    let above = above.map_or(Source::Input, |node| Source::Node(node.id));
                    let own = first_input(&trace.nodes, index);
                    let leads = (shape_of(trace, above, input, 1), shape_of(other, above, input, SAMPLES));
                    if let (Layer::Unsupported(layer), (Some(one), Some(more))) = (&mut trace.nodes[index].layer, leads)
                        && let Some(given) = &mut layer.input
                    {
                        grows(given, &one, &more);
                    }
                    trace.nodes[index].inputs = Inputs::From(std::iter::once(above).chain(own).collect());
                }
            }
            _ => {}
        }
    }
}

/// What is not counted is taken to have its first input's batch. Where that would be more than there is, its shape is
/// not told.
pub(crate) fn bound(trace: &mut Trace, input: &Dims) {
    for index in 0..trace.nodes.len() {
        let output = trace.shape(trace.nodes[index].id);
        let leads = first_input(&trace.nodes, index).and_then(|source| shape_of(trace, source, input, 1));
        let too_many = leads.zip(output).is_some_and(|(leads, output)| leads.first() > output.first());
        if let Layer::Unsupported(layer) = &mut trace.nodes[index].layer
            && layer.input.is_none()
            && too_many
        {
            layer.shape = None;
        }
    }
}

/// The sizes of one sample: those that grow with the samples below zero.
fn grows(sizes: &mut Vec<i64>, one: &Dims, more: &Dims) {
    // What flows in does not matter.
    if sizes.is_empty() && one.rank() > 0 {
        return;
    }
    let whole = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
    let pairs = one.iter().zip(more.iter());
    *sizes = pairs
        .map(|(&one, &more)| if one.checked_mul(SAMPLES) == Some(more) { -whole(one) } else { whole(one) })
        .collect();
}

/// The sizes of a view without its batch; `None`: they stay as they are. A leading 1 is the batch of an input that has
/// its batch there, too; elsewhere -1 stands for it.
fn settled(one: &[i64], more: &[i64], inputs: (&Dims, &Dims), output: Option<&Dims>) -> Option<Vec<i64>> {
    let leads = |dims: &Dims, samples: u64| dims.first() == Some(&samples);
    let batch_first = leads(inputs.0, 1) && leads(inputs.1, SAMPLES);
    let literal = || output.map(|dims| dims.iter().map(|&size| i64::try_from(size).unwrap_or(i64::MAX)).collect());
    let differing: Vec<usize> = (0..one.len().min(more.len())).filter(|&at| one[at] != more[at]).collect();
    match *differing.as_slice() {
        [0] if batch_first && one[0] == 1 && more[0] == SAMPLES as i64 => None,
        [at] => {
            let mut shape: Vec<i64> = literal()?;
            *shape.get_mut(at)? = -1;
            Some(shape)
        }
        // A 1 that is no batch, in front of sizes that are worked out.
        [] if one.first() == Some(&1) && one.contains(&-1) && !batch_first => literal(),
        _ => None,
    }
}

fn first_input(nodes: &[Node], index: usize) -> Option<Source> {
    match &nodes[index].inputs {
        Inputs::Above => Some(index.checked_sub(1).map_or(Source::Input, |above| Source::Node(nodes[above].id))),
        Inputs::From(sources) => sources.first().copied(),
    }
}

fn shape_of(trace: &Trace, source: Source, input: &Dims, batch: u64) -> Option<Dims> {
    match source {
        Source::Input => input.with_batch(batch),
        Source::Node(id) => trace.shape(id),
    }
}
