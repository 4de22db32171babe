//! One module to a network: its registered layers, its input, its calls.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::discover::Root;
use super::hints::{self, ShapeHint};
use super::import::{raised, spent};
use super::machine::{Arguments, Id, Machine, Stop, Trace, Value, settled_class};
use super::problem::{Problem, ProblemKind, Severity};
use super::result::{CallKind, ImportedModel, InputGuess, InputHint, ModelTotals, Options, RegisteredModule};
use super::solve::{self, Puzzle};
use crate::model::{self, Dims, Kind, Layer, Network, Tap, UncalledModule};

/// What the text says about inputs.
pub(super) struct Hints {
    remarks: Vec<ShapeHint>,
    /// Tensors that the code makes, with the batch.
    made: Vec<(Dims, u32)>,
    called: Vec<(Id, Vec<Dims>, u32)>,
    /// The text has one network.
    single: bool,
}

/// One run of `forward`.
struct Traced {
    trace: Trace,
    outputs: Vec<Dims>,
    /// PyTorch would have stopped.
    failed: bool,
}

impl Hints {
    pub fn new(text: &str, machine: &Machine, single: bool) -> Self {
        Self {
            remarks: hints::find(text),
            made: machine.made_inputs.clone(),
            called: machine.called_with.clone(),
            single,
        }
    }
}

/// The network of a module.
pub(super) fn build(machine: &mut Machine, root: Root, hints: &Hints, options: &Options) -> ImportedModel {
    let id = root.module;
    let modules = machine.walk(id);
    let (guess, traced) = find_input(machine, id, hints, options);
    let input = guess.candidates.first().copied().unwrap_or_default();
    let traced = traced.unwrap_or_else(|| trace(machine, id, &input));
    let class = machine.module(id).map(|module| module.class.to_string()).unwrap_or_default();
    let mut network = Network { name: class.clone(), input, nodes: traced.trace.nodes, uncalled: Vec::new() };
    network.uncalled = uncalled(machine, &modules, &traced.trace.executed, &network);
    ImportedModel {
        name: class,
        variable: root.variable,
        line: root.line,
        network,
        input: guess,
        registered: registered(machine, &modules),
        executed: traced.trace.executed,
        stops_after: traced.trace.stops_after,
        outputs: traced.outputs,
        totals: totals(machine, &modules),
    }
}

fn registered(machine: &Machine, modules: &[(String, Id)]) -> Vec<RegisteredModule> {
    let leaves = modules.iter().filter_map(|(name, id)| {
        let module = machine.module(*id)?;
        let leaf = module.leaf()?;
        Some(RegisteredModule {
            name: name.clone(),
            class: settled_class(&module.class),
            arguments: leaf.arguments.clone(),
            params: machine.own_parameters(*id),
            buffers: machine.own_buffers(*id),
        })
    });
    leaves.collect()
}

fn totals(machine: &Machine, modules: &[(String, Id)]) -> ModelTotals {
    let mut seen = HashSet::new();
    let mut totals = ModelTotals { params: Some(0), trainable: Some(0), buffers: Some(0) };
    let add = |sum: &mut Option<u64>, elements: Option<u64>| {
        *sum = sum.zip(elements).and_then(|(sum, elements)| sum.checked_add(elements));
    };
    for (_, id) in modules {
        let Some(module) = machine.module(*id) else { continue };
        if module.leaf().is_some_and(|leaf| !leaf.known) {
            totals = ModelTotals::default();
        }
        for (_, parameter) in module.parameters.iter().chain(&module.buffers) {
            if !seen.insert(*parameter) {
                continue;
            }
            let data = &machine.heap.parameters[*parameter];
            let elements = data.dims.and_then(|dims| dims.elements());
            if data.is_buffer {
                add(&mut totals.buffers, elements);
            } else {
                add(&mut totals.params, elements);
                add(&mut totals.trainable, if data.trainable { elements } else { Some(0) });
            }
        }
    }
    totals
}

