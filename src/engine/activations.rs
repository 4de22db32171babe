//! What every row of a network makes of an input: its feature maps.

use super::error::EngineError;
use super::fuse;
use super::lower::lower;
use super::watched::Watched;
use super::weights::WeightSource;
use crate::model::Network;

/// Runs a network on one sample, nothing folded or fused, and shows what each row makes: its index, and the values in
/// PyTorch's order. A row that is a view of another one, as a flatten, shows nothing of its own.
///
/// # Errors
/// Where a plan has one; where the input has another number of values.
pub fn each_activation(
    network: &Network,
    weights: &WeightSource,
    input: &[f32],
    show: &mut dyn FnMut(usize, Vec<f32>),
) -> Result<(), EngineError> {
    let mut graph = lower(network, weights, 1)?;
    fuse::remove_aliases(&mut graph);
    let mut watched = Watched::new(&graph)?;
    let expected = watched.input_length();
    if input.len() != expected {
        return Err(EngineError::InputLength { expected, found: input.len() });
    }
    watched.run(input, &mut |node, seen| {
        if let Some(&row) = node.covers.first() {
            show(row, seen.in_order());
        }
    });
    Ok(())
}
