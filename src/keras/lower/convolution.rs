//! Convolutions and matrix products.

use crate::keras::function::{Fill, Function, Window, same_sides};
use crate::keras::problem::Unsayable;
use crate::keras::program::Order;
use crate::model::{Conv2d, ConvTranspose2d, Linear, PaddingMode, Pair};

use super::{Lowering, Value};

/// Rows and columns of an argument that a layer with a shape has.
pub(super) fn sizes(pair: Pair) -> [u64; 2] {
    [pair.height, pair.width].map(|size| u64::try_from(size).unwrap_or(0))
}

impl Lowering<'_> {
    pub(super) fn convolution(&mut self, conv: &Conv2d, input: Value, line: bool) -> Result<Value, Unsayable> {
        let mut x = self.map(input, line)?;
        let dims = self.dims(x);
        let channels = conv.channels(dims[dims.rank() - 1]).map_err(|_| Unsayable::NoShape)?;
        let mut window = Window {
            kernel: sizes(conv.kernel_size),
            strides: sizes(conv.stride),
            dilation: sizes(conv.dilation),
            same: false,
            line,
        };
        for at in 0..2 {
            // One tap is nowhere apart.
            if window.kernel[at] == 1 {
                window.dilation[at] = 1;
            }
        }
        if window.strides != [1, 1] && window.dilation != [1, 1] {
            return Err(Unsayable::StrideWithDilation);
        }
        let padding = conv.padding_sides();
        let side = |size: i64| u64::try_from(size).unwrap_or(0);
        let sides = [(side(padding.top), side(padding.bottom)), (side(padding.left), side(padding.right))];
        if sides != [(0, 0); 2] {
            let pixels = self.pixels(x, line);
            let is_same =
                [0, 1].iter().all(|&at| sides[at] == same_sides(pixels[at], window.span()[at], window.strides[at]));
            match conv.padding_mode {
                PaddingMode::Zeros if is_same => window.same = true,
                mode => {
                    let fill = match mode {
                        PaddingMode::Zeros => Fill::Zero,
                        PaddingMode::Reflect => Fill::Reflect,
                        PaddingMode::Replicate => Fill::Edge,
                        PaddingMode::Circular => Fill::Wrap,
                    };
                    x = self.padded(x, sides, line, fill)?;
                }
            }
        }
        // TensorFlow's depthwise convolution has one stride.
        let is_depthwise = channels.groups == channels.input && channels.groups > 1;
        let function = if is_depthwise && (line || window.strides[0] == window.strides[1]) {
            let multiplier = channels.output / channels.input.max(1);
            Function::DepthwiseConv { window, multiplier, bias: conv.bias }
        } else {
            Function::Conv { window, filters: channels.output, groups: channels.groups, bias: conv.bias }
        };
        self.push(function, &[x], Order::Last)
    }

    /// Keras's natural size is `(in - 1) stride + span`, its output padding is added behind; what PyTorch's padding
    /// takes away on both sides is cropped, where "same" does not do it.
    pub(super) fn transposed(&mut self, conv: &ConvTranspose2d, input: Value, line: bool) -> Result<Value, Unsayable> {
        let x = self.map(input, line)?;
        let dims = self.dims(x);
        let channels = conv.channels(dims[dims.rank() - 1]).map_err(|_| Unsayable::NoShape)?;
        if channels.groups != 1 {
            return Err(Unsayable::TransposedGroups);
        }
        let (kernel, strides) = (sizes(conv.kernel_size), sizes(conv.stride));
        let dilated = |at: usize| kernel[at] > 1 && sizes(conv.dilation)[at] > 1;
        if dilated(0) || dilated(1) {
            return Err(Unsayable::TransposedDilation);
        }
        let (padding, added) = (sizes(conv.padding), sizes(conv.output_padding));
        let window = Window { kernel, strides, dilation: [1, 1], same: false, line };
        let filters = channels.output;
        // "same" takes `kernel - stride` away, the smaller half before.
        let is_same = [0, 1].iter().all(|&at| {
            let total = kernel[at].checked_sub(strides[at]);
            total.is_some_and(|total| {
                padding[at] == total / 2 && padding[at].checked_sub(added[at]) == Some(total - total / 2)
            })
        });
        if is_same {
            let window = Window { same: true, ..window };
            let function = Function::ConvTranspose { window, output_padding: None, filters, bias: conv.bias };
            return self.push(function, &[x], Order::Last);
        }
        let behind = [0, 1].map(|at| added[at].saturating_sub(padding[at]));
        if [0, 1].iter().any(|&at| behind[at] >= strides[at].max(1)) {
            return Err(Unsayable::OutputPadding);
        }
        let function = Function::ConvTranspose { window, output_padding: Some(behind), filters, bias: conv.bias };
        let full = self.push(function, &[x], Order::Last)?;
        let sides = [0, 1].map(|at| (padding[at], padding[at].saturating_sub(added[at])));
        match sides {
            [(0, 0), (0, 0)] => Ok(full),
            sides => self.push(Function::Crop { sides, line }, &[full], Order::Last),
        }
    }

    /// On PyTorch's last dimension.
    pub(super) fn linear(&mut self, linear: &Linear, input: Value) -> Result<Value, Unsayable> {
        let units = u64::try_from(linear.out_features).map_err(|_| Unsayable::NoShape)?;
        if self.dims(input).rank() < 2 {
            return Err(Unsayable::Rank);
        }
        let (x, pixels) = match input.order {
            Order::Pixels(sizes) => (input, Some(sizes)),
            Order::Plain | Order::Last => (self.plain(input)?, None),
        };
        self.push(Function::Dense { units, bias: linear.bias, pixels }, &[x], Order::Plain)
    }
}
