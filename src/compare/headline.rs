//! The difference in words.

use crate::cost::units::{counted, grouped};
use crate::decimal::fixed;
use crate::model::{Dims, Kind};

use super::{Comparison, Dominant, Group, Part, Summary};

/// What stands highest on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// A sentence without numbers, or with one.
    pub title: String,
    /// Where the difference comes from, with the numbers of the moment.
    pub text: String,
}

/// A ratio of the totals that is called almost the same.
const NEAR: std::ops::RangeInclusive<f64> = 0.9..=1.1;

/// MACs so many times apart say more of a pair of one size than what holds its parameters.
const TELLING: f64 = 4.0;

/// A layer with more than this share of the parameters decides how large a design is.
pub const DOMINATES: f64 = 0.5;

/// `−62 %`, `−3.6 %`, `+7 %`; `None` where there was nothing before.
pub fn percent(before: u64, after: u64) -> Option<String> {
    if before == 0 {
        return None;
    }
    let change = (after as f64 / before as f64 - 1.0) * 100.0;
    // Nearly nothing left is not nothing left, and hardly changed is not unchanged.
    let least = u8::from(change.abs() < 10.0 || (change < -99.0 && after > 0));
    let rounds_away = |decimals: &u8| {
        let half = 0.5 / 10_f64.powi(i32::from(*decimals));
        (after != before && change.abs() < half) || (after > 0 && change <= half - 100.0)
    };
    let decimals = (least..6).find(|decimals| !rounds_away(decimals)).unwrap_or(6);
    let sign = if change < 0.0 { "−" } else { "+" };
    Some(format!("{sign}{} %", fixed(change.abs(), decimals)))
}

/// `96.3 %`.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "0 %".to_string() } else { fixed(part as f64 / whole as f64 * 100.0, 1) + " %" }
}

/// `8.6`, `31`: how many times the smaller number fits the larger.
pub fn times(one: u64, other: u64) -> String {
    let ratio = one.max(other) as f64 / one.min(other).max(1) as f64;
    fixed(ratio, u8::from(ratio < 9.95))
}

pub(super) fn of(comparison: &Comparison) -> Headline {
    let (left, right) = (&comparison.left, &comparison.right);
    if left.problem.is_some() || right.problem.is_some() {
        return broken(left, right);
    }
    if let Some(inputs) = &comparison.inputs {
        return different_inputs(left, right, inputs);
    }
    if !left.qualifier.is_empty() || !right.qualifier.is_empty() {
        return unknown(left, right);
    }
    if comparison.same {
        return same(comparison);
    }
    let title = title(comparison);
    let mut sentences = vec![parameters(comparison)];
    sentences.extend(macs(left, right));
    sentences.extend(memory(left, right).filter(|_| left.unknown.is_empty() && right.unknown.is_empty()));
    Headline { title, text: sentences.join(" ") }
}

/// One design by itself.
pub(super) fn of_one(side: &Summary) -> Headline {
    if let Some((row, message)) = &side.problem {
        return Headline { title: format!("{} cannot run yet.", side.name), text: stop(format!("{row}: {message}")) };
    }
    let mut text = format!("{} has {} and {}.", side.name, params(side), macs_of(side));
    if !side.unknown.is_empty() || !side.qualifier.is_empty() {
        text = format!("{} {text}", not_known(side, side));
    }
    let dominant = side.dominant.as_ref();
    if let Some(dominant) = dominant {
        text.push_str(&format!(" {}.", holds(dominant, side)));
    }
    let title = match dominant.filter(|dominant| dominant.share > DOMINATES) {
        _ if !side.qualifier.is_empty() => "Only a part of this network can be counted.".to_string(),
        Some(dominant) if dominant.kind == Kind::Linear => "The classifier is the model.".to_string(),
        Some(dominant) => format!("{} is most of the model.", dominant.name),
        None if side.params == 0 => format!("{} has no parameters.", side.name),
        None => "No layer is most of the model.".to_string(),
    };
    Headline { title, text }
}

fn broken(left: &Summary, right: &Summary) -> Headline {
    let sentence = |side: &Summary| {
        let (row, message) = side.problem.as_ref()?;
        Some(stop(format!("{row} in {}: {message}", side.name)))
    };
    let title = match (&left.problem, &right.problem) {
        (Some(_), Some(_)) => "Neither design can run yet.".to_string(),
        (Some(_), None) => format!("{} cannot run yet.", left.name),
        _ => format!("{} cannot run yet.", right.name),
    };
    let mut sentences: Vec<String> = [left, right].into_iter().filter_map(sentence).collect();
    if sentences.len() == 2 && left.problem == right.problem {
        sentences = left.problem.iter().map(|(row, message)| stop(format!("{row}: {message}"))).collect();
    }
    if let Some(whole) = [left, right].into_iter().find(|side| side.problem.is_none()) {
        sentences.push(format!("{} has {} and {}.", whole.name, params(whole), macs_of(whole)));
    }
    Headline { title, text: sentences.join(" ") }
}

