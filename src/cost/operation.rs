//! Operations by their sort: what is really computed, layer by layer.

use crate::model::{Dims, GeluApproximate, Layer, ScalarOperation, UpsampleMode};
use crate::shape::{Kernel, softmax_dimension};

use super::formula::Expression;
use super::site::Site;

/// One number for each sort of operation.
///
/// A convolution adds as often as it multiplies (its sums start from zero), and once more for each output where
/// it has a bias. What depends on the weights alone (a batch norm's scale and shift) is computed once, not
/// for each input, and does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BySort<T> {
    /// Those of a multiply-accumulate, too.
    pub multiplications: T,
    /// Subtractions, too.
    pub additions: T,
    /// Maxima, minima and signs.
    pub comparisons: T,
    /// Square roots, too.
    pub divisions: T,
    /// Exponentials, logarithms, powers and the error function.
    pub exponentials: T,
}

/// So many operations of each sort for each element.
const fn each(
    multiplications: u64,
    additions: u64,
    comparisons: u64,
    divisions: u64,
    exponentials: u64,
) -> BySort<u64> {
    BySort { multiplications, additions, comparisons, divisions, exponentials }
}

/// All operations of a layer, which has so many multiply-accumulates.
pub(super) fn count<E: Expression>(site: &Site, macs: E) -> BySort<E> {
    match site.layer {
        Layer::Conv2d(layer) => products(site, macs, layer.bias),
        Layer::ConvTranspose2d(layer) => products(site, macs, layer.bias),
        Layer::Conv1d(layer) => products(site, macs, layer.bias),
        Layer::ConvTranspose1d(layer) => products(site, macs, layer.bias),
        Layer::Linear(layer) => products(site, macs, layer.bias),
        Layer::MaxPool2d(layer) => max_pool(site, window(Kernel::Rectangle(layer.kernel_size))),
        Layer::AvgPool2d(layer) => average_pool(site, window(Kernel::Rectangle(layer.kernel_size))),
        Layer::AdaptiveAvgPool2d(_) => adaptive_pool(site, 2, false),
        Layer::AdaptiveMaxPool2d(_) => adaptive_pool(site, 2, true),
        Layer::MaxPool1d(layer) => max_pool(site, window(Kernel::Line(layer.kernel_size))),
        Layer::AvgPool1d(layer) => average_pool(site, window(Kernel::Line(layer.kernel_size))),
        Layer::AdaptiveAvgPool1d(_) => adaptive_pool(site, 1, false),
        Layer::AdaptiveMaxPool1d(_) => adaptive_pool(site, 1, true),
        Layer::Mean(_) => BySort {
            additions: site.input_elements::<E>() - site.output_elements(),
            divisions: site.output_elements(),
            ..none()
        },
        Layer::BatchNorm2d(layer) if layer.track_running_stats => for_each(site, SCALE_AND_SHIFT),
        Layer::BatchNorm1d(layer) if layer.track_running_stats => for_each(site, SCALE_AND_SHIFT),
        Layer::InstanceNorm2d(layer) if layer.track_running_stats => for_each(site, SCALE_AND_SHIFT),
        Layer::InstanceNorm1d(layer) if layer.track_running_stats => for_each(site, SCALE_AND_SHIFT),
        Layer::BatchNorm2d(layer) => own_statistics(site, features(site, 1), layer.affine),
        Layer::BatchNorm1d(layer) => own_statistics(site, features(site, 1), layer.affine),
        Layer::InstanceNorm2d(layer) => own_statistics(site, instances(site, 3), layer.affine),
        Layer::InstanceNorm1d(layer) => own_statistics(site, instances(site, 2), layer.affine),
        Layer::GroupNorm(layer) => {
            let samples = site.input().first().copied().unwrap_or(1);
            let groups = E::named("N", samples) * E::named("num_groups", u64::try_from(layer.num_groups).unwrap_or(0));
            own_statistics(site, groups, layer.affine)
        }
        Layer::LayerNorm(layer) => {
            let dims = usize::try_from(layer.normalized_dims).unwrap_or(0);
            let kept = site.input().rank().saturating_sub(dims);
            let groups = product(&site.input()[..kept]);
            own_statistics(site, E::named("groups of values", groups.unwrap_or(0)), layer.elementwise_affine)
        }
        Layer::LayerNorm2d(layer) => {
            let channels = site.input().get(1).copied().unwrap_or(1).max(1);
            let pixels = site.input_elements::<E>() / E::named("C_in", channels);
            own_statistics(site, pixels, layer.elementwise_affine)
        }
        // Squares; sums of `size` of them; * alpha, + k, to the power of beta; the quotient.
        Layer::LocalResponseNorm(layer) => {
            let size = u64::try_from(layer.size).unwrap_or(1).max(1);
            for_each(site, each(2, size, 0, 2, 1))
        }
        Layer::ReLU(_) => for_each(site, each(0, 0, 1, 0, 0)),
        Layer::ReLU6(_) | Layer::Hardtanh(_) => for_each(site, each(0, 0, 2, 0, 0)),
        Layer::LeakyReLU(_) | Layer::PReLU(_) => for_each(site, each(1, 0, 1, 0, 0)),
        // alpha (e^x - 1) below zero.
        Layer::ELU(_) => for_each(site, each(1, 1, 1, 0, 1)),
        Layer::SELU(_) => for_each(site, each(2, 1, 1, 0, 1)),
        Layer::CELU(_) => for_each(site, each(1, 1, 1, 1, 1)),
        // 1 / (1 + e^-x), and x / (1 + e^-x).
        Layer::Sigmoid(_) | Layer::SiLU(_) => for_each(site, each(0, 1, 0, 1, 1)),
        Layer::LogSigmoid(_) => for_each(site, each(0, 1, 0, 0, 2)),
        // (e^2x - 1) / (e^2x + 1).
        Layer::Tanh(_) => for_each(site, each(1, 2, 0, 1, 1)),
        Layer::GELU(layer) => match layer.approximate {
            // x / 2 (1 + erf(x / sqrt 2)).
            GeluApproximate::None => for_each(site, each(3, 1, 0, 0, 1)),
            // x / 2 (1 + tanh(a (x + b x^3))).
            GeluApproximate::Tanh => for_each(site, each(7, 4, 0, 1, 1)),
        },
        // x n / (n + 2) with n = e^x (e^x + 2).
        Layer::Mish(_) => for_each(site, each(2, 2, 0, 1, 1)),
        // x * min(max(x + 3, 0), 6) / 6.
        Layer::Hardswish(_) => for_each(site, each(1, 1, 2, 1, 0)),
        Layer::Hardsigmoid(_) => for_each(site, each(0, 1, 2, 1, 0)),
        // log(1 + e^(beta x)) / beta, linear above the threshold.
        Layer::Softplus(_) => for_each(site, each(1, 1, 1, 1, 2)),
        // x / (1 + |x|).
        Layer::Softsign(_) => for_each(site, each(0, 1, 1, 1, 0)),
        Layer::Softmax(layer) => softmax(site, layer.dim, false),
        Layer::LogSoftmax(layer) => softmax(site, layer.dim, true),
        Layer::Upsample(layer) => match layer.mode {
            UpsampleMode::Nearest => none(),
            // Four neighbours, each times its weight.
            UpsampleMode::Bilinear => BySort {
                multiplications: E::constant(4) * site.output_elements(),
                additions: E::constant(3) * site.output_elements(),
                ..none()
            },
        },
        Layer::Add(_) => BySort { additions: site.output_elements(), ..none() },
        Layer::Mul(_) => BySort { multiplications: site.output_elements(), ..none() },
        Layer::Scalar(layer) => match layer.operation {
            ScalarOperation::Add | ScalarOperation::Sub => BySort { additions: site.output_elements(), ..none() },
            ScalarOperation::Mul => BySort { multiplications: site.output_elements(), ..none() },
            ScalarOperation::Div => BySort { divisions: site.output_elements(), ..none() },
        },
        Layer::Dropout(_)
        | Layer::Dropout2d(_)
        | Layer::AlphaDropout(_)
        | Layer::StochasticDepth(_)
        | Layer::Identity(_)
        | Layer::Flatten(_)
        | Layer::View(_)
        | Layer::Transpose(_)
        | Layer::Permute(_)
        | Layer::Contiguous(_)
        | Layer::Chunk(_)
        | Layer::Slice(_)
        | Layer::ChannelShuffle(_)
        | Layer::PixelShuffle(_)
        | Layer::PixelUnshuffle(_)
        | Layer::ZeroPad2d(_)
        | Layer::ConstantPad2d(_)
        | Layer::ReflectionPad2d(_)
        | Layer::ReplicationPad2d(_)
        | Layer::Cat(_)
        | Layer::Parameter(_) => none(),
        Layer::Unsupported(layer) => of_class(site, &layer.class, macs),
    }
}

