//! The models of a call: files, links, texts of designs.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::Stopped;
use super::arguments::{Call, Verb};
use super::problem::{Problem, Severity};
use crate::files::weights::NodeWeights;
use crate::files::{self, FileProblem, Kind, Own};
use crate::model::{Dims, Network};
use crate::{pytorch, share_link};

/// One network.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub name: String,
    pub network: Network,
    /// Modules that do not learn.
    pub frozen: Vec<String>,
    /// What the file has, where it was asked for: the numbers of each node, or why there are none.
    pub weights: Option<Result<NodeWeights, String>>,
}

/// What a reader is asked for.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    input: Option<Dims>,
    weights: bool,
}

/// What one file, link or text holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Opened {
    /// As it was named in the call.
    pub file: String,
    pub models: Vec<Model>,
    pub problems: Vec<Problem>,
}

/// No source text is so long.
const MOST_TEXT: u64 = 16_000_000;
/// Between a file and one network in it.
const PART: &str = "::";
/// What reading Python may go down to: its bounds on depth are made for less.
const STACK: usize = 64 << 20;

/// All models of the call, in its order.
pub(super) fn open_all(call: &Call) -> Vec<Opened> {
    let wanted = Wanted { input: call.input, weights: matches!(call.verb, Verb::Run | Verb::Export) };
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<Option<Opened>>> = Mutex::new(vec![None; call.models.len()]);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(operand) = call.models.get(index) else { return };
            let opened = open(operand, wanted);
            found.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(opened);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(call.models.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            // Without a thread the others do its work, or the loop below.
            let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        }
    });
    work();
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.into_iter().flatten().collect()
}

/// The one model of a call that takes one. Problems go to standard error.
///
/// # Errors
/// Where there is none or are several.
pub(super) fn open_one(call: &Call) -> Result<Model, Stopped> {
    let [_] = call.models.as_slice() else {
        return Err("one model, please: this verb takes no more".to_string());
    };
    let mut opened = open_all(call);
    let opened = opened.pop().unwrap_or_default();
    opened.tell();
    let file = opened.file;
    let mut models = opened.models.into_iter();
    match (models.next(), models.next()) {
        (Some(model), None) => Ok(model),
        (Some(first), Some(second)) => {
            let (first, second) = (first.name, second.name);
            Err(format!("{file} has several networks; say which: {file}{PART}{first}, {file}{PART}{second}, ..."))
        }
        (None, _) => Err(format!("{file} has no network")),
    }
}

impl Opened {
    /// Says what is wrong on standard error.
    pub(super) fn tell(&self) {
        for problem in &self.problems {
            eprintln!("{}", problem.told(&self.file));
        }
    }

