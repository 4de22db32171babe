//! TensorFlow Lite's tables, as far as they say what a network is: schema version 3.
//!
//! Bounds: [`MOST_OPERATORS`], [`MOST_TENSORS`], [`MOST_ENTRIES`] inputs and outputs of all operators, names of
//! [`LONGEST_NAME`] letters, [`MOST_DIMENSIONS`]. Only the first subgraph is read.

use super::super::problem::FileProblem;
use super::flatbuffer::{Table, Vector};

pub(super) const MOST_OPERATORS: usize = 20_000;
pub(super) const MOST_TENSORS: usize = 50_000;
const MOST_ENTRIES: usize = 1 << 18;
const LONGEST_NAME: usize = 256;
const MOST_DIMENSIONS: usize = 8;
const MOST_SCALES: usize = 1 << 22;

/// The first subgraph of a file.
#[derive(Clone, Debug)]
pub(super) struct Graph<'a> {
    pub name: String,
    pub tensors: Vec<Tensor<'a>>,
    pub inputs: Vec<usize>,
    pub outputs: Vec<usize>,
    pub operators: Vec<Operator<'a>>,
    pub subgraphs: usize,
}

/// A tensor that flows, or a constant.
#[derive(Clone, Debug)]
pub(super) struct Tensor<'a> {
    pub name: String,
    /// As the file has them: channels last; a batch that is open is 1.
    pub dims: Vec<u64>,
    /// Whether sizes are only known as it runs.
    pub is_open: bool,
    /// `TensorType`.
    pub kind: u8,
    /// The numbers of a constant, and where they are in the file.
    pub data: Option<(&'a [u8], usize)>,
    pub scales: Vec<f32>,
    pub zeros: Vec<i64>,
    /// The dimension that has a scale for each of its places.
    pub axis: usize,
}

/// One step.
#[derive(Clone, Debug)]
pub(super) struct Operator<'a> {
    /// `BuiltinOperator`.
    pub code: i32,
    /// Of an operator that is not built in.
    pub custom: String,
    /// `None`: an input that is left out.
    pub inputs: Vec<Option<usize>>,
    pub outputs: Vec<usize>,
    pub options: Option<Table<'a>>,
}

impl<'a> Graph<'a> {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// Names the byte, the field and the rule.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, FileProblem> {
        let model = Table::root(bytes, "Model")?;
        let version = model.integer((0, "version"), 0)?;
        if version != 3 {
            return Err(FileProblem::of("Model.version", format!("it is {version}; 3 is read")));
        }
        let codes = model.vector((1, "operator_codes"), 4)?;
        let subgraphs = model.vector((2, "subgraphs"), 4)?;
        let buffers = model.vector((4, "buffers"), 4)?;
        if subgraphs.length() == 0 {
            return Err(FileProblem::of("Model.subgraphs", "there is none: nothing is computed"));
        }
        let graph = subgraphs.table(0, "SubGraph")?;
        let tensors = graph.vector((0, "tensors"), 4)?;
        limit(&tensors, MOST_TENSORS, "SubGraph.tensors")?;
        let mut scales = 0;
        let read = (0..tensors.length()).map(|index| {
            let tensor = Tensor::read(tensors.table(index, "Tensor")?, &buffers, bytes)?;
            scales += tensor.scales.len() + tensor.zeros.len();
            if scales > MOST_SCALES {
                return Err(FileProblem::of("Tensor.quantization", format!("all have more than {MOST_SCALES} scales")));
            }
            Ok(tensor)
        });
        let tensors: Vec<Tensor> = read.collect::<Result<_, _>>()?;
        let place = |value: i32, field: &str| {
            usize::try_from(value).ok().filter(|place| *place < tensors.len()).ok_or_else(|| {
                FileProblem::of(field.to_string(), format!("there is no tensor {value} among {}", tensors.len()))
            })
        };
        let places = |field: (usize, &'static str)| -> Result<Vec<usize>, FileProblem> {
            let vector = graph.vector(field, 4)?;
            limit(&vector, MOST_TENSORS, "SubGraph")?;
            vector.integers().map(|value| place(value, field.1)).collect()
        };
        let (inputs, outputs) = (places((1, "inputs"))?, places((2, "outputs"))?);
        let list = graph.vector((3, "operators"), 4)?;
        limit(&list, MOST_OPERATORS, "SubGraph.operators")?;
        let mut operators = Vec::new();
        let mut entries = 0;
        for index in 0..list.length() {
            let operator = list.table(index, "Operator")?;
            let (given, made) = (operator.vector((1, "inputs"), 4)?, operator.vector((2, "outputs"), 4)?);
            entries += given.length() + made.length();
            if entries > MOST_ENTRIES {
                return Err(FileProblem::of("Operator.inputs", format!("all have more than {MOST_ENTRIES} entries")));
            }
            let at = operator.integer((0, "opcode_index"), 0)?;
            let code = usize::try_from(at).ok().filter(|at| *at < codes.length());
            let code = code.ok_or_else(|| {
                FileProblem::of(format!("Operator {index}.opcode_index"), format!("there is no operator code {at}"))
            })?;
            let code = codes.table(code, "OperatorCode")?;
            // Codes above 127 do not fit where older files have them.
            let older = i32::from(code.byte((0, "deprecated_builtin_code"), 0)?.cast_signed());
            let optional = |value: i32| if value == -1 { Ok(None) } else { place(value, "Operator.inputs").map(Some) };
            operators.push(Operator {
                code: older.max(code.integer((3, "builtin_code"), 0)?),
                custom: code.text((1, "custom_code"), LONGEST_NAME)?,
                inputs: given.integers().map(optional).collect::<Result<_, _>>()?,
                outputs: made.integers().map(|value| place(value, "Operator.outputs")).collect::<Result<_, _>>()?,
                options: operator.table((4, "builtin_options"), "builtin_options")?,
            });
        }
        let name = graph.text((4, "name"), LONGEST_NAME)?;
        Ok(Self { name, tensors, inputs, outputs, operators, subgraphs: subgraphs.length() })
    }
}

