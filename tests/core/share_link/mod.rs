//! Links: what is written is read, whatever is read does no harm, and links that worked keep working.

mod fixtures;

use convscope::model::{Channels, Groups, Inputs, Kind, Layer, MAX_NAME, NameError, Network, NodeId, Source};
use convscope::rewrite::Rewrite;
use convscope::share_link::{LinkPlace, MAX_PROBLEMS, decode, decode_design, encode, encode_design};
use convscope::workbench::{Content, MAX_ROWS, Resolved, Workbench};
use proptest::prelude::*;

use crate::random;
use crate::random_workbench as any_workbench;

/// The node ids of a link are positions: a workbench as its link has it.
fn renumbered(workbench: &Workbench) -> Workbench {
    let mut workbench = workbench.clone();
    let before = workbench.resolve();
    for design in &mut workbench.designs {
        if let Content::Network(network) = &mut design.content {
            *network = with_positions_as_ids(network).into();
        }
    }
    // Rewrites name the nodes of the network before them, whose ids change with their origin's.
    for index in 0..workbench.designs.len() {
        let Content::Twin { of, rewrites } = workbench.designs[index].content.clone() else { continue };
        let owned = |resolved: &Resolved| Network::clone(&resolved.network);
        let (mut old, mut new) = (owned(&before[of]), owned(&workbench.resolve()[of]));
        let mut renamed = Vec::new();
        for rewrite in rewrites {
            let one = rename(&rewrite, &old, &new);
            old = convscope::rewrite::apply(&old, &rewrite).network;
            new = convscope::rewrite::apply(&new, &one).network;
            renamed.push(one);
        }
        workbench.designs[index].content = Content::Twin { of, rewrites: renamed };
    }
    workbench
}

fn with_positions_as_ids(network: &Network) -> Network {
    let new_id = |id: NodeId| NodeId(network.position(id).map_or(u32::MAX, |position| position as u32));
    let mut renumbered = network.clone();
    for node in &mut renumbered.nodes {
        node.id = new_id(node.id);
        if let Inputs::From(sources) = &mut node.inputs {
            for source in sources {
                if let Source::Node(id) = source {
                    *id = new_id(*id);
                }
            }
        }
    }
    renumbered
}

fn rename(rewrite: &Rewrite, old: &Network, new: &Network) -> Rewrite {
    let find = |id: NodeId| Some(new.nodes.get(old.position(id)?)?.id);
    let one = |id: &mut NodeId| *id = find(*id).unwrap_or(NodeId(u32::MAX));
    let all = |ids: &mut Vec<NodeId>| *ids = ids.iter().filter_map(|&id| find(id)).collect();
    let mut renamed = rewrite.clone();
    match &mut renamed {
        Rewrite::SeparableFor { nodes }
        | Rewrite::Grouped { nodes, .. }
        | Rewrite::StrideForPool { pools: nodes }
        | Rewrite::KernelSize { nodes, .. } => all(nodes),
        Rewrite::LowRank { node, .. }
        | Rewrite::Bottleneck { node, .. }
        | Rewrite::InvertedResidual { node, .. }
        | Rewrite::Channels { node, .. } => {
            one(node);
        }
        Rewrite::Separable
        | Rewrite::FoldBatchNorm
        | Rewrite::DropRedundantBias
        | Rewrite::AbsorbDepthwiseBias
        | Rewrite::FoldDepthwise
        | Rewrite::PooledHead(_)
        | Rewrite::Width { .. }
        | Rewrite::Resolution { .. }
        | Rewrite::PruneChannels { .. } => {}
    }
    renamed
}

