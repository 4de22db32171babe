//! Variants: the fast evaluator against rewriting and costing, fronts, searches, sweeps.

use convscope::cost::{NumberType, Settings, analyze};
use convscope::device::{Fitted, Int8Flash, Workload, by_id};
use convscope::explore::{Axis, Budget, Capacity, Evaluator, Metrics, Point, Search, Space, Varied, sweep};
use convscope::model::{Kind, Layer, Network, NodeId, Pair};
use convscope::rewrite::{HiddenLayers, PooledHead, Rewrite, apply};
use proptest::prelude::*;

use crate::device::networks::{mobilenet_v1, mobilenet_v2, resnet8, squeezenet};
use crate::random;
use crate::rewrite::seed;

/// By rewriting the network and costing it from nothing.
fn slow(space: &Space, choice: &[usize]) -> Option<Metrics> {
    let itself = analyze(&space.network, &Settings::default());
    if !itself.totals.completeness.is_exact() {
        return None;
    }
    let network = space.variant(choice);
    let report = analyze(&network, &Settings::default());
    let workload = Workload::of(&network, &report)?;
    let int8 = analyze(&network, &Settings { number_type: NumberType::Int8, ..Settings::default() });
    let memory = int8.memory?;
    Some(Metrics {
        params: report.totals.figures.params().0,
        macs: report.totals.figures.macs.0,
        flash: Int8Flash::of(&network, &report).bytes(),
        peak: memory.bytes(memory.peak_in_place.elements).0,
        written: report.totals.figures.output.0,
        workload,
    })
}

fn convolutions(network: &Network) -> Vec<NodeId> {
    network.nodes.iter().filter(|node| node.layer.kind() == Kind::Conv2d).map(|node| node.id).collect()
}

#[test]
fn channels_of_each_layer_too() {
    for network in [mobilenet_v1(0.25, 64, 10), resnet8(), squeezenet(64, 10)] {
        let varied = Varied { kernel: true, channels: true, ..Varied::default() };
        let space = Space::varied(&network, varied);
        let mut evaluator = Evaluator::new(&space);
        let whole = space.choice(space.len() - 1);
        assert!(evaluator.evaluate(&whole).is_some(), "{} {}", network.name, space.label(&whole));
        for place in 0..40 {
            let choice = space.choice(place * 7_919_u64.pow(2) % space.len());
            assert_eq!(evaluator.evaluate(&choice), slow(&space, &choice), "{} {}", network.name, space.label(&choice));
        }
    }
}

