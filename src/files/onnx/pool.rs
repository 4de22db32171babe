//! Pools, means and norms.

use super::constant::Constant;
use super::convolve::{Window, pair};
use super::graph::{Data, Rows, Unknown};
use super::message::Node;
use super::names;
use crate::model::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d, BatchNorm1d,
    BatchNorm2d, ConstantPad2d, GroupNorm, InstanceNorm1d, InstanceNorm2d, Layer, LayerNorm, LocalResponseNorm,
    MaxPool1d, MaxPool2d, Mean, OutputSize, Slice, ZeroPad2d,
};

const ONE: OutputSize = OutputSize { height: Some(1), width: Some(1) };

impl<'a> Rows<'a, '_> {
    pub(super) fn max_pool(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let mut input = self.input(node, 0)?;
        if node.outputs.get(1).is_some_and(|indices| self.readers.contains_key(indices.as_str())) {
            return Err("its indices are read".to_string());
        }
        let window = Window::of(node, &[], &input.dims)?;
        let name = names::of(node, None);
        let ceil_mode = node.integer("ceil_mode") == Some(1);
        match window.kernel.len() {
            2 => {
                let mut padding = pair(&window.before);
                if !window.is_symmetric() {
                    // The most negative float: a maximum never is of the padding.
                    let layer = ConstantPad2d { padding: window.sides(), value: f64::from(f32::MIN) };
                    input = self.push(layer, &format!("{name}.pad"), &[input], Vec::new())?;
                    padding = crate::model::Pair::square(0);
                }
                let layer = MaxPool2d {
                    kernel_size: pair(&window.kernel),
                    stride: Some(pair(&window.stride)),
                    padding,
                    dilation: pair(&window.dilation),
                    ceil_mode,
                };
                self.push(layer, &name, &[input], Vec::new())
            }
            1 if window.is_symmetric() => {
                let layer = MaxPool1d {
                    kernel_size: window.kernel[0],
                    stride: Some(window.stride[0]),
                    padding: window.before[0],
                    dilation: window.dilation[0],
                    ceil_mode,
                };
                self.push(layer, &name, &[input], Vec::new())
            }
            rank => Err(format!("pools of this padding over {rank} dimensions are not known here")),
        }
    }

    pub(super) fn average_pool(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let mut input = self.input(node, 0)?;
        let window = Window::of(node, &[], &input.dims)?;
        if window.dilation.iter().any(|dilation| *dilation != 1) {
            return Err("an average pool with a dilation is not known here".to_string());
        }
        let name = names::of(node, None);
        let ceil_mode = node.integer("ceil_mode") == Some(1);
        let is_padded = window.before.iter().chain(&window.after).any(|pad| *pad != 0);
        // PyTorch's default; without padding it is all the same.
        let count_include_pad = node.integer("count_include_pad") == Some(1) || !is_padded;
        match window.kernel.len() {
            2 => {
                let mut padding = pair(&window.before);
                if !window.is_symmetric() {
                    if !count_include_pad {
                        return self.pool_beyond(node, input, &window);
                    }
                    input =
                        self.push(ZeroPad2d { padding: window.sides() }, &format!("{name}.pad"), &[input], Vec::new())?;
                    padding = crate::model::Pair::square(0);
                }
                let layer = AvgPool2d {
                    kernel_size: pair(&window.kernel),
                    stride: Some(pair(&window.stride)),
                    padding,
                    ceil_mode,
                    count_include_pad,
                    divisor_override: None,
                };
                self.push(layer, &name, &[input], Vec::new())
            }
            1 if window.is_symmetric() => {
                let layer = AvgPool1d {
                    kernel_size: window.kernel[0],
                    stride: Some(window.stride[0]),
                    padding: window.before[0],
                    ceil_mode,
                    count_include_pad,
                };
                self.push(layer, &name, &[input], Vec::new())
            }
            rank => Err(format!("pools of this padding over {rank} dimensions are not known here")),
        }
    }

    /// The mean of what of each window is inside, where the sides are padded differently: windows that reach beyond the end
    /// (`ceil_mode`), or all around and cut to those that are meant; else a row that PyTorch has no layer for.
    fn pool_beyond(&mut self, node: &Node<'a>, input: Data, window: &Window) -> Result<Data, Unknown> {
        let name = names::of(node, None);
        let size = |at: usize| {
            let padded = i128::from(input.dims[at + 2]) + i128::from(window.before[at] + window.after[at]);
            let size = (padded - i128::from(window.kernel[at])) / i128::from(window.stride[at]) + 1;
            u64::try_from(size).ok().filter(|size| *size > 0).ok_or("its window is larger than its input")
        };
        let sizes = [size(0)?, size(1)?];
        let mut layer = AvgPool2d {
            kernel_size: pair(&window.kernel),
            stride: Some(pair(&window.stride)),
            padding: crate::model::Pair::square(0),
            ceil_mode: true,
            count_include_pad: false,
            divisor_override: None,
        };
        let plain: Layer = layer.clone().into();
        let made = crate::shape::output(&plain, &[input.dims]).ok();
        if window.before == [0, 0] && made.is_some_and(|made| made[2..] == sizes) {
            return self.push(layer, &name, &[input], Vec::new());
        }
        let around: Vec<i64> = (0..2).map(|at| window.before[at].max(window.after[at])).collect();
        let skipped: Vec<i64> = (0..2).map(|at| around[at] - window.before[at]).collect();
        let fits = |at: usize| skipped[at] % window.stride[at] == 0 && around[at] <= window.kernel[at] / 2;
        if !(fits(0) && fits(1)) {
            return self.push_free(node, &[input], &[input.dims[0], input.dims[1], sizes[0], sizes[1]]);
        }
        (layer.padding, layer.ceil_mode) = (pair(&around), false);
        let mut data = self.push(layer, &name, &[input], Vec::new())?;
        for at in 0..2 {
            let start = skipped[at] / window.stride[at];
            let end = start + sizes[at] as i64;
            if data.dims[at + 2] != sizes[at] {
                let end = Some(end).filter(|end| *end as u64 != data.dims[at + 2]);
                let cut = Slice { start, end, dim: at as i64 + 2 };
                data = self.push(cut, &format!("{name}.cut"), &[data], Vec::new())?;
            }
        }
        Ok(data)
    }

    pub(super) fn global_pool(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let is_max = node.operator == "GlobalMaxPool";
        let layer: Layer = match (input.dims.rank(), is_max) {
            (4, false) => AdaptiveAvgPool2d { output_size: ONE }.into(),
            (4, true) => AdaptiveMaxPool2d { output_size: ONE }.into(),
            (3, false) => AdaptiveAvgPool1d { output_size: 1 }.into(),
            (3, true) => AdaptiveMaxPool1d { output_size: 1 }.into(),
            (rank, _) => return Err(format!("a global pool of {rank} dimensions is not known here")),
        };
        self.push(layer, &names::of(node, None), &[input], Vec::new())
    }

    /// `ReduceMean`; over all pixels with the dimensions kept it is global average pooling.
    pub(super) fn reduce_mean(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let axes = self.axes(node)?;
        let rank = input.dims.rank() as i64;
        let mut dim: Vec<i64> = match axes {
            Some(axes) => axes.iter().map(|&axis| if axis < 0 { axis + rank } else { axis }).collect(),
            None if node.integer("noop_with_empty_axes") == Some(1) => return Ok(input),
            None => (0..rank).collect(),
        };
        dim.sort_unstable();
        let keepdim = node.integer("keepdims").unwrap_or(1) == 1;
        let layer: Layer = match (dim.as_slice(), rank, keepdim) {
            ([2, 3], 4, true) => AdaptiveAvgPool2d { output_size: ONE }.into(),
            ([2], 3, true) => AdaptiveAvgPool1d { output_size: 1 }.into(),
            _ => Mean { dim, keepdim }.into(),
        };
        self.push(layer, &names::of(node, None), &[input], Vec::new())
    }

    /// The axes of a reduction, an attribute before opset 18 and an input since; `None`: none are given.
    pub(super) fn axes(&self, node: &Node) -> Result<Option<Vec<i64>>, Unknown> {
        if self.has(node, 1) {
            let axes = self.constant(node, 1).and_then(Constant::integers);
            return axes.map(Some).ok_or_else(|| "its axes are computed as it runs".to_string());
        }
        Ok(Some(node.integers("axes").to_vec()).filter(|axes| !axes.is_empty()))
    }

    pub(super) fn batch_norm(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        if node.integer("training_mode") == Some(1) {
            return Err("it is in training mode".to_string());
        }
        let input = self.input(node, 0)?;
        let channels = input.dims.get(1).copied();
        let tensors: Option<Vec<Constant>> = (1..5).map(|place| self.constant(node, place).cloned()).collect();
        let tensors = tensors.ok_or("its statistics are computed as it runs")?;
        if tensors.iter().any(|tensor| Some(tensor.elements()) != channels) {
            return Err("its statistics do not fit its channels".to_string());
        }
        let eps = node.float("epsilon").unwrap_or(1e-5);
        // ONNX weighs the old statistics, PyTorch the new ones.
        let momentum = Some(((1.0 - node.float("momentum").unwrap_or(0.9)) * 1e6).round() / 1e6);
        let layer: Layer = match input.dims.rank() {
            4 => BatchNorm2d { eps, momentum, ..BatchNorm2d::default() }.into(),
            2 | 3 => BatchNorm1d { eps, momentum, ..BatchNorm1d::default() }.into(),
            rank => return Err(format!("a batch norm of {rank} dimensions is not known here")),
        };
        let name = names::of_norm(node, &tensors[0].name);
        let weights = tensors.iter().map(Self::weight).collect();
        self.push(layer, &name, &[input], weights)
    }

    pub(super) fn instance_norm(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let (scale, shift) = self
            .constant(node, 1)
            .cloned()
            .zip(self.constant(node, 2).cloned())
            .ok_or("its scale is computed as it runs")?;
        let eps = node.float("epsilon").unwrap_or(1e-5);
        // What learns nothing is written with ones and zeros.
        let affine = scale.number() != Some(1.0) || shift.number() != Some(0.0);
        let layer: Layer = match input.dims.rank() {
            4 => InstanceNorm2d { eps, affine, ..InstanceNorm2d::default() }.into(),
            3 => InstanceNorm1d { eps, affine, ..InstanceNorm1d::default() }.into(),
            rank => return Err(format!("an instance norm of {rank} dimensions is not known here")),
        };
        let weights = if affine { vec![Self::weight(&scale), Self::weight(&shift)] } else { Vec::new() };
        self.push(layer, &names::of_norm(node, &scale.name), &[input], weights)
    }

    pub(super) fn group_norm(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let (scale, shift) = self
            .constant(node, 1)
            .cloned()
            .zip(self.constant(node, 2).cloned())
            .ok_or("its scale is computed as it runs")?;
        if Some(scale.elements()) != input.dims.get(1).copied() {
            return Err("its scale is one for each group, which PyTorch's has not".to_string());
        }
        let num_groups = node.integer("num_groups").ok_or("it does not say how many groups")?;
        let layer = GroupNorm { num_groups, eps: node.float("epsilon").unwrap_or(1e-5), affine: true };
        let weights = vec![Self::weight(&scale), Self::weight(&shift)];
        self.push(layer, &names::of_norm(node, &scale.name), &[input], weights)
    }

    pub(super) fn layer_norm(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let scale = self.constant(node, 1).cloned().ok_or("its scale is computed as it runs")?;
        let shift = self.constant(node, 2).cloned();
        let axis = node.integer("axis").unwrap_or(-1);
        let normalized_dims = if axis < 0 { -axis } else { input.dims.rank() as i64 - axis };
        let layer = LayerNorm {
            normalized_dims,
            eps: node.float("epsilon").unwrap_or(1e-5),
            elementwise_affine: true,
            bias: shift.is_some(),
        };
        let name = names::of_norm(node, &scale.name);
        let weights = std::iter::once(&scale).chain(shift.as_ref()).map(Self::weight).collect();
        self.push(layer, &name, &[input], weights)
    }

    pub(super) fn local_response_norm(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let layer = LocalResponseNorm {
            size: node.integer("size").ok_or("it does not say its size")?,
            alpha: node.float("alpha").unwrap_or(1e-4),
            beta: node.float("beta").unwrap_or(0.75),
            k: node.float("bias").unwrap_or(1.0),
        };
        self.push(layer, &names::of(node, None), &[input], Vec::new())
    }
}
