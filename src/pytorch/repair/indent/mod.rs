//! Indentation that was lost on the way is put back by what the statements say.

mod ends;
mod item;

use std::cell::RefCell;
use std::collections::BTreeSet;

use self::item::{Item, is_header, words};
use super::line::{comment_start, first_word};
use super::lines::LogicalLine;

/// Statements behind a header that are looked at for the end of its block: nesting cannot be deeper, either.
const MOST_AHEAD: usize = 300;
/// Spaces of one level.
const LEVEL: usize = 4;

/// What lost indentation leaves open, answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Guess {
    /// Statements, counted from 0, whose block goes on as long as what follows may still be in it.
    pub longer: Vec<usize>,
}

/// A header that an `else` could belong to.
struct Header {
    word: String,
    indent: usize,
    /// It asks what kind of module something is.
    asks_kind: bool,
}

/// An open block.
struct Open {
    kind: Kind,
    /// Of its header.
    indent: usize,
    /// The index of the last statement that surely belongs to it; `None`: until something else ends it.
    last: Option<usize>,
    /// A method.
    takes_self: bool,
    is_match: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Class,
    Function,
    Block,
}

/// Whether the statements below block headers are not indented.
pub(crate) fn is_lost(lines: &[String], logical: &[LogicalLine]) -> bool {
    let (mut kept, mut lost) = (0, 0);
    for (header, next) in logical.iter().zip(logical.iter().skip(1)) {
        let text = &lines[header.last];
        let opens = text[..comment_start(text)].trim_end().ends_with(':');
        if opens && is_header(first_word(lines[header.first].trim_start()).0) {
            if next.indent > header.indent {
                kept += 1;
            } else {
                lost += 1;
            }
        }
    }
    lost > kept
}

/// Less indentation than the common one is none.
pub(crate) fn remove_common(lines: &mut [String], logical: &mut [LogicalLine]) {
    let common = logical.iter().map(|line| line.indent).min().unwrap_or(0);
    if common == 0 {
        return;
    }
    for line in logical.iter_mut() {
        lines[line.first].drain(..common);
        line.indent -= common;
    }
    // Comment lines are not statements; they do not matter to the parser.
}

/// Gives every statement the indentation that its text suggests.
///
/// Where a block ends cannot always be told: gives the statements whose block may go on longer, see [`Guess`].
pub(crate) fn restore(lines: &mut [String], logical: &mut [LogicalLine], guess: &Guess) -> Vec<usize> {
    let items: Vec<Item> = logical.iter().map(|line| Item::new(&lines[line.first..=line.last])).collect();
    let mut restorer =
        Restorer { items: &items, open: Vec::new(), headers: Vec::new(), guess, questions: RefCell::default() };
    let indents = restorer.indents();
    let questions = restorer.questions.into_inner().into_iter().collect();
    for (line, indent) in logical.iter_mut().zip(indents) {
        let text = lines[line.first].trim_start();
        lines[line.first] = format!("{}{text}", " ".repeat(indent));
        line.indent = indent;
    }
    questions
}

struct Restorer<'a> {
    items: &'a [Item],
    open: Vec<Open>,
    /// Headers of the function at hand that an `else` could belong to: the word and the indent.
    headers: Vec<Header>,
    guess: &'a Guess,
    /// The headers whose block may go on longer.
    questions: RefCell<BTreeSet<usize>>,
}