impl<'a> Tensor<'a> {
    fn read(table: Table<'a>, buffers: &Vector<'a>, file: &'a [u8]) -> Result<Self, FileProblem> {
        let name = table.text((3, "name"), LONGEST_NAME)?;
        let refuse = |field: &str, rule: String| FileProblem::of(format!("Tensor {name}.{field}"), rule);
        let shape = table.vector((0, "shape"), 4)?;
        if shape.length() > MOST_DIMENSIONS {
            return Err(refuse("shape", format!("it has more than {MOST_DIMENSIONS} dimensions")));
        }
        let dims: Option<Vec<u64>> = shape.integers().map(|size| u64::try_from(size).ok()).collect();
        let dims = dims.ok_or_else(|| refuse("shape", "a size is from 0".to_string()))?;
        let elements = dims.iter().try_fold(1_u64, |product, &size| product.checked_mul(size));
        if elements.is_none_or(|elements| elements > i64::MAX as u64) {
            return Err(refuse("shape", "its product does not fit 63 bits".to_string()));
        }
        let signature = table.vector((7, "shape_signature"), 4)?;
        let is_open = signature.integers().skip(1).any(|size| size < 0);
        let buffer = table.integer((2, "buffer"), 0)?;
        let place = usize::try_from(buffer).ok().filter(|place| *place < buffers.length());
        let place = place.ok_or_else(|| refuse("buffer", format!("there is no buffer {buffer}")))?;
        let data = buffers.table(place, "Buffer")?;
        let bytes = data.vector((0, "data"), 1)?;
        // Large files have their numbers behind the tables.
        let (offset, size) = (data.long((1, "offset"))?, data.long((2, "size"))?);
        let data = if offset > 1 {
            let start = usize::try_from(offset).ok();
            let end = offset.checked_add(size).and_then(|end| usize::try_from(end).ok());
            let found = start.zip(end).and_then(|(start, end)| Some((file.get(start..end)?, start)));
            let rule = || format!("it says {size} bytes from {offset} on, more than the file has");
            Some(found.ok_or_else(|| FileProblem::of("Buffer.offset", rule()))?)
        } else {
            (bytes.length() > 0).then(|| (bytes.all(), bytes.start()))
        };
        let mut tensor = Self {
            dims,
            is_open,
            kind: table.byte((1, "type"), 0)?,
            data,
            scales: Vec::new(),
            zeros: Vec::new(),
            axis: 0,
            name,
        };
        if let Some(quantization) = table.table((4, "quantization"), "QuantizationParameters")? {
            tensor.quantised(&quantization)?;
        }
        Ok(tensor)
    }

    fn quantised(&mut self, table: &Table<'a>) -> Result<(), FileProblem> {
        let refuse =
            |field: &str, rule: &str| FileProblem::of(format!("Tensor {}.quantization.{field}", self.name), rule);
        let (scales, zeros) = (table.vector((2, "scale"), 4)?, table.vector((3, "zero_point"), 8)?);
        let axis = table.integer((6, "quantized_dimension"), 0)?;
        // One for each place of a dimension, or one for all.
        let most = self.dims.iter().copied().max().unwrap_or(1).max(1);
        if scales.length() as u64 > most || zeros.length() as u64 > most {
            return Err(refuse("scale", "it has more of them than any dimension has places"));
        }
        self.axis = usize::try_from(axis).map_err(|_| refuse("quantized_dimension", "it is from 0"))?;
        if scales.floats().any(|scale| !scale.is_finite() || scale < 0.0) {
            return Err(refuse("scale", "a scale is a finite number from 0"));
        }
        self.scales = scales.floats().collect();
        self.zeros = zeros.longs().collect();
        Ok(())
    }

    /// Whether it has whole numbers that stand for floats.
    pub(super) fn is_quantised(&self) -> bool {
        !self.scales.is_empty() && !matches!(self.kind, 0 | 1 | 10 | 18)
    }
}

fn limit(vector: &Vector<'_>, most: usize, field: &str) -> Result<(), FileProblem> {
    if vector.length() <= most { Ok(()) } else { Err(FileProblem::of(field, format!("there are more than {most}"))) }
}
