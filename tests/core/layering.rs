//! Imports run downward: a module sees only the modules that [`LAYERS`] gives it.
//!
//! The sources are read as tokens, so comments and strings do not count, and paths inside macros do.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module of `src/lib.rs`, top-down in the order of its `mod` lines, and what it may see of the crate.
/// A new module gets a line here.
const LAYERS: &[(&str, &[&str])] = &[
    ("decimal", &[]),
    ("model", &["decimal"]),
    ("shape", &["decimal", "model"]),
    ("lifetime", &["model", "shape"]),
    ("cost", &["decimal", "model", "shape", "lifetime"]),
    ("selfcheck", &["model", "shape", "cost"]),
    ("rewrite", &["model", "shape"]),
    ("workbench", &["decimal", "model", "shape", "cost", "rewrite"]),
    ("compare", &["decimal", "model", "shape", "lifetime", "cost", "rewrite"]),
    ("device", &["model", "shape", "lifetime", "cost", "rewrite"]),
    ("advice", &["model", "shape", "lifetime", "cost", "rewrite", "compare", "device"]),
    ("explore", &["model", "shape", "lifetime", "cost", "rewrite", "device"]),
    ("engine", &["decimal", "model", "shape"]),
    ("transplant", &["model", "shape", "rewrite", "engine"]),
    ("share_link", &["decimal", "model", "rewrite", "workbench"]),
    ("pytorch", &["decimal", "model", "shape"]),
    ("report", &["model", "shape", "lifetime", "cost", "rewrite", "workbench", "compare", "device"]),
    (
        "chart",
        &[
            "model",
            "shape",
            "lifetime",
            "cost",
            "rewrite",
            "workbench",
            "compare",
            "device",
            "advice",
            "explore",
            "engine",
        ],
    ),
    ("page", &[]),
    (
        "job",
        &[
            "model",
            "shape",
            "lifetime",
            "cost",
            "rewrite",
            "workbench",
            "compare",
            "device",
            "advice",
            "explore",
            "engine",
            "transplant",
            "share_link",
            "pytorch",
            "report",
        ],
    ),
    (
        "ui",
        &[
            "decimal",
            "model",
            "shape",
            "lifetime",
            "cost",
            "selfcheck",
            "rewrite",
            "workbench",
            "compare",
            "device",
            "advice",
            "explore",
            "engine",
            "share_link",
            "pytorch",
            "report",
            "chart",
            "page",
            "job",
        ],
    ),
];

/// Modules that never see one another, in either direction.
const STRANGERS: &[&str] = &["cost", "engine", "share_link", "pytorch"];

/// External crates that only some modules may name. `main` is the page's binary, `listener` what the workers' share.
const GUARDED_CRATES: &[(&str, &[&str])] = &[
    ("leptos", &["ui", "main"]),
    ("web_sys", &["ui", "main", "listener"]),
    ("js_sys", &["ui", "main", "listener"]),
    ("wasm_bindgen", &["decimal", "ui", "main", "listener"]),
    ("wasm_bindgen_futures", &["ui", "main", "listener"]),
    ("console_error_panic_hook", &["ui", "main", "listener"]),
    ("plotters", &["chart", "ui"]),
    ("plotters_canvas", &["ui"]),
    ("serde", &["job"]),
    ("postcard", &["job"]),
    ("serde_json", &[]),
    ("ruff_python_parser", &["pytorch"]),
    ("ruff_python_ast", &["pytorch"]),
    ("ruff_text_size", &["pytorch"]),
];

/// One source file, as the paths it names.
struct Source {
    /// Relative to `src`.
    path: PathBuf,
    /// Where the file stands in the crate: `cost::units`; empty for `lib.rs`; a binary's name for a binary.
    module: Vec<String>,
    names: Vec<Name>,
}

/// A path in a source file, up to the segment that decides.
struct Name {
    line: usize,
    kind: NameKind,
}

enum NameKind {
    /// A top-level module of this crate.
    Module(String),
    /// The first segment of a path or of a `use` that is neither `crate`, `self` nor `super`.
    Outside(String),
    Unsafe,
}

