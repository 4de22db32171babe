//! What each layer makes of an input, as pictures.

use serde::{Deserialize, Serialize};

use super::given::GivenWeights;
use crate::cost::{Settings, analyze};
use crate::engine::{Seeding, each_activation, seeded_input};
use crate::share_link;

/// Run a network on one sample and show what each row makes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapsTask {
    /// As in a link.
    pub network: String,
    /// Of weights and, where none is given, of the input.
    pub seed: u64,
    /// Weights are uniform in ±sqrt(gain / fan-in).
    pub gain: f64,
    /// Weights of files, in place of the seeded ones.
    pub given: GivenWeights,
    /// In PyTorch's order; `None`: the seeded input of a run.
    pub input: Option<Vec<f32>>,
}

/// The input and every row that makes something of its own, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapsReport {
    /// What goes in.
    pub input: Maps,
    /// By the row's index.
    pub rows: Vec<(u32, Maps)>,
}

/// The first channels of a tensor, one picture each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Maps {
    /// All channels, those that are shown, and the size of one in values.
    pub channels: u32,
    /// The first of them.
    pub shown: u32,
    /// In values, 1 for lines and vectors.
    pub height: u32,
    /// In values.
    pub width: u32,
    /// So many values along each side are one pixel: their mean.
    pub step: u32,
    /// The largest magnitude, which the pixels 1 and 255 stand for.
    pub largest: f32,
    /// Channel by channel, row by row: 128 is zero.
    pub pixels: Vec<u8>,
}

/// No picture has more pixels, nor more along any side.
const MOST_PIXELS: usize = 48 * 48;
const MOST_SIDE: usize = 160;
/// So many channels of a row are shown, fewer of a network with many rows.
const MOST_CHANNELS: usize = 16;
const MANY_ROWS: usize = 120;
const CHANNELS_OF_MANY: usize = 6;
/// A vector is one line of so many values.
const MOST_OF_A_VECTOR: usize = 256;
/// More takes too long to wait for.
const MOST_MACS: u64 = 30_000_000_000;

impl MapsTask {
    pub(super) fn maps(&self) -> Result<MapsReport, String> {
        let (network, problems) = share_link::decode_design(&self.network);
        if let Some(problem) = problems.first() {
            return Err(problem.to_string());
        }
        let report = analyze(&network, &Settings::default());
        let macs = report.totals.figures.macs.0;
        if macs > MOST_MACS {
            return Err(format!(
                "Feature maps are shown of networks of at most {MOST_MACS} MACs; this one has {macs}."
            ));
        }
        let most = if network.nodes.len() > MANY_ROWS { CHANNELS_OF_MANY } else { MOST_CHANNELS };
        let sizes = |dims: &crate::model::Dims| dims.sizes().iter().map(|&size| size as usize).collect::<Vec<_>>();
        let input_sizes = sizes(&report.shapes.input);
        let length = input_sizes.iter().product();
        let input = match &self.input {
            Some(values) => values.clone(),
            None => seeded_input(self.seed, 0, length, 1.0),
        };
        let seeding = Seeding { seed: self.seed, gain: self.gain, streams: Default::default() };
        let mut rows: Vec<(u32, Maps)> = Vec::new();
        let weights = self.given.source(&network, seeding)?;
        each_activation(&network, &weights, &input, &mut |row, values| {
            let dims = report.shapes.nodes.get(row).and_then(|shape| shape.dims());
            let Some(maps) = dims.and_then(|dims| Maps::of(&sizes(dims), &values, most)) else { return };
            // Of a row in several operations the last one is what it makes.
            rows.retain(|(other, _)| *other != row as u32);
            rows.push((row as u32, maps));
        })
        .map_err(|error| error.to_string())?;
        rows.sort_by_key(|(row, _)| *row);
        let input = Maps::of(&input_sizes, &input, most).ok_or("the input has no size")?;
        Ok(MapsReport { input, rows })
    }
}

impl Maps {
    /// Of one sample's values with these sizes, the batch first. `None` where they do not fit each other.
    fn of(sizes: &[usize], values: &[f32], most: usize) -> Option<Self> {
        let (channels, height, width) = match sizes {
            [1, features] => (1, 1, *features),
            [1, channels, length] => (*channels, 1, *length),
            [1, channels, inner @ .., width] => (*channels, inner.iter().product(), *width),
            _ => return None,
        };
        if values.is_empty() || channels * height * width != values.len() {
            return None;
        }
        let area = height * width;
        let (shown_width, step) = match height {
            1 => (width.min(MOST_OF_A_VECTOR), 1),
            _ => {
                let fits = |step: &usize| {
                    let (down, across) = (height.div_ceil(*step), width.div_ceil(*step));
                    down * across <= MOST_PIXELS && down.max(across) <= MOST_SIDE
                };
                (width, (1..).find(fits)?)
            }
        };
        let shown = channels.min(most);
        let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let mut pixels = Vec::new();
        for channel in values.chunks(area).take(shown) {
            for top in (0..height).step_by(step) {
                for left in (0..shown_width).step_by(step) {
                    let (bottom, right) = ((top + step).min(height), (left + step).min(shown_width));
                    let lines = (top..bottom).map(|row| &channel[row * width + left..row * width + right]);
                    let sum: f32 = lines.flatten().sum();
                    let mean = sum / ((bottom - top) * (right - left)) as f32;
                    pixels.push(pixel(mean, largest));
                }
            }
        }
        Some(Self {
            channels: channels as u32,
            shown: shown as u32,
            height: height as u32,
            width: shown_width as u32,
            step: step as u32,
            largest,
            pixels,
        })
    }

    /// Pixels along the height and the width of one picture.
    pub const fn picture(&self) -> (u32, u32) {
        (self.height.div_ceil(self.step), self.width.div_ceil(self.step))
    }
}

/// 128 for zero; what is no number, too.
fn pixel(value: f32, largest: f32) -> u8 {
    let share = if largest > 0.0 { value / largest } else { 0.0 };
    if share.is_finite() { (128.0 + 127.0 * share).round() as u8 } else { 128 }
}
