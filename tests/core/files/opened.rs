//! Files as the page's worker reads them: what was opened together belongs together.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::task::{Context, Poll, Waker};

use convscope::engine::{Plan, PlanOptions, Seeding, WeightSource};
use convscope::job::{
    Bytes, FileBytes, Job, Message, ReadReport, ReadTask, Request, WeightsOf, WriteTask, WrittenForm,
};
use convscope::page::editor::Editor;
use convscope::page::weights::{Loaded, Shelf};
use convscope::share_link;
use convscope::workbench::{Content, Design, Workbench};

/// The network of tests/oracle/weights_cases.py.
const NET: &str = "1x6x6.c2k3b0.bn.gap.flat.fc3_fc";

fn file(path: &str) -> FileBytes {
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)).unwrap();
    named(Path::new(path).file_name().unwrap().to_str().unwrap(), bytes)
}

fn named(name: &str, bytes: impl Into<Vec<u8>>) -> FileBytes {
    FileBytes { name: name.to_string(), bytes: Bytes::new(bytes.into()) }
}

fn answer<T: Request>(task: T) -> Result<T::Reply, String> {
    // As it crosses the boundary.
    let bytes = Job { id: 1, task: T::Wire::from(task.clone()) }.to_bytes();
    assert!(Job::<T::Wire>::from_bytes(&bytes).is_ok());
    let mut clock = || 0.0;
    let mut tell = |_| {};
    let mut future = std::pin::pin!(task.answer(&mut clock, &mut tell));
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reply) => reply,
        Poll::Pending => panic!("it waits for nothing"),
    }
}

fn read(files: Vec<FileBytes>, designs: &[&str]) -> ReadReport {
    let designs = designs.iter().map(ToString::to_string).collect();
    let report = answer(ReadTask { files, designs }).unwrap();
    let message = Message { id: Some(1), news: convscope::job::News::Told(report.clone()) };
    assert_eq!(Message::from_bytes(&message.to_bytes()), Ok(message));
    report
}

fn words(report: &ReadReport) -> String {
    report.problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("\n")
}

/// One layer was renamed: its tensors are missing here and left over there; all others are used.
#[test]
fn weights_go_to_the_design_they_fit() {
    let renamed = "1x6x6.c2k3b0.bn.gap.flat.fc3_classifier";
    let (network, problems) = share_link::decode_design(renamed);
    assert_eq!(problems, []);
    let report = read(vec![file("weights/state.pth")], &["3x32x32.c4k3", renamed]);
    assert_eq!(words(&report), "");
    let [weights] = report.weights.as_slice() else { panic!("{:?}", report.weights) };
    assert_eq!(weights.of, WeightsOf::Design(1));
    let counts = [weights.fit.matched.len(), weights.fit.missing.len(), weights.fit.unexpected.len()];
    assert_eq!((counts, weights.fit.mismatched.len()), ([6, 2, 2], 0));
    let WeightSource::Given(all) = weights.given.source(&network, Seeding::default()).unwrap() else { panic!() };
    let of = |row: usize| &all[&network.nodes[row].id];
    assert_eq!(of(0)[0][..3], [0.0, 0.125, 0.25]);
    assert_eq!(of(1)[3], [4.0, 4.125]);
    let seeded = convscope::engine::all_tensors(&network, &WeightSource::Seeded(Seeding::default())).unwrap();
    assert_eq!(of(4), &seeded[&network.nodes[4].id]);
    let none = read(vec![file("weights/state.pth")], &["3x32x32.c4k3_other"]);
    assert!(words(&none).contains("no design here has a tensor of such a name"), "{}", words(&none));
}

/// An edit that changes a layer's sizes lets its weights go, with a word; a rename does not.
#[test]
fn edits_drop_what_no_longer_fits() {
    let report = read(vec![file("weights/state.safetensors")], &[NET]);
    let weights = report.weights.into_iter().next().unwrap();
    assert!(weights.fit.missing.is_empty() && weights.fit.unexpected.is_empty());
    let (network, _) = share_link::decode_design(NET);
    let mut shelf = Shelf::default();
    let id = shelf.keep(Loaded::new("state.safetensors".to_string(), weights.fit, weights.given, &network));
    let design = Design::new("Net".to_string(), Content::Network(network.clone().into()));
    let mut editor = Editor::new(Workbench { designs: vec![design], ..Workbench::default() });
    let used = |editor: &Editor| shelf.used(&editor.derived().designs[0]);
    assert_eq!(used(&editor), None);
    editor.set_weights(0, Some(id));
    assert_eq!(used(&editor).unwrap().given.rows.len(), 3);
    let (conv, fc) = (network.nodes[0].id, network.nodes[4].id);
    editor.rename(0, fc, "head", 0.0).unwrap();
    assert_eq!(used(&editor).unwrap().given.rows.len(), 3);
    editor.type_argument((0, conv), "kernel_size", "5", 0.0).unwrap();
    let now = used(&editor).unwrap();
    assert_eq!((now.given.rows.len(), now.dropped.as_slice()), (2, &["conv1".to_string()][..]));
    assert!(now.words().contains("sizes differ in conv1"), "{}", now.words());
    editor.undo();
    assert_eq!(used(&editor).unwrap().dropped, [""; 0]);
}

