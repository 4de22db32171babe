//! A person's own table: one sample a line, its class first.

use crate::model::Dims;

use super::{DataError, Dataset, Normalization};

/// The most values in all, and the most classes.
const MOST_VALUES: usize = 20_000_000;
const MOST_CLASSES: usize = 1000;

/// Reads lines of a class and numbers, with commas, semicolons, tabs or blanks between them; a first line of names is
/// passed over, as are empty ones and those that begin with `#` or `@`, and UCR's `.ts` lines `1,2,3:class` are read,
/// too. The numbers are brought to mean 0 and deviation 1, all by the same two numbers.
///
/// # Errors
/// Where a line cannot be read, with its number and the rule.
pub fn table(text: &str) -> Result<Dataset, DataError> {
    let mut classes: Vec<String> = Vec::new();
    let (mut inputs, mut labels) = (Vec::<f32>::new(), Vec::new());
    let mut length = None;
    let mut is_first = true;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with(['#', '@']) {
            continue;
        }
        let was_first = std::mem::replace(&mut is_first, false);
        let (class, values) = class_and_values(line);
        let before = inputs.len();
        for value in values {
            match value.parse::<f32>() {
                Ok(number) if number.is_finite() => inputs.push(number),
                // A header has no numbers behind its first name.
                _ if was_first && before == inputs.len() => break,
                _ => return Err(DataError::NoNumber { line: index + 1, text: value.chars().take(40).collect() }),
            }
        }
        let found = inputs.len() - before;
        if found == 0 && was_first {
            continue;
        }
        if found == 0 {
            return Err(DataError::NoValues { line: index + 1 });
        }
        let expected = *length.get_or_insert(found);
        if found != expected {
            return Err(DataError::Ragged { line: index + 1, expected, found });
        }
        if inputs.len() > MOST_VALUES {
            return Err(DataError::TooMany { what: "the number of values", found: inputs.len(), limit: MOST_VALUES });
        }
        let known = classes.iter().position(|known| known == class);
        let label = known.unwrap_or_else(|| {
            classes.push(class.to_string());
            classes.len() - 1
        });
        if classes.len() > MOST_CLASSES {
            return Err(DataError::TooMany {
                what: "the number of classes",
                found: classes.len(),
                limit: MOST_CLASSES,
            });
        }
        labels.push(label as u32);
    }
    let Some(length) = length else { return Err(DataError::Empty) };
    if let [class] = classes.as_slice() {
        return Err(DataError::OneClass { class: class.clone() });
    }
    sort_classes(&mut classes, &mut labels);
    let normalization = standardize(&mut inputs);
    let Some(shape) = Dims::new(&[1, 1, length as u64]) else { return Err(DataError::Empty) };
    Ok(Dataset { shape, classes, inputs, labels, normalization })
}

/// A line's class and the texts of its values.
fn class_and_values(line: &str) -> (&str, Vec<&str>) {
    if let Some((values, class)) = line.rsplit_once(':') {
        let values = values.split([',', ':']).map(str::trim).collect();
        return (class.trim(), values);
    }
    let separator = [';', '\t', ','].into_iter().find(|&separator| line.contains(separator));
    let mut fields: Box<dyn Iterator<Item = &str>> = match separator {
        Some(separator) => Box::new(line.split(separator).map(str::trim)),
        None => Box::new(line.split_whitespace()),
    };
    let class = fields.next().unwrap_or_default().trim_matches('"');
    (class, fields.filter(|field| !field.is_empty()).collect())
}

/// Classes by name, or by number where all are numbers.
fn sort_classes(classes: &mut Vec<String>, labels: &mut [u32]) {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    let numbers: Option<Vec<f64>> = classes.iter().map(|class| class.parse().ok()).collect();
    match numbers {
        Some(numbers) => order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b])),
        None => order.sort_by(|&a, &b| classes[a].cmp(&classes[b])),
    }
    let mut place = vec![0_u32; order.len()];
    for (new, &old) in order.iter().enumerate() {
        place[old] = new as u32;
    }
    *classes = order.iter().map(|&old| classes[old].clone()).collect();
    labels.iter_mut().for_each(|label| *label = place[*label as usize]);
}

/// Brings all values to mean 0 and deviation 1.
fn standardize(values: &mut [f32]) -> Normalization {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let squares = values.iter().map(|&value| (f64::from(value) - mean) * (f64::from(value) - mean)).sum::<f64>();
    let deviation = (squares / count).sqrt();
    let normalization = Normalization { shift: mean, scale: if deviation > 0.0 { deviation } else { 1.0 } };
    for value in values {
        *value = ((f64::from(*value) - normalization.shift) / normalization.scale) as f32;
    }
    normalization
}
