//! What a network costs: parameters, multiply-accumulates, operations, memory; row by row and in total.
//!
//! Every count is checked: one that does not fit 64 bits is an error of its row, never a wrapped number. What
//! cannot be known is never zero: [`RowState`] and [`Completeness`] tell it apart. The same code yields a count
//! and its formula ([`Report::explain`]).

mod convention;
mod error;
mod figure;
mod formula;
mod macs;
mod memory;
mod operation;
mod parameter;
mod receptive_field;
mod site;
pub mod units;

pub use convention::{Convention, Difference, Failure, Tally, Unit};
pub use error::CostError;
pub use figure::{Figure, Figures};
pub use formula::{Count, Expression, Formula};
pub use macs::multiply_accumulates;
pub use memory::{ARENA_ALIGNMENT, Memory};
pub use operation::BySort;
pub use parameter::NumberType;
pub use receptive_field::{Extent, ReceptiveField};
pub use site::Site;

use crate::model::{Dims, Kind, Layer, Network, Tap, Wiring, is_within};
use crate::shape::{self, Shapes, known_parameters, parameter_tensors, uncalled_tensors};
use figure::Learning;
use receptive_field::Dependence;
use units::{Macs, Params};

/// What changes numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Samples in one run.
    pub batch: u64,
    /// How weights and activations are kept, for bytes.
    pub number_type: NumberType,
    /// Modules whose parameters, and those of everything below them, do not learn: `features.0`.
    pub frozen: Vec<String>,
}

/// A network's cost.
#[derive(Clone, Debug)]
pub struct Report {
    /// With which it was counted.
    pub settings: Settings,
    /// Which node reads which.
    pub wiring: Wiring,
    /// With the batch.
    pub shapes: Shapes,
    /// In the order of the nodes.
    pub rows: Vec<Row>,
    dependences: Vec<Dependence>,
    /// Of the modules that are registered but never called, in their order.
    pub uncalled: Vec<Row>,
    /// Of the rows and the uncalled modules.
    pub totals: Totals,
    /// `None` where it does not fit 64 bits.
    pub memory: Option<Memory>,
}

/// A row's cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// How far the figures can be trusted.
    pub state: RowState,
    /// All zero where the state knows none, but for the parameters.
    pub figures: Figures,
    params_known: bool,
    /// The row above that calls the same module: the parameters count there.
    pub shared_with: Option<u32>,
}

/// How far a row's figures can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowState {
    /// Counted, on a shape that is known.
    Exact,
    /// Counted on the shape that an unsupported layer above was taken to give.
    Assumed,
    /// Nothing is known of the layer, but perhaps its parameters.
    Unsupported,
    /// It has no shape: [`Report::shapes`] says why.
    NoShape,
    /// A figure of it, or of the rows up to it, does not fit 64 bits.
    Overflow(Box<CostError>),
}

/// The sum of all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Of the rows whose figures are known.
    pub figures: Figures,
    /// How far the sums can be trusted.
    pub completeness: Completeness,
}

/// How far a sum can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// Rows that are not in the sum, as their figures are not known.
    pub missing: u32,
    /// Those of them whose parameters are not in the sum either.
    pub missing_params: u32,
    /// Rows that were counted on an assumed shape.
    pub assumed: u32,
    /// Those of them that have parameters.
    pub assumed_params: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { batch: 1, number_type: NumberType::F32, frozen: Vec::new() }
    }
}

impl Completeness {
    /// Nothing is missing and nothing assumed.
    pub const fn is_exact(&self) -> bool {
        self.missing == 0 && self.assumed == 0
    }

    /// What to write before a sum: nothing, `at least`, `about`.
    pub const fn qualifier(&self) -> &'static str {
        qualifier(self.missing, self.assumed)
    }

    /// What to write before a sum of parameters.
    pub const fn params_qualifier(&self) -> &'static str {
        qualifier(self.missing_params, self.assumed_params)
    }
}

const fn qualifier(missing: u32, assumed: u32) -> &'static str {
    match (missing, assumed) {
        (0, 0) => "",
        (_, 0) => "at least",
        (_, _) => "about",
    }
}

impl RowState {
    /// For texts that programs read: `ok`, `error`, `unsupported`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Exact | Self::Assumed => "ok",
            Self::Unsupported => "unsupported",
            Self::NoShape | Self::Overflow(_) => "error",
        }
    }

    /// Whether the row's figures are in the totals.
    pub const fn is_counted(&self) -> bool {
        matches!(self, Self::Exact | Self::Assumed)
    }
}

