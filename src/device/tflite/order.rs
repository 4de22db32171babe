//! The order in which a Keras model runs its layers: by their depth, counted from the output.

use crate::keras::{Activation, Fill, Function, Program};

/// The program's operations, by index, as Keras's functional model runs them.
///
/// A layer's depth is one more than that of the deepest layer that reads it; the deepest run first, and of equal ones the
/// one that the model's graph, walked depth first from the output, was left last (`map_graph` in keras/src/ops/function.py).
/// What does not lead to the output is left out.
pub(super) fn order(program: &Program, names: &[String]) -> Vec<usize> {
    let count = program.operations.len();
    let mut writer = vec![None; program.tensors.len()];
    for (index, operation) in program.operations.iter().enumerate() {
        writer[operation.output] = Some(index);
    }
    let parents = |index: usize| program.operations[index].inputs.iter().filter_map(|&input| writer[input]);
    // Depth first, each after what it reads.
    let mut walked: Vec<usize> = Vec::with_capacity(count);
    let mut seen = vec![false; count];
    let mut stack: Vec<(usize, usize)> = Vec::new();
    if let Some(last) = writer[program.output] {
        seen[last] = true;
        stack.push((last, 0));
    }
    while let Some((index, next)) = stack.pop() {
        match parents(index).nth(next) {
            Some(parent) => {
                stack.push((index, next + 1));
                if !seen[parent] {
                    seen[parent] = true;
                    stack.push((parent, 0));
                }
            }
            None => walked.push(index),
        }
    }
    // A layer that runs twice has one depth: that of its deepest call.
    let layer = |index: usize| program.operations[index].shared_with.unwrap_or(index);
    let (mut depth, mut of_layer) = (vec![None::<usize>; count], vec![0_usize; count]);
    let mut noted: Vec<usize> = Vec::with_capacity(count);
    for &index in walked.iter().rev() {
        if depth[index].is_none() {
            noted.push(index);
        }
        let own = depth[index].unwrap_or(0).max(of_layer[layer(index)]);
        of_layer[layer(index)] = own;
        depth[index] = Some(own);
        for parent in parents(index) {
            if depth[parent].is_none() {
                noted.push(parent);
            }
            depth[parent] = Some(depth[parent].unwrap_or(0).max(own + 1));
        }
    }
    noted.sort_by_key(|&index| std::cmp::Reverse(depth[index]));
    imported(program, names, &noted)
}

/// The order in which the converter imports what runs in this order: reverse postorder, where of the readers of a tensor
/// the one with the least name comes first (`GetReversePostOrder` in tensorflow/core/graph/algorithm.cc).
fn imported(program: &Program, names: &[String], running: &[usize]) -> Vec<usize> {
    let names = node_names(program, names, running);
    let mut readers = vec![Vec::new(); program.tensors.len()];
    for &index in running {
        for &input in &program.operations[index].inputs {
            if !readers[input].contains(&index) {
                readers[input].push(index);
            }
        }
    }
    for readers in &mut readers {
        readers.sort_by(|&one, &other| names[other].cmp(&names[one]));
    }
    let mut left: Vec<usize> = Vec::with_capacity(running.len());
    let mut seen = vec![false; program.operations.len()];
    // Tensors, of which the input is the first, with the operation that wrote each.
    let mut stack: Vec<(usize, Option<usize>, usize)> = vec![(0, None, 0)];
    while let Some((tensor, writer, next)) = stack.pop() {
        match readers[tensor].get(next) {
            Some(&reader) => {
                stack.push((tensor, writer, next + 1));
                if !seen[reader] {
                    seen[reader] = true;
                    stack.push((program.operations[reader].output, Some(reader), 0));
                }
            }
            None => left.extend(writer),
        }
    }
    left.reverse();
    left
}

/// TensorFlow's names of the operations: a layer's own, or Keras's for its class with a number.
fn node_names(program: &Program, layers: &[String], running: &[usize]) -> Vec<String> {
    let mut names = vec![String::new(); program.operations.len()];
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    // Layers are numbered as the code makes them, slices as they run.
    let made: Vec<usize> = (0..program.operations.len()).collect();
    for (order, of_slices) in [(made.as_slice(), false), (running, true)] {
        for &index in order {
            let function = &program.operations[index].function;
            if matches!(function, Function::Slice { .. }) != of_slices {
                continue;
            }
            let layer = program.operations[index].shared_with.unwrap_or(index);
            if function.has_weights() {
                names[index] = format!("{}_1/", layers[layer]);
                continue;
            }
            let class = class_name(function);
            let count = counts.entry(class).or_default();
            names[index] = match (*count, of_slices) {
                (0, _) => class.to_string(),
                (count, _) => format!("{class}_{count}"),
            };
            *count += 1;
            if !of_slices {
                names[index].push_str("_1/");
            }
        }
    }
    names
}

/// A layer's name where it is given none.
fn class_name(function: &Function) -> &'static str {
    match function {
        Function::MaxPool(_) => "max_pooling2d",
        Function::AveragePool(_) => "average_pooling2d",
        Function::GlobalAverage { .. } => "global_average_pooling2d",
        Function::GlobalMax { .. } => "global_max_pooling2d",
        Function::Pad { fill: Fill::Zero, .. } => "zero_padding2d",
        Function::Pad { .. } => "MirrorPad",
        Function::Crop { .. } => "cropping2d",
        Function::Activation(Activation::Clip(0.0, _)) => "re_lu",
        Function::Activation(Activation::LeakyRelu(_)) => "leaky_re_lu",
        Function::Activation(Activation::Elu(_)) => "elu",
        Function::Activation(_) => "activation",
        Function::Softmax { .. } => "softmax",
        Function::Flatten => "flatten",
        Function::Reshape(_) => "reshape",
        Function::Permute(_) => "permute",
        Function::Slice { .. } => "strided_slice",
        Function::Resize { .. } => "resizing",
        Function::Concatenate { .. } => "concatenate",
        Function::Add => "add",
        Function::Multiply => "mul",
        _ => "op",
    }
}
