//! The C functions: their text, and what they take at -Os on a Cortex-M4.

use super::step::{Form, Kernel};

const KERNELS: &str = include_str!("kernels.c");
const HELPERS: &str = include_str!("helpers.c");

/// The part of a text below a comment with this name, to the next such comment.
fn part(text: &'static str, name: &str) -> String {
    let start = format!("/* {name} */\n");
    let rest = text.find(&start).map_or("", |at| &text[at + start.len()..]);
    let mut part = String::new();
    for line in rest.lines() {
        let is_name = line.strip_prefix("/* ").and_then(|line| line.strip_suffix(" */"));
        if is_name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')) {
            break;
        }
        part.push_str(line);
        part.push('\n');
    }
    part
}

/// The name of the function in C.
pub(super) fn name(kernel: Kernel, form: Form) -> String {
    let ending = match form {
        Form::Floats => "_float",
        Form::Bytes => "_int8_t",
    };
    match kernel {
        Kernel::Convolution => format!("conv{ending}"),
        Kernel::MaxPool => format!("max_pool{ending}"),
        Kernel::AveragePool => "average_pool".to_string(),
        Kernel::GlobalMean => "global_mean".to_string(),
        Kernel::Combine => "combine".to_string(),
        Kernel::PerChannel => "per_channel".to_string(),
        Kernel::Concatenate => "concatenate".to_string(),
        Kernel::Quantize => "quantize".to_string(),
        Kernel::Softmax => "softmax".to_string(),
    }
}

/// The text of the function.
pub(super) fn text(kernel: Kernel, form: Form) -> String {
    let stem = match kernel {
        Kernel::Convolution => "conv",
        Kernel::MaxPool => "max_pool",
        Kernel::AveragePool => "average_pool",
        Kernel::GlobalMean => "global_mean",
        Kernel::Combine => "combine",
        Kernel::PerChannel => "per_channel",
        Kernel::Concatenate => "concatenate",
        Kernel::Quantize => "quantize",
        Kernel::Softmax => "softmax",
    };
    let [number, sum, product, value, finish] = match form {
        Form::Floats => [
            "float",
            "MODEL_SUM",
            "(MODEL_SUM)a[i] * (MODEL_SUM)b[i]",
            "(float)(sum + (MODEL_SUM)l->bias[o])",
            "finish",
        ],
        Form::Bytes => ["int8_t", "int32_t", "a[i] * b[i]", "(float)sum * l->scale[o] + l->bias[o]", "unchanged"],
    };
    part(KERNELS, stem)
        .replace("$T", number)
        .replace("$S", sum)
        .replace("$M", product)
        .replace("$V", value)
        .replace("$F", finish)
}

/// A function that kernels call.
pub(super) fn helper(name: &str) -> String {
    part(HELPERS, name)
}
