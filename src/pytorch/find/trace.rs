//! One run of a module's `forward`: its rows, and what it gives.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::value::{Unknown, Why};
use super::super::python::{Id, Run, Stop};
use super::super::torch::tensor::Tensor;
use super::super::torch::trace::Trace;
use super::super::torch::{Arguments, Machine, Value};
use super::hints::{self, ShapeHint};
use crate::model::{Dims, NodeId};

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
    /// `clean` is the text's Python, line by line.
    pub(crate) fn new(text: &str, clean: &str, machine: &Machine, single: bool) -> Self {
        Self {
            remarks: hints::find(text, clean),
            made: machine.host.made_inputs.clone(),
            called: machine.host.called_with.clone(),
            single,
        }
    }
}

/// Runs `forward` on an input of one sample.
pub(crate) fn trace(machine: &mut Machine, id: Id, input: &Dims) -> Traced {
    trace_batch(machine, id, input.with_batch(1), After::Restore)
}

/// What becomes of the modules that a run of `forward` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    Keep,
    /// It was only a probe.
    Restore,
}

/// Runs `forward` on an input, its batch first.
pub(crate) fn trace_batch(machine: &mut Machine, id: Id, input: Option<Dims>, after: After) -> Traced {
    let modules = machine.walk(id);
    let before = (after == After::Restore).then(|| machine.saved(&modules));
    let mut parameters = HashMap::new();
    for (path, module) in &modules {
        for (own, parameter) in machine.module(*module).map(|module| module.parameters.as_slice()).unwrap_or_default() {
            let full = if path.is_empty() { own.to_string() } else { format!("{path}.{own}") };
            parameters.entry(*parameter).or_insert(full);
        }
    }
    let mut trace = Trace::new(&modules, parameters);
    trace.counted = machine.host.counted_functions;
    trace.input = input;
    trace.assumed = machine.host.guessing;
    machine.host.trace = Some(trace);
    // A chain of the library has no lines of its own: it is where the text calls it.
    let is_own = machine.own_forward(id).is_some();
    let called = machine.host.called_with.iter().find(|(module, ..)| *module == id).map(|&(.., line)| line);
    let outer = if is_own { 0 } else { called.unwrap_or(0) };
    machine.line = outer;
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
            let assumed = machine.host.trace.as_ref().is_some_and(|trace| trace.assumed);
            if let Some(trace) = &mut machine.host.trace {
                trace.stops();
            }
            machine.note(match &stop {
                Stop::Spent(spent) => spent.problem(),
                Stop::Raised(raised) if assumed => Problem { severity: Severity::Warning, ..raised.problem() },
                Stop::Raised(raised) => raised.problem(),
            });
            (Vec::new(), Vec::new())
        }
    };
    machine.line = 0;
    let trace = machine.host.trace.take().unwrap_or_else(|| Trace::new(&[], HashMap::new()));
    let failed = trace.stops_after.is_some();
    if let Some(before) = before {
        machine.restore(before);
    }
    Traced { trace, outputs, ends, failed }
}

impl Machine {
    /// The input for every parameter of `forward` that has no default.
    fn forward_arguments(&mut self, id: Id, input: Option<Dims>) -> Run<Arguments> {
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
            let names: Vec<String> = parameters
                .positional
                .iter()
                .skip(own + 1)
                .take(required.saturating_sub(1))
                .map(|parameter| parameter.name.to_string())
                .collect();
            positional.extend(self.further_inputs(id, input, &names));
        }
        Ok(Arguments { positional, keywords: Vec::new() })
    }

    /// The inputs besides the first: as the text calls the module; else the first one again, or a number for each sample.
    fn further_inputs(&mut self, id: Id, input: Option<Dims>, names: &[String]) -> Vec<Value> {
        let class = self.heap.instances[id].class;
        let called = self.host.called_with.iter().find(|(module, shapes, _)| {
            let same = *module == id || (class.is_some() && self.heap.instances[*module].class == class);
            same && shapes.len() > names.len()
        });
        let called = called.map(|(_, shapes, _)| shapes.clone());
        let batch = input.and_then(|input| input.first().copied()).unwrap_or(1);
        let mut further = Vec::with_capacity(names.len());
        let mut again = false;
        for (place, name) in names.iter().enumerate() {
            let given = called.as_ref().map(|shapes| {
                let mut dims = shapes[place + 1];
                let leads = shapes[0].first() == dims.first();
                if let (Some(first), true) = (dims.sizes_mut().first_mut(), leads) {
                    *first = batch;
                }
                dims
            });
            let one_each = self.host.one_each.get(&id).is_some_and(|&one_each| one_each);
            let dims = given.or_else(|| if one_each { Dims::new(&[batch]) } else { input });
            again |= given.is_none() && !one_each;
            further.push(self.further_input(name, input, dims));
        }
        if again {
            let message = format!("forward takes {} inputs; the same one is given to all of them.", names.len() + 1);
            self.note(Problem::new(Severity::Note, ProblemKind::Assumed, message));
        }
        further
    }

    /// The tensors in what `forward` returns. The first becomes the network's last node.
    fn output_tensors(&mut self, id: Id, value: &Value) -> Run<(Vec<Dims>, Vec<NodeId>)> {
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
                Value::Unknown(unknown) => lost = lost.or(Some(unknown.clone())),
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
    fn note_outputs(&mut self, tensors: &[Rc<Tensor>], lost: Option<&Unknown>) {
        let note = |severity, message| Problem::new(severity, ProblemKind::Assumed, message);
        if let Some(Unknown { words: what, .. }) = lost.filter(|unknown| unknown.why != Why::Failed) {
            let message = format!(
                "forward gives {what}, which is not known here: no row stands for it, and the rows end before it."
            );
            self.note(Problem { kind: ProblemKind::NotUnderstood, ..note(Severity::Warning, message) });
        }
        let nodes: Vec<Option<NodeId>> = tensors.iter().map(|tensor| self.node_of(tensor)).collect();
        let names: Vec<&str> = self
            .host
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
