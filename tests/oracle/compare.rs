//! The recorded networks against the rules, one line for each that differs: for whoever tunes them.
//!
//! ```sh
//! cargo run --example oracle_compare --no-default-features -- recorded.jsonl
//! ```

use convscope::device::tflite::convert;
use convscope::keras::lower;
use convscope::share_link;

fn main() {
    let Some(path) = std::env::args().nth(1) else { return eprintln!("usage: oracle_compare RECORDED.jsonl") };
    let text = std::fs::read_to_string(path).expect("a file of recorded networks");
    let all = std::env::args().any(|argument| argument == "--all");
    let constants = std::env::args().any(|argument| argument == "--constants");
    let mut counts = std::collections::BTreeMap::<String, [u32; 5]>::new();
    for line in text.lines() {
        let item: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        let half = item["half"].as_str().unwrap_or_default().to_string();
        let link = format!("a={}", item["network"].as_str().unwrap_or_default());
        let (workbench, _) = share_link::decode(&link);
        let Some(resolved) = workbench.resolve().into_iter().next() else { continue };
        let Ok(program) = lower(&resolved.network) else { continue };
        let converted = convert(&program);
        let names: Vec<&str> = converted.operations.iter().map(|operation| operation.operator.name()).collect();
        let recorded: Vec<&str> =
            item["operators"].as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
        let head = converted.head().map(|head| head.bytes);
        let wanted = item["head"].as_u64();
        let count = counts.entry(half.clone()).or_default();
        count[0] += 1;
        count[1] += u32::from(names == recorded);
        if wanted.is_some() {
            count[2] += 1;
            count[3] += u32::from(head == wanted);
        }
        let (bytes, stored) = (converted.constant_bytes(), item["constants"].as_u64());
        count[4] += u32::from(stored == Some(bytes));
        if constants && stored != Some(bytes) && half == "tuning" && names == recorded {
            println!("{} | {}\n  {names:?} {bytes} {stored:?}", item["name"], item["network"]);
        }
        let differs = match wanted {
            Some(_) => head != wanted,
            None => converted.missing().is_empty(),
        };
        if (differs || (all && names != recorded)) && half == "tuning" {
            println!(
                "{} | {}\n  {names:?}\n  {recorded:?}\n  {head:?} {wanted:?} {}",
                item["name"], item["network"], item["refused"]
            );
        }
    }
    for (half, [count, same, heads, exact, stored]) in counts {
        println!(
            "{half}: {count}, operators the same {same}; recorded {heads}, head exact {exact}, constants {stored}"
        );
    }
}