    pub(super) fn is_wrong(&self) -> bool {
        self.models.is_empty() || self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    fn refused(file: String, rule: &'static str, message: impl Into<String>) -> Self {
        Self { file, models: Vec::new(), problems: vec![Problem::error(rule, message)] }
    }
}

fn open(operand: &OsStr, wanted: Wanted) -> Opened {
    let file = operand.to_string_lossy().into_owned();
    let mut opened = if file == "-" {
        let mut bytes = Vec::new();
        match io::stdin().take(MOST_TEXT + 1).read_to_end(&mut bytes) {
            Ok(_) => content(file, bytes, Path::new(""), wanted),
            Err(error) => Opened::refused(file, "unreadable", error.to_string()),
        }
    } else if Path::new(operand).exists() {
        read(Path::new(operand), file, wanted)
    } else if let Some(opened) = part(&file, wanted) {
        opened
    } else if let Some(opened) = link(&file, wanted) {
        opened
    } else {
        Opened::refused(file, "no_such_file", "there is no such file, and it is no link or text of a design")
    };
    opened.problems.sort_by_key(|problem| problem.line.unwrap_or(u32::MAX));
    opened
}

/// `FILE::NAME`.
fn part(operand: &str, wanted: Wanted) -> Option<Opened> {
    let (file, name) = operand.rsplit_once(PART)?;
    if !Path::new(file).exists() {
        return None;
    }
    let mut opened = read(Path::new(file), operand.to_string(), wanted);
    let names: Vec<String> = opened.models.iter().map(|model| model.name.clone()).collect();
    opened.models.retain(|model| model.name == name || model.network.name == name);
    opened.models.truncate(1);
    if opened.models.is_empty() && !names.is_empty() {
        let message = format!("no network is called {name}; there are {}", names.join(", "));
        opened.problems.push(Problem::error("no_such_network", message));
    }
    Some(opened)
}

fn read(path: &Path, file: String, wanted: Wanted) -> Opened {
    if path.is_dir() {
        return Opened::refused(file, "unreadable", "it is a folder; name its files, as with *.py");
    }
    match fs::read(path) {
        Ok(bytes) => content(file, bytes, path, wanted),
        Err(error) => Opened::refused(file, "unreadable", error.to_string()),
    }
}

fn content(file: String, bytes: Vec<u8>, path: &Path, wanted: Wanted) -> Opened {
    let kind = files::kind(&bytes);
    let text = |bytes: Vec<u8>| {
        if bytes.len() as u64 > MOST_TEXT {
            return Err(Problem::error(
                "too_long",
                format!("it has more than {MOST_TEXT} bytes: no source is so long"),
            ));
        }
        String::from_utf8(bytes).map_err(|_| Problem::error("unreadable", "it is no UTF-8 text"))
    };
    let refused = |rule, message| Opened::refused(file.clone(), rule, message);
    match kind {
        Kind::Text | Kind::Json => match text(bytes) {
            Err(problem) => Opened { file, models: Vec::new(), problems: vec![problem] },
            Ok(text) if kind == Kind::Json => json(file, &text, wanted),
            Ok(text) => link(text.trim(), wanted)
                .map_or_else(|| source(file.clone(), &text, wanted), |opened| Opened { file: file.clone(), ..opened }),
        },
        Kind::Empty => refused("empty", "the file is empty"),
        Kind::Hdf5 => {
            refused("unknown_kind", "an HDF5 file, as Keras wrote them, is not read; export it as .tflite or .onnx")
        }
        Kind::Onnx => onnx(file, &bytes, path, wanted),
        Kind::SafeTensors | Kind::Zip | Kind::OldPyTorch => refused(
            "weights_alone",
            "weights alone say no network; convscope weights MODEL FILE and run --weights take them",
        ),
        Kind::TfLite => model_of(file, path, files::tflite::read(&bytes, &options(wanted)), &|_| None, wanted),
        Kind::Unknown => refused("unknown_kind", "no text, and no kind of model file that is read"),
    }
}

/// An ONNX file, with the files of its numbers where they are wanted and there.
fn onnx(file: String, bytes: &[u8], path: &Path, wanted: Wanted) -> Opened {
    let folder = path.parent().unwrap_or(Path::new(""));
    let names = if wanted.weights { files::onnx::beside(bytes).unwrap_or_default() } else { Vec::new() };
    let beside: HashMap<String, Vec<u8>> =
        names.into_iter().filter_map(|name| Some((name.clone(), fs::read(folder.join(&name)).ok()?))).collect();
    let beside = |name: &str| beside.get(name).map(Vec::as_slice);
    model_of(file, path, files::onnx::read(bytes, &beside, &options(wanted)), &beside, wanted)
}

const fn options(wanted: Wanted) -> files::onnx::NetworkOptions {
    files::onnx::NetworkOptions { input: wanted.input }
}

/// What was read of a model file.
fn model_of<'a>(
    file: String,
    path: &Path,
    read: Result<files::onnx::GraphNetwork<'a>, FileProblem>,
    beside: &dyn Fn(&str) -> Option<&'a [u8]>,
    wanted: Wanted,
) -> Opened {
    match read {
        Err(problem) => Opened::refused(file, "unreadable_file", problem.to_string()),
        Ok(onnx) => {
            let problem = |remark: files::onnx::Remark| Problem {
                severity: if remark.is_warning { Severity::Warning } else { Severity::Note },
                line: None,
                message: remark.message,
                rule: remark.rule,
            };
            let weights = wanted.weights.then(|| onnx.weights(beside).map_err(|problem| problem.to_string()));
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let name = stem.filter(|_| onnx.network.name == "Net").unwrap_or_else(|| onnx.network.name.clone());
            let model = Model { name, network: onnx.network, frozen: Vec::new(), weights };
            Opened { file, models: vec![model], problems: onnx.remarks.into_iter().map(problem).collect() }
        }
    }
}

