//! Charts as SVG: every figure is there, nothing lies outside, the pointer finds what was drawn.

use convscope::chart::{
    BarChart, BarValue, ChartSide, CurveChart, CurvePoint, DepthChart, Scale, Surface, Theme, curves_of_sweep,
    macs_by_layer, memory_over_depth, params_by_layer,
};
use convscope::compare::{Comparison, Side, compare};
use convscope::cost::{Report, Settings, analyze};
use convscope::device::Fitted;
use convscope::explore::{Axis, Space, sweep};
use convscope::model::{Dims, Network, Pair as Square};
use convscope::workbench::{MAX_DESIGNS, Workbench};
use plotters::prelude::{IntoDrawingArea, RGBColor, SVGBackend};
use proptest::prelude::*;

use crate::random;

/// The seed's pair, or any two networks.
struct Pair {
    networks: [Network; 2],
    reports: [Report; 2],
    comparison: Comparison,
}

impl Pair {
    fn new(left: Network, right: Network) -> Self {
        let networks = [left, right];
        let reports = [0, 1].map(|index: usize| analyze(&networks[index], &Settings::default()));
        let side = |index: usize| Side {
            name: ["Standard", "Separable"][index],
            network: &networks[index],
            report: &reports[index],
            origins: None,
        };
        let comparison = compare(&side(0), &side(1));
        Self { networks, reports, comparison }
    }

    fn seed() -> Self {
        let mut networks = Workbench::default().resolve().into_iter().map(|resolved| Network::clone(&resolved.network));
        Self::new(networks.next().expect("the standard"), networks.next().expect("its twin"))
    }

    fn side(&self, index: usize) -> ChartSide<'_> {
        let name = ["Standard", "Separable"][index];
        ChartSide { name, color: index, network: &self.networks[index], report: &self.reports[index] }
    }

    fn params(&self) -> BarChart {
        params_by_layer(&self.side(0), Some(&self.side(1)), &self.comparison.rows)
    }

    fn macs(&self) -> BarChart {
        macs_by_layer(&self.side(0), Some(&self.side(1)), &self.comparison.rows)
    }

    fn memory(&self) -> DepthChart {
        let rows = &self.comparison.rows;
        memory_over_depth(&self.side(0), Some(&self.side(1)), rows, |memory| &memory.out_of_place)
    }
}

const DENSITY: f64 = 2.0;

fn bars_svg(chart: &BarChart, width: f64, theme: &Theme) -> String {
    let layout = chart.layout(width, theme);
    svg(width, layout.height, |area| {
        chart.draw(area, &layout, &Surface { theme, density: DENSITY, highlight: Some(0) }).expect("drawn");
    })
}

fn depth_svg(chart: &DepthChart, width: f64, theme: &Theme) -> String {
    let layout = chart.layout(width, theme);
    svg(width, layout.height, |area| {
        chart.draw(area, &layout, &Surface { theme, density: DENSITY, highlight: None }).expect("drawn");
    })
}

fn curves_svg(chart: &CurveChart, width: f64, theme: &Theme) -> String {
    let layout = chart.layout(width, theme);
    svg(width, layout.height, |area| {
        chart.draw(area, &layout, &Surface { theme, density: DENSITY, highlight: Some(1) }).expect("drawn");
    })
}

/// Parameters, MACs, memory and time of a network over the values of an axis.
fn curves(network: &Network, axis: Axis) -> CurveChart {
    curves_of_sweep("an argument", &sweep(network, axis, Fitted::all().first()), 0)
}

fn widths() -> Axis {
    Axis::Width(vec![0.25, 0.5, 0.75, 1.0, 2.0])
}

type SvgArea<'a> = plotters::drawing::DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn svg(width: f64, height: f64, draw: impl FnOnce(&SvgArea<'_>)) -> String {
    let mut text = String::new();
    {
        let size = ((width * DENSITY) as u32, (height * DENSITY) as u32);
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&area);
        area.present().expect("an SVG");
    }
    text
}

/// The numbers of an attribute of all elements.
fn numbers(svg: &str, attribute: &str) -> Vec<f64> {
    let key = format!(" {attribute}=\"");
    let parts = svg.split(&key).skip(1);
    parts.filter_map(|part| part.split('"').next()?.parse().ok()).collect()
}

fn check_inside(svg: &str, width: f64, height: f64) {
    for (attribute, limit) in [("x", width), ("x1", width), ("x2", width), ("cx", width), ("y", height), ("cy", height)]
    {
        for number in numbers(svg, attribute) {
            assert!((-1.0..=limit * DENSITY + 1.0).contains(&number), "{attribute} = {number} of {limit}:\n{svg}");
        }
    }
}

