//! Brackets and quotes, character by character.

use super::{Fault, LineProblem, note};

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
    /// An open triple-quoted string.
    pub triple: Option<Triple>,
    /// Within strings that are formatted. A string's quote within one may look like its end: what is open then stays.
    formatted: Formatted,
    /// The line ends with a backslash.
    pub continues: bool,
    pub too_deep: bool,
}

/// A triple-quoted string.
#[derive(Clone, Copy)]
pub(super) struct Triple {
    pub quote: char,
    /// The one it starts in.
    pub line: usize,
    is_formatted: bool,
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
    /// Takes in the character at the front; gives how many characters that was.
    fn take(&mut self, characters: &[char]) -> usize {
        match characters {
            ['\\', ..] => return 2,
            ['{', '{', ..] | ['}', '}', ..] if self.depth == 0 => return 2,
            ['{', ..] => {
                self.depth += 1;
                self.operators += 1;
            }
            [_, ..] if self.depth == 0 => {}
            ['(' | '[', ..] => {
                self.depth += 1;
                self.operators += 1;
            }
            ['}' | ')' | ']', ..] => {
                self.depth -= 1;
                self.operators *= usize::from(self.depth > 0);
            }
            [sign, rest @ ..] => self.operators += usize::from(is_operator(*sign, rest)),
            [] => {}
        }
        1
    }
}

impl Scanner {
    pub fn closers(&self) -> String {
        self.open.iter().rev().map(|&(bracket, ..)| closing(bracket)).collect()
    }

    /// Takes in one line, mending what is wrong in it.
    pub fn line(&mut self, lines: &mut [String], index: usize, problems: &mut Vec<LineProblem>) {
        let mut characters: Vec<char> = lines[index].chars().collect();
        let mut mended = false;
        self.continues = false;
        let mut at = 0;
        while at < characters.len() {
            let character = characters[at];
            let triple_here = |quote: char| characters[at..].iter().take(3).filter(|&&next| next == quote).count() == 3;
            if let Some(Triple { quote, is_formatted, .. }) = self.triple {
                if character == quote && triple_here(quote) {
                    self.triple = None;
                    at += 3;
                } else if is_formatted {
                    at += self.formatted.take(&characters[at..]);
                    self.bound();
                } else {
                    at += if character == '\\' { 2 } else { 1 };
                }
                continue;
            }
            match character {
                '#' => break,
                '"' | '\'' if triple_here(character) => {
                    let is_formatted = is_formatted(&characters[..at]);
                    self.triple = Some(Triple { quote: character, line: index, is_formatted });
                    at += 3;
                    continue;
                }
                '"' | '\'' => {
                    let is_formatted = is_formatted(&characters[..at]);
                    let mut end = at + 1;
                    while end < characters.len() && characters[end] != character {
                        end += match characters[end] {
                            _ if is_formatted => self.formatted.take(&characters[end..]),
                            '\\' => 2,
                            _ => 1,
                        };
                        self.bound();
                    }
                    if end >= characters.len() {
                        if characters.last() == Some(&'\\') {
                            // The string goes on in the next line: rare, and the parser's business.
                            self.continues = true;
                            return;
                        }
                        let message = format!("unterminated string literal (detected at line {})", index + 1);
                        note(problems, LineProblem { line: index, fault: Fault::Other, message, closed_at: None });
                        characters.push(character);
                        mended = true;
                        at = characters.len();
                        continue;
                    }
                    at = end + 1;
                    continue;
                }
                '(' | '[' | '{' => {
                    self.operators += 1;
                    self.open.push((character, index, 0));
                }
                ')' | ']' | '}' => match self.open.pop() {
                    Some((bracket, _, inside)) => {
                        self.operators_inside -= inside;
                        if closing(bracket) != character {
                            let message = format!(
                                "closing parenthesis '{character}' does not match opening parenthesis '{bracket}'"
                            );
                            note(problems, LineProblem { line: index, fault: Fault::Other, message, closed_at: None });
                            characters[at] = closing(bracket);
                            mended = true;
                        }
                    }
                    None => {
                        let message = format!("unmatched '{character}'");
                        note(problems, LineProblem { line: index, fault: Fault::Other, message, closed_at: None });
                        characters[at] = ' ';
                        mended = true;
                    }
                },
                ',' => match self.open.last_mut() {
                    Some((_, _, operators)) => self.operators_inside -= std::mem::take(operators),
                    None => self.operators = 0,
                },
                '\\' if at + 1 == characters.len() => self.continues = true,
                sign if is_operator(sign, &characters[at + 1..]) => match self.open.last_mut() {
                    Some((_, _, operators)) => {
                        *operators += 1;
                        self.operators_inside += 1;
                    }
                    None => self.operators += 1,
                },
                _ => {}
            }
            self.bound();
            at += 1;
        }
        if mended {
            lines[index] = characters.into_iter().collect();
        }
    }

    fn bound(&mut self) {
        let operators = self.operators + self.operators_inside + self.formatted.operators;
        self.too_deep |= self.open.len() + self.formatted.depth > DEEPEST_NESTING || operators > DEEPEST_OPERATORS;
    }
}

/// Whether a string is formatted, by what stands before its quote: `f`, `rf`, `t`.
fn is_formatted(before: &[char]) -> bool {
    let prefix = before.iter().rev().take_while(|character| character.is_alphanumeric() || **character == '_');
    let prefix: String = prefix.take(3).map(char::to_ascii_lowercase).collect();
    matches!(prefix.as_str(), "f" | "fr" | "rf" | "t" | "tr" | "rt")
}

/// Whether a sign is an operator, before what follows it. Spaces stand for the words `not`, `if`, `lambda`, `in`
/// between them.
fn is_operator(sign: char, rest: &[char]) -> bool {
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

fn is_operator_word(rest: &[char]) -> bool {
    const WORDS: [&str; 9] = ["not ", "if ", "else ", "lambda ", "in ", "is ", "and ", "or ", "await "];
    WORDS.iter().any(|word| rest.len() >= word.len() && rest.iter().zip(word.chars()).all(|(&one, other)| one == other))
}
