//! What each verb answers, and how it refuses.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::Folder;

const SMALL: &str = "1x28x28.c8k3.relu.gap.flat.fc10";

fn seed() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seed_question.txt")).unwrap()
}

#[test]
fn the_json_has_the_documented_keys_and_pytorchs_numbers() {
    let folder = Folder::new("json");
    folder.write("seed.py", seed());
    let answer = folder.call(&["seed.py", "--json"]);
    assert_eq!((answer.status, answer.problems.as_str()), (0, ""));
    let json = answer.json();
    assert_eq!(json["schema"], "convscope.1");
    assert_eq!(json["failed"], json!([]));
    let models = json["models"].as_array().unwrap();
    let figures = |key: &str| models.iter().map(|model| model[key].clone()).collect::<Vec<Value>>();
    assert_eq!(figures("params"), [11_831, 11_404]);
    assert_eq!(figures("macs"), [75_276, 33_244]);
    assert_eq!(figures("flops"), [150_552, 66_488]);
    assert_eq!(figures("buffers"), [59, 59]);
    assert_eq!(figures("completeness"), ["exact", "exact"]);
    assert_eq!(models[0]["input"], json!([1, 1, 150]));
    let keys: Vec<&str> = models[0].as_object().unwrap().keys().map(String::as_str).collect();
    let documented = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/command-line.md")).unwrap();
    let missing: Vec<_> = keys.iter().filter(|key| !documented.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "not in docs/command-line.md: {missing:?}");
    let wanted = [
        "name",
        "input",
        "params",
        "trainable",
        "buffers",
        "macs",
        "flops",
        "peak_activation_bytes",
        "flash_int8_bytes",
        "ram_int8_bytes",
        "completeness",
        "rows",
        "problems",
    ];
    assert!(wanted.iter().all(|key| keys.contains(key)), "{keys:?}");
    assert_eq!(
        models[0]["rows"][0],
        json!({"name": "conv1", "class": "Conv2d", "output": [4, 2, 151], "params": 20, "macs": 4832, "state": "ok"})
    );
    // What was written is read back, to the same figures.
    folder.write("again.json", &answer.text);
    let again = folder.call(&["again.json", "--json"]).json();
    assert_eq!(again["models"][1]["rows"], models[1]["rows"]);
    let exported = folder.call(&["export", "json", "seed.py::dsCNN_model"]);
    folder.write("one.json", &exported.text);
    assert_eq!(folder.call(&["one.json", "--json"]).json()["models"][0]["params"], 11_404);
}

#[test]
fn all_formats_have_the_same_sums() {
    let folder = Folder::new("formats");
    folder.write("seed.py", seed());
    for (format, number) in [("table", "11,831"), ("markdown", "11,831"), ("csv", "11831"), ("json", "11831")] {
        for rows in [&["--rows"] as &[&str], &[]] {
            let arguments = [&["seed.py", SMALL, "--format", format], rows].concat();
            let answer = folder.call(&arguments);
            // Lines of layers as CSV have no sums.
            let expected = if format == "csv" && !rows.is_empty() { "10980" } else { number };
            assert!(answer.status == 0 && answer.text.contains(expected), "{arguments:?}: {answer:?}");
        }
    }
}

#[test]
fn a_mistake_is_told_with_file_line_and_rule() {
    let folder = Folder::new("mistake");
    folder.write(
        "bad.py",
        "import torch.nn as nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Conv2d(3, 8, 3)\n        self.b = nn.Conv2d(16, 8, 3)\n    def forward(self, x):\n        x = self.a(x)\n        return self.b(x)\n",
    );
    let answer = folder.call(&["bad.py", "missing.py", SMALL, "--input", "3x32x32", "--json"]);
    assert_eq!(answer.status, 2);
    assert!(answer.problems.contains("bad.py:9: error: "), "{answer:?}");
    assert!(answer.problems.contains("[channel_mismatch]"), "{answer:?}");
    assert!(answer.problems.contains("missing.py: error: there is no such file"), "{answer:?}");
    let json = answer.json();
    assert_eq!(json["failed"][0]["file"], "missing.py");
    // The rest is counted.
    let models = json["models"].as_array().unwrap();
    assert_eq!(models.last().unwrap()["file"], SMALL);
    assert_eq!(models[0]["problems"][0]["line"], 9);
}

