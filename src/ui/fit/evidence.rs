//! Where times come from.

use leptos::prelude::*;

use crate::device::{Fitted, LeftOut, find};

/// Device, stack, number of timings, how far off they were, source; folded away, but there.
#[component]
pub fn Evidence(fitted: Option<&'static Fitted>) -> impl IntoView {
    fitted.map(|fitted| {
        let device = fitted.timings.device;
        let device = find(device).map_or(device, |device| device.name);
        view! {
            <details class="bounds">
                <summary>{format!("Where times on the {device} come from")}</summary>
                <p class="muted">{evidence(fitted)}</p>
            </details>
        }
    })
}

/// How good the timings of a stack are: their number, the error for what was left out, the source.
pub fn evidence(fitted: &Fitted) -> String {
    let Fitted { timings, held_out, .. } = fitted;
    let left_out = match held_out.left_out {
        LeftOut::Network => "networks",
        LeftOut::Family => "families of networks",
    };
    format!(
        "{}: fitted to {} published timings; for {left_out} left out of the fit it was {:.0} % off on average, {:.0} % at most; the band is what nine of ten were within, {:.0} %. {} ({})",
        timings.stack.name,
        timings.runs.len(),
        held_out.mean * 100.0,
        held_out.largest * 100.0,
        held_out.band * 100.0,
        timings.source.title,
        timings.source.address,
    )
}
