//! The table of a design as text.

use convscope::cost::{Settings, analyze};
use convscope::model::presets;
use convscope::report::Format;
use proptest::prelude::*;

use crate::hostile_text;

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

/// The records of a text of comma-separated values, as RFC 4180 reads them.
fn csv_records(text: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let record = records.last_mut().expect("a record");
        let cell = record.last_mut().expect("a cell");
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => cell.extend(characters.next()),
            '"' if quoted || cell.is_empty() => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\r' if !quoted && characters.peek() == Some(&'\n') => {
                characters.next();
                records.push(vec![String::new()]);
            }
            other => cell.push(other),
        }
    }
    assert!(!quoted, "an open quote");
    assert_eq!(records.pop(), Some(vec![String::new()]), "the last line is closed");
    records
}

/// The cells of a line of a Markdown table, what is escaped standing for itself.
fn markdown_cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let cell = cells.last_mut().expect("a cell");
        match character {
            '\\' => cell.extend(characters.next()),
            '|' => cells.push(String::new()),
            '`' | '[' | ']' | '<' | '>' => panic!("{character:?} is live in {line}"),
            other => cell.push(other),
        }
    }
    cells
}

/// Checks a LaTeX text: its braces are balanced, its commands known, its tables have five columns.
fn check_latex(text: &str) {
    const COMMANDS: &[&str] = &[
        "begin",
        "end",
        "toprule",
        "midrule",
        "bottomrule",
        "endhead",
        "times",
        "textbackslash",
        "textasciitilde",
        "textasciicircum",
        "usepackage",
    ];
    let mut depth = 0;
    let mut separators = 0;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let mut command = String::new();
                while let Some(letter) = characters.next_if(char::is_ascii_alphabetic) {
                    command.push(letter);
                }
                if !command.is_empty() {
                    assert!(COMMANDS.contains(&command.as_str()), "\\{command} in\n{text}");
                    continue;
                }
                match characters.next() {
                    Some('\\') => {
                        assert_eq!(std::mem::take(&mut separators), 4, "{text}");
                        let next = characters.clone().find(|next| !next.is_whitespace());
                        assert!(!matches!(next, Some('[' | '*')), "{text}");
                    }
                    Some(escaped) => assert!("&%$#_{}".contains(escaped), "\\{escaped} in\n{text}"),
                    None => panic!("a backslash at the end"),
                }
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            '&' => separators += 1,
            '%' => assert!(text.starts_with("% \\usepackage{"), "a comment in\n{text}"),
            '#' | '_' | '^' | '~' => panic!("{character} is live in\n{text}"),
            control => assert!(!control.is_control() || control == '\n', "{control:?} in\n{text}"),
        }
        assert!(depth >= 0, "{text}");
    }
    assert_eq!((depth, separators), (0, 0), "{text}");
    assert_eq!(text.matches('%').count() - text.matches("\\%").count(), 1, "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, max_shrink_iters: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_names_leave_the_tables_whole(network in hostile_text::network()) {
        let report = analyze(&network, &Settings::default());
        let rows = network.nodes.len() + network.uncalled.len();
        let csv = Format::Csv.write(&network, &report);
        let records = csv_records(&csv);
        prop_assert_eq!(records.len(), rows + 1);
        let names = network.nodes.iter().map(|node| &node.name);
        for (record, name) in records[1..].iter().zip(names) {
            prop_assert_eq!(record.len(), 5, "{}", csv);
            prop_assert!(!record[0].starts_with(['=', '+', '-', '@', '\t', '\r']), "{}", csv);
            prop_assert_eq!(record[0].strip_prefix('\'').unwrap_or(&record[0]), name.strip_prefix('\'').unwrap_or(name));
        }
        // A spreadsheet whose language separates by `;` finds none outside of quotes.
        prop_assert!(csv.split('"').step_by(2).all(|plain| !plain.contains(';')), "{}", csv);

        let markdown = Format::Markdown.write(&network, &report);
        let lines: Vec<&str> = markdown.split('\n').collect();
        prop_assert_eq!(lines.len(), rows + 6, "{}", markdown);
        prop_assert!(!markdown.chars().any(|c| c.is_control() && c != '\n'), "{}", markdown);
        for line in &lines[2..rows + 5] {
            prop_assert_eq!(markdown_cells(line).len(), 7, "{}", line);
        }
        markdown_cells(lines[0]);
        check_latex(&Format::Latex.write(&network, &report));
        let json = Format::Json.write(&network, &report);
        let json: serde_json::Value = serde_json::from_str(&json).map_err(|error| TestCaseError::fail(error.to_string()))?;
        for (layer, node) in json["layers"].as_array().expect("layers").iter().zip(&network.nodes) {
            prop_assert_eq!(layer["name"].as_str(), Some(node.name.as_str()));
        }
    }
}

/// A table is as long as what stands in it, not as its longest name times its rows.
#[test]
fn long_names_do_not_widen_every_row() {
    let mut network = presets::find("mobilenet_v2").expect("a preset").network();
    network.nodes[0].name = "n".repeat(100_000);
    let report = analyze(&network, &Settings::default());
    for format in Format::ALL {
        // JSON has it twice: the row's, and the design's.
        assert!(format.write(&network, &report).len() < 250_000, "{}", format.title());
    }
}
