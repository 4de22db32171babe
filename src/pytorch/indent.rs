//! Indentation that was lost on the way is put back by what the statements say.

use super::lines::{LogicalLine, comment_start, first_word};

/// Statements behind a header that are looked at for the end of its block: nesting cannot be deeper, either.
const MOST_AHEAD: usize = 300;
/// Spaces of one level.
const LEVEL: usize = 4;

/// What lost indentation leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Guess {
    /// A loop's body goes on as long as what follows may still be in it.
    pub long_loops: bool,
    /// So does the `else` in a loop.
    pub long_else: bool,
}

/// One statement, as far as its place matters.
struct Item {
    text: String,
    word: String,
    /// Ends with a colon: a block follows.
    header: bool,
    is_decorator: bool,
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
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Class,
    Function,
    Block,
}

/// Whether the statements below block headers are not indented.
pub(super) fn is_lost(lines: &[String], logical: &[LogicalLine]) -> bool {
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
pub(super) fn remove_common(lines: &mut [String], logical: &mut [LogicalLine]) {
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

fn is_header(word: &str) -> bool {
    matches!(
        word,
        "class" | "def" | "for" | "while" | "if" | "elif" | "else" | "with" | "try" | "except" | "finally" | "async"
    )
}

/// Gives every statement the indentation that its text suggests.
///
/// Where a loop ends cannot always be told: see [`Guess`].
pub(super) fn restore(lines: &mut [String], logical: &mut [LogicalLine], guess: Guess) {
    let items: Vec<Item> = logical.iter().map(|line| Item::new(&lines[line.first..=line.last])).collect();
    let indents = Restorer { items: &items, open: Vec::new(), headers: Vec::new(), guess }.indents();
    for (line, indent) in logical.iter_mut().zip(indents) {
        let text = lines[line.first].trim_start();
        lines[line.first] = format!("{}{text}", " ".repeat(indent));
        line.indent = indent;
    }
}

impl Item {
    fn new(lines: &[String]) -> Self {
        let mut text = String::new();
        for line in lines {
            text.push_str(line[..comment_start(line)].trim());
            text.push(' ');
        }
        let text = text.trim().to_string();
        let word = first_word(&text).0.to_string();
        let header = text.ends_with(':') && is_header(&word);
        Self { is_decorator: text.starts_with('@'), text, word, header }
    }

    fn is_method(&self) -> bool {
        self.word == "def"
            && self.text.split_once('(').is_some_and(|(_, parameters)| {
                let first = parameters.trim_start();
                let end = first.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(first.len());
                matches!(&first[..end], "self" | "cls")
            })
    }

    fn asks_kind(&self) -> bool {
        ["isinstance(", "type(", "classname", "__class__"].iter().any(|word| self.text.contains(word))
    }

    fn uses(&self, name: &str) -> bool {
        words(&self.text).any(|word| word == name)
    }

    /// The name that is assigned to, appended to or added to.
    fn target(&self) -> Option<&str> {
        let end = self.text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))?;
        let (name, rest) = self.text.split_at(end);
        let rest = rest.trim_start();
        if let Some(list) = name.strip_suffix(".append").or_else(|| name.strip_suffix(".extend")) {
            return rest.starts_with('(').then_some(list);
        }
        let operator = rest.find('=').filter(|&at| at <= 3 && !rest[at..].starts_with("=="))?;
        rest[..operator].chars().all(|c| "+-*/%&|^@".contains(c)).then_some(name)
    }

    fn adds_to_target(&self) -> bool {
        self.text.contains(".append(") || self.text.contains(".extend(") || self.text.contains("+=")
    }

    /// The names that a loop or a `with` binds.
    fn bound_names(&self) -> Vec<&str> {
        match self.word.as_str() {
            "for" => {
                let target = self.text[3..].split(" in ").next().unwrap_or_default();
                words(target).filter(|&word| word != "_").collect()
            }
            "with" => self.text.rsplit_once(" as ").map(|(_, name)| words(name).collect()).unwrap_or_default(),
            "while" => words(&self.text[5..]).collect(),
            _ => Vec::new(),
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

struct Restorer<'a> {
    items: &'a [Item],
    open: Vec<Open>,
    /// Headers of the function at hand that an `else` could belong to: the word and the indent.
    headers: Vec<Header>,
    guess: Guess,
}

impl Restorer<'_> {
    fn indents(mut self) -> Vec<usize> {
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
                self.open.push(Open { kind: Kind::Block, indent, last, takes_self: false });
            } else if item.word == "class" {
                self.open.push(Open { kind: Kind::Class, indent, last: None, takes_self: false });
            } else if matches!(item.word.as_str(), "def" | "async") {
                self.headers.clear();
                if item.header {
                    self.open.push(Open { kind: Kind::Function, indent, last: None, takes_self: item.is_method() });
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
        let mut after_return = false;
        for item in &self.items[index + 1..] {
            if matches!(item.word.as_str(), "def" | "class") || item.is_decorator {
                return false;
            }
            // It has no `self` of its own.
            if item.uses("self") {
                return true;
            }
            if after_return && !is_header(&item.word) {
                return item.uses("self") || item.word == "return";
            }
            after_return |= item.word == "return";
        }
        false
    }

    fn is_module_level(&self, index: usize) -> bool {
        let item = &self.items[index];
        if self.open.is_empty() {
            return true;
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

    /// The end of a function or of the text.
    fn function_end(&self, index: usize) -> usize {
        let ends = |item: &Item| matches!(item.word.as_str(), "def" | "class" | "import" | "from") || item.is_decorator;
        let length = self.items[index + 1..].iter().take(MOST_AHEAD).take_while(|item| !ends(item)).count();
        index + length
    }

    /// The last statement of a block, by its header and what follows.
    fn block_end(&self, index: usize) -> Option<usize> {
        let header = &self.items[index];
        let end = self.function_end(index);
        let body = index + 1;
        if body > end {
            return Some(index);
        }
        let word = header.word.as_str();
        if word == "if" && header.text.contains("__name__") {
            return None;
        }
        let limit = self.open.last().and_then(|open| open.last).unwrap_or(end).min(end);
        match word {
            "if" | "elif" | "try" | "except" => {
                if let Some(other) = self.matching_clause(index, end).filter(|&other| other <= limit + 1) {
                    return Some(other - 1);
                }
                Some(self.by_kind_of_module(index, limit).unwrap_or_else(|| self.with_nested(body, limit)))
            }
            "else" | "finally" => {
                let assigned: Vec<&str> = self.branch_targets(index);
                let mut last = self.with_nested(body, limit);
                while last < limit
                    && self.items[last + 1].target().is_some_and(|target| {
                        assigned.contains(&target)
                            && self.items[body..=last].iter().all(|item| item.target() != Some(target))
                    })
                {
                    last += 1;
                }
                // `else: layers += [...]; in_channels = v`
                let in_loop = self.open.last().is_some_and(|open| open.kind == Kind::Block && open.last.is_some());
                if self.guess.long_else && in_loop && word == "else" {
                    last = last.max(limit);
                }
                Some(last)
            }
            _ => Some(self.loop_end(index, limit)),
        }
    }

    /// A statement, with its block where it is a header.
    fn with_nested(&self, index: usize, limit: usize) -> usize {
        let item = &self.items[index];
        if !item.header || index >= limit {
            return index.min(limit.max(index));
        }
        match item.word.as_str() {
            "for" | "while" | "with" => self.loop_end(index, limit),
            _ => {
                let mut last = self.with_nested(index + 1, limit);
                while last < limit
                    && matches!(self.items[last + 1].word.as_str(), "elif" | "else" | "except" | "finally")
                {
                    last = if last + 2 <= limit { self.with_nested(last + 2, limit) } else { last + 1 };
                }
                last
            }
        }
    }

    /// The `else` or `elif` that belongs to an `if`, before another `if` or the end of the function's branch.
    fn matching_clause(&self, index: usize, end: usize) -> Option<usize> {
        let mut inner = 0;
        for at in index + 2..=end {
            match self.items[at].word.as_str() {
                "if" | "try" if self.items[at].header => inner += 1,
                "elif" | "else" | "except" | "finally" => {
                    let same =
                        self.items[at].word == "elif" && self.items[at].asks_kind() && self.items[index].asks_kind();
                    if inner == 0 || same {
                        return Some(at);
                    }
                    inner -= usize::from(matches!(self.items[at].word.as_str(), "else" | "finally"));
                }
                // Whatever stands after a `return` in the branch is not in it any more.
                _ if self.items[at - 1].word == "return" && inner == 0 => return None,
                _ => {}
            }
        }
        None
    }

    /// What the branches above an `else` assign.
    fn branch_targets(&self, index: usize) -> Vec<&str> {
        let above = self.items[..index].iter().rev();
        above
            .take_while(|item| !matches!(item.word.as_str(), "if" | "def" | "class"))
            .filter_map(Item::target)
            .collect()
    }

    /// `if isinstance(m, nn.Conv2d)` in a loop over modules: all that follows is about that module.
    fn by_kind_of_module(&self, index: usize, limit: usize) -> Option<usize> {
        if !self.items[index].asks_kind() || index + 1 > limit {
            return None;
        }
        let rest = index + 1..=limit;
        let inner = rest.take_while(|&at| {
            let item = &self.items[at];
            item.text.contains("init") || item.text.contains(".data") || item.header && item.word == "if"
        });
        inner.last()
    }

    /// The last statement that uses what the loop binds, and the ones after it that go on with the loop's work.
    fn loop_end(&self, index: usize, limit: usize) -> usize {
        let header = &self.items[index];
        let names = header.bound_names();
        let body = (index + 1).min(limit);
        let mut last = body;
        for at in body..=limit {
            let item = &self.items[at];
            if item.word == "for" && item.bound_names() == names {
                break;
            }
            if names.iter().any(|name| item.uses(name)) {
                last = at;
            }
        }
        if header.word == "with" {
            let is_return = |at: usize| self.items[at].word == "return";
            return (body..=limit).take_while(|&at| !is_return(at)).last().unwrap_or(last);
        }
        last = last.max(self.with_nested(last, limit));
        // A body that is one choice: what follows it is not part of it.
        let chooses = self.items[body].word == "if"
            && self.items[body..=last].iter().any(|item| item.word == "else" && item.header);
        while last < limit {
            let next = &self.items[last + 1];
            // What ends the convolutional part is not done again and again.
            let shapes = ["view(", "flatten", "reshape(", "return", ".mean("];
            let ends = shapes.iter().any(|word| next.text.contains(word));
            let clause = matches!(next.word.as_str(), "elif" | "else");
            let continues = matches!(next.word.as_str(), "continue" | "break");
            let goes_on = next.target().is_some_and(|target| {
                let in_body = self.items[body..=last].iter();
                let appended_before =
                    in_body.clone().any(|item| item.adds_to_target() && item.target() == Some(target))
                        && !next.uses("self")
                        && !chooses;
                let used = in_body.clone().any(|item| item.uses(target)) || header.uses(target);
                let known_before = self.items[..index]
                    .iter()
                    .rev()
                    .take_while(|item| item.word != "class")
                    .any(|item| item.target() == Some(target) || (item.word == "def" && item.uses(target)));
                let counts = next.text.contains("+=") || next.text.contains("*=") || next.text.contains("//=");
                !target.starts_with("self.")
                    && (appended_before || (used && known_before && !next.uses("self")) || counts)
            });
            let counts_self = next.target().is_some_and(|target| {
                target.starts_with("self.") && self.items[body..=last].iter().any(|item| item.text.contains(target))
            });
            let may_belong = self.guess.long_loops
                && next.word != "return"
                && next.target().is_some_and(|target| {
                    let last_target = self.items[body..=last].iter().rev().find_map(Item::target);
                    last_target == Some(target) && next.uses(target)
                });
            // A name that only the loop's body has.
            let follows = self.items[body..=last].iter().filter_map(Item::target).any(|name| {
                !name.contains('.')
                    && next.uses(name)
                    && !next.text.starts_with("self.")
                    && next.word != "return"
                    && !self.items[..index]
                        .iter()
                        .rev()
                        .take_while(|item| item.word != "class")
                        .any(|item| item.target() == Some(name) || (item.word == "def" && item.uses(name)))
            });
            if !(clause || continues || counts_self || ((goes_on || may_belong || follows) && !ends)) {
                break;
            }
            last = if clause { self.with_nested((last + 2).min(limit), limit) } else { last + 1 };
        }
        last
    }
}
