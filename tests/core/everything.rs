//! Everything that is derived of a workbench, for networks that nobody builds: many ways through a graph, many rows,
//! many twins, and numbers at the end of their range.
//!
//! The tests are built with overflow checks. What is not bounded here does not end.

use convscope::advice::{arsenal, diagnose, ladder};
use convscope::compare::{Side, compare};
use convscope::cost::{Convention, Figure, NumberType, Settings, analyze};
use convscope::device::{CATALOGUE, Fit, Fitted, Latency};
use convscope::engine::{EngineError, Kernels, Numbers, Plan, PlanOptions, Seeding, WeightSource};
use convscope::explore::{Axis, Budget, Capacity, Evaluator, Search, Space, Varied, sweep};
use convscope::lifetime::{Lifetimes, Reuse};
use convscope::model::{
    Channels, Conv2d, Dims, Groups, Inputs, Kind, Layer, Network, NodeId, Padding, Pair, Source, Value,
};
use convscope::report::Format;
use convscope::rewrite::{self, HiddenLayers, PooledHead, Rewrite};
use convscope::shape::infer;
use convscope::share_link::{decode, decode_design, encode};
use convscope::workbench::{Content, Design, MAX_ROWS, Workbench};
use proptest::prelude::*;

/// What the page shows of all designs, and what its workers compute but runs.
fn derive_all(workbench: &Workbench) {
    let resolved = workbench.resolve();
    for design in &resolved {
        derive(&design.network, workbench.settings.batch);
    }
    for pair in resolved.windows(2) {
        let reports = [0, 1].map(|side: usize| analyze(&pair[side].network, &Settings::default()));
        let side = |index: usize| Side {
            name: "side",
            network: &pair[index].network,
            report: &reports[index],
            origins: pair[index].twin_of.map(|_| pair[index].origins.as_slice()),
        };
        let comparison = compare(&side(0), &side(1));
        assert!(!comparison.headline().title.is_empty());
        charts(&pair[0].network, Some(&pair[1].network), &comparison.rows);
    }
    let (again, _) = decode(&encode(workbench));
    assert!(!again.designs.is_empty());
}

fn derive(network: &Network, batch: u64) {
    for &number_type in NumberType::ALL {
        let report = analyze(network, &Settings { number_type, batch, ..Settings::default() });
        for row in 0..network.nodes.len() {
            report.receptive_field(row).map(|field| (field.height.size(), field.width.offset()));
            if number_type == NumberType::Int8 {
                for &figure in Figure::ALL {
                    report.explain(network, row, figure).map(|formula| formula.to_string());
                }
            }
        }
        for &convention in Convention::ALL {
            convention.tally(network, &report).sentence();
        }
        report.torchinfo_output_bytes(network);
        for device in CATALOGUE {
            let _ = Latency::on(device, network, &report);
        }
    }
    for device in CATALOGUE {
        let _ = Fit::of(device, network);
    }
    let wiring = network.wiring();
    let shapes = infer(network, &wiring, batch);
    for reuse in [Reuse::OutOfPlace, Reuse::InPlace] {
        let lifetimes = Lifetimes::new(network, &wiring, &shapes, reuse);
        let _ = (lifetimes.live(), lifetimes.peak(), lifetimes.intervals(4));
    }
    let report = analyze(network, &Settings::default());
    for finding in diagnose(network, &report) {
        for remedy in finding.remedies {
            let _ = (remedy.saves_params(), remedy.saves_macs());
        }
    }
    let _ = (ladder(network), arsenal(network, &report));
    for &format in Format::ALL {
        assert!(!format.write(network, &report).is_empty());
    }
    explore(network);
}

fn explore(network: &Network) {
    let fitted = Fitted::reference();
    for axis in axes(network) {
        let points = sweep(network, axis, fitted).points;
        curves(network, &points);
    }
    let all = Varied { kernel: true, ..Varied::default() };
    for varied in [all, Varied { channels: true, ..all }] {
        let space = Space::varied(network, varied);
        let mut search = Search::new(space, Budget::of(&CATALOGUE[0]), fitted, 20).keeping(Capacity::Kept);
        while search.advance(7) {}
        assert!(search.progress().done <= 20);
        search.front().candidates().iter().for_each(|candidate| {
            search.space().label(&search.space().choice(candidate.index));
        });
    }
}

