//! Imports run downward: a module sees only the modules that [`LAYERS`] gives it, and no two files see each other.
//!
//! The sources are read as tokens, so comments and strings do not count, and paths inside macros do.

mod circles;
mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use reader::{NameKind, Source, collect, declared_modules, module_path, tokens};

/// Each module of `src/lib.rs`, top-down in the order of its `mod` lines, and what it sees of the crate: no more, and no
/// less. A new module gets a line here.
const LAYERS: &[(&str, &[&str])] = &[
    ("decimal", &[]),
    ("model", &["decimal"]),
    ("shape", &["decimal", "model"]),
    ("lifetime", &["model", "shape"]),
    ("cost", &["decimal", "model", "shape", "lifetime"]),
    ("selfcheck", &["model", "cost"]),
    ("rewrite", &["model", "shape"]),
    ("workbench", &["decimal", "model", "cost", "rewrite"]),
    ("compare", &["decimal", "model", "shape", "cost", "rewrite"]),
    ("keras", &["model", "shape"]),
    ("device", &["model", "shape", "lifetime", "cost", "rewrite", "keras"]),
    ("advice", &["model", "shape", "cost", "rewrite", "compare", "device"]),
    ("explore", &["model", "shape", "cost", "rewrite", "device"]),
    ("engine", &["decimal", "model", "shape"]),
    ("training", &["decimal", "model", "shape", "engine"]),
    ("c_code", &["decimal", "model", "lifetime", "engine"]),
    ("transplant", &["model", "shape", "rewrite", "engine"]),
    ("share_link", &["decimal", "model", "rewrite", "workbench"]),
    ("pytorch", &["decimal", "model", "shape"]),
    ("report", &["model", "cost", "share_link"]),
    ("files", &["model", "shape", "lifetime", "cost"]),
    ("chart", &["model", "lifetime", "cost", "compare", "explore"]),
    (
        "job",
        &[
            "model",
            "cost",
            "rewrite",
            "device",
            "advice",
            "explore",
            "engine",
            "c_code",
            "training",
            "transplant",
            "share_link",
            "pytorch",
            "files",
        ],
    ),
    (
        "page",
        &[
            "decimal",
            "model",
            "shape",
            "cost",
            "rewrite",
            "workbench",
            "compare",
            "device",
            "explore",
            "share_link",
            "job",
        ],
    ),
    ("document", &["cost", "compare", "device", "advice", "report", "chart", "page"]),
    (
        "command",
        &[
            "decimal",
            "model",
            "shape",
            "cost",
            "workbench",
            "compare",
            "keras",
            "device",
            "engine",
            "c_code",
            "share_link",
            "pytorch",
            "report",
            "files",
        ],
    ),
    (
        "ui",
        &[
            "decimal",
            "model",
            "cost",
            "selfcheck",
            "rewrite",
            "workbench",
            "compare",
            "keras",
            "device",
            "advice",
            "explore",
            "share_link",
            "pytorch",
            "report",
            "chart",
            "job",
            "page",
            "document",
        ],
    ),
];

/// Modules that never see one another, in either direction.
const STRANGERS: &[&str] = &["cost", "engine", "share_link", "pytorch"];

/// External crates that only some modules may name. `main` is the page's binary, `listener` what the workers'
/// share, `helpers` the threads of one.
const GUARDED_CRATES: &[(&str, &[&str])] = &[
    ("leptos", &["ui", "main"]),
    ("web_sys", &["ui", "main", "listener", "helpers"]),
    ("js_sys", &["ui", "main", "listener", "helpers"]),
    ("wasm_bindgen", &["decimal", "ui", "main", "listener", "helpers"]),
    ("wasm_bindgen_futures", &["ui", "main", "listener"]),
    ("console_error_panic_hook", &["ui", "main", "listener"]),
    ("plotters", &["chart", "ui"]),
    ("plotters_canvas", &["ui"]),
    ("serde", &["job", "command", "listener"]),
    ("postcard", &["job"]),
    ("serde_json", &["files", "command"]),
    ("lexopt", &["command"]),
    ("ruff_python_parser", &["pytorch"]),
    ("ruff_python_ast", &["pytorch"]),
    ("ruff_text_size", &["pytorch"]),
];

/// Files that still import each other, in a circle, below the folder of a crate's sources. A new circle is cut, not
/// added here: what both need goes into a file of its own, or to where it belongs.
const CIRCLES: &[(&str, &[&[&str]])] = &[("src", &[]), ("kernels/src", &[])];

