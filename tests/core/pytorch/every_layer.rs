//! Every kind of layer, with other arguments than by default, on several inputs.

use convscope::model::{
    Arity, Call, Dims, Inputs, Kind, Layer, Mul, Network, Node, NodeId, ReLU, ReLU6, Source, Value,
};
use convscope::shape::{self, Shapes};

/// What arguments are tried with, each by itself.
fn values() -> Vec<Value> {
    let numbers = [-2, -1, 0, 1, 2, 3, 4, 8].map(Value::Int);
    let floats = [0.25, 1e-3, 2.0, 6.0].map(Value::Float);
    let words = [
        "same",
        "valid",
        "reflect",
        "replicate",
        "circular",
        "bilinear",
        "nearest",
        "tanh",
        "batch",
        "x1",
        "x2",
        "add",
        "sub",
        "div",
        "in",
    ];
    let words = words.map(|word| Value::Text(word.to_string()));
    let list = |numbers: &[i64]| Value::List(numbers.iter().copied().map(Value::Int).collect());
    let lists = [
        list(&[1, 2]),
        list(&[2, 3]),
        list(&[1]),
        list(&[3]),
        list(&[-1, 4]),
        list(&[1, 2, 0, 1]),
        list(&[0, 3, 1, 2]),
        list(&[-1, 2, 2, 8, 8]),
        list(&[8, 1, 1]),
        Value::List(vec![Value::None, Value::Int(3)]),
    ];
    let others = [Value::None, Value::Bool(true), Value::Bool(false)];
    numbers.into_iter().chain(floats).chain(words).chain(lists).chain(others).collect()
}

/// A kind's layer by default, and with each of its arguments changed in each way that it takes.
fn variants(kind: Kind) -> Vec<Layer> {
    let mut variants = vec![kind.layer()];
    for argument in kind.arguments() {
        for value in values() {
            let mut layer = kind.layer();
            if layer.set_argument(argument, &value).is_ok() && !variants.contains(&layer) {
                variants.push(layer);
            }
        }
    }
    variants
}

/// Whether PyTorch has a function besides the module, which needs no weights.
fn has_function(kind: Kind) -> bool {
    let weights = kind.inferred_argument().is_some() || kind == Kind::PReLU;
    let module_only = matches!(kind, Kind::Identity | Kind::StochasticDepth | Kind::Unsupported);
    !kind.is_function() && !weights && !module_only
}

/// A network of an activation and the layer.
fn network(layer: Layer, call: Call, input: Dims) -> Network {
    let node = |id: u32, name: &str, layer: Layer, inputs: Inputs| Node {
        id: NodeId(id),
        name: name.to_string(),
        layer,
        inputs,
        call: Call::Module,
    };
    let first = Source::Node(NodeId(0));
    let mut nodes = vec![node(0, "act", ReLU::default().into(), Inputs::Above)];
    match layer.kind().arity() {
        Arity::Zero => {
            nodes.push(node(1, "layer", layer, Inputs::Above));
            nodes.push(node(2, "product", Mul {}.into(), Inputs::From(vec![first, Source::Node(NodeId(1))])));
        }
        Arity::One => nodes.push(Node { call, ..node(1, "layer", layer, Inputs::Above) }),
        Arity::Two | Arity::OneOrMore => {
            nodes.push(node(1, "other", ReLU6::default().into(), Inputs::From(vec![Source::Input])));
            nodes.push(node(2, "layer", layer, Inputs::From(vec![first, Source::Node(NodeId(1))])));
        }
    }
    Network { name: "Net".to_string(), input, nodes, uncalled: Vec::new() }
}

/// `x[:, :]` is no layer once it is read, parts are then counted from the first, and what is not known cannot be written.
fn is_nothing(network: &Network, shapes: &Shapes) -> bool {
    let layers = network.nodes.iter().enumerate();
    layers.into_iter().any(|(index, node)| match &node.layer {
        Layer::Slice(_) => shapes.nodes[index].dims() == shapes.nodes[index - 1].dims(),
        Layer::Chunk(chunk) => chunk.index < 0,
        Layer::Unsupported(_) => true,
        _ => false,
    })
}

/// Networks of every kind, those whose layer takes their input.
pub fn networks() -> Vec<(Kind, Network)> {
    let inputs: [&[u64]; 4] = [&[8, 9, 10], &[16], &[1, 8, 8], &[8, 12]];
    let inputs = inputs.map(|sizes| Dims::new(sizes).expect("sizes"));
    let mut networks = Vec::new();
    for &kind in Kind::ALL {
        for layer in variants(kind) {
            for (input, call) in inputs.iter().flat_map(|input| [(input, Call::Module), (input, Call::Function)]) {
                if call == Call::Function && !has_function(kind) {
                    continue;
                }
                let network = network(layer.clone(), call, *input);
                let shapes = shape::infer(&network, &network.wiring(), 1);
                let whole = shapes.nodes.iter().all(|shape| shape.dims().is_some());
                if whole && !is_nothing(&network, &shapes) {
                    networks.push((kind, network));
                }
            }
        }
    }
    networks
}
