//! What the rows count against what PyTorch counts of the same modules.

use std::collections::HashMap;

use super::machine::{Id, Machine};
use super::problem::{Problem, ProblemKind, Severity};
use super::result::ModelTotals;
use crate::cost::{Settings, analyze};
use crate::model::Network;

/// The modules, outermost first, none of whose parameters learn; single parameters where only some of a module's do not.
pub(super) fn frozen(machine: &Machine, modules: &[(String, Id)]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let below = |name: &str, other: &str| {
        name.is_empty() || other.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let learns = |id: Id| {
        machine.module(id).map(|module| {
            let all = module.parameters.iter().map(|(_, parameter)| machine.heap.parameters[*parameter].trainable);
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
        if found.iter().any(|above| below(above, name)) {
            continue;
        }
        match states.get(name.as_str()) {
            Some((false, true)) if !name.is_empty() => found.push(name.clone()),
            // Parameters of its own are rows by their own names.
            Some((_, true)) if machine.module(*id).is_some_and(|module| module.leaf().is_none()) => {
                for (own, parameter) in
                    machine.module(*id).map(|module| module.parameters.as_slice()).unwrap_or_default()
                {
                    if !machine.heap.parameters[*parameter].trainable {
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
pub(super) fn compare(
    machine: &mut Machine,
    modules: &[(String, Id)],
    network: &Network,
    (totals, frozen): (&ModelTotals, &[String]),
) {
    let settings = Settings { frozen: frozen.to_vec(), ..Settings::default() };
    let sum = analyze(network, &settings).totals.figures;
    let figures = [
        ("parameters", sum.params().0, totals.params),
        ("parameters that learn", sum.trainable.0, totals.trainable),
        ("elements of buffers", sum.buffers.0, totals.buffers),
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
