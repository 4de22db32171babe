//! The plain numbers kernels are told: sizes of planes, and how windows slide over them.

/// Images of several channels. Tensors are [N, C, H, W] unless a kernel says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "N, C, H, W")]
pub struct Planes {
    pub batch: usize,
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

/// A window sliding over a plane; arrays are [vertical, horizontal].
///
/// Output row `y` reads the input rows `y * stride - padding + tap * dilation`. The padding at the bottom and right
/// follows from the size of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Taps.
    pub kernel: [usize; 2],
    /// Input pixels from one window to the next.
    pub stride: [usize; 2],
    /// Input pixels from one tap to the next.
    pub dilation: [usize; 2],
    /// At the top and left.
    pub padding: [usize; 2],
}

/// A convolution: from which planes to which, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the type says it")]
pub struct ConvolutionShape {
    pub input: Planes,
    pub output: Planes,
    pub window: Window,
    pub groups: usize,
}

/// A pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as ConvolutionShape")]
pub struct PoolShape {
    pub input: Planes,
    pub output: Planes,
    pub window: Window,
}

/// A run of `length` elements `inner` apart, `outer * inner` times: a reduction over one dimension of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the type says it")]
pub struct Axis {
    pub outer: usize,
    pub length: usize,
    pub inner: usize,
}

impl Planes {
    /// Elements of one plane.
    pub fn area(&self) -> usize {
        self.height * self.width
    }

    /// Elements of all planes.
    pub fn elements(&self) -> usize {
        self.batch * self.channels * self.area()
    }
}

impl Window {
    /// The input position of a tap, or `None` in the padding. `axis` is 0 for rows, 1 for columns.
    #[inline(always)]
    pub fn source(&self, axis: usize, output: usize, tap: usize, size: usize) -> Option<usize> {
        let position = output * self.stride[axis] + tap * self.dilation[axis];
        position.checked_sub(self.padding[axis]).filter(|&position| position < size)
    }
}

impl Axis {
    /// The axis `dim` of a tensor of these sizes.
    pub fn of(dims: &[usize], dim: usize) -> Self {
        Self { outer: dims[..dim].iter().product(), length: dims[dim], inner: dims[dim + 1..].iter().product() }
    }
}
