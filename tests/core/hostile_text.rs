//! Networks whose every text means something to what they are exported to.

use convscope::model::{Layer, Network};
use proptest::prelude::*;

use crate::random_workbench;

/// What ends a string, a comment, a line, a cell, a command, or starts one.
const PIECES: &[&str] = &[
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "\\",
    "\\\"",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "\u{b}",
    "\u{c}",
    "\u{1b}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{202e}",
    "\u{feff}",
    "\u{1f600}",
    "\u{e0001}",
    "é",
    "#",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ".",
    "..",
    ",",
    ";",
    ":",
    "=",
    "+",
    "-",
    "@",
    "|",
    "*",
    "_",
    "`",
    "<",
    ">",
    "&",
    "%",
    "$",
    "~",
    "^",
    " ",
    "        ",
    "layer1.0.",
    "a",
    "0",
    "7",
    "x",
    "__",
    "__init__",
    "forward",
    "class",
    "None",
    "self",
    "torch",
    "nn",
    "super",
    "print(\"INJECTED\")",
    "import os",
    "=print(1);b",
    "){}; print(1) #",
    "f(1)",
    "javascript:alert(1)",
    "<script>alert(1)</script>",
    "[a](javascript:alert(1))",
    "\\input{x}",
    "=cmd|' /C calc'!A0",
    "{x!r:>9}",
    "\\N{DASH}",
];

/// Any text of such pieces.
pub fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES);
    let pieces = prop::collection::vec(prop_oneof![4 => piece.prop_map(str::to_string), 1 => ".{0,3}"], 0..7);
    pieces.prop_map(|pieces| pieces.concat())
}

/// Arguments of a layer that is not known: constants, broken constants, and anything.
fn arguments() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "1",
        "-1",
        "3",
        "007",
        "1.5",
        "1e400",
        "inf",
        "-inf",
        "NaN",
        "True",
        "None",
        "'same'",
        "''",
        "(3,)",
        "(1, 2)",
        "(",
        ")",
        ", ",
        ",",
        "=",
        "kernel_size=",
        "dim=",
        "other=",
        "batch",
        " ",
        "print(1)",
        "+",
        "_",
        "'",
    ]);
    prop_oneof![3 => prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat()), 1 => text()]
}

fn class() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "Conv1d",
        "LSTM",
        "GRU",
        "MultiheadAttention",
        "Embedding",
        "sum",
        "normalize",
        "stack",
        "pow",
        "div",
        "expand",
        "max",
        "matmul",
        "abs",
        "glu",
        "pad",
        "h_n",
        "c_n",
        "median",
        "repeat",
    ];
    prop_oneof![2 => prop::sample::select(KNOWN).prop_map(str::to_string), 1 => text()]
}

/// Any network, its names, classes and arguments replaced.
pub fn network() -> impl Strategy<Value = Network> {
    let texts = prop::collection::vec((prop::option::weighted(0.8, text()), class(), arguments()), 16);
    (random_workbench::network(), text(), texts).prop_map(|(mut network, name, texts)| {
        network.name = name;
        let own = network.nodes.iter_mut().map(|node| (&mut node.name, &mut node.layer));
        let uncalled = network.uncalled.iter_mut().map(|module| (&mut module.name, &mut module.layer));
        for ((own_name, layer), (name, class, arguments)) in own.chain(uncalled).zip(texts) {
            if let Some(name) = name {
                *own_name = name;
            }
            if let Layer::Unsupported(layer) = layer {
                (layer.class, layer.arguments) = (class, arguments);
            }
        }
        network
    })
}
