//! Units as types: they add to their own kind only, and every sum is checked.

use std::fmt;

use crate::decimal::{fixed, parse};

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

/// A count as people type it: `256k`, `1.5 M`, `64Ki`, `131072`: k, M, G are powers of 1000, Ki, Mi, Gi of 1024, with or
/// without a B.
pub fn read_amount(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = text[digits.len()..].trim_end_matches(['B', 'b']);
    let digits = digits.trim_end();
    let factor = match unit {
        "" => 1,
        "k" | "K" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" | "KI" | "ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    if let Ok(number) = digits.parse::<u64>() {
        return number.checked_mul(factor).filter(|product| *product < 1_000_000_000_000_000_000);
    }
    let product = parse(digits).filter(|number| number.is_finite() && *number >= 0.0)? * factor as f64;
    (product < 1e18).then_some(product as u64)
}

#[cfg(test)]
mod tests {
    use super::read_amount;

    #[test]
    fn amounts_have_units_of_a_thousand_and_of_1024() {
        let cases = [
            ("256k", Some(256_000)),
            ("64Ki", Some(65_536)),
            ("64KiB", Some(65_536)),
            ("5M", Some(5_000_000)),
            ("1.5M", Some(1_500_000)),
            ("131072", Some(131_072)),
            ("2MB", Some(2_000_000)),
            ("0", Some(0)),
            ("m", None),
            ("-1k", None),
            ("1e400", None),
            ("5T", None),
            ("99999999999999999999G", None),
            ("ä", None),
            (" 12 kB ", Some(12_000)),
            ("93.5 %", None),
        ];
        let wrong: Vec<_> = cases.iter().filter(|(text, expected)| read_amount(text) != *expected).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
