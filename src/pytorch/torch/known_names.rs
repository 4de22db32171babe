//! Names that everybody imports, and what they mean where a text does not say.

use std::rc::Rc;

use super::{functional, library, signature};
use crate::pytorch::python::tree::Name;

/// What a name means that the text does not define.
pub(crate) fn default_name(name: &str) -> Option<Name> {
    let path = match name {
        "torch" | "math" | "os" | "sys" | "random" | "time" | "copy" | "functools" | "itertools" | "collections"
        | "torchvision" | "typing" | "warnings" | "json" | "argparse" | "timm" | "logging" => name,
        // What printed models are made into.
        "__printed__" => name,
        "nn" => "torch.nn",
        "F" => "torch.nn.functional",
        "np" | "numpy" => "numpy",
        "optim" => "torch.optim",
        "init" => "torch.nn.init",
        "models" => "torchvision.models",
        "transforms" => "torchvision.transforms",
        "datasets" => "torchvision.datasets",
        "partial" | "reduce" => return Some(Rc::from(format!("functools.{name}"))),
        "OrderedDict" | "defaultdict" | "namedtuple" => {
            return Some(Rc::from(format!("collections.{name}")));
        }
        "deepcopy" => "copy.deepcopy",
        "Tensor" => "torch.Tensor",
        "Variable" => "torch.autograd.Variable",
        "summary" => "torchsummary.summary",
        "repeat" | "chain" => return Some(Rc::from(format!("itertools.{name}"))),
        "dataclass" => "dataclasses.dataclass",
        "List" | "Tuple" | "Optional" | "Union" | "Callable" | "Any" | "Dict" | "Type" | "Sequence" | "Iterable" => {
            return Some(Rc::from(format!("typing.{name}")));
        }
        "ABC" => "abc.ABC",
        "rearrange" => "einops.rearrange",
        "einops" | "re" | "string" | "inspect" | "gym" | "gymnasium" | "torchaudio" => name,
        "Enum" => "enum.Enum",
        "pl" => "pytorch_lightning",
        _ if signature::is_known_class(name) => return Some(Rc::from(format!("torch.nn.{name}"))),
        _ => return None,
    };
    Some(Rc::from(path))
}

/// Whether `from module import *` brings this name.
pub(crate) fn is_exported(module: &str, name: &str) -> bool {
    match module {
        "torch.nn" => signature::is_known_class(name),
        "torch.nn.functional" => functional::is_known(name),
        "math" => library::is_math(name),
        _ => false,
    }
}

/// The same class by two names: `nn.Conv2d` and `torch.nn.modules.conv.Conv2d`.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    let short = |path: &str| path.rsplit('.').next().map(str::to_string);
    a == b || a.starts_with("torch.nn.") && b.starts_with("torch.nn.") && short(a) == short(b)
}
