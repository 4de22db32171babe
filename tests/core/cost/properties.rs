//! What holds for every network.

use convscope::cost::{Convention, CostError, Figure, NumberType, RowState, Settings, analyze};
use convscope::lifetime::arena::{self, Interval};
use convscope::model::presets;
use convscope::model::{Channels, Conv2d, Dims, Layer, Network, Padding, Pair};
use proptest::prelude::*;

use crate::random;

fn settings(batch: u64) -> Settings {
    Settings { batch, ..Settings::default() }
}

/// Every tensor at the lowest place where it meets none of those before it, by looking at all of them.
fn plan_slowly(tensors: &[Interval], alignment: u64) -> Vec<u64> {
    let size = |index: usize| tensors[index].size.next_multiple_of(alignment);
    let mut order: Vec<usize> = (0..tensors.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(size(index)));
    let mut offsets = vec![None; tensors.len()];
    for &index in &order {
        let met: Vec<(u64, u64)> = (0..tensors.len())
            .filter(|&other| tensors[other].overlaps(&tensors[index]))
            .filter_map(|other| offsets[other].map(|offset| (offset, offset + size(other))))
            .collect();
        let mut places: Vec<u64> = met.iter().map(|&(_, end)| end).collect();
        places.push(0);
        places.sort_unstable();
        let fits = |place: &u64| met.iter().all(|&(start, end)| place + size(index) <= start || end <= *place);
        offsets[index] = places.into_iter().find(fits);
    }
    offsets.into_iter().map(|offset| offset.expect("a place")).collect()
}

fn intervals() -> impl Strategy<Value = Vec<Interval>> {
    let interval = (0_u64..200, 0_u32..40, 0_u32..12).prop_map(|(size, first, length)| Interval {
        size,
        first,
        last: first + length,
    });
    prop::collection::vec(interval, 0..60)
}

proptest! {
    #[test]
    fn tensors_that_live_together_never_overlap(tensors in intervals(), alignment in prop_oneof![Just(1_u64), Just(16), Just(64)]) {
        let arena = arena::plan(&tensors, alignment).expect("a plan");
        prop_assert_eq!(&arena.offsets, &plan_slowly(&tensors, alignment));
        for (one, first) in tensors.iter().enumerate() {
            prop_assert_eq!(arena.offsets[one] % alignment, 0);
            prop_assert!(arena.offsets[one] + first.size <= arena.total);
            for (other, second) in tensors.iter().enumerate().skip(one + 1) {
                let apart = arena.offsets[one] + first.size <= arena.offsets[other]
                    || arena.offsets[other] + second.size <= arena.offsets[one];
                prop_assert!(apart || !first.overlaps(second) || first.size == 0 || second.size == 0);
            }
        }
    }

    #[test]
    fn counts_grow_with_the_batch_and_parameters_do_not(network in random::network(), batch in 2_u64..6) {
        let (one, many) = (analyze(&network, &settings(1)), analyze(&network, &settings(batch)));
        prop_assert_eq!(one.totals.completeness, many.totals.completeness);
        let (one_figures, many_figures) = (&one.totals.figures, &many.totals.figures);
        prop_assert_eq!(one_figures.params(), many_figures.params());
        prop_assert_eq!(one_figures.buffers, many_figures.buffers);
        prop_assert_eq!(one_figures.weight_bytes, many_figures.weight_bytes);
        prop_assert_eq!(one_figures.macs.0 * batch, many_figures.macs.0);
        prop_assert_eq!(one_figures.flops.0 * batch, many_figures.flops.0);
        prop_assert_eq!(one_figures.output.0 * batch, many_figures.output.0);
        prop_assert_eq!(one_figures.operations.comparisons.0 * batch, many_figures.operations.comparisons.0);
        let (one, many) = (one.memory.expect("memory"), many.memory.expect("memory"));
        prop_assert_eq!(one.sum_of_outputs.0 * batch, many.sum_of_outputs.0);
        prop_assert_eq!(one.peak_out_of_place.elements * batch, many.peak_out_of_place.elements);
        prop_assert_eq!(one.peak_in_place.elements * batch, many.peak_in_place.elements);
    }

    #[test]
    fn totals_are_the_sum_of_the_rows(network in random::network()) {
        let report = analyze(&network, &settings(1));
        let sum = |figure: &dyn Fn(usize) -> u64| (0..report.rows.len()).map(figure).sum::<u64>();
        prop_assert_eq!(sum(&|row| report.rows[row].figures.macs.0), report.totals.figures.macs.0);
        prop_assert_eq!(sum(&|row| report.rows[row].figures.params().0), report.totals.figures.params().0);
        prop_assert_eq!(sum(&|row| report.rows[row].figures.weight_bytes.0), report.totals.figures.weight_bytes.0);
        let missing = report.rows.iter().filter(|row| !row.state.is_counted()).count();
        prop_assert_eq!(missing, report.totals.completeness.missing as usize);
    }

    #[test]
    fn memory_figures_keep_their_order(network in random::network()) {
        let report = analyze(&network, &settings(1));
        let memory = report.memory.expect("memory");
        let input = report.shapes.input.elements().expect("elements");
        prop_assert!(memory.peak_in_place.elements <= memory.peak_out_of_place.elements);
        prop_assert!(memory.largest_pair.elements <= memory.peak_out_of_place.elements);
        prop_assert!(memory.peak_out_of_place.elements <= memory.sum_of_outputs.0 + input);
        prop_assert!(memory.bytes(memory.peak_in_place.elements).0 <= memory.arena.total);
    }

    #[test]
    fn every_figure_explains_itself(network in random::network(), batch in 1_u64..3) {
        for &number_type in NumberType::ALL {
            let report = analyze(&network, &Settings { batch, number_type, ..Settings::default() });
            for index in 0..report.rows.len() {
                check_formulas(&network, &report, index);
            }
        }
    }

    #[test]
    fn every_convention_accounts_for_its_difference(network in random::network(), batch in 1_u64..4) {
        let report = analyze(&network, &settings(batch));
        for &convention in Convention::ALL {
            let tally = convention.tally(&network, &report);
            let Ok(total) = tally.total else { continue };
            let explained: f64 = tally.differences.iter().map(|difference| difference.amount).sum();
            prop_assert!((total as f64 - tally.plain as f64 - explained).abs() < 1.0, "{}", tally.sentence());
        }
    }
}

