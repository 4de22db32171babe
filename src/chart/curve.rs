//! Several quantities over the values of one argument: a small panel for each, side by side where there is room.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::HPos;

use super::brush::{Brush, Corners, DrawError, Label, fit, text_width};
use super::{Hit, Scale, Series, Surface, Table, Theme, Unit};

/// Curves of one or several series, in a panel for each quantity, over shared values.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveChart {
    pub title: String,
    /// From left to right.
    pub values: Vec<CurveValue>,
    /// The value that stands now.
    pub present: Option<usize>,
    pub series: Vec<Series>,
    pub panels: Vec<CurvePanel>,
}

/// One value of the argument.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveValue {
    /// `kernel 3x3`.
    pub label: String,
    /// On the axis: `3x3`.
    pub short: String,
    /// Where it stands on the axis. Values that are no numbers stand apart evenly, with no line between them.
    pub place: Option<f64>,
    /// Lines join values of one family.
    pub family: u64,
    /// Of each series, why it cannot run with this value.
    pub reasons: Vec<Option<String>>,
}

/// One quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvePanel {
    pub title: String,
    pub unit: Unit,
    /// Of each series, of each value.
    pub curves: Vec<Vec<CurvePoint>>,
}

/// What a curve has at a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurvePoint {
    /// A network with this value cannot run.
    CannotRun,
    Unknown,
    Known(u64),
}

/// Where the parts of a curve chart stand, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveLayout {
    pub width: f64,
    pub height: f64,
    frames: Vec<Frame>,
    /// The values' distances from the left end of every plot.
    places: Vec<f64>,
    /// There is an order that a line may follow.
    with_lines: bool,
}

/// One panel's plot.
#[derive(Clone, Debug, PartialEq)]
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    largest: u64,
    ticks: Vec<u64>,
}

const PLOT_HEIGHT: f64 = 120.0;
const TITLE: f64 = 26.0;
const AXIS: f64 = 22.0;
const GAP: f64 = 20.0;
/// From the ends of a plot to the first and the last value.
const MARGIN: f64 = 16.0;
/// From these widths on, two or four panels stand side by side.
const WIDTH_FOR_TWO: f64 = 560.0;
const WIDTH_FOR_FOUR: f64 = 1080.0;

impl CurveChart {
    /// Where everything stands on a canvas of this width.
    pub fn layout(&self, width: f64, theme: &Theme) -> CurveLayout {
        let columns = match width {
            WIDTH_FOR_FOUR.. => 4,
            WIDTH_FOR_TWO.. => 2,
            _ => 1,
        };
        let columns = columns.min(self.panels.len().max(1));
        let panel_width = (width - GAP * (columns - 1) as f64) / columns as f64;
        let panel_height = TITLE + PLOT_HEIGHT + AXIS;
        let ticks = self.panels.iter().map(|panel| (panel.largest(), Scale::Linear.ticks(panel.largest(), 4)));
        let ticks: Vec<(u64, Vec<u64>)> = ticks.collect();
        let texts = self.panels.iter().zip(&ticks);
        let texts = texts.flat_map(|(panel, (_, ticks))| ticks.iter().map(|&tick| panel.unit.tick(tick)));
        let inset = texts.map(|text| text_width(&text, theme.small_font_size)).fold(0.0, f64::max) + 10.0;
        let frames = ticks.into_iter().enumerate().map(|(index, (largest, ticks))| {
            let left = (index % columns) as f64 * (panel_width + GAP);
            let top = (index / columns) as f64 * panel_height + TITLE;
            let right = (left + panel_width).max(left + inset + 1.0);
            Frame { left: left + inset, right, top, bottom: top + PLOT_HEIGHT, largest, ticks }
        });
        let height = self.panels.len().div_ceil(columns) as f64 * panel_height;
        let room = (panel_width - inset - 2.0 * MARGIN).max(1.0);
        let (places, with_lines) = self.places(room);
        CurveLayout { width, height, frames: frames.collect(), places, with_lines }
    }