/// Modules with parameters that `forward` never calls, and parameters that it never uses.
fn uncalled(
    machine: &Machine,
    modules: &[(String, Id)],
    executed: &[super::ExecutedCall],
    network: &Network,
) -> Vec<UncalledModule> {
    let called: HashSet<&str> = executed
        .iter()
        .filter_map(|call| match &call.kind {
            CallKind::Module { name } => Some(name.as_str()),
            CallKind::Function { .. } => None,
        })
        .collect();
    let nodes: HashSet<&str> = network.nodes.iter().map(|node| node.name.as_str()).collect();
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for (name, id) in modules {
        let Some(module) = machine.module(*id) else { continue };
        let own_parameters = module.parameters.iter().filter(|(_, parameter)| seen.insert(*parameter)).count() > 0;
        match module.leaf() {
            Some(leaf) if !called.contains(name.as_str()) && !name.is_empty() => {
                let unknown = || {
                    let class = module.class.to_string();
                    Layer::Unsupported(model::Unsupported { class, arguments: String::new(), shape: None })
                };
                if own_parameters || !leaf.known {
                    let layer = leaf.layer.clone().unwrap_or_else(unknown);
                    found.push(UncalledModule { name: name.clone(), layer, declared: leaf.declared.clone() });
                }
            }
            Some(_) => {}
            None => {
                for (own, parameter) in &module.parameters {
                    let full = if name.is_empty() { own.to_string() } else { format!("{name}.{own}") };
                    if let Some(dims) = machine.heap.parameters[*parameter].dims
                        && !nodes.contains(full.as_str())
                        && dims.rank() >= 1
                    {
                        let shape = dims.sizes().iter().map(|&size| size as i64).collect();
                        let layer = Layer::Parameter(model::Parameter { shape });
                        found.push(UncalledModule { name: full, layer, declared: Vec::new() });
                    }
                }
            }
        }
    }
    found
}

/// Runs `forward` on an input of one sample.
fn trace(machine: &mut Machine, id: Id, input: &Dims) -> Traced {
    let modules = machine.walk(id);
    let mut parameters = HashMap::new();
    for (path, module) in &modules {
        for (own, parameter) in machine.module(*module).map(|module| module.parameters.as_slice()).unwrap_or_default() {
            let full = if path.is_empty() { own.to_string() } else { format!("{path}.{own}") };
            parameters.entry(*parameter).or_insert(full);
        }
    }
    let mut trace = Trace::new(&modules, parameters);
    trace.counted = machine.counted_functions;
    machine.trace = Some(trace);
    machine.line = 0;
    machine.minding += 1;
    let result = machine.with_budget(|machine| {
        let arguments = machine.forward_arguments(id, input)?;
        let value = machine.forward(id, arguments)?;
        machine.output_tensors(id, &value)
    });
    machine.minding = 0;
    let outputs = match result {
        Ok(outputs) => outputs,
        Err(stop) => {
            let line = machine.line;
            machine.unwind();
            machine.line = line;
            if let Some(trace) = &mut machine.trace {
                trace.stops();
            }
            machine.note(match &stop {
                Stop::Spent(what) => spent(what),
                Stop::Raised(exception) => raised(exception),
            });
            Vec::new()
        }
    };
    machine.line = 0;
    let trace = machine.trace.take().unwrap_or_else(|| Trace::new(&[], HashMap::new()));
    let failed = trace.stops_after.is_some();
    Traced { trace, outputs, failed }
}

