//! A board or a chip by its maker's figures.

use super::roofline::Roofline;
use super::source::Figure;

/// A device that a network may have to run on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device {
    /// Stands in links.
    pub id: &'static str,
    /// As its maker writes it.
    pub name: &'static str,
    /// The chip and its core: "nRF52840, Cortex-M4F".
    pub processor: &'static str,
    /// What is run on it, and by which rules.
    pub class: Class,
    /// Hz.
    pub clock: Figure,
    /// Bytes for program and weights.
    pub flash: Figure,
    /// Bytes for tensors and everything else that runs.
    pub ram: Figure,
    /// The makers' peaks, where they state them.
    pub roofline: Option<Roofline>,
    /// Further names of the chip, and boards with it.
    pub also: &'static [&'static str],
    /// What executes: devices with the same core and stack differ by clock and memory alone.
    pub core: &'static str,
}

/// What limits a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Weights stay in flash, tensors in RAM; int8.
    Microcontroller,
    /// Weights and tensors share the RAM; 32-bit floats.
    Computer,
}

impl Device {
    /// A device with one's own limits, in bytes.
    pub const fn own(flash: u64, ram: u64) -> Self {
        Self {
            id: "own",
            name: "Your own",
            processor: "limits given by you",
            class: Class::Microcontroller,
            clock: Figure::own(0),
            flash: Figure::own(flash),
            ram: Figure::own(ram),
            roofline: None,
            also: &[],
            core: "",
        }
    }

    /// Whether a text is part of its names, of its chip or of a board with it, whatever the case and the punctuation.
    pub fn is_called(&self, text: &str) -> bool {
        let plain =
            |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
        let wanted = plain(text);
        let names = [self.id, self.name, self.processor].into_iter().chain(self.also.iter().copied());
        !wanted.is_empty() && names.map(plain).any(|name| name.contains(&wanted))
    }
}
