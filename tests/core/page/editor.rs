//! Editing a workbench: what follows from it, and the way back.

use std::sync::Arc;

use convscope::model::{Inputs, Kind, NodeId, Source};
use convscope::page::editor::Editor;
use convscope::page::history::{EditKey, MOST_STEPS, ONE_STEP, Stroke};
use convscope::rewrite::Rewrite;
use convscope::share_link;
use convscope::workbench::{Content, MAX_DESIGNS, Part, Workbench};
use proptest::prelude::*;

const STANDARD: usize = 0;
const TWIN: usize = 1;

fn editor() -> Editor {
    Editor::new(Workbench::default())
}

fn row(editor: &Editor, design: usize, name: &str) -> NodeId {
    let network = editor.derived().designs[design].network();
    network.nodes.iter().find(|node| node.name == name).unwrap_or_else(|| panic!("{name}")).id
}

fn params(editor: &Editor) -> Vec<u64> {
    editor.derived().designs.iter().map(|state| state.params()).collect()
}

fn is_twin(editor: &Editor) -> bool {
    matches!(editor.workbench().designs[TWIN].content, Content::Twin { .. })
}

#[test]
fn a_typed_kernel_size_changes_both_designs() {
    let mut editor = editor();
    assert_eq!(params(&editor), [11_831, 11_404]);
    let conv1 = row(&editor, STANDARD, "conv1");
    assert_eq!(editor.type_argument((STANDARD, conv1), "kernel_size", "1", 0.0), Ok(()));
    assert_eq!(params(&editor)[0], 22_763, "conv1 loses 12, and leaves fc1 608 features instead of 304");
    assert!(is_twin(&editor), "the twin follows");
}

#[test]
fn what_cannot_be_read_changes_nothing_and_says_what_could() {
    let mut editor = editor();
    let conv1 = row(&editor, STANDARD, "conv1");
    for (text, words) in [
        ("many", "out_channels is a whole number"),
        ("", "out_channels is a whole number"),
        ("99999999999999999999999", "out_channels is at most 9223372036854775807"),
    ] {
        let problem = editor.type_argument((STANDARD, conv1), "out_channels", text, 0.0).expect_err(text);
        assert!(problem.starts_with(words), "{text:?}: {problem}");
    }
    assert!(editor.type_input(STANDARD, "1xx150", 0.0).expect_err("no shape").contains("sizes are whole numbers"));
    assert_eq!(params(&editor), [11_831, 11_404]);
    assert!(!editor.can_undo());
}

#[test]
fn typing_a_number_is_one_step_back() {
    let mut editor = editor();
    let conv1 = row(&editor, STANDARD, "conv1");
    for (text, time) in [("1", 0.0), ("12", 200.0), ("128", ONE_STEP)] {
        editor.type_argument((STANDARD, conv1), "out_channels", text, time).expect("a number");
    }
    editor.type_argument((STANDARD, conv1), "kernel_size", "1", ONE_STEP).expect("a number");
    editor.type_argument((STANDARD, conv1), "kernel_size", "2", 3.0 * ONE_STEP).expect("a number");
    let channels = |editor: &Editor| {
        let network = editor.derived().designs[STANDARD].network();
        network.node(conv1).and_then(|node| node.layer.argument("out_channels")).expect("channels").to_string()
    };
    assert!(editor.undo(), "the kernel back to 1: it rested before 2 was typed");
    assert!(editor.undo(), "and to 2");
    assert_eq!(channels(&editor), "128");
    assert!(editor.undo());
    assert_eq!((channels(&editor).as_str(), params(&editor)), ("4", vec![11_831, 11_404]));
    assert!(!editor.undo());
    assert!(editor.redo());
    assert_eq!(channels(&editor), "128");
    editor.remove(STANDARD, conv1);
    assert!(!editor.can_redo(), "an edit ends what was undone");
}

#[test]
fn an_edited_twin_is_its_own_and_can_follow_again() {
    let mut editor = editor();
    let fc2 = row(&editor, TWIN, "fc2");
    editor.type_argument((TWIN, fc2), "out_features", "5", 0.0).expect("a number");
    assert!(!is_twin(&editor));
    assert_eq!(params(&editor)[0], 11_831, "the original stays");
    editor.attach(TWIN);
    assert_eq!(params(&editor), [11_831, 11_404]);
    editor.detach(TWIN);
    assert_eq!((is_twin(&editor), params(&editor)), (false, vec![11_831, 11_404]));
    editor.attach(STANDARD);
    assert!(matches!(editor.workbench().designs[STANDARD].content, Content::Network(_)), "not of itself");
}

