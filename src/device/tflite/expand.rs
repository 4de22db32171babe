//! Functions of Keras as TensorFlow's operators, before anything is merged.

use crate::keras::{Activation, Fill, Function, Program, Resize, Window};
use crate::model::ScalarOperation;

use super::expand_norm::{group_norm, layer_norm};
use super::expansion::{Expansion, int32, number};
use super::graph::{Constant, ConstantKind, Graph, Holds, Tensor};
use super::operator::Operator;

/// All operators of a program, its operations in this order.
pub(super) fn expand(program: &Program, order: &[usize]) -> Graph {
    let mut graph = Graph::default();
    let mut of_tensor = vec![0; program.tensors.len()];
    of_tensor[0] = graph.tensor(Tensor::int8(&program.tensors[0]));
    for &index in order {
        let operation = &program.operations[index];
        let inputs: Vec<usize> = operation.inputs.iter().map(|&input| of_tensor[input]).collect();
        let output = Tensor::int8(&program.tensors[operation.output]);
        let rectified_next = program.readers(operation.output) == 1
            && program.operations.iter().any(|next| {
                let rectifies = matches!(
                    next.function,
                    Function::Activation(Activation::Relu | Activation::Relu6 | Activation::HardTanh)
                );
                rectifies && next.inputs.contains(&operation.output)
            });
        let layer = operation.shared_with.unwrap_or(index);
        let expansion = Expansion { graph: &mut graph, output, rectified_next, layer };
        of_tensor[operation.output] = expansion.function(&operation.function, &inputs);
    }
    // Without an operator nothing is quantised.
    if graph.nodes.is_empty() {
        graph.tensors.iter_mut().for_each(|tensor| tensor.float = true);
    }
    graph.output = of_tensor[program.output];
    graph
}

/// A line as a map of one row.
fn map_of(shape: &[u64]) -> Vec<u64> {
    match *shape {
        [batch, length, channels] => vec![batch, 1, length, channels],
        _ => shape.to_vec(),
    }
}

