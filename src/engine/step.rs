//! What one step of a plan is, for people: which kernel does it, and why that one.

use super::kernels::quantized::Packing;
use super::kernels::winograd::TileSize;

/// What one step does.
#[derive(Clone, Debug, PartialEq)]
pub struct StepInfo {
    /// Indices of the network's nodes whose work it does.
    pub nodes: Vec<usize>,
    /// Which kernel, and by its reason why.
    pub choice: Choice,
    /// Multiply-accumulates with the batch.
    pub macs: u64,
    /// Bytes read and written: inputs, weights, output.
    pub bytes: u64,
    /// Bytes of the weights and biases as they would be stored.
    pub weight_bytes: u64,
}

/// The kernel chosen for a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Plain loops over an operation of this name, as they were asked for.
    Reference(&'static str),
    /// Plain loops over an operation of this name, as there is nothing else.
    Plain(&'static str),
    /// A 1x1 convolution: the image is the matrix, as it lies.
    PointwiseMatrix,
    /// A convolution of few channels, its windows gathered whole.
    FirstLayerMatrix,
    /// A convolution whose windows are read where they lie.
    DirectMatrix,
    /// A matrix product for each group of channels.
    GroupedMatrix,
    /// A Linear.
    Matrix,
    /// One channel at a time, no matrix product.
    Depthwise,
    /// A 3x3 convolution with fewer multiplications, by tiles of the output.
    Winograd(TileSize),
    /// A convolution or Linear in 8-bit numbers.
    QuantizedMatrix(Packing),
    /// [`Choice::Depthwise`] in 8-bit numbers.
    QuantizedDepthwise,
    /// A mean over all pixels.
    GlobalMean,
    /// A window's maximum or mean.
    Pool,
    /// Element by element, whatever the shape.
    Activation,
    /// Of images of one size.
    Pixelwise,
    /// Of an image and one pixel for each image.
    PixelwiseByChannel,
    /// Parts of a concatenation that lie where they should.
    InPlace,
    /// Parts of a concatenation of channels, pixel by pixel.
    CopyPixels,
    /// Parts of a concatenation along any dimension, in runs of values.
    Concatenate,
}

impl Choice {
    /// The kernel, and why it was chosen.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Reference(name) => (name, "plain loops were asked for"),
            Self::Plain(name) => (name, "rare, so plain loops do"),
            Self::PointwiseMatrix => ("pointwise matrix product", "a 1x1 window is a row of a matrix"),
            Self::FirstLayerMatrix => {
                ("first-layer matrix product", "few channels: a row of taps is one run of values")
            }
            Self::DirectMatrix => ("direct matrix product", "rows of taps are read where they lie"),
            Self::GroupedMatrix => ("grouped matrix product", "one product for each group"),
            Self::Matrix => ("matrix product", "weights packed in panels of 8 features"),
            Self::Depthwise => ("depthwise", "each channel has its own window"),
            Self::Winograd(TileSize::Two) => ("Winograd F(2x2, 3x3)", "16 multiplications for 36"),
            Self::Winograd(TileSize::Four) => ("Winograd F(4x4, 3x3)", "36 multiplications for 144"),
            Self::QuantizedMatrix(Packing::Pairs) => ("int8 matrix product", "pairs of products in one instruction"),
            Self::QuantizedMatrix(Packing::Fours) => {
                ("int8 matrix product by fours", "inputs are never negative: 16 products in one instruction")
            }
            Self::QuantizedDepthwise => ("int8 depthwise", "two taps of a row in one instruction"),
            Self::GlobalMean => ("global mean", "one window covers the image"),
            Self::Pool => ("pool", "four channels at once"),
            Self::Activation => ("activation", "four values at once"),
            Self::Pixelwise => ("pixelwise", "four channels at once"),
            Self::PixelwiseByChannel => ("pixelwise", "one factor for each channel of an image"),
            Self::InPlace => ("none", "the parts were written where the whole wants them"),
            Self::CopyPixels => ("copy pixels", "the parts lie elsewhere"),
            Self::Concatenate => ("concatenate", "runs of values are copied"),
        }
    }

    /// The kernel's name.
    pub const fn kernel(self) -> &'static str {
        self.words().0
    }

    /// Why this kernel.
    pub const fn reason(self) -> &'static str {
        self.words().1
    }

    /// Whether the weights have 8 bits.
    pub const fn is_quantized(self) -> bool {
        matches!(self, Self::QuantizedMatrix(_) | Self::QuantizedDepthwise)
    }
}
