//! A chart's data as text.

/// For those who do not see the chart, and for exact figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What each column has.
    pub header: Vec<String>,
    /// Each as long as the header; the first cell names the row.
    pub rows: Vec<Vec<String>>,
}
