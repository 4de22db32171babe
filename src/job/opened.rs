//! Files that were opened together, by what they hold: models with the numbers beside them, weights for the design they
//! fit, this program's own JSON, source text.

use std::collections::{HashMap, HashSet};

use super::given::{GivenRow, GivenTensor, GivenWeights};
use super::import::ProblemReport;
use super::read::{FileBytes, ReadModel, ReadReport, ReadTask, ReadWeights, SizesDiffer, WeightsFit, WeightsOf};
use crate::files::onnx::{self, GraphNetwork, NetworkOptions, Remark};
use crate::files::weights::{Matched, NamedTensor, NodeWeights, expected, match_weights, tensors};
use crate::files::{self, FileProblem, Kind, Own};
use crate::job::bytes::Bytes;
use crate::model::Network;
use crate::share_link;

/// So many numbers go from the worker to the page.
const MOST_NUMBERS: usize = 1 << 26;
/// No source text is so long.
const MOST_TEXT: usize = 16_000_000;

/// Networks that weights may be for.
struct Candidate {
    of: WeightsOf,
    network: Network,
    /// Whether it has weights of its own file.
    has_own: bool,
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    report: ReadReport,
    candidates: Vec<Candidate>,
}

/// Reads all files; what is wrong with one of them is a problem that names it.
pub(super) fn read(task: &ReadTask) -> ReadReport {
    let mut reading = Reading::default();
    let kinds: Vec<Kind> = task.files.iter().map(|file| files::kind(file.bytes.as_slice())).collect();
    let of_kind = |wanted: fn(Kind) -> bool| task.files.iter().zip(&kinds).filter(move |(_, kind)| wanted(**kind));
    // Numbers beside a model are no file of their own.
    let beside: HashMap<&str, &[u8]> =
        task.files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())).collect();
    let mut used = HashSet::new();
    for (file, _) in of_kind(|kind| kind == Kind::Onnx) {
        if !used.contains(file.name.as_str()) {
            reading.onnx(file, &beside, &mut used);
        }
    }
    for (file, kind) in task.files.iter().zip(&kinds).filter(|(file, _)| !used.contains(file.name.as_str())) {
        match kind {
            Kind::Onnx | Kind::SafeTensors | Kind::Zip | Kind::OldPyTorch => {}
            Kind::TfLite => {
                let read = files::tflite::read(file.bytes.as_slice(), &NetworkOptions::default());
                reading.network(file, read, None, &|_| None);
            }
            Kind::Text | Kind::Json => reading.text(file, *kind),
            Kind::Empty => reading.refuse(file, "the file is empty"),
            Kind::Hdf5 => {
                reading.refuse(file, "an HDF5 file, as Keras wrote them, is not read; export it as .tflite or .onnx");
            }
            Kind::Unknown => reading.refuse(
                file,
                "no text, and no kind of model file that is read: .onnx, .tflite, .safetensors, .pt and .pth are; the numbers beside an .onnx (.data) open together with it",
            ),
        }
    }
    for (index, text) in task.designs.iter().enumerate() {
        let (network, _) = share_link::decode_design(text);
        reading.candidates.push(Candidate { of: WeightsOf::Design(index as u32), network, has_own: false });
    }
    let is_weights = |kind| matches!(kind, Kind::SafeTensors | Kind::Zip | Kind::OldPyTorch);
    for (file, _) in of_kind(is_weights).filter(|(file, _)| !used.contains(file.name.as_str())) {
        match reading.weights(file) {
            Ok(weights) => reading.report.weights.push(weights),
            Err(words) => reading.refuse(file, words),
        }
    }
    reading.report
}

impl Reading {
    fn problem(&mut self, file: &FileBytes, (kind, is_error): (&str, bool), words: impl std::fmt::Display) {
        self.report.problems.push(ProblemReport {
            kind: kind.to_string(),
            is_error,
            line: None,
            message: format!("{}: {words}", file.name),
            original: None,
            fix: None,
        });
    }

    fn refuse(&mut self, file: &FileBytes, words: impl std::fmt::Display) {
        self.problem(file, ("unreadable_file", true), words);
    }

