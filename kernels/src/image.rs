//! Images between [N, C, H, W] and [N, H, W, C] with a border of zeros.

use super::crew::{Crew, Cut, Writes};
use super::geometry::Planes;
use super::matrix::PixelSteps;
use super::simd::{F32x4, LANES};

/// Zeros around an image, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Border {
    pub top: usize,
    pub left: usize,
    pub bottom: usize,
    pub right: usize,
}

/// An image in [N, H, W, C] as it lies in a buffer, its border included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLayout {
    pub planes: Planes,
    pub border: Border,
    /// Values from one pixel to the next: the channels, rounded up where the buffer has room for whole vectors.
    pub pixel: usize,
    /// The first channel within a pixel.
    pub channel: usize,
}

impl Border {
    /// At least as wide as both.
    pub fn join(self, other: Self) -> Self {
        Self {
            top: self.top.max(other.top),
            left: self.left.max(other.left),
            bottom: self.bottom.max(other.bottom),
            right: self.right.max(other.right),
        }
    }

    /// At least as wide as another on every side.
    pub fn covers(self, other: Self) -> bool {
        self.join(other) == self
    }
}

impl ImageLayout {
    /// Values from one row to the next.
    pub fn row(&self) -> usize {
        (self.border.left + self.planes.width + self.border.right) * self.pixel
    }

    /// Values from one image to the next.
    pub fn image(&self) -> usize {
        (self.border.top + self.planes.height + self.border.bottom) * self.row()
    }

    /// Values of the whole buffer.
    pub fn length(&self) -> usize {
        self.planes.batch * self.image()
    }

    /// Where the pixels lie.
    pub fn steps(&self) -> PixelSteps {
        PixelSteps {
            first: self.border.top * self.row() + self.border.left * self.pixel + self.channel,
            column: self.pixel,
            row: self.row(),
            image: self.image(),
        }
    }

    /// Whether all pixels of an image follow one another without a gap.
    pub fn is_dense(&self) -> bool {
        self.border == Border::default()
    }
}

/// Fills the border with zeros, all channels of the buffer.
///
/// # Panics
/// Where the buffer is too short.
pub fn clear_border<T: Copy + Default>(layout: &ImageLayout, buffer: &mut [T]) {
    let zero = T::default();
    let Border { top, left, bottom, right } = layout.border;
    let (row, height) = (layout.row(), layout.planes.height);
    for image in buffer[..layout.length()].chunks_exact_mut(layout.image().max(1)) {
        image[..top * row].fill(zero);
        image[(top + height) * row..].fill(zero);
        if left + right > 0 {
            debug_assert_eq!(image.len(), (top + height + bottom) * row);
            for line in image[top * row..(top + height) * row].chunks_exact_mut(row.max(1)) {
                line[..left * layout.pixel].fill(zero);
                line[row - right * layout.pixel..].fill(zero);
            }
        }
    }
}

/// [N, C, H, W] to [N, H, W, C], shared among the crew's threads.
///
/// # Panics
/// Where a slice is too short.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn from_planes(layout: &ImageLayout, input: &[f32], output: &mut [f32], crew: Crew) {
    let Planes { batch, height, .. } = layout.planes;
    let row = layout.row();
    let (first, lines) = (layout.border.top * row, batch * height);
    assert!(output.len() >= layout.length());
    let output = Writes::of(output);
    crew.share(lines, Cut { work: 8 * layout.planes.elements(), blocks: lines }, &|lines, _| {
        for line in lines {
            let start = line / height * layout.image() + first + line % height * row;
            // SAFETY: other parts write other lines.
            line_from_planes(layout, line, input, unsafe { output.piece(start..start + row) });
        }
    });
}

/// One line, counted over all images, with the border beside it.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
fn line_from_planes(layout: &ImageLayout, line: usize, input: &[f32], output: &mut [f32]) {
    let Planes { channels, height, width, .. } = layout.planes;
    let (steps, area) = (layout.steps(), layout.planes.area());
    let (image, row) = (line / height, line % height);
    let line = &mut output[layout.border.left * layout.pixel + layout.channel..];
    let source = &input[image * channels * area + row * width..];
    if channels == 3 && layout.pixel == 3 {
        let planes = [source, &source[area..], &source[2 * area..]].map(|plane| &plane[..width]);
        interleave(planes, &mut line[..3 * width]);
    } else if channels == 1 && layout.pixel == 1 {
        line[..width].copy_from_slice(&source[..width]);
    } else {
        for channel in 0..channels {
            let plane = &source[channel * area..][..width];
            let pixels = line[channel..].iter_mut().step_by(steps.column);
            pixels.zip(plane).for_each(|(value, &x)| *value = x);
        }
    }
}

/// [N, H, W, C] to [N, C, H, W].
///
/// # Panics
/// Where a slice is too short.
pub fn to_planes(layout: &ImageLayout, input: &[f32], output: &mut [f32]) {
    let Planes { batch, channels, height, width } = layout.planes;
    let (steps, area) = (layout.steps(), layout.planes.area());
    for image in 0..batch {
        for row in 0..height {
            let line = &input[steps.at(image, row, 0)..];
            for channel in 0..channels {
                let plane = &mut output[(image * channels + channel) * area + row * width..][..width];
                let pixels = line[channel..].iter().step_by(steps.column);
                plane.iter_mut().zip(pixels).for_each(|(value, &x)| *value = x);
            }
        }
    }
}

/// Copies the pixels of one image buffer into another: a part of a concatenation.
///
/// # Panics
/// Where a slice is too short.
pub fn copy_pixels(from: &ImageLayout, to: &ImageLayout, input: &[f32], output: &mut [f32]) {
    let Planes { batch, channels, height, width } = from.planes;
    let (source, target) = (from.steps(), to.steps());
    for image in 0..batch {
        for row in 0..height {
            for column in 0..width {
                let (at, to) = (source.at(image, row, column), target.at(image, row, column));
                output[to..to + channels].copy_from_slice(&input[at..at + channels]);
            }
        }
    }
}

/// Three planes' values in turn.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
fn interleave([a, b, c]: [&[f32]; 3], output: &mut [f32]) {
    let length = a.len().min(b.len()).min(c.len()).min(output.len() / 3);
    let whole = length / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        // SAFETY: `at + 4` values are in each plane, and three times as many in the output.
        unsafe {
            let load = |plane: &[f32]| F32x4::load(plane.as_ptr().add(at));
            for (index, vector) in F32x4::interleave(load(a), load(b), load(c)).into_iter().enumerate() {
                vector.store(output.as_mut_ptr().add(3 * at + index * LANES));
            }
        }
    }
    for at in whole..length {
        output[3 * at..3 * at + 3].copy_from_slice(&[a[at], b[at], c[at]]);
    }
}
