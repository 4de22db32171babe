//! Drawing in CSS pixels on an area of device pixels.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, ShapeStyle};

use super::Theme;

/// Why nothing could be drawn: the backend's words.
pub type DrawError<DB> = DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>;

/// An area with its density. The area's size is the layout's, times the density.
pub(super) struct Brush<'a, DB: DrawingBackend> {
    pub area: &'a DrawingArea<DB, Shift>,
    pub theme: &'a Theme,
    pub density: f64,
}

const ELLIPSIS: char = '\u{2026}';

/// A text with its place.
pub(super) struct Label<'a> {
    pub text: &'a str,
    pub color: RGBColor,
    pub size: f64,
    pub horizontal: HPos,
    pub bold: bool,
}

/// Corners in CSS pixels: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Corners {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl<DB: DrawingBackend> Brush<'_, DB> {
    pub(super) fn clear(&self) -> Result<(), DrawError<DB>> {
        self.area.fill(&self.theme.surface)
    }

    /// At least one device pixel wide and high.
    pub(super) fn fill(&self, place: Corners, color: &impl Color) -> Result<(), DrawError<DB>> {
        let (left, top) = self.device(place.left, place.top);
        let (right, bottom) = self.device(place.right, place.bottom);
        let corners = [(left, top), (right.max(left + 1), bottom.max(top + 1))];
        self.area.draw(&Rectangle::new(corners, color.filled()))
    }

    /// A line one CSS pixel thick, upright or level.
    pub(super) fn hairline(&self, place: Corners, color: RGBColor) -> Result<(), DrawError<DB>> {
        let upright = place.right - place.left < place.bottom - place.top;
        let (right, bottom) = if upright { (place.left + 1.0, place.bottom) } else { (place.right, place.top + 1.0) };
        self.fill(Corners { right, bottom, ..place }, &color)
    }

    pub(super) fn path(&self, points: &[(f64, f64)], color: RGBColor, thickness: f64) -> Result<(), DrawError<DB>> {
        let points: Vec<(i32, i32)> = points.iter().map(|&(x, y)| self.device(x, y)).collect();
        let style = ShapeStyle { color: color.to_rgba(), filled: false, stroke_width: self.thickness(thickness) };
        self.area.draw(&PathElement::new(points, style))
    }

    pub(super) fn area_below(&self, points: &[(f64, f64)], color: RGBColor, opacity: f64) -> Result<(), DrawError<DB>> {
        let points: Vec<(i32, i32)> = points.iter().map(|&(x, y)| self.device(x, y)).collect();
        self.area.draw(&Polygon::new(points, color.mix(opacity)))
    }

    pub(super) fn dot(&self, place: (f64, f64), radius: f64, color: RGBColor) -> Result<(), DrawError<DB>> {
        let place = self.device(place.0, place.1);
        self.area.draw(&Circle::new(place, self.thickness(radius), color.filled()))
    }

    /// A text whose middle is at this height.
    pub(super) fn text(&self, x: f64, y: f64, label: &Label<'_>) -> Result<(), DrawError<DB>> {
        let style = if label.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = (self.theme.font, label.size * self.density).into_font().style(style);
        let style =
            plotters::style::TextStyle::from(font).color(&label.color).pos(Pos::new(label.horizontal, VPos::Center));
        self.area.draw_text(label.text, &style, self.device(x, y))
    }

    fn device(&self, x: f64, y: f64) -> (i32, i32) {
        ((x * self.density).round() as i32, (y * self.density).round() as i32)
    }

    fn thickness(&self, css: f64) -> u32 {
        (css * self.density).round().max(1.0) as u32
    }
}

/// About how wide a text is. A guess on the wide side: no font is at hand.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(letter_width).sum::<f64>() * size
}

/// About how wide a letter is, in times the font's size.
const fn letter_width(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | '.' | ',' | ' ' | '\'' | '|' | ':' => 0.31,
        'f' | 't' | 'r' | '(' | ')' | '-' => 0.4,
        'm' | 'w' | 'M' | 'W' | ELLIPSIS => 0.9,
        'A'..='Z' => 0.7,
        _ => 0.6,
    }
}

/// The text, without its start where it is too wide: the end tells layers apart.
pub(super) fn fit(text: &str, width: f64, size: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_string();
    }
    let mut room = width / size - letter_width(ELLIPSIS);
    let mut start = text.len();
    for (place, letter) in text.char_indices().rev() {
        room -= letter_width(letter);
        if room < 0.0 || place == 0 {
            break;
        }
        start = place;
    }
    if start == text.len() { String::new() } else { format!("{ELLIPSIS}{}", &text[start..]) }
}
