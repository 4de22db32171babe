//! What a visit opens.

use convscope::page::opening::{
    ENDLESS, FRESH, Kept, MOST_OWN, MOST_VISITED, OVERTAKEN, Opening, Session, Visit, in_order,
};
use proptest::prelude::*;

fn own(id: &str, saved: u64) -> Kept {
    Kept {
        id: id.to_string(),
        link: format!("v=1&a={id}"),
        address: format!("v=1&a={id}"),
        is_own: true,
        saved,
        title: id.to_string(),
    }
}

fn visited(id: &str, saved: u64) -> Kept {
    Kept { is_own: false, ..own(id, saved) }
}

fn session_of(kept: &Kept) -> Session {
    let Kept { id, link, address, is_own, saved, .. } = kept.clone();
    Session { work: id, link, before: address.clone(), address, is_own, saved }
}

fn opens(opening: &Opening, link: &str, work: Option<&str>) {
    assert_eq!((opening.link.as_deref(), opening.work.as_deref()), (Some(link), work), "{opening:?}");
}

#[test]
fn a_first_visit_opens_nothing_in_particular() {
    assert_eq!(Visit::default().opening(), Opening { link: None, work: None, is_own: false, held_back: None });
}

#[test]
fn the_plain_address_goes_on_with_ones_own_last_work() {
    let kept = vec![own("older", 1), own("newer", 2), visited("friend", 3)];
    let opening = Visit { kept, ..Visit::default() }.opening();
    opens(&opening, "v=1&a=newer", Some("newer"));
    assert!(opening.is_own);
}

#[test]
fn a_link_is_a_work_beside_ones_own() {
    let visit = Visit { address: "v=1&a=friend".to_string(), kept: vec![own("mine", 1)], ..Visit::default() };
    let opening = visit.opening();
    opens(&opening, "v=1&a=friend", None);
    assert!(!opening.is_own, "it is the friend's until it is edited");
}

#[test]
fn a_reload_keeps_the_edits_that_the_address_lacks() {
    let session = Session { link: "v=1&a=edited".to_string(), saved: 2, ..session_of(&own("mine", 1)) };
    let visit = Visit { address: session.address.clone(), session: Some(session), ..Visit::default() };
    opens(&visit.opening(), "v=1&a=edited", Some("mine"));
}

#[test]
fn a_reload_that_overtakes_the_address_keeps_the_last_edits_too() {
    for before in ["", "v=1&a=before"] {
        let session = Session { before: before.to_string(), saved: 1000, ..session_of(&own("edited", 1000)) };
        let at =
            |now: u64| Visit { address: before.to_string(), session: Some(session.clone()), now, ..Visit::default() };
        opens(&at(1200).opening(), "v=1&a=edited", Some("edited"));
        assert_eq!(at(1000 + OVERTAKEN).opening().work, None, "long after, it is a step back");
    }
}

#[test]
fn another_link_in_the_same_tab_is_opened_as_it_is() {
    let session = Session { link: "v=1&a=edited".to_string(), saved: 2, ..session_of(&own("mine", 1)) };
    let visit = Visit { address: "v=1&a=friend".to_string(), session: Some(session), ..Visit::default() };
    opens(&visit.opening(), "v=1&a=friend", None);
}

#[test]
fn after_a_crash_the_newest_of_what_was_kept_of_the_tab_counts() {
    let kept = Kept { link: "v=1&a=edited".to_string(), saved: 5, ..own("mine", 0) };
    let old = session_of(&own("mine", 1));
    for session in [None, Some(old)] {
        let visit = Visit {
            address: kept.address.clone(),
            step: Some("mine".to_string()),
            session,
            kept: vec![kept.clone(), own("other", 9)],
            ..Visit::default()
        };
        opens(&visit.opening(), "v=1&a=edited", Some("mine"));
    }
}

#[test]
fn a_step_back_to_an_older_edit_opens_that_one_as_a_work_of_its_own() {
    let visit = Visit {
        address: "v=1&a=older".to_string(),
        step: Some("mine".to_string()),
        session: Some(session_of(&own("mine", 2))),
        kept: vec![own("mine", 2)],
        ..Visit::default()
    };
    opens(&visit.opening(), "v=1&a=older", None);
    assert!(visit.opening().is_own);
}

#[test]
fn the_fresh_address_begins_anew() {
    let visit = Visit { address: FRESH.to_string(), kept: vec![own("mine", 1)], ..Visit::default() };
    assert_eq!(visit.opening().link, None);
}

#[test]
fn what_did_not_end_is_held_back_once_it_has_had_its_time() {
    let at = |waited: u64, link: &str| Visit {
        kept: vec![own("mine", 1)],
        unended: Some((link.to_string(), 1000)),
        now: 1000 + waited,
        ..Visit::default()
    };
    let held_back = at(ENDLESS + 1, "v=1&a=mine").opening();
    assert_eq!((held_back.link, held_back.work), (None, None));
    assert_eq!(held_back.held_back.as_deref(), Some("v=1&a=mine"));
    opens(&at(ENDLESS - 1, "v=1&a=mine").opening(), "v=1&a=mine", Some("mine"));
    opens(&at(ENDLESS + 1, "v=1&a=another").opening(), "v=1&a=mine", Some("mine"));
}

#[test]
fn the_newest_stay_and_links_crowd_out_no_work_of_ones_own() {
    let mut kept: Vec<Kept> = (0..60).map(|index| visited(&format!("link{index}"), 100 + index)).collect();
    kept.extend((0..30).map(|index| own(&format!("own{index}"), index)));
    let (stay, go) = in_order(kept);
    assert_eq!(stay.len(), MOST_OWN + MOST_VISITED);
    assert_eq!(stay.iter().filter(|kept| kept.is_own).count(), MOST_OWN);
    assert_eq!(stay[0].id, "link59");
    assert!(stay.is_sorted_by(|one, other| one.saved >= other.saved));
    assert_eq!(go.len(), 90 - stay.len());
}

proptest! {
    #[test]
    fn a_session_reads_back(
        work in "[a-z0-9]{1,20}", link in "[ -~]{0,80}", addresses in ["[ -~]{0,80}", "[ -~]{0,80}"], is_own: bool,
        saved: u64,
    ) {
        let [address, before] = addresses;
        let session = Session { work, link, address, before, is_own, saved };
        prop_assert_eq!(Session::from_text(&session.to_text()), Some(session));
    }

    #[test]
    fn any_text_is_a_session_or_none(text in ".{0,60}") {
        let _ = Session::from_text(&text);
    }
}
