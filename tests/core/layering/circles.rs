//! Files that import each other, in a circle of two or more.

use super::reader::{NameKind, Source};
use std::collections::{BTreeMap, BTreeSet};

/// Files by their names, each with those that it imports something from.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// What each file imports of the others of its crate. A name that a module only hands on is imported from where it is
/// defined. What a part imports of the module it is in does not count: the two belong together.
pub fn imports(sources: &[Source]) -> Imports {
    let crate_map = Crate::new(sources);
    let mut imports = Imports::new();
    for source in sources {
        let seen = imports.entry(name_of(source)).or_default();
        for name in &source.names {
            if let Some(path) = crate_map.own_path(&name.kind, &source.module)
                && let Some(home) = crate_map.home(&path, 0)
                && !source.module.starts_with(&home.module)
            {
                seen.insert(name_of(home));
            }
        }
    }
    imports
}

/// The largest sets of files in which each leads to each.
pub fn circles(imports: &Imports) -> BTreeSet<BTreeSet<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|file| (file.as_str(), reachable(file, imports))).collect();
    let circle = |file: &str| -> BTreeSet<String> {
        let back = |other: &&&str| reached[**other].contains(file);
        reached[file].iter().filter(back).map(|other| (*other).to_string()).collect()
    };
    imports.keys().map(|file| circle(file)).filter(|circle| !circle.is_empty()).collect()
}

/// The files of a crate by their modules, and what each module hands on.
struct Crate<'a> {
    files: BTreeMap<&'a [String], &'a Source>,
    handed_on: BTreeMap<(&'a [String], &'a str), &'a NameKind>,
}

impl<'a> Crate<'a> {
    fn new(sources: &'a [Source]) -> Self {
        let files = sources.iter().map(|source| (source.module.as_slice(), source)).collect();
        let mut handed_on = BTreeMap::new();
        for source in sources {
            for name in &source.names {
                if let Some(import) = &name.import {
                    handed_on.insert((source.module.as_slice(), import.as_str()), &name.kind);
                }
            }
        }
        Self { files, handed_on }
    }

    /// A path from the root of this crate. One that begins with a child of the module it stands in is one, too.
    fn own_path(&self, kind: &NameKind, module: &[String]) -> Option<Vec<String>> {
        match kind {
            NameKind::Own(path) => Some(path.clone()),
            NameKind::Outside(path) => {
                let path = [module, path.as_slice()].concat();
                self.files.contains_key(&path[..module.len() + 1]).then_some(path)
            }
            NameKind::Unsafe => None,
        }
    }

    /// The file that defines what a path names.
    fn home(&self, path: &[String], depth: usize) -> Option<&'a Source> {
        let length = (0..=path.len()).rev().find(|&length| self.files.contains_key(&path[..length]))?;
        let (&module, &file) = self.files.get_key_value(&path[..length])?;
        let handed_on = path.get(length).and_then(|item| self.handed_on.get(&(module, item.as_str())));
        match handed_on.and_then(|kind| self.own_path(kind, module)) {
            Some(from) if depth < MOST_HANDS => self.home(&from, depth + 1),
            _ => Some(file),
        }
    }
}

/// A name goes through no more modules than this.
const MOST_HANDS: usize = 8;

fn name_of(source: &Source) -> String {
    source.path.to_str().expect("a path in UTF-8").replace('\\', "/")
}

fn reachable<'a>(file: &str, imports: &'a Imports) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = imports[file].iter().map(String::as_str).collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(imports[next].iter().map(String::as_str));
        }
    }
    reached
}
