//! The published figures of the self-check.

use std::collections::HashSet;

use convscope::selfcheck::{self, Verdict};

#[test]
fn published_figures_are_met() {
    let checks = selfcheck::run();
    let missed: Vec<String> = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Differs)
        .map(|check| {
            let (computed, unit) = (check.computed_text(), check.unit.name());
            format!(
                "{}, {}, {}: {computed} {unit}, published {}",
                check.source, check.subject, check.quantity, check.published
            )
        })
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let met = checks.iter().filter(|check| check.verdict.agrees()).count();
    assert!(met > 60, "{met} figures");
    let errata = checks.iter().filter(|check| matches!(check.verdict, Verdict::Erratum(_))).count();
    assert!(errata >= 5, "{errata} errata");
    let names: HashSet<(&str, &str, &str, &str)> =
        checks.iter().map(|check| (check.source, check.subject.as_str(), check.quantity, check.published)).collect();
    assert_eq!(names.len(), checks.len(), "a figure stands there twice");
}
