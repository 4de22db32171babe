//! Runs the Python of a pasted text, as far as it makes networks.
//!
//! What it does not know becomes [`Value::Unknown`] and flows on, so that the rest is kept. Steps, memory and
//! depth are bounded: no text can hang it.

pub(crate) mod argparse;
pub(crate) mod assign;
pub(crate) mod builtin_numbers;
pub(crate) mod builtins;
pub(crate) mod call;
pub(crate) mod class;
pub(crate) mod containers;
pub(crate) mod exceptions;
pub(crate) mod expression;
pub(crate) mod methods;
pub(crate) mod numeric;
pub(crate) mod objects;
pub(crate) mod operators;
pub(crate) mod parse;
pub(crate) mod scope;
pub(crate) mod statement;
pub(crate) mod stop;
pub(crate) mod text_methods;
pub(crate) mod tree;
pub(crate) mod value;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

pub(crate) use super::torch::module::ModuleKind;
pub(crate) use super::torch::module_call::settled_class;
pub(crate) use super::torch::trace::Trace;
pub(crate) use stop::{Raised, Run, Spent, Stop};
pub(crate) use value::{Arguments, Id, Tensor, Value};

use self::tree::Name;
use super::problem::{Problem, ProblemKind, Severity};
use crate::model::Dims;
use value::Heap;

/// Expressions and statements that one import may run. A large network takes some 50,000.
pub(crate) const MOST_STEPS: u64 = 1_500_000;
/// Of these, what one statement outside of classes and functions may take.
pub(crate) const MOST_STEPS_A_STATEMENT: u64 = 400_000;
/// Values that may be kept at a time, in all lists, texts and objects. Some 32 bytes each.
pub(crate) const MOST_VALUES: u64 = 2_000_000;
/// Calls within calls.
pub(crate) const DEEPEST_CALLS: u32 = 50;
/// Expressions and statements within each other, over all calls.
pub(crate) const DEEPEST: u32 = 600;
/// Problems after which no more are noted.
pub(crate) const MOST_PROBLEMS: usize = 60;

/// Where a call stands in the text, for fixes.
#[derive(Debug)]
pub(crate) struct CallSite {
    /// What is called.
    pub(crate) function: Range<u32>,
    pub(crate) positional: Vec<Range<u32>>,
    pub(crate) keywords: Vec<(Name, Range<u32>)>,
}

/// What runs: a function's scope, and the class whose method it is.
pub(crate) struct Frame {
    pub(crate) scope: Id,
    pub(crate) class: Option<Id>,
    pub(crate) receiver: Option<Value>,
    pub(crate) yielded: Option<Vec<Value>>,
}

/// A fix that only the text can make, found while running.
#[derive(Debug)]
pub(crate) struct FixWish {
    pub(crate) problem: usize,
    pub(crate) range: Range<u32>,
    pub(crate) label: String,
    pub(crate) replacement: String,
    /// What must stand there for the fix to be certain.
    pub(crate) expected: Option<String>,
}

