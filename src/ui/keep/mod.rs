//! Nothing that was made is lost: every edit is kept before the next frame, each work under an id of its own, and the
//! address follows. What is opened is decided in [`crate::page::opening`].

mod database;
mod recent;
mod session;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::page::address::AddressPace;
use crate::page::opening::{self, FRESH, Kept, Session, Visit};
use crate::share_link::{self, LinkProblem};
use crate::workbench::Workbench;

use super::address;
use super::settle::Rest;
use super::studio::{Studio, now};
use crate::page::format::grouped;

pub use database::NotKept;
pub use recent::{KeepNotices, Recent};
pub use session::local_storage;

/// What the page begins with.
pub struct Beginning {
    pub workbench: Workbench,
    pub problems: Vec<LinkProblem>,
    work: Work,
    /// Whether the database may know the work already.
    is_continued: bool,
    held_back: Option<String>,
    not_kept: Option<NotKept>,
}

/// What one sitting makes of one workbench.
#[derive(Clone, Debug)]
struct Work {
    id: String,
    /// Whether a person made it here, not only opened its link.
    is_own: bool,
    /// Whether this tab alone writes to it; not known for a moment.
    is_claimed: bool,
}

/// Keeps the works. `Copy`: handles. Handed down as context.
#[derive(Clone, Copy)]
pub struct Keeper {
    studio: Studio,
    /// The present workbench's.
    link: Memo<String>,
    work: StoredValue<Work>,
    /// The work that the workbench opened next belongs to.
    next: StoredValue<Option<Work>>,
    pace: StoredValue<AddressPace>,
    /// What the address said before it was written last.
    before: StoredValue<String>,
    /// Whether what was opened has been shown: only then is it known to be no danger.
    is_shown: StoredValue<bool>,
    /// Why nothing is kept, where that is so.
    not_kept: RwSignal<Option<NotKept>>,
    /// Whether the work is a copy, as another tab has the one that was opened.
    is_copy: RwSignal<bool>,
    /// A link whose last opening did not end.
    held_back: RwSignal<Option<String>>,
}