#[test]
fn the_seeds_bars_are_labelled_with_their_numbers() {
    let pair = Pair::seed();
    let chart = pair.params();
    assert_eq!(
        chart.rows.iter().map(|row| row.label.as_str()).collect::<Vec<_>>(),
        ["conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "fc1", "fc2"]
    );
    assert_eq!(chart.totals, [Some(11_831), Some(11_404)]);
    let drawn = bars_svg(&chart, 480.0, &Theme::light());
    for text in ["10,980 params", "fc1", "136 params", "#0072B2", "#C44F00"] {
        assert!(drawn.contains(text), "{text} is not in\n{drawn}");
    }
    let macs = bars_svg(&pair.macs(), 480.0, &Theme::dark());
    assert!(macs.contains("10,944 MACs") && macs.contains("#57B1E8"), "{macs}");
    let memory = depth_svg(&pair.memory(), 480.0, &Theme::light());
    assert!(memory.contains("Standard peak: ") && memory.contains("Separable peak: "), "{memory}");
}

#[test]
fn colours_are_those_of_the_style_sheet() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/style/base.css");
    let sheet = std::fs::read_to_string(path).expect("style/base.css");
    let of_sheet = |name: &str| {
        let (_, rest) = sheet.split_once(&format!("--{name}: light-dark(")).unwrap_or_else(|| panic!("no --{name}"));
        let (light, dark) = rest.split_once(')').and_then(|(pair, _)| pair.split_once(", ")).expect("two colours");
        (light.to_string(), dark.to_string())
    };
    let (light, dark) = (Theme::light(), Theme::dark());
    let css = |color: RGBColor| format!("#{:02x}{:02x}{:02x}", color.0, color.1, color.2);
    let colors = |theme: &Theme| [theme.text, theme.muted, theme.grid, theme.raised, theme.surface].map(css);
    let names = ["text", "muted", "line", "raised", "surface"];
    for ((name, light), dark) in names.iter().zip(colors(&light)).zip(colors(&dark)) {
        assert_eq!((light, dark), of_sheet(name), "--{name}");
    }
    for design in 0..4 {
        let name = format!("design-{design}");
        assert_eq!((css(light.design(design)), css(dark.design(design))), of_sheet(&name), "--{name}");
    }
}

#[test]
fn bars_are_as_long_as_their_numbers() {
    let chart = Pair::seed().params();
    for scale in [Scale::Linear, Scale::Log] {
        assert_eq!(scale.part(0, 10_980), 0.0);
        assert_eq!(scale.part(10_980, 10_980), 1.0);
        assert!(scale.part(20, 10_980) < scale.part(144, 10_980));
        for largest in [0, 1, 7, 100, 10_980, u64::MAX] {
            for most in 1..6 {
                let ticks = scale.ticks(largest, most);
                assert!(ticks.len() <= most + 1 && ticks.is_sorted() && ticks.last() <= Some(&largest), "{ticks:?}");
            }
        }
    }
    let drawn = bars_svg(&chart, 480.0, &Theme::light());
    let blue: Vec<&str> = drawn.lines().filter(|line| line.contains("<rect") && line.contains("#0072B2")).collect();
    let widths: Vec<f64> = blue.iter().flat_map(|line| numbers(line, "width")).collect();
    let values: Vec<f64> = chart
        .rows
        .iter()
        .filter_map(|row| match row.bars[0].value {
            BarValue::Known(value) => Some(value as f64),
            BarValue::Absent | BarValue::Unknown => None,
        })
        .collect();
    assert_eq!(widths.len(), values.len(), "{blue:?}");
    let longest = widths.iter().copied().fold(0.0, f64::max);
    for (width, value) in widths.iter().zip(values) {
        let expected = (value / 10_980.0 * longest).max(1.0);
        assert!((width - expected).abs() <= 1.0, "{width} pixels for {value}, not {expected}");
    }
}

#[test]
fn the_pointer_finds_every_bar() {
    let chart = Pair::seed().params();
    let layout = chart.layout(480.0, &Theme::light());
    let mut found = std::collections::BTreeSet::new();
    for y in 0..layout.height as usize {
        if let Some(hit) = chart.hit(&layout, 200.0, y as f64)
            && let Some(series) = hit.series
        {
            found.insert((hit.row, series));
            assert!(hit.text.contains(&chart.rows[hit.row].label));
        }
    }
    assert_eq!(found.len(), 2 * chart.rows.len(), "{found:?}");
    let fc1 = chart.rows.iter().position(|row| row.label == "fc1").expect("fc1");
    let text =
        (0..400).filter_map(|y| chart.hit(&layout, 9.0, f64::from(y))).find(|hit| hit.row == fc1).expect("fc1").text;
    assert_eq!(text, "fc1\nStandard: 10,980 params (92.8 %), fc1\nSeparable: 10,980 params (96.3 %), fc1");
    assert_eq!(chart.hit(&layout, 9.0, layout.height + 1.0), None);
    assert_eq!(chart.hit(&layout, -1.0, 9.0), None);
}

