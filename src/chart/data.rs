//! Charts of designs that are compared, from their reports.

use crate::compare::AlignedRow;
use crate::cost::{Memory, Report, Row};
use crate::explore::{Metrics, Point, Sweep};
use crate::lifetime::Lifetimes;
use crate::model::Network;

use super::{
    Bar, BarChart, BarRow, BarValue, CurveChart, CurvePanel, CurvePoint, CurveValue, DepthChart, DepthSeries,
    DepthStep, Scale, Series, Unit,
};

/// A design in charts.
#[derive(Clone, Copy, Debug)]
pub struct ChartSide<'a> {
    pub name: &'a str,
    /// The design's index, which says its colour.
    pub color: usize,
    pub network: &'a Network,
    pub report: &'a Report,
}

/// Parameters of each row.
pub fn params_by_layer(left: &ChartSide, right: Option<&ChartSide>, rows: &[AlignedRow]) -> BarChart {
    bars(("Parameters by layer", Unit::Params), &sides(left, right), rows, |row| Some(row.params()?.0))
}

/// Multiply-accumulates of each row.
pub fn macs_by_layer(left: &ChartSide, right: Option<&ChartSide>, rows: &[AlignedRow]) -> BarChart {
    bars(("MACs by layer", Unit::Macs), &sides(left, right), rows, |row| Some(row.macs()?.0))
}

/// Bytes alive while each node runs, by the lifetimes that `choose` takes of a report's memory.
pub fn memory_over_depth(
    left: &ChartSide,
    right: Option<&ChartSide>,
    rows: &[AlignedRow],
    choose: fn(&Memory) -> &Lifetimes,
) -> DepthChart {
    let sides = sides(left, right);
    let series = sides.iter().enumerate().map(|(index, side)| {
        let memory = side.report.memory.as_ref();
        let live = memory.and_then(|memory| choose(memory).live()).unwrap_or_default();
        let bytes = |node: usize| Some(memory?.bytes(*live.get(node)?).0);
        let step = |row: usize, &node: &usize| {
            let label = side.network.nodes.get(node)?.name.clone();
            // What has no shape has no bytes to tell.
            side.report.shapes.nodes.get(node)?.dims()?;
            Some(DepthStep { row, label, value: bytes(node)? })
        };
        let steps = rows.iter().enumerate().flat_map(|(row, aligned)| {
            nodes(aligned, index).iter().filter_map(move |node| step(row, node)).collect::<Vec<_>>()
        });
        DepthSeries { series: side.series(), steps: steps.collect() }
    });
    DepthChart {
        title: "Activation memory over depth".to_string(),
        unit: Unit::Bytes,
        labels: rows.iter().map(|row| row_label(row, &sides)).collect(),
        series: series.collect(),
    }
}

/// Parameters, MACs, peak memory and time of a design and of its separable twin, over the values of an argument. No
/// twin where it is the same at every value. The title is the argument; the colour is the design's.
pub fn curves_of_sweep(title: &str, sweep: &Sweep, color: usize) -> CurveChart {
    type Read = fn(&Metrics, Option<f64>) -> Option<u64>;
    type Side = fn(&Point) -> (Option<Metrics>, Option<f64>);
    let panels: [(&str, Unit, Read); 4] = [
        ("Parameters", Unit::Params, |metrics, _| Some(metrics.params)),
        ("MACs", Unit::Macs, |metrics, _| Some(metrics.macs)),
        ("Peak memory, int8", Unit::Bytes, |metrics, _| Some(metrics.peak)),
        ("Time on a Cortex-M7", Unit::Nanoseconds, |_, milliseconds| Some((milliseconds? * 1e6).round() as u64)),
    ];
    let standard: Side = |point| (point.standard, point.standard_milliseconds);
    let separable: Side = |point| (point.separable, point.separable_milliseconds);
    let mut sides = vec![standard];
    let mut series = vec![Series { name: "as it is".to_string(), color }];
    if sweep.points.iter().any(|point| standard(point) != separable(point)) {
        sides.push(separable);
        series.push(Series { name: "separable".to_string(), color: if color == 1 { 2 } else { 1 } });
    }
    let panels = panels.into_iter().map(|(title, unit, read)| {
        let value = |(metrics, milliseconds): (Option<Metrics>, Option<f64>)| match metrics {
            None => CurvePoint::CannotRun,
            Some(metrics) => read(&metrics, milliseconds).map_or(CurvePoint::Unknown, CurvePoint::Known),
        };
        let curve = |side: &Side| sweep.points.iter().map(|point| value(side(point))).collect();
        CurvePanel { title: title.to_string(), unit, curves: sides.iter().map(curve).collect() }
    });
    let values = sweep.points.iter().map(|point| CurveValue {
        label: point.label.clone(),
        short: point.short_label.clone(),
        place: point.place,
        family: point.family,
        reasons: point.reasons[..sides.len()].to_vec(),
    });
    CurveChart {
        title: title.to_string(),
        values: values.collect(),
        present: sweep.present,
        series,
        panels: panels.collect(),
    }
}

