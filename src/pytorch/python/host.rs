//! What the interpreter asks of the libraries around it: it knows Python, a host knows what the rest means.

use std::ops::Range;
use std::rc::Rc;

use super::host_types::{HostTypes, Id};
use super::interpreter::Interpreter;
use super::stop::Run;
use super::tree::{BinaryOperator, Name};
use super::value::{Arguments, Value};

/// Libraries with values, instances and a state of their own. An instance is the host's where [`Host::instantiate`]
/// made it with a module.
///
/// `member` and `call` have to be there; the other verbs are those of a host without values and instances of its own.
/// Where a verb may give `None`, it does so where the interpreter goes on as for a value of its own.
#[expect(unused_variables, reason = "the names of parameters say what a verb gets")]
pub(crate) trait Host: HostTypes {
    /// Whether a name is surely that of an attribute of its values.
    fn is_of_tensors(name: &str) -> bool {
        true
    }

    /// Whether two names are those of the same thing.
    fn is_same(name: &str, other: &str) -> bool {
        name == other
    }

    /// Whether a value is of a class of a library, by its short name.
    fn is_instance(machine: &Interpreter<Self>, value: &Value<Self>, class: &str) -> bool {
        false
    }

    /// What a name means that the text does not define.
    fn default_name(name: &str) -> Option<Name> {
        None
    }

    /// Whether `from module import *` brings this name.
    fn is_exported(module: &str, name: &str) -> bool {
        false
    }

    /// Whether this is a library, not a file of the text's author.
    fn is_known_root(module: &str) -> bool {
        false
    }

    /// Whether classes below this one are made by [`Host::instantiate`].
    fn is_base(path: &str) -> bool {
        false
    }

    /// Whether instances of a class are the host's.
    fn is_own(machine: &Interpreter<Self>, class: Id) -> bool {
        false
    }

    /// `module.name` of a library.
    fn member(machine: &mut Interpreter<Self>, module: &Name, name: &str) -> Run<Value<Self>>;
    /// Calls something of a library besides Python's own functions, an instance of the host, or something unknown.
    fn call(machine: &mut Interpreter<Self>, callee: &Value<Self>, arguments: Arguments<Self>) -> Run<Value<Self>>;
    /// Makes an instance of a class of the text; gives the arguments back where that is none of the host's.
    fn instantiate(
        machine: &mut Interpreter<Self>,
        class: Id,
        arguments: Arguments<Self>,
    ) -> Run<Result<Value<Self>, Arguments<Self>>> {
        Ok(Err(arguments))
    }

    /// `super().__init__(...)` of an instance of the host.
    fn initialise(machine: &mut Interpreter<Self>, instance: Id, arguments: Arguments<Self>) -> Run<()> {
        Ok(())
    }

    /// `deepcopy` of an instance of the host, at this depth of the copy.
    fn copy(machine: &mut Interpreter<Self>, instance: Id, depth: u32) -> Run<Id> {
        Ok(instance)
    }

    /// What a value or an instance of the host holds under a name.
    fn attribute(machine: &mut Interpreter<Self>, object: &Value<Self>, name: &str) -> Run<Option<Value<Self>>> {
        Ok(None)
    }

    /// What the class of the library gives an instance of the host, behind the text's own classes.
    fn inherited(machine: &mut Interpreter<Self>, instance: Id, name: &str) -> Run<Option<Value<Self>>> {
        Ok(None)
    }

    /// What a library gives a class of the text.
    fn class_attribute(machine: &mut Interpreter<Self>, class: Id, name: &str) -> Run<Option<Value<Self>>> {
        Ok(None)
    }

    /// What was meant by an attribute that an object does not have.
    fn missing(machine: &mut Interpreter<Self>, object: &Value<Self>, name: &Name) -> Run<Option<Value<Self>>> {
        Ok(None)
    }

    /// The name that was meant where one is spelt almost so. `range` is where it stands.
    fn meant(
        machine: &mut Interpreter<Self>,
        object: &Value<Self>,
        name: &str,
        range: Range<u32>,
    ) -> Run<Option<String>> {
        Ok(None)
    }

