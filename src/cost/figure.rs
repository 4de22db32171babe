//! The figures of a row, and how each is counted.

use crate::model::Kind;
use crate::shape::{ParameterTensors, parameter_tensors};

use super::formula::{Count, Expression, Formula};
use super::macs::macs;
use super::operation::{self, BySort};
use super::parameter::{self, NumberType};
use super::site::Site;
use super::units::{Bytes, Elements, Flops, Macs, Operations, Params};

/// What a row, or a whole network, costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Parameters that learn.
    pub trainable: Params,
    /// Parameters that do not.
    pub frozen: Params,
    /// Elements of what is kept with the weights but not learned: running statistics and their counter.
    pub buffers: Elements,
    /// Multiply-accumulates of convolutions and matrix products; bias not counted.
    pub macs: Macs,
    /// Two for each multiply-accumulate.
    pub flops: Flops,
    /// What is really computed, with bias, activations, norms and pools.
    pub operations: BySort<Operations>,
    /// The parameters in the number type chosen.
    pub weight_bytes: Bytes,
    /// Elements of tensors read; a view reads none.
    pub input: Elements,
    /// Elements of tensors written; a view writes none.
    pub output: Elements,
    /// [`Figures::input`] in the number type chosen.
    pub input_bytes: Bytes,
    /// [`Figures::output`] in the number type chosen.
    pub output_bytes: Bytes,
}

/// The name of a figure, to ask how it comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the fields of Figures")]
pub enum Figure {
    Params,
    Buffers,
    Macs,
    Flops,
    Multiplications,
    Additions,
    Comparisons,
    Divisions,
    Exponentials,
    WeightBytes,
    Input,
    Output,
    InputBytes,
    OutputBytes,
}

/// What is done with the parameters of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Learning {
    Trainable,
    Frozen,
    /// They belong to a row above, which calls the same module.
    CountedAbove,
}

impl Figure {
    /// In the order of [`Figures`].
    pub const ALL: &'static [Self] = &[
        Self::Params,
        Self::Buffers,
        Self::Macs,
        Self::Flops,
        Self::Multiplications,
        Self::Additions,
        Self::Comparisons,
        Self::Divisions,
        Self::Exponentials,
        Self::WeightBytes,
        Self::Input,
        Self::Output,
        Self::InputBytes,
        Self::OutputBytes,
    ];

    /// As the heading of a column has it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Params => "params",
            Self::Buffers => "buffers",
            Self::Macs => "MACs",
            Self::Flops => "FLOPs",
            Self::Multiplications => "multiplications",
            Self::Additions => "additions",
            Self::Comparisons => "comparisons",
            Self::Divisions => "divisions",
            Self::Exponentials => "exponentials",
            Self::WeightBytes => "weight bytes",
            Self::Input => "elements read",
            Self::Output => "elements written",
            Self::InputBytes => "bytes read",
            Self::OutputBytes => "bytes written",
        }
    }

    /// How a layer's figure comes about: `8 * 16 * 2 * 2 + 16 = 528`. The code is that of the figure itself.
    pub fn explain(self, site: &Site, number_type: NumberType) -> Formula {
        let kind = site.layer.kind();
        let tensors = parameter_tensors(site.layer, site.inputs.first());
        match self {
            Self::Params => parameter::params(&tensors, kind),
            Self::Buffers => parameter::buffers(&tensors, kind),
            Self::Macs => macs(site),
            Self::Flops => flops(macs(site)),
            Self::Multiplications => operation::count(site, macs(site)).multiplications,
            Self::Additions => operation::count(site, macs(site)).additions,
            Self::Comparisons => operation::count(site, macs(site)).comparisons,
            Self::Divisions => operation::count(site, macs(site)).divisions,
            Self::Exponentials => operation::count(site, macs(site)).exponentials,
            Self::WeightBytes => parameter::bytes(&tensors, kind, number_type),
            Self::Input => site.read(),
            Self::Output => site.written(),
            Self::InputBytes => tensor_bytes(site.read(), number_type),
            Self::OutputBytes => tensor_bytes(site.written(), number_type),
        }
    }
}

impl Figures {
    /// All parameters, learning or not.
    pub fn params(&self) -> Params {
        Params(self.trainable.0.saturating_add(self.frozen.0))
    }

    /// Multiply-accumulates for each byte of weights and tensors that is read or written; `None` where none is.
    pub fn arithmetic_intensity(&self) -> Option<f64> {
        let bytes = self.weight_bytes.0 as f64 + self.input_bytes.0 as f64 + self.output_bytes.0 as f64;
        (bytes > 0.0).then(|| self.macs.0 as f64 / bytes)
    }

    /// The figures of one layer by itself; the figure that does not fit 64 bits as the error.
    pub fn of_layer(site: &Site, number_type: NumberType) -> Result<Self, Figure> {
        Self::of(site, number_type, Learning::Trainable)
    }