fn axes(network: &Network) -> Vec<Axis> {
    let varied = Varied { kernel: true, channels: true, ..Varied::default() };
    let mut axes = Space::varied(network, varied).axes;
    axes.truncate(8);
    axes.push(Axis::Width(vec![0.25, 1.0, 2.0]));
    axes
}

#[cfg(feature = "chart")]
fn curves(network: &Network, points: &[convscope::explore::Point]) {
    use convscope::chart::{Theme, curves_of_sweep};
    let sweep = convscope::explore::Sweep { points: points.to_vec(), present: Some(0) };
    let chart = curves_of_sweep(&network.name, &sweep, 0);
    chart.layout(480.0, &Theme::light());
    chart.table();
}

#[cfg(not(feature = "chart"))]
fn curves(_: &Network, _: &[convscope::explore::Point]) {}

#[cfg(feature = "chart")]
fn charts(left: &Network, right: Option<&Network>, rows: &[convscope::compare::AlignedRow]) {
    use convscope::chart::{ChartSide, Surface, Theme, macs_by_layer, memory_over_depth, params_by_layer};
    use plotters::prelude::{IntoDrawingArea, SVGBackend};
    let report = |network: &Network| analyze(network, &Settings::default());
    let (left_report, right_report) = (report(left), right.map(report));
    let left = ChartSide { name: "left", color: 0, network: left, report: &left_report };
    let right = right.zip(right_report.as_ref());
    let right = right.map(|(network, report)| ChartSide { name: "right", color: 1, network, report });
    let theme = &Theme::light();
    let surface = Surface { theme, density: 1.0, highlight: Some(0) };
    for chart in [params_by_layer(&left, right.as_ref(), rows), macs_by_layer(&left, right.as_ref(), rows)] {
        let chart = chart.shortened(40);
        let layout = chart.layout(320.0, theme);
        let mut text = String::new();
        let size = (layout.width as u32, layout.height as u32);
        chart.draw(&SVGBackend::with_string(&mut text, size).into_drawing_area(), &layout, &surface).expect("drawn");
        chart.hit(&layout, 160.0, 20.0);
        chart.table();
    }
    let chart = memory_over_depth(&left, right.as_ref(), rows, |memory| &memory.in_place);
    let layout = chart.layout(320.0, theme);
    let mut text = String::new();
    let size = (layout.width as u32, layout.height as u32);
    chart.draw(&SVGBackend::with_string(&mut text, size).into_drawing_area(), &layout, &surface).expect("drawn");
    chart.hit(&layout, 160.0, 20.0);
    assert_eq!(chart.table().rows.len(), rows.len());
}

#[cfg(not(feature = "chart"))]
fn charts(_: &Network, _: Option<&Network>, _: &[convscope::compare::AlignedRow]) {}

/// Every rewrite that names no node.
fn general_rewrites() -> Vec<Rewrite> {
    vec![
        Rewrite::Separable,
        Rewrite::FoldBatchNorm,
        Rewrite::DropRedundantBias,
        Rewrite::AbsorbDepthwiseBias,
        Rewrite::FoldDepthwise,
        Rewrite::PooledHead(PooledHead { size: 1, hidden: HiddenLayers::Drop }),
        Rewrite::Width { multiplier: 0.5 },
        Rewrite::Resolution { height: 16, width: 16 },
        Rewrite::PruneChannels { ratio: 0.5 },
    ]
}

/// A convolution and so many pairs of an activation and a sum of what it takes and gives: every pair doubles the ways
/// from the output to the input.
fn pairs(count: usize) -> Workbench {
    let (workbench, problems) = decode(&format!("v=1&a=1x8x8.c4k3p1{}", ".relu.add~1~2".repeat(count)));
    assert!(problems.is_empty());
    workbench
}

