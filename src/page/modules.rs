//! Modules: rows in a run whose names begin alike, as one line with their sums.

use std::collections::HashSet;

use super::derived::DesignState;

/// Designs of fewer rows show every row by itself.
const FEW_ROWS: usize = 24;
/// A module of more than this share of the design's rows is shown by its parts.
const LARGEST_SHARE: f64 = 0.5;

/// Rows that belong to one module.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    /// `layer1`, `features.3`.
    pub name: String,
    /// The first row, and the first one behind it.
    pub first: usize,
    /// See [`Module::first`].
    pub end: usize,
    /// Parts with numbers for names, as blocks have them; 0 where it has none.
    pub blocks: usize,
    /// Sum over its rows.
    pub params: u64,
    /// Sum over its rows.
    pub macs: u64,
    /// Whether something in it has no shape or no known cost: its sums are at least that.
    pub is_partial: bool,
}

/// The modules of a design with at least two rows each, in order; none of a short design.
pub fn modules(state: &DesignState) -> Vec<Module> {
    let names: Vec<&str> = state.network().nodes.iter().map(|node| node.name.as_str()).collect();
    let mut found = Vec::new();
    if names.len() >= FEW_ROWS {
        split(&names, 0..names.len(), 0, &mut found);
    }
    let module = |(depth, rows): (usize, std::ops::Range<usize>)| {
        let first = names[rows.start];
        let name = first.match_indices('.').nth(depth - 1).map_or(first, |(at, _)| &first[..at]).to_string();
        let part =
            |name: &&str| name.split('.').nth(depth).filter(|part| part.parse::<u32>().is_ok()).map(str::to_string);
        let blocks: HashSet<String> = names[rows.clone()].iter().filter_map(part).collect();
        let figures = || state.report.rows[rows.clone()].iter();
        Module {
            name,
            first: rows.start,
            end: rows.end,
            blocks: blocks.len(),
            params: figures().map(|row| row.figures.params().0).fold(0, u64::saturating_add),
            macs: figures().map(|row| row.figures.macs.0).fold(0, u64::saturating_add),
            is_partial: figures().any(|row| !row.state.is_counted()),
        }
    };
    found.into_iter().map(module).collect()
}

/// Runs of rows that share their first `depth + 1` parts, with how many parts they share; too large ones by their own.
fn split(names: &[&str], rows: std::ops::Range<usize>, depth: usize, found: &mut Vec<(usize, std::ops::Range<usize>)>) {
    // Only what has a name below it is a module.
    let head = |name: &str| name.match_indices('.').nth(depth).map(|(at, _)| name[..at].to_string());
    let mut start = rows.start;
    while start < rows.end {
        let Some(own) = head(names[start]) else {
            start += 1;
            continue;
        };
        // Rows of functions stand among a module's rows without its name: sums of residual blocks, for one.
        let mut end = start + 1;
        for (at, name) in names[..rows.end].iter().enumerate().skip(end) {
            match head(name) {
                Some(other) if other == own => end = at + 1,
                Some(_) => break,
                None => {}
            }
        }
        let length = end - start;
        let run = start..start + length;
        start = run.end;
        if length as f64 > LARGEST_SHARE * names.len() as f64 {
            split(names, run, depth + 1, found);
        } else if length > 1 {
            found.push((depth + 1, run));
        }
    }
}

/// What a list of rows shows of a module: whether its rows are there, or only its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The module's first row.
    pub first: usize,
    /// The first row behind it.
    pub end: usize,
    /// Only its line is there.
    pub is_folded: bool,
}

/// An entry of a list of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The line of the module that begins with this row.
    Head(usize),
    /// A row by itself.
    Row(usize),
}

/// What is shown of the rows from `first` to `end`: the line of a module before its first row, nothing of folded ones.
pub fn entries(heads: &[Head], first: usize, end: usize) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(end.saturating_sub(first));
    let mut heads = heads.iter().skip_while(|head| head.end <= first).peekable();
    let mut row = first;
    while row < end {
        if let Some(head) = heads.next_if(|head| head.first <= row) {
            if head.first == row {
                entries.push(Entry::Head(row));
            }
            if head.is_folded {
                row = head.end;
                continue;
            }
        }
        entries.push(Entry::Row(row));
        row += 1;
    }
    entries
}

/// A name's path and what tells it apart within that: `layer1.0` and `bn2`. A number alone tells nothing: its path
/// stays with it.
pub fn leaf(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((path, leaf)) if !leaf.starts_with(|first: char| first.is_ascii_digit()) => (path, leaf),
        _ => ("", name),
    }
}
