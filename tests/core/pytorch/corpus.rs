//! Public networks that are no part of this project: how many are read exactly. For whoever has them on disk:
//!
//! `CORPUS=folder cargo test ... -- --ignored corpus --nocapture`, where the folder has `corpus.tsv` (name of the file in
//! the folder, network, input, parameters, MACs, buffers, outputs) and the files.

use convscope::cost::{Settings, analyze};
use convscope::model::Dims;
use convscope::pytorch::{Import, ImportedModel, Options, Severity, import};

/// One line for each network: what is found, and how long the import took.
#[test]
#[ignore = "needs files that are not in this repository"]
fn corpus_networks_are_read_as_pytorch_makes_them() {
    let folder = std::env::var("CORPUS").expect("CORPUS names a folder");
    let list = std::fs::read_to_string(format!("{folder}/corpus.tsv")).expect("corpus.tsv");
    let mut exact = 0;
    let mut all = 0;
    for line in list.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [file, name, input, params, macs, buffers, outputs] = fields.as_slice() else { continue };
        let Ok(text) = std::fs::read_to_string(format!("{folder}/{file}")) else { continue };
        all += 1;
        let start = std::time::Instant::now();
        let found = import(&text, &Options { input: input.parse::<Dims>().ok() });
        let time = start.elapsed().as_millis();
        let expected = format!("params={params} macs={macs} buffers={buffers} outputs={outputs}");
        let fits = |model: &&ImportedModel| figures(model) == expected;
        let model = found.models.iter().find(fits);
        let complete = model.is_some_and(is_complete) && errors(&found) == 0;
        exact += u32::from(complete);
        let verdict = match (model, complete) {
            (Some(_), true) => "exact",
            (Some(_), false) if errors(&found) == 0 => "unknown-rows",
            _ if errors(&found) > 0 => "error",
            _ if found.models.is_empty() => "nothing",
            _ if found.models.iter().all(is_complete) => "WRONG",
            _ => "says-unknown",
        };
        println!("{verdict}\t{file}\t{name}\t{time} ms\t{expected}");
        if verdict != "exact" {
            tell(&found);
        }
    }
    println!("{exact} of {all} exact");
}

/// The rows of the text that `TEXT` names, on the input that `INPUT` says.
#[test]
#[ignore = "shows a text of one's own"]
fn corpus_text_is_shown() {
    let text = std::fs::read_to_string(std::env::var("TEXT").expect("TEXT names a file")).expect("a text");
    let input = std::env::var("INPUT").ok().and_then(|input| input.parse().ok());
    let found = import(&text, &Options { input });
    for model in &found.models {
        let report = analyze(&model.network, &Settings::default());
        println!("== {} {:?} of {} {:?}", model.name, model.variable, model.network.input, model.input.hint);
        for (index, node) in model.network.nodes.iter().enumerate() {
            let shape = report.shapes.nodes[index].dims().map(ToString::to_string);
            let row = &report.rows[index];
            let (macs, params) = (row.figures.macs.0, row.figures.params().0);
            println!(
                "  {} {:?} <- {:?} {shape:?} macs={macs} params={params} {:?}",
                node.name, node.layer, node.inputs, row.state
            );
        }
        for module in &model.network.uncalled {
            println!("  uncalled {module:?}");
        }
    }
    tell(&found);
}

fn is_complete(model: &ImportedModel) -> bool {
    analyze(&model.network, &Settings::default()).totals.completeness.is_exact()
}

fn errors(found: &Import) -> usize {
    found.problems.iter().filter(|problem| problem.severity == Severity::Error).count()
}

fn figures(model: &ImportedModel) -> String {
    let of = |figure: Option<u64>| figure.map_or_else(|| "?".to_string(), |figure| figure.to_string());
    let outputs: Vec<String> = model.outputs.iter().map(ToString::to_string).collect();
    let macs = analyze(&model.network, &Settings::default()).totals.figures.macs.0;
    let (params, buffers) = (of(model.totals.params), of(model.totals.buffers));
    format!("params={params} macs={macs} buffers={buffers} outputs={}", outputs.join(" "))
}

fn tell(found: &Import) {
    for model in &found.models {
        let input = model.network.input;
        println!("    {} {:?} of {input}: {} {}", model.name, model.variable, figures(model), is_complete(model));
    }
    let mut problems: Vec<_> = found.problems.iter().collect();
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    for problem in problems.into_iter().take(6) {
        println!("    {:?} line {:?}: {}", problem.severity, problem.line, problem.message);
    }
}