fn check_round_trip(workbench: &Workbench) -> Result<(), TestCaseError> {
    let link = encode(workbench);
    for field in link.split('&') {
        let (_, value) = field.split_once('=').expect("a key and a value");
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        prop_assert!(value.bytes().all(unreserved), "{}", link);
    }
    let (decoded, problems) = decode(&link);
    prop_assert!(problems.is_empty(), "{}\n{:?}", link, problems);
    prop_assert_eq!(&decoded, &renumbered(workbench), "{}", &link);
    prop_assert_eq!(encode(&decoded), link);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_workbench_is_read_as_it_was_written(workbench in any_workbench::workbench(any_workbench::network())) {
        check_round_trip(&workbench)?;
    }

    #[test]
    fn any_workbench_of_networks_that_run_is_read_as_it_was_written(
        workbench in any_workbench::workbench(random::network()),
    ) {
        check_round_trip(&workbench)?;
    }

    #[test]
    fn layers_of_every_kind_are_read_as_they_were_written(
        layers in Kind::ALL.iter().map(|&kind| any_workbench::layer(kind)).collect::<Vec<_>>(),
    ) {
        let input = Workbench::default().resolve()[0].network.input;
        let network = Network::chain_of("Net", input, layers);
        let text = encode_design(&network);
        let (decoded, problems) = decode_design(&text);
        prop_assert!(problems.is_empty(), "{text}\n{problems:?}");
        prop_assert_eq!(decoded, network, "{}", text);
    }

    #[test]
    fn any_text_is_read(text in ".*", design in "[a-z0-9A-Z~_.&=x%-]*") {
        let _ = decode(&text);
        let _ = decode_design(&text);
        let _ = decode_design(&design);
        let _ = decode(&design);
        let (workbench, _) = decode(&format!("a={design}&b={design}&c=separable~b&base={design}&seed={design}"));
        prop_assert_eq!(workbench.resolve().len(), workbench.designs.len());
        // What was read of it is a workbench that links carry without loss.
        let (again, problems) = decode(&encode(&workbench));
        prop_assert!(problems.is_empty(), "{:?}", problems);
        prop_assert_eq!(again, workbench);
    }

    #[test]
    fn damage_in_one_place_leaves_the_rest(
        workbench in any_workbench::workbench(random::network()),
        at in any::<prop::sample::Index>(),
        letter in any::<char>(),
    ) {
        let link = encode(&workbench);
        let mut letters: Vec<char> = link.chars().collect();
        let place = at.index(letters.len());
        letters[place] = letter;
        let (decoded, problems) = decode(&letters.into_iter().collect::<String>());
        prop_assert!(problems.len() <= MAX_PROBLEMS + 1);
        prop_assert_eq!(decoded.resolve().len(), decoded.designs.len());
    }
}

#[test]
fn the_seeds_pair_is_short_and_readable() {
    let link = encode(&Workbench::default());
    let expected =
        "v=1&a=1x8x150.c4k2p1.bn.relu.max2.c8k2p1.bn.relu.max2.c16k2p1.bn.relu.max2.flat.fc36.relu.fc3&b=separable";
    assert_eq!(link, expected);
    assert_eq!(decode(&format!("#{link}")), (Workbench::default(), Vec::new()));
    assert_eq!(decode(""), (Workbench::default(), Vec::new()));
    assert_eq!(decode("#"), (Workbench::default(), Vec::new()));
}

#[test]
fn a_deleted_row_costs_one_name() {
    let mut network = Network::clone(&Workbench::default().resolve()[0].network);
    network.nodes.retain(|node| node.name != "conv2");
    assert_eq!(
        encode_design(&network),
        "1x8x150.c4k2p1.bn.relu.max2.bn.relu.max2.c16k2p1_conv3.bn.relu.max2.flat.fc36.relu.fc3"
    );
}

#[test]
fn a_twin_with_a_network_of_its_own_needs_no_names() {
    let mut workbench = Workbench::default();
    workbench.detach(1);
    let (_, own) =
        encode(&workbench).split_once("&b=").map(|(a, b)| (a.to_string(), b.to_string())).expect("two designs");
    assert_eq!(
        own,
        "1x8x150_Separable.cX1k2p1gIN.c4k1.bn.relu.max2.cX1k2p1gIN.c8k1.bn.relu.max2.cX1k2p1gIN.c16k1.bn.relu.max2.flat.fc36.relu.fc3"
    );
    assert!(encode(&workbench).len() <= 300);
}

