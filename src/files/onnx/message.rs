//! ONNX's messages, as far as they say what a network is: onnx.proto, IR versions 3 to 13.
//!
//! Bounds: [`MOST_NODES`] nodes, [`MOST_TENSORS`] initialisers, names of [`LONGEST_NAME`] bytes; graphs within
//! attributes (`If`, `Loop`) are not entered, so that nothing nests deeper than messages do by their kind.

use super::super::problem::FileProblem;
use super::super::protobuf::{Field, Message, Wire};

pub(super) const MOST_NODES: usize = 100_000;
pub(super) const MOST_TENSORS: usize = 200_000;
const LONGEST_NAME: usize = 4_096;
/// Entries of an attribute, dimensions, inputs of a node.
const MOST_ENTRIES: usize = 1 << 20;

#[derive(Clone, Debug, Default)]
pub(super) struct Model<'a> {
    pub producer: String,
    pub producer_version: String,
    /// Of the default domain.
    pub opset: i64,
    pub graph: Graph<'a>,
    /// Names of the functions that the file defines itself.
    pub functions: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::files) struct Graph<'a> {
    pub name: String,
    pub nodes: Vec<Node<'a>>,
    pub initializers: Vec<Tensor<'a>>,
    pub inputs: Vec<ValueInfo>,
    pub outputs: Vec<ValueInfo>,
    pub values: Vec<ValueInfo>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::files) struct Node<'a> {
    pub name: String,
    pub operator: String,
    pub domain: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Vec<Attribute<'a>>,
    pub metadata: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::files) struct Attribute<'a> {
    pub name: String,
    pub float: Option<f32>,
    pub integer: Option<i64>,
    pub text: Option<String>,
    pub tensor: Option<Tensor<'a>>,
    pub floats: Vec<f32>,
    pub integers: Vec<i64>,
}

/// A tensor's sizes and type, and where its numbers are.
#[derive(Clone, Debug, Default)]
pub(in crate::files) struct Tensor<'a> {
    pub name: String,
    pub dims: Vec<u64>,
    /// `TensorProto.DataType`.
    pub kind: i64,
    pub floats: Vec<f32>,
    /// `int32_data` and `int64_data`.
    pub integers: Vec<i64>,
    pub raw: Option<Message<'a>>,
    pub external: Option<External>,
}

/// Numbers in a file beside the model's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::files) struct External {
    pub location: String,
    pub offset: u64,
    pub length: Option<u64>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::files) struct ValueInfo {
    pub name: String,
    /// `None` where the file does not tell the shape; a size that is a name or open is `None`.
    pub shape: Option<Vec<Option<u64>>>,
}

impl<'a> Model<'a> {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// Names the byte, the field and the rule.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, FileProblem> {
        let mut model = Self::default();
        let mut has_graph = false;
        let mut fields = Message::whole(bytes).fields();
        while let Some(field) = fields.next()? {
            match field.number {
                2 => model.producer = text(&field)?,
                3 => model.producer_version = text(&field)?,
                7 => {
                    has_graph = true;
                    model.graph = Graph::read(field.message()?)?;
                }
                8 => {
                    let (domain, version) = opset(field.message()?)?;
                    if domain.is_empty() || domain == "ai.onnx" {
                        model.opset = version;
                    }
                }
                25 => {
                    limit(model.functions.len(), MOST_NODES, &field, "functions")?;
                    model.functions.push(first_text(field.message()?)?);
                }
                _ => {}
            }
        }
        if !has_graph {
            return Err(FileProblem::of("ModelProto.graph", "there is none: the bytes are no ONNX model"));
        }
        Ok(model)
    }
}

