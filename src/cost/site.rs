//! A layer in its place in a network.

use crate::model::{Dims, Flow, Layer};

use super::formula::Expression;

/// A layer in its place: what flows in and out, with the batch, `[N, C, H, W]`.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// With its arguments.
    pub layer: &'a Layer,
    /// In the order of the node's inputs.
    pub inputs: &'a [Dims],
    /// Of the one tensor that it gives.
    pub output: Dims,
}

/// Which tensor of a site a size belongs to, for its name in a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    In,
    Out,
}

impl Site<'_> {
    /// The first input, or the output where there is none.
    pub(super) fn input(&self) -> &Dims {
        self.inputs.first().unwrap_or(&self.output)
    }

    /// The elements of the first input.
    pub(super) fn input_elements<E: Expression>(&self) -> E {
        elements(self.input(), Side::In)
    }

    /// The elements of the output.
    pub(super) fn output_elements<E: Expression>(&self) -> E {
        elements(&self.output, Side::Out)
    }

    /// Writes no data of its own.
    pub(super) fn moves_nothing(&self) -> bool {
        match self.layer.kind().flow() {
            Flow::Views | Flow::Holds => true,
            Flow::Writes | Flow::InPlace => false,
        }
    }

    /// The elements of all inputs.
    pub(super) fn read<E: Expression>(&self) -> E {
        let mut inputs = self.inputs.iter().filter(|_| !self.moves_nothing());
        let first = inputs.next().map_or_else(|| E::constant(0), |input| elements(input, Side::In));
        inputs.fold(first, |sum, input| sum + elements(input, Side::In))
    }

    /// The elements of the output, unless it is a view of the input.
    pub(super) fn written<E: Expression>(&self) -> E {
        if self.moves_nothing() { E::constant(0) } else { self.output_elements() }
    }
}

/// The product of the sizes; a batch of one is left out.
pub(super) fn elements<E: Expression>(dims: &Dims, side: Side) -> E {
    let names: &[&'static str] = match (dims.rank(), side) {
        (4, Side::In) => &["N", "C_in", "H_in", "W_in"],
        (4, Side::Out) => &["N", "C_out", "H_out", "W_out"],
        (2, Side::In) => &["N", "F_in"],
        (2, Side::Out) => &["N", "F_out"],
        _ => &["size"; crate::model::MAX_RANK],
    };
    let has_batch = matches!(dims.rank(), 2 | 4);
    let shown = if has_batch && dims[0] == 1 { 1 } else { 0 };
    E::product(&dims.sizes()[shown..], &names[shown..])
}
