//! Designs as lines, and layers in shorthand.

use std::collections::HashSet;

use convscope::model::{Kind, Layer, Network, NodeId, check_path};
use convscope::page::notation::{read, write};
use convscope::page::quick;
use convscope::share_link;
use convscope::workbench::Workbench;
use proptest::prelude::*;

use crate::random_workbench;

fn standard() -> Network {
    Network::clone(&Workbench::default().resolve()[0].network)
}

/// Layers in PyTorch's words: `Conv2d(out_channels=64, kernel_size=3)`.
fn layers(words: &str) -> Vec<String> {
    let network = Network { nodes: Vec::new(), ..standard() };
    let lines = write(&read(words, &network).expect(words));
    lines.lines().skip(1).map(|line| line.split_once(" = ").expect("a name").1.to_string()).collect()
}

#[test]
fn the_seeds_lines_say_all_of_it() {
    let lines = write(&standard());
    assert!(lines.starts_with("input 1x8x150\nconv1 = Conv2d(out_channels=4, kernel_size=2, padding=1)\n"), "{lines}");
    assert!(lines.ends_with("fc2 = Linear(out_features=3)"), "{lines}");
}

#[test]
fn lines_are_read_beside_the_rows_that_stay() {
    let before = standard();
    let lines =
        write(&before).replace("relu1 = ReLU()", "act = SiLU()\nextra = BatchNorm2d()").replace("1x8x150", "1x16x150");
    let after = read(&lines, &before).expect("lines");
    assert_eq!(after.input.to_string(), "1x16x150");
    assert_eq!(after.nodes.len(), before.nodes.len() + 1);
    let name = |id: NodeId| after.node(id).map(|node| node.name.as_str());
    assert_eq!(name(before.nodes[0].id), Some("conv1"), "rows that stay keep their ids");
    let act = after.nodes.iter().find(|node| node.name == "act").expect("act");
    assert_eq!(act.layer.kind(), Kind::SiLU);
    // A changed argument is of the same row.
    let lines = write(&before).replace("fc1 = Linear(out_features=36)", "fc1 = Linear(40)");
    let fc1 = |network: &Network| network.nodes.iter().find(|node| node.name == "fc1").cloned().expect("fc1");
    let after = read(&lines, &before).expect("lines");
    assert_eq!(fc1(&after).id, fc1(&before).id);
    assert_eq!(fc1(&after).layer.argument("out_features").map(|value| value.to_string()).as_deref(), Some("40"));
}

#[test]
fn what_cannot_be_read_names_its_line() {
    let before = standard();
    for (line, words) in [
        ("gru = GRU(8)", "line 2: GRU is no layer that Convscope knows"),
        ("c = Conv2d(4", "line 2: Conv2d( is not closed"),
        ("c = Conv2d(out_channels=many)", "line 2: out_channels is a whole number"),
        ("c = Conv2d(colour=3)", "line 2: Conv2d has no argument colour"),
        ("a = Add() <- nowhere", "line 2: no row above is called nowhere"),
        ("a. = ReLU()", "line 2: "),
        ("hello", "line 2: \"hello\" is no layer"),
        ("r = ReLU()\nr = ReLU()", "line 3: another layer is called r"),
    ] {
        let problem = read(&format!("input 1x8x8\n{line}"), &before).expect_err(line);
        assert!(problem.starts_with(words), "{line}: {problem}");
    }
    assert!(read("input 1xx8", &before).expect_err("no shape").starts_with("line 1: "));
}

#[test]
fn shorthand_is_read_as_people_type_it() {
    for (words, wanted) in [
        ("conv 64 k3 s2", vec!["Conv2d(out_channels=64, kernel_size=3, stride=2)"]),
        ("conv 64 3 2 1", vec!["Conv2d(out_channels=64, kernel_size=3, stride=2, padding=1)"]),
        ("conv 8 k3x5 same nobias", vec!["Conv2d(out_channels=8, kernel_size=(3, 5), padding='same', bias=False)"]),
        ("dw 3", vec!["Conv2d(out_channels='x1', kernel_size=3, padding=1, groups='in_channels')"]),
        (
            "dw 5 s2, pw 32",
            vec![
                "Conv2d(out_channels='x1', kernel_size=5, stride=2, padding=2, groups='in_channels')",
                "Conv2d(out_channels=32, kernel_size=1)",
            ],
        ),
        ("bn relu", vec!["BatchNorm2d()", "ReLU()"]),
        ("max 2 -> flatten -> fc 10", vec!["MaxPool2d(kernel_size=2)", "Flatten()", "Linear(out_features=10)"]),
        ("Dropout p=0.3; gap 1", vec!["Dropout(p=0.3)", "AdaptiveAvgPool2d(output_size=1)"]),
    ] {
        let normal = |text: &str| {
            text.replace(' ', "")
                .replace("(1,1)", "1")
                .replace("(2,2)", "2")
                .replace("(3,3)", "3")
                .replace("(5,5)", "5")
        };
        let found: Vec<String> = layers(words).iter().map(|text| normal(text)).collect();
        assert_eq!(found, wanted.iter().map(|text| normal(text)).collect::<Vec<_>>(), "{words}");
    }
    for (words, problem) in [
        ("", "type a layer"),
        ("64 conv", "\"64\" is no layer"),
        ("relu 3", "ReLU takes no more numbers than 0"),
        ("conv 8 k0", ""),
        ("conv 8 sideways", "\"sideways\" is neither a layer nor an argument of Conv2d"),
    ] {
        let outcome = quick::read(words);
        assert!(
            problem.is_empty() || outcome.as_ref().is_err_and(|words| words.starts_with(problem)),
            "{words}: {outcome:?}"
        );
    }
}

proptest! {
    /// Whatever stands there is left as it is.
    #[test]
    fn any_network_is_read_as_it_was_written(network in random_workbench::network()) {
        prop_assert_eq!(read(&write(&network), &network), Ok(network.clone()));
        // So are lines beside another one that is new.
        let names: HashSet<&str> = network.nodes.iter().map(|node| node.name.as_str()).collect();
        let is_plain = |name: &str| check_path(name).is_ok();
        if names.len() == network.nodes.len() && names.iter().all(|name| is_plain(name)) {
            let mut longer = read(&format!("{}\nnew = ReLU()", write(&network)), &network).expect("one more line");
            prop_assert_eq!(longer.nodes.pop().map(|node| node.layer.kind()), Some(Kind::ReLU));
            prop_assert_eq!(longer, network);
        }
    }

    /// Layers that are known are said by their lines alone.
    #[test]
    fn any_layer_is_read_from_its_line(kind in proptest::sample::select(Kind::ALL)
        .prop_filter("known", |kind| *kind != Kind::Unsupported).prop_flat_map(random_workbench::layer))
    {
        let chain = Network::chain("Net", standard().input, [("one".to_string(), kind.clone())]);
        let empty = Network { nodes: Vec::new(), ..chain.clone() };
        let again = read(&write(&chain), &empty);
        prop_assert_eq!(again.map(|network| network.nodes[0].layer.clone()), Ok(kind));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".*", lines in "((input |a = |Conv2d\\(|conv |[0-9x(),=<-]| |\n){0,40})") {
        let before = standard();
        for text in [text, lines] {
            if let Ok(network) = read(&text, &before) {
                let _ = share_link::encode_design(&network);
            }
            let _: Result<Vec<Layer>, String> = quick::read(&text);
        }
    }
}
