//! The input that a network is run on: given by the text, worked out backwards, or a default.

use std::collections::HashMap;

use super::super::python::Id;
use super::super::result::{InputGuess, InputHint, Options};
use super::super::torch::Machine;
use super::solve::{self, Puzzle};
use super::trace::{After, Hints, trace, trace_batch};
use crate::model::{Dims, Inputs, Kind, Layer, Network, Sort, Source, Tap};
use crate::shape;

/// The input's shape: chosen, given by the text, solved backwards, or a default.
pub(crate) fn find_input(machine: &mut Machine, id: Id, hints: &Hints, options: &Options) -> InputGuess {
    let one = |hint, dims| InputGuess { hint, candidates: vec![dims], candidate_count: 1 };
    let first = first_called(machine, id).unwrap_or_else(|| first_layer(machine, id));
    let runs = |machine: &mut Machine, dims: &Dims| !machine.quietly(|machine| trace(machine, id, dims)).failed;
    if let Some(input) = options.input {
        // Two networks of a text can have different inputs; a choice that cannot be meant for this one is not.
        let fits = match first {
            FirstLayer::Channels(channels) => (input.rank() == 3 && input[0] == channels) || hints.single,
            FirstLayer::Features(features) => input.last() == Some(&features) || hints.single,
            FirstLayer::Dimensions { channels, count } => {
                (input.rank() == count + 1 && input[0] == channels) || hints.single
            }
            FirstLayer::Other => hints.single,
        };
        if fits || runs(machine, &input) {
            settle_further(machine, id, &input);
            return one(InputHint::Chosen, input);
        }
    }
    let channels = match first {
        FirstLayer::Channels(channels) => Some(channels),
        FirstLayer::Features(_) | FirstLayer::Dimensions { .. } | FirstLayer::Other => None,
    };
    let mut weak = Vec::new();
    for (dims, line, strong) in given_inputs(machine, id, hints, &first) {
        if strong {
            settle_further(machine, id, &dims);
            return one(InputHint::Declared { line }, dims);
        }
        weak.push((dims, line));
    }
    for (dims, line) in weak.into_iter().take(6) {
        if runs(machine, &dims) {
            return one(InputHint::Declared { line }, dims);
        }
    }
    if let FirstLayer::Features(features) = first
        && let Some(dims) = Dims::new(&[features])
    {
        settle_further(machine, id, &dims);
        return one(InputHint::Solved { layer: "Linear".to_string(), features }, dims);
    }
    if let FirstLayer::Dimensions { channels, count } = first {
        if count == 1
            && let Some(guess) = solved_line(machine, id, channels)
        {
            return guess;
        }
        return one(InputHint::Default, input_of_dimensions(machine, id, channels, count));
    }
    let channels = channels.unwrap_or(3);
    if let Some(guess) = solved(machine, id, channels) {
        return guess;
    }
    let input = default_input(machine, id, channels);
    settle_further(machine, id, &input);
    one(InputHint::Default, input)
}

/// Whether what `forward` takes besides its first input is one number for each sample: where only that runs.
fn settle_further(machine: &mut Machine, id: Id, input: &Dims) {
    if machine.quietly(|machine| trace(machine, id, input)).failed {
        machine.host.one_each.insert(id, true);
        if machine.quietly(|machine| trace(machine, id, input)).failed {
            machine.host.one_each.remove(&id);
        }
    }
}

/// The layer that is called first, where the input reaches it as it is: a run on nothing known tells.
fn first_called(machine: &mut Machine, id: Id) -> Option<FirstLayer> {
    let traced = machine.quietly(|machine| trace_batch(machine, id, None, After::Restore));
    let nodes = &traced.trace.nodes;
    let names: HashMap<String, Id> = machine.walk(id).into_iter().collect();
    // The rows that the input reaches without a change of its channels.
    let mut reached = vec![false; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        let is_input = |source: &Source| match source {
            Source::Input => true,
            Source::Node(above) => {
                nodes[..index].iter().position(|other| other.id == *above).is_some_and(|at| reached[at])
            }
        };
        let fed = match &node.inputs {
            Inputs::Above if node.layer.kind() == Kind::Parameter => false,
            Inputs::Above => index.checked_sub(1).is_none_or(|above| reached[above]),
            Inputs::From(sources) => matches!(sources.as_slice(), [one] if is_input(one)),
        };
        if !fed {
            continue;
        }
        if let Some(leaf) = names.get(&node.name).and_then(|id| machine.module(*id)?.leaf())
            && let Some(first) = of_leaf(&leaf.layer, &leaf.declared)
        {
            return Some(first);
        }
        let sort = node.layer.kind().sort();
        reached[index] =
            matches!(sort, Sort::Activation | Sort::Regularizer | Sort::Pool) && node.layer.kind() != Kind::Mean;
        reached[index] |= node.layer.kind() == Kind::Scalar;
    }
    None
}

