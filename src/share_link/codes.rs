//! What layers and arguments are called in links. A code that was ever in a link stays as it is.

use crate::model::Kind;

/// The code of a kind: lowercase letters and digits, a letter first. A kind may also be read by the start of its
/// code, so no code is another one with an argument's key behind it (a test keeps it so).
pub(super) const fn kind_code(kind: Kind) -> &'static str {
    match kind {
        Kind::Conv2d => "c",
        Kind::ConvTranspose2d => "ct",
        Kind::Conv1d => "conv1d",
        Kind::ConvTranspose1d => "deconv1d",
        Kind::Linear => "fc",
        Kind::MaxPool2d => "max",
        Kind::AvgPool2d => "avg",
        Kind::AdaptiveAvgPool2d => "gap",
        Kind::AdaptiveMaxPool2d => "gmp",
        Kind::MaxPool1d => "maxpool1d",
        Kind::AvgPool1d => "avgpool1d",
        Kind::AdaptiveAvgPool1d => "gap1d",
        Kind::AdaptiveMaxPool1d => "gmp1d",
        Kind::Mean => "mean",
        Kind::BatchNorm2d => "bn",
        Kind::BatchNorm1d => "bn1d",
        Kind::GroupNorm => "gn",
        Kind::LayerNorm => "ln",
        Kind::LayerNorm2d => "ln2d",
        Kind::InstanceNorm2d => "in",
        Kind::InstanceNorm1d => "in1d",
        Kind::LocalResponseNorm => "lrn",
        Kind::ReLU => "relu",
        Kind::ReLU6 => "relu6",
        Kind::LeakyReLU => "lrelu",
        Kind::PReLU => "prelu",
        Kind::ELU => "elu",
        Kind::SELU => "selu",
        Kind::CELU => "celu",
        Kind::SiLU => "silu",
        Kind::GELU => "gelu",
        Kind::Mish => "mish",
        Kind::Hardswish => "hswish",
        Kind::Hardsigmoid => "hsigm",
        Kind::Hardtanh => "htanh",
        Kind::Sigmoid => "sigm",
        Kind::LogSigmoid => "logsigm",
        Kind::Tanh => "tanh",
        Kind::Softplus => "splus",
        Kind::Softsign => "ssign",
        Kind::Softmax => "softmax",
        Kind::LogSoftmax => "logsoftmax",
        Kind::Dropout => "drop",
        Kind::Dropout2d => "drop2d",
        Kind::AlphaDropout => "adrop",
        Kind::StochasticDepth => "depth",
        Kind::Identity => "id",
        Kind::Flatten => "flat",
        Kind::View => "view",
        Kind::Transpose => "tr",
        Kind::Permute => "perm",
        Kind::Contiguous => "cont",
        Kind::Chunk => "chunk",
        Kind::Slice => "slice",
        Kind::ChannelShuffle => "shuffle",
        Kind::PixelShuffle => "pshuffle",
        Kind::PixelUnshuffle => "punshuffle",
        Kind::Upsample => "up",
        Kind::ZeroPad2d => "pad",
        Kind::ConstantPad2d => "cpad",
        Kind::ReflectionPad2d => "rpad",
        Kind::ReplicationPad2d => "epad",
        Kind::Add => "add",
        Kind::Mul => "mul",
        Kind::Cat => "cat",
        Kind::Parameter => "par",
        Kind::Scalar => "num",
        Kind::Unsupported => "un",
    }
}

