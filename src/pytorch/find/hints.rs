//! Input shapes that a text gives: tensors in comments, docstrings, summaries.

use super::super::repair::characters::original_lines;
use crate::model::Dims;

/// A shape in the text, without the batch, and its line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ShapeHint {
    /// `[C, H, W]`, or `[H, W]` where the text names no channels.
    pub sizes: Vec<u64>,
    pub line: u32,
    /// Tensors made in code tell more than what a sentence says.
    pub strength: u8,
}

/// All shapes that a text gives, best first.
pub(crate) fn find(text: &str, clean: &str) -> Vec<ShapeHint> {
    let mut hints = Vec::new();
    let mut code = clean.split('\n');
    let mut in_docstring = false;
    for (index, line) in original_lines(text).into_iter().enumerate().take(20_000) {
        let line: String = line.chars().take(2000).collect();
        let number = index as u32 + 1;
        let code = code.next().unwrap_or_default();
        let quotes = code.matches("\"\"\"").count() + code.matches("'''").count();
        // What is no code is said by somebody.
        let is_said = in_docstring || quotes > 0 || code.trim().is_empty();
        in_docstring ^= quotes % 2 == 1;
        for (sizes, strength) in in_line(&line, is_said) {
            hints.push(ShapeHint { sizes, line: number, strength });
        }
    }
    hints.sort_by_key(|hint| std::cmp::Reverse(hint.strength));
    hints
}

fn in_line(line: &str, is_said: bool) -> Vec<(Vec<u64>, u8)> {
    let mut found = Vec::new();
    let lower = line.to_lowercase();
    for maker in ["randn(", "zeros(", "ones(", "rand(", "empty(", "randint("] {
        if let Some(at) = lower.find(&format!("torch.{maker}")) {
            let inside = bracketed(&lower[at + 6 + maker.len() - 1..]);
            if let Some(sizes) = numbers(inside).and_then(sample) {
                found.push((sizes, 9));
            }
        }
    }
    for call in
        ["summary(", "input_size=", "input_size =", "get_model_complexity_info(", "input_shape=", "input_shape ="]
    {
        if let Some(at) = lower.find(call) {
            let rest = &lower[at + call.len()..];
            if let Some(open) = rest.find('(').or_else(|| rest.find('[')) {
                let inside = bracketed(&rest[open..]);
                if let Some(sizes) = numbers(inside).and_then(sample) {
                    found.push((sizes, 8));
                }
            }
        }
    }
    let remark = comment(line, is_said);
    if let Some(remark) = remark {
        found.extend(in_remark(&remark.to_lowercase(), line.contains('#')));
    }
    found
}

/// The comment of a line, or the line itself where it is no code.
fn comment(line: &str, is_said: bool) -> Option<&str> {
    if let Some(at) = line.find('#') {
        return Some(&line[at + 1..]);
    }
    is_said.then_some(line)
}

/// `(N, 3, 32, 32)`, `[batch, 1, 40 mel bins, 101 frames]`, `3x224x224`, `28x28 grayscale`.
fn in_remark(remark: &str, in_comment: bool) -> Vec<(Vec<u64>, u8)> {
    let mut found = Vec::new();
    // What comes out of a layer, or happens in the middle, is no input.
    let about_input = ["input", "x:", "image", "shape", "size", "x is", "expects", "sample", "spectrogram", "feed"]
        .iter()
        .any(|word| remark.contains(word));
    let about_output = ["output", "out:", "->", "after", "return", "state size"].iter().any(|word| {
        remark
            .find(word)
            .is_some_and(|at| !["input", "x:"].iter().any(|first| remark.find(first).is_some_and(|start| start < at)))
    });
    if !about_output {
        for (at, _) in remark.match_indices(['(', '[']) {
            let inside = bracketed(&remark[at..]);
            if let Some(sizes) = described(inside) {
                found.push((sizes, if about_input { 6 } else { 2 }));
            }
        }
        // `64 * 2` is a product where nothing says otherwise.
        let remark = if in_comment || about_input { remark.replace('*', "x") } else { remark.to_string() };
        if let Some(sizes) = crossed(&remark) {
            found.push((sizes, if about_input { 5 } else { 2 }));
        }
    }
    found
}

/// What stands between a bracket and its closing one.
fn bracketed(text: &str) -> &str {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => {
                depth -= 1;
                if depth == 0 {
                    return &text[1..at];
                }
            }
            _ => {}
        }
    }
    text.get(1..).unwrap_or_default()
}

