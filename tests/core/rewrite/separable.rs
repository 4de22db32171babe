use convscope::model::{
    Channels, Conv2d, Dims, Flatten, Inputs, Kind, Layer, Linear, Network, NodeId, Padding, PaddingMode, Pair, ReLU,
    Source,
};
use convscope::rewrite::{Rewrite, apply, apply_all};
use convscope::shape::{self, NodeShape};
use proptest::prelude::*;

use crate::golden::{self, sizes};
use crate::random;

use super::{params, seed};

#[test]
fn golden_separable_twin_of_the_seed() {
    let (standard, file) = (seed("standard"), golden::read("seed.json"));
    let twin = apply(&standard, &Rewrite::Separable);
    let expected = file["models"]["separable"]["layers"].as_array().expect("layers");
    assert_eq!(twin.network.nodes.len(), expected.len() - 1);
    let shapes = shape::infer(&twin.network, &twin.network.wiring(), 1);
    for (index, row) in expected.iter().skip(1).enumerate() {
        let node = &twin.network.nodes[index];
        assert_eq!(node.layer.kind().class(), row["op"], "{}", node.name);
        // The head is called dense there, fc in the standard network.
        let name = row["name"].as_str().expect("a name").replace("dense", "fc");
        assert_eq!(node.name, name);
        assert_eq!(shapes.nodes[index].dims().expect("a shape").sizes(), sizes(&row["out"]));
    }
    assert_eq!(params(&twin.network), file["models"]["separable"]["totals"]["params"]);
    assert_eq!(twin.changes.len(), 3);
    assert_eq!(twin.changes[0].what, "conv1 becomes depthwise1 and pointwise1");
}

#[test]
fn arguments_go_to_the_part_they_belong_to() {
    let conv = Conv2d {
        out_channels: Channels::Count(24),
        kernel_size: Pair::new(5, 3),
        stride: Pair::new(2, 1),
        padding: Padding::Explicit(Pair::new(2, 1)),
        dilation: Pair::new(1, 2),
        bias: false,
        padding_mode: PaddingMode::Circular,
        ..Conv2d::default()
    };
    let input = Dims::new(&[6, 20, 20]).expect("three sizes");
    let network = Network::chain("One", input, [("features.0.0".to_string(), conv.clone().into())]);
    let twin = apply(&network, &Rewrite::Separable).network;
    let [depthwise, pointwise] = twin.nodes.as_slice() else { panic!("{twin:?}") };
    assert_eq!(
        (depthwise.name.as_str(), pointwise.name.as_str()),
        ("features.0.0.depthwise", "features.0.0.pointwise")
    );
    let (Layer::Conv2d(depthwise), Layer::Conv2d(pointwise)) = (&depthwise.layer, &pointwise.layer) else {
        panic!("{twin:?}")
    };
    assert!(depthwise.is_depthwise());
    assert_eq!(depthwise.out_channels, Channels::TimesInput(1));
    assert_eq!(
        (depthwise.kernel_size, depthwise.stride, depthwise.padding, depthwise.dilation, depthwise.bias),
        (conv.kernel_size, conv.stride, conv.padding, conv.dilation, conv.bias)
    );
    assert_eq!(depthwise.padding_mode, PaddingMode::Circular);
    let plain =
        Conv2d { out_channels: Channels::Count(24), kernel_size: Pair::square(1), bias: false, ..Conv2d::default() };
    assert_eq!(pointwise, &plain);
}

