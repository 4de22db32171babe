//! A twin's rewrites as a text: `separable`, `foldbn.lowrank13r4`: words between dots, each with its numbers. Nodes
//! are named by their positions in the network that the rewrite is made on.

use rustc_hash::FxHashMap;

use super::value;
use crate::model::{Argument, Network, NodeId, Pair, Value};
use crate::rewrite::{self, HiddenLayers, PooledHead, Rewrite};

/// A twin under no rewrite.
const SAME: &str = "same";

/// The most rewrites of one twin that a link is read for: more than a person makes one after another.
const MAX_REWRITES: usize = 64;

/// What a node that the network does not have is read as.
const NO_NODE: NodeId = NodeId(u32::MAX);

/// Every rewrite's word, which stays. None of them reads as a layer (a test keeps it so).
mod word {
    pub(super) const SEPARABLE: &str = "separable";
    pub(super) const FOLD_BATCH_NORM: &str = "foldbn";
    pub(super) const DROP_REDUNDANT_BIAS: &str = "nobias";
    pub(super) const ABSORB_DEPTHWISE_BIAS: &str = "nodwbias";
    pub(super) const FOLD_DEPTHWISE: &str = "folddw";
    pub(super) const POOLED_HEAD: &str = "poolhead";
    pub(super) const LOW_RANK: &str = "lowrank";
    pub(super) const BOTTLENECK: &str = "bottleneck";
    pub(super) const GROUPED: &str = "grouped";
    pub(super) const INVERTED_RESIDUAL: &str = "inverted";
    pub(super) const WIDTH: &str = "width";
    pub(super) const RESOLUTION: &str = "resolution";
    pub(super) const STRIDE_FOR_POOL: &str = "stridepool";
    pub(super) const KERNEL_SIZE: &str = "kernel";
    pub(super) const PRUNE_CHANNELS: &str = "prune";
    pub(super) const CHANNELS: &str = "channels";
    pub(super) const ALL: &[&str] = &[
        SEPARABLE,
        FOLD_BATCH_NORM,
        DROP_REDUNDANT_BIAS,
        ABSORB_DEPTHWISE_BIAS,
        FOLD_DEPTHWISE,
        POOLED_HEAD,
        LOW_RANK,
        BOTTLENECK,
        GROUPED,
        INVERTED_RESIDUAL,
        WIDTH,
        RESOLUTION,
        STRIDE_FOR_POOL,
        KERNEL_SIZE,
        PRUNE_CHANNELS,
        CHANNELS,
        super::SAME,
    ];
}

/// A rewrite's token, taken apart: `lowrank13r4`.
struct Token<'a> {
    word: &'a str,
    /// Behind the word.
    first: Option<Value>,
    /// Behind a letter: `r4`.
    second: Option<(&'a str, Value)>,
}

/// Rewrites of a network, one after another.
pub(super) fn encode(rewrites: &[Rewrite], original: &Network) -> String {
    if rewrites.is_empty() {
        return SAME.to_string();
    }
    let names_nodes = rewrites.iter().any(|rewrite| !encode_one(rewrite, None).1);
    let mut tokens = Vec::with_capacity(rewrites.len());
    let mut network = names_nodes.then(|| original.clone());
    for rewrite in rewrites {
        tokens.push(encode_one(rewrite, network.as_ref().map(Network::positions).as_ref()).0);
        network = network.map(|network| rewrite::apply(&network, rewrite).network);
    }
    tokens.join(".")
}

/// A twin's text, read.
pub(super) struct Decoded<'a> {
    pub rewrites: Vec<Rewrite>,
    /// Under the rewrites.
    pub network: Network,
    /// What could not be read.
    pub unread: Vec<&'a str>,
}

/// Reads rewrites of a network; `None` where the network would have more rows than `most`.
pub(super) fn decode<'a>(text: &'a str, original: &Network, most: usize) -> Option<Decoded<'a>> {
    let (mut rewrites, mut unread) = (Vec::new(), Vec::new());
    let mut network = Some(original).filter(|network| network.rows() <= most)?.clone();
    for token in text.split('.').filter(|token| !token.is_empty() && *token != SAME) {
        let rewrite = Token::read(token).and_then(|token| token.rewrite(&network));
        match rewrite.filter(|_| rewrites.len() < MAX_REWRITES) {
            Some(rewrite) => {
                network = Some(rewrite::apply(&network, &rewrite).network).filter(|network| network.rows() <= most)?;
                rewrites.push(rewrite);
            }
            None => unread.push(token),
        }
    }
    Some(Decoded { rewrites, network, unread })
}

