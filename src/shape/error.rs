//! Why a layer cannot take its input, in PyTorch's own words.

use thiserror::Error;

use crate::decimal::plain;
use crate::model::{Dims, NodeId};

/// When PyTorch says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// When the module is made.
    Init,
    /// When it is called.
    Forward,
}

/// Why a layer has no output. `Display` gives PyTorch's words, where PyTorch has any.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum ShapeError {
    // Convolutions.
    #[error("groups must be a positive integer")]
    GroupsNotPositive,
    #[error("in_channels must be divisible by groups")]
    GroupsDoNotDivideInput { channels: u64, groups: i64 },
    #[error("out_channels must be divisible by groups")]
    GroupsDoNotDivideOutput { channels: i64, groups: i64 },
    #[error("padding='same' is not supported for strided convolutions")]
    SamePaddingWithStride,
    #[error("negative padding is not supported")]
    NegativePadding,
    #[error("negative output_padding is not supported")]
    NegativeOutputPadding,
    #[error("non-positive stride is not supported")]
    StrideNotPositive,
    #[error("dilation should be greater than zero, but got [{height}, {width}]")]
    DilationNotPositive { height: i64, width: i64 },
    #[error("kernel size should be greater than zero, but got kernel_height: {height} kernel_width: {width}")]
    KernelNotPositive { height: i64, width: i64 },
    #[error("Trying to create tensor with negative dimension {0}")]
    NegativeSize(i64),
    #[error(
        "Given {}={groups_or_transposed}, weight of size {weight:?}, expected input{input:?} to have {expected} channels, but got {found} channels instead",
        if *.transposed { "transposed" } else { "groups" }
    )]
    Channels {
        transposed: bool,
        groups_or_transposed: i64,
        weight: Vec<i64>,
        input: Box<Dims>,
        expected: i64,
        found: u64,
    },
    #[error(
        "Calculated padded input size per channel: ({} x {}). Kernel size: ({} x {}). Kernel size can't be greater than actual input size",
        padded.0, padded.1, kernel.0, kernel.1
    )]
    KernelLargerThanInput { padded: (i128, i128), kernel: (i128, i128) },
    #[error(
        "Calculated padded input size per channel: ({padded}). Kernel size: ({kernel}). Kernel size can't be greater than actual input size"
    )]
    KernelLongerThanInput { padded: i128, kernel: i128 },
    #[error("Expected 2D (unbatched) or 3D (batched) input to {function}, but got input of size: {input:?}")]
    LineRank { function: &'static str, input: Dims },
    #[error(
        "output padding must be smaller than either stride or dilation, but got output_padding_height: {} output_padding_width: {} stride_height: {} stride_width: {} dilation_height: {} dilation_width: {}",
        output_padding.0, output_padding.1, stride.0, stride.1, dilation.0, dilation.1
    )]
    OutputPadding { output_padding: (i64, i64), stride: (i64, i64), dilation: (i64, i64) },
    #[error(
        "Given input size per channel: ({} x {}). Calculated output size per channel: ({} x {}). Output size is too small",
        input.0, input.1, output.0, output.1
    )]
    TransposedOutputTooSmall { input: (u64, u64), output: (i128, i128) },
    #[error("Expected 3D (unbatched) or 4D (batched) input to {function}, but got input of size: {input:?}")]
    ConvolutionRank { function: &'static str, input: Dims },
    #[error(
        "Argument #{}: Padding size should be less than the corresponding input dimension, but got: padding ({before}, {after}) at dimension {dimension} of input {input:?}",
        if *dimension + 1 == input.rank() { 4 } else { 6 }
    )]
    ReflectionTooLarge { before: i64, after: i64, dimension: usize, input: Dims },
    #[error("Padding value causes wrapping around more than once.")]
    WrapsMoreThanOnce,

    // Pooling.
    #[error("stride should not be zero")]
    PoolStrideZero,
    #[error("pad must be non-negative, but got pad: {0}")]
    PoolPaddingNegative(i64),
    #[error(
        "pad should be at most half of effective kernel size, but got pad={padding}, kernel_size={kernel} and dilation={dilation}"
    )]
    PoolPaddingTooLarge { padding: i64, kernel: i64, dilation: i64 },
    #[error("kernel size should be greater than zero, but got kH: {height} kW: {width}")]
    PoolKernelNotPositive { height: i64, width: i64 },
    #[error("stride should be greater than zero, but got dH: {height} dW: {width}")]
    PoolStrideNotPositive { height: i64, width: i64 },
    #[error("dilation should be greater than zero, but got dilationH: {height} dilationW: {width}")]
    PoolDilationNotPositive { height: i64, width: i64 },
    #[error(
        "Given input size: ({}x{}x{}). Calculated output size: ({}x{}x{}). Output size is too small",
        input.0, input.1, input.2, output.0, output.1, output.2
    )]
    PoolOutputTooSmall { input: (u64, u64, u64), output: (u64, i128, i128) },
    #[error("max_pool1d() {argument} must be greater than zero, but got {found}")]
    MaxPoolLineNotPositive { argument: &'static str, found: i64 },
    #[error("max_pool1d() padding must be non-negative, but got {0}")]
    MaxPoolLinePaddingNegative(i64),
    #[error(
        "max_pool1d() padding should be at most half of kernel size, but got padding={padding} and kernel_size={kernel_size}"
    )]
    MaxPoolLinePaddingTooLarge { padding: i64, kernel_size: i64 },
    #[error("max_pool1d() Invalid computed output size: {0}")]
    MaxPoolLineOutput(i128),
    #[error(
        "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:{input:?}"
    )]
    MaxPoolLineRank { input: Dims },
    #[error(
        "Expected 2 to 3 dimensions, but got {rank}-dimensional tensor for argument #1 'self' (while checking arguments for {function})"
    )]
    PoolLineRank { function: &'static str, rank: usize },
    #[error("divisor must be not zero")]
    DivisorZero,
    #[error("non-empty 3D or 4D (batch mode) tensor expected for input")]
    MaxPoolRank,
    #[error("Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{input:?}")]
    AvgPoolRank { input: Dims },
    #[error("adaptive_avg_pool2d(): Expected 3D or 4D tensor, but got {input:?}")]
    AdaptiveAvgPoolRank { input: Dims },
    #[error("adaptive_max_pool2d(): Expected 3D or 4D tensor, but got: {input:?}")]
    AdaptiveMaxPoolRank { input: Dims },
    #[error("{function}(): output_size must be positive, but got ({height}, {width})")]
    PoolOutputSize { function: &'static str, height: i64, width: i64 },

    // Normalisation.
    #[error("expected {expected} input (got {found}D input)")]
    NormRank { expected: &'static str, found: usize },
    #[error("running_mean should contain {found} elements not {declared}")]
    RunningMean { found: u64, declared: u64 },
    #[error("weight should contain {found} elements not {declared}")]
    NormWeight { found: u64, declared: u64 },
    #[error("expected input's size at dim={dimension} to match num_features ({declared}), but got: {found}.")]
    NumFeatures { dimension: usize, found: u64, declared: u64 },
    #[error("Expected more than 1 value per channel when training, got input size torch.Size({input:?})")]
    OneValuePerChannel { input: Dims },
    #[error("Expected more than 1 value per channel when training, got input size {sizes:?}")]
    OneValuePerGroup { sizes: Vec<u64> },
    #[error("Expected more than 1 spatial element when training, got input size torch.Size({input:?})")]
    OneSpatialElement { input: Dims },
    #[error("num_channels must be divisible by num_groups")]
    NumGroups { channels: u64, groups: i64 },
    #[error("num_groups must be a positive integer")]
    NumGroupsNotPositive,
    #[error(
        "Expected number of channels in input to be divisible by num_groups, but got input of shape {input:?} and num_groups={groups}"
    )]
    GroupNormInput { groups: i64, input: Dims },
    #[error("Expected at least 2 dimensions for input tensor but received {found}")]
    GroupNormRank { found: usize },
    #[error(
        "Expected weight to be a vector of size equal to the number of channels in input, but got weight of shape [{declared}] and input of shape {input:?}"
    )]
    GroupNormChannels { declared: u64, input: Dims },
    #[error(
        "Given normalized_shape={declared:?}, expected input with shape [*, {}], but got input of size{input:?}",
        sizes(declared)
    )]
    NormalizedShape { declared: Vec<u64>, input: Dims },
    #[error("Expected 3D or higher dimensionality                          input (got {found} dimensions)")]
    LocalResponseRank { found: usize },
    #[error(
        "Mismatch of parameter numbers and input channel size. Found parameter numbers = {parameters} and channel size = {channels}."
    )]
    PReLUParameters { parameters: i64, channels: u64 },

    // Matrix products, shapes and order.
    #[error("mat1 and mat2 shapes cannot be multiplied ({rows}x{columns} and {in_features}x{out_features})")]
    MatrixShapes { rows: u64, columns: u64, in_features: u64, out_features: i64 },
    #[error("both arguments to linear need to be at least 1D, but they are 0D and 2D")]
    LinearOfNumber,
    #[error("Dimension out of range (expected to be in range of [{}, {}], but got {dimension})", -(*rank as i64).max(1), (*rank as i64).max(1) - 1)]
    DimensionOutOfRange { rank: usize, dimension: i64 },
    #[error("flatten() has invalid args: start_dim cannot come after end_dim")]
    FlattenOrder,
    #[error("shape '{shape:?}' is invalid for input of size {elements}")]
    ViewSize { shape: Vec<i64>, elements: u64 },
    #[error("only one dimension can be inferred")]
    ViewInference,
    #[error(
        "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {length}"
    )]
    PermuteLength { rank: usize, length: usize },
    #[error("permute(): duplicate dims are not allowed.")]
    PermuteTwice,
    #[error("dim {dimension} appears multiple times in the list of dims")]
    DimensionTwice { dimension: i64 },
    #[error("chunk expects `chunks` to be greater than 0, got: {0}")]
    Chunks(i64),
    #[error("tuple index out of range")]
    ChunkIndex { index: i64, chunks: u64 },
    #[error("Number of channels must be divisible by groups. Got {channels} channels and {groups} groups.")]
    ShuffleGroups { channels: u64, groups: i64 },
    #[error("channel_shuffle expects input with > 2 dims, but got input with sizes {input:?}")]
    ChannelShuffleRank { input: Dims },
    #[error("{function} expects input to have at least 3 dimensions, but got input with {rank} dimension(s)")]
    PixelShuffleRank { function: &'static str, rank: usize },
    #[error("{function} expects a positive {argument}, but got {factor}")]
    PixelShuffleFactor { function: &'static str, argument: &'static str, factor: i64 },
    #[error(
        "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)={channels} is not divisible by {square}"
    )]
    PixelShuffleChannels { channels: u64, square: i128 },
    #[error(
        "pixel_unshuffle expects height to be divisible by downscale_factor, but input.size(-2)={height} is not divisible by {factor}"
    )]
    PixelUnshuffleHeight { height: u64, factor: i64 },
    #[error(
        "pixel_unshuffle expects width to be divisible by downscale_factor, but input.size(-1)={width} is not divisible by {factor}"
    )]
    PixelUnshuffleWidth { width: u64, factor: i64 },
    #[error("only one of size or scale_factor should be defined")]
    UpsampleBoth,
    #[error("either size or scale_factor should be defined")]
    UpsampleNeither,
    #[error(
        "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
    )]
    AlignCornersNearest,
    #[error("Input and output sizes should be greater than 0, but got input (H: {}, W: {}) output (H: {}, W: {})", input.0, input.1, output.0, output.1)]
    UpsampleSize { input: (u64, u64), output: (i128, i128) },
    #[error(
        "Input Error: Only 3D, 4D and 5D input Tensors supported (got {rank}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | nearest-exact (got {mode})"
    )]
    UpsampleNoMap { rank: usize, mode: &'static str },
    #[error("Got {rank}D input, but {mode} mode needs 4D input")]
    UpsampleRank { rank: usize, mode: &'static str },
    #[error(
        "Padding length should be less than or equal to two times the input dimension but got padding length 4 and input of dimension 1"
    )]
    PadLength,
    #[error("Padding size 4 is not supported for {rank}D input tensor.")]
    PadRank { rank: usize },
    #[error("narrow(): length must be non-negative.")]
    PadNarrow,
    #[error(
        "The input size {size}, plus negative padding {before} and {after}, resulted in a negative output size, which is invalid. Check dimension {dimension} of your input."
    )]
    NegativePadSize { size: u64, before: i64, after: i64, dimension: usize },

    // Arguments of activations and dropouts.
    #[error("dropout probability has to be between 0 and 1, but got {}", plain(*.0))]
    DropoutProbability(f64),
    #[error("max_val > min_val does not hold: {} > {}", plain(*.max), plain(*.min))]
    HardtanhLimits { min: f64, max: f64 },

    // Several inputs.
    #[error("The size of tensor a ({a}) must match the size of tensor b ({b}) at non-singleton dimension {dimension}")]
    Broadcast { a: u64, b: u64, dimension: usize },
    #[error("Tensors must have same number of dimensions: got {first} and {other}")]
    CatRank { first: usize, other: usize },
    #[error(
        "Sizes of tensors must match except in dimension {dimension}. Expected size {expected} but got size {found} for tensor number {tensor} in the list."
    )]
    CatSize { dimension: usize, expected: u64, found: u64, tensor: usize },

    // What PyTorch has no words for.
    #[error("{layer} takes {expected}, but {found} are given")]
    Inputs { layer: &'static str, expected: &'static str, found: usize },
    #[error("an input is missing: the layer it came from (id {}) is gone", .0.0)]
    InputMissing(NodeId),
    #[error("an input is not above: {0}, where it comes from, stands below or is this layer")]
    InputNotAbove(String),
    #[error("a tensor would have more elements than fit in 63 bits")]
    TooLarge,
    #[error("{name} must be at least {least}, but is {found}")]
    TooSmall { name: &'static str, least: i64, found: i64 },
    #[error("tensors have at most {} dimensions here", crate::model::MAX_RANK)]
    TooManyDimensions,
    #[error("the sizes of the output are not known")]
    UnknownOutput,
    #[error(
        "what is known of this layer was worked out for an input of other sizes; reading the text again with this one works it out anew"
    )]
    FiguresOfAnotherInput,
}

