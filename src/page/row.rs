//! What a row shows, derived from its design.

use crate::cost;
use crate::model::{Kind, Layer, NodeId, Value};
use crate::shape::{NodeShape, known_parameters};

use super::derived::{Derived, DesignState};
use super::format::short;
use super::window::{MOST_SPACE, MOST_UNITS};
use super::wiring::takes;

/// Everything that a row shows. Rows are redrawn where this differs.
#[derive(Clone, Debug, PartialEq)]
pub struct RowView {
    /// Index in the workbench.
    pub design: usize,
    /// The node's place in its network.
    pub index: usize,
    /// The node's.
    pub name: String,
    /// The node's, with its arguments.
    pub layer: Layer,
    /// The names of what flows in, where that is not the row above.
    pub takes: Option<String>,
    /// `4x2x151`, or nothing where it is not known.
    pub out: String,
    /// 0 where a row above has them.
    pub params: u64,
    /// With the batch.
    pub macs: u64,
    /// Of the design's parameters.
    pub share: f64,
    /// Whether its numbers stand, or why not.
    pub state: RowState,
    /// How many rows' height it takes to stand beside its counterpart.
    pub units: usize,
    /// How many rows' height is left free above it.
    pub space: usize,
}

/// Whether a row has its numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum RowState {
    /// It has.
    Fine,
    /// PyTorch's class of exception and words, and the way out.
    Failed {
        /// `RuntimeError`.
        class: &'static str,
        /// PyTorch's.
        words: String,
        /// What to change.
        way_out: Option<String>,
    },
    /// Named: the row that it waits for.
    Waits {
        /// The row's name.
        on: String,
    },
    /// Its cost is not known.
    Unsupported,
    /// A sum that does not fit.
    Overflow(String),
}

impl RowState {
    /// For the hook `data-state`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Failed { .. } | Self::Waits { .. } | Self::Overflow(_) => "error",
            Self::Unsupported => "unsupported",
        }
    }
}

/// The view of one row; `None` where it is gone.
pub fn row_view(derived: &Derived, design: usize, id: NodeId) -> Option<RowView> {
    let state = derived.designs.get(design)?;
    let network = state.network();
    let index = network.position(id)?;
    let node = &network.nodes[index];
    let figures = &state.report.rows[index].figures;
    let params = figures.params().0;
    let total = state.params();
    let (units, space) = heights(derived, design, index);
    Some(RowView {
        design,
        index,
        name: node.name.clone(),
        layer: node.layer.clone(),
        takes: takes(network, index),
        out: state.report.shapes.nodes[index].dims().map_or(String::new(), |dims| dims.without_batch().to_string()),
        params,
        macs: figures.macs.0,
        share: if total == 0 { 0.0 } else { params as f64 / total as f64 },
        state: row_state(state, index),
        units,
        space,
    })
}

fn row_state(state: &DesignState, index: usize) -> RowState {
    let network = state.network();
    match &state.report.shapes.nodes[index] {
        NodeShape::Failed(error) => {
            RowState::Failed { class: error.class(), words: error.to_string(), way_out: error.way_out() }
        }
        NodeShape::Waits { on } => RowState::Waits { on: network.nodes[*on].name.clone() },
        NodeShape::Known(_) => match &state.report.rows[index].state {
            cost::RowState::Overflow(error) => RowState::Overflow(error.to_string()),
            cost::RowState::Unsupported => RowState::Unsupported,
            cost::RowState::Exact | cost::RowState::Assumed | cost::RowState::NoShape => RowState::Fine,
        },
    }
}

/// Rows of two designs that belong together take the same height.
fn heights(derived: &Derived, design: usize, index: usize) -> (usize, usize) {
    let (Some(comparison), Some((left, right))) = (&derived.comparison, derived.pair) else { return (1, 0) };
    if design != left && design != right {
        return (1, 0);
    }
    let mut space = 0;
    for row in &comparison.rows {
        let (own, other) = if design == left { (&row.left, &row.right) } else { (&row.right, &row.left) };
        match own.iter().position(|&own| own == index) {
            None if own.is_empty() => space += other.len(),
            None => space = 0,
            Some(position) => {
                let last = position + 1 == own.len();
                let units = if last { 1 + other.len().saturating_sub(own.len()) } else { 1 };
                return (units.min(MOST_UNITS), if position == 0 { space.min(MOST_SPACE) } else { 0 });
            }
        }
    }
    (1, 0)
}