/// What depends on the input is told of each for itself.
fn different_inputs(left: &Summary, right: &Summary, (of_left, of_right): &(Dims, Dims)) -> Headline {
    let title = format!("Different inputs: {of_left} and {of_right} do not compare.");
    let of =
        |side: &Summary, input: &Dims| format!("{} has {}, and {} on {input}.", side.name, params(side), macs_of(side));
    let text = format!("{} {} Give both the same input to compare them.", of(left, of_left), of(right, of_right));
    Headline { title, text }
}

/// Where parameters are missing no share and no ratio of the totals can be told.
fn unknown(left: &Summary, right: &Summary) -> Headline {
    let title = "Only a part of these networks can be counted.".to_string();
    let of = |side: &Summary| format!("{} has {} and {}.", side.name, params(side), macs_of(side));
    let text = format!("{} {} {}", not_known(left, right), of(left), of(right));
    Headline { title, text }
}

/// `What gru costs is not known.`, or `The MACs of gru are not known.` where its parameters are.
fn not_known(left: &Summary, right: &Summary) -> String {
    // The longer list holds the other, or most of it: one design was derived from the other.
    let longer = if right.unknown.len() > left.unknown.len() { right } else { left };
    let names = match longer.unknown.as_slice() {
        [] => return "Some layers are not known.".to_string(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    };
    let params_are_known = left.qualifier.is_empty() && right.qualifier.is_empty();
    if params_are_known {
        format!("The MACs of {names} are not known.")
    } else {
        format!("The cost of {names} is not known.")
    }
}

fn same(comparison: &Comparison) -> Headline {
    let Comparison { left, right, separable, .. } = comparison;
    let mut text = format!("Each has {} and {}.", params(left), macs_of(left));
    if !left.unknown.is_empty() {
        let title = "As far as it can be counted, both are the same.".to_string();
        return Headline { title, text: format!("{text} {}", not_known(left, left)) };
    }
    let title = format!("{} and {} are the same network.", left.name, right.name);
    if !separable {
        text.push_str(" No convolution here can be separated: there is none over pixels and channels at once.");
    }
    text.extend(
        left.dominant.as_ref().filter(|_| left.params > 0).map(|dominant| format!(" {}.", holds(dominant, left))),
    );
    Headline { title, text }
}

fn title(comparison: &Comparison) -> String {
    let (left, right) = (&comparison.left, &comparison.right);
    let ratio = right.params as f64 / left.params as f64;
    match (left.params, right.params) {
        (0, 0) => "Neither design has parameters.".to_string(),
        (0, _) => format!("Only {} has parameters.", right.name),
        (_, 0) => format!("Only {} has parameters.", left.name),
        (before, after) if before == after => match percent(left.macs, right.macs) {
            _ if left.macs == right.macs => "The same number of parameters and MACs.".to_string(),
            Some(change) => format!("The same number of parameters, {change} MACs."),
            None => format!("The same number of parameters, but only {} has MACs.", right.name),
        },
        _ if NEAR.contains(&ratio) => {
            let macs = macs_ratio(left, right);
            match (common_dominant(left, right), macs) {
                (_, Some((ratio, words))) if ratio >= TELLING => format!("Almost the same size, {words}."),
                (Some(dominant), _) => format!(
                    "Almost the same size: {} alone holds {} of the parameters.",
                    dominant.name,
                    share_in_words(dominant.params, right.params)
                ),
                (None, Some((_, words))) => format!("Almost the same size, {words}."),
                (None, None) => "Almost the same size.".to_string(),
            }
        }
        (before, after) if after * 2 <= before => {
            format!("{} has {} times fewer parameters.", right.name, times(before, after))
        }
        (before, after) if after < before => {
            format!("{} is {} % smaller.", right.name, fixed((1.0 - ratio) * 100.0, 0))
        }
        (before, after) if after >= before.saturating_mul(2) => {
            format!("{} has {} times the parameters.", right.name, times(before, after))
        }
        _ => format!("{} is {} % larger.", right.name, fixed((ratio - 1.0) * 100.0, 0)),
    }
}

/// The layer of the right side that dominates both sides alike.
fn common_dominant<'a>(left: &Summary, right: &'a Summary) -> Option<&'a Dominant> {
    let (left, right) = (left.dominant.as_ref()?, right.dominant.as_ref()?);
    let both = left.share > DOMINATES && right.share > DOMINATES && left.kind == right.kind;
    (both && left.params == right.params).then_some(right)
}

/// How far the MACs are apart, and that in words; `None` where that is less than half as many again.
fn macs_ratio(left: &Summary, right: &Summary) -> Option<(f64, String)> {
    if left.macs == 0 || right.macs == 0 || !left.unknown.is_empty() || !right.unknown.is_empty() {
        return None;
    }
    let ratio = left.macs.max(right.macs) as f64 / left.macs.min(right.macs) as f64;
    let times = times(left.macs, right.macs);
    let words =
        if right.macs < left.macs { format!("{times} times fewer MACs") } else { format!("{times} times the MACs") };
    (ratio >= 1.5).then_some((ratio, words))
}

