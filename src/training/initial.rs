//! The weights that a network begins with: bit for bit those of `torch.manual_seed(seed)` and the network's construction.

use std::collections::HashMap;

use crate::engine::lower::LARGEST_TENSOR;
use crate::model::{Layer, Network, NodeId};
use crate::shape::{self, Fill, ParameterTensor};

use super::random::Generator;

/// The tensors of every node that has any: weight, bias, running mean, running variance.
pub type Tensors = HashMap<NodeId, Vec<Vec<f32>>>;

/// Draws the tensors of one module after another, in the order of their first calls, which is the order in which the
/// exported class registers them. Modules that nothing calls draw theirs after all others.
///
/// Convolutions and matrix products are uniform in ±1 / sqrt(fan-in), weight and bias (`kaiming_uniform_(a=sqrt(5))`),
/// with a fan-in of `weight.size(1)` times the kernel's area. Norms begin with 1 and 0, PReLU with 0.25, a bare
/// parameter as `torch.randn`.
pub fn initial_tensors(network: &Network, generator: &mut Generator) -> Tensors {
    let order: Vec<usize> = (0..network.nodes.len()).collect();
    initial_tensors_in_order(network, &order, generator)
}

/// As [`initial_tensors`], of a class that registers its modules in the order of these indices of nodes.
pub fn initial_tensors_in_order(network: &Network, order: &[usize], generator: &mut Generator) -> Tensors {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let first_calls = network.first_calls();
    let mut all = Tensors::new();
    for &index in order.iter().filter(|index| first_calls[**index].is_none()) {
        let node = &network.nodes[index];
        let input = wiring.taps(index).first().and_then(|&tap| shapes.tap(tap));
        let tensors = shape::parameter_tensors(&node.layer, input);
        let tensors = initial(&node.layer, tensors.iter(), generator);
        if !tensors.is_empty() {
            all.insert(node.id, tensors);
        }
    }
    for module in &network.uncalled {
        initial(&module.layer, shape::uncalled_tensors(module).iter(), generator);
    }
    all
}

/// The tensors of one module but for the counter of batches.
fn initial<'a>(
    layer: &Layer,
    tensors: impl Iterator<Item = &'a ParameterTensor>,
    generator: &mut Generator,
) -> Vec<Vec<f32>> {
    let mut fan_in = None;
    let mut made = Vec::new();
    for tensor in tensors {
        // What no browser holds is empty here: a trainer then says so.
        let length = tensor.elements().filter(|&elements| elements <= LARGEST_TENSOR).unwrap_or(0);
        let mut values = vec![0.0; length as usize];
        match tensor.fill {
            Fill::Weight if matches!(layer, Layer::Parameter(_) | Layer::Unsupported(_)) => {
                generator.normal(0.0, 1.0, &mut values);
            }
            Fill::Weight => {
                let is_first = fan_in.is_none();
                let fan_in = *fan_in.get_or_insert_with(|| {
                    tensor.shape.sizes().iter().skip(1).fold(1, |product: u64, &size| product.saturating_mul(size))
                }) as f64;
                // PyTorch's own order of operations; the last bit of a bound depends on it.
                let bound = if is_first {
                    let slope = 5.0_f64.sqrt();
                    let gain = (2.0 / (1.0 + slope * slope)).sqrt();
                    3.0_f64.sqrt() * (gain / fan_in.sqrt())
                } else {
                    1.0 / fan_in.sqrt()
                };
                if fan_in > 0.0 {
                    generator.uniform(-bound, bound, &mut values);
                }
            }
            Fill::Gamma | Fill::RunningVariance => values.fill(1.0),
            Fill::Slope => values.fill(0.25),
            Fill::Beta | Fill::RunningMean => {}
            Fill::Counter => continue,
        }
        made.push(values);
    }
    made
}