#[test]
fn modules_stand_in_the_order_of_the_layers() {
    let text = fs::read_to_string(source_folder().join("lib.rs")).unwrap();
    let declared = declared_modules(tokens(&text));
    let known: Vec<&str> = LAYERS.iter().map(|(module, _)| *module).collect();
    let expected: Vec<&str> =
        known.iter().copied().filter(|module| declared.iter().any(|name| name == module)).collect();
    assert_eq!(declared, expected, "the `mod` lines of src/lib.rs, against LAYERS (each module needs a line there)");
    for (at, (module, allowed)) in LAYERS.iter().enumerate() {
        for below in *allowed {
            assert!(known[..at].contains(below), "LAYERS lets {module} see {below}, which does not stand above it");
            let strangers = STRANGERS.contains(module) && STRANGERS.contains(below);
            assert!(!strangers, "LAYERS lets {module} see {below}; they are strangers");
        }
    }
}

#[test]
fn imports_run_downward() {
    let allowed: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut violations = Vec::new();
    for source in sources() {
        let Some(own) = source.module.first() else { continue };
        let Some(allowed) = allowed.get(own.as_str()) else { continue };
        for name in &source.names {
            if let NameKind::Module(seen) = &name.kind
                && seen != own
                && !allowed.contains(&seen.as_str())
            {
                violations.push(format!("src/{}:{}: {own} sees {seen}", source.path.display(), name.line));
            }
        }
    }
    assert!(violations.is_empty(), "imports that do not run downward:\n{}", violations.join("\n"));
}

#[test]
fn outside_crates_stay_in_their_place() {
    let mut violations = Vec::new();
    let mut parser_modules = BTreeSet::new();
    for source in sources() {
        let own = source.module.first().map_or("lib", String::as_str);
        for name in &source.names {
            let NameKind::Outside(seen) = &name.kind else { continue };
            let Some((_, homes)) = GUARDED_CRATES.iter().find(|(guarded, _)| guarded == seen) else { continue };
            if !homes.contains(&own) {
                violations.push(format!("src/{}:{}: {own} names {seen}", source.path.display(), name.line));
            }
            if seen.starts_with("ruff_") {
                parser_modules.insert(source.module.iter().take(3).cloned().collect::<Vec<_>>());
            }
        }
    }
    assert!(violations.is_empty(), "crates named outside their place:\n{}", violations.join("\n"));
    let syntax = ["pytorch", "python", "parse"].map(str::to_string).to_vec();
    assert_eq!(parser_modules, BTreeSet::from([syntax]), "one module knows the Python parser");
}

#[test]
fn unsafe_code_is_in_the_kernels_package_only() {
    let mut violations = Vec::new();
    for source in sources() {
        for name in &source.names {
            if matches!(name.kind, NameKind::Unsafe) {
                violations.push(format!("src/{}:{}", source.path.display(), name.line));
            }
        }
    }
    assert!(violations.is_empty(), "`unsafe` outside kernels/:\n{}", violations.join("\n"));
}

