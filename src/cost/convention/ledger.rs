//! A count as it goes on: what each layer adds, and why that is not the plain count.

use super::row::{Entry, Row};
use super::{Convention, Difference, Failure, Unit, calflops, fvcore, ptflops, thop, torchinfo};
use crate::cost::formula::Count;
use crate::cost::macs::macs;
use crate::cost::site::Site;
use crate::model::{Call, Dims};

/// The entries of a count as it goes on. Amounts are in parts of `denominator`.
pub(super) struct Ledger {
    convention: Convention,
    /// 1, or the samples where a tool counts for one sample.
    pub(super) denominator: i128,
    differences: Vec<Entry>,
    /// The plain count so far.
    plain: i128,
    /// The tool's count so far.
    counted: i128,
    /// What is left of numbers that are not whole.
    pub(super) fraction: f64,
}

impl Ledger {
    /// For a network with this input.
    pub(super) fn new(convention: Convention, input: &Dims) -> Result<Self, Failure> {
        let is_ptflops = matches!(convention, Convention::PtflopsPytorch | Convention::PtflopsAten);
        if is_ptflops && input.rank() < 2 {
            return Err(Failure { row: None, reason: "an input without a batch dimension and at least one more" });
        }
        let denominator = match convention {
            Convention::PtflopsPytorch => i128::from(input.first().copied().unwrap_or(1).max(1)),
            _ => 1,
        };
        Ok(Self { convention, denominator, differences: Vec::new(), plain: 0, counted: 0, fraction: 0.0 })
    }

    /// Counts one layer: what it adds, rounded down.
    pub(super) fn enter(&mut self, index: u32, site: &Site, call: Call) -> Result<u64, Failure> {
        let fails = |reason| Failure { row: Some(index), reason };
        let macs = macs::<Count>(site).0.ok_or(fails("the count does not fit 64 bits"))?;
        let mut row = Row { site, call, macs: i128::from(macs), entries: Vec::new(), fraction: 0.0 };
        match self.convention {
            Convention::Plain | Convention::TorchFlopCounter => Ok(()),
            Convention::Fvcore => fvcore::count(&mut row),
            Convention::Thop => thop::count(&mut row),
            Convention::PtflopsPytorch => {
                ptflops::count_modules(&mut row, self.denominator);
                Ok(())
            }
            Convention::PtflopsAten => {
                ptflops::count_operators(&mut row);
                Ok(())
            }
            Convention::Torchinfo => {
                torchinfo::count(&mut row);
                Ok(())
            }
            Convention::CalflopsMacs => calflops::count(&mut row, Unit::Macs),
            Convention::CalflopsFlops => calflops::count(&mut row, Unit::Flops),
        }
        .map_err(fails)?;
        let plain = match self.convention.unit() {
            Unit::Macs => row.macs.saturating_mul(self.denominator),
            Unit::Flops => row.macs.saturating_mul(2),
        };
        let counted = row.entries.iter().fold(plain, |sum, entry| sum.saturating_add(entry.amount));
        self.plain = self.plain.saturating_add(plain);
        self.counted = self.counted.saturating_add(counted);
        self.fraction += row.fraction;
        for entry in row.entries.into_iter().filter(|entry| entry.amount != 0) {
            match self.differences.iter_mut().find(|known| known.reason == entry.reason) {
                Some(known) => {
                    known.amount = known.amount.saturating_add(entry.amount);
                    known.rows += 1;
                }
                None => self.differences.push(entry),
            }
        }
        self.whole(counted, row.fraction).ok_or(fails("the count does not fit 64 bits"))
    }

    pub(super) fn total(&self) -> Result<u64, Failure> {
        self.whole(self.counted, self.fraction).ok_or(Failure { row: None, reason: "the count does not fit 64 bits" })
    }

    fn whole(&self, amount: i128, fraction: f64) -> Option<u64> {
        let parts = (fraction * self.denominator as f64) as i128;
        u64::try_from(amount.checked_add(parts)?.div_euclid(self.denominator)).ok()
    }

    pub(super) fn differences(&self) -> Vec<Difference> {
        let as_difference = |entry: &Entry| Difference {
            reason: entry.reason,
            fault: entry.fault,
            amount: entry.amount as f64 / self.denominator as f64,
            rows: entry.rows,
        };
        let mut differences: Vec<Difference> = self.differences.iter().map(as_difference).collect();
        differences.sort_by(|one, other| other.amount.abs().total_cmp(&one.amount.abs()));
        differences
    }
}
