//! Texts as people publish them: what is around the network does not change it.

use convscope::cost::{Settings, analyze};
use convscope::model::presets;
use convscope::pytorch::{Import, Options, Severity, import};

fn imported(text: &str) -> Import {
    import(text, &Options::default())
}

/// The parameters of each network.
fn params(found: &Import) -> Vec<Option<u64>> {
    found.models.iter().map(|model| model.totals.params).collect()
}

fn errors(found: &Import) -> Vec<&str> {
    let errors = found.problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| problem.message.as_str()).collect()
}

const NET: &str = "
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        return self.conv(x)
";

/// A session or fenced code in a docstring is no part of the text's own.
#[test]
fn examples_in_docstrings_are_no_code() {
    let examples = [
        ">>> net = Net(1)\n    >>> net(torch.rand(1, 3, 8, 8)).shape\n    torch.Size([1, 8, 6, 6])",
        "Use::\n\n        >>> for i in range(3):\n        ...     print(i)\n        0\n    ",
        "```python\n    net = nn.Sequential(nn.Conv2d(1, 1, 1))\n    ```",
        ">>> nn.Linear(2, 2)  # it's\n    'quoted \\\"\\\"\\\" not closed'\n    ",
    ];
    for (quotes, prefix) in [("\"\"\"", ""), ("'''", ""), ("\"\"\"", "r")] {
        for example in examples {
            let text = NET.replacen(
                "    def",
                &format!("    {prefix}{quotes}A net.\n    {example}\n    {quotes}\n    def"),
                1,
            );
            let found = imported(&text);
            assert_eq!((params(&found), errors(&found)), (vec![Some(224)], vec![]), "{text}");
        }
    }
    // A session that defines one is still a session.
    let lines = NET.trim().lines().enumerate();
    let session: String =
        lines.map(|(index, line)| format!("{} {line}\n", if index == 0 { ">>>" } else { "..." })).collect();
    let found = imported(&format!("It's \"\"\" odd:\n{session}>>> Net()\nNet(\n  (conv): Conv2d(3, 8)\n)\n"));
    assert_eq!(params(&found), [Some(224)]);
}

/// Sizes that were tried and do not fit leave no error behind.
#[test]
fn what_a_tried_input_raises_is_not_told() {
    let text = "
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(4, 4, 16, 16)
    def join(self, a, b):
        if a.shape == b.shape:
            return torch.cat((a, b), 1)
        raise ValueError('shapes differ')
    def forward(self, x):
        x = self.conv(x)
        return self.join(x, self.up(self.pool(self.pool(self.pool(self.pool(x))))))
";
    let found = imported(text);
    assert_eq!((params(&found), errors(&found)), (vec![Some(4140)], vec![]));
    assert_eq!(found.models[0].network.input.sizes(), [1, 32, 32]);
    assert!(analyze(&found.models[0].network, &Settings::default()).totals.completeness.is_exact());
}

/// A script is read as if it were started without arguments; what must be given is not known.
#[test]
fn options_have_their_defaults() {
    let text = "
import argparse
parser = argparse.ArgumentParser(description='training')
parser.add_argument('--width', '-w', type=int, default=8, help='channels')
parser.add_argument('--kernel-size', default='3', type=int)
parser.add_argument('--no-bias', action='store_true')
parser.add_argument('-d', '--depth', dest='layers', type=int, default=2)
parser.add_argument('--data', required=True)
parser.set_defaults(classes=10)
group = parser.add_argument_group('more')
group.add_argument('--stride', type=int, default=1)

def main():
    args, rest = parser.parse_known_args()
    if args.data == 'cifar':
        args.width = 16
    layers = [nn.Conv2d(3, args.width, args.kernel_size, args.stride, bias=not args.no_bias)]
    for _ in range(args.layers):
        layers.append(nn.Conv2d(args.width, args.width, 1))
    net = nn.Sequential(*layers, nn.Conv2d(args.width, args.classes, 1))

if __name__ == '__main__':
    opt = parser.parse_args()
    main()
";
    assert_eq!(params(&imported(text)), [Some(224 + 2 * 72 + 90)]);
    let required = text.replace("type=int, default=8", "type=int, required=True");
    assert_eq!(params(&imported(&required)), [None]);
}