#[test]
fn many_ways_through_a_graph_are_gone_once() {
    for count in [40, 4_000] {
        let workbench = pairs(count);
        let network = &workbench.resolve()[0].network;
        assert_eq!(network.nodes.len(), 2 * count + 1);
        for rewrite in general_rewrites() {
            rewrite::apply(network, &rewrite);
        }
        assert!(!convscope::pytorch::export_module(network).is_empty());
        let _ = convscope::keras::export(network);
        derive_all(&workbench);
    }
}

#[test]
fn a_graph_of_many_ways_runs() {
    let network = &pairs(60).resolve()[0].network;
    let weights = WeightSource::Seeded(Seeding::default());
    for (kernels, numbers) in
        [(Kernels::Reference, Numbers::F32), (Kernels::Fast, Numbers::F32), (Kernels::Fast, Numbers::Int8)]
    {
        let options = PlanOptions { kernels, numbers, ..PlanOptions::default() };
        let mut plan = Plan::new(network, &weights, &options).expect("a plan");
        plan.run();
    }
    // Planning is what may go every way; so many sums run over 32-bit floats.
    let network = &pairs(4_000).resolve()[0].network;
    assert!(Plan::new(network, &weights, &PlanOptions::default()).is_ok());
}

#[test]
fn a_sum_of_many_tensors_is_read_once() {
    let convolutions = ".c1k1~IN".repeat(MAX_ROWS - 1);
    let taps: String = (1..MAX_ROWS).map(|up| format!("~{up}")).collect();
    let (workbench, problems) = decode(&format!("a=1x8x8{convolutions}.cat{taps}"));
    assert!(problems.is_empty());
    let network = &workbench.resolve()[0].network;
    let report = analyze(network, &Settings::default());
    assert_eq!(report.shapes.output().map(|dims| dims[1]), Some(MAX_ROWS as u64 - 1));
    diagnose(network, &report);
}

#[test]
fn a_chain_of_norms_before_a_squeezing_activation_is_planned() {
    let (network, problems) = decode_design(&format!("8x8x8.c8k3p1{}.tanh", ".bn".repeat(5_000)));
    assert!(problems.is_empty());
    let options = PlanOptions { fuse: false, ..PlanOptions::default() };
    assert!(Plan::new(&network, &WeightSource::Seeded(Seeding::default()), &options).is_ok());
}

#[test]
fn twins_of_many_rows_under_many_rewrites_are_made_in_one_pass_each() {
    let rewrites = ["nobias", "foldbn", "width0", "prune0"].repeat(16).join(".");
    let (workbench, problems) = decode(&format!("a=3x8x8{}&b={rewrites}", ".c4k3p1".repeat(MAX_ROWS / 2)));
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(workbench.resolve()[1].network.nodes.len(), MAX_ROWS / 2);
    let chosen: Vec<String> = (0..MAX_ROWS / 3).map(|row| row.to_string()).collect();
    let separable = format!("separable{}", chosen.join("x"));
    let (workbench, problems) = decode(&format!("a=3x8x8{}&b={separable}", ".c4k3p1".repeat(MAX_ROWS / 3)));
    assert!(problems.is_empty(), "{problems:?}");
    let (again, problems) = decode(&encode(&workbench));
    assert_eq!((again, problems), (workbench, Vec::new()));
}

#[test]
fn rows_of_twins_count_towards_the_rows_of_all_designs() {
    let network = ".c4k3p1".repeat(4_000);
    // The twin of 8,000 rows does not fit, nor what follows it; one of 4,000 does.
    let (workbench, problems) = decode(&format!("a=3x8x8{network}&b=separable&c=same~b&d=nobias&base=d"));
    let names: Vec<&str> = workbench.designs.iter().map(|design| design.name.as_str()).collect();
    assert_eq!(names, ["Standard", "Design 4"]);
    assert_eq!(workbench.baseline, 1);
    assert!(matches!(workbench.designs[1].content, Content::Twin { of: 0, .. }));
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "design b: \"separable\": with its rows all designs would have more than 10000; it is left out",
            "design c: \"same~b\": follows a design that is left out; it is left out, too",
        ]
    );
    // What grows with each rewrite is stopped on the way.
    let rewrites = (0..64).map(|_| "inverted0t2").collect::<Vec<_>>().join(".");
    let (workbench, _) = decode(&format!("a=4x8x8{}&b={rewrites}", ".c4k3p1_conv".repeat(1_000)));
    assert!(workbench.resolve().iter().map(|design| design.network.rows()).sum::<usize>() <= MAX_ROWS);
}