/// The formula of each figure gives the figure, and evaluates to it as it is written.
fn check_formulas(network: &Network, report: &convscope::cost::Report, index: usize) {
    let row = &report.rows[index];
    for &figure in Figure::ALL {
        let Some(formula) = report.explain(network, index, figure) else {
            assert!(!row.state.is_counted());
            continue;
        };
        let (figures, operations) = (&row.figures, &row.figures.operations);
        let counted = match figure {
            Figure::Params => figures.params().0,
            Figure::Buffers => figures.buffers.0,
            Figure::Macs => figures.macs.0,
            Figure::Flops => figures.flops.0,
            Figure::Multiplications => operations.multiplications.0,
            Figure::Additions => operations.additions.0,
            Figure::Comparisons => operations.comparisons.0,
            Figure::Divisions => operations.divisions.0,
            Figure::Exponentials => operations.exponentials.0,
            Figure::WeightBytes => figures.weight_bytes.0,
            Figure::Input => figures.input.0,
            Figure::Output => figures.output.0,
            Figure::InputBytes => figures.input_bytes.0,
            Figure::OutputBytes => figures.output_bytes.0,
        };
        assert_eq!(evaluate(formula.numbers()), counted, "{formula} in {}", network.nodes[index].name);
        assert!(formula.to_string().ends_with(&counted.to_string()), "{formula}");
    }
}

/// The value of a formula's text: brackets, then `*` and `/` (which rounds down) from the left, then `+` and `-`.
fn evaluate(text: &str) -> u64 {
    let tokens: Vec<String> =
        text.replace('(', " ( ").replace(')', " ) ").split_whitespace().map(String::from).collect();
    let mut at = 0;
    let value = sum(&tokens, &mut at);
    assert_eq!(at, tokens.len(), "{text}");
    value
}

fn sum(tokens: &[String], at: &mut usize) -> u64 {
    let mut value = product(tokens, at);
    while let Some(operator @ ("+" | "-")) = tokens.get(*at).map(String::as_str) {
        *at += 1;
        let next = product(tokens, at);
        value = if operator == "+" { value + next } else { value - next };
    }
    value
}