#[test]
fn a_twins_input_is_its_originals() {
    let mut editor = editor();
    editor.type_input(TWIN, "1x20x152", 0.0).expect("a shape");
    let inputs: Vec<String> = editor.derived().designs.iter().map(|state| state.network().input.to_string()).collect();
    assert_eq!(inputs, ["1x20x152", "1x20x152"]);
    assert!(is_twin(&editor));
}

#[test]
fn what_an_edit_leaves_alone_is_shared_with_the_past() {
    let mut editor = editor();
    editor.duplicate_design(STANDARD);
    let of = |editor: &Editor, design: usize| match &editor.workbench().designs[design].content {
        Content::Network(network) => network.clone(),
        Content::Twin { .. } => panic!("a network of its own"),
    };
    let (standard, copy) = (of(&editor, STANDARD), of(&editor, 2));
    let conv1 = row(&editor, STANDARD, "conv1");
    editor.type_argument((STANDARD, conv1), "kernel_size", "1", 0.0).expect("a number");
    assert!(Arc::ptr_eq(&of(&editor, 2), &copy), "no copy of what was not edited");
    editor.undo();
    assert!(Arc::ptr_eq(&of(&editor, STANDARD), &standard), "nor of what is undone to");
}

#[test]
fn rows_are_added_moved_wired_and_named() {
    let mut editor = editor();
    let names = |editor: &Editor| -> Vec<String> {
        editor.derived().designs[STANDARD].network().nodes.iter().map(|node| node.name.clone()).collect()
    };
    let before = names(&editor);
    let conv1 = row(&editor, STANDARD, "conv1");
    editor.add(STANDARD, Some(conv1), Kind::Dropout);
    let added = &editor.derived().designs[STANDARD].network().nodes[1];
    assert_eq!(added.layer.kind(), Kind::Dropout);
    let (dropout, name) = (added.id, added.name.clone());
    editor.move_by(STANDARD, dropout, -1);
    assert_eq!(names(&editor)[..2], [name.as_str(), "conv1"]);
    editor.move_beside(STANDARD, dropout, conv1, true);
    assert_eq!(names(&editor)[..2], ["conv1", name.as_str()]);
    assert!(editor.rename(STANDARD, dropout, "conv1", 0.0).is_err(), "another layer has the name");
    editor.rename(STANDARD, dropout, "drop", 0.0).expect("a name");
    editor.set_inputs(STANDARD, dropout, "input").expect("the network's input");
    let network = editor.derived().designs[STANDARD].network();
    assert_eq!(network.node(dropout).map(|node| node.inputs.clone()), Some(Inputs::From(vec![Source::Input])));
    let problem = editor.set_inputs(STANDARD, dropout, "fc1").expect_err("it stands below");
    assert_eq!(problem, "no row above is called fc1");
    editor.duplicate(STANDARD, dropout);
    assert_eq!(names(&editor).len(), before.len() + 2);
    while editor.undo() {}
    assert_eq!(names(&editor), before);
}

#[test]
fn a_design_keeps_its_name_until_another_one_can_be() {
    let mut editor = editor();
    for refused in ["", "two\nlines"] {
        assert!(editor.rename_design(STANDARD, refused, 0.0).is_err(), "{refused:?}");
    }
    assert!(!editor.can_undo());
    editor.rename_design(STANDARD, "Mine", 0.0).expect("a name");
    assert_eq!(editor.derived().designs[STANDARD].name, "Mine");
}

#[test]
fn remedies_change_a_design_or_the_twin_or_open_beside() {
    let mut editor = editor();
    editor.apply(TWIN, &[Rewrite::FoldBatchNorm]);
    assert!(is_twin(&editor), "under one more rewrite");
    assert!(params(&editor)[1] < 11_404);
    let before = params(&editor);
    editor.open_beside(STANDARD, "folded".to_string(), &[Rewrite::FoldBatchNorm]);
    assert_eq!(params(&editor)[..2], before[..2]);
    assert_eq!(editor.derived().pair, Some((0, 2)), "what was added is compared");
    editor.compare_with(TWIN);
    assert_eq!(editor.derived().pair, Some((0, 1)));
    editor.make_baseline(2);
    assert_eq!(editor.derived().pair, Some((2, 1)));
    editor.remove_design(STANDARD);
    assert!(!is_twin(&editor) || editor.workbench().designs.len() == 2);
    assert_eq!(editor.derived().designs.len(), 2);
}

