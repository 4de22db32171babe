//! One module to a network: its registered layers, its input, its calls.

use std::collections::HashSet;

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::Id;
use super::super::python::value::Why;
use super::super::result::{CallKind, ExecutedCall, ImportedModel, ModelTotals, Options, RegisteredModule};
use super::super::torch::module_state::settled_class;
use super::super::torch::{Machine, Value};
use super::discover::Root;
use super::input::find_input;
use super::trace::{After, Hints, Traced, trace, trace_batch};
use super::{batch, check};
use crate::model::{self, Dims, Layer, Network, NodeId, UncalledModule};

/// The network of a module.
pub(crate) fn build(machine: &mut Machine, root: Root, hints: &Hints, options: &Options) -> ImportedModel {
    let id = root.module;
    machine.host.guessing = root.guessed;
    let guess = find_input(machine, id, hints, options);
    let input = guess.candidates.first().copied().unwrap_or_default();
    let mut traced = final_trace(machine, id, &input, hints);
    // What the first run of `forward` made is there now.
    let modules = machine.walk(id);
    if batch::matters(&traced.trace) {
        let more = input.with_batch(batch::SAMPLES);
        let other = machine.quietly(|machine| trace_batch(machine, id, more, After::Restore));
        batch::settle(&mut traced.trace, &other.trace, &input);
    }
    batch::bound(&mut traced.trace, &input);
    let ends: Vec<NodeId> = traced.ends.clone();
    traced.trace.drop_unread(&ends);
    let weights = std::mem::take(&mut traced.trace.weights);
    let class = machine.module(id).map(|module| module.class.to_string()).unwrap_or_default();
    let mut network = Network { name: class.clone(), input, nodes: traced.trace.nodes, uncalled: Vec::new() };
    network.uncalled = uncalled(machine, &modules, &weights, &traced.trace.executed, &network);
    let is_left_out = |id: &Id| machine.host.left_out.contains(id);
    for (name, _) in modules.iter().filter(|(_, id)| is_left_out(id)) {
        network.uncalled.push(not_read(name));
    }
    if traced.trace.left_out {
        network.uncalled.push(not_read("forward"));
    }
    network.uncalled.extend(wired_by_guess(machine, &modules));
    machine.host.guessing = false;
    let totals = totals(machine, &modules);
    let frozen = check::frozen(machine, &modules);
    check::compare(machine, &modules, &network, (&totals, &frozen));
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
        totals,
        frozen,
    }
}

/// What stands for a part of the text that was left out: no sum is whole without it.
fn not_read(name: &str) -> UncalledModule {
    let name = if name.is_empty() { "not_read".to_string() } else { format!("{name}.not_read") };
    let class = "loop".to_string();
    let layer = model::Unsupported { class, ..Default::default() };
    UncalledModule { name, layer: Layer::Unsupported(layer), declared: Vec::new() }
}

/// Says what a printed model leaves open. Where that is more than the order of the outermost modules, gives what stands
/// for the `forward`s that are not there: no figure that hangs on them is certain.
fn wired_by_guess(machine: &mut Machine, modules: &[(String, Id)]) -> Option<UncalledModule> {
    let mut classes: Vec<String> = Vec::new();
    for (_, id) in modules.iter().filter(|(_, id)| machine.is_wired_by_guess(*id)) {
        let class = machine.module(*id).map(|module| module.class.to_string()).unwrap_or_default();
        if !classes.contains(&class) {
            classes.push(class);
        }
    }
    let first = classes.first()?.clone();
    let inner = modules.iter().any(|(name, id)| !name.is_empty() && machine.is_wired_by_guess(*id));
    classes.truncate(4);
    let whose = classes.join(", ");
    let message = match inner {
        false => format!(
            "print({first}) shows neither how its modules are connected nor the functions between them: they are taken to run one after another."
        ),
        true => format!(
            "A printed model shows neither how the modules of {whose} are connected nor the functions between them: they are taken to run one after another. Its parameters are exact; shapes, MACs and memory are about right at best: paste the classes for them."
        ),
    };
    let severity = if inner { Severity::Warning } else { Severity::Note };
    machine.note(Problem::new(severity, ProblemKind::Assumed, message));
    let layer = model::Unsupported { class: "forward".to_string(), parameters: Some(0), ..Default::default() };
    inner.then(|| UncalledModule {
        name: "forward".to_string(),
        layer: Layer::Unsupported(layer),
        declared: Vec::new(),
    })
}

