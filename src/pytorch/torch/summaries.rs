//! Libraries that are not known: summaries that tell the input, classes of unknown cost.

use super::super::python::Run;
use super::super::python::value::Unknown;
use super::{Arguments, Machine, Value};
use crate::model::Dims;

impl Machine {
    /// Summaries tell the input's shape; unknown classes are modules of unknown cost where they are made in one.
    pub(crate) fn call_unknown_library(&mut self, path: &str, name: &str, arguments: &Arguments) -> Run<Value> {
        if matches!(
            name,
            "summary" | "profile" | "get_model_complexity_info" | "stat" | "FlopCountAnalysis" | "add_graph"
        ) {
            self.note_summary(path, arguments)?;
            return Ok(Value::unknown(path));
        }
        let is_class = name.starts_with(|first: char| first.is_uppercase());
        let has_tensor = arguments.all().any(|value| value.as_tensor().is_some());
        if has_tensor && self.host.trace.is_some() {
            let tensor = arguments.all().find_map(Value::as_tensor).cloned();
            if let Some(tensor) = tensor {
                return self.unsupported_call(&Unknown::foreign(path), &tensor);
            }
        }
        let from_zoo = path.starts_with("torchvision.models")
            || path.starts_with("torch.hub")
            || path == "timm.create_model"
            || (path.starts_with("timm.models.")
                && path.split('.').count() <= 4
                && !path.starts_with("timm.models.layers"));
        let is_loss = name.ends_with("Loss");
        if (is_class && self.constructing > 0 && !is_loss)
            || (from_zoo && self.minding > 0)
            || (module_like(path) && is_class && !is_loss)
        {
            let id = self.unknown_module(path)?;
            return Ok(Value::Instance(id));
        }
        Ok(Value::unknown(path))
    }

    /// `summary(model, (1, 28, 28))`: torchsummary takes one sample, torchinfo a batch; where it is not said which of
    /// them it is, a shape of one or three sizes is a sample.
    fn note_summary(&mut self, path: &str, arguments: &Arguments) -> Run<()> {
        let Some(Value::Instance(id)) = arguments.positional.first().cloned() else { return Ok(()) };
        let keyword =
            ["input_size", "inputs", "input_data", "input_res"].iter().find_map(|name| arguments.keyword(name));
        let Some(given) = keyword.or_else(|| arguments.positional.get(1)).cloned() else { return Ok(()) };
        let many = match &given {
            Value::Tuple(_) | Value::List(_) => {
                let items = self.items(&given)?;
                let nested = matches!(items.first(), Some(Value::Tuple(_) | Value::List(_) | Value::Tensor(_)));
                if nested { items } else { vec![given.clone()] }
            }
            _ => vec![given.clone()],
        };
        let of_samples = (path.starts_with("torchsummary") && self.is_imported("torchsummary"))
            || path.ends_with("get_model_complexity_info");
        let of_batches = path.starts_with("torchinfo");
        let mut shapes = Vec::new();
        for one in &many {
            let (dims, has_batch) = match one {
                Value::Tensor(tensor) => (tensor.dims, true),
                other => {
                    let sizes: Option<Vec<u64>> = self
                        .items(other)?
                        .iter()
                        .map(|item| item.as_int().and_then(|int| u64::try_from(int).ok()))
                        .collect();
                    (sizes.and_then(|sizes| Dims::new(&sizes)), false)
                }
            };
            let Some(dims) = dims else { return Ok(()) };
            let sample = of_samples || (!of_batches && matches!(dims.rank(), 1 | 3));
            shapes.push(if sample && !has_batch { dims.with_batch(1).unwrap_or(dims) } else { dims });
        }
        if !shapes.is_empty() {
            self.host.called_with.push((id, shapes, self.line));
        }
        Ok(())
    }

    /// Whether the text imports something of a library by itself.
    fn is_imported(&self, root: &str) -> bool {
        self.heap.scopes[self.globals]
            .variables
            .values()
            .any(|value| matches!(value, Value::Library(path) if path.split('.').next() == Some(root)))
    }
}

fn module_like(path: &str) -> bool {
    path.starts_with("torch.nn.") && !path.starts_with("torch.nn.functional") && !path.starts_with("torch.nn.utils")
}