/// Arguments' names and their keys: lowercase letters, none starting with `x`, which stands between the numbers of
/// a list. The first argument of a kind needs no key where PyTorch has no default for it.
const ARGUMENT_KEYS: &[(&str, &str)] = &[
    ("affine", "affine"),
    ("align_corners", "align"),
    ("alpha", "alpha"),
    ("approximate", "by"),
    ("arguments", "args"),
    ("beta", "beta"),
    ("bias", "b"),
    ("buffers", "buffers"),
    ("ceil_mode", "ceil"),
    ("chunks", "n"),
    ("class", "class"),
    ("count_include_pad", "count"),
    ("dilation", "d"),
    ("dim", "dim"),
    ("dim0", "from"),
    ("dim1", "to"),
    ("dims", "dims"),
    ("divisor_override", "div"),
    ("downscale_factor", "r"),
    ("elementwise_affine", "affine"),
    ("end", "to"),
    ("end_dim", "to"),
    ("eps", "eps"),
    ("groups", "g"),
    ("index", "at"),
    ("inplace", "i"),
    ("input", "in"),
    ("k", "k"),
    ("keepdim", "keep"),
    ("kernel_size", "k"),
    ("macs", "macs"),
    ("max_val", "max"),
    ("min_val", "min"),
    ("mode", "m"),
    ("momentum", "mom"),
    ("negative_slope", "slope"),
    ("normalized_dims", "dims"),
    ("num_groups", "g"),
    ("num_parameters", "n"),
    ("operation", "op"),
    ("out_channels", "c"),
    ("out_features", "f"),
    ("output_padding", "op"),
    ("output_size", "size"),
    ("p", "p"),
    ("padding", "p"),
    ("parameters", "n"),
    ("padding_mode", "m"),
    ("scale_factor", "by"),
    ("shape", "shape"),
    ("size", "size"),
    ("start", "from"),
    ("start_dim", "from"),
    ("stride", "s"),
    ("threshold", "t"),
    ("track_running_stats", "stats"),
    ("upscale_factor", "r"),
    ("value", "v"),
];

/// The key of an argument; `None` for a name that the table does not have (a test keeps it complete).
pub(super) fn argument_key(name: &str) -> Option<&'static str> {
    ARGUMENT_KEYS.iter().find(|(argument, _)| *argument == name).map(|(_, key)| *key)
}

/// The argument of a kind that has this key.
pub(super) fn argument_of_key(kind: Kind, key: &str) -> Option<&'static str> {
    kind.arguments().iter().copied().find(|name| argument_key(name) == Some(key))
}

/// The kind that a token starts with, and the rest of the token: the longest code whose rest can be what follows a
/// code.
pub(super) fn split_code(token: &str) -> Option<(Kind, &str)> {
    let fits = |kind: &&Kind| token.strip_prefix(kind_code(**kind)).is_some_and(|rest| may_follow(**kind, rest));
    let kind = *Kind::ALL.iter().filter(fits).max_by_key(|kind| kind_code(**kind).len())?;
    Some((kind, token.get(kind_code(kind).len()..)?))
}

/// Whether a text can stand behind a kind's code: nothing, its first argument's value, a key, an input or a name.
fn may_follow(kind: Kind, rest: &str) -> bool {
    match rest.chars().next() {
        None | Some('_' | '~') => true,
        Some(first) if first.is_ascii_lowercase() => {
            let end = rest.find(|letter: char| !letter.is_ascii_lowercase()).unwrap_or(rest.len());
            argument_of_key(kind, &rest[..end]).is_some()
        }
        Some(first) => kind.required_arguments() > 0 && (first.is_ascii_digit() || matches!(first, '-' | 'A'..='Z')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_has_a_key_of_its_own() {
        for &kind in Kind::ALL {
            let mut keys = Vec::new();
            for name in kind.arguments() {
                let key = argument_key(name).unwrap_or_else(|| panic!("{}: no key for {name}", kind.class()));
                assert!(!keys.contains(&key), "{}: two arguments have the key {key}", kind.class());
                assert!(!key.starts_with('x') && key.chars().all(|letter| letter.is_ascii_lowercase()), "{key}");
                keys.push(key);
            }
        }
    }

    #[test]
    fn every_code_is_read_as_its_kind_whatever_follows() {
        for &kind in Kind::ALL {
            let mut rests = vec![String::new(), "_name".to_string(), "~1".to_string()];
            if kind.required_arguments() > 0 {
                rests.extend(["3", "-3", "SAME", "~text~~"].map(str::to_string));
            }
            let keys = kind.arguments().iter().filter_map(|name| argument_key(name));
            rests.extend(keys.map(|key| format!("{key}1")));
            for rest in rests {
                let token = format!("{}{rest}", kind_code(kind));
                assert_eq!(split_code(&token), Some((kind, rest.as_str())), "{token}");
            }
        }
    }
}
