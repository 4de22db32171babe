//! Two figures of many networks against one another: a dot for each, the line of those that nothing beats, and a
//! budget on either axis.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use plotters::style::Color;
use plotters::style::text_anchor::HPos;

use super::brush::{Brush, Corners, DrawError, Label, fit, text_width};
use super::{Hit, Scale, Surface, Table, Theme, Unit};

/// A dot for each network.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterChart {
    /// What is shown.
    pub title: String,
    /// From left to right, and from the bottom up.
    pub axes: [ScatterAxis; 2],
    /// Of both axes.
    pub scale: Scale,
    /// Of those on one another, later ones lie above.
    pub points: Vec<ScatterPoint>,
}

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterAxis {
    /// The figure's name.
    pub title: String,
    /// What its numbers count.
    pub unit: Unit,
    /// The least that will do where more is better, else the most.
    pub budget: Option<u64>,
    /// As of accuracy.
    pub more_is_better: bool,
}

/// One network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScatterPoint {
    /// The design's name, or what a variant changes.
    pub label: String,
    /// On both axes.
    pub figures: [u64; 2],
    /// The index of a design, which says its colour; `None` for a variant that is no design.
    pub design: Option<usize>,
}

/// One of the two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// From left to right.
    Across,
    /// From the bottom up.
    Up,
}

/// Where the parts of a scatter chart stand, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterLayout {
    /// Of the canvas.
    pub width: f64,
    /// Of the canvas.
    pub height: f64,
    plot: Corners,
    /// The numbers at the ends of both axes.
    ranges: [Range; 2],
    scale: Scale,
}

/// The numbers at the ends of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    least: f64,
    most: f64,
}

const TITLE: f64 = 22.0;
const AXIS: f64 = 24.0;
/// To the right of the plot, for the grip of a budget that is not set.
const END: f64 = 12.0;
const LEAST_HEIGHT: f64 = 220.0;
const MOST_HEIGHT: f64 = 360.0;
/// How near the pointer has to be.
const REACH: f64 = 14.0;
const GRIP: f64 = 8.0;

impl ScatterChart {
    /// Where everything stands on a canvas of this width.
    pub fn layout(&self, width: f64, theme: &Theme) -> ScatterLayout {
        let ranges = [0, 1].map(|axis| self.range(axis));
        let texts = ticks(ranges[1], self.scale).into_iter().map(|tick| self.axes[1].unit.tick(tick));
        let inset = texts.map(|text| text_width(&text, theme.small_font_size)).fold(0.0, f64::max) + 10.0;
        let inner = (width * 0.45).clamp(LEAST_HEIGHT, MOST_HEIGHT);
        let plot = Corners {
            left: inset,
            top: TITLE + END,
            right: (width - END).max(inset + 1.0),
            bottom: TITLE + END + inner,
        };
        ScatterLayout { width, height: plot.bottom + AXIS + TITLE, plot, ranges, scale: self.scale }
    }

