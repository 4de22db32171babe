//! Maps of another size.

use crate::keras::function::{Fill, Function, Resize};
use crate::keras::problem::Unsayable;
use crate::keras::program::Order;
use crate::model::{Layer, Sides, Upsample, UpsampleMode};

use super::{Lowering, MOST_PLACES, Value};

impl Lowering<'_> {
    /// By whole factors Keras's resizing is PyTorch's. Else PyTorch takes for the nearest pixel the one at
    /// `floor(place / factor)`, Keras the one under the middle: places are then written out.
    pub(super) fn upsample(&mut self, upsample: &Upsample, input: Value) -> Result<Value, Unsayable> {
        let x = self.map(input, false)?;
        let (pixels, output) = (self.pixels(x, false), self.output_dims()?);
        let size = [output[2], output[3]];
        let whole = (0..2).all(|at| size[at].is_multiple_of(pixels[at]));
        let factors = upsample.scale_factor.map(|factor| [factor.height, factor.width]);
        // Without a factor, or with one that gives these very sizes, it is the ratio of the sizes.
        let is_ratio = |at: usize| factors.is_none_or(|factors| pixels[at] as f64 * factors[at] == size[at] as f64);
        let function = match upsample.mode {
            UpsampleMode::Bilinear if upsample.align_corners == Some(true) && pixels != size => {
                return Err(Unsayable::AlignCorners);
            }
            _ if pixels == size && is_ratio(0) && is_ratio(1) => return Ok(x),
            UpsampleMode::Bilinear if is_ratio(0) && is_ratio(1) => Function::Resize { size, resize: Resize::Bilinear },
            UpsampleMode::Bilinear => return Err(Unsayable::UnevenFactor(size[0], size[1])),
            UpsampleMode::Nearest if whole && is_ratio(0) && is_ratio(1) => {
                Function::Resize { size, resize: Resize::Nearest }
            }
            UpsampleMode::Nearest if size.iter().any(|&size| size > MOST_PLACES) => return Err(Unsayable::TooLarge),
            UpsampleMode::Nearest => {
                let [rows, columns] = [0, 1].map(|at| {
                    // In 32 bits, as PyTorch computes it.
                    let step =
                        factors.map_or(pixels[at] as f32 / size[at] as f32, |factors| (1.0 / factors[at]) as f32);
                    let place = |to: u64| ((to as f32 * step) as u64).min(pixels[at] - 1);
                    (0..size[at]).map(place).collect::<Vec<u64>>()
                });
                Function::Take { rows, columns }
            }
        };
        self.push(function, &[x], Order::Last)
    }

    /// A map or a line with more rows and columns.
    pub(super) fn padded(
        &mut self,
        x: Value,
        [rows, columns]: [(u64, u64); 2],
        line: bool,
        fill: Fill,
    ) -> Result<Value, Unsayable> {
        let none = (0, 0);
        let sides = if line { vec![none, columns, none] } else { vec![none, rows, columns, none] };
        if !matches!(fill, Fill::Edge | Fill::Wrap) {
            return self.push(Function::Pad { sides, fill }, &[x], Order::Last);
        }
        // By parts of the tensor itself, one axis after the other.
        let mut x = x;
        for (axis, &side) in sides.iter().enumerate().filter(|(_, side)| **side != none) {
            let mut sides = vec![none; sides.len()];
            sides[axis] = side;
            x = self.push(Function::Pad { sides, fill }, &[x], Order::Last)?;
        }
        Ok(x)
    }

    pub(super) fn pad(&mut self, layer: &Layer, input: Value) -> Result<Value, Unsayable> {
        let (sides, fill) = match layer {
            Layer::ZeroPad2d(pad) => (pad.padding, Fill::Zero),
            Layer::ConstantPad2d(pad) if pad.value == 0.0 => (pad.padding, Fill::Zero),
            Layer::ConstantPad2d(pad) => (pad.padding, Fill::Number(pad.value)),
            Layer::ReflectionPad2d(pad) => (pad.padding, Fill::Reflect),
            Layer::ReplicationPad2d(pad) => (pad.padding, Fill::Edge),
            _ => return Err(Unsayable::NoLayer),
        };
        let mut x = self.map(input, false)?;
        let Sides { left, right, top, bottom } = sides;
        let each = [(top, bottom), (left, right)];
        let of = |sign: i64| {
            let side = |size: i64| u64::try_from(size.saturating_mul(sign)).unwrap_or(0);
            each.map(|(before, after)| (side(before), side(after)))
        };
        // What is cut off goes first, as PyTorch does it.
        let (added, cut) = (of(1), of(-1));
        if cut != [(0, 0); 2] {
            if !matches!(fill, Fill::Zero | Fill::Number(_)) {
                return Err(Unsayable::NoLayer);
            }
            x = self.push(Function::Crop { sides: cut, line: false }, &[x], Order::Last)?;
        }
        if added != [(0, 0); 2] {
            x = self.padded(x, added, false, fill)?;
        }
        Ok(x)
    }
}
