//! Which networks a text is about.

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::tree::{FunctionDefinition, StatementKind};
use super::super::python::{Id, Stop};
use super::super::repair::source::Source;
use super::super::torch::module_state::ModuleKind;
use super::super::torch::{Arguments, Machine, Value};

/// Modules outside of others after which no more are looked at.
const MOST_LOOKED_AT: usize = 2000;

/// A network of the text.
pub(crate) struct Root {
    pub module: Id,
    pub variable: Option<String>,
    pub line: Option<u32>,
    /// Its arguments are only guessed.
    pub guessed: bool,
}

/// The networks, in the order of the text: those that it makes, and the classes that it only defines.
pub(crate) fn roots(machine: &mut Machine, source: &Source, most: usize) -> Vec<Root> {
    let mut found = networks(machine);
    if source.first < source.body.len() {
        let is_other = |id: Id| machine.is_of_other_file(|value| matches!(value, Value::Instance(own) if *own == id));
        found.retain(|&id| variable_of(machine, id).is_some() || !is_other(id));
    }
    let used_classes: Vec<Id> = found.iter().filter_map(|&id| machine.heap.instances[id].class).collect();
    let unused = unused_classes(machine, source, &used_classes);
    for &class in &unused {
        found.extend(construct(machine, class, false));
    }
    // A class of a few functions is no reason not to look for the network.
    if !found.iter().any(|&id| has_parameters(machine, id)) {
        call_factories(machine, source);
        let made = networks(machine);
        if made.iter().any(|&id| has_parameters(machine, id)) {
            found = made;
        }
    }
    let mut guessed = Vec::new();
    if found.is_empty() {
        for &class in &unused {
            let made = construct(machine, class, true);
            found.extend(made);
            guessed.extend(made.filter(|_| !required_arguments(machine, class).is_empty()));
        }
    } else {
        note_left_out(machine, &unused, &found);
    }
    drop_forgotten(machine, &mut found);
    if found.is_empty() {
        found = made(machine);
    }
    if found.is_empty() {
        let classes: Vec<Id> =
            (0..machine.heap.classes.len()).filter(|&class| machine.is_module_class(class)).collect();
        for class in classes.into_iter().rev() {
            if let Some(id) = construct(machine, class, true) {
                found.push(id);
                guessed.extend((!required_arguments(machine, class).is_empty()).then_some(id));
                break;
            }
        }
    }
    let mut roots: Vec<Root> = found
        .into_iter()
        .map(|module| Root {
            module,
            variable: variable_of(machine, module),
            line: line_of(machine, module),
            guessed: guessed.contains(&module),
        })
        .collect();
    // Those that the text keeps come before those that it lets go.
    roots.sort_by_key(|root| root.variable.is_none());
    if roots.len() > most {
        let message = format!("The text makes {} networks; {most} of them are shown.", roots.len());
        machine.note(Problem::new(Severity::Note, ProblemKind::Assumed, message));
        roots.truncate(most);
    }
    roots.sort_by_key(|root| root.line.unwrap_or(u32::MAX));
    roots
}

/// What the text makes. Where it defines networks, a layer that no variable holds is none: it is an argument's default.
fn networks(machine: &Machine) -> Vec<Id> {
    let mut found = made(machine);
    let classes = 0..machine.heap.classes.len();
    if classes.into_iter().any(|class| machine.is_module_class(class)) {
        found.retain(|&id| !is_leaf(machine, id) || variable_of(machine, id).is_some());
    }
    found
}

/// What is never used, while another of its class is kept, is none: `model = Net(); model = Net(pretrained)`.
fn drop_forgotten(machine: &Machine, found: &mut Vec<Id>) {
    let class = |id: Id| machine.heap.instances[id].class;
    let is_kept = |id: Id| machine.host.returned.contains(&id) || variable_of(machine, id).is_some();
    let is_used = |id: Id| machine.host.called_with.iter().any(|(module, ..)| *module == id);
    let kept: Vec<Option<Id>> = found.iter().filter(|&&id| is_kept(id)).map(|&id| class(id)).collect();
    found.retain(|&id| is_kept(id) || is_used(id) || !kept.contains(&class(id)));
}

/// Says which classes are no design, as nothing says what their arguments are.
fn note_left_out(machine: &mut Machine, unused: &[Id], found: &[Id]) {
    for &class in unused {
        let required = required_arguments(machine, class);
        if required.is_empty() || found.iter().any(|&id| machine.heap.instances[id].class == Some(class)) {
            continue;
        }
        let name = machine.heap.classes[class].name.clone();
        let arguments = required.join(", ");
        machine.line = machine.heap.classes[class].definition.line;
        let message = format!(
            "{name} is made nowhere in the text and left out: a line that makes one, as {name}({arguments}) with numbers, brings it in."
        );
        machine.note(Problem::new(Severity::Note, ProblemKind::Assumed, message));
        machine.line = 0;
    }
}

