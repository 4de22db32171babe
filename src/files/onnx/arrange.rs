//! The same elements in another shape or order, and maps of another size.

use super::constant::Constant;
use super::graph::{Data, Rows, Unknown};
use super::message::Node;
use super::{names, shape};
use crate::model::{
    ConstantPad2d, Flatten, Layer, MapSize, Permute, PixelShuffle, ReflectionPad2d, ReplicationPad2d, ScaleFactor,
    Sides, Transpose, Upsample, UpsampleMode, View, ZeroPad2d,
};

impl<'a> Rows<'a, '_> {
    /// `Reshape`, `Flatten`, `Squeeze`, `Unsqueeze`.
    pub(super) fn reshape(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let second = match self.has(node, 1) {
            true => {
                Some(self.constant(node, 1).and_then(Constant::integers).ok_or("its shape is computed as it runs")?)
            }
            false => None,
        };
        let axes = second.clone().or_else(|| Some(node.integers("axes").to_vec()));
        let dims = shape::reshaped(node, &input.dims, second, axes).ok_or("its shape does not fit what flows in")?;
        self.view(&names::of(node, None), input, &dims)
    }

    /// A row that gives a tensor these sizes: none where it has them, a Flatten where it is one.
    pub(super) fn view(&mut self, name: &str, input: Data, dims: &[u64]) -> Result<Data, Unknown> {
        if *input.dims == *dims {
            return Ok(input);
        }
        let flat = |start: usize, end: usize| -> Option<Vec<u64>> {
            let middle =
                input.dims.get(start..=end)?.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))?;
            Some([&input.dims[..start], &[middle], &input.dims[end + 1..]].concat())
        };
        let rank = input.dims.rank();
        let spans = (0..rank).flat_map(|start| (start + 1..rank).map(move |end| (start, end)));
        // The one from the first dimension on to the last is the common one.
        let found = std::iter::once((1, rank.saturating_sub(1)))
            .chain(spans)
            .find(|&(start, end)| start < end && flat(start, end).as_deref() == Some(dims));
        let layer: Layer = match found {
            Some((start, end)) if end + 1 == rank => Flatten { start_dim: start as i64, end_dim: -1 }.into(),
            Some((start, end)) => Flatten { start_dim: start as i64, end_dim: end as i64 }.into(),
            None => {
                let mut shape: Vec<i64> = dims
                    .iter()
                    .map(|&size| i64::try_from(size).ok())
                    .collect::<Option<_>>()
                    .ok_or("its sizes do not fit 63 bits")?;
                if dims.first() == Some(&self.batch) && input.dims.first() == Some(&self.batch) {
                    shape[0] = -1;
                }
                View { shape }.into()
            }
        };
        self.push(layer, name, &[input], Vec::new())
    }

    pub(super) fn transpose(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let rank = input.dims.rank() as i64;
        let perm = match node.integers("perm") {
            [] => (0..rank).rev().collect(),
            perm => perm.to_vec(),
        };
        let moved: Vec<i64> = (0..rank).filter(|&at| perm.get(at as usize) != Some(&at)).collect();
        let layer: Layer = match moved.as_slice() {
            [] => return Ok(input),
            &[dim0, dim1] => Transpose { dim0, dim1 }.into(),
            _ => Permute { dims: perm }.into(),
        };
        self.push(layer, &names::of(node, None), &[input], Vec::new())
    }

    /// Channels into pixels; PyTorch's order is `CRD`.
    pub(super) fn depth_to_space(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let factor = node.integer("blocksize").ok_or("it does not say its factor")?;
        if node.text("mode") == Some("CRD") {
            return self.push(PixelShuffle { upscale_factor: factor }, &names::of(node, None), &[input], Vec::new());
        }
        let (&[batch, channels, height, width], Ok(factor)) = (&*input.dims, u64::try_from(factor)) else {
            return Err("it wants a map".to_string());
        };
        let square = factor.checked_mul(factor).filter(|square| *square > 0 && channels % square == 0);
        let square = square.ok_or("its factor does not divide the channels")?;
        let sizes = height.checked_mul(factor).zip(width.checked_mul(factor)).ok_or("its sizes do not fit 64 bits")?;
        self.push_free(node, &[input], &[batch, channels / square, sizes.0, sizes.1])
    }

    pub(super) fn space_to_depth(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let factor =
            node.integer("blocksize").and_then(|factor| u64::try_from(factor).ok()).filter(|factor| *factor > 0);
        let (&[batch, channels, height, width], Some(factor)) = (&*input.dims, factor) else {
            return Err("it wants a map".to_string());
        };
        let channels = factor
            .checked_mul(factor)
            .and_then(|square| square.checked_mul(channels))
            .ok_or("its sizes do not fit 64 bits")?;
        self.push_free(node, &[input], &[batch, channels, height / factor, width / factor])
    }

    /// Pads are attributes before opset 11 and inputs since: all beginnings, then all ends.
    pub(super) fn pad(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let rank = input.dims.rank();
        let mut pads = match self.has(node, 1) {
            true => self.constant(node, 1).and_then(Constant::integers).ok_or("its padding is computed as it runs")?,
            false => node.integers("pads").to_vec(),
        };
        if self.has(node, 3) {
            let axes = self.constant(node, 3).and_then(Constant::integers).ok_or("its axes are computed as it runs")?;
            let mut all = vec![0; 2 * rank];
            for (index, &axis) in axes.iter().enumerate() {
                let axis =
                    usize::try_from(if axis < 0 { axis + rank as i64 } else { axis }).ok().filter(|axis| *axis < rank);
                let (axis, before, after) = axis
                    .zip(pads.get(index))
                    .zip(pads.get(index + axes.len()))
                    .map(|((axis, before), after)| (axis, *before, *after))
                    .ok_or("its axes do not fit its padding")?;
                all[axis] = before;
                all[axis + rank] = after;
            }
            pads = all;
        }
        if pads.len() != 2 * rank {
            return Err(format!("it has {} paddings for {rank} dimensions", pads.len()));
        }
        if pads.iter().all(|pad| *pad == 0) {
            return Ok(input);
        }
        let value = match self.has(node, 2) {
            true => self.constant(node, 2).and_then(Constant::number).ok_or("its value is computed as it runs")?,
            false => node.float("value").unwrap_or(0.0),
        };
        let outer = pads[..rank - rank.min(2)].iter().chain(&pads[rank..2 * rank - rank.min(2)]);
        if rank != 4 || outer.into_iter().any(|pad| *pad != 0) {
            let size = |at: usize| {
                (i128::from(input.dims[at]) + i128::from(pads[at]) + i128::from(pads[at + rank])).try_into().ok()
            };
            let dims: Option<Vec<u64>> = (0..rank).map(size).collect();
            return self.push_free(node, &[input], &dims.ok_or("its padding takes away more than there is")?);
        }
        let padding = Sides { left: pads[3], right: pads[7], top: pads[2], bottom: pads[6] };
        let layer: Layer = match node.text("mode").unwrap_or("constant") {
            "constant" if value == 0.0 => ZeroPad2d { padding }.into(),
            "constant" => ConstantPad2d { padding, value }.into(),
            "reflect" => ReflectionPad2d { padding }.into(),
            "edge" => ReplicationPad2d { padding }.into(),
            mode => return Err(format!("a padding of the mode {mode} is not known here")),
        };
        self.push(layer, &names::of(node, None), &[input], Vec::new())
    }

    /// `Resize` and `Upsample`: PyTorch's modes, or a row without multiply-accumulates.
    pub(super) fn resize(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let rank = input.dims.rank();
        let is_old = node.operator == "Upsample" || self.opset < 11;
        let scales = match is_old {
            true if self.has(node, 1) => self.constant(node, 1).and_then(Constant::floats),
            true => node
                .attribute("scales")
                .map(|scales| scales.floats.iter().map(|&scale| super::message::as_written(scale)).collect()),
            false => self.constant(node, 2).and_then(Constant::floats),
        };
        let scales = scales.filter(|scales| scales.len() == rank);
        let sizes = if is_old { None } else { self.constant(node, 3).and_then(Constant::integers) };
        let dims: Vec<u64> = match (&scales, &sizes) {
            (_, Some(sizes)) if sizes.len() == rank => {
                sizes.iter().map(|&size| u64::try_from(size).ok()).collect::<Option<_>>().ok_or("a size is below 0")?
            }
            (Some(scales), None) => {
                let scaled = scales.iter().zip(input.dims.iter()).map(|(scale, &size)| (size as f64 * scale).floor());
                scaled
                    .map(|size| ((0.0..9e15).contains(&size)).then_some(size as u64))
                    .collect::<Option<_>>()
                    .ok_or("its sizes do not fit")?
            }
            _ => return Err("its sizes are computed as it runs".to_string()),
        };
        let coordinates =
            node.text("coordinate_transformation_mode").unwrap_or(if is_old { "asymmetric" } else { "half_pixel" });
        let mode = match (node.text("mode").unwrap_or("nearest"), coordinates) {
            ("nearest", "asymmetric") if is_old || node.text("nearest_mode") == Some("floor") => {
                Some((UpsampleMode::Nearest, None))
            }
            // Between the middles of elements, whole factors lead to the same ones.
            ("nearest", "half_pixel" | "pytorch_half_pixel")
                if node.text("nearest_mode").is_none_or(|mode| mode.starts_with("round_"))
                    && dims.iter().zip(input.dims.iter()).all(|(made, given)| made.checked_rem(*given) == Some(0)) =>
            {
                Some((UpsampleMode::Nearest, None))
            }
            ("linear", "half_pixel" | "pytorch_half_pixel") => Some((UpsampleMode::Bilinear, Some(false))),
            ("linear", "align_corners") => Some((UpsampleMode::Bilinear, Some(true))),
            _ => None,
        };
        let is_map = rank == 4 && dims[..2] == input.dims[..2];
        let Some((mode, align_corners)) = mode.filter(|_| is_map) else { return self.push_free(node, &[input], &dims) };
        let (size, scale_factor) = match (&scales, &sizes) {
            (Some(scales), None) => (None, Some(ScaleFactor { height: scales[2], width: scales[3] })),
            _ => (Some(MapSize { height: dims[2] as i64, width: dims[3] as i64, single: false }), None),
        };
        self.push(Upsample { size, scale_factor, mode, align_corners }, &names::of(node, None), &[input], Vec::new())
    }
}
