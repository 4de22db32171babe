//! Questions to a kind of layer, whatever its arguments.

use super::{Arity, Flow, InferredArgument, Kind, Learns, Sort};

impl Kind {
    /// The kind of a class name or function name.
    pub fn from_class(class: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.class() == class)
    }

    /// Written as a function or a tensor's method in PyTorch, not as a module of `torch.nn`.
    pub fn is_function(self) -> bool {
        self.class().starts_with(|first: char| first.is_ascii_lowercase())
    }

    /// How many inputs it takes.
    pub const fn arity(self) -> Arity {
        self.facts().arity
    }

    /// What it is spoken of together with.
    pub const fn sort(self) -> Sort {
        self.facts().sort
    }

    /// What becomes of its data when a trained network runs.
    pub const fn flow(self) -> Flow {
        self.facts().flow
    }

    /// PyTorch's argument for what is inferred from the input: channels, features or sizes.
    pub const fn inferred_argument(self) -> Option<InferredArgument> {
        self.facts().inferred
    }

    /// Has parameters or buffers for some arguments.
    pub const fn may_have_parameters(self) -> bool {
        matches!(self.facts().learns, Learns::Parameters)
    }

    /// A convolution or a matrix product: what multiply-accumulates are counted of.
    pub const fn multiplies(self) -> bool {
        matches!(self.sort(), Sort::Convolution | Sort::MatrixProduct)
    }

    /// One element in, one element out: may overwrite its input.
    pub const fn is_elementwise_activation(self) -> bool {
        matches!(self.sort(), Sort::Activation)
    }

    /// Gives its input on without writing data, when a trained network runs.
    pub const fn is_view(self) -> bool {
        matches!(self.flow(), Flow::Views)
    }
}