/// Whether a token is meant as a rewrite.
pub(super) fn is_rewrite(token: &str) -> bool {
    word::ALL.contains(&split_word(token).0)
}

/// The token of a rewrite of a network whose nodes stand at these positions, and whether it is the same for every
/// network.
fn encode_one(rewrite: &Rewrite, positions: Option<&FxHashMap<NodeId, usize>>) -> (String, bool) {
    let position = |node: NodeId| positions.and_then(|positions| positions.get(&node).copied());
    let node = |node: &NodeId| position(*node).map_or(Value::None, |position| Value::Int(position as i64));
    let nodes = |nodes: &[NodeId]| {
        let found = nodes.iter().filter_map(|&node| position(node));
        Value::List(found.map(|position| Value::Int(position as i64)).collect())
    };
    let plain = |word: &str| (word.to_string(), true);
    let number = |word: &str, value: Value| (format!("{word}{}", value::encode(&value)), true);
    let at = |word: &str, value: Value| (format!("{word}{}", value::encode(&value)), false);
    let at_with = |word: &str, at: Value, key: &str, value: Value| {
        (format!("{word}{}{key}{}", value::encode(&at), value::encode(&value)), false)
    };
    match rewrite {
        Rewrite::Separable => plain(word::SEPARABLE),
        Rewrite::SeparableFor { nodes: chosen } => at(word::SEPARABLE, nodes(chosen)),
        Rewrite::FoldBatchNorm => plain(word::FOLD_BATCH_NORM),
        Rewrite::DropRedundantBias => plain(word::DROP_REDUNDANT_BIAS),
        Rewrite::AbsorbDepthwiseBias => plain(word::ABSORB_DEPTHWISE_BIAS),
        Rewrite::FoldDepthwise => plain(word::FOLD_DEPTHWISE),
        Rewrite::PooledHead(head) => {
            let keeps = match head.hidden {
                HiddenLayers::Keep => "h1",
                HiddenLayers::Drop => "h0",
            };
            (format!("{}{}{keeps}", word::POOLED_HEAD, head.size), true)
        }
        Rewrite::LowRank { node: chosen, rank } => at_with(word::LOW_RANK, node(chosen), "r", Value::Int(*rank)),
        Rewrite::Bottleneck { node: chosen, width } => at_with(word::BOTTLENECK, node(chosen), "w", Value::Int(*width)),
        Rewrite::Grouped { nodes: chosen, groups } => at_with(word::GROUPED, nodes(chosen), "g", Value::Int(*groups)),
        Rewrite::InvertedResidual { node: chosen, expansion } => {
            at_with(word::INVERTED_RESIDUAL, node(chosen), "t", Value::Int(*expansion))
        }
        Rewrite::Width { multiplier } => number(word::WIDTH, Value::Float(*multiplier)),
        Rewrite::Resolution { height, width } => (format!("{}{height}x{width}", word::RESOLUTION), true),
        Rewrite::StrideForPool { pools } => at(word::STRIDE_FOR_POOL, nodes(pools)),
        Rewrite::KernelSize { nodes: chosen, size } => at_with(word::KERNEL_SIZE, nodes(chosen), "k", size.to_value()),
        Rewrite::PruneChannels { ratio } => number(word::PRUNE_CHANNELS, Value::Float(*ratio)),
        Rewrite::Channels { node: chosen, count } => at_with(word::CHANNELS, node(chosen), "c", Value::Int(*count)),
    }
}

