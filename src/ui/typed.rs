//! The text of a field while it is typed in.

use leptos::prelude::*;

use crate::page::drafts::{Drafts, Field};

use super::studio::Studio;

/// What stands in a field: while it is typed in, the person's text, not the model's; what is refused stays until it is
/// mended or the workbench is another. `Copy`: handles.
#[derive(Clone, Copy)]
pub struct Typed {
    field: Field,
    drafts: RwSignal<Drafts>,
    value: Signal<String>,
}

impl Typed {
    /// A field with the value that it shows where nothing is typed.
    pub fn new(studio: Studio, field: Field, value: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { field, drafts: studio.drafts, value: Signal::derive(value) }
    }

    /// The text to show.
    pub fn get(&self) -> String {
        let value = self.value.get();
        self.drafts.with(|drafts| drafts.text(self.field).map(ToString::to_string)).unwrap_or(value)
    }

    /// What is wrong with the text.
    pub fn problem(&self) -> Option<String> {
        self.drafts.with(|drafts| drafts.problem(self.field).map(ToString::to_string))
    }

    pub fn is_refused(&self) -> bool {
        self.drafts.with(|drafts| drafts.problem(self.field).is_some())
    }

    /// Takes in what was typed, and what came of it. The field shows it already; others hear of it where a refusal came
    /// or went.
    pub fn set(&self, text: String, outcome: Result<(), String>) {
        self.drafts.maybe_update(|drafts| drafts.type_text(self.field, text, outcome.err()));
    }

    /// Ends the typing: what was not refused is shown as the value is written.
    pub fn leave(&self) {
        self.drafts.maybe_update(|drafts| drafts.leave(self.field));
    }
}