/// The cost of a network.
pub fn analyze(network: &Network, settings: &Settings) -> Report {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, settings.batch);
    let first_calls = network.first_calls();
    let mut rows = Vec::with_capacity(network.nodes.len());
    let mut totals = Totals::default();
    let input = Dependence::of_input(&shapes.input);
    let mut dependences: Vec<Dependence> = Vec::with_capacity(network.nodes.len());
    let mut inputs = Vec::new();
    let mut assumed = Vec::with_capacity(network.nodes.len());
    for (index, shared_with) in first_calls.iter().enumerate() {
        let node = &network.nodes[index];
        let learning = match shared_with {
            Some(_) => Learning::CountedAbove,
            None => learning(&settings.frozen, &node.name),
        };
        let site = site(network, &wiring, &shapes, index, &mut inputs);
        let dependence =
            site.map_or(Dependence::Unknown, |site| Dependence::of(&site, input, wiring.taps(index), &dependences));
        dependences.push(dependence);
        assumed.push(is_assumed(network, &wiring, &assumed, index));
        let state = row_state(network, assumed[index], index, site.is_some());
        let mut row = Row::new(state, shared_with.map(|earlier| earlier as u32));
        let counted = match &node.layer {
            Layer::Unsupported(layer) if layer.macs.is_none() => known_parameters(layer).map(|_| {
                let tensors = parameter_tensors(&node.layer, None);
                Figures::of_uncalled(&tensors, Kind::Unsupported, settings.number_type, learning)
            }),
            _ => site.map(|site| Figures::of(&site, settings.number_type, learning)),
        };
        row.count(&mut totals, counted, (index, &node.name));
        rows.push(row);
    }
    let uncalled = network.uncalled.iter().enumerate().map(|(index, module)| {
        let learning = learning(&settings.frozen, &module.name);
        let tensors = uncalled_tensors(module);
        let counted = Figures::of_uncalled(&tensors, module.layer.kind(), settings.number_type, learning);
        let (state, counted) = match &module.layer {
            Layer::Unsupported(layer) if known_parameters(layer).is_none() => (RowState::Unsupported, None),
            // It has nothing: it says that the other rows' wiring is assumed.
            Layer::Unsupported(layer) if known_parameters(layer) == Some(0) => (RowState::Assumed, Some(counted)),
            _ => (RowState::Exact, Some(counted)),
        };
        let mut row = Row::new(state, None);
        row.count(&mut totals, counted, (network.nodes.len() + index, &module.name));
        row
    });
    let uncalled = uncalled.collect();
    let memory = Memory::new(network, &wiring, &shapes, settings.number_type.activation_bytes());
    Report { settings: settings.clone(), wiring, shapes, rows, dependences, uncalled, totals, memory }
}

impl Report {
    /// What the first output of a row depends on; `None` where it depends on no pixel or that cannot be told.
    pub fn receptive_field(&self, row: usize) -> Option<ReceptiveField> {
        self.dependences.get(row)?.receptive_field()
    }

    /// How a row's figure comes about: `8 * 16 * 2 * 2 + 16 = 528`. `None` where it is not known.
    pub fn explain(&self, network: &Network, row: usize, figure: Figure) -> Option<Formula> {
        self.rows.get(row).filter(|row| row.state.is_counted())?;
        let mut inputs = Vec::new();
        let site = site(network, &self.wiring, &self.shapes, row, &mut inputs)?;
        Some(figure.explain(&site, self.settings.number_type))
    }
}

impl Row {
    fn new(state: RowState, shared_with: Option<u32>) -> Self {
        Self { state, figures: Figures::default(), params_known: false, shared_with }
    }

    /// All parameters; `None` where they are not known.
    pub fn params(&self) -> Option<Params> {
        self.params_known.then(|| self.figures.params())
    }

    /// `None` where they are not known.
    pub fn macs(&self) -> Option<Macs> {
        self.state.is_counted().then_some(self.figures.macs)
    }

    /// Takes the figures in, and adds them to the totals where they are known and fit.
    fn count(&mut self, totals: &mut Totals, counted: Option<Result<Figures, Figure>>, (row, name): (usize, &str)) {
        let overflow = |figure, in_total| {
            RowState::Overflow(Box::new(CostError::Overflow { row, name: name.to_string(), figure, in_total }))
        };
        if self.state.is_counted() || self.state == RowState::Unsupported {
            match counted {
                None if self.state == RowState::Unsupported => {}
                None => self.state = RowState::NoShape,
                Some(Err(figure)) => self.state = overflow(figure, false),
                Some(Ok(figures)) => match totals.figures.plus(&figures) {
                    Err(figure) => self.state = overflow(figure, true),
                    Ok(sum) => {
                        totals.figures = sum;
                        self.figures = figures;
                        self.params_known = true;
                    }
                },
            }
        }
        if !self.params_known {
            totals.completeness.missing_params += 1;
        }
        match self.state {
            RowState::Exact => {}
            RowState::Assumed => {
                totals.completeness.assumed += 1;
                totals.completeness.assumed_params += u32::from(self.figures.params().0 > 0);
            }
            RowState::Unsupported | RowState::NoShape | RowState::Overflow(_) => totals.completeness.missing += 1,
        }
    }
}

fn learning(frozen: &[String], name: &str) -> Learning {
    if frozen.iter().any(|module| is_within(name, module)) { Learning::Frozen } else { Learning::Trainable }
}

/// A node in its place; `None` where it has no shape.
fn site<'a>(
    network: &'a Network,
    wiring: &Wiring,
    shapes: &Shapes,
    index: usize,
    inputs: &'a mut Vec<Dims>,
) -> Option<Site<'a>> {
    let output = *shapes.nodes[index].dims()?;
    inputs.clear();
    for &tap in wiring.taps(index) {
        inputs.push(*shapes.tap(tap)?);
    }
    Some(Site { layer: &network.nodes[index].layer, inputs, output })
}

fn row_state(network: &Network, assumed: bool, index: usize, has_shape: bool) -> RowState {
    if !has_shape {
        return RowState::NoShape;
    }
    match (&network.nodes[index].layer, assumed) {
        (Layer::Unsupported(layer), _) if layer.macs.is_none() => RowState::Unsupported,
        (_, true) => RowState::Assumed,
        (_, false) => RowState::Exact,
    }
}

/// Whether what flows in has a shape that is only assumed; of the rows above that is known.
fn is_assumed(network: &Network, wiring: &Wiring, above: &[bool], index: usize) -> bool {
    wiring.taps(index).iter().any(|&tap| match tap {
        Tap::Node(input) => match &network.nodes[input].layer {
            Layer::Unsupported(layer) => (layer.shape.is_none() && layer.macs.is_none()) || above[input],
            _ => above[input],
        },
        Tap::Input | Tap::Missing(_) | Tap::NotAbove(_) => false,
    })
}
