//! A row, and a design's rows, as they are handed on.

use leptos::html;
use leptos::prelude::*;

use crate::model::{Layer, NodeId};
use crate::page::modules::Module;
use crate::page::row::RowView;
use crate::page::window::Window;

/// A row for what stands within it. `Copy`: handles.
#[derive(Clone, Copy)]
pub struct RowHandle {
    pub design: usize,
    pub id: NodeId,
    pub view: Memo<Option<RowView>>,
    pub layer: RwSignal<Option<Layer>>,
}

/// The list of a design's rows, for what follows it. `Copy`: handles.
#[derive(Clone, Copy)]
pub struct RowsHandle {
    pub design: usize,
    pub list: NodeRef<html::Ol>,
    pub ids: Memo<Vec<usize>>,
    /// Whether the design is one of those that are seen.
    pub is_shown: Memo<bool>,
    /// Which rows of a long design are shown; `None` before anything follows what is seen.
    pub window: RwSignal<Option<Window>>,
    /// The design's modules, and which of them show no rows.
    pub modules: RwSignal<Vec<(Module, bool)>>,
}
