//! The modules of `torch.nn` and the arguments they take.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use crate::model::{Kind, Sort};

/// Classes whose cost the tool does not count: along how many dimensions they work (0: none in particular), and their
/// arguments in order; those with `=` can be left out.
const OTHER_CLASSES: &[(&str, usize, &str)] = &[
    ("Conv3d", 3, "in_channels out_channels kernel_size stride= padding= dilation= groups= bias= padding_mode="),
    (
        "ConvTranspose3d",
        3,
        "in_channels out_channels kernel_size stride= padding= output_padding= groups= bias= dilation= padding_mode=",
    ),
    ("MaxPool3d", 3, "kernel_size stride= padding= dilation= return_indices= ceil_mode="),
    ("AvgPool3d", 3, "kernel_size stride= padding= ceil_mode= count_include_pad= divisor_override="),
    ("AdaptiveAvgPool3d", 3, "output_size"),
    ("AdaptiveMaxPool3d", 3, "output_size return_indices="),
    ("BatchNorm3d", 3, "num_features eps= momentum= affine= track_running_stats="),
    ("InstanceNorm3d", 3, "num_features eps= momentum= affine= track_running_stats="),
    ("RMSNorm", 0, "normalized_shape eps= elementwise_affine="),
    ("Embedding", 0, "num_embeddings embedding_dim padding_idx= max_norm= norm_type= scale_grad_by_freq= sparse="),
    ("LSTM", 0, "input_size hidden_size num_layers= bias= batch_first= dropout= bidirectional= proj_size="),
    ("GRU", 0, "input_size hidden_size num_layers= bias= batch_first= dropout= bidirectional="),
    ("RNN", 0, "input_size hidden_size num_layers= nonlinearity= bias= batch_first= dropout= bidirectional="),
    (
        "MultiheadAttention",
        0,
        "embed_dim num_heads dropout= bias= add_bias_kv= add_zero_attn= kdim= vdim= batch_first=",
    ),
    ("Bilinear", 0, "in1_features in2_features out_features bias="),
    ("LSTMCell", 0, "input_size hidden_size bias="),
    ("GRUCell", 0, "input_size hidden_size bias="),
    ("RNNCell", 0, "input_size hidden_size bias= nonlinearity="),
    ("EmbeddingBag", 0, "num_embeddings embedding_dim max_norm= norm_type= scale_grad_by_freq= mode= sparse="),
    ("DeformConv2d", 2, "in_channels out_channels kernel_size stride= padding= dilation= groups= bias="),
    ("MaxUnpool1d", 1, "kernel_size stride= padding="),
    ("MaxUnpool2d", 2, "kernel_size stride= padding="),
    ("MaxUnpool3d", 3, "kernel_size stride= padding="),
    ("LPPool1d", 1, "norm_type kernel_size stride= ceil_mode="),
    ("LPPool3d", 3, "norm_type kernel_size stride= ceil_mode="),
    ("LPPool2d", 2, "norm_type kernel_size stride= ceil_mode="),
    ("FractionalMaxPool2d", 2, "kernel_size output_size= output_ratio="),
    ("Unfold", 2, "kernel_size dilation= padding= stride="),
    ("Fold", 2, "output_size kernel_size dilation= padding= stride="),
    ("Softmax2d", 2, ""),
    ("Softmin", 0, "dim="),
    ("Softshrink", 0, "lambd="),
    ("Hardshrink", 0, "lambd="),
    ("Tanhshrink", 0, ""),
    ("Threshold", 0, "threshold value inplace="),
    ("RReLU", 0, "lower= upper= inplace="),
    ("GLU", 0, "dim="),
    ("CosineSimilarity", 0, "dim= eps="),
    ("PairwiseDistance", 0, "p= eps= keepdim="),
    ("ConstantPad1d", 1, "padding value"),
    ("ConstantPad3d", 3, "padding value"),
    ("ZeroPad1d", 1, "padding"),
    ("ZeroPad3d", 3, "padding"),
    ("ReflectionPad1d", 1, "padding"),
    ("ReflectionPad3d", 3, "padding"),
    ("ReplicationPad1d", 1, "padding"),
    ("ReplicationPad3d", 3, "padding"),
    ("CircularPad1d", 1, "padding"),
    ("CircularPad2d", 2, "padding"),
    ("CircularPad3d", 3, "padding"),
    ("CrossMapLRN2d", 2, "size alpha= beta= k="),
    ("CrossEntropyLoss", 0, "weight="),
    ("BCELoss", 0, "weight="),
    ("BCEWithLogitsLoss", 0, "weight="),
    ("MSELoss", 0, "size_average="),
    ("L1Loss", 0, "size_average="),
    ("SmoothL1Loss", 0, "size_average="),
    ("NLLLoss", 0, "weight="),
    ("KLDivLoss", 0, "size_average="),
    ("HuberLoss", 0, "reduction="),
];

/// The arguments of classes that the model has with fewer of them, or in another order.
const LONGER_SIGNATURES: &[(&str, &str)] = &[
    ("MaxPool2d", "kernel_size stride= padding= dilation= return_indices= ceil_mode="),
    ("MaxPool1d", "kernel_size stride= padding= dilation= return_indices= ceil_mode="),
    ("AdaptiveMaxPool2d", "output_size return_indices="),
    ("AdaptiveMaxPool1d", "output_size return_indices="),
    ("PReLU", "num_parameters= init="),
    ("LayerNorm", "normalized_shape eps= elementwise_affine= bias="),
    ("LayerNorm2d", "normalized_shape eps= elementwise_affine= bias="),
    (
        "ConvTranspose2d",
        "in_channels out_channels kernel_size stride= padding= output_padding= groups= bias= dilation= padding_mode=",
    ),
    (
        "ConvTranspose1d",
        "in_channels out_channels kernel_size stride= padding= output_padding= groups= bias= dilation= padding_mode=",
    ),
    ("Upsample", "size= scale_factor= mode= align_corners= recompute_scale_factor="),
    ("UpsamplingNearest2d", "size= scale_factor="),
    ("UpsamplingBilinear2d", "size= scale_factor="),
    ("DropPath", "p= scale_by_keep="),
    ("StochasticDepth", "p mode="),
    ("Unflatten", "dim unflattened_size"),
];

/// Classes that do what another one does, and the other one.
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
    let others = OTHER_CLASSES.iter().map(|(other, ..)| *other);
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

/// Along how many dimensions a class works whose cost the tool does not count: 3 of a `Conv3d`.
pub(crate) fn dimensions(class: &str) -> usize {
    OTHER_CLASSES.iter().find(|(other, ..)| *other == class).map_or(0, |(_, dimensions, _)| *dimensions)
}

/// A class's arguments in PyTorch's order.
pub(crate) fn signature(class: &str) -> Vec<Parameter> {
    let lazy = class.starts_with("Lazy");
    let other = OTHER_CLASSES.iter().find(|(other, ..)| *other == class).map(|(_, _, arguments)| *arguments);
    let longer = || LONGER_SIGNATURES.iter().find(|(longer, _)| *longer == class).map(|(_, arguments)| *arguments);
    if let Some(arguments) = other.or_else(longer) {
        let parameter = |argument: &'static str| match argument.strip_suffix('=') {
            Some(name) => Parameter { name, optional: true },
            None => Parameter { name: argument, optional: false },
        };
        return arguments.split_whitespace().map(parameter).collect();
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
