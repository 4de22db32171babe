//! The modules of `torch.nn` and the arguments they take.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use crate::model::{Kind, Sort};

/// Classes whose cost the tool does not count: arguments in order (those with `=` have a default), and how many
/// dimensions beside channels their kernels have.
const OTHER_CLASSES: &[(&str, &str)] = &[
    ("Conv3d", "in_channels out_channels kernel_size stride=1 padding=0 dilation=1 groups=1 bias=True padding_mode="),
    (
        "ConvTranspose3d",
        "in_channels out_channels kernel_size stride=1 padding=0 output_padding=0 groups=1 bias=True dilation=1 padding_mode=",
    ),
    ("MaxPool3d", "kernel_size stride= padding=0 dilation=1 return_indices= ceil_mode="),
    ("AvgPool3d", "kernel_size stride= padding=0 ceil_mode= count_include_pad= divisor_override="),
    ("AdaptiveAvgPool3d", "output_size"),
    ("AdaptiveMaxPool3d", "output_size return_indices="),
    ("BatchNorm3d", "num_features eps= momentum= affine=True track_running_stats=True"),
    ("InstanceNorm3d", "num_features eps= momentum= affine=False track_running_stats=False"),
    ("RMSNorm", "normalized_shape eps= elementwise_affine=True"),
    ("Embedding", "num_embeddings embedding_dim padding_idx= max_norm= norm_type= scale_grad_by_freq= sparse="),
    (
        "LSTM",
        "input_size hidden_size num_layers=1 bias=True batch_first=False dropout=0 bidirectional=False proj_size=",
    ),
    ("GRU", "input_size hidden_size num_layers=1 bias=True batch_first=False dropout=0 bidirectional=False"),
    (
        "RNN",
        "input_size hidden_size num_layers=1 nonlinearity= bias=True batch_first=False dropout=0 bidirectional=False",
    ),
    (
        "MultiheadAttention",
        "embed_dim num_heads dropout= bias=True add_bias_kv= add_zero_attn= kdim= vdim= batch_first=",
    ),
    ("Bilinear", "in1_features in2_features out_features bias=True"),
    ("MaxUnpool2d", "kernel_size stride= padding="),
    ("LPPool2d", "norm_type kernel_size stride= ceil_mode="),
    ("FractionalMaxPool2d", "kernel_size output_size= output_ratio="),
    ("Unfold", "kernel_size dilation= padding= stride="),
    ("Fold", "output_size kernel_size dilation= padding= stride="),
    ("Softmax2d", ""),
    ("Softmin", "dim="),
    ("Softshrink", "lambd="),
    ("Hardshrink", "lambd="),
    ("Tanhshrink", ""),
    ("Threshold", "threshold value inplace="),
    ("RReLU", "lower= upper= inplace="),
    ("GLU", "dim=-1"),
    ("CosineSimilarity", "dim= eps="),
    ("PairwiseDistance", "p= eps= keepdim="),
    ("ConstantPad1d", "padding value"),
    ("ConstantPad3d", "padding value"),
    ("ZeroPad1d", "padding"),
    ("ZeroPad3d", "padding"),
    ("ReflectionPad1d", "padding"),
    ("ReflectionPad3d", "padding"),
    ("ReplicationPad1d", "padding"),
    ("ReplicationPad3d", "padding"),
    ("CircularPad1d", "padding"),
    ("CircularPad2d", "padding"),
    ("CircularPad3d", "padding"),
    ("CrossMapLRN2d", "size alpha= beta= k="),
    ("CrossEntropyLoss", "weight="),
    ("BCELoss", "weight="),
    ("BCEWithLogitsLoss", "weight="),
    ("MSELoss", "size_average="),
    ("L1Loss", "size_average="),
    ("SmoothL1Loss", "size_average="),
    ("NLLLoss", "weight="),
    ("KLDivLoss", "size_average="),
    ("HuberLoss", "reduction="),
];

/// Classes that do what another one does: the other one, and arguments it then has.
const ALIASES: &[(&str, &str)] = &[
    ("SyncBatchNorm", "BatchNorm2d"),
    ("Dropout1d", "Dropout"),
    ("Dropout3d", "Dropout"),
    ("FeatureAlphaDropout", "AlphaDropout"),
    ("DropPath", "StochasticDepth"),
    ("UpsamplingNearest2d", "Upsample"),
    ("UpsamplingBilinear2d", "Upsample"),
    ("LazyConv2d", "Conv2d"),
    ("LazyConvTranspose2d", "ConvTranspose2d"),
    ("LazyConv1d", "Conv1d"),
    ("LazyConvTranspose1d", "ConvTranspose1d"),
    ("LazyInstanceNorm1d", "InstanceNorm1d"),
    ("LazyLinear", "Linear"),
    ("LazyBatchNorm2d", "BatchNorm2d"),
    ("LazyBatchNorm1d", "BatchNorm1d"),
    ("LazyInstanceNorm2d", "InstanceNorm2d"),
    ("NonDynamicallyQuantizableLinear", "Linear"),
];

