//! Dots of two figures: which of them nothing beats, where they answer to the pointer, and budgets that are dragged.

use std::collections::HashSet;

use convscope::chart::{Picture, Scale, ScatterAxis, ScatterChart, ScatterPoint, Side, Theme, Unit};
use convscope::workbench::MAX_DESIGNS;
use proptest::prelude::*;

/// Any dots, budgets and scale.
fn any_scatter() -> impl Strategy<Value = ScatterChart> {
    let figure = prop_oneof![0..10_u64, 0..100_000_u64, 0..2_000_000_000_u64];
    let point = (figure.clone(), figure.clone(), proptest::option::of(0..MAX_DESIGNS));
    let points = proptest::collection::vec(point, 0..40);
    (points, proptest::option::of(figure.clone()), proptest::option::of(figure), any::<[bool; 2]>()).prop_map(
        |(points, across, up, [is_log, more_is_better])| ScatterChart {
            title: "MACs against weights".to_string(),
            axes: [
                ScatterAxis { title: "weights".into(), unit: Unit::Bytes, budget: across, more_is_better: false },
                ScatterAxis { title: "MACs".into(), unit: Unit::Macs, budget: up, more_is_better },
            ],
            scale: if is_log { Scale::Log } else { Scale::Linear },
            points: points
                .into_iter()
                .map(|(x, y, design)| ScatterPoint { label: format!("{x} {y}"), figures: [x, y], design })
                .collect(),
        },
    )
}

proptest! {
    #[test]
    fn the_stairs_are_those_that_nothing_beats(chart in any_scatter()) {
        let up = |one: u64, other: u64| if chart.axes[1].more_is_better { one >= other } else { one <= other };
        let beats = |one: &ScatterPoint, other: &ScatterPoint| {
            one.figures != other.figures && one.figures[0] <= other.figures[0] && up(one.figures[1], other.figures[1])
        };
        let front = chart.front();
        for (index, point) in chart.points.iter().enumerate() {
            let is_beaten = chart.points.iter().any(|other| beats(other, point));
            let is_there = front.iter().any(|&other| chart.points[other].figures == point.figures);
            prop_assert_eq!(is_there, !is_beaten, "{}", point.label);
            prop_assert!(!is_beaten || !front.contains(&index));
        }
        prop_assert!(front.windows(2).all(|pair| chart.points[pair[0]].figures[0] < chart.points[pair[1]].figures[0]));
    }

    #[test]
    fn dots_are_found_where_they_are_drawn_and_budgets_where_they_are_dropped(
        chart in any_scatter(), width in 200.0..1600.0_f64, part in (0.0..1.0_f64, 0.0..1.0_f64),
    ) {
        let theme = Theme::light();
        let layout = chart.layout(width, &theme);
        let svg = Picture::Scatter(chart.clone()).to_svg(width, &theme);
        let circles = circles(&svg);
        let distinct: HashSet<[u64; 2]> = chart.points.iter().map(|point| point.figures).collect();
        prop_assert!(circles.len() >= distinct.len(), "{} of {}", circles.len(), distinct.len());
        for (x, y) in circles {
            let is_dot = chart.hit(&layout, x, y).is_some();
            prop_assert!(is_dot || chart.grip(&layout, x, y).is_some(), "nothing at {}, {}", x, y);
        }
        for side in [Side::Across, Side::Up] {
            let place = (part.0 * layout.width, part.1 * layout.height);
            if let Some(budget) = chart.budget_at(&layout, side, place.0, place.1) {
                let mut with = chart.clone();
                with.axes[side.index()].budget = Some(budget);
                // The line can be taken hold of again.
                let layout = with.layout(width, &theme);
                let steps = (0..=(layout.width.max(layout.height) as u32)).map(f64::from);
                let mut grips = steps.flat_map(|step| [0.3, 0.45, 0.6].map(|part| match side {
                    Side::Across => with.grip(&layout, step, part * layout.height),
                    Side::Up => with.grip(&layout, part * layout.width, step),
                }));
                prop_assert!(grips.any(|grip| grip == Some(side)), "{:?} {}", side, budget);
            }
        }
    }
}

/// The centres of the circles of an SVG.
fn circles(svg: &str) -> Vec<(f64, f64)> {
    let attribute = |tag: &str, name: &str| tag.split_once(&format!(" {name}=\""))?.1.split('"').next()?.parse().ok();
    svg.split("<circle").skip(1).filter_map(|tag| Some((attribute(tag, "cx")?, attribute(tag, "cy")?))).collect()
}
