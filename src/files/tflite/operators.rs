//! From an operator of TensorFlow Lite to nodes of ONNX.

use super::build::{Build, Turn, Unknown, float, input, integer, output, text, value};
use super::codes::name;
use super::layout::turned;
use super::message::Operator;
use super::options::Options;

/// One element at a time, as ONNX calls them.
const ELEMENTWISE: &[(&str, &str)] = &[
    ("ABS", "Abs"),
    ("CEIL", "Ceil"),
    ("COS", "Cos"),
    ("EXP", "Exp"),
    ("FLOOR", "Floor"),
    ("LOG", "Log"),
    ("NEG", "Neg"),
    ("ROUND", "Round"),
    ("SIN", "Sin"),
    ("SQRT", "Sqrt"),
    ("RELU", "Relu"),
    ("TANH", "Tanh"),
    ("LOGISTIC", "Sigmoid"),
    ("HARD_SWISH", "HardSwish"),
    ("ELU", "Elu"),
];

/// Adds the nodes of an operator.
///
/// # Errors
/// Why its cost is not known.
pub(super) fn read<'a>(build: &mut Build<'a, '_>, index: usize) -> Result<(), Unknown> {
    let graph = build.graph;
    let operator = &graph.operators[index];
    let options = Options(operator.options);
    let name = name(operator);
    if let Some((_, onnx)) = ELEMENTWISE.iter().find(|(own, _)| *own == name) {
        return build.simple(operator, onnx, Vec::new());
    }
    match name {
        "CONV_2D" | "DEPTHWISE_CONV_2D" => build.convolution(operator, &options, name == "DEPTHWISE_CONV_2D"),
        "TRANSPOSE_CONV" => build.transposed(operator, &options),
        "FULLY_CONNECTED" => build.fully_connected(operator, &options),
        "AVERAGE_POOL_2D" | "MAX_POOL_2D" => build.pool(operator, &options, name == "MAX_POOL_2D"),
        "ADD" | "SUB" | "MUL" | "DIV" | "MAXIMUM" | "MINIMUM" => build.two(operator, &options, name),
        "RELU6" => build.simple(operator, "Clip", vec![float("min", 0.0), float("max", 6.0)]),
        "RELU_N1_TO_1" => build.simple(operator, "Clip", vec![float("min", -1.0), float("max", 1.0)]),
        "RELU_0_TO_1" => build.simple(operator, "Clip", vec![float("min", 0.0), float("max", 1.0)]),
        "LEAKY_RELU" => build.simple(operator, "LeakyRelu", vec![float("alpha", options.float(0)?)]),
        "GELU" => {
            let approximate = if options.flag(0)? { "tanh" } else { "none" };
            build.simple(operator, "Gelu", vec![text("approximate", approximate)])
        }
        "SOFTMAX" if options.float(0)? != 1.0 => Err("its beta is not 1".to_string()),
        "SOFTMAX" | "LOG_SOFTMAX" => {
            let rank = build.dims(input(operator, 0)?).len();
            let axis = build.layout.axis(-1, rank).ok_or("it has no last dimension")?;
            let onnx = if name == "SOFTMAX" { "Softmax" } else { "LogSoftmax" };
            build.simple(operator, onnx, vec![integer("axis", axis as i64)])
        }
        "PRELU" => build.prelu(operator),
        "CONCATENATION" => build.concatenation(operator, &options),
        "PAD" | "PADV2" | "MIRROR_PAD" => build.pad(operator, &options, name),
        "MEAN" | "SUM" | "REDUCE_MAX" | "REDUCE_MIN" => build.reduce(operator, &options, name),
        "RESHAPE" | "SQUEEZE" | "EXPAND_DIMS" => build.reshape(index),
        "TRANSPOSE" => build.transpose(operator),
        "RESIZE_BILINEAR" => build.resize(operator, "linear", (options.flag(2)?, options.flag(3)?)),
        "RESIZE_NEAREST_NEIGHBOR" => build.resize(operator, "nearest", (options.flag(0)?, options.flag(1)?)),
        "SPLIT" | "SPLIT_V" => build.split(operator, name == "SPLIT_V"),
        "STRIDED_SLICE" => build.strided_slice(operator, &options),
        "SLICE" => build.slice(operator),
        "TILE" => build.tile(operator),
        "DEPTH_TO_SPACE" => build.simple(operator, "DepthToSpace", vec![integer("blocksize", options.integer(0, 0)?)]),
        "SPACE_TO_DEPTH" => build.simple(operator, "SpaceToDepth", vec![integer("blocksize", options.integer(0, 0)?)]),
        "QUANTIZE" | "DEQUANTIZE" | "CAST" => {
            let from = input(operator, 0)?;
            if build.constant(from).is_some() {
                operator.outputs.iter().for_each(|&output| build.is_same(output, from));
                return Ok(());
            }
            build.simple(operator, "Identity", Vec::new())
        }
        _ => Err("it has no layer here".to_string()),
    }
}

