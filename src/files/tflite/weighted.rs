//! Convolutions, products and pools.

use super::super::onnx::Node;
use super::build::{Build, Turn, Unknown, input, integer, integers, output, text, value};
use super::message::Operator;
use super::options::Options;

impl<'a> Build<'a, '_> {
    /// Weights `[O, H, W, I / groups]`; of a depthwise one `[1, H, W, I * multiplier]`.
    pub(super) fn convolution(
        &mut self,
        operator: &Operator,
        options: &Options<'_>,
        is_depthwise: bool,
    ) -> Result<(), Unknown> {
        let (from, weight, to) = (input(operator, 0)?, input(operator, 1)?, output(operator)?);
        let (&[_, _, _, channels], &[_, height, width, depth]) = (self.dims(from), self.dims(weight)) else {
            return Err("it wants maps and a weight of four dimensions".to_string());
        };
        let dilations = if is_depthwise { 5 } else { 4 };
        let groups = match (is_depthwise, channels.checked_div(depth)) {
            (true, _) => channels,
            (false, Some(groups)) if groups * depth == channels => groups,
            (false, _) => return Err(format!("its weight of {depth} channels does not fit {channels}")),
        };
        let mut node = self.node("Conv", operator);
        node.attributes = vec![
            text("auto_pad", same_or_valid(options.byte(0)?)),
            integers("strides", &[options.integer(2, 0)?, options.integer(1, 0)?]),
            integers("dilations", &[options.integer(dilations + 1, 1)?, options.integer(dilations, 1)?]),
            integers("kernel_shape", &[height as i64, width as i64]),
            integer("group", i64::try_from(groups).map_err(|_| "it has too many groups")?),
        ];
        let order: &[usize] = if is_depthwise { &[3, 0, 1, 2] } else { &[0, 3, 1, 2] };
        node.inputs = vec![value(from), self.weight(weight, Turn::By(order), None)?];
        node.inputs.extend(self.bias(operator, 2)?);
        let activation = options.byte(if is_depthwise { 4 } else { 3 })?;
        self.finish(node, to, activation)
    }

    pub(super) fn bias(&mut self, operator: &Operator, place: usize) -> Result<Option<String>, Unknown> {
        match operator.inputs.get(place).copied().flatten() {
            Some(bias) => self.weight(bias, Turn::Plain, None).map(Some),
            None => Ok(None),
        }
    }

    /// Weights `[O, H, W, I]`; what TensorFlow cuts off at the end alone is cut off by rows of its own.
    pub(super) fn transposed(&mut self, operator: &Operator, options: &Options<'_>) -> Result<(), Unknown> {
        let (weight, from, to) = (input(operator, 1)?, input(operator, 2)?, output(operator)?);
        let (given, kernel, made) = (self.dims(from), self.dims(weight), self.dims(to));
        if given.len() != 4 || kernel.len() != 4 || made.len() != 4 {
            return Err("it wants maps and a weight of four dimensions".to_string());
        }
        let strides = [options.integer(2, 1)?, options.integer(1, 1)?];
        let is_same = same_or_valid(options.byte(0)?) == "SAME_UPPER";
        let (mut before, mut more, mut cut) = ([0_i64; 2], [0_i64; 2], [0_i64; 2]);
        for at in 0..2 {
            let size = |size: u64| i64::try_from(size).ok().filter(|size| (0..1 << 40).contains(size));
            let sizes = size(given[at + 1]).zip(size(kernel[at + 1])).zip(size(made[at + 1]));
            let ((given, kernel), made) = sizes.ok_or("its sizes do not fit")?;
            if !(1..1 << 20).contains(&strides[at]) || given == 0 {
                return Err("a stride or size is not known here".to_string());
            }
            let over = (given - 1) * strides[at] + kernel - made;
            before[at] = if is_same { over.max(0) / 2 } else { 0 };
            more[at] = (-over).max(0);
            cut[at] = over.max(0) - 2 * before[at];
            if cut[at] < 0 {
                return Err("its padding does not fit its sizes".to_string());
            }
        }
        let mut node = self.node("ConvTranspose", operator);
        node.attributes = vec![
            integers("strides", &strides),
            integers("kernel_shape", &[kernel[1] as i64, kernel[2] as i64]),
            integers("pads", &[before[0], before[1], before[0], before[1]]),
            integers("output_padding", &more),
        ];
        node.inputs = vec![value(from), self.weight(weight, Turn::By(&[3, 0, 1, 2]), None)?];
        node.inputs.extend(self.bias(operator, 3)?);
        let activation = options.byte(3)?;
        if cut == [0, 0] {
            return self.finish(node, to, activation);
        }
        let whole = self.fresh("uncut");
        let name = node.name.clone();
        node.outputs = vec![whole.clone()];
        self.push(node);
        let (starts, ends) = (self.list(vec![0, 0]), self.list(vec![made[1] as i64, made[2] as i64]));
        let axes = self.list(vec![2, 3]);
        let inputs = vec![whole, starts, ends, axes];
        let slice = Node { name: format!("{name}.cut"), operator: "Slice".to_string(), inputs, ..Node::default() };
        self.finish(slice, to, activation)
    }

    /// Weights `[O, I]`; whatever flows in is `[.., I]`.
    pub(super) fn fully_connected(&mut self, operator: &Operator, options: &Options<'_>) -> Result<(), Unknown> {
        let (from, weight, to) = (input(operator, 0)?, input(operator, 1)?, output(operator)?);
        let &[_, features] = self.dims(weight) else { return Err("its weight is no matrix".to_string()) };
        let mut node = self.node("Gemm", operator);
        let given = self.dims(from).to_vec();
        let is_plain = self.layout.order(given.len()).is_sorted();
        let mut entering = value(from);
        // Its last dimension has the features already, as PyTorch's Linear wants them.
        if !(is_plain && given.last() == Some(&features) && self.dims(to).len() == given.len()) {
            let elements = given.iter().product::<u64>();
            let rows = elements.checked_div(features).filter(|rows| rows * features == elements);
            let rows = rows.ok_or("its weight does not fit what flows in")?;
            entering = self.reshaped(&entering, &given, &[rows, features], &node.name.clone());
            if self.dims(to) != [rows, self.dims(weight)[0]] {
                return Err("its output is no matrix".to_string());
            }
        }
        node.attributes = vec![integer("transB", 1)];
        node.inputs = vec![entering, self.weight(weight, Turn::Plain, None)?];
        node.inputs.extend(self.bias(operator, 2)?);
        self.finish(node, to, options.byte(0)?)
    }

    pub(super) fn pool(&mut self, operator: &Operator, options: &Options<'_>, is_max: bool) -> Result<(), Unknown> {
        let from = input(operator, 0)?;
        let mut node = self.node(if is_max { "MaxPool" } else { "AveragePool" }, operator);
        node.attributes = vec![
            text("auto_pad", same_or_valid(options.byte(0)?)),
            integers("strides", &[options.integer(2, 0)?, options.integer(1, 0)?]),
            integers("kernel_shape", &[options.integer(4, 0)?, options.integer(3, 0)?]),
        ];
        node.inputs = vec![value(from)];
        self.finish(node, output(operator)?, options.byte(5)?)
    }
}

fn same_or_valid(padding: u8) -> &'static str {
    if padding == 0 { "SAME_UPPER" } else { "VALID" }
}