/// Of a layer without a kind of its own: its multiply-accumulates, or what its function does for each element.
fn of_class<E: Expression>(site: &Site, class: &str, macs: E) -> BySort<E> {
    let counted = match class {
        "exp" | "log" | "log2" | "log10" | "log1p" | "expm1" | "erf" | "pow" | "sin" | "cos" => each(0, 0, 0, 0, 1),
        "sqrt" | "rsqrt" | "reciprocal" | "div" | "remainder" | "floor_divide" => each(0, 0, 0, 1, 0),
        "square" => each(1, 0, 0, 0, 0),
        "sum" | "cumsum" | "prod" => each(0, 1, 0, 0, 0),
        "var" | "std" | "norm" | "normalize" => each(1, 1, 0, 0, 0),
        "logsumexp" => each(0, 1, 1, 0, 1),
        "abs" | "sign" | "clamp" | "clip" | "max" | "min" | "amax" | "amin" | "maximum" | "minimum" | "where"
        | "masked_fill" => each(0, 0, 1, 0, 0),
        _ => return products(site, macs, false),
    };
    for_each(site, counted)
}

fn none<E: Expression>() -> BySort<E> {
    let zero = || E::constant(0);
    BySort { multiplications: zero(), additions: zero(), comparisons: zero(), divisions: zero(), exponentials: zero() }
}

