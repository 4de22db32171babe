//! Weights in one byte each.

/// Weights as whole numbers from -128 to 127, times a scale for each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantised {
    /// In the order of the weights.
    pub values: Vec<i8>,
    /// One in all, or one for each output channel.
    pub scales: Vec<f32>,
}

/// Symmetric, as PyTorch's observers: `scale = max |w| / 127.5`, the nearest whole number (an exact half to even).
/// `channels` is the number of scales: 1 for the whole tensor, the output channels for one each.
pub fn quantise(weight: &[f32], channels: usize) -> Quantised {
    let row = weight.len().div_ceil(channels.max(1)).max(1);
    let mut quantised = Quantised { values: Vec::with_capacity(weight.len()), scales: Vec::with_capacity(channels) };
    for row in weight.chunks(row) {
        let largest = row.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
        let scale = (largest / 127.5).max(f32::EPSILON);
        quantised.scales.push(scale);
        let inverse = 1.0 / scale;
        quantised
            .values
            .extend(row.iter().map(|weight| (weight * inverse).round_ties_even().clamp(-128.0, 127.0) as i8));
    }
    quantised
}

impl Quantised {
    /// The weights that the whole numbers stand for.
    pub fn weights(&self) -> Vec<f32> {
        let row = self.values.len().div_ceil(self.scales.len().max(1)).max(1);
        let rows = self.values.chunks(row).zip(&self.scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |&value| f32::from(value) * scale)).collect()
    }
}
