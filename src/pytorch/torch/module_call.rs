//! Calls of modules.

use std::rc::Rc;

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::{CallSite, Id, Run};
use super::super::result::{CallKind, ExecutedCall};
use super::super::write::unknown::NOT_KNOWN;
use super::figures::Figures;
use super::module_state::{Leaf, ModuleKind, settled_class};
use super::tensor::Tensor;
use super::{Arguments, Machine, Value, leaf_costs, leaf_shapes, no_tensor};
use crate::model::{self, Dims, Layer};
use crate::shape;

impl Machine {
    pub(crate) fn call_module(&mut self, id: Id, arguments: Arguments) -> Run<Value> {
        let outside = self.host.trace.is_none() && self.constructing == 0 && self.notes.quiet == 0;
        if !outside {
            return self.forward(id, arguments);
        }
        // A call at the end of a script: it tells the input's shape. What is wrong in it, the trace will say.
        let shapes: Vec<Dims> = arguments.all().filter_map(|value| value.as_tensor()?.dims).collect();
        if !shapes.is_empty() {
            self.host.called_with.push((id, shapes, self.line));
        }
        self.quietly(|machine| machine.forward(id, arguments))
    }

    /// Runs a module on its inputs.
    pub(crate) fn forward(&mut self, id: Id, arguments: Arguments) -> Run<Value> {
        let site = self.call_site.take();
        if self.module(id).is_some_and(|module| &*module.class == NOT_KNOWN) {
            return self.call_not_known(id, &arguments);
        }
        if let Some(forward) = self.own_forward(id) {
            let name = self.host.trace.as_ref().and_then(|trace| trace.name_of(id).cloned());
            if let Some(trace) = &mut self.host.trace {
                trace.inside.push(name.unwrap_or_default());
            }
            let result = self.call(&forward, arguments);
            if let Some(trace) = &mut self.host.trace {
                trace.inside.pop();
            }
            return result;
        }
        self.library_forward(id, arguments, site.as_deref())
    }

    /// `forward` as the text has it: assigned to the instance, or of its class.
    pub(crate) fn own_forward(&self, id: Id) -> Option<Value> {
        let assigned = self.heap.instances[id].attributes.get("forward").cloned();
        let assigned =
            assigned.filter(|value| matches!(value, Value::Function(_) | Value::Method(_) | Value::Partial(_)));
        assigned.or_else(|| self.find_method(id, "forward"))
    }

    /// What an export could not write: a row of what it stood for.
    fn call_not_known(&mut self, id: Id, arguments: &Arguments) -> Run<Value> {
        let what = match self.heap.instances[id].attributes.get("what") {
            Some(Value::Text(what)) => what.to_string(),
            _ => NOT_KNOWN.to_string(),
        };
        let inputs = self.tensors_of(arguments)?;
        let Some(first) = inputs.first().filter(|_| self.host.trace.is_some()) else {
            return Ok(Value::unknown(&what));
        };
        let dims = first.dims;
        let name = self.host.trace.as_ref().and_then(|trace| trace.name_of(id).cloned()).unwrap_or_default();
        let message = format!("{name}: {what} is not known here; its output is taken to have its input's shape.");
        self.note(Problem::new(Severity::Warning, ProblemKind::UnknownModule, message));
        let (class, arguments) = what.strip_suffix(')').and_then(|what| what.split_once('(')).unwrap_or((&what, ""));
        let (class, arguments) = (class.to_string(), arguments.to_string());
        let layer = model::Unsupported { class, arguments, ..model::Unsupported::default() };
        self.shape_is_assumed();
        let node = self.module_node(&name, Layer::Unsupported(layer), &inputs)?;
        Ok(Value::Tensor(self.row(node, dims)))
    }

