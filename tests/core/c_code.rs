//! The C code: compiled by the strictest flags and run, where there is a C compiler.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use convscope::c_code::{CProblem, Code, export};
use convscope::engine::{Numbers, Seeding, WeightSource};
use convscope::model::{Dims, Kind, Network, presets};
use convscope::rewrite::{HiddenLayers, PooledHead, Rewrite, apply};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::device::networks::ds_cnn;
use crate::golden::Failures;
use crate::random;
use crate::rewrite::seed;

const FLAGS: &[&str] = &["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O1", "-DMODEL_SELF_TEST"];

fn has_compiler() -> bool {
    Command::new("gcc").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c_code").join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("main.c"), "#include \"model.h\"\nint main(void) { return model_self_test() != 0; }\n")
        .expect("a file");
    folder
}

fn save(code: &Code, folder: &Path) {
    std::fs::write(folder.join("model.h"), &code.header).expect("a file");
    std::fs::write(folder.join("model.c"), &code.source).expect("a file");
}

/// Compiles and runs the self-test; what goes wrong.
fn run(code: &Code, folder: &Path, more: &[&str]) -> Result<(), String> {
    save(code, folder);
    let mut compiler = Command::new("gcc");
    compiler.current_dir(folder).args(FLAGS).args(more).args(["model.c", "main.c", "-o", "model"]);
    let compiled = compiler.output().expect("gcc runs");
    if !compiled.status.success() {
        return Err(String::from_utf8_lossy(&compiled.stderr).chars().take(2000).collect());
    }
    let ran = Command::new(folder.join("model")).status().expect("the test runs");
    if ran.success() { Ok(()) } else { Err("the self-test fails".to_string()) }
}

/// In both forms: floats within 1e-5 of the largest output, and 1e-6 with sums in 64 bits; 8 bits the engine's own bits.
fn check(network: &Network, folder: &Path) -> Result<usize, String> {
    let double = ["-DMODEL_SUM=double", "-DMODEL_TOLERANCE=1e-6f"];
    let mut written = 0;
    for (numbers, options) in [(Numbers::F32, vec![&[] as &[&str], &double]), (Numbers::Int8, vec![&[] as &[&str]])] {
        let code = match export(network, &WeightSource::Seeded(Seeding::default()), numbers) {
            Ok(code) => code,
            Err(CProblem::Operation { name, .. }) if network.nodes.iter().any(|node| node.name == name) => continue,
            Err(problem) => return Err(problem.to_string()),
        };
        for more in options {
            run(&code, folder, more).map_err(|problem| format!("{numbers:?} {more:?}: {problem}"))?;
            written += 1;
        }
    }
    Ok(written)
}

#[test]
fn presets_in_c_are_the_engines() {
    if !has_compiler() {
        return;
    }
    let folder = folder("presets");
    let mut failures = Failures::default();
    let mut written = 0;
    for preset in presets::all() {
        let network = preset.network();
        let report = convscope::cost::analyze(&network, &convscope::cost::Settings::default());
        if report.totals.figures.params().0 > 400_000 {
            continue;
        }
        match check(&network, &folder) {
            Ok(forms) => written += forms,
            Err(problem) => failures.check(false, || format!("{}: {problem}", preset.id)),
        }
    }
    failures.finish();
    println!("{written} programs ran");
    assert!(written >= 9, "{written}");
}

#[test]
fn random_networks_in_c_are_the_engines() {
    if !has_compiler() {
        return;
    }
    let folder = folder("random");
    let mut runner = TestRunner::deterministic();
    let networks = random::network();
    let (mut failures, mut written) = (Failures::default(), 0);
    for _ in 0..60 {
        let network = networks.new_tree(&mut runner).expect("a network").current();
        let shapes = convscope::shape::infer(&network, &network.wiring(), 1);
        if shapes.nodes.iter().any(|shape| shape.dims().is_none()) {
            continue;
        }
        match check(&network, &folder) {
            Ok(forms) => written += forms,
            Err(problem) => failures.check(false, || format!("{network:?}: {problem}")),
        }
    }
    failures.finish();
    println!("{written} programs ran");
    assert!(written > 30, "{written}");
}

