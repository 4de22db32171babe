//! The comparison as one HTML file.

use convscope::cost::units::grouped;
use convscope::device::{CATALOGUE, find};
use convscope::document::Document;
use convscope::model::presets;
use convscope::page::derived::Derived;
use convscope::page::train::{Learned, Source};
use convscope::workbench::{Content, Design, Workbench};
use proptest::prelude::*;

use crate::hostile_text;
use crate::random_workbench;

fn html(workbench: &Workbench, learned: &[Option<Learned>], link: &str) -> (Derived, String) {
    let derived = Derived::of(workbench);
    let device = find("nano-33-ble").or(CATALOGUE.first().copied());
    let document = Document { derived: &derived, baseline: workbench.baseline, device: device.as_ref(), learned, link };
    let html = document.html();
    (derived, html)
}

/// Every tag that is opened is closed, in order; gives how many there are of each.
fn tags(html: &str) -> Result<Vec<String>, String> {
    const WITHOUT_END: [&str; 2] = ["!doctype", "meta"];
    let (mut open, mut seen): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for part in html.split('<').skip(1) {
        let (tag, _) = part.split_once('>').ok_or(format!("no end: {part}"))?;
        let name: String =
            tag.trim_start_matches('/').chars().take_while(|&it| !it.is_whitespace() && it != '/').collect();
        if tag.starts_with('/') {
            let last = open.pop();
            if last.as_deref() != Some(&name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
        } else if !tag.ends_with('/') && !WITHOUT_END.contains(&name.as_str()) {
            open.push(name.clone());
        }
        seen.push(name);
    }
    if open.is_empty() { Ok(seen) } else { Err(format!("never closed: {open:?}")) }
}

#[test]
fn the_seeds_document_holds_the_whole_comparison() {
    let workbench = Workbench::default();
    let (derived, html) = html(&workbench, &[], "https://example.org/?a=1&b=\"2\"#v1");
    let seen = tags(&html).expect("tags match");
    let count = |name: &str| seen.iter().filter(|tag| *tag == name).count();
    assert_eq!(
        (count("svg"), count("section")),
        (2 * 3, 2 * (2 + 1)),
        "three charts; two designs and how it is counted"
    );
    for design in &derived.designs {
        assert!(html.contains(&grouped(design.params())), "{}", design.name);
        for node in &design.network().nodes {
            assert!(html.contains(&format!("<bdi>{}</bdi>", node.name)), "{}", node.name);
        }
    }
    assert!(html.contains("11,831") && html.contains("11,404"));
    assert!(html.contains("href=\"https://example.org/?a=1&amp;b=&quot;2&quot;#v1\""));
    assert!(!html.contains("<th>accuracy</th>"));
    // Nothing is fetched.
    assert!(!html.contains("src=") && !html.contains("@import") && !html.contains("<script"));
    assert!(html.contains("<title>") && html.contains(&derived.comparison.expect("a pair").headline().title));
}

#[test]
fn what_was_learned_is_a_column() {
    let learned = Learned { network: String::new(), accuracy: 0.935, seeds: 1, source: Source::Digits };
    let (_, html) = html(&Workbench::default(), &[Some(learned), None], "");
    assert!(html.contains("<th>accuracy</th>") && html.contains("<td>93.5 %</td>") && html.contains("<td>–</td>"));
}

#[test]
fn large_networks_too() {
    for preset in presets::all() {
        let design = Design::new(preset.id.to_string(), Content::Network(preset.network().into()));
        let workbench = Workbench { designs: vec![design], ..Workbench::default() };
        let (derived, html) = html(&workbench, &[], "");
        tags(&html).unwrap_or_else(|problem| panic!("{}: {problem}", preset.id));
        assert!(html.contains(&grouped(derived.designs[0].params())), "{}", preset.id);
    }
}

proptest! {
    #[test]
    fn any_workbench_is_a_document(workbench in random_workbench::workbench(hostile_text::network()), name in hostile_text::text()) {
        let mut workbench = workbench;
        if let Some(design) = workbench.designs.first_mut() {
            design.name = name;
        }
        let (_, html) = html(&workbench, &[], "");
        prop_assert!(tags(&html).is_ok(), "{:?}", tags(&html));
    }
}
