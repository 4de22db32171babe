//! Texts that are being typed, and those that were refused: the one place where they are.

use crate::model::NodeId;

/// A field that one types into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Field {
    /// An argument of a row, by PyTorch's name.
    Argument { design: usize, id: NodeId, name: &'static str },
    /// The name of a row.
    Name { design: usize, id: NodeId },
    /// The rows that a row takes its input from.
    Takes { design: usize, id: NodeId },
    /// The shape of a design's input.
    Input { design: usize },
    /// The name of a design.
    DesignName { design: usize },
    /// A design as lines.
    Lines { design: usize },
    /// Layers to add, in shorthand.
    Quick { design: usize },
    /// One of the page's own, by its hook.
    Setting(&'static str),
}

impl Field {
    /// The design it is of.
    fn design(self) -> Option<usize> {
        match self {
            Self::Argument { design, .. }
            | Self::Name { design, .. }
            | Self::Takes { design, .. }
            | Self::Input { design }
            | Self::DesignName { design }
            | Self::Lines { design }
            | Self::Quick { design } => Some(design),
            Self::Setting(_) => None,
        }
    }
}

/// What stands in a field instead of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Draft {
    text: String,
    /// What is wrong with it: "kernel_size is a whole number from 1".
    problem: Option<String>,
}

/// The texts that stand in fields instead of their values.
#[derive(Clone, Debug, Default)]
pub struct Drafts(Vec<(Field, Draft)>);

impl Drafts {
    /// Takes in what was typed and what is wrong with it. Whether that is to be seen anywhere but in the field itself.
    pub fn type_text(&mut self, field: Field, text: String, problem: Option<String>) -> bool {
        let before = self.problem(field).map(ToString::to_string);
        let differs = before != problem;
        let draft = Draft { text, problem };
        match self.0.iter_mut().find(|(of, _)| *of == field) {
            Some((_, present)) => *present = draft,
            None => self.0.push((field, draft)),
        }
        differs
    }

    /// Ends the typing: what was refused stays, all else is the field's value again, which may be written in another way.
    /// Whether there was a text.
    pub fn leave(&mut self, field: Field) -> bool {
        let before = self.0.len();
        self.0.retain(|(of, draft)| *of != field || draft.problem.is_some());
        self.0.len() < before
    }

    /// Drops what was typed into a design.
    pub fn forget_design(&mut self, design: usize) {
        self.0.retain(|(field, _)| field.design() != Some(design));
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The text that stands in a field instead of its value.
    pub fn text(&self, field: Field) -> Option<&str> {
        self.find(field).map(|draft| draft.text.as_str())
    }

    /// What is wrong with the text in a field.
    pub fn problem(&self, field: Field) -> Option<&str> {
        self.find(field)?.problem.as_deref()
    }

    /// The refused arguments of a row with what is wrong with each, in the order in which they were typed.
    pub fn refused(&self, design: usize, id: NodeId) -> Vec<(&'static str, String)> {
        let of_row = self.0.iter().filter_map(|(field, draft)| match field {
            Field::Argument { design: of, id: row, name } if (*of, *row) == (design, id) => {
                Some((*name, draft.problem.clone()?))
            }
            _ => None,
        });
        of_row.collect()
    }

    fn find(&self, field: Field) -> Option<&Draft> {
        self.0.iter().find(|(of, _)| *of == field).map(|(_, draft)| draft)
    }
}