/// What a layer by itself takes.
fn of_leaf(layer: &Option<Layer>, declared: &[u64]) -> Option<FirstLayer> {
    let &first = declared.first()?;
    match layer.as_ref()?.kind() {
        Kind::Conv2d | Kind::ConvTranspose2d | Kind::BatchNorm2d => Some(FirstLayer::Channels(first)),
        Kind::Linear => Some(FirstLayer::Features(first)),
        Kind::Conv1d | Kind::ConvTranspose1d => Some(FirstLayer::Dimensions { channels: first, count: 1 }),
        _ => None,
    }
}

/// A length, worked out from what the first Linear expects.
fn solved_line(machine: &mut Machine, id: Id, channels: u64) -> Option<InputGuess> {
    let modules: HashMap<String, Vec<u64>> = machine
        .walk(id)
        .into_iter()
        .filter_map(|(name, module)| Some((name, machine.module(module)?.leaf()?.declared.clone())))
        .collect();
    let mut runs = 0;
    for length in [1024, 250, 100, 5000] {
        let probe = Dims::new(&[channels, length])?;
        let traced = machine.quietly(|machine| trace(machine, id, &probe));
        runs += u32::from(!traced.failed);
        if runs > 1 {
            return None;
        }
        let network = Network { name: String::new(), input: probe, nodes: traced.trace.nodes, uncalled: Vec::new() };
        let Some((node, features, layer)) = expectation(&network, &modules) else { continue };
        let puzzle = Puzzle { network: &network, node, features, channels };
        let candidates = solve::solve_line(&puzzle);
        let best =
            candidates.iter().take(8).find(|dims| !machine.quietly(|machine| trace(machine, id, dims)).failed).copied();
        let Some(best) = best else { continue };
        let candidate_count = candidates.len();
        let rest = candidates.into_iter().filter(|dims| *dims != best);
        let candidates = std::iter::once(best).chain(rest).collect();
        return Some(InputGuess { hint: InputHint::Solved { layer, features }, candidates, candidate_count });
    }
    None
}

/// Shapes that the text gives for this module, best first, and whether they are surely meant.
fn given_inputs(machine: &Machine, id: Id, hints: &Hints, first: &FirstLayer) -> Vec<(Dims, u32, bool)> {
    let mut given = Vec::new();
    let class = machine.heap.instances[id].class;
    let fits = |sample: &Dims| match first {
        FirstLayer::Channels(channels) => sample.rank() == 3 && sample[0] == *channels,
        FirstLayer::Features(features) => sample.last() == Some(features) || sample.elements() == Some(*features),
        FirstLayer::Dimensions { channels, count } => sample.rank() == count + 1 && sample[0] == *channels,
        FirstLayer::Other => sample.rank() >= 1,
    };
    for (module, shapes, line) in &hints.called {
        let same_class = class.is_some() && machine.heap.instances[*module].class == class;
        if *module == id || same_class {
            let sample = shapes[0].without_batch();
            // What the code itself does is taken at its word, also where it does not fit.
            if sample.rank() >= 1 && (*module == id || fits(&sample)) {
                given.push((sample, *line, true));
            }
        }
    }
    given.sort_by_key(|(dims, ..)| !fits(dims));
    for (dims, line) in hints.made.iter().rev() {
        for sample in [dims.without_batch(), *dims] {
            if fits(&sample) && sample.rank() >= 1 && (sample.rank() == 3 || !matches!(first, FirstLayer::Other)) {
                given.push((sample, *line, matches!(first, FirstLayer::Channels(_))));
            }
        }
    }
    let channels = match first {
        FirstLayer::Channels(channels) => Some(*channels),
        FirstLayer::Features(_) | FirstLayer::Dimensions { .. } | FirstLayer::Other => None,
    };
    for remark in &hints.remarks {
        if let Some(dims) = remark.input(channels).filter(|dims| fits(dims)) {
            given.push((dims, remark.line, false));
        }
    }
    given
}

