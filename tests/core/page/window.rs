//! Windows of long designs.

use convscope::model::presets;
use convscope::page::derived::Derived;
use convscope::page::row::row_view;
use convscope::page::window::Heights;
use convscope::rewrite::Rewrite;
use convscope::workbench::{Content, Design, Workbench};
use proptest::prelude::*;

fn derived(preset: &str) -> Derived {
    let network = presets::find(preset).expect("a preset").network();
    let design = |content| Design::new("One".to_string(), content);
    let designs = vec![
        design(Content::Network(network.into())),
        design(Content::Twin { of: 0, rewrites: vec![Rewrite::Separable] }),
    ];
    Derived::of(&Workbench { designs, ..Workbench::default() })
}

/// The fast way gives what each row says of itself.
#[test]
fn heights_are_those_of_the_rows() {
    for preset in ["lenet5", "resnet50", "googlenet"] {
        let derived = derived(preset);
        for design in 0..2 {
            let heights = Heights::of(&derived, design, &[]);
            let nodes = &derived.designs[design].network().nodes;
            assert_eq!(heights.rows(), nodes.len());
            for (index, node) in nodes.iter().enumerate() {
                let row = row_view(&derived, design, node.id).expect("a row");
                let height = heights.before(index + 1) - heights.before(index);
                assert_eq!(height as usize, row.units + row.space, "{preset} {design} {}", node.name);
            }
        }
    }
}

proptest! {
    #[test]
    fn a_window_holds_what_is_seen_and_the_rest_takes_its_room(top in -50.0_f64..1000.0, seen in 5.0_f64..60.0) {
        let heights = Heights::of(&derived("resnet50"), 1, &[]);
        let window = heights.window(top, top + seen);
        let total = heights.before(heights.rows());
        prop_assert_eq!(window.above, heights.before(window.first));
        prop_assert_eq!(window.above + window.below + heights.before(window.end) - heights.before(window.first), total);
        prop_assert!(window.end - window.first <= seen as usize + 40, "{:?}", window);
        let is_seen = |row: usize| {
            (heights.before(row) as f64) < top + seen && heights.before(row + 1) as f64 > top
        };
        for row in (0..heights.rows()).filter(|row| is_seen(*row)) {
            prop_assert!((window.first..window.end).contains(&row), "row {row} of {window:?}");
        }
        prop_assert_eq!(heights.whole().end, heights.rows());
    }
}