/// What `apply` runs is the function's `forward`; its context only matters to gradients.
#[test]
fn functions_with_their_own_gradient_run() {
    let text = "
class SwishFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.scale = 1
        return x * torch.sigmoid(x)
    @staticmethod
    def backward(ctx, grad):
        x = ctx.saved_variables[0]
        return grad * torch.sigmoid(x)
swish = SwishFunction.apply
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        return swish(self.conv(x))
";
    let found = imported(text);
    assert_eq!((params(&found), errors(&found)), (vec![Some(224)], vec![]));
    let names: Vec<&str> = found.models[0].network.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["conv", "sigmoid", "mul"]);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
}

/// Below a row whose output is only assumed, what does not fit is no error of the text.
#[test]
fn what_follows_from_an_assumed_shape_is_no_error() {
    let text = "
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = SpaceToDepth(2)
        self.conv = nn.Conv2d(12, 8, 3)
        self.fc = nn.Linear(8 * 14 * 14, 10)
    def forward(self, x):
        x = self.conv(self.down(x))
        return self.fc(x.flatten(1))
from layers import SpaceToDepth
net = Net()
net(torch.randn(1, 3, 32, 32))
";
    let found = imported(text);
    assert_eq!((params(&found), errors(&found)), (vec![None], vec![]));
    let told = |what: &str| found.problems.iter().any(|problem| problem.message.contains(what));
    assert!(told("SpaceToDepth") && told("may come of a row above"), "{:?}", found.problems);
    assert!(found.problems.iter().all(|problem| problem.fix.is_none()));
    let known = text.replace("SpaceToDepth(2)", "nn.PixelUnshuffle(2)");
    assert_eq!(params(&imported(&known)), [Some(872 + 15690)]);
    assert!(errors(&imported(&known)).is_empty());
}

#[test]
fn names_of_models_are_no_input_shapes() {
    for name in ["ResNeXt50_32x4d", "wide: 32x4d", "state size. 8 x 8"] {
        let text = NET.replacen("class Net(nn.Module):", &format!("class Net(nn.Module):\n    # {name}"), 1);
        assert_eq!(imported(&text).models[0].network.input.sizes(), [3, 32, 32], "{name}");
    }
}

/// Exceptions and warnings of Python are names like others.
#[test]
fn warnings_may_be_given() {
    let text = NET.replacen(
        "        self.conv",
        "        warnings.warn('will change', FutureWarning)\n        try:\n            load()\n        except (EnvironmentError, LookupError):\n            pass\n        self.conv",
        1,
    );
    let found = imported(&text);
    assert_eq!((params(&found), errors(&found)), (vec![Some(224)], vec![]));
}

/// Pads over three dimensions, as shortcuts without parameters have them.
#[test]
fn pads_of_any_dimensions_have_their_shape() {
    let text = "
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ConstantPad3d((1, 2, 0, 0, 3, 4), 0.0), nn.Conv2d(11, 2, 1))
net(torch.randn(2, 3, 8, 8))
";
    let found = imported(text);
    assert_eq!((params(&found), errors(&found)), (vec![Some(112 + 24)], vec![]));
    assert_eq!(found.models[0].outputs[0].sizes(), [1, 2, 6, 9]);
}

const RESNET: &str = "
class Basic(nn.Module):
    expansion = 1
    def __init__(self, inplanes, planes):
        super().__init__()
        self.conv = nn.Conv2d(inplanes, planes, 3, padding=1)
    def forward(self, x):
        return self.conv(x) + x
class Bottleneck(nn.Module):
    expansion = 1
    def __init__(self, inplanes, planes, act=nn.ReLU()):
        super().__init__()
        self.conv = nn.Conv2d(inplanes, planes, 1)
        self.act = act
    def forward(self, x):
        return self.act(self.conv(x))
class ResNet(nn.Module):
    def __init__(self, block, layers, num_classes=10):
        super().__init__()
        self.layers = nn.Sequential(*[block(3, 3) for _ in range(sum(layers))])
        self.fc = nn.Linear(3, num_classes)
    def forward(self, x):
        return self.fc(self.layers(x).mean([2, 3]))
