//! From an operator to what reads it.

use super::constant::{self, Constant};
use super::graph::{Data, Rows, Unknown};
use super::message::Node;
use super::{names, shape};

/// What became of a node.
enum Read<'a> {
    Data(Data),
    Constant(Box<Constant<'a>>),
    /// Its outputs are set.
    Done,
}

/// Operators of one element at a time, or that compare, round and choose: no multiply-accumulates.
const FREE: &[&str] = &[
    "Abs",
    "Acos",
    "Acosh",
    "And",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "BitShift",
    "Ceil",
    "Cos",
    "Cosh",
    "CumSum",
    "Equal",
    "Erf",
    "Exp",
    "Floor",
    "Greater",
    "GreaterOrEqual",
    "IsInf",
    "IsNaN",
    "Less",
    "LessOrEqual",
    "Log",
    "Max",
    "Mean",
    "Min",
    "Mod",
    "Neg",
    "Not",
    "Or",
    "Pow",
    "Reciprocal",
    "Round",
    "Shrink",
    "Sign",
    "Sin",
    "Sinh",
    "Sqrt",
    "Sum",
    "Tan",
    "ThresholdedRelu",
    "Where",
    "Xor",
    "Hardmax",
];

/// Operators that leave a value as it is when a trained network runs, or change its type alone.
const ALIASES: &[&str] = &["Identity", "Dropout", "Cast", "CastLike"];