fn product(tokens: &[String], at: &mut usize) -> u64 {
    let mut value = atom(tokens, at);
    while let Some(operator @ ("*" | "/")) = tokens.get(*at).map(String::as_str) {
        *at += 1;
        let next = atom(tokens, at);
        value = if operator == "*" { value * next } else { value / next };
    }
    value
}

fn atom(tokens: &[String], at: &mut usize) -> u64 {
    *at += 1;
    if tokens[*at - 1] == "(" {
        let value = sum(tokens, at);
        *at += 1;
        return value;
    }
    tokens[*at - 1].parse().expect("a number")
}

#[test]
fn presets_explain_themselves() {
    for preset in presets::all() {
        let network = preset.network();
        let report = analyze(&network, &Settings::default());
        for index in 0..report.rows.len() {
            check_formulas(&network, &report, index);
        }
    }
}

#[test]
fn formulas_read_as_one_writes_them() {
    let network = presets::seed_standard();
    let report = analyze(&network, &Settings::default());
    let row = network.nodes.iter().position(|node| node.name == "conv3").expect("conv3");
    let params = report.explain(&network, row, Figure::Params).expect("a formula");
    assert_eq!(params.to_string(), "8 * 16 * 2 * 2 + 16 = 528");
    assert_eq!(params.words(), "in_channels / groups * out_channels * kernel height * kernel width + out_channels");
    let macs = report.explain(&network, row, Figure::Macs).expect("a formula");
    assert_eq!(macs.to_string(), "16 * 3 * 39 * 8 * 2 * 2 = 59904");
}

/// A stack whose every tensor fits 63 bits and whose counts do not.
#[test]
fn sizes_beyond_64_bits_name_their_row() {
    let conv = |out_channels| {
        Layer::from(Conv2d {
            out_channels: Channels::Count(out_channels),
            padding: Padding::Explicit(Pair::square(1)),
            ..Conv2d::default()
        })
    };
    let input = Dims::new(&[65_535, 65_535, 65_535]).expect("a shape");
    let layers = [conv(65_535), conv(65_535), conv(1)].into_iter().zip(["first", "second", "third"]);
    let network = Network::chain("Too large", input, layers.map(|(layer, name)| (name.to_string(), layer)));
    let report = analyze(&network, &Settings::default());
    for (row, name) in ["first", "second"].into_iter().enumerate() {
        let RowState::Overflow(error) = &report.rows[row].state else { panic!("{:?}", report.rows[row]) };
        assert!(error.to_string().starts_with(&format!("{name} (row {}): ", row + 1)), "{error}");
        assert!(matches!(**error, CostError::Overflow { figure: Figure::Macs, in_total: false, .. }));
    }
    // The third still counts, and the totals say that they are not whole.
    assert_eq!(report.rows[2].state, RowState::Exact);
    assert_eq!(report.totals.completeness.missing, 2);
    assert_eq!(report.totals.completeness.qualifier(), "at least");
    for &convention in Convention::ALL {
        let _ = convention.tally(&network, &report).total;
    }

    // Every row fits by itself, the sum does not.
    let layers = (0..8).map(|index| (format!("conv{index}"), conv(4096)));
    let input = Dims::new(&[4096, 131_072, 131_072]).expect("a shape");
    let report = analyze(&Network::chain("Too many", input, layers), &Settings::default());
    let overflows = report.rows.iter().filter(|row| matches!(row.state, RowState::Overflow(_))).count();
    assert!(overflows > 0 && overflows < 8, "{overflows}");
    assert!(report.rows.iter().any(|row| match &row.state {
        RowState::Overflow(error) => matches!(**error, CostError::Overflow { in_total: true, .. }),
        _ => false,
    }));
}

#[test]
fn a_shared_module_counts_once_and_frozen_ones_apart() {
    let network = presets::find("resnet18").expect("a preset").network();
    let frozen = Settings { frozen: vec!["layer1".to_string()], ..Settings::default() };
    let (all, part) = (analyze(&network, &Settings::default()), analyze(&network, &frozen));
    assert_eq!(all.totals.figures.trainable.0, 11_689_512);
    assert_eq!(part.totals.figures.frozen.0, 147_968);
    assert_eq!(part.totals.figures.params(), all.totals.figures.params());
}

