//! Diagnosis, remedies, the ladder, PyTorch's own means.

use std::collections::BTreeSet;

use convscope::advice::{Costs, Finding, Rule, arsenal, diagnose, ladder};
use convscope::cost::{Settings, analyze};
use convscope::model::{
    AdaptiveAvgPool2d, AvgPool2d, BatchNorm2d, Channels, Conv2d, Dims, Flatten, Groups, Kind, Layer, Linear, MaxPool2d,
    Network, Padding, PaddingMode, Pair, ReLU, Unsupported,
};
use convscope::rewrite::{self, Effect, Rewrite};
use proptest::prelude::*;

use crate::device::networks::{autoencoder, mobilenet_v1, resnet8};
use crate::golden::{self, Failures};
use crate::random;
use crate::rewrite::seed;

fn findings(network: &Network) -> Vec<Finding> {
    diagnose(network, &analyze(network, &Settings::default()))
}

fn rules(network: &Network) -> BTreeSet<Rule> {
    findings(network).iter().map(|finding| finding.rule).collect()
}

fn finding(network: &Network, rule: Rule) -> Finding {
    let all = findings(network);
    all.into_iter().find(|finding| finding.rule == rule).unwrap_or_else(|| panic!("no {}", rule.id()))
}

fn chain(input: [u64; 3], layers: impl IntoIterator<Item = (&'static str, Layer)>) -> Network {
    let layers = layers.into_iter().map(|(name, layer)| (name.to_string(), layer));
    Network::chain("Chain", Dims::new(&input).expect("three sizes"), layers)
}

#[test]
fn golden_ladders_of_the_seed() {
    let (standard, separable) = (seed("standard"), seed("separable"));
    let totals = |network: &Network| {
        let ladder = ladder(network);
        let steps = ladder.steps.iter().map(|step| step.costs.params);
        std::iter::once(ladder.start.params).chain(steps).collect::<Vec<_>>()
    };
    assert_eq!(totals(&separable), [11404, 364, 323, 295]);
    assert_eq!(totals(&standard), [11831, 791, 364, 323, 295]);
    let steps = ladder(&standard).steps;
    let effects: Vec<Effect> = steps.iter().map(|step| step.effect).collect();
    assert_eq!(effects, [Effect::Retrain, Effect::Retrain, Effect::Exact, Effect::Exact]);
    assert_eq!(steps[3].costs.flash_bytes, 440);
}

#[test]
fn golden_diagnosis_of_the_seed() {
    let (standard, separable) = (seed("standard"), seed("separable"));
    let first = &findings(&standard)[0];
    assert_eq!(first.rule, Rule::DominantLinear);
    assert_eq!(
        first.message,
        "fc1 holds 10,980 of 11,831 parameters (92.8 %): flattening gives it 304 inputs, 16 channels x 19 pixels."
    );
    assert_eq!((first.remedies[0].after.params, first.remedies[0].saves_params()), (791, 11_040));
    assert!(first.remedies[0].warning().is_some());
    let expected = [
        Rule::DominantLinear,
        Rule::BiasBeforeNorm,
        Rule::UnfoldedNorm,
        Rule::CouldSeparate,
        Rule::GrowingMap,
        Rule::PaddedTaps,
        Rule::PoolAfterConvolution,
        Rule::NotInPlace,
    ];
    let found = rules(&standard);
    assert!(expected.iter().all(|rule| found.contains(rule)), "{found:?}");
    let found = rules(&separable);
    let expected = [Rule::DepthwiseBias, Rule::SeparableGain, Rule::MoreWritten];
    assert!(expected.iter().all(|rule| found.contains(rule)), "{found:?}");
    assert!(!found.contains(&Rule::CouldSeparate));
    let gain = finding(&separable, Rule::SeparableGain);
    let said =
        "depthwise1 and pointwise1 have 8 weights, a full convolution 16 (−50 %): there is but one input channel.";
    assert_eq!(gain.message, said);
    assert_eq!(gain.remedies[0].after.params, 11_831);
    let written = finding(&separable, Rule::MoreWritten);
    assert!(written.message.contains("for all its fewer MACs"), "{}", written.message);
    let biases = finding(&separable, Rule::BiasBeforeNorm);
    assert_eq!(biases.remedies[0].saves_params(), 28);
    assert_eq!(finding(&separable, Rule::DepthwiseBias).remedies[0].saves_params(), 13);
}

/// Each rule on a network made for it.
#[test]
fn every_rule_speaks() {
    let conv = |conv: Conv2d| Layer::from(conv);
    let plain = || Conv2d { padding: Padding::Explicit(Pair::square(1)), ..Conv2d::default() };
    let mut silent: BTreeSet<Rule> = Rule::ALL.iter().copied().collect();
    let mut hear = |network: &Network| {
        for rule in rules(network) {
            silent.remove(&rule);
        }
    };
    for which in ["standard", "separable"] {
        hear(&seed(which));
    }
    hear(&chain([1, 4, 4], [("conv", conv(Conv2d { kernel_size: Pair::square(9), ..plain() }))]));
    hear(&chain([1, 4, 4], [("odd", Unsupported { class: "Odd".to_string(), ..Unsupported::default() }.into())]));
    hear(&autoencoder_without_bottleneck());
    hear(&chain([2, 8, 8], [("conv", conv(Conv2d { padding_mode: PaddingMode::Reflect, ..plain() }))]));
    let same = Conv2d { padding: Padding::Same, kernel_size: Pair::square(4), ..plain() };
    hear(&chain([2, 8, 8], [("conv", conv(same))]));
    let pool = MaxPool2d {
        kernel_size: Pair::square(3),
        stride: Some(Pair::square(2)),
        ceil_mode: true,
        ..MaxPool2d::default()
    };
    hear(&chain([2, 8, 8], [("pool", pool.into())]));
    hear(&mobilenet_v1(0.25, 96, 2));
    let mut unused = chain([1, 4, 4], [("flatten", Flatten::default().into()), ("fc", Linear::default().into())]);
    unused.uncalled.push(convscope::model::UncalledModule {
        name: "aux".to_string(),
        layer: Linear::default().into(),
        declared: vec![100],
    });
    hear(&unused);
    assert!(silent.is_empty(), "never heard: {silent:?}");
}

/// Each rule beside a network that has all its outward signs, and not what it is about.
#[test]
fn every_rule_keeps_silent_where_it_does_not_apply() {
    let padded = |kernel: i64| Conv2d {
        out_channels: Channels::Count(8),
        kernel_size: Pair::square(kernel),
        padding: Padding::Explicit(Pair::square(kernel / 2)),
        ..Conv2d::default()
    };
    let depthwise = || Conv2d { out_channels: Channels::TimesInput(1), groups: Groups::InputChannels, ..padded(3) };
    let wide_depthwise = |bias: bool| Layer::from(Conv2d { bias, ..depthwise() });
    let bare = |conv: Conv2d| Layer::from(Conv2d { bias: false, ..conv });
    let pool = |kernel: i64, ceil_mode: bool| {
        Layer::from(MaxPool2d { kernel_size: Pair::square(kernel), ceil_mode, ..MaxPool2d::default() })
    };
    let linear = |out_features: i64| Layer::from(Linear { out_features, bias: true });
    let mean = || Layer::from(AdaptiveAvgPool2d::default());
    let flatten = || Layer::from(Flatten::default());
    let norm = || Layer::from(BatchNorm2d::default());
    let relu = || Layer::from(ReLU::default());
    let silent = |rule: Rule, input: [u64; 3], layers: Vec<Layer>| {
        let named: Vec<(String, Layer)> =
            layers.into_iter().enumerate().map(|(index, layer)| (format!("layer{index}"), layer)).collect();
        let network = Network::chain("Chain", Dims::new(&input).expect("three sizes"), named);
        let found = rules(&network);
        assert!(!found.contains(&rule), "{}", rule.id());
        rule
    };
    let mut asked: BTreeSet<Rule> = BTreeSet::new();
    asked.extend([
        silent(Rule::CannotRun, [1, 9, 9], vec![Conv2d { kernel_size: Pair::square(9), ..padded(3) }.into()]),
        silent(Rule::Unknown, [1, 9, 9], vec![padded(3).into()]),
        // Behind an average nothing is flattened that mattered; and half of the parameters are not most of them.
        silent(Rule::DominantLinear, [3, 9, 9], vec![padded(3).into(), mean(), flatten(), linear(100)]),
        silent(Rule::WideLinear, [16, 1, 1], vec![flatten(), linear(16), relu(), linear(16)]),
        silent(Rule::BiasBeforeNorm, [3, 9, 9], vec![bare(padded(3)), norm(), relu()]),
        silent(Rule::BiasBeforeNorm, [3, 9, 9], vec![padded(3).into(), relu(), norm()]),
        // With an activation between them the bias does something.
        silent(Rule::DepthwiseBias, [8, 9, 9], vec![wide_depthwise(true), relu(), padded(1).into()]),
        silent(Rule::DepthwiseBias, [8, 9, 9], vec![wide_depthwise(false), padded(1).into()]),
        silent(Rule::UnfoldedNorm, [3, 9, 9], vec![padded(3).into(), relu(), norm()]),
        silent(
            Rule::SeparableGain,
            [32, 9, 9],
            vec![depthwise().into(), Conv2d { out_channels: Channels::Count(64), ..padded(1) }.into()],
        ),
        silent(Rule::CouldSeparate, [8, 9, 9], vec![padded(1).into(), depthwise().into()]),
        silent(Rule::MoreWritten, [8, 9, 9], vec![padded(3).into(), padded(1).into()]),
        silent(
            Rule::GrowingMap,
            [8, 9, 9],
            vec![padded(3).into(), Conv2d { stride: Pair::square(2), ..padded(4) }.into()],
        ),
        silent(Rule::PaddedTaps, [8, 32, 32], vec![padded(3).into()]),
        silent(
            Rule::PoolAfterConvolution,
            [8, 9, 9],
            vec![Conv2d { stride: Pair::square(2), ..padded(3) }.into(), relu(), padded(3).into()],
        ),
        silent(Rule::EarlyPeak, [8, 8, 8], vec![padded(1).into(); 7]),
        silent(Rule::NotInPlace, [3, 9, 9], vec![padded(3).into(), padded(3).into()]),
        // The input is small beside what comes later.
        silent(Rule::FloatInput, [1, 9, 9], vec![padded(3).into(), padded(3).into()]),
        silent(
            Rule::PaddingCopy,
            [8, 9, 9],
            vec![Conv2d { padding_mode: PaddingMode::Reflect, padding: Padding::Valid, ..padded(3) }.into()],
        ),
        silent(Rule::SamePaddingCopy, [8, 9, 9], vec![Conv2d { padding: Padding::Same, ..padded(3) }.into()]),
        // The windows fit exactly.
        silent(Rule::CeilMode, [8, 9, 9], vec![pool(3, true)]),
        silent(Rule::CeilMode, [8, 9, 9], vec![pool(2, false)]),
        silent(Rule::NeverRun, [8, 9, 9], vec![padded(3).into()]),
        // There is nothing to prune.
        silent(Rule::UnstructuredPruning, [8, 9, 9], vec![relu(), pool(3, false)]),
    ]);
    assert_eq!(asked.len(), Rule::ALL.len(), "every rule was asked");
}

fn autoencoder_without_bottleneck() -> Network {
    let mut network = autoencoder();
    network.nodes.truncate(1);
    network
}

#[test]
fn what_does_not_apply_is_silent() {
    let layers = [
        ("conv", Conv2d { out_channels: Channels::Count(4), bias: false, ..Conv2d::default() }.into()),
        ("pool", AvgPool2d { kernel_size: Pair::square(6), ..AvgPool2d::default() }.into()),
    ];
    let found = rules(&chain([1, 8, 8], layers));
    let harmless = [Rule::EarlyPeak, Rule::FloatInput, Rule::UnstructuredPruning, Rule::PoolAfterConvolution];
    assert!(found.iter().all(|rule| harmless.contains(rule)), "{found:?}");
    let relu = chain([1, 8, 8], [("relu", ReLU::default().into())]);
    let found = rules(&relu);
    assert!(found.iter().all(|rule| *rule == Rule::FloatInput), "{found:?}");
    // A norm that learns from each batch cannot be folded.
    let norm = BatchNorm2d { track_running_stats: false, ..BatchNorm2d::default() };
    let layers = [("conv", Conv2d::default().into()), ("bn", norm.into())];
    assert!(!rules(&chain([1, 8, 8], layers)).contains(&Rule::UnfoldedNorm));
}

#[test]
fn golden_arsenal_of_the_seed() {
    let file = golden::read("transforms.json");
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = seed(which);
        let techniques = arsenal(&network, &analyze(&network, &Settings::default()));
        let of = |id: &str| techniques.iter().find(|technique| technique.id == id).expect("a technique");
        let bytes = &file["quantisation"][which]["formula_bytes"];
        failures.equal("dynamic", Some(of("dynamic-int8").bytes.after), bytes["dynamic_int8_linear"].as_u64());
        failures.equal("static", Some(of("static-int8").bytes.after), bytes["static_int8_fused_weights_only"].as_u64());
        failures.equal("before", Some(of("float16").bytes.before), bytes["float32_params"].as_u64());
        let pruned = &file["pruning_l1"][which]["per_layer_50"]["pruned"];
        let said = convscope::cost::units::grouped(pruned.as_u64().expect("a count"));
        let effect = &of("unstructured-pruning").effect;
        failures.check(effect.starts_with(&format!("{said} of ")), || format!("{which} {effect}: {said}"));
        assert!(techniques.iter().all(|technique| !technique.code.is_empty() && !technique.but.is_empty()));
    }
    failures.finish();
    let standard = seed("standard");
    let techniques = arsenal(&standard, &analyze(&standard, &Settings::default()));
    let fused = techniques.iter().find(|technique| technique.id == "static-int8").expect("a technique");
    assert!(
        fused.code.contains(r#"[["conv1", "bn1", "relu1"], ["conv2", "bn2", "relu2"], ["conv3", "bn3", "relu3"]]"#)
    );
}

#[test]
fn a_residual_network_is_advised_too() {
    let network = resnet8();
    let found = findings(&network);
    let fold = found.iter().find(|finding| finding.rule == Rule::UnfoldedNorm).expect("batch norms");
    // The published count is of the folded network.
    assert_eq!(fold.remedies[0].after.params, 77_706);
    let steps = ladder(&network).steps;
    assert!(!steps.is_empty() && steps.windows(2).all(|pair| pair[1].costs.params < pair[0].costs.params));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What a remedy says it saves is what applying it saves.
    #[test]
    fn remedies_save_what_they_say(network in random::network()) {
        let before = Costs::of(&network);
        for finding in findings(&network) {
            prop_assert!(finding.message.ends_with('.') || finding.rule == Rule::CannotRun, "{}", finding.message);
            prop_assert!(finding.nodes.iter().all(|&id| network.node(id).is_some()));
            prop_assert!(finding.weight.is_finite() && finding.weight > 0.0);
            for remedy in &finding.remedies {
                let after = rewrite::apply_all(&network, &remedy.rewrites).network;
                random::check_wiring(&after);
                prop_assert_eq!(Costs::of(&after), remedy.after);
                prop_assert_eq!(before, remedy.before);
                let saved = before.params as i64 - remedy.after.params as i64;
                prop_assert_eq!(remedy.saves_params(), saved);
                let exact = remedy.effect == Effect::Exact;
                prop_assert!(exact == remedy.warning().is_none());
            }
        }
    }

    /// Also of networks that cannot run, have sizes of one, or hold layers that nothing is known of.
    #[test]
    fn findings_read_as_one_writes_them(
        (network, at) in random::network().prop_flat_map(|network| (Just(network.clone()), 0..network.nodes.len())),
        fault in 0..4,
        parameters in prop_oneof![Just(None), Just(Some(7_i64))],
    ) {
        let mut network = network;
        match (&mut network.nodes[at].layer, fault) {
            (Layer::Conv2d(conv), 0) => conv.out_channels = Channels::Count(0),
            (Layer::Conv2d(conv), 1) => conv.kernel_size = Pair::square(99),
            (layer, 2) => *layer = Unsupported { class: "GRU".to_string(), parameters, ..Unsupported::default() }.into(),
            _ => {}
        }
        let report = analyze(&network, &Settings::default());
        let findings = diagnose(&network, &report);
        for finding in &findings {
            let titles = finding.remedies.iter().map(|remedy| &remedy.title);
            for text in std::iter::once(&finding.message).chain(titles) {
                for wrong in ["()", "( ", "  ", "NaN", "inf ", " 0 parameters", " 0 MACs in all", "−0.0 %"] {
                    prop_assert!(!text.contains(wrong), "{text:?} has {wrong:?}");
                }
                let words: Vec<&str> = text.split(' ').map(|word| word.trim_matches(['.', ',', ':', '(', ')'])).collect();
                let plural = |word: &str| {
                    ["parameters", "layers", "inputs", "outputs", "channels", "pixels", "features", "values", "weights"]
                        .contains(&word)
                };
                prop_assert!(!words.windows(2).any(|pair| pair[0] == "1" && plural(pair[1])), "{text:?}");
            }
        }
        if report.shapes.output().is_none() {
            prop_assert!(findings.iter().all(|finding| finding.rule <= Rule::Unknown && finding.remedies.is_empty()));
            prop_assert!(!findings.is_empty());
        }
        if !report.totals.completeness.is_exact() {
            prop_assert!(findings.iter().all(|finding| !finding.message.contains("of the MACs")));
        }
    }

    #[test]
    fn ladders_go_down(network in random::network()) {
        let ladder = ladder(&network);
        let mut above = ladder.start.params;
        for step in &ladder.steps {
            prop_assert!(step.costs.params < above);
            above = step.costs.params;
            let there = rewrite::apply_all(&network, &step.rewrites).network;
            prop_assert_eq!(Costs::of(&there), step.costs);
        }
    }
}

#[test]
fn a_remedy_leaves_the_original_as_it_is() {
    let standard = seed("standard");
    let copy = standard.clone();
    let all = findings(&standard);
    assert_eq!(standard, copy);
    // Undoing is going back to the network before: nothing of it was lost.
    let rewrites: Vec<&Vec<Rewrite>> =
        all.iter().flat_map(|finding| &finding.remedies).map(|remedy| &remedy.rewrites).collect();
    assert!(rewrites.len() >= 6);
    assert!(standard.nodes.iter().any(|node| node.layer.kind() == Kind::BatchNorm2d));
}

/// Networks whose numbers just fit 63 bits, or do not: whatever is said of them, it is said.
#[test]
fn the_largest_networks_are_judged() {
    let far = 1_i64 << 61;
    let conv = |kernel: i64, stride: i64, padding: i64| {
        Layer::from(Conv2d {
            out_channels: Channels::Count(2),
            kernel_size: Pair::square(kernel),
            stride: Pair::square(stride),
            padding: Padding::Explicit(Pair::square(padding)),
            ..Conv2d::default()
        })
    };
    let linear = |out_features| Layer::from(Linear { out_features, bias: true });
    let of = |kind: Kind| kind.layer();
    let reflected = Conv2d {
        padding_mode: PaddingMode::Circular,
        padding: Padding::Explicit(Pair::square(1 << 20)),
        ..Conv2d::default()
    };
    let pool = MaxPool2d { stride: Some(Pair::square(far)), ceil_mode: true, ..MaxPool2d::default() };
    for (input, layers) in [
        (&[4, 3, 3][..], vec![conv(1 << 33, far, 1 << 34), of(Kind::ReLU)]),
        (&[4, 1 << 20, 1 << 20], vec![reflected.into(), of(Kind::Flatten), linear(2)]),
        (&[4, 9, 9], vec![conv(2, far, 1), pool.into()]),
        (&[1, 1 << 30, 1 << 30], vec![of(Kind::Flatten), linear(4)]),
        (&[1 << 60], vec![linear(4)]),
        (&[4], vec![linear(1 << 60)]),
        (&[1 << 61, 1, 1], vec![of(Kind::BatchNorm2d), of(Kind::GroupNorm), of(Kind::ReLU)]),
        (&[1 << 31, 1 << 15, 1 << 15], vec![conv(1, 1, 0), of(Kind::BatchNorm2d), of(Kind::ReLU), of(Kind::MaxPool2d)]),
    ] {
        let network = Network::chain_of("Net", Dims::new(input).expect("few sizes"), layers);
        let report = analyze(&network, &Settings::default());
        for finding in diagnose(&network, &report) {
            assert!(finding.weight.is_finite() && !finding.message.is_empty());
        }
        for technique in arsenal(&network, &report) {
            assert!(technique.bytes.before >= report.totals.figures.params().0, "{}", technique.id);
        }
        let _ = ladder(&network);
    }
}

#[test]
fn one_layer_is_told_as_one() {
    let conv = Conv2d { out_channels: Channels::TimesInput(1), groups: Groups::InputChannels, ..Conv2d::default() };
    let pointwise = Conv2d { out_channels: Channels::Count(8), kernel_size: Pair::square(1), ..Conv2d::default() };
    let network = chain(
        [4, 16, 16],
        [("depthwise", Layer::from(conv)), ("pointwise", pointwise.into()), ("bn", BatchNorm2d::default().into())],
    );
    let written = finding(&network, Rule::MoreWritten).message;
    assert!(written.starts_with("The depthwise convolution writes 784 values of its own (+"), "{written}");
    let norm = finding(&network, Rule::UnfoldedNorm).message;
    assert!(norm.starts_with("bn can go into the layer before: "), "{norm}");
}

#[test]
fn nothing_is_found_in_no_layers() {
    assert!(findings(&chain([1, 8, 8], [])).is_empty());
}