pub(crate) struct Machine {
    pub(crate) heap: Heap,
    pub(crate) globals: Id,
    pub(crate) problems: Vec<Problem>,
    pub(crate) fixes: Vec<FixWish>,
    /// The line that runs; 0 outside of the text.
    pub(crate) line: u32,
    pub(crate) trace: Option<Trace>,
    /// Modules that were made outside of other modules, in order.
    pub(crate) made: Vec<Id>,
    /// Input shapes that modules were called with outside of a trace, with the batch.
    pub(crate) called_with: Vec<(Id, Vec<Dims>, u32)>,
    /// Shapes that a constructor was given and made a tensor of.
    pub(crate) made_inputs: Vec<(Dims, u32)>,
    /// Names given to nodes by a comment, by line.
    pub(crate) name_comments: HashMap<u32, String>,
    /// A comment says that functions are numbered over the whole network.
    pub(crate) counted_functions: bool,
    pub(crate) frames: Vec<Frame>,
    pub(crate) seen: HashSet<(u32, ProblemKind, String)>,
    /// How often a leaf was made at a place in the text.
    pub(crate) made_at: HashMap<u32, u32>,
    pub(crate) call_site: Option<Rc<CallSite>>,
    pub(crate) steps: u64,
    pub(crate) step_limit: u64,
    pub(crate) values: u64,
    pub(crate) depth: u32,
    pub(crate) calls: u32,
    /// The `try`s around what runs: errors that one of them catches are raised rather than noted.
    pub(crate) catching: Vec<exceptions::Catching>,
    /// The exceptions whose handlers run.
    pub(crate) handled: Vec<Raised>,
    /// Problems are not noted.
    pub(crate) quiet: u32,
    /// Within a constructor or a trace: unknown names matter.
    pub(crate) minding: u32,
    /// Constructors that are running.
    pub(crate) constructing: u32,
    pub(crate) star_imports: Vec<Name>,
    /// The scope of libraries' blocks, once one is wanted.
    pub(crate) blocks: Option<Id>,
    /// Modules that were made of the tensor they should have been called with.
    pub(crate) uncalled: HashMap<Id, super::torch::no_tensor::Meant>,
    /// What the last function without `return` made.
    pub(crate) nothing: Option<super::torch::no_tensor::Meant>,
    /// The last statement that is only an expression: where it starts, and its value.
    pub(crate) last_expression: Option<(u32, Value)>,
    /// The function that runs, and its arguments besides its tensor as Python writes them.
    pub(crate) written: Option<(Name, String)>,
    /// Where fixes of values that are no tensors start.
    pub(crate) told: HashSet<u32>,
}

impl Machine {
    pub fn new() -> Self {
        let mut heap = Heap::default();
        heap.scopes.push(value::Scope::default());
        Self {
            heap,
            globals: 0,
            problems: Vec::new(),
            fixes: Vec::new(),
            line: 0,
            trace: None,
            made: Vec::new(),
            called_with: Vec::new(),
            made_inputs: Vec::new(),
            name_comments: HashMap::new(),
            counted_functions: false,
            frames: Vec::new(),
            seen: HashSet::new(),
            made_at: HashMap::new(),
            call_site: None,
            steps: 0,
            step_limit: MOST_STEPS,
            values: 0,
            depth: 0,
            calls: 0,
            catching: Vec::new(),
            handled: Vec::new(),
            quiet: 0,
            minding: 0,
            constructing: 0,
            star_imports: Vec::new(),
            blocks: None,
            uncalled: HashMap::new(),
            nothing: None,
            last_expression: None,
            told: HashSet::new(),
            written: None,
        }
    }

    /// Runs something with a budget of steps of its own, within the whole one.
    pub fn with_budget<T>(&mut self, run: impl FnOnce(&mut Self) -> Run<T>) -> Run<T> {
        let before = self.step_limit;
        self.step_limit = before.min(self.steps + MOST_STEPS_A_STATEMENT);
        let result = run(self);
        self.step_limit = before;
        result
    }

