//! One burst of edits is one step of the browser's history.

use convscope::page::address::{AddressPace, RESTED, Step};
use proptest::prelude::*;

#[test]
fn a_burst_begins_with_a_step_and_goes_on_in_it() {
    let mut pace = AddressPace::default();
    assert_eq!(pace.edit(0.0), 0.0, "the first edit is written at once");
    assert_eq!(pace.write(0.0), Some(Step::Push));
    assert_eq!(pace.write(1.0), None, "there is nothing new");
    let wait = pace.edit(100.0);
    assert!(wait > 0.0 && wait < RESTED, "{wait}");
    assert_eq!(pace.write(100.0 + wait), Some(Step::Replace));
    assert_eq!(pace.edit(1000.0), 0.0);
    assert_eq!(pace.write(1000.0), Some(Step::Push), "edits rested");
}

#[test]
fn a_step_that_was_not_written_yet_is_not_lost_in_the_next_edit() {
    let mut pace = AddressPace::default();
    pace.edit(0.0);
    pace.edit(10.0);
    assert_eq!(pace.write(10.0), Some(Step::Push));
}

proptest! {
    #[test]
    fn addresses_change_less_often_than_browsers_forbid(gaps in prop::collection::vec(0.0..900.0_f64, 1..400)) {
        let mut pace = AddressPace::default();
        let (mut now, mut due, mut written) = (0.0, None::<f64>, Vec::new());
        for gap in gaps {
            now += gap;
            if let Some(time) = due.take_if(|time| *time <= now) {
                prop_assert!(pace.write(time).is_some());
                written.push(time);
            }
            due = Some(now + pace.edit(now));
        }
        for (index, &first) in written.iter().enumerate() {
            let within = written[index..].iter().take_while(|time| **time < first + 30_000.0).count();
            prop_assert!(within <= 101, "{within} changes in 30 s; Safari allows 100 besides the first load");
        }
    }
}
