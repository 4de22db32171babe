//! What the worker does, without a browser: outputs as PyTorch's, times by the clock, messages as bytes.

use std::task::{Context, Poll, Waker};
use std::time::Instant;

use convscope::job::{
    Binary, CheckTask, Clock, CodeTask, ExactRewrite, ExploreTask, FactorsTask, GivenWeights, Job, MapsTask, Message,
    News, Request, RunReport, RunTask, RunsReport, RunsTask, SearchReport, SearchTask, Simd, VariedParts,
};
use convscope::model::{Inputs, Kind, Network};
use convscope::rewrite::Effect;
use convscope::share_link;
use convscope::workbench::Workbench;

use proptest::strategy::{Strategy, ValueTree};

use crate::golden::{self, Failures, floats};

/// A job's messages, its result last; job and messages cross as bytes.
fn messages<T>(task: T, clock: Clock<'_>) -> Vec<News<T::Reply>>
where
    T: Request + serde::Serialize + serde::de::DeserializeOwned,
{
    let job = Job::<T>::from_bytes(&Job { id: 7, task }.to_bytes()).expect("the job");
    let mut all = Vec::new();
    let tell = &mut |message: Message<T::Reply>| {
        let message = Message::from_bytes(&message.to_bytes()).expect("the message");
        assert_eq!(message.id, Some(7));
        all.push(message.news);
    };
    finish(job.execute(clock, tell));
    all
}

/// Polls until it is done, through all pauses.
fn finish(job: impl Future<Output = ()>) {
    let mut job = std::pin::pin!(job);
    while job.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Pending {}
}

/// The result or why there is none, and the progress before it.
pub fn execute<T>(task: T, clock: Clock<'_>) -> (Result<T::Reply, String>, Vec<f64>)
where
    T: Request + serde::Serialize + serde::de::DeserializeOwned,
{
    let mut news = messages(task, clock);
    let result = match news.pop().expect("a last message") {
        News::Told(reply) => Ok(reply),
        News::Failed(words) => Err(words),
        News::Progress(done) => panic!("progress {done} at the end"),
    };
    let progress = news.into_iter().map(|news| match news {
        News::Progress(done) => done,
        News::Told(_) | News::Failed(_) => panic!("more than one result"),
    });
    (result, progress.collect())
}

fn run(task: RunTask) -> (Result<RunReport, String>, Vec<f64>) {
    let start = Instant::now();
    run_by(task, &mut || start.elapsed().as_secs_f64() * 1000.0)
}

/// A run by a clock.
fn run_by(task: RunTask, clock: Clock<'_>) -> (Result<RunReport, String>, Vec<f64>) {
    let (result, progress) = execute(RunsTask { runs: vec![task] }, clock);
    (result.and_then(|report| report.runs.into_iter().next().expect("one result")), progress)
}

/// Little measuring: the tests look at values.
fn task(network: &Network, gain: f64) -> RunTask {
    let network = share_link::encode_design(network);
    RunTask { network, batch: 1, seed: 0, gain, given: GivenWeights::default(), fuse: true, measure: 20.0 }
}

#[test]
fn golden_runs_of_the_seed_match() {
    let seed = golden::read("seed.json");
    let mut failures = Failures::default();
    for (name, model) in seed["models"].as_object().expect("models") {
        let mut graph = golden::graph(name, &model["layers"]);
        for node in &mut graph.network.nodes {
            if matches!(&node.inputs, Inputs::From(sources) if sources.len() == 1) {
                node.inputs = Inputs::Above;
            }
        }
        for forward in model["forward"].as_array().expect("forward").iter() {
            if forward["input_stream"].as_u64() != Some(1 << 31) {
                continue;
            }
            let gain = forward["g"].as_f64().expect("a gain");
            let reply = run(task(&graph.network, gain)).0.expect("a result");
            let expected = floats(&forward["out"]);
            let largest = expected.iter().fold(1.0_f32, |largest, value| largest.max(value.abs()));
            let close = |(found, expected): (&f32, &f32)| (found - expected).abs() <= 1e-5 * largest;
            let matches = reply.output.len() == expected.len() && reply.output.iter().zip(&expected).all(close);
            failures.check(matches, || format!("{name}, gain {gain}: {:?}, PyTorch {expected:?}", reply.output));
        }
    }
    failures.finish();
}

#[test]
fn times_have_their_order_and_every_step_its_rows() {
    for resolved in Workbench::default().resolve() {
        let (report, progress) = run(task(&resolved.network, 1.0));
        let report = report.expect("a result");
        assert!(report.lower_quartile > 0.0);
        assert!(report.lower_quartile <= report.median && report.median <= report.upper_quartile);
        let rows: Vec<u32> = report.steps.iter().flat_map(|step| step.rows.clone()).collect();
        assert!(rows.iter().all(|&row| (row as usize) < resolved.network.nodes.len()), "{rows:?}");
        assert!(report.steps.iter().all(|step| step.time >= 0.0));
        assert_eq!((report.output.len(), report.output_dims.as_slice()), (3, [1, 3].as_slice()));
        assert!(!progress.is_empty() && progress.is_sorted() && progress.iter().all(|done| (0.0..=1.0).contains(done)));
    }
}

#[test]
fn a_coarse_clock_still_measures() {
    let start = Instant::now();
    let mut clock = || start.elapsed().as_millis() as f64;
    let (report, _) = run_by(task(&Workbench::default().resolve()[0].network, 1.0), &mut clock);
    let report = report.expect("a result");
    assert!(report.median > 0.0 && report.passes > 1, "{report:?}");
}

#[test]
fn a_slow_network_is_run_no_more_than_it_must() {
    let mut ticks = 0.0;
    let mut clock = || {
        ticks += 1000.0;
        ticks
    };
    let (report, progress) = run_by(task(&Workbench::default().resolve()[0].network, 1.0), &mut clock);
    let report = report.expect("a result");
    assert_eq!((report.samples, report.passes), (1, 1));
    // Every step is one or several calls, each a tick; another pass would halve the times.
    assert!(report.steps.iter().all(|step| step.time % 1000.0 == 0.0), "the first pass tells the steps' times");
    assert!(progress.len() >= report.steps.len(), "every slow step is told: {progress:?}");
}

#[test]
fn a_run_pauses_all_the_time_and_may_end_in_any_pause() {
    let job = Job { id: 1, task: RunsTask { runs: vec![task(&Workbench::default().resolve()[0].network, 1.0)] } };
    let job = &job;
    // How often it pauses where it is left alone after so many pauses, whether it has told its result, and the time:
    // each look at the clock is five milliseconds later.
    let pauses_until = |most: usize| {
        let (mut now, mut is_done) = (0.0, false);
        let mut clock = || {
            now += 5.0;
            now
        };
        let mut tell = |message: Message<RunsReport>| is_done |= !matches!(message.news, News::Progress(_));
        let mut pauses = 0;
        {
            let mut run = std::pin::pin!(job.execute(&mut clock, &mut tell));
            while pauses < most && run.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Pending {
                pauses += 1;
            }
        }
        (pauses, is_done, now)
    };
    // The first run of a process also warms up.
    pauses_until(usize::MAX);
    let (all, is_done, took) = pauses_until(usize::MAX);
    assert!(is_done);
    assert!(all as f64 > took / 40.0, "{all} pauses in {took} ms");
    for most in 0..all {
        assert_eq!((pauses_until(most).0, pauses_until(most).1), (most, false));
    }
}

/// A clock that stands still but for what the test adds lets samples of one design cost more: in turns, what slows the
/// machine for a while slows all of them.
#[test]
fn designs_are_timed_in_turns() {
    let network = Workbench::default().resolve()[0].network.clone();
    let (mut looks, mut now) = (0_u64, 0.0);
    let mut clock = || {
        // Of every four hundred looks at the clock the second half is three times as slow.
        looks += 1;
        now += if looks / 200 % 2 == 0 { 3.0 } else { 9.0 };
        now
    };
    let runs = vec![
        task(&network, 1.0),
        RunTask { network: "1x1x150.c4k9".to_string(), ..task(&network, 1.0) },
        task(&network, 1.0),
    ];
    let runs = runs.into_iter().map(|run| RunTask { measure: 4000.0, ..run }).collect();
    let (result, progress) = execute(RunsTask { runs }, &mut clock);
    let report = result.expect("a report");
    assert!(report.runs[1].as_ref().is_err_and(|words| words.contains("conv1")), "{:?}", report.runs[1]);
    let (one, other) = (report.runs[0].as_ref().expect("a run"), report.runs[2].as_ref().expect("a run"));
    assert_eq!(one.output, other.output);
    assert_eq!((one.samples, one.peak), (other.samples, other.peak), "as many of each, and one peak for both");
    assert!(one.samples > 20, "{}", one.samples);
    assert!((one.median - other.median).abs() <= 0.5 * one.median, "{} and {}", one.median, other.median);
    assert!(progress.is_sorted());
}

#[test]
fn what_cannot_run_says_why() {
    let network = Workbench::default().resolve()[0].network.clone();
    for (text, words) in [("1x1x150.c4k9", "conv1"), ("1x1x150.nonsense", "nonsense"), ("", "shape is missing")] {
        let broken = RunTask { network: text.to_string(), ..task(&network, 1.0) };
        let (result, _) = run(broken);
        assert!(matches!(&result, Err(message) if message.contains(words)), "{text}: {result:?}");
    }
}

#[test]
fn foreign_bytes_are_an_error() {
    for length in 0..40 {
        let bytes: Vec<u8> = (0..length).map(|index| (index as u8).wrapping_mul(37).wrapping_add(200)).collect();
        assert!(Job::<RunsTask>::from_bytes(&bytes).is_err());
        assert!(Job::<ExploreTask>::from_bytes(&bytes).is_err());
    }
}

#[test]
fn golden_a_search_tells_what_it_finds() {
    let seed = golden::read("seed.json");
    let network = golden::graph("standard", &seed["models"]["standard"]["layers"]).network;
    let task = SearchTask {
        network: share_link::encode_design(&network),
        varied: VariedParts {
            width: true,
            resolution: true,
            separable: true,
            kernel: false,
            channels: false,
            head: true,
        },
        device: Some("stm32h747".to_string()),
        must_fit: true,
        milliseconds: None,
        keep_capacity: false,
        most: 500,
    };
    let job =
        Job::<ExploreTask>::from_bytes(&Job { id: 9, task: ExploreTask::from(task) }.to_bytes()).expect("the job");
    let mut reports = Vec::new();
    // Each look at the clock is a second later, so that every piece is told.
    let mut now = 0.0;
    let mut clock = || {
        now += 1000.0;
        now
    };
    let tell = &mut |bytes: &[u8]| match Message::<SearchReport>::from_bytes(bytes).expect("the message").news {
        News::Told(report) => reports.push(report),
        other => panic!("{other:?}"),
    };
    finish(job.execute_as_bytes(&mut clock, tell));
    assert!(reports.len() > 1 && reports.windows(2).all(|pair| pair[0].done < pair[1].done));
    let last = reports.last().expect("a last report");
    assert_eq!((last.done, last.total), (500, 500));
    let least = last.found.iter().map(|found| found.params).min();
    assert!(least.is_some_and(|least| least < 364), "{least:?}");
    assert!(last.found.iter().all(|found| found.milliseconds.is_some() && !found.label.is_empty()));
}

#[test]
fn golden_ranks_of_the_seeds_first_linear() {
    let (seed, file) = (golden::read("seed.json"), golden::read("transforms.json"));
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = golden::graph(which, &seed["models"][which]["layers"]).network;
        let row = network.nodes.iter().position(|node| node.layer.kind() == Kind::Linear).expect("a Linear") as u32;
        let task = FactorsTask { network: share_link::encode_design(&network), row, seed: 0, gain: 1.0 };
        let report = execute(task.clone(), &mut || 0.0).0.expect("the ranks");
        // The last rank of 304 x 36 with fewer weights: 32 * 340 = 10,880 of 10,944.
        assert_eq!((report.inputs, report.outputs, report.ranks.len()), (304, 36, 32));
        assert!(report.ranks.windows(2).all(|pair| {
            pair[0].rank < pair[1].rank && pair[0].error > pair[1].error && pair[0].costs.params < pair[1].costs.params
        }));
        assert!(report.ranks.iter().all(|rank| rank.costs.params < report.now.params));
        for expected in file["low_rank_first_linear"][which]["ranks"].as_array().expect("ranks") {
            let number = expected["rank"].as_u64().expect("a rank");
            let Some(rank) = report.ranks.iter().find(|rank| rank.rank == number) else { continue };
            failures.equal(&format!("{which} {number}"), Some(rank.costs.params), expected["total_params"].as_u64());
            let error = expected["relative_frobenius_error"].as_f64().expect("an error");
            let found = rank.error.expect("an error");
            failures.check((found - error).abs() < 1e-6, || format!("{which} {number}: {found}, PyTorch {error}"));
        }
        let broken = FactorsTask { row: 0, ..task };
        let outcome = execute(broken, &mut || 0.0).0;
        assert!(outcome.is_err(), "{outcome:?}");
    }
    failures.finish();
}

#[test]
fn golden_exact_rewrites_of_the_seed_are_checked_by_running_both() {
    let seed = golden::read("seed.json");
    let all = [
        ExactRewrite::DropRedundantBias,
        ExactRewrite::AbsorbDepthwiseBias,
        ExactRewrite::FoldBatchNorm,
        ExactRewrite::FoldDepthwise,
    ];
    for which in ["standard", "separable"] {
        let network = golden::graph(which, &seed["models"][which]["layers"]).network;
        for rewrites in all.iter().map(std::slice::from_ref).chain([&all[..]]) {
            let network = share_link::encode_design(&network);
            let task = CheckTask { network, rewrites: rewrites.to_vec(), seed: 0, gain: 6.0 };
            let report = execute(task, &mut || 0.0).0.expect("a check");
            assert_eq!(report.outputs, 3);
            assert!(report.largest_output > 0.1, "{report:?}");
            assert!(report.largest_difference <= 1e-5 * report.largest_output.max(1.0), "{report:?}");
        }
    }
}

/// Each file that a worker is started from is one that the build makes.
#[test]
fn every_binary_is_built() {
    let script = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/site.mjs")).expect("the script");
    for binary in [Binary::Engine, Binary::Explorer, Binary::Importer] {
        for simd in [Simd::None, Simd::Plain, Simd::Relaxed] {
            if let Some(file) = binary.file(simd) {
                assert!(script.contains(&format!("\"{file}\"")), "{file}");
            }
        }
    }
}

/// What is checked by running both is what a rewrite says of itself.
#[test]
fn every_exact_rewrite_can_be_checked() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..500 {
        let rewrite = crate::random_workbench::rewrite().new_tree(&mut runner).expect("a rewrite").current();
        assert_eq!(ExactRewrite::of(&rewrite).is_some(), rewrite.effect() == Effect::Exact, "{rewrite:?}");
    }
}

