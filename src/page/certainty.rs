//! How sure a difference of two accuracies is, in words.

use crate::decimal::fixed;

use super::format::percent;

/// "standard 94.7 % (92.0 % to 98.0 % over 5 seeds) against separable 94.5 % (...): no difference that 5 seeds can show".
pub(super) fn compare(designs: &[(&str, Vec<f64>)], samples: u32) -> Option<String> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let one = |(name, values): &(&str, Vec<f64>)| {
        let range = match values.as_slice() {
            [] | [_] => String::new(),
            values => {
                let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
                let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                format!(" ({} to {} over {} seeds)", percent(lowest), percent(highest), values.len())
            }
        };
        format!("{name}: {}{range}", percent(mean(values)))
    };
    let (first, others) = designs.split_first()?;
    if others.is_empty() {
        return Some(format!("{}.", one(first)));
    }
    let mut sentences = Vec::new();
    for other in others {
        let off = mean(&other.1) - mean(&first.1);
        let (limit, by) = detectable(&first.1, &other.1, samples);
        let verdict = if off.abs() > limit {
            format!(
                "{} gets {} points {} right, more than chance explains ({by} show differences above {})",
                other.0,
                fixed(100.0 * off.abs(), 1),
                if off > 0.0 { "more" } else { "fewer" },
                fixed(100.0 * limit, 1)
            )
        } else {
            format!("no difference that {by} can show (that would begin at {} points)", fixed(100.0 * limit, 1))
        };
        sentences.push(format!("{} against {}: {verdict}.", one(first), one(other)));
    }
    Some(sentences.join(" "))
}

/// The least difference of two accuracies that is more than chance, in 19 of 20 cases, and what says so. Of several seeds:
/// by Student's t of the paired differences; of one: by the binomial spread of two tests of so many samples.
fn detectable(first: &[f64], other: &[f64], samples: u32) -> (f64, String) {
    /// Student's t for 95 %, two-sided, from 1 degree of freedom on.
    const T: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    let pairs = first.len().min(other.len());
    let samples_of = |accuracy: f64| accuracy * (1.0 - accuracy) / f64::from(samples.max(1));
    let [a, b] = [first, other].map(|values| values.iter().sum::<f64>() / values.len().max(1) as f64);
    let binomial = 1.96 * (samples_of(a) + samples_of(b)).sqrt();
    if pairs < 2 {
        return (binomial, format!("one seed and {samples} test samples"));
    }
    let off: Vec<f64> = first.iter().zip(other).map(|(first, other)| other - first).collect();
    let mean = off.iter().sum::<f64>() / pairs as f64;
    let variance = off.iter().map(|off| (off - mean) * (off - mean)).sum::<f64>() / (pairs - 1) as f64;
    let t = T.get(pairs - 2).copied().unwrap_or(2.1);
    (t * (variance / pairs as f64).sqrt(), format!("{pairs} seeds"))
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn certainty_is_said() {
        let sentence = |designs: &[(&str, Vec<f64>)]| compare(designs, 355).unwrap_or_default();
        let tie = sentence(&[("a", vec![0.94, 0.95, 0.93, 0.96, 0.94]), ("b", vec![0.95, 0.93, 0.94, 0.95, 0.94])]);
        assert!(tie.contains("no difference that 5 seeds can show"), "{tie}");
        let clear = sentence(&[("a", vec![0.94, 0.95, 0.93]), ("b", vec![0.64, 0.66, 0.63])]);
        assert!(clear.contains("29.7 points fewer"), "{clear}");
        let one = sentence(&[("a", vec![0.91]), ("b", vec![0.93])]);
        assert!(one.contains("no difference that one seed and 355 test samples can show"), "{one}");
        assert_eq!(sentence(&[("a", vec![0.9])]), "a: 90.0 %.");
    }
}
