//! Two designs side by side: aligned rows, attribution, headlines.

use convscope::compare::{self, Comparison, Part, Side, headline_of_one, percent};
use convscope::cost::{self, Report, Settings};
use convscope::model::{
    BatchNorm2d, Channels, Conv2d, Dims, Flatten, Kind, Layer, Linear, Network, NodeId, Pair, ReLU, Unsupported,
};
use convscope::rewrite::{HiddenLayers, PooledHead, Rewrite, apply};
use proptest::prelude::*;

use crate::random;
use crate::rewrite::seed;

fn report(network: &Network) -> Report {
    cost::analyze(network, &Settings::default())
}

fn compare(left: &Network, right: &Network, origins: Option<&[NodeId]>) -> Comparison {
    let (left_report, right_report) = (report(left), report(right));
    compare::compare(
        &Side { name: "Standard", network: left, report: &left_report, origins: None },
        &Side { name: "Separable", network: right, report: &right_report, origins },
    )
}

fn with_twin(network: &Network, rewrite: &Rewrite) -> Comparison {
    let twin = apply(network, rewrite);
    compare(network, &twin.network, Some(&twin.origins))
}

fn pairs(comparison: &Comparison) -> Vec<(Vec<usize>, Vec<usize>)> {
    comparison.rows.iter().map(|row| (row.left.clone(), row.right.clone())).collect()
}

#[test]
fn golden_headline_of_the_seed() {
    let standard = seed("standard");
    let comparison = with_twin(&standard, &Rewrite::Separable);
    let headline = comparison.headline();
    assert_eq!(headline.title, "Almost the same size: fc1 alone holds 96 % of the parameters.");
    assert_eq!(
        headline.text,
        "The convolutions shrink from 684 to 257 parameters (−62 %), but fc1 holds 10,980 of 11,404 (96.3 %). \
         It computes with 33,244 MACs instead of 75,276 (−56 %). \
         But its layers write 13,533 values instead of 11,999 (+13 %), so the speed-up will be smaller than the MACs suggest, perhaps none."
    );
    let convolutions = &comparison.groups[0];
    assert_eq!(convolutions.part, Part::Convolutions);
    assert_eq!((convolutions.left.params, convolutions.right.params), (684, 257));
}

#[test]
fn golden_a_convolution_stands_beside_its_two_parts() {
    let (standard, separable) = (seed("standard"), seed("separable"));
    let twin = with_twin(&standard, &Rewrite::Separable);
    assert_eq!(pairs(&twin)[..3], [(vec![0], vec![0, 1]), (vec![1], vec![2]), (vec![2], vec![3])]);
    // Two designs that nobody derived from one another align the same way.
    assert_eq!(compare(&standard, &separable, None).rows, twin.rows);
    // Nor do they part when one of the parts is edited.
    let mut edited = apply(&standard, &Rewrite::Separable).network;
    let Layer::Conv2d(pointwise) = &mut edited.nodes[1].layer else { panic!("pointwise1") };
    pointwise.out_channels = Channels::Count(5);
    assert_eq!(compare(&standard, &edited, None).rows, twin.rows);
    let mirrored = compare(&separable, &standard, None);
    let swapped: Vec<_> = pairs(&mirrored).into_iter().map(|(left, right)| (right, left)).collect();
    assert_eq!(swapped, pairs(&twin));
}

#[test]
fn headlines_of_every_case() {
    let standard = seed("standard");
    let title = |comparison: &Comparison| comparison.headline().title;
    let pooled = Rewrite::PooledHead(PooledHead { size: 1, hidden: HiddenLayers::Drop });
    let smaller = with_twin(&standard, &pooled);
    assert_eq!(title(&smaller), "Separable has 15 times fewer parameters.");
    assert_eq!(
        smaller.headline().text,
        "11,831 parameters become 791: the Linear layers shrink from 11,091 to 51 parameters (−99.5 %). Now conv3 \
         holds 528 of 791 (66.8 %). It computes with 64,272 MACs instead of 75,276 (−15 %)."
    );
    let larger = with_twin(&standard, &Rewrite::Width { multiplier: 3.0 });
    assert_eq!(title(&larger), "Separable has 8.9 times the parameters.");
    let same = with_twin(&standard, &Rewrite::Width { multiplier: 1.0 });
    assert_eq!(title(&same), "Standard and Separable are the same network.");
    assert!(same.headline().text.contains("fc1 holds 10,980 of 11,831 (92.8 %)"));
    assert!(!same.headline().text.contains("No convolution"));
    let resolution = with_twin(&standard, &Rewrite::Resolution { height: 1, width: 146 });
    assert_eq!(title(&resolution), "Different inputs: 1x1x150 and 1x1x146 do not compare.");
    let text = resolution.headline().text;
    assert!(text.starts_with("Standard has 11,831 parameters, and 75,276 MACs on 1x1x150."), "{text}");
    assert!(!text.contains('%'), "nothing is compared: {text}");
}

