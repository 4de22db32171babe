//! Modules as lines above their rows.

use convscope::model::presets;
use convscope::page::derived::Derived;
use convscope::page::modules::{Entry, Head, Module, entries, leaf, modules};
use convscope::page::window::Heights;
use convscope::workbench::{Content, Design, Workbench};
use proptest::prelude::*;

fn derived(preset: &str) -> Derived {
    let network = presets::find(preset).expect("a preset").network();
    let design = Design::new("One".to_string(), Content::Network(network.into()));
    Derived::of(&Workbench { designs: vec![design], ..Workbench::default() })
}

/// ResNet-50 is its four layers of blocks, and their sums are those of the rows.
#[test]
fn modules_of_a_residual_network_are_its_layers() {
    let derived = derived("resnet50");
    let design = &derived.designs[0];
    let modules = modules(design);
    let told: Vec<(&str, usize)> = modules.iter().map(|module| (module.name.as_str(), module.blocks)).collect();
    assert_eq!(told, [("layer1", 3), ("layer2", 4), ("layer3", 6), ("layer4", 3)]);
    // torchvision's: 215,808, 1,219,584, 7,098,368, 14,964,736.
    let params: Vec<u64> = modules.iter().map(|module| module.params).collect();
    assert_eq!(params, [215_808, 1_219_584, 7_098_368, 14_964_736]);
}

#[test]
fn modules_are_told_apart_by_their_last_part() {
    assert_eq!(leaf("layer1.0.bn2"), ("layer1.0", "bn2"));
    assert_eq!(leaf("features.1.3"), ("", "features.1.3"));
    assert_eq!(leaf("fc"), ("", "fc"));
}

proptest! {
    /// Whatever is folded and wherever the window lies: each row is listed once or is folded, in order, and the heights
    /// sum up to the entries.
    #[test]
    fn modules_list_every_row_once(lengths in prop::collection::vec((1_usize..6, 0_u8..3), 1..12), cut in 0_usize..40) {
        let mut heads = Vec::new();
        let mut rows = 0;
        for (length, kind) in lengths {
            if kind > 0 {
                heads.push(Head { first: rows, end: rows + length, is_folded: kind == 2 });
            }
            rows += length;
        }
        let first = cut.min(rows);
        let listed = entries(&heads, first, rows);
        let hidden = |row: usize| heads.iter().any(|head| head.is_folded && (head.first..head.end).contains(&row));
        let expected: Vec<usize> = (first..rows).filter(|&row| !hidden(row)).collect();
        let found: Vec<usize> = listed.iter().filter_map(|entry| match entry { Entry::Row(row) => Some(*row), Entry::Head(_) => None }).collect();
        prop_assert_eq!(found, expected);
        let lines: Vec<usize> = listed.iter().filter_map(|entry| match entry { Entry::Head(row) => Some(*row), Entry::Row(_) => None }).collect();
        let expected: Vec<usize> = heads.iter().map(|head| head.first).filter(|&row| row >= first).collect();
        prop_assert_eq!(lines, expected);
    }
}

/// Folding takes the rows' room away and leaves the lines'.
#[test]
fn modules_that_are_folded_take_one_row() {
    let derived = derived("resnet50");
    let heads = |is_folded| {
        let head = |module: Module| Head { first: module.first, end: module.end, is_folded };
        modules(&derived.designs[0]).into_iter().map(head).collect::<Vec<_>>()
    };
    let total = |heads: &[Head]| Heights::of(&derived, 0, heads).before(usize::MAX);
    let folded: u64 = heads(true).iter().map(|head| (head.end - head.first) as u64).sum();
    assert_eq!(total(&heads(false)), total(&[]) + 4);
    assert_eq!(total(&heads(true)), total(&heads(false)) - folded);
}
