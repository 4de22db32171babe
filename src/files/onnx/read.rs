//! A whole file: its graph as a network, what was folded, and the weights.

use std::collections::{HashMap, HashSet};

use super::super::problem::FileProblem;
use super::constant::{Beside, Constant, Constants};
use super::graph::{Data, Folded, Row, Rows, Weight};
use super::message::{Graph, Model, ValueInfo};
use super::values::values;
use crate::cost::units::grouped;
use crate::model::{self, Call, Dims, Identity, Inputs, Network, NodeId, Source};
use crate::shape;

/// What a file itself leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NetworkOptions {
    /// The input of one sample, in place of the file's.
    pub input: Option<Dims>,
}

/// A network, and what is to be said of it.
#[derive(Clone, Debug)]
pub struct GraphNetwork<'a> {
    /// What the graph computes, for one sample.
    pub network: Network,
    /// What was folded, left out or taken to be.
    pub remarks: Vec<Remark>,
    weights: Vec<(NodeId, Vec<Weight<'a>>)>,
}

/// Something that a reader of the figures should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// A stable name: `folded`.
    pub rule: &'static str,
    /// Else it is a note.
    pub is_warning: bool,
    /// In words, with the nodes' names.
    pub message: String,
}

/// What an open height or width is taken to be.
const USUAL_SIZE: u64 = 224;
/// Parameters of one number have at most so many of it.
const MOST_FILLED: u64 = 1 << 24;
/// All parameters have at most so many.
const MOST_NUMBERS: u64 = 1 << 30;
/// Operators of unknown cost that are told by name.
const MOST_TOLD: usize = 8;

/// The network of an ONNX file. `beside` may give the files of its numbers: without them small constants that are kept there
/// are not known.
///
/// # Errors
/// Where the bytes are no ONNX model, or it has no input or no node. What is not known of single nodes is a row of unknown
/// cost.
pub fn read<'a>(
    bytes: &'a [u8],
    beside: Beside<'_, 'a>,
    options: &NetworkOptions,
) -> Result<GraphNetwork<'a>, FileProblem> {
    let model = Model::read(bytes)?;
    let initializers = model.graph.initializers.iter();
    let constants = initializers.map(|tensor| (tensor.name.clone(), Constant::with(tensor, beside))).collect();
    network_of(&model.graph, (model.opset, constants), options, Vec::new())
}

/// The network of a graph that another format's reader made, by the operators of opset 18.
pub(in crate::files) fn read_graph<'a>(
    graph: &Graph<'a>,
    constants: Constants<'a>,
    options: &NetworkOptions,
    remarks: Vec<Remark>,
) -> Result<GraphNetwork<'a>, FileProblem> {
    network_of(graph, (18, constants), options, remarks)
}

fn network_of<'a>(
    graph: &Graph<'a>,
    (opset, constants): (i64, Constants<'a>),
    options: &NetworkOptions,
    mut remarks: Vec<Remark>,
) -> Result<GraphNetwork<'a>, FileProblem> {
    let (rows, input) = rows_of(graph, (opset, constants), options, &mut remarks)?;
    let differing = differing(&rows);
    let Rows { rows, data, folded, quantised, unknown, .. } = rows;
    let mut remark = |rule, is_warning, message| remarks.push(Remark { rule, is_warning, message });
    if quantised > 0 {
        remark(
            "quantised",
            false,
            format!("{quantised} nodes quantise or dequantise (8 bits): the rows are of the numbers they stand for."),
        );
    }
    if !unknown.is_empty() {
        let told: Vec<&str> = unknown.iter().take(MOST_TOLD).map(String::as_str).collect();
        let more =
            if unknown.len() > MOST_TOLD { format!("; and {} more", unknown.len() - MOST_TOLD) } else { String::new() };
        remark(
            "unknown_operator",
            true,
            format!("The cost of {} of its nodes is not known: {}{more}.", unknown.len(), told.join("; ")),
        );
    }
    if graph.outputs.len() > 1 {
        remark("outputs", false, format!("It has {} outputs; the first one is the network's.", graph.outputs.len()));
    }
    let output = graph.outputs.first().and_then(|output| data.get(&output.name)).copied();
    if let Some((value, here, told)) = differing.first() {
        let message = format!(
            "The file says other sizes than its operators give: {value} is {here} here and {told:?} there, {} such in all.",
            differing.len()
        );
        remark("sizes", true, message);
    }
    let (nodes, weights) = ordered(rows, output);
    let name =
        Some(graph.name.as_str()).filter(|name| !matches!(*name, "" | "main" | "main_graph" | "torch_jit" | "tf2onnx"));
    let name = name.filter(|name| model::check_name(name).is_ok()).unwrap_or("Net").to_string();
    let network = Network { name, input, nodes, uncalled: Vec::new() };
    if folded.norms > 0 {
        remark("folded", false, folded_words(&folded, parameters(&network)));
    }
    let repeated = repeated(&network);
    if repeated > 0 {
        let message = format!(
            "Bare parameters that several nodes read are counted once; exporters keep equal ones once, so that PyTorch may have up to {} more.",
            grouped(repeated)
        );
        remark("repeated", false, message);
    }
    if folded.zeros > 0 || folded.zeros_open > 0 {
        remark("zero_biases", false, zero_words(&folded));
    }
    Ok(GraphNetwork { network, remarks, weights })
}