/// Araujo et al., Computing Receptive Fields of Convolutional Neural Networks, 2019, table 1.
#[test]
fn receptive_fields_are_those_published() {
    for (id, last, size, stride) in [
        ("alexnet", "features.12", 195, 32.0),
        ("vgg16", "features.30", 212, 32.0),
        ("mobilenet_v1", "features.13.5", 315, 32.0),
    ] {
        let network = presets::find(id).expect("a preset").network();
        let report = analyze(&network, &Settings::default());
        let row = network.nodes.iter().rposition(|node| node.name == last).expect("a row");
        let field = report.receptive_field(row).expect("a receptive field");
        assert_eq!((field.height.size(), field.height.stride), (size, stride), "{id}");
        assert_eq!(field.height, field.width);
    }
}

/// What output `index` of a chain needs of the input, going back layer by layer.
fn needed(layers: &[Layer], index: i64) -> (i64, i64) {
    layers.iter().rev().fold((index, index), |(first, last), layer| match layer {
        Layer::Conv2d(conv) => {
            let (stride, before) = (conv.stride.height, conv.padding_sides().top);
            let reach = conv.dilation.height * (conv.kernel_size.height - 1);
            (first * stride - before, last * stride - before + reach)
        }
        Layer::MaxPool2d(pool) => {
            let (stride, before) = (pool.stride().height, pool.padding.height);
            (first * stride - before, last * stride - before + pool.kernel_size.height - 1)
        }
        Layer::ConvTranspose2d(conv) => {
            let (stride, before) = (conv.stride.height, conv.padding.height);
            let reach = conv.dilation.height * (conv.kernel_size.height - 1);
            (-(reach - first - before).div_euclid(stride), (last + before).div_euclid(stride))
        }
        other => panic!("no rule for {other:?}"),
    })
}

fn window() -> impl Strategy<Value = Layer> {
    let sizes = (1_i64..=5, 1_i64..=3, 0_i64..=2, 1_i64..=2);
    (sizes, 0..3).prop_map(|((kernel, stride, padding, dilation), kind)| match kind {
        0 => Conv2d {
            out_channels: Channels::Count(1),
            kernel_size: Pair::square(kernel),
            stride: Pair::square(stride),
            padding: Padding::Explicit(Pair::square(padding)),
            dilation: Pair::square(dilation),
            ..Conv2d::default()
        }
        .into(),
        1 => convscope::model::MaxPool2d {
            kernel_size: Pair::square(kernel),
            stride: Some(Pair::square(stride)),
            padding: Pair::square(padding.min(kernel / 2)),
            ..Default::default()
        }
        .into(),
        _ => convscope::model::ConvTranspose2d {
            out_channels: Channels::Count(1),
            kernel_size: Pair::square(kernel.max(stride)),
            stride: Pair::square(stride),
            ..Default::default()
        }
        .into(),
    })
}

proptest! {
    #[test]
    fn receptive_fields_hold_what_an_output_needs(layers in prop::collection::vec(window(), 1..6)) {
        let input = Dims::new(&[1, 60, 60]).expect("a shape");
        let network = Network::chain_of("Windows", input, layers.clone());
        let report = analyze(&network, &settings(1));
        let last = layers.len() - 1;
        if !report.rows[last].state.is_counted() {
            return Ok(());
        }
        let both = report.receptive_field(last).expect("a receptive field");
        let field = both.height;
        let outputs = report.shapes.output().expect("an output")[2] as i64;
        let most = (0..outputs).map(|index| needed(&layers, index)).map(|(first, last)| last - first + 1).max();
        let most = most.expect("an output").max(0) as u64;
        let upsamples = layers.iter().any(|layer| matches!(layer, Layer::ConvTranspose2d(_)));
        if upsamples {
            prop_assert!(field.size() >= most, "{} < {most}", field.size());
        } else {
            prop_assert_eq!((field.first as i64, field.last as i64), needed(&layers, 0));
            prop_assert_eq!(field.size(), most);
        }
        prop_assert_eq!(both.height, both.width);
    }
}
