//! What a row shows of its design.

use convscope::model::Kind;
use convscope::page::derived::Derived;
use convscope::page::formulas::formulas;
use convscope::page::row::{RowState, RowView, class_of, inline_arguments, number, output, params, row_view};
use convscope::page::totals::TotalsView;
use convscope::share_link;

fn derived(link: &str) -> Derived {
    Derived::of(&share_link::decode(link).0)
}

fn rows(derived: &Derived, design: usize) -> Vec<RowView> {
    let network = derived.designs[design].network();
    network.nodes.iter().map(|node| row_view(derived, design, node.id).expect("a row")).collect()
}

#[test]
fn the_seeds_rows_add_up_to_their_totals() {
    let derived = derived("");
    for (design, params, macs) in [(0, 11_831, 141_340), (1, 11_404, 58_884)] {
        let rows = rows(&derived, design);
        assert_eq!(rows.iter().map(|row| row.params).sum::<u64>(), params);
        assert_eq!(rows.iter().map(|row| row.macs).sum::<u64>(), macs);
        assert!((rows.iter().map(|row| row.share).sum::<f64>() - 1.0).abs() < 1e-12);
        let totals = TotalsView::of(&derived.designs[design].report);
        assert_eq!((totals.params, totals.macs, totals.flops), (params, macs, 2 * macs));
    }
}

/// Rows of both designs that belong together end at the same height.
#[test]
fn the_pairs_rows_stand_beside_their_counterparts() {
    let derived = derived("");
    let height = |design| rows(&derived, design).iter().map(|row| row.units + row.space).sum::<usize>();
    assert_eq!(height(0), height(1));
    let standard = rows(&derived, 0);
    let conv1 = standard.iter().find(|row| row.name == "conv1").expect("conv1");
    assert_eq!(conv1.units, 2, "depthwise and pointwise stand beside it");
}

#[test]
fn what_is_wrong_is_told_at_its_row_and_the_others_wait() {
    let derived = derived("v=1&a=1x1x150.c4k9.bn.relu");
    let rows = rows(&derived, 0);
    assert!(matches!(&rows[0].state, RowState::Failed { class: "RuntimeError", .. }), "{:?}", rows[0].state);
    assert_eq!(rows[1].state, RowState::Waits { on: rows[0].name.clone() });
    assert_eq!((rows[0].out.as_str(), number(&rows[0], rows[0].macs).as_str()), ("", "–"));
}

#[test]
fn an_unknown_layer_costs_a_question_mark() {
    let derived = derived("v=1&a=3x8x8.c4k3.unk_Mystery.relu");
    let rows = rows(&derived, 0);
    let unknown = rows.iter().find(|row| row.state == RowState::Unsupported).expect("an unknown layer");
    assert_eq!((number(unknown, unknown.macs).as_str(), params(unknown).as_str()), ("?", "?"));
    assert_ne!(class_of(unknown), "");
}

#[test]
fn a_row_says_what_comes_out_and_whatever_differs_from_the_defaults() {
    let derived = derived("v=1&a=4x8x8.c8k3p1gdw.add~0~1");
    let rows = rows(&derived, 0);
    assert!(output(&rows[0]).starts_with("→ 8×8×8"), "{}", output(&rows[0]));
}

#[test]
fn the_formula_of_the_macs_gives_the_rows_macs() {
    let derived = derived("");
    let state = &derived.designs[0];
    for row in rows(&derived, 0) {
        let id = state.network().nodes[row.index].id;
        let macs = formulas(state, id).into_iter().find(|(what, _)| *what == "MACs");
        match macs {
            Some((_, formula)) => assert!(formula.replace(',', "").ends_with(&row.macs.to_string()), "{formula}"),
            None => assert_eq!(row.macs, 0, "{}", row.name),
        }
    }
}

#[test]
fn the_arguments_in_the_row_are_the_kinds_own() {
    for &kind in Kind::ALL {
        for (name, _) in inline_arguments(kind) {
            assert!(kind.arguments().contains(name), "{kind:?} has no {name}");
        }
    }
}
