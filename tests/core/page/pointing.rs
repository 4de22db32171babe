//! What is pointed at in charts and rows.

use convscope::page::derived::Derived;
use convscope::page::pointing::{compared_row, places};
use proptest::prelude::*;

use crate::hostile_text;
use crate::random_workbench;

proptest! {
    #[test]
    fn places_and_rows_are_each_others(workbench in random_workbench::workbench(hostile_text::network())) {
        let derived = Derived::of(&workbench);
        let rows = match &derived.comparison {
            Some(comparison) => comparison.rows.len(),
            None => derived.designs[0].network().nodes.len(),
        };
        let mut pointed = 0;
        for row in 0..rows {
            let places = places(&derived, row);
            pointed += places.len();
            prop_assert!(!places.is_empty());
            for place in places {
                prop_assert_eq!(compared_row(&derived, place), Some(row));
            }
        }
        let shown = derived.pair.map_or(vec![0], |(one, other)| vec![one, other]);
        let nodes: usize = shown.iter().map(|&design| derived.designs[design].network().nodes.len()).sum();
        prop_assert_eq!(pointed, nodes);
        prop_assert!(places(&derived, rows).is_empty());
        for (design, state) in derived.designs.iter().enumerate().filter(|(design, _)| !shown.contains(design)) {
            prop_assert!(state.network().nodes.iter().all(|node| compared_row(&derived, (design, node.id)).is_none()));
        }
    }
}
