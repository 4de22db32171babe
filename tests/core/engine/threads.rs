//! However many threads share the work, and whoever of them comes late, the result is that of one, bit for bit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use convscope::engine::kernels::crew::{Crew, Cut, Shared, Signals};
use convscope::engine::{Numbers, Plan, PlanOptions, Seeding, WeightSource, seeded_input};
use convscope::model::{Dims, Network, presets};
use proptest::prelude::*;

use super::agreement::{layer, network};

/// Helpers that sleep look again by themselves.
const SIGNALS: Signals =
    Signals { wake: |_| {}, wait: || std::thread::sleep(Duration::from_millis(1)), call: || {}, lost: || {} };

/// What happens with a crew of so many threads that share whatever can be shared.
fn with_crew<T>(members: usize, run: impl FnOnce(Crew) -> T) -> T {
    let shared: &'static Shared = Box::leak(Box::new(Shared::new()));
    let has_ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for member in 1..members {
            let has_ended = &has_ended;
            scope.spawn(move || {
                while !has_ended.load(Ordering::Relaxed) {
                    shared.help(member);
                    std::thread::sleep(Duration::from_micros(20));
                }
            });
        }
        let result = catch_unwind(AssertUnwindSafe(|| run(Crew::new(shared, SIGNALS, members).eager())));
        has_ended.store(true, Ordering::Relaxed);
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn outputs(network: &Network, options: &PlanOptions, runs: usize) -> Option<Vec<Vec<u32>>> {
    let weights = WeightSource::Seeded(Seeding { gain: 6.0, ..Seeding::default() });
    let mut plan = Plan::new(network, &weights, options).ok()?;
    let input = seeded_input(7, 0, plan.input_mut().len(), 1.0);
    plan.set_input(&input).ok()?;
    let runs = (0..runs).map(|_| {
        plan.run();
        plan.output().iter().map(|value| value.to_bits()).collect()
    });
    Some(runs.collect())
}

fn assert_same(network: &Network, options: &PlanOptions, members: usize, runs: usize) -> Result<(), TestCaseError> {
    let Some(alone) = outputs(network, options, 1) else { return Ok(()) };
    let shared = with_crew(members, |crew| outputs(network, &PlanOptions { crew, ..*options }, runs));
    for output in shared.unwrap_or_default() {
        prop_assert_eq!(&output, &alone[0], "{} threads, {:?}", members, options);
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::cases(600))]

    #[test]
    fn threads_give_what_one_gives(
        input in prop::sample::select(vec![
            &[4, 4, 4][..], &[16, 2, 2], &[1, 8, 8], &[3, 6, 5], &[3, 24, 20], &[32, 9, 9], &[64], &[8, 8], &[2, 4, 4, 4],
        ]),
        steps in prop::collection::vec((layer(), 1_usize..=3), 1..12),
        batch in 1_u64..=3,
        fuse in any::<bool>(),
        int8 in any::<bool>(),
        members in 2_usize..=5,
    ) {
        let network = network(Dims::new(input).expect("few sizes"), steps, batch);
        let numbers = if int8 { Numbers::Int8 } else { Numbers::F32 };
        assert_same(&network, &PlanOptions { batch, fuse, numbers, ..PlanOptions::default() }, members, 2)?;
    }
}

#[test]
#[cfg_attr(miri, ignore = "large")]
fn known_networks_run_the_same_on_threads() -> Result<(), TestCaseError> {
    for id in [
        "seed_standard",
        "seed_separable",
        "mlperf_tiny_vww",
        "mlperf_tiny_ic",
        "squeezenet1_1",
        "mobilenet_v2",
        "resnet18",
    ] {
        let network = presets::find(id).expect("a preset").network();
        for numbers in [Numbers::F32, Numbers::Int8] {
            for members in [2, 3] {
                assert_same(&network, &PlanOptions { numbers, ..PlanOptions::default() }, members, 2)?;
            }
        }
    }
    Ok(())
}

#[test]
fn every_unit_is_done_once() {
    with_crew(4, |crew| {
        for units in [1, 2, 3, 7, 64, 1000] {
            let times: Vec<AtomicU32> = (0..units).map(|_| AtomicU32::new(0)).collect();
            crew.share(units, Cut { work: units, blocks: units }, &|range, member| {
                assert!(member < 4);
                times[range].iter().for_each(|times| _ = times.fetch_add(1, Ordering::Relaxed));
            });
            assert!(times.iter().all(|times| times.load(Ordering::Relaxed) == 1), "{units} units");
        }
    });
}

#[test]
fn little_work_is_not_shared() {
    let shared: &'static Shared = Box::leak(Box::new(Shared::new()));
    let parts = AtomicUsize::new(0);
    Crew::new(shared, SIGNALS, 4).share(1000, Cut { work: 100_000, blocks: 1000 }, &|range, member| {
        assert_eq!((range, member), (0..1000, 0));
        parts.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(parts.into_inner(), 1);
}

#[test]
fn a_crew_without_helpers_does_all_by_itself() {
    let shared: &'static Shared = Box::leak(Box::new(Shared::new()));
    let done = AtomicUsize::new(0);
    Crew::new(shared, SIGNALS, 4).eager().share(100, Cut { work: 100, blocks: 100 }, &|range, member| {
        assert_eq!(member, 0);
        done.fetch_add(range.len(), Ordering::Relaxed);
    });
    assert_eq!(done.into_inner(), 100);
}

/// In a browser the helper ends at once and says so by [`Shared::lose`]; the run then fails, and the worker with it.
#[test]
fn a_helper_that_ends_fails_the_run() {
    let failure = catch_unwind(|| {
        with_crew(2, |crew| {
            // Until the helper has had a part.
            for _ in 0..10_000 {
                crew.share(2, Cut { work: 2, blocks: 2 }, &|_, member| {
                    if member == 1 {
                        std::panic::resume_unwind(Box::new("a helper ends"));
                    }
                    std::thread::sleep(Duration::from_micros(200));
                });
            }
        });
    });
    let words = failure.expect_err("the helper ended");
    let words = words.downcast_ref::<String>().map(String::as_str).or(words.downcast_ref::<&str>().copied());
    let words = words.unwrap_or_default();
    assert!(words.contains("threads ended") || words.contains("scoped thread panicked"), "{words}");
}
