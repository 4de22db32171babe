//! Functions of Keras as TensorFlow's operators, before anything is merged.

use crate::keras::{Activation, Fill, Function, Program, Resize, Window};
use crate::model::ScalarOperation;

use super::expand_norm::{group_norm, layer_norm};
use super::graph::{Constant, ConstantKind, Graph, Tensor};
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
                let rectifies =
                    matches!(next.function, Function::Activation(Activation::Relu | Activation::Relu6 | Activation::HardTanh));
                rectifies && next.inputs.contains(&operation.output)
            });
        let expansion = Expansion { graph: &mut graph, output, rectified_next };
        of_tensor[operation.output] = expansion.function(&operation.function, &inputs);
    }
    // Without an operator nothing is quantised.
    if graph.nodes.is_empty() {
        graph.tensors.iter_mut().for_each(|tensor| tensor.float = true);
    }
    graph.output = of_tensor[program.output];
    graph
}

/// One function on its way.
pub(super) struct Expansion<'a> {
    pub graph: &'a mut Graph,
    /// What Keras says comes out.
    pub output: Tensor,
    /// Only a rectifier reads it.
    pub rectified_next: bool,
}

pub(super) fn int32(elements: usize) -> Constant {
    Constant { kind: ConstantKind::Int32, elements: elements as u64 }
}