fn for_each<E: Expression>(site: &Site, each: BySort<u64>) -> BySort<E> {
    let times = |operations: u64| match operations {
        0 => E::constant(0),
        1 => site.output_elements(),
        operations => E::constant(operations) * site.output_elements(),
    };
    BySort {
        multiplications: times(each.multiplications),
        additions: times(each.additions),
        comparisons: times(each.comparisons),
        divisions: times(each.divisions),
        exponentials: times(each.exponentials),
    }
}

fn products<E: Expression>(site: &Site, macs: E, bias: bool) -> BySort<E> {
    let additions = if bias { macs.clone() + site.output_elements() } else { macs.clone() };
    BySort { multiplications: macs, additions, ..none() }
}

/// Of a norm by running statistics.
const SCALE_AND_SHIFT: BySort<u64> = each(1, 1, 0, 0, 0);

/// The channels of a norm's input, by their dimension.
fn features<E: Expression>(site: &Site, dimension: usize) -> E {
    E::named("num_features", site.input().get(dimension).copied().unwrap_or(1))
}

/// The channels of all samples, which stand so many dimensions from the end.
fn instances<E: Expression>(site: &Site, from_end: usize) -> E {
    match site.input().rank().saturating_sub(from_end) {
        0 => features(site, 0),
        dimension => E::named("N", site.input()[0]) * features(site, dimension),
    }
}

