//! The table of a design as text.

use convscope::cost::{Settings, analyze};
use convscope::model::presets;
use convscope::report::Format;

#[test]
fn the_tables_say_what_the_report_says() {
    for preset in presets::all() {
        let network = preset.network();
        let report = analyze(&network, &Settings::default());
        let totals = report.totals.figures;
        let json: serde_json::Value =
            serde_json::from_str(&Format::Json.write(&network, &report)).expect("the JSON is JSON");
        assert_eq!(json["params"].as_u64(), Some(totals.params().0), "{}", preset.id);
        assert_eq!(json["macs"].as_u64(), Some(totals.macs.0), "{}", preset.id);
        let layers = json["layers"].as_array().expect("layers");
        assert_eq!(layers.len(), network.nodes.len() + network.uncalled.len());
        let sum = |key: &str| layers.iter().filter_map(|layer| layer[key].as_u64()).sum::<u64>();
        assert_eq!(sum("params"), totals.params().0, "{}", preset.id);
        assert_eq!(sum("macs"), totals.macs.0, "{}", preset.id);
        let csv = Format::Csv.write(&network, &report);
        assert_eq!(csv.lines().count(), layers.len() + 1);
        for format in [Format::Markdown, Format::Latex] {
            let text = format.write(&network, &report);
            assert!(text.contains(&convscope::cost::units::grouped(totals.params().0)), "{text}");
        }
    }
}

/// Only what fits on a page is a `tabular`.
#[test]
fn long_latex_tables_go_over_pages() {
    for (id, environment) in [("seed_standard", "tabular"), ("mobilenet_v2", "longtable")] {
        let network = presets::find(id).expect("a preset").network();
        let text = Format::Latex.write(&network, &analyze(&network, &Settings::default()));
        let count = |what: &str| text.matches(what).count();
        assert_eq!(count(&format!("\\begin{{{environment}}}{{llrrr}}")), 1, "{text}");
        assert_eq!(count(&format!("\\end{{{environment}}}")), 1);
        assert_eq!(count("\\endhead"), usize::from(environment == "longtable"));
    }
}

#[test]
fn names_cannot_break_a_table() {
    let mut network = presets::find("seed_standard").expect("the seed's").network();
    network.nodes[0].name = "=a|b,\"c\"\n{d}_&%\\".to_string();
    let report = analyze(&network, &Settings::default());
    let json: serde_json::Value = serde_json::from_str(&Format::Json.write(&network, &report)).expect("JSON");
    assert_eq!(json["layers"][0]["name"], network.nodes[0].name.as_str());
    assert!(Format::Csv.write(&network, &report).contains("\"'=a|b,\"\"c\"\"\n"));
    assert!(Format::Markdown.write(&network, &report).contains("| =a\\|b,"));
    assert!(Format::Latex.write(&network, &report).contains("\\{d\\}\\_\\&\\%\\textbackslash{}"));
}