/// The arguments shown in the row itself, with what stands before each.
pub fn inline_arguments(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Conv2d | Kind::ConvTranspose2d | Kind::Conv1d | Kind::ConvTranspose1d => {
            &[("out_channels", ""), ("kernel_size", "k"), ("stride", "s"), ("padding", "p")]
        }
        Kind::MaxPool2d | Kind::AvgPool2d | Kind::MaxPool1d | Kind::AvgPool1d => {
            &[("kernel_size", "k"), ("stride", "s"), ("padding", "p")]
        }
        Kind::Linear => &[("out_features", "")],
        Kind::AdaptiveAvgPool2d | Kind::AdaptiveMaxPool2d | Kind::AdaptiveAvgPool1d | Kind::AdaptiveMaxPool1d => {
            &[("output_size", "")]
        }
        Kind::GroupNorm => &[("num_groups", "groups")],
        Kind::ChannelShuffle => &[("groups", "groups")],
        Kind::Upsample => &[("scale_factor", "×")],
        Kind::ZeroPad2d | Kind::ConstantPad2d | Kind::ReflectionPad2d | Kind::ReplicationPad2d => &[("padding", "p")],
        Kind::PixelShuffle => &[("upscale_factor", "×")],
        Kind::PixelUnshuffle => &[("downscale_factor", "÷")],
        Kind::Dropout | Kind::Dropout2d | Kind::AlphaDropout | Kind::StochasticDepth => &[("p", "p")],
        Kind::Chunk => &[("index", ""), ("chunks", "of")],
        Kind::Cat | Kind::Mean => &[("dim", "dim")],
        Kind::View => &[("shape", "")],
        _ => &[],
    }
}

/// The other arguments that differ from their defaults, in short words.
pub fn notes(layer: &Layer) -> Vec<String> {
    if let Layer::Unsupported(layer) = layer {
        return vec![layer.arguments.clone()];
    }
    let inline = inline_arguments(layer.kind());
    let outside = |name: &str| inline.iter().all(|(inline, _)| *inline != name);
    let differing = layer.written_arguments().filter(|(name, _)| outside(name) && *name != "inplace");
    differing.map(|(name, value)| note(name, &value)).collect()
}

fn note(name: &str, value: &Value) -> String {
    match (name, value) {
        ("groups", Value::Text(_)) => "depthwise".to_string(),
        ("bias", Value::Bool(false)) => "no bias".to_string(),
        (name, Value::Bool(true)) => name.to_string(),
        (name, Value::Bool(false)) => format!("no {name}"),
        (name, Value::None) => format!("{name} None"),
        (name, value) => format!("{name} {}", plain(value)),
    }
}

/// A value as one types it: no quotes, no parentheses.
pub fn plain(value: &Value) -> String {
    match value {
        Value::None => String::new(),
        Value::Text(text) => text.clone(),
        Value::List(items) => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.to_string(),
    }
}

/// A row's parameters, or what is known of them.
pub fn params(view: &RowView) -> String {
    let known = matches!(&view.layer, Layer::Unsupported(layer) if known_parameters(layer).is_some());
    if known { short(view.params) } else { number(view, view.params) }
}

/// What comes out, where it came from if not from above, and the other arguments that differ from their defaults.
pub fn output(view: &RowView) -> String {
    let out = if view.out.is_empty() { String::new() } else { format!("→ {}", view.out.replace('x', "×")) };
    let takes = view.takes.as_ref().map(|takes| format!("from {takes}"));
    let notes = notes(&view.layer).into_iter().chain(takes);
    std::iter::once(out).chain(notes).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// PyTorch's class, or that of an unknown layer.
pub fn class_of(view: &RowView) -> String {
    match &view.layer {
        Layer::Unsupported(layer) if !layer.class.is_empty() => layer.class.clone(),
        layer => layer.kind().class().to_string(),
    }
}

/// A count, or a dash where there is none to tell.
pub fn number(view: &RowView, number: u64) -> String {
    match view.state {
        RowState::Fine if number == 0 => "–".to_string(),
        RowState::Fine => short(number),
        RowState::Unsupported => "?".to_string(),
        RowState::Failed { .. } | RowState::Waits { .. } | RowState::Overflow(_) => "–".to_string(),
    }
}
