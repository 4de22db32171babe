//! Texts that stand in fields instead of their values.

use convscope::model::NodeId;
use convscope::page::drafts::{Drafts, Field};

const ID: NodeId = NodeId(3);
const KERNEL: Field = Field::Argument { design: 0, id: ID, name: "kernel_size" };

#[test]
fn others_hear_of_a_refusal_when_it_comes_changes_or_goes() {
    let mut drafts = Drafts::default();
    assert!(!drafts.type_text(KERNEL, "3".to_string(), None), "the field shows it already");
    assert!(drafts.type_text(KERNEL, "3x".to_string(), Some("no".to_string())));
    assert!(!drafts.type_text(KERNEL, "3xy".to_string(), Some("no".to_string())));
    assert!(drafts.type_text(KERNEL, "3".to_string(), None));
}

#[test]
fn a_refused_text_outlives_the_focus_and_another_one_does_not() {
    let mut drafts = Drafts::default();
    drafts.type_text(KERNEL, "03".to_string(), None);
    assert_eq!(drafts.text(KERNEL), Some("03"), "while it is typed");
    assert!(drafts.leave(KERNEL));
    assert_eq!(drafts.text(KERNEL), None, "the value is written as it is");
    drafts.type_text(KERNEL, "x".to_string(), Some("no".to_string()));
    assert!(!drafts.leave(KERNEL));
    assert_eq!((drafts.text(KERNEL), drafts.problem(KERNEL)), (Some("x"), Some("no")));
    drafts.clear();
    assert_eq!(drafts.problem(KERNEL), None);
}

#[test]
fn a_row_tells_all_its_refused_arguments() {
    let mut drafts = Drafts::default();
    for (design, name) in [(0, "kernel_size"), (0, "stride"), (1, "padding")] {
        let field = Field::Argument { design, id: ID, name };
        drafts.type_text(field, "x".to_string(), Some(format!("{name} is a number")));
    }
    drafts.type_text(Field::Name { design: 0, id: ID }, "1".to_string(), Some("no name".to_string()));
    let names: Vec<_> = drafts.refused(0, ID).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["kernel_size", "stride"]);
    drafts.forget_design(0);
    assert!(drafts.refused(0, ID).is_empty());
    assert_eq!(drafts.refused(1, ID).len(), 1);
}