/// What the first layer with parameters takes.
enum FirstLayer {
    Channels(u64),
    Features(u64),
    /// A convolution over one or three dimensions.
    Dimensions {
        channels: u64,
        count: usize,
    },
    Other,
}

fn first_layer(machine: &Machine, id: Id) -> FirstLayer {
    let channels_of = |layer: &Layer, declared: &[u64]| {
        let &first = declared.first()?;
        match layer.kind() {
            Kind::Conv2d
            | Kind::ConvTranspose2d
            | Kind::BatchNorm2d
            | Kind::InstanceNorm2d
            | Kind::GroupNorm
            | Kind::LayerNorm2d => Some(FirstLayer::Channels(first)),
            Kind::Linear | Kind::BatchNorm1d => Some(FirstLayer::Features(first)),
            Kind::Conv1d | Kind::ConvTranspose1d | Kind::InstanceNorm1d => {
                Some(FirstLayer::Dimensions { channels: first, count: 1 })
            }
            _ => None,
        }
    };
    for (_, module) in machine.walk(id) {
        let Some(leaf) = machine.module(module).and_then(|module| module.leaf()) else { continue };
        match &leaf.layer {
            Some(layer) => {
                if let Some(first) = channels_of(layer, &leaf.declared) {
                    return match first {
                        // Registered first, but does an image come in? A Linear before any convolution says no.
                        FirstLayer::Features(features) if any_convolution(machine, id) => {
                            match any_channels(machine, id) {
                                Some(channels) => FirstLayer::Channels(channels),
                                None => FirstLayer::Features(features),
                            }
                        }
                        first => first,
                    };
                }
            }
            None => {
                let Some(&channels) = leaf.declared.first() else { continue };
                let class = machine.module(module).map(|module| module.class.to_string()).unwrap_or_default();
                return match (class.contains("Conv"), class.ends_with("1d"), class.ends_with("3d")) {
                    (true, true, _) => FirstLayer::Dimensions { channels, count: 1 },
                    (true, _, true) => FirstLayer::Dimensions { channels, count: 3 },
                    _ => FirstLayer::Other,
                };
            }
        }
    }
    FirstLayer::Other
}

fn any_convolution(machine: &Machine, id: Id) -> bool {
    any_channels(machine, id).is_some()
}

fn any_channels(machine: &Machine, id: Id) -> Option<u64> {
    machine.walk(id).into_iter().find_map(|(_, module)| {
        let leaf = machine.module(module)?.leaf()?;
        match leaf.layer.as_ref()?.kind() {
            Kind::Conv2d => leaf.declared.first().copied(),
            _ => None,
        }
    })
}

/// Works the shape out from what the first Linear, or a view of so many features, expects.
fn solved(machine: &mut Machine, id: Id, channels: u64) -> Option<InputGuess> {
    let modules: HashMap<String, Vec<u64>> = machine
        .walk(id)
        .into_iter()
        .filter_map(|(name, module)| Some((name, machine.module(module)?.leaf()?.declared.clone())))
        .collect();
    let mut any_does = true;
    for side in [224, 160, 64, 512] {
        let probe = Dims::new(&[channels, side, side])?;
        let traced = machine.quietly(|machine| trace(machine, id, &probe));
        any_does &= !traced.failed;
        if any_does {
            // Two sizes that both run say that nothing is to be worked out.
            if side == 160 {
                return None;
            }
            continue;
        }
        let network = Network { name: String::new(), input: probe, nodes: traced.trace.nodes, uncalled: Vec::new() };
        let Some((node, features, layer)) = expectation(&network, &modules) else { continue };
        let puzzle = Puzzle { network: &network, node, features, channels };
        let (candidates, count) = solve::solve(&puzzle);
        // Where (almost) any shape does, none is worked out.
        if candidates.is_empty() || count > 20_000 {
            continue;
        }
        let fails = |machine: &mut Machine, dims: &Dims| machine.quietly(|machine| trace(machine, id, dims)).failed;
        let mut candidates = candidates;
        if let Some(best) = candidates.iter().take(4).position(|dims| !fails(machine, dims)) {
            candidates[..=best].rotate_right(1);
        }
        return Some(InputGuess { hint: InputHint::Solved { layer, features }, candidates, candidate_count: count });
    }
    None
}

