//! Layers that exporters write as several nodes.

use super::activation::is_near;
use super::constant::Constant;
use super::graph::{Data, Rows, Weight};
use super::names;
use crate::model::{ChannelShuffle, GELU, GroupNorm, Hardswish, Layer, LayerNorm, LogSigmoid, Mish, SiLU, Softsign};

/// So many readers of a value are looked through.
const MOST_READERS: usize = 64;

/// A pattern found: the layer, its nodes, and the value that it gives.
struct Found<'a> {
    layer: Layer,
    /// The first input of the first node is what flows in; these come behind it.
    nodes: Vec<usize>,
    weights: Vec<Weight<'a>>,
    /// Names the row, where no weight does.
    named_by: usize,
}

impl<'a> Rows<'a, '_> {
    /// Whether a node begins a pattern: then its row is made, and its other nodes are taken.
    pub(super) fn pattern(&mut self, index: usize) -> bool {
        if self.strided(index) {
            return true;
        }
        let node = &self.graph.nodes[index];
        let found = match node.operator.as_str() {
            "Sigmoid" => self.gated(index, SiLU::default().into()).or_else(|| self.log_sigmoid(index)),
            "HardSigmoid" if is_near(node.float("alpha").unwrap_or(0.2), 1.0 / 6.0) => {
                self.gated(index, Hardswish::default().into())
            }
            "Softplus" => self.mish(index),
            "Abs" => self.softsign(index),
            "Add" => self.hard_swish(index),
            "Div" | "Mul" => self.gelu(index),
            "ReduceMean" => self.layer_norm_of_parts(index),
            "Reshape" => self.channel_shuffle(index).or_else(|| self.group_norm_of_parts(index)),
            _ => None,
        };
        let Some(found) = found else { return false };
        let Some(input) = self.pattern_input(index) else { return false };
        let weight = found.weights.iter().find_map(|weight| match weight {
            Weight::Stored(stored) => Some(stored.tensor.name.clone()),
            Weight::Filled(..) => None,
        });
        let node = &self.graph.nodes[found.named_by];
        let name = match weight {
            Some(weight) => names::of_norm(node, &weight),
            None => names::of(node, None),
        };
        let Ok(data) = self.push(found.layer, &name, &[input], found.weights) else { return false };
        for &taken in &found.nodes {
            self.taken[taken] = true;
        }
        if let Some(output) = found.nodes.last().and_then(|&last| self.graph.nodes[last].outputs.first()) {
            self.data.insert(output.clone(), data);
        }
        true
    }

    /// All elements in a row, then gathered in their order into another shape: PyTorch's `as_strided`.
    fn strided(&mut self, index: usize) -> bool {
        let graph = self.graph;
        let node = &graph.nodes[index];
        let Some(gather) = (node.operator == "Reshape").then(|| self.then(index, "Gather")).flatten() else {
            return false;
        };
        let gathered = &graph.nodes[gather];
        let is_row = self.constant(node, 1).and_then(Constant::integers).is_some_and(|target| target.len() == 1);
        let Some(order) = self.constant(gathered, 1) else { return false };
        let (Some(places), dims) = (order.integers(), order.dims.clone()) else { return false };
        let is_in_order = places.iter().zip(0..).all(|(place, at)| *place == at);
        let Some(input) = self.pattern_input(index) else { return false };
        if !is_row
            || !is_in_order
            || Some(places.len() as u64) != input.dims.elements()
            || gathered.integer("axis").unwrap_or(0) != 0
        {
            return false;
        }
        let Ok(data) = self.view(&names::of(gathered, None), input, &dims) else { return false };
        self.taken[gather] = true;
        self.data.insert(gathered.outputs.first().cloned().unwrap_or_default(), data);
        true
    }

    /// What flows into a pattern: the input of its first node that is no constant.
    fn pattern_input(&self, index: usize) -> Option<Data> {
        self.graph.nodes[index].inputs.iter().find_map(|input| self.data.get(input)).copied()
    }

    /// The only reader of a node's output, where it is this operator.
    fn then(&self, index: usize, operator: &str) -> Option<usize> {
        let output = self.graph.nodes[index].outputs.first()?;
        let next = self.only_reader(output)?;
        (self.graph.nodes[next].operator == operator).then_some(next)
    }

    /// The first input of a node that is another value than this one.
    fn other(&self, index: usize, value: &str) -> Option<&str> {
        let node = &self.graph.nodes[index];
        node.inputs.iter().find(|input| *input != value).map(String::as_str)
    }

    fn output(&self, index: usize) -> &str {
        self.graph.nodes[index].outputs.first().map_or("", String::as_str)
    }

    fn number(&self, value: &str) -> Option<f64> {
        self.constants.get(value)?.number()
    }

    /// Whether a node has this number among its inputs.
    fn with_number(&self, index: usize, number: f64) -> bool {
        self.graph.nodes[index]
            .inputs
            .iter()
            .any(|input| self.number(input).is_some_and(|found| is_near(found, number)))
    }

    /// `x * gate(x)`.
    fn gated(&self, index: usize, layer: Layer) -> Option<Found<'a>> {
        let product = self.then(index, "Mul")?;
        let x = self.graph.nodes[index].inputs.first()?;
        (self.other(product, self.output(index))? == x).then(|| Found {
            layer,
            nodes: vec![index, product],
            weights: Vec::new(),
            named_by: product,
        })
    }

    /// `log(sigmoid(x))`.
    fn log_sigmoid(&self, index: usize) -> Option<Found<'a>> {
        let log = self.then(index, "Log")?;
        let layer = LogSigmoid {}.into();
        Some(Found { layer, nodes: vec![index, log], weights: Vec::new(), named_by: log })
    }

    /// `x * tanh(softplus(x))`.
    fn mish(&self, index: usize) -> Option<Found<'a>> {
        let tanh = self.then(index, "Tanh")?;
        let product = self.then(tanh, "Mul")?;
        let x = self.graph.nodes[index].inputs.first()?;
        let layer = Mish::default().into();
        (self.other(product, self.output(tanh))? == x).then(|| Found {
            layer,
            nodes: vec![index, tanh, product],
            weights: Vec::new(),
            named_by: product,
        })
    }

    /// `x / (|x| + 1)`.
    fn softsign(&self, index: usize) -> Option<Found<'a>> {
        let sum = self.then(index, "Add").filter(|&sum| self.with_number(sum, 1.0))?;
        let quotient = self.then(sum, "Div")?;
        let x = self.graph.nodes[index].inputs.first()?;
        let is_whole = self.graph.nodes[quotient].inputs.iter().eq([x.as_str(), self.output(sum)]);
        let layer = Softsign {}.into();
        is_whole.then(|| Found { layer, nodes: vec![index, sum, quotient], weights: Vec::new(), named_by: quotient })
    }

    /// `x * clip(x + 3, 0, 6) / 6`, the quotient before or behind the product.
    fn hard_swish(&self, index: usize) -> Option<Found<'a>> {
        let node = &self.graph.nodes[index];
        let x = node.inputs.iter().find(|input| self.data.contains_key(input.as_str()))?;
        if !self.with_number(index, 3.0) {
            return None;
        }
        let clip = self.then(index, "Clip")?;
        let bounds = &self.graph.nodes[clip];
        let bound = |place: usize, name: &str| match self.has(bounds, place) {
            true => self.constant(bounds, place).and_then(Constant::number),
            false => bounds.float(name),
        };
        if bound(1, "min") != Some(0.0) || bound(2, "max") != Some(6.0) {
            return None;
        }
        let is_sixth = |at: usize| match self.graph.nodes[at].operator.as_str() {
            "Div" => {
                self.graph.nodes[at].inputs.get(1).and_then(|six| self.number(six)).is_some_and(|six| is_near(six, 6.0))
            }
            _ => self.with_number(at, 1.0 / 6.0),
        };
        let scaled = |at: usize| self.then(at, "Div").or_else(|| self.then(at, "Mul")).filter(|&at| is_sixth(at));
        let multiplied = |at: usize| {
            self.then(at, "Mul").filter(|&product| self.other(product, self.output(at)) == Some(x.as_str()))
        };
        let nodes = match multiplied(clip) {
            Some(product) => vec![index, clip, product, scaled(product)?],
            None => {
                let sixth = scaled(clip)?;
                vec![index, clip, sixth, multiplied(sixth)?]
            }
        };
        let named_by = *nodes.last()?;
        Some(Found { layer: Hardswish::default().into(), nodes, weights: Vec::new(), named_by })
    }

    /// `0.5 * x * (1 + erf(x / sqrt(2)))`, in any order of its factors.
    fn gelu(&self, index: usize) -> Option<Found<'a>> {
        let node = &self.graph.nodes[index];
        let root = std::f64::consts::SQRT_2;
        if !self.with_number(index, if node.operator == "Div" { root } else { 1.0 / root }) {
            return None;
        }
        let x = node.inputs.iter().find(|input| self.data.contains_key(input.as_str()))?;
        let erf = self.then(index, "Erf")?;
        let sum = self.then(erf, "Add").filter(|&sum| self.with_number(sum, 1.0))?;
        let product = self.then(sum, "Mul")?;
        let factor = self.other(product, self.output(sum))?;
        let is_half = |factor: &str| self.number(factor).is_some_and(|half| is_near(half, 0.5));
        let nodes = if factor == x {
            let half = self.then(product, "Mul").filter(|&half| self.with_number(half, 0.5))?;
            vec![index, erf, sum, product, half]
        } else if is_half(factor) {
            let last =
                self.then(product, "Mul").filter(|&last| self.other(last, self.output(product)) == Some(x.as_str()))?;
            vec![index, erf, sum, product, last]
        } else {
            // x / 2 stands somewhere above or below, and is read here alone.
            let readers = self.readers.get(x.as_str())?;
            let half = *readers
                .iter()
                .take(MOST_READERS)
                .find(|&&half| self.output(half) == factor && self.with_number(half, 0.5))?;
            if self.only_reader(factor) != Some(product) || self.taken[half] {
                return None;
            }
            vec![index, half, erf, sum, product]
        };
        let named_by = *nodes.last()?;
        Some(Found { layer: GELU::default().into(), nodes, weights: Vec::new(), named_by })
    }

    /// `(x - mean) / sqrt(mean((x - mean)^2) + eps) * weight + bias` over the last dimension.
    fn layer_norm_of_parts(&self, index: usize) -> Option<Found<'a>> {
        let node = &self.graph.nodes[index];
        let x = node.inputs.first()?;
        let rank = self.data.get(x)?.dims.rank() as i64;
        let is_last = |at: usize| {
            let axes = self.axes(&self.graph.nodes[at]).ok().flatten();
            axes.is_some_and(|axes| axes == [-1] || axes == [rank - 1])
        };
        if !is_last(index) {
            return None;
        }
        let centred = self.then(index, "Sub").filter(|&at| self.graph.nodes[at].inputs.first() == Some(x))?;
        let readers = self.readers.get(self.output(centred))?;
        let power = *readers.iter().take(MOST_READERS).find(|&&at| match self.graph.nodes[at].operator.as_str() {
            "Pow" => self.with_number(at, 2.0),
            "Mul" => self.graph.nodes[at].inputs.iter().all(|input| input == self.output(centred)),
            _ => false,
        })?;
        let variance = self.then(power, "ReduceMean").filter(|&at| is_last(at))?;
        let sum = self.then(variance, "Add")?;
        let eps = self.graph.nodes[sum].inputs.iter().find_map(|input| self.number(input))?;
        let root = self.then(sum, "Sqrt")?;
        let quotient = self
            .then(root, "Div")
            .filter(|&at| self.graph.nodes[at].inputs.first().map(String::as_str) == Some(self.output(centred)))?;
        let mut nodes = vec![index, centred, power, variance, sum, root, quotient];
        let parameter = |at: usize| {
            self.graph.nodes[at]
                .inputs
                .iter()
                .find_map(|input| self.constants.get(input))
                .filter(|constant| constant.dims.len() == 1)
        };
        let scale = self.then(quotient, "Mul").and_then(|at| Some((at, parameter(at)?)));
        let shift = scale.and_then(|(at, _)| self.then(at, "Add")).and_then(|at| Some((at, parameter(at)?)));
        nodes.extend([scale, shift].into_iter().flatten().map(|(at, _)| at));
        let weights = [scale, shift].into_iter().flatten().map(|(_, constant)| Self::weight(constant)).collect();
        let named_by = index;
        let layer = LayerNorm { normalized_dims: 1, eps, elementwise_affine: scale.is_some(), bias: shift.is_some() };
        Some(Found { layer: layer.into(), nodes, weights, named_by })
    }

    /// `[N, g, C / g, H, W]` with the groups' dimensions swapped and back.
    fn channel_shuffle(&self, index: usize) -> Option<Found<'a>> {
        let dims = self.data.get(self.graph.nodes[index].inputs.first()?)?.dims;
        let target = self.constant(&self.graph.nodes[index], 1)?.integers()?;
        let [_, groups, ..] = target.as_slice() else { return None };
        let groups = *groups;
        let channels = i64::try_from(*dims.get(1)?).ok()?;
        if dims.rank() != 4 || target.len() != 5 || groups < 2 || channels % groups != 0 {
            return None;
        }
        let middle = super::shape::reshaped(&self.graph.nodes[index], &dims, Some(target), None)?;
        let wanted = [dims[0], groups as u64, (channels / groups) as u64, dims[2], dims[3]];
        let swap =
            self.then(index, "Transpose").filter(|&at| self.graph.nodes[at].integers("perm") == [0, 2, 1, 3, 4])?;
        let back = self.then(swap, "Reshape")?;
        let last = self.constant(&self.graph.nodes[back], 1)?.integers()?;
        let swapped = [wanted[0], wanted[2], wanted[1], wanted[3], wanted[4]];
        let end = super::shape::reshaped(&self.graph.nodes[back], &swapped, Some(last), None)?;
        (middle == wanted && *end == *dims).then(|| Found {
            layer: ChannelShuffle { groups }.into(),
            nodes: vec![index, swap, back],
            weights: Vec::new(),
            named_by: swap,
        })
    }

    /// `[N, G, -1]`, an instance norm without scale, the map's shape again, then scale and shift of each channel.
    fn group_norm_of_parts(&self, index: usize) -> Option<Found<'a>> {
        let node = &self.graph.nodes[index];
        let dims = self.data.get(node.inputs.first()?)?.dims;
        let target = self.constant(node, 1)?.integers()?;
        let middle = super::shape::reshaped(node, &dims, Some(target), None)?;
        let norm = self.then(index, "InstanceNormalization")?;
        let inner = &self.graph.nodes[norm];
        let is_plain = self.constant(inner, 1)?.number() == Some(1.0) && self.constant(inner, 2)?.number() == Some(0.0);
        let back = self.then(norm, "Reshape")?;
        let second = self.constant(&self.graph.nodes[back], 1)?.integers()?;
        let end = super::shape::reshaped(&self.graph.nodes[back], &middle, Some(second), None)?;
        if !is_plain || *end != *dims || middle.len() < 3 {
            return None;
        }
        let channels = dims.get(1).copied()?;
        let parameter = |at: usize| {
            let constant = self.graph.nodes[at].inputs.iter().find_map(|input| self.constants.get(input))?;
            (constant.elements() == channels).then_some((at, constant))
        };
        let scale = self.then(back, "Mul").and_then(parameter);
        let shift = scale.and_then(|(at, _)| self.then(at, "Add")).and_then(parameter);
        // Scale without shift is no GroupNorm of PyTorch's.
        let (scale, shift) = if shift.is_some() { (scale, shift) } else { (None, None) };
        let mut nodes = vec![index, norm, back];
        nodes.extend([scale, shift].into_iter().flatten().map(|(at, _)| at));
        let weights = [scale, shift].into_iter().flatten().map(|(_, constant)| Self::weight(constant)).collect();
        let layer = GroupNorm {
            num_groups: i64::try_from(middle[1]).ok()?,
            eps: inner.float("epsilon").unwrap_or(1e-5),
            affine: scale.is_some(),
        };
        Some(Found { layer: layer.into(), nodes, weights, named_by: norm })
    }
}