/// The rooms of `pytorch`, top-down, and what each sees of the others. Python knows nothing of PyTorch.
const ROOMS_OF_PYTORCH: &[(&str, &[&str])] = &[
    ("joined", &[]),
    ("problem", &[]),
    ("result", &["problem"]),
    ("write", &[]),
    ("python", &["problem"]),
    ("torch", &["problem", "result", "write", "python"]),
    ("repair", &["problem", "python"]),
    ("find", &["problem", "result", "python", "torch", "repair"]),
    ("import", &["joined", "problem", "result", "write", "python", "torch", "repair", "find"]),
];

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
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut faults = Vec::new();
    for source in sources() {
        let Some(own) = source.module.first() else { continue };
        let Some((_, allowed)) = LAYERS.iter().find(|(module, _)| module == own) else { continue };
        for name in &source.names {
            let NameKind::Own(path) = &name.kind else { continue };
            let Some(seen) = path.first().filter(|seen| *seen != own) else { continue };
            if !allowed.contains(&seen.as_str()) {
                faults.push(format!("src/{}:{}: {own} sees {seen}", source.path.display(), name.line));
            }
            used.entry(own.clone()).or_default().insert(seen.clone());
        }
    }
    for (module, allowed) in LAYERS {
        let unused = allowed.iter().filter(|below| !used.get(*module).is_some_and(|used| used.contains(**below)));
        faults.extend(unused.map(|below| format!("LAYERS lets {module} see {below}, which it does not")));
    }
    assert!(faults.is_empty(), "imports and LAYERS differ:\n{}", faults.join("\n"));
}

#[test]
fn the_rooms_of_pytorch_see_only_those_below() {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        let [parent, own, ..] = source.module.as_slice() else { continue };
        if parent != "pytorch" {
            continue;
        }
        let seen = used.entry(own.clone()).or_default();
        for name in &source.names {
            if let NameKind::Own(path) = &name.kind
                && let [other, room, ..] = path.as_slice()
                && other == parent
                && room != own
            {
                seen.insert(room.clone());
            }
        }
    }
    for (at, (room, allowed)) in ROOMS_OF_PYTORCH.iter().enumerate() {
        let seen = used.remove(*room).unwrap_or_default();
        let allowed: BTreeSet<String> = allowed.iter().map(|below| (*below).to_string()).collect();
        assert_eq!(seen, allowed, "what {room} sees, against ROOMS_OF_PYTORCH");
        for below in &allowed {
            assert!(ROOMS_OF_PYTORCH[..at].iter().any(|(other, _)| other == below), "{room} sees {below} above it");
        }
    }
    assert!(used.is_empty(), "rooms without a line in ROOMS_OF_PYTORCH: {:?}", used.keys());
}

#[test]
fn no_files_import_each_other() {
    for (folder, known) in CIRCLES {
        let sources = reader::sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
        let found = circles::circles(&circles::imports(&sources));
        let known: BTreeSet<BTreeSet<String>> =
            known.iter().map(|circle| circle.iter().map(|file| (*file).to_string()).collect()).collect();
        let new: Vec<_> = found.difference(&known).collect();
        assert!(new.is_empty(), "{folder}: these files import each other, in a circle: {new:#?}");
        let cut: Vec<_> = known.difference(&found).collect();
        assert!(cut.is_empty(), "{folder}: these are no circle any more, so they leave CIRCLES: {cut:#?}");
    }
}

#[test]
fn outside_crates_stay_in_their_place() {
    let mut violations = Vec::new();
    let mut parser_modules = BTreeSet::new();
    for source in sources() {
        let own = source.module.first().map_or("lib", String::as_str);
        for name in &source.names {
            let NameKind::Outside(path) = &name.kind else { continue };
            let Some(seen) = path.first() else { continue };
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
            NameKind::Own(path) => path.join("::"),
            NameKind::Outside(path) => format!("::{}", path.join("::")),
            NameKind::Unsafe => "unsafe".into(),
        })
        .collect();
    let expected = [
        "alpha::X",
        "beta::Y",
        "beta::Z",
        "gamma",
        "delta::W",
        "::leptos::prelude",
        "::serde::Serialize",
        "epsilon::g",
        "zeta::h",
        "eta::T",
        "cost::own::U",
        "cost::tests::V",
        "::std::fmt",
        "::web_sys::Window",
        "unsafe",
        "::postcard::g",
    ];
    assert_eq!(words, expected);
}

#[test]
fn circles_are_found_through_what_modules_hand_on() {
    let source = |path: &str, text: &str| {
        let path = Path::new(path);
        let module = module_path(path).unwrap();
        let mut names = Vec::new();
        collect(tokens(text), &module, &mut names);
        Source { path: path.to_path_buf(), module, names }
    };
    let sources = [
        source("lib.rs", "mod a; mod b; mod c; pub use a::one::One as First;"),
        source("a/mod.rs", "mod one; mod two; pub use one::One; pub struct Shared; use two::Two;"),
        // A part and its module are no circle.
        source("a/one.rs", "use super::Shared; use crate::b::B; pub struct One;"),
        source("a/two.rs", "use super::One; pub struct Two;"),
        source("b.rs", "use crate::c; pub struct B; fn f() { c::f() }"),
        source("c.rs", "use crate::First; pub fn f() {}"),
    ];
    let found = circles::circles(&circles::imports(&sources));
    let expected = ["a/one.rs", "b.rs", "c.rs"].map(str::to_string);
    assert_eq!(found, BTreeSet::from([BTreeSet::from(expected)]));
}

fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| reader::sources(&source_folder()));
    &SOURCES
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}
