//! What the tools people use print for a network, and how far that is from the plain count.
//!
//! Each rule is read from the source of the version named and holds for a network in evaluation mode. Faults of a
//! tool are reproduced under its name, and labelled.

mod calflops;
mod fvcore;
mod ledger;
mod ptflops;
mod row;
mod thop;
mod torchinfo;

use super::site::Site;
use super::units::grouped;
use super::{Completeness, Report, RowState};
use crate::model::{Call, Kind, Layer, Network};
use crate::shape::parameter_tensors;
use ledger::Ledger;

/// A way to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Convention {
    /// Multiply-accumulates of convolutions and matrix products, bias not counted.
    #[default]
    Plain,
    /// `torch.utils.flop_counter`.
    TorchFlopCounter,
    /// fvcore's `FlopCountAnalysis`: multiply-accumulates under the name of flops.
    Fvcore,
    /// THOP's `profile`.
    Thop,
    /// ptflops with its `pytorch` backend: for one sample.
    PtflopsPytorch,
    /// ptflops with its `aten` backend.
    PtflopsAten,
    /// torchinfo's `summary`, "mult-adds".
    Torchinfo,
    /// calflops' MACs.
    CalflopsMacs,
    /// calflops' FLOPs.
    CalflopsFlops,
}

/// What a convention counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// One for each multiply-accumulate.
    Macs,
    /// Two for each multiply-accumulate.
    Flops,
}

/// A network counted by a convention.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// By which it is counted.
    pub convention: Convention,
    /// What each row adds, rounded down; `None` where the row is not known or makes the tool fail.
    pub rows: Vec<Option<u64>>,
    /// What the tool prints.
    pub total: Result<u64, Failure>,
    /// The plain count in the convention's unit.
    pub plain: u64,
    /// `total - plain`, by its reasons, the largest first.
    pub differences: Vec<Difference>,
    /// How far the plain count can be trusted.
    pub completeness: Completeness,
}

impl Report {
    /// The bytes that torchinfo prints as "forward/backward pass size": twice the outputs of the modules that have
    /// parameters, 4 bytes an element.
    pub fn torchinfo_output_bytes(&self, network: &Network) -> u64 {
        let rows = network.nodes.iter().enumerate().filter(|(index, node)| {
            let tap = self.wiring.taps(*index).first();
            let input = tap.and_then(|&tap| self.shapes.tap(tap));
            let tensors = parameter_tensors(&node.layer, input);
            let has_parameters = tensors.iter().any(|tensor| !tensor.fill.is_buffer());
            has_parameters && node.call == Call::Module && node.layer.kind() != Kind::Parameter
        });
        let elements = rows.filter_map(|(index, _)| self.shapes.nodes[index].dims()?.elements());
        elements.fold(0_u64, u64::saturating_add).saturating_mul(2 * 4)
    }
}

/// One reason why a tool's number differs from the plain count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// "batch norm at 4 an element".
    pub reason: &'static str,
    /// A mistake of the tool, not a choice.
    pub fault: bool,
    /// What it adds; below zero where it leaves out. Whole, but for counts for one sample of several.
    pub amount: f64,
    /// In how many rows.
    pub rows: u32,
}

/// A tool gives no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The first row it fails at; `None` where it refuses the input.
    pub row: Option<u32>,
    /// "calflops cannot take ...".
    pub reason: &'static str,
}

