//! Horizontal bars in groups: a row a layer, a bar a design.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::HPos;

use super::brush::{Brush, Corners, DrawError, Label, fit, text_width};
use super::{Hit, Scale, Series, Surface, Table, Theme, Unit};

/// Numbers of rows for one or several designs.
#[derive(Clone, Debug, PartialEq)]
pub struct BarChart {
    /// Over the chart and in its table.
    pub title: String,
    /// Of all bars.
    pub unit: Unit,
    /// How values become lengths.
    pub scale: Scale,
    /// The designs, in the order of the bars of a row.
    pub series: Vec<Series>,
    /// The rows that are drawn.
    pub rows: Vec<BarRow>,
    /// All rows, for the table: those that are drawn together as one, and those that have nothing.
    pub all_rows: Vec<BarRow>,
    /// Of each series, for shares; `None` where it is not known.
    pub totals: Vec<Option<u64>>,
}

/// A row with a bar for each series.
#[derive(Clone, Debug, PartialEq)]
pub struct BarRow {
    /// Its place among the rows of the comparison; `None` for several that are drawn as one.
    pub row: Option<usize>,
    /// The name beside the bars.
    pub label: String,
    /// As many as there are series.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What its length follows from.
    pub value: BarValue,
    /// What it stands for: `depthwise1 + pointwise1`.
    pub label: String,
}

/// What a bar shows. Unknown is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarValue {
    /// The design has no such row.
    Absent,
    /// The row is there, its figure is not known.
    Unknown,
    /// In the chart's unit.
    Known(u64),
}

/// Where the parts of a bar chart stand, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct BarLayout {
    /// That of the whole chart.
    pub width: f64,
    /// That follows from the rows.
    pub height: f64,
    /// Where bars start.
    bars_left: f64,
    /// Where the longest bar ends.
    bars_right: f64,
    row_height: f64,
    largest: u64,
    ticks: Vec<u64>,
    /// There is room for units behind the numbers.
    with_units: bool,
}

const BAR: f64 = 10.0;
const BAR_GAP: f64 = 2.0;
const ROW_GAP: f64 = 8.0;
const TOP: f64 = 4.0;
const AXIS: f64 = 20.0;
const EDGE: f64 = 4.0;
const LABEL_GAP: f64 = 8.0;
const VALUE_GAP: f64 = 5.0;
/// Below this width, numbers stand without their unit.
const WIDTH_FOR_UNITS: f64 = 440.0;

