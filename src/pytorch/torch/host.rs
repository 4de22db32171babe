//! PyTorch as the host of the interpreter.

use std::ops::Range;
use std::rc::Rc;

use super::module_state::ModuleState;
use super::state::State;
use super::tensor::{Tensor, TensorSource};
use super::{Arguments, Machine, Torch, Value, known_names, library, spelling};
use crate::pytorch::python::tree::{BinaryOperator, Name};
use crate::pytorch::python::{Host, HostTypes, Id, Run};

impl HostTypes for Torch {
    type Tensor = Tensor;
    type Module = ModuleState;
    type State = State;

    fn number(tensor: &Tensor) -> Option<f64> {
        tensor.as_number()
    }

    fn is_known(tensor: &Tensor) -> bool {
        tensor.numbers.is_some()
    }

    fn class_of(module: &ModuleState) -> Name {
        Rc::from(format!("torch.nn.{}", module.class))
    }

    fn called_at(state: &State, instance: Id) -> Option<u32> {
        state.called_with.iter().find(|(module, ..)| *module == instance).map(|&(.., line)| line)
    }

    fn runs(state: &State) -> bool {
        state.trace.is_some()
    }

    fn stops(state: &mut State) -> bool {
        match &mut state.trace {
            Some(trace) if trace.assumed => false,
            Some(trace) => {
                trace.stops();
                true
            }
            None => !state.guessing,
        }
    }
}

impl Host for Torch {
    fn is_of_tensors(name: &str) -> bool {
        spelling::is_of_tensors(name)
    }

    fn is_same(name: &str, other: &str) -> bool {
        known_names::is_same(name, other)
    }

    fn is_instance(machine: &Machine, value: &Value, class: &str) -> bool {
        machine.is_of_class(value, class)
    }

    fn default_name(name: &str) -> Option<Name> {
        known_names::default_name(name)
    }

    fn is_exported(module: &str, name: &str) -> bool {
        known_names::is_exported(module, name)
    }

    fn is_known_root(module: &str) -> bool {
        library::is_known_root(module)
    }

    fn is_base(path: &str) -> bool {
        library::is_module_base(path)
    }

    fn is_own(machine: &Machine, class: Id) -> bool {
        machine.is_module_class(class)
    }

    fn member(machine: &mut Machine, module: &Name, name: &str) -> Run<Value> {
        machine.member(module, name)
    }

    fn call(machine: &mut Machine, callee: &Value, arguments: Arguments) -> Run<Value> {
        match callee {
            Value::Library(path) => machine.call_library(path, arguments),
            Value::Instance(id) => machine.call_module(*id, arguments),
            // With a tensor it becomes a row of unknown cost.
            Value::Unknown(unknown) => match arguments.all().find_map(Value::as_tensor).cloned() {
                Some(tensor) if machine.host.trace.is_some() => machine.unsupported_call(unknown, &tensor),
                _ => Ok(callee.clone()),
            },
            _ => Ok(callee.clone()),
        }
    }

    fn instantiate(machine: &mut Machine, class: Id, arguments: Arguments) -> Run<Result<Value, Arguments>> {
        machine.instantiate_module(class, arguments)
    }

    fn initialise(machine: &mut Machine, instance: Id, arguments: Arguments) -> Run<()> {
        machine.initialise_module(instance, arguments)
    }

    fn copy(machine: &mut Machine, instance: Id, depth: u32) -> Run<Id> {
        machine.copy_module(instance, depth)
    }

    fn attribute(machine: &mut Machine, object: &Value, name: &str) -> Run<Option<Value>> {
        match object {
            Value::Tensor(tensor) => machine.tensor_attribute(tensor, name),
            Value::Instance(id) => {
                machine.look_through(*id)?;
                Ok(machine.module_attribute(*id, name))
            }
            _ => Ok(None),
        }
    }

    fn inherited(machine: &mut Machine, instance: Id, name: &str) -> Run<Option<Value>> {
        machine.library_module_attribute(instance, name)
    }

    fn class_attribute(machine: &mut Machine, class: Id, name: &str) -> Run<Option<Value>> {
        let base = machine.heap.classes[class].library_base.clone();
        Ok(match (name, base.as_deref()) {
            ("verify", Some(base)) if library::is_weights(base) => Some(Value::Library(Rc::from(library::VERIFY))),
            ("apply", Some(base)) if library::is_own_gradient(base) => machine.function_with_gradient(class),
            _ => None,
        })
    }

    fn missing(machine: &mut Machine, object: &Value, name: &Name) -> Run<Option<Value>> {
        // What a constructor that was not read to its end would have set.
        if let Value::Instance(id) = object
            && machine.host.left_out.contains(id)
        {
            return Ok(Some(Value::unknown(name)));
        }
        machine.missing_attribute(object, name)
    }

    fn meant(machine: &mut Machine, object: &Value, name: &str, range: Range<u32>) -> Run<Option<String>> {
        machine.meant(object, name, range)
    }