#[test]
fn many_rows_of_every_sort_are_derived() {
    let rows = [".c8k3p1.bn.relu.c8k1.max2s1p1_pool", ".c8k3p1.bn.relu.max2s1p1_pool.cX1k3p1gIN.c8k1b0.bn"];
    for block in rows {
        let count = 1_500 / block.matches('.').count();
        let (workbench, problems) = decode(&format!("a=3x9x9{}.flat.fc9&b=separable", block.repeat(count)));
        assert!(problems.is_empty(), "{problems:?}");
        derive_all(&workbench);
    }
}

#[test]
fn memory_is_counted_before_it_is_taken() {
    let plan = |text: &str, options: &PlanOptions| {
        let (network, problems) = decode_design(text);
        assert!(problems.is_empty(), "{problems:?}");
        let weights = WeightSource::Seeded(Seeding::default());
        Plan::new(&network, &weights, options).map(drop).expect_err(text)
    };
    let ways = [
        PlanOptions::default(),
        PlanOptions { fuse: false, ..PlanOptions::default() },
        PlanOptions { numbers: Numbers::Int8, ..PlanOptions::default() },
        PlanOptions { kernels: Kernels::Reference, ..PlanOptions::default() },
    ];
    for options in &ways {
        // A size of 2^32 is not 0.
        let error = plan("4.fc65536.fc65536.fc3", options);
        let expected = "fc2: its parameters would take 4295032832 values, more than the 536870912 that fit";
        assert_eq!(error.to_string(), expected);
        let error = plan("1x4x4.c70000k1.c70000k1.gap1.flat.fc10", options);
        assert!(error.to_string().contains("4900070000 values"), "{error}");
        let layers = format!("8192{}", ".fc8192".repeat(32));
        let error = plan(&layers, options);
        assert!(matches!(error, EngineError::Memory { weights: 8_590_983_168.., .. }), "{error}");
        // Eight tensors of 2^29 values that are all alive at the end.
        let error = plan(&format!("1x16384x32768{}.catdim2~1~2~3~4~5~6~7~8", ".relu~IN".repeat(8)), options);
        assert!(matches!(error, EngineError::TooLarge { .. } | EngineError::Memory { .. }), "{error}");
        let error = plan(&format!("1x16384x32768{}.add~1~8", ".relu".repeat(8)), options);
        assert!(matches!(error, EngineError::Memory { tensors: 4_294_967_296.., .. }), "{error}");
        // A border of zeros that would be larger than anything.
        let (network, _) = decode_design("1x1x1.c1k3p100000d100000");
        let wide = Plan::new(&network, &WeightSource::Seeded(Seeding::default()), options);
        assert_eq!(wide.map(|plan| plan.output_dims().to_vec()), Ok(vec![1, 1, 1, 1]));
        let error = plan("1x1x1.c1k3p4611686018427387904d4611686018427387904", options);
        assert!(matches!(error, EngineError::Window { .. }), "{error}");
        for batch in [0, 65_537, u64::MAX] {
            let error = plan("1x4x4.relu", &PlanOptions { batch, ..*options });
            assert_eq!(error.to_string(), format!("a batch has 1 to 65536 samples, not {batch}"));
        }
    }
    let error = plan(&format!("8192{}", ".fc8192".repeat(32)), &ways[0]).to_string();
    assert_eq!(
        error,
        "running this takes at least 17.18 GB of memory (17.18 GB of weights, 0.00 GB of tensors), more than the 4.29 GB that a browser gives"
    );
}

/// A size that is small, or near the end of what 32 or 64 bits hold.
fn extreme() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0_i64..9,
        1 => -3_i64..0,
        2 => (0_u32..63, -2_i64..3).prop_map(|(power, more)| (1_i64 << power).saturating_add(more)),
        1 => Just(i64::MAX),
        1 => Just(i64::MAX - 1),
        1 => Just(i64::MIN),
        1 => Just(i64::from(u32::MAX)),
    ]
}