/// A notebook, or this program's own JSON.
fn json(file: String, text: &str, wanted: Wanted) -> Opened {
    match files::own(text) {
        Ok(Some(Own::Workbench(fragment))) => link(&format!("#{fragment}"), wanted).map_or_else(
            || Opened { file: file.clone(), ..Opened::default() },
            |opened| Opened { file: file.clone(), ..opened },
        ),
        Ok(Some(Own::Designs(designs))) => {
            let mut opened = Opened { file, ..Opened::default() };
            for design in designs {
                let (network, problems) = share_link::decode_design(&design.text);
                opened.take_link(&design.name, network, &problems, wanted);
            }
            opened
        }
        Ok(None) => match files::code_cells(text) {
            Ok(code) => source(file, &code, wanted),
            // A printed dict may begin with a brace, too.
            Err(FileProblem::BrokenNotebook(_)) => source(file, text, wanted),
            Err(problem) => Opened::refused(file, "unknown_kind", problem.to_string()),
        },
        Err(problem) => Opened::refused(file, "unknown_kind", problem.to_string()),
    }
}

/// The networks of Python source.
fn source(file: String, text: &str, wanted: Wanted) -> Opened {
    let import = pytorch::import(text, &pytorch::Options { input: wanted.input });
    let models = import.models.into_iter().map(|model| Model {
        name: model.variable.unwrap_or(model.name),
        network: model.network,
        frozen: model.frozen,
        weights: None,
    });
    let problems = import.problems.into_iter().map(|problem| Problem {
        severity: match problem.severity {
            pytorch::Severity::Note => Severity::Note,
            pytorch::Severity::Warning => Severity::Warning,
            pytorch::Severity::Error => Severity::Error,
        },
        line: problem.line,
        rule: problem.kind.name(),
        message: problem.message,
    });
    Opened { file, models: models.collect(), problems: problems.collect() }
}

/// The designs of an address of the page, of its fragment, or of one design's text; `None` where it is none.
fn link(text: &str, wanted: Wanted) -> Option<Opened> {
    if text.contains(char::is_whitespace) {
        return None;
    }
    let mut opened = Opened { file: text.to_string(), ..Opened::default() };
    let fragment = text.rsplit_once('#').map_or(text, |(_, fragment)| fragment);
    let is_design = fragment
        .split('.')
        .next()
        .is_some_and(|head| head.split('_').next().unwrap_or_default().parse::<Dims>().is_ok());
    if is_design && fragment.contains('.') {
        let (network, problems) = share_link::decode_design(fragment);
        opened.take_link(&network.name.clone(), network, &problems, wanted);
        return Some(opened);
    }
    if !fragment.starts_with("v=") && !fragment.starts_with("a=") {
        return None;
    }
    let (workbench, problems) = share_link::decode(fragment);
    let resolved = workbench.resolve();
    opened.problems.extend(problems.iter().map(|problem| Problem::error("link", problem.to_string())));
    for (design, resolved) in workbench.designs.iter().zip(resolved) {
        opened.take_link(&design.name, (*resolved.network).clone(), &[], wanted);
        if let Some(model) = opened.models.last_mut() {
            model.frozen.clone_from(&workbench.settings.frozen);
        }
    }
    Some(opened)
}

impl Opened {
    fn take_link(&mut self, name: &str, mut network: Network, problems: &[share_link::LinkProblem], wanted: Wanted) {
        if let Some(input) = wanted.input {
            network.input = input;
        }
        self.problems.extend(problems.iter().map(|problem| Problem::error("link", problem.to_string())));
        self.models.push(Model { name: name.to_string(), network, frozen: Vec::new(), weights: None });
    }
}