    fn text(&mut self, file: &FileBytes, kind: Kind) {
        let Some(text) = std::str::from_utf8(file.bytes.as_slice()).ok().filter(|text| text.len() <= MOST_TEXT) else {
            return self.refuse(file, format!("it has more than {MOST_TEXT} bytes: no source text is so long"));
        };
        if kind == Kind::Text {
            return self.report.texts.push((file.name.clone(), text.to_string()));
        }
        match files::own(text) {
            Ok(Some(Own::Workbench(fragment))) => self.report.workbench = Some(fragment),
            Ok(Some(Own::Designs(designs))) => {
                for design in designs {
                    let (network, problems) = share_link::decode_design(&design.text);
                    for problem in problems {
                        self.problem(file, ("link", true), problem);
                    }
                    self.model(design.name, network);
                }
            }
            Ok(None) => match files::code_cells(text) {
                Ok(code) => self.report.texts.push((file.name.clone(), code)),
                // A printed dict may begin with a brace, too.
                Err(FileProblem::BrokenNotebook(_)) => self.report.texts.push((file.name.clone(), text.to_string())),
                Err(problem) => self.refuse(file, problem),
            },
            Err(problem) => self.refuse(file, problem),
        }
    }

    /// Adds a network, and gives its place.
    fn model(&mut self, name: String, network: Network) -> u32 {
        let place = self.report.models.len() as u32;
        self.report.models.push(ReadModel { name, design: share_link::encode_design(&network) });
        self.candidates.push(Candidate { of: WeightsOf::Model(place), network, has_own: false });
        place
    }

    fn onnx<'a>(&mut self, file: &'a FileBytes, files: &HashMap<&'a str, &'a [u8]>, used: &mut HashSet<&'a str>) {
        let bytes = file.bytes.as_slice();
        let names = onnx::beside(bytes).unwrap_or_default();
        let absent = names.iter().find(|name| !files.contains_key(plain(name)));
        used.extend(files.keys().copied().filter(|known| names.iter().any(|name| plain(name) == *known)));
        let beside = |name: &str| files.get(plain(name)).copied();
        let read = onnx::read(bytes, &beside, &NetworkOptions::default());
        self.network(file, read, absent, &beside);
    }

    /// A network of a file, with its weights; `absent` names a file beside that was not opened.
    fn network<'a>(
        &mut self,
        file: &FileBytes,
        read: Result<GraphNetwork<'a>, FileProblem>,
        absent: Option<&String>,
        beside: &dyn Fn(&str) -> Option<&'a [u8]>,
    ) {
        let read = match read {
            Ok(read) => read,
            Err(problem) => return self.refuse(file, problem),
        };
        for Remark { rule, is_warning, message } in &read.remarks {
            self.problem(file, (rule, *is_warning), message);
        }
        let name = if read.network.name == "Net" { stem(&file.name) } else { read.network.name.clone() };
        let place = self.model(name, read.network.clone());
        if let Some(first) = absent {
            let words = format!("its numbers are in {first}: open both together, and it runs with them");
            return self.problem(file, ("numbers_beside", false), words);
        }
        match read
            .weights(&beside)
            .map_err(|problem| problem.to_string())
            .and_then(|weights| self.given(place, &weights))
        {
            Ok((fit, given)) => {
                let of = WeightsOf::Model(place);
                self.report.weights.push(ReadWeights { file: file.name.clone(), of, fit, given });
                if let Some(candidate) = self.candidates.last_mut() {
                    candidate.has_own = true;
                }
            }
            Err(words) => self.problem(file, ("no_weights", true), words),
        }
    }

    /// The weights that a model's own file has.
    fn given(&self, place: u32, weights: &NodeWeights) -> Result<(WeightsFit, GivenWeights), String> {
        let of = WeightsOf::Model(place);
        let network = self.candidates.iter().find(|candidate| candidate.of == of).map(|candidate| &candidate.network);
        let network = network.ok_or("it has no network")?;
        let mut fit = WeightsFit::default();
        let given = given(network, weights, &mut |name, is_there| {
            if is_there { fit.matched.push(name) } else { fit.missing.push(name) }
        })?;
        Ok((fit, given))
    }

    /// Weights alone, for the network that they fit best.
    fn weights(&self, file: &FileBytes) -> Result<ReadWeights, String> {
        let told = |problem: FileProblem| problem.to_string();
        let tensors: Vec<NamedTensor> = tensors(file.bytes.as_slice()).map_err(told)?;
        let mut best: Option<(&Candidate, Matched, NodeWeights)> = None;
        // Of equals the first: what was opened together with them.
        for candidate in self.candidates.iter().filter(|candidate| !candidate.has_own) {
            let (matched, weights) = match_weights(&candidate.network, &tensors).map_err(told)?;
            let rank = |matched: &Matched| {
                let others = matched.missing.len() + matched.mismatched.len() + matched.unexpected.len();
                (matched.matched.len(), std::cmp::Reverse(others))
            };
            if !matched.matched.is_empty() && best.as_ref().is_none_or(|(_, best, _)| rank(&matched) > rank(best)) {
                best = Some((candidate, matched, weights));
            }
        }
        let Some((candidate, matched, weights)) = best else {
            let names: Vec<&str> = tensors.iter().take(4).map(|tensor| tensor.name.as_str()).collect();
            return Err(format!(
                "weights alone, and no design here has a tensor of such a name and size ({}, ...); open or paste their network first",
                names.join(", ")
            ));
        };
        let given = given(&candidate.network, &weights, &mut |_, _| {})?;
        let differs =
            |one: files::weights::Mismatch| SizesDiffer { name: one.name, network: one.network, file: one.file };
        let fit = WeightsFit {
            matched: matched.matched,
            missing: matched.missing,
            unexpected: matched.unexpected,
            mismatched: matched.mismatched.into_iter().map(differs).collect(),
        };
        Ok(ReadWeights { file: file.name.clone(), of: candidate.of, fit, given })
    }
}

