//! Where the blocks of a text without indentation end.

use super::item::{Item, is_header};
use super::{Kind, MOST_AHEAD, Restorer};

impl Restorer<'_> {
    /// The end of a function or of the text.
    fn function_end(&self, index: usize) -> usize {
        let ends = |item: &Item| matches!(item.word.as_str(), "def" | "class" | "import" | "from") || item.is_decorator;
        let length = self.items[index + 1..].iter().take(MOST_AHEAD).take_while(|item| !ends(item)).count();
        index + length
    }

    /// The last statement of a block, by its header and what follows.
    pub(super) fn block_end(&self, index: usize) -> Option<usize> {
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
                if let Some(last) = self.by_kind_of_module(index, limit) {
                    return Some(last);
                }
                let last = self.with_new_names(index, self.with_nested(body, limit), limit);
                Some(self.longer_choice(index, last, limit))
            }
            "match" => {
                let mut last = body;
                for at in body..=limit {
                    if self.items[at].word == "case" && self.items[at].header {
                        last = self.with_nested((at + 1).min(limit), limit);
                    }
                }
                Some(last)
            }
            "case" => {
                let other = (body..=limit).find(|&at| self.items[at].word == "case" && self.items[at].header);
                Some(other.map_or_else(|| self.with_nested(body, limit), |other| other - 1))
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
                last = self.with_new_names(index, last, limit);
                // `else: layers += [...]; in_channels = v`
                let in_loop = self.open.last().is_some_and(|open| open.kind == Kind::Block && open.last.is_some());
                if in_loop && word == "else" && last < limit && self.may_go_on(index) {
                    last = limit;
                }
                Some(last)
            }
            _ => Some(self.loop_end(index, limit)),
        }
    }

    /// Whether this block takes what may still belong to it. It is a question for the next guess, too.
    fn may_go_on(&self, index: usize) -> bool {
        self.questions.borrow_mut().insert(index);
        self.guess.longer.contains(&index)
    }

    /// `if a: if b: x = f(x)` and `x = g(x)`, or two changes of the same name: the second one may be in the choice, too.
    fn longer_choice(&self, index: usize, last: usize, limit: usize) -> usize {
        let body = index + 1;
        if last >= limit || self.items[last + 1].word == "return" || is_header(&self.items[last + 1].word) {
            return last;
        }
        let next = self.items[last + 1].target();
        let same = next.is_some() && self.items[body..=last].iter().any(|item| item.target() == next);
        if !same || !self.may_go_on(index) {
            return last;
        }
        let goes_on = |at: &usize| {
            let item = &self.items[*at];
            item.target() == next && !is_header(&item.word)
        };
        (last + 1..=limit).take_while(goes_on).last().unwrap_or(last)
    }

    /// A block goes on as long as names are used that only it assigns: behind it, Python might not know them.
    fn with_new_names(&self, index: usize, mut last: usize, limit: usize) -> usize {
        let body = index + 1;
        while last < limit {
            let next = &self.items[last + 1];
            let clause = matches!(next.word.as_str(), "elif" | "else" | "except" | "finally" | "case");
            let new = |name: &&str| !name.contains('.') && next.uses(name) && !self.known_before(name, index);
            let targets = self.items[body.min(last)..=last].iter().filter_map(Item::target);
            if clause || !targets.into_iter().any(|name| new(&name)) {
                break;
            }
            last = self.with_nested(last + 1, limit);
        }
        last
    }

    /// A name that is assigned, bound or a parameter above a statement of the same class.
    fn known_before(&self, name: &str, index: usize) -> bool {
        let above = self.items[..index].iter().rev().take(4 * MOST_AHEAD).take_while(|item| item.word != "class");
        above.into_iter().any(|item| {
            item.target() == Some(name)
                || (item.word == "def" && item.uses(name))
                || (item.header && item.bound_names().contains(&name))
        })
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
            // A `return` that stands below no condition ends the function, too.
            if item.word == "return" && at > body && !self.items[at - 1].header {
                break;
            }
            if names.iter().any(|name| item.uses(name) && !item.binds_itself(name)) {
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
                let known_before = self.known_before(target, index);
                let counts = next.text.contains("+=") || next.text.contains("*=") || next.text.contains("//=");
                !(target.starts_with("self.") || (chooses && next.appends()))
                    && (appended_before || (used && known_before && !next.uses("self")) || counts)
            });
            let counts_self = next.target().is_some_and(|target| {
                target.starts_with("self.") && self.items[body..=last].iter().any(|item| item.text.contains(target))
            });
            // A name that only the loop's body has.
            let follows = self.items[body..=last].iter().filter_map(Item::target).any(|name| {
                !name.contains('.')
                    && next.uses(name)
                    && (!next.text.starts_with("self.") || next.appends() || next.text.contains(".add_module("))
                    && next.word != "return"
                    && !self.known_before(name, index)
            });
            // A list that is made empty just above the loop is filled in it.
            let above = index.checked_sub(1).map(|above| self.items[above].text.replace(' ', ""));
            let fills = next.appends()
                && next.target().is_some_and(|list| above.as_deref() == Some(format!("{list}=[]").as_str()));
            let belongs = clause || fills || continues || counts_self || ((goes_on || follows) && !ends);
            if !belongs {
                let last_target = self.items[body..=last].iter().rev().find_map(Item::target);
                let same = next.word != "return"
                    && next.target().is_some_and(|target| last_target == Some(target) && next.uses(target));
                if !same || !self.may_go_on(index) {
                    break;
                }
            }
            last = if clause { self.with_nested((last + 2).min(limit), limit) } else { last + 1 };
        }
        last
    }
}
