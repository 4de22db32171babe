//! Layers whose Keras code once was another network.

use convscope::keras::{Unsayable, export, lower};
use convscope::pytorch::{Options, Severity, import};

use crate::golden::Failures;

use super::parameters;

/// The network of a `nn.Sequential`.
fn network(layers: &str, input: &str) -> convscope::model::Network {
    let text = format!("import torch.nn as nn\nmodel = nn.Sequential({layers})\n");
    let found = import(&text, &Options { input: Some(input.parse().expect("a shape")) });
    assert!(found.problems.iter().all(|problem| problem.severity == Severity::Note), "{layers}: {:?}", found.problems);
    found.models.into_iter().next().expect("a model").network
}

/// PyTorch 2.9.1: layers, input, output without the batch and with the channels last, parameters.
#[test]
fn shapes_and_parameters_are_pytorchs() {
    let rows: &[(&str, &str, &[u64], u64)] = &[
        ("nn.AvgPool2d(2, ceil_mode=True)", "4x7x7", &[4, 4, 4], 0),
        ("nn.ConvTranspose2d(4, 8, 3, stride=2, padding=1)", "4x5x5", &[9, 9, 8], 296),
        ("nn.ConvTranspose2d(4, 8, 1, stride=2)", "4x5x5", &[9, 9, 8], 40),
        ("nn.InstanceNorm2d(4)", "4x8x8", &[8, 8, 4], 0),
        ("nn.GroupNorm(2, 4, affine=False)", "4x8x8", &[8, 8, 4], 0),
        ("nn.LayerNorm([4, 8, 8])", "4x8x8", &[8, 8, 4], 512),
        ("nn.LayerNorm(6)", "4x8x6", &[8, 6, 4], 12),
        ("nn.Linear(6, 3)", "4x8x6", &[8, 3, 4], 21),
        ("nn.Upsample(size=(7, 9))", "4x5x5", &[7, 9, 4], 0),
        ("nn.Upsample(scale_factor=1.5)", "4x6x6", &[9, 9, 4], 0),
        ("nn.Conv2d(4, 8, 3, padding=1, padding_mode='reflect')", "4x6x6", &[6, 6, 8], 296),
        ("nn.AdaptiveAvgPool2d(3)", "4x7x7", &[3, 3, 4], 0),
        ("nn.MaxPool2d(3, 2, 1)", "4x8x8", &[4, 4, 4], 0),
        ("nn.Flatten(), nn.Linear(256, 4), nn.PReLU()", "4x8x8", &[4], 1029),
        ("nn.Flatten(), nn.Linear(256, 4), nn.PReLU(4)", "4x8x8", &[4], 1032),
        // [N, C, H W] in PyTorch; no network over lines, so its order stays.
        ("nn.Flatten(2)", "4x5x6", &[4, 30], 0),
    ];
    let mut failures = Failures::default();
    for (layers, input, output, params) in rows {
        let program = lower(&network(layers, input)).unwrap_or_else(|problem| panic!("{layers}: {problem}"));
        let found = (program.tensors[program.output].sizes()[1..].to_vec(), parameters(&program));
        failures.check(found == (output.to_vec(), *params), || format!("{layers}: {found:?}"));
    }
    failures.finish();
}

/// What Keras cannot say names the row.
#[test]
fn what_keras_lacks_stops_the_export() {
    let rows = [
        ("nn.MaxPool2d(3, 1, dilation=2)", "4x9x9", Unsayable::DilatedPool),
        ("nn.ConvTranspose2d(4, 8, 3, dilation=2)", "4x5x5", Unsayable::TransposedDilation),
        ("nn.ConvTranspose2d(4, 8, 3, groups=4)", "4x5x5", Unsayable::TransposedGroups),
        ("nn.Conv2d(4, 8, 3, stride=2, dilation=2)", "4x9x9", Unsayable::StrideWithDilation),
        ("nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True)", "4x5x5", Unsayable::AlignCorners),
        ("nn.Upsample(scale_factor=1.5, mode='bilinear')", "4x5x5", Unsayable::UnevenFactor(7, 7)),
        ("nn.LocalResponseNorm(2)", "4x5x5", Unsayable::NoLayer),
        ("nn.BatchNorm2d(4, track_running_stats=False)", "4x5x5", Unsayable::BatchStatistics),
        ("nn.Softmax(dim=0)", "4x5x5", Unsayable::Batch),
        // It stands as a row that is not known.
        ("nn.Unflatten(1, (2, 2))", "4x5x5", Unsayable::Unknown),
    ];
    for (layers, input, reason) in rows {
        let network = network(&format!("nn.ReLU(), {layers}"), input);
        let problem = export(&network).expect_err(layers);
        assert_eq!((problem.row, &problem.reason), (1, &reason), "{layers}");
        assert!(problem.to_string().starts_with("1 ("), "{problem}");
    }
}

/// Arguments that change what is computed, if not its shape.
#[test]
fn arguments_are_written() {
    let rows: &[(&str, &str)] = &[
        (
            "nn.AvgPool2d(3, 1, padding=1, count_include_pad=False)",
            "layers.AveragePooling2D(3, strides=1, padding=\"same\")",
        ),
        ("nn.AvgPool2d(2, divisor_override=3)", "layers.AveragePooling2D(2)(inputs)\nx = x * 1.3333333333333333"),
        ("nn.Softplus(2.0)", "ops.where(inputs * 2.0 > 20.0, inputs, ops.softplus(inputs * 2.0) / 2.0)"),
        ("nn.Hardtanh(-2.0, 3.0)", "ops.clip(inputs, -2.0, 3.0)"),
        ("nn.CELU(0.5)", "ops.celu(inputs, alpha=0.5)"),
        ("nn.GELU('tanh')", "ops.gelu(inputs, approximate=True)"),
        (
            "nn.Conv2d(4, 4, 3, padding=1, padding_mode='reflect')",
            "ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)), mode=\"reflect\")",
        ),
        (
            "nn.Conv2d(4, 4, 3, padding=1, padding_mode='circular')",
            "ops.concatenate([inputs[:, -1:]] + [inputs] + [inputs[:, :1]], axis=1)",
        ),
        // Behind a ReLU nothing is below zero; elsewhere the map is mirrored.
        (
            "nn.ReLU(), nn.MaxPool2d(3, 2, 1)",
            "layers.ZeroPadding2D(((1, 0), (1, 0)))(x)\nx = layers.MaxPooling2D(3, strides=2)",
        ),
        ("nn.MaxPool2d(3, 2, 1)", "ops.pad(inputs, ((0, 0), (1, 0), (1, 0), (0, 0)), mode=\"symmetric\")"),
    ];
    let mut failures = Failures::default();
    for (layers, wanted) in rows {
        let text = export(&network(layers, "4x8x8")).unwrap_or_else(|problem| problem.to_string());
        failures.check(text.contains(wanted), || format!("{layers}: {text}"));
    }
    failures.finish();
}
