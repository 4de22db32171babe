//! Training against PyTorch's, and against itself.

mod course;
mod golden;
mod memory;
mod script;
mod slopes;

use convscope::engine::{Seeding, WeightSource};
use convscope::training::{Loss, Optimizer, TrainerOptions};

use crate::golden as data;

/// A graph's weights: streams as the file numbers them.
pub fn weights(graph: &data::Graph, gain: f64) -> WeightSource {
    let mut streams = std::collections::HashMap::new();
    for (index, node) in graph.network.nodes.iter().enumerate() {
        let names = ["weight", "bias", "running_mean", "running_var"];
        let mut found: Vec<u64> = names.iter().filter_map(|name| graph.rows[index]["t"].get(name)?.as_u64()).collect();
        if found.is_empty() {
            found.extend(graph.stream(index, ""));
        }
        streams.insert(node.id, found);
    }
    WeightSource::Seeded(Seeding { seed: 0, gain, streams })
}

pub fn options(batch: usize) -> TrainerOptions {
    TrainerOptions { batch, loss: Loss::default(), optimizer: Optimizer::PLAIN }
}