#[test]
fn the_pointer_finds_every_step() {
    let pair = Pair::seed();
    let chart = pair.memory();
    let layout = chart.layout(480.0, &Theme::light());
    let hits: Vec<_> = (0..480).filter_map(|x| chart.hit(&layout, f64::from(x), 100.0)).collect();
    let rows: std::collections::BTreeSet<usize> = hits.iter().map(|hit| hit.row).collect();
    assert_eq!(rows.len(), chart.labels.len());
    for step in chart.series.iter().flat_map(|series| &series.steps) {
        assert!(hits.iter().any(|hit| hit.text.contains(&format!("at {}", step.label))), "{step:?}");
    }
    let peak = chart.series[0].peak().expect("a peak");
    let expected = pair.reports[0].memory.as_ref().expect("memory").peak_out_of_place.elements;
    assert_eq!(chart.series[0].steps[peak].value, expected * 4);
}

#[test]
fn the_seeds_curves_have_their_present_and_their_units() {
    let [standard, separable] = Pair::seed().networks;
    let chart = curves(&standard, widths());
    assert_eq!(chart.present, Some(3));
    assert_eq!(
        chart.panels[0].curves.iter().map(|curve| curve[3]).collect::<Vec<_>>(),
        [CurvePoint::Known(11_831), CurvePoint::Known(11_404)]
    );
    for (width, theme) in [(1200.0, Theme::light()), (340.0, Theme::dark())] {
        let drawn = curves_svg(&chart, width, &theme);
        for text in ["Parameters", "MACs", "Peak memory, int8", "Time on a Cortex-M7", "10 k", " kB", " ms", "0.25"] {
            assert!(drawn.contains(text), "{text} is not in\n{drawn}");
        }
        // A line from value to value of each series, in each panel.
        let lines = drawn.lines().filter(|line| line.contains("<polyline")).count();
        assert_eq!(lines, 4 * 2 * 4, "{drawn}");
    }
    // What has no size has no line; and a twin that is the same has no curve.
    let heads = curves(&standard, Space::heads(&standard));
    assert!(!curves_svg(&heads, 900.0, &Theme::light()).contains("<polyline"));
    let twin = curves(&separable, widths());
    assert_eq!(twin.series.len(), 1);
    assert!(twin.panels.iter().all(|panel| panel.curves.len() == 1));
}

/// A kernel of odd size leaves the seed's map one pixel high: nothing to pool.
#[test]
fn curves_say_what_cannot_run() {
    let [standard, _] = Pair::seed().networks;
    let standard = Network { input: Dims::new(&[1, 1, 150]).expect("a line"), ..standard };
    let wide = standard.nodes.iter().filter(|node| node.name.starts_with("conv")).map(|node| node.id).collect();
    let chart = curves(&standard, Axis::KernelSize { nodes: wide, sizes: (1..=4).map(Square::square).collect() });
    let runs: Vec<bool> = chart.panels[1].curves[0].iter().map(|point| *point != CurvePoint::CannotRun).collect();
    assert_eq!(runs, [false, true, false, true]);
    // Two crosses in each panel for each series.
    assert_eq!(curves_svg(&chart, 700.0, &Theme::light()).matches('\u{d7}').count(), 4 * 2 * 2);
    let table = chart.table();
    assert_eq!(table.rows[1][..2], ["kernel 2x2 (now)", "11,831"].map(str::to_string));
    assert_eq!((table.rows[1][5].as_str(), table.rows[2][1].as_str()), ("11,404", "cannot run"));
    // The pointer on a cross tells why.
    let layout = chart.layout(700.0, &Theme::light());
    let places = (0..700).flat_map(|x| (0..layout.height as usize).step_by(9).map(move |y| (x, y)));
    let told: Vec<String> =
        places.filter_map(|(x, y)| Some(chart.hit(&layout, f64::from(x), y as f64)?.text)).collect();
    assert!(told.iter().any(|text| text.contains("kernel 3x3\nas it is: cannot run: pool1: ")), "{:?}", told.first());
    // A line joins the even kernels, over the odd one between them.
    assert_eq!(curves_svg(&chart, 700.0, &Theme::light()).matches("<polyline").count(), 4 * 2);
}