    /// Steps that were taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Runs something without noting its problems.
    pub fn quietly<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.quiet;
        self.quiet = before + 1;
        let result = run(self);
        self.quiet = before;
        result
    }

    /// Leaves whatever was running. What runs quietly stays quiet.
    pub fn unwind(&mut self) {
        self.frames.clear();
        self.catching.clear();
        self.handled.clear();
        (self.depth, self.calls, self.minding, self.constructing) = (0, 0, 0, 0);
        self.call_site = None;
    }

    /// A value as Python shows it.
    pub fn shown_value(&mut self, value: &Value) -> String {
        self.repr(value).unwrap_or_default()
    }

    /// Code of the text stands in a line; other code counts as where the text calls it.
    pub(crate) fn stand_in(&mut self, line: u32) {
        if line > 0 {
            self.line = line;
        }
    }

    pub(crate) fn step(&mut self) -> Run<()> {
        self.steps += 1;
        if self.steps > self.step_limit { Err(Stop::Spent(Spent::Steps)) } else { Ok(()) }
    }

    /// Counts work that is done in one go.
    pub(crate) fn work(&mut self, steps: usize) -> Run<()> {
        self.steps = self.steps.saturating_add(steps as u64);
        if self.steps > self.step_limit { Err(Stop::Spent(Spent::Steps)) } else { Ok(()) }
    }

    pub(crate) fn allocate(&mut self, values: usize) -> Run<()> {
        self.values = self.values.saturating_add(values as u64);
        if self.values > MOST_VALUES { Err(Stop::Spent(Spent::Values)) } else { Ok(()) }
    }

    pub(crate) fn deeper(&mut self) -> Run<()> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(Stop::Spent(Spent::Depth)) } else { Ok(()) }
    }

    /// Notes a problem at the line that runs, once. Gives its index where it was noted.
    pub fn note(&mut self, problem: Problem) -> Option<usize> {
        if self.quiet > 0 || self.problems.len() >= MOST_PROBLEMS {
            return None;
        }
        let line = problem.line.or((self.line > 0).then_some(self.line));
        if !self.seen.insert((line.unwrap_or(0), problem.kind, problem.message.clone())) {
            return None;
        }
        self.problems.push(Problem { line, ..problem });
        Some(self.problems.len() - 1)
    }

    /// Something that the import does not know; the rest goes on.
    pub(crate) fn not_understood(&mut self, what: &str) -> Value {
        if self.minding > 0 {
            let message = format!("{what} is not understood; it is left out.");
            self.note(Problem::new(Severity::Warning, ProblemKind::NotUnderstood, message));
        }
        Value::unknown(what)
    }

    /// An exception that Python or PyTorch would raise. Where a `try` catches it, it is raised, else noted, and the
    /// rest goes on.
    pub(crate) fn error(&mut self, kind: ProblemKind, class: &str, message: String) -> Run<Value> {
        if self.catches(class) {
            let value = Value::exception(class, &message);
            let raised = Raised { class: Rc::from(class), message, line: self.line, kind, value };
            return Err(Stop::Raised(Box::new(raised)));
        }
        if self.minding > 0 {
            self.note_error(kind, class, message, None);
        }
        Ok(Value::of_error())
    }

    /// Notes what PyTorch stops with.
    pub(crate) fn note_error(
        &mut self,
        kind: ProblemKind,
        class: &str,
        original: String,
        plain: Option<String>,
    ) -> Option<usize> {
        let message = plain.unwrap_or_else(|| original.clone());
        if self.trace.as_ref().is_some_and(|trace| trace.assumed) {
            return self.note_mismatch(kind, &message);
        }
        if let Some(trace) = &mut self.trace {
            trace.stops();
        }
        let problem = Problem::new(Severity::Error, kind, message);
        self.note(Problem { original: Some(original), exception: Some(class.to_string()), ..problem })
    }

    /// Something does not fit below a row whose output's shape is only assumed. No fix of it is certain.
    pub(crate) fn note_mismatch(&mut self, kind: ProblemKind, message: &str) -> Option<usize> {
        let message = format!("{message} This may come of a row above, whose output's shape is not known here.");
        self.note(Problem::new(Severity::Warning, kind, message));
        None
    }

    /// Remembers a value that holds others, so that dropping it never runs deep.
    pub(crate) fn keep(&mut self, value: Value) -> Value {
        self.heap.kept.push(value.clone());
        value
    }

    pub fn new_list(&mut self, items: Vec<Value>) -> Run<Value> {
        self.allocate(1 + items.len())?;
        self.heap.lists.push(items);
        Ok(Value::List(self.heap.lists.len() - 1))
    }

    pub fn new_dict(&mut self, dict: value::Dict) -> Run<Value> {
        self.allocate(2 + 4 * dict.pairs.len())?;
        self.heap.dicts.push(dict);
        Ok(Value::Dict(self.heap.dicts.len() - 1))
    }

    pub fn new_text(&mut self, text: String) -> Run<Value> {
        self.allocate(1 + text.len() / 16)?;
        Ok(Value::Text(Rc::from(text)))
    }

    pub fn new_tuple(&mut self, items: Vec<Value>) -> Run<Value> {
        self.allocate(2 + items.len())?;
        Ok(self.keep(Value::tuple(items)))
    }
}