    /// What the class of the library does.
    pub(crate) fn library_forward(&mut self, id: Id, arguments: Arguments, site: Option<&CallSite>) -> Run<Value> {
        let Some(module) = self.module(id) else { return Ok(Value::unknown("a call")) };
        match &module.kind {
            ModuleKind::Leaf(leaf) => {
                let leaf = leaf.clone();
                self.call_leaf(id, &leaf, &arguments, site)
            }
            ModuleKind::Sequential if self.is_printed(id) => {
                let input = arguments.positional.into_iter().next().unwrap_or(Value::None);
                self.printed_forward(id, input)
            }
            ModuleKind::Sequential => {
                let children: Vec<Id> = module.children.iter().filter_map(|(_, child)| *child).collect();
                let Some(mut value) = arguments.positional.into_iter().next() else {
                    return self.error(
                        ProblemKind::WrongArguments,
                        "TypeError",
                        "Sequential.forward() missing 1 required positional argument: 'input'".to_string(),
                    );
                };
                for child in children {
                    self.step()?;
                    value = self.call(&Value::Instance(child), Arguments::positional(vec![value]))?;
                }
                Ok(value)
            }
            ModuleKind::User | ModuleKind::List | ModuleKind::Dict | ModuleKind::ParameterList => {
                let message = format!("Module [{}] is missing the required \"forward\" function", module.class);
                self.error(ProblemKind::Raised, "NotImplementedError", message)
            }
        }
    }

    fn call_leaf(&mut self, id: Id, leaf: &Leaf, arguments: &Arguments, site: Option<&CallSite>) -> Run<Value> {
        let class = self.module(id).map(|module| module.class.clone()).unwrap_or_else(|| Rc::from(""));
        let tensors: Vec<Rc<Tensor>> = arguments.all().filter_map(Value::as_tensor).cloned().collect();
        let Some(tensor) = tensors.first().cloned() else {
            if let Some(Value::Unknown(unknown)) = arguments.all().find(|value| matches!(value, Value::Unknown(_))) {
                self.note_lost(id, &class, &unknown.words);
                return Ok(Value::unknown(&class));
            }
            let Some(value) = arguments.positional.first().filter(|_| &*class != "Identity") else {
                let message = format!("{class}.forward() missing 1 required positional argument: 'input'");
                return match arguments.positional.first() {
                    Some(value) => Ok(value.clone()),
                    None => self.error(ProblemKind::WrongArguments, "TypeError", message),
                };
            };
            let words = no_tensor::convolution_input(&class, leaf).unwrap_or(no_tensor::module_input);
            return match self.meant_tensor(value, words, &class)? {
                Some(tensor) => {
                    let mut arguments = arguments.clone();
                    arguments.positional[0] = Value::Tensor(tensor);
                    self.call_leaf(id, leaf, &arguments, site)
                }
                None => Ok(Value::unknown(&class)),
            };
        };
        let name = self.host.trace.as_ref().and_then(|trace| trace.name_of(id).cloned());
        let name = match name {
            Some(name) if name.is_empty() => class.to_lowercase(),
            Some(name) => name,
            None => self.unregistered_name(id, &class),
        };
        // Sequences and volumes are sampled up as well; only images are counted.
        let of_images = |layer: &&Layer| {
            !matches!(layer, Layer::Upsample(_)) || tensor.dims.is_none_or(|dims| !matches!(dims.rank(), 3 | 5))
        };
        let Some(layer) = leaf.layer.as_ref().filter(of_images) else {
            let given = self.tensors_of(arguments)?;
            return self.call_unknown_leaf(id, leaf, &name, &class, &given);
        };
        let given = arguments.positional.len();
        if given > 1 && !matches!(layer, Layer::ConvTranspose2d(_) | Layer::ConvTranspose1d(_)) {
            let message = format!("{class}.forward() takes 2 positional arguments but {} were given", given + 1);
            self.error(ProblemKind::WrongArguments, "TypeError", message)?;
        }
        let mut layer = layer.clone();
        if class.starts_with("Lazy") {
            self.settle_lazy(id, leaf, tensor.dims.as_ref(), &class)?;
        } else if let Some(dims) = tensor.dims
            && !leaf.declared.is_empty()
            && let Err(error) = shape::check_declared(&layer, &leaf.declared, &dims)
            && error.stage() == shape::Stage::Forward
        {
            let noted = self.shape_error(&error, &layer, &[dims], Some(&name))?;
            self.wish_fix(noted, &error, leaf, &dims, site);
        }
        if let Layer::Upsample(upsample) = &mut layer
            && upsample.mode == model::UpsampleMode::Bilinear
            && upsample.align_corners == Some(false)
        {
            upsample.align_corners = leaf.arguments.iter().any(|(name, _)| name == "align_corners").then_some(false);
        }
        let dims = self.output_dims(&layer, std::slice::from_ref(&tensor), Some(&name))?;
        // What a layer learns is in the network, even where it gets a constant.
        let is_constant = !Self::flows(&tensor) && self.own_parameters(id) == Some(0);
        if self.host.trace.is_none() || is_constant {
            let output = Value::Tensor(Tensor::made(dims));
            if leaf_shapes::flag(leaf, "return_indices", false) {
                return self.new_tuple(vec![output.clone(), output]);
            }
            return Ok(output);
        }
        let node = self.module_node(&name, layer, std::slice::from_ref(&tensor))?;
        self.record_module(id, &name, &class, &[tensor], dims, node);
        let output = Value::Tensor(self.row(node, dims));
        if leaf_shapes::flag(leaf, "return_indices", false) {
            let places = Value::Tensor(Tensor::made(dims));
            return self.new_tuple(vec![output, places]);
        }
        Ok(output)
    }

