//! tests/fixtures/links.txt only grows: every link that ever worked keeps working.
//!
//! A link stands on a line of its own. The indented lines below it say what it decodes to: the settings that are not
//! the default, then for each design its name and the rows as `name: Class(arguments) <- inputs`; where a line says
//! what a design costs, that is compared as well.

use std::collections::HashSet;
use std::fmt::Write;

use convscope::cost::{Settings, Totals, analyze};
use convscope::model::{Inputs, Kind, Layer, Network, Source};
use convscope::share_link::decode;
use convscope::workbench::{self, Content, Workbench};

#[test]
fn links_that_worked_keep_working() {
    let text = std::fs::read_to_string(PATH).expect("tests/fixtures/links.txt");
    let mut lines = text.lines().filter(|line| !line.starts_with("# ")).peekable();
    let mut differences = String::new();
    let mut links = 0;
    while let Some(link) = lines.next() {
        if link.trim().is_empty() {
            continue;
        }
        links += 1;
        let mut expected = String::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
            let _ = writeln!(expected, "{line}");
        }
        let (workbench, problems) = decode(link);
        let mut found = describe(&workbench);
        if expected.contains(COSTS) {
            found.push_str(&describe_costs(&workbench));
        }
        for problem in problems {
            let _ = writeln!(found, "  problem: {problem}");
        }
        if found != expected {
            let _ = writeln!(differences, "{link}\n--- found\n{found}--- expected\n{expected}");
        }
    }
    assert!(links > 0, "no link in {PATH}");
    assert!(differences.is_empty(), "{differences}");
}

/// What a new kind of layer forgets: a link of its own.
#[test]
fn every_kind_of_layer_is_in_a_link_with_other_arguments_than_its_defaults() {
    let text = std::fs::read_to_string(PATH).expect("tests/fixtures/links.txt");
    let mut seen = HashSet::new();
    for link in text.lines().filter(|line| line.contains('=') && !line.starts_with("  ") && !line.starts_with("# ")) {
        for design in decode(link).0.resolve() {
            for node in design.network.nodes {
                let kind = node.layer.kind();
                let default = kind.layer();
                let differing =
                    node.layer.arguments().filter(|(name, value)| default.argument(name).as_ref() != Some(value));
                seen.extend(differing.map(|(name, _)| (kind, name)));
                seen.insert((kind, ""));
            }
        }
    }
    let wanted =
        Kind::ALL.iter().flat_map(|kind| kind.arguments().iter().map(move |name| (*kind, *name)).chain([(*kind, "")]));
    let missing: Vec<_> = wanted.filter(|argument| !seen.contains(argument)).collect();
    assert!(missing.is_empty(), "no link in {PATH} has {missing:?}");
}

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/links.txt");

/// How lines of costs begin.
const COSTS: &str = "  cost of ";

fn describe_costs(workbench: &Workbench) -> String {
    let mut text = String::new();
    for (design, resolved) in workbench.designs.iter().zip(workbench.resolve()) {
        let report = analyze(&resolved.network, &Settings::default());
        let output = report.shapes.output().map_or("nothing".to_string(), ToString::to_string);
        let Totals { figures, completeness } = report.totals;
        let _ = writeln!(
            text,
            "{COSTS}{}: {output}, {}, {} buffers, {}",
            design.name,
            format!("{} {} params", completeness.params_qualifier(), figures.params()).trim_start(),
            figures.buffers,
            format!("{} {} MACs", completeness.qualifier(), figures.macs).trim_start(),
        );
    }
    text
}

fn describe(workbench: &Workbench) -> String {
    let mut text = String::new();
    for name in workbench::Settings::NAMES {
        let value = workbench.settings.text(name);
        if value != workbench::Settings::default().text(name) {
            let _ = writeln!(text, "  {name}: {}", value.unwrap_or_default());
        }
    }
    for (index, design) in workbench.designs.iter().enumerate() {
        let baseline = if index == workbench.baseline { ", the baseline" } else { "" };
        match &design.content {
            Content::Network(network) => {
                let _ = writeln!(text, "  {}{baseline}: {} of {}", design.name, network.name, network.input);
                describe_rows(&mut text, network);
            }
            Content::Twin { of, rewrites } => {
                let _ =
                    writeln!(text, "  {}{baseline}: {} under {rewrites:?}", design.name, workbench.designs[*of].name);
            }
        }
    }
    text
}

fn describe_rows(text: &mut String, network: &Network) {
    for node in &network.nodes {
        let source = |source: &Source| match source {
            Source::Input => "the input".to_string(),
            Source::Node(id) => network.node(*id).map_or("missing".to_string(), |node| node.name.clone()),
        };
        let inputs = match &node.inputs {
            Inputs::Above => String::new(),
            Inputs::From(sources) => format!(" <- {}", sources.iter().map(source).collect::<Vec<_>>().join(", ")),
        };
        let _ = writeln!(text, "    {}: {}{inputs}", node.name, describe_layer(&node.layer));
    }
    for module in &network.uncalled {
        let declared = &module.declared;
        let _ = writeln!(text, "    {}: {}, never called, of {declared:?}", module.name, describe_layer(&module.layer));
    }
}

fn describe_layer(layer: &Layer) -> String {
    let arguments = layer.written_arguments().map(|(name, value)| format!("{name}={value}"));
    format!("{}({})", layer.kind().class(), arguments.collect::<Vec<_>>().join(", "))
}