#[test]
fn new_names_take_no_taken_one() {
    let input = Dims::new(&[1, 8, 8]).expect("three sizes");
    let layers = [
        ("depthwise1".to_string(), ReLU::default().into()),
        ("conv1".to_string(), Conv2d::default().into()),
        ("conv".to_string(), Conv2d::default().into()),
        ("stem".to_string(), Conv2d::default().into()),
        ("block.conv_in".to_string(), Conv2d { kernel_size: Pair::square(2), ..Conv2d::default() }.into()),
    ];
    let twin = apply(&Network::chain("Names", input, layers), &Rewrite::Separable).network;
    let names: Vec<&str> = twin.nodes.iter().map(|node| node.name.as_str()).collect();
    let expected = [
        "depthwise1",
        "depthwise1_2",
        "pointwise1",
        "depthwise",
        "pointwise",
        "stem.depthwise",
        "stem.pointwise",
        "block.depthwise_in",
        "block.pointwise_in",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_module_called_twice_stays_one_module() {
    let input = Dims::new(&[4, 8, 8]).expect("three sizes");
    let conv = Conv2d { out_channels: Channels::Count(4), padding: Padding::Same, ..Conv2d::default() };
    let twice = [("conv".to_string(), Layer::from(conv.clone())), ("conv".to_string(), conv.into())];
    let network = Network::chain("Twice", input, twice);
    let twin = apply(&network, &Rewrite::Separable).network;
    assert_eq!(params(&twin), (4 * 9 + 4) + (4 * 4 + 4));
    let one = apply(&network, &Rewrite::SeparableFor { nodes: vec![NodeId(1)] }).network;
    assert_eq!(one, twin);
}

#[test]
fn chosen_convolutions_alone() {
    let standard = seed("standard");
    let chosen: Vec<NodeId> = standard.nodes.iter().filter(|node| node.name == "conv2").map(|node| node.id).collect();
    let one = apply(&standard, &Rewrite::SeparableFor { nodes: chosen });
    assert_eq!(one.network.nodes.len(), standard.nodes.len() + 1);
    assert_eq!(params(&one.network), params(&standard) - 136 + 60);
}

proptest! {
    #[test]
    fn twin_of_a_network_without_convolutions_is_itself(network in random::network()) {
        let mut without = network;
        without.nodes.retain(|node| node.layer.kind() != Kind::Conv2d);
        for node in &mut without.nodes {
            node.inputs = Inputs::Above;
        }
        without.nodes.retain(|node| !matches!(node.layer.kind(), Kind::Add | Kind::Cat));
        let twin = apply(&without, &Rewrite::Separable);
        prop_assert_eq!(&twin.network, &without);
        prop_assert!(twin.changes.is_empty());
    }

    #[test]
    fn twin_keeps_shapes_and_is_its_own_twin(network in random::network()) {
        let twin = apply(&network, &Rewrite::Separable);
        random::check_wiring(&twin.network);
        prop_assert_eq!(twin.origins.len(), twin.network.nodes.len());
        let shapes = |network: &Network| shape::infer(network, &network.wiring(), 2);
        let (before, after) = (shapes(&network), shapes(&twin.network));
        for (index, node) in network.nodes.iter().enumerate() {
            if let NodeShape::Known(dims) = &before.nodes[index] {
                let position = twin.network.position(node.id).expect("the id is kept");
                prop_assert_eq!(Some(dims), after.nodes[position].dims(), "{}", node.name);
                prop_assert_eq!(twin.origins[position], node.id);
            }
        }
        let again = apply(&twin.network, &Rewrite::Separable);
        prop_assert_eq!(&again.network, &twin.network);
        let both = apply_all(&network, &[Rewrite::Separable, Rewrite::Separable]);
        prop_assert_eq!(both, twin);
    }

    /// The rows of a twin are keyed by id: an edit elsewhere must not rename them.
    #[test]
    fn ids_do_not_depend_on_other_nodes(network in random::network(), removed in any::<prop::sample::Index>()) {
        let before = apply(&network, &Rewrite::Separable).network;
        let mut edited = network.clone();
        let gone = edited.nodes.remove(removed.index(edited.nodes.len())).id;
        let after = apply(&edited, &Rewrite::Separable).network;
        for node in &after.nodes {
            let same = before.nodes.iter().find(|other| other.id == node.id);
            prop_assert!(same.is_some_and(|other| other.layer.kind() == node.layer.kind()), "{:?}", node);
        }
        prop_assert!(after.nodes.iter().all(|node| node.id != gone));
        prop_assert!(after.nodes.iter().all(|node| node.inputs != Inputs::From(vec![Source::Node(node.id)])));
    }
}

#[test]
fn a_head_alone_is_its_own_twin() {
    let input = Dims::new(&[1, 4, 4]).expect("three sizes");
    let layers =
        [("flatten".to_string(), Layer::from(Flatten::default())), ("fc".to_string(), Linear::default().into())];
    let network = Network::chain("Head", input, layers);
    assert_eq!(apply(&network, &Rewrite::Separable).network, network);
}
