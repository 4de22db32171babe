//! Feature maps as pictures: tiles in a grid, their colours, and what lies under a pointer.

use crate::cost::ReceptiveField;
use crate::job::Maps;

/// Pixels between tiles.
const GAP: u32 = 1;

/// Tiles in one line, at most, and the pixels that they take; pictures of lines stand one below the other.
const IN_A_LINE: u32 = 8;
const WIDEST: u32 = 320;

/// A picture of tiles, as a canvas takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mosaic {
    /// In pixels of the picture.
    pub width: u32,
    /// In pixels of the picture.
    pub height: u32,
    /// Red, green, blue and opacity of each pixel, row by row.
    pub colours: Vec<u8>,
}

/// A value of a feature map, by its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// From 0.
    pub channel: u32,
    /// In values, not in pixels of the picture.
    pub row: u32,
    /// In values, as the row.
    pub column: u32,
    /// Of the mean of the values under the pixel; exact to 1/127 of the largest.
    pub value: f32,
}

/// Rows and columns of the input, from the first to the last, both within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// From 0, both ends included.
    pub rows: (u32, u32),
    /// From 0, both ends included.
    pub columns: (u32, u32),
}

fn columns(maps: &Maps) -> u32 {
    let fitting = (WIDEST / (maps.picture().1 + GAP)).clamp(1, IN_A_LINE);
    if maps.height == 1 { 1 } else { maps.shown.clamp(1, fitting) }
}

impl Mosaic {
    /// The channels that are shown, as many side by side as fit.
    pub fn of(maps: &Maps) -> Self {
        let (height, width) = maps.picture();
        let across = columns(maps);
        let down = maps.shown.div_ceil(across);
        let (whole_width, whole_height) = (across * (width + GAP) - GAP, (down * (height + GAP)).max(GAP) - GAP);
        let mut colours = vec![0; (whole_width * whole_height * 4) as usize];
        for (at, &pixel) in maps.pixels.iter().enumerate() {
            let at = at as u32;
            let (tile, within) = (at / (height * width), at % (height * width));
            let x = tile % across * (width + GAP) + within % width;
            let y = tile / across * (height + GAP) + within / width;
            let place = ((y * whole_width + x) * 4) as usize;
            colours[place..place + 4].copy_from_slice(&colour(pixel));
        }
        Self { width: whole_width, height: whole_height, colours }
    }

    /// The share of the picture's width and height at which the first tile ends.
    pub fn first_tile(&self, maps: &Maps) -> (f64, f64) {
        let (height, width) = maps.picture();
        (f64::from(width) / f64::from(self.width), f64::from(height) / f64::from(self.height))
    }
}

/// White is zero, blue below, orange above.
fn colour(pixel: u8) -> [u8; 4] {
    const BELOW: [f32; 3] = [22.0, 84.0, 176.0];
    const ABOVE: [f32; 3] = [196.0, 74.0, 12.0];
    let share = (f32::from(pixel) - 128.0) / 127.0;
    let end = if share < 0.0 { BELOW } else { ABOVE };
    let mixed = end.map(|end| (255.0 + (end - 255.0) * share.abs().min(1.0)).round() as u8);
    [mixed[0], mixed[1], mixed[2], 255]
}

/// What lies at a place of the picture, in its pixels; nothing between the tiles.
pub fn spot(maps: &Maps, x: u32, y: u32) -> Option<Spot> {
    let (height, width) = maps.picture();
    let across = columns(maps);
    let (left, top) = (x % (width + GAP), y % (height + GAP));
    if left >= width || top >= height || x / (width + GAP) >= across {
        return None;
    }
    let channel = y / (height + GAP) * across + x / (width + GAP);
    let pixel = *maps.pixels.get((channel * height * width + top * width + left) as usize)?;
    (channel < maps.shown).then_some(Spot {
        channel,
        row: top * maps.step,
        column: left * maps.step,
        value: (f32::from(pixel) - 128.0) / 127.0 * maps.largest,
    })
}

/// The part of an input of this height and width that an output depends on.
pub fn seen_by(field: &ReceptiveField, spot: &Spot, (height, width): (u32, u32)) -> Option<Region> {
    let along = |extent: &crate::cost::Extent, place: u32, size: u32| {
        let moved = extent.stride * f64::from(place);
        let (first, last) = ((extent.first + moved).floor(), (extent.last + moved).ceil());
        (last >= 0.0 && first < f64::from(size)).then(|| (first.max(0.0) as u32, (last as u32).min(size - 1)))
    };
    Some(Region { rows: along(&field.height, spot.row, height)?, columns: along(&field.width, spot.column, width)? })
}

/// A line of a table with so many numbers; with one more, that is a label, first as in MNIST's files or last.
///
/// # Errors
/// No line has as many, in words.
pub fn values_of_csv(text: &str, length: usize) -> Result<Vec<f32>, String> {
    let mut found = Vec::new();
    for line in text.lines().take(1000) {
        let fields = line.split([',', ';', '\t', ' ']).map(str::trim).filter(|field| !field.is_empty());
        let numbers: Option<Vec<f32>> =
            fields.map(|field| crate::decimal::parse(field).map(|value| value as f32)).collect();
        let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else { continue };
        if numbers.len() == length {
            return Ok(numbers);
        }
        if numbers.len() == length + 1 {
            let is_label = |value: f32| value.fract() == 0.0 && value >= 0.0;
            return Ok(if is_label(numbers[0]) { numbers[1..].to_vec() } else { numbers[..length].to_vec() });
        }
        found.push(numbers.len());
    }
    Err(match found.first() {
        Some(count) => format!("A line has {count} numbers; the input takes {length}, or {} with a label.", length + 1),
        None => "No line of numbers was found.".to_string(),
    })
}