#[test]
fn headlines_of_what_cannot_run() {
    let standard = seed("standard");
    let mut broken = standard.clone();
    let Layer::Conv2d(conv) = &mut broken.nodes[0].layer else { panic!("conv1") };
    conv.kernel_size = Pair::square(500);
    let one = compare(&standard, &broken, None).headline();
    assert_eq!(one.title, "Separable cannot run yet.");
    assert!(
        one.text.starts_with("conv1 in Separable: ")
            && one.text.ends_with("Standard has 11,831 parameters and 75,276 MACs.")
    );
    let both = with_twin(&broken, &Rewrite::Separable).headline();
    assert_eq!(both.title, "Neither design can run yet.");
}

#[test]
fn headlines_without_convolutions_or_parameters() {
    let input = Dims::new(&[1, 4, 4]).expect("three sizes");
    let relu = Network::chain("None", input, [("relu".to_string(), ReLU::default().into())]);
    let none = with_twin(&relu, &Rewrite::Separable).headline();
    assert_eq!(none.title, "Standard and Separable are the same network.");
    assert!(none.text.contains("No convolution here can be separated"), "{}", none.text);
    let layers =
        [("flatten".to_string(), Layer::from(Flatten::default())), ("fc".to_string(), Linear::default().into())];
    let head = Network::chain("Head", input, layers);
    assert_eq!(compare(&relu, &head, None).headline().title, "Only Separable has parameters.");
    assert_eq!(compare(&head, &relu, None).headline().title, "Only Standard has parameters.");
    let conv = Conv2d { out_channels: Channels::Count(1), ..Conv2d::default() };
    let conv = Network::chain("Conv", input, [("conv".to_string(), conv.into())]);
    assert_eq!(compare(&conv, &head, None).headline().title, "Separable has 17 times the parameters.");
    let empty = Network::chain("Empty", input, []);
    assert_eq!(compare(&empty, &empty, None).headline().title, "Standard and Separable are the same network.");
    assert_eq!(compare(&relu, &empty, None).headline().title, "Neither design has parameters.");
}

#[test]
fn headlines_where_other_layers_hold_as_many_parameters() {
    let input = Dims::new(&[4, 8, 8]).expect("three sizes");
    let norm = Network::chain("Norm", input, [("bn".to_string(), BatchNorm2d::default().into())]);
    let conv =
        Conv2d { out_channels: Channels::Count(2), kernel_size: Pair::square(1), bias: false, ..Conv2d::default() };
    let conv = Network::chain("Conv", input, [("conv".to_string(), conv.into())]);
    let headline = compare(&norm, &conv, None).headline();
    assert_eq!(headline.title, "The same number of parameters, but only Separable has MACs.");
    assert_eq!(
        headline.text,
        "Both have 8 parameters, but the norms shrink from 8 to 0 parameters (−100 %), and the convolutions grow from \
         0 to 8 parameters. It takes 512 MACs instead of none."
    );
    let mirrored = compare(&conv, &norm, None).headline();
    assert_eq!(mirrored.title, "The same number of parameters, −100 % MACs.");
    assert!(mirrored.text.contains("It computes with 0 MACs instead of 512 (−100 %)."), "{}", mirrored.text);
}

