//! The input of the feature maps: the seeded one, a drawing, an image file or a row of a table.

use leptos::ev::{Event, PointerEvent};
use leptos::task::spawn_local;
use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, File, HtmlCanvasElement, ImageBitmap};

use crate::page::maps::values_of_csv;
use crate::ui::studio::Studio;

/// The longer side of the drawing, in CSS pixels.
const SIDE: f64 = 168.0;
/// How wide a pen is, as a share of the shorter side: about that of MNIST's digits.
const PEN: f64 = 0.09;

/// Height and width of an image input, and its channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    channels: u32,
    height: u32,
    width: u32,
}

#[component]
pub fn Pad(own: RwSignal<Option<Vec<f32>>>) -> impl IntoView {
    let studio = Studio::expect();
    let problem = RwSignal::new(None::<String>);
    let length = Memo::new(move |_| {
        studio.with_design(0, |state| state.network().input.sizes().iter().product::<u64>() as usize).unwrap_or(0)
    });
    let shape = Memo::new(move |_| {
        let sizes = studio.with_design(0, |state| state.network().input.sizes().to_vec()).unwrap_or_default();
        match *sizes {
            [channels, height, width] if height.max(width) <= 2048 => {
                Some(Shape { channels: channels as u32, height: height as u32, width: width as u32 })
            }
            _ => None,
        }
    });
    let canvas = NodeRef::<html::Canvas>::new();
    let drawing = StoredValue::new(None::<(f64, f64)>);
    // A drawing of another size is none of this network.
    Effect::new(move |_| {
        shape.track();
        own.set(None);
        problem.set(None);
    });
    let take = move || {
        if let (Some(canvas), Some(shape)) = (canvas.get_untracked(), shape.get_untracked()) {
            own.set(values(&canvas, shape));
        }
    };
    let clear = move |_| {
        if let Some(context) = canvas.get_untracked().as_ref().and_then(context) {
            let Some(shape) = shape.get_untracked() else { return };
            context.clear_rect(0.0, 0.0, f64::from(shape.width), f64::from(shape.height));
            own.set(None);
        }
    };
    let stroke = move |event: &PointerEvent| {
        let (Some(canvas), Some(shape)) = (canvas.get_untracked(), shape.get_untracked()) else { return };
        let to = place(&canvas, shape, event);
        let from = drawing.get_value().unwrap_or(to);
        drawing.set_value(Some(to));
        line(&canvas, shape, from, to);
    };
    let read = move |event: Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        input.set_value("");
        problem.set(None);
        spawn_local(async move {
            let result = match file.type_().starts_with("image/") {
                true => match (canvas.get_untracked(), shape.get_untracked()) {
                    (Some(canvas), Some(shape)) => draw_image(&canvas, shape, &file).await.map(|()| take()),
                    _ => Err("An image is an input of channels x height x width; this one is not.".to_string()),
                },
                false => match JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string()) {
                    Some(text) => values_of_csv(&text, length.get_untracked()).map(|values| own.set(Some(values))),
                    None => Err(format!("{} could not be read", file.name())),
                },
            };
            problem.set(result.err());
        });
    };
    view! {
        <div class="maps-pad">
            {move || shape.get().map(|shape| {
                let scale = SIDE / f64::from(shape.height.max(shape.width).max(1));
                view! {
                    <canvas
                        node_ref=canvas
                        class="maps-drawing"
                        data-testid="maps-drawing"
                        width=shape.width
                        height=shape.height
                        style:width=format!("{}px", (f64::from(shape.width) * scale).max(24.0))
                        style:height=format!("{}px", (f64::from(shape.height) * scale).max(24.0))
                        role="img"
                        aria-label="a drawing as the input"
                        on:pointerdown=move |event| {
                            event.prevent_default();
                            if let Some(canvas) = canvas.get_untracked() {
                                let _ = canvas.set_pointer_capture(event.pointer_id());
                            }
                            drawing.set_value(None);
                            stroke(&event);
                        }
                        on:pointermove=move |event| if event.buttons() & 1 == 1 { stroke(&event) }
                        on:pointerup=move |_| { drawing.set_value(None); take() }
                    ></canvas>
                }
            })}
            <div class="maps-controls">
                <p class="muted">
                    {move || match (own.with(Option::is_some), shape.get().is_some()) {
                        (true, _) => "Your own input, values from 0 to 1 as ToTensor() gives them.",
                        (false, true) => "The seeded input. Draw here, or open an image or a row of a CSV.",
                        (false, false) => "The seeded input. Open a row of a CSV for one of your own.",
                    }}
                </p>
                <label class="button file-button">
                    "Image or CSV …"
                    <input type="file" class="visually-hidden" accept="image/*,.csv,.txt,.tsv" data-testid="maps-file" on:change=read/>
                </label>
                <Show when=move || own.with(Option::is_some)>
                    <button class="button" data-testid="maps-clear" on:click=clear>"Seeded input again"</button>
                </Show>
                {move || problem.get().map(|words| view! { <p class="problem" data-testid="problem">{words}</p> })}
            </div>
        </div>
    }
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}