impl<'a> Build<'a, '_> {
    /// Sums, products, and the like of two tensors.
    fn two(&mut self, operator: &Operator, options: &Options<'_>, name: &str) -> Result<(), Unknown> {
        let (onnx, is_fused) = match name {
            "ADD" => ("Add", true),
            "SUB" => ("Sub", true),
            "MUL" => ("Mul", true),
            "DIV" => ("Div", true),
            "MAXIMUM" => ("Max", false),
            _ => ("Min", false),
        };
        let to = output(operator)?;
        let rank = self.dims(to).len();
        let mut node = self.node(onnx, operator);
        node.inputs = vec![self.operand(input(operator, 0)?, rank)?, self.operand(input(operator, 1)?, rank)?];
        self.finish(node, to, if is_fused { options.byte(0)? } else { 0 })
    }

    /// One slope for each channel.
    fn prelu(&mut self, operator: &Operator) -> Result<(), Unknown> {
        let (from, slope) = (input(operator, 0)?, input(operator, 1)?);
        let rank = self.dims(from).len();
        let mut node = self.node("PRelu", operator);
        node.inputs = vec![value(from), self.operand(slope, rank)?];
        self.finish(node, output(operator)?, 0)
    }

    fn concatenation(&mut self, operator: &Operator, options: &Options<'_>) -> Result<(), Unknown> {
        let to = output(operator)?;
        let rank = self.dims(to).len();
        let axis = self.layout.axis(options.integer(0, 0)?, rank).ok_or("its axis is none of the output's")?;
        let mut node = self.node("Concat", operator);
        for place in 0..operator.inputs.len() {
            let one = input(operator, place)?;
            node.inputs.push(if self.flows(one) {
                value(one)
            } else {
                let order = self.layout.order(self.dims(one).len());
                self.weight(one, Turn::By(&order), None)?
            });
        }
        node.attributes = vec![integer("axis", axis as i64)];
        self.finish(node, to, options.byte(1)?)
    }

    fn pad(&mut self, operator: &Operator, options: &Options<'_>, name: &str) -> Result<(), Unknown> {
        let (from, sides) = (input(operator, 0)?, input(operator, 1)?);
        let rank = self.dims(from).len();
        let pairs = self.integers(sides).filter(|pairs| pairs.len() == 2 * rank);
        let pairs = pairs.ok_or("its padding is computed as it runs")?;
        let order = self.layout.order(rank);
        let before: Vec<i64> = pairs.iter().step_by(2).copied().collect();
        let after: Vec<i64> = pairs.iter().skip(1).step_by(2).copied().collect();
        let pads = self.list([turned(&before, &order), turned(&after, &order)].concat());
        let mode = match (name, options.byte(0)?) {
            ("MIRROR_PAD", 0) => "reflect",
            ("MIRROR_PAD", _) => return Err("a symmetric padding is not known here".to_string()),
            _ => "constant",
        };
        let mut node = self.node("Pad", operator);
        node.inputs = vec![value(from), pads];
        if name == "PADV2" {
            node.inputs.push(self.weight(input(operator, 2)?, Turn::Plain, None)?);
        }
        node.attributes = vec![text("mode", mode)];
        self.finish(node, output(operator)?, 0)
    }

    fn reduce(&mut self, operator: &Operator, options: &Options<'_>, name: &str) -> Result<(), Unknown> {
        let (from, axes, to) = (input(operator, 0)?, input(operator, 1)?, output(operator)?);
        let rank = self.dims(from).len();
        let keeps = options.flag(0)?;
        let given = self.integers(axes).ok_or("its axes are computed as it runs")?;
        let here: Option<Vec<usize>> = given.iter().map(|&axis| self.layout.axis(axis, rank)).collect();
        let mut here = here.ok_or("its axes are none of the input's")?;
        here.sort_unstable();
        let onnx = match name {
            "MEAN" => "ReduceMean",
            "SUM" => "ReduceSum",
            "REDUCE_MAX" => "ReduceMax",
            _ => "ReduceMin",
        };
        let list = self.list(here.iter().map(|&axis| axis as i64).collect());
        let mut node = self.node(onnx, operator);
        node.inputs = vec![value(from), list];
        node.attributes = vec![integer("keepdims", i64::from(keeps))];
        // What is left without them must lie as it does when it is there by itself.
        let left: Vec<usize> = self
            .layout
            .order(rank)
            .into_iter()
            .enumerate()
            .filter(|(at, _)| !here.contains(at))
            .map(|(_, one)| one)
            .collect();
        let mut ranks = left.clone();
        ranks.sort_unstable();
        let alone: Vec<usize> = turned(&ranks, &self.layout.order(left.len()));
        if !keeps && alone != left {
            return Err("what it leaves lies in another order".to_string());
        }
        self.finish(node, to, 0)
    }
}
