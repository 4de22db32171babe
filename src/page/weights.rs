//! Weights that came from files: which design has which, and which of them still fit as it is edited.

use std::sync::Arc;

use crate::job::{Bytes, GivenRow, GivenTensor, GivenWeights, WeightsFit};
use crate::model::{Network, NodeId};
use crate::shape::{self, Fill};
use crate::workbench::WeightsId;

use super::derived::DesignState;

/// What was read of one file for one design.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The file's name.
    pub file: String,
    /// What of it was used when it was read.
    pub fit: WeightsFit,
    rows: Vec<LoadedRow>,
    numbers: Bytes,
}

#[derive(Clone, Debug, PartialEq)]
struct LoadedRow {
    id: NodeId,
    tensors: Vec<Option<GivenTensor>>,
}

/// All that was loaded since the page was opened: undo may come back to any of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shelf(Vec<Option<Arc<Loaded>>>);

/// What of a design's weights is used as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Used {
    /// The file's.
    pub loaded: Arc<Loaded>,
    /// What still fits, by the rows as they are now.
    pub given: GivenWeights,
    /// Names of the rows whose sizes are no longer those of the file.
    pub dropped: Vec<String>,
}

/// The shelf holds at most so many bytes; what was loaded first goes first.
const MOST_BYTES: usize = 512 << 20;

impl Loaded {
    /// The weights of a network by the rows it has now.
    pub fn new(file: String, fit: WeightsFit, given: GivenWeights, network: &Network) -> Self {
        let row = |row: GivenRow| {
            let id = network.nodes.get(row.row as usize)?.id;
            Some(LoadedRow { id, tensors: row.tensors })
        };
        Self { file, fit, rows: given.rows.into_iter().filter_map(row).collect(), numbers: given.numbers }
    }
}

impl Shelf {
    /// Keeps weights, and gives what a design has to be told to use them.
    pub fn keep(&mut self, loaded: Loaded) -> WeightsId {
        self.0.push(Some(Arc::new(loaded)));
        let mut held = 0;
        for place in self.0.iter_mut().rev() {
            held += place.as_ref().map_or(0, |loaded| loaded.numbers.as_slice().len());
            if held > MOST_BYTES {
                *place = None;
            }
        }
        WeightsId(self.0.len() as u32 - 1)
    }

    /// What a design uses; `None` where it has only seeded weights.
    pub fn used(&self, state: &DesignState) -> Option<Used> {
        let loaded = self.0.get(state.weights?.0 as usize)?.clone()?;
        let network = state.network();
        let positions = network.positions();
        let wiring = network.wiring();
        let mut rows = Vec::new();
        let mut dropped = Vec::new();
        for row in &loaded.rows {
            let Some((&position, node)) = positions.get(&row.id).zip(network.node(row.id)) else { continue };
            let input = wiring.taps(position).first().and_then(|&tap| state.report.shapes.tap(tap));
            let own = shape::parameter_tensors(&node.layer, input);
            let own: Vec<&[u64]> =
                own.iter().filter(|tensor| tensor.fill != Fill::Counter).map(|tensor| &tensor.shape[..]).collect();
            let is_same = own.len() == row.tensors.len()
                && own
                    .iter()
                    .zip(&row.tensors)
                    .all(|(own, given)| given.as_ref().is_none_or(|given| given.dims == *own));
            if is_same {
                rows.push(GivenRow { row: position as u32, tensors: row.tensors.clone() });
            } else {
                dropped.push(node.name.clone());
            }
        }
        Some(Used { given: GivenWeights { rows, numbers: loaded.numbers.clone() }, loaded, dropped })
    }

    /// What a worker is given of a design.
    pub fn given(&self, state: &DesignState) -> GivenWeights {
        self.used(state).map(|used| used.given).unwrap_or_default()
    }
}

impl Used {
    /// `state.pth: 5 matched, 2 missing, 2 unexpected`, and what an edit has changed.
    pub fn words(&self) -> String {
        let WeightsFit { matched, missing, unexpected, mismatched } = &self.loaded.fit;
        let counts = [
            (matched.len(), "matched"),
            (missing.len(), "missing"),
            (unexpected.len(), "unexpected"),
            (mismatched.len(), "of another shape"),
        ];
        let told: Vec<String> = counts
            .iter()
            .filter(|(count, word)| *count > 0 || *word == "matched")
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let mut words = told.join(", ");
        if !missing.is_empty() || !mismatched.is_empty() {
            words.push_str("; what the file does not give has random weights from the seed");
        }
        if !self.dropped.is_empty() {
            words.push_str(&format!(
                ". Since an edit, sizes differ in {}: random weights there",
                self.dropped.join(", ")
            ));
        }
        words + "."
    }
}
