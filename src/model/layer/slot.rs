//! The arguments of a layer by their names, whatever their types.

use super::{Kind, Layer};
use crate::model::argument::{Argument, ArgumentError};
use crate::model::value::Value;

/// An argument within a layer, whatever its type.
pub(super) trait Slot {
    fn value(&self) -> Value;

    /// Whether the value fits; where not, the argument stays as it is.
    fn set(&mut self, value: &Value) -> bool;

    fn expected(&self) -> &'static str;

    fn choices(&self) -> &'static [&'static str];
}

impl<T: Argument> Slot for T {
    fn value(&self) -> Value {
        self.to_value()
    }

    fn set(&mut self, value: &Value) -> bool {
        T::from_value(value).map(|value| *self = value).is_some()
    }

    fn expected(&self) -> &'static str {
        T::EXPECTED
    }

    fn choices(&self) -> &'static [&'static str] {
        T::CHOICES
    }
}

pub(super) fn nth<const N: usize>(slots: [&mut dyn Slot; N], index: usize) -> Option<&mut dyn Slot> {
    slots.into_iter().nth(index)
}

impl Kind {
    /// What fits an argument, for messages; `None` where there is no such argument.
    pub fn expected(self, argument: &str) -> Option<&'static str> {
        self.layer().slot(self.place(argument)?).map(Slot::expected)
    }

    /// The texts an argument can be, where it is a choice among texts alone; else empty.
    pub fn choices(self, argument: &str) -> &'static [&'static str] {
        let layer = self.layer();
        self.place(argument).and_then(|place| layer.slot(place)).map_or(&[], Slot::choices)
    }

    fn place(self, argument: &str) -> Option<usize> {
        self.arguments().iter().position(|name| *name == argument)
    }
}

impl Layer {
    /// The value of an argument; `None` where there is no such argument.
    pub fn argument(&self, name: &str) -> Option<Value> {
        self.slot(self.kind().place(name)?).map(Slot::value)
    }

    /// Sets one argument from its untyped value.
    pub fn set_argument(&mut self, name: &str, value: &Value) -> Result<(), ArgumentError> {
        let kind = self.kind();
        let slot = kind.place(name).and_then(|place| self.slot_mut(place));
        let Some(slot) = slot else {
            return Err(ArgumentError::Unknown { layer: kind.class(), name: name.to_string() });
        };
        if slot.set(value) {
            Ok(())
        } else {
            Err(ArgumentError::Type { name: name.to_string(), expected: slot.expected(), found: value.clone() })
        }
    }
}
