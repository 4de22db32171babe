//! Colours, letters and sizes.

use plotters::style::RGBColor;

/// How charts look. The colours are those of the page's style sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Of names and numbers.
    pub text: RGBColor,
    /// Of axes and what matters less.
    pub muted: RGBColor,
    /// Of lines behind the data.
    pub grid: RGBColor,
    /// Behind the row under the pointer.
    pub raised: RGBColor,
    /// Behind everything.
    pub surface: RGBColor,
    /// Of designs in order (Okabe and Ito's, tuned so that text in them is readable); they start anew where they end.
    pub designs: [RGBColor; 6],
    /// A CSS font family.
    pub font: &'static str,
    /// The size of letters in CSS pixels.
    pub font_size: f64,
    /// The size of letters on axes.
    pub small_font_size: f64,
}

const FONT: &str = "system-ui, sans-serif";

impl Theme {
    /// Dark letters on white.
    pub const fn light() -> Self {
        Self {
            text: RGBColor(0x1a, 0x1e, 0x24),
            muted: RGBColor(0x59, 0x62, 0x6e),
            grid: RGBColor(0xdf, 0xe3, 0xe8),
            raised: RGBColor(0xf1, 0xf3, 0xf6),
            surface: RGBColor(0xff, 0xff, 0xff),
            designs: [
                RGBColor(0x00, 0x72, 0xb2),
                RGBColor(0xc4, 0x4f, 0x00),
                RGBColor(0x00, 0x79, 0x5a),
                RGBColor(0xa3, 0x48, 0x7a),
                RGBColor(0x8a, 0x6d, 0x00),
                RGBColor(0x6a, 0x4f, 0xb3),
            ],
            font: FONT,
            font_size: 12.0,
            small_font_size: 11.0,
        }
    }

    /// Light letters on near black.
    pub const fn dark() -> Self {
        Self {
            text: RGBColor(0xe9, 0xec, 0xf0),
            muted: RGBColor(0xa4, 0xae, 0xbb),
            grid: RGBColor(0x32, 0x3a, 0x45),
            raised: RGBColor(0x22, 0x28, 0x31),
            surface: RGBColor(0x19, 0x1d, 0x23),
            designs: [
                RGBColor(0x57, 0xb1, 0xe8),
                RGBColor(0xf2, 0x8b, 0x4b),
                RGBColor(0x2f, 0xbf, 0x93),
                RGBColor(0xdd, 0x93, 0xba),
                RGBColor(0xf0, 0xe4, 0x42),
                RGBColor(0xb7, 0xa3, 0xf2),
            ],
            ..Self::light()
        }
    }

    /// The colour of a design, by its index.
    pub fn design(&self, index: usize) -> RGBColor {
        self.designs[index % self.designs.len()]
    }
}
