//! What a pickle of weights may hold.

use super::super::problem::FileProblem;

/// A value by its place among [`Values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(u32);

/// A value. What PyTorch puts into a state dict beside these is refused by name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unpickled {
    None,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Bytes,
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A name that the pickle may call: nothing of it is run.
    Global(Callable),
    Storage {
        kind: &'static str,
        key: String,
    },
    Tensor {
        storage: Id,
        offset: u64,
        dims: Vec<u64>,
        strides: Vec<u64>,
    },
}

/// The names that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callable {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Size,
    Storage(&'static str),
}

/// All values of a pickle; they name each other by place, in circles too.
#[derive(Debug, Default)]
pub(super) struct Values(Vec<Unpickled>);

/// A pickle has at most so many values.
const MOST_VALUES: usize = 4_000_000;

impl Values {
    pub(super) fn add(&mut self, value: Unpickled, at: usize) -> Result<Id, FileProblem> {
        if self.0.len() >= MOST_VALUES {
            return Err(FileProblem::at(at, "the pickle", format!("it has more than {MOST_VALUES} values")));
        }
        self.0.push(value);
        Ok(Id(self.0.len() as u32 - 1))
    }

    pub(super) fn get(&self, id: Id) -> &Unpickled {
        self.0.get(id.0 as usize).unwrap_or(&Unpickled::None)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Unpickled> {
        self.0.get_mut(id.0 as usize)
    }
}