impl Restorer<'_> {
    fn indents(&mut self) -> Vec<usize> {
        let mut indents = Vec::with_capacity(self.items.len());
        let mut pending_decorators: Vec<usize> = Vec::new();
        for index in 0..self.items.len() {
            let item = &self.items[index];
            if item.is_decorator {
                pending_decorators.push(index);
                indents.push(0);
                continue;
            }
            let indent = self.place(index, !pending_decorators.is_empty());
            for decorator in pending_decorators.drain(..) {
                indents[decorator] = indent;
            }
            indents.push(indent);
            if item.header && !matches!(item.word.as_str(), "class" | "def" | "async") {
                let last = self.block_end(index);
                if item.word != "else" && item.word != "finally" {
                    let asks_kind = item.asks_kind();
                    self.headers.push(Header { word: item.word.clone(), indent, asks_kind });
                }
                let is_match = item.word == "match";
                self.open.push(Open { kind: Kind::Block, indent, last, takes_self: false, is_match });
            } else if item.word == "class" {
                self.open.push(Open { kind: Kind::Class, indent, last: None, takes_self: false, is_match: false });
            } else if matches!(item.word.as_str(), "def" | "async") {
                self.headers.clear();
                if item.header {
                    let takes_self = item.is_method();
                    self.open.push(Open { kind: Kind::Function, indent, last: None, takes_self, is_match: false });
                }
            } else {
                self.after_simple(index);
            }
        }
        indents
    }

    /// The indent of a statement; closes the blocks that it does not belong to.
    fn place(&mut self, index: usize, decorated: bool) -> usize {
        let item = &self.items[index];
        match item.word.as_str() {
            "class" if item.header || item.text.contains('(') => {
                self.open.clear();
                return 0;
            }
            "def" | "async" => return self.place_function(index, decorated),
            "case" if item.header => {
                if let Some(at) = self.open.iter().rposition(|open| open.is_match) {
                    self.open.truncate(at + 1);
                    return self.open[at].indent + LEVEL;
                }
            }
            "elif" | "else" | "except" | "finally" => {
                let fits = |word: &str| match item.word.as_str() {
                    "elif" => matches!(word, "if" | "elif"),
                    "else" => matches!(word, "if" | "elif" | "for" | "while" | "except"),
                    "except" => matches!(word, "try" | "except"),
                    _ => matches!(word, "try" | "except"),
                };
                // `elif isinstance(...)` goes on with the question, not with an `if` below it.
                let asks =
                    item.word == "elif" && item.asks_kind() && self.headers.iter().any(|header| header.asks_kind);
                let found = self.headers.iter().rposition(|header| fits(&header.word) && (!asks || header.asks_kind));
                if let Some(at) = found {
                    let indent = self.headers[at].indent;
                    self.headers.truncate(at);
                    self.open.retain(|open| open.kind != Kind::Block || open.indent < indent);
                    return indent;
                }
            }
            _ => {}
        }
        self.close_finished(index);
        self.close_nested(index);
        if self.is_module_level(index) {
            self.open.clear();
            self.headers.clear();
            return 0;
        }
        self.open.last().map_or(0, |open| open.indent + LEVEL)
    }

    fn place_function(&mut self, index: usize, decorated: bool) -> usize {
        let class = self.open.iter().position(|open| open.kind == Kind::Class);
        let Some(class) = class else {
            let nested = self.is_nested_function(index);
            if !nested {
                self.open.clear();
            }
            return self.open.last().map_or(0, |open| open.indent + LEVEL);
        };
        let in_class = self.open[class].indent + LEVEL;
        if self.items[index].is_method() || decorated {
            self.open.truncate(class + 1);
            return in_class;
        }
        if self.open.len() > class + 1 && self.is_nested_function(index) {
            self.open.retain(|open| open.kind != Kind::Block);
            return self.open.last().map_or(0, |open| open.indent + LEVEL);
        }
        let method_follows =
            self.items[index + 1..].iter().take_while(|item| item.word != "class").any(Item::is_method);
        if method_follows {
            self.open.truncate(class + 1);
            return in_class;
        }
        self.open.clear();
        0
    }

    /// A function without `self` whose enclosing function goes on after it.
    fn is_nested_function(&self, index: usize) -> bool {
        if !self.open.iter().any(|open| open.kind == Kind::Function) {
            return false;
        }
        let mut above_returns = false;
        for item in self.items[index + 1..].iter().take(MOST_AHEAD) {
            if item.word == "class" || item.is_decorator || item.is_method() {
                return false;
            }
            // It has no `self` of its own, and one `return` at its end.
            if item.uses("self") || (above_returns && item.word == "return") {
                return true;
            }
            above_returns = item.word == "return";
        }
        false
    }

    fn is_module_level(&self, index: usize) -> bool {
        let item = &self.items[index];
        if self.open.is_empty() {
            return true;
        }
        // A header has at least one statement.
        if index > 0 && self.items[index - 1].header {
            return false;
        }
        let in_function = self.open.iter().any(|open| open.kind == Kind::Function);
        match item.word.as_str() {
            "import" | "from" => return true,
            "if" if item.text.contains("__name__") => return true,
            _ => {}
        }
        if !in_function {
            // Class attributes and docstrings stay in the class until its first method has ended.
            return self.open.iter().all(|open| open.kind == Kind::Class) && self.class_is_over(index);
        }
        let in_block = self.open.last().is_some_and(|open| open.kind == Kind::Block);
        let in_method = self.open.iter().any(|open| open.kind == Kind::Function && open.indent > 0);
        if in_block || !in_method || item.uses("self") {
            return false;
        }
        // `net = Net()` below a method without a return.
        let class = self.items[..index].iter().rev().find(|item| item.word == "class");
        let name = class.and_then(|class| words(&class.text).nth(1));
        name.is_some_and(|name| {
            let made = item.text.split_once('=').map_or("", |(_, value)| value.trim_start());
            made.strip_prefix(name).is_some_and(|rest| rest.starts_with('('))
        })
    }

    /// A method stands between the class and this statement.
    fn class_is_over(&self, index: usize) -> bool {
        let mut before = self.items[..index].iter().rev();
        before.find(|item| matches!(item.word.as_str(), "def" | "class")).is_some_and(|item| item.word == "def")
    }

    fn close_finished(&mut self, index: usize) {
        while let Some(open) = self.open.last() {
            if open.kind == Kind::Block && open.last.is_some_and(|last| index > last) {
                self.open.pop();
            } else {
                break;
            }
        }
    }

    /// A function without `self` within a method ends where `self` is used again.
    fn close_nested(&mut self, index: usize) {
        let functions = self.open.iter().filter(|open| open.kind == Kind::Function);
        let inner = functions.clone().count() > 1;
        let last = self.open.iter().rposition(|open| open.kind == Kind::Function);
        if let Some(last) = last.filter(|_| inner && self.items[index].uses("self"))
            && !self.open[last].takes_self
        {
            self.open.truncate(last);
        }
    }

    fn after_simple(&mut self, index: usize) {
        if self.items[index].word != "return" {
            return;
        }
        match self.open.last() {
            Some(open) if open.kind == Kind::Block => {
                self.open.pop();
            }
            Some(open) if open.kind == Kind::Function => {
                self.open.pop();
                self.headers.clear();
            }
            _ => {}
        }
    }
}
