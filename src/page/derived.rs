//! What follows from a workbench: networks, shapes, costs, and the comparison of two designs.

use crate::compare::{self, Comparison};
use crate::cost::{self, Report};
use crate::model::Network;
use crate::workbench::{Design, Resolved, WeightsId, Workbench};

/// What follows from the workbench.
#[derive(Clone, Debug)]
pub struct Derived {
    /// In the order of the workbench.
    pub designs: Vec<DesignState>,
    /// The baseline against another design.
    pub comparison: Option<Comparison>,
    /// Those two designs.
    pub pair: Option<(usize, usize)>,
}

/// One design with all that is known of it.
#[derive(Clone, Debug)]
pub struct DesignState {
    /// Over its column.
    pub name: String,
    /// Its network, the rewrites of a twin done.
    pub resolved: Resolved,
    /// Its costs, with the workbench's settings.
    pub report: Report,
    /// What was loaded for it.
    pub weights: Option<WeightsId>,
}

impl Derived {
    /// Costs every design anew.
    pub fn of(workbench: &Workbench) -> Self {
        let settings = cost::Settings {
            batch: workbench.settings.batch,
            number_type: workbench.settings.number_type,
            frozen: workbench.settings.frozen.clone(),
        };
        let state = |(resolved, design): (Resolved, &Design)| DesignState {
            name: design.name.clone(),
            report: cost::analyze(&resolved.network, &settings),
            resolved,
            weights: design.weights,
        };
        let designs: Vec<DesignState> = workbench.resolve().into_iter().zip(&workbench.designs).map(state).collect();
        let pair = workbench.pair();
        let compare =
            |(baseline, other): (usize, usize)| compare::compare(&designs[baseline].side(), &designs[other].side());
        let comparison = pair.map(compare);
        Self { designs, comparison, pair }
    }
}

impl DesignState {
    /// That of the design as it stands, the rewrites of a twin done.
    pub fn network(&self) -> &Network {
        &self.resolved.network
    }

    /// All parameters.
    pub fn params(&self) -> u64 {
        self.report.totals.figures.params().0
    }

    /// As one side of a comparison.
    pub fn side(&self) -> compare::Side<'_> {
        compare::Side {
            name: &self.name,
            network: self.network(),
            report: &self.report,
            origins: self.resolved.twin_of.map(|_| self.resolved.origins.as_slice()),
        }
    }
}