impl Expansion<'_> {
    /// Gives the tensor that comes out.
    fn function(mut self, function: &Function, inputs: &[usize]) -> usize {
        let x = inputs.first().copied().unwrap_or(0);
        let rank = self.shape(x).len();
        match function {
            Function::Conv { window, .. } => self.windowed(Operator::Conv2d, window, x, function),
            Function::DepthwiseConv { window, .. } => self.windowed(Operator::DepthwiseConv2d, window, x, function),
            Function::ConvTranspose { window, .. } => self.windowed(Operator::TransposeConv, window, x, function),
            Function::MaxPool(window) => self.windowed(Operator::MaxPool2d, window, x, function),
            Function::AveragePool(window) => self.windowed(Operator::AveragePool2d, window, x, function),
            Function::Dense { .. } => {
                let constants = self.weights(function, x);
                self.out(Operator::FullyConnected, &[x], constants)
            }
            Function::GlobalAverage { .. } => {
                self.out(Operator::Mean, &[x], vec![int32(&(1..rank as u64 - 1).collect::<Vec<_>>())])
            }
            Function::GlobalMax { .. } => {
                self.out(Operator::ReduceMax, &[x], vec![int32(&(1..rank as u64 - 1).collect::<Vec<_>>())])
            }
            Function::AdaptiveAverage { size, line } => self.adaptive(Operator::AveragePool2d, *size, *line, x),
            Function::AdaptiveMax { size, line } => self.adaptive(Operator::MaxPool2d, *size, *line, x),
            Function::Mean { axes, .. } => {
                self.out(Operator::Mean, &[x], vec![int32(&axes.iter().map(|&axis| axis as u64).collect::<Vec<_>>())])
            }
            Function::Pad { sides, fill } => self.pad(sides, *fill, x),
            Function::Slice { axis, start, end } => {
                // An end that is open is written as 0.
                let whole = *end == self.shape(x)[*axis];
                let at =
                    |value: u64| (0..rank).map(|other| if other == *axis { value } else { 0 }).collect::<Vec<u64>>();
                let (begin, end) = (at(*start), at(if whole { 0 } else { *end }));
                self.out(Operator::StridedSlice, &[x], vec![int32(&begin), int32(&end), int32(&vec![1; rank])])
            }
            Function::Crop { sides, line } => {
                let sides: Vec<(u64, u64)> = sides.iter().copied().skip(usize::from(*line)).collect();
                let side = |axis: usize| sides.get(axis.wrapping_sub(1)).copied().unwrap_or_default();
                let begin: Vec<u64> = (0..rank).map(|axis| side(axis).0).collect();
                let end: Vec<u64> = (0..rank).map(|axis| side(axis).1.wrapping_neg()).collect();
                self.out(Operator::StridedSlice, &[x], vec![int32(&begin), int32(&end), int32(&vec![1; rank])])
            }
            Function::BatchNorm { axis, .. } => {
                let channels = self.output.shape.get(*axis).copied().unwrap_or(1);
                let scaled = self.same(Operator::Mul, &[x], vec![number(channels)]);
                self.out(Operator::Add, &[scaled], vec![number(channels)])
            }
            Function::GroupNorm { axis, groups, affine, .. } => group_norm(&mut self, x, *axis, *groups, *affine),
            Function::LayerNorm { axes, scale, center, .. } => layer_norm(&mut self, x, axes, *scale, *center),
            Function::Activation(activation) => self.activation(*activation, x),
            Function::PRelu { shared } => {
                let slopes = (1..rank).filter(|axis| !shared.contains(axis)).map(|axis| self.shape(x)[axis]).product();
                self.prelu(slopes, x)
            }
            Function::Softmax { axis } if axis + 1 == rank => self.out(Operator::Softmax, &[x], Vec::new()),
            Function::LogSoftmax { axis } if axis + 1 == rank => self.out(Operator::LogSoftmax, &[x], Vec::new()),
            Function::Softmax { .. } | Function::LogSoftmax { .. } => {
                let softmax = match function {
                    Function::Softmax { .. } => Operator::Softmax,
                    _ => Operator::LogSoftmax,
                };
                let axes: Vec<u64> = (0..rank as u64).collect();
                let turned = self.same(Operator::Transpose, &[x], vec![int32(&axes)]);
                let made = self.same(softmax, &[turned], Vec::new());
                self.out(Operator::Transpose, &[made], vec![int32(&axes)])
            }
            Function::Dropout { .. }
            | Function::SpatialDropout { .. }
            | Function::AlphaDropout { .. }
            | Function::DropPath { .. } => x,
            Function::Flatten | Function::Reshape(_) => {
                let shape = int32(&self.output.shape);
                self.out(Operator::Reshape, &[x], vec![shape])
            }
            Function::Permute(axes) => {
                let axes: Vec<u64> = axes.iter().map(|&axis| axis as u64).collect();
                self.out(Operator::Transpose, &[x], vec![int32(&axes)])
            }
            Function::Resize { size, resize: Resize::Nearest } => {
                self.out(Operator::ResizeNearestNeighbor, &[x], vec![int32(size)])
            }
            Function::Resize { size, .. } => self.out(Operator::ResizeBilinear, &[x], vec![int32(size)]),
            Function::Take { rows, columns } => {
                let mut between = self.output.clone();
                between.shape[2] = self.shape(x)[2];
                let taken = self.graph.push(Operator::Gather, &[x], between, vec![int32(rows)]);
                self.out(Operator::Gather, &[taken], vec![int32(columns)])
            }
            Function::Concatenate { .. } => self.out(Operator::Concatenation, inputs, Vec::new()),
            Function::Add => self.out(Operator::Add, inputs, Vec::new()),
            Function::Multiply => self.out(Operator::Mul, inputs, Vec::new()),
            Function::Scalar { operation, .. } => {
                let operator = match operation {
                    ScalarOperation::Add => Operator::Add,
                    ScalarOperation::Sub => Operator::Sub,
                    // A division by a constant is a product.
                    ScalarOperation::Mul | ScalarOperation::Div => Operator::Mul,
                };
                self.out(operator, &[x], vec![number(1)])
            }
            Function::Scale { rows, columns, .. } => {
                let uneven = |factors: &[f64]| factors.iter().any(|&factor| factor != 1.0);
                let factors = [rows, columns].map(|factors| (uneven(factors), factors.len() as u64));
                let scaled = factors.iter().filter(|(uneven, _)| *uneven);
                scaled.fold(x, |x, (_, count)| self.same(Operator::Mul, &[x], vec![number(*count)]))
            }
        }
    }

    fn weights(&self, function: &Function, x: usize) -> Vec<Constant> {
        let input = crate::model::Dims::new(self.shape(x)).unwrap_or_default();
        let layer = self.layer;
        let weights = function.weights(&input).into_iter().enumerate().map(|(place, (name, shape))| Constant {
            kind: if name == "bias" { ConstantKind::Bias } else { ConstantKind::Weight },
            elements: shape.iter().fold(1, |product: u64, &size| product.saturating_mul(size)),
            holds: Holds::Layer(layer, place),
        });
        let mut constants: Vec<Constant> = weights.collect();
        // A convolution has a bias in any case.
        if let Function::Conv { bias: false, .. } | Function::DepthwiseConv { bias: false, .. } = function {
            let elements = self.output.shape.last().copied().unwrap_or(1);
            constants.push(Constant { kind: ConstantKind::Bias, elements, holds: Holds::Layer(layer, 1) });
        }
        constants
    }

    /// An operator over maps; a line is a map of one row while it runs.
    fn windowed(&mut self, operator: Operator, window: &Window, x: usize, function: &Function) -> usize {
        let constants = self.weights(function, x);
        let constants = match operator {
            Operator::TransposeConv => {
                let shape = if window.line { map_of(&self.output.shape) } else { self.output.shape.clone() };
                std::iter::once(int32(&shape)).chain(constants).collect()
            }
            _ => constants,
        };
        let made = if window.line {
            let (input, output) = (map_of(self.shape(x)), map_of(&self.output.shape));
            let x = self.graph.push(Operator::Reshape, &[x], Tensor::int8(&input), vec![int32(&input)]);
            let made = self.graph.push(operator, &[x], Tensor::int8(&output), constants);
            let node = self.graph.nodes.len() - 1;
            self.graph.nodes[node].padded = window.same;
            let shape = int32(&self.output.shape);
            let squeezed = self.out(Operator::Reshape, &[made], vec![shape]);
            let node = self.graph.nodes.len() - 1;
            self.graph.nodes[node].squeezes = true;
            return squeezed;
        } else {
            self.out(operator, &[x], constants)
        };
        let node = self.graph.nodes.len() - 1;
        self.graph.nodes[node].padded = window.same;
        made
    }

    fn pad(&mut self, sides: &[(u64, u64)], fill: Fill, x: usize) -> usize {
        let rank = sides.len();
        let table: Vec<u64> = sides.iter().flat_map(|&(before, after)| [before, after]).collect();
        let table = || vec![int32(&table)];
        match fill {
            Fill::Zero => self.out(Operator::Pad, &[x], table()),
            Fill::Number(_) => self.out(Operator::PadV2, &[x], table().into_iter().chain([number(1)]).collect()),
            Fill::Reflect | Fill::Symmetric => self.out(Operator::MirrorPad, &[x], table()),
            Fill::Edge | Fill::Wrap => {
                let axis = sides.iter().position(|&sides| sides != (0, 0)).unwrap_or(0);
                let (before, after) = sides.get(axis).copied().unwrap_or_default();
                let slice = |graph: &mut Graph, size: u64, from_start: bool| {
                    let mut part = graph.tensors[x].clone();
                    let length = part.shape[axis];
                    part.shape[axis] = size;
                    let at =
                        |value: u64| (0..rank).map(|other| if other == axis { value } else { 0 }).collect::<Vec<u64>>();
                    let (begin, end) = if from_start { (at(0), at(size)) } else { (at(length - size), at(length)) };
                    graph.push(
                        Operator::StridedSlice,
                        &[x],
                        part,
                        vec![int32(&begin), int32(&end), int32(&vec![1; rank])],
                    )
                };
                let is_edge = fill == Fill::Edge;
                let parts = |graph: &mut Graph, count: u64, from_start: bool| match (count, is_edge) {
                    (0, _) => Vec::new(),
                    (count, true) => vec![slice(graph, 1, from_start); usize::try_from(count).unwrap_or(0)],
                    (count, false) => vec![slice(graph, count, !from_start)],
                };
                let mut all = parts(self.graph, before, true);
                all.push(x);
                all.extend(parts(self.graph, after, false));
                self.out(Operator::Concatenation, &all, Vec::new())
            }
        }
    }

    /// Keras pools each axis with a small and a large window and takes of both what each place wants.
    fn adaptive(&mut self, operator: Operator, size: [u64; 2], line: bool, x: usize) -> usize {
        if line {
            return self.out(operator, &[x], Vec::new());
        }
        let mut current = x;
        for at in 0..2 {
            let axis = at + 1;
            let length = self.shape(current)[axis];
            let small = length.div_ceil(size[at].max(1));
            let large = small.saturating_add(1);
            let mut sizes = [small, large].map(|window| length.saturating_add(1).saturating_sub(window.max(1)));
            let pooled = sizes.each_mut().map(|size| {
                let mut tensor = self.graph.tensors[current].clone();
                tensor.shape[axis] = *size;
                self.graph.push(operator, &[current], tensor, Vec::new())
            });
            let mut joined = self.graph.tensors[current].clone();
            joined.shape[axis] = sizes.iter().fold(0_u64, |sum, &size| sum.saturating_add(size));
            let joined = self.graph.push(Operator::Concatenation, &pooled, joined, Vec::new());
            let mut taken = self.graph.tensors[current].clone();
            taken.shape[axis] = size[at];
            // Which place of the two each one takes follows from both lengths: that stands for a list as long as the map.
            let holds = Holds::Integers(vec![u64::MAX, size[at], length]);
            let places = Constant { kind: ConstantKind::Int32, elements: size[at], holds };
            current = self.graph.push(Operator::Gather, &[joined], taken, vec![places]);
        }
        current
    }

    fn activation(&mut self, activation: Activation, x: usize) -> usize {
        use Operator as O;
        let one = |this: &mut Self, operator: O| this.out(operator, &[x], Vec::new());
        let chain = |this: &mut Self, operators: &[(O, bool)]| {
            operators.iter().fold(x, |x, &(operator, constant)| {
                let constants = if constant { vec![number(1)] } else { Vec::new() };
                this.same(operator, &[x], constants)
            })
        };
        match activation {
            Activation::Relu => one(self, O::Relu),
            Activation::Relu6 => one(self, O::Relu6),
            Activation::Clip(0.0, _) => chain(self, &[(O::Relu, false), (O::Minimum, true), (O::Relu, false)]),
            Activation::Clip(..) => chain(self, &[(O::Minimum, true), (O::Maximum, true)]),
            Activation::HardTanh => one(self, O::ReluN1To1),
            Activation::LeakyRelu(_) => one(self, O::LeakyRelu),
            Activation::Elu(alpha) => {
                let float = self.through_floats(x, O::Elu);
                if alpha == 1.0 {
                    return self.out(O::Quantize, &[float], Vec::new());
                }
                let scaled = self.same(O::Mul, &[float], vec![number(1)]);
                let chosen = self.same(O::Select, &[scaled, float], Vec::new());
                self.out(O::Quantize, &[chosen], Vec::new())
            }
            Activation::Silu => {
                let gate = self.same(O::Logistic, &[x], Vec::new());
                self.out(O::Mul, &[x, gate], Vec::new())
            }
            Activation::Gelu | Activation::TanhGelu => one(self, O::Gelu),
            // With a rectifier behind it the converter does not know the pattern.
            Activation::HardSwish if self.rectified_next => {
                let gate = chain(self, &[(O::Add, true), (O::Relu6, false)]);
                let product = self.same(O::Mul, &[x, gate], Vec::new());
                let sixth = Constant { holds: Holds::Integers(vec![6]), ..number(1) };
                self.out(O::Mul, &[product], vec![sixth])
            }
            Activation::HardSwish => one(self, O::HardSwish),
            Activation::HardSigmoid => {
                let x = chain(self, &[(O::Add, true), (O::Relu6, false)]);
                // A sixth, the same wherever it is.
                let sixth = Constant { holds: Holds::Integers(vec![6]), ..number(1) };
                self.out(O::Mul, &[x], vec![sixth])
            }
            Activation::Sigmoid => one(self, O::Logistic),
            Activation::Tanh => one(self, O::Tanh),
            Activation::Softsign => {
                let size = self.same(O::Abs, &[x], Vec::new());
                let size = self.same(O::Add, &[size], vec![number(1)]);
                self.out(O::Div, &[x, size], Vec::new())
            }
            Activation::Mish => {
                let gate = chain(self, &[(O::Exp, false), (O::Add, true), (O::Log, false), (O::Tanh, false)]);
                self.out(O::Mul, &[x, gate], Vec::new())
            }
            Activation::LogSigmoid | Activation::Softplus(..) => {
                chain(self, &[(O::Exp, false), (O::Add, true), (O::Log, false)])
            }
            Activation::Selu => {
                let exp = chain(self, &[(O::Exp, false), (O::Sub, true), (O::Mul, true)]);
                self.out(O::Select, &[x, exp], Vec::new())
            }
            Activation::Celu(_) => {
                let low = chain(self, &[(O::Minimum, true), (O::Exp, false), (O::Sub, true)]);
                let high = self.same(O::Relu, &[x], Vec::new());
                self.out(O::Add, &[high, low], Vec::new())
            }
        }
    }

    /// One operator, where neither what it reads was rectified nor what it gives will be: then the converter does not
    /// know its pattern.
    fn prelu(&mut self, slopes: u64, x: usize) -> usize {
        let above = self.graph.writer(x).map(|above| self.graph.nodes[above].operator);
        let rectified = above == Some(Operator::Relu);
        if !rectified && !self.rectified_next {
            return self.out(Operator::Prelu, &[x], vec![number(slopes)]);
        }
        let float = self.through_floats(x, Operator::Neg);
        let negated = self.out(Operator::Quantize, &[float], Vec::new());
        let low = self.same(Operator::Relu, &[negated], Vec::new());
        let low = self.same(Operator::Mul, &[low], vec![number(slopes)]);
        let high = if rectified { x } else { self.same(Operator::Relu, &[x], Vec::new()) };
        self.out(Operator::Add, &[high, low], Vec::new())
    }
}