    /// Draws on an area of the layout's size times the surface's density.
    pub fn draw<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        layout: &CurveLayout,
        surface: &Surface<'_>,
    ) -> Result<(), DrawError<DB>> {
        let brush = Brush { area, theme: surface.theme, density: surface.density };
        brush.clear()?;
        for (panel, frame) in self.panels.iter().zip(&layout.frames) {
            self.draw_axes(&brush, panel, (layout, frame), surface.highlight)?;
            for (series, curve) in self.series.iter().zip(&panel.curves) {
                self.draw_curve(&brush, curve, (layout, frame), (series, surface.highlight))?;
            }
        }
        Ok(())
    }

    /// What lies at this place, in CSS pixels: the nearest value, and every series there.
    pub fn hit(&self, layout: &CurveLayout, x: f64, y: f64) -> Option<Hit> {
        let inside = |frame: &&Frame| {
            (frame.left..=frame.right).contains(&x) && (frame.top - TITLE..=frame.bottom + AXIS).contains(&y)
        };
        let frame = layout.frames.iter().find(inside)?;
        let panel = self.panels.get(layout.frames.iter().position(|other| other == frame)?)?;
        let distance = |value: usize| (frame.left + layout.places[value] - x).abs();
        let value = (0..self.values.len()).min_by(|&one, &other| distance(one).total_cmp(&distance(other)))?;
        let mut text = format!("{}{}", self.values[value].label, self.now(value));
        for (place, (series, curve)) in self.series.iter().zip(&panel.curves).enumerate() {
            text.push_str(&format!("\n{}: {}", series.name, self.told(place, value, *curve.get(value)?, panel.unit)));
        }
        let height = |curve: &Vec<CurvePoint>| match curve.get(value) {
            Some(CurvePoint::Known(known)) => frame.y(*known),
            Some(CurvePoint::CannotRun | CurvePoint::Unknown) | None => frame.bottom,
        };
        let heights = panel.curves.iter().map(|curve| (height(curve) - y).abs()).enumerate();
        let series = heights.min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(index, _)| index);
        Some(Hit { row: value, series, text, x: frame.left + layout.places[value], y: frame.bottom })
    }

    /// The same data as text: all quantities of the first series, then those of the next.
    pub fn table(&self) -> Table {
        let mut header = vec!["value".to_string()];
        for series in &self.series {
            header.extend(self.panels.iter().map(|panel| format!("{}, {}", panel.title, series.name)));
        }
        let rows = self.values.iter().enumerate().map(|(value, CurveValue { label, .. })| {
            let mut cells = vec![format!("{label}{}", self.now(value))];
            for series in 0..self.series.len() {
                let point = |panel: &CurvePanel| Some(panel.curves.get(series)?.get(value)?.number(panel.unit));
                cells.extend(self.panels.iter().map(|panel| point(panel).unwrap_or_default()));
            }
            cells
        });
        Table { header, rows: rows.collect() }
    }

    /// A point in words.
    fn told(&self, series: usize, value: usize, point: CurvePoint, unit: Unit) -> String {
        let reason = self.values.get(value).and_then(|value| value.reasons.get(series)?.as_deref());
        match (point, reason) {
            (CurvePoint::Known(number), _) => unit.text(number),
            (CurvePoint::CannotRun, Some(reason)) => format!("cannot run: {reason}"),
            (CurvePoint::CannotRun | CurvePoint::Unknown, _) => point.number(unit),
        }
    }

    fn now(&self, value: usize) -> &'static str {
        if self.present == Some(value) { " (now)" } else { "" }
    }

    /// Distances from the left end of a plot, and whether they say something.
    fn places(&self, room: f64) -> (Vec<f64>, bool) {
        let places: Option<Vec<f64>> = self.values.iter().map(|value| value.place).collect();
        let places = places.map(|places| {
            let least = places.iter().copied().fold(f64::INFINITY, f64::min);
            let most = places.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let part = |place: f64| if most > least { (place - least) / (most - least) } else { 0.5 };
            places.into_iter().map(|place| MARGIN + room * part(place)).collect()
        });
        let step = room / self.values.len().max(1) as f64;
        match places {
            Some(places) => (places, true),
            None => ((0..self.values.len()).map(|index| MARGIN + (index as f64 + 0.5) * step).collect(), false),
        }
    }

    fn draw_axes<DB: DrawingBackend>(
        &self,
        brush: &Brush<'_, DB>,
        panel: &CurvePanel,
        (layout, frame): (&CurveLayout, &Frame),
        highlight: Option<usize>,
    ) -> Result<(), DrawError<DB>> {
        let theme = brush.theme;
        let size = theme.small_font_size;
        let title = fit(&panel.title, frame.right - frame.left, theme.font_size);
        let label =
            Label { text: &title, color: theme.text, size: theme.font_size, horizontal: HPos::Left, bold: false };
        brush.text(frame.left, frame.top - TITLE / 2.0 - 2.0, &label)?;
        for &tick in &frame.ticks {
            let y = frame.y(tick);
            brush.hairline(Corners { left: frame.left, top: y, right: frame.right, bottom: y }, theme.grid)?;
            let text = panel.unit.tick(tick);
            let label = Label { text: &text, color: theme.muted, size, horizontal: HPos::Right, bold: false };
            brush.text(frame.left - 6.0, y, &label)?;
        }
        let upright = |value: usize, color| {
            let x = frame.left + layout.places.get(value).copied().unwrap_or(0.0) - 0.5;
            brush.hairline(Corners { left: x, top: frame.top, right: x + 1.0, bottom: frame.bottom }, color)
        };
        if let Some(present) = self.present {
            upright(present, theme.muted)?;
        }
        if let Some(value) = highlight.filter(|&value| value < self.values.len()) {
            upright(value, theme.text)?;
        }
        // The present one first: the others give way.
        let order = self.present.into_iter().chain((0..self.values.len()).filter(|&it| self.present != Some(it)));
        let mut taken: Vec<(f64, f64)> = Vec::new();
        for value in order {
            let Some(CurveValue { short, .. }) = self.values.get(value) else { continue };
            let is_now = self.present == Some(value);
            let half = text_width(short, size) / 2.0 + if is_now { 2.0 } else { 0.0 };
            let middle = frame.left + layout.places[value];
            let place = middle.min(frame.right - half - 2.0).max(frame.left + half - MARGIN);
            if taken.iter().any(|&(from, to)| place - half < to + 6.0 && place + half > from - 6.0) {
                continue;
            }
            taken.push((place - half, place + half));
            let color = if is_now { theme.text } else { theme.muted };
            let label = Label { text: short, color, size, horizontal: HPos::Center, bold: is_now };
            brush.text(place, frame.bottom + AXIS / 2.0 + 2.0, &label)?;
        }
        Ok(())
    }

    fn draw_curve<DB: DrawingBackend>(
        &self,
        brush: &Brush<'_, DB>,
        curve: &[CurvePoint],
        (layout, frame): (&CurveLayout, &Frame),
        (series, highlight): (&Series, Option<usize>),
    ) -> Result<(), DrawError<DB>> {
        let color = brush.theme.design(series.color);
        let known = curve.iter().enumerate().filter_map(|(value, point)| match *point {
            CurvePoint::Known(known) => Some((value, (frame.left + *layout.places.get(value)?, frame.y(known)))),
            CurvePoint::CannotRun | CurvePoint::Unknown => None,
        });
        let known: Vec<(usize, (f64, f64))> = known.collect();
        let mut families: Vec<u64> = self.values.iter().map(|value| value.family).collect();
        families.sort_unstable();
        families.dedup();
        let members = |family: u64| (0..self.values.len()).filter(move |&value| self.values[value].family == family);
        for family in families.into_iter().filter(|_| layout.with_lines) {
            let line: Vec<_> = known.iter().filter(|(value, _)| self.values[*value].family == family).collect();
            for pair in line.windows(2) {
                // Thin over values that have none.
                let is_next = members(family).find(|&value| value > pair[0].0) == Some(pair[1].0);
                brush.path(&[pair[0].1, pair[1].1], color, if is_next { 2.0 } else { 1.0 })?;
            }
        }
        for &(value, place) in &known {
            let radius = if self.present == Some(value) || highlight == Some(value) { 4.5 } else { 2.5 };
            brush.dot(place, radius, color)?;
        }
        for (&place, point) in layout.places.iter().zip(curve) {
            if *point == CurvePoint::CannotRun {
                let theme = brush.theme;
                let (size, horizontal) = (theme.font_size, HPos::Center);
                let label = Label { text: "\u{d7}", color: theme.muted, size, horizontal, bold: false };
                brush.text(frame.left + place, frame.bottom - 7.0, &label)?;
            }
        }
        Ok(())
    }
}

impl CurvePanel {
    fn largest(&self) -> u64 {
        let known = self.curves.iter().flatten().map(|point| match *point {
            CurvePoint::Known(value) => value,
            CurvePoint::CannotRun | CurvePoint::Unknown => 0,
        });
        known.max().unwrap_or(0)
    }
}

impl CurvePoint {
    /// Without the unit where that is a word.
    fn number(self, unit: Unit) -> String {
        match self {
            Self::CannotRun => "cannot run".to_string(),
            Self::Unknown => "not known".to_string(),
            Self::Known(value) => unit.number(value),
        }
    }
}

impl Frame {
    fn y(&self, value: u64) -> f64 {
        self.bottom - Scale::Linear.part(value, self.largest) * (self.bottom - self.top)
    }
}