    /// Before an attribute of an instance is set; `target` is where that stands.
    fn before_set(machine: &mut Interpreter<Self>, instance: Id, value: &Value<Self>, target: &Range<u32>) -> Run<()> {
        Ok(())
    }

    /// Sets an attribute of a value or an instance of the host.
    fn set(machine: &mut Interpreter<Self>, object: &Value<Self>, name: &str, value: Value<Self>) -> Run<()> {
        Ok(())
    }

    /// Forgets an attribute of an instance of the host.
    fn delete(module: &mut Self::Module, name: &str) {}

    /// Calls a method of a value or an instance of the host.
    fn method(
        machine: &mut Interpreter<Self>,
        object: &Value<Self>,
        name: &str,
        arguments: Arguments<Self>,
    ) -> Run<Value<Self>> {
        Ok(Value::unknown(name))
    }

    /// The same of the library's class: `super().forward(x)`.
    fn base_method(
        machine: &mut Interpreter<Self>,
        instance: Id,
        name: &str,
        arguments: Arguments<Self>,
    ) -> Run<Value<Self>> {
        Ok(Value::unknown(name))
    }

    /// `object[index]`.
    fn item(machine: &mut Interpreter<Self>, object: &Value<Self>, index: &Value<Self>) -> Run<Option<Value<Self>>> {
        Ok(None)
    }

    /// `object[index] = value` of an instance of the host.
    fn set_item(machine: &mut Interpreter<Self>, instance: Id, index: &Value<Self>, value: Value<Self>) -> Run<()> {
        Ok(())
    }

    /// `del object[index]` of an instance of the host.
    fn delete_item(machine: &mut Interpreter<Self>, instance: Id, index: &Value<Self>) -> Run<()> {
        Ok(())
    }

    /// All items, as a loop gives them.
    fn items(machine: &mut Interpreter<Self>, object: &Value<Self>) -> Run<Option<Vec<Value<Self>>>> {
        Ok(None)
    }

    /// A value that was an item of another is used by itself.
    fn taken(machine: &mut Interpreter<Self>, tensor: &Rc<Self::Tensor>) -> Run<Rc<Self::Tensor>> {
        Ok(tensor.clone())
    }

    /// `len(object)`.
    fn length(machine: &mut Interpreter<Self>, object: &Value<Self>) -> Run<Option<Value<Self>>> {
        Ok(None)
    }

    /// `item in instance`.
    fn contains(machine: &mut Interpreter<Self>, instance: Id, item: &Value<Self>) -> bool {
        false
    }

    /// `left operator right`.
    fn operator(
        machine: &mut Interpreter<Self>,
        left: &Value<Self>,
        operator: BinaryOperator,
        right: &Value<Self>,
    ) -> Run<Option<Value<Self>>> {
        Ok(None)
    }

    /// A comparison element by element, by its function's name; `None`: the values are compared as a whole.
    fn compared(
        machine: &mut Interpreter<Self>,
        left: &Value<Self>,
        name: &str,
        right: &Value<Self>,
    ) -> Run<Option<Value<Self>>> {
        Ok(None)
    }

    /// The sides of `left sign right` as they are meant, one of which is a value of the host; `None`: it is an error.
    fn operands(
        machine: &mut Interpreter<Self>,
        left: &Value<Self>,
        sign: &str,
        right: &Value<Self>,
    ) -> Run<Option<(Value<Self>, Value<Self>)>> {
        Ok(Some((left.clone(), right.clone())))
    }

    /// `object += others` in place; `false`: it is none of the host's.
    fn extend(machine: &mut Interpreter<Self>, object: &Value<Self>, others: &Value<Self>) -> Run<bool> {
        Ok(false)
    }

    /// Code that may have made something was left out.
    fn left_out(machine: &mut Interpreter<Self>) {}

    /// A function ended without `return`.
    fn returned_nothing(machine: &mut Interpreter<Self>, function: Id, scope: Id) {}
}