impl<'a> Graph<'a> {
    fn read(message: Message<'a>) -> Result<Self, FileProblem> {
        let mut graph = Self::default();
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                1 => {
                    limit(graph.nodes.len(), MOST_NODES, &field, "nodes")?;
                    graph.nodes.push(Node::read(field.message()?)?);
                }
                2 => graph.name = text(&field)?,
                5 => {
                    limit(graph.initializers.len(), MOST_TENSORS, &field, "initializers")?;
                    graph.initializers.push(Tensor::read(field.message()?)?);
                }
                11..=13 => {
                    let list = match field.number {
                        11 => &mut graph.inputs,
                        12 => &mut graph.outputs,
                        _ => &mut graph.values,
                    };
                    limit(list.len(), MOST_TENSORS, &field, "values")?;
                    list.push(ValueInfo::read(field.message()?)?);
                }
                _ => {}
            }
        }
        Ok(graph)
    }
}

impl<'a> Node<'a> {
    fn read(message: Message<'a>) -> Result<Self, FileProblem> {
        let mut node = Self::default();
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                1 | 2 => {
                    let list = if field.number == 1 { &mut node.inputs } else { &mut node.outputs };
                    limit(list.len(), MOST_ENTRIES, &field, "inputs of a node")?;
                    list.push(text(&field)?);
                }
                3 => node.name = text(&field)?,
                4 => node.operator = text(&field)?,
                5 => {
                    limit(node.attributes.len(), MOST_ENTRIES, &field, "attributes")?;
                    node.attributes.push(Attribute::read(field.message()?)?);
                }
                7 => node.domain = text(&field)?,
                9 => {
                    limit(node.metadata.len(), 1_000, &field, "metadata")?;
                    node.metadata.push(pair(field.message()?)?);
                }
                _ => {}
            }
        }
        Ok(node)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute<'a>> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.attribute(name)?.integer
    }

    pub(super) fn float(&self, name: &str) -> Option<f64> {
        self.attribute(name)?.float.map(as_written)
    }

    /// Empty where there is no such attribute.
    pub(super) fn integers(&self, name: &str) -> &[i64] {
        self.attribute(name).map_or(&[], |attribute| &attribute.integers)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.attribute(name)?.text.as_deref()
    }

    pub(super) fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

impl<'a> Attribute<'a> {
    fn read(message: Message<'a>) -> Result<Self, FileProblem> {
        let mut attribute = Self::default();
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                1 => attribute.name = text(&field)?,
                2 => attribute.float = Some(field.float()?),
                3 => attribute.integer = Some(field.integer()?),
                4 => attribute.text = text(&field).ok(),
                5 => attribute.tensor = Some(Tensor::read(field.message()?)?),
                7 => field.floats(&mut attribute.floats)?,
                8 => field.integers(&mut attribute.integers)?,
                _ => {}
            }
            limit(
                attribute.integers.len().max(attribute.floats.len()),
                MOST_ENTRIES,
                &field,
                "numbers of an attribute",
            )?;
        }
        Ok(attribute)
    }
}

impl<'a> Tensor<'a> {
    fn read(message: Message<'a>) -> Result<Self, FileProblem> {
        let mut tensor = Self::default();
        let mut dims = Vec::new();
        let mut is_external = false;
        let mut external = External::default();
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                1 => {
                    field.integers(&mut dims)?;
                    limit(dims.len(), 64, &field, "dims")?;
                }
                2 => tensor.kind = field.integer()?,
                4 => field.floats(&mut tensor.floats)?,
                5 | 7 => field.integers(&mut tensor.integers)?,
                8 => tensor.name = text(&field)?,
                9 => tensor.raw = Some(field.message()?),
                13 => {
                    let (key, value) = pair(field.message()?)?;
                    let number = |what: &str| {
                        value.trim().parse::<u64>().map_err(|_| {
                            FileProblem::at(field.at, format!("external_data.{what}"), "it is a whole number from 0")
                        })
                    };
                    match key.as_str() {
                        "location" => external.location = value,
                        "offset" => external.offset = number("offset")?,
                        "length" => external.length = Some(number("length")?),
                        _ => {}
                    }
                }
                14 => is_external = field.integer()? == 1,
                _ => {}
            }
        }
        let sizes: Option<Vec<u64>> = dims.iter().map(|&size| u64::try_from(size).ok()).collect();
        let sizes = sizes.ok_or_else(|| FileProblem::at(message.start, "TensorProto.dims", "a size is from 0"))?;
        let elements = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size));
        if elements.is_none_or(|elements| elements > i64::MAX as u64) {
            return Err(FileProblem::at(message.start, "TensorProto.dims", "their product does not fit 63 bits"));
        }
        tensor.dims = sizes;
        tensor.external = is_external.then_some(external);
        Ok(tensor)
    }

    /// A tensor whose numbers are in a file.
    pub(in crate::files) fn of_bytes(
        name: String,
        dims: Vec<u64>,
        kind: i64,
        (bytes, start): (&'a [u8], usize),
    ) -> Self {
        Self { name, dims, kind, raw: Some(Message { bytes, start }), ..Self::default() }
    }

    pub(super) fn elements(&self) -> u64 {
        self.dims.iter().product()
    }
}

