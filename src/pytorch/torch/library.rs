//! What libraries have: paths of names, and the functions that make values.

use std::rc::Rc;

use super::super::python::Run;
use super::module_state::ModuleKind;
use super::tensor::Tensor;
use super::{Arguments, Machine, Value, blocks, no_tensor, signature, stdlib};

fn member(path: &str, name: &str) -> Value {
    let full = format!("{path}.{name}");
    let value = match full.as_str() {
        "math.pi" | "numpy.pi" | "torch.pi" => Value::Float(std::f64::consts::PI),
        "math.e" => Value::Float(std::f64::consts::E),
        "math.inf" | "numpy.inf" | "torch.inf" => Value::Float(f64::INFINITY),
        "torch.cuda.is_available" => Value::Library(Rc::from("torch.cuda.is_available")),
        "numpy.newaxis" => Value::None,
        "torch.float32" | "torch.float16" | "torch.float" | "torch.long" | "torch.int64" | "torch.float64" => {
            Value::unknown("a number type")
        }
        "sys.argv" => Value::unknown("sys.argv"),
        // Torchvision's own files name each other relatively.
        "ops.StochasticDepth"
        | "ops.stochastic_depth.StochasticDepth"
        | "torchvision.ops.stochastic_depth.StochasticDepth" => {
            Value::Library(Rc::from("torchvision.ops.StochasticDepth"))
        }
        // Classes stand in files of their own: torch.nn.modules.conv.Conv2d.
        _ if path.starts_with("torch.nn.modules") || path.starts_with("torch.nn.parameter") => {
            let known = signature::is_known_class(name);
            Value::Library(Rc::from(if known { format!("torch.nn.{name}") } else { full }))
        }
        _ if stdlib::constant(&full).is_some() => stdlib::constant(&full).unwrap_or(Value::None),
        _ if full.len() > 300 => Value::unknown("a long name"),
        _ => Value::Library(Rc::from(full)),
    };
    if path == "torch" && name == "nn" {
        return Value::Library(Rc::from("torch.nn"));
    }
    value
}

/// Libraries that are surely not files of the text's own.
pub(crate) fn is_known_root(path: &str) -> bool {
    let root = path.split('.').next().unwrap_or_default();
    matches!(
        root,
        "torch"
            | "torchvision"
            | "numpy"
            | "math"
            | "collections"
            | "functools"
            | "itertools"
            | "typing"
            | "copy"
            | "os"
            | "sys"
            | "random"
            | "time"
            | "timm"
            | "torchsummary"
            | "torchinfo"
            | "dataclasses"
            | "abc"
            | "enum"
    )
}

/// What the functions of [`is_own_gradient`]'s subclasses get as `ctx`.
pub(crate) const GRADIENT_CONTEXT: &str = "torch.autograd.function.ctx";

/// The base of functions that define their gradient themselves.
pub(crate) fn is_own_gradient(path: &str) -> bool {
    matches!(
        path,
        "torch.autograd.Function" | "torch.autograd.function.Function" | "torch.autograd.function.InplaceFunction"
    )
}

/// torchvision's `WeightsEnum.verify`, which gives back what it was given, `None` most often.
pub(crate) const VERIFY: &str = "torchvision.models._api.WeightsEnum.verify";

pub(crate) fn is_weights(path: &str) -> bool {
    path.ends_with("WeightsEnum")
}

/// A class of a file that is not in the text: it may be anything.
pub(crate) fn is_elsewhere(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    let is_class = name.starts_with(|first: char| first.is_uppercase()) && path.contains('.');
    is_class && !is_known_root(path) && !is_module_base(path) && !is_weights(path)
}

/// Classes whose subclasses are modules.
pub(crate) fn is_module_base(path: &str) -> bool {
    let short = path.rsplit('.').next().unwrap_or(path);
    matches!(
        short,
        "Module" | "LightningModule" | "ScriptModule" | "PreTrainedModel" | "BaseModule" | "PyTorchModelHubMixin"
    ) || ((path.starts_with("torch.nn") || path.starts_with("torchvision.ops")) && signature::is_known_class(short))
}

