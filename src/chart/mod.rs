//! Charts on any plotters backend: SVG in tests, a canvas on the page. Pure functions of data, width and theme.
//!
//! A chart is data ([`BarChart`], [`CurveChart`], [`DepthChart`], [`ScatterChart`]); its layout says where everything
//! stands, in CSS pixels, for a width; the same layout draws, says what lies under the pointer, and how high the canvas
//! must be. [`Table`] holds the same data as text.

mod bars;
mod brush;
mod curve;
mod data;
mod depth;
mod picture;
mod scale;
mod scatter;
mod table;
mod theme;

pub use bars::{Bar, BarChart, BarLayout, BarRow, BarValue};
pub use brush::DrawError;
pub use curve::{CurveChart, CurveLayout, CurvePanel, CurvePoint, CurveValue};
pub use data::{ChartSide, curves_of_sweep, macs_by_layer, memory_over_depth, params_by_layer, rows_of_one};
pub use depth::{DepthChart, DepthLayout, DepthSeries, DepthStep};
pub use picture::{Layout, Picture};
pub use scale::{Scale, Unit};
pub use scatter::{ScatterAxis, ScatterChart, ScatterLayout, ScatterPoint, Side};
pub use table::Table;
pub use theme::Theme;

/// Whose data a bar or line shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The design's name.
    pub name: String,
    /// The design's index, which says its colour.
    pub color: usize,
}

/// Where a chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surface<'a> {
    pub theme: &'a Theme,
    /// Device pixels for each CSS pixel.
    pub density: f64,
    /// The row under the pointer, to be set off.
    pub highlight: Option<usize>,
}

/// What lies under the pointer.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub row: usize,
    /// `None` between the bars of a row.
    pub series: Option<usize>,
    /// What the row is, and a line for each design.
    pub text: String,
    /// Where to point at, in CSS pixels.
    pub x: f64,
    pub y: f64,
}