def resnet8(**kwargs):
    return ResNet(Bottleneck, [1, 2], **kwargs)
";

/// A block that no network uses, and an activation made for an argument's default, hide no network.
#[test]
fn the_network_is_what_the_functions_make() {
    let found = imported(RESNET);
    assert_eq!((params(&found), errors(&found)), (vec![Some(3 * 12 + 40)], vec![]));
    assert!(found.problems.iter().any(|problem| problem.message.contains("Basic(inplanes, planes)")));
    let with_activation = RESNET.replacen(
        "class Basic",
        "class Act(nn.Module):\n    def forward(self, x):\n        return x * 2\nclass Basic",
        1,
    );
    assert_eq!(params(&imported(&with_activation)), [Some(76)]);
}

/// Two classes that nothing makes are two designs, also where both have to be given an argument.
#[test]
fn both_classes_of_a_question_are_designs() {
    let first = NET.replacen("def __init__(self)", "def __init__(self, num_classes)", 1);
    let second = first.replacen("Net", "Other", 1).replace("8, 3)", "num_classes, 3)");
    assert_eq!(params(&imported(&format!("{first}{second}"))), [Some(224), Some(280)]);
}

/// The features that a view counts itself tell nothing about the input.
#[test]
fn a_view_of_what_arrives_does_not_tell_the_input() {
    let text = "
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc = nn.Linear(400, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(x.view(-1, int(x.nelement() / x.shape[0])))
";
    let found = imported(text);
    assert_eq!((params(&found), errors(&found)), (vec![Some(456 + 2416 + 4010)], vec![]));
    assert_eq!(found.models[0].network.input.sizes(), [3, 32, 32]);
}

/// A first convolution over a sequence or a volume takes one; the sizes are PyTorch's.
#[test]
fn sequences_and_volumes_are_inputs_of_their_own() {
    let net = |class: &str, features: &str| {
        format!(
            "
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv{class}(1, 4, 3, padding=1)
        self.pool = nn.MaxPool{class}(2)
        self.fc = nn.Linear({features}, 5)
    def forward(self, x):
        return self.fc(self.pool(self.conv(x)).flatten(1))
"
        )
    };
    let sequence = imported(&net("1d", "4 * 93"));
    assert_eq!(sequence.models[0].network.input.sizes(), [1, 187]);
    assert_eq!((params(&sequence), errors(&sequence)), (vec![Some(16 + 1865)], vec![]));
    let volume = imported(&net("3d", "4 * 8 ** 3"));
    assert_eq!(volume.models[0].network.input.sizes(), [1, 16, 16, 16]);
    assert_eq!((params(&volume), errors(&volume)), (vec![Some(112 + 10_245)], vec![]));
}

/// Figures are PyTorch 2.9.1's.
#[test]
fn attention_over_other_features_has_weights_of_its_own() {
    let text = "
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.a = nn.MultiheadAttention(8, 2, kdim=4, vdim=4, add_bias_kv=True)
        self.b = nn.MultiheadAttention(8, 2, bias=False, kdim=8)
    def forward(self, x):
        return self.conv(x)
";
    assert_eq!(params(&imported(text)), [Some(16 + 240 + 256)]);
}

/// Every second pixel, as shortcuts without parameters and YOLO's first layer take them: no products, and a known shape.
#[test]
fn every_other_pixel_is_a_row_of_known_cost() {
    let text = "
class Focus(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(12, 8, 3, padding=1)
    def forward(self, x):
        return self.conv(torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1))
net = nn.Sequential(Focus(), nn.ReLU())
net(torch.randn(1, 3, 32, 48))
";
    let found = imported(text);
    let report = analyze(&found.models[0].network, &Settings::default());
    assert!(report.totals.completeness.is_exact() && errors(&found).is_empty(), "{:?}", found.problems);
    assert_eq!(report.totals.figures.macs.0, 12 * 8 * 9 * 16 * 24);
    assert_eq!(found.models[0].outputs[0].sizes(), [1, 8, 16, 24]);
    let exported = convscope::pytorch::export_module(&found.models[0].network);
    assert_eq!(imported(&exported).models[0].network.nodes.len(), found.models[0].network.nodes.len());
}

/// A product in code is no input shape.
#[test]
fn products_in_code_are_no_input_shapes() {
    let text =
        format!("{NET}\ndef wide(**kwargs):\n    override(kwargs, 'width_per_group', 64 * 2)\n    return Net()\n");
    assert_eq!(imported(&text).models[0].network.input.sizes(), [3, 32, 32]);
    let remark = NET.replacen("class Net(nn.Module):", "class Net(nn.Module):\n    # image 48 * 40", 1);
    assert_eq!(imported(&remark).models[0].network.input.sizes(), [3, 48, 40]);
}

/// What a base that is not in the text brings along is not told as nothing.
#[test]
fn bases_that_are_not_in_the_text_are_said() {
    let text = "
from .misc import MLP, Stage
class Block(MLP):
    def __init__(self, width):
        super().__init__(width, [width])
        for m in self.modules():
            pass
class Net(Stage):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.mlp = Block(8)
    def forward(self, x):
        return self.mlp(self.conv(x))
";
    let found = imported(text);
    assert_eq!((params(&found), errors(&found)), (vec![None], vec![]));
    let told = |what: &str| found.problems.iter().any(|problem| problem.message.contains(what));
    assert!(told("Block is not known") && told("Stage is not in the text"), "{:?}", found.problems);
    let names: Vec<&str> = found.models[0].network.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["conv", "mlp"]);
}