/// `96 %`; never all of it where something is left.
fn share_in_words(part: u64, whole: u64) -> String {
    let percent = part as f64 / whole.max(1) as f64 * 100.0;
    if percent >= 99.95 && part < whole {
        return "more than 99.9 %".to_string();
    }
    fixed(percent, u8::from(percent >= 99.5 && part < whole)) + " %"
}

/// What changes most, and what holds most of the result.
fn parameters(comparison: &Comparison) -> String {
    let (left, right) = (&comparison.left, &comparison.right);
    let changed = comparison.groups.iter().filter(|group| group.left.params != group.right.params);
    let largest = changed.clone().max_by_key(|group| group.left.params.abs_diff(group.right.params));
    if let Some(one) = largest.filter(|_| left.params == right.params) {
        // What one group gains others lose.
        let grows = |group: &Group| group.right.params > group.left.params;
        let others = changed.filter(|group| grows(group) != grows(one));
        if let Some(other) = others.max_by_key(|group| group.left.params.abs_diff(group.right.params)) {
            return format!("Both have {}, but {}, and {}.", params(right), movement(one), movement(other));
        }
    }
    let dominant = right.dominant.as_ref().filter(|dominant| dominant.share > DOMINATES);
    let near = NEAR.contains(&(right.params as f64 / left.params.max(1) as f64));
    match (largest, dominant) {
        (None, Some(dominant)) => format!("Both have {}; {}.", params(right), holds(dominant, right)),
        (None, None) => format!("Both have {}.", params(right)),
        (Some(group), Some(dominant)) if near && Part::of(dominant.kind) != group.part => {
            format!("{}, but {}.", capital(&movement(group)), holds(dominant, right))
        }
        (Some(group), dominant) => {
            let holds = dominant.map(|dominant| format!(" Now {}.", holds(dominant, right))).unwrap_or_default();
            let (before, after) = (params(left), grouped(right.params));
            format!("{} become {after}: {}.{holds}", capital(&before), movement(group))
        }
    }
}

/// `the convolutions shrink from 684 to 257 parameters (−62 %)`.
fn movement(group: &Group) -> String {
    let (before, after) = (group.left.params, group.right.params);
    let verb = if after < before { "shrink" } else { "grow" };
    let change = percent(before, after).map(|change| format!(" ({change})")).unwrap_or_default();
    format!("{} {verb} from {} to {}{change}", group.part.plural(), grouped(before), counted(after, "parameter"))
}

/// `fc1 holds 10,980 of 11,404 (96.3 %)`.
fn holds(dominant: &Dominant, side: &Summary) -> String {
    let (part, whole) = (dominant.params, side.params);
    if part == whole {
        return format!("{} holds all {}", dominant.name, grouped(whole));
    }
    format!("{} holds {} of {} ({})", dominant.name, grouped(part), grouped(whole), share(part, whole))
}

fn macs(left: &Summary, right: &Summary) -> Option<String> {
    let (before, after) = (left.macs, right.macs);
    if !left.unknown.is_empty() || !right.unknown.is_empty() {
        let mut text = not_known(left, right);
        if before != after {
            let after = counted(after, "MAC");
            text.push_str(&format!(" The other layers compute with {after} instead of {}.", grouped(before)));
        }
        return Some(text);
    }
    let change = match percent(before, after) {
        None if after > 0 => return Some(format!("It takes {} instead of none.", counted(after, "MAC"))),
        change => change?,
    };
    match before.cmp(&after) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => {
            Some(format!("It computes with {} instead of {} ({change}).", counted(after, "MAC"), grouped(before)))
        }
        std::cmp::Ordering::Less => {
            Some(format!("It takes {} instead of {} ({change}).", counted(after, "MAC"), grouped(before)))
        }
    }
}

/// The trap: fewer multiply-accumulates, more memory traffic.
fn memory(left: &Summary, right: &Summary) -> Option<String> {
    let change = percent(left.written, right.written)?;
    let more = right.written as f64 > left.written as f64 * 1.02;
    (more && right.macs < left.macs).then(|| {
        format!(
            "But its layers write {} values instead of {} ({change}), so the speed-up will be smaller than the MACs suggest, perhaps none.",
            grouped(right.written),
            grouped(left.written)
        )
    })
}

fn params(side: &Summary) -> String {
    let qualifier = if side.qualifier.is_empty() { String::new() } else { format!("{} ", side.qualifier) };
    format!("{qualifier}{}", counted(side.params, "parameter"))
}

fn macs_of(side: &Summary) -> String {
    let at_least = if side.unknown.is_empty() { "" } else { "at least " };
    format!("{at_least}{}", counted(side.macs, "MAC"))
}

/// PyTorch's words end without a full stop.
fn stop(sentence: String) -> String {
    if sentence.ends_with('.') { sentence } else { sentence + "." }
}

fn capital(text: &str) -> String {
    let mut text = text.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
