//! Convolutions and matrix products.

use super::constant::{Change, Constant, Numbers};
use super::graph::{Data, Rows, Unknown, Weight};
use super::message::Node;
use super::names;
use crate::model::{
    Channels, Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, Groups, LinePadding, Linear, Padding, Pair, Sides,
    ZeroPad2d,
};

/// The window of a convolution or a pool: `[height, width]`, or one number for lines.
pub(super) struct Window {
    pub kernel: Vec<i64>,
    pub stride: Vec<i64>,
    pub dilation: Vec<i64>,
    pub before: Vec<i64>,
    pub after: Vec<i64>,
}

impl Window {
    /// From a node's attributes; `kernel` where they do not give it.
    pub(super) fn of(node: &Node, kernel: &[u64], input: &[u64]) -> Result<Self, Unknown> {
        let given = node.integers("kernel_shape");
        let kernel: Vec<i64> =
            if given.is_empty() { kernel.iter().map(|&size| size as i64).collect() } else { given.to_vec() };
        let rank = kernel.len();
        if rank == 0 || input.len() != rank + 2 {
            return Err(format!("its kernel of {rank} dimensions does not fit an input of {}", input.len()));
        }
        let or = |name: &str, other: i64| match node.integers(name) {
            values if values.len() == rank => values.to_vec(),
            _ => vec![other; rank],
        };
        let (stride, dilation) = (or("strides", 1), or("dilations", 1));
        let usable = |values: &[i64]| values.iter().all(|value| (1..1 << 30).contains(value));
        if !usable(&stride) || !usable(&dilation) || !usable(&kernel) {
            return Err("a kernel, stride or dilation is below 1 or above 2^30".to_string());
        }
        let mut window = Self { kernel, stride, dilation, before: vec![0; rank], after: vec![0; rank] };
        let pads = node.integers("pads");
        match node.text("auto_pad").unwrap_or("NOTSET") {
            "NOTSET" | "" if pads.len() == 2 * rank => {
                window.before = pads[..rank].to_vec();
                window.after = pads[rank..].to_vec();
            }
            "NOTSET" | "" | "VALID" => {}
            mode @ ("SAME_UPPER" | "SAME_LOWER") => {
                for at in 0..rank {
                    let size = i64::try_from(input[at + 2]).unwrap_or(i64::MAX);
                    let extent = window.dilation[at].saturating_mul(window.kernel[at] - 1) + 1;
                    let outputs = size.div_euclid(window.stride[at]) + i64::from(size % window.stride[at] != 0);
                    let total =
                        ((outputs - 1).saturating_mul(window.stride[at]).saturating_add(extent).saturating_sub(size))
                            .max(0);
                    let (less, more) = (total / 2, total - total / 2);
                    let is_upper = mode == "SAME_UPPER";
                    window.before[at] = if is_upper { less } else { more };
                    window.after[at] = if is_upper { more } else { less };
                }
            }
            other => return Err(format!("auto_pad is {other}")),
        }
        if window.before.iter().chain(&window.after).any(|pad| pad.unsigned_abs() > 1 << 30) {
            return Err("a padding is above 2^30".to_string());
        }
        Ok(window)
    }

    pub(super) fn is_symmetric(&self) -> bool {
        self.before == self.after
    }

    /// Whether PyTorch's `padding='same'` pads just so.
    fn is_same(&self) -> bool {
        let one = |at: usize| {
            let total = self.dilation[at].saturating_mul(self.kernel[at] - 1);
            self.stride[at] == 1 && self.before[at] == total / 2 && self.after[at] == total - total / 2
        };
        (0..self.kernel.len()).all(one)
    }

    /// Padding as a layer of its own.
    pub(super) fn sides(&self) -> Sides {
        Sides { left: self.before[1], right: self.after[1], top: self.before[0], bottom: self.after[0] }
    }
}

pub(super) fn pair(values: &[i64]) -> Pair {
    Pair { height: values[0], width: values[1] }
}

