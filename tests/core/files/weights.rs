//! Files of weights as PyTorch and safetensors write them: tests/oracle/weights_cases.py.

use std::fs;
use std::path::Path;

use convscope::engine::{Plan, PlanOptions, WeightSource};
use convscope::files::weights::{
    NamedTensor, WrittenTensor, match_weights, safetensors, state_dict, write_safetensors,
};
use convscope::model::Network;
use convscope::share_link;

fn file(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/weights").join(name)).unwrap()
}

fn network() -> Network {
    let (network, problems) = share_link::decode_design("1x6x6.c2k3b0_conv1.bn_bn1.gap.flat.fc3_fc");
    assert!(problems.is_empty(), "{problems:?}");
    network
}

/// What the script wrote into a tensor of the network, by its place in the state dict.
fn written(index: usize, count: usize) -> Vec<f32> {
    (0..count).map(|number| number as f32 / 8.0 + index as f32).collect()
}

fn check(tensors: &[NamedTensor], what: &str) {
    let network = network();
    let (matched, weights) = match_weights(&network, tensors).unwrap();
    assert!(matched.is_whole(), "{what}: {matched:?}");
    assert_eq!(matched.matched.len(), 8, "{what}");
    let of = |index: usize| &weights[&network.nodes[index].id];
    assert_eq!(of(0), &[written(0, 18)], "{what}");
    assert_eq!(of(1), &[written(1, 2), written(2, 2), written(3, 2), written(4, 2)], "{what}");
    assert_eq!(of(4), &[written(6, 6), written(7, 3)], "{what}");
    Plan::new(&network, &WeightSource::Given(weights), &PlanOptions::default()).unwrap();
}

#[test]
fn weights_are_read_by_pytorchs_names() {
    check(&safetensors(&file("state.safetensors")).unwrap(), "safetensors");
    check(&state_dict(&file("state.pth")).unwrap(), "state dict");
    let bytes = file("checkpoint.pt");
    let tensors = state_dict(&bytes).unwrap();
    check(&tensors, "checkpoint");
    let (matched, _) = match_weights(&network(), &tensors).unwrap();
    assert_eq!((matched.prefix.as_str(), matched.elsewhere), ("state_dict.module.", 1));
}

#[test]
fn what_does_not_fit_is_named() {
    let (network, _) = share_link::decode_design("1x6x6.c4k3b0_conv1.bn_norm.gap.flat.fc3_fc");
    let bytes = file("state.pth");
    let (matched, _) = match_weights(&network, &state_dict(&bytes).unwrap()).unwrap();
    assert_eq!(matched.matched, ["fc.bias"]);
    assert_eq!(matched.missing, ["norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"]);
    assert_eq!(matched.unexpected.len(), 5);
    let mismatched: Vec<_> =
        matched.mismatched.iter().map(|one| (one.name.as_str(), &*one.network, &*one.file)).collect();
    assert_eq!(
        mismatched,
        [("conv1.weight", &[4, 1, 3, 3][..], &[2, 1, 3, 3][..]), ("fc.weight", &[3, 4][..], &[3, 2][..])]
    );
}

#[test]
fn code_is_refused_by_name() {
    let words = state_dict(&file("whole.pt")).unwrap_err().to_string();
    assert!(words.contains("__main__.Net is not read") && words.contains("state_dict()"), "{words}");
    // A pickle that would call os.system, in a zip as PyTorch's.
    let zip = |pickle: &[u8]| {
        let name = b"a/data.pkl";
        let size = (pickle.len() as u32).to_le_bytes();
        let mut bytes = [&b"PK\x03\x04"[..], &[0; 14], &size, &size, &[10, 0, 0, 0], name, pickle].concat();
        let start = bytes.len() as u32;
        bytes.extend([&b"PK\x01\x02"[..], &[0; 16], &size, &size, &[10, 0], &[0; 16], name].concat());
        let length = bytes.len() as u32 - start;
        bytes.extend(
            [&b"PK\x05\x06"[..], &[0; 4], &[1, 0, 1, 0], &length.to_le_bytes(), &start.to_le_bytes(), &[0, 0]].concat(),
        );
        bytes
    };
    for (pickle, words) in [
        (&b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R."[..], "byte 2, GLOBAL: os.system is not read"),
        (b"\x80\x02}(X\x01\0\0\0aNu.", "it has no tensor"),
        (b"\x80\x02)\x81.", "opcode NEWOBJ"),
        (b"\x80\x02]q\0h\0a.", "it has no tensor"),
        (b"\x80\x02(((", "the bytes end within it"),
        (b"\x80\x02X\xff\xff\xff\xffa.", "longer than the pickle"),
        (b"\x80\x09.", "protocol 9"),
    ] {
        let found = state_dict(&zip(pickle)).unwrap_err().to_string();
        assert!(found.contains(words), "{found}");
    }
}

#[test]
fn a_safetensors_header_that_lies_is_refused() {
    let file = |header: &str, numbers: usize| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; numbers]].concat()
    };
    for (header, numbers, words) in [
        (r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, None),
        (r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, Some("lie outside")),
        (r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, Some("does not have the 8 bytes")),
        (r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, Some("no holes")),
        (r#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8, Some("does not have")),
        (r#"{"a":{"dtype":"F7","shape":[2],"data_offsets":[0,8]}}"#, 8, Some("F7 is not known")),
        (r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, Some("the tensors have 4 bytes of 8")),
        ("[[[[", 0, Some("broken")),
    ] {
        let bytes = file(header, numbers);
        let found = safetensors(&bytes).err().map(|error| error.to_string());
        assert_eq!(found.is_some(), words.is_some(), "{header}");
        assert!(found.unwrap_or_default().contains(words.unwrap_or_default()), "{header}");
    }
    assert!(safetensors(&u64::MAX.to_le_bytes()).unwrap_err().to_string().contains("more than 100000000"));
}

#[test]
fn what_is_written_is_read_back() {
    let tensor =
        |name: &str, dims: &[u64], floats| WrittenTensor { name: name.to_string(), dims: dims.to_vec(), floats };
    let tensors = vec![
        tensor("conv.weight", &[2, 1, 1, 2], Some(vec![1.5, -0.0, f32::MAX, 1e-40])),
        tensor("bn.num_batches_tracked", &[], None),
        tensor("a\"b\\", &[0], Some(vec![])),
    ];
    let bytes = write_safetensors(&tensors);
    let read = safetensors(&bytes).unwrap();
    for WrittenTensor { name, dims, floats } in tensors {
        let found = read.iter().find(|tensor| tensor.name == name).unwrap();
        assert_eq!((&found.dims, found.floats().unwrap()), (&dims, floats.unwrap_or_else(|| vec![0.0])));
    }
}
