//! Convscope: what a convolutional network costs, why, and what to change.
pub mod model;
pub mod pytorch;
pub mod shape;

pub mod lifetime;

pub mod cost;

pub mod rewrite;

pub mod compare;

pub mod engine;
pub mod workbench;
