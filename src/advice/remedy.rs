//! What can be done about a finding.

use crate::model::Network;
use crate::rewrite::{self, Effect, Rewrite};

use super::context::Context;
use super::costs::Costs;

/// One or more rewrites, with the costs before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    /// What to do, in a few words.
    pub title: String,
    /// One after another.
    pub rewrites: Vec<Rewrite>,
    /// The strongest of theirs.
    pub effect: Effect,
    /// Of the network as it stands.
    pub before: Costs,
    /// Of the rewritten one, counted.
    pub after: Costs,
}

impl Remedy {
    /// Rewrites the network and costs it again; `None` where that changes nothing.
    pub fn of(context: &Context, title: impl Into<String>, rewrites: Vec<Rewrite>) -> Option<Self> {
        let before = context.costs;
        let (_, after) = applied(context.network, &rewrites)?;
        Some(Self { title: title.into(), effect: effect(&rewrites), rewrites, before, after })
    }

    /// Positive where parameters are saved.
    pub const fn saves_params(&self) -> i64 {
        saved(self.before.params, self.after.params)
    }

    /// Positive where multiply-accumulates are saved.
    pub const fn saves_macs(&self) -> i64 {
        saved(self.before.macs, self.after.macs)
    }

    /// What has to be said before it is applied.
    pub const fn warning(&self) -> Option<&'static str> {
        match self.effect {
            Effect::Exact => None,
            Effect::Approximate => Some("The outputs move: weights carry over only approximately, so fine-tune."),
            Effect::Retrain => Some("This is another function: it has to be trained anew, and accuracy may change."),
        }
    }
}

/// `before - after`, as far as it fits.
const fn saved(before: u64, after: u64) -> i64 {
    if before >= after {
        0_i64.saturating_add_unsigned(before - after)
    } else {
        0_i64.saturating_sub_unsigned(after - before)
    }
}

/// The network under the rewrites and its costs; `None` where nothing changes.
pub(super) fn applied(network: &Network, rewrites: &[Rewrite]) -> Option<(Network, Costs)> {
    let rewritten = rewrite::apply_all(network, rewrites);
    if rewritten.changes.is_empty() {
        return None;
    }
    let costs = Costs::of(&rewritten.network);
    Some((rewritten.network, costs))
}

/// The strongest effect of several rewrites.
pub(super) fn effect(rewrites: &[Rewrite]) -> Effect {
    let effects = || rewrites.iter().map(Rewrite::effect);
    if effects().any(|effect| effect == Effect::Retrain) {
        Effect::Retrain
    } else if effects().any(|effect| effect == Effect::Approximate) {
        Effect::Approximate
    } else {
        Effect::Exact
    }
}