/// The same C as the library gives, and a refusal of what no microcontroller takes.
#[test]
fn c_is_written_by_the_explorer() {
    let task = |network: &Network, int8: bool| CodeTask {
        network: share_link::encode_design(network),
        seed: 0,
        gain: 1.0,
        given: GivenWeights::default(),
        int8,
    };
    let small = crate::rewrite::seed("separable");
    for int8 in [false, true] {
        let messages = messages(task(&small, int8), &mut || 0.0);
        let [News::Told(report)] = messages.as_slice() else { panic!("{messages:?}") };
        assert!(report.text.contains("const float *model_run(const float *input)") && report.flash > report.arena);
    }
    let large = crate::device::networks::mobilenet_v1(1.0, 224, 5_000);
    let messages = messages(task(&large, true), &mut || 0.0);
    assert!(
        matches!(messages.as_slice(), [News::Failed(why)] if why.contains("at most 5000000 parameters")),
        "{messages:?}"
    );
}

/// A digit's worth of input gives pictures of every layer that makes something, the input's own first.
#[test]
fn maps_show_every_layer() {
    let (network, _) = share_link::decode_design("1x8x9.c2k3p1.relu.max2.flat.fc3");
    let mut input = vec![0.0; 72];
    input[10] = 2.0;
    let task = MapsTask {
        network: share_link::encode_design(&network),
        seed: 7,
        gain: 1.0,
        given: GivenWeights::default(),
        input: Some(input),
    };
    let (report, _) = execute(task.clone(), &mut || 0.0);
    let report = report.expect("maps");
    let rows: Vec<u32> = report.rows.iter().map(|(row, _)| *row).collect();
    assert_eq!(rows, [0, 1, 2, 4], "the flatten is a view");
    assert_eq!((report.input.pixels[10], report.input.pixels[11], report.input.largest), (255, 128, 2.0));
    let sizes = report.rows.iter().map(|(_, maps)| (maps.channels, maps.height, maps.width, maps.pixels.len()));
    assert_eq!(sizes.collect::<Vec<_>>(), [(2, 8, 9, 144), (2, 8, 9, 144), (2, 4, 4, 32), (1, 1, 3, 3)]);
    assert!(report.rows[1].1.pixels.iter().all(|&pixel| pixel >= 128), "a ReLU makes nothing negative");
    let (short, _) = execute(MapsTask { input: Some(vec![0.0; 71]), ..task }, &mut || 0.0);
    assert_eq!(short, Err("the input has 71 values instead of 72".to_string()));
}

/// A large picture is made of means, and says of how many values.
#[test]
fn maps_of_large_images_are_means() {
    let (network, _) = share_link::decode_design("1x96x100.c1k1");
    let input: Vec<f32> = (0..9600).map(|at| if at % 100 < 3 && at / 100 < 3 { 9.0 } else { 0.0 }).collect();
    let task = MapsTask {
        network: share_link::encode_design(&network),
        seed: 0,
        gain: 1.0,
        given: GivenWeights::default(),
        input: Some(input),
    };
    let report = execute(task, &mut || 0.0).0.expect("maps");
    let maps = &report.input;
    assert_eq!((maps.step, maps.picture(), maps.pixels.len()), (3, (32, 34), 32 * 34));
    assert_eq!((maps.pixels[0], maps.pixels[1]), (255, 128));
}
