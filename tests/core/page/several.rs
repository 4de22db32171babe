//! Several rows at once: changed, copied, pasted.

use convscope::model::{Inputs, Network, NodeId, Source, presets};
use convscope::page::notation::{COPIED, copy, paste};
use convscope::page::several::{arguments, set_argument};
use convscope::shape::infer;
use convscope::share_link::decode_design;
use proptest::prelude::*;

use crate::hostile_text;

fn preset(id: &str) -> Network {
    presets::find(id).expect("a preset").network()
}

fn ids(network: &Network) -> Vec<NodeId> {
    network.nodes.iter().map(|node| node.id).collect()
}

#[test]
fn an_argument_of_all_rows_that_have_it() {
    let mut network = preset("seed_standard");
    let all = ids(&network);
    let common = arguments(&network, &all);
    let kernel = common.iter().find(|argument| argument.name == "kernel_size").expect("kernels");
    let with_kernel = network.nodes.iter().filter(|node| node.layer.argument("kernel_size").is_some()).count();
    assert_eq!((kernel.rows, kernel.value.as_deref()), (with_kernel, Some("2")));
    assert_eq!(set_argument(&mut network, &all, "padding", "1"), Ok(with_kernel));
    let before = network.clone();
    let refused = set_argument(&mut network, &all, "padding", "many").expect_err("no value");
    assert!(refused.starts_with("conv1: padding is "), "{refused}");
    assert_eq!(set_argument(&mut network, &all, "dim", "1"), Err("none of these layers has dim".to_string()));
    assert_eq!(network, before);
}

#[test]
fn a_block_is_pasted_behind_itself_with_its_own_wires() {
    let mut network = preset("resnet18");
    let block: Vec<NodeId> =
        network.nodes.iter().filter(|node| node.name.starts_with("layer1.0")).map(|node| node.id).collect();
    assert!(block.len() > 5);
    let text = copy(&network, &block);
    assert!(text.starts_with(COPIED));
    let shape = |network: &Network| infer(network, &network.wiring(), 1).output().cloned();
    let (before, count) = (shape(&network), network.nodes.len());
    let pasted = paste(&text, &mut network, block.last().copied()).expect("its own lines");
    assert_eq!((pasted.len(), network.nodes.len()), (block.len(), count + block.len()));
    assert_eq!(shape(&network), before, "a residual block keeps its shape");
    // Within the block, wires are its own; what came from above still does.
    for (old, new) in block.iter().zip(&pasted) {
        let (old, new) = (network.node(*old).expect("there"), network.node(*new).expect("there"));
        assert_eq!(old.layer, new.layer);
        assert_ne!(old.name, new.name);
        if let (Inputs::From(old), Inputs::From(new)) = (&old.inputs, &new.inputs) {
            for (old, new) in old.iter().zip(new) {
                match old {
                    Source::Node(id) if block.contains(id) => {
                        let place = block.iter().position(|other| other == id).expect("in the block");
                        assert_eq!(*new, Source::Node(pasted[place]));
                    }
                    other => assert_eq!(new, other),
                }
            }
        }
    }
}

#[test]
fn odd_names_lose_no_row_and_no_wire() {
    let (mut network, _) = decode_design("1x8x8.c4k3.relu.c8k3");
    ["#", "input", "input"].into_iter().zip(&mut network.nodes).for_each(|(name, node)| node.name = name.to_string());
    let (first, second) = (network.nodes[0].id, network.nodes[1].id);
    network.nodes[2].inputs = Inputs::From(vec![Source::Node(second)]);
    network.nodes[1].inputs = Inputs::From(vec![Source::Node(first)]);
    let mut other = Network { nodes: Vec::new(), ..network.clone() };
    let text = copy(&network, &ids(&network));
    let pasted = paste(&text, &mut other, None).expect("every row has a line");
    assert_eq!(pasted.len(), 3, "{text}");
    assert_eq!(other.nodes[2].inputs, Inputs::From(vec![Source::Node(pasted[1])]));
    assert_eq!(other.nodes[1].inputs, Inputs::From(vec![Source::Node(pasted[0])]));
}

#[test]
fn what_cannot_be_pasted_changes_nothing_and_says_where() {
    let mut network = preset("seed_standard");
    let before = network.clone();
    let refused = paste(&format!("{COPIED}\nrelu9 = ReLU()\nadd9 = Add() <- relu9, elsewhere"), &mut network, None);
    assert_eq!(refused, Err("line 3: no row above is called elsewhere".to_string()));
    assert_eq!(network, before);
}

proptest! {
    #[test]
    fn any_rows_are_pasted_into_an_empty_design_as_they_were(network in hostile_text::network()) {
        let text = copy(&network, &ids(&network));
        let mut other = Network { nodes: Vec::new(), ..network.clone() };
        // Wires that lead nowhere are refused.
        if let Ok(pasted) = paste(&text, &mut other, None) {
            let layers = |network: &Network| network.nodes.iter().map(|node| node.layer.clone()).collect::<Vec<_>>();
            prop_assert_eq!(layers(&other), layers(&network));
            let own = |source: &Source| match source {
                Source::Node(id) => Source::Node(pasted[network.position(*id).expect("above")]),
                Source::Input => Source::Input,
            };
            for (old, new) in network.nodes.iter().zip(&other.nodes) {
                if let (Inputs::From(old), Inputs::From(new)) = (&old.inputs, &new.inputs) {
                    prop_assert_eq!(&old.iter().map(own).collect::<Vec<_>>(), new);
                }
            }
        }
        let mut twice = network.clone();
        if let Ok(pasted) = paste(&text, &mut twice, None) {
            prop_assert_eq!(pasted.len(), network.nodes.len());
            prop_assert_eq!(&twice.nodes[..network.nodes.len()], &network.nodes[..]);
            let mut all = ids(&twice);
            all.sort_unstable_by_key(|id| id.0);
            all.dedup();
            prop_assert_eq!(all.len(), twice.nodes.len());
        }
    }
}
