//! ONNX's messages as bytes: the few fields that a network needs, in the order of their numbers.

/// A message being written.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer(pub Vec<u8>);

/// An attribute's value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Integer(i64),
    Float(f64),
    Integers(Vec<i64>),
    Text(&'static str),
}

impl Writer {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(super) fn integer(&mut self, field: u64, value: i64) {
        self.varint(field << 3);
        self.varint(value as u64);
    }

    pub(super) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn float(&mut self, field: u64, value: f32) {
        self.varint(field << 3 | 5);
        self.0.extend(value.to_le_bytes());
    }
}

/// `NodeProto`.
pub(super) fn node(
    operator: &str,
    name: &str,
    inputs: &[String],
    output: &str,
    attributes: &[(&str, Value)],
) -> Vec<u8> {
    let mut node = Writer::default();
    inputs.iter().for_each(|input| node.bytes(1, input.as_bytes()));
    node.bytes(2, output.as_bytes());
    node.bytes(3, name.as_bytes());
    node.bytes(4, operator.as_bytes());
    for (name, value) in attributes {
        let mut attribute = Writer::default();
        attribute.bytes(1, name.as_bytes());
        // The number behind each is AttributeProto.AttributeType.
        let kind = match value {
            Value::Float(float) => {
                attribute.float(2, *float as f32);
                1
            }
            Value::Integer(integer) => {
                attribute.integer(3, *integer);
                2
            }
            Value::Text(text) => {
                attribute.bytes(4, text.as_bytes());
                3
            }
            Value::Integers(integers) => {
                integers.iter().for_each(|integer| attribute.integer(8, *integer));
                7
            }
        };
        attribute.integer(20, kind);
        node.bytes(5, &attribute.0);
    }
    node.0
}

/// `TensorProto` of 32-bit floats.
pub(super) fn floats(name: &str, dims: &[u64], values: &[f32]) -> Vec<u8> {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor(name, dims, 1, &raw)
}

/// `TensorProto` of 64-bit whole numbers in a row.
pub(super) fn integers(name: &str, values: &[i64]) -> Vec<u8> {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor(name, &[values.len() as u64], 7, &raw)
}

fn tensor(name: &str, dims: &[u64], kind: i64, raw: &[u8]) -> Vec<u8> {
    let mut tensor = Writer::default();
    dims.iter().for_each(|&size| tensor.integer(1, size as i64));
    tensor.integer(2, kind);
    tensor.bytes(8, name.as_bytes());
    tensor.bytes(9, raw);
    tensor.0
}

/// `ValueInfoProto` of 32-bit floats.
pub(super) fn value(name: &str, dims: &[u64]) -> Vec<u8> {
    let mut shape = Writer::default();
    for &size in dims {
        let mut dimension = Writer::default();
        dimension.integer(1, size as i64);
        shape.bytes(1, &dimension.0);
    }
    let mut tensor = Writer::default();
    tensor.integer(1, 1);
    tensor.bytes(2, &shape.0);
    let mut kind = Writer::default();
    kind.bytes(1, &tensor.0);
    let mut value = Writer::default();
    value.bytes(1, name.as_bytes());
    value.bytes(2, &kind.0);
    value.0
}