pub(crate) fn is_math(name: &str) -> bool {
    matches!(
        name,
        "sqrt"
            | "floor"
            | "ceil"
            | "log"
            | "log2"
            | "log10"
            | "exp"
            | "pow"
            | "prod"
            | "gcd"
            | "cos"
            | "sin"
            | "tan"
            | "fabs"
            | "trunc"
            | "isqrt"
            | "pi"
    )
}

impl Machine {
    /// A member of a library's module.
    pub(crate) fn member(&mut self, path: &str, name: &str) -> Run<Value> {
        Ok(self.library_block(path, name)?.unwrap_or_else(|| member(path, name)))
    }

    #[inline(never)]
    pub(crate) fn call_library(&mut self, path: &str, arguments: Arguments) -> Run<Value> {
        if path == "__printed__" {
            let class = arguments.positional.first().cloned().unwrap_or(Value::None);
            return self.printed_module(&class, arguments.positional.get(1));
        }
        let (module, name) = path.rsplit_once('.').unwrap_or(("", path));
        // `nn.Module.__init__(self)` and `nn.Conv2d.forward(self, x)`.
        if name.starts_with("__") || (name == "forward" && module.starts_with("torch.nn")) {
            return match arguments.positional.first().cloned() {
                Some(receiver @ Value::Instance(_)) => self.call_base_method(&receiver, name, arguments.rest()),
                _ => Ok(Value::None),
            };
        }
        match module {
            "torch.nn"
            | "torchvision.ops"
            | "torchvision.ops.misc"
            | "torchvision.models.convnext"
            | "timm.models.layers"
            | "timm.layers"
            | "timm.layers.drop"
            | "torchvision.ops.deform_conv"
                if signature::is_known_class(name) =>
            {
                return self.new_module(name, path, arguments);
            }
            "torch.nn.init"
            | "torch.optim"
            | "torch.optim.lr_scheduler"
            | "torch.utils.data"
            | "torchvision.datasets"
            | "torchvision.transforms"
            | "torch.backends.cudnn"
            | "torch.autograd"
            | GRADIENT_CONTEXT
            | "warnings"
            | "logging"
                if name != "Variable" =>
            {
                return Ok(Value::unknown(path));
            }
            "math" | "numpy" => return self.call_numeric(name, &arguments),
            "numpy.random" => return self.random_array(name, &arguments),
            "torch.nn.functional"
            | "torch"
            | "torch.special"
            | "torch.Tensor"
            | "torch.linalg"
            | "torchvision.ops"
            | "torch._C._nn" => return self.call_torch(module, name, arguments),
            _ => {}
        }
        if matches!(path, "einops.rearrange" | "einops.reduce" | "einops.repeat") {
            return self.einops(name, &arguments);
        }
        if matches!(path, "einops.einsum" | "einops.pack" | "einops.unpack") {
            return self.einops_lists(name, &arguments);
        }
        if path == "torchaudio._shapes._spectrogram" {
            return self.spectrogram(&arguments);
        }
        if let Some(value) = self.call_stdlib(path, &arguments)? {
            return Ok(value);
        }
        match path {
            "collections.OrderedDict" | "collections.defaultdict" | "addict.Dict" => {
                self.call_ordered_dict(name, arguments)
            }
            "collections.deque" => self.call_builtin("list", arguments),
            "gym.make" | "gymnasium.make" => Ok(Value::unknown(path)),
            "functools.partial" => match arguments.positional.first().cloned() {
                Some(function) => {
                    let mut own = arguments.rest();
                    // One of another is one of its function.
                    let function = match &function {
                        Value::Partial(inner) => {
                            let named = |name: &Rc<str>| own.keywords.iter().any(|(other, _)| other == name);
                            let mut keywords = inner.1.keywords.clone();
                            keywords.retain(|(name, _)| !named(name));
                            keywords.append(&mut own.keywords);
                            let mut positional = inner.1.positional.clone();
                            positional.append(&mut own.positional);
                            own = Arguments { positional, keywords };
                            inner.0.clone()
                        }
                        function => function.clone(),
                    };
                    self.allocate(4 + own.positional.len() + own.keywords.len())?;
                    Ok(self.keep(Value::Partial(Rc::new((function, own)))))
                }
                None => Ok(Value::unknown(path)),
            },
            "functools.reduce" => self.reduce(&arguments),
            "copy.deepcopy" | "copy.copy" => match arguments.positional.first().cloned() {
                Some(value) => self.copy(&value, 0),
                None => Ok(Value::None),
            },
            "itertools.chain" => {
                let mut items = Vec::new();
                for value in &arguments.positional {
                    items.extend(self.items(value)?);
                }
                self.new_list(items)
            }
            "itertools.repeat" => {
                let times = arguments.positional.get(1).and_then(Value::as_int).unwrap_or(2).clamp(0, 100_000);
                let value = arguments.positional.first().cloned().unwrap_or(Value::None);
                self.allocate(times as usize)?;
                // torch's `_ntuple` repeats a number; a list is a list.
                self.new_list(vec![value; times as usize])
            }
            "itertools.product" => self.product(&arguments),
            "operator.mul" | "operator.add" | "operator.truediv" | "operator.sub" => {
                let operator = match name {
                    "mul" => super::super::python::tree::BinaryOperator::Mul,
                    "add" => super::super::python::tree::BinaryOperator::Add,
                    "sub" => super::super::python::tree::BinaryOperator::Sub,
                    _ => super::super::python::tree::BinaryOperator::Div,
                };
                match arguments.positional.as_slice() {
                    [a, b] => self.binary(&a.clone(), operator, &b.clone()),
                    _ => Ok(Value::unknown(path)),
                }
            }
            "dataclasses.field" => {
                self.allocate(4)?;
                Ok(self.keep(Value::Partial(Rc::new((Value::Library(Rc::from(path)), arguments)))))
            }
            "torch.nn.Parameter" | "torch.nn.parameter.Parameter" | "torch.nn.parameter.UninitializedParameter" => {
                self.call_parameter(&arguments)
            }
            "torch.autograd.Variable" => Ok(arguments.positional.first().cloned().unwrap_or(Value::None)),
            "torch.Size" => match arguments.positional.first().cloned() {
                Some(value) => {
                    let items = self.items(&value)?;
                    self.new_tuple(items)
                }
                None => Ok(Value::None),
            },
            "torch.cuda.is_available"
            | "torch.cuda.device_count"
            | "torch.jit.is_scripting"
            | "torch.is_grad_enabled"
            | "torch.onnx.is_in_onnx_export"
            | "torch.jit.is_tracing" => Ok(Value::Bool(false)),
            "torch.nn.utils.weight_norm"
            | "torch.nn.utils.spectral_norm"
            | "torch.nn.utils.parametrizations.spectral_norm"
            | "torch.nn.utils.parametrizations.weight_norm"
            | "torch.nn.utils.remove_weight_norm"
            | "torch.nn.utils.remove_spectral_norm" => self.renormed(path, &arguments),
            "torch.hub.load" => match arguments.get(1, "model").cloned() {
                Some(Value::Text(model)) if blocks::is_torchvision_model(&model) => {
                    let rest = arguments.rest().rest();
                    match self.library_block("torchvision.models", &model)? {
                        Some(function) => self.call(&function, rest),
                        None => Ok(Value::unknown(path)),
                    }
                }
                _ => self.call_unknown_library(path, name, &arguments),
            },
            "torch.nn.DataParallel"
            | "torch.jit.script"
            | "torch.compile"
            | "torch.jit.trace"
            | "torch.nn.parallel.DataParallel"
            | "torch.jit.export"
            | "torch.jit.ignore"
            | "torch.jit.unused" => Ok(arguments.positional.first().cloned().unwrap_or(Value::None)),
            "torch.utils.checkpoint.checkpoint" => match arguments.positional.first().cloned() {
                Some(function) => self.call(&function, arguments.rest()),
                None => Ok(Value::None),
            },
            VERIFY => Ok(arguments.positional.first().cloned().unwrap_or(Value::None)),
            "typing.cast" => Ok(arguments.positional.get(1).cloned().unwrap_or(Value::None)),
            "collections.namedtuple" => self.named_tuple(&arguments),
            "argparse.ArgumentParser" => self.new_parser(),
            "typing.NamedTuple" | "argparse.Namespace" | "types.SimpleNamespace" | "easydict.EasyDict" => {
                self.namespace(&arguments)
            }
            _ => self.call_unknown_library(path, name, &arguments),
        }
    }