/// Modules that were made and are in no other one.
fn made(machine: &Machine) -> Vec<Id> {
    let mut roots: Vec<Id> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for &id in &machine.host.made {
        let Some(module) = machine.module(id) else { continue };
        if module.has_parent || module.class.ends_with("Loss") || !seen.insert(id) {
            continue;
        }
        if module.stops_init && module.children.is_empty() {
            continue;
        }
        // `TransformerEncoder(TransformerEncoderLayer(...), 6)` has copies of what it is given.
        if machine.host.templates.contains(&id) && variable_of(machine, id).is_none() {
            continue;
        }
        roots.push(id);
        if roots.len() >= MOST_LOOKED_AT {
            break;
        }
    }
    let layers = |id: Id| machine.walk(id).iter().filter(|(_, id)| is_leaf(machine, *id)).count();
    let is_network = |id: &Id| !is_leaf(machine, *id) && layers(*id) > 0 && runs(machine, *id);
    if roots.iter().any(is_network) {
        roots.retain(is_network);
    } else {
        roots.retain(|id| is_leaf(machine, *id) || layers(*id) > 0);
    }
    roots
}

fn has_parameters(machine: &Machine, id: Id) -> bool {
    let modules = machine.walk(id);
    modules.iter().any(|(_, id)| machine.module(*id).is_some_and(|module| !module.parameters.is_empty()))
}

fn is_leaf(machine: &Machine, id: Id) -> bool {
    machine.module(id).is_some_and(|module| module.leaf().is_some())
}

/// Lists of modules and modules without `forward` do nothing by themselves.
fn runs(machine: &Machine, id: Id) -> bool {
    let chain = machine.module(id).is_some_and(|module| matches!(module.kind, ModuleKind::Sequential));
    chain || machine.own_forward(id).is_some()
}

fn variable_of(machine: &Machine, module: Id) -> Option<String> {
    let globals = &machine.heap.scopes[machine.globals].variables;
    let mut names: Vec<&str> = globals
        .iter()
        .filter(|(_, value)| matches!(value, Value::Instance(id) if *id == module))
        .map(|(name, _)| &**name)
        .collect();
    names.sort_unstable();
    names.first().map(|name| name.to_string())
}

fn line_of(machine: &Machine, module: Id) -> Option<u32> {
    let instance = &machine.heap.instances[module];
    let line = match instance.class {
        Some(class) => machine.heap.classes[class].definition.line,
        None => instance.line,
    };
    (line > 0).then_some(line)
}

/// Module classes that nothing in the text makes or names outside of their own body.
fn unused_classes(machine: &Machine, source: &Source, used: &[Id]) -> Vec<Id> {
    let lines: Vec<&str> = source.clean.split('\n').collect();
    let mut classes = Vec::new();
    for (id, class) in machine.heap.classes.iter().enumerate() {
        let has_layers = machine.is_module_class(id) && machine.class_attribute(id, "forward").is_some()
            || class.library_base.as_deref() == Some("torch.nn.Sequential");
        // Line 0: no class of the text.
        if !has_layers || used.contains(&id) || class.definition.line == 0 || !source.is_own(class.definition.line) {
            continue;
        }
        let own = class.definition.line.saturating_sub(1) as usize..class.definition.last_line as usize;
        let named_elsewhere = lines.iter().enumerate().any(|(index, line)| {
            !own.contains(&index) && uses(&line[..super::super::repair::line::comment_start(line)], &class.name)
        });
        if !named_elsewhere && !class.name.ends_with("Loss") {
            classes.push(id);
        }
    }
    classes
}

fn uses(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        !line[..at].ends_with(is_word) && !line[at + name.len()..].starts_with(is_word)
    })
}

/// Makes an instance by the defaults; with `guess` also where arguments without one must be assumed.
fn construct(machine: &mut Machine, class: Id, guess: bool) -> Option<Id> {
    let required = required_arguments(machine, class);
    if !required.is_empty() && !guess {
        return None;
    }
    let line = machine.heap.classes[class].definition.line;
    let name = machine.heap.classes[class].name.clone();
    let mut keywords = Vec::new();
    for parameter in required {
        let value = assumed_value(machine, &parameter);
        let shown = machine.quietly(|machine| machine.shown_value(&value));
        machine.line = line;
        let message =
            format!("{name} is made nowhere in the text, so its argument {parameter} is taken to be {shown}.");
        machine.note(Problem::new(Severity::Note, ProblemKind::Assumed, message));
        keywords.push((parameter.as_str().into(), value));
    }
    machine.line = 0;
    let before = machine.heap.instances.len();
    machine.host.guessing = !keywords.is_empty();
    let arguments = Arguments { positional: Vec::new(), keywords };
    let result = machine.with_budget(|machine| machine.instantiate(class, arguments));
    machine.line = 0;
    machine.host.guessing = false;
    match result {
        Ok(Value::Instance(id)) => Some(id),
        Ok(_) => None,
        Err(Stop::Spent(spent)) => {
            machine.unwind();
            machine.line = line;
            machine.note(spent.problem());
            machine.line = 0;
            (machine.heap.instances.len() > before).then_some(before)
        }
        Err(Stop::Raised(_)) => None,
    }
}

