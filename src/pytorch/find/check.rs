//! What the rows count against what PyTorch counts of the same modules.

use std::collections::HashMap;

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::Id;
use super::super::result::ModelTotals;
use super::super::torch::Machine;
use crate::model::{Network, is_within};
use crate::shape::{self, ParameterTensors};

/// The modules, outermost first, none of whose parameters learn; single parameters where only some of a module's do not.
pub(crate) fn frozen(machine: &Machine, modules: &[(String, Id)]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let learns = |id: Id| {
        machine.module(id).map(|module| {
            let all = module.parameters.iter().map(|(_, parameter)| machine.host.parameters[*parameter].trainable);
            (all.clone().any(|trainable| trainable), all.clone().any(|trainable| !trainable))
        })
    };
    // Bottom up: whether any below a name learns, and whether any does not.
    let mut states: HashMap<&str, (bool, bool)> = HashMap::new();
    for (name, id) in modules.iter().take(5_000) {
        let Some((some_learn, some_not)) = learns(*id) else { continue };
        let mut at = name.as_str();
        loop {
            let state = states.entry(at).or_default();
            *state = (state.0 || some_learn, state.1 || some_not);
            if at.is_empty() {
                break;
            }
            at = at.rsplit_once('.').map_or("", |(parent, _)| parent);
        }
    }
    for (name, id) in modules.iter().take(5_000) {
        if found.iter().any(|above| above.is_empty() || is_within(name, above)) {
            continue;
        }
        match states.get(name.as_str()) {
            Some((false, true)) if !name.is_empty() => found.push(name.clone()),
            // Parameters of its own are rows by their own names.
            Some((_, true)) if machine.module(*id).is_some_and(|module| module.leaf().is_none()) => {
                for (own, parameter) in
                    machine.module(*id).map(|module| module.parameters.as_slice()).unwrap_or_default()
                {
                    if !machine.host.parameters[*parameter].trainable {
                        found.push(if name.is_empty() { own.to_string() } else { format!("{name}.{own}") });
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// Says where the rows count other parameters than PyTorch.
pub(crate) fn compare(
    machine: &mut Machine,
    modules: &[(String, Id)],
    network: &Network,
    (totals, frozen): (&ModelTotals, &[String]),
) {
    let sum = Sum::of(network, frozen);
    let figures = [
        ("parameters", sum.params, totals.params),
        ("parameters that learn", sum.trainable, totals.trainable),
        ("elements of buffers", sum.buffers, totals.buffers),
    ];
    let shared = shared(machine, modules);
    let mut known = false;
    for (what, rows, exact) in figures {
        let Some(exact) = exact.filter(|exact| *exact != rows && !known) else { continue };
        // Of all parameters it is said once.
        known = what == "parameters";
        let why = if what == "elements of buffers" {
            "Buffers that are no statistics of a norm are no rows.".to_string()
        } else if what == "parameters that learn" {
            "Part of a module is frozen, which rows do not show.".to_string()
        } else if !shared.is_empty() && rows > exact {
            format!("{} share parameters, which count once in PyTorch.", shared.join(", "))
        } else if rows < exact {
            "The parameters of what is not known here are missing.".to_string()
        } else {
            "A parameter is used by more than one row.".to_string()
        };
        let severity = if what == "elements of buffers" { Severity::Note } else { Severity::Warning };
        let message = format!("The rows of {} count {rows} {what}, PyTorch {exact}. {why}", network.name);
        machine.note(Problem::new(severity, ProblemKind::NotUnderstood, message));
    }
}

/// Modules that have a parameter which another one above has, too.
fn shared(machine: &Machine, modules: &[(String, Id)]) -> Vec<String> {
    let mut owners: HashMap<Id, &str> = HashMap::new();
    let mut shared = Vec::new();
    for (name, id) in modules {
        for (own, parameter) in machine.module(*id).map(|module| module.parameters.as_slice()).unwrap_or_default() {
            match owners.get(parameter) {
                Some(owner) if shared.len() < 8 => shared.push(format!("{owner} and {name}.{own}")),
                Some(_) => {}
                None => drop(owners.insert(*parameter, name)),
            }
        }
    }
    shared
}

/// What all rows have together, a module that is called again once.
#[derive(Default)]
struct Sum {
    params: u64,
    trainable: u64,
    buffers: u64,
}

impl Sum {
    fn of(network: &Network, frozen: &[String]) -> Self {
        let wiring = network.wiring();
        let shapes = shape::infer(network, &wiring, 1);
        let mut sum = Self::default();
        for ((index, node), earlier) in network.nodes.iter().enumerate().zip(network.first_calls()) {
            if earlier.is_none() {
                let input = wiring.taps(index).first().and_then(|tap| shapes.tap(*tap));
                sum.add(&shape::parameter_tensors(&node.layer, input), &node.name, frozen);
            }
        }
        for module in &network.uncalled {
            sum.add(&shape::uncalled_tensors(module), &module.name, frozen);
        }
        sum
    }

    fn add(&mut self, tensors: &ParameterTensors, name: &str, frozen: &[String]) {
        let learns = !frozen.iter().any(|module| is_within(name, module));
        for tensor in tensors.iter() {
            let elements = tensor.shape.elements().unwrap_or(u64::MAX);
            if tensor.fill.is_buffer() {
                self.buffers = self.buffers.saturating_add(elements);
                continue;
            }
            self.params = self.params.saturating_add(elements);
            self.trainable = self.trainable.saturating_add(if learns { elements } else { 0 });
        }
    }
}
