//! What the table of kinds says of each, against what its layers do.

use convscope::cost::{Settings, analyze};
use convscope::model::{Arity, Dims, Flow, Inputs, Kind, Layer, Network, Sort, Source};
use convscope::shape::{self, parameter_tensors};
use proptest::prelude::*;

use crate::random_workbench;

/// A network of one layer, which takes the input as often as it wants.
fn alone(layer: Layer, input: &Dims) -> Network {
    let mut network = Network::chain("Net", *input, [("layer".to_string(), layer)]);
    if network.nodes[0].layer.kind().arity() == Arity::Two {
        network.nodes[0].inputs = Inputs::From(vec![Source::Input; 2]);
    }
    network
}

fn input() -> impl Strategy<Value = Dims> {
    let sizes = [&[4_u64, 12, 12][..], &[6, 9], &[8], &[4, 4, 4], &[16, 5, 7]];
    proptest::sample::select(sizes.map(|sizes| Dims::new(sizes).expect("few sizes")).to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_table_says_what_layers_do(
        layers in Kind::ALL.iter().map(|&kind| random_workbench::layer(kind)).collect::<Vec<_>>(),
        input in input(),
    ) {
        for layer in Kind::ALL.iter().map(|kind| kind.layer()).chain(layers) {
            let (kind, class) = (layer.kind(), layer.kind().class());
            prop_assert_eq!(layer.convolution().is_some(), kind.sort() == Sort::Convolution, "{}", class);
            let network = alone(layer.clone(), &input);
            let report = analyze(&network, &Settings { batch: 2, ..Settings::default() });
            let Some(output) = report.shapes.nodes[0].dims() else { continue };
            let tensors = parameter_tensors(&layer, Some(&report.shapes.input)).iter().count();
            prop_assert!(tensors == 0 || kind.may_have_parameters(), "{} has tensors", class);
            // Nothing is known, or it does not fit 64 bits.
            if !report.rows[0].state.is_counted() {
                continue;
            }
            let figures = report.rows[0].figures;
            // Whether one without a kind of its own multiplies, its figures say.
            let multiplies = if kind == Kind::Unsupported { figures.macs.0 > 0 } else { kind.multiplies() };
            prop_assert_eq!(figures.macs.0 > 0, multiplies, "{}", class);
            prop_assert!(!kind.multiplies() || kind.may_have_parameters(), "{}", class);
            match kind.flow() {
                Flow::Views | Flow::Holds => prop_assert_eq!(figures.output.0, 0, "{}", class),
                Flow::InPlace => prop_assert_eq!(output, &report.shapes.input, "{}", class),
                Flow::Writes => prop_assert!(figures.output.0 > 0, "{}", class),
            }
        }
    }
}

/// PyTorch wants what is inferred here; where it has tensors and infers nothing, they follow from its arguments alone.
#[test]
fn what_is_inferred_is_declared() {
    for &kind in Kind::ALL {
        let inferred = kind.inferred_argument();
        let infers_tensors =
            kind.may_have_parameters() && !matches!(kind, Kind::PReLU | Kind::Parameter | Kind::Unsupported);
        assert_eq!(inferred.is_some(), infers_tensors, "{}", kind.class());
        assert!(inferred.is_none_or(|argument| !kind.arguments().contains(&argument.name)), "{}", kind.class());
        // What declares too little is an error, whatever it declares.
        let input = Dims::new(&[2, 4, 12, 12]).expect("four sizes");
        // Without parameters and statistics an instance norm takes any number of channels.
        let is_free = kind == Kind::InstanceNorm2d;
        if inferred.is_some() && !is_free && shape::output(&kind.layer(), &[input]).is_ok() {
            assert!(shape::check_declared(&kind.layer(), &[3], &input).is_err(), "{}", kind.class());
        }
    }
}
