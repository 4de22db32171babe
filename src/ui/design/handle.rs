//! A row as it is handed on.

use leptos::prelude::*;

use crate::model::{Layer, NodeId};
use crate::page::row::RowView;

/// A row for what stands within it. `Copy`: handles.
#[derive(Clone, Copy)]
pub struct RowHandle {
    pub design: usize,
    pub id: NodeId,
    pub view: Memo<Option<RowView>>,
    pub layer: RwSignal<Option<Layer>>,
}