    pub(crate) fn new_module(&mut self, class: &str, path: &str, arguments: Arguments) -> Run<Value> {
        if class == "Parameter" {
            return self.call_parameter(&arguments);
        }
        if let Some(value) = self.module_of_tensor(class, path, &arguments)? {
            return Ok(value);
        }
        let site = self.call_site.take();
        let id = self.new_library_module(class, ModuleKind::Sequential)?;
        if let Some(module) = &mut self.heap.instances[id].module {
            module.kind = ModuleKind::User;
        }
        self.call_site = site;
        self.fill_module(id, class, path, arguments)?;
        Ok(Value::Instance(id))
    }

    fn call_parameter(&mut self, arguments: &Arguments) -> Run<Value> {
        let tensor = arguments.get(0, "data").and_then(Value::as_tensor).cloned();
        let dims = tensor.as_ref().and_then(|tensor| tensor.dims);
        let id = self.new_parameter(dims, false)?;
        if let Some(trainable) = arguments.get(1, "requires_grad").cloned() {
            self.host.parameters[id].trainable = self.truth(&trainable)?.unwrap_or(true);
        }
        Ok(self.parameter_tensor(id))
    }

    fn call_torch(&mut self, module: &str, name: &str, arguments: Arguments) -> Run<Value> {
        match name {
            "zeros" | "ones" | "rand" | "randn" | "empty" | "full" | "Tensor" | "FloatTensor" | "randint"
            | "normal" => {
                if arguments.positional.first().is_some_and(|first| first.as_tensor().is_some()) {
                    return Ok(arguments.positional[0].clone());
                }
                return self.made_tensor(name, &arguments);
            }
            "zeros_like" | "ones_like" | "rand_like" | "randn_like" | "empty_like" | "full_like" => {
                let dims = arguments.positional.first().and_then(|value| value.as_tensor()?.dims);
                return Ok(Value::Tensor(Tensor::made(dims)));
            }
            "LongTensor" | "IntTensor" | "ByteTensor" | "BoolTensor" | "DoubleTensor"
                if arguments.positional.iter().all(|value| matches!(value, Value::Int(_))) =>
            {
                return self.made_tensor(name, &arguments);
            }
            "tensor" | "as_tensor" | "LongTensor" | "IntTensor" | "from_numpy" | "asarray" => {
                return self.listed_tensor(arguments.positional.first());
            }
            "arange" | "linspace" | "eye" => return self.counted_tensor(name, &arguments),
            "no_grad" | "enable_grad" | "manual_seed" | "device" | "save" | "load" | "set_grad_enabled" | "compile"
            | "inference_mode" | "seed" | "set_num_threads" | "autocast" | "Generator" => {
                if name == "compile" && !arguments.positional.is_empty() {
                    return Ok(arguments.positional[0].clone());
                }
                return Ok(Value::unknown(name));
            }
            "_assert" => return Ok(Value::None),
            "is_tensor" => {
                return Ok(Value::Bool(arguments.positional.first().is_some_and(|value| value.as_tensor().is_some())));
            }
            "sqrt" | "exp" | "floor" | "ceil" | "prod" if arguments.all().all(|value| value.as_tensor().is_none()) => {
                return self.call_numeric(name, &arguments);
            }
            _ => {}
        }
        if signature::is_known_class(name) && module == "torchvision.ops" {
            return self.new_module(name, name, arguments);
        }
        let words = if module == "torch.nn.functional" { no_tensor::functional_input } else { no_tensor::input };
        match self.with_tensor(arguments, words, name)? {
            Some(arguments) => self.tensor_function(name, arguments, false),
            None => Ok(Value::unknown(name)),
        }
    }
}
