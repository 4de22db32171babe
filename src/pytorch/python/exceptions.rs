//! Exceptions: `raise`, `try`, and which class catches which.

use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::host::Host;
use super::host_types::HostTypes;
use super::statement::Flow;
use super::tree::{Block, Expr, Handler, Name};
use super::value::{Catching, Why};
use super::{Interpreter, Raised, Run, Stop, Value};

/// Python's own exceptions and warnings, each behind the one that it is a kind of.
const BASES: &[(&str, &[&str])] = &[
    ("BaseException", &["Exception", "GeneratorExit", "KeyboardInterrupt", "SystemExit"]),
    (
        "Exception",
        &[
            "ArithmeticError",
            "AssertionError",
            "AttributeError",
            "EOFError",
            "ImportError",
            "LookupError",
            "MemoryError",
            "NameError",
            "OSError",
            "RuntimeError",
            "StopAsyncIteration",
            "StopIteration",
            "SyntaxError",
            "TypeError",
            "ValueError",
            "Warning",
        ],
    ),
    ("ArithmeticError", &["OverflowError", "ZeroDivisionError"]),
    ("ImportError", &["ModuleNotFoundError"]),
    ("LookupError", &["IndexError", "KeyError"]),
    ("OSError", &["ConnectionError", "FileExistsError", "FileNotFoundError", "PermissionError", "TimeoutError"]),
    ("RuntimeError", &["NotImplementedError", "RecursionError"]),
    ("SyntaxError", &["IndentationError"]),
    ("ValueError", &["UnicodeError"]),
    ("UnicodeError", &["UnicodeDecodeError"]),
    (
        "Warning",
        &[
            "DeprecationWarning",
            "FutureWarning",
            "ImportWarning",
            "PendingDeprecationWarning",
            "ResourceWarning",
            "RuntimeWarning",
            "UserWarning",
        ],
    ),
];

/// The names of all of them.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let own = BASES.iter().flat_map(|(_, kinds)| kinds.iter().copied());
    own.chain(["BaseException", "EnvironmentError", "IOError"])
}

/// Whether an exception of the library is of a class or of one below it.
fn is_kind_of(class: &str, other: &str) -> bool {
    let other = if matches!(other, "EnvironmentError" | "IOError") { "OSError" } else { other };
    let mut class = if matches!(class, "EnvironmentError" | "IOError") { "OSError" } else { class };
    loop {
        if class == other {
            return true;
        }
        match BASES.iter().find(|(_, kinds)| kinds.contains(&class)) {
            Some((base, _)) => class = base,
            // What is not known here is most likely an `Exception`.
            None if class != "BaseException" => class = "Exception",
            None => return false,
        }
    }
}

impl<H: HostTypes> Interpreter<H> {
    /// Whether a `try` around catches a class of the library.
    pub(crate) fn catches(&self, class: &str) -> bool {
        self.catching.iter().any(|handlers| self.handler(handlers, class, None).is_some())
    }

    /// The first handler that catches an exception.
    fn handler(&self, catching: &Catching<H>, class: &str, instance: Option<&Value<H>>) -> Option<usize> {
        catching.classes.iter().position(|classes| match classes {
            None => true,
            Some(classes) => classes.iter().any(|other| self.is_caught(class, instance, other)),
        })
    }

    fn is_caught(&self, class: &str, instance: Option<&Value<H>>, other: &Value<H>) -> bool {
        let own = match instance {
            Some(Value::Instance(id)) => self.heap.instances[*id].class,
            Some(Value::Class(id)) => Some(*id),
            _ => None,
        };
        match (other, own) {
            (Value::Class(other), Some(own)) => self.heap.classes[own].order.contains(other),
            (Value::Library(other), own) => {
                let base = own.map(|own| self.heap.classes[own].library_base.as_deref().unwrap_or("Exception"));
                let short = |path: &str| path.rsplit('.').next().unwrap_or_default().to_string();
                is_kind_of(&short(base.unwrap_or(class)), &short(other))
            }
            _ => false,
        }
    }
}

