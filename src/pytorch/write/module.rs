//! A network as a readable, runnable `nn.Module`.
//!
//! Names are kept: dotted names become `nn.Sequential`s where their layers are a chain, classes of their own where
//! one tensor goes in and one comes out, and are put in by their path elsewhere. What has no module is a function
//! in `forward`; where the import would give it another name than it has, a comment does: `# name: layer1.0.add`.
//! Functions that are numbered over the whole network are told by one comment, see [`COUNTED_FUNCTIONS`].

use super::exporter::Exporter;
use super::name::{Taken, identifier};
use super::unknown;
use crate::model::{Network, literal};
use crate::shape::{self, NodeShape};

/// The comment in a text whose functions are numbered over the whole network, not within each module.
pub(crate) const COUNTED_FUNCTIONS: &str = "# Functions are named in order, as torch.fx does: add, add_1, add_2";

/// The network's source text: imports, classes, and how to make it.
pub fn export_module(network: &Network) -> String {
    let Written { classes, main, .. } = written(network);
    classes + &main
}

/// As [`export_module`], with a function `load` that gives the network with the weights of a file: every name and size must be
/// the network's.
pub fn export_with_loader(network: &Network) -> String {
    let Written { classes, name, main } = written(network);
    let loader = format!(
        "\n\ndef load(path):\n    \
         \"\"\"The network with the weights of a .safetensors, .pt or .pth file: all of them, and no others.\"\"\"\n    \
         if str(path).endswith(\".safetensors\"):\n        \
         from safetensors.torch import load_file\n\n        \
         weights = load_file(path)\n    \
         else:\n        \
         weights = torch.load(path, map_location=\"cpu\", weights_only=True)\n    \
         model = {name}()\n    \
         model.load_state_dict(weights, strict=True)\n    \
         return model.eval()\n"
    );
    classes + &loader + &main
}

/// A source text by its parts.
struct Written {
    /// Imports and classes.
    classes: String,
    /// The network's class.
    name: String,
    /// How to make it.
    main: String,
}

fn written(network: &Network) -> Written {
    // Whichever way needs fewer comments.
    let [modular, counted] = [false, true].map(|counted| export_with(network, counted));
    let comments = |written: &Written| written.classes.matches("  # name: ").count();
    if comments(&counted) < comments(&modular) { counted } else { modular }
}

fn export_with(network: &Network, counted: bool) -> Written {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let more = shape::infer(network, &wiring, 2);
    let mut exporter = Exporter {
        network,
        wiring,
        shapes,
        more,
        classes: Vec::new(),
        class_numbers: NAMES_IN_USE.iter().map(|name| (name.to_string(), 2)).collect(),
        taken: Taken::default(),
        uses_put: false,
        counted,
        many: false,
    };
    exporter.name_modules();
    let name = identifier(&network.name, "Net");
    let name = exporter.class(&name, 0..network.nodes.len(), "");
    Written { classes: exporter.text(), main: exporter.main(&name), name }
}

/// Names that a text uses for something else than its own classes.
const NAMES_IN_USE: &[&str] = &[
    "torch",
    "nn",
    "F",
    "put",
    "load",
    "super",
    "hasattr",
    "getattr",
    "setattr",
    "print",
    "OrderedDict",
    "LayerNorm2d",
    "StochasticDepth",
    "NotImplementedError",
    unknown::NOT_KNOWN,
];

impl Exporter<'_> {
    fn text(&self) -> String {
        let mut text = self.broken();
        text.push_str("import torch\nimport torch.nn as nn\n");
        let all: String = self.classes.iter().map(|(_, text)| text.as_str()).collect();
        if all.contains("F.") {
            text.push_str("import torch.nn.functional as F\n");
        }
        if all.contains("OrderedDict(") {
            text.push_str("from collections import OrderedDict\n");
        }
        if all.contains(" LayerNorm2d(") || all.contains("\nLayerNorm2d(") {
            text.push_str("from torchvision.models.convnext import LayerNorm2d\n");
        }
        if all.contains("StochasticDepth(") {
            text.push_str("from torchvision.ops import StochasticDepth\n");
        }
        if self.counted {
            text.push_str(&format!("\n{COUNTED_FUNCTIONS}\n"));
        }
        if self.uses_put {
            text.push_str(
                "\n\ndef put(module, path, value):\n    *parents, name = path.split(\".\")\n    for parent in parents:\n        if not hasattr(module, parent):\n            module.add_module(parent, nn.Module())\n        module = getattr(module, parent)\n    setattr(module, name, value)\n",
            );
        }
        if all.contains("NotKnown(") {
            text.push_str(&format!("\n\n{}", unknown::NOT_KNOWN_CLASS));
        }
        for (name, class) in &self.classes {
            text.push_str("\n\nclass ");
            text.push_str(name);
            text.push_str(class);
        }
        text
    }

    fn main(&self, name: &str) -> String {
        let sizes: Vec<String> = self.network.input.iter().map(ToString::to_string).collect();
        let shown = if self.many { "[y.shape for y in model(x)]" } else { "model(x).shape" };
        format!(
            "\n\nif __name__ == \"__main__\":\n    model = {name}()\n    x = torch.randn(1, {})\n    print({shown})\n",
            sizes.join(", ")
        )
    }

    /// What is wrong with the design, where it cannot run.
    fn broken(&self) -> String {
        let failures = self.shapes.nodes.iter().zip(&self.network.nodes).filter_map(|(shape, node)| match shape {
            NodeShape::Failed(error) => {
                let words = format!("{} ({}): {error}", node.name, node.layer.kind().class());
                Some(format!("#   {}\n", literal::comment(&words)))
            }
            NodeShape::Known(_) | NodeShape::Waits { .. } => None,
        });
        let failures: String = failures.collect();
        if failures.is_empty() {
            return failures;
        }
        format!("# THIS DESIGN IS BROKEN: it cannot run as it is.\n{failures}\n")
    }
}
