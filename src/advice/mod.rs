//! Why a network costs what it costs, and what to do about it.
//!
//! All numbers come from rewriting the network and costing it again, never from an estimate beside it.

mod arsenal;
mod blocks;
mod context;
mod costs;
mod deployment;
mod finding;
mod head;
mod ladder;
mod maps;
mod remedy;

pub use arsenal::{Bytes, Technique, arsenal};
pub use context::Context;
pub use costs::Costs;
pub use finding::{Certainty, Finding, Rule};
pub use ladder::{Ladder, Step, ladder};
pub use remedy::Remedy;

use crate::cost::Report;
use crate::model::Network;

/// Everything found, what matters most first. `report` is the network's in 32-bit floats.
pub fn diagnose(network: &Network, report: &Report) -> Vec<Finding> {
    let context = Context::of(network, report);
    let mut findings = Vec::new();
    deployment::obstacles(&context, &mut findings);
    if runs(report) {
        if has_all_params(report) {
            head::rules(&context, &mut findings);
            blocks::rules(&context, &mut findings);
        }
        maps::rules(&context, &mut findings);
        deployment::rules(&context, &mut findings);
    }
    findings.sort_by(|left, right| right.weight.total_cmp(&left.weight).then(left.rule.cmp(&right.rule)));
    findings
}

/// Of a network that cannot run nothing is said but what keeps it from running.
fn runs(report: &Report) -> bool {
    report.shapes.output().is_some()
}

/// Of sums that lack parameters no part can be told.
fn has_all_params(report: &Report) -> bool {
    report.totals.completeness.params_qualifier().is_empty()
}
