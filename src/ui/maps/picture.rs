//! A mosaic of feature maps on a canvas.

use leptos::ev::MouseEvent;
use leptos::{html, prelude::*};
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use crate::job::Maps;
use crate::page::maps::{Mosaic, Spot, spot};

/// The widest picture, in CSS pixels, and the most that one of its pixels is enlarged to.
const WIDEST: u32 = 320;
const LARGEST_PIXEL: u32 = 8;

/// The tiles of one row.
#[component]
pub fn Picture(maps: Maps, label: String, choose: impl Fn(Spot) + 'static) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    let mosaic = Mosaic::of(&maps);
    let zoom = (WIDEST / mosaic.width.max(1)).clamp(1, LARGEST_PIXEL);
    let (width, height) = (mosaic.width, mosaic.height);
    Effect::new(move |_| {
        if let Some(canvas) = canvas.get() {
            draw(&canvas, &mosaic);
        }
    });
    let clicked = move |event: MouseEvent| {
        let Some(canvas) = canvas.get_untracked() else { return };
        let place = canvas.get_bounding_client_rect();
        let along = |from: f64, at: i32, length: f64, pixels: u32| {
            ((f64::from(at) - from) / length.max(1.0) * f64::from(pixels)).max(0.0) as u32
        };
        let x = along(place.left(), event.client_x(), place.width(), width);
        let y = along(place.top(), event.client_y(), place.height(), height);
        if let Some(spot) = spot(&maps, x, y) {
            choose(spot);
        }
    };
    view! {
        <canvas
            node_ref=canvas
            class="maps-picture"
            width=width
            height=height
            style:width=format!("{}px", width * zoom)
            role="img"
            aria-label=label
            on:click=clicked
        ></canvas>
    }
}

fn draw(canvas: &HtmlCanvasElement, mosaic: &Mosaic) {
    let context = canvas.get_context("2d").ok().flatten().and_then(|context| context.dyn_into().ok());
    let Some(context): Option<CanvasRenderingContext2d> = context else { return };
    let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&mosaic.colours), mosaic.width, mosaic.height);
    if let Ok(data) = data {
        let _ = context.put_image_data(&data, 0.0, 0.0);
    }
}
