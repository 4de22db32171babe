//! One layer as a token without its name: `c4k2p1`, `add~1~4`.
//!
//! The kind's code, its arguments, then numbers behind `~`: the inputs of a node, or what a module that is never
//! called declares. Arguments without a default of PyTorch's are always written, so a link never depends on what a
//! new row starts with; the others only where they differ.

use super::codes::{argument_key, argument_of_key, kind_code, split_code};
use super::value;
use crate::model::{Argument, Kind, Layer};

/// A token with more faults than this is read no further.
const MAX_MESSAGES: usize = 8;

/// A token, as far as it could be read.
pub(super) struct LayerToken<'a> {
    pub layer: Layer,
    /// What stands behind each `~`.
    pub numbers: Vec<&'a str>,
    pub name: Option<&'a str>,
    /// What could not be read.
    pub messages: Vec<String>,
}

/// A layer with its arguments.
pub(super) fn encode(layer: &Layer) -> String {
    let kind = layer.kind();
    let mut token = kind_code(kind).to_string();
    let first = kind.arguments().first().filter(|_| kind.required_arguments() > 0);
    for (name, value) in layer.written_arguments() {
        if Some(&name) != first {
            token.push_str(argument_key(name).unwrap_or(name));
        }
        token.push_str(&value::encode(&value));
    }
    token
}

/// Reads a token; `None` where it starts with no kind's code.
pub(super) fn decode(token: &str) -> Option<LayerToken<'_>> {
    let (kind, mut rest) = split_code(token)?;
    let mut decoded = LayerToken { layer: kind.layer(), numbers: Vec::new(), name: None, messages: Vec::new() };
    if kind.required_arguments() > 0
        && let Some(name) = kind.arguments().first()
        && starts_first_argument(kind, rest)
    {
        rest = decoded.take_value(name, rest);
    }
    while !rest.is_empty() && !rest.starts_with(['~', '_']) {
        if decoded.messages.len() >= MAX_MESSAGES {
            rest = "";
            break;
        }
        let key_end = rest.find(|letter: char| !letter.is_ascii_lowercase()).unwrap_or(rest.len());
        let (key, behind) = rest.split_at(key_end);
        rest = match argument_of_key(kind, key) {
            Some(name) => decoded.take_value(name, behind),
            None => decoded.skip(kind, key, rest),
        };
    }
    let (numbers, name) = rest.split_once('_').map_or((rest, None), |(numbers, name)| (numbers, Some(name)));
    decoded.numbers = numbers.split('~').skip(1).collect();
    decoded.name = name;
    Some(decoded)
}

impl LayerToken<'_> {
    /// Sets an argument from the value that the text starts with; gives the rest.
    fn take_value<'a>(&mut self, name: &str, text: &'a str) -> &'a str {
        let Some((value, rest)) = value::decode(text) else {
            let end = unreadable_end(text);
            let expected = self.layer.kind().expected(name).unwrap_or("something else");
            self.messages.push(format!("{name} is {expected}, not \"{}\"", &text[..end]));
            return &text[end..];
        };
        if let Err(error) = self.layer.set_argument(name, &value) {
            self.messages.push(error.to_string());
        }
        rest
    }

    /// Passes over what is no argument of the kind; gives the rest.
    fn skip<'a>(&mut self, kind: Kind, key: &str, text: &'a str) -> &'a str {
        let rest = match value::decode(&text[key.len()..]) {
            Some((_, rest)) if !key.is_empty() => rest,
            _ => &text[key.len() + unreadable_end(&text[key.len()..])..],
        };
        let skipped = &text[..text.len() - rest.len()];
        let class = kind.class();
        let message = if key.is_empty() {
            format!("\"{skipped}\" is nothing that {class} takes here")
        } else {
            format!("{class} has no argument \"{key}\"")
        };
        self.messages.push(message);
        rest
    }
}

/// Whether the first argument's value follows, and not a key, an input or a name.
fn starts_first_argument(kind: Kind, rest: &str) -> bool {
    match rest.chars().next() {
        None | Some('_') => false,
        Some('~') => {
            let expected = kind.arguments().first().and_then(|name| kind.expected(name));
            expected == Some(<String as Argument>::EXPECTED)
        }
        Some(first) => !first.is_ascii_lowercase(),
    }
}

/// Where a text that cannot be read ends: at least one character, up to a lowercase letter, an input or a name.
fn unreadable_end(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    let stop = letters.find(|(_, letter)| letter.is_ascii_lowercase() || matches!(letter, '~' | '_'));
    stop.map_or(text.len(), |(index, _)| index)
}