#[test]
fn fit_says_no_by_its_exit_status() {
    let folder = Folder::new("fit");
    folder.write(
        "odd.py",
        "import torch.nn as nn\nfrom somewhere import Odd\nnet = nn.Sequential(nn.Conv2d(1, 8, 3), Odd(8))\n",
    );
    let status = |arguments: &[&str]| folder.call(&[&["fit"], arguments].concat()).status;
    assert_eq!(
        status(&[SMALL, "--device", "nano-33-ble", "--max-flash", "256k", "--max-ram", "64k", "--max-macs", "5M"]),
        0
    );
    assert_eq!(status(&[SMALL, "--max-macs", "48752"]), 0);
    assert_eq!(status(&[SMALL, "--max-macs", "48751"]), 1);
    assert_eq!(status(&[SMALL, "--max-flash", "223"]), 1);
    assert_eq!(status(&[SMALL, "--max-params", "170"]), 0);
    assert_eq!(status(&[SMALL, "--device", "own-223-100000"]), 1);
    // What is not known does not fit.
    assert_eq!(status(&["odd.py", "--input", "1x28x28", "--max-macs", "1G"]), 1);
    assert_eq!(status(&[SMALL]), 2);
    assert_eq!(status(&["nothing.py", "--max-macs", "1G"]), 2);
    let json = folder.call(&["fit", SMALL, "--max-macs", "1k", "--json"]).json();
    let limit = json!({"what": "MACs", "found": 48_752, "most": 1000, "verdict": "too_large"});
    assert_eq!((&json["models"][0]["fits"], &json["models"][0]["limits"][0]), (&json!(false), &limit));
}

#[test]
fn diff_names_what_differs() {
    let folder = Folder::new("diff");
    folder.write("seed.py", seed());
    let answer = folder.call(&["diff", "seed.py"]);
    assert!(answer.status == 0 && answer.text.contains("depthwise1 Conv2d"), "{answer:?}");
    assert!(answer.text.contains("11 of 16 rows are the same"), "{answer:?}");
    let json = folder.call(&["diff", "seed.py::standardCNN", "seed.py::dsCNN_model", "--json"]).json();
    assert_eq!(json["models"][1]["params"], 11_404);
    assert_eq!(json["rows"][0], json!({"left": ["conv1"], "right": ["depthwise1", "pointwise1"], "same": false}));
    let same = folder.call(&["diff", SMALL, SMALL]);
    assert!(same.text.contains("5 of 5 rows are the same"), "{same:?}");
    assert_eq!(folder.call(&["diff", SMALL]).status, 2);
}

#[test]
fn run_gives_the_engines_outputs_and_takes_values() {
    let folder = Folder::new("run");
    let first = folder.call(&["run", SMALL, "--save", "out.npy", "--json"]);
    let json = first.json();
    assert_eq!(json["output_shape"], json!([1, 10]));
    assert_eq!(json["output"].as_array().unwrap().len(), 10);
    let saved = fs::read(folder.path().join("out.npy")).unwrap();
    assert!(saved.starts_with(b"\x93NUMPY") && saved.len() % 64 == 40);
    // The output of ten values is no input of 784.
    let refused = folder.call(&["run", SMALL, "--values", "out.npy"]);
    assert!(refused.status == 2 && refused.problems.contains("10 values instead of 784"), "{refused:?}");
    folder.write("broken.npy", "\x00NUMPY");
    let refused = folder.call(&["run", SMALL, "--values", "broken.npy"]);
    assert!(refused.status == 2 && refused.problems.contains("broken.npy: it does not begin"), "{refused:?}");
}

#[test]
fn notebooks_and_links_are_read() {
    let folder = Folder::new("kinds");
    let cells = [
        json!({"cell_type": "markdown", "source": "A net"}),
        json!({"cell_type": "code", "source": ["%matplotlib inline\n", "!pip install torch\n", "import torch.nn as nn\n"]}),
        json!({"cell_type": "code", "source": "net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())"}),
    ];
    // The name's ending says nothing.
    folder.write("net.onnx", json!({"cells": cells, "nbformat": 4}).to_string());
    let json = folder.call(&["net.onnx", "--input", "1x8x8", "--json"]).json();
    assert_eq!(json["models"][0]["params"], 40);
    let link = "https://a.page/x/#v=1&a=1x1x150.c4k2p1.bn.relu.max2.flat.fc3&b=separable";
    let json = folder.call(&[link, "--json"]).json();
    assert_eq!(json["models"].as_array().unwrap().len(), 2);
    folder.write("link.txt", link);
    assert_eq!(folder.call(&["link.txt", "--json"]).json()["models"].as_array().unwrap().len(), 2);
    for (name, content, words) in [
        ("empty", &b""[..], "the file is empty"),
        ("old.h5", b"\x89HDF\r\n\x1a\n....", "HDF5"),
        ("zero", b"\0\0\0\0", "no kind of model file"),
        ("bad.json", b"{\"cells\": 3}", "no notebook"),
    ] {
        folder.write(name, content);
        let answer = folder.call(&[name]);
        assert!(answer.status == 2 && answer.problems.contains(words), "{name}: {answer:?}");
    }
}