/// Plain numbers with commas between: `1, 3, 32, 32`.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let text = text.replace(['(', ')', '[', ']'], " ");
    let text = text.split("size=").last().unwrap_or_default();
    let mut sizes = Vec::new();
    for part in text.split(',') {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        if part.contains('=') {
            break;
        }
        let is_batch = sizes.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        match part.parse::<u64>() {
            Ok(size) if size >= 1 => sizes.push(size),
            _ if is_batch => sizes.push(1),
            _ => return None,
        }
    }
    (!sizes.is_empty()).then_some(sizes)
}

/// Numbers with words around them, a letter or a word for the batch.
fn described(text: &str) -> Option<Vec<u64>> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if !(3..=4).contains(&parts.len()) {
        return None;
    }
    let number = |part: &str| {
        let digits: String =
            part.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        let rest = part.replacen(&digits, "", 1);
        let plain = !rest.contains(|c: char| c.is_ascii_digit() || matches!(c, '/' | '*' | '+' | '(' | '='));
        digits.parse::<u64>().ok().filter(|&size| size >= 1 && plain && part.len() < 24)
    };
    let batch_word = parts[0].chars().all(|c| c.is_alphabetic() || matches!(c, '_' | ' ' | '-' | '1'));
    let rest: Option<Vec<u64>> = parts[1..].iter().map(|part| number(part)).collect();
    match (parts.len(), rest) {
        (4, Some(rest)) if batch_word || number(parts[0]).is_some() => Some(rest),
        (3, Some(_)) if !batch_word => parts.iter().map(|part| number(part)).collect(),
        _ => None,
    }
}

/// `3x224x224`, `28 x 28`, `32×32×3`.
fn crossed(remark: &str) -> Option<Vec<u64>> {
    let text: String = remark.replace('×', "x");
    let mut best = None;
    let characters: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        if !characters[at].is_ascii_digit()
            || (at > 0 && (characters[at - 1].is_alphanumeric() || characters[at - 1] == '_'))
        {
            at += 1;
            continue;
        }
        let mut sizes = Vec::new();
        let mut place = at;
        loop {
            let digits: String = characters[place..].iter().take_while(|c| c.is_ascii_digit()).take(7).collect();
            let Ok(size) = digits.parse::<u64>() else { break };
            sizes.push(size);
            place += digits.len();
            let spaces = characters[place..].iter().take_while(|c| **c == ' ').count();
            let cross = place + spaces;
            let after = cross
                + 1
                + characters.get(cross + 1..).map_or(0, |rest| rest.iter().take_while(|c| **c == ' ').count());
            if characters.get(cross) == Some(&'x') && characters.get(after).is_some_and(char::is_ascii_digit) {
                place = after;
            } else {
                break;
            }
        }
        at = place.max(at + 1);
        // `32x4d` is a name.
        let is_name = characters.get(place).is_some_and(|next| next.is_alphanumeric() || *next == '_');
        let plausible =
            !is_name && sizes.iter().all(|&size| (1..=8192).contains(&size)) && sizes.iter().max() >= Some(&8);
        if (2..=4).contains(&sizes.len()) && plausible && best.is_none() {
            // Height, width, channels, as pictures are described.
            if let [height, width, channels @ (1 | 3)] = sizes[..]
                && height > 4
                && width > 4
            {
                sizes = vec![channels, height, width];
            }
            if sizes.len() == 4 {
                sizes.remove(0);
            }
            best = Some(sizes);
        }
    }
    best
}

/// One sample's sizes, from a tensor's: `1, 3, 32, 32` has a batch.
fn sample(sizes: Vec<u64>) -> Option<Vec<u64>> {
    match sizes.len() {
        4 => Some(sizes[1..].to_vec()),
        3 => Some(sizes),
        2 => Some(sizes[1..].to_vec()),
        1 if sizes[0] > 1 => Some(sizes),
        _ => None,
    }
}

impl ShapeHint {
    /// The input it stands for, where the first layer takes so many channels.
    pub(crate) fn input(&self, channels: Option<u64>) -> Option<Dims> {
        match (self.sizes.as_slice(), channels) {
            (&[c, h, w], Some(channels)) if c == channels => Dims::new(&[c, h, w]),
            (&[h, w, c], Some(channels)) if c == channels && h > 4 => Dims::new(&[c, h, w]),
            (&[_, _, _], Some(_)) => None,
            (&[h, w], Some(channels)) => Dims::new(&[channels, h, w]),
            (_, None) => Dims::new(&self.sizes),
            _ => None,
        }
    }
}
