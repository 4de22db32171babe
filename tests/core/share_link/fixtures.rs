//! tests/fixtures/links.txt only grows: every link that ever worked keeps working.
//!
//! A link stands on a line of its own. The indented lines below it say what it decodes to: the settings that are not
//! the default, then for each design its name and the rows as `name: Class(arguments) <- inputs`.

use std::fmt::Write;

use convscope::model::{Inputs, Layer, Network, Source};
use convscope::share_link::decode;
use convscope::workbench::{Content, Settings, Workbench};

#[test]
fn links_that_worked_keep_working() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/links.txt");
    let text = std::fs::read_to_string(path).expect("tests/fixtures/links.txt");
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
        for problem in problems {
            let _ = writeln!(found, "  problem: {problem}");
        }
        if found != expected {
            let _ = writeln!(differences, "{link}\n--- found\n{found}--- expected\n{expected}");
        }
    }
    assert!(links > 0, "no link in {path}");
    assert!(differences.is_empty(), "{differences}");
}

fn describe(workbench: &Workbench) -> String {
    let mut text = String::new();
    for name in Settings::NAMES {
        let value = workbench.settings.text(name);
        if value != Settings::default().text(name) {
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
