//! What an import gives.

use super::problem::Problem;
use crate::model::{Dims, Network, Value};

/// What the text itself does not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The input of one sample, `[C, H, W]`, chosen by the user; `None`: taken from the text, or found.
    pub input: Option<Dims>,
}

/// The networks of a text, and what was wrong with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Import {
    /// In the order of the text. The first two are those to compare.
    pub models: Vec<ImportedModel>,
    /// In the order of their lines.
    pub problems: Vec<Problem>,
}

/// One network of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedModel {
    /// The name of its class, `Sequential` for a bare expression.
    pub name: String,
    /// The variable that holds it, where there is one.
    pub variable: Option<String>,
    /// The line of its class or expression, from 1.
    pub line: Option<u32>,
    /// What one call of `forward` does.
    pub network: Network,
    /// Where the network's input shape comes from.
    pub input: InputGuess,
    /// The modules of `torch.nn` in PyTorch's order of registration.
    pub registered: Vec<RegisteredModule>,
    /// The calls of `forward` in order, for a batch of one.
    pub executed: Vec<ExecutedCall>,
    /// How many calls PyTorch makes before it stops with an error; `None` where it does not stop.
    pub stops_after: Option<usize>,
    /// The shapes of what `forward` returns, the batch first.
    pub outputs: Vec<Dims>,
    /// Of all registered modules, called or not.
    pub totals: ModelTotals,
    /// Modules, or parameters, whose parameters, and those of everything below them, do not learn: `features.0`.
    pub frozen: Vec<String>,
}

/// Elements of all parameters and buffers, whether they are used or not, shared ones once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelTotals {
    /// `None`: some module's are not known.
    pub params: Option<u64>,
    /// Those with `requires_grad`; `None` as above.
    pub trainable: Option<u64>,
    /// Numbers that are kept but not learned; `None` as above.
    pub buffers: Option<u64>,
}

/// A module without modules of its own, as it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisteredModule {
    /// PyTorch's qualified name: `layer1.0.bn2`.
    pub name: String,
    /// `Conv2d`.
    pub class: String,
    /// Its arguments as given or by default, with the channels that a network's layers infer.
    pub arguments: Vec<(String, Value)>,
    /// `None`: not known.
    pub params: Option<u64>,
    /// `None`: not known.
    pub buffers: Option<u64>,
}

/// One call while `forward` ran.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutedCall {
    /// A module or a function.
    pub kind: CallKind,
    /// The class of the module or the name of the function: `Conv2d`, `cat`.
    pub class: String,
    /// The shapes of the tensors that flow in.
    pub inputs: Vec<Dims>,
    /// The batch first.
    pub output: Dims,
    /// `None`: not known; 0 for functions.
    pub params: Option<u64>,
    /// The line of the text that made the call.
    pub line: Option<u32>,
    /// The node of the network that stands for it; some calls need none.
    pub node: Option<crate::model::NodeId>,
}

/// Who was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// A registered module.
    Module {
        /// Its qualified name.
        name: String,
    },
    /// A function, an operator or a tensor's method.
    Function {
        /// The qualified name of the module whose `forward` called it; empty for the network's own.
        inside: String,
    },
}

/// The input shape that was used, and how it was come by.
#[derive(Clone, Debug, PartialEq)]
pub struct InputGuess {
    /// How it was come by.
    pub hint: InputHint,
    /// What the text allows, best first; the first one was used unless the user chose. `[C, H, W]`.
    pub candidates: Vec<Dims>,
    /// How many there are, where `candidates` is not all of them.
    pub candidate_count: usize,
}

/// How an input shape was come by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputHint {
    /// By the user's choice.
    Chosen,
    /// The text gives it, on this line.
    #[expect(missing_docs, reason = "the variant says it")]
    Declared { line: u32 },
    /// Worked out backwards from what a layer expects: the `in_features` of the first Linear after the flatten.
    #[expect(missing_docs, reason = "the variant says it")]
    Solved { layer: String, features: u64 },
    /// Nothing in the text says it.
    Default,
}