fn required_arguments(machine: &Machine, class: Id) -> Vec<String> {
    let Some(Value::Function(init)) = machine.class_attribute(class, "__init__") else { return Vec::new() };
    let function = &machine.heap.functions[init];
    let parameters = &function.definition.parameters;
    let positional = parameters.positional.iter().skip(1).chain(&parameters.keyword_only);
    positional.filter(|parameter| parameter.default.is_none()).map(|parameter| parameter.name.to_string()).collect()
}

/// What people give for an argument of this name.
fn assumed_value(machine: &mut Machine, name: &str) -> Value {
    let lower = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let ints = |values: &[i128]| Value::tuple(values.iter().map(|&value| Value::Int(value)).collect());
    if has(&["shape"]) || lower == "input_size" || lower == "image_size" && has(&["tuple"]) {
        return ints(&[3, 32, 32]);
    }
    if lower == "block" || lower.ends_with("block") {
        let classes = &machine.heap.classes;
        let block = classes.iter().position(|class| {
            let name = class.name.to_lowercase();
            name.contains("basicblock") || name.contains("block") || name.contains("bottleneck")
        });
        return block.map_or_else(|| Value::unknown("a block"), Value::Class);
    }
    if has(&["num_blocks", "layers", "nblocks", "depths", "repeats", "block_config"]) {
        return ints(&[2, 2, 2, 2]);
    }
    if has(&["class", "n_out", "num_out", "output_dim", "out_dim", "n_labels", "action", "out_features", "output_size"])
    {
        return Value::Int(10);
    }
    if has(&[
        "in_ch",
        "input_ch",
        "n_channels",
        "in_planes",
        "img_ch",
        "channels_in",
        "inp",
        "num_channels",
        "nc",
        "in_c",
    ]) || lower == "channels"
    {
        return Value::Int(3);
    }
    if has(&["drop", "rate", "prob"]) || lower == "p" {
        return Value::Float(0.5);
    }
    if has(&["kernel"]) || lower == "k" {
        return Value::Int(3);
    }
    if has(&["stride", "padding", "dilation", "groups", "expand", "width_mult", "multiplier", "scale"]) {
        return Value::Int(1);
    }
    if has(&["bias", "bilinear", "use_", "pretrained", "with_"]) {
        return Value::Bool(true);
    }
    if has(&["config", "cfg", "opt", "args"]) {
        return Value::unknown(name);
    }
    if has(&["img_size", "image_size", "resolution"]) {
        return Value::Int(224);
    }
    Value::Int(64)
}

/// Functions outside of classes that can be called without arguments.
fn factories(source: &Source) -> Vec<std::rc::Rc<FunctionDefinition>> {
    let functions = source.own().iter().filter_map(|statement| match &statement.kind {
        StatementKind::Function(definition) => Some(definition.clone()),
        _ => None,
    });
    let free = |definition: &std::rc::Rc<FunctionDefinition>| {
        let parameters = &definition.parameters;
        parameters.positional.iter().chain(&parameters.keyword_only).all(|parameter| parameter.default.is_some())
    };
    functions.filter(free).collect()
}

/// Calls the functions that may make a network, `test` and `main` after the others.
fn call_factories(machine: &mut Machine, source: &Source) {
    let mut functions = factories(source);
    let by_hand = |name: &str| ["test", "main", "run", "train", "demo"].iter().any(|start| name.starts_with(start));
    functions.sort_by_key(|function| by_hand(&function.name));
    for definition in functions.into_iter().take(40) {
        if by_hand(&definition.name) && !made(machine).is_empty() {
            break;
        }
        let Some(function) = machine.variable(&definition.name) else { continue };
        let before = machine.host.made.len();
        // Who calls it may well give it more.
        machine.host.guessing = definition.parameters.keyword_rest.is_some();
        let result = machine.with_budget(|machine| machine.call(&function, Arguments::default()));
        if let Ok(Value::Instance(id)) = result {
            machine.host.returned.insert(id);
        } else if let Err(stop) = result {
            machine.unwind();
            machine.line = definition.line;
            if let Stop::Spent(spent) = stop {
                machine.note(spent.problem());
            }
        }
        machine.line = 0;
        machine.host.guessing = false;
        if machine.host.made.len() > before && made(machine).len() > 12 {
            break;
        }
    }
}
