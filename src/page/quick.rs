//! Layers in shorthand, as one types them: `conv 64 k3 s2`, `dw 3`, `bn relu`, `max 2, fc 10`.
//!
//! Words are layers; what follows one up to the next word are its arguments: numbers in the order in which a row shows
//! them, letters with a number (`k3`, `s2`, `p1`, `g4`, `d2`), `name=value`, `same`, `nobias`. What is not said has PyTorch's
//! default, but for a depthwise convolution, which keeps the size of the map.

use crate::model::{Channels, Groups, Kind, Layer, Padding, Pair, Value};

use super::row::inline_arguments;

/// Short words, beside PyTorch's own names in any case and without their `2d`.
const WORDS: &[(&str, Kind)] = &[
    ("conv", Kind::Conv2d),
    ("dw", Kind::Conv2d),
    ("depthwise", Kind::Conv2d),
    ("pw", Kind::Conv2d),
    ("pointwise", Kind::Conv2d),
    ("deconv", Kind::ConvTranspose2d),
    ("fc", Kind::Linear),
    ("dense", Kind::Linear),
    ("bn", Kind::BatchNorm2d),
    ("max", Kind::MaxPool2d),
    ("maxpool", Kind::MaxPool2d),
    ("pool", Kind::MaxPool2d),
    ("avg", Kind::AvgPool2d),
    ("avgpool", Kind::AvgPool2d),
    ("gap", Kind::AdaptiveAvgPool2d),
    ("flat", Kind::Flatten),
    ("drop", Kind::Dropout),
    ("up", Kind::Upsample),
];

/// Letters before a number.
const LETTERS: &[(&str, &str)] =
    &[("k", "kernel_size"), ("s", "stride"), ("p", "padding"), ("g", "groups"), ("d", "dilation")];

/// The layers of a text, at least one.
///
/// # Errors
/// The word that is none, with what could stand there.
pub fn read(text: &str) -> Result<Vec<Layer>, String> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut place = 0;
    for word in words(text) {
        if let Some(layer) = layer(&word) {
            layers.push(layer);
            place = 0;
            continue;
        }
        let Some(layer) = layers.last_mut() else {
            return Err(format!("\"{word}\" is no layer; conv 64 k3, dw 3, bn, relu, max 2, fc 10 are"));
        };
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            let order = shown(layer);
            let Some(name) = order.get(place) else {
                return Err(format!("{} takes no more numbers than {}", layer.kind().class(), order.len()));
            };
            place += 1;
            set(layer, name, &word.replace('x', ","))?;
        } else {
            set_word(layer, &word)?;
        }
    }
    layers.iter_mut().for_each(keep_size);
    if layers.is_empty() { Err("type a layer, like conv 64 k3".to_string()) } else { Ok(layers) }
}

/// Gives a depthwise convolution of odd size the padding that keeps the map, where nothing is said of it.
fn keep_size(layer: &mut Layer) {
    if let Layer::Conv2d(conv) = layer
        && conv.groups == Groups::InputChannels
        && conv.padding == Padding::Explicit(Pair::square(0))
    {
        let half = |size: i64, dilation: i64| size.saturating_sub(1).saturating_mul(dilation) / 2;
        let (size, dilation) = (conv.kernel_size, conv.dilation);
        conv.padding =
            Padding::Explicit(Pair::new(half(size.height, dilation.height), half(size.width, dilation.width)));
    }
}

/// Sets an argument from a text.
///
/// # Errors
/// Where the layer has no such argument, or it takes no such value.
pub fn set(layer: &mut Layer, name: &str, value: &str) -> Result<(), String> {
    let kind = layer.kind();
    let Some(known) = kind.arguments().iter().find(|known| **known == name) else {
        return Err(format!("{} has no argument {name}; it has {}", kind.class(), kind.arguments().join(", ")));
    };
    let expected = || format!("{name} is {}", kind.expected(known).unwrap_or("another value"));
    layer.set_argument(known, &Value::parse(value)).map_err(|_| expected())
}

/// Words between blanks, commas and arrows; what stands in brackets is of one word.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut depth) = (Vec::new(), String::new(), 0_u32);
    for letter in text.chars() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (letter.is_whitespace() || matches!(letter, ',' | ';' | '>' | '→')) {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty() && word != "-"));
        } else {
            word.push(letter);
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// The layer that a word is, with what the word says of it.
fn layer(word: &str) -> Option<Layer> {
    let lower = word.to_ascii_lowercase();
    let plain = |class: &str| class.to_ascii_lowercase();
    let is_named = |kind: &&Kind| {
        let class = plain(kind.class());
        **kind != Kind::Unsupported && (class == lower || class.strip_suffix("2d") == Some(lower.as_str()))
    };
    let short = WORDS.iter().find(|(short, _)| *short == lower).map(|(_, kind)| *kind);
    let mut layer = short.or_else(|| Kind::ALL.iter().find(is_named).copied())?.layer();
    if let Layer::Conv2d(conv) = &mut layer {
        match lower.as_str() {
            "dw" | "depthwise" => {
                (conv.groups, conv.out_channels) = (Groups::InputChannels, Channels::TimesInput(1));
            }
            "pw" | "pointwise" => conv.kernel_size = Pair::square(1),
            _ => {}
        }
    }
    Some(layer)
}

/// The arguments that plain numbers are, in order.
fn shown(layer: &Layer) -> Vec<&'static str> {
    let names = inline_arguments(layer.kind()).iter().map(|(name, _)| *name);
    let is_depthwise = matches!(layer, Layer::Conv2d(conv) if matches!(conv.groups, Groups::InputChannels));
    names.filter(|name| !(is_depthwise && *name == "out_channels")).collect()
}

/// `k3`, `groups=4`, `same`, `nobias`.
fn set_word(layer: &mut Layer, word: &str) -> Result<(), String> {
    if let Some((name, value)) = word.split_once('=') {
        return set(layer, name, value);
    }
    match word {
        "same" | "valid" => return set(layer, "padding", word),
        "nobias" => return set(layer, "bias", "False"),
        _ => {}
    }
    let letter = LETTERS.iter().find(|(letter, _)| {
        word.strip_prefix(letter)
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit() || first == '('))
    });
    match letter {
        Some((letter, name)) => set(layer, name, &word[letter.len()..].replace('x', ",")),
        None => Err(format!("\"{word}\" is neither a layer nor an argument of {}", layer.kind().class())),
    }
}