    /// The tensors of a call, also those in tuples: `(h_0, c_0)`.
    fn tensors_of(&mut self, arguments: &Arguments) -> Run<Vec<Rc<Tensor>>> {
        let mut tensors = Vec::new();
        for value in arguments.all() {
            match value {
                Value::Tensor(tensor) => tensors.push(tensor.clone()),
                Value::Tuple(_) | Value::List(_) => {
                    tensors.extend(self.items(value)?.iter().filter_map(Value::as_tensor).cloned());
                }
                _ => {}
            }
        }
        Ok(tensors)
    }

    /// A `LazyConv2d` gets its parameters by what it is called with.
    fn settle_lazy(&mut self, id: Id, leaf: &Leaf, input: Option<&Dims>, class: &str) -> Run<()> {
        let channels = match (input, class) {
            (Some(input), "LazyLinear") => input.last().copied(),
            (Some(input), _) => input.get(1).copied(),
            (None, _) => None,
        };
        let Some(channels) = channels.filter(|channels| leaf.declared != [*channels]) else { return Ok(()) };
        self.set_leaf(id, class, Leaf { declared: vec![channels], ..leaf.clone() })
    }

    /// A layer gets what the import does not know: it is named, as no row stands for it.
    fn note_lost(&mut self, id: Id, class: &str, what: &str) {
        let Some(trace) = &self.host.trace else { return };
        let name = trace.name_of(id).filter(|name| !name.is_empty()).map_or(class, String::as_str);
        let message = format!(
            "{name} ({class}) has no row here: it gets {what}, which is not known, so that neither its cost nor what follows from it is counted."
        );
        let problem = Problem::new(Severity::Warning, ProblemKind::NotUnderstood, message);
        self.note(Problem { module: Some(name.to_string()), ..problem });
    }

    fn record_module(
        &mut self,
        id: Id,
        name: &str,
        class: &str,
        inputs: &[Rc<Tensor>],
        dims: Option<Dims>,
        node: model::NodeId,
    ) {
        let params = self.own_parameters(id);
        let line = (self.line > 0).then_some(self.line);
        let Some(trace) = &mut self.host.trace else { return };
        trace.executed.push(ExecutedCall {
            kind: CallKind::Module { name: name.to_string() },
            class: settled_class(class),
            inputs: inputs.iter().map(|input| input.dims.unwrap_or_default()).collect(),
            output: dims.unwrap_or_default(),
            params,
            line,
            node: Some(node),
        });
    }

    /// A module that no other holds: PyTorch gives it no name, and does not train it.
    fn unregistered_name(&mut self, id: Id, class: &str) -> String {
        if self.host.trace.is_some() && self.own_parameters(id) != Some(0) {
            let message = format!(
                "This {class} is in no module (in a plain list?): PyTorch neither counts nor trains its parameters. nn.ModuleList keeps them."
            );
            self.note(Problem::new(Severity::Warning, ProblemKind::NotUnderstood, message));
        }
        class.to_lowercase()
    }

