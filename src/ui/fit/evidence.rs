//! Where times come from.

use leptos::prelude::*;

use crate::device::{Calibration, Fitted, LeftOut, find};

/// Device, stack, number of timings, how far off they were, source; folded away, but there.
#[component]
pub fn Evidence(calibration: Option<&'static Calibration>) -> impl IntoView {
    calibration.map(|calibration| {
        let device = find(calibration.device).map_or(calibration.device, |device| device.name);
        view! {
            <details class="bounds">
                <summary>{format!("Where times on the {device} come from")}</summary>
                <p class="muted">{evidence(calibration)}</p>
            </details>
        }
    })
}

/// How good the timings of a stack are: their number, the error for what was left out, the source.
pub fn evidence(calibration: &'static Calibration) -> String {
    let held_out = Fitted::of(calibration).held_out;
    let left_out = match held_out.left_out {
        LeftOut::Network => "networks",
        LeftOut::Family => "families of networks",
    };
    format!(
        "{}: fitted to {} published timings; for {left_out} left out of the fit it was {:.0} % off on average, {:.0} % at most. {} ({})",
        calibration.stack.name,
        calibration.timings.len(),
        held_out.mean * 100.0,
        held_out.largest * 100.0,
        calibration.source.title,
        calibration.source.address,
    )
}
