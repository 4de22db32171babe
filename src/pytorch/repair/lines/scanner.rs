//! Brackets and quotes, character by character.

use super::super::strings::{Piece, Strings};
use super::fault::{Fault, LineProblem, note};

/// Brackets may stand in each other as deep as this.
const DEEPEST_NESTING: usize = 60;
/// Operators may stand in each other as deep as this within a statement.
const DEEPEST_OPERATORS: usize = 200;

/// Where a scan stands within a text.
#[derive(Default)]
pub(super) struct Scanner {
    /// Open brackets: the bracket, its line, and the operators since its last comma.
    pub open: Vec<(char, usize, usize)>,
    /// Operators since the last comma outside of brackets. What a closed bracket is one of: `f(a)(b)(c)` is deep, too.
    operators: usize,
    /// Of all open brackets.
    operators_inside: usize,
    strings: Strings,
    /// The line where the open string starts.
    string_line: usize,
    /// Within strings that are formatted. A string's quote within one may look like its end: what is open then stays.
    formatted: Formatted,
    /// The line ends with a backslash.
    pub continues: bool,
    pub too_deep: bool,
}

/// Expressions within a string: `f"{x:>{width}}"`.
#[derive(Default)]
struct Formatted {
    /// Open brackets; 0: in the string's own text.
    depth: usize,
    /// Since the outermost bracket.
    operators: usize,
}

impl Formatted {
    /// Takes in the character at the front; gives how many more are one with it.
    fn take(&mut self, rest: &str) -> usize {
        let mut characters = rest.chars();
        let first = characters.next();
        match first {
            Some('\\') => {}
            // Doubled ones are text.
            Some('{' | '}') if self.depth == 0 && characters.next() == first => return 1,
            Some('{') => {
                self.depth += 1;
                self.operators += 1;
            }
            Some(_) if self.depth == 0 => {}
            Some('(' | '[') => {
                self.depth += 1;
                self.operators += 1;
            }
            Some('}' | ')' | ']') => {
                self.depth -= 1;
                self.operators *= usize::from(self.depth > 0);
            }
            Some(sign) => self.operators += usize::from(is_operator(sign, characters.as_str())),
            None => {}
        }
        0
    }
}

impl Scanner {
    pub(super) fn closers(&self) -> String {
        self.open.iter().rev().map(|&(bracket, ..)| closing(bracket)).collect()
    }

    /// The quote of a triple-quoted string that is open, and the line where it starts.
    pub(super) fn triple(&self) -> Option<(char, usize)> {
        self.strings.open.map(|open| (open.quote, self.string_line))
    }

    /// Takes in one line, mending what is wrong in it.
    pub(super) fn line(&mut self, lines: &mut [String], index: usize, problems: &mut Vec<LineProblem>) {
        let line = std::mem::take(&mut lines[index]);
        let mut mended = String::with_capacity(line.len());
        self.continues = false;
        let mut at = 0;
        while at < line.len() {
            let was_open = self.strings.open;
            let (piece, length) = self.strings.read(&line, at);
            let text = &line[at..at + length];
            at += length;
            match piece {
                Piece::Code => {
                    let character = text.chars().next().unwrap_or(' ');
                    mended.push(self.code(character, &line[at..], index, problems));
                }
                Piece::Text if was_open.is_some_and(|open| open.is_formatted) => {
                    let more = self.formatted.take(&line[at - length..]);
                    mended.push_str(text);
                    mended.push_str(&line[at..at + more]);
                    at += more;
                }
                Piece::Quotes if was_open.is_none() => {
                    self.string_line = index;
                    mended.push_str(text);
                }
                Piece::Text | Piece::Quotes | Piece::Comment => mended.push_str(text),
            }
            self.bound();
        }
        match self.strings.open {
            // The string goes on in the next line: rare, and the parser's business.
            Some(open) if !open.is_triple && line.ends_with('\\') => self.continues = true,
            Some(open) if !open.is_triple => {
                let message = format!("unterminated string literal (detected at line {})", index + 1);
                note(problems, LineProblem { line: index, fault: Fault::Other, message, closed_at: None });
                mended.push(open.quote);
            }
            _ => {}
        }
        self.strings.end_line();
        lines[index] = mended;
    }

    /// Takes in a character of code before what follows it; gives the one that is meant.
    fn code(&mut self, character: char, rest: &str, line: usize, problems: &mut Vec<LineProblem>) -> char {
        let mut wrong = |message| note(problems, LineProblem { line, fault: Fault::Other, message, closed_at: None });
        match character {
            '(' | '[' | '{' => {
                match self.open.last_mut() {
                    Some((_, _, operators)) => {
                        *operators += 1;
                        self.operators_inside += 1;
                    }
                    None => self.operators += 1,
                }
                self.open.push((character, line, 0));
            }
            ')' | ']' | '}' => {
                let Some((bracket, _, inside)) = self.open.pop() else {
                    wrong(format!("unmatched '{character}'"));
                    return ' ';
                };
                self.operators_inside -= inside;
                if closing(bracket) != character {
                    wrong(format!("closing parenthesis '{character}' does not match opening parenthesis '{bracket}'"));
                    return closing(bracket);
                }
            }
            ',' => match self.open.last_mut() {
                Some((_, _, operators)) => self.operators_inside -= std::mem::take(operators),
                None => self.operators = 0,
            },
            '\\' if rest.is_empty() => self.continues = true,
            sign if is_operator(sign, rest) => match self.open.last_mut() {
                Some((_, _, operators)) => {
                    *operators += 1;
                    self.operators_inside += 1;
                }
                None => self.operators += 1,
            },
            _ => {}
        }
        character
    }

    fn bound(&mut self) {
        let operators = self.operators + self.operators_inside + self.formatted.operators;
        self.too_deep |= self.open.len() + self.formatted.depth > DEEPEST_NESTING || operators > DEEPEST_OPERATORS;
    }
}

/// Whether a sign is an operator, before what follows it. Spaces stand for the words `not`, `if`, `lambda`, `in`
/// between them.
fn is_operator(sign: char, rest: &str) -> bool {
    match sign {
        ' ' => is_operator_word(rest),
        sign => "+-*/.~<>=!&|^%@:".contains(sign),
    }
}

fn closing(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

fn is_operator_word(rest: &str) -> bool {
    const WORDS: [&str; 9] = ["not ", "if ", "else ", "lambda ", "in ", "is ", "and ", "or ", "await "];
    WORDS.iter().any(|word| rest.starts_with(word))
}