#[test]
fn a_broken_link_opens_and_says_what_is_wrong() {
    let (workbench, problems) = decode("#v=1&a=1x1x150.c4k2q7.nonsense.fc3&b=sepparable&seed=x&colour=red");
    let Content::Network(network) = &workbench.designs[0].content else { panic!("a network") };
    assert_eq!(
        network.nodes.iter().map(|node| node.layer.kind()).collect::<Vec<_>>(),
        [Kind::Conv2d, Kind::Unsupported, Kind::Linear]
    );
    let Layer::Conv2d(conv) = &network.nodes[0].layer else { panic!("a convolution") };
    assert_eq!((conv.out_channels, conv.groups), (Channels::Count(4), Groups::Count(1)));
    assert!(matches!(&workbench.designs[1].content, Content::Twin { of: 0, rewrites } if rewrites.is_empty()));
    let found: Vec<(&str, LinkPlace)> =
        problems.iter().map(|problem| (problem.token.as_str(), problem.place)).collect();
    assert_eq!(
        found,
        [
            ("seed=x", LinkPlace::Link),
            ("c4k2q7", LinkPlace::Row { design: 0, row: 0 }),
            ("nonsense", LinkPlace::Row { design: 0, row: 1 }),
            ("sepparable", LinkPlace::Design { design: 1 }),
        ]
    );
    assert_eq!(problems[1].to_string(), "design a, layer 1: \"c4k2q7\": Conv2d has no argument \"q\"");
}

#[test]
fn a_link_without_anything_known_is_named() {
    let (workbench, problems) = decode("#hello");
    assert_eq!(workbench, Workbench::default());
    assert_eq!(problems.iter().map(|problem| problem.token.as_str()).collect::<Vec<_>>(), ["hello"]);
    for known in ["", "#", "v=1", "v=1&later=3", "batch=8", "later=3&a=1x1x150.c4k2p1"] {
        assert_eq!(decode(known).1, [], "{known}");
    }
}

#[test]
fn links_without_a_network_keep_the_input_that_they_had() {
    let input = |link: &str| decode(link).0.resolve()[0].network.input.to_string();
    for old in ["v=1", "batch=8", "#device=pico", "v=1&b=separable&later=3", "with=b"] {
        assert_eq!(input(old), "1x1x150", "{old}");
    }
    assert_eq!((input(""), input("#"), input("#hello")), ("1x8x150".into(), "1x8x150".into(), "1x8x150".into()));
}

#[test]
fn what_a_link_says_of_the_look_is_read_or_named() {
    let (workbench, problems) = decode("v=1&a=1x8x8.c4&b=separable&view=device&show=present&hide=menu.charts");
    assert_eq!(problems, []);
    assert_eq!(workbench.look.hidden(), "menu charts");
    let (_, problems) = decode("v=1&a=1x8x8.c4&view=kitchen&hide=menu.sink&show=off&inputs=two&with=q");
    let tokens: Vec<&str> = problems.iter().map(|problem| problem.token.as_str()).collect();
    assert_eq!(tokens, ["view=kitchen", "hide=menu.sink", "show=off", "inputs=two", "with=q"]);
}

#[test]
fn percent_encoded_links_are_read() {
    let (plain, _) = decode("a=1x1x150.c4k2p1_stem~2D1.fc3");
    let (encoded, problems) = decode("a=1x1x150%2Ec4k2p1%5Fstem%7E2D1%2efc3");
    assert_eq!((plain, Vec::new()), (encoded, problems));
}

/// Nothing is taken for the input of a row that has none.
#[test]
fn rewrites_of_rows_without_inputs_are_read() {
    for word in ["separable", "foldbn", "nobias", "nodwbias", "folddw", "poolhead", "stridepool", "width0.5"] {
        for layers in ["conv1d8k3~NONE", "c4k3gIN~NONE.c8k1~NONE.bn~NONE.relu", "max2~NONE.flat~NONE.fc3~NONE"] {
            let (workbench, _) = decode(&format!("v=1&a=1x8x8.{layers}&b={word}"));
            assert_eq!(decode(&encode(&workbench)).0, workbench, "{word} of {layers}");
        }
    }
}

#[test]
fn hostile_links_end_soon() {
    let long = [
        format!("a=1x1x1{}", ".relu".repeat(3 * MAX_ROWS)),
        format!("a=1x1x1.{}", "a~".repeat(500_000)),
        format!("a=1x1x1.c{}", "q~".repeat(500_000)),
        format!("a=1x1x1.c{}", "k".repeat(500_000)),
        format!("a=1x1x1.view{}", "1x".repeat(500_000)),
        format!("a=1x1x1.view1{}", "~1".repeat(500_000)),
        format!("a=1x1x1&b={}", "separable.".repeat(100_000)),
        format!("a=1x1x1{}", "&a=1x1x1".repeat(100_000)),
        format!("a={}", "9x".repeat(500_000)),
        "b=separable~c&c=separable~b&d=separable~d&e=separable~z".to_string(),
    ];
    for link in long {
        let (workbench, problems) = decode(&link);
        let rows: usize = workbench.resolve().iter().map(|one| one.network.nodes.len()).sum();
        assert!(rows <= 2 * MAX_ROWS && problems.len() <= MAX_PROBLEMS + 1, "{}", &link[..40]);
    }
}

