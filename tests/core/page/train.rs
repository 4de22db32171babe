//! What of training is taken away.

use convscope::job::WeightReport;
use convscope::page::train::safetensors;

#[test]
fn weights_travel_as_safetensors() {
    let weight = |name: &str, shape: &[u64], values: &[f32]| WeightReport {
        name: name.to_string(),
        shape: shape.to_vec(),
        values: values.to_vec(),
    };
    let weights = [weight("bn.running_var", &[2], &[1.0, 2.0]), weight("fc.weight", &[1, 1], &[-0.5])];
    let file = safetensors(&weights, 7);
    let length = u64::from_le_bytes(file[..8].try_into().expect("eight bytes")) as usize;
    assert_eq!(length % 8, 0);
    let head: serde_json::Value = serde_json::from_slice(&file[8..8 + length]).expect("JSON");
    let data = &file[8 + length..];
    assert_eq!(data.len(), 8 + 12);
    assert_eq!(head["bn.num_batches_tracked"]["dtype"], "I64");
    assert_eq!(data[..8], 7_u64.to_le_bytes());
    let offsets = &head["fc.weight"]["data_offsets"];
    assert_eq!((offsets[0].as_u64(), offsets[1].as_u64()), (Some(16), Some(20)));
    assert_eq!(data[16..], (-0.5_f32).to_le_bytes());
}
