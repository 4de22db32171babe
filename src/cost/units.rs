//! Units as types: they add to their own kind only, and every sum is checked.

use std::fmt;

use crate::decimal::fixed;

/// Defines a unit: a count with checked arithmetic, shown with thousands separators.
macro_rules! unit {
    ($(#[$doc:meta])* $unit:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $unit(pub u64);

        impl $unit {
            pub const ZERO: Self = Self(0);

            /// `None` where the sum does not fit 64 bits.
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(sum) => Some(Self(sum)),
                    None => None,
                }
            }

            /// `self / total` in 0 to 1; `None` where the total is zero.
            pub fn share_of(self, total: Self) -> Option<f64> {
                (total.0 != 0).then(|| self.0 as f64 / total.0 as f64)
            }
        }

        /// `11,831`.
        impl fmt::Display for $unit {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&grouped(self.0))
            }
        }
    };
}

unit!(
    /// Elements of parameters.
    Params
);
unit!(
    /// Multiply-accumulates.
    Macs
);
unit!(
    /// Arithmetic operations: two for a multiply-accumulate unless a convention says otherwise.
    Flops
);
unit!(
    /// Elements of tensors, whatever the size of each.
    Elements
);
unit!(
    /// Bytes of memory.
    Bytes
);
unit!(
    /// Operations of one sort.
    Operations
);

/// `11,831`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 parameter`, `11,831 parameters`.
pub fn counted(number: u64, unit: &str) -> String {
    format!("{} {unit}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// The decimal prefixes of counts, the largest first.
pub const PREFIXES: [(u64, &str); 6] = [
    (1_000_000_000_000_000_000, "E"),
    (1_000_000_000_000_000, "P"),
    (1_000_000_000_000, "T"),
    (1_000_000_000, "G"),
    (1_000_000, "M"),
    (1_000, "k"),
];

/// At most four significant digits with a decimal prefix: `950`, `11.83 k`, `568.7 M`, `4.089 G`.
pub fn decimal(number: u64) -> String {
    scaled(number, 1000.0, &["", "k", "M", "G", "T", "P", "E"])
}

/// Decimal units, 1 MB = 10^6 bytes: `950 B`, `47.32 kB`, `17.02 MB`.
pub fn decimal_bytes(bytes: Bytes) -> String {
    scaled(bytes.0, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB", "EB"])
}

/// Binary units, 1 MiB = 2^20 bytes: `950 B`, `46.21 KiB`, `16.23 MiB`.
pub fn binary_bytes(bytes: Bytes) -> String {
    scaled(bytes.0, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
}

fn scaled(number: u64, step: f64, prefixes: &[&str]) -> String {
    let mut value = number as f64;
    let mut prefix = 0;
    // 999.95 and above would be written with five digits.
    while value >= step.min(999.95) && prefix + 1 < prefixes.len() && number as f64 >= step {
        value /= step;
        prefix += 1;
    }
    let decimals = match value {
        _ if prefix == 0 => 0,
        value if value < 9.9995 => 3,
        value if value < 99.995 => 2,
        _ => 1,
    };
    format!("{} {}", fixed(value, decimals), prefixes[prefix]).trim_end().to_string()
}