/// Weights by row; `hear` is told of every tensor whether it is there.
fn given(network: &Network, weights: &NodeWeights, hear: &mut dyn FnMut(String, bool)) -> Result<GivenWeights, String> {
    let positions = network.positions();
    let mut numbers: Vec<u8> = Vec::new();
    let mut rows: Vec<GivenRow> = Vec::new();
    let total: usize = weights.values().flatten().map(Vec::len).sum();
    if total > MOST_NUMBERS {
        return Err(format!(
            "it has {total} numbers; up to {MOST_NUMBERS} run in the page, more by the command line (convscope run)"
        ));
    }
    for one in expected(network).into_iter().filter(|one| !one.is_counter) {
        let row = one.node.and_then(|node| Some((node, *positions.get(&node)? as u32)));
        let Some((node, row)) = row else { continue };
        if rows.last().is_none_or(|last| last.row != row) {
            rows.push(GivenRow { row, tensors: Vec::new() });
        }
        let Some(own) = rows.last_mut() else { continue };
        let elements = one.dims.iter().product::<u64>();
        let floats = weights.get(&node).and_then(|tensors| tensors.get(own.tensors.len()));
        let floats = floats.filter(|floats| floats.len() as u64 == elements);
        own.tensors.push(floats.map(|floats| {
            let start = numbers.len() as u64 / 4;
            floats.iter().for_each(|float| numbers.extend(float.to_le_bytes()));
            GivenTensor { dims: one.dims.clone(), start }
        }));
        hear(one.name, floats.is_some());
    }
    rows.retain(|row| row.tensors.iter().any(Option::is_some));
    Ok(GivenWeights { rows, numbers: Bytes::new(numbers) })
}

/// A file's name as a model may have it for one beside it.
fn plain(name: &str) -> &str {
    name.strip_prefix("./").unwrap_or(name)
}

/// A file's name without its ending.
fn stem(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let kept: String = stem.chars().filter(|letter| !letter.is_control()).take(100).collect();
    if crate::model::check_name(&kept).is_ok() { kept } else { "Net".to_string() }
}
