//! Reads the sources as tokens: the paths that each file names.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::fs;
use std::path::{Path, PathBuf};

/// One source file, as the paths it names.
pub struct Source {
    /// Relative to the folder that was read.
    pub path: PathBuf,
    /// Where the file stands in the crate: `cost::units`; empty for `lib.rs`; a binary's name for a binary.
    pub module: Vec<String>,
    pub names: Vec<Name>,
}

/// What a source file names.
pub struct Name {
    pub line: usize,
    pub kind: NameKind,
    /// What a `use` calls it in the module it stands in.
    pub import: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A path of this crate, from its root.
    Own(Vec<String>),
    /// A path that begins neither with `crate`, `self` nor `super`: of another crate, or of what is in scope.
    Outside(Vec<String>),
    Unsafe,
}

/// All sources of a crate, in the order of their paths.
pub fn sources(folder: &Path) -> Vec<Source> {
    let mut files = Vec::new();
    rust_files(folder, &mut files);
    let sources: Vec<Source> = files.into_iter().map(|file| read_source(&file, folder)).collect();
    assert!(sources.iter().any(|source| source.module.is_empty()), "no lib.rs was read");
    sources
}

/// The names of the modules that tokens declare.
pub fn declared_modules(tokens: Vec<TokenTree>) -> Vec<String> {
    let pairs = tokens.windows(2);
    pairs.filter(|pair| is_word(&pair[0], "mod")).filter_map(|pair| word(&pair[1])).collect()
}

pub fn tokens(text: &str) -> Vec<TokenTree> {
    text.parse::<TokenStream>().expect("Rust tokens").into_iter().collect()
}

/// `cost/units.rs` and `cost/units/mod.rs` are `cost::units`; `lib.rs` is the root.
pub fn module_path(path: &Path) -> Option<Vec<String>> {
    let mut module = Vec::new();
    for part in path.with_extension("").iter() {
        module.push(part.to_str()?.to_owned());
    }
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    Some(module)
}

/// Adds the names in `tokens`, which stand in `module`.
pub fn collect(tokens: Vec<TokenTree>, module: &[String], names: &mut Vec<Name>) {
    let mut at = 0;
    while at < tokens.len() {
        let line = tokens[at].span().start().line;
        if is_word(&tokens[at], "mod")
            && let Some(inner) = tokens.get(at + 1).and_then(word)
            && let Some(TokenTree::Group(body)) = tokens.get(at + 2)
        {
            let module = [module, &[inner]].concat();
            collect(body.stream().into_iter().collect(), &module, names);
            at += 3;
        } else if is_word(&tokens[at], "use") {
            at += 1;
            let end =
                tokens[at..].iter().position(|token| is_sign(token, ';')).map_or(tokens.len(), |found| at + found);
            use_tree(&tokens[at..end], None, module, names);
            at = end;
        } else if is_word(&tokens[at], "unsafe") {
            names.push(Name { line, kind: NameKind::Unsafe, import: None });
            at += 1;
        } else if let TokenTree::Group(group) = &tokens[at] {
            collect(group.stream().into_iter().collect(), module, names);
            at += 1;
        } else if starts_path(&tokens, at) {
            let end = path_end(&tokens, at);
            let words: Vec<String> = tokens[at..end].iter().filter_map(word).collect();
            names.extend(follow(None, &words, module).map(|kind| Name { line, kind, import: None }));
            at = end;
        } else {
            at += 1;
        }
    }
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            rust_files(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

fn read_source(file: &Path, folder: &Path) -> Source {
    let path = file.strip_prefix(folder).unwrap().to_path_buf();
    let module = module_path(&path).unwrap_or_else(|| panic!("{}: not UTF-8", path.display()));
    let mut names = Vec::new();
    let text = fs::read_to_string(file).unwrap();
    collect(tokens(&text), &module, &mut names);
    Source { path, module, names }
}

/// Whether a path of several segments starts at `at`, rather than goes on as in `Vec::<u8>::new::<T>`.
fn starts_path(tokens: &[TokenTree], at: usize) -> bool {
    let goes_on = at >= 3
        && is_path_separator(tokens, at - 2)
        && (word(&tokens[at - 3]).is_some() || is_sign(&tokens[at - 3], '>'));
    word(&tokens[at]).is_some() && is_path_separator(tokens, at + 1) && !goes_on
}

fn path_end(tokens: &[TokenTree], start: usize) -> usize {
    let mut end = start + 1;
    while is_path_separator(tokens, end) && tokens.get(end + 2).and_then(word).is_some() {
        end += 3;
    }
    end
}

/// Adds the names of the tree behind `use`, or of one branch of a group whose prefix leads to `at`.
fn use_tree(tokens: &[TokenTree], at: Option<&NameKind>, module: &[String], names: &mut Vec<Name>) {
    let Some(first) = tokens.first() else { return };
    let line = first.span().start().line;
    let is_in_path = |token: &&TokenTree| word(token).is_some_and(|word| word != "as") || is_sign(token, ':');
    let path_length = tokens.iter().take_while(is_in_path).count();
    let words: Vec<String> = tokens[..path_length].iter().filter_map(word).collect();
    let kind = follow(at.cloned(), &words, module);
    if let Some(TokenTree::Group(group)) = tokens.get(path_length)
        && group.delimiter() == Delimiter::Brace
    {
        let branches: Vec<TokenTree> = group.stream().into_iter().collect();
        for branch in branches.split(|token| is_sign(token, ',')) {
            use_tree(branch, kind.as_ref(), module, names);
        }
    } else if let Some(kind) = kind {
        let last = match &kind {
            NameKind::Own(path) | NameKind::Outside(path) => path.last().cloned(),
            NameKind::Unsafe => None,
        };
        // Of `*` nothing is known but where it comes from.
        let is_glob = tokens.last().is_some_and(|token| is_sign(token, '*'));
        let renamed = tokens.get(path_length).filter(|token| is_word(token, "as")).and(tokens.last()).and_then(word);
        names.push(Name { line, kind, import: if is_glob { None } else { renamed.or(last) } });
    }
}

/// Where words lead from a place in the crate or outside it; from the module itself where there is none.
fn follow(start: Option<NameKind>, words: &[String], module: &[String]) -> Option<NameKind> {
    let mut place = start;
    for word in words {
        place = Some(match (word.as_str(), place) {
            ("crate", _) => NameKind::Own(Vec::new()),
            ("self", place) => place.unwrap_or_else(|| NameKind::Own(module.to_vec())),
            ("super", place) => match place.unwrap_or_else(|| NameKind::Own(module.to_vec())) {
                NameKind::Own(mut path) => {
                    path.pop();
                    NameKind::Own(path)
                }
                outside => outside,
            },
            (_, None) => NameKind::Outside(vec![word.clone()]),
            (_, Some(NameKind::Own(path))) => NameKind::Own([path, vec![word.clone()]].concat()),
            (_, Some(NameKind::Outside(path))) => NameKind::Outside([path, vec![word.clone()]].concat()),
            (_, Some(NameKind::Unsafe)) => NameKind::Unsafe,
        });
    }
    place
}

fn word(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    }
}

fn is_word(token: &TokenTree, wanted: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == wanted)
}

fn is_sign(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(sign) if sign.as_char() == wanted)
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    tokens.get(at..at + 2).is_some_and(|pair| pair.iter().all(|token| is_sign(token, ':')))
}
