//! Costs as text.

use crate::advice::Costs;
use crate::page::format::{bytes, grouped, short, time};

/// What "peak in place" is.
pub const PEAK: &str =
    "Peak in place: the most bytes alive at once in 32-bit floats, where norms and activations overwrite their input";

/// Parameters, MACs, peak, flash and time, as the cells of a table.
pub fn cells(costs: &Costs) -> [String; 5] {
    [
        grouped(costs.params),
        short(costs.macs),
        costs.peak_bytes.map(bytes).unwrap_or_default(),
        bytes(costs.flash_bytes),
        costs.milliseconds.map_or_else(|| "not known".to_string(), time),
    ]
}

/// The new figures, with what they were: `364 params (−11,040) · 22,240 MACs (−11,004) · 7.5 kB peak in place`.
pub fn differences(before: &Costs, after: &Costs) -> String {
    let count = |unit: &str, before: u64, after: u64| {
        let change = if before == after { String::new() } else { format!(" ({})", signed(before, after)) };
        Some(format!("{} {unit}{change}", short(after)))
    };
    let size = |what: &str, before: Option<u64>, after: Option<u64>| {
        let after = bytes(after?);
        let was = before.map(bytes).filter(|before| *before != after);
        let was = was.map_or_else(String::new, |was| format!(" (was {was})"));
        Some(format!("{after} {what}{was}"))
    };
    let milliseconds = match (before.milliseconds, after.milliseconds) {
        (Some(before), Some(after)) if time(before) != time(after) => {
            Some(format!("about {} on a Cortex-M7 (was {})", time(after), time(before)))
        }
        (_, after) => after.map(|after| format!("about {} on a Cortex-M7", time(after))),
    };
    let parts = [
        count("params", before.params, after.params),
        count("MACs", before.macs, after.macs),
        size("peak in place", before.peak_bytes, after.peak_bytes),
        size("int8 flash", Some(before.flash_bytes), Some(after.flash_bytes)),
        milliseconds,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn signed(before: u64, after: u64) -> String {
    if after < before { format!("−{}", grouped(before - after)) } else { format!("+{}", grouped(after - before)) }
}