#[test]
fn the_pointer_finds_every_point() {
    let [standard, _] = Pair::seed().networks;
    let chart = curves(&standard, widths());
    for width in [340.0, 700.0, 1200.0] {
        let layout = chart.layout(width, &Theme::light());
        let places = (0..width as usize).flat_map(|x| (0..layout.height as usize).step_by(9).map(move |y| (x, y)));
        let hits = places.filter_map(|(x, y)| chart.hit(&layout, x as f64, y as f64));
        let texts: std::collections::BTreeSet<String> = hits.map(|hit| hit.text).collect();
        // One for each value in each panel.
        assert_eq!(texts.len(), 4 * 5, "{texts:?}");
        assert!(texts.contains("width 1 (now)\nas it is: 11,831 params\nseparable: 11,404 params"), "{texts:?}");
        assert_eq!(chart.hit(&layout, 9.0, layout.height + 1.0), None);
    }
}

#[test]
fn tables_hold_every_row() {
    let pair = Pair::seed();
    let table = pair.params().table();
    assert_eq!(table.header, ["layer", "Standard (params)", "share", "Separable (params)", "share"]);
    assert!(table.rows.contains(&["fc1", "10,980", "92.8 %", "10,980", "96.3 %"].map(str::to_string).to_vec()));
    assert_eq!(table.rows.len(), pair.comparison.rows.len());
    assert_eq!(pair.params().shortened(2).table(), table);
    let memory = pair.memory();
    assert_eq!(memory.table().rows.len(), memory.labels.len());
}

#[test]
fn long_charts_are_shortened_without_loss() {
    let chart = Pair::seed().params();
    let short = chart.clone().shortened(3);
    assert_eq!(short.rows.len(), 3);
    assert_eq!(short.rows[2].label, "6 others");
    for series in 0..2 {
        let sum = |chart: &BarChart| {
            chart.rows.iter().map(|row| row.bars[series].value).fold(BarValue::Absent, BarValue::plus)
        };
        assert_eq!(sum(&short), sum(&chart));
    }
    assert_eq!(chart.clone().shortened(8), chart);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_drawn_outside(
        left in random::network(), right in random::network(), width in 200.0_f64..1400.0, log in any::<bool>(),
    ) {
        let pair = Pair::new(left, right);
        for mut chart in [pair.params(), pair.macs(), pair.params().shortened(4)] {
            chart.scale = if log { Scale::Log } else { Scale::Linear };
            let layout = chart.layout(width.floor(), &Theme::light());
            check_inside(&bars_svg(&chart, width.floor(), &Theme::light()), width, layout.height);
        }
        let memory = pair.memory();
        let layout = memory.layout(width.floor(), &Theme::light());
        check_inside(&depth_svg(&memory, width.floor(), &Theme::light()), width, layout.height);
        let curves = curves(&pair.networks[0], widths());
        let curves_layout = curves.layout(width.floor(), &Theme::light());
        check_inside(&curves_svg(&curves, width.floor(), &Theme::light()), width, curves_layout.height);
        let step = (width / 40.0).max(1.0);
        for x in 0..40 {
            let _ = memory.hit(&layout, f64::from(x) * step, 60.0);
            let _ = curves.hit(&curves_layout, f64::from(x) * step, 60.0);
        }
    }
}

/// The colours of the style sheet: what `data-color` and `--design-N` say.
#[test]
fn charts_and_the_page_have_one_colour_for_a_design() {
    const SHEET: &str = include_str!("../../style/base.css");
    let between = |text: &'static str, start: &str, end: &str| {
        let rest = &text[text.find(start).unwrap_or_else(|| panic!("no {start}")) + start.len()..];
        rest[..rest.find(end).expect("an end")].to_string()
    };
    for design in 0..MAX_DESIGNS {
        let attribute = format!("[data-color=\"{design}\"]");
        let rule = SHEET.lines().find(|line| line.contains(&attribute)).unwrap_or_else(|| panic!("no {attribute}"));
        let place = between(rule, "--color: var(", ")");
        let hex = |RGBColor(red, green, blue): RGBColor| format!("#{red:02x}{green:02x}{blue:02x}");
        let wanted = format!("{}, {}", hex(Theme::light().design(design)), hex(Theme::dark().design(design)));
        assert_eq!(between(SHEET, &format!("{place}: light-dark("), ")"), wanted, "design {design}");
    }
}