pub(super) fn number(elements: u64) -> Constant {
    Constant { kind: ConstantKind::Number, elements }
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
            Function::GlobalAverage { .. } => self.out(Operator::Mean, &[x], vec![int32(rank - 2)]),
            Function::GlobalMax { .. } => self.out(Operator::ReduceMax, &[x], vec![int32(rank - 2)]),
            Function::AdaptiveAverage { size, line } => self.adaptive(Operator::AveragePool2d, *size, *line, x),
            Function::AdaptiveMax { size, line } => self.adaptive(Operator::MaxPool2d, *size, *line, x),
            Function::Mean { axes, .. } => self.out(Operator::Mean, &[x], vec![int32(axes.len())]),
            Function::Pad { sides, fill } => self.pad(sides, *fill, x),
            Function::Crop { .. } | Function::Slice { .. } => {
                self.out(Operator::StridedSlice, &[x], vec![int32(rank), int32(rank), int32(rank)])
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
                let turned = self.same(Operator::Transpose, &[x], vec![int32(rank)]);
                let made = self.same(softmax, &[turned], Vec::new());
                self.out(Operator::Transpose, &[made], vec![int32(rank)])
            }
            Function::Dropout { .. }
            | Function::SpatialDropout { .. }
            | Function::AlphaDropout { .. }
            | Function::DropPath { .. } => x,
            Function::Flatten | Function::Reshape(_) => {
                let rank = self.output.shape.len();
                self.out(Operator::Reshape, &[x], vec![int32(rank)])
            }
            Function::Permute(_) => self.out(Operator::Transpose, &[x], vec![int32(rank)]),
            Function::Resize { resize: Resize::Nearest, .. } => {
                self.out(Operator::ResizeNearestNeighbor, &[x], vec![int32(2)])
            }
            Function::Resize { .. } => self.out(Operator::ResizeBilinear, &[x], vec![int32(2)]),
            Function::Take { rows, columns } => {
                let mut between = self.output.clone();
                between.shape[2] = self.shape(x)[2];
                let taken = self.graph.push(Operator::Gather, &[x], between, vec![int32(rows.len())]);
                self.out(Operator::Gather, &[taken], vec![int32(columns.len())])
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

    pub(super) fn shape(&self, tensor: usize) -> &[u64] {
        &self.graph.tensors[tensor].shape
    }

    /// The operator that gives what Keras says.
    pub(super) fn out(&mut self, operator: Operator, inputs: &[usize], constants: Vec<Constant>) -> usize {
        self.graph.push(operator, inputs, self.output.clone(), constants)
    }

    /// An operator of the input's shape.
    pub(super) fn same(&mut self, operator: Operator, inputs: &[usize], constants: Vec<Constant>) -> usize {
        let tensor = self.graph.tensors[inputs[0]].clone();
        self.graph.push(operator, inputs, tensor, constants)
    }

    fn weights(&self, function: &Function, x: usize) -> Vec<Constant> {
        let input = crate::model::Dims::new(self.shape(x)).unwrap_or_default();
        let weights = function.weights(&input).into_iter().map(|(name, shape)| Constant {
            kind: if name == "bias" { ConstantKind::Bias } else { ConstantKind::Weight },
            elements: shape.iter().fold(1, |product: u64, &size| product.saturating_mul(size)),
        });
        weights.collect()
    }

    /// An operator over maps; a line is a map of one row while it runs.
    fn windowed(&mut self, operator: Operator, window: &Window, x: usize, function: &Function) -> usize {
        let constants = self.weights(function, x);
        let constants = match operator {
            Operator::TransposeConv => std::iter::once(int32(4)).chain(constants).collect(),
            _ => constants,
        };
        let map = |shape: &[u64]| vec![shape[0], 1, shape[1], shape[2]];
        let made = if window.line {
            let (input, output) = (map(self.shape(x)), map(&self.output.shape));
            let x = self.graph.push(Operator::Reshape, &[x], Tensor::int8(&input), vec![int32(4)]);
            let made = self.graph.push(operator, &[x], Tensor::int8(&output), constants);
            let node = self.graph.nodes.len() - 1;
            self.graph.nodes[node].padded = window.same;
            let squeezed = self.out(Operator::Reshape, &[made], vec![int32(3)]);
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
        let table = || vec![int32(2 * rank)];
        match fill {
            Fill::Zero => self.out(Operator::Pad, &[x], table()),
            Fill::Number(_) => self.out(Operator::PadV2, &[x], vec![int32(2 * rank), number(1)]),
            Fill::Reflect | Fill::Symmetric => self.out(Operator::MirrorPad, &[x], table()),
            Fill::Edge | Fill::Wrap => {
                let axis = sides.iter().position(|&sides| sides != (0, 0)).unwrap_or(0);
                let (before, after) = sides.get(axis).copied().unwrap_or_default();
                let slice = |graph: &mut Graph, size: u64| {
                    let mut part = graph.tensors[x].clone();
                    part.shape[axis] = size;
                    graph.push(Operator::StridedSlice, &[x], part, vec![int32(rank), int32(rank), int32(rank)])
                };
                let is_edge = fill == Fill::Edge;
                let parts = |graph: &mut Graph, count: u64| match (count, is_edge) {
                    (0, _) => Vec::new(),
                    (count, true) => vec![slice(graph, 1); usize::try_from(count).unwrap_or(0)],
                    (count, false) => vec![slice(graph, count)],
                };
                let mut all = parts(self.graph, before);
                all.push(x);
                all.extend(parts(self.graph, after));
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
            let large = small + 1;
            let mut sizes = [small, large].map(|window| (length + 1).saturating_sub(window.max(1)));
            let pooled = sizes.each_mut().map(|size| {
                let mut tensor = self.graph.tensors[current].clone();
                tensor.shape[axis] = *size;
                self.graph.push(operator, &[current], tensor, Vec::new())
            });
            let mut joined = self.graph.tensors[current].clone();
            joined.shape[axis] = sizes.iter().sum();
            let joined = self.graph.push(Operator::Concatenation, &pooled, joined, Vec::new());
            let mut taken = self.graph.tensors[current].clone();
            taken.shape[axis] = size[at];
            current = self.graph.push(Operator::Gather, &[joined], taken, vec![int32(size[at] as usize)]);
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
            Activation::HardSwish => one(self, O::HardSwish),
            Activation::HardSigmoid => chain(self, &[(O::Add, true), (O::Relu6, false), (O::Mul, true)]),
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

    /// An operator without an int8 kernel runs in floats; gives its float output.
    pub(super) fn through_floats(&mut self, x: usize, operator: Operator) -> usize {
        let float = Tensor { float: true, ..self.graph.tensors[x].clone() };
        let input = self.graph.push(Operator::Dequantize, &[x], float.clone(), Vec::new());
        self.graph.push(operator, &[input], float, Vec::new())
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