impl ValueInfo {
    fn read(message: Message) -> Result<Self, FileProblem> {
        let mut info = Self::default();
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                1 => info.name = text(&field)?,
                // TypeProto: tensor_type: shape.
                2 => {
                    let tensor = within(field.message()?, 1)?;
                    info.shape = match tensor {
                        Some(tensor) => within(tensor, 2)?.map(shape).transpose()?,
                        None => None,
                    };
                }
                _ => {}
            }
        }
        Ok(info)
    }
}

/// `TensorShapeProto`.
fn shape(message: Message) -> Result<Vec<Option<u64>>, FileProblem> {
    let mut sizes = Vec::new();
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        if field.number == 1 {
            limit(sizes.len(), 64, &field, "dimensions")?;
            let mut value = None;
            let mut dimension = field.message()?.fields();
            while let Some(field) = dimension.next()? {
                if field.number == 1 {
                    value = u64::try_from(field.integer()?).ok().filter(|&size| size > 0);
                }
            }
            sizes.push(value);
        }
    }
    Ok(sizes)
}

/// The message in a field; the last one where there are several.
fn within<'a>(message: Message<'a>, number: u64) -> Result<Option<Message<'a>>, FileProblem> {
    let mut found = None;
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        if let (true, Wire::Bytes(message)) = (field.number == number, field.value) {
            found = Some(message);
        }
    }
    Ok(found)
}

fn opset(message: Message) -> Result<(String, i64), FileProblem> {
    let mut found = (String::new(), 0);
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => found.0 = text(&field)?,
            2 => found.1 = field.integer()?,
            _ => {}
        }
    }
    Ok(found)
}

fn pair(message: Message) -> Result<(String, String), FileProblem> {
    let mut found = (String::new(), String::new());
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => found.0 = text(&field)?,
            2 => found.1 = field.text()?,
            _ => {}
        }
    }
    Ok(found)
}

fn first_text(message: Message) -> Result<String, FileProblem> {
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        if field.number == 1 {
            return text(&field);
        }
    }
    Ok(String::new())
}

fn text(field: &Field) -> Result<String, FileProblem> {
    let message = field.message()?;
    if message.bytes.len() > LONGEST_NAME {
        return Err(FileProblem::at(field.at, "a name", format!("it has more than {LONGEST_NAME} bytes")));
    }
    Ok(message.text())
}

fn limit(count: usize, most: usize, field: &Field, what: &str) -> Result<(), FileProblem> {
    if count < most { Ok(()) } else { Err(FileProblem::at(field.at, what, format!("there are more than {most}"))) }
}

/// The shortest decimal that is this float: 0.1 and not 0.10000000149.
pub(super) fn as_written(float: f32) -> f64 {
    float.to_string().parse().unwrap_or_else(|_| f64::from(float))
}