    /// Draws on an area of the layout's size times the surface's density.
    pub fn draw<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        layout: &ScatterLayout,
        surface: &Surface<'_>,
    ) -> Result<(), DrawError<DB>> {
        let brush = Brush { area, theme: surface.theme, density: surface.density };
        brush.clear()?;
        self.draw_axes(&brush, layout)?;
        for side in [Side::Across, Side::Up] {
            self.draw_budget(&brush, layout, side)?;
        }
        self.draw_front(&brush, layout)?;
        self.draw_points(&brush, layout, surface.highlight)
    }

    /// The networks that no other one beats or equals in both figures, from left to right.
    pub fn front(&self) -> Vec<usize> {
        // As if less were better on both axes.
        let cost = |index: usize| {
            let figures = &self.points[index].figures;
            [0, 1].map(|axis| if self.axes[axis].more_is_better { u64::MAX - figures[axis] } else { figures[axis] })
        };
        let mut order: Vec<usize> = (0..self.points.len()).collect();
        order.sort_by_key(|&index| cost(index));
        let mut least = None;
        order.retain(|&index| {
            let [_, height] = cost(index);
            let is_less = least.is_none_or(|least| height < least);
            if is_less {
                least = Some(height);
            }
            is_less
        });
        order.sort_by_key(|&index| self.points[index].figures[0]);
        order
    }

    /// What lies at this place, in CSS pixels: the nearest network within reach.
    pub fn hit(&self, layout: &ScatterLayout, x: f64, y: f64) -> Option<Hit> {
        let distance = |point: &ScatterPoint| {
            let (left, top) = layout.place(point.figures);
            (left - x).hypot(top - y)
        };
        let near = self.points.iter().enumerate().map(|(index, point)| (index, distance(point)));
        let near = near.filter(|&(_, distance)| distance <= REACH);
        let (row, _) = near.min_by(|(_, one), (_, other)| one.total_cmp(other))?;
        let point = &self.points[row];
        let (left, top) = layout.place(point.figures);
        let figure = |axis: usize| self.axes[axis].unit.text(point.figures[axis]);
        let text = format!("{}\n{}\n{}", point.label, figure(0), figure(1));
        Some(Hit { row, series: point.design, text, x: left, y: top })
    }

    /// The axis whose budget can be taken hold of at this place, in CSS pixels.
    pub fn grip(&self, layout: &ScatterLayout, x: f64, y: f64) -> Option<Side> {
        let plot = layout.plot;
        let off = |side: Side| {
            let place = self.budget_place(layout, side);
            let (off, is_beside) = match side {
                Side::Across => ((x - place).abs(), (plot.top - END..=plot.bottom).contains(&y)),
                Side::Up => ((y - place).abs(), (plot.left..=plot.right + END).contains(&x)),
            };
            (off <= GRIP && is_beside).then_some((side, off))
        };
        let near = [Side::Across, Side::Up].into_iter().filter_map(off);
        near.min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(side, _)| side)
    }

    /// The budget that a line dropped at this place sets; none beyond the end where everything is within it.
    pub fn budget_at(&self, layout: &ScatterLayout, side: Side, x: f64, y: f64) -> Option<u64> {
        let plot = layout.plot;
        let part = match side {
            Side::Across => (x - plot.left) / (plot.right - plot.left),
            Side::Up => (plot.bottom - y) / (plot.bottom - plot.top),
        };
        let is_within = if self.axes[side.index()].more_is_better { part > 0.005 } else { part < 0.995 };
        is_within.then(|| three_digits(layout.ranges[side.index()].at(part.clamp(0.0, 1.0), layout.scale)))
    }

    /// The same data as text.
    pub fn table(&self) -> Table {
        let front = self.front();
        let [across, up] = &self.axes;
        let header = ["network", &across.title, &up.title, "nothing is better in both"].map(str::to_string);
        let rows = self.points.iter().enumerate().map(|(index, point)| {
            let figure = |axis: usize| self.axes[axis].unit.number(point.figures[axis]);
            let best = if front.contains(&index) { "yes" } else { "" };
            vec![point.label.clone(), figure(0), figure(1), best.to_string()]
        });
        Table { header: header.to_vec(), rows: rows.collect() }
    }

    /// Whether a network is within both budgets.
    pub fn is_within(&self, point: &ScatterPoint) -> bool {
        self.axes.iter().zip(point.figures).all(|(axis, figure)| match axis.budget {
            None => true,
            Some(budget) if axis.more_is_better => figure >= budget,
            Some(budget) => figure <= budget,
        })
    }

    fn range(&self, axis: usize) -> Range {
        let figures = self.points.iter().map(|point| point.figures[axis]).chain(self.axes[axis].budget);
        let (least, most) = figures.fold((u64::MAX, 0), |(least, most), figure| (least.min(figure), most.max(figure)));
        let (least, most) = (least.min(most) as f64, most.max(1) as f64);
        match (self.scale, self.axes[axis].unit) {
            (_, Unit::Accuracy) => Range { least: (least * 0.95).max(0.0), most: (most + 100.0).min(10_000.0) },
            (Scale::Linear, _) => Range { least: 0.0, most: most * 1.08 },
            (Scale::Log, _) => Range { least: (least.max(1.0) / 1.3).max(1.0), most: most * 1.3 },
        }
    }

    /// Where a budget's line stands: at the end of the axis where there is none.
    fn budget_place(&self, layout: &ScatterLayout, side: Side) -> f64 {
        let (axis, plot) = (side.index(), layout.plot);
        let none = if self.axes[axis].more_is_better { 0.0 } else { 1.0 };
        let part = self.axes[axis].budget.map_or(none, |budget| layout.ranges[axis].part(budget, layout.scale));
        match side {
            Side::Across => plot.left + part * (plot.right - plot.left),
            Side::Up => plot.bottom - part * (plot.bottom - plot.top),
        }
    }

    fn draw_axes<DB: DrawingBackend>(
        &self,
        brush: &Brush<'_, DB>,
        layout: &ScatterLayout,
    ) -> Result<(), DrawError<DB>> {
        let (theme, plot, [across, up]) = (brush.theme, layout.plot, &self.axes);
        let size = theme.small_font_size;
        fn plain<'a>(text: &'a str, horizontal: HPos, theme: &Theme) -> Label<'a> {
            Label { text, color: theme.muted, size: theme.small_font_size, horizontal, bold: false }
        }
        brush.text(0.0, TITLE / 2.0, &plain(&up.title, HPos::Left, theme))?;
        let title = fit(&across.title, layout.width, size);
        brush.text(plot.right, plot.bottom + AXIS + TITLE / 2.0 - 4.0, &plain(&title, HPos::Right, theme))?;
        for tick in ticks(layout.ranges[1], layout.scale) {
            let (_, y) = layout.place([0, tick]);
            brush.hairline(Corners { left: plot.left, top: y, right: plot.right, bottom: y }, theme.grid)?;
            brush.text(plot.left - 6.0, y, &plain(&up.unit.tick(tick), HPos::Right, theme))?;
        }
        let mut free = f64::NEG_INFINITY;
        for tick in ticks(layout.ranges[0], layout.scale) {
            let (x, _) = layout.place([tick, 0]);
            brush.hairline(Corners { left: x, top: plot.top, right: x, bottom: plot.bottom }, theme.grid)?;
            let text = across.unit.tick(tick);
            let half = text_width(&text, size) / 2.0;
            if x - half >= free && x + half <= layout.width {
                brush.text(x, plot.bottom + AXIS / 2.0, &plain(&text, HPos::Center, theme))?;
                free = x + half + 8.0;
            }
        }
        Ok(())
    }

    /// The line, its grip, and a shade over what is beyond it.
    fn draw_budget<DB: DrawingBackend>(
        &self,
        brush: &Brush<'_, DB>,
        layout: &ScatterLayout,
        side: Side,
    ) -> Result<(), DrawError<DB>> {
        let (theme, plot, axis) = (brush.theme, layout.plot, &self.axes[side.index()]);
        let place = self.budget_place(layout, side);
        let color = if axis.budget.is_some() { theme.text } else { theme.muted };
        let (line, beyond, grip) = match side {
            Side::Across => {
                let (from, to) = if axis.more_is_better { (plot.left, place) } else { (place, plot.right) };
                let line = Corners { left: place, top: plot.top - END, right: place, bottom: plot.bottom };
                (line, Corners { left: from, right: to, ..plot }, (place, plot.top - END + 4.0))
            }
            Side::Up => {
                let (from, to) = if axis.more_is_better { (place, plot.bottom) } else { (plot.top, place) };
                let line = Corners { left: plot.left, top: place, right: plot.right + END, bottom: place };
                (line, Corners { top: from, bottom: to, ..plot }, (plot.right + END - 5.0, place))
            }
        };
        if let Some(budget) = axis.budget {
            if beyond.right - beyond.left >= 1.0 && beyond.bottom - beyond.top >= 1.0 {
                brush.fill(beyond, &theme.muted.mix(0.12))?;
            }
            let word = if axis.more_is_better { "at least" } else { "at most" };
            let text = format!("{word} {}", axis.unit.text(budget));
            let half = text_width(&text, theme.small_font_size) / 2.0;
            let (x, y) = match side {
                Side::Across => (place.clamp(plot.left + half, (plot.right - half).max(plot.left + half)), TITLE / 2.0),
                Side::Up => (plot.right - half, place - 8.0),
            };
            let (size, horizontal) = (theme.small_font_size, HPos::Center);
            brush.text(x, y, &Label { text: &text, color: theme.text, size, horizontal, bold: false })?;
        }
        brush.hairline(line, color)?;
        brush.dot(grip, 4.0, color)
    }

    /// Stairs: between two of them nothing better is known.
    fn draw_front<DB: DrawingBackend>(
        &self,
        brush: &Brush<'_, DB>,
        layout: &ScatterLayout,
    ) -> Result<(), DrawError<DB>> {
        let places: Vec<(f64, f64)> =
            self.front().into_iter().map(|index| layout.place(self.points[index].figures)).collect();
        // What costs more across is worth it only from its own place on.
        let corner = |one: (f64, f64), other: (f64, f64)| {
            if self.axes[0].more_is_better { (one.0, other.1) } else { (other.0, one.1) }
        };
        for pair in places.windows(2) {
            brush.path(&[pair[0], corner(pair[0], pair[1]), pair[1]], brush.theme.muted, 1.0)?;
        }
        Ok(())
    }

    fn draw_points<DB: DrawingBackend>(
        &self,
        brush: &Brush<'_, DB>,
        layout: &ScatterLayout,
        highlight: Option<usize>,
    ) -> Result<(), DrawError<DB>> {
        let theme = brush.theme;
        let mut taken: Vec<Corners> = Vec::new();
        for (index, point) in self.points.iter().enumerate() {
            let (x, y) = layout.place(point.figures);
            let color = point.design.map_or(theme.muted, |design| theme.design(design));
            let radius = if point.design.is_some() { 5.0 } else { 2.5 };
            let radius = if highlight == Some(index) { radius + 2.0 } else { radius };
            match self.is_within(point) {
                true => brush.dot((x, y), radius, color)?,
                false => {
                    brush.dot((x, y), radius, color)?;
                    brush.dot((x, y), (radius - 1.5).max(1.0), theme.surface)?;
                }
            }
            if point.design.is_none() {
                continue;
            }
            let size = theme.small_font_size;
            let name = fit(&point.label, 160.0, size);
            let width = text_width(&name, size);
            let left = if x + 9.0 + width <= layout.width { x + 9.0 } else { x - 9.0 - width };
            let place = Corners { left, top: y - size / 2.0, right: left + width, bottom: y + size / 2.0 };
            if !taken.iter().any(|other| overlap(other, &place)) {
                let label = Label { text: &name, color: theme.text, size, horizontal: HPos::Left, bold: false };
                brush.text(left, y, &label)?;
                taken.push(place);
            }
        }
        Ok(())
    }
}