impl ShapeError {
    /// When PyTorch raises it.
    pub fn stage(&self) -> Stage {
        match self {
            Self::GroupsNotPositive
            | Self::GroupsDoNotDivideInput { .. }
            | Self::GroupsDoNotDivideOutput { .. }
            | Self::SamePaddingWithStride
            | Self::NegativeSize(_)
            | Self::NumGroups { .. }
            | Self::NumGroupsNotPositive
            | Self::DropoutProbability(_)
            | Self::HardtanhLimits { .. } => Stage::Init,
            _ => Stage::Forward,
        }
    }

    /// The class of the exception that PyTorch raises.
    pub fn class(&self) -> &'static str {
        match self {
            Self::GroupsNotPositive
            | Self::GroupsDoNotDivideInput { .. }
            | Self::GroupsDoNotDivideOutput { .. }
            | Self::SamePaddingWithStride
            | Self::NumGroups { .. }
            | Self::NumGroupsNotPositive
            | Self::DropoutProbability(_)
            | Self::NormRank { .. }
            | Self::NumFeatures { .. }
            | Self::OneValuePerChannel { .. }
            | Self::OneValuePerGroup { .. }
            | Self::OneSpatialElement { .. }
            | Self::LocalResponseRank { .. }
            | Self::UpsampleBoth
            | Self::UpsampleNeither
            | Self::AlignCornersNearest => "ValueError",
            Self::DimensionOutOfRange { .. } | Self::ChunkIndex { .. } => "IndexError",
            Self::UpsampleNoMap { .. } | Self::UpsampleRank { .. } | Self::PadRank { .. } => "NotImplementedError",
            Self::HardtanhLimits { .. } => "AssertionError",
            _ => "RuntimeError",
        }
    }
}

fn sizes(sizes: &[u64]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
