//! The page's logic without a page: what it opens and keeps, what follows from the workbench, how it is edited, and what
//! rows, totals and runs show of it. No DOM and no leptos, so that a native test can play through in milliseconds what
//! otherwise takes a browser.

pub mod address;
mod certainty;
pub mod derived;
pub mod drafts;
pub mod editor;
pub mod format;
pub mod formulas;
pub mod history;
pub mod maps;
pub mod modules;
pub mod notation;
pub mod opening;
pub mod pointing;
pub mod quick;
pub mod row;
pub mod runs;
pub mod several;
pub mod shared;
pub mod summary;
pub mod totals;
pub mod tradeoff;
pub mod train;
pub mod weights;
pub mod window;
pub mod wiring;
