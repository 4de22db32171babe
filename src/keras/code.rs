//! Operations as Keras code, in the functional form.

mod expression;

use crate::model::Network;
use crate::model::literal::{is_identifier, string};

use super::function::Function;
use super::lower;
use super::problem::KerasProblem;
use super::program::{Operation, Program};
use expression::{Written, written};

/// The network's Keras code: it leaves a `model`. Layers with weights have PyTorch's names, with `_` for what is no
/// letter, digit or underscore.
///
/// # Errors
/// Names the first row that Keras has no equal for.
pub fn export(network: &Network) -> Result<String, KerasProblem> {
    let program = lower::lower(network)?;
    let shape: Vec<String> = program.tensors[0].iter().skip(1).map(ToString::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let has_slopes = program.operations.iter().any(|operation| matches!(operation.function, Function::PRelu { .. }));
    let mut text = format!(
        "import keras\nfrom keras import {}layers, ops\n\n# Images are [N, H, W, C] here.\ninputs = keras.Input(shape=({}{comma}))\n",
        if has_slopes { "initializers, " } else { "" },
        shape.join(", ")
    );
    let variables = variables(&program);
    for (index, operation) in program.operations.iter().enumerate() {
        text.push_str(&statement(&program, index, operation, &program.layers[index], &variables));
    }
    let name = if is_identifier(&network.name) { network.name.as_str() } else { "Net" };
    text.push_str(&format!(
        "\nmodel = keras.Model(inputs, {}, name={})\nmodel.summary()\n",
        variables[program.output],
        string(name)
    ));
    Ok(text)
}

/// A variable for each tensor: `x` where only the next operation reads it.
fn variables(program: &Program) -> Vec<String> {
    let mut variables = vec!["inputs".to_string(); program.tensors.len()];
    for (index, operation) in program.operations.iter().enumerate() {
        let next = program.operations.get(index + 1).filter(|next| next.inputs.contains(&operation.output));
        let by_next = next.map_or(0, |next| next.inputs.iter().filter(|&&input| input == operation.output).count());
        let is_last = index + 1 == program.operations.len();
        let only_next = is_last || (by_next > 0 && program.readers(operation.output) == by_next);
        variables[operation.output] = if only_next { "x".to_string() } else { format!("x{}", index + 1) };
    }
    variables
}

fn statement(program: &Program, index: usize, operation: &Operation, layer: &str, variables: &[String]) -> String {
    let inputs: Vec<&str> = operation.inputs.iter().map(|&input| variables[input].as_str()).collect();
    let x = inputs.first().copied().unwrap_or("inputs");
    let to = &variables[operation.output];
    let argument = if inputs.len() == 1 { x.to_string() } else { format!("[{}]", inputs.join(", ")) };
    let mut text = String::new();
    if let Function::Dense { units, pixels: Some([channels, height, width]), .. } = operation.function {
        text.push_str(&format!(
            "# From PyTorch: kernel = weight.reshape({units}, {channels}, {height}, {width}).transpose(2, 3, 1, 0).reshape(-1, {units})\n"
        ));
    }
    let is_shared = operation.shared_with.is_some();
    let is_used_again = program.operations[index + 1..].iter().any(|later| later.shared_with == Some(index));
    text.push_str(&match written(operation, &program.tensors, &inputs, layer) {
        Written::Layer(_) if is_shared => format!("{to} = layer_{layer}({argument})\n"),
        Written::Layer(made) if is_used_again => format!("layer_{layer} = {made}\n{to} = layer_{layer}({argument})\n"),
        Written::Layer(made) => format!("{to} = {made}({argument})\n"),
        Written::Value(value) => format!("{to} = {value}\n"),
    });
    text
}