#[test]
fn which_pair_is_compared_is_undone_and_kept_in_the_link() {
    let mut editor = editor();
    editor.duplicate_design(STANDARD);
    editor.compare_with(TWIN);
    editor.compare_with(2);
    assert_eq!(share_link::decode(&share_link::encode(editor.workbench())).0.pair(), Some((0, 2)));
    editor.undo();
    assert_eq!(editor.derived().pair, Some((0, 1)));
    editor.compare_with(2);
    editor.remove_design(TWIN);
    assert_eq!(editor.derived().pair, Some((0, 1)), "the same design, which stands further left now");
}

#[test]
fn one_input_for_all_unless_each_keeps_its_own() {
    let inputs = |editor: &Editor| -> Vec<String> {
        editor.derived().designs.iter().map(|state| state.network().input.to_string()).collect()
    };
    let mut editor = editor();
    editor.duplicate_design(STANDARD);
    editor.type_input(2, "1x16x150", 0.0).expect("a shape");
    assert_eq!(inputs(&editor), ["1x16x150", "1x16x150", "1x16x150"]);
    editor.edit(None, |workbench| workbench.settings.own_inputs = true);
    editor.type_input(2, "1x4x150", 0.0).expect("a shape");
    assert_eq!(inputs(&editor), ["1x16x150", "1x16x150", "1x4x150"]);
    assert!(editor.derived().comparison.as_ref().is_some_and(|comparison| comparison.inputs.is_some()));
    // Those that differ stay apart until they are made one.
    editor.edit(None, |workbench| workbench.settings.own_inputs = false);
    editor.type_input(STANDARD, "1x8x150", 0.0).expect("a shape");
    assert_eq!(inputs(&editor), ["1x8x150", "1x8x150", "1x4x150"]);
    editor.use_input_of(2);
    assert_eq!(inputs(&editor), ["1x4x150", "1x4x150", "1x4x150"]);
    assert!(editor.undo() && editor.undo());
    assert_eq!(inputs(&editor)[0], "1x16x150");
}

#[test]
fn an_input_without_its_channels_is_asked_about() {
    let mut editor = editor();
    let problem = editor.type_input(STANDARD, "28x28", 0.0).expect_err("no channels");
    assert!(problem.contains("did you mean 1x28x28?"), "{problem}");
    let (lines, _) = share_link::decode("v=1&a=6x128.conv1d8k3.relu");
    let mut editor = Editor::new(lines);
    assert_eq!(editor.type_input(STANDARD, "3x64", 0.0), Ok(()));
}

#[test]
fn the_input_of_a_twin_of_a_twin_is_that_of_the_network_it_comes_from() {
    let (workbench, problems) = share_link::decode("v=1&a=1x8x150.c4k2p1.relu&b=separable&c=foldbn~b");
    assert_eq!(problems, []);
    let mut editor = Editor::new(workbench);
    editor.type_input(2, "1x9x150", 0.0).expect("a shape");
    assert!(editor.derived().designs.iter().all(|state| state.network().input.to_string() == "1x9x150"));
    assert!(matches!(editor.workbench().designs[2].content, Content::Twin { of: 1, .. }), "it follows as before");
}

#[test]
fn a_look_is_no_step_of_undo_and_stays_when_one_is_taken() {
    let mut editor = editor();
    editor.duplicate_design(STANDARD);
    editor.look(|look| look.part = Part::Device);
    let derived = editor.derived().clone();
    assert!(editor.undo());
    assert_eq!(editor.workbench().look.part, Part::Device);
    assert!(!editor.can_undo());
    assert!(editor.redo());
    editor.look(|look| look.part = Part::Layers);
    assert_eq!(editor.derived().designs.len(), derived.designs.len());
}

#[test]
fn there_is_room_for_so_many_designs() {
    let mut editor = editor();
    for _ in 2..MAX_DESIGNS {
        assert!(editor.duplicate_design(STANDARD));
    }
    let pair = editor.derived().pair;
    assert!(!editor.duplicate_design(STANDARD));
    assert_eq!((editor.workbench().designs.len(), editor.derived().pair), (MAX_DESIGNS, pair));
}

#[test]
fn what_is_opened_is_a_step_away_and_another_sitting() {
    let mut editor = editor();
    let (other, problems) = share_link::decode("v=1&a=3x32x32.c8k3p1.relu.flat.fc10");
    assert!(problems.is_empty());
    editor.open(None, other);
    assert_eq!((editor.sitting(), editor.derived().designs.len()), (1, 1));
    assert!(editor.undo());
    assert_eq!(params(&editor), [11_831, 11_404]);
}

