//! Figures with their provenance.

/// Where a figure can be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The document, with what it states.
    pub title: &'static str,
    /// An address, or empty where the person at the page gave the figure.
    pub address: &'static str,
}

/// A figure and its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// In the unit that the field which holds it names.
    pub value: u64,
    /// Where it stands.
    pub source: Source,
}

impl Figure {
    /// A figure that the person at the page gives.
    pub const fn own(value: u64) -> Self {
        Self { value, source: Source { title: "Your own figure", address: "" } }
    }
}
