//! The same elements in another shape or order, parts of tensors, maps of another size.

use super::super::onnx::{Attribute, Node};
use super::build::{Build, Unknown, input, integer, integers, output, text, value};
use super::codes::name;
use super::layout::turned;
use super::message::Operator;
use super::options::Options;

impl<'a> Build<'a, '_> {
    pub(super) fn reshape(&mut self, index: usize) -> Result<(), Unknown> {
        let graph = self.graph;
        let operator = &graph.operators[index];
        let (from, to) = (input(operator, 0)?, output(operator)?);
        if self.repeats(index)? {
            return Ok(());
        }
        let (given, made) = (self.dims(from).to_vec(), self.dims(to).to_vec());
        let name = self.node("Reshape", operator).name;
        let made = self.reshaped(&value(from), &given, &made, &name);
        let node = Node { inputs: vec![made], ..self.node("Identity", operator) };
        self.finish(node, to, 0)
    }

    /// Keras repeats rows or columns by a place of its own that is repeated and taken in: nearest upsampling.
    pub(super) fn repeats(&mut self, index: usize) -> Result<bool, Unknown> {
        let graph = self.graph;
        let [reshape, tile, back] = match graph.operators.get(index..index + 3) {
            Some([one, two, three]) => [one, two, three],
            _ => return Ok(false),
        };
        let is_chain = name(tile) == "TILE"
            && name(back) == "RESHAPE"
            && tile.inputs.first().copied().flatten() == reshape.outputs.first().copied()
            && back.inputs.first().copied().flatten() == tile.outputs.first().copied();
        let readers = |tensor: Option<&usize>| {
            let is_read = |operator: &&Operator| operator.inputs.iter().flatten().any(|input| Some(input) == tensor);
            graph.operators.iter().filter(is_read).count()
        };
        if !is_chain || readers(reshape.outputs.first()) != 1 || readers(tile.outputs.first()) != 1 {
            return Ok(false);
        }
        let (from, to) = (input(reshape, 0)?, output(back)?);
        let (given, wide) = (self.dims(from).to_vec(), self.dims(output(reshape)?).to_vec());
        let Some(counts) = self.integers(input(tile, 1)?) else { return Ok(false) };
        if given.len() != 4 || wide.len() != 5 || counts.len() != 5 {
            return Ok(false);
        }
        for axis in [1, 2] {
            let count = counts[axis + 1];
            let mut inserted = given.clone();
            inserted.insert(axis + 1, 1);
            let only = (0..5).all(|at| at == axis + 1 || counts[at] == 1);
            let mut made = given.clone();
            made[axis] = made[axis].saturating_mul(count.unsigned_abs());
            if only && count > 0 && inserted == wide && made == self.dims(to) {
                let sizes = self.list(self.layout.dims(&made).iter().map(|&size| size as i64).collect());
                let mut node = self.node("Resize", back);
                node.attributes = vec![
                    text("mode", "nearest"),
                    text("coordinate_transformation_mode", "asymmetric"),
                    text("nearest_mode", "floor"),
                ];
                node.inputs = vec![value(from), String::new(), String::new(), sizes];
                self.finish(node, to, 0)?;
                self.taken.extend([index + 1, index + 2]);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A value of one shape of the file's as one of another; gives its name.
    pub(super) fn reshaped(&mut self, from: &str, given: &[u64], made: &[u64], name: &str) -> String {
        let mut at = from.to_string();
        let push = |build: &mut Self,
                    operator: &str,
                    input: String,
                    attribute: Option<Attribute<'a>>,
                    list: Option<String>| {
            let made = build.fresh("view");
            build.push(Node {
                name: name.to_string(),
                operator: operator.to_string(),
                inputs: std::iter::once(input).chain(list).collect(),
                outputs: vec![made.clone()],
                attributes: attribute.into_iter().collect(),
                ..Node::default()
            });
            made
        };
        let here = |dims: &[u64]| dims.iter().map(|&size| size as i64).collect::<Vec<i64>>();
        if self.layout.keeps_order(given, made) {
            let target = self.list(here(&self.layout.dims(made)));
            return push(self, "Reshape", at, None, Some(target));
        }
        let order = self.layout.order(given.len());
        if !order.is_sorted() {
            let back: Vec<i64> =
                (0..order.len()).filter_map(|one| order.iter().position(|&at| at == one)).map(|at| at as i64).collect();
            at = push(self, "Transpose", at, Some(integers("perm", &back)), None);
        }
        let target = self.list(here(made));
        at = push(self, "Reshape", at, None, Some(target));
        let order: Vec<i64> = self.layout.order(made.len()).into_iter().map(|at| at as i64).collect();
        if !order.is_sorted() {
            at = push(self, "Transpose", at, Some(integers("perm", &order)), None);
        }
        at
    }

    pub(super) fn transpose(&mut self, operator: &Operator) -> Result<(), Unknown> {
        let (from, order) = (input(operator, 0)?, input(operator, 1)?);
        let given = self.integers(order).ok_or("its order is computed as it runs")?;
        let rank = given.len();
        let own = self.layout.order(rank);
        let here: Option<Vec<i64>> =
            own.iter().map(|&made| self.layout.axis(*given.get(made)?, rank).map(|axis| axis as i64)).collect();
        let mut node = self.node("Transpose", operator);
        node.inputs = vec![value(from)];
        node.attributes = vec![integers("perm", &here.ok_or("its order is none of the input's")?)];
        self.finish(node, output(operator)?, 0)
    }

    pub(super) fn resize(
        &mut self,
        operator: &Operator,
        mode: &str,
        (align_corners, half_pixel): (bool, bool),
    ) -> Result<(), Unknown> {
        let (from, to) = (input(operator, 0)?, output(operator)?);
        let sizes = self.layout.dims(self.dims(to)).iter().map(|&size| size as i64).collect();
        let sizes = self.list(sizes);
        let coordinates = match (align_corners, half_pixel) {
            (true, _) => "align_corners",
            (false, true) => "half_pixel",
            (false, false) => "asymmetric",
        };
        let mut node = self.node("Resize", operator);
        node.attributes = vec![
            text("mode", mode),
            text("coordinate_transformation_mode", coordinates),
            // Between the middles of elements, what TensorFlow takes is ONNX's rounded up.
            text("nearest_mode", if half_pixel || align_corners { "round_prefer_ceil" } else { "floor" }),
        ];
        node.inputs = vec![value(from), String::new(), String::new(), sizes];
        self.finish(node, to, 0)
    }

    pub(super) fn split(&mut self, operator: &Operator, has_sizes: bool) -> Result<(), Unknown> {
        let (from, axis) = if has_sizes {
            (input(operator, 0)?, input(operator, 2)?)
        } else {
            (input(operator, 1)?, input(operator, 0)?)
        };
        let axis =
            self.integers(axis).and_then(|axes| axes.first().copied()).ok_or("its axis is computed as it runs")?;
        let rank = self.dims(from).len();
        let axis = self.layout.axis(axis, rank).ok_or("its axis is none of the input's")?;
        let mut node = self.node("Split", operator);
        node.attributes = vec![integer("axis", axis as i64)];
        node.inputs = vec![value(from)];
        if has_sizes {
            let sizes: Option<Vec<i64>> = operator
                .outputs
                .iter()
                .map(|&output| i64::try_from(*self.layout.dims(self.dims(output)).get(axis)?).ok())
                .collect();
            node.inputs.push(self.list(sizes.ok_or("its parts do not fit")?));
        }
        node.outputs = operator.outputs.iter().copied().map(value).collect();
        self.push(node);
        Ok(())
    }

    pub(super) fn strided_slice(&mut self, operator: &Operator, options: &Options<'_>) -> Result<(), Unknown> {
        let from = input(operator, 0)?;
        let masks: Vec<i64> = (0..5).map(|field| options.integer(field, 0)).collect::<Result<_, _>>()?;
        let &[begin_mask, end_mask, ellipsis, new_axes, shrunk] = masks.as_slice() else { return Ok(()) };
        if ellipsis != 0 || new_axes != 0 {
            return Err("an ellipsis or a new axis is not known here".to_string());
        }
        let list = |place: usize| {
            self.integers(input(operator, place)?).ok_or("its bounds are computed as it runs".to_string())
        };
        let (mut starts, mut ends, steps) = (list(1)?, list(2)?, list(3)?);
        let rank = self.dims(from).len();
        if starts.len() != ends.len() || starts.len() != steps.len() || starts.len() > rank {
            return Err("its bounds do not fit what flows in".to_string());
        }
        for at in 0..starts.len() {
            if begin_mask & (1 << at) != 0 {
                starts[at] = 0;
            }
            if end_mask & (1 << at) != 0 {
                ends[at] = i64::MAX;
            }
            if shrunk & (1 << at) != 0 {
                ends[at] = if starts[at] == -1 { i64::MAX } else { starts[at].saturating_add(1) };
            }
        }
        self.cut(operator, (starts, ends, steps), shrunk != 0)
    }

    pub(super) fn slice(&mut self, operator: &Operator) -> Result<(), Unknown> {
        let list = |place: usize| {
            self.integers(input(operator, place)?).ok_or("its bounds are computed as it runs".to_string())
        };
        let (starts, sizes) = (list(1)?, list(2)?);
        let end = |(&start, &size): (&i64, &i64)| if size < 0 { i64::MAX } else { start.saturating_add(size) };
        let ends = starts.iter().zip(&sizes).map(end).collect();
        let steps = vec![1; starts.len()];
        self.cut(operator, (starts, ends, steps), false)
    }

    /// A slice along the first dimensions of the file's; `shrinks` where single places are no dimension any more.
    pub(super) fn cut(
        &mut self,
        operator: &Operator,
        (starts, ends, steps): (Vec<i64>, Vec<i64>, Vec<i64>),
        shrinks: bool,
    ) -> Result<(), Unknown> {
        let (from, to) = (input(operator, 0)?, output(operator)?);
        let given = self.dims(from).to_vec();
        let axes: Option<Vec<i64>> =
            (0..starts.len()).map(|at| self.layout.axis(at as i64, given.len()).map(|axis| axis as i64)).collect();
        let axes = axes.ok_or("its bounds do not fit what flows in")?;
        // Sizes of what is cut out, before any dimension goes.
        let mut kept = given.clone();
        for at in 0..starts.len() {
            let size = i64::try_from(given[at]).map_err(|_| "its sizes do not fit")?;
            let clamp = |place: i64| (if place < 0 { place.saturating_add(size) } else { place }).clamp(0, size);
            if steps[at] < 1 {
                return Err(format!("a step of {} is not known here", steps[at]));
            }
            kept[at] = (clamp(ends[at]) - clamp(starts[at])).max(0).unsigned_abs().div_ceil(steps[at].unsigned_abs());
        }
        let lists = [starts, ends, axes, steps].map(|list| self.list(list));
        let mut node = self.node("Slice", operator);
        node.inputs = std::iter::once(value(from)).chain(lists).collect();
        if !shrinks {
            return self.finish(node, to, 0);
        }
        let whole = self.fresh("cut");
        let name = node.name.clone();
        node.outputs = vec![whole.clone()];
        self.push(node);
        let made = self.dims(to).to_vec();
        let made = self.reshaped(&whole, &kept, &made, &name);
        let node = Node { inputs: vec![made], ..self.node("Identity", operator) };
        self.finish(node, to, 0)
    }

    pub(super) fn tile(&mut self, operator: &Operator) -> Result<(), Unknown> {
        let (from, counts) = (input(operator, 0)?, input(operator, 1)?);
        let counts = self.integers(counts).ok_or("its counts are computed as it runs")?;
        let counts = turned(&counts, &self.layout.order(counts.len()));
        let list = self.list(counts);
        let mut node = self.node("Tile", operator);
        node.inputs = vec![value(from), list];
        self.finish(node, output(operator)?, 0)
    }
}