/// The names of the files beside a model's that have its numbers: plain names, without a folder.
///
/// # Errors
/// As [`read`]; and where a name leads elsewhere.
pub fn beside(bytes: &[u8]) -> Result<Vec<String>, FileProblem> {
    let model = Model::read(bytes)?;
    let mut names: Vec<String> = Vec::new();
    for external in model.graph.initializers.iter().filter_map(|tensor| tensor.external.as_ref()) {
        let name = external.location.strip_prefix("./").unwrap_or(&external.location);
        if name.is_empty() || name.contains(['/', '\\', ':']) || name == ".." {
            let rule = format!("{} is no file beside the model's", external.location);
            return Err(FileProblem::of("external_data.location", rule));
        }
        if names.last() != Some(&external.location) && !names.contains(&external.location) {
            names.push(external.location.clone());
        }
    }
    Ok(names)
}

impl<'a> GraphNetwork<'a> {
    /// The numbers of each node's parameters, in the order weight, bias, running mean, running variance. `beside` gives the
    /// bytes of a file by the name that the model has for it.
    ///
    /// # Errors
    /// Names the tensor that is not there.
    pub fn weights(&self, beside: Beside<'_, 'a>) -> Result<HashMap<NodeId, Vec<Vec<f32>>>, FileProblem> {
        let of = |weight: &Weight<'a>| match weight {
            Weight::Filled(number, count) if *count <= MOST_FILLED => Ok(vec![*number; *count as usize]),
            Weight::Filled(_, count) => Err(FileProblem::of("a parameter", format!("it has {count} numbers"))),
            Weight::Stored(stored) => values(stored, beside),
        };
        // A tensor may stand for many rows: files that lie have at most so many numbers.
        let elements = |weight: &Weight<'a>| match weight {
            Weight::Filled(_, count) => *count,
            Weight::Stored(stored) => stored.tensor.elements(),
        };
        let all = self.weights.iter().flat_map(|(_, tensors)| tensors).map(elements).fold(0, u64::saturating_add);
        if all > MOST_NUMBERS {
            return Err(FileProblem::of(
                "all parameters",
                format!("they have {all} numbers, more than {MOST_NUMBERS}"),
            ));
        }
        self.weights.iter().map(|(id, tensors)| Ok((*id, tensors.iter().map(of).collect::<Result<_, _>>()?))).collect()
    }
}

