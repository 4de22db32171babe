//! Numbers as people read them. Every number keeps its unit; where one begins is where rounding reaches it.

use crate::cost::units::PREFIXES;
use crate::decimal::fixed;

pub use crate::cost::units::grouped;

/// Up to six digits as they are, above that three digits and a prefix: `568.7 M`.
pub fn short(number: u64) -> String {
    if number < 100_000 {
        return grouped(number);
    }
    for (step, prefix) in PREFIXES {
        if number >= step {
            let value = number as f64 / step as f64;
            return fixed(value, u8::from(value < 99.95)) + " " + prefix;
        }
    }
    grouped(number)
}

/// Bytes in powers of ten: `47.3 kB`, `5.2 MB`.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..999_950 => fixed(bytes as f64 / 1e3, 1) + " kB",
        999_950..999_950_000 => fixed(bytes as f64 / 1e6, 1) + " MB",
        999_950_000..999_995_000_000 => fixed(bytes as f64 / 1e9, 2) + " GB",
        _ => fixed(bytes as f64 / 1e12, 2) + " TB",
    }
}

/// A time in milliseconds with a fitting unit: `5.1 µs`, `16.2 ms`.
pub fn time(milliseconds: f64) -> String {
    if milliseconds > 0.0 && milliseconds < 0.000_095 {
        return fixed(milliseconds * 1e6, 0) + " ns";
    }
    if milliseconds < 0.9995 {
        let microseconds = milliseconds * 1e3;
        return if microseconds < 9.95 { fixed(microseconds, 1) + " µs" } else { fixed(microseconds, 0) + " µs" };
    }
    match milliseconds {
        ..9.995 => fixed(milliseconds, 2) + " ms",
        9.995..999.95 => fixed(milliseconds, 1) + " ms",
        999.95..99_995.0 => fixed(milliseconds / 1e3, 2) + " s",
        _ => grouped((milliseconds / 1e3).round() as u64) + " s",
    }
}

/// `92.8 %`; never 0.0 % or 100.0 % for a share that is neither.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.05 {
        "< 0.1 %".to_string()
    } else if percent > 99.95 && percent < 100.0 {
        "> 99.9 %".to_string()
    } else {
        fixed(percent, 1) + " %"
    }
}
