//! The interpreter: what it keeps, its budgets, and what it notes.

use std::ops::Range;
use std::rc::Rc;

use super::super::problem::{Problem, ProblemKind, Severity};
use super::budget::Budget;
use super::host_types::{HostTypes, Id};
use super::notes::Notes;
use super::stop::{Raised, Run, Stop};
use super::tree::Name;
use super::value::{self, Catching, Heap, Value};

/// Where a call stands in the text, for fixes.
#[derive(Debug)]
pub(crate) struct CallSite {
    /// What is called.
    pub(crate) function: Range<u32>,
    pub(crate) positional: Vec<Range<u32>>,
    pub(crate) keywords: Vec<(Name, Range<u32>)>,
}

/// What runs: a function's scope, and the class whose method it is.
pub(crate) struct Frame<H: HostTypes> {
    pub(crate) scope: Id,
    pub(crate) class: Option<Id>,
    pub(crate) receiver: Option<Value<H>>,
    pub(crate) yielded: Option<Vec<Value<H>>>,
}

/// Python code that runs.
pub(crate) struct Interpreter<H: HostTypes> {
    pub(crate) heap: Heap<H>,
    pub(crate) globals: Id,
    pub(crate) budget: Budget,
    pub(crate) notes: Notes,
    /// The line that runs; 0 outside of the text.
    pub(crate) line: u32,
    /// What the host keeps.
    pub(crate) host: H::State,
    pub(crate) frames: Vec<Frame<H>>,
    pub(crate) call_site: Option<Rc<CallSite>>,
    /// The `try`s around what runs: errors that one of them catches are raised rather than noted.
    pub(crate) catching: Vec<Catching<H>>,
    /// The exceptions whose handlers run.
    pub(crate) handled: Vec<Raised>,
    /// Within a constructor or a trace: unknown names matter.
    pub(crate) minding: u32,
    /// Blocks that run only as a condition was taken not to hold.
    pub(crate) doubts: u32,
    /// Constructors that are running.
    pub(crate) constructing: u32,
    pub(crate) star_imports: Vec<Name>,
    /// The files of a text of several, the one first that the text's names are of; empty for any other text.
    pub(crate) files: Vec<super::file::File>,
    /// The last statement that is only an expression: where it starts, and its value.
    pub(crate) last_expression: Option<(u32, Value<H>)>,
}

impl<H: HostTypes> Interpreter<H> {
    pub(crate) fn new() -> Self {
        let mut heap = Heap::default();
        heap.scopes.push(value::Scope::default());
        Self {
            heap,
            globals: 0,
            budget: Budget::default(),
            notes: Notes::default(),
            line: 0,
            host: H::State::default(),
            frames: Vec::new(),
            call_site: None,
            catching: Vec::new(),
            handled: Vec::new(),
            minding: 0,
            doubts: 0,
            constructing: 0,
            star_imports: Vec::new(),
            files: Vec::new(),
            last_expression: None,
        }
    }

    /// Runs something with a budget of steps of its own, within the whole one.
    pub(crate) fn with_budget<T>(&mut self, run: impl FnOnce(&mut Self) -> Run<T>) -> Run<T> {
        let before = self.budget.narrow();
        let result = run(self);
        self.budget.widen(before);
        result
    }

    /// Runs code of a library within a statement's budget, as if from its start.
    pub(crate) fn with_whole_budget<T>(&mut self, run: impl FnOnce(&mut Self) -> Run<T>) -> Run<T> {
        let (depth, calls) = (self.budget.depth, self.budget.calls);
        (self.budget.depth, self.budget.calls) = (0, 0);
        let result = run(self);
        (self.budget.depth, self.budget.calls) = (depth, calls);
        result
    }

    /// Steps that were taken so far.
    pub(crate) fn steps(&self) -> u64 {
        self.budget.steps()
    }

