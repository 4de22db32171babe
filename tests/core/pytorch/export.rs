//! What is exported imports again to the same network, and is Python.

use std::process::{Command, Stdio};

use convscope::job::ImportTask;
use convscope::model::{Call, Channels, Groups, Kind, Layer, Network, Node, ZeroPad2d, literal, presets};
use convscope::pytorch::{Options, Severity, export_module, export_with_loader, import};
use proptest::prelude::*;

use super::{every_layer, rows};
use crate::golden::Failures;
use crate::random;

/// A network as PyTorch can say it: a number where PyTorch has one, names of classes.
fn canonical(network: &Network) -> Vec<Node> {
    let shapes = convscope::shape::infer(network, &network.wiring(), 1);
    let wiring = network.wiring();
    let mut nodes = network.nodes.clone();
    let ids: Vec<_> = nodes.iter().map(|node| node.id).collect();
    for (index, node) in nodes.iter_mut().enumerate() {
        let channels = wiring
            .taps(index)
            .first()
            .and_then(|&tap| shapes.tap(tap))
            .and_then(|dims| match node.layer.convolution() {
                Some(convolution) => convolution.input_channels(dims),
                None => dims.get(1).copied(),
            })
            .unwrap_or(1) as i64;
        match &mut node.layer {
            Layer::Conv2d(conv) => canonical_groups(&mut conv.out_channels, &mut conv.groups, channels),
            Layer::ConvTranspose2d(conv) => canonical_groups(&mut conv.out_channels, &mut conv.groups, channels),
            Layer::Conv1d(conv) => canonical_groups(&mut conv.out_channels, &mut conv.groups, channels),
            Layer::ConvTranspose1d(conv) => canonical_groups(&mut conv.out_channels, &mut conv.groups, channels),
            Layer::PReLU(layer) => {
                let count = if layer.num_parameters == Channels::Count(1) { 1 } else { channels };
                layer.num_parameters = if count == 1 { Channels::Count(1) } else { Channels::TimesInput(1) };
            }
            // `F.pad` is the same with zeros.
            Layer::ConstantPad2d(pad) if node.call == Call::Function && pad.value == 0.0 => {
                node.layer = ZeroPad2d { padding: pad.padding }.into();
            }
            _ => {}
        }
        node.id = convscope::model::NodeId(index as u32);
        if let convscope::model::Inputs::From(sources) = &mut node.inputs {
            for source in sources.iter_mut() {
                if let convscope::model::Source::Node(id) = source {
                    let place = ids.iter().position(|other| other == id).expect("a node");
                    *id = convscope::model::NodeId(place as u32);
                }
            }
            let above = index.checked_sub(1).map_or(convscope::model::Source::Input, |above| {
                convscope::model::Source::Node(convscope::model::NodeId(above as u32))
            });
            if *sources == [above] {
                node.inputs = convscope::model::Inputs::Above;
            }
        }
        if node.layer.kind().is_function() {
            node.call = convscope::model::Call::Module;
        }
    }
    nodes
}

/// As many groups as channels are a depthwise convolution; else numbers are numbers.
fn canonical_groups(out: &mut Channels, groups: &mut Groups, channels: i64) {
    let count = match *out {
        Channels::Count(count) => count,
        Channels::TimesInput(times) => times * channels,
    };
    let groups_written = *groups != Groups::Count(1);
    let depthwise = *groups == Groups::InputChannels || *groups == Groups::Count(channels);
    if depthwise && (channels > 1 || groups_written) && count % channels == 0 {
        (*out, *groups) = (Channels::TimesInput(count / channels), Groups::InputChannels);
    } else {
        *out = Channels::Count(count);
    }
}

fn imported(network: &Network) -> (String, Vec<Node>, String) {
    let text = export_module(network);
    let found = import(&text, &Options { input: Some(network.input) });
    let problems = format!("{:?}", found.problems);
    let nodes = found.models.first().map(|model| canonical(&model.network)).unwrap_or_default();
    (text, nodes, problems)
}

fn difference(expected: &[Node], found: &[Node]) -> String {
    let at =
        expected.iter().zip(found).position(|(one, other)| one != other).unwrap_or(expected.len().min(found.len()));
    format!(
        "at {at}: {:?}\nfound {:?}\n({} and {} nodes)",
        expected.get(at),
        found.get(at),
        expected.len(),
        found.len()
    )
}

