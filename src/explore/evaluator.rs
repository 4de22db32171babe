//! What a variant costs, from what the variant before it cost.

use crate::device::{Fitted, Workload};
use crate::model::{Conv2d, Dims, Layer, Pair, Tap};
use crate::rewrite::{
    HiddenLayers, PooledHead, depthwise, is_divisible, pointwise, with_channels, with_flexible_sizes, with_kernel,
};
use crate::shape;

use super::figures::{NodeFigures, figures, plus};
use super::memory::Liveness;
use super::plan::Plan;
use super::space::{Axis, Space};

/// What a variant costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Learned numbers.
    pub params: u64,
    /// Multiply-accumulates of one sample.
    pub macs: u64,
    /// Bytes of int8 weights with 32-bit biases, batch norms folded.
    pub flash: u64,
    /// The most bytes alive at once in int8, norms and activations in place: no planner needs less.
    pub peak: u64,
    /// Elements that all layers write.
    pub written: u64,
    /// What times on a small processor follow from.
    pub workload: Workload,
}

/// Costs variants of one network one after another; only what differs from the last one is computed anew, and
/// nothing is allocated.
#[derive(Clone, Debug)]
pub struct Evaluator {
    space: Space,
    plan: Plan,
    /// The layers of the variant.
    layers: Vec<Layer>,
    /// Convolutions that are to be divided, where they can.
    separable: Vec<bool>,
    head: Option<PooledHead>,
    input: Dims,
    choice: Vec<usize>,
    nodes: Vec<NodeState>,
    /// Nodes up to here hold the figures of the last variant.
    valid: usize,
    inputs: Vec<Dims>,
    liveness: Liveness,
}

#[derive(Clone, Copy, Debug, Default)]
struct NodeState {
    output: Dims,
    figures: NodeFigures,
    /// What a depthwise convolution or an added pool writes before the node's own output.
    between: Option<u64>,
    left_out: bool,
    /// Has to be computed anew.
    stale: bool,
    /// Its output has another shape than in the variant before.
    moved: bool,
}

impl Evaluator {
    /// For the variants of this space alone.
    pub fn new(space: &Space) -> Self {
        let network = with_flexible_sizes(&space.network);
        let plan = Plan::of(&network, &space.axes);
        let count = network.nodes.len();
        Self {
            layers: network.nodes.iter().map(|node| node.layer.clone()).collect(),
            separable: vec![false; count],
            head: None,
            input: network.input.with_batch(1).unwrap_or(network.input),
            choice: vec![usize::MAX; space.axes.len()],
            nodes: vec![NodeState { stale: true, ..NodeState::default() }; count],
            valid: 0,
            inputs: Vec::with_capacity(8),
            liveness: Liveness::default(),
            plan,
            space: Space { network, axes: space.axes.clone() },
        }
    }

    /// The costs of a variant, one value for each axis; `None` where it, or the network itself, cannot run.
    pub fn evaluate(&mut self, choice: &[usize]) -> Option<Metrics> {
        if !self.plan.runs {
            return None;
        }
        let input = self.input;
        self.choose(choice);
        let mut moved_input = input != self.input;
        // What came after a failure was not computed.
        let valid = std::mem::replace(&mut self.valid, 0);
        if valid == 0 {
            moved_input = true;
        }
        for index in 0..self.layers.len() {
            let above_moved = self.plan.wiring.taps(index).iter().any(|tap| match *tap {
                Tap::Input => moved_input,
                Tap::Node(above) => self.nodes[above].moved,
                Tap::Missing(_) | Tap::NotAbove(_) => true,
            });
            if index >= valid || self.nodes[index].stale || above_moved {
                let state = self.compute(index)?;
                let moved = index >= valid || state.output != self.nodes[index].output;
                self.nodes[index] = NodeState { moved, ..state };
            } else {
                self.nodes[index].moved = false;
            }
            self.valid = index + 1;
        }
        self.sum()
    }

    /// Takes in the values of a variant and marks what they change.
    fn choose(&mut self, choice: &[usize]) {
        let mut layers_changed = false;
        for (axis, (old, &new)) in self.choice.iter_mut().zip(choice).enumerate() {
            if *old == new {
                continue;
            }
            *old = new;
            match &self.space.axes[axis] {
                Axis::Width(_) | Axis::KernelSize { .. } | Axis::Channels { .. } => layers_changed = true,
                Axis::Resolution(values) => {
                    if let (Some(&(height, width)), &[batch, channels, ..]) = (values.get(new), self.input.sizes()) {
                        self.input = Dims::new(&[batch, channels, height, width]).unwrap_or(self.input);
                    }
                }
                Axis::Separable { .. } => {
                    for &node in &self.plan.touched[axis] {
                        self.separable[node] = new == 1;
                        self.nodes[node].stale = true;
                    }
                }
                Axis::Head(values) => {
                    self.head = values.get(new).copied().flatten();
                    for &node in &self.plan.touched[axis] {
                        self.nodes[node].stale = true;
                    }
                }
            }
        }
        if layers_changed {
            self.set_layers();
        }
    }

