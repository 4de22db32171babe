//! The values of arguments in links: `3`, `3x5`, `1E-5`, `SAME`, `NONE`, `~free~20text~~`.

use super::text::{escape, unescape};
use crate::decimal;
use crate::model::Value;

const NONE: &str = "NONE";
const EMPTY_LIST: &str = "EMPTY";
const IN_CHANNELS: &str = "IN";
const TEXT_OPEN: char = '~';
const TEXT_CLOSE: &str = "~~";

/// A value as links have it.
pub(super) fn encode(value: &Value) -> String {
    match value {
        Value::None => NONE.to_string(),
        Value::Bool(bool) => u8::from(*bool).to_string(),
        Value::Int(int) => int.to_string(),
        Value::Float(float) => encode_float(*float),
        Value::Text(text) => encode_text(text),
        Value::List(items) if items.is_empty() => EMPTY_LIST.to_string(),
        Value::List(items) => items.iter().map(encode).collect::<Vec<_>>().join("x"),
    }
}

/// Reads the value that a text starts with, and gives the rest. `None` where it starts with none.
pub(super) fn decode(text: &str) -> Option<(Value, &str)> {
    let (first, mut rest) = decode_one(text)?;
    if !rest.starts_with('x') {
        return Some((first, rest));
    }
    let mut items = vec![first];
    while let Some(behind) = rest.strip_prefix('x') {
        let (item, after) = decode_one(behind)?;
        items.push(item);
        rest = after;
    }
    Some((Value::List(items), rest))
}

/// The shortest digits that read back to the same number, without a point: `1E-5`, `75E-2`, `20`.
fn encode_float(float: f64) -> String {
    if float == 0.0 && float.is_sign_negative() {
        return "-0E0".to_string();
    }
    let scientific = decimal::scientific(float);
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return "NAN".to_string() };
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent - fraction.len() as i64;
    match usize::try_from(exponent) {
        // So many digits are exact as a whole number.
        Ok(zeros) if zeros <= 6 && whole.len() + fraction.len() + zeros <= 15 => {
            format!("{whole}{fraction}{}", "0".repeat(zeros))
        }
        _ => format!("{whole}{fraction}E{exponent}"),
    }
}

fn encode_text(text: &str) -> String {
    let word = text.to_ascii_uppercase();
    let reserved = [NONE, EMPTY_LIST, IN_CHANNELS, "X"].contains(&word.as_str());
    if text == "in_channels" {
        IN_CHANNELS.to_string()
    } else if !reserved && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase()) {
        word
    } else if let Some(times) = text.strip_prefix('x').and_then(|times| times.parse::<i64>().ok())
        && text == format!("x{times}")
    {
        format!("X{times}")
    } else {
        format!("{TEXT_OPEN}{}{TEXT_CLOSE}", escape(text))
    }
}

fn decode_one(text: &str) -> Option<(Value, &str)> {
    match text.chars().next()? {
        TEXT_OPEN => {
            let inner = text.strip_prefix(TEXT_OPEN)?;
            let (content, rest) = inner.split_once(TEXT_CLOSE)?;
            Some((Value::Text(unescape(content)?), rest))
        }
        'A'..='Z' => {
            let end = text.find(|letter: char| !letter.is_ascii_uppercase()).unwrap_or(text.len());
            let (word, rest) = text.split_at(end);
            if word == "X" {
                let (number, rest) = decode_number(rest)?;
                return matches!(number, Value::Int(_)).then(|| (Value::Text(format!("x{number}")), rest));
            }
            let value = match word {
                NONE => Value::None,
                EMPTY_LIST => Value::List(Vec::new()),
                IN_CHANNELS => Value::Text("in_channels".to_string()),
                word => Value::Text(word.to_ascii_lowercase()),
            };
            Some((value, rest))
        }
        _ => decode_number(text),
    }
}

fn decode_number(text: &str) -> Option<(Value, &str)> {
    let digits_end = |from: usize| {
        let signed = from + usize::from(text[from..].starts_with('-'));
        let digits = text[signed..].find(|digit: char| !digit.is_ascii_digit()).map_or(text.len(), |end| signed + end);
        (digits > signed).then_some(digits)
    };
    let end = digits_end(0)?;
    if !text[end..].starts_with('E') {
        return Some((Value::Int(text[..end].parse().ok()?), &text[end..]));
    }
    let end = digits_end(end + 1)?;
    let float = decimal::parse(&text[..end])?;
    float.is_finite().then(|| (Value::Float(float), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_short_and_exact() {
        let cases = [
            (1e-5, "1E-5"),
            (0.1, "1E-1"),
            (0.75, "75E-2"),
            (20.0, "20"),
            (-1.5, "-15E-1"),
            (1e-300, "1E-300"),
            (1.25e30, "125E28"),
            (0.0, "0"),
            (-0.0, "-0E0"),
        ];
        for (float, text) in cases {
            assert_eq!(encode_float(float), text);
        }
    }
}
