//! The int8 figures against what TensorFlow Lite Micro recorded, on the networks of `tests/oracle`.

use convscope::device::tflite::{Converted, convert};
use convscope::keras::lower;
use convscope::share_link;
use serde_json::Value;

use crate::golden::Failures;

/// A network with what was recorded.
struct Recorded {
    item: Value,
    converted: Converted,
}

impl Recorded {
    fn number(&self, key: &str) -> Option<u64> {
        self.item[key].as_u64()
    }

    fn name(&self) -> String {
        format!("{} {}", self.item["name"], self.item["network"])
    }

    /// Of what was recorded.
    fn error(&self, key: &str, found: u64) -> f64 {
        (found as f64 / self.number(key).expect("a figure") as f64 - 1.0).abs()
    }
}

fn recorded(half: &str) -> Vec<Recorded> {
    let text = include_str!("../../fixtures/oracle/int8.jsonl");
    let items = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    let of_half = items.filter(|item| item["half"] == half).map(|item| {
        let link = format!("a={}", item["network"].as_str().expect("a network"));
        let (workbench, problems) = share_link::decode(&link);
        assert!(problems.is_empty(), "{link}: {problems:?}");
        let network = workbench.resolve().into_iter().next().expect("a design").network;
        let program = lower(&network).unwrap_or_else(|problem| panic!("{link}: {problem}"));
        Recorded { item, converted: convert(&program) }
    });
    of_half.collect()
}

/// The share of the items for which something holds, and what it does not hold for.
fn share(items: &[&Recorded], holds: impl Fn(&Recorded) -> bool) -> (f64, Vec<String>) {
    let others: Vec<String> = items.iter().filter(|item| !holds(item)).map(|item| item.name()).collect();
    (1.0 - others.len() as f64 / items.len() as f64, others)
}

/// Exact for all that the rules were tuned on, and on the held-out half for 95 % and within 3 % for all.
#[test]
fn heads_are_those_recorded() {
    for (half, least) in [("tuning", 1.0), ("held out", 0.95), ("fresh", 0.95)] {
        let all = recorded(half);
        let heads: Vec<&Recorded> = all.iter().filter(|item| item.number("head").is_some()).collect();
        assert!(heads.len() > 140, "{}", heads.len());
        let head = |item: &Recorded| item.converted.head().expect("it fits 64 bits").bytes;
        let (exact, others) = share(&heads, |item| item.number("head") == Some(head(item)));
        println!("{half}: {} heads, {:.2} % exact; {others:?}", heads.len(), exact * 100.0);
        assert!(exact >= least, "{half}: {exact}: {others:#?}");
        let (_, far) = share(&heads, |item| item.error("head", head(item)) <= 0.03);
        assert!(far.is_empty(), "{half}, by more than 3 %: {far:#?}");
    }
}

/// What the runtime refuses has an operator that is known to be missing, and nothing else has.
#[test]
fn what_is_refused_is_known() {
    let mut failures = Failures::default();
    let mut refused = 0;
    for item in recorded("tuning").iter().chain(&recorded("held out")) {
        let missing = item.converted.missing();
        refused += usize::from(!missing.is_empty());
        failures.check(missing.is_empty() == item.item["refused"].is_null(), || {
            format!("{}: {missing:?}, recorded {}", item.name(), item.item["refused"])
        });
    }
    assert!(refused > 20);
    failures.finish();
}

#[test]
fn operators_are_those_of_the_file() {
    for half in ["tuning", "held out", "fresh"] {
        let all = recorded(half);
        let run: Vec<&Recorded> = all.iter().filter(|item| item.number("head").is_some()).collect();
        let (same, others) = share(&run, |item| {
            let names: Vec<&str> =
                item.converted.operations.iter().map(|operation| operation.operator.name()).collect();
            item.item["operators"] == names.join(" ")
        });
        println!("{half}: operators the same for {:.2} %; {others:?}", same * 100.0);
        assert!(same > 0.99, "{half}: {others:#?}");
    }
}

/// Weights, biases and what operators are given, to the byte; the file and the arena's tail as an estimate.
#[test]
fn bytes_of_the_file_and_of_the_tail() {
    for half in ["tuning", "held out", "fresh"] {
        let all = recorded(half);
        let run: Vec<&Recorded> = all.iter().filter(|item| item.number("head").is_some()).collect();
        let (exact, others) = share(&run, |item| item.number("constants") == Some(item.converted.constant_bytes()));
        println!("{half}: constants exact for {:.2} %; {others:?}", exact * 100.0);
        assert!(exact > 0.99, "{half}: {others:#?}");
        for (key, estimate, nine_tenths) in [
            ("tflite", Converted::file_bytes as fn(&Converted) -> u64, 0.08),
            ("tail", Converted::tail_bytes as fn(&Converted) -> u64, 0.045),
        ] {
            let mut errors: Vec<f64> = run.iter().map(|item| item.error(key, estimate(&item.converted))).collect();
            errors.sort_by(f64::total_cmp);
            let (ninth, largest) = (errors[errors.len() * 9 / 10], errors[errors.len() - 1]);
            println!("{half}: {key} within {:.1} % for nine of ten, {:.1} % for all", ninth * 100.0, largest * 100.0);
            assert!(ninth < nine_tenths, "{half} {key}: {ninth}");
        }
    }
}
