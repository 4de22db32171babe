//! What a diagnosis says.

use crate::model::NodeId;

use super::remedy::Remedy;

/// One thing that makes a network cost what it costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is an instance of.
    pub rule: Rule,
    /// With the network's own numbers.
    pub message: String,
    /// The nodes it is about.
    pub nodes: Vec<NodeId>,
    /// How sure it is.
    pub certainty: Certainty,
    /// How much it matters: the share of a total that is concerned, about 0 to 1.
    pub weight: f64,
    /// What can be done, with the costs after it. What saves most first.
    pub remedies: Vec<Remedy>,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Counted.
    Sure,
    /// It depends, on this.
    Depends(&'static str),
}

/// Defines the rules: `Variant "id" "why"`.
macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident $id:literal $why:literal)*) => {
        /// What a finding is an instance of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])* $rule,)*
        }

        impl Rule {
            /// In the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$rule),*];

            /// Its name in links and tests.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$rule => $id,)* }
            }

            /// Why it is so, whatever the network.
            pub const fn why(self) -> &'static str {
                match self { $(Self::$rule => $why,)* }
            }
        }
    };
}

rules! {
    /// A row has no shape.
    CannotRun "cannot-run"
        "PyTorch raises this error. The rows below wait for it."
    /// Rows whose cost is not known.
    Unknown "unknown-layers"
        "A layer the tool does not know is never counted as zero: the totals are a lower bound."
    /// A Linear after the flattening holds most parameters.
    DominantLinear "dominant-linear"
        "Flattening gives the Linear one input for each pixel of each channel, and each input has a weight for each output. Averaging the pixels first leaves one input for each channel."
    /// A Linear elsewhere holds most parameters.
    WideLinear "wide-linear"
        "A Linear has in_features x out_features weights. Two thin factors have rank x (in_features + out_features)."
    /// A bias directly before a batch norm.
    BiasBeforeNorm "bias-before-batch-norm"
        "A batch norm subtracts the mean of its input, and with it every constant that was added before. Set bias=False; for a trained network subtract the bias from running_mean first."
    /// A depthwise bias directly before a pointwise convolution.
    DepthwiseBias "depthwise-bias"
        "Nothing lies between the two convolutions, so the pointwise one can add W b of its own: b' = b + W b_depthwise."
    /// A batch norm behind a convolution.
    UnfoldedNorm "unfolded-batch-norm"
        "In a trained network a batch norm is a scale and a shift for each channel. They go into the weights and bias before it: W' = W gamma / sqrt(var + eps)."
    /// Separable convolutions that save little or nothing.
    SeparableGain "separable-cannot-gain"
        "A separable convolution costs 1/N + 1/K^2 of a full one (N output channels, K x K kernel; arXiv 1704.04861, section 3.1). With one input channel there is nothing to separate, and a small kernel or few channels leave little to save. It costs accuracy, too: behind one input channel the depthwise part is a single filter. Trained on handwritten digits of 8 x 8 (5 seeds, 15 epochs), the separable twin of three blocks got 26 points fewer right; a standard first block, 7 parameters more, bought 19 of them back, and so did a depth multiplier of 4. Train shows it for these designs."
    /// Full convolutions that would gain.
    CouldSeparate "could-be-separable"
        "A full convolution looks at pixels and channels at once; depthwise + pointwise looks at one after the other for 1/N + 1/K^2 of the cost."
    /// Separable convolutions that write more.
    MoreWritten "separable-writes-more"
        "The depthwise part writes a map of its own, which has to be stored and read again. On small processors writing an output costs about as much as 26 multiply-accumulates, so fewer multiply-accumulates can still take longer."
    /// Even kernels that grow the map.
    GrowingMap "even-kernel-grows-map"
        "An even kernel with padding on both sides gives one more pixel than it takes, layer after layer. kernel_size=3 with padding=1 keeps the size."
    /// Kernels that mostly see padding.
    PaddedTaps "kernel-sees-padding"
        "Where the map is as small as the kernel, many of its weights only ever meet zeros from the padding. They are computed and learned for nothing."
    /// A pool behind a stride-1 convolution.
    PoolAfterConvolution "pool-after-convolution"
        "The convolution computes every pixel, then the pool throws most of them away. A convolution with the pool's stride computes only those that stay. It is another function and has to be trained."
    /// The memory peak near the start.
    EarlyPeak "early-memory-peak"
        "Maps are largest before the first strides and pools. A smaller input, or an earlier stride, lowers the peak; parameters stay as they are."
    /// Activations and norms that do not work in place.
    NotInPlace "not-in-place"
        "An activation may overwrite its input when nothing else reads it: ReLU(inplace=True), or fused into the layer before it, as runtimes for devices do."
    /// A float input on an int8 network.
    FloatInput "float-input"
        "The float input and its int8 copy are alive together while it is quantised, at five bytes a value. Feed int8 directly."
    /// Padding other than with zeros.
    PaddingCopy "padding-copy"
        "padding_mode other than zeros makes PyTorch write a padded copy of the input before the convolution."
    /// `padding='same'` with an even kernel.
    SamePaddingCopy "same-padding-copy"
        "An even kernel needs one more zero on one side. PyTorch then pads with a copy of the input (it warns about it). An odd kernel does not."
    /// Pools whose last window hangs over the edge.
    CeilMode "ceil-mode"
        "With ceil_mode the last window hangs over the edge. Frameworks differ in it: Caffe always rounds up, TensorFlow pads otherwise, so exported models can differ by a pixel."
    /// Modules that never run.
    NeverRun "never-run"
        "These modules are registered, so their parameters are saved and loaded, but no layer calls them."
    /// Unstructured pruning.
    UnstructuredPruning "unstructured-pruning"
        "A pruned weight is a zero that is still stored and multiplied. Only formats for sparse matrices leave it out, and they pay for the places of the others. Removing whole channels makes the tensors smaller."
}