/// The first layer that expects a number of features from a flattened tensor: the tensor's node, the number, the
/// layer's name.
fn expectation(network: &Network, declared: &HashMap<String, Vec<u64>>) -> Option<(Option<usize>, u64, String)> {
    let wiring = network.wiring();
    let above = |index: usize| match wiring.taps(index).first() {
        Some(Tap::Node(above)) => Some(Some(*above)),
        Some(Tap::Input) => Some(None),
        _ => None,
    };
    let shapes = shape::infer(network, &wiring, 1);
    // A view to as many features as arrive expects nothing: they were counted from what arrives.
    let arriving = |index: usize| match above(index)? {
        Some(above) => shapes.nodes[above].dims()?.elements(),
        None => network.input.elements(),
    };
    for (index, node) in network.nodes.iter().enumerate() {
        match &node.layer {
            Layer::View(view) => {
                if let &[-1 | 1, features] = view.shape.as_slice()
                    && features > 1
                    && arriving(index) != u64::try_from(features).ok()
                {
                    return Some((above(index)?, features as u64, node.name.clone()));
                }
            }
            Layer::Linear(_) => {
                let features = declared.get(&node.name).and_then(|declared| declared.first()).copied()?;
                let mut at = above(index)?;
                while let Some(place) = at {
                    match network.nodes[place].layer.kind() {
                        Kind::Flatten | Kind::View => return Some((above(place)?, features, node.name.clone())),
                        kind if kind.is_elementwise_activation() => at = above(place)?,
                        Kind::Dropout
                        | Kind::Dropout2d
                        | Kind::AlphaDropout
                        | Kind::Identity
                        | Kind::BatchNorm1d
                        | Kind::Contiguous => at = above(place)?,
                        // Forgotten to flatten, most likely.
                        Kind::Conv2d | Kind::MaxPool2d | Kind::AvgPool2d | Kind::BatchNorm2d => {
                            return Some((Some(place), features, node.name.clone()));
                        }
                        _ => return None,
                    }
                }
                return None;
            }
            _ => {}
        }
    }
    None
}

/// A length, or the sides of a volume, that run.
fn input_of_dimensions(machine: &mut Machine, id: Id, channels: u64, count: usize) -> Dims {
    let sides: &[u64] = match count {
        1 => &[128, 100, 187, 200, 250, 256, 300, 500, 512, 784, 1000, 1024, 2048, 3000, 4096, 5000, 8000, 16_000],
        _ => &[32, 16, 28, 64, 96],
    };
    let of_side = |side: u64| {
        let mut sizes = vec![side; count + 1];
        sizes[0] = channels;
        Dims::new(&sizes).unwrap_or_default()
    };
    let inputs = sides.iter().map(|&side| of_side(side));
    let mut fitting = inputs.filter(|dims| !machine.quietly(|machine| trace(machine, id, dims)).failed);
    fitting.next().unwrap_or_else(|| of_side(sides[0]))
}

/// A size that runs: small for small networks.
fn default_input(machine: &mut Machine, id: Id, channels: u64) -> Dims {
    let probe = Dims::new(&[channels, 256, 256]).unwrap_or_default();
    let traced = machine.quietly(|machine| trace(machine, id, &probe));
    let smallest = traced
        .trace
        .executed
        .iter()
        .filter(|call| call.output.rank() == 4 && call.output[2] > 1)
        .map(|call| call.output[2])
        .min()
        .unwrap_or(256);
    let sides: [u64; 6] = match (channels, smallest) {
        (1, _) => [28, 32, 64, 224, 128, 256],
        (_, 0..=16) => [224, 256, 299, 128, 64, 32],
        (3, _) => [32, 64, 224, 128, 256, 299],
        _ => [32, 64, 28, 224, 128, 256],
    };
    for side in sides {
        let dims = Dims::new(&[channels, side, side]).unwrap_or(probe);
        if !machine.quietly(|machine| trace(machine, id, &dims)).failed {
            return dims;
        }
    }
    Dims::new(&[channels, sides[0], sides[0]]).unwrap_or(probe)
}