/// The run that is shown. Where it fails, the text's own batch is in what PyTorch says.
fn final_trace(machine: &mut Machine, id: Id, input: &Dims, hints: &Hints) -> Traced {
    let batch = hints.called.iter().find(|(module, shapes, _)| *module == id && shapes[0].without_batch() == *input);
    let batch = batch.and_then(|(_, shapes, _)| shapes[0].first().copied()).filter(|&batch| batch > 1);
    if let Some(batch) = batch {
        let traced = machine.quietly(|machine| trace(machine, id, input));
        if traced.failed {
            let whole = input.with_batch(batch);
            if machine.quietly(|machine| trace_batch(machine, id, whole, After::Restore)).failed {
                trace_batch(machine, id, whole, After::Restore);
            } else {
                let message = format!(
                    "The text runs this on {batch}x{input}, and on one of the {batch} it does not run: its first size is no batch. What is shown is of one, as far as it goes."
                );
                machine.note(Problem::new(Severity::Warning, ProblemKind::Assumed, message));
            }
            return traced;
        }
    }
    trace_batch(machine, id, input.with_batch(1), After::Keep)
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
        let lacks_something = machine.heap.instances[*id]
            .attributes
            .iter()
            .any(|(name, value)| matches!(value, Value::Unknown(unknown) if unknown.why == Why::NotMade && unknown.words == *name));
        if lacks_something || machine.host.left_out.contains(id) || module.leaf().is_some_and(|leaf| !leaf.known) {
            totals = ModelTotals::default();
        }
        for (_, parameter) in module.parameters.iter().chain(&module.buffers) {
            if !seen.insert(*parameter) {
                continue;
            }
            let data = &machine.host.parameters[*parameter];
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
    weights: &HashSet<Id>,
    executed: &[ExecutedCall],
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
        let has_row = |(own, parameter): &(std::rc::Rc<str>, Id)| {
            weights.contains(parameter) || nodes.contains(format!("{name}.{own}").as_str())
        };
        let is_called = called.contains(name.as_str()) || nodes.contains(name.as_str());
        match module.leaf() {
            // `F.linear(x, self.embedding.weight)`: its parameters are used without it.
            Some(leaf) if leaf.known && !is_called && !name.is_empty() && module.parameters.iter().any(has_row) => {
                for (own, parameter) in module.parameters.iter().filter(|entry| !has_row(entry)) {
                    found.extend(unused_parameter(machine, format!("{name}.{own}"), *parameter));
                }
            }
            Some(leaf) if !is_called && !name.is_empty() => {
                let unknown = || {
                    let class = module.class.to_string();
                    let parameters = machine.own_parameters(*id).and_then(|count| i64::try_from(count).ok());
                    Layer::Unsupported(model::Unsupported { class, parameters, ..model::Unsupported::default() })
                };
                if own_parameters || !leaf.known {
                    let layer = leaf.layer.clone().unwrap_or_else(unknown);
                    found.push(UncalledModule { name: name.clone(), layer, declared: leaf.declared.clone() });
                }
            }
            Some(leaf) if leaf.layer.is_none() => {}
            leaf => {
                // Of a layer: what was put on it besides.
                let counted = leaf.map_or(0, |leaf| {
                    let tensors = super::super::torch::leaf::tensors(&module.class, leaf);
                    tensors.iter().filter(|(.., is_buffer)| !is_buffer).count()
                });
                for (own, parameter) in module.parameters.iter().skip(counted) {
                    let full = if name.is_empty() { own.to_string() } else { format!("{name}.{own}") };
                    if !nodes.contains(full.as_str()) && !weights.contains(parameter) {
                        found.extend(unused_parameter(machine, full, *parameter));
                    }
                }
            }
        }
    }
    found
}

/// The row of a parameter that nothing uses, where its shape is known.
fn unused_parameter(machine: &Machine, name: String, parameter: Id) -> Option<UncalledModule> {
    let dims = machine.host.parameters[parameter].dims?;
    let sizes = if dims.rank() == 0 { &[1] } else { dims.sizes() };
    let shape = sizes.iter().map(|&size| size as i64).collect();
    Some(UncalledModule { name, layer: Layer::Parameter(model::Parameter { shape }), declared: Vec::new() })
}
