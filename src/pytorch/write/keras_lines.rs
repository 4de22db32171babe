//! Layers over lines in Keras, which has them as `[N, L, C]`.

use crate::model::{Channels, Conv2d, Groups, Kind, Layer, LinePadding, MaxPool2d, Network, Padding};

use super::keras_site::{Site, keeps_size, no_bias};

/// Whether a network is one over lines: three dimensions are `[N, C, L]` there.
pub(super) fn is_over_lines(network: &Network) -> bool {
    network.nodes.iter().any(|node| {
        matches!(
            node.layer.kind(),
            Kind::Conv1d
                | Kind::ConvTranspose1d
                | Kind::MaxPool1d
                | Kind::AvgPool1d
                | Kind::AdaptiveAvgPool1d
                | Kind::AdaptiveMaxPool1d
                | Kind::InstanceNorm1d
        )
    })
}

impl Site<'_> {
    /// The line that pads the input of a layer over lines, and the layer's input; `None` where it is none.
    pub(super) fn padded_line(&self) -> Option<(String, String)> {
        let ((before, after), lowest) = match self.layer {
            Layer::Conv1d(conv) => {
                let conv = Conv2d::from(conv);
                match conv.padding {
                    Padding::Explicit(padding) if !keeps_size(&conv) => ((padding.width, padding.width), false),
                    Padding::Explicit(_) | Padding::Same | Padding::Valid => ((0, 0), false),
                }
            }
            Layer::MaxPool1d(pool) => {
                let pool = MaxPool2d::from(pool);
                (self.pool_sides(pool.kernel_size, pool.stride, pool.padding, pool.dilation)[1], true)
            }
            Layer::AvgPool1d(pool) => ((pool.padding, pool.padding), false),
            _ => return None,
        };
        let x = self.argument();
        if (before, after) == (0, 0) {
            return Some((String::new(), x));
        }
        let padded = if lowest {
            format!("ops.pad({x}, ((0, 0), ({before}, {after}), (0, 0)), constant_values=-1e30)")
        } else {
            format!("layers.ZeroPadding1D(({before}, {after}))({x})")
        };
        Some((format!("padded = {padded}\n"), "padded".to_string()))
    }

    /// The constructor of a layer over lines; `None` where it is none, or an operation.
    pub(super) fn line_expression(&self) -> Option<String> {
        let named = self.named();
        let count = |channels: Channels| match channels {
            Channels::Count(count) => count,
            Channels::TimesInput(times) => times.saturating_mul(self.channels()),
        };
        let strides = |stride: i64, kernel: i64| match stride {
            stride if stride == kernel => String::new(),
            stride => format!(", strides={stride}"),
        };
        Some(match self.layer {
            Layer::Conv1d(conv) => {
                let same = conv.padding == LinePadding::Same || keeps_size(&Conv2d::from(conv));
                let mut common = conv.kernel_size.to_string();
                common.push_str(&strides(conv.stride, 1));
                common.push_str(if same { ", padding=\"same\"" } else { "" });
                if conv.dilation != 1 {
                    common.push_str(&format!(", dilation_rate={}", conv.dilation));
                }
                let bias = no_bias(conv.bias);
                match (conv.groups, conv.out_channels) {
                    (Groups::InputChannels, Channels::TimesInput(times)) => {
                        let times = if times == 1 { String::new() } else { format!(", depth_multiplier={times}") };
                        format!("layers.DepthwiseConv1D({common}{times}{bias}, {named})")
                    }
                    (groups, channels) => {
                        let groups = match groups {
                            Groups::Count(1) => String::new(),
                            Groups::Count(groups) => format!(", groups={groups}"),
                            Groups::InputChannels => format!(", groups={}", self.channels()),
                        };
                        format!("layers.Conv1D({}, {common}{groups}{bias}, {named})", count(channels))
                    }
                }
            }
            Layer::ConvTranspose1d(conv) => {
                // Keras has no padding by a number: the "same" one where it gives this length.
                let multiplied = self.output.and_then(|output| output.last().copied())
                    == u64::try_from(conv.stride).ok().and_then(|stride| self.length()?.checked_mul(stride));
                let padding = if multiplied { ", padding=\"same\"" } else { "" };
                let bias = no_bias(conv.bias);
                let (channels, kernel) = (count(conv.out_channels), conv.kernel_size);
                format!("layers.Conv1DTranspose({channels}, {kernel}, strides={}{padding}{bias}, {named})", conv.stride)
            }
            Layer::MaxPool1d(pool) => {
                format!("layers.MaxPooling1D({}{})", pool.kernel_size, strides(pool.stride(), pool.kernel_size))
            }
            Layer::AvgPool1d(pool) => {
                format!("layers.AveragePooling1D({}{})", pool.kernel_size, strides(pool.stride(), pool.kernel_size))
            }
            Layer::AdaptiveAvgPool1d(pool) if pool.output_size == 1 => {
                "layers.GlobalAveragePooling1D(keepdims=True)".to_string()
            }
            Layer::AdaptiveMaxPool1d(pool) if pool.output_size == 1 => {
                "layers.GlobalMaxPooling1D(keepdims=True)".to_string()
            }
            Layer::InstanceNorm1d(norm) => {
                format!("layers.GroupNormalization(-1, epsilon={})", crate::model::literal::float(norm.eps))
            }
            _ => return None,
        })
    }
}