/// The seed's separable network with a pooled head, and DS-CNN S: all in flash, as the compiler for a Cortex-M4 makes it.
#[test]
fn flash_is_as_predicted() {
    let found = Command::new("arm-none-eabi-gcc").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        return;
    }
    let pooled = Rewrite::PooledHead(PooledHead { size: 1, hidden: HiddenLayers::Drop });
    let small = apply(&seed("separable"), &pooled).network;
    let folder = folder("flash");
    let mut failures = Failures::default();
    let networks = [
        ("separable, pooled", small, Some(6_000)),
        ("DS-CNN S", ds_cnn(), Some(40_000)),
        ("standard", seed("standard"), None),
    ];
    for (name, network, limit) in networks {
        for numbers in [Numbers::F32, Numbers::Int8] {
            let code = export(&network, &WeightSource::Seeded(Seeding::default()), numbers)
                .unwrap_or_else(|problem| panic!("{name}: {problem}"));
            save(&code, &folder);
            let object = folder.join("model.o");
            let compiled = Command::new("arm-none-eabi-gcc")
                .current_dir(&folder)
                .args(["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-Os", "-mcpu=cortex-m4", "-mthumb"])
                .args(["-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-c", "model.c", "-o", "model.o"])
                .output()
                .expect("the compiler runs");
            assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
            let sizes = Command::new("arm-none-eabi-size").arg(&object).output().expect("size runs");
            let sizes = String::from_utf8_lossy(&sizes.stdout).into_owned();
            let numbers_of: Vec<u64> = sizes
                .lines()
                .nth(1)
                .into_iter()
                .flat_map(str::split_whitespace)
                .filter_map(|n| n.parse().ok())
                .collect();
            // text, which has what is constant, and data; bss is the arena.
            let (flash, bss) = (numbers_of[0] + numbers_of[1], numbers_of[2]);
            println!("{name} {numbers:?}: {flash} bytes of flash, predicted {}; arena {bss}", code.flash);
            failures.check(bss == code.arena, || format!("{name} {numbers:?}: arena {bss}, not {}", code.arena));
            let off = (code.flash as f64 / flash as f64 - 1.0).abs();
            failures.check(off <= 0.03, || format!("{name} {numbers:?}: {flash}, predicted {}", code.flash));
            let within = numbers == Numbers::F32 || limit.is_none_or(|limit| flash < limit);
            failures.check(within, || format!("{name}: {flash} bytes"));
        }
    }
    failures.finish();
}

/// On QEMU's Cortex-M4, freestanding: the same bits there; and a wrong output is seen.
#[test]
fn self_tests_pass_on_a_cortex_m4() {
    let there = |tool: &str| {
        let version = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    if !there("arm-none-eabi-gcc") || !there("qemu-system-arm") {
        return;
    }
    let folder = folder("qemu");
    let machine = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/qemu");
    let run = |code: &Code, more: &[&str]| {
        save(code, &folder);
        let compiled = Command::new("arm-none-eabi-gcc")
            .current_dir(&folder)
            .args(["-std=c99", "-Os", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"])
            .args(["-Wall", "-Wextra", "-Wconversion", "-Werror", "-DMODEL_SELF_TEST", "-nostdlib", "-I."])
            .args(more)
            .arg("-T")
            .arg(machine.join("mps2.ld"))
            .arg("model.c")
            .arg(machine.join("start.c"))
            .args(["-o", "model.elf", "-lgcc"])
            .output()
            .expect("the compiler runs");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let ran = Command::new("qemu-system-arm")
            .current_dir(&folder)
            .args(["-M", "mps2-an386", "-nographic", "-semihosting", "-kernel", "model.elf"])
            .stdin(Stdio::null())
            .output()
            .expect("the machine runs");
        ran.status.code()
    };
    let pooled = Rewrite::PooledHead(PooledHead { size: 1, hidden: HiddenLayers::Drop });
    let small = apply(&seed("separable"), &pooled).network;
    for network in [small, ds_cnn(), crate::device::networks::resnet8()] {
        for numbers in [Numbers::F32, Numbers::Int8] {
            let code = export(&network, &WeightSource::Seeded(Seeding::default()), numbers).expect("C");
            assert_eq!(run(&code, &[]), Some(0), "{} {numbers:?}", network.name);
        }
    }
    let mut wrong = export(&ds_cnn(), &WeightSource::Seeded(Seeding::default()), Numbers::Int8).expect("C");
    wrong.source = wrong.source.replacen("v > l->low ? v : l->low", "v", 1);
    assert_ne!(run(&wrong, &["-Wno-error"]), Some(0));
}

/// In one file as well.
#[test]
fn one_file_compiles_by_itself() {
    if !has_compiler() {
        return;
    }
    let folder = folder("whole");
    let code = export(&ds_cnn(), &WeightSource::Seeded(Seeding::default()), Numbers::Int8).expect("C");
    let whole = Code { source: code.whole(), header: String::new(), ..code };
    std::fs::write(
        folder.join("main.c"),
        "int model_self_test(void);\nint main(void) { return model_self_test() != 0; }\n",
    )
    .expect("a file");
    assert_eq!(run(&whole, &folder, &[]), Ok(()));
}

/// What has no C names its row.
#[test]
fn what_has_no_c_names_its_row() {
    let input = Dims::new(&[4, 8, 8]).expect("three sizes");
    let layers = [("norm".to_string(), Kind::LocalResponseNorm.layer())];
    let network = Network::chain("case", input, layers);
    let problem = export(&network, &WeightSource::Seeded(Seeding::default()), Numbers::F32).expect_err("no C");
    assert!(matches!(&problem, CProblem::Operation { name, .. } if name == "norm"), "{problem}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in a name.
    #[test]
    fn names_stay_comments(name in crate::hostile_text::text()) {
        let mut network = seed("standard");
        network.name.clone_from(&name);
        network.nodes[0].name = name;
        let code = export(&network, &WeightSource::Seeded(Seeding::default()), Numbers::F32).expect("C");
        let comments = |text: &str| (text.matches("/*").count(), text.matches("*/").count());
        let plain = export(&seed("standard"), &WeightSource::Seeded(Seeding::default()), Numbers::F32).expect("C");
        prop_assert_eq!(comments(&code.source), comments(&plain.source));
        prop_assert_eq!(comments(&code.header), comments(&plain.header));
    }
}