impl<'a> Rows<'a, '_> {
    /// `Conv`: weight `[O, I / groups, ...]`.
    pub(super) fn conv(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let weight = self.constant(node, 1).cloned().ok_or("its weight is computed as it runs")?;
        let bias = self.constant(node, 2).cloned();
        if self.has(node, 2) && bias.is_none() {
            return Err("its bias is computed as it runs".to_string());
        }
        let mut input = self.input(node, 0)?;
        let [out, per_group, kernel @ ..] = weight.dims.as_slice() else {
            return Err("its weight has no kernel".to_string());
        };
        let mut window = Window::of(node, kernel, &input.dims)?;
        let groups = node.integer("group").unwrap_or(1);
        let channels = input.dims.get(1).copied().unwrap_or(0);
        let fits = u64::try_from(groups).ok().and_then(|groups| groups.checked_mul(*per_group)) == Some(channels);
        let given: Vec<u64> = window.kernel.iter().map(|&size| size as u64).collect();
        if !fits || given != kernel {
            return Err(format!("its weight of {:?} does not fit {channels} channels in {groups} groups", weight.dims));
        }
        let name = names::of(node, Some(&weight.name));
        let (out, depth) = (*out, *per_group);
        let is_depthwise = groups as u64 == channels && depth == 1 && channels > 1 && out % channels == 0;
        let out_channels = match is_depthwise {
            true => Channels::TimesInput((out / channels) as i64),
            false => Channels::Count(out as i64),
        };
        let groups = if is_depthwise { Groups::InputChannels } else { Groups::Count(groups) };
        self.note_folding(node, (&weight, bias.as_ref()), out);
        let mut weights = vec![Self::weight(&weight)];
        let has_bias = bias.is_some();
        weights.extend(bias.as_ref().map(Self::weight));
        let is_same = window.is_same();
        if window.kernel.len() == 2 && !window.is_symmetric() && !is_same {
            input = self.push(ZeroPad2d { padding: window.sides() }, &format!("{name}.pad"), &[input], Vec::new())?;
            window.before = vec![0; 2];
            window.after = vec![0; 2];
        }
        match window.kernel.len() {
            2 => {
                let padding = match window.is_symmetric() {
                    true => Padding::Explicit(pair(&window.before)),
                    false => Padding::Same,
                };
                let layer = Conv2d {
                    out_channels,
                    kernel_size: pair(&window.kernel),
                    stride: pair(&window.stride),
                    padding,
                    dilation: pair(&window.dilation),
                    groups,
                    bias: has_bias,
                    ..Conv2d::default()
                };
                self.push(layer, &name, &[input], weights)
            }
            1 => {
                let padding = match (window.is_symmetric(), is_same) {
                    (true, _) => LinePadding::Explicit(window.before[0]),
                    (false, true) => LinePadding::Same,
                    (false, false) => return Err("its ends are padded differently".to_string()),
                };
                let layer = Conv1d {
                    out_channels,
                    kernel_size: window.kernel[0],
                    stride: window.stride[0],
                    padding,
                    dilation: window.dilation[0],
                    groups,
                    bias: has_bias,
                    ..Conv1d::default()
                };
                self.push(layer, &name, &[input], weights)
            }
            rank => Err(format!("convolutions over {rank} dimensions are not known here")),
        }
    }

    /// `ConvTranspose`: weight `[I, O / groups, ...]`.
    pub(super) fn conv_transpose(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let weight = self.constant(node, 1).cloned().ok_or("its weight is computed as it runs")?;
        let bias = self.constant(node, 2).cloned();
        let input = self.input(node, 0)?;
        let [_, per_group, kernel @ ..] = weight.dims.as_slice() else {
            return Err("its weight has no kernel".to_string());
        };
        if matches!(node.text("auto_pad"), Some("SAME_UPPER" | "SAME_LOWER"))
            || !node.integers("output_shape").is_empty()
        {
            return Err("its padding follows from the output's shape".to_string());
        }
        let window = Window::of(node, kernel, &input.dims)?;
        let groups = node.integer("group").unwrap_or(1);
        let out = i64::try_from(*per_group)
            .ok()
            .and_then(|depth| depth.checked_mul(groups))
            .ok_or("its channels do not fit 63 bits")?;
        let rank = window.kernel.len();
        let more = match node.integers("output_padding") {
            values if values.len() == rank => values.to_vec(),
            _ => vec![0; rank],
        };
        // What is cut off at the end beyond the padding is output padding taken away.
        let extra: Vec<i64> = (0..rank).map(|at| more[at] + window.before[at] - window.after[at]).collect();
        if extra.iter().any(|extra| *extra < 0) {
            return Err("it cuts off more at the end than at the beginning".to_string());
        }
        self.note_folding(node, (&weight, bias.as_ref()), out as u64);
        let name = names::of(node, Some(&weight.name));
        let mut weights = vec![Self::weight(&weight)];
        let has_bias = bias.is_some();
        weights.extend(bias.as_ref().map(Self::weight));
        match rank {
            2 => {
                let layer = ConvTranspose2d {
                    out_channels: Channels::Count(out),
                    kernel_size: pair(&window.kernel),
                    stride: pair(&window.stride),
                    padding: pair(&window.before),
                    output_padding: pair(&extra),
                    groups: Groups::Count(groups),
                    bias: has_bias,
                    dilation: pair(&window.dilation),
                };
                self.push(layer, &name, &[input], weights)
            }
            1 => {
                let layer = ConvTranspose1d {
                    out_channels: Channels::Count(out),
                    kernel_size: window.kernel[0],
                    stride: window.stride[0],
                    padding: window.before[0],
                    output_padding: extra[0],
                    groups: Groups::Count(groups),
                    bias: has_bias,
                    dilation: window.dilation[0],
                };
                self.push(layer, &name, &[input], weights)
            }
            rank => Err(format!("convolutions over {rank} dimensions are not known here")),
        }
    }

    /// `Gemm` with constant weights: a Linear.
    pub(super) fn gemm(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let is_one = |name| node.float(name).unwrap_or(1.0) == 1.0;
        if !is_one("alpha") || !is_one("beta") || node.integer("transA") == Some(1) {
            return Err("it scales or transposes its input".to_string());
        }
        let weight = self.constant(node, 1).cloned();
        let Some(weight) = weight.filter(|weight| weight.dims.len() == 2) else { return self.product(node) };
        let bias = self.constant(node, 2).cloned();
        if self.has(node, 2) && bias.is_none() {
            return Err("its bias is computed as it runs".to_string());
        }
        let is_transposed = node.integer("transB") == Some(1);
        let input = self.input(node, 0)?;
        let out = weight.dims[usize::from(!is_transposed)];
        // PyTorch's newer exporter leaves out biases that are zero, and says so.
        let left_out = bias.is_none() && rules(node).is_some_and(|rules| rules.contains("RemoveOptionalBiasFromGemm"));
        let zeros = left_out.then(|| Constant {
            name: String::new(),
            dims: vec![out],
            numbers: Some(Numbers::Floats(vec![0.0])),
            tensor: None,
        });
        if left_out {
            self.folded.zeros = self.folded.zeros.saturating_add(out);
        }
        self.linear(node, input, (&weight, !is_transposed), bias.as_ref().or(zeros.as_ref()))
    }

    /// `MatMul`, with what the Add behind it adds.
    pub(super) fn mat_mul(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let Some(weight) = self.constant(node, 1).cloned().filter(|weight| weight.dims.len() == 2) else {
            return self.product(node);
        };
        let input = self.input(node, 0)?;
        let bias = self.bias_behind(node, weight.dims[1]);
        let data = self.linear(node, input, (&weight, true), bias.as_ref().map(|(bias, _)| bias))?;
        if let Some((_, add)) = bias {
            self.taken[add] = true;
            let output = self.graph.nodes[add].outputs.first().cloned().unwrap_or_default();
            self.data.insert(output, data);
        }
        Ok(data)
    }

    /// The constant that the only reader of a product adds, one number for each feature.
    fn bias_behind(&self, node: &Node, features: u64) -> Option<(Constant<'a>, usize)> {
        let output = node.outputs.first()?;
        let index = self.only_reader(output)?;
        let add = self.graph.nodes.get(index).filter(|add| add.operator == "Add" && add.inputs.len() == 2)?;
        let bias = add.inputs.iter().find_map(|input| self.constants.get(input))?;
        (bias.dims == [features]).then(|| (bias.clone(), index))
    }

    /// A weight of `[in, out]` is stored the other way round than PyTorch's.
    fn linear(
        &mut self,
        node: &Node,
        input: Data,
        (weight, is_in_first): (&Constant<'a>, bool),
        bias: Option<&Constant<'a>>,
    ) -> Result<Data, Unknown> {
        let [a, b] = [weight.dims[0], weight.dims[1]];
        let (features, out) = if is_in_first { (a, b) } else { (b, a) };
        if input.dims.last() != Some(&features) || bias.is_some_and(|bias| bias.elements() != out) {
            return Err(format!("its weight of {a}x{b} does not fit an input of {}", input.dims));
        }
        let mut stored = Self::weight(weight);
        if let (true, Weight::Stored(stored)) = (is_in_first, &mut stored) {
            stored.change = match &stored.change {
                Change::None => Change::Transposed,
                Change::Transposed => Change::None,
                Change::Dequantised { .. } => return Err("its weight is quantised and transposed".to_string()),
            };
        }
        let layer = Linear { out_features: out as i64, bias: bias.is_some() };
        let weights = std::iter::once(stored).chain(bias.map(Self::weight)).collect();
        self.push(layer, &names::of(node, Some(&weight.name)), &[input], weights)
    }

    /// A product of two tensors that flow: its MACs are known, of this input.
    fn product(&mut self, node: &Node) -> Result<Data, Unknown> {
        let (one, other) = (self.input(node, 0)?, self.input(node, 1)?);
        let (a, b) = (one.dims, other.dims);
        let (Some(rank_a), Some(rank_b)) = (a.rank().checked_sub(2), b.rank().checked_sub(2)) else {
            return Err("a product with a vector is not known here".to_string());
        };
        let outer = super::shape::broadcast(&a[..rank_a], &b[..rank_b]).ok_or("its sizes do not go together")?;
        let (rows, inner, columns) = (a[rank_a], a[rank_a + 1], b[rank_b + 1]);
        if b[rank_b] != inner || self.has(node, 2) {
            return Err("its sizes do not go together".to_string());
        }
        let output: Vec<u64> = outer.iter().copied().chain([rows, columns]).collect();
        let macs = output.iter().try_fold(inner, |product, &size| product.checked_mul(size));
        let macs = macs.ok_or("its MACs do not fit 64 bits")? / self.batch;
        self.push_known(node, &[one, other], (a, &output), macs)
    }

    /// Notes a batch norm that was folded into a convolution, by the exporters' own marks.
    fn note_folding(&mut self, node: &Node, (weight, bias): (&Constant, Option<&Constant>), channels: u64) {
        let by_rule = rules(node).is_some_and(|rules| rules.contains("FuseBatchNorm"));
        if !by_rule && bias.is_none() && rules(node).is_some_and(|rules| rules.contains("RemoveOptionalBiasFromConv")) {
            self.folded.zeros_open = self.folded.zeros_open.saturating_add(channels);
        }
        // PyTorch's older exporter renames what it folds, and nothing else.
        let by_name = weight.name.starts_with("onnx::Conv");
        if !by_rule && !by_name {
            return;
        }
        self.folded.norms += 1;
        let had_none = bias.is_some_and(|bias| bias.name == format!("{}_bias", weight.name));
        match (by_rule, had_none) {
            (true, false) => self.folded.more = self.folded.more.saturating_add(channels.saturating_mul(2)),
            _ => self.folded.more = self.folded.more.saturating_add(channels),
        }
        // A bias of zeros was left out before the norm was folded, as what is no bias is.
        let left_out = rules(node).is_some_and(|rules| rules.contains("RemoveOptionalBiasFromConv"));
        if !by_rule || (had_none && left_out) {
            self.folded.open = self.folded.open.saturating_add(channels);
        }
    }
}

/// The rewriting rules that the exporter says it applied to a node.
fn rules<'n>(node: &'n Node) -> Option<&'n str> {
    node.metadata("pkg.onnxscript.rewriter.rule_name")
}
