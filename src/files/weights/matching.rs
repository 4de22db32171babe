//! Which tensors of a file are which parameters of a network.

use std::collections::{HashMap, HashSet};

use super::super::problem::FileProblem;
use super::tensor::NamedTensor;
use crate::model::{Network, NodeId};
use crate::shape::{self, Fill, ParameterTensor};

/// What of a file fits a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matched {
    /// Names that both have, with the same sizes.
    pub matched: Vec<String>,
    /// What the network has and the file has not.
    pub missing: Vec<String>,
    /// What the file has and the network has not.
    pub unexpected: Vec<String>,
    /// What both have, with different sizes.
    pub mismatched: Vec<Mismatch>,
    /// What stands before the names in the file: `module.`, `state_dict.`.
    pub prefix: String,
    /// Tensors of the file that are not below the prefix: an optimiser's, say.
    pub elsewhere: usize,
}

/// A name that both have, with different sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The network's.
    pub name: String,
    /// The sizes that the network wants.
    pub network: Vec<u64>,
    /// The sizes that the file has.
    pub file: Vec<u64>,
}

/// A parameter or buffer of a network, as PyTorch's `state_dict` has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// `layer1.0.conv1.weight`.
    pub name: String,
    /// No sizes at all for a single number.
    pub dims: Vec<u64>,
    /// The node that has it; `None` of modules that nothing calls.
    pub node: Option<NodeId>,
    /// A batch norm's number of batches.
    pub is_counter: bool,
}

/// The numbers of each node's tensors: weight, bias, running mean, running variance. None for those that a file has not.
pub type NodeWeights = HashMap<NodeId, Vec<Vec<f32>>>;

/// So many names of a file are tried for what stands before them.
const MOST_TRIED: usize = 1_000;

impl Matched {
    /// Whether PyTorch would load it with `strict=True`.
    pub const fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.mismatched.is_empty()
    }
}

/// What of a file's tensors fits a network, and their numbers by node: weight, bias, running mean, running variance.
///
/// # Errors
/// Where a tensor that fits has numbers that are not read.
pub fn match_weights(network: &Network, tensors: &[NamedTensor<'_>]) -> Result<(Matched, NodeWeights), FileProblem> {
    let expected = expected(network);
    let prefix = prefix(&expected, tensors);
    let mut matched = Matched { prefix: prefix.clone(), ..Matched::default() };
    let mut own: HashMap<&str, &NamedTensor> = HashMap::new();
    for tensor in tensors {
        match tensor.name.strip_prefix(prefix.as_str()) {
            Some(name) => {
                own.insert(name, tensor);
            }
            None => matched.elsewhere += 1,
        }
    }
    let known: HashSet<&str> = expected.iter().map(|one| one.name.as_str()).collect();
    let unexpected = tensors.iter().filter_map(|tensor| tensor.name.strip_prefix(prefix.as_str()));
    matched.unexpected = unexpected.filter(|name| !known.contains(name)).map(ToString::to_string).collect();
    let mut weights = NodeWeights::new();
    for one in &expected {
        let mut floats = Vec::new();
        match own.get(one.name.as_str()) {
            // PyTorch's older files have no counters.
            None if one.is_counter => {}
            None => matched.missing.push(one.name.clone()),
            Some(tensor) if tensor.dims != one.dims => {
                matched.mismatched.push(Mismatch {
                    name: one.name.clone(),
                    network: one.dims.clone(),
                    file: tensor.dims.clone(),
                });
            }
            Some(tensor) => {
                matched.matched.push(one.name.clone());
                if one.node.is_some() && !one.is_counter {
                    floats = tensor.floats()?;
                }
            }
        }
        if let Some(node) = one.node.filter(|_| !one.is_counter) {
            weights.entry(node).or_default().push(floats);
        }
    }
    Ok((matched, weights))
}

/// What stands before the names of a file: the one with which most of them are the network's.
fn prefix(expected: &[Expected], tensors: &[NamedTensor]) -> String {
    let known: HashMap<&str, &[u64]> = expected.iter().map(|one| (one.name.as_str(), one.dims.as_slice())).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for tensor in tensors.iter().take(MOST_TRIED) {
        let ends = std::iter::once(0).chain(tensor.name.match_indices('.').map(|(at, _)| at + 1));
        for end in ends.take(8) {
            if known.contains_key(&tensor.name[end..]) {
                *counts.entry(&tensor.name[..end]).or_default() += 1;
            }
        }
    }
    let best = counts
        .into_iter()
        .max_by(|one, other| one.1.cmp(&other.1).then(other.0.len().cmp(&one.0.len())).then(other.0.cmp(one.0)));
    best.map(|(prefix, _)| prefix.to_string()).unwrap_or_default()
}

/// Every parameter and buffer of a network in the order of its modules.
pub fn expected(network: &Network) -> Vec<Expected> {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let again = network.first_calls();
    let mut all = Vec::new();
    let mut push = |module: &str, node: Option<NodeId>, tensor: &ParameterTensor| {
        let name = match (module, tensor.name) {
            (module, "") => module.to_string(),
            ("", name) => name.to_string(),
            (module, name) => format!("{module}.{name}"),
        };
        all.push(Expected { name, dims: tensor.shape.to_vec(), node, is_counter: tensor.fill == Fill::Counter });
    };
    for (index, node) in network.nodes.iter().enumerate().filter(|(index, _)| again[*index].is_none()) {
        let input = wiring.taps(index).first().and_then(|&tap| shapes.tap(tap));
        for tensor in shape::parameter_tensors(&node.layer, input).iter() {
            push(&node.name, Some(node.id), tensor);
        }
    }
    for module in &network.uncalled {
        for tensor in shape::uncalled_tensors(module).iter() {
            push(&module.name, None, tensor);
        }
    }
    all
}