    fn set_layers(&mut self) {
        let width = self.space.axes.iter().position(|axis| matches!(axis, Axis::Width(_)));
        let width = width.map_or(0, |axis| self.choice[axis]);
        let Some(layers) = self.plan.layers_at_width.get(width) else { return };
        for &(index, ref axes) in &self.plan.variable {
            let base = &layers[index];
            let mut layer = None;
            for &axis in axes {
                let of_axis = match &self.space.axes[axis] {
                    Axis::Channels { counts, .. } => counts
                        .get(self.choice[axis])
                        .and_then(|&count| with_channels(layer.as_ref().unwrap_or(base), count)),
                    _ => None,
                };
                layer = of_axis.or(layer);
            }
            for &axis in axes {
                let now = layer.as_ref().unwrap_or(base);
                let of_axis = match (&self.space.axes[axis], now) {
                    (Axis::KernelSize { sizes, .. }, Layer::Conv2d(conv)) => {
                        sizes.get(self.choice[axis]).map(|&size| with_kernel(conv, size).into())
                    }
                    (Axis::KernelSize { sizes, .. }, Layer::Conv1d(conv)) => sizes
                        .get(self.choice[axis])
                        .map(|size| with_kernel(&conv.into(), Pair::new(1, size.width)).over(now)),
                    _ => None,
                };
                layer = of_axis.or(layer);
            }
            let layer = layer.as_ref().unwrap_or(base);
            if self.layers[index] != *layer {
                self.layers[index] = layer.clone();
                self.nodes[index].stale = true;
            }
        }
    }

    /// A node of the variant; `None` where it cannot take its input.
    fn compute(&mut self, index: usize) -> Option<NodeState> {
        self.inputs.clear();
        for &tap in self.plan.wiring.taps(index) {
            self.inputs.push(match tap {
                Tap::Input => self.input,
                Tap::Node(above) => self.nodes[above].output,
                Tap::Missing(_) | Tap::NotAbove(_) => return None,
            });
        }
        let mut state = NodeState::default();
        let drops = self.head.is_some_and(|head| head.hidden == HiddenLayers::Drop);
        if drops && self.plan.hidden[index] {
            state.left_out = true;
            state.output = *self.inputs.first()?;
            return Some(state);
        }
        let counted = !self.plan.counted_above[index];
        let layer = &self.layers[index];
        if let Some(conv) = Conv2d::of(layer).filter(|conv| self.separable[index] && is_divisible(conv)) {
            let (first, second) = (depthwise(&conv).over(layer), pointwise(&conv).over(layer));
            let input = *self.inputs.first()?;
            let between = shape::output(&first, &[input]).ok()?;
            state.output = shape::output(&second, &[between]).ok()?;
            let before = figures(&first, Some(&input), &between, counted);
            state.figures = before.plus(&figures(&second, Some(&between), &state.output, counted));
            state.between = Some(between.elements()?);
            return Some(state);
        }
        if self.plan.flatten == Some(index)
            && let Some(pooled) = self.pooled(self.inputs.first()?)
        {
            if self.plan.pool.is_none() {
                let elements = pooled.elements()?;
                state.between = Some(elements);
                state.figures.written = elements;
            }
            self.inputs[0] = pooled;
        }
        state.output = shape::output(layer, &self.inputs).ok()?;
        if self.plan.pool == Some(index)
            && let Some(pooled) = self.pooled(&state.output)
        {
            state.output = pooled;
        }
        let folded = self.plan.folded[index];
        let mut own = figures(layer, self.inputs.first(), &state.output, counted);
        if folded {
            own.flash = 0;
        }
        state.figures = state.figures.plus(&own);
        Some(state)
    }

    /// The map as the head averages it; `None` where it does not.
    fn pooled(&self, map: &Dims) -> Option<Dims> {
        let size = u64::try_from(self.head?.size).ok()?;
        let mut pooled = *map;
        pooled.sizes_mut().iter_mut().skip(2).for_each(|pixels| *pixels = (*pixels).min(size));
        (pooled != *map).then_some(pooled)
    }

    fn sum(&mut self) -> Option<Metrics> {
        let mut metrics = Metrics::default();
        self.liveness.start(self.input.elements()?);
        for (index, node) in self.nodes.iter().enumerate() {
            let taps = self.plan.wiring.taps(index).iter().map(|tap| match *tap {
                Tap::Node(above) => Some(above),
                Tap::Input | Tap::Missing(_) | Tap::NotAbove(_) => None,
            });
            if node.left_out {
                self.liveness.left_out(taps.into_iter().next().flatten());
                continue;
            }
            let flow = self.layers[index].kind().flow();
            self.liveness.node(taps, flow, node.output.elements()?, node.between);
            metrics.params = metrics.params.checked_add(node.figures.params)?;
            metrics.flash = metrics.flash.checked_add(node.figures.flash)?;
            metrics.written = metrics.written.checked_add(node.figures.written)?;
            metrics.workload = plus(&metrics.workload, &node.figures.workload);
        }
        metrics.macs = metrics.workload.macs();
        metrics.peak = self.liveness.peak()?;
        Some(metrics)
    }
}

impl Metrics {
    /// By published timings.
    pub fn milliseconds(&self, fitted: &Fitted) -> f64 {
        fitted.milliseconds(&self.workload)
    }
}