#[test]
fn the_oldest_steps_are_forgotten() {
    let mut editor = editor();
    for step in 0..MOST_STEPS + 10 {
        let stroke = Stroke { of: EditKey::Setting("seed"), time: 10.0 * ONE_STEP * step as f64 };
        editor.edit(Some(stroke), |workbench| workbench.settings.seed = step as u64 + 1);
    }
    let undone = std::iter::repeat_with(|| editor.undo()).take_while(|undone| *undone).count();
    assert_eq!((undone, editor.workbench().settings.seed), (MOST_STEPS, 10));
}

/// One of the things a person does.
#[derive(Clone, Debug)]
enum Act {
    Type(usize, prop::sample::Index, &'static str, u8),
    Remove(usize, prop::sample::Index),
    Duplicate(usize, prop::sample::Index),
    Add(usize, prop::sample::Index),
    Move(usize, prop::sample::Index, i8),
    Input(usize, u8),
    Attach(usize),
    Detach(usize),
    DuplicateDesign(usize),
    RemoveDesign(usize),
    Baseline(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let design = 0..3_usize;
    let name = prop::sample::select(vec!["out_channels", "kernel_size", "stride", "padding", "out_features"]);
    prop_oneof![
        4 => (design.clone(), any::<prop::sample::Index>(), name, 0..9_u8)
            .prop_map(|(design, row, name, value)| Act::Type(design, row, name, value)),
        1 => (design.clone(), any::<prop::sample::Index>()).prop_map(|(design, row)| Act::Remove(design, row)),
        1 => (design.clone(), any::<prop::sample::Index>()).prop_map(|(design, row)| Act::Duplicate(design, row)),
        1 => (design.clone(), any::<prop::sample::Index>()).prop_map(|(design, kind)| Act::Add(design, kind)),
        1 => (design.clone(), any::<prop::sample::Index>(), -3..4_i8).prop_map(|(design, row, by)| Act::Move(design, row, by)),
        1 => (design.clone(), 1..40_u8).prop_map(|(design, size)| Act::Input(design, size)),
        1 => design.clone().prop_map(Act::Attach),
        1 => design.clone().prop_map(Act::Detach),
        1 => design.clone().prop_map(Act::DuplicateDesign),
        1 => design.clone().prop_map(Act::RemoveDesign),
        1 => design.prop_map(Act::Baseline),
    ]
}

impl Act {
    fn on(&self, editor: &mut Editor, time: f64) {
        let designs = editor.workbench().designs.len();
        let id = |editor: &Editor, design: usize, row: &prop::sample::Index| {
            let nodes = &editor.derived().designs[design].network().nodes;
            (!nodes.is_empty()).then(|| nodes[row.index(nodes.len())].id)
        };
        let of = |design: &usize| design % designs;
        match self {
            Self::Type(design, row, name, value) => {
                if let Some(id) = id(editor, of(design), row) {
                    let _ = editor.type_argument((of(design), id), name, &value.to_string(), time);
                }
            }
            Self::Remove(design, row) => {
                if let Some(id) = id(editor, of(design), row) {
                    editor.remove(of(design), id);
                }
            }
            Self::Duplicate(design, row) => {
                if let Some(id) = id(editor, of(design), row) {
                    editor.duplicate(of(design), id);
                }
            }
            Self::Add(design, kind) => editor.add(of(design), None, *kind.get(Kind::ALL)),
            Self::Move(design, row, by) => {
                if let Some(id) = id(editor, of(design), row) {
                    editor.move_by(of(design), id, isize::from(*by));
                }
            }
            Self::Input(design, size) => {
                let _ = editor.type_input(of(design), &format!("1x{size}x150"), time);
            }
            Self::Attach(design) => editor.attach(of(design)),
            Self::Detach(design) => editor.detach(of(design)),
            Self::DuplicateDesign(design) => drop(editor.duplicate_design(of(design))),
            Self::RemoveDesign(design) => editor.remove_design(of(design)),
            Self::Baseline(design) => editor.make_baseline(of(design)),
        }
    }
}

proptest! {
    #[test]
    fn all_that_was_done_is_undone_and_redone(acts in prop::collection::vec(act(), 1..25)) {
        let mut editor = editor();
        let first = editor.workbench().clone();
        for (index, act) in acts.iter().enumerate() {
            // So far apart that each is a step of its own.
            act.on(&mut editor, index as f64 * 10.0 * ONE_STEP);
            let fresh = Editor::new(Workbench::clone(editor.workbench()));
            prop_assert_eq!(params(&editor), params(&fresh), "what follows is that of the present workbench");
        }
        let last = editor.workbench().clone();
        while editor.undo() {}
        prop_assert_eq!(&**editor.workbench(), &*first);
        while editor.redo() {}
        prop_assert_eq!(&**editor.workbench(), &*last);
    }
}