#[test]
fn golden_known_networks_go_through_links() {
    let zoo = crate::golden::read("zoo.json");
    for model in zoo["models"].as_array().expect("models") {
        let name = model["name"].as_str().expect("a name");
        let network = crate::golden::graph(name, &model["nodes"]).network;
        let text = encode_design(&network);
        let (decoded, problems) = decode_design(&text);
        assert_eq!(problems, [], "{name}");
        assert_eq!(decoded, with_positions_as_ids(&network), "{name}");
        // Names that are not the default ones take most of it.
        assert!(
            text.len() <= 40 * network.nodes.len() + 60,
            "{name}: {} for {} nodes",
            text.len(),
            network.nodes.len()
        );
        println!("{name}: {} characters for {} nodes", text.len(), network.nodes.len());
    }
}

#[test]
fn a_twin_under_many_rewrites_is_read_as_it_was_written() {
    let mut workbench = Workbench::default();
    let rewrites = (1..=40).map(|height| Rewrite::Resolution { height, width: 150 }).collect();
    workbench.designs[1].content = Content::Twin { of: 0, rewrites };
    assert_eq!(decode(&encode(&workbench)), (workbench, Vec::new()));
}

#[test]
fn names_that_cannot_be_seen_or_are_too_long_are_refused() {
    let long = "x".repeat(MAX_NAME + 1);
    let cases = [
        (
            "a=1x8x8.relu_a~0Ab",
            "design a, layer 1: \"relu_a~0Ab\": a name has no control characters and no line breaks, but this one has U+000A; the default one is used",
        ),
        (
            "a=1x8x8.relu_~E2~80~A8",
            "design a, layer 1: \"relu_~E2~80~A8\": a name has no control characters and no line breaks, but this one has U+2028; the default one is used",
        ),
        (
            "a=1x8x8.relu_~C2~85",
            "design a, layer 1: \"relu_~C2~85\": a name has no control characters and no line breaks, but this one has U+0085; the default one is used",
        ),
        (
            "a=1x8x8.relu.~relu_~7F",
            "design a: \"relu_~7F\": a name has no control characters and no line breaks, but this one has U+007F; the default one is used",
        ),
        (
            "a=1x8x8_~0D.relu",
            "design a: \"~0D\": a name has no control characters and no line breaks, but this one has U+000D; the default one is used",
        ),
        (
            "a=1x8x8~~a~00.relu",
            "design a: \"a~00\": a name has no control characters and no line breaks, but this one has U+0000; the default one is used",
        ),
        (
            "a=1x8x8.relu&b=separable_~1B",
            "design b: \"~1B\": a name has no control characters and no line breaks, but this one has U+001B; the default one is used",
        ),
    ];
    for (link, message) in cases {
        let (workbench, problems) = decode(link);
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [message]);
        let resolved = workbench.resolve();
        assert_eq!((resolved[0].network.nodes[0].name.as_str(), resolved[0].network.name.as_str()), ("relu1", "Net"));
        assert_eq!(workbench.designs[0].name, "Standard");
    }
    let (workbench, problems) = decode(&format!("a=1x8x8.relu_{long}"));
    assert!(problems[0].message.starts_with("a name has at most 256 characters, not 257"), "{problems:?}");
    assert_eq!(workbench.resolve()[0].network.nodes[0].name, "relu1");
    let (workbench, problems) = decode(&format!("a=1x8x8.relu_{}", &long[1..]));
    assert!(problems.is_empty() && workbench.resolve()[0].network.nodes[0].name == long[1..]);
    let mut workbench = Workbench::default();
    let id = workbench.resolve()[0].network.nodes[0].id;
    let Content::Network(network) = &mut workbench.designs[0].content else { panic!("a network") };
    assert_eq!(std::sync::Arc::make_mut(network).rename(id, &long), Err(NameError::TooLong(MAX_NAME + 1)));
    assert_eq!(workbench.designs[0].rename("a\u{7}b"), Err(NameError::Unseen('\u{7}')));
    assert_eq!(workbench.designs[0].rename(""), Err(NameError::Empty));
    assert_eq!(workbench.designs[0].rename("Für zuhause"), Ok(()));
}
