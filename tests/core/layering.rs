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

/// The rooms of `pytorch`, top-down, and what each sees of the others. Python knows nothing of PyTorch.
const ROOMS_OF_PYTORCH: &[(&str, &[&str])] = &[
    ("problem", &[]),
    ("result", &["problem"]),
    ("write", &[]),
    ("python", &["problem"]),
    ("torch", &["problem", "result", "write", "python"]),
    ("repair", &["problem", "python"]),
    ("find", &["problem", "result", "python", "torch", "repair"]),
    ("import", &["problem", "result", "write", "python", "torch", "repair", "find"]),
];

/// Folders and files of `src` that still import in circles. A line goes when its circle is cut.
const KNOTS: &[&str] = &[
    "compare",
    "cost/convention",
    "device",
    "engine/fast",
    "engine/plan.rs",
    "engine/lower",
    "job",
    "model/layer",
    "model/layer.rs",
    "model/presets",
    "rewrite",
    "selfcheck",
    "shape",
    "share_link",
    "transplant",
    "ui",
];

/// One source file, as the paths it names.
struct Source {
    /// Relative to `src`.
    path: PathBuf,
    /// Where the file stands in the crate: `cost::units`; empty for `lib.rs`; a binary's name for a binary.
    module: Vec<String>,
    names: Vec<Name>,
    /// What the file itself defines for others.
    defines: BTreeSet<String>,
}

/// A path in a source file, up to the segment that decides.
struct Name {
    line: usize,
    kind: NameKind,
}

enum NameKind {
    /// A path of this crate, from its root on.
    Own(Vec<String>),
    /// What `pub use` gives on, and under which name; `*` for all that is there.
    GivenOn(Vec<String>, String),
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
            if let NameKind::Own(path) | NameKind::GivenOn(path, _) = &name.kind
                && let Some(seen) = path.first()
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
fn the_rooms_of_pytorch_see_only_those_below() {
    let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let sources = sources();
    for source in &sources {
        let [parent, own, ..] = source.module.as_slice() else { continue };
        if parent != "pytorch" {
            continue;
        }
        let seen = used.entry(own).or_default();
        for name in &source.names {
            if let NameKind::Own(path) | NameKind::GivenOn(path, _) = &name.kind
                && let [other, room, ..] = path.as_slice()
                && other == parent
                && room != own
            {
                seen.insert(room);
            }
        }
    }
    for (at, (room, allowed)) in ROOMS_OF_PYTORCH.iter().enumerate() {
        let seen = used.remove(room).unwrap_or_default();
        assert_eq!(seen, allowed.iter().copied().collect(), "what {room} sees, against ROOMS_OF_PYTORCH");
        for below in *allowed {
            assert!(ROOMS_OF_PYTORCH[..at].iter().any(|(other, _)| other == below), "{room} sees {below} above it");
        }
    }
    assert_eq!(used.keys().collect::<Vec<_>>(), Vec::<&&str>::new(), "rooms without a line in ROOMS_OF_PYTORCH");
}

/// No two files import each other, over however many others, but for the [`KNOTS`].
#[test]
fn files_do_not_import_in_circles() {
    let sources = sources();
    let tree = Tree::of(&sources);
    let imports: Vec<BTreeMap<usize, usize>> = sources
        .iter()
        .enumerate()
        .map(|(own, source)| {
            let seen = source.names.iter().filter_map(|name| match &name.kind {
                NameKind::Own(path) => Some((tree.file_of(path)?, name.line)),
                _ => None,
            });
            seen.filter(|(seen, _)| *seen != own).collect()
        })
        .collect();
    let circles = circles(&imports);
    let is_in = |file: usize, knot: &str| sources[file].path.starts_with(knot);
    let mut violations = Vec::new();
    for circle in &circles {
        if circle.iter().all(|&file| KNOTS.iter().any(|knot| is_in(file, knot))) {
            continue;
        }
        violations.push("a circle:".to_string());
        for &file in circle {
            for (seen, line) in imports[file].iter().filter(|(seen, _)| circle.contains(seen)) {
                let (from, to) = (sources[file].path.display(), sources[*seen].path.display());
                violations.push(format!("  src/{from}:{line} imports src/{to}"));
            }
        }
    }
    for knot in KNOTS {
        if !circles.iter().flatten().any(|&file| is_in(file, knot)) {
            violations.push(format!("{knot} has no circle any more: KNOTS needs no line for it"));
        }
    }
    assert!(violations.is_empty(), "files that import each other:\n{}", violations.join("\n"));
}

#[test]
fn circles_are_found_and_what_is_given_on_is_seen_where_it_stands() {
    let source = |path: &str, text: &str| {
        let module = module_path(Path::new(path)).unwrap();
        read_text(PathBuf::from(path), module, text)
    };
    let sources = [
        source("lib.rs", "pub mod a; pub mod b;"),
        source("a/mod.rs", "mod inner; mod other; pub use inner::Thing; pub(crate) use other::*;"),
        source("a/inner.rs", "pub struct Thing; use super::helper; fn f() { crate::b::g() }"),
        source("a/other.rs", "pub fn helper() {} pub fn unused() {}"),
        source("b.rs", "use crate::a::{self, Thing as Renamed}; pub fn g() {}"),
    ];
    let tree = Tree::of(&sources);
    let path = |text: &str| text.split("::").map(str::to_string).collect::<Vec<_>>();
    assert_eq!(tree.file_of(&path("a::Thing::new")), Some(2));
    assert_eq!(tree.file_of(&path("a::helper")), Some(3));
    assert_eq!(tree.file_of(&path("a::missing")), Some(1));
    assert_eq!(tree.file_of(&path("b::g")), Some(4));
    let edges = |edges: &[(usize, usize)]| {
        let mut imports = vec![BTreeMap::new(); 5];
        for &(from, to) in edges {
            imports[from].insert(to, 1);
        }
        imports
    };
    assert_eq!(circles(&edges(&[(0, 1), (1, 2), (2, 3), (1, 3)])), Vec::<Vec<usize>>::new());
    assert_eq!(circles(&edges(&[(0, 1), (1, 2), (2, 0), (3, 4), (4, 3), (2, 3)])), [vec![0, 1, 2], vec![3, 4]]);
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
    Reader { children: BTreeSet::new(), names: &mut found }
        .collect(tokens(text), &module_path(Path::new("cost/units.rs")).unwrap()[..1]);
    let words: Vec<String> = found
        .into_iter()
        .map(|name| match name.kind {
            NameKind::Own(path) | NameKind::GivenOn(path, _) => path[0].clone(),
            NameKind::Outside(krate) => format!("::{krate}"),
            NameKind::Unsafe => "unsafe".into(),
        })
        .collect();
    let expected = [
        "alpha",
        "beta",
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
    read_text(path, module, &fs::read_to_string(file).unwrap())
}

fn read_text(path: PathBuf, module: Vec<String>, text: &str) -> Source {
    let mut names = Vec::new();
    let children = declared_modules(tokens(text)).into_iter().collect();
    Reader { children, names: &mut names }.collect(tokens(text), &module);
    const ITEMS: &[&str] = &["struct", "enum", "trait", "fn", "const", "static", "type", "union"];
    let tokens = tokens(text);
    let defined = tokens.windows(2).filter(|pair| ITEMS.iter().any(|item| is_word(&pair[0], item)));
    let defines = defined.filter_map(|pair| word(&pair[1])).collect();
    Source { path, module, names, defines }
}

/// Which file each module is.
struct Tree<'a> {
    sources: &'a [Source],
    files: BTreeMap<&'a [String], usize>,
}

impl<'a> Tree<'a> {
    fn of(sources: &'a [Source]) -> Self {
        let files = sources.iter().enumerate().map(|(file, source)| (source.module.as_slice(), file)).collect();
        Self { sources, files }
    }

