//! Random networks of every kind of layer with any arguments, wiring and names, and workbenches of them. Most of
//! these networks cannot run; all of them can be written.

use convscope::cost::{Convention, NumberType};
use convscope::model::{
    Argument, Call, Dims, Inputs, Kind, Layer, Network, Node, NodeId, PaddingMode, Pair, ScalarOperation, Source,
    UncalledModule, UpsampleMode, Value,
};
use convscope::rewrite::{HiddenLayers, PooledHead, Rewrite};
use convscope::workbench::{Content, Design, Hideable, Look, Part, Settings, Show, Workbench, default_name};
use proptest::prelude::*;

/// Any value that some argument takes.
fn value() -> impl Strategy<Value = Value> {
    let choices = [PaddingMode::CHOICES, UpsampleMode::CHOICES, ScalarOperation::CHOICES].concat();
    let words = ["same", "valid", "tanh", "none", "empty", "in", "in_channels", "x1", "x-3", "x", "row", ""];
    let words: Vec<&str> = choices.into_iter().chain(words).collect();
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        (-3_i64..300).prop_map(Value::Int),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        (-3000_i64..3000, -12_i32..4).prop_map(|(digits, power)| Value::Float(digits as f64 * 10_f64.powi(power))),
        proptest::sample::select(words).prop_map(|word| Value::Text(word.to_string())),
        ".*".prop_map(Value::Text),
        prop::collection::vec((-3_i64..300).prop_map(Value::Int), 0..6).prop_map(Value::List),
        prop::collection::vec(prop_oneof![(-3_i64..300).prop_map(Value::Int), Just(Value::None)], 2..3)
            .prop_map(Value::List),
        prop::collection::vec(any::<f64>().prop_map(Value::Float), 2..3).prop_map(Value::List),
    ]
}

/// A layer of this kind with any arguments.
pub fn layer(kind: Kind) -> impl Strategy<Value = Layer> {
    let settings = kind.arguments().iter().map(|&name| (Just(name), prop::collection::vec(value(), 0..12)));
    settings.collect::<Vec<_>>().prop_map(move |settings| {
        let mut layer = kind.layer();
        for (name, values) in settings {
            // The first one that fits.
            let _ = values.iter().any(|value| layer.set_argument(name, value).is_ok());
        }
        layer
    })
}

fn any_layer() -> impl Strategy<Value = Layer> {
    proptest::sample::select(Kind::ALL).prop_flat_map(layer)
}

/// A name: the default one is left to chance. All that can be names are among them.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "(layer[1-3]\\.[0-2]\\.|features\\.)?(conv|bn|relu|pool|fc|add|depthwise|pointwise)[1-4]?",
        1 => "[^\\p{Cc}\u{2028}\u{2029}]{0,40}",
    ]
}

fn inputs() -> impl Strategy<Value = Inputs> {
    let source = prop_oneof![
        1 => Just(Source::Input),
        6 => (0_u32..14).prop_map(|id| Source::Node(NodeId(id))),
        1 => Just(Source::Node(NodeId(u32::MAX))),
    ];
    prop_oneof![
        3 => Just(Inputs::Above),
        2 => prop::collection::vec(source, 0..4).prop_map(Inputs::From),
    ]
}

fn dims() -> impl Strategy<Value = Dims> {
    prop::collection::vec(1_u64..400, 1..6).prop_map(|sizes| Dims::new(&sizes).expect("few sizes"))
}

/// Any network whose ids are its positions.
pub fn network() -> impl Strategy<Value = Network> {
    let node =
        (name(), any_layer(), inputs(), any::<bool>(), prop_oneof![3 => Just(Call::Module), 1 => Just(Call::Function)]);
    let module = (name(), any_layer(), prop::collection::vec(any::<u64>(), 0..4))
        .prop_map(|(name, layer, declared)| UncalledModule { name, layer, declared });
    let uncalled = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(module, 1..3)];
    let names = prop_oneof![2 => Just("Net".to_string()), 1 => name()];
    (names, dims(), prop::collection::vec(node, 0..12), uncalled).prop_map(|(name, input, nodes, uncalled)| {
        let count = nodes.len() as u32;
        let mut naming = convscope::model::Naming::default();
        let nodes = nodes.into_iter().enumerate().map(|(index, (name, layer, inputs, is_named, call))| {
            let name = if is_named { name } else { naming.next(&layer) };
            naming.take(&name, &layer);
            Node { id: NodeId(index as u32), name, layer, inputs: within(inputs, count), call }
        });
        Network { name, input, nodes: nodes.collect(), uncalled }
    })
}

/// Sources that no node has become the one missing id that links know.
fn within(inputs: Inputs, count: u32) -> Inputs {
    match inputs {
        Inputs::Above => Inputs::Above,
        Inputs::From(sources) => {
            let known = |source| match source {
                Source::Node(NodeId(id)) if id >= count => Source::Node(NodeId(u32::MAX)),
                source => source,
            };
            Inputs::From(sources.into_iter().map(known).collect())
        }
    }
}