#[test]
fn the_reader_sees_every_form_of_a_path() {
    let text = r#"
        //! crate::comment::X
        use crate::{alpha::X, beta::{Y, Z}, gamma};
        use super::delta::W;
        use {leptos::prelude::*, ::serde::Serialize};
        /// crate::doc::X
        fn f() { let _ = crate::epsilon::g(); let _ = "crate::text::X"; view! { <p>{crate::zeta::h()}</p> } }
        mod tests { use super::super::eta::T; use super::own::U; use self::V; use std::fmt; }
        fn h(x: web_sys::Window) { x.crate_like(); unsafe { ::postcard::g() } }
    "#;
    let mut found = Vec::new();
    collect(tokens(text), &module_path(Path::new("cost/units.rs")).unwrap()[..1], &mut found);
    let words: Vec<String> = found
        .into_iter()
        .map(|name| match name.kind {
            NameKind::Module(module) => module,
            NameKind::Outside(krate) => format!("::{krate}"),
            NameKind::Unsafe => "unsafe".into(),
        })
        .collect();
    let expected = [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "::leptos",
        "::serde",
        "epsilon",
        "zeta",
        "eta",
        "cost",
        "cost",
        "::std",
        "::web_sys",
        "unsafe",
        "::postcard",
    ];
    assert_eq!(words, expected);
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    rust_files(&source_folder(), &mut files);
    let sources: Vec<Source> = files.into_iter().map(|file| read_source(&file)).collect();
    assert!(sources.iter().any(|source| source.module.is_empty()), "no src/lib.rs was read");
    sources
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

fn read_source(file: &Path) -> Source {
    let path = file.strip_prefix(source_folder()).unwrap().to_path_buf();
    let module = module_path(&path).unwrap_or_else(|| panic!("src/{}: not UTF-8", path.display()));
    let mut names = Vec::new();
    let text = fs::read_to_string(file).unwrap();
    collect(tokens(&text), &module, &mut names);
    Source { path, module, names }
}

/// `cost/units.rs` and `cost/units/mod.rs` are `cost::units`; `lib.rs` is the root.
fn module_path(path: &Path) -> Option<Vec<String>> {
    let mut module = Vec::new();
    for part in path.with_extension("").iter() {
        module.push(part.to_str()?.to_owned());
    }
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    Some(module)
}

fn tokens(text: &str) -> Vec<TokenTree> {
    text.parse::<TokenStream>().expect("Rust tokens").into_iter().collect()
}

fn declared_modules(tokens: Vec<TokenTree>) -> Vec<String> {
    let pairs = tokens.windows(2);
    pairs.filter(|pair| is_word(&pair[0], "mod")).filter_map(|pair| word(&pair[1])).collect()
}

/// Adds the names in `tokens`, which stand in `module`.
fn collect(tokens: Vec<TokenTree>, module: &[String], names: &mut Vec<Name>) {
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
            names.push(Name { line, kind: NameKind::Unsafe });
            at += 1;
        } else if let TokenTree::Group(group) = &tokens[at] {
            collect(group.stream().into_iter().collect(), module, names);
            at += 1;
        } else if starts_path(&tokens, at) {
            let end = path_end(&tokens, at);
            path_name(&tokens[at..end], None, module, names);
            at = end;
        } else {
            at += 1;
        }
    }
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

/// The tree behind `use`, or one branch of a group whose prefix leads to `at` (`None`: the branch starts a path).
fn use_tree(tokens: &[TokenTree], at: Option<&[String]>, module: &[String], names: &mut Vec<Name>) {
    let tokens = if is_path_separator(tokens, 0) { &tokens[2..] } else { tokens };
    let words = tokens.iter().take_while(|token| word(token).is_some() || is_sign(token, ':')).count();
    match tokens.get(words) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let place = place(&tokens[..words], at, module);
            if words > 0 && place.as_ref().is_none_or(|place| !place.is_empty()) {
                // The prefix already names a module or a crate.
                return path_name(&tokens[..words], at, module, names);
            }
            let branches: Vec<TokenTree> = group.stream().into_iter().collect();
            for branch in branches.split(|token| is_sign(token, ',')) {
                use_tree(branch, place.as_deref(), module, names);
            }
        }
        _ => path_name(&tokens[..words], at, module, names),
    }
}

/// The module of this crate that a path's `crate`, `self`, `super` and following words lead to; `None` outside.
fn place(tokens: &[TokenTree], at: Option<&[String]>, module: &[String]) -> Option<Vec<String>> {
    let mut place = at.map(<[String]>::to_vec);
    for segment in tokens.iter().filter_map(word) {
        place = Some(match (segment.as_str(), place) {
            ("crate", _) => Vec::new(),
            ("self", place) => place.unwrap_or_else(|| module.to_vec()),
            ("super", place) => {
                let mut place = place.unwrap_or_else(|| module.to_vec());
                place.pop();
                place
            }
            (_, None) => return None,
            (_, Some(mut place)) => {
                place.push(segment);
                place
            }
        });
    }
    place
}

fn path_name(tokens: &[TokenTree], at: Option<&[String]>, module: &[String], names: &mut Vec<Name>) {
    let Some(first) = tokens.first() else { return };
    let line = first.span().start().line;
    let kind = match place(tokens, at, module) {
        Some(place) => place.into_iter().next().map(NameKind::Module),
        None => word(first).map(NameKind::Outside),
    };
    names.extend(kind.map(|kind| Name { line, kind }));
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
