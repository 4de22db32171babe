//! One module to a network: its registered layers, its input, its calls.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::super::import::{raised, spent};
use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::{Arguments, Id, Machine, Stop, Tensor, Trace, Value, settled_class};
use super::super::result::{CallKind, ImportedModel, ModelTotals, Options, RegisteredModule};
use super::batch;
use super::check;
use super::discover::Root;
use super::hints;
use super::hints::ShapeHint;
use super::input::find_input;
use crate::model::{self, Dims, Layer, Network, NodeId, UncalledModule};

/// What the text says about inputs.
pub(crate) struct Hints {
    pub remarks: Vec<ShapeHint>,
    /// Tensors that the code makes, with the batch.
    pub made: Vec<(Dims, u32)>,
    pub called: Vec<(Id, Vec<Dims>, u32)>,
    /// The text has one network.
    pub single: bool,
}

/// One run of `forward`.
pub(crate) struct Traced {
    pub trace: Trace,
    pub outputs: Vec<Dims>,
    /// The rows that give them.
    pub ends: Vec<NodeId>,
    /// PyTorch would have stopped.
    pub failed: bool,
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
pub(crate) fn build(machine: &mut Machine, root: Root, hints: &Hints, options: &Options) -> ImportedModel {
    let id = root.module;
    let modules = machine.walk(id);
    let (guess, traced) = find_input(machine, id, hints, options);
    let input = guess.candidates.first().copied().unwrap_or_default();
    let mut traced = traced.unwrap_or_else(|| trace(machine, id, &input));
    if batch::matters(&traced.trace) {
        let more = input.with_batch(batch::SAMPLES);
        let other = machine.quietly(|machine| trace_batch(machine, id, more));
        batch::settle(&mut traced.trace, &other.trace, &input);
    }
    batch::bound(&mut traced.trace, &input);
    let ends: Vec<NodeId> = traced.ends.clone();
    traced.trace.drop_unread(&ends);
    let weights = std::mem::take(&mut traced.trace.weights);
    let class = machine.module(id).map(|module| module.class.to_string()).unwrap_or_default();
    let mut network = Network { name: class.clone(), input, nodes: traced.trace.nodes, uncalled: Vec::new() };
    network.uncalled = uncalled(machine, &modules, &weights, &traced.trace.executed, &network);
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
            .any(|(name, value)| matches!(value, Value::Unknown(what) if what == name));
        if lacks_something || module.leaf().is_some_and(|leaf| !leaf.known) {
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
    weights: &HashSet<Id>,
    executed: &[super::super::ExecutedCall],
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
            Some(leaf) if !called.contains(name.as_str()) && !nodes.contains(name.as_str()) && !name.is_empty() => {
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
            Some(_) => {}
            None => {
                for (own, parameter) in &module.parameters {
                    let full = if name.is_empty() { own.to_string() } else { format!("{name}.{own}") };
                    if let Some(dims) = machine.heap.parameters[*parameter].dims
                        && !nodes.contains(full.as_str())
                        && !weights.contains(parameter)
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
pub(crate) fn trace(machine: &mut Machine, id: Id, input: &Dims) -> Traced {
    trace_batch(machine, id, input.with_batch(1))
}

/// Runs `forward` on an input, its batch first.
fn trace_batch(machine: &mut Machine, id: Id, input: Option<Dims>) -> Traced {
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
    let (outputs, ends) = match result {
        Ok(outputs) => outputs,
        Err(stop) => {
            let line = machine.line;
            machine.unwind();
            machine.line = line;
            let assumed = machine.trace.as_ref().is_some_and(|trace| trace.assumed);
            if let Some(trace) = &mut machine.trace {
                trace.stops();
            }
            machine.note(match &stop {
                Stop::Spent(what) => spent(what),
                Stop::Raised(exception) if assumed => Problem { severity: Severity::Warning, ..raised(exception) },
                Stop::Raised(exception) => raised(exception),
            });
            (Vec::new(), Vec::new())
        }
    };
    machine.line = 0;
    let trace = machine.trace.take().unwrap_or_else(|| Trace::new(&[], HashMap::new()));
    let failed = trace.stops_after.is_some();
    Traced { trace, outputs, ends, failed }
}

impl Machine {
    /// The input for every parameter of `forward` that has no default.
    fn forward_arguments(&mut self, id: Id, input: Option<Dims>) -> super::super::python::Run<Arguments> {
        let tensor = self.input_tensor(input);
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
    fn output_tensors(&mut self, id: Id, value: &Value) -> super::super::python::Run<(Vec<Dims>, Vec<NodeId>)> {
        let mut tensors: Vec<Rc<Tensor>> = Vec::new();
        let mut lost = None;
        let mut open = vec![self.meant_result(id, value)];
        while let Some(value) = open.pop() {
            match &value {
                Value::Tensor(tensor) => tensors.push(tensor.clone()),
                Value::Tuple(items) => open.extend(items.iter().rev().cloned()),
                Value::List(list) => open.extend(self.heap.lists[*list].iter().rev().cloned()),
                Value::Dict(dict) => {
                    open.extend(self.heap.dicts[*dict].pairs.iter().rev().map(|(_, value)| value.clone()))
                }
                Value::Unknown(what) => lost = lost.or(Some(what.clone())),
                _ => {}
            }
            if tensors.len() > 64 || open.len() > 10_000 {
                break;
            }
        }
        // Views that nothing else uses are rows where they are given back.
        for tensor in tensors.iter().skip(1).filter(|tensor| Self::flows(tensor)) {
            self.settled(tensor)?;
        }
        if let Some(first) = tensors.first() {
            self.end_with(&Rc::clone(first))?;
        }
        self.note_outputs(&tensors, lost.as_deref());
        let ends = tensors.iter().filter_map(|tensor| self.node_of(tensor)).collect();
        Ok((tensors.iter().filter_map(|tensor| tensor.dims).collect(), ends))
    }

    /// Says what of a result the rows do not end with.
    fn note_outputs(&mut self, tensors: &[Rc<Tensor>], lost: Option<&str>) {
        let note = |severity, message| Problem::new(severity, ProblemKind::Assumed, message);
        if let Some(what) = lost.filter(|what| !what.contains("error")) {
            let message = format!(
                "forward gives {what}, which is not known here: no row stands for it, and the rows end before it."
            );
            self.note(Problem { kind: ProblemKind::NotUnderstood, ..note(Severity::Warning, message) });
        }
        let nodes: Vec<Option<NodeId>> = tensors.iter().map(|tensor| self.node_of(tensor)).collect();
        let names: Vec<&str> = self
            .trace
            .iter()
            .flat_map(|trace| {
                let others = nodes.iter().skip(1).filter(|node| node.is_some() && **node != nodes[0]);
                others.filter_map(|node| trace.nodes.iter().find(|other| Some(other.id) == *node))
            })
            .map(|node| node.name.as_str())
            .collect();
        if !names.is_empty() {
            let message = format!(
                "forward gives {} tensors: the first is the design's output; {} {} of the others, counted like all rows, and read by none.",
                tensors.len(),
                names.join(", "),
                if names.len() == 1 { "is the row" } else { "are the rows" },
            );
            self.note(note(Severity::Note, message));
        }
    }
}
