//! TensorFlow Lite's operators, as far as the converter makes them of networks.

macro_rules! operators {
    ($($operator:ident $name:literal),* $(,)?) => {
        /// A builtin operator.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "names of the schema")]
        pub enum Operator { $($operator),* }

        impl Operator {
            /// The name in the schema.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$operator => $name),* }
            }
        }
    };
}

operators! {
    Abs "ABS", Add "ADD", AveragePool2d "AVERAGE_POOL_2D", Concatenation "CONCATENATION", Conv2d "CONV_2D",
    DepthwiseConv2d "DEPTHWISE_CONV_2D", Dequantize "DEQUANTIZE", Div "DIV", Elu "ELU", Exp "EXP",
    FullyConnected "FULLY_CONNECTED", Gather "GATHER", Gelu "GELU", Greater "GREATER", HardSwish "HARD_SWISH",
    LeakyRelu "LEAKY_RELU", Log "LOG", LogSoftmax "LOG_SOFTMAX", Logistic "LOGISTIC", MaxPool2d "MAX_POOL_2D",
    Maximum "MAXIMUM", Mean "MEAN", Minimum "MINIMUM", MirrorPad "MIRROR_PAD", Mul "MUL", Neg "NEG", Pad "PAD",
    PadV2 "PADV2", Prelu "PRELU", Quantize "QUANTIZE", ReduceMax "REDUCE_MAX", Relu "RELU", Relu6 "RELU6",
    ReluN1To1 "RELU_N1_TO_1", Reshape "RESHAPE", ResizeBilinear "RESIZE_BILINEAR",
    ResizeNearestNeighbor "RESIZE_NEAREST_NEIGHBOR", Rsqrt "RSQRT", Select "SELECT", Softmax "SOFTMAX",
    Square "SQUARE", SquaredDifference "SQUARED_DIFFERENCE", StridedSlice "STRIDED_SLICE", Sub "SUB", Tanh "TANH",
    Transpose "TRANSPOSE", TransposeConv "TRANSPOSE_CONV",
}

impl Operator {
    /// Whether TensorFlow Lite Micro has no int8 kernel for it.
    pub const fn is_missing(self) -> bool {
        matches!(self, Self::Exp | Self::Gelu | Self::ReluN1To1 | Self::Select)
    }

    /// Convolutions and matrix products, which take constant products and sums behind them into their weights.
    pub(super) const fn is_affine(self) -> bool {
        matches!(self, Self::Conv2d | Self::DepthwiseConv2d | Self::TransposeConv | Self::FullyConnected)
    }

    /// Those with a fused activation.
    pub(super) const fn fuses(self) -> bool {
        self.is_affine()
            || matches!(self, Self::Add | Self::Sub | Self::Mul | Self::Div | Self::MaxPool2d | Self::AveragePool2d)
    }

    /// Those whose output has a scale of its own, whatever comes in.
    pub(super) const fn has_fixed_scale(self) -> bool {
        matches!(self, Self::Logistic | Self::Softmax | Self::LogSoftmax | Self::Tanh)
    }

    /// Those that give the scale that they get.
    pub(super) const fn keeps_scale(self) -> bool {
        matches!(
            self,
            Self::AveragePool2d
                | Self::Gather
                | Self::MaxPool2d
                | Self::MirrorPad
                | Self::Pad
                | Self::Reshape
                | Self::ResizeBilinear
                | Self::ResizeNearestNeighbor
                | Self::StridedSlice
                | Self::Transpose
        )
    }

    /// Activations that become part of the operator before them.
    pub(super) const fn is_fused_activation(self) -> bool {
        matches!(self, Self::Relu | Self::Relu6 | Self::ReluN1To1)
    }

    /// One operation of TensorFlow's on each element: the converter moves it in front of a reshape.
    pub(super) const fn is_unary(self) -> bool {
        matches!(self, Self::Relu | Self::Relu6 | Self::Tanh | Self::Logistic)
    }
}