/// Mean and variance of each group of values, then scale and shift. For each value: a sum, a difference, its
/// square, a sum of squares, a product with 1 / deviation, and again one product and one sum where it is affine.
/// For each group: two quotients, eps, a root, a reciprocal.
fn own_statistics<E: Expression>(site: &Site, groups: E, affine: bool) -> BySort<E> {
    let (multiplications, additions) = if affine { (3, 4) } else { (2, 3) };
    BySort {
        multiplications: E::constant(multiplications) * site.input_elements(),
        additions: E::constant(additions) * site.input_elements() + groups.clone(),
        divisions: E::constant(4) * groups,
        ..none()
    }
}

fn window<E: Expression>(kernel: Kernel) -> E {
    let mut sizes = kernel.sizes().map(|(name, size)| E::named(name, size));
    let first = sizes.next().unwrap_or_else(|| E::constant(1));
    sizes.fold(first, |window, size| window * size)
}

/// One less than the window's elements for each output; windows that hang over the edge count in full.
fn max_pool<E: Expression>(site: &Site, window: E) -> BySort<E> {
    BySort { comparisons: site.output_elements::<E>() * (window - E::constant(1)), ..none() }
}

fn average_pool<E: Expression>(site: &Site, window: E) -> BySort<E> {
    BySort {
        additions: site.output_elements::<E>() * (window - E::constant(1)),
        divisions: site.output_elements(),
        ..none()
    }
}

/// Windows of differing sizes that may overlap, along so many dimensions: their elements in all, less one for each
/// output.
fn adaptive_pool<E: Expression>(site: &Site, spatial: usize, max: bool) -> BySort<E> {
    const NAMES: [&str; 2] = ["rows of all windows", "columns of all windows"];
    let (input, output) = (site.input(), &site.output);
    let first = input.rank().saturating_sub(spatial);
    let Some(planes) = product(&output[..first]) else { return none() };
    let windows = (first..input.rank())
        .zip(&NAMES[2 - spatial.min(2)..])
        .map(|(axis, name)| E::named(name, windows_in_all(input[axis], output[axis])));
    let elements = windows.fold(E::named("N * C", planes), |elements, windows| elements * windows);
    let reduced = elements - site.output_elements();
    if max {
        BySort { comparisons: reduced, ..none() }
    } else {
        BySort { additions: reduced, divisions: site.output_elements(), ..none() }
    }
}

/// The lengths of all windows `[floor(i in / out), ceil((i + 1) in / out))` together: where `out` divides `in`
/// they tile it, else each pair of neighbours shares one, except where `out` and `in` share a boundary.
fn windows_in_all(input: u64, output: u64) -> u64 {
    input + output - greatest_common_divisor(input, output)
}

fn greatest_common_divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}

/// For each row: the maximum, differences, exponentials, their sum, quotients (for the logarithm: one
/// logarithm, and differences).
fn softmax<E: Expression>(site: &Site, dim: Option<i64>, logarithm: bool) -> BySort<E> {
    let length = softmax_length(site.input(), dim);
    let rows = site.input_elements::<E>() / E::named("length of a row", length.max(1));
    let elements = || site.input_elements::<E>();
    let reduced = elements() - rows.clone();
    if logarithm {
        BySort {
            additions: E::constant(2) * elements() + reduced.clone(),
            comparisons: reduced,
            exponentials: elements() + rows,
            ..none()
        }
    } else {
        BySort {
            additions: elements() + reduced.clone(),
            comparisons: reduced,
            divisions: elements(),
            exponentials: elements(),
            ..none()
        }
    }
}

/// The elements a softmax normalises together.
pub(super) fn softmax_length(input: &Dims, dim: Option<i64>) -> u64 {
    softmax_dimension(dim, input.rank()).map_or(1, |dim| input[dim])
}

fn product(sizes: &[u64]) -> Option<u64> {
    sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))
}
