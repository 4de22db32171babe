//! What a file is, by its first bytes. Names and endings are not asked.

/// The kinds of files that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Python, a printed model, any other text.
    Text,
    /// Text that is a JSON object: a notebook, or this program's own.
    Json,
    /// A protobuf message that begins as an ONNX model does.
    Onnx,
    /// A flatbuffer with TensorFlow Lite's identifier.
    TfLite,
    /// A length and a JSON header.
    SafeTensors,
    /// A zip archive, as `torch.save` writes since PyTorch 1.6.
    Zip,
    /// `torch.save` before PyTorch 1.6: a bare pickle.
    OldPyTorch,
    /// As Keras writes `.h5`.
    Hdf5,
    /// No bytes at all.
    Empty,
    /// None of these.
    Unknown,
}

/// Safetensors headers are at most this long.
const LONGEST_HEADER: u64 = 100_000_000;

/// The kind of a file with these bytes.
pub fn kind(bytes: &[u8]) -> Kind {
    if bytes.is_empty() {
        return Kind::Empty;
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Kind::Zip;
    }
    if bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
        return Kind::Hdf5;
    }
    if bytes.get(4..8) == Some(b"TFL3") {
        return Kind::TfLite;
    }
    if is_safetensors(bytes) {
        return Kind::SafeTensors;
    }
    // The protocol of a pickle, then the long that torch.save begins with.
    if bytes.first() == Some(&0x80) && bytes.get(1).is_some_and(|protocol| (2..=5).contains(protocol)) {
        return Kind::OldPyTorch;
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains(|letter: char| letter < '\t')
    {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        return if text.starts_with('{') { Kind::Json } else { Kind::Text };
    }
    if is_protobuf(bytes) { Kind::Onnx } else { Kind::Unknown }
}

/// Eight bytes of length, then a JSON object.
fn is_safetensors(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk().map(|length| u64::from_le_bytes(*length));
    length.is_some_and(|length| (2..=LONGEST_HEADER).contains(&length)) && bytes.get(8) == Some(&b'{')
}

/// Whether the first field is one of ONNX's `ModelProto`: a varint (the version, most often first), or a field with a length
/// that the file has.
fn is_protobuf(bytes: &[u8]) -> bool {
    match bytes {
        [0x08, version, next, ..] => *version < 0x80 && matches!(next & 7, 0 | 2),
        // producer_name, ..., graph, opset_import, metadata_props.
        [tag, ..] => matches!(tag, 0x12 | 0x1a | 0x22 | 0x32 | 0x3a | 0x42 | 0x72),
        [] => false,
    }
}