/// torchvision's ways: weights that are not wanted are None, and a configuration's class extends a dataclass.
#[test]
fn weights_enums_and_extended_dataclasses_are_understood() {
    let text = "
from dataclasses import dataclass
from ._api import WeightsEnum
@dataclass
class _Config:
    channels: int
    kernel: int = 3
class Config(_Config):
    def __init__(self, width):
        super().__init__(width * 2, kernel=1)
class NetWeights(WeightsEnum):
    DEFAULT = 1
class Net(nn.Module):
    def __init__(self, config, aux=True):
        super().__init__()
        self.conv = nn.Conv2d(3, config.channels, config.kernel)
        self.aux = nn.Conv2d(3, 4, 1) if aux else None
    def forward(self, x):
        return self.conv(x)
def net(*, weights=None, **kwargs):
    weights = NetWeights.verify(weights)
    model = Net(Config(4), **kwargs)
    if weights is not None:
        model.aux = None
    return model
";
    let found = imported(text);
    assert_eq!((params(&found), errors(&found)), (vec![Some(32 + 16)], vec![]));
}

#[test]
fn volumes_are_sampled_up() {
    let text = "
net = nn.Sequential(nn.Conv3d(1, 2, 3, padding=1), nn.Upsample(scale_factor=2, mode='nearest'))
net(torch.randn(1, 1, 8, 8, 8))
";
    let found = imported(text);
    assert_eq!((params(&found), errors(&found)), (vec![Some(56)], vec![]));
    assert_eq!(found.models[0].outputs[0].sizes(), [1, 2, 16, 16, 16]);
}