#[test]
fn presets_come_back_as_they_were() {
    let mut failures = Vec::new();
    for preset in presets::all() {
        let network = preset.network();
        let (_, nodes, problems) = imported(&network);
        let expected = canonical(&network);
        if nodes != expected {
            failures.push(format!("{}: {}\n{problems}", preset.id, difference(&expected, &nodes)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn exported_code_is_python() {
    let python = Command::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !python.is_ok_and(|status| status.success()) {
        return;
    }
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("exported");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut files = Vec::new();
    for preset in presets::all() {
        for (kind, text) in [("torch", export_module(&preset.network())), ("keras", keras_text(&preset.network()))] {
            let file = folder.join(format!("{}_{kind}.py", preset.id));
            std::fs::write(&file, text).expect("a file");
            files.push(file);
        }
    }
    let compiled = Command::new("python3").args(["-m", "py_compile"]).args(&files).output().expect("python3 runs");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
}

#[test]
fn every_kind_of_layer_comes_back_as_it_was() {
    let mut failures = Failures::default();
    let mut kinds = std::collections::HashSet::new();
    for (kind, network) in every_layer::networks() {
        kinds.insert(kind);
        let (text, nodes, problems) = imported(&network);
        let expected = canonical(&network);
        failures.check(nodes == expected, || {
            format!("{}: {}\n{problems}\n{text}", kind.class(), difference(&expected, &nodes))
        });
    }
    for kind in Kind::ALL {
        failures.check(kinds.contains(kind) || *kind == Kind::Unsupported, || format!("{} is not tried", kind.class()));
    }
    failures.finish();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_networks_come_back_as_they_were(network in random::network()) {
        // What has no shape has no channels to write.
        let shapes = convscope::shape::infer(&network, &network.wiring(), 1);
        prop_assume!(shapes.nodes.iter().all(|shape| shape.dims().is_some()));
        let (text, nodes, problems) = imported(&network);
        let expected = canonical(&network);
        prop_assert!(nodes == expected, "{}\n{problems}\n{text}", difference(&expected, &nodes));
    }
}

/// What is copied from the page and pasted again is the same text in a link.
#[test]
fn the_seeds_designs_come_back_as_the_same_link() {
    for id in ["seed_standard", "seed_separable"] {
        let network = presets::find(id).expect("the seed's").network();
        let task = ImportTask { text: export_module(&network), input: None };
        let report = crate::job::execute(task, &mut || 0.0).0.expect("an import");
        assert_eq!(report.problems, Vec::new());
        let links: Vec<&str> = report.designs.iter().map(|design| design.design.as_str()).collect();
        assert_eq!(links, [convscope::share_link::encode_design(&network)]);
    }
}

/// What is exported is the network again, for any batch, and says what it cannot say.
#[test]
fn golden_networks_are_exported_as_they_were() {
    let mut failures = Failures::default();
    for (name, (text, truth)) in rows::networks() {
        let found = rows::imported(&text, &truth);
        let Some(model) = found.models.first() else { continue };
        let exported = export_module(&model.network);
        let frozen = ["view(1, ", "reshape(1, ", "nn.Identity()  #"].iter().find(|words| exported.contains(**words));
        failures.check(frozen.is_none(), || format!("{name}: {frozen:?} in\n{exported}"));
        let again = rows::imported(&exported, &truth);
        let Some(back) = again.models.first() else {
            failures.check(false, || format!("{name}: {:?}\n{exported}", again.problems));
            continue;
        };
        let errors = again.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
        failures.check(errors == 0, || format!("{name}: {:?}\n{exported}", again.problems));
        for (key, batch) in [("called", 1), ("called_at_3", 3)] {
            for failure in rows::check_called(&name, &truth[key], (&back.network, &found), batch) {
                failures.check(false, || format!("exported {failure}"));
            }
        }
    }
    failures.finish();
}

/// A design that cannot run says so at the top, and no layer is written without the argument that it needs.
#[test]
fn a_broken_design_says_so() {
    let layers = ["Conv2d", "GroupNorm", "Conv2d", "BatchNorm2d", "Linear", "LayerNorm"];
    let layers = layers.into_iter().enumerate().map(|(index, class)| {
        let kind = Kind::from_class(class).expect("a class");
        let mut layer = kind.layer();
        if index == 1 {
            layer.set_argument("num_groups", &convscope::model::Value::Int(3)).expect("an argument");
        }
        (format!("l{index}"), layer)
    });
    let network = Network::chain("Broken", "3x20x20".parse().expect("a shape"), layers);
    let text = export_module(&network);
    assert!(text.starts_with("# THIS DESIGN IS BROKEN"), "{text}");
    assert!(text.lines().nth(1).is_some_and(|line| line.contains("l1 (GroupNorm)")), "{text}");
    assert!(text.contains("nn.LazyConv2d(8, kernel_size=3)") && text.contains("nn.LazyLinear(10)"), "{text}");
    assert!(text.contains("NotKnown(\"LayerNorm") && !text.contains("nn.LayerNorm()"), "{text}");
}

/// The loader changes nothing of the network, and its class is the one that has the weights.
#[test]
fn the_loader_is_beside_the_network() {
    for preset in presets::all() {
        let mut network = preset.network();
        let plain = export_module(&network);
        let text = export_with_loader(&network);
        let class = plain.rsplit_once("    model = ").unwrap().1.lines().next().unwrap();
        assert!(
            text.contains(&format!("    model = {class}\n    model.load_state_dict(weights, strict=True)\n")),
            "{text}"
        );
        let read = |text: &str| {
            let read = import(text, &Options::default());
            assert!(read.problems.iter().all(|problem| problem.severity != Severity::Error), "{:?}", read.problems);
            read.models.into_iter().map(|model| model.network).collect::<Vec<_>>()
        };
        assert_eq!(read(&text), read(&plain), "{}", preset.id);
        // A class of the function's name is another.
        network.name = "load".to_string();
        assert!(export_with_loader(&network).contains("class load2("));
    }
}

/// A parameter beside a module that is put in by its path takes nothing away.
#[test]
fn parameters_leave_the_modules_beside_them() {
    let conv = || Layer::Conv2d(convscope::model::Conv2d { out_channels: Channels::Count(8), ..Default::default() });
    let rows = [
        ("layer1.conv", conv()),
        ("layer1.gamma", convscope::model::Parameter { shape: vec![1, 8, 1, 1] }.into()),
        ("mul", convscope::model::Mul::default().into()),
        ("other", conv()),
        ("layer1.act", convscope::model::ReLU::default().into()),
    ];
    let rows = rows.into_iter().map(|(name, layer)| (name.to_string(), layer));
    let mut network = Network::chain("Net", "3x20x20".parse().expect("a shape"), rows);
    let inputs = [0, 1].map(|index: usize| convscope::model::Source::Node(network.nodes[index].id));
    network.nodes[2].inputs = convscope::model::Inputs::From(inputs.into_iter().collect());
    let (text, nodes, problems) = imported(&network);
    let expected = canonical(&network);
    assert!(text.contains("put(self, \"layer1.gamma\", nn.Parameter("), "{text}");
    assert_eq!(nodes, expected, "{}\n{problems}\n{text}", difference(&expected, &nodes));
}

/// Arguments may come from a link: only constants are written as code.
#[test]
fn arguments_of_unknown_layers_are_constants_or_no_code() {
    let export = |class: &str, arguments: &str| {
        let (class, arguments) = (class.to_string(), arguments.to_string());
        let layer = convscope::model::Unsupported { class, arguments, ..Default::default() };
        export_module(&Network::chain("N", "3x20".parse().expect("a shape"), [("a".to_string(), layer.into())]))
    };
    let good = export("Conv1d", "in_channels=3, out_channels=8, kernel_size=(3,), padding='same', bias=True");
    let written = "nn.Conv1d(in_channels=3, out_channels=8, kernel_size=(3,), padding='same', bias=True)";
    assert!(good.contains(written), "{good}");
    let bad = ["__import__('os')", "1)\nimport os", "1 # ", "f(1)", "'\\n'", "1, (2", "a=b", "\"x\"", "..."];
    for arguments in bad {
        for class in ["Conv1d", "sum", "normalize", "stack", "pow", "expand", "max"] {
            let text = export(class, arguments);
            assert!(text.contains("self.a = NotKnown(\""), "{class}({arguments}): {text}");
            assert!(!text.contains("import os\n"), "{text}");
        }
    }
}

/// The network's Keras code; where Keras has no equal, a comment that says so.
fn keras_text(network: &Network) -> String {
    convscope::keras::export(network)
        .unwrap_or_else(|problem| format!("# {}\n", literal::comment(&problem.to_string())))
}
