//! Handwritten digits, 8 x 8.

use crate::model::Dims;

use super::{DataError, Dataset, Normalization};

const SAMPLES: usize = 1797;
const PIXELS: usize = 64;
/// Bits of a pixel, which is 0 to 16, and of a class.
const BITS: [usize; 2] = [5, 4];

/// The test half of "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998), as scikit-learn has it,
/// in its order: all pixels with 5 bits each, then all classes with 4, the first bit the lowest. Pixels are divided by 16.
///
/// # Errors
/// Where the bytes are another file's.
pub fn digits(bytes: &[u8]) -> Result<Dataset, DataError> {
    let bits = SAMPLES * (PIXELS * BITS[0] + BITS[1]);
    if bytes.len() != bits.div_ceil(8) {
        return Err(DataError::Digits);
    }
    let number = |at: usize, count: usize| {
        (0..count).map(|bit| u32::from(bytes[(at + bit) / 8] >> ((at + bit) % 8) & 1) << bit).sum::<u32>()
    };
    let pixels = 0..SAMPLES * PIXELS;
    let inputs = pixels.map(|pixel| number(pixel * BITS[0], BITS[0]) as f32 / 16.0).collect();
    let first = SAMPLES * PIXELS * BITS[0];
    let labels: Vec<u32> = (0..SAMPLES).map(|sample| number(first + sample * BITS[1], BITS[1])).collect();
    let Some(shape) = Dims::new(&[1, 8, 8]).filter(|_| labels.iter().all(|&label| label < 10)) else {
        return Err(DataError::Digits);
    };
    let classes = (0..10).map(|digit| digit.to_string()).collect();
    Ok(Dataset { shape, classes, inputs, labels, normalization: Normalization { shift: 0.0, scale: 16.0 } })
}