/// Where a pointer is, in pixels of the input.
fn place(canvas: &HtmlCanvasElement, shape: Shape, event: &PointerEvent) -> (f64, f64) {
    let area = canvas.get_bounding_client_rect();
    let along =
        |from: f64, at: i32, length: f64, pixels: u32| (f64::from(at) - from) / length.max(1.0) * f64::from(pixels);
    (
        along(area.left(), event.client_x(), area.width(), shape.width),
        along(area.top(), event.client_y(), area.height(), shape.height),
    )
}

fn line(canvas: &HtmlCanvasElement, shape: Shape, from: (f64, f64), to: (f64, f64)) {
    let Some(context) = context(canvas) else { return };
    context.set_stroke_style_str("#fff");
    context.set_line_cap("round");
    context.set_line_width((f64::from(shape.height.min(shape.width)) * PEN).max(1.0));
    context.begin_path();
    context.move_to(from.0, from.1);
    // A point is a line, too.
    context.line_to(to.0 + 0.01, to.1);
    context.stroke();
}

/// The canvas as values from 0 to 1: three channels are red, green and blue, any other number the brightness in each.
fn values(canvas: &HtmlCanvasElement, shape: Shape) -> Option<Vec<f32>> {
    let Shape { channels, height, width } = shape;
    let data = context(canvas)?.get_image_data(0.0, 0.0, f64::from(width), f64::from(height)).ok()?.data().0;
    // What is not drawn is black.
    let part = |pixel: &[u8], channel: usize| f32::from(pixel[channel]) / 255.0 * f32::from(pixel[3]) / 255.0;
    let brightness = |pixel: &[u8]| 0.299 * part(pixel, 0) + 0.587 * part(pixel, 1) + 0.114 * part(pixel, 2);
    let mut values = Vec::with_capacity((channels * height * width) as usize);
    for channel in 0..channels as usize {
        values.extend(data.chunks(4).map(|pixel| if channels == 3 { part(pixel, channel) } else { brightness(pixel) }));
    }
    Some(values)
}

/// The middle of an image file, as large as fits, over the whole canvas.
async fn draw_image(canvas: &HtmlCanvasElement, shape: Shape, file: &File) -> Result<(), String> {
    let words = || format!("{} is no image that this browser reads", file.name());
    let bitmap = window().create_image_bitmap_with_blob(file).map_err(|_: JsValue| words())?;
    let bitmap: ImageBitmap = JsFuture::from(bitmap).await.map_err(|_| words())?.unchecked_into();
    let context = context(canvas).ok_or_else(words)?;
    let (width, height) = (f64::from(shape.width), f64::from(shape.height));
    let (across, down) = (f64::from(bitmap.width()), f64::from(bitmap.height()));
    let scale = f64::min(across / width, down / height);
    let (cut_width, cut_height) = (width * scale, height * scale);
    let (left, top) = ((across - cut_width) / 2.0, (down - cut_height) / 2.0);
    context
        .draw_image_with_image_bitmap_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
            &bitmap, left, top, cut_width, cut_height, 0.0, 0.0, width, height,
        )
        .map_err(|_| words())
}
