//! A quantity over the depth of networks: steps from layer to layer, with the peak marked.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::HPos;

use super::brush::{Brush, Corners, DrawError, Label, fit, text_width};
use super::{Hit, Scale, Series, Surface, Table, Theme, Unit};

/// Steps for one or several designs over shared rows.
#[derive(Clone, Debug, PartialEq)]
pub struct DepthChart {
    /// Over the chart and in its table.
    pub title: String,
    /// Of all steps.
    pub unit: Unit,
    /// The rows, from the input to the output.
    pub labels: Vec<String>,
    /// One for each design.
    pub series: Vec<DepthSeries>,
}

/// One design's steps, from left to right.
#[derive(Clone, Debug, PartialEq)]
pub struct DepthSeries {
    /// Whose steps they are.
    pub series: Series,
    /// Of the layers that have a place among the rows.
    pub steps: Vec<DepthStep>,
}

/// What a layer needs while it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct DepthStep {
    /// Index into the rows.
    pub row: usize,
    /// The layer's name.
    pub label: String,
    /// In the chart's unit.
    pub value: u64,
}

/// Where the parts of a depth chart stand, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct DepthLayout {
    /// That of the whole chart.
    pub width: f64,
    /// That follows from the rows.
    pub height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    largest: u64,
    ticks: Vec<u64>,
    /// Left and right end of every step of every series.
    spans: Vec<Vec<(f64, f64)>>,
}

const PLOT_HEIGHT: f64 = 150.0;
/// A line of text for each design's peak.
const PEAK_LINE: f64 = 18.0;
const AXIS: f64 = 22.0;
/// How much wider bold letters are.
const BOLD: f64 = 1.1;

impl DepthChart {
    /// Where everything stands on a canvas of this width.
    pub fn layout(&self, width: f64, theme: &Theme) -> DepthLayout {
        let values = self.series.iter().flat_map(|series| series.steps.iter().map(|step| step.value));
        let largest = values.max().unwrap_or(0);
        let ticks = Scale::Linear.ticks(largest, 4);
        let tick_width = |tick: &u64| text_width(&self.unit.tick(*tick), theme.small_font_size);
        let left = ticks.iter().map(tick_width).fold(0.0, f64::max) + 8.0;
        let right = (width - 4.0).max(left + 1.0);
        let top = 6.0 + self.series.len() as f64 * PEAK_LINE;
        let bottom = top + PLOT_HEIGHT;
        let row_width = (right - left) / self.labels.len().max(1) as f64;
        let spans = self.series.iter().map(|series| spans(&series.steps, left, row_width)).collect();
        DepthLayout { width, height: bottom + AXIS, left, right, top, bottom, largest, ticks, spans }
    }