    /// Runs something without noting its problems.
    pub(crate) fn quietly<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.notes.quiet;
        self.notes.quiet = before + 1;
        let result = run(self);
        self.notes.quiet = before;
        result
    }

    /// Leaves whatever was running. What runs quietly stays quiet.
    pub(crate) fn unwind(&mut self) {
        self.frames.clear();
        self.catching.clear();
        self.handled.clear();
        (self.budget.depth, self.budget.calls, self.minding, self.constructing) = (0, 0, 0, 0);
        self.doubts = 0;
        self.call_site = None;
    }

    /// Code of the text stands in a line; other code counts as where the text calls it.
    pub(crate) fn stand_in(&mut self, line: u32) {
        if line > 0 {
            self.line = line;
        }
    }

    pub(crate) fn step(&mut self) -> Run<()> {
        self.budget.work(1)
    }

    /// Counts work that is done in one go.
    pub(crate) fn work(&mut self, steps: usize) -> Run<()> {
        self.budget.work(steps as u64)
    }

    pub(crate) fn allocate(&mut self, values: usize) -> Run<()> {
        self.budget.allocate(values as u64)
    }

    pub(crate) fn deeper(&mut self) -> Run<()> {
        self.budget.deeper()
    }

    /// Leaves what [`Self::deeper`] went into.
    pub(crate) fn shallower(&mut self) {
        self.budget.depth = self.budget.depth.saturating_sub(1);
    }

    /// Notes a problem at the line that runs, once. Gives its index where it was noted.
    pub(crate) fn note(&mut self, problem: Problem) -> Option<usize> {
        let line = problem.line.or((self.line > 0).then_some(self.line));
        self.notes.add(Problem { line, ..problem })
    }

    /// Something that the import does not know; the rest goes on.
    pub(crate) fn not_understood(&mut self, what: &str) -> Value<H> {
        if self.minding > 0 {
            let message = format!("{what} is not understood; it is left out.");
            self.note(Problem::new(Severity::Warning, ProblemKind::NotUnderstood, message));
        }
        Value::unknown(what)
    }

    /// An exception that Python or PyTorch would raise. Where a `try` catches it, it is raised, else noted, and the
    /// rest goes on.
    pub(crate) fn error(&mut self, kind: ProblemKind, class: &str, message: String) -> Run<Value<H>> {
        if self.catches(class) {
            return Err(self.raised(class, message, kind));
        }
        if self.minding > 0 {
            self.note_error(kind, class, message, None);
        }
        Ok(Value::of_error())
    }

    /// An exception of a library.
    pub(crate) fn raised(&mut self, class: &str, message: String, kind: ProblemKind) -> Stop {
        self.heap.raised.push(Value::exception(class, &message));
        let value = self.heap.raised.len() - 1;
        let in_doubt = self.doubts > 0;
        Stop::Raised(Box::new(Raised { class: Rc::from(class), message, line: self.line, kind, value, in_doubt }))
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
        if !H::stops(&mut self.host) {
            return self.note_mismatch(kind, &message);
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
    pub(crate) fn keep(&mut self, value: Value<H>) -> Value<H> {
        self.heap.kept.push(value.clone());
        value
    }

    pub(crate) fn new_list(&mut self, items: Vec<Value<H>>) -> Run<Value<H>> {
        self.allocate(1 + items.len())?;
        self.heap.lists.push(items);
        Ok(Value::List(self.heap.lists.len() - 1))
    }

    pub(crate) fn new_dict(&mut self, dict: value::Dict<H>) -> Run<Value<H>> {
        self.allocate(2 + 4 * dict.pairs.len())?;
        self.heap.dicts.push(dict);
        Ok(Value::Dict(self.heap.dicts.len() - 1))
    }

    pub(crate) fn new_text(&mut self, text: String) -> Run<Value<H>> {
        self.allocate(1 + text.len() / 16)?;
        Ok(Value::Text(Rc::from(text)))
    }

    pub(crate) fn new_tuple(&mut self, items: Vec<Value<H>>) -> Run<Value<H>> {
        self.allocate(2 + items.len())?;
        Ok(self.keep(Value::tuple(items)))
    }
}