pub fn rewrite() -> impl Strategy<Value = Rewrite> {
    let node = || (0_u32..6).prop_map(NodeId);
    let nodes = || prop::collection::vec(node(), 0..3);
    let hidden = prop_oneof![Just(HiddenLayers::Keep), Just(HiddenLayers::Drop)];
    prop_oneof![
        4 => Just(Rewrite::Separable),
        1 => nodes().prop_map(|nodes| Rewrite::SeparableFor { nodes }),
        1 => Just(Rewrite::FoldBatchNorm),
        1 => Just(Rewrite::DropRedundantBias),
        1 => Just(Rewrite::AbsorbDepthwiseBias),
        1 => Just(Rewrite::FoldDepthwise),
        1 => (1_i64..4, hidden).prop_map(|(size, hidden)| Rewrite::PooledHead(PooledHead { size, hidden })),
        1 => (node(), 1_i64..9).prop_map(|(node, rank)| Rewrite::LowRank { node, rank }),
        1 => (node(), 1_i64..9).prop_map(|(node, width)| Rewrite::Bottleneck { node, width }),
        1 => (nodes(), 1_i64..9).prop_map(|(nodes, groups)| Rewrite::Grouped { nodes, groups }),
        1 => (node(), 1_i64..9).prop_map(|(node, expansion)| Rewrite::InvertedResidual { node, expansion }),
        1 => (0.05_f64..2.0).prop_map(|multiplier| Rewrite::Width { multiplier }),
        1 => (1_u64..300, 1_u64..300).prop_map(|(height, width)| Rewrite::Resolution { height, width }),
        1 => nodes().prop_map(|pools| Rewrite::StrideForPool { pools }),
        1 => (nodes(), 1_i64..4, 1_i64..4)
            .prop_map(|(nodes, height, width)| Rewrite::KernelSize { nodes, size: Pair::new(height, width) }),
        1 => (0.0_f64..1.0).prop_map(|ratio| Rewrite::PruneChannels { ratio }),
        1 => (node(), 1_i64..9).prop_map(|(node, count)| Rewrite::Channels { node, count }),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let number_type = proptest::sample::select(NumberType::ALL);
    let convention = proptest::sample::select(Convention::ALL);
    let device = prop_oneof![Just(None), ".+".prop_map(Some), Just(Some("nano-33-ble".to_string()))];
    let frozen = prop::collection::vec("[a-z][a-z0-9._]{0,7}", 0..3);
    (1_u64..300, number_type, convention, any::<u64>(), 1e-3_f64..1e3, device, frozen, any::<bool>()).prop_map(
        |(batch, number_type, convention, seed, gain, device, frozen, own_inputs)| Settings {
            batch,
            number_type,
            convention,
            seed,
            gain,
            device,
            frozen,
            own_inputs,
        },
    )
}

fn look() -> impl Strategy<Value = Look> {
    let part = prop_oneof![proptest::sample::select(Part::EACH), Just(Part::All)];
    let show = proptest::sample::select(&[Show::Whole, Show::Present, Show::Embed][..]);
    (part, show, proptest::sample::subsequence(Hideable::ALL, 0..=Hideable::ALL.len())).prop_map(
        |(part, show, hidden)| {
            let mut look = Look::of(part, show);
            hidden.into_iter().for_each(|what| look.hide(what, true));
            look
        },
    )
}

/// Any workbench: networks of `network`, twins of them and of other twins.
pub fn workbench(network: impl Strategy<Value = Network>) -> impl Strategy<Value = Workbench> {
    let twin = (any::<prop::sample::Index>(), prop::collection::vec(rewrite(), 0..3));
    let design = (prop::option::of(name()), network, prop::option::of(twin));
    let settings = prop_oneof![Just(Settings::default()), settings()];
    let look = prop_oneof![Just(Look::default()), look()];
    let index = any::<prop::sample::Index>;
    (prop::collection::vec(design, 1..5), index(), index(), settings, look).prop_map(
        |(designs, baseline, compared, settings, look)| {
            let count = designs.len();
            let mut built = Vec::new();
            for (index, (name, network, twin)) in designs.into_iter().enumerate() {
                // A twin follows a design on its left, so that there are no circles.
                let content = match twin.filter(|_| index > 0) {
                    Some((of, rewrites)) => Content::Twin { of: of.index(index), rewrites },
                    None => Content::Network(network.into()),
                };
                built.push(Design::new(name.unwrap_or_else(|| default_name(index, &content)), content));
            }
            let baseline = baseline.index(count);
            // A link has the pair as it is shown, and nothing more.
            let workbench = Workbench { designs: built, baseline, compared: compared.index(count), settings, look };
            let compared = workbench.pair().map_or(usize::from(baseline != 1), |(_, compared)| compared);
            Workbench { compared, ..workbench }
        },
    )
}