    /// The file where what a path names stands: past files that only give it on.
    fn file_of(&self, path: &[String]) -> Option<usize> {
        self.find(path, 0)
    }

    fn find(&self, path: &[String], depth: usize) -> Option<usize> {
        let length = (0..=path.len()).rev().find(|&length| self.files.contains_key(&path[..length]))?;
        let file = self.files[&path[..length]];
        let Some(item) = path.get(length).filter(|_| depth < 10) else { return Some(file) };
        let source = &self.sources[file];
        if source.defines.contains(item) {
            return Some(file);
        }
        let given_on = source.names.iter().find_map(|name| match &name.kind {
            NameKind::GivenOn(from, given) if given == item => self.find(from, depth + 1),
            NameKind::GivenOn(from, given) if given == "*" => {
                let all = self.find(&[from.as_slice(), std::slice::from_ref(item)].concat(), depth + 1)?;
                self.sources[all].defines.contains(item).then_some(all)
            }
            _ => None,
        });
        Some(given_on.unwrap_or(file))
    }
}

/// The groups of files that see each other, each in order. `imports` has the files that each one sees.
fn circles(imports: &[BTreeMap<usize, usize>]) -> Vec<Vec<usize>> {
    let seen_from: Vec<BTreeSet<usize>> = (0..imports.len())
        .map(|start| {
            let mut seen = BTreeSet::new();
            let mut open: Vec<usize> = imports[start].keys().copied().collect();
            while let Some(file) = open.pop() {
                if seen.insert(file) {
                    open.extend(imports[file].keys());
                }
            }
            seen
        })
        .collect();
    let circles = (0..imports.len()).filter(|&file| seen_from[file].contains(&file)).map(|file| {
        let others = seen_from[file].iter().copied();
        others.filter(|&other| seen_from[other].contains(&file)).collect::<Vec<usize>>()
    });
    circles.collect::<BTreeSet<_>>().into_iter().collect()
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

/// Reads the names of a file.
struct Reader<'a> {
    /// Modules that the file declares: their names alone start a path.
    children: BTreeSet<String>,
    names: &'a mut Vec<Name>,
}

impl Reader<'_> {
    /// Adds the names in `tokens`, which stand in `module`.
    fn collect(&mut self, tokens: Vec<TokenTree>, module: &[String]) {
        let mut at = 0;
        while at < tokens.len() {
            let line = tokens[at].span().start().line;
            if is_word(&tokens[at], "mod")
                && let Some(inner) = tokens.get(at + 1).and_then(word)
                && let Some(TokenTree::Group(body)) = tokens.get(at + 2)
            {
                let module = [module, &[inner]].concat();
                self.collect(body.stream().into_iter().collect(), &module);
                at += 3;
            } else if is_word(&tokens[at], "use") {
                let of_group = |token: &TokenTree| matches!(token, TokenTree::Group(_));
                let given_on = at > 0 && is_word(&tokens[at - 1], "pub")
                    || at > 1 && of_group(&tokens[at - 1]) && is_word(&tokens[at - 2], "pub");
                at += 1;
                let end =
                    tokens[at..].iter().position(|token| is_sign(token, ';')).map_or(tokens.len(), |found| at + found);
                let place = Place { at: None, module, given_on };
                self.use_tree(&tokens[at..end], &place);
                at = end;
            } else if is_word(&tokens[at], "unsafe") {
                self.names.push(Name { line, kind: NameKind::Unsafe });
                at += 1;
            } else if let TokenTree::Group(group) = &tokens[at] {
                self.collect(group.stream().into_iter().collect(), module);
                at += 1;
            } else if starts_path(&tokens, at) {
                let end = path_end(&tokens, at);
                self.path_name(&tokens[at..end], &Place { at: None, module, given_on: false });
                at = end;
            } else {
                at += 1;
            }
        }
    }

