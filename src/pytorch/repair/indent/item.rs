//! One statement of a text without indentation, and what its words say about its place.

use super::super::line::{comment_start, first_word};

/// One statement, as far as its place matters.
pub(super) struct Item {
    pub text: String,
    pub word: String,
    /// Ends with a colon: a block follows.
    pub header: bool,
    pub is_decorator: bool,
}

impl Item {
    pub(super) fn new(lines: &[String]) -> Self {
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

    pub(super) fn is_method(&self) -> bool {
        self.word == "def"
            && self.text.split_once('(').is_some_and(|(_, parameters)| {
                let name = self.text[3..].trim_start();
                if name.starts_with("__") || name.starts_with("forward(") {
                    return true;
                }
                let first = parameters.trim_start();
                let end = first.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(first.len());
                matches!(&first[..end], "self" | "cls")
            })
    }

    pub(super) fn asks_kind(&self) -> bool {
        ["isinstance(", "type(", "classname", "__class__"].iter().any(|word| self.text.contains(word))
    }

    pub(super) fn uses(&self, name: &str) -> bool {
        words(&self.text).any(|word| word == name)
    }

    /// The name that is assigned to, appended to or added to.
    pub(super) fn target(&self) -> Option<&str> {
        let end = self.text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))?;
        let (name, rest) = self.text.split_at(end);
        let rest = rest.trim_start();
        // `layers: List[nn.Module] = []`
        if rest.starts_with(':') && !self.header {
            return rest.contains('=').then_some(name);
        }
        if let Some(list) = name.strip_suffix(".append").or_else(|| name.strip_suffix(".extend")) {
            return rest.starts_with('(').then_some(list);
        }
        let operator = rest.find('=').filter(|&at| at <= 3 && !rest[at..].starts_with("=="))?;
        rest[..operator].chars().all(|c| "+-*/%&|^@".contains(c)).then_some(name)
    }

    pub(super) fn adds_to_target(&self) -> bool {
        self.text.contains(".append(") || self.text.contains(".extend(") || self.text.contains("+=")
    }

    /// Appends to a list, rather than counts.
    pub(super) fn appends(&self) -> bool {
        self.text.contains(".append(") || self.text.contains(".extend(") || self.text.contains("+= [")
    }

    /// `[f(x) for x in y]`: a name of the line's own.
    pub(super) fn binds_itself(&self, name: &str) -> bool {
        !self.header && self.text.contains(&format!(" for {name} in "))
    }

    /// The names that a loop or a `with` binds.
    pub(super) fn bound_names(&self) -> Vec<&str> {
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

pub(super) fn is_header(word: &str) -> bool {
    matches!(
        word,
        "class"
            | "def"
            | "for"
            | "while"
            | "if"
            | "elif"
            | "else"
            | "with"
            | "try"
            | "except"
            | "finally"
            | "async"
            | "match"
            | "case"
    )
}

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}
