//! The mistakes people make: PyTorch's words, on PyTorch's line, and fixes that mend them.

use convscope::pytorch::{Import, Options, Problem, Severity, import};
use serde_json::Value as Json;

use crate::golden::Failures;

/// Texts with one mistake each, and the exception that Python or PyTorch 2.9.1 stops with; null: it does not stop.
fn mistakes() -> Vec<Json> {
    serde_json::from_str(include_str!("../../fixtures/pytorch_mistakes.json")).expect("the mistakes")
}

fn errors(import: &Import) -> Vec<&Problem> {
    import.problems.iter().filter(|problem| problem.severity == Severity::Error).collect()
}

fn read(text: &str) -> Import {
    import(text, &Options::default())
}

#[test]
fn mistakes_are_told_as_pytorch_tells_them() {
    let mut failures = Failures::default();
    for mistake in mistakes() {
        let found = read(mistake["text"].as_str().expect("a text"));
        let first = errors(&found).first().map(|problem| (*problem).clone());
        let told = serde_json::json!({
            "line": first.as_ref().and_then(|problem| problem.line),
            "exception": first.as_ref().and_then(|problem| problem.exception.clone()),
            "words": first.as_ref().and_then(|problem| problem.original.clone()),
        });
        let same = ["line", "exception", "words"].iter().all(|key| told[key] == mistake[key]);
        failures.check(same, || format!("{}: {told}, not {} {}", mistake["name"], mistake["line"], mistake["words"]));
    }
    failures.finish();
}

#[test]
fn a_fix_mends_the_text() {
    let mut failures = Failures::default();
    let mut mended = 0;
    for mistake in mistakes() {
        let text = mistake["text"].as_str().expect("a text");
        let found = read(text);
        for problem in &found.problems {
            let Some(fix) = &problem.fix else { continue };
            let again = read(&fix.apply(text));
            mended += 1;
            let before = errors(&found).len();
            let left = errors(&again).len();
            failures.check(left < before.max(1), || {
                format!("{}: {:?} leaves {:?}", mistake["name"], fix.label, errors(&again))
            });
        }
    }
    failures.check(mended >= 50, || format!("only {mended} fixes are offered"));
    failures.finish();
}
