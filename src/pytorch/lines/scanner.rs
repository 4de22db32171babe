//! Brackets and quotes, character by character.

use super::{BracketProblem, note};

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
    /// The quote of an open triple-quoted string, and its line.
    pub triple: Option<(char, usize)>,
    /// The line ends with a backslash.
    pub continues: bool,
    pub too_deep: bool,
}

impl Scanner {
    pub fn closers(&self) -> String {
        self.open.iter().rev().map(|&(bracket, ..)| closing(bracket)).collect()
    }

    /// Takes in one line, mending what is wrong in it.
    pub fn line(&mut self, lines: &mut [String], index: usize, problems: &mut Vec<BracketProblem>) {
        let mut characters: Vec<char> = lines[index].chars().collect();
        let mut mended = false;
        self.continues = false;
        let mut at = 0;
        while at < characters.len() {
            let character = characters[at];
            let triple_here = |quote: char| characters[at..].iter().take(3).filter(|&&next| next == quote).count() == 3;
            if let Some((quote, _)) = self.triple {
                if character == '\\' {
                    at += 2;
                    continue;
                }
                if character == quote && triple_here(quote) {
                    self.triple = None;
                    at += 3;
                    continue;
                }
                at += 1;
                continue;
            }
            match character {
                '#' => break,
                '"' | '\'' if triple_here(character) => {
                    self.triple = Some((character, index));
                    at += 3;
                    continue;
                }
                '"' | '\'' => {
                    let mut end = at + 1;
                    while end < characters.len() && characters[end] != character {
                        end += if characters[end] == '\\' { 2 } else { 1 };
                    }
                    if end >= characters.len() {
                        if characters.last() == Some(&'\\') {
                            // The string goes on in the next line: rare, and the parser's business.
                            self.continues = true;
                            return;
                        }
                        let message = format!("unterminated string literal (detected at line {})", index + 1);
                        note(problems, BracketProblem { line: index, unclosed: false, message, closed_at: None });
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
                    self.too_deep |= self.open.len() >= DEEPEST_NESTING;
                    self.open.push((character, index, 0));
                }
                ')' | ']' | '}' => match self.open.pop() {
                    Some((bracket, _, inside)) => {
                        self.operators_inside -= inside;
                        if closing(bracket) != character {
                            let message = format!(
                                "closing parenthesis '{character}' does not match opening parenthesis '{bracket}'"
                            );
                            note(problems, BracketProblem { line: index, unclosed: false, message, closed_at: None });
                            characters[at] = closing(bracket);
                            mended = true;
                        }
                    }
                    None => {
                        let message = format!("unmatched '{character}'");
                        note(problems, BracketProblem { line: index, unclosed: false, message, closed_at: None });
                        characters[at] = ' ';
                        mended = true;
                    }
                },
                ',' => match self.open.last_mut() {
                    Some((_, _, operators)) => self.operators_inside -= std::mem::take(operators),
                    None => self.operators = 0,
                },
                '\\' if at + 1 == characters.len() => self.continues = true,
                '+' | '-' | '*' | '/' | '.' | '~' | '<' | '>' | '=' | '!' | '&' | '|' | '^' | '%' | '@' | ':' | ' ' => {
                    // Spaces stand for the words `not`, `if`, `lambda`, `in` between them.
                    let counts = character != ' ' || is_operator_word(&characters[at + 1..]);
                    if counts {
                        match self.open.last_mut() {
                            Some((_, _, operators)) => {
                                *operators += 1;
                                self.operators_inside += 1;
                            }
                            None => self.operators += 1,
                        }
                    }
                }
                _ => {}
            }
            self.too_deep |= self.operators + self.operators_inside > DEEPEST_OPERATORS;
            at += 1;
        }
        if mended {
            lines[index] = characters.into_iter().collect();
        }
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
