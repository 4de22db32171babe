//! What LSTM, GRU and RNN give besides their output: the states behind the last step.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::python::Run;
use super::leaf_shapes::{flag, size};
use super::module_state::Leaf;
use super::tensor::{RecurrentState, Tensor, TensorSource};
use super::{Machine, Value};
use crate::model::{self, Dims, Layer};

impl Machine {
    /// The states of a recurrent layer: `h_n`, for an LSTM `(h_n, c_n)`.
    pub(crate) fn states(&mut self, class: &str, leaf: &Leaf, output: &Rc<Tensor>) -> Run<Value> {
        let Some(hidden) = self.state(class, leaf, output, "h_n") else { return Ok(Value::unknown("a state")) };
        if class != "LSTM" {
            return Ok(hidden);
        }
        let cell = self.state(class, leaf, output, "c_n").unwrap_or_else(|| Value::unknown("a state"));
        self.new_tuple(vec![hidden, cell])
    }

    fn state(&self, class: &str, leaf: &Leaf, output: &Rc<Tensor>, name: &'static str) -> Option<Value> {
        let sizes = output.dims.filter(|dims| dims.rank() == 3)?;
        let batch_first = flag(leaf, "batch_first", false);
        let layers = size(leaf, "num_layers").unwrap_or(1);
        let directions = if flag(leaf, "bidirectional", false) { 2 } else { 1 };
        let projected = size(leaf, "proj_size").filter(|&size| size > 0 && class == "LSTM" && name == "h_n");
        let hidden = projected.or(size(leaf, "hidden_size"))?;
        let batch = sizes[usize::from(!batch_first)];
        let dims = Dims::new(&[layers.checked_mul(directions)?, batch, hidden]);
        if self.host.trace.is_none() || !Self::flows(output) {
            return Some(Value::Tensor(Tensor::made(dims)));
        }
        let output = output.clone();
        let state = RecurrentState { name, output, batch_first, layers, directions, hidden, made: RefCell::new(None) };
        Some(Value::Tensor(Rc::new(Tensor { dims, source: TensorSource::State(Rc::new(state)), numbers: None })))
    }

    /// The rows that give a state. The last layer's `h_n` are steps of the output; nothing else of a state is in it.
    pub(crate) fn state_rows(&mut self, state: &RecurrentState) -> Run<Rc<Tensor>> {
        if let Some(made) = state.made.borrow().clone() {
            return Ok(made);
        }
        let swap = || Layer::Transpose(model::Transpose { dim0: 0, dim1: 1 });
        let made = if state.name == "h_n" && state.layers == 1 {
            let mut steps = Vec::new();
            for direction in 0..state.directions {
                steps.push(self.last_step(state, direction)?);
            }
            match steps.as_slice() {
                [one] => one.clone(),
                many => self.silently("cat", Layer::Cat(model::Cat { dim: 0 }), many)?,
            }
        } else {
            let mut output = state.output.clone();
            if !state.batch_first {
                output = self.silently("transpose", swap(), &[output])?;
            }
            // [N, num_layers * directions, H]
            let sizes = [state.layers.saturating_mul(state.directions), state.hidden];
            let shape = sizes.iter().map(|&size| i64::try_from(size).unwrap_or(i64::MAX)).collect();
            let class = state.name.to_string();
            let (parameters, macs) = (Some(0), Some(0));
            let unknown =
                model::Unsupported { class, shape: Some(shape), parameters, macs, ..model::Unsupported::default() };
            let states = self.silently(state.name, Layer::Unsupported(unknown), &[output])?;
            self.silently("transpose", swap(), &[states])?
        };
        *state.made.borrow_mut() = Some(made.clone());
        Ok(made)
    }

    /// `h_n` of one direction, `[1, N, H]`: the last step forwards, the first one backwards.
    fn last_step(&mut self, state: &RecurrentState, direction: u64) -> Run<Rc<Tensor>> {
        let mut step = state.output.clone();
        if state.directions > 1 {
            let at = |place: u64| i64::try_from(place.saturating_mul(state.hidden)).unwrap_or(i64::MAX);
            let end = (direction + 1 < state.directions).then(|| at(direction + 1));
            let features = model::Slice { start: at(direction), end, dim: 2 };
            step = self.silently("slice", Layer::Slice(features), &[step])?;
        }
        let dim = i64::from(state.batch_first);
        let (start, end) = if direction == 0 { (-1, None) } else { (0, Some(1)) };
        step = self.silently("slice", Layer::Slice(model::Slice { start, end, dim }), &[step])?;
        if state.batch_first {
            let swap = Layer::Transpose(model::Transpose { dim0: 0, dim1: 1 });
            step = self.silently("transpose", swap, &[step])?;
        }
        Ok(step)
    }
}