    fn call_unknown_leaf(
        &mut self,
        id: Id,
        leaf: &Leaf,
        name: &str,
        class: &str,
        tensors: &[Rc<Tensor>],
    ) -> Run<Value> {
        let Some(tensor) = tensors.first() else { return Ok(Value::unknown(class)) };
        let found = leaf_shapes::output(class, leaf, tensor.dims.as_ref());
        if found.is_none() && tensor.dims.is_some() && leaf.known && !class.ends_with("Loss") {
            let message = format!(
                "What shape {name} ({class}) gives is not known here: it is taken to be its input's, and what follows is counted on that."
            );
            let problem = Problem::new(Severity::Warning, ProblemKind::UnknownModule, message);
            self.note(Problem { module: Some(name.to_string()), ..problem });
        }
        if found.is_none() {
            self.shape_is_assumed();
        }
        let dims = found.or(tensor.dims);
        let arguments: Vec<String> = leaf.arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let given: Vec<Dims> = tensors.iter().filter_map(|tensor| tensor.dims).collect();
        let macs = found.filter(|_| leaf.known).and_then(|output| leaf_costs::macs(class, leaf, &given, &output));
        // A shape that is only taken to be the input's is none that the row is sure of.
        let figures = Figures {
            arguments: arguments.join(", "),
            dims: found,
            macs,
            parameters: self.own_parameters(id),
            buffers: self.own_buffers(id).unwrap_or(0),
        };
        let flowing = inputs_of(tensors);
        let layer = figures.layer(class, flowing.first().unwrap_or(tensor).dims.as_ref());
        let learns = self.own_parameters(id) != Some(0);
        let result = if self.host.trace.is_some() && (Self::flows(tensor) || learns) {
            let mut inputs = inputs_of(tensors);
            if inputs.is_empty() {
                inputs.push(tensor.clone());
            }
            let node = self.module_node(name, layer, &inputs)?;
            self.record_module(id, name, class, tensors, dims, node);
            self.row(node, dims)
        } else {
            Tensor::made(dims)
        };
        // These give more besides.
        let other = match class {
            "LSTM" | "GRU" | "RNN" => self.states(class, leaf, &result)?,
            "LSTMCell" => {
                let same = model::Unsupported { class: "c_1".to_string(), macs: Some(0), ..Default::default() };
                self.pending("c_1", Layer::Unsupported(same), &result, dims)?
            }
            "MultiheadAttention" => self.attention_weights(leaf, &given, &result)?,
            _ => return Ok(Value::Tensor(result)),
        };
        self.new_tuple(vec![Value::Tensor(result), other])
    }

    /// How much each output looks at each input, the mean over the heads.
    fn attention_weights(&mut self, leaf: &Leaf, given: &[Dims], result: &Rc<Tensor>) -> Run<Value> {
        let (Some(query), key) = (given.first(), given.get(1)) else { return Ok(Value::None) };
        let key = key.unwrap_or(query);
        let batch_first = leaf_shapes::flag(leaf, "batch_first", false);
        let dims = match (query.rank(), batch_first) {
            (2, _) => Dims::new(&[query[0], key[0]]),
            (3, true) => Dims::new(&[query[0], query[1], key[1]]),
            (3, false) => Dims::new(&[query[1], query[0], key[0]]),
            _ => None,
        };
        let figures = Figures { dims, macs: Some(0), parameters: Some(0), ..Figures::default() };
        let layer = figures.layer("attention_weights", result.dims.as_ref());
        self.pending("attention_weights", layer, result, dims)
    }

    /// The elements of a module's own parameters; `None`: not known.
    pub(crate) fn own_parameters(&self, id: Id) -> Option<u64> {
        let module = self.module(id)?;
        if module.leaf().is_some_and(|leaf| !leaf.known) {
            return None;
        }
        let elements = |parameter: &Id| self.host.parameters[*parameter].dims.and_then(|dims| dims.elements());
        module.parameters.iter().try_fold(0_u64, |sum, (_, id)| sum.checked_add(elements(id)?))
    }

    pub(crate) fn own_buffers(&self, id: Id) -> Option<u64> {
        let module = self.module(id)?;
        if module.leaf().is_some_and(|leaf| !leaf.known) {
            return None;
        }
        let elements = |parameter: &Id| self.host.parameters[*parameter].dims.and_then(|dims| dims.elements());
        module.buffers.iter().try_fold(0_u64, |sum, (_, id)| sum.checked_add(elements(id)?))
    }
}

/// What flows into a layer that is not counted: once where it is the same tensor all over.
fn inputs_of(tensors: &[Rc<Tensor>]) -> Vec<Rc<Tensor>> {
    let mut flowing: Vec<Rc<Tensor>> = tensors.iter().filter(|tensor| Machine::flows(tensor)).cloned().collect();
    if flowing.iter().all(|tensor| Some(tensor) == flowing.first()) {
        flowing.truncate(1);
    }
    flowing
}