impl Convention {
    /// In the order of the page.
    pub const ALL: &'static [Self] = &[
        Self::Plain,
        Self::TorchFlopCounter,
        Self::Fvcore,
        Self::Thop,
        Self::PtflopsPytorch,
        Self::PtflopsAten,
        Self::Torchinfo,
        Self::CalflopsMacs,
        Self::CalflopsFlops,
    ];

    /// Stable, for links: `thop`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::TorchFlopCounter => "flop_counter",
            Self::Fvcore => "fvcore",
            Self::Thop => "thop",
            Self::PtflopsPytorch => "ptflops",
            Self::PtflopsAten => "ptflops_aten",
            Self::Torchinfo => "torchinfo",
            Self::CalflopsMacs => "calflops_macs",
            Self::CalflopsFlops => "calflops_flops",
        }
    }

    /// `None` for what [`Convention::id`] gives of none.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|convention| convention.id() == id)
    }

    /// The tool's name, in sentences.
    pub const fn tool(self) -> &'static str {
        match self {
            Self::Plain => "the plain count",
            Self::TorchFlopCounter => "torch.utils.flop_counter",
            Self::Fvcore => "fvcore",
            Self::Thop => "thop",
            Self::PtflopsPytorch | Self::PtflopsAten => "ptflops",
            Self::Torchinfo => "torchinfo",
            Self::CalflopsMacs | Self::CalflopsFlops => "calflops",
        }
    }

    /// The version the rules were read from; `None` for the plain count.
    pub const fn version(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::TorchFlopCounter => Some("2.9.1"),
            Self::Fvcore => Some("0.1.5.post20221221"),
            Self::Thop => Some("0.1.1.post2209072238"),
            Self::PtflopsPytorch | Self::PtflopsAten => Some("0.7.5"),
            Self::Torchinfo => Some("1.8.0"),
            Self::CalflopsMacs | Self::CalflopsFlops => Some("0.3.2"),
        }
    }

    /// As a menu has it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Plain => "Plain MACs",
            Self::TorchFlopCounter => "torch flop_counter 2.9.1",
            Self::Fvcore => "fvcore 0.1.5",
            Self::Thop => "thop 0.1.1",
            Self::PtflopsPytorch => "ptflops 0.7.5, pytorch backend",
            Self::PtflopsAten => "ptflops 0.7.5, aten backend",
            Self::Torchinfo => "torchinfo 1.8.0",
            Self::CalflopsMacs => "calflops 0.3.2, MACs",
            Self::CalflopsFlops => "calflops 0.3.2, FLOPs",
        }
    }

    /// What the tool calls its number.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain | Self::Thop | Self::PtflopsPytorch | Self::PtflopsAten | Self::CalflopsMacs => "MACs",
            Self::TorchFlopCounter | Self::CalflopsFlops => "FLOPs",
            Self::Fvcore => "flops (it means MACs)",
            Self::Torchinfo => "mult-adds",
        }
    }

    /// What the tool's number counts, whatever it calls it.
    pub const fn unit(self) -> Unit {
        match self {
            Self::TorchFlopCounter | Self::CalflopsFlops => Unit::Flops,
            Self::Plain
            | Self::Fvcore
            | Self::Thop
            | Self::PtflopsPytorch
            | Self::PtflopsAten
            | Self::Torchinfo
            | Self::CalflopsMacs => Unit::Macs,
        }
    }

    /// Counts convolutions and matrix products alone, however they are written.
    const fn is_plain(self) -> bool {
        matches!(self, Self::Plain | Self::TorchFlopCounter)
    }

    /// What the tool prints for one layer by itself.
    pub fn count_layer(self, site: &Site, call: Call) -> Result<u64, Failure> {
        let mut ledger = Ledger::new(self, site.input())?;
        ledger.enter(0, site, call)?;
        ledger.total()
    }

    /// What the tool prints for a network, row by row and in total.
    pub fn tally(self, network: &Network, report: &Report) -> Tally {
        let mut tally = Tally {
            convention: self,
            rows: vec![None; report.rows.len()],
            total: Ok(0),
            plain: match self.unit() {
                Unit::Macs => report.totals.figures.macs.0,
                Unit::Flops => report.totals.figures.flops.0,
            },
            differences: Vec::new(),
            completeness: report.totals.completeness,
        };
        tally.total = self.fill(network, report, &mut tally);
        tally
    }

    fn fill(self, network: &Network, report: &Report, tally: &mut Tally) -> Result<u64, Failure> {
        let mut ledger = Ledger::new(self, &report.shapes.input)?;
        let mut failure = None;
        for (index, row) in report.rows.iter().enumerate() {
            let counted = matches!(row.state, RowState::Exact | RowState::Assumed);
            // What the other tools make of a layer without a kind of its own is not known here.
            let told = match &network.nodes[index].layer {
                Layer::Unsupported(layer) => layer.macs == Some(0) || self.is_plain(),
                _ => true,
            };
            if counted && !told {
                tally.completeness.missing += 1;
                continue;
            }
            let mut inputs = Vec::new();
            let Some(site) = super::site(network, &report.wiring, &report.shapes, index, &mut inputs) else { continue };
            if counted {
                match ledger.enter(index as u32, &site, network.nodes[index].call) {
                    Ok(count) => tally.rows[index] = Some(count),
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
        }
        tally.differences = ledger.differences();
        failure.map_or_else(|| ledger.total(), Err)
    }
}

impl Tally {
    /// "thop adds 14,688: batch norm at 4 an element".
    pub fn sentence(&self) -> String {
        let tool = self.convention.tool();
        match &self.total {
            Err(failure) => format!("{tool} fails: {}", failure.reason),
            Ok(_) if self.differences.is_empty() => format!("{tool} counts the same"),
            Ok(_) => {
                let reasons: Vec<String> = self.differences.iter().map(Difference::sentence).collect();
                format!("{tool} {}", reasons.join("; it "))
            }
        }
    }
}

impl Difference {
    /// "adds 14,688: batch norm at 4 an element".
    pub fn sentence(&self) -> String {
        let verb = if self.amount < 0.0 { "leaves out" } else { "adds" };
        let fault = if self.fault { " (a fault)" } else { "" };
        format!("{verb} {}: {}{fault}", grouped(self.amount.abs().round() as u64), self.reason)
    }
}