/// Values whose sizes are others than the file tells.
fn differing(rows: &Rows) -> Vec<(String, Dims, Vec<u64>)> {
    let differs = |(name, told): (&&str, &Vec<Option<u64>>)| {
        let here = rows.data.get(*name)?.dims;
        let told: Option<Vec<u64>> = told.iter().copied().collect();
        let told = told.filter(|told| *told != *here)?;
        Some((name.to_string(), here, told))
    };
    let mut all: Vec<_> = rows.told.iter().filter_map(differs).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

fn rows_of<'a, 'b>(
    graph: &'b Graph<'a>,
    (opset, constants): (i64, Constants<'a>),
    options: &NetworkOptions,
    remarks: &mut Vec<Remark>,
) -> Result<(Rows<'a, 'b>, Dims), FileProblem> {
    if graph.nodes.is_empty() {
        return Err(FileProblem::of("GraphProto.node", "there is none: a graph without nodes is no network"));
    }
    let mut rows = Rows::new(graph, opset, constants);
    // Older files list their weights among the inputs.
    let mut inputs = graph.inputs.iter().filter(|input| !rows.constants.contains_key(&input.name));
    let first = inputs.next().ok_or_else(|| FileProblem::of("GraphProto.input", "there is none: nothing flows in"))?;
    let (batch, dims) = input_dims(first, options, remarks)?;
    rows.batch = batch;
    let whole =
        dims.with_batch(batch).ok_or_else(|| FileProblem::of("GraphProto.input", "it has too many dimensions"))?;
    let as_told = |told: &ValueInfo| {
        told.shape.as_ref().is_some_and(|told| {
            told.len() == whole.rank()
                && told.iter().zip(whole.iter()).all(|(told, size)| told.is_none_or(|told| told == *size))
        })
    };
    if as_told(first) {
        for value in graph.values.iter().chain(&graph.outputs) {
            if let Some(shape) = &value.shape {
                rows.told.insert(&value.name, shape.clone());
            }
        }
    }
    rows.data.insert(first.name.clone(), Data { source: Source::Input, dims: whole });
    for other in inputs {
        let message =
            format!("A second input, {}, is not known here: what reads it is a row of unknown cost.", other.name);
        remarks.push(Remark { rule: "inputs", is_warning: true, message });
    }
    // Patterns look ahead.
    for index in 0..graph.nodes.len() {
        rows.read_constant(index);
    }
    for index in 0..graph.nodes.len() {
        rows.read(index);
    }
    if rows.rows.is_empty() {
        return Err(FileProblem::of("GraphProto.node", "none of them computes anything of the input"));
    }
    Ok((rows, dims))
}

/// The batch, and the sizes of one sample.
fn input_dims(
    input: &ValueInfo,
    options: &NetworkOptions,
    remarks: &mut Vec<Remark>,
) -> Result<(u64, Dims), FileProblem> {
    let field = || format!("GraphProto.input {}", input.name);
    let told = input.shape.clone().unwrap_or_default();
    let batch = told.first().copied().flatten().unwrap_or(1);
    if let Some(chosen) = options.input {
        return Ok((if told.len() == chosen.rank() + 1 { batch } else { 1 }, chosen));
    }
    let mut sizes = Vec::new();
    let mut open = Vec::new();
    for (at, size) in told.iter().enumerate().skip(1) {
        sizes.push(size.unwrap_or_else(|| {
            open.push(at);
            USUAL_SIZE
        }));
    }
    if sizes.is_empty() {
        return Err(FileProblem::of(field(), "its shape is not told; say which, as 3x224x224"));
    }
    // Three channels are the usual, too.
    if open.first() == Some(&1) && told.len() == 4 && told[3].is_none_or(|last| last > 4) {
        sizes[0] = 3;
    }
    let dims = Dims::new(&sizes).filter(|dims| dims.with_batch(1).is_some());
    let dims = dims.ok_or_else(|| {
        FileProblem::of(field(), format!("it has {} dimensions, more than are known here", told.len()))
    })?;
    if !open.is_empty() {
        let message = format!("The file leaves sizes of its input open; it is taken to be {dims}.");
        remarks.push(Remark { rule: "assumed", is_warning: true, message });
    }
    Ok((batch, dims))
}

/// The rows that the output depends on, it the last, with their ids as they stand; and the weights of each.
fn ordered<'a>(rows: Vec<Row<'a>>, output: Option<Data>) -> (Vec<model::Node>, Vec<(NodeId, Vec<Weight<'a>>)>) {
    let mut is_read = vec![false; rows.len()];
    let last = match output.map(|output| output.source) {
        Some(Source::Node(id)) => id.0 as usize,
        _ => rows.len() - 1,
    };
    is_read[last] = true;
    for index in (0..rows.len()).rev().filter(|&index| index <= last) {
        if !is_read[index] {
            continue;
        }
        for source in sources(&rows, index) {
            if let Source::Node(id) = source {
                is_read[id.0 as usize] = true;
            }
        }
    }
    let mut nodes: Vec<model::Node> = Vec::new();
    let mut weights: Vec<(NodeId, Vec<Weight>)> = Vec::new();
    let mut named = HashSet::new();
    let all: Vec<Vec<Source>> = (0..rows.len()).map(|index| sources(&rows, index)).collect();
    for ((index, row), sources) in rows.into_iter().enumerate().zip(all).filter(|((index, _), _)| is_read[*index]) {
        let above = nodes.last().map_or(Source::Input, |node| Source::Node(node.id));
        let inputs = if sources == [above] { Inputs::Above } else { Inputs::From(sources) };
        let id = NodeId(index as u32);
        if !row.weights.is_empty() && named.insert(row.node.name.clone()) {
            weights.push((id, row.weights));
        }
        nodes.push(model::Node { inputs, ..row.node });
    }
    // An input that is the output.
    if nodes.is_empty() {
        let (id, name) = (NodeId(0), "identity".to_string());
        nodes.push(model::Node { id, name, layer: Identity {}.into(), inputs: Inputs::Above, call: Call::Module });
    }
    (nodes, weights)
}

fn sources(rows: &[Row], index: usize) -> Vec<Source> {
    match &rows[index].node.inputs {
        Inputs::Above if rows[index].node.layer.kind().arity() == model::Arity::Zero => Vec::new(),
        Inputs::Above => vec![index.checked_sub(1).map_or(Source::Input, |above| Source::Node(NodeId(above as u32)))],
        Inputs::From(sources) => sources.clone(),
    }
}

/// Elements of all parameters, each module's once.
fn parameters(network: &Network) -> u64 {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let again = network.first_calls();
    let own = |index: usize| {
        let input = wiring.taps(index).first().and_then(|&tap| shapes.tap(tap));
        let tensors = shape::parameter_tensors(&network.nodes[index].layer, input);
        tensors
            .iter()
            .filter(|tensor| !tensor.fill.is_buffer())
            .filter_map(shape::ParameterTensor::elements)
            .sum::<u64>()
    };
    (0..network.nodes.len()).filter(|&index| again[index].is_none()).map(own).fold(0, u64::saturating_add)
}

/// Elements of bare parameters that are read again.
fn repeated(network: &Network) -> u64 {
    let mut again: HashMap<NodeId, u64> = HashMap::new();
    let sources = network.nodes.iter().filter_map(|node| match &node.inputs {
        Inputs::From(sources) => Some(sources.as_slice()),
        Inputs::Above => None,
    });
    for source in sources.flatten() {
        if let Source::Node(id) = source {
            *again.entry(*id).or_default() += 1;
        }
    }
    let bare = network.nodes.iter().filter_map(|node| match &node.layer {
        model::Layer::Parameter(parameter) => Some((node.id, parameter.shape.iter().product::<i64>().unsigned_abs())),
        _ => None,
    });
    bare.map(|(id, elements)| elements.saturating_mul(again.get(&id).copied().unwrap_or(1).saturating_sub(1)))
        .fold(0, u64::saturating_add)
}

fn folded_words(folded: &Folded, params: u64) -> String {
    let norms = if folded.norms == 1 { "1 BatchNorm".to_string() } else { format!("{} BatchNorms", folded.norms) };
    let all = params.saturating_add(folded.more);
    let all = match folded.open {
        0 => format!("PyTorch's {}.", grouped(all)),
        open => format!(
            "PyTorch's {} to {}: the file does not tell which convolutions before them have a bias.",
            grouped(all),
            grouped(all.saturating_add(open))
        ),
    };
    format!("{norms} folded by the exporter: {} parameters of {all}", grouped(params))
}

fn zero_words(folded: &Folded) -> String {
    let mut words = Vec::new();
    if folded.zeros > 0 {
        words.push(format!(
            "The exporter left out biases that are zero; the Linears have theirs again ({} parameters).",
            grouped(folded.zeros)
        ));
    }
    if folded.zeros_open > 0 {
        words.push(format!(
            "Convolutions without a bias in the file may have one of zeros in PyTorch: up to {} parameters more.",
            grouped(folded.zeros_open)
        ));
    }
    words.join(" ")
}