/// The rows of one design by itself.
pub fn rows_of_one(network: &Network) -> Vec<AlignedRow> {
    (0..network.nodes.len()).map(|index| AlignedRow { left: vec![index], right: Vec::new() }).collect()
}

impl ChartSide<'_> {
    fn series(&self) -> Series {
        Series { name: self.name.to_string(), color: self.color }
    }
}

fn sides<'a>(left: &ChartSide<'a>, right: Option<&ChartSide<'a>>) -> Vec<ChartSide<'a>> {
    std::iter::once(*left).chain(right.copied()).collect()
}

/// The nodes of a side in a row.
fn nodes(row: &AlignedRow, side: usize) -> &[usize] {
    if side == 0 { &row.left } else { &row.right }
}

fn bars(
    (title, unit): (&str, Unit),
    sides: &[ChartSide<'_>],
    rows: &[AlignedRow],
    figure: fn(&Row) -> Option<u64>,
) -> BarChart {
    let all = rows.iter().map(|row| {
        let bar = |(index, side): (usize, &ChartSide<'_>)| {
            let nodes = nodes(row, index);
            let rows = nodes.iter().filter_map(|&node| side.report.rows.get(node));
            let values = rows.map(|row| figure(row).map_or(BarValue::Unknown, BarValue::Known));
            Bar { value: values.fold(BarValue::Absent, BarValue::plus), label: names(nodes, side.network) }
        };
        BarRow { label: row_label(row, sides), bars: sides.iter().enumerate().map(bar).collect() }
    });
    let has_any = |row: &BarRow| row.bars.iter().any(|bar| !matches!(bar.value, BarValue::Absent | BarValue::Known(0)));
    let all_rows: Vec<BarRow> = all.collect();
    let total = |side: &ChartSide<'_>| {
        let rows = side.report.rows.iter().chain(&side.report.uncalled);
        rows.map(figure).sum::<Option<u64>>().filter(|_| side.report.totals.completeness.assumed == 0)
    };
    BarChart {
        title: title.to_string(),
        unit,
        scale: Scale::Linear,
        series: sides.iter().map(ChartSide::series).collect(),
        rows: all_rows.iter().filter(|row| has_any(row)).cloned().collect(),
        all_rows,
        totals: sides.iter().map(total).collect(),
    }
}

/// The left design's name of a row, or the right one's where it has none.
fn row_label(row: &AlignedRow, sides: &[ChartSide<'_>]) -> String {
    let label = |index: usize| sides.get(index).map(|side| names(nodes(row, index), side.network));
    let mut labels = [label(0), label(1)].into_iter().flatten();
    labels.find(|label| !label.is_empty()).unwrap_or_default()
}

fn names(nodes: &[usize], network: &Network) -> String {
    let names = nodes.iter().filter_map(|&node| network.nodes.get(node)).map(|node| node.name.as_str());
    names.collect::<Vec<_>>().join(" + ")
}