impl Side {
    /// Among the axes of a chart.
    pub const fn index(self) -> usize {
        match self {
            Self::Across => 0,
            Self::Up => 1,
        }
    }
}

impl ScatterLayout {
    fn place(&self, figures: [u64; 2]) -> (f64, f64) {
        let [across, up] = [0, 1].map(|axis: usize| self.ranges[axis].part(figures[axis], self.scale));
        let plot = self.plot;
        (plot.left + across * (plot.right - plot.left), plot.bottom - up * (plot.bottom - plot.top))
    }
}

impl Range {
    /// The part of the way from the least to the most, 0 to 1.
    fn part(self, number: u64, scale: Scale) -> f64 {
        let along = |number: f64| if scale == Scale::Log { number.max(1.0).ln() } else { number };
        let (least, most) = (along(self.least), along(self.most));
        if most > least { ((along(number as f64) - least) / (most - least)).clamp(0.0, 1.0) } else { 0.5 }
    }

    /// The number at a part of the way.
    fn at(self, part: f64, scale: Scale) -> f64 {
        match scale {
            Scale::Linear => self.least + part * (self.most - self.least),
            Scale::Log => (self.least.max(1.0).ln() + part * (self.most / self.least.max(1.0)).ln()).exp(),
        }
    }
}

/// Round numbers within a range.
fn ticks(range: Range, scale: Scale) -> Vec<u64> {
    let all = match scale {
        Scale::Linear if range.least > 0.0 => {
            let step = Scale::Linear.ticks((range.most - range.least) as u64, 4).get(1).copied().unwrap_or(1);
            let first = (range.least / step as f64).ceil() as u64;
            (first..).take(8).map(|index| index.saturating_mul(step)).collect()
        }
        Scale::Linear => Scale::Linear.ticks(range.most as u64, 5),
        Scale::Log => {
            // 1, 2 and 5 of each power where they are few.
            let digits: &[u64] = if range.most / range.least.max(1.0) < 200.0 { &[1, 2, 5] } else { &[1] };
            let powers = (0..20).map(|power| 10_u64.saturating_pow(power));
            powers.flat_map(|power| digits.iter().map(move |digit| power.saturating_mul(*digit))).collect()
        }
    };
    all.into_iter().filter(|&tick| (range.least..=range.most).contains(&(tick as f64))).collect()
}

/// As a budget that was set by hand is told: 48,300 rather than 48,317.
fn three_digits(number: f64) -> u64 {
    let number = number.round() as u64;
    let step = (0..).map(|power| 10_u64.saturating_pow(power)).find(|step| number / step < 1000).unwrap_or(1);
    (number + step / 2) / step * step
}

fn overlap(one: &Corners, other: &Corners) -> bool {
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}
