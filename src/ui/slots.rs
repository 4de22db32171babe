//! What elements show of a value, as a table: one effect for all of it, where one for each attribute and text of every row
//! would be most of the work of a key press.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// A place within an element, and what it shows of a `T`.
pub struct Slot<T: 'static> {
    /// A selector of the element within; empty for the element itself.
    pub of: &'static str,
    pub what: What,
    /// `None` takes it away.
    pub read: fn(&T) -> Option<String>,
}

pub const fn slot<T>(of: &'static str, what: What, read: fn(&T) -> Option<String>) -> Slot<T> {
    Slot { of, what, read }
}

#[derive(Clone, Copy)]
pub enum What {
    Text,
    Attribute(&'static str),
    /// There when the value is, whatever it says.
    Class(&'static str),
    /// A property of the element's style.
    Style(&'static str),
}

/// Keeps the slots of an element as the value is; only what differs from before is written. `shown` hears the value too.
pub fn show<T: PartialEq + Send + Sync + 'static>(
    root: impl Fn() -> Option<Element> + 'static,
    slots: &'static [Slot<T>],
    value: Memo<Option<T>>,
    shown: impl Fn(&T) + 'static,
) {
    Effect::new(move |before: Option<Filled>| {
        let before = before.filter(|filled| !filled.0.is_empty());
        let mut filled = before.or_else(|| Filled::of(&root()?, slots.iter().map(|slot| slot.of))).unwrap_or_default();
        value.with(|value| {
            if let Some(value) = value {
                for (slot, place) in slots.iter().zip(&mut filled.0) {
                    place.fill(slot.what, (slot.read)(value));
                }
                shown(value);
            }
        });
        filled
    });
}

/// The elements of the slots, with what they show.
#[derive(Default)]
struct Filled(Vec<Place>);

struct Place {
    element: Element,
    shown: Option<String>,
}

impl Filled {
    fn of(root: &Element, selectors: impl Iterator<Item = &'static str>) -> Option<Self> {
        let find = |selector| match selector {
            "" => Some(root.clone()),
            selector => root.query_selector(selector).ok().flatten(),
        };
        selectors.map(|selector| Some(Place { element: find(selector)?, shown: None })).collect::<Option<_>>().map(Self)
    }
}

impl Place {
    fn fill(&mut self, what: What, text: Option<String>) {
        if self.shown == text {
            return;
        }
        let element = &self.element;
        let words = text.as_deref();
        // What cannot be written stays as it was: no name here is one that a browser refuses.
        let _ = match (what, words) {
            (What::Text, words) => {
                // A text that is there already takes new words without its box being made anew.
                match element.first_child() {
                    Some(text) => text.set_node_value(words),
                    None => element.set_text_content(words),
                }
                Ok(())
            }
            (What::Attribute(name), Some(words)) => element.set_attribute(name, words),
            (What::Attribute(name), None) => element.remove_attribute(name),
            (What::Class(name), words) => element.class_list().toggle_with_force(name, words.is_some()).map(drop),
            (What::Style(name), words) => match element.dyn_ref::<HtmlElement>() {
                Some(element) => element.style().set_property(name, words.unwrap_or_default()),
                None => Ok(()),
            },
        };
        self.shown = text;
    }
}
