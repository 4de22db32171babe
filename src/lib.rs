//! Convscope: what a convolutional network costs, why, and what to change.
//!
//! The modules stand in layers: each sees only some of those above it here (`tests/core/layering`).

#![warn(unreachable_pub)]

pub mod decimal;

pub mod model;

pub mod shape;

pub mod lifetime;

pub mod cost;

pub mod selfcheck;

pub mod rewrite;

pub mod workbench;

pub mod compare;

pub mod keras;

pub mod device;

pub mod advice;

pub mod explore;

pub mod engine;

pub mod training;

pub mod c_code;

pub mod transplant;

pub mod share_link;

pub mod pytorch;

pub mod report;

#[cfg(feature = "files")]
pub mod files;

#[cfg(feature = "chart")]
pub mod chart;

pub mod job;

pub mod page;

#[cfg(feature = "chart")]
pub mod document;

#[cfg(feature = "command")]
pub mod command;

#[cfg(feature = "ui")]
// What the macro of a component makes is public.
#[allow(unreachable_pub)]
pub mod ui;
