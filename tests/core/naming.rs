//! Names of modules: what one can be called, and what follows for the layers that share a name.

use convscope::cost::{Settings, analyze};
use convscope::model::{NameError, Network, NodeId, Value, presets};
use proptest::prelude::*;

use crate::random;

fn id_of(network: &Network, name: &str) -> NodeId {
    network.nodes.iter().find(|node| node.name == name).expect("a row of this name").id
}

fn params(network: &Network) -> u64 {
    analyze(network, &Settings::default()).totals.figures.params().0
}

#[test]
fn a_name_of_another_layer_is_refused() {
    let mut network = presets::seed_standard();
    let before = network.clone();
    let conv2 = id_of(&network, "conv2");
    assert_eq!(network.rename(conv2, "conv1"), Err(NameError::Taken("conv1".to_string())));
    assert_eq!(network, before);
}

#[test]
fn equal_layers_of_one_name_are_one_module_and_stay_equal() {
    let mut network = presets::seed_standard();
    let conv1 = id_of(&network, "conv1");
    let again = network.duplicate(conv1, "again".to_string()).expect("a copy");
    let apart = params(&network);
    assert_eq!(network.rename(again, "conv1"), Ok(()));
    assert!(params(&network) < apart, "the parameters of one module count once");
    assert!(network.set_argument(conv1, "kernel_size", &Value::Int(1)));
    assert_eq!(network.node(again).expect("a row").layer, network.node(conv1).expect("a row").layer);
    assert!(!network.set_argument(conv1, "kernel_size", &Value::Text("wide".to_string())));
}

#[test]
fn names_are_paths_of_pytorch_modules() {
    let mut network = presets::seed_standard();
    let id = id_of(&network, "conv1");
    assert_eq!(network.rename(id, ""), Err(NameError::Empty));
    for name in ["conv2.", ".conv", "a..b", "1a", "conv 1", "conv-1", "\u{2013}"] {
        assert_eq!(network.rename(id, name), Err(NameError::NotAPath(name.to_string())));
    }
    for name in ["stem", "_conv", "features.0", "0", "layer1.0.conv1", "Mixed_5b.branch3x3.conv"] {
        assert_eq!(network.rename(id, name), Ok(()));
        assert_eq!(network.node(id).expect("a row").name, name);
    }
}

proptest! {
    #[test]
    fn rows_of_one_name_are_equal_whatever_is_renamed(
        mut network in random::network(),
        renames in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..8),
    ) {
        prop_assume!(!network.nodes.is_empty());
        let of_one_name = |network: &Network| {
            let pairs = network.nodes.iter().flat_map(|one| network.nodes.iter().map(move |other| (one, other)));
            pairs.filter(|(one, other)| one.name == other.name && one.layer != other.layer).count()
        };
        let before = of_one_name(&network);
        for (one, other) in renames {
            let id = network.nodes[one.index(network.nodes.len())].id;
            let name = network.nodes[other.index(network.nodes.len())].name.clone();
            let _ = network.rename(id, &name);
        }
        prop_assert!(of_one_name(&network) <= before);
    }
}
