//! The text of a field while it is typed in.

use leptos::prelude::*;

use super::studio::Studio;

/// What was typed into a field. While it is typed in, the text is the person's, not the model's; but a workbench that is
/// undone to or opened takes its place.
#[derive(Clone, Copy)]
pub struct Typed {
    /// The text, and the workbench it was typed into.
    text: RwSignal<Option<(String, usize)>>,
    replaced: RwSignal<usize>,
}

impl Typed {
    pub fn new(studio: Studio) -> Self {
        Self { text: RwSignal::new(None), replaced: studio.replaced }
    }

    pub fn get(&self) -> Option<String> {
        let (text, workbench) = self.text.get()?;
        (workbench == self.replaced.get()).then_some(text)
    }

    pub fn set(&self, text: String) {
        self.text.set(Some((text, self.replaced.get_untracked())));
    }

    pub fn clear(&self) {
        self.text.set(None);
    }
}