    pub(super) fn of(site: &Site, number_type: NumberType, learning: Learning) -> Result<Self, Figure> {
        let kind = site.layer.kind();
        let macs = macs::<Count>(site);
        let operations = operation::count(site, macs);
        let (input, output) = (site.read::<Count>(), site.written::<Count>());
        let mut figures = Self {
            macs: Macs(fits(Figure::Macs, macs)?),
            flops: Flops(fits(Figure::Flops, flops(macs))?),
            operations: BySort {
                multiplications: Operations(fits(Figure::Multiplications, operations.multiplications)?),
                additions: Operations(fits(Figure::Additions, operations.additions)?),
                comparisons: Operations(fits(Figure::Comparisons, operations.comparisons)?),
                divisions: Operations(fits(Figure::Divisions, operations.divisions)?),
                exponentials: Operations(fits(Figure::Exponentials, operations.exponentials)?),
            },
            input: Elements(fits(Figure::Input, input)?),
            output: Elements(fits(Figure::Output, output)?),
            input_bytes: Bytes(fits(Figure::InputBytes, tensor_bytes(input, number_type))?),
            output_bytes: Bytes(fits(Figure::OutputBytes, tensor_bytes(output, number_type))?),
            ..Self::default()
        };
        if kind.may_have_parameters() && learning != Learning::CountedAbove {
            let tensors = parameter_tensors(site.layer, site.inputs.first());
            figures.set_parameters(&tensors, kind, number_type, learning)?;
        }
        Ok(figures)
    }

    /// The figures of a module that is registered but never called.
    pub(super) fn of_uncalled(
        tensors: &ParameterTensors,
        kind: Kind,
        number_type: NumberType,
        learning: Learning,
    ) -> Result<Self, Figure> {
        let mut figures = Self::default();
        figures.set_parameters(tensors, kind, number_type, learning)?;
        Ok(figures)
    }

    /// The sum; the figure whose sum does not fit 64 bits as the error.
    pub(super) fn plus(&self, other: &Self) -> Result<Self, Figure> {
        let (ours, theirs) = (&self.operations, &other.operations);
        let add = |figure: Figure, one: u64, other: u64| one.checked_add(other).ok_or(figure);
        let operations = |figure, one: Operations, other: Operations| add(figure, one.0, other.0).map(Operations);
        let sum = Self {
            trainable: Params(add(Figure::Params, self.trainable.0, other.trainable.0)?),
            frozen: Params(add(Figure::Params, self.frozen.0, other.frozen.0)?),
            buffers: Elements(add(Figure::Buffers, self.buffers.0, other.buffers.0)?),
            macs: Macs(add(Figure::Macs, self.macs.0, other.macs.0)?),
            flops: Flops(add(Figure::Flops, self.flops.0, other.flops.0)?),
            operations: BySort {
                multiplications: operations(Figure::Multiplications, ours.multiplications, theirs.multiplications)?,
                additions: operations(Figure::Additions, ours.additions, theirs.additions)?,
                comparisons: operations(Figure::Comparisons, ours.comparisons, theirs.comparisons)?,
                divisions: operations(Figure::Divisions, ours.divisions, theirs.divisions)?,
                exponentials: operations(Figure::Exponentials, ours.exponentials, theirs.exponentials)?,
            },
            weight_bytes: Bytes(add(Figure::WeightBytes, self.weight_bytes.0, other.weight_bytes.0)?),
            input: Elements(add(Figure::Input, self.input.0, other.input.0)?),
            output: Elements(add(Figure::Output, self.output.0, other.output.0)?),
            input_bytes: Bytes(add(Figure::InputBytes, self.input_bytes.0, other.input_bytes.0)?),
            output_bytes: Bytes(add(Figure::OutputBytes, self.output_bytes.0, other.output_bytes.0)?),
        };
        add(Figure::Params, sum.trainable.0, sum.frozen.0)?;
        Ok(sum)
    }

    fn set_parameters(
        &mut self,
        tensors: &ParameterTensors,
        kind: Kind,
        number_type: NumberType,
        learning: Learning,
    ) -> Result<(), Figure> {
        let params = Params(fits(Figure::Params, parameter::params(tensors, kind))?);
        match learning {
            Learning::Trainable => self.trainable = params,
            Learning::Frozen => self.frozen = params,
            Learning::CountedAbove => return Ok(()),
        }
        self.buffers = Elements(fits(Figure::Buffers, parameter::buffers(tensors, kind))?);
        self.weight_bytes = Bytes(fits(Figure::WeightBytes, parameter::bytes(tensors, kind, number_type))?);
        Ok(())
    }
}

fn fits(figure: Figure, count: Count) -> Result<u64, Figure> {
    count.0.ok_or(figure)
}

fn flops<E: Expression>(macs: E) -> E {
    E::constant(2) * macs
}

fn tensor_bytes<E: Expression>(elements: E, number_type: NumberType) -> E {
    elements * E::named("bytes a number", number_type.activation_bytes())
}