#[test]
fn headlines_where_layers_are_not_known() {
    let input = Dims::new(&[1, 8, 8]).expect("three sizes");
    let network = |parameters| {
        let conv = Conv2d { out_channels: Channels::Count(4), ..Conv2d::default() };
        let unknown = Unsupported { class: "GRU".to_string(), parameters, ..Unsupported::default() };
        let layers = [
            ("wide".to_string(), Layer::from(conv.clone())),
            ("conv".to_string(), conv.into()),
            ("gru".to_string(), unknown.into()),
        ];
        Network::chain("Net", input, layers)
    };
    let told = with_twin(&network(Some(1_000_000)), &Rewrite::Separable).headline();
    assert_eq!(told.title, "Almost the same size: gru alone holds more than 99.9 % of the parameters.");
    assert!(told.text.contains("gru holds 1,000,000 of 1,000,"), "{}", told.text);
    assert!(told.text.contains("The MACs of gru are not known. The other layers compute with"), "{}", told.text);
    assert!(!told.text.contains("But its layers write"), "{}", told.text);
    // Of a sum that lacks parameters no share or ratio is told.
    let open = with_twin(&network(None), &Rewrite::Separable).headline();
    assert_eq!(open.title, "Only a part of these networks can be counted.");
    assert!(open.text.starts_with("The cost of gru is not known. Standard has at least "), "{}", open.text);
    assert!(!open.text.contains('%'), "{}", open.text);
    let same = with_twin(&network(None), &Rewrite::Width { multiplier: 1.0 }).headline();
    assert!(same.text.contains("at least") && !same.text.contains("holds"), "{}", same.text);
    // Nor is what is not known called the same.
    for parameters in [None, Some(1_000)] {
        let same = with_twin(&network(parameters), &Rewrite::Width { multiplier: 1.0 }).headline();
        assert!(!same.title.contains("the same network"), "{}", same.title);
    }
}

#[test]
fn headlines_of_one_design() {
    let standard = seed("standard");
    let alone = |network: &Network| {
        let report = report(network);
        headline_of_one(&Side { name: "Net", network, report: &report, origins: None })
    };
    assert_eq!(alone(&standard).title, "The classifier is the model.");
    assert_eq!(
        alone(&standard).text,
        "Net has 11,831 parameters and 75,276 MACs. fc1 holds 10,980 of 11,831 (92.8 %)."
    );
    let mut broken = standard.clone();
    let Layer::Conv2d(conv) = &mut broken.nodes[0].layer else { panic!("conv1") };
    conv.kernel_size = Pair::square(500);
    assert_eq!(alone(&broken).title, "Net cannot run yet.");
    assert!(alone(&broken).text.starts_with("conv1: "));
}

#[test]
fn a_change_is_never_told_as_none() {
    assert_eq!(percent(10_000, 9_999).as_deref(), Some("−0.01 %"));
    assert_eq!(percent(100, 100).as_deref(), Some("+0.0 %"));
    assert_eq!(percent(100, 38).as_deref(), Some("−62 %"));
    assert_eq!(percent(10_000, 1).as_deref(), Some("−99.99 %"));
}

/// Every row stands exactly once on its side, in order.
fn check_rows(comparison: &Comparison, left: &Network, right: &Network) {
    let column = |side: fn(&compare::AlignedRow) -> &Vec<usize>| -> Vec<usize> {
        comparison.rows.iter().flat_map(|row| side(row).clone()).collect()
    };
    assert_eq!(column(|row| &row.left), (0..left.nodes.len()).collect::<Vec<_>>());
    assert_eq!(column(|row| &row.right), (0..right.nodes.len()).collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn rows_stand_once_and_in_order(left in random::network(), right in random::network()) {
        let comparison = compare(&left, &right, None);
        check_rows(&comparison, &left, &right);
        let headline = comparison.headline();
        prop_assert!(headline.title.ends_with('.') && headline.text.ends_with('.'), "{:?}", headline);
        prop_assert!(!headline.title.contains("NaN") && !headline.text.contains("inf"), "{:?}", headline);
        let twin = apply(&left, &Rewrite::Separable);
        check_rows(&compare(&left, &twin.network, Some(&twin.origins)), &left, &twin.network);
        let itself = compare(&left, &left, None);
        prop_assert!(itself.same && itself.rows.iter().all(|row| row.left == row.right));
    }

    /// The groups add up to the totals.
    #[test]
    fn groups_add_up(left in random::network(), right in random::network()) {
        let comparison = compare(&left, &right, None);
        let sum: u64 = comparison.groups.iter().map(|group| group.right.params).sum();
        prop_assert_eq!(sum, comparison.right.params);
        let sum: u64 = comparison.groups.iter().map(|group| group.left.macs).sum();
        prop_assert_eq!(sum, comparison.left.macs);
        prop_assert!(comparison.groups.iter().all(|group| group.left.layers + group.right.layers > 0));
    }
}

#[test]
fn removed_rows_leave_a_gap() {
    let standard = seed("standard");
    let folded = with_twin(&standard, &Rewrite::FoldBatchNorm);
    let bn1 = standard.nodes.iter().position(|node| node.layer.kind() == Kind::BatchNorm2d).expect("bn1");
    assert_eq!(pairs(&folded)[bn1], (vec![bn1], Vec::new()));
}
