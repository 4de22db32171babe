//! A picture on a canvas.

use plotters::prelude::*;
use plotters_canvas::CanvasBackend;
use web_sys::HtmlCanvasElement;

use crate::chart::{Layout, Picture, Surface};

/// Makes the canvas fit and draws on it.
pub fn draw(picture: &Picture, layout: &Layout, canvas: &HtmlCanvasElement, surface: &Surface<'_>) {
    let device = |css: f64| (css * surface.density).round() as u32;
    let (width, height) = layout.size();
    if canvas.width() != device(width) || canvas.height() != device(height) {
        canvas.set_width(device(width));
        canvas.set_height(device(height));
        let _ = canvas.style().set_property("height", &format!("{height}px"));
    }
    if let Some(backend) = CanvasBackend::with_canvas_object(canvas.clone()) {
        picture.draw_on(&backend.into_drawing_area(), layout, surface);
    }
}
