//! A chart of any sort, laid out for a width.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{
    BarChart, BarLayout, CurveChart, CurveLayout, DepthChart, DepthLayout, Hit, Scale, ScatterChart, ScatterLayout,
    Side, Surface, Table, Theme,
};

/// The data of a chart.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    Bars(BarChart),
    Curves(CurveChart),
    Depth(DepthChart),
    Scatter(ScatterChart),
}

/// Where everything stands.
pub enum Layout {
    Bars(BarLayout),
    Curves(CurveLayout),
    Depth(DepthLayout),
    Scatter(ScatterLayout),
}

impl Picture {
    pub fn title(&self) -> &str {
        match self {
            Self::Bars(chart) => &chart.title,
            Self::Curves(chart) => &chart.title,
            Self::Depth(chart) => &chart.title,
            Self::Scatter(chart) => &chart.title,
        }
    }

    /// With bars on this scale.
    pub fn scaled(mut self, scale: Scale) -> Self {
        if let Self::Bars(chart) = &mut self {
            chart.scale = scale;
        }
        self
    }

    pub fn table(&self) -> Table {
        match self {
            Self::Bars(chart) => chart.table(),
            Self::Curves(chart) => chart.table(),
            Self::Depth(chart) => chart.table(),
            Self::Scatter(chart) => chart.table(),
        }
    }

    /// The layout for a width in CSS pixels.
    pub fn layout(&self, width: f64, theme: &Theme) -> Layout {
        match self {
            Self::Bars(chart) => Layout::Bars(chart.layout(width, theme)),
            Self::Curves(chart) => Layout::Curves(chart.layout(width, theme)),
            Self::Depth(chart) => Layout::Depth(chart.layout(width, theme)),
            Self::Scatter(chart) => Layout::Scatter(chart.layout(width, theme)),
        }
    }

    /// What lies at a place, in CSS pixels.
    pub fn hit(&self, layout: &Layout, x: f64, y: f64) -> Option<Hit> {
        match (self, layout) {
            (Self::Bars(chart), Layout::Bars(layout)) => chart.hit(layout, x, y),
            (Self::Curves(chart), Layout::Curves(layout)) => chart.hit(layout, x, y),
            (Self::Depth(chart), Layout::Depth(layout)) => chart.hit(layout, x, y),
            (Self::Scatter(chart), Layout::Scatter(layout)) => chart.hit(layout, x, y),
            (_, Layout::Bars(_) | Layout::Curves(_) | Layout::Depth(_) | Layout::Scatter(_)) => None,
        }
    }

    /// The axis whose budget can be taken hold of at a place, in CSS pixels.
    pub fn grip(&self, layout: &Layout, x: f64, y: f64) -> Option<Side> {
        match (self, layout) {
            (Self::Scatter(chart), Layout::Scatter(layout)) => chart.grip(layout, x, y),
            _ => None,
        }
    }

    /// The budget that a line dropped at a place sets.
    pub fn budget_at(&self, layout: &Layout, side: Side, x: f64, y: f64) -> Option<u64> {
        match (self, layout) {
            (Self::Scatter(chart), Layout::Scatter(layout)) => chart.budget_at(layout, side, x, y),
            _ => None,
        }
    }

    /// The picture as SVG, for a width in CSS pixels.
    pub fn to_svg(&self, width: f64, theme: &Theme) -> String {
        let layout = self.layout(width, theme);
        let (width, height) = layout.size();
        let mut text = String::new();
        {
            let area =
                SVGBackend::with_string(&mut text, (width.round() as u32, height.round() as u32)).into_drawing_area();
            self.draw_on(&area, &layout, &Surface { theme, density: 1.0, highlight: None });
            // What is written stands in the text all the same.
            let _ = area.present();
        }
        text
    }

    /// Draws it. What cannot be drawn is in the table all the same.
    pub fn draw_on<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, layout: &Layout, surface: &Surface<'_>)
    where
        B::ErrorType: 'static,
    {
        let _ = match (self, layout) {
            (Self::Bars(chart), Layout::Bars(layout)) => chart.draw(area, layout, surface),
            (Self::Curves(chart), Layout::Curves(layout)) => chart.draw(area, layout, surface),
            (Self::Depth(chart), Layout::Depth(layout)) => chart.draw(area, layout, surface),
            (Self::Scatter(chart), Layout::Scatter(layout)) => chart.draw(area, layout, surface),
            (_, Layout::Bars(_) | Layout::Curves(_) | Layout::Depth(_) | Layout::Scatter(_)) => Ok(()),
        };
    }
}

impl Layout {
    /// Width and height in CSS pixels.
    pub fn size(&self) -> (f64, f64) {
        match self {
            Self::Bars(layout) => (layout.width, layout.height),
            Self::Curves(layout) => (layout.width, layout.height),
            Self::Depth(layout) => (layout.width, layout.height),
            Self::Scatter(layout) => (layout.width, layout.height),
        }
    }
}
