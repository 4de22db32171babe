//! Rows that are changed, copied or taken out together.

use leptos::prelude::*;

use crate::model::NodeId;
use crate::page::derived::DesignState;
use crate::page::notation;
use crate::page::several::layers;

use super::Studio;

impl Studio {
    /// The rows that are selected, in their order, with their design.
    pub fn selection(&self) -> Option<(usize, Vec<NodeId>)> {
        let (design, ids) = self.selected.get()?;
        let there = |state: &DesignState| {
            let nodes = state.network().nodes.iter().map(|node| node.id);
            nodes.filter(|id| ids.contains(id)).collect::<Vec<_>>()
        };
        self.present
            .with(|derived| derived.designs.get(design).map(there))
            .filter(|ids| !ids.is_empty())
            .map(|ids| (design, ids))
    }

    /// Sets an argument of all selected rows that have it.
    ///
    /// # Errors
    /// The row that does not take the value.
    pub fn set_of_selected(&self, name: &str, text: &str) -> Result<(), String> {
        let Some((design, ids)) = untrack(|| self.selection()) else { return Ok(()) };
        self.touched.set_value(design);
        let count = self.change(|editor| editor.set_argument_of(design, &ids, name, text))?;
        self.say(format!("{name} = {text} in {}", layers(count)), true);
        Ok(())
    }

    /// The selected rows as lines.
    pub fn copied(&self) -> Option<String> {
        let (design, ids) = untrack(|| self.selection())?;
        self.present.with_untracked(|derived| Some(notation::copy(derived.designs.get(design)?.network(), &ids)))
    }

    /// Takes the selected rows out.
    pub fn remove_selected(&self) {
        let Some((design, ids)) = untrack(|| self.selection()) else { return };
        self.touched.set_value(design);
        self.change(|editor| editor.remove_all(design, &ids));
        self.selected.set(None);
        self.say(format!("{} removed", layers(ids.len())), true);
    }

    /// Puts copied rows behind the selected ones, or at the end of the design that was touched last.
    pub fn paste(&self, text: &str) {
        let (design, after) = match untrack(|| self.selection()) {
            Some((design, ids)) => (design, ids.last().copied()),
            None => (self.touched.get_value(), None),
        };
        match self.change(|editor| editor.paste(design, after, text)) {
            Ok(pasted) => {
                let count = pasted.len();
                self.selected.set(Some((design, pasted)));
                self.say_of(&format!("{} pasted into", layers(count)), design);
            }
            Err(problem) => self.say(format!("Nothing was pasted: {problem}"), false),
        }
    }
}
