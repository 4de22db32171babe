//! The modules of `torch.nn`: what their arguments make of them.

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::{CallSite, FixWish, Run};
use super::module_state::Leaf;
use super::shape_errors::error_kind;
use super::signature::{kind_of, signature};
use super::{Arguments, Machine, Value, leaf_shapes};
use crate::model::{self, Argument, Channels, Dims, Groups, Kind, Layer};
use crate::shape;

impl Machine {
    /// A module's arguments, matched with its signature.
    pub(crate) fn make_leaf(&mut self, class: &str, path: &str, arguments: &Arguments) -> Run<Leaf> {
        let signature = signature(class);
        let mut given: Vec<(&'static str, Value)> = Vec::new();
        let any = class == "Identity" || class.ends_with("Loss");
        if arguments.positional.len() > signature.len() + 2 && !any {
            let (takes, found) = (signature.len() + 1, arguments.positional.len() + 1);
            let message = format!("{class}.__init__() takes {takes} positional arguments but {found} were given");
            self.always_error(ProblemKind::WrongArguments, "TypeError", message)?;
        }
        for (parameter, value) in signature.iter().zip(&arguments.positional) {
            given.push((parameter.name, value.clone()));
        }
        for (name, value) in &arguments.keywords {
            match signature.iter().find(|parameter| *parameter.name == **name) {
                Some(parameter) if given.iter().any(|(other, _)| *other == parameter.name) => {
                    let message = format!("{class}.__init__() got multiple values for argument '{name}'");
                    self.always_error(ProblemKind::WrongArguments, "TypeError", message)?;
                }
                Some(parameter) => given.push((parameter.name, value.clone())),
                None if any || matches!(&**name, "device" | "dtype" | "min_value" | "max_value" | "init") => {}
                None => {
                    let message = format!("{class}.__init__() got an unexpected keyword argument '{name}'");
                    self.always_error(ProblemKind::WrongArguments, "TypeError", message)?;
                }
            }
        }
        let missing: Vec<&str> = signature
            .iter()
            .filter(|parameter| !parameter.optional && !given.iter().any(|(name, _)| *name == parameter.name))
            .map(|parameter| parameter.name)
            .collect();
        if !missing.is_empty() {
            let plural = if missing.len() == 1 { "" } else { "s" };
            let names: Vec<String> = missing.iter().map(|name| format!("'{name}'")).collect();
            let message = format!(
                "{class}.__init__() missing {} required positional argument{plural}: {}",
                missing.len(),
                names.join(" and ")
            );
            self.always_error(ProblemKind::WrongArguments, "TypeError", message)?;
        }
        self.leaf_of(class, path, &given, missing.is_empty())
    }

    fn leaf_of(&mut self, class: &str, path: &str, given: &[(&'static str, Value)], complete: bool) -> Run<Leaf> {
        let kind = kind_of(class);
        let mut leaf = Leaf {
            layer: kind.map(Kind::layer),
            declared: Vec::new(),
            arguments: Vec::new(),
            known: complete,
            declared_at: None,
            called_at: None,
        };
        let site = self.call_site.take();
        leaf.called_at = site.as_ref().map(|site| site.function.clone());
        let mut untyped = Vec::new();
        for (name, value) in given {
            match self.argument(value)? {
                Some(value) => untyped.push((*name, value)),
                None => {
                    let message = format!("{name} of {class} cannot be known: its cost is unknown.");
                    self.note(Problem::new(Severity::Warning, ProblemKind::NotUnderstood, message));
                    leaf.known = false;
                }
            }
        }
        self.positive_sizes(class, &mut untyped, site.as_deref())?;
        if !leaf.known {
            leaf.layer = None;
            leaf.arguments = untyped.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
            return Ok(leaf);
        }
        let inferred = kind.and_then(Kind::inferred_argument).map(|inferred| inferred.name);
        for (name, value) in &untyped {
            if Some(*name) == inferred || (kind.is_none() && matches!(*name, "in_channels" | "num_features")) {
                leaf.declared = declared(value);
                if leaf.declared.is_empty() {
                    let message = format!("{name} of {class} is {value}, which is no size.");
                    self.always_error(ProblemKind::WrongArguments, "TypeError", message)?;
                }
                leaf.declared_at = site.as_ref().and_then(|site| place_of(class, name, site));
            } else {
                self.set_leaf_argument(class, &mut leaf, name, value)?;
            }
        }
        if let Some(range) = &leaf.declared_at {
            *self.host.made_at.entry(range.start).or_insert(0) += 1;
        }
        leaf.arguments = listed_arguments(class, &untyped);
        if leaf.layer.is_some() {
            self.finish_layer(class, &mut leaf, &untyped);
        }
        if let (Some(layer), true) = (&leaf.layer, leaf.known) {
            self.check_constructor(&layer.clone(), &leaf.declared)?;
        } else if !path.is_empty() && matches!(class, "DeformConv2d" | "FractionalMaxPool2d") {
            let message = match class {
                "DeformConv2d" => {
                    "PyTorch's own counter leaves the multiply-accumulates of DeformConv2d out, and so does this one."
                        .to_string()
                }
                _ => format!("The cost of {class} is not counted here; its row stays."),
            };
            self.note(Problem::new(Severity::Note, ProblemKind::UnknownModule, message));
        }
        Ok(leaf)
    }

    /// A tensor cannot have a negative size: it is told, and the positive one taken.
    fn positive_sizes(
        &mut self,
        class: &str,
        given: &mut [(&'static str, model::Value)],
        site: Option<&CallSite>,
    ) -> Run<()> {
        let Some((sizes, names)) = leaf_shapes::weight_sizes(class, given) else { return Ok(()) };
        let Some((&size, name)) = sizes.iter().zip(names).find(|(size, _)| **size < 0) else { return Ok(()) };
        let message = format!("Trying to create tensor with negative dimension {size}: {sizes:?}");
        if self.catches("RuntimeError") {
            return self.error(ProblemKind::Shape, "RuntimeError", message).map(drop);
        }
        let meant = size.saturating_abs();
        let plain = format!("{name} of {class} is {size}, which is no size; {meant} was taken.");
        let noted = self.note_error(ProblemKind::Shape, "RuntimeError", message, Some(plain));
        if let (Some(problem), Some(range)) = (noted, site.and_then(|site| place_of(class, name, site))) {
            let label = format!("Change {name} to {meant}");
            let (replacement, expected) = (meant.to_string(), Some(size.to_string()));
            self.notes.fixes.push(FixWish { problem, range, label, replacement, expected });
        }
        for (_, value) in given.iter_mut().filter(|(other, _)| *other == name) {
            make_positive(value);
        }
        Ok(())
    }

    fn set_leaf_argument(&mut self, class: &str, leaf: &mut Leaf, name: &str, value: &model::Value) -> Run<()> {
        if !leaf.layer.as_ref().is_some_and(|layer| layer.kind().arguments().contains(&name)) {
            return Ok(());
        }
        if let ("out_channels" | "out_features", model::Value::Float(float)) = (name, value) {
            let words = "empty() received an invalid combination of arguments - got (tuple, dtype=NoneType, device=NoneType), but expected one of:";
            if self.catches("TypeError") {
                self.error(ProblemKind::WrongArguments, "TypeError", words.to_string())?;
            } else {
                let plain =
                    format!("{name} of {class} is {float:?}, a float: // divides to a whole number, / does not.");
                self.note_error(ProblemKind::WrongArguments, "TypeError", words.to_string(), Some(plain));
            }
        }
        let Some(layer) = &mut leaf.layer else { return Ok(()) };
        let value = match (class, name, value) {
            ("PReLU", "num_parameters", model::Value::Int(count)) if *count != 1 => {
                model::Value::Text("x1".to_string())
            }
            // PyTorch takes 2.0 for some and raises for others; what is meant is clear.
            (_, "kernel_size" | "stride" | "padding" | "out_channels" | "out_features", model::Value::Float(float))
                if float.fract() == 0.0 =>
            {
                model::Value::Int(*float as i64)
            }
            _ => value.clone(),
        };
        if class == "Upsample" && layer.set_argument(name, &value).is_err() {
            // Of lines and volumes: worked out where it is called.
            leaf.layer = None;
            return Ok(());
        }
        let Some(layer) = &mut leaf.layer else { return Ok(()) };
        if let Err(error) = layer.set_argument(name, &value) {
            let message = format!("{class}: {error}. Its cost is unknown.");
            self.note(Problem::new(Severity::Warning, ProblemKind::NotUnderstood, message));
            leaf.layer = None;
        }
        Ok(())
    }

    /// What only all arguments together say: depthwise convolutions, the number of normalised dimensions.
    fn finish_layer(&mut self, class: &str, leaf: &mut Leaf, given: &[(&'static str, model::Value)]) {
        let groups_written = given.iter().any(|(name, _)| *name == "groups");
        let channels = leaf.declared.first().and_then(|&channels| i64::try_from(channels).ok());
        match &mut leaf.layer {
            Some(Layer::Conv2d(conv)) => depthwise(channels, groups_written, &mut conv.out_channels, &mut conv.groups),
            Some(Layer::Conv1d(conv)) => depthwise(channels, groups_written, &mut conv.out_channels, &mut conv.groups),
            Some(Layer::ConvTranspose1d(conv)) => {
                depthwise(channels, groups_written, &mut conv.out_channels, &mut conv.groups);
            }
            Some(Layer::ConvTranspose2d(conv)) => {
                depthwise(channels, groups_written, &mut conv.out_channels, &mut conv.groups);
            }
            Some(Layer::LayerNorm(norm)) => norm.normalized_dims = leaf.declared.len() as i64,
            Some(Layer::Upsample(upsample)) if class == "UpsamplingBilinear2d" => {
                upsample.mode = model::UpsampleMode::Bilinear;
                upsample.align_corners = Some(true);
            }
            _ => {}
        }
    }

    /// The constructor's own checks: groups that do not divide, and the like.
    fn check_constructor(&mut self, layer: &Layer, declared: &[u64]) -> Run<()> {
        let Some(input) = declared_input(layer, declared) else { return Ok(()) };
        let error = match shape::check_declared(layer, declared, &input) {
            Err(error) if error.stage() == shape::Stage::Init => error,
            _ => return Ok(()),
        };
        self.always_error(error_kind(&error, &input), error.class(), error.to_string()).map(drop)
    }

    /// Noted also outside of constructors: a module is always somebody's.
    pub(crate) fn always_error(&mut self, kind: ProblemKind, class: &str, message: String) -> Run<Value> {
        self.minding += 1;
        let result = self.error(kind, class, message);
        self.minding = self.minding.saturating_sub(1);
        result
    }

    /// An argument in the model's terms; `None`: not known.
    pub(crate) fn argument(&mut self, value: &Value) -> Run<Option<model::Value>> {
        self.step()?;
        Ok(Some(match value {
            Value::None => model::Value::None,
            Value::Bool(boolean) => model::Value::Bool(*boolean),
            Value::Int(int) => match i64::try_from(*int) {
                Ok(int) => model::Value::Int(int),
                Err(_) => return Ok(None),
            },
            Value::Float(float) => model::Value::Float(*float),
            Value::Text(text) => model::Value::Text(text.to_string()),
            Value::Tensor(tensor) => match tensor.as_number() {
                Some(number) if tensor.numbers.as_ref().is_some_and(|numbers| numbers.whole) => {
                    model::Value::Int(number as i64)
                }
                Some(number) => model::Value::Float(number),
                None => return Ok(None),
            },
            Value::Tuple(_) | Value::List(_) | Value::Range(_) => {
                let items = self.items(value)?;
                if items.len() > 16 {
                    return Ok(None);
                }
                self.deeper()?;
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    match self.argument(&item)? {
                        Some(item) => list.push(item),
                        None => {
                            self.shallower();
                            return Ok(None);
                        }
                    }
                }
                self.shallower();
                model::Value::List(list)
            }
            _ => return Ok(None),
        }))
    }
}

/// Where an argument stands in the text.
fn place_of(class: &str, name: &str, site: &CallSite) -> Option<std::ops::Range<u32>> {
    let place = signature(class).iter().position(|parameter| parameter.name == name)?;
    let by_name = || site.keywords.iter().find(|(keyword, _)| **keyword == *name).map(|(_, range)| range.clone());
    site.positional.get(place).cloned().or_else(by_name)
}

fn make_positive(value: &mut model::Value) {
    match value {
        model::Value::Int(int) => *int = int.saturating_abs(),
        model::Value::List(items) => items.iter_mut().for_each(make_positive),
        _ => {}
    }
}

fn declared(value: &model::Value) -> Vec<u64> {
    let size = |value: &model::Value| match value {
        model::Value::Int(int) => u64::try_from(*int).ok(),
        model::Value::Float(float) if float.fract() == 0.0 && *float >= 0.0 => Some(*float as u64),
        model::Value::Bool(true) => Some(1),
        _ => None,
    };
    match value {
        model::Value::List(items) => items.iter().map(size).collect::<Option<_>>().unwrap_or_default(),
        one => size(one).into_iter().collect(),
    }
}

/// A convolution of as many groups as input channels follows its input when that changes.
fn depthwise(channels: Option<i64>, written: bool, output: &mut Channels, groups: &mut Groups) {
    let (Some(channels), Channels::Count(out), &mut Groups::Count(count)) = (channels, *output, &mut *groups) else {
        return;
    };
    if channels >= 1 && count == channels && (channels > 1 || written) && out > 0 && out % channels == 0 {
        *output = Channels::TimesInput(out / channels);
        *groups = Groups::InputChannels;
    }
}

/// All arguments as PyTorch holds them, those not given by default.
fn listed_arguments(class: &str, given: &[(&'static str, model::Value)]) -> Vec<(String, model::Value)> {
    let defaults = kind_of(class).map(Kind::layer);
    let mut listed = Vec::new();
    for parameter in signature(class) {
        let value = given.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.clone());
        let default = || defaults.as_ref().and_then(|layer| layer.argument(parameter.name));
        if let Some(value) = value.or_else(default) {
            listed.push((parameter.name.to_string(), value));
        }
    }
    listed
}

/// An input that agrees with what a layer declares.
pub(crate) fn declared_input(layer: &Layer, declared: &[u64]) -> Option<Dims> {
    let &first = declared.first()?;
    match layer.kind() {
        Kind::Linear => Dims::new(&[1, first]),
        Kind::BatchNorm1d => Dims::new(&[1, first]),
        Kind::Conv1d | Kind::ConvTranspose1d | Kind::InstanceNorm1d => Dims::new(&[1, first, 1]),
        Kind::LayerNorm => {
            let mut sizes = vec![1];
            sizes.extend(declared);
            Dims::new(&sizes)
        }
        _ => Dims::new(&[1, first, 1, 1]),
    }
}

/// A leaf's parameters and buffers: name, sizes (`None`: not known), whether it is a buffer.
pub(crate) fn tensors(class: &str, leaf: &Leaf) -> Vec<(&'static str, Option<Dims>, bool)> {
    let Some(layer) = &leaf.layer else {
        return leaf_shapes::tensors(class, leaf).unwrap_or_default();
    };
    let slopes =
        leaf.arguments.iter().find(|(name, _)| name == "num_parameters").and_then(|(_, value)| i64::from_value(value));
    let input = match slopes {
        Some(slopes) => Dims::new(&[1, u64::try_from(slopes).unwrap_or(1), 1, 1]),
        None => declared_input(layer, &leaf.declared),
    };
    let tensors = shape::parameter_tensors(layer, input.as_ref());
    tensors.iter().map(|tensor| (tensor.name, Some(tensor.shape), tensor.fill.is_buffer())).collect()
}
