//! What stands where a tensor should: the result of a function without `return`, a module that is made but not called.

use std::rc::Rc;

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::tree::{Expr, ExprKind, StatementKind};
use super::super::python::{FixWish, Id, Run};
use super::module_state::Leaf;
use super::tensor::Tensor;
use super::{Arguments, Machine, Value, signature};
use crate::model::{Layer, PaddingMode, Value as Plain};

/// What was surely meant, and the change of the text that says so.
#[derive(Clone, Debug)]
pub(crate) struct Meant {
    tensor: Rc<Tensor>,
    function: Option<Id>,
    plain: String,
    fix: Wish,
}

/// A fix of no problem yet.
#[derive(Clone, Debug)]
struct Wish {
    range: std::ops::Range<u32>,
    label: String,
    replacement: String,
    expected: Option<String>,
}

/// An exception's class and words, for the name of the type that was found.
pub(crate) type Words = fn(&str, &str) -> (&'static str, String);

impl Machine {
    pub(crate) fn is_no_tensor(&self, value: &Value) -> bool {
        matches!(value, Value::None) || self.is_module_value(value)
    }

    /// The tensor that was meant by a value that is none. `words` of `name` and of what was found are told.
    pub(crate) fn meant_tensor(&mut self, value: &Value, words: Words, name: &str) -> Run<Option<Rc<Tensor>>> {
        let meant = match value {
            Value::None => self.host.nothing.clone(),
            Value::Instance(id) => self.host.uncalled.get(id).cloned(),
            _ => None,
        };
        let (class, original) = words(name, &self.type_of(value));
        let kind = if class == "AttributeError" { ProblemKind::UnknownAttribute } else { ProblemKind::WrongArguments };
        let Some(meant) = meant.filter(|_| !self.catches(class)) else {
            self.error(kind, class, original)?;
            return Ok(None);
        };
        // PyTorch stops at the first.
        if !self.host.told.contains(&meant.fix.range.start)
            && let Some(problem) = self.note_error(kind, class, original, Some(meant.plain))
        {
            self.host.told.insert(meant.fix.range.start);
            self.wish(problem, meant.fix);
        }
        Ok(Some(meant.tensor))
    }

    /// As [`Self::meant_tensor`], for the first argument of a function.
    pub(crate) fn with_tensor(&mut self, mut arguments: Arguments, words: Words, name: &str) -> Run<Option<Arguments>> {
        let Some(first) = arguments.positional.first().filter(|first| self.is_no_tensor(first)).cloned() else {
            return Ok(Some(arguments));
        };
        let tensor = self.meant_tensor(&first, words, name)?;
        Ok(tensor.map(|tensor| {
            arguments.positional[0] = Value::Tensor(tensor);
            arguments
        }))
    }

    /// A function has ended without `return`: where its last statement makes a tensor, it is clear what it should.
    pub(crate) fn note_nothing(&mut self, function: Id, scope: Id) {
        let definition = self.heap.functions[function].definition.clone();
        let Some(last) = definition.body.last() else { return };
        let (value, name) = match &last.kind {
            StatementKind::Expression(value) => (value, None),
            StatementKind::Assign { targets, value } => match targets.as_slice() {
                [Expr { kind: ExprKind::Name(name), .. }] => (value, Some(name)),
                _ => return,
            },
            _ => return,
        };
        let tensor = match name {
            Some(name) => self.heap.scopes[scope].variables.get(name).cloned(),
            None => self.last_expression.take().filter(|(at, _)| *at == value.range.start).map(|(_, value)| value),
        };
        let Some(Value::Tensor(tensor)) = tensor else { return };
        let (label, replacement, taken) = match name {
            Some(name) => (format!("Return {name}"), format!("*\nreturn {name}"), name.to_string()),
            None => ("Return it".to_string(), "return *".to_string(), "what its last line gives".to_string()),
        };
        let who = self.function_name(function);
        self.host.nothing = Some(Meant {
            tensor,
            function: Some(function),
            plain: format!("{who}() ends without a return, so that it gives None; {taken} was taken."),
            fix: Wish { range: value.range.clone(), label, replacement, expected: None },
        });
    }

    /// What `forward` was meant to give, where it gives nothing or a module that is not called. PyTorch goes on then.
    pub(crate) fn meant_result(&mut self, id: Id, value: &Value) -> Value {
        let (meant, message) = match value {
            Value::None => {
                let Some(Value::Method(method)) = self.find_method(id, "forward") else { return Value::None };
                self.line = self.heap.functions[method.1].definition.body.last().map_or(0, |last| last.line);
                let meant = self.host.nothing.clone().filter(|meant| meant.function == Some(method.1));
                (meant, "forward returns nothing here: a return at its end is missing.".to_string())
            }
            Value::Instance(module) => match self.host.uncalled.get(module).cloned() {
                Some(meant) => (Some(meant.clone()), format!("forward gives a module, not a tensor. {}", meant.plain)),
                None => return value.clone(),
            },
            other => return other.clone(),
        };
        let Some(meant) = meant else {
            self.note(Problem::new(Severity::Warning, ProblemKind::Raised, message));
            return value.clone();
        };
        if !self.host.told.contains(&meant.fix.range.start) {
            let noted = self.note(Problem::new(Severity::Warning, ProblemKind::Raised, message));
            if let Some(problem) = noted {
                self.wish(problem, meant.fix);
            }
        }
        Value::Tensor(meant.tensor)
    }

    /// `nn.ReLU(x)` while a network runs: a module is made of the tensor that it should be called with.
    pub(crate) fn module_of_tensor(&mut self, class: &str, path: &str, arguments: &Arguments) -> Run<Option<Value>> {
        let Some(Value::Tensor(tensor)) = arguments.positional.first() else { return Ok(None) };
        let Some(site) = self.call_site.clone().filter(|_| self.host.trace.is_some() && Self::flows(tensor)) else {
            return Ok(None);
        };
        let input = Value::Tensor(tensor.clone());
        let rest = arguments.clone().rest();
        let Some((required, takes)) = signature::argument_counts(class) else { return Ok(None) };
        let function = (required > 0).then(|| function_of(class));
        let given = rest.positional.len() + rest.keywords.len();
        if given < required || (given > 0 && required == 0) || given > takes {
            return Ok(None);
        }
        let (fix, instead) = match function {
            None => {
                let label = format!("Make the module, then call it: nn.{class}()(…)");
                (Wish { range: site.function.clone(), label, replacement: "*()".to_string(), expected: None }, "()(…)")
            }
            Some(function) => {
                let (replacement, expected) = (format!("nn.functional.{function}"), Some(format!("nn.{class}")));
                let label = format!("Call nn.functional.{function}");
                (Wish { range: site.function.clone(), label, replacement, expected }, "(…)(…)")
            }
        };
        let module = self.new_module(class, path, rest)?;
        let Value::Instance(id) = module else { return Ok(None) };
        let made = arguments.positional.len() + 1;
        let plain = format!(
            "nn.{class}(…) makes a module here and does not call it with the tensor; nn.{class}{instead} was taken."
        );
        let Value::Tensor(result) = self.forward(id, Arguments::positional(vec![input]))? else { return Ok(None) };
        let meant = Meant { tensor: result.clone(), function: None, plain, fix };
        let words = match class {
            _ if takes == 0 && class != "Identity" => {
                format!("{class}.__init__() takes 1 positional argument but {made} were given")
            }
            "Dropout"
            | "Dropout1d"
            | "Dropout2d"
            | "Dropout3d"
            | "AlphaDropout"
            | "FeatureAlphaDropout"
            | "Hardtanh" => "Boolean value of Tensor with more than one value is ambiguous".to_string(),
            _ => {
                self.host.uncalled.insert(id, meant);
                return Ok(Some(module));
            }
        };
        let exception = if takes == 0 { "TypeError" } else { "RuntimeError" };
        if self.catches(exception) {
            return self.error(ProblemKind::WrongArguments, exception, words).map(Some);
        }
        if let Some(problem) = self.note_error(ProblemKind::WrongArguments, exception, words, Some(meant.plain)) {
            self.wish(problem, meant.fix);
        }
        Ok(Some(Value::Tensor(result)))
    }

    fn wish(&mut self, problem: usize, wish: Wish) {
        let Wish { range, label, replacement, expected } = wish;
        self.notes.fixes.push(FixWish { problem, range, label, replacement, expected });
    }
}

/// `Tensor` and a module, or nothing, on the sides of an operator: `name` is its sign.
pub(crate) fn right_operand(name: &str, found: &str) -> (&'static str, String) {
    ("TypeError", format!("unsupported operand type(s) for {name}: 'Tensor' and '{found}'"))
}

pub(crate) fn left_operand(name: &str, found: &str) -> (&'static str, String) {
    ("TypeError", format!("unsupported operand type(s) for {name}: '{found}' and 'Tensor'"))
}

pub(crate) fn attribute(name: &str, found: &str) -> (&'static str, String) {
    ("AttributeError", format!("'{found}' object has no attribute '{name}'"))
}

/// `name` is the place in the list.
pub(crate) fn element(name: &str, found: &str) -> (&'static str, String) {
    ("TypeError", format!("expected Tensor as element {name} in argument 0, but got {found}"))
}

/// A function of `torch`.
pub(crate) fn input(name: &str, found: &str) -> (&'static str, String) {
    ("TypeError", format!("{name}(): argument 'input' (position 1) must be Tensor, not {found}"))
}

/// A function of `torch.nn.functional`: many are written in Python and stop where they first look at their input.
pub(crate) fn functional_input(name: &str, found: &str) -> (&'static str, String) {
    match name {
        "dropout1d"
        | "dropout2d"
        | "dropout3d"
        | "interpolate"
        | "upsample"
        | "instance_norm"
        | "group_norm"
        | "local_response_norm"
        | "glu" => attribute("dim", found),
        "adaptive_avg_pool2d" | "adaptive_max_pool2d" | "mse_loss" | "l1_loss" | "binary_cross_entropy" => {
            attribute("size", found)
        }
        "softmax" | "log_softmax" | "sigmoid" | "tanh" => attribute(name, found),
        "softsign" => attribute("abs", found),
        "normalize" => attribute("norm", found),
        "logsigmoid" => input("log_sigmoid", found),
        "cross_entropy" => input("cross_entropy_loss", found),
        "nll_loss" => input("nll_loss_nd", found),
        name => input(name, found),
    }
}

/// A module's `forward`; `name` is its class.
pub(crate) fn module_input(name: &str, found: &str) -> (&'static str, String) {
    match name.trim_start_matches("Lazy") {
        "BatchNorm1d" | "BatchNorm2d" | "BatchNorm3d" | "SyncBatchNorm" | "InstanceNorm1d" | "InstanceNorm2d"
        | "InstanceNorm3d" | "LSTM" | "GRU" | "RNN" => attribute("dim", found),
        "BCELoss" | "BCEWithLogitsLoss" | "MSELoss" | "L1Loss" => attribute("size", found),
        "Flatten" => attribute("flatten", found),
        "Unflatten" => attribute("unflatten", found),
        "LPPool2d" => attribute("pow", found),
        "ReLU6" => input("hardtanh", found),
        "Sigmoid" | "Tanh" => input(&name.to_lowercase(), found),
        other if other.contains("Pad") => input("pad", found),
        other => functional_input(&function_of(other), found),
    }
}

/// A convolution's `forward`, which names the types of all its arguments.
pub(crate) fn convolution_input(class: &str, leaf: &Leaf) -> Option<Words> {
    let Some(Layer::Conv2d(conv)) = &leaf.layer else { return None };
    if !class.ends_with("Conv2d") {
        return None;
    }
    if conv.padding_mode != PaddingMode::Zeros {
        return Some(|_, found| input("pad", found));
    }
    let text = matches!(super::module_state::plain_argument(leaf, "padding"), Some(Plain::Text(_)));
    Some(match (conv.bias, text) {
        (true, false) => |_, found| combination(found, "Parameter", "tuple"),
        (false, false) => |_, found| combination(found, "NoneType", "tuple"),
        (true, true) => |_, found| combination(found, "Parameter", "str"),
        (false, true) => |_, found| combination(found, "NoneType", "str"),
    })
}

fn combination(found: &str, bias: &str, padding: &str) -> (&'static str, String) {
    let types = format!("{found}, Parameter, {bias}, tuple, {padding}, tuple, int");
    let words = format!("conv2d() received an invalid combination of arguments - got ({types}), but expected one of:");
    ("TypeError", words)
}

/// The function that does what a class does: `max_pool2d` of `MaxPool2d`.
fn function_of(class: &str) -> String {
    let whole = class.to_lowercase();
    match class {
        "LeakyReLU" => "leaky_relu".to_string(),
        "CrossEntropyLoss" => "cross_entropy".to_string(),
        "LogSigmoid" => "logsigmoid".to_string(),
        _ if class.ends_with("LU") || class.ends_with("LU6") => whole,
        _ => {
            let mut name = String::new();
            for (at, character) in class.char_indices() {
                if character.is_ascii_uppercase() && at > 0 {
                    name.push('_');
                }
                name.push(character.to_ascii_lowercase());
            }
            name
        }
    }
}
