//! Arrays of numbers that a text computes with: what NumPy and PyTorch do to small constants.

use crate::model::Dims;

/// Larger arrays have a shape alone.
pub(crate) const MOST_NUMBERS: u64 = 100_000;

/// Numbers in the order of their last dimension.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    pub dims: Dims,
    pub values: Vec<f64>,
    /// Of whole numbers, in Python's eyes.
    pub whole: bool,
}

impl Array {
    /// `None` where the sizes do not fit the numbers.
    pub(crate) fn new(sizes: &[u64], values: Vec<f64>, whole: bool) -> Option<Self> {
        let dims = Dims::new(sizes)?;
        (dims.elements() == Some(values.len() as u64) && values.len() as u64 <= MOST_NUMBERS).then_some(Self {
            dims,
            values,
            whole,
        })
    }

    pub(crate) fn number(value: f64, whole: bool) -> Self {
        Self { dims: Dims::default(), values: vec![value], whole }
    }

    pub(crate) fn filled(sizes: &[u64], value: f64, whole: bool) -> Option<Self> {
        let count = Dims::new(sizes)?.elements().filter(|&count| count <= MOST_NUMBERS)?;
        Self::new(sizes, vec![value; count as usize], whole)
    }

    pub(crate) fn map(&self, whole: bool, function: impl Fn(f64) -> f64) -> Self {
        Self { dims: self.dims, values: self.values.iter().map(|&value| function(value)).collect(), whole }
    }

    /// Element by element, broadcast; `None` where the sizes do not fit.
    pub(crate) fn zip(&self, other: &Self, whole: bool, function: impl Fn(f64, f64) -> f64) -> Option<Self> {
        let rank = self.dims.rank().max(other.dims.rank());
        let size = |dims: &Dims, axis: usize| (axis + dims.rank()).checked_sub(rank).map_or(1, |axis| dims[axis]);
        let mut sizes = Vec::with_capacity(rank);
        for axis in 0..rank {
            sizes.push(match (size(&self.dims, axis), size(&other.dims, axis)) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => return None,
            });
        }
        let (one, two) = (self.expand(&sizes)?, other.expand(&sizes)?);
        let values = one.values.iter().zip(&two.values).map(|(&a, &b)| function(a, b)).collect();
        Self::new(&sizes, values, whole)
    }

    /// Repeated to larger sizes, as broadcasting does.
    pub(crate) fn expand(&self, sizes: &[u64]) -> Option<Self> {
        if self.dims.sizes() == sizes {
            return Some(self.clone());
        }
        let missing = sizes.len().checked_sub(self.dims.rank())?;
        let own = self.strides();
        let strides: Vec<usize> = (0..sizes.len())
            .map(|axis| axis.checked_sub(missing).filter(|&axis| self.dims[axis] != 1).map_or(0, |axis| own[axis]))
            .collect();
        self.gather(sizes, &strides, 0)
    }

    fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1_usize; self.dims.rank()];
        for axis in (1..self.dims.rank()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(self.dims[axis] as usize);
        }
        strides
    }

    /// The elements at `start + index * strides`.
    fn gather(&self, sizes: &[u64], strides: &[usize], start: usize) -> Option<Self> {
        let count = Dims::new(sizes)?.elements().filter(|&count| count <= MOST_NUMBERS)?;
        let mut values = Vec::with_capacity(count as usize);
        let mut index = vec![0_u64; sizes.len()];
        for _ in 0..count {
            let at = index.iter().zip(strides).fold(start, |at, (&index, &stride)| at + index as usize * stride);
            values.push(*self.values.get(at)?);
            for axis in (0..sizes.len()).rev() {
                index[axis] += 1;
                if index[axis] < sizes[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Self::new(sizes, values, self.whole)
    }

    pub(crate) fn permute(&self, axes: &[usize]) -> Option<Self> {
        let strides = self.strides();
        let sizes: Option<Vec<u64>> = axes.iter().map(|&axis| self.dims.get(axis).copied()).collect();
        let strides: Option<Vec<usize>> = axes.iter().map(|&axis| strides.get(axis).copied()).collect();
        self.gather(&sizes?, &strides?, 0)
    }

    pub(crate) fn reshape(&self, sizes: &[u64]) -> Option<Self> {
        Self::new(sizes, self.values.clone(), self.whole)
    }

    /// The elements at these places along a dimension.
    pub(crate) fn slice(&self, axis: usize, picked: &[usize]) -> Option<Self> {
        let mut sizes = self.dims.sizes().to_vec();
        *sizes.get_mut(axis)? = picked.len() as u64;
        let inner = self.strides()[axis];
        let length = self.dims[axis] as usize;
        let outer = self.values.len().checked_div(inner * length)?;
        let mut values = Vec::new();
        for block in 0..outer {
            for &at in picked {
                let start = (block * length + at) * inner;
                values.extend_from_slice(self.values.get(start..start + inner)?);
            }
        }
        Self::new(&sizes, values, self.whole)
    }

    /// One behind the other along a dimension.
    pub(crate) fn cat(arrays: &[Self], axis: usize) -> Option<Self> {
        let first = arrays.first()?;
        let mut sizes = first.dims.sizes().to_vec();
        *sizes.get_mut(axis)? = arrays.iter().map(|array| array.dims.get(axis).copied().unwrap_or(0)).sum();
        let outer: u64 = first.dims.sizes()[..axis].iter().product();
        let mut values = Vec::new();
        for block in 0..outer as usize {
            for array in arrays {
                let part = array.values.len().checked_div(outer as usize)?;
                values.extend_from_slice(array.values.get(block * part..(block + 1) * part)?);
            }
        }
        Self::new(&sizes, values, arrays.iter().all(|array| array.whole))
    }

    /// What a function makes of each row along the dimensions; they stay with size 1 where `keep`.
    pub(crate) fn reduce(&self, axes: &[usize], keep: bool, function: impl Fn(&[f64]) -> f64) -> Option<Self> {
        let kept: Vec<usize> = (0..self.dims.rank()).filter(|axis| !axes.contains(axis)).collect();
        let order: Vec<usize> = kept.iter().chain(axes).copied().collect();
        let sorted = self.permute(&order)?;
        let length = axes.iter().map(|&axis| self.dims[axis]).product::<u64>() as usize;
        let values = match length {
            0 => return None,
            length => sorted.values.chunks(length).map(function).collect(),
        };
        let sizes: Vec<u64> = match keep {
            true => (0..self.dims.rank()).map(|axis| if axes.contains(&axis) { 1 } else { self.dims[axis] }).collect(),
            false => kept.iter().map(|&axis| self.dims[axis]).collect(),
        };
        Self::new(&sizes, values, self.whole)
    }

    /// The sums of each row so far.
    pub(crate) fn running(&self, axis: usize, function: impl Fn(f64, f64) -> f64) -> Option<Self> {
        let stride = *self.strides().get(axis)?;
        let length = self.dims[axis] as usize;
        let mut array = self.clone();
        for at in 0..array.values.len() {
            if (at / stride) % length > 0 {
                array.values[at] = function(array.values[at - stride], array.values[at]);
            }
        }
        Some(array)
    }
}

/// To the nearest whole number, halves to the even one.
pub(crate) fn round(float: f64) -> f64 {
    let rounded = float.round();
    if (float - float.trunc()).abs() == 0.5 && rounded % 2.0 != 0.0 { rounded - float.signum() } else { rounded }
}

/// What a function of one number does; `None`: none of those that are known here.
pub(crate) fn unary(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "sqrt" => f64::sqrt,
        "rsqrt" => |x| 1.0 / x.sqrt(),
        "exp" => f64::exp,
        "log" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "log1p" => f64::ln_1p,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "tanh" => f64::tanh,
        "abs" | "absolute" | "fabs" => f64::abs,
        "neg" | "negative" => |x| -x,
        "floor" => f64::floor,
        "ceil" => f64::ceil,
        "trunc" | "fix" => f64::trunc,
        "round" | "rint" | "around" => round,
        "sign" => |x| if x == 0.0 { 0.0 } else { x.signum() },
        "square" => |x| x * x,
        "reciprocal" => |x| 1.0 / x,
        _ => return None,
    })
}