/// The blocks that torchvision's files import from one another, as MobileNetV3-Small uses them (2,542,856 parameters:
/// torchvision's table of weights).
#[test]
fn blocks_of_torchvision_are_known() {
    let imports = [
        "from ..ops.misc import Conv2dNormActivation, SqueezeExcitation as SElayer\nfrom ._utils import _make_divisible",
        "from torchvision.ops.misc import Conv2dNormActivation, SqueezeExcitation as SElayer\nfrom torchvision.models._utils import _make_divisible",
        "import torchvision\nfrom torchvision.ops import SqueezeExcitation as SElayer\nConv2dNormActivation = torchvision.ops.Conv2dNormActivation\nfrom torchvision.models._utils import _make_divisible",
    ];
    let text = "
from functools import partial
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self, i, k, e, o, se, act, s):
        super().__init__()
        norm = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        layers = []
        if e != i:
            layers.append(Conv2dNormActivation(i, e, kernel_size=1, norm_layer=norm, activation_layer=act))
        layers.append(Conv2dNormActivation(e, e, kernel_size=k, stride=s, groups=e, norm_layer=norm, activation_layer=act))
        if se:
            layers.append(SElayer(e, _make_divisible(e // 4, 8), scale_activation=nn.Hardsigmoid))
        layers.append(Conv2dNormActivation(e, o, kernel_size=1, norm_layer=norm, activation_layer=None))
        self.block = nn.Sequential(*layers)
        self.adds = s == 1 and i == o

    def forward(self, x):
        return x + self.block(x) if self.adds else self.block(x)

RE, HS = nn.ReLU, nn.Hardswish
SETTINGS = [
    (16, 3, 16, 16, True, RE, 2), (16, 3, 72, 24, False, RE, 2), (24, 3, 88, 24, False, RE, 1),
    (24, 5, 96, 40, True, HS, 2), (40, 5, 240, 40, True, HS, 1), (40, 5, 240, 40, True, HS, 1),
    (40, 5, 120, 48, True, HS, 1), (48, 5, 144, 48, True, HS, 1), (48, 5, 288, 96, True, HS, 2),
    (96, 5, 576, 96, True, HS, 1), (96, 5, 576, 96, True, HS, 1),
]

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [Conv2dNormActivation(3, 16, stride=2, activation_layer=HS)]
        layers += [Block(*settings) for settings in SETTINGS]
        layers.append(Conv2dNormActivation(96, 576, kernel_size=1, activation_layer=HS))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Linear(576, 1024), HS(inplace=True), nn.Dropout(0.2), nn.Linear(1024, 1000))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))

Net()(torch.rand(1, 3, 224, 224))
";
    let preset = presets::find("mobilenet_v3_small").expect("a preset").network();
    let preset = analyze(&preset, &Settings::default());
    for lines in imports {
        let found = imported(&format!("{lines}\n{text}"));
        assert_eq!((params(&found), errors(&found)), (vec![Some(2_542_856)], vec![]), "{lines}: {:?}", found.problems);
        let report = analyze(&found.models[0].network, &Settings::default());
        assert!(report.totals.completeness.is_exact());
        assert_eq!(report.totals.figures.macs, preset.totals.figures.macs, "{lines}");
        let names: Vec<&str> = found.models[0].registered.iter().map(|module| module.name.as_str()).collect();
        assert_eq!(names[..4], ["features.0.0", "features.0.1", "features.0.2", "features.1.block.0.0"]);
        assert!(names.contains(&"features.1.block.1.fc1") && names.contains(&"features.1.block.1.scale_activation"));
        assert!(found.problems.is_empty(), "{:?}", found.problems);
    }
    // A mistake in how a block is used stands where the text uses it.
    let wrong = text.replace("Conv2dNormActivation(3, 16, stride", "Conv2dNormActivation(4, 16, stride");
    let found = imported(&format!("{}\n{wrong}", imports[0]));
    let line = wrong.lines().position(|line| line.contains("self.features(x)")).map(|index| index as u32 + 3);
    let error = found.problems.iter().find(|problem| problem.severity == Severity::Error).expect("an error");
    assert!(error.message.contains("channels"), "{error:?}");
    assert_eq!(error.line, line, "{error:?}");
}

/// What is made of something unknown is not taken for empty: the loop that makes layers of it says so.
#[test]
fn layers_of_unknown_lists_are_told() {
    for listed in ["zip(config, config)", "enumerate(sorted(config))", "[(a, a) for a in config]", "map(tuple, config)"]
    {
        let text = format!(
            "
import json
config = json.load(open('widths.json'))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 3))
        for i, (a, b) in enumerate({listed}):
            self.layers.append(nn.Conv2d(a, b, 3))
    def forward(self, x):
        return self.layers(x)
"
        );
        let found = imported(&text);
        // No sum is whole without the loop.
        assert_eq!(params(&found), [None], "{listed}");
        let told = found.problems.iter().any(|problem| problem.message.contains("What this loop runs over"));
        assert!(told, "{listed}: {:?}", found.problems);
    }
}