fn extreme_value() -> impl Strategy<Value = Value> {
    let words = ["same", "valid", "in_channels", "x1", "x2", "reflect", "replicate", "circular", "bilinear", "tanh"];
    prop_oneof![
        6 => extreme().prop_map(Value::Int),
        2 => (extreme(), extreme()).prop_map(|(one, other)| Value::List(vec![Value::Int(one), Value::Int(other)])),
        1 => prop::collection::vec(extreme().prop_map(Value::Int), 1..6).prop_map(Value::List),
        1 => proptest::sample::select(words.to_vec()).prop_map(|word| Value::Text(word.to_string())),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => prop_oneof![Just(1e300), Just(-1e300), Just(1e-300), Just(0.5), Just(3.0)].prop_map(Value::Float),
        1 => Just(Value::None),
    ]
}

fn extreme_layer() -> impl Strategy<Value = Layer> {
    let kinds = [
        Kind::Conv2d,
        Kind::ConvTranspose2d,
        Kind::Linear,
        Kind::MaxPool2d,
        Kind::AvgPool2d,
        Kind::AdaptiveAvgPool2d,
        Kind::AdaptiveMaxPool2d,
        Kind::Upsample,
        Kind::PixelShuffle,
        Kind::PixelUnshuffle,
        Kind::Flatten,
    ];
    let kind = prop_oneof![proptest::sample::select(kinds.to_vec()), proptest::sample::select(Kind::ALL)];
    kind.prop_flat_map(|kind| {
        let settings = kind.arguments().iter().map(|&name| {
            // Most arguments stay as they are, so that some of these layers can take their input.
            (Just(name), prop::option::weighted(0.3, prop::collection::vec(extreme_value(), 1..6)))
        });
        settings.collect::<Vec<_>>().prop_map(move |settings| {
            let mut layer = kind.layer();
            for (name, values) in settings {
                let _ = values.into_iter().flatten().any(|value| layer.set_argument(name, &value).is_ok());
            }
            layer
        })
    })
}

fn extreme_network() -> impl Strategy<Value = Network> {
    let size = || prop_oneof![3 => 1_u64..9, 2 => 1_u64..300, 1 => (0_u32..64).prop_map(|power| 1 << power), 1 => Just(u64::MAX / 2), 1 => Just(u64::MAX)];
    let dims = prop_oneof![
        4 => [size(), size(), size()].prop_map(|sizes| Dims::new(&sizes).expect("three sizes")),
        1 => prop::collection::vec(size(), 1..6).prop_map(|sizes| Dims::new(&sizes).expect("few sizes")),
    ];
    let inputs = prop_oneof![
        5 => Just(Inputs::Above),
        1 => prop::collection::vec((0_u32..6).prop_map(|id| Source::Node(NodeId(id))), 1..3).prop_map(Inputs::From),
    ];
    (dims, prop::collection::vec((extreme_layer(), inputs), 1..7)).prop_map(|(dims, layers)| {
        let (layers, inputs): (Vec<_>, Vec<_>) = layers.into_iter().unzip();
        let mut network = Network::chain_of("Net", dims, layers);
        for (node, inputs) in network.nodes.iter_mut().zip(inputs) {
            node.inputs = inputs;
        }
        network
    })
}