impl<H: Host> Interpreter<H> {
    pub(crate) fn attempt(
        &mut self,
        body: &Block,
        handlers: &[Handler],
        otherwise: &Block,
        finally: &Block,
    ) -> Run<Flow<H>> {
        let (depth, calls, frames) = (self.budget.depth, self.budget.calls, self.frames.len());
        let result = self.attempt_to(body, handlers, otherwise);
        match &result {
            Err(Stop::Spent(_)) => return result,
            Err(Stop::Raised(_)) => {
                (self.budget.depth, self.budget.calls) = (depth, calls);
                self.frames.truncate(frames);
            }
            Ok(_) => {}
        }
        match self.block(finally)? {
            Flow::Next => result,
            other => Ok(other),
        }
    }

    fn attempt_to(&mut self, body: &Block, handlers: &[Handler], otherwise: &Block) -> Run<Flow<H>> {
        let (depth, calls, frames, level) =
            (self.budget.depth, self.budget.calls, self.frames.len(), self.catching.len());
        let doubts = self.doubts;
        if !handlers.is_empty() {
            let classes = handlers.iter().map(|handler| self.classes(handler.class.as_ref()));
            let classes = classes.collect::<Run<_>>()?;
            self.catching.push(Catching { classes });
        }
        let result = self.block(body);
        let caught = match &result {
            Err(Stop::Raised(raised)) => self
                .catching
                .get(level)
                .and_then(|catching| self.handler(catching, &raised.class, Some(&self.heap.raised[raised.value])))
                .map(|handler| (handler, (**raised).clone())),
            _ => None,
        };
        self.catching.truncate(level);
        match (caught, result) {
            (Some((handler, raised)), _) => {
                self.doubts = doubts;
                (self.budget.depth, self.budget.calls) = (depth, calls);
                self.frames.truncate(frames);
                let Handler { name, body, .. } = &handlers[handler];
                if let Some(name) = name {
                    let value = self.heap.raised[raised.value].clone();
                    self.set_variable(name, value)?;
                }
                self.handled.push(raised);
                let flow = self.block(body);
                self.handled.pop();
                flow
            }
            (None, Ok(Flow::Next)) => self.block(otherwise),
            (None, other) => other,
        }
    }

    /// The classes behind an `except`. What is not known of them is not said here.
    fn classes(&mut self, classes: Option<&Expr>) -> Run<Option<Vec<Value<H>>>> {
        let Some(classes) = classes else { return Ok(None) };
        let value = match self.quietly(|machine| machine.eval(classes)) {
            Err(Stop::Raised(_)) => return Ok(Some(Vec::new())),
            value => value?,
        };
        Ok(Some(match value {
            Value::Tuple(classes) => classes.to_vec(),
            one => vec![one],
        }))
    }

    pub(crate) fn raise(&mut self, exception: Option<&Expr>, line: u32) -> Run<Flow<H>> {
        let value = match (exception, self.handled.last()) {
            (Some(exception), _) => self.eval(exception)?,
            (None, Some(handled)) => return Err(Stop::Raised(Box::new(handled.clone()))),
            (None, None) => Value::None,
        };
        let (class, message): (Name, _) = match &value {
            Value::Library(name) => (name.clone(), String::new()),
            Value::Class(class) => (self.heap.classes[*class].name.clone(), String::new()),
            Value::Instance(id) => {
                let class = self.heap.instances[*id].class;
                let name = class.map(|class| self.heap.classes[class].name.clone());
                (name.unwrap_or_else(|| Rc::from("Exception")), String::new())
            }
            Value::Unknown(unknown) => match &unknown.why {
                Why::Exception { class, message } => (class.clone(), message.to_string()),
                _ => (Rc::from("Exception"), unknown.words.to_string()),
            },
            _ => (Rc::from("Exception"), String::new()),
        };
        self.stand_in(line);
        self.heap.raised.push(value);
        let value = self.heap.raised.len() - 1;
        let (line, kind, in_doubt) = (self.line, ProblemKind::Raised, self.doubts > 0);
        Err(Stop::Raised(Box::new(Raised { class, message, line, kind, value, in_doubt })))
    }
}
