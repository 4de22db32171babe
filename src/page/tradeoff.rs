//! Designs, and what a search found, by their figures: what one costs for what it gives.

use crate::cost::units::read_amount;
use crate::decimal;
use crate::device::Fitted;
use crate::explore::{Evaluator, Space};
use crate::job::FoundReport;

use super::derived::DesignState;

/// A figure that networks are weighed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Figure {
    /// Elements of all parameters.
    Params,
    /// Multiply-accumulates of one pass.
    Macs,
    /// Bytes of int8 weights with 32-bit biases, batch norms folded.
    Flash,
    /// The most bytes of int8 tensors alive at once.
    Peak,
    /// Nanoseconds of one pass on the device.
    Time,
    /// Hundredths of a percent of test samples that are right.
    Accuracy,
}

/// A network with its figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The design's name, or what a variant changes.
    pub label: String,
    /// The index of a design; `None` for a variant that was found.
    pub design: Option<usize>,
    /// As [`Figure::ALL`] has them; `None` for what is not known.
    figures: [Option<u64>; 6],
}

impl Figure {
    /// As they are offered.
    pub const ALL: [Self; 6] = [Self::Params, Self::Macs, Self::Flash, Self::Peak, Self::Time, Self::Accuracy];

    /// For a menu's values.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Params => "params",
            Self::Macs => "macs",
            Self::Flash => "flash",
            Self::Peak => "peak",
            Self::Time => "time",
            Self::Accuracy => "accuracy",
        }
    }

    /// The figure of an id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.id() == id)
    }

    /// In words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Params => "params",
            Self::Macs => "MACs",
            Self::Flash => "int8 weights",
            Self::Peak => "int8 peak of activations",
            Self::Time => "time on the device",
            Self::Accuracy => "test accuracy",
        }
    }

    /// A budget as it is typed: `64 kB`, `1.5 ms`, `90 %`.
    pub fn read(self, text: &str) -> Option<u64> {
        let text = text.trim();
        let scaled = |digits: &str, factor: f64| {
            let number = decimal::parse(digits.trim())?;
            (number >= 0.0 && number * factor < 1e18).then(|| (number * factor).round() as u64)
        };
        match self {
            Self::Params | Self::Macs | Self::Flash | Self::Peak => read_amount(text),
            Self::Time => {
                let units = [("ns", 1.0), ("µs", 1e3), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("", 1e6)];
                let (unit, factor) = units.into_iter().find(|(unit, _)| text.ends_with(unit))?;
                scaled(text.strip_suffix(unit)?, factor)
            }
            Self::Accuracy => {
                scaled(text.strip_suffix('%').unwrap_or(text), 100.0).filter(|&hundredths| hundredths <= 10_000)
            }
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

impl Candidate {
    /// A design as it stands, its time by published timings, its accuracy (0 to 1) where it was trained. `None` where its
    /// costs are not all known.
    pub fn of_design(
        index: usize,
        state: &DesignState,
        fitted: Option<&Fitted>,
        accuracy: Option<f64>,
    ) -> Option<Self> {
        if !state.report.totals.completeness.is_exact() {
            return None;
        }
        let metrics = Evaluator::new(&Space::new(state.network(), Vec::new())).evaluate(&[])?;
        let time = fitted.map(|fitted| metrics.milliseconds(fitted));
        let figures = Self::figures([metrics.params, metrics.macs, metrics.flash, metrics.peak], time, accuracy);
        Some(Self { label: state.name.clone(), design: Some(index), figures })
    }

    /// What a search found.
    pub fn of_found(found: &FoundReport) -> Self {
        let figures = Self::figures([found.params, found.macs, found.flash, found.peak], found.milliseconds, None);
        Self { label: found.label.clone(), design: None, figures }
    }

    /// A figure where it is known.
    pub fn figure(&self, figure: Figure) -> Option<u64> {
        self.figures[figure.index()]
    }

    fn figures(counts: [u64; 4], milliseconds: Option<f64>, accuracy: Option<f64>) -> [Option<u64>; 6] {
        let [params, macs, flash, peak] = counts.map(Some);
        let nanoseconds = milliseconds.map(|milliseconds| (milliseconds * 1e6).round() as u64);
        [params, macs, flash, peak, nanoseconds, accuracy.map(|share| (share * 10_000.0).round() as u64)]
    }
}

#[cfg(test)]
mod tests {
    use super::Figure;

    #[test]
    fn budgets_are_read_in_their_own_units() {
        let cases = [
            (Figure::Peak, "64 kB", Some(64_000)),
            (Figure::Flash, "1MiB", Some(1 << 20)),
            (Figure::Macs, "5M", Some(5_000_000)),
            (Figure::Time, "1.5 ms", Some(1_500_000)),
            (Figure::Time, "80 µs", Some(80_000)),
            (Figure::Time, "2 s", Some(2_000_000_000)),
            (Figure::Time, "3", Some(3_000_000)),
            (Figure::Time, "-1 ms", None),
            (Figure::Accuracy, "93.5 %", Some(9_350)),
            (Figure::Accuracy, "101 %", None),
            (Figure::Params, "many", None),
        ];
        for (figure, text, expected) in cases {
            assert_eq!(figure.read(text), expected, "{figure:?} {text}");
        }
        for (index, figure) in Figure::ALL.into_iter().enumerate() {
            assert_eq!((figure.index(), Figure::from_id(figure.id())), (index, Some(figure)));
        }
    }
}