impl BarChart {
    /// At most so many rows: the largest stay in their order, the others become one.
    pub fn shortened(mut self, most: usize) -> Self {
        let most = most.max(1);
        if self.rows.len() <= most {
            return self;
        }
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(self.rows[index].largest()));
        let mut kept = vec![false; self.rows.len()];
        order.iter().take(most - 1).for_each(|&index| kept[index] = true);
        let mut others = vec![BarValue::Absent; self.series.len()];
        let count = self.rows.len() - (most - 1);
        let mut rows = Vec::with_capacity(most);
        for (row, kept) in self.rows.into_iter().zip(kept) {
            if kept {
                rows.push(row);
                continue;
            }
            for (sum, bar) in others.iter_mut().zip(row.bars) {
                *sum = sum.plus(bar.value);
            }
        }
        let label = format!("{count} others");
        let bars = others.into_iter().map(|value| Bar { value, label: label.clone() });
        rows.push(BarRow { row: None, label: label.clone(), bars: bars.collect() });
        self.rows = rows;
        self
    }

    /// Where everything stands on a canvas of this width.
    pub fn layout(&self, width: f64, theme: &Theme) -> BarLayout {
        let with_units = width >= WIDTH_FOR_UNITS;
        let label_width = self.rows.iter().map(|row| text_width(&row.label, theme.font_size)).fold(0.0, f64::max);
        let bars_left = label_width.clamp(24.0, (width * 0.34).max(24.0)) + EDGE + LABEL_GAP;
        let values = self.rows.iter().flat_map(|row| &row.bars);
        let value_width = values
            .filter_map(|bar| self.bar_text(bar.value, with_units))
            .map(|text| text_width(&text, theme.font_size))
            .fold(0.0, f64::max);
        let bars_right = (width - value_width - VALUE_GAP - EDGE).max(bars_left + 1.0);
        let largest = self.rows.iter().map(BarRow::largest).max().unwrap_or(0);
        let count = self.series.len().max(1) as f64;
        let row_height = count * BAR + (count - 1.0) * BAR_GAP + ROW_GAP;
        let most_ticks = ((bars_right - bars_left) / 64.0).clamp(1.0, 5.0) as usize;
        BarLayout {
            width,
            height: TOP + self.rows.len() as f64 * row_height + AXIS,
            bars_left,
            bars_right,
            row_height,
            largest,
            ticks: self.scale.ticks(largest, most_ticks),
            with_units,
        }
    }

    /// Draws on an area of the layout's size times the surface's density.
    pub fn draw<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        layout: &BarLayout,
        surface: &Surface<'_>,
    ) -> Result<(), DrawError<DB>> {
        let brush = Brush { area, theme: surface.theme, density: surface.density };
        brush.clear()?;
        if let Some(row) = surface.highlight.filter(|&row| row < self.rows.len()) {
            let top = layout.row_top(row);
            let place = Corners { left: 0.0, top, right: layout.width, bottom: top + layout.row_height };
            brush.fill(place, &surface.theme.raised)?;
        }
        self.draw_axis(&brush, layout)?;
        for (index, row) in self.rows.iter().enumerate() {
            self.draw_row(&brush, layout, index, row)?;
        }
        Ok(())
    }

    /// What lies at this place, in CSS pixels.
    pub fn hit(&self, layout: &BarLayout, x: f64, y: f64) -> Option<Hit> {
        if !(0.0..=layout.width).contains(&x) || y < TOP {
            return None;
        }
        let index = ((y - TOP) / layout.row_height) as usize;
        let row = self.rows.get(index)?;
        let within = y - layout.row_top(index) - ROW_GAP / 2.0;
        let series = (within >= 0.0).then_some((within / (BAR + BAR_GAP)) as usize);
        let series = series.filter(|&series| series < self.series.len());
        let mut text = row.label.clone();
        for (series, bar) in row.bars.iter().enumerate() {
            text.push_str(&format!("\n{}", self.bar_line(series, bar)));
        }
        let longest = row.largest();
        let x = layout.x(self.scale.part(longest, layout.largest));
        Some(Hit { row: index, series, text, x, y: layout.row_top(index) + layout.row_height })
    }

    /// The same data as text.
    pub fn table(&self) -> Table {
        let mut header = vec!["layer".to_string()];
        for series in &self.series {
            header.push(format!("{} ({})", series.name, self.unit.name()));
            header.push("share".to_string());
        }
        let rows = self.all_rows.iter().map(|row| {
            let mut cells = vec![row.label.clone()];
            for (series, bar) in row.bars.iter().enumerate() {
                cells.push(match bar.value {
                    BarValue::Absent => String::new(),
                    BarValue::Unknown => "not known".to_string(),
                    BarValue::Known(value) => crate::cost::units::grouped(value),
                });
                cells.push(self.share(series, bar.value).unwrap_or_default());
            }
            cells
        });
        Table { header, rows: rows.collect() }
    }

    fn draw_axis<DB: DrawingBackend>(&self, brush: &Brush<'_, DB>, layout: &BarLayout) -> Result<(), DrawError<DB>> {
        let theme = brush.theme;
        let bottom = layout.height - AXIS;
        let mut free_from = f64::NEG_INFINITY;
        for &tick in &layout.ticks {
            let x = layout.x(self.scale.part(tick, layout.largest));
            brush.hairline(Corners { left: x, top: TOP, right: x, bottom }, theme.grid)?;
            let text = self.unit.tick(tick);
            let half = text_width(&text, theme.small_font_size) / 2.0;
            if x - half > free_from && x + half <= layout.width {
                free_from = x + half + 4.0;
                let label = Label {
                    text: &text,
                    color: theme.muted,
                    size: theme.small_font_size,
                    horizontal: HPos::Center,
                    bold: false,
                };
                brush.text(x, bottom + AXIS / 2.0 + 2.0, &label)?;
            }
        }
        Ok(())
    }

    fn draw_row<DB: DrawingBackend>(
        &self,
        brush: &Brush<'_, DB>,
        layout: &BarLayout,
        index: usize,
        row: &BarRow,
    ) -> Result<(), DrawError<DB>> {
        let theme = brush.theme;
        let size = theme.font_size;
        let top = layout.row_top(index);
        let text = fit(&row.label, layout.bars_left - LABEL_GAP - EDGE, size);
        let label = Label { text: &text, color: theme.text, size, horizontal: HPos::Right, bold: false };
        brush.text(layout.bars_left - LABEL_GAP, top + layout.row_height / 2.0, &label)?;
        for (series, bar) in row.bars.iter().enumerate() {
            let top = top + ROW_GAP / 2.0 + series as f64 * (BAR + BAR_GAP);
            let mut end = layout.bars_left;
            if let BarValue::Known(value) = bar.value
                && value > 0
            {
                end = layout.x(self.scale.part(value, layout.largest));
                let place = Corners { left: layout.bars_left, top, right: end, bottom: top + BAR };
                brush.fill(place, &theme.design(self.series[series].color))?;
            }
            if let Some(text) = self.bar_text(bar.value, layout.with_units) {
                let is_known = matches!(bar.value, BarValue::Known(value) if value > 0);
                let color = if is_known { theme.text } else { theme.muted };
                let label =
                    Label { text: &text, color, size: theme.small_font_size, horizontal: HPos::Left, bold: false };
                brush.text(end + VALUE_GAP, top + BAR / 2.0, &label)?;
            }
        }
        Ok(())
    }

    /// What stands behind a bar.
    fn bar_text(&self, value: BarValue, with_unit: bool) -> Option<String> {
        match value {
            BarValue::Absent => None,
            BarValue::Unknown => Some("not known".to_string()),
            BarValue::Known(value) if with_unit => Some(self.unit.text(value)),
            BarValue::Known(value) => Some(self.unit.number(value)),
        }
    }

    /// `Separable: 257 params (2.3 %), depthwise1 + pointwise1`.
    fn bar_line(&self, series: usize, bar: &Bar) -> String {
        let name = self.series.get(series).map_or("", |series| series.name.as_str());
        let value = match bar.value {
            BarValue::Absent => return format!("{name}: \u{2013}"),
            BarValue::Unknown => return format!("{name}: not known ({})", bar.label),
            BarValue::Known(value) => self.unit.text(value),
        };
        let share = self.share(series, bar.value).map(|share| format!(" ({share})")).unwrap_or_default();
        format!("{name}: {value}{share}, {}", bar.label)
    }

    /// `92.8 %` of the series' total.
    fn share(&self, series: usize, value: BarValue) -> Option<String> {
        let total = self.totals.get(series).copied().flatten().filter(|&total| total > 0)?;
        match value {
            BarValue::Known(value) => Some(format!("{:.1} %", 100.0 * value as f64 / total as f64)),
            BarValue::Absent | BarValue::Unknown => None,
        }
    }
}

impl BarRow {
    fn largest(&self) -> u64 {
        let known = self.bars.iter().map(|bar| match bar.value {
            BarValue::Known(value) => value,
            BarValue::Absent | BarValue::Unknown => 0,
        });
        known.max().unwrap_or(0)
    }
}

impl BarValue {
    /// The sum; not known where a part is not, or where it does not fit.
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Absent, other) => other,
            (value, Self::Absent) => value,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Known(one), Self::Known(other)) => one.checked_add(other).map_or(Self::Unknown, Self::Known),
        }
    }
}

impl BarLayout {
    fn row_top(&self, row: usize) -> f64 {
        TOP + row as f64 * self.row_height
    }

    fn x(&self, part: f64) -> f64 {
        self.bars_left + part * (self.bars_right - self.bars_left)
    }
}