/// The input's shape: chosen, given by the text, solved backwards, or a default.
fn find_input(machine: &mut Machine, id: Id, hints: &Hints, options: &Options) -> (InputGuess, Option<Traced>) {
    let one = |hint, dims| InputGuess { hint, candidates: vec![dims], candidate_count: 1 };
    let first = first_layer(machine, id);
    if let Some(input) = options.input {
        // Two networks of a text can have different inputs; a choice that cannot be meant for this one is not.
        let fits = match first {
            FirstLayer::Channels(channels) if input.rank() == 3 => input[0] == channels || hints.single,
            _ => true,
        };
        if fits {
            return (one(InputHint::Chosen, input), None);
        }
    }
    let channels = match first {
        FirstLayer::Channels(channels) => Some(channels),
        FirstLayer::Features(_) | FirstLayer::Other => None,
    };
    let mut weak = Vec::new();
    for (dims, line, strong) in given_inputs(machine, id, hints, &first) {
        if strong {
            return (one(InputHint::Declared { line }, dims), None);
        }
        weak.push((dims, line));
    }
    for (dims, line) in weak.into_iter().take(6) {
        if !machine.quietly(|machine| trace(machine, id, &dims)).failed {
            return (one(InputHint::Declared { line }, dims), None);
        }
    }
    if let FirstLayer::Features(features) = first
        && let Some(dims) = Dims::new(&[features])
    {
        return (one(InputHint::Solved { layer: "Linear".to_string(), features }, dims), None);
    }
    let channels = channels.unwrap_or(3);
    if let Some(guess) = solved(machine, id, channels) {
        return (guess, None);
    }
    (one(InputHint::Default, default_input(machine, id, channels)), None)
}

/// Shapes that the text gives for this module, best first, and whether they are surely meant.
fn given_inputs(machine: &Machine, id: Id, hints: &Hints, first: &FirstLayer) -> Vec<(Dims, u32, bool)> {
    let mut given = Vec::new();
    let class = machine.heap.instances[id].class;
    let fits = |sample: &Dims| match first {
        FirstLayer::Channels(channels) => sample.rank() == 3 && sample[0] == *channels,
        FirstLayer::Features(features) => sample.last() == Some(features) || sample.elements() == Some(*features),
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
        FirstLayer::Features(_) | FirstLayer::Other => None,
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
                if !leaf.declared.is_empty() {
                    return FirstLayer::Other;
                }
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
    for (index, node) in network.nodes.iter().enumerate() {
        match &node.layer {
            Layer::View(view) => {
                if let &[-1 | 1, features] = view.shape.as_slice()
                    && features > 1
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

impl Machine {
    /// The input for every parameter of `forward` that has no default.
    fn forward_arguments(&mut self, id: Id, input: &Dims) -> super::machine::Run<Arguments> {
        let tensor = self.input_tensor(input.with_batch(1));
        let mut positional = vec![tensor.clone()];
        if let Some(Value::Method(method)) = self.find_method(id, "forward") {
            let parameters = &self.heap.functions[method.1].definition.parameters;
            let own = usize::from(!self.forgets_self(method.1, 1));
            let required =
                parameters.positional.iter().skip(own).filter(|parameter| parameter.default.is_none()).count();
            if required == 0 && parameters.positional.len() < 1 + own && parameters.rest.is_none() {
                positional.clear();
            }
            for _ in 1..required {
                positional.push(tensor.clone());
            }
            if required > 1 {
                let message = format!("forward takes {required} inputs; the same one is given to all of them.");
                self.note(Problem::new(Severity::Note, ProblemKind::Assumed, message));
            }
        }
        Ok(Arguments { positional, keywords: Vec::new() })
    }

    /// The tensors in what `forward` returns. The first becomes the network's last node.
    fn output_tensors(&mut self, id: Id, value: &Value) -> super::machine::Run<Vec<Dims>> {
        let mut tensors = Vec::new();
        let mut open = vec![self.meant_result(id, value)];
        while let Some(value) = open.pop() {
            match &value {
                Value::Tensor(tensor) => tensors.push(tensor.clone()),
                Value::Tuple(items) => open.extend(items.iter().rev().cloned()),
                Value::List(list) => open.extend(self.heap.lists[*list].iter().rev().cloned()),
                Value::Dict(dict) => {
                    open.extend(self.heap.dicts[*dict].pairs.iter().rev().map(|(_, value)| value.clone()))
                }
                _ => {}
            }
            if tensors.len() > 64 || open.len() > 10_000 {
                break;
            }
        }
        if let Some(first) = tensors.first() {
            self.end_with(&Rc::clone(first))?;
        }
        Ok(tensors.iter().filter_map(|tensor| tensor.dims).collect())
    }
}