const CONTAINERS: &[&str] = &["Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"];

/// The names of all classes above but the containers, and of those that the model has.
static LEAVES: LazyLock<FxHashSet<&str>> = LazyLock::new(|| {
    let counted = Kind::ALL.iter().map(|kind| kind.class());
    let aliases = ALIASES.iter().map(|(alias, _)| *alias);
    let counted = counted.chain(aliases).filter(|class| kind_of(class).is_some());
    let others = OTHER_CLASSES.iter().map(|(other, _)| *other);
    counted.chain(others).chain(["Unflatten"]).collect()
});

/// An argument of a class: its name, and whether it can be left out.
pub(crate) struct Parameter {
    pub name: &'static str,
    pub optional: bool,
}

pub(crate) fn kind_of(class: &str) -> Option<Kind> {
    let class = ALIASES.iter().find(|(alias, _)| *alias == class).map_or(class, |(_, other)| other);
    Kind::from_class(class).filter(|kind| !kind.is_function())
}

/// A module of `torch.nn` without modules of its own.
pub(crate) fn is_known_leaf(class: &str) -> bool {
    LEAVES.contains(class)
}

pub(crate) fn is_known_class(class: &str) -> bool {
    CONTAINERS.contains(&class) || is_known_leaf(class) || class == "Parameter"
}

/// How many arguments a class needs and takes at most, where it has no parameters of its own and a function that does
/// the same takes them in the same order.
pub(crate) fn argument_counts(class: &str) -> Option<(usize, usize)> {
    let kind = kind_of(class)?;
    let signature = signature(class);
    let required = signature.iter().filter(|parameter| !parameter.optional).count();
    let has_function = kind.sort() == Sort::Pool || kind == Kind::PixelShuffle;
    let without_parameters = kind.inferred_argument().is_none() && kind != Kind::PReLU;
    (without_parameters && (required == 0 || has_function)).then_some((required, signature.len()))
}

/// A class's arguments in PyTorch's order.
pub(crate) fn signature(class: &str) -> Vec<Parameter> {
    let lazy = class.starts_with("Lazy");
    if let Some((_, arguments)) = OTHER_CLASSES.iter().find(|(other, _)| *other == class) {
        return arguments
            .split(' ')
            .filter(|argument| !argument.is_empty())
            .map(|argument| match argument.split_once('=') {
                Some((name, _)) => Parameter { name, optional: true },
                None => Parameter { name: argument, optional: false },
            })
            .collect();
    }
    let names: &[(&'static str, bool)] = match class {
        "MaxPool2d" | "MaxPool1d" => &[
            ("kernel_size", false),
            ("stride", true),
            ("padding", true),
            ("dilation", true),
            ("return_indices", true),
            ("ceil_mode", true),
        ],
        "AdaptiveMaxPool2d" | "AdaptiveMaxPool1d" => &[("output_size", false), ("return_indices", true)],
        "PReLU" => &[("num_parameters", true), ("init", true)],
        "LayerNorm" => &[("normalized_shape", false), ("eps", true), ("elementwise_affine", true), ("bias", true)],
        "LayerNorm2d" => &[("normalized_shape", false), ("eps", true), ("elementwise_affine", true), ("bias", true)],
        "ConvTranspose2d" | "ConvTranspose1d" => &[
            ("in_channels", false),
            ("out_channels", false),
            ("kernel_size", false),
            ("stride", true),
            ("padding", true),
            ("output_padding", true),
            ("groups", true),
            ("bias", true),
            ("dilation", true),
            ("padding_mode", true),
        ],
        "Upsample" => &[
            ("size", true),
            ("scale_factor", true),
            ("mode", true),
            ("align_corners", true),
            ("recompute_scale_factor", true),
        ],
        "UpsamplingNearest2d" | "UpsamplingBilinear2d" => &[("size", true), ("scale_factor", true)],
        "DropPath" => &[("p", true), ("scale_by_keep", true)],
        "StochasticDepth" => &[("p", false), ("mode", true)],
        "Unflatten" => &[("dim", false), ("unflattened_size", false)],
        _ => &[],
    };
    if !names.is_empty() {
        return names.iter().map(|&(name, optional)| Parameter { name, optional }).collect();
    }
    let Some(kind) = kind_of(class) else { return Vec::new() };
    let required = kind.required_arguments();
    let parameters = kind.arguments().iter().enumerate();
    let mut parameters: Vec<Parameter> =
        parameters.map(|(index, &name)| Parameter { name, optional: index >= required }).collect();
    if let Some(inferred) = kind.inferred_argument().filter(|_| !lazy) {
        let at = inferred.position.min(parameters.len());
        parameters.insert(at, Parameter { name: inferred.name, optional: false });
    }
    parameters
}
