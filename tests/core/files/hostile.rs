//! Files that nobody's program wrote: mutations of real ones, through every reader. `make fuzz-files` runs more of them.

use std::env;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use convscope::cost::{Settings, analyze};
use convscope::files::onnx::{NetworkOptions, beside, read};
use convscope::files::weights::{match_weights, safetensors, state_dict};
use convscope::files::{code_cells, kind, own, tflite};
use convscope::model::presets;

use crate::allocations::peak;

/// Mutations of each file in `cargo test`; FILES_CASES says another number for all files together.
const CASES: u64 = 300;

/// No reader of a file of some kilobytes holds more: docs/reliability.md. A parameter may be so many equal numbers.
const MOST_HELD: isize = 512 << 20;

/// Numbers of SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }
}

/// A few bytes changed, a piece taken out, doubled, or cut off.
fn mutated(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => {
                let end = (at + 1 + random.below(32)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => {
                let end = (at + 1 + random.below(64)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let place = random.below(bytes.len());
                bytes.splice(place..place, piece);
            }
            3 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            // A length, size or offset that lies.
            4 => {
                let end = (at + 8).min(bytes.len());
                let lie = [0, 1, u64::MAX, 1 << 31, 1 << 32, i64::MAX as u64][random.below(6)].to_le_bytes();
                bytes[at..end].copy_from_slice(&lie[..end - at]);
            }
            5 => bytes[at] = random.next() as u8,
            _ => bytes[at] ^= 1 << random.below(8),
        }
    }
    bytes
}

/// Every reader, whatever the file says it is: none may panic or go on without an end.
fn read_all(bytes: &[u8]) {
    let _ = kind(bytes);
    let options = NetworkOptions::default();
    for model in [read(bytes, &|_| None, &options), tflite::read(bytes, &options)].into_iter().flatten() {
        let _ = analyze(&model.network, &Settings::default());
        let _ = model.weights(&|_| None);
    }
    let _ = beside(bytes);
    for tensors in [safetensors(bytes), state_dict(bytes)].into_iter().flatten() {
        let _ = match_weights(&presets::seed_standard(), &tensors);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = code_cells(text);
        let _ = own(text);
    }
}

/// The files that are mutated.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut seeds = Vec::new();
    for folder in ["onnx", "weights", "tflite"] {
        let Ok(entries) = fs::read_dir(root.join(folder)) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending != "jsonl" && ending != "md") {
                seeds.push((path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    seeds.sort();
    seeds
}

#[test]
fn mutated_files_never_stop_a_reader() {
    let seeds = seeds();
    assert!(seeds.len() >= 40);
    let each = env::var("FILES_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .map_or(CASES, |all: u64| all / seeds.len() as u64);
    let start = env::var("FILES_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let now = Arc::new(Mutex::new(String::new()));
    let watched = Arc::downgrade(&now);
    // Whoever waits sees on what.
    thread::spawn(move || {
        let mut before = String::new();
        while let Some(now) = watched.upgrade() {
            let at = now.lock().unwrap().clone();
            if at == before && !at.is_empty() {
                eprintln!("still at {at}");
            }
            before = at;
            drop(now);
            thread::sleep(Duration::from_secs(5));
        }
    });
    let mut most = 0;
    for (name, bytes) in &seeds {
        for case in 0..each {
            *now.lock().unwrap() = format!("{name}, case {case} of seed {start}");
            let mut random = Random(start ^ (case << 20) ^ bytes.len() as u64);
            let file = mutated(bytes, &mut random);
            let (read, held) = peak(|| std::panic::catch_unwind(|| read_all(&file)));
            assert!(read.is_ok(), "{name}, case {case} of seed {start}");
            assert!(held < MOST_HELD, "{name}, case {case} of seed {start}: {held} bytes");
            most = most.max(held);
        }
    }
    eprintln!("at most {most} bytes at once");
}

#[test]
fn claims_of_size_take_no_memory() {
    // A tensor of 2^62 numbers, a node with a name of 2^40 bytes, a graph within a graph within ...
    let field = |number: u8, content: &[u8]| {
        let mut bytes = vec![number << 3 | 2];
        let mut length = content.len();
        while length >= 0x80 {
            bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend(content);
        bytes
    };
    let huge = [&[0x08][..], &[0xff; 8], &[0x3f]].concat();
    let model = field(7, &field(5, &huge));
    assert!(read(&model, &|_| None, &NetworkOptions::default()).unwrap_err().to_string().contains("none"));
    let lying = [0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f];
    assert!(
        read(&lying, &|_| None, &NetworkOptions::default())
            .unwrap_err()
            .to_string()
            .starts_with("byte 0, field 7: it is longer")
    );
    let mut nested = vec![0x0a, 0x00];
    for _ in 0..2000 {
        nested = field(1, &field(5, &field(6, &nested)));
    }
    let _ = read(&field(7, &nested), &|_| None, &NetworkOptions::default());
}