/// An ONNX file whose numbers are in a second one runs with them, and counts without.
#[test]
fn a_model_in_two_files_is_one() {
    let (network, _) = share_link::decode_design(NET);
    let seeded = WeightSource::Seeded(Seeding { seed: 3, ..Seeding::default() });
    let whole =
        convscope::files::onnx_write::write(&network, &convscope::engine::all_tensors(&network, &seeded).unwrap());
    let alone = read(vec![named("net.onnx", whole.unwrap())], &[]);
    assert_eq!((alone.models.len(), alone.weights.len()), (1, 1), "{}", words(&alone));
    assert_eq!((alone.models[0].name.as_str(), words(&alone).as_str()), ("net", ""));
    let (read_back, _) = share_link::decode_design(&alone.models[0].design);
    let given = alone.weights[0].given.source(&read_back, Seeding::default()).unwrap();
    let run = |network, weights: &WeightSource| {
        let mut plan = Plan::new(network, weights, &PlanOptions::default()).unwrap();
        plan.set_input(&[0.25; 36]).unwrap();
        plan.run();
        plan.output().to_vec()
    };
    assert_eq!(run(&read_back, &given), run(&network, &seeded));
    let parts = read(vec![file("onnx_parts/net.onnx.data"), file("onnx_parts/net.onnx")], &[]);
    assert_eq!((parts.models.len(), parts.weights.len()), (1, 1), "{}", words(&parts));
    assert_eq!(words(&parts), "");
    let first = read(vec![file("onnx_parts/net.onnx")], &[]);
    assert_eq!((first.models.len(), first.weights.len()), (1, 0));
    assert!(words(&first).contains("its numbers are in net.onnx.data: open both together"), "{}", words(&first));
    assert_eq!(first.models, parts.models);
}

#[test]
fn files_are_told_apart_by_content() {
    let notebook = r#"{"cells": [{"cell_type": "code", "source": ["import torch\n", "%matplotlib inline"]}]}"#;
    let report = read(
        vec![
            file("tflite/small_int8.tflite"),
            named("model.onnx", notebook),
            named("x.py", "print(1)"),
            named("broken.tflite", b"\0\0\0\x7fTFL3"),
            named("empty.pth", ""),
            named("pickled.pth", b"\x80\x02cos\nsystem\n."),
        ],
        &[],
    );
    assert_eq!((report.models.len(), report.texts.len()), (1, 2));
    assert_eq!(report.texts[0], ("model.onnx".to_string(), "import torch\n# %matplotlib inline".to_string()));
    let words = words(&report);
    assert!(words.contains("broken.tflite: byte 2130706432, Model: it lies outside of the file"), "{words}");
    assert!(words.contains("empty.pth: the file is empty") && words.contains("pickled.pth:"), "{words}");
}

/// What the page saves as JSON opens as the same workbench.
#[test]
fn json_is_read_back_whole() {
    let mut workbench = Workbench::default();
    workbench.settings.seed = 7;
    workbench.designs[1].name = "Twin".to_string();
    let fragment = share_link::encode(&workbench);
    let editor = Editor::new(workbench.clone());
    let state = &editor.derived().designs[0];
    let json = convscope::report::json_with_workbench(state.network(), &state.report, &fragment);
    let report = read(vec![named("workbench.json", json)], &[]);
    assert_eq!(share_link::decode(report.workbench.as_deref().unwrap()), (workbench, Vec::new()));
}

/// What is written is read back with the same weights.
#[test]
fn written_files_have_the_weights() {
    let (network, _) = share_link::decode_design(NET);
    let loaded = read(vec![file("weights/state.pth")], &[NET]).weights.remove(0).given;
    let mut outputs = HashMap::new();
    for form in [WrittenForm::Onnx, WrittenForm::SafeTensors] {
        let task = WriteTask { network: NET.to_string(), seed: 0, gain: 1.0, given: loaded.clone(), form };
        let bytes = answer(task).unwrap();
        let again = read(vec![named("again", bytes.as_slice())], &[NET]);
        let weights = &again.weights[0];
        let network = match weights.of {
            WeightsOf::Model(_) => share_link::decode_design(&again.models[0].design).0,
            WeightsOf::Design(_) => network.clone(),
        };
        let source = weights.given.source(&network, Seeding { seed: 99, ..Seeding::default() }).unwrap();
        let mut plan = Plan::new(&network, &source, &PlanOptions::default()).unwrap();
        plan.set_input(&[0.5; 36]).unwrap();
        plan.run();
        outputs.insert(format!("{form:?}"), plan.output().to_vec());
    }
    assert_eq!(outputs["Onnx"], outputs["SafeTensors"]);
}
