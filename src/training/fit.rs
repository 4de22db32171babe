//! A design for data it was not made for.

use crate::model::{Dims, Layer, Network};

/// What was changed of a design so that it takes the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The design as it is trained.
    pub network: Network,
    /// In words; nothing where the design was as the data want it.
    pub changes: Vec<String>,
}

/// The design with samples of this shape and so many classes: its input, and what its last Linear (or, without one, its last
/// convolution) gives.
pub fn fit_to(network: &Network, shape: &Dims, classes: usize) -> Fit {
    let mut fitted = network.clone();
    let mut changes = Vec::new();
    if fitted.input != *shape {
        changes.push(format!("takes {} instead of {}", sizes(shape), sizes(&fitted.input)));
        fitted.input = *shape;
    }
    let last = fitted.nodes.iter().rposition(|node| matches!(node.layer, Layer::Linear(_)));
    let last = last
        .or_else(|| fitted.nodes.iter().rposition(|node| matches!(node.layer, Layer::Conv2d(_) | Layer::Conv1d(_))));
    if let Some(node) = last.and_then(|last| fitted.nodes.get_mut(last)) {
        let argument = if matches!(node.layer, Layer::Linear(_)) { "out_features" } else { "out_channels" };
        let wanted = crate::model::Value::Int(classes as i64);
        if node.layer.argument(argument).as_ref() != Some(&wanted) && node.layer.set_argument(argument, &wanted).is_ok()
        {
            changes.push(format!("{} gives {classes} classes", node.name));
        }
    }
    Fit { network: fitted, changes }
}

fn sizes(dims: &Dims) -> String {
    dims.sizes().iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ")
}