    /// Draws on an area of the layout's size times the surface's density.
    pub fn draw<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        layout: &DepthLayout,
        surface: &Surface<'_>,
    ) -> Result<(), DrawError<DB>> {
        let brush = Brush { area, theme: surface.theme, density: surface.density };
        brush.clear()?;
        self.draw_axes(&brush, layout, surface)?;
        for (index, series) in self.series.iter().enumerate() {
            self.draw_series(&brush, layout, index, series)?;
        }
        for (index, series) in self.series.iter().enumerate() {
            self.draw_peak(&brush, layout, index, series)?;
        }
        Ok(())
    }

    /// What lies at this place, in CSS pixels: the row, and the step of each design there.
    pub fn hit(&self, layout: &DepthLayout, x: f64, y: f64) -> Option<Hit> {
        if self.labels.is_empty() || !(layout.left..=layout.right).contains(&x) || !(0.0..=layout.height).contains(&y) {
            return None;
        }
        let row_width = layout.row_width(self.labels.len());
        let row = (((x - layout.left) / row_width) as usize).min(self.labels.len() - 1);
        let mut text = self.labels[row].clone();
        let mut nearest: Option<(usize, f64)> = None;
        for (index, series) in self.series.iter().enumerate() {
            let spans = &layout.spans[index];
            let Some(step) = spans.iter().position(|&(from, to)| (from..to).contains(&x)) else { continue };
            let step = &series.steps[step];
            text.push_str(&format!("\n{}: {} at {}", series.series.name, self.unit.text(step.value), step.label));
            let height = layout.y(step.value);
            if nearest.is_none_or(|(_, other)| (height - y).abs() < (other - y).abs()) {
                nearest = Some((index, height));
            }
        }
        let x = layout.left + (row as f64 + 0.5) * row_width;
        Some(Hit {
            row,
            series: nearest.map(|(index, _)| index),
            text,
            x,
            y: nearest.map_or(layout.bottom, |(_, y)| y),
        })
    }

    /// The same data as text.
    pub fn table(&self) -> Table {
        let mut header = vec!["layer".to_string()];
        header.extend(self.series.iter().map(|series| format!("{} ({})", series.series.name, self.unit.name())));
        let mut rows: Vec<Vec<String>> = self.labels.iter().map(|label| vec![label.clone()]).collect();
        for series in &self.series {
            let mut cells = vec![String::new(); rows.len()];
            for step in &series.steps {
                let Some(cell) = cells.get_mut(step.row) else { continue };
                if !cell.is_empty() {
                    cell.push_str(" then ");
                }
                cell.push_str(&crate::cost::units::grouped(step.value));
            }
            rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
        }
        Table { header, rows }
    }

    fn draw_axes<DB: DrawingBackend>(
        &self,
        brush: &Brush<'_, DB>,
        layout: &DepthLayout,
        surface: &Surface<'_>,
    ) -> Result<(), DrawError<DB>> {
        let theme = brush.theme;
        let size = theme.small_font_size;
        let row_width = layout.row_width(self.labels.len());
        if let Some(row) = surface.highlight.filter(|&row| row < self.labels.len()) {
            let left = layout.left + row as f64 * row_width;
            let place = Corners { left, top: layout.top, right: left + row_width, bottom: layout.bottom };
            brush.fill(place, &theme.raised)?;
        }
        for &tick in &layout.ticks {
            let y = layout.y(tick);
            brush.hairline(Corners { left: layout.left, top: y, right: layout.right, bottom: y }, theme.grid)?;
            let text = self.unit.tick(tick);
            let label = Label { text: &text, color: theme.muted, size, horizontal: HPos::Right, bold: false };
            brush.text(layout.left - 6.0, y, &label)?;
        }
        let mut free_from = f64::NEG_INFINITY;
        for (row, text) in self.labels.iter().enumerate() {
            let middle = layout.left + (row as f64 + 0.5) * row_width;
            let half = text_width(text, size) / 2.0;
            if middle - half < free_from.max(0.0) || middle + half > layout.width {
                continue;
            }
            free_from = middle + half + 10.0;
            let label = Label { text, color: theme.muted, size, horizontal: HPos::Center, bold: false };
            brush.text(middle, layout.bottom + AXIS / 2.0 + 2.0, &label)?;
        }
        Ok(())
    }

    fn draw_series<DB: DrawingBackend>(
        &self,
        brush: &Brush<'_, DB>,
        layout: &DepthLayout,
        index: usize,
        series: &DepthSeries,
    ) -> Result<(), DrawError<DB>> {
        let mut line = Vec::with_capacity(2 * series.steps.len());
        for (step, &(from, to)) in series.steps.iter().zip(&layout.spans[index]) {
            let y = layout.y(step.value);
            line.extend([(from, y), (to, y)]);
        }
        let (Some(&(first, _)), Some(&(last, _))) = (line.first(), line.last()) else { return Ok(()) };
        let color = brush.theme.design(series.series.color);
        let mut area = line.clone();
        area.extend([(last, layout.bottom), (first, layout.bottom)]);
        brush.area_below(&area, color, 0.1)?;
        // The first ones are thicker, so that they show where lines are the same.
        brush.path(&line, color, 2.0 * (self.series.len() - index) as f64)
    }

    /// A line of text above the plot, and a thin one down to the peak.
    fn draw_peak<DB: DrawingBackend>(
        &self,
        brush: &Brush<'_, DB>,
        layout: &DepthLayout,
        index: usize,
        series: &DepthSeries,
    ) -> Result<(), DrawError<DB>> {
        let Some(peak) = series.peak() else { return Ok(()) };
        let (step, (from, to)) = (&series.steps[peak], layout.spans[index][peak]);
        let theme = brush.theme;
        let color = theme.design(series.series.color);
        let before = format!("{} peak: {} at ", series.series.name, self.unit.text(step.value));
        let size = theme.font_size * BOLD;
        let room = layout.width - 4.0 - text_width(&before, size);
        let text = before + &fit(&step.label, room, size);
        let half = text_width(&text, size) / 2.0;
        let x = (from + to) / 2.0;
        let line = index as f64 * PEAK_LINE + PEAK_LINE / 2.0 + 1.0;
        let top = line + PEAK_LINE / 2.0;
        brush.hairline(Corners { left: x - 0.5, top, right: x + 0.5, bottom: layout.y(step.value) }, color)?;
        brush.dot((x, layout.y(step.value)), 3.5, color)?;
        // At an edge the text stands against it: how wide it is can only be guessed.
        let (place, horizontal, left) = match (x - half < 2.0, x + half > layout.width - 2.0) {
            (true, _) => (2.0, HPos::Left, 2.0),
            (false, true) => (layout.width - 2.0, HPos::Right, layout.width - 2.0 - 2.0 * half),
            (false, false) => (x, HPos::Center, x - half),
        };
        // A gap in the other designs' thin lines.
        brush.fill(Corners { left, top: line - 8.0, right: left + 2.0 * half, bottom: line + 8.0 }, &theme.surface)?;
        let label = Label { text: &text, color, size: theme.font_size, horizontal, bold: true };
        brush.text(place, line, &label)
    }
}

impl DepthSeries {
    /// The first step with the largest value.
    pub fn peak(&self) -> Option<usize> {
        let largest = self.steps.iter().map(|step| step.value).max()?;
        self.steps.iter().position(|step| step.value == largest)
    }
}

impl DepthLayout {
    fn y(&self, value: u64) -> f64 {
        self.bottom - Scale::Linear.part(value, self.largest) * (self.bottom - self.top)
    }

    fn row_width(&self, rows: usize) -> f64 {
        (self.right - self.left) / rows.max(1) as f64
    }
}

/// The steps of a row share its width; the last one before rows without a step goes on over them.
fn spans(steps: &[DepthStep], left: f64, row_width: f64) -> Vec<(f64, f64)> {
    let mut starts = Vec::with_capacity(steps.len() + 1);
    let mut index = 0;
    while index < steps.len() {
        let row = steps[index].row;
        let count = steps[index..].iter().take_while(|step| step.row == row).count();
        let start = left + row as f64 * row_width;
        starts.extend((0..count).map(|part| start + part as f64 * row_width / count as f64));
        index += count;
    }
    starts.extend(steps.last().map(|step| left + (step.row + 1) as f64 * row_width));
    starts.windows(2).map(|pair| (pair[0], pair[1])).collect()
}