/// Decides what to open.
pub async fn begin() -> Beginning {
    let (mut kept, not_kept) = match database::at_first().await {
        Ok(kept) => (kept, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    let address = address::fragment().unwrap_or_default();
    if let Some(link) = session::earlier() {
        let id = database::new_id();
        let earlier =
            Kept { id, link, address: String::new(), is_own: true, saved: 0, title: "Kept from before".to_string() };
        if not_kept.is_none() && database::keep(earlier.clone()).await.is_ok() {
            session::forget_earlier();
        }
        kept.push(earlier);
    }
    let now = today();
    let visit = Visit {
        address: address.clone(),
        step: address::work_of_step(),
        session: session::read(),
        kept,
        unended: session::unended(),
        now,
    };
    let opening = visit.opening();
    if let Some(link) = &opening.link {
        session::begin_opening(link, now);
    }
    let (workbench, problems) =
        opening.link.as_ref().map_or_else(|| (Workbench::default(), Vec::new()), |link| share_link::decode(link));
    let is_continued = opening.work.is_some();
    let work = Work { id: opening.work.unwrap_or_else(database::new_id), is_own: opening.is_own, is_claimed: false };
    if address == FRESH {
        address::clear();
    }
    Beginning { workbench, problems, work, is_continued, held_back: opening.held_back, not_kept }
}

impl Keeper {
    pub fn new(studio: Studio, beginning: Beginning) -> Self {
        let Beginning { work, is_continued, held_back, not_kept, .. } = beginning;
        let keeper = Self {
            studio,
            link: Memo::new(move |_| studio.workbench().with(|workbench| share_link::encode(workbench))),
            work: StoredValue::new(work),
            next: StoredValue::new(None),
            pace: StoredValue::new(AddressPace::default()),
            before: StoredValue::new(address::fragment().unwrap_or_default()),
            is_shown: StoredValue::new(false),
            not_kept: RwSignal::new(not_kept),
            is_copy: RwSignal::new(false),
            held_back: RwSignal::new(held_back),
        };
        keeper.claim(is_continued);
        keeper.follow_edits();
        keeper.follow_address();
        keeper
    }

    pub fn expect() -> Self {
        expect_context()
    }

    /// Notes that what was opened has been shown, and lets go of the works that are too many.
    pub fn note_shown(&self) {
        spawn_local(async {
            let (_, surplus) = opening::in_order(database::now().await.unwrap_or_default());
            database::forget(surplus).await;
        });
        self.is_shown.set_value(true);
        session::end_opening();
        self.keep();
    }

    /// Opens a kept work in this tab; the one that was here stays kept.
    fn open(&self, kept: &Kept) {
        self.show(&kept.link, Some(Work { id: kept.id.clone(), is_own: kept.is_own, is_claimed: false }));
    }

    fn show(&self, link: &str, work: Option<Work>) {
        let (workbench, problems) =
            if link.is_empty() { (Workbench::default(), Vec::new()) } else { share_link::decode(link) };
        let fallback = || Work { id: database::new_id(), is_own: false, is_claimed: false };
        self.next.set_value(Some(work.unwrap_or_else(fallback)));
        self.studio.link_problems.set(problems);
        self.studio.show(workbench);
    }

    /// Keeps every edit, at once for this tab, a moment later in the database and the address.
    fn follow_edits(self) {
        let studio = self.studio;
        let rest = Rest::new();
        Effect::new(move |before: Option<usize>| {
            self.link.track();
            let sitting = studio.sitting();
            if let Some(before) = before {
                self.take_edit(before != sitting);
            }
            self.write_session();
            self.keep();
            if before.is_some() {
                let wait = self.pace.try_update_value(|pace| pace.edit(now())).unwrap_or_default();
                rest.then(wait as u64, move || self.write_address());
            }
            sitting
        });
        let handle = window_event_listener(leptos::ev::pagehide, move |_| self.write_address());
        on_cleanup(move || handle.remove());
    }

    /// An edit makes a work one's own; another workbench is another work.
    fn take_edit(&self, is_other: bool) {
        if !is_other {
            self.work.update_value(|work| work.is_own = true);
            return;
        }
        let next = self.next.try_update_value(Option::take).flatten();
        let is_known = next.is_some();
        let work = next.unwrap_or_else(|| Work { id: database::new_id(), is_own: true, is_claimed: false });
        if self.work.with_value(|present| present.id != work.id) {
            self.work.set_value(work);
            self.claim(is_known);
        }
    }

    /// Makes this tab the only one that writes to the work; else it goes on as a copy.
    fn claim(self, may_be_elsewhere: bool) {
        let id = self.work.with_value(|work| work.id.clone());
        self.is_copy.set(false);
        spawn_local(async move {
            let is_alone = database::claim(&id).await;
            if self.work.with_value(|work| work.id != id) {
                return;
            }
            if !is_alone {
                let copy = database::new_id();
                // Without locks nobody knows; a copy is never wrong.
                database::claim(&copy).await;
                self.work.update_value(|work| work.id = copy);
                let is_own = self.work.with_value(|work| work.is_own);
                self.is_copy.set(may_be_elsewhere && is_own && database::has_locks());
                self.write_session();
            }
            self.work.update_value(|work| work.is_claimed = true);
            self.keep();
        });
    }

    fn write_session(&self) {
        let kept = self.as_kept();
        let Kept { id, link, address, is_own, saved, .. } = kept;
        session::write(&Session { work: id, link, address, before: self.before.get_value(), is_own, saved });
    }

    fn keep(self) {
        let (is_own, is_claimed) = self.work.with_value(|work| (work.is_own, work.is_claimed));
        let is_harmless = is_own || self.is_shown.get_value();
        // A page that nobody touched has nothing to keep.
        let is_something = is_own || address::fragment().is_some();
        if !(is_claimed && is_harmless && is_something) {
            return;
        }
        let kept = self.as_kept();
        spawn_local(async move {
            let outcome = database::keep(kept).await.err();
            if self.not_kept.get_untracked() != outcome {
                self.not_kept.set(outcome);
            }
        });
    }

    fn as_kept(&self) -> Kept {
        let work = self.work.get_value();
        Kept {
            id: work.id,
            is_own: work.is_own,
            link: self.link.get_untracked(),
            address: address::fragment().unwrap_or_default(),
            saved: today(),
            title: self.title(),
        }
    }

    /// What is on the page, in a line.
    fn title(&self) -> String {
        self.studio.derived.with_untracked(|derived| {
            let each =
                |design: &crate::page::derived::DesignState| format!("{} {}", design.name, grouped(design.params()));
            let designs: Vec<String> = derived.designs.iter().map(each).collect();
            format!("{} params", designs.join(", "))
        })
    }

    fn write_address(&self) {
        let Some(step) = self.pace.try_update_value(|pace| pace.write(now())).flatten() else { return };
        self.before.set_value(address::fragment().unwrap_or_default());
        address::write(&self.link.get_untracked(), step, &self.work.with_value(|work| work.id.clone()));
        self.write_session();
        self.keep();
    }

    /// Shows what a step of the history or an address typed by hand says.
    fn follow_address(self) {
        let follow = move |_| {
            if address::is_of_a_dialog() {
                return;
            }
            let link = address::fragment().unwrap_or_default();
            if link == self.link.get_untracked() {
                return;
            }
            let link = if link == FRESH { String::new() } else { link };
            let work = address::work_of_step().map(|id| Work { id, is_own: true, is_claimed: false });
            self.show(&link, work);
        };
        let handle = window_event_listener(leptos::ev::popstate, follow);
        on_cleanup(move || handle.remove());
    }
}

/// Milliseconds since 1970.
fn today() -> u64 {
    js_sys::Date::now() as u64
}