fn extreme_rewrite() -> impl Strategy<Value = Rewrite> {
    let node = || (0_u32..6).prop_map(NodeId);
    prop_oneof![
        proptest::sample::select(general_rewrites()),
        (node(), extreme()).prop_map(|(node, rank)| Rewrite::LowRank { node, rank }),
        (node(), extreme()).prop_map(|(node, width)| Rewrite::Bottleneck { node, width }),
        (node(), extreme()).prop_map(|(node, groups)| Rewrite::Grouped { nodes: vec![node], groups }),
        (node(), extreme()).prop_map(|(node, expansion)| Rewrite::InvertedResidual { node, expansion }),
        (any::<u64>(), any::<u64>()).prop_map(|(height, width)| Rewrite::Resolution { height, width }),
        node().prop_map(|pool| Rewrite::StrideForPool { pools: vec![pool] }),
        (node(), extreme(), extreme()).prop_map(|(node, height, width)| Rewrite::KernelSize {
            nodes: vec![node],
            size: Pair::new(height, width)
        }),
        (node(), extreme()).prop_map(|(node, count)| Rewrite::Channels { node, count }),
        prop_oneof![Just(1e300), Just(-1.0), Just(0.0)].prop_map(|multiplier| Rewrite::Width { multiplier }),
        prop_oneof![Just(1e300), Just(-1.0), Just(1.0)].prop_map(|ratio| Rewrite::PruneChannels { ratio }),
        (extreme()).prop_map(|size| Rewrite::PooledHead(PooledHead { size, hidden: HiddenLayers::Keep })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn numbers_at_the_end_of_their_range_never_wrap(
        network in extreme_network(),
        rewrite in extreme_rewrite(),
        batch in prop_oneof![4 => Just(1), 1 => 1_u64..300, 1 => Just(u64::MAX)],
    ) {
        let mut workbench = Workbench::default();
        workbench.settings.batch = batch;
        workbench.designs = vec![
            Design::new("Standard".to_string(), Content::Network(network.into())),
            Design::new("Twin".to_string(), Content::Twin { of: 0, rewrites: vec![rewrite] }),
        ];
        derive_all(&workbench);
    }

    #[test]
    fn what_is_too_large_to_run_is_refused(network in extreme_network(), batch in prop_oneof![4 => Just(1), 1 => Just(3)]) {
        let report = analyze(&network, &Settings { batch, ..Settings::default() });
        // What fits is left to other tests: here it would but take time.
        let small = report.memory.as_ref().is_some_and(|memory| memory.peak_in_place.elements < 1 << 16)
            && report.totals.figures.macs.0 < 1 << 24 && report.totals.figures.params().0 < 1 << 20;
        let large = report.memory.as_ref().is_none_or(|memory| memory.peak_out_of_place.elements > 1 << 31)
            || report.totals.figures.params().0 > 1 << 30;
        if small || large {
            for numbers in [Numbers::F32, Numbers::Int8] {
                let options = PlanOptions { numbers, batch, ..PlanOptions::default() };
                let plan = Plan::new(&network, &WeightSource::Seeded(Seeding::default()), &options);
                prop_assert!(small || plan.is_err());
            }
        }
    }
}

/// More with `EXTREME_CASES`.
fn cases() -> u32 {
    std::env::var("EXTREME_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

#[test]
fn sizes_that_were_wrong_are_right() {
    let layer = |layer: Layer, dims: &[u64]| convscope::shape::output(&layer, &[Dims::new(dims).expect("few sizes")]);
    // Neither an input nor an output has more elements than 63 bits count, or none.
    assert!(layer(Kind::ReLU.layer(), &[1, u64::MAX, 1, 1]).is_err());
    assert!(layer(Kind::ReLU.layer(), &[1, 0, 4, 4]).is_err());
    let conv = Conv2d {
        out_channels: Channels::Count(1),
        kernel_size: Pair::square(i64::MAX),
        padding: Padding::Explicit(Pair::square(i64::MAX)),
        groups: Groups::Count(1),
        ..Conv2d::default()
    };
    assert!(layer(conv.into(), &[1, 1, 1 << 31, 1 << 31]).is_err());
    let (network, _) = decode_design("11x4x1.ct8k2p5op1d8.relu.fc3");
    let shapes = infer(&network, &network.wiring(), 1);
    assert!(
        matches!(&shapes.nodes[0], convscope::shape::NodeShape::Failed(error) if error.to_string().contains("Output size is too small"))
    );
    // A search of resolutions whose hundredfold does not fit 64 bits.
    let network = Network::chain_of("Net", Dims::new(&[1, 1 << 60, 1]).expect("three sizes"), [Kind::ReLU.layer()]);
    let space = Space::usual(&network);
    let Some(Axis::Resolution(sizes)) = space.axes.iter().find(|axis| matches!(axis, Axis::Resolution(_))) else {
        panic!("no resolutions in {:?}", space.axes)
    };
    assert_eq!(sizes.iter().map(|&(height, _)| height).max(), Some(1 << 60));
    assert!(Evaluator::new(&space).evaluate(&vec![0; space.axes.len()]).is_some());
}