impl<'a> Rows<'a, '_> {
    /// Reads a node that is a constant by itself.
    pub(super) fn read_constant(&mut self, index: usize) {
        let node = &self.graph.nodes[index];
        if let (true, Some(constant), Some(output)) =
            (node.operator == "Constant", self.constant_of(node), node.outputs.first())
        {
            self.constants.insert(output.clone(), constant);
            self.taken[index] = true;
        }
    }

    /// Reads a node into rows, or into a constant.
    pub(super) fn read(&mut self, index: usize) {
        if self.taken[index] || self.pattern(index) {
            return;
        }
        let graph = self.graph;
        let node = &graph.nodes[index];
        match self.operator(node) {
            Ok(read) => {
                let Some(output) = node.outputs.first().filter(|output| !output.is_empty()).cloned() else { return };
                match read {
                    // What a bias was taken from has its data already.
                    Read::Data(data) => {
                        self.data.insert(output, data);
                    }
                    Read::Constant(constant) => {
                        self.constants.insert(output, *constant);
                    }
                    Read::Done => {}
                }
            }
            Err(why) => self.push_unknown(node, &why),
        }
    }

    fn operator(&mut self, node: &Node<'a>) -> Result<Read<'a>, Unknown> {
        if !matches!(node.domain.as_str(), "" | "ai.onnx") {
            return Err(match node.domain.strip_prefix("TensorFlow Lite (") {
                Some(why) => why.trim_end_matches(')').to_string(),
                None => format!("operators of {} are not known here", node.domain),
            });
        }
        if let Some(constant) = self.constant_of(node) {
            return Ok(Read::Constant(Box::new(constant)));
        }
        let data = match node.operator.as_str() {
            "Conv" => self.conv(node),
            "ConvTranspose" => self.conv_transpose(node),
            "Gemm" => self.gemm(node),
            "MatMul" => self.mat_mul(node),
            "MaxPool" => self.max_pool(node),
            "AveragePool" => self.average_pool(node),
            "GlobalAveragePool" | "GlobalMaxPool" => self.global_pool(node),
            "ReduceMean" => self.reduce_mean(node),
            "BatchNormalization" => self.batch_norm(node),
            "InstanceNormalization" => self.instance_norm(node),
            "GroupNormalization" => self.group_norm(node),
            "LayerNormalization" => self.layer_norm(node),
            "LRN" => self.local_response_norm(node),
            "Relu" | "LeakyRelu" | "PRelu" | "Elu" | "Celu" | "Selu" | "Sigmoid" | "HardSigmoid" | "HardSwish"
            | "Tanh" | "Softplus" | "Softsign" | "Gelu" | "Mish" | "Swish" | "Clip" | "Softmax" | "LogSoftmax" => {
                self.activation(node)
            }
            "Add" | "Sub" | "Mul" | "Div" => self.arithmetic(node),
            "Concat" => self.concat(node),
            "Split" => return self.split(node).map(|()| Read::Done),
            "Slice" => self.slice(node),
            "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => self.reshape(node),
            "Transpose" => self.transpose(node),
            "DepthToSpace" => self.depth_to_space(node),
            "SpaceToDepth" => self.space_to_depth(node),
            "Pad" => self.pad(node),
            "Resize" | "Upsample" => self.resize(node),
            "QuantizeLinear" | "DequantizeLinear" => {
                self.quantised += 1;
                self.input(node, 0)
            }
            "Expand" => self.expand(node),
            "Tile" => self.tile(node),
            "Gather" => self.gather(node),
            "ReduceSum" | "ReduceMax" | "ReduceMin" | "ReduceL1" | "ReduceL2" | "ReduceProd" | "ReduceSumSquare" => {
                self.reduce(node)
            }
            operator if ALIASES.contains(&operator) => self.input(node, 0),
            operator if FREE.contains(&operator) => self.free(node),
            _ => match self.named_shape(node) {
                Some(_) => Err("it has no layer here; its shape is the file's".to_string()),
                None => Err("it has no layer here".to_string()),
            },
        };
        data.map(Read::Data)
    }

    fn named_shape(&self, node: &Node) -> Option<crate::model::Dims> {
        self.told_dims(node.outputs.first()?)
    }

    /// The constant that a node is.
    fn constant_of(&self, node: &Node<'a>) -> Option<Constant<'a>> {
        match node.operator.as_str() {
            "Constant" => {
                let attribute = node.attributes.first()?;
                if let Some(tensor) = &attribute.tensor {
                    return Some(Constant::of(tensor));
                }
                let numbers = match (attribute.integer, attribute.float) {
                    (Some(integer), _) => constant::Numbers::Integers(vec![integer]),
                    (_, Some(float)) => constant::Numbers::Floats(vec![float]),
                    _ if !attribute.floats.is_empty() => constant::Numbers::Floats(attribute.floats.clone()),
                    _ => constant::Numbers::Integers(attribute.integers.clone()),
                };
                let is_list = attribute.integer.is_none() && attribute.float.is_none();
                let count = attribute.integers.len().max(attribute.floats.len()) as u64;
                let dims = if is_list { vec![count] } else { Vec::new() };
                Some(Constant { name: String::new(), dims, numbers: Some(numbers), tensor: None })
            }
            "Shape" => {
                let input = node.inputs.first()?;
                let dims = match self.data.get(input) {
                    Some(data) => data.dims.to_vec(),
                    None => self.constants.get(input)?.dims.clone(),
                };
                let place =
                    |at: i64| (if at < 0 { at + dims.len() as i64 } else { at }).clamp(0, dims.len() as i64) as usize;
                let start = place(node.integer("start").unwrap_or(0));
                let end = place(node.integer("end").unwrap_or(dims.len() as i64));
                let sizes: Vec<i64> = dims.get(start..end.max(start))?.iter().map(|&size| size as i64).collect();
                Some(Constant::integers_of(vec![sizes.len() as u64], sizes))
            }
            _ => {
                let is_constant = |input: &String| input.is_empty() || self.constants.contains_key(input);
                if node.inputs.is_empty() || !node.inputs.iter().all(is_constant) || node.outputs.len() != 1 {
                    return None;
                }
                let inputs: Vec<Option<&Constant>> =
                    node.inputs.iter().map(|input| self.constants.get(input)).collect();
                constant::fold(node, &inputs, self.opset)
            }
        }
    }

    fn free(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let mut inputs = Vec::new();
        let mut dims: Vec<u64> = Vec::new();
        for place in 0..node.inputs.len() {
            let Some(name) = node.inputs.get(place).filter(|name| !name.is_empty()) else { continue };
            let other = match (self.data.get(name), self.constants.get(name)) {
                (Some(data), _) => {
                    inputs.push(*data);
                    data.dims.to_vec()
                }
                (None, Some(constant)) => constant.dims.clone(),
                (None, None) => return Err(format!("its input {name} is made by no node above")),
            };
            dims = shape::broadcast(&dims, &other).ok_or("its sizes do not go together")?;
        }
        self.push_free(node, &inputs, &dims)
    }

    fn expand(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let target = self.constant(node, 1).and_then(Constant::integers).ok_or("its shape is computed as it runs")?;
        let target: Option<Vec<u64>> = target.iter().map(|&size| u64::try_from(size).ok()).collect();
        let dims =
            shape::broadcast(&input.dims, &target.ok_or("a size is below 0")?).ok_or("its sizes do not go together")?;
        if *dims == *input.dims { Ok(input) } else { self.push_free(node, &[input], &dims) }
    }

    fn tile(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let counts = self.constant(node, 1).and_then(Constant::integers).ok_or("its counts are computed as it runs")?;
        if counts.len() != input.dims.rank() {
            return Err("its counts do not fit what flows in".to_string());
        }
        let sizes = input.dims.iter().zip(&counts);
        let dims: Option<Vec<u64>> = sizes.map(|(size, &count)| size.checked_mul(u64::try_from(count).ok()?)).collect();
        self.push_free(node, &[input], &dims.ok_or("its sizes do not fit 64 bits")?)
    }

    fn gather(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let axis = node.integer("axis").unwrap_or(0);
        let axis = usize::try_from(if axis < 0 { axis + input.dims.rank() as i64 } else { axis });
        let axis = axis.ok().filter(|axis| *axis < input.dims.rank()).ok_or("its axis is none of the input's")?;
        let places = self.constant(node, 1).ok_or("its places are computed as it runs")?.dims.clone();
        let dims = [&input.dims[..axis], &places, &input.dims[axis + 1..]].concat();
        self.push_free(node, &[input], &dims)
    }

    fn reduce(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let rank = input.dims.rank() as i64;
        let axes = self.axes(node)?.unwrap_or_else(|| (0..rank).collect());
        let axes: Vec<i64> = axes.iter().map(|&axis| if axis < 0 { axis + rank } else { axis }).collect();
        let keeps = node.integer("keepdims").unwrap_or(1) == 1;
        let sizes = input.dims.iter().enumerate().filter_map(|(at, &size)| match axes.contains(&(at as i64)) {
            true => keeps.then_some(1),
            false => Some(size),
        });
        let dims: Vec<u64> = sizes.collect();
        // All pixels of each channel: a global pool.
        let is_global = node.operator == "ReduceMax" && keeps && rank == 4 && axes == [2, 3];
        if is_global {
            let layer = crate::model::AdaptiveMaxPool2d::default();
            return self.push(layer, &names::of(node, None), &[input], Vec::new());
        }
        self.push_free(node, &[input], &dims)
    }
}