#[test]
fn onnx_files_are_counted_and_run_with_their_weights() {
    let folder = Folder::new("onnx");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx");
    folder.write("net.bin", fs::read(fixtures.join("seed_script.onnx")).unwrap());
    let json = folder.call(&["net.bin", "--json"]).json();
    assert_eq!(json["models"][0]["name"], "net");
    assert_eq!((&json["models"][0]["params"], &json["models"][0]["completeness"]), (&json!(401), &json!("exact")));
    assert_eq!(json["models"][0]["problems"][0]["rule"], "folded");
    let cases = fs::read_to_string(fixtures.join("cases.jsonl")).unwrap();
    let case: Value =
        serde_json::from_str(cases.lines().find(|line| line.contains("\"seed_script\"")).unwrap()).unwrap();
    let mut npy = b"\x93NUMPY\x01\0\x30\0{'descr': '<f4', 'fortran_order': False, }     \n".to_vec();
    for value in case["input"].as_array().unwrap() {
        npy.extend((value.as_f64().unwrap() as f32).to_le_bytes());
    }
    folder.write("x.npy", npy);
    let run = folder.call(&["run", "net.bin", "--values", "x.npy", "--json"]).json();
    for (found, expected) in run["output"].as_array().unwrap().iter().zip(case["output"].as_array().unwrap()) {
        assert!((found.as_f64().unwrap() - expected.as_f64().unwrap()).abs() < 1e-5, "{run} {case}");
    }
}

#[test]
fn weights_fit_by_name_and_are_run_with() {
    let folder = Folder::new("weights");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/weights");
    folder.write("state.pth", fs::read(fixtures.join("state.pth")).unwrap());
    folder.write("whole.pt", fs::read(fixtures.join("whole.pt")).unwrap());
    let design = "1x6x6.c2k3b0_conv1.bn_bn1.gap.flat.fc3_fc";
    let fits = folder.call(&["weights", design, "state.pth", "--json"]);
    assert_eq!((fits.status, fits.json()["matched"].as_array().unwrap().len()), (0, 8), "{fits:?}");
    let renamed = folder.call(&["weights", "1x6x6.c2k3b0_conv1.bn_norm.gap.flat.fc3_fc", "state.pth"]);
    assert!(
        renamed.status == 1 && renamed.text.contains("3 matched, 4 missing, 5 unexpected, 0 of another shape"),
        "{renamed:?}"
    );
    // Written as safetensors they run to the same outputs.
    let run = folder.call(&["run", design, "--weights", "state.pth", "--json"]).json();
    let export = folder.call(&["export", "safetensors", design, "--weights", "state.pth", "-o", "out.safetensors"]);
    assert_eq!(export.status, 0, "{export:?}");
    let again = folder.call(&["run", design, "--weights", "out.safetensors", "--json"]).json();
    assert_eq!(run["output"], again["output"]);
    assert_ne!(run["output"], folder.call(&["run", design, "--json"]).json()["output"]);
    let code = folder.call(&["run", design, "--weights", "whole.pt"]);
    assert!(code.status == 2 && code.problems.contains("__main__.Net is not read"), "{code:?}");
}

#[test]
fn a_thousand_files_are_one_call() {
    let folder = Folder::new("thousand");
    let names: Vec<String> = (1..=1000).map(|number| format!("net{number}.py")).collect();
    for (name, channels) in names.iter().zip(1..) {
        let text = format!("import torch.nn as nn\nnet = nn.Sequential(nn.Conv2d(1, {channels}, 3), nn.ReLU())\n");
        folder.write(name, text);
    }
    let arguments: Vec<&str> = names.iter().map(String::as_str).chain(["--input", "1x8x8", "--json"]).collect();
    let json = folder.call(&arguments).json();
    let params: Vec<u64> =
        json["models"].as_array().unwrap().iter().map(|model| model["params"].as_u64().unwrap()).collect();
    let expected: Vec<u64> = (1..=1000).map(|channels| channels * 10).collect();
    assert_eq!(params, expected);
}

#[test]
fn the_help_fits_a_screen() {
    let folder = Folder::new("help");
    let help = folder.call(&["--help"]);
    assert_eq!(help.status, 0);
    let lines: Vec<&str> = help.text.lines().collect();
    assert!(lines.len() <= 40 && lines.iter().all(|line| line.chars().count() <= 100), "{}", lines.len());
    for (arguments, words) in [
        (&[][..], "wants a file"),
        (&["--formt", "json", SMALL], "no option --formt"),
        (&[SMALL, "--device", "toaster"], "no device is called"),
        (&[SMALL, "--input", "0x3"], "--input: "),
        (&["export", "onyx", SMALL], "no form \"onyx\""),
        (&["run", SMALL, SMALL], "one model, please"),
        (&["export", "keras", "1x8x8.c4k3.zzz"], "has no equal in Keras"),
    ] {
        let answer = folder.call(arguments);
        assert!(answer.status == 2 && answer.problems.contains(words), "{arguments:?}: {answer:?}");
    }
}
