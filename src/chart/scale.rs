//! From numbers to places and texts.

use crate::cost::units::Bytes;
use crate::cost::units::{PREFIXES, decimal, decimal_bytes, grouped};

/// What the numbers of a chart count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Params,
    Macs,
    Bytes,
    Nanoseconds,
    /// Hundredths of a percent of what is right.
    Accuracy,
}

/// How numbers become lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    #[default]
    Linear,
    /// By `log10(1 + number)`, so that 0 has no length.
    Log,
}

/// From this on, counts are written with a prefix.
const LONG_NUMBER: u64 = 10_000_000;

impl Unit {
    /// `10,980 params`, `568.7 M MACs`, `9.664 kB`.
    pub fn text(self, number: u64) -> String {
        match self {
            Self::Params | Self::Macs => format!("{} {}", self.number(number), self.name()),
            Self::Bytes => decimal_bytes(Bytes(number)),
            Self::Nanoseconds => time(number),
            Self::Accuracy => format!("{} right", self.number(number)),
        }
    }

    /// Without the unit where that is a word: `10,980`.
    pub fn number(self, number: u64) -> String {
        match self {
            Self::Params | Self::Macs if number < LONG_NUMBER => grouped(number),
            Self::Params | Self::Macs => decimal(number),
            Self::Bytes => decimal_bytes(Bytes(number)),
            Self::Nanoseconds => time(number),
            Self::Accuracy => format!("{}.{} %", number / 100, number % 100 / 10),
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Params => "params",
            Self::Macs => "MACs",
            Self::Bytes => "bytes",
            Self::Nanoseconds => "time",
            Self::Accuracy => "accuracy",
        }
    }

    /// A round number on an axis, short: `5 k`, `20 kB`.
    pub fn tick(self, number: u64) -> String {
        match self {
            Self::Nanoseconds => return time(number),
            Self::Accuracy => return format!("{} %", number / 100),
            Self::Params | Self::Macs | Self::Bytes => {}
        }
        let (step, prefix) = PREFIXES.into_iter().find(|(step, _)| number >= *step).unwrap_or((1, ""));
        let whole = number / step;
        let tenths = number % step * 10 / step;
        let digits = if tenths == 0 { whole.to_string() } else { format!("{whole}.{tenths}") };
        let unit = match self {
            Self::Bytes => "B",
            Self::Params | Self::Macs | Self::Nanoseconds | Self::Accuracy => "",
        };
        format!("{digits} {prefix}{unit}").trim_end().to_string()
    }
}

/// `640 ns`, `50 µs`, `1.25 ms`, `2 s`: three digits, and none that say nothing.
fn time(nanoseconds: u64) -> String {
    const STEPS: [(u64, &str); 4] = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns")];
    let (step, unit) = STEPS.iter().copied().find(|(step, _)| nanoseconds >= *step).unwrap_or((1, "ns"));
    let value = nanoseconds as f64 / step as f64;
    let decimals = match value {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    let digits = format!("{value:.decimals$}");
    let digits = if decimals > 0 { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    format!("{digits} {unit}")
}

impl Scale {
    /// The part of the largest number's length, 0 to 1.
    pub fn part(self, number: u64, largest: u64) -> f64 {
        if largest == 0 {
            return 0.0;
        }
        let part = match self {
            Self::Linear => number as f64 / largest as f64,
            Self::Log => (number as f64).ln_1p() / (largest as f64).ln_1p(),
        };
        part.clamp(0.0, 1.0)
    }

    /// Round numbers from 0 up to the largest, at most so many above 0.
    pub fn ticks(self, largest: u64, most: usize) -> Vec<u64> {
        let mut ticks = vec![0];
        match self {
            Self::Linear => {
                let step = round_step(largest, most.max(1) as u64);
                ticks.extend((1..).map_while(|index: u64| index.checked_mul(step)).take_while(|tick| *tick <= largest));
            }
            Self::Log => {
                let powers: Vec<u64> = (0..20).map(|power| 10_u64.saturating_pow(power)).collect();
                let powers: Vec<u64> =
                    powers.into_iter().filter(|power| *power <= largest && *power < u64::MAX).collect();
                let every = powers.len().div_ceil(most.max(1)).max(1);
                ticks.extend(powers.into_iter().rev().step_by(every).collect::<Vec<_>>().into_iter().rev());
            }
        }
        ticks
    }
}

/// The least of 1, 2, 5, 10, 20, ... of which at most so many fit.
fn round_step(largest: u64, most: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for digit in [1, 2, 5] {
            let Some(step) = power.checked_mul(digit) else { return u64::MAX };
            if largest / step <= most {
                return step;
            }
        }
        match power.checked_mul(10) {
            Some(next) => power = next,
            None => return u64::MAX,
        }
    }
}
