//! The README's examples run as they are written.

use std::fs;
use std::path::Path;

use crate::Folder;

#[test]
fn the_examples_of_the_readme_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let section = readme.split("\n## ").find(|section| section.starts_with("The command line")).unwrap();
    let block = |kind: &str| section.split(&format!("```{kind}\n")).nth(1).unwrap().split("```").next().unwrap();
    let folder = Folder::new("readme");
    folder.write("model.py", block("python"));
    let mut calls = 0;
    for line in block("sh").lines() {
        let words = words(line);
        let [program, arguments @ ..] = words.as_slice() else { continue };
        assert_eq!(program, "convscope", "{line}");
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let answer = folder.call(&arguments);
        let is_written = arguments.contains(&"-o");
        assert!(answer.status == 0 && answer.problems.is_empty(), "{line}: {answer:?}");
        assert_eq!(answer.text.is_empty(), is_written, "{line}: {answer:?}");
        calls += 1;
    }
    assert!(calls >= 6);
    assert!(fs::read_to_string(folder.path().join("model.c")).unwrap().contains("model_run"));
}

/// The words of a line, as a shell has them: what is in single quotes is one.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate().flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().map(ToString::to_string).collect(),
        _ => vec![part.to_string()],
    });
    parts.collect()
}