/// Whether such a function of whole numbers gives whole ones.
pub(crate) fn stays_whole(name: &str) -> bool {
    matches!(name, "abs" | "absolute" | "neg" | "negative" | "sign" | "square" | "round" | "floor" | "ceil" | "trunc")
}

/// What a function of two numbers does.
pub(crate) fn binary(name: &str) -> Option<fn(f64, f64) -> f64> {
    Some(match name {
        "add" => |a, b| a + b,
        "sub" | "subtract" => |a, b| a - b,
        "mul" | "multiply" => |a, b| a * b,
        "div" | "divide" | "true_divide" => |a, b| a / b,
        "floor_divide" => |a, b| (a / b).floor(),
        "remainder" | "mod" | "fmod" => |a, b| a - (a / b).floor() * b,
        "pow" | "power" | "float_power" => f64::powf,
        "maximum" => f64::max,
        "minimum" => f64::min,
        "eq" => |a, b| f64::from(u8::from(a == b)),
        "ne" => |a, b| f64::from(u8::from(a != b)),
        "lt" => |a, b| f64::from(u8::from(a < b)),
        "le" => |a, b| f64::from(u8::from(a <= b)),
        "gt" => |a, b| f64::from(u8::from(a > b)),
        "ge" => |a, b| f64::from(u8::from(a >= b)),
        _ => return None,
    })
}

/// Whether a function of two whole numbers gives whole ones.
pub(crate) fn keeps_whole(name: &str) -> bool {
    !matches!(name, "div" | "divide" | "true_divide" | "float_power")
}
