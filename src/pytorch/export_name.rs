//! Names of modules in Python: below a prefix, as attributes, as classes.

/// A name below a prefix; the whole name where it is not below it.
pub(super) fn relative<'a>(name: &'a str, prefix: &str) -> &'a str {
    if prefix.is_empty() {
        return name;
    }
    name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
}

pub(super) fn under(name: &str, prefix: &str, head: &str) -> bool {
    name.strip_prefix(&join(prefix, head)).is_some_and(|rest| rest.starts_with('.'))
}

pub(super) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") }
}

/// How a module is reached from its class.
pub(super) fn attribute(path: &str) -> String {
    if path.contains('.') {
        format!("self.get_submodule({path:?})")
    } else if is_identifier(path) {
        format!("self.{path}")
    } else {
        format!("getattr(self, {path:?})")
    }
}

pub(super) fn is_identifier(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !WORDS.contains(&name)
}

/// A name that Python takes.
pub(super) fn identifier(name: &str, fallback: &str) -> String {
    let mut plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    if plain.starts_with(|first: char| first.is_ascii_digit()) {
        plain.insert(0, '_');
    }
    if is_identifier(&plain) { plain } else { fallback.to_string() }
}

/// `layer1.0` to `Layer1Block0`.
pub(super) fn camel(path: &str) -> String {
    let mut name = String::new();
    for part in path.split(['.', '_']) {
        if part.starts_with(|first: char| first.is_ascii_digit()) {
            name.push_str("Block");
        }
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}
