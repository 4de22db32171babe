//! Several files of one project as one text: each stands behind a line `# file: path`.

use std::collections::VecDeque;

/// What a line begins with that says which file follows.
const MARK: &str = "# file: ";

/// A file of a text of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedFile<'a> {
    /// As its mark says it: `models/common.py`.
    pub path: &'a str,
    /// The line of the text, from 1, that is the file's line 1.
    pub first_line: u32,
    /// The file's last line in the text; below `first_line` where the file is empty.
    pub last_line: u32,
}

/// The files that a text is joined of, in its order; empty where no line is a mark.
///
/// What stands before the first mark is no file, unless it is more than blank lines: then it is one without a path.
pub fn files_of(text: &str) -> Vec<JoinedFile<'_>> {
    let mut files = vec![JoinedFile { path: "", first_line: 1, last_line: 0 }];
    let mut said = false;
    for (line, number) in text.split('\n').zip(1..) {
        if let Some(path) = path_of_mark(line) {
            files.push(JoinedFile { path, first_line: number + 1, last_line: number });
            continue;
        }
        said |= files.len() == 1 && !line.trim().is_empty();
        if let Some(file) = files.last_mut() {
            file.last_line = number;
        }
    }
    if !said || files.len() == 1 {
        files.remove(0);
    }
    files
}

/// The file that a line of a joined text stands in, both from 1, and the line that it is there.
///
/// `None`: the text is one by itself, or the line is a mark.
pub fn place(text: &str, line: u32) -> Option<(&str, u32)> {
    let file = files_of(text).into_iter().find(|file| (file.first_line..=file.last_line).contains(&line))?;
    (!file.path.is_empty()).then(|| (file.path, line - file.first_line + 1))
}

/// Joins files, each a path with `/` and its text, so that [`import`](super::import()) offers the networks of the one
/// that uses the others; what it imports follows, the nearest first, and then the rest in the given order.
///
/// One file by itself stays as it is.
pub fn join(files: &[(String, String)]) -> String {
    if let [(_, text)] = files {
        return text.clone();
    }
    let parts: Vec<String> =
        order(files).into_iter().map(|index| format!("{MARK}{}\n{}", files[index].0, files[index].1)).collect();
    parts.join("\n")
}

fn path_of_mark(line: &str) -> Option<&str> {
    let path = line.strip_prefix(MARK)?.trim();
    let is_path = !path.is_empty() && path.chars().count() <= 300;
    is_path.then_some(path)
}

/// The order to join files in, as indices.
fn order(files: &[(String, String)]) -> Vec<usize> {
    let imports: Vec<Vec<usize>> = (0..files.len()).map(|index| imported(files, index)).collect();
    let reached: Vec<Vec<usize>> = (0..files.len()).map(|index| reach(&imports, index)).collect();
    let is_network =
        |index: usize| ["nn.", "Module", "torchvision", "timm"].iter().any(|word| files[index].1.contains(word));
    let is_imported =
        |index: usize| imports.iter().enumerate().any(|(other, found)| other != index && found.contains(&index));
    let rank = |index: usize| {
        let leads = reached[index].iter().any(|&found| is_network(found));
        let depth = files[index].0.matches('/').count();
        (!leads, is_aside(&files[index].0), is_imported(index), usize::MAX - reached[index].len(), depth, index)
    };
    let Some(first) = (0..files.len()).min_by_key(|&index| rank(index)) else { return Vec::new() };
    let mut order = reached[first].clone();
    order.extend((0..files.len()).filter(|index| !reached[first].contains(index)));
    order
}

/// What a project has besides its networks.
fn is_aside(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "setup.py" | "conftest.py" | "__init__.py")
        || name.starts_with("test_")
        || name.ends_with("_test.py")
}

/// A file and those that it imports, itself or through others, the nearest first.
fn reach(imports: &[Vec<usize>], from: usize) -> Vec<usize> {
    let mut found = vec![from];
    let mut waiting = VecDeque::from([from]);
    while let Some(index) = waiting.pop_front() {
        for &next in &imports[index] {
            if !found.contains(&next) {
                found.push(next);
                waiting.push_back(next);
            }
        }
    }
    found
}

/// The files that one file's import lines name.
fn imported(files: &[(String, String)], index: usize) -> Vec<usize> {
    let mut found = Vec::new();
    for line in files[index].1.lines().map(str::trim) {
        let Some((module, names)) = import_line(line) else { continue };
        let module = module.trim_start_matches('.');
        let names =
            names.split(',').map(|name| name.trim_matches([' ', '(', ')']).split(' ').next().unwrap_or_default());
        let parts = names.filter(|name| !name.is_empty()).map(|name| match module {
            "" => name.to_string(),
            module => format!("{module}.{name}"),
        });
        for wanted in std::iter::once(module.to_string()).chain(parts).filter(|wanted| !wanted.is_empty()) {
            let named = |other: &usize| *other != index && is_named(&files[*other].0, &wanted);
            found.extend((0..files.len()).filter(named));
        }
    }
    found.dedup();
    found
}

/// The module and the names of an import line.
fn import_line(line: &str) -> Option<(&str, &str)> {
    if let Some(rest) = line.strip_prefix("from ") {
        return rest.split_once(" import ").map(|(module, names)| (module.trim(), names));
    }
    let rest = line.strip_prefix("import ")?;
    let module = rest.split([' ', ',']).next()?;
    Some((module, ""))
}

/// Whether a path is that of a module, or ends with it.
fn is_named(path: &str, module: &str) -> bool {
    let path = path.strip_suffix(".py").unwrap_or(path);
    let path = path.strip_suffix("/__init__").unwrap_or(path).replace('/', ".");
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    // A file may be given without the folders that it stands in.
    ends(&path, module) || (!path.contains('.') && ends(module, &path))
}