impl<'a> Token<'a> {
    fn read(token: &'a str) -> Option<Self> {
        let (word, rest) = split_word(token);
        if rest.is_empty() {
            return Some(Self { word, first: None, second: None });
        }
        let (first, rest) = value::decode(rest)?;
        if rest.is_empty() {
            return Some(Self { word, first: Some(first), second: None });
        }
        let (key, rest) = split_word(rest);
        let (second, "") = value::decode(rest)? else { return None };
        Some(Self { word, first: Some(first), second: Some((key, second)) })
    }

    /// The rewrite, of this network.
    fn rewrite(&self, network: &Network) -> Option<Rewrite> {
        let node = || node_at(self.first.as_ref()?, network);
        let nodes = || nodes_at(self.first.as_ref()?, network);
        let number = |key: &str| {
            let second = self.second.as_ref().filter(|(found, _)| *found == key);
            second.and_then(|(_, value)| i64::from_value(value))
        };
        let ratio = || f64::from_value(self.first.as_ref()?);
        let is_plain = self.first.is_none();
        match self.word {
            word::SEPARABLE if is_plain => Some(Rewrite::Separable),
            word::SEPARABLE => Some(Rewrite::SeparableFor { nodes: nodes()? }),
            word::FOLD_BATCH_NORM if is_plain => Some(Rewrite::FoldBatchNorm),
            word::DROP_REDUNDANT_BIAS if is_plain => Some(Rewrite::DropRedundantBias),
            word::ABSORB_DEPTHWISE_BIAS if is_plain => Some(Rewrite::AbsorbDepthwiseBias),
            word::FOLD_DEPTHWISE if is_plain => Some(Rewrite::FoldDepthwise),
            word::POOLED_HEAD => {
                let hidden = if number("h")? == 0 { HiddenLayers::Drop } else { HiddenLayers::Keep };
                Some(Rewrite::PooledHead(PooledHead { size: i64::from_value(self.first.as_ref()?)?, hidden }))
            }
            word::LOW_RANK => Some(Rewrite::LowRank { node: node()?, rank: number("r")? }),
            word::BOTTLENECK => Some(Rewrite::Bottleneck { node: node()?, width: number("w")? }),
            word::GROUPED => Some(Rewrite::Grouped { nodes: nodes()?, groups: number("g")? }),
            word::INVERTED_RESIDUAL => Some(Rewrite::InvertedResidual { node: node()?, expansion: number("t")? }),
            word::WIDTH => Some(Rewrite::Width { multiplier: ratio()? }),
            word::RESOLUTION => {
                let size = Pair::from_value(self.first.as_ref()?)?;
                let (height, width) = (u64::try_from(size.height).ok()?, u64::try_from(size.width).ok()?);
                Some(Rewrite::Resolution { height, width })
            }
            word::STRIDE_FOR_POOL => Some(Rewrite::StrideForPool { pools: nodes()? }),
            word::KERNEL_SIZE => {
                let size = self.second.as_ref().filter(|(key, _)| *key == "k").map(|(_, size)| size)?;
                Some(Rewrite::KernelSize { nodes: nodes()?, size: Pair::from_value(size)? })
            }
            word::PRUNE_CHANNELS => Some(Rewrite::PruneChannels { ratio: ratio()? }),
            word::CHANNELS => Some(Rewrite::Channels { node: node()?, count: number("c")? }),
            _ => None,
        }
    }
}

/// Lowercase letters, and the rest.
fn split_word(token: &str) -> (&str, &str) {
    token.split_at(token.find(|letter: char| !letter.is_ascii_lowercase()).unwrap_or(token.len()))
}

fn node_at(value: &Value, network: &Network) -> Option<NodeId> {
    match value {
        Value::None => Some(NO_NODE),
        Value::Int(position) => Some(network.nodes.get(usize::try_from(*position).ok()?)?.id),
        _ => None,
    }
}

fn nodes_at(value: &Value, network: &Network) -> Option<Vec<NodeId>> {
    match value {
        Value::List(positions) => positions.iter().map(|position| node_at(position, network)).collect(),
        one => node_at(one, network).map(|node| vec![node]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    #[test]
    fn no_word_reads_as_a_layer() {
        for word in word::ALL {
            for token in [word.to_string(), format!("{word}1"), format!("{word}1x2")] {
                assert!(layer::decode(&token).is_none(), "{token} is a layer too");
            }
        }
    }
}
