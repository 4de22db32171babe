//! A network as Keras code (functional).

use std::collections::HashMap;

use crate::model::literal::string;
use crate::model::{Kind, Network, Node, Tap};
use crate::shape;

use super::keras_lines;
use super::keras_site::{Site, channels_last};

/// The network's Keras code. Keras has images as `[N, H, W, C]`, so that a flattened image has its elements in
/// another order; counts and shapes are the same.
pub fn export_keras(network: &Network) -> String {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let over_lines = keras_lines::is_over_lines(network);
    let shape: Vec<String> = channels_last(&network.input, over_lines).iter().map(ToString::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut text = format!(
        "import keras\nfrom keras import layers, ops\n\ninputs = keras.Input(shape=({}{comma}))\n",
        shape.join(", ")
    );
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut names: Vec<String> = Vec::new();
    let mut variables: Vec<String> = Vec::new();
    let used_later = |index: usize| {
        (index + 2..network.nodes.len()).any(|later| wiring.taps(later).contains(&Tap::Node(index)))
            || (index + 1 < network.nodes.len() && !wiring.taps(index + 1).contains(&Tap::Node(index)))
    };
    for (index, node) in network.nodes.iter().enumerate() {
        let taps = wiring.taps(index);
        let inputs: Vec<String> = taps
            .iter()
            .map(|tap| match tap {
                Tap::Node(above) => variables[*above].clone(),
                Tap::Input | Tap::Missing(_) | Tap::NotAbove(_) => "inputs".to_string(),
            })
            .collect();
        let input = taps.first().and_then(|&tap| shapes.tap(tap));
        let output = shapes.nodes[index].dims();
        // A layer that is called again is the same object.
        let is_same = |other: &Node| other.name == node.name && other.layer == node.layer;
        let again = network.nodes[..index].iter().position(is_same);
        let shared = network.nodes[index + 1..].iter().any(is_same);
        let name = again.map_or_else(|| unused(&mut taken, &node.name), |again| names[again].clone());
        let site = Site { layer: &node.layer, name: &name, inputs: &inputs, input, output, over_lines };
        let variable = if used_later(index) { format!("x{}", index + 1) } else { "x".to_string() };
        let is_layer = node.layer.kind().multiplies() || node.layer.kind() == Kind::BatchNorm2d;
        let made = match site.layer_expression() {
            Some(expression) => {
                let (padding, x) = site.padded();
                match again {
                    Some(_) if is_layer => format!("{padding}{variable} = layer_{name}({x})\n"),
                    None if shared && is_layer => {
                        format!("layer_{name} = {expression}\n{padding}{variable} = layer_{name}({x})\n")
                    }
                    _ => format!("{padding}{variable} = {expression}({x})\n"),
                }
            }
            None => format!("{variable} = {}\n", site.operation()),
        };
        text.push_str(&made);
        names.push(name);
        variables.push(variable);
    }
    let outputs = variables.last().map_or("inputs", String::as_str);
    let name = super::name::identifier(&network.name, "Net");
    text.push_str(&format!("\nmodel = keras.Model(inputs, {outputs}, name={})\nmodel.summary()\n", string(&name)));
    text
}

/// A name of letters, digits and underscores that no layer has yet: Keras wants each to have its own.
fn unused(taken: &mut HashMap<String, usize>, name: &str) -> String {
    let plain = name.replace(|c: char| !(c.is_ascii_alphanumeric() || c == '_'), "_");
    let mut unused = plain.clone();
    while taken.contains_key(&unused) {
        let number = taken.entry(plain.clone()).or_insert(1);
        *number += 1;
        unused = format!("{plain}_{number}");
    }
    taken.insert(unused.clone(), 1);
    unused
}
