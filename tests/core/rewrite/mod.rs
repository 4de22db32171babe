//! Rewrites: totals, wiring and names of what they give.

mod remedies;
mod separable;
mod sequences;

use convscope::model::Network;
use convscope::shape;

use crate::golden;

/// The elements of all parameters, each module once.
pub fn params(network: &Network) -> u64 {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let first_calls = network.first_calls();
    let mut params = 0;
    for (index, node) in network.nodes.iter().enumerate().filter(|(index, _)| first_calls[*index].is_none()) {
        let input = wiring.taps(index).first().and_then(|&tap| shapes.tap(tap));
        let tensors = shape::parameter_tensors(&node.layer, input);
        let of_layer: u64 =
            tensors.iter().filter(|tensor| !tensor.fill.is_buffer()).filter_map(|tensor| tensor.elements()).sum();
        params += of_layer;
    }
    params
}

/// A network of the seed pair, `standard` or `separable`.
pub fn seed(which: &str) -> Network {
    let seed = golden::read("seed.json");
    golden::graph(which, &seed["models"][which]["layers"]).network
}