    fn before_set(machine: &mut Machine, instance: Id, value: &Value, target: &Range<u32>) -> Run<()> {
        let is_ready = machine.module(instance).is_none_or(|module| module.initialised);
        if is_ready || !machine.is_module_value(value) { Ok(()) } else { machine.super_not_called(instance, target) }
    }

    fn set(machine: &mut Machine, object: &Value, name: &str, value: Value) -> Run<()> {
        match object {
            Value::Instance(id) => machine.set_module_attribute(*id, name, value),
            Value::Tensor(tensor) if name == "requires_grad" => {
                if let TensorSource::Parameter(parameter) = tensor.source {
                    machine.host.parameters[parameter].trainable = machine.truth(&value)?.unwrap_or(true);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn delete(module: &mut ModuleState, name: &str) {
        module.children.retain(|(child, _)| &**child != name);
        module.parameters.retain(|(parameter, _)| &**parameter != name);
        module.buffers.retain(|(buffer, _)| &**buffer != name);
    }

    fn method(machine: &mut Machine, object: &Value, name: &str, arguments: Arguments) -> Run<Value> {
        match object {
            Value::Instance(id) => machine.call_module_method(*id, name, arguments),
            _ => {
                let mut all = arguments;
                all.positional.insert(0, object.clone());
                machine.tensor_function(name, all, true)
            }
        }
    }

    fn base_method(machine: &mut Machine, instance: Id, name: &str, arguments: Arguments) -> Run<Value> {
        match name {
            "forward" | "__call__" => machine.library_forward(instance, arguments, None),
            _ => machine.call_module_method(instance, name, arguments),
        }
    }

    fn item(machine: &mut Machine, object: &Value, index: &Value) -> Run<Option<Value>> {
        match object {
            Value::Tensor(tensor) => machine.tensor_item(tensor, index).map(Some),
            Value::Instance(id) => machine.module_item(*id, index),
            _ => Ok(None),
        }
    }

    fn set_item(machine: &mut Machine, instance: Id, index: &Value, value: Value) -> Run<()> {
        machine.set_module_item(instance, index, value)
    }

    fn delete_item(machine: &mut Machine, instance: Id, index: &Value) -> Run<()> {
        machine.delete_module_item(instance, index)
    }

    fn items(machine: &mut Machine, object: &Value) -> Run<Option<Vec<Value>>> {
        match object {
            Value::Tensor(tensor) => machine.tensor_items(tensor),
            Value::Instance(id) => Ok(machine.module_items(*id)),
            _ => Ok(None),
        }
    }

    fn taken(machine: &mut Machine, tensor: &Rc<Tensor>) -> Run<Rc<Tensor>> {
        machine.settled_part(tensor)
    }

    fn length(machine: &mut Machine, object: &Value) -> Run<Option<Value>> {
        match object {
            Value::Tensor(tensor) => {
                let size = tensor.dims.and_then(|dims| dims.first().copied());
                Ok(size.map(|size| Value::Int(i128::from(size))))
            }
            Value::Instance(id) => {
                machine.look_through(*id)?;
                Ok(machine.module_length(*id).map(|length| Value::Int(length as i128)))
            }
            _ => Ok(None),
        }
    }

    fn contains(machine: &mut Machine, instance: Id, item: &Value) -> bool {
        machine.module_entry(instance, item).is_some()
    }

    fn operator(machine: &mut Machine, left: &Value, operator: BinaryOperator, right: &Value) -> Run<Option<Value>> {
        if matches!(left, Value::Tensor(_)) || matches!(right, Value::Tensor(_)) {
            return machine.tensor_binary(left, operator, right).map(Some);
        }
        let of_modules = machine.is_module_value(left) && machine.is_module_value(right);
        if of_modules && operator == BinaryOperator::Add {
            return machine.added_modules(left, right).map(Some);
        }
        Ok(None)
    }

    fn compared(machine: &mut Machine, left: &Value, name: &str, right: &Value) -> Run<Option<Value>> {
        machine.compared_tensors(left, name, right)
    }

    fn operands(machine: &mut Machine, left: &Value, sign: &str, right: &Value) -> Run<Option<(Value, Value)>> {
        machine.tensor_operands(left, sign, right)
    }

    fn extend(machine: &mut Machine, object: &Value, others: &Value) -> Run<bool> {
        let is_module = machine.is_module_value(object);
        if is_module {
            machine.extend_module(object, others)?;
        }
        Ok(is_module)
    }

    fn left_out(machine: &mut Machine) {
        let receiver = machine.frames.last().and_then(|frame| frame.receiver.clone());
        if let Some(trace) = &mut machine.host.trace {
            trace.left_out = true;
            return;
        }
        if let Some(Value::Instance(id)) = receiver
            && machine.constructing > 0
            && machine.is_module(id)
        {
            machine.host.left_out.insert(id);
        }
    }

    fn returned_nothing(machine: &mut Machine, function: Id, scope: Id) {
        machine.note_nothing(function, scope);
    }
}