/// Every sort of axis.
fn wide_space(network: &Network) -> Space {
    let all = convolutions(network);
    let mut axes = vec![
        Axis::Resolution(vec![(9, 7), (16, 16), (5, 12)]),
        Axis::Width(vec![1.0, 0.5, 0.3]),
        Axis::Head(vec![
            None,
            Some(PooledHead { size: 1, hidden: HiddenLayers::Drop }),
            Some(PooledHead { size: 2, hidden: HiddenLayers::Keep }),
        ]),
        Axis::KernelSize { nodes: all.clone(), sizes: vec![Pair::square(3), Pair::square(1), Pair::new(2, 3)] },
    ];
    if let Some(&first) = all.first() {
        axes.push(Axis::Channels { node: first, counts: vec![2, 5] });
    }
    if let Some(last) = network.nodes.iter().rev().find(|node| node.layer.kind() == Kind::Linear) {
        axes.push(Axis::Channels { node: last.id, counts: vec![3, 8] });
    }
    axes.extend(all.iter().map(|&node| Axis::Separable { nodes: vec![node] }));
    Space::new(network, axes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// One evaluator through many variants in any order, against each costed from nothing.
    #[test]
    fn fast_is_slow(network in random::network(), picks in prop::collection::vec(any::<u64>(), 12)) {
        let space = wide_space(&network);
        let mut evaluator = Evaluator::new(&space);
        for pick in picks {
            let choice = space.choice(pick % space.len());
            prop_assert_eq!(evaluator.evaluate(&choice), slow(&space, &choice), "{}", space.label(&choice));
        }
    }

    #[test]
    fn fronts_hold_what_nothing_beats(network in random::network()) {
        let space = Space::usual(&network);
        let mut search = Search::new(space.clone(), Budget::default(), None, 300);
        while search.advance(37) {}
        let progress = search.progress();
        prop_assert_eq!(progress.done, progress.total);
        prop_assert_eq!(progress.within + progress.impossible, progress.done);
        let key = |metrics: &Metrics| [metrics.params, metrics.macs, metrics.peak];
        let front = search.front().candidates();
        for one in front {
            let choice = space.choice(one.index);
            prop_assert_eq!(Some(one.metrics), slow(&space, &choice));
            let beaten = front.iter().any(|other| {
                other.index != one.index
                    && key(&other.metrics).iter().zip(key(&one.metrics)).all(|(other, one)| *other <= one)
            });
            prop_assert!(!beaten);
        }
    }
}

#[test]
fn known_networks_too() {
    for network in [mobilenet_v1(0.5, 64, 10), mobilenet_v2(0.35, 64, 10), resnet8(), squeezenet(64, 10)] {
        let space = Space::usual(&network);
        let mut evaluator = Evaluator::new(&space);
        for index in (0..space.len()).step_by((space.len() as usize / 23).max(1)) {
            let choice = space.choice(index);
            let fast = evaluator.evaluate(&choice);
            assert!(fast.is_some(), "{} {}", network.name, space.label(&choice));
            assert_eq!(fast, slow(&space, &choice), "{} {}", network.name, space.label(&choice));
        }
    }
}

/// The seed's best: all separable, the head averaged.
#[test]
fn golden_search_of_the_seed() {
    let standard = seed("standard");
    let mut axes = Space::usual(&standard).axes;
    axes.retain(|axis| !matches!(axis, Axis::Width(_)));
    let space = Space::new(&standard, axes);
    let mut search = Search::new(space, Budget::default(), None, u64::MAX);
    while search.advance(1000) {}
    let least = search.front().candidates().iter().map(|candidate| candidate.metrics.params).min();
    assert_eq!(least, Some(364));
    assert_eq!(search.progress().impossible, 0);
}

/// Where width and resolution count, the widest and largest input stays on the front, in its cheapest form.
#[test]
fn golden_capacity_is_kept_where_it_counts() {
    let standard = seed("standard");
    let search = |capacity| {
        let mut search = Search::new(Space::usual(&standard), Budget::default(), None, u64::MAX).keeping(capacity);
        while search.advance(1000) {}
        search
    };
    let (free, kept) = (search(Capacity::Free), search(Capacity::Kept));
    let full = kept.space().capacity(&kept.space().choice(kept.space().len() - 1));
    assert_eq!(full, [1.0, 150.0]);
    let of_full = kept.front().candidates().iter().filter(|candidate| candidate.capacity == full);
    assert_eq!(of_full.map(|candidate| candidate.metrics.params).min(), Some(364));
    assert!(kept.front().candidates().len() > free.front().candidates().len());
    assert!(free.front().candidates().iter().all(|candidate| candidate.metrics.params < 364));
}

#[test]
fn budgets_are_kept() {
    let network = mobilenet_v1(1.0, 96, 2);
    let budget = Budget::of(by_id("nano-33-ble").expect("in the catalogue"));
    let fitted = Fitted::all().first();
    let budget = Budget { milliseconds: Some(60.0), ..budget };
    let mut search = Search::new(Space::usual(&network), budget, fitted, 2_000);
    while search.advance(500) {}
    let progress = search.progress();
    assert!(progress.within > 0 && progress.within < progress.done, "{progress:?}");
    for candidate in search.front().candidates() {
        assert!(candidate.metrics.flash <= 1 << 20);
        assert!(candidate.milliseconds.is_some_and(|time| time <= 60.0));
    }
}

/// A sample meets no variant twice, and its front stays small.
#[test]
fn many_variants_take_no_more_memory() {
    let standard = seed("standard");
    let counts: Vec<i64> = (1..=64).collect();
    let ids = convolutions(&standard);
    let mut axes: Vec<Axis> = ids.iter().map(|&node| Axis::Channels { node, counts: counts.clone() }).collect();
    axes.push(Axis::Width(vec![1.0]));
    let space = Space::new(&standard, axes);
    assert_eq!(space.len(), 64 * 64 * 64);
    let mut search = Search::new(space.clone(), Budget::default(), None, 20_000);
    while search.advance(1 << 12) {}
    assert!(search.front().candidates().len() <= 400);
    let mut seen: Vec<u64> = search.front().candidates().iter().map(|candidate| candidate.index).collect();
    seen.sort_unstable();
    let count = seen.len();
    seen.dedup();
    assert_eq!(seen.len(), count);
}

#[test]
fn golden_sweeps_mark_the_present() {
    let standard = seed("standard");
    let twin = apply(&standard, &Rewrite::Separable).network;
    let kernels = Axis::KernelSize { nodes: convolutions(&standard), sizes: (1..=5).map(Pair::square).collect() };
    let kernels = sweep(&standard, kernels, None);
    assert_eq!(kernels.present, Some(1));
    let present = &kernels.points[1];
    assert_eq!(present.standard.map(|metrics| metrics.params), Some(11_831));
    assert_eq!(present.separable.map(|metrics| metrics.params), Some(11_404));
    // An odd kernel keeps the map one pixel high, and then there is nothing left to pool.
    let runs: Vec<bool> = kernels.points.iter().map(|point| point.standard.is_some()).collect();
    assert_eq!(runs, [false, true, false, true, false]);
    for point in &kernels.points {
        assert!(point.standard.zip(point.separable).is_none_or(|(standard, separable)| separable.macs < standard.macs));
    }
    let widths = sweep(&standard, Axis::Width(vec![0.5, 1.0, 2.0]), Fitted::all().first());
    assert_eq!(widths.present, Some(1));
    assert_eq!(
        widths.points[1].separable.map(|metrics| metrics.written),
        Some(analyze(&twin, &Settings::default()).totals.figures.output.0)
    );
    assert!(widths.points.iter().all(|point| point.standard_milliseconds.is_some()));
    let fc1 = standard.nodes.iter().find(|node| matches!(node.layer, Layer::Linear(_))).expect("fc1").id;
    let features = sweep(&standard, Axis::Channels { node: fc1, counts: vec![8, 16, 36] }, None);
    assert_eq!(features.present, Some(2));
    let heads = sweep(&standard, Space::heads(&standard), None);
    let params = |point: &Point| (point.standard.map(|it| it.params), point.separable.map(|it| it.params));
    assert_eq!(heads.present, Some(0));
    assert_eq!(
        heads.points.iter().map(params).collect::<Vec<_>>()[..2],
        [(Some(11_831), Some(11_404)), (Some(791), Some(364))]
    );
    // One convolution full or separable: where all others are as they are, and where they are separable.
    let conv3 = convolutions(&standard)[2];
    let form = sweep(&standard, Axis::Separable { nodes: vec![conv3] }, None);
    assert_eq!(form.present, Some(0));
    assert_eq!(params(&form.points[1]), (Some(11_831 - 528 + 40 + 144), Some(11_404)));
    let heights = sweep(&standard, Axis::Resolution(vec![(1, 2), (1, 150)]), None);
    assert_eq!(heights.present, Some(1));
}

#[test]
fn ten_thousand_variants_over_every_axis_are_looked_at() {
    let standard = seed("standard");
    let varied = Varied { kernel: true, channels: true, ..Varied::default() };
    for (name, network) in [("seed", standard), ("MobileNetV1", mobilenet_v1(1.0, 224, 1000))] {
        let space = Space::varied(&network, varied);
        assert!(space.len() > 10_000, "{name}: {}", space.len());
        let mut search = Search::new(space, Budget::default(), Fitted::all().first(), 10_000);
        while search.advance(10_000) {}
        let progress = search.progress();
        assert_eq!((progress.done, progress.within + progress.impossible), (10_000, 10_000), "{name}");
        let candidates = search.front().candidates();
        assert!(!candidates.is_empty(), "{name}");
        for candidate in candidates {
            let variant = search.space().variant(&search.space().choice(candidate.index));
            let report = analyze(&variant, &Settings::default());
            let found = (report.totals.figures.params().0, report.totals.figures.macs.0);
            assert_eq!((candidate.metrics.params, candidate.metrics.macs), found, "{name} {}", candidate.index);
        }
    }
}