    /// The tree behind `use`, or one branch of a group.
    fn use_tree(&mut self, tokens: &[TokenTree], from: &Place) {
        let tokens = if is_path_separator(tokens, 0) { &tokens[2..] } else { tokens };
        let words = tokens.iter().take_while(|token| word(token).is_some() || is_sign(token, ':')).count();
        match tokens.get(words) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let at = self.place(&tokens[..words], from);
                if words > 0 && at.is_none() {
                    // The prefix already names a crate.
                    return self.path_name(&tokens[..words], from);
                }
                let branches: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in branches.split(|token| is_sign(token, ',')).filter(|branch| !branch.is_empty()) {
                    self.use_tree(branch, &Place { at: at.clone(), ..*from });
                }
            }
            Some(star) if is_sign(star, '*') => self.path_name(&tokens[..=words], from),
            _ => self.path_name(&tokens[..words], from),
        }
    }

    /// The module of this crate that a path's `crate`, `self`, `super` and following words lead to; `None` outside.
    fn place(&self, tokens: &[TokenTree], from: &Place) -> Option<Vec<String>> {
        let mut place = from.at.clone();
        for segment in tokens.iter().map_while(|token| match word(token) {
            Some(word) if word == "as" => None,
            word => Some(word),
        }) {
            let Some(segment) = segment else { continue };
            place = Some(match (segment.as_str(), place) {
                ("crate", _) => Vec::new(),
                ("self", place) => place.unwrap_or_else(|| from.module.to_vec()),
                ("super", place) => {
                    let mut place = place.unwrap_or_else(|| from.module.to_vec());
                    place.pop();
                    place
                }
                (child, None) if self.children.contains(child) => {
                    [from.module, std::slice::from_ref(&segment)].concat()
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

    fn path_name(&mut self, tokens: &[TokenTree], from: &Place) {
        let Some(first) = tokens.first() else { return };
        let line = first.span().start().line;
        let given = |place: &[String]| match tokens.last().and_then(word) {
            None => "*".to_string(),
            Some(last) if last == "self" => place.last().cloned().unwrap_or_default(),
            Some(last) => last,
        };
        let kind = match self.place(tokens, from) {
            Some(place) if place.is_empty() => None,
            Some(place) if from.given_on => {
                let given = given(&place);
                Some(NameKind::GivenOn(place, given))
            }
            Some(place) => Some(NameKind::Own(place)),
            None => word(first).map(NameKind::Outside),
        };
        self.names.extend(kind.map(|kind| Name { line, kind }));
    }
}

/// Where a path is read.
struct Place<'a> {
    /// What the prefix of a group leads to; `None`: a path starts here.
    at: Option<Vec<String>>,
    module: &'a [String],
    /// Behind `pub use`.
    given_on: bool,
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
