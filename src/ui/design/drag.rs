//! Moving rows with a pointer.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::model::NodeId;
use crate::ui::studio::Studio;

/// A row that is being dragged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drag {
    pub design: usize,
    pub id: NodeId,
}

/// The row that is dragged, and the row it would be put before or behind. Handed down as context.
#[derive(Clone, Copy)]
pub struct Dragging {
    dragged: RwSignal<Option<Drag>>,
    /// The row, and whether behind it.
    target: RwSignal<Option<(NodeId, bool)>>,
}

impl Dragging {
    pub fn new() -> Self {
        Self { dragged: RwSignal::new(None), target: RwSignal::new(None) }
    }

    pub fn expect() -> Self {
        expect_context()
    }

    pub fn is(&self, design: usize, id: NodeId) -> bool {
        self.dragged.get() == Some(Drag { design, id })
    }

    /// Whether the dragged row would land before (`false`) or behind (`true`) this one.
    pub fn place_at(&self, design: usize, id: NodeId) -> Option<bool> {
        let dragged = self.dragged.get()?;
        let (target, behind) = self.target.get()?;
        (dragged.design == design && target == id && dragged.id != id).then_some(behind)
    }

    pub fn start(&self, event: &ev::PointerEvent, drag: Drag) {
        event.prevent_default();
        if let Some(grip) = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) {
            let _ = grip.set_pointer_capture(event.pointer_id());
        }
        self.dragged.set(Some(drag));
    }

    pub fn follow(&self, event: &ev::PointerEvent) {
        let Some(dragged) = self.dragged.get_untracked() else { return };
        let (x, y) = (event.client_x() as f32, event.client_y() as f32);
        let row = document().element_from_point(x, y).and_then(|element| element.closest(".row").ok().flatten());
        let Some(row) = row else { return };
        let in_design = row.closest(&format!("[data-testid='design-{}']", dragged.design)).ok().flatten().is_some();
        let id = row.get_attribute("data-row").and_then(|id| id.parse().ok());
        let bounds = row.get_bounding_client_rect();
        let behind = f64::from(y) > bounds.top() + bounds.height() / 2.0;
        // Over another design it would land nowhere.
        self.target.set(id.filter(|_| in_design).map(|id| (NodeId(id), behind)));
    }

    pub fn finish(&self, studio: &Studio) {
        if let (Some(drag), Some((target, behind))) = (self.dragged.get_untracked(), self.target.get_untracked())
            && drag.id != target
        {
            studio.move_beside(drag.design, drag.id, target, behind);
        }
        self.cancel();
    }

    pub fn cancel(&self) {
        self.dragged.set(None);
        self.target.set(None);
    }
}
