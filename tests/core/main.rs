//! The native tests of the core, one binary.

mod advice;
mod allocations;
mod c_code;
#[cfg(feature = "chart")]
mod chart;
mod compare;
mod cost;
mod decimal;
mod device;
#[cfg(feature = "chart")]
mod document;
mod engine;
mod everything;
mod explore;
#[cfg(feature = "files")]
mod files;
mod golden;
mod hostile_text;
mod job;
#[cfg(feature = "python")]
mod keras;
mod kinds;
mod layering;
mod naming;
mod page;
#[cfg(feature = "python")]
mod pytorch;
mod random;
mod random_workbench;
mod report;
mod rewrite;
#[cfg(feature = "chart")]
mod scatter;
mod shape;
mod share_link;
mod training;
mod transplant;
