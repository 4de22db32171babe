//! Classes of the text, their instances, and attributes of everything.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::host::Host;
use super::tree::{ClassDefinition, ExprKind, Name, StatementKind};
use super::value::{Arguments, Class, FunctionKind, Instance, Why};
use super::{Frame, Id, Interpreter, Run, Spent, Stop, Value};

/// Classes of the text behind one class, each as often as it is one's base.
const MOST_ANCESTORS: usize = 200;

impl<H: Host> Interpreter<H> {
    pub(crate) fn define_class(&mut self, definition: &Rc<ClassDefinition>) -> Run<Value<H>> {
        let mut order = Vec::new();
        let mut library_base: Option<Name> = None;
        for base in &definition.bases {
            match self.eval(base)? {
                Value::Class(id) => {
                    let base = &self.heap.classes[id];
                    order.extend(base.order.iter().copied());
                    library_base = library_base.or_else(|| base.library_base.clone());
                }
                Value::Library(path) => {
                    let better = H::is_base(&path) && !library_base.as_deref().is_some_and(H::is_base);
                    if library_base.is_none() || better {
                        library_base = Some(path);
                    }
                }
                Value::Unknown(_) => library_base = library_base.or_else(|| Some(Rc::from("unknown"))),
                _ => {}
            }
        }
        if order.len() > MOST_ANCESTORS {
            return Err(Stop::Spent(Spent::Depth));
        }
        // Later places win, as in Python's order of resolution.
        let mut unique: Vec<Id> = Vec::new();
        for id in order.into_iter().rev() {
            if !unique.contains(&id) {
                unique.push(id);
            }
        }
        unique.reverse();
        let id = self.heap.classes.len();
        self.allocate(16)?;
        unique.insert(0, id);
        let fields = definition.body.iter().filter_map(|statement| match &statement.kind {
            StatementKind::Annotated { target, .. } => match &target.kind {
                ExprKind::Name(name) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        });
        self.heap.classes.push(Class {
            name: definition.name.clone(),
            definition: definition.clone(),
            order: unique,
            library_base,
            attributes: HashMap::new(),
            is_dataclass: false,
            fields: fields.collect(),
        });
        let scope = self.new_scope(Some(self.scope()))?;
        self.heap.scopes[scope].is_class = true;
        self.frames.push(Frame { scope, class: Some(id), receiver: None, yielded: None });
        let result = self.block(&definition.body);
        self.frames.pop();
        result?;
        let attributes = std::mem::take(&mut self.heap.scopes[scope].variables);
        for value in attributes.values() {
            if let Value::Function(function) = value {
                self.heap.functions[*function].class.get_or_insert(id);
            }
        }
        self.heap.classes[id].attributes = attributes;
        Ok(Value::Class(id))
    }

    /// A class's attribute, also an inherited one.
    pub(crate) fn class_attribute(&self, class: Id, name: &str) -> Option<Value<H>> {
        let order = &self.heap.classes[class].order;
        order.iter().find_map(|&id| self.heap.classes[id].attributes.get(name).cloned())
    }

    pub(crate) fn instantiate(&mut self, class: Id, arguments: Arguments<H>) -> Run<Value<H>> {
        let arguments = match H::instantiate(self, class, arguments)? {
            Ok(instance) => return Ok(instance),
            Err(arguments) => arguments,
        };
        let instance = Value::Instance(self.new_instance(class, None)?);
        self.initialise(class, &instance, arguments)?;
        Ok(instance)
    }

    /// An instance of a class of the text, before its `__init__`.
    pub(crate) fn new_instance(&mut self, class: Id, module: Option<Box<H::Module>>) -> Run<Id> {
        self.allocate(24)?;
        let line = self.line;
        let instance = Instance { class: Some(class), attributes: HashMap::new(), module, inner: None, line };
        self.heap.instances.push(instance);
        Ok(self.heap.instances.len() - 1)
    }

    /// Whether an instance is the host's, too.
    pub(crate) fn is_hosted(&self, id: Id) -> bool {
        self.heap.instances[id].module.is_some()
    }

    pub(crate) fn initialise(&mut self, class: Id, instance: &Value<H>, arguments: Arguments<H>) -> Run<()> {
        if self.heap.classes[class].is_dataclass {
            return self.fill_dataclass(class, instance, arguments).map(drop);
        }
        match self.class_attribute(class, "__init__") {
            Some(Value::Function(init)) => {
                self.call_function(init, Some(instance.clone()), arguments)?;
            }
            _ => {
                self.library_init(instance, arguments)?;
            }
        }
        Ok(())
    }

    /// Gives the values of the fields, in order.
    fn fill_dataclass(&mut self, class: Id, instance: &Value<H>, arguments: Arguments<H>) -> Run<Vec<Value<H>>> {
        let mut values = Vec::new();
        let order = self.heap.classes[class].order.clone();
        let mut fields: Vec<Name> = Vec::new();
        for &id in order.iter().rev() {
            for field in self.heap.classes[id].fields.clone() {
                if !fields.contains(&field) {
                    fields.push(field);
                }
            }
        }
        for (index, field) in fields.iter().enumerate() {
            let given = arguments.get(index, field).cloned();
            let value = match given.or_else(|| self.class_attribute(class, field)) {
                Some(value) => value,
                None => {
                    let name = self.heap.classes[class].name.clone();
                    let message = format!("{name}.__init__() missing 1 required positional argument: '{field}'");
                    self.error(ProblemKind::WrongArguments, "TypeError", message)?
                }
            };
            let value = match value {
                Value::Partial(partial) if matches!(&partial.0, Value::Library(path) if &**path == "dataclasses.field") => {
                    match (partial.1.keyword("default"), partial.1.keyword("default_factory")) {
                        (Some(value), _) => value.clone(),
                        (None, Some(factory)) => self.call(factory, Arguments::default())?,
                        (None, None) => Value::unknown("a field"),
                    }
                }
                value => value,
            };
            values.push(value.clone());
            self.set_attribute(instance, field, value)?;
        }
        if let Value::Instance(id) = instance
            && let Some(method) = self.find_method(*id, "__post_init__")
        {
            self.call(&method, Arguments::default())?;
        }
        Ok(values)
    }

    /// A method of the text's own, bound to its instance.
    pub(crate) fn find_method(&self, id: Id, name: &str) -> Option<Value<H>> {
        let class = self.heap.instances[id].class?;
        match self.class_attribute(class, name)? {
            Value::Function(function) => Some(self.bound_function(Value::Instance(id), class, function)),
            other @ (Value::Partial(_) | Value::Library(_)) => Some(other),
            _ => None,
        }
    }

    fn bound_function(&self, receiver: Value<H>, class: Id, function: Id) -> Value<H> {
        match self.heap.functions[function].kind {
            FunctionKind::Static => Value::Function(function),
            FunctionKind::ClassMethod => Value::Method(Rc::new((Value::Class(class), function))),
            FunctionKind::Plain | FunctionKind::Property => Value::Method(Rc::new((receiver, function))),
        }
    }

    /// `object.name`, or `None` where there is none.
    pub(crate) fn find_attribute(&mut self, object: &Value<H>, name: &str) -> Run<Option<Value<H>>> {
        Ok(Some(match object {
            Value::Instance(id) => return self.instance_attribute(*id, name),
            Value::Class(id) => match self.class_attribute(*id, name) {
                Some(Value::Function(function)) => {
                    if self.heap.functions[function].kind == FunctionKind::ClassMethod {
                        Value::Method(Rc::new((object.clone(), function)))
                    } else {
                        Value::Function(function)
                    }
                }
                Some(value) => value,
                None => match name {
                    "_fields" if !self.heap.classes[*id].fields.is_empty() => {
                        let fields = self.heap.classes[*id].fields.iter().cloned().map(Value::Text).collect();
                        self.new_tuple(fields)?
                    }
                    "__new__" if !self.heap.classes[*id].fields.is_empty() => {
                        Value::Bound(Rc::new((object.clone(), Rc::from(name))))
                    }
                    "__name__" | "__qualname__" => Value::Text(self.heap.classes[*id].name.clone()),
                    "__init__" | "__new__" | "forward" => {
                        let base = self.heap.classes[*id].library_base.clone().unwrap_or_else(|| Rc::from("object"));
                        Value::Library(Rc::from(format!("{base}.{name}")))
                    }
                    _ => return H::class_attribute(self, *id, name),
                },
            },
            Value::Super(parts) => return self.super_attribute(object, &parts.0, parts.1, name),
            Value::Tensor(_) => return H::attribute(self, object, name),
            Value::Unknown(unknown) if unknown.words.len() >= 80 => object.clone(),
            Value::Unknown(unknown) => {
                let why = if unknown.why == Why::Unset { Why::Unset } else { Why::Foreign };
                Value::lost(&format!("{}.{name}", unknown.words), why)
            }
            Value::Library(path) if matches!(name, "__name__" | "__qualname__") => {
                Value::text(path.rsplit('.').next().unwrap_or(path))
            }
            Value::Library(path) => match self.file_member(path, name)? {
                Some(value) => value,
                None => H::member(self, path, name)?,
            },
            Value::Partial(partial) if name == "func" => partial.0.clone(),
            Value::Partial(partial) if name == "args" => {
                let positional = partial.1.positional.clone();
                self.new_tuple(positional)?
            }
            Value::Partial(partial) if name == "keywords" => {
                let mut dict = super::value::Dict::default();
                for (name, value) in &partial.1.keywords {
                    dict.set(Value::Text(name.clone()), value.clone());
                }
                self.new_dict(dict)?
            }
            Value::Function(id) if name == "__name__" => Value::Text(self.heap.functions[*id].definition.name.clone()),
            Value::Float(_) | Value::Int(_) if name == "real" => object.clone(),
            Value::None => return Ok(None),
            _ if super::text_methods::has_method(object, name) => {
                Value::Bound(Rc::new((object.clone(), Rc::from(name))))
            }
            _ => return Ok(None),
        }))
    }

    fn instance_attribute(&mut self, id: Id, name: &str) -> Run<Option<Value<H>>> {
        if let Some(value) = self.heap.instances[id].attributes.get(name) {
            return Ok(Some(value.clone()));
        }
        if let Some(value) = H::attribute(self, &Value::Instance(id), name)? {
            return Ok(Some(value));
        }
        if let Some(class) = self.heap.instances[id].class {
            match self.class_attribute(class, name) {
                Some(Value::Function(function)) if self.heap.functions[function].kind == FunctionKind::Property => {
                    return self.call_function(function, Some(Value::Instance(id)), Arguments::default()).map(Some);
                }
                Some(Value::Function(function)) => {
                    return Ok(Some(self.bound_function(Value::Instance(id), class, function)));
                }
                Some(value) => return Ok(Some(value)),
                None => {}
            }
            if name == "__class__" {
                return Ok(Some(Value::Class(class)));
            }
        }
        if self.is_hosted(id) {
            if let Some(value) = H::inherited(self, id, name)? {
                return Ok(Some(value));
            }
        } else if let Some(method) = self.parser_method(id, name) {
            return Ok(Some(method));
        } else if let Some(inner) = self.heap.instances[id].inner.clone() {
            if matches!(name, "_fields" | "_replace" | "_asdict")
                && let Some(class) = self.heap.instances[id].class
            {
                return match name {
                    "_fields" => self.find_attribute(&Value::Class(class), name),
                    _ => Ok(Some(Value::Bound(Rc::new((Value::Instance(id), Rc::from(name)))))),
                };
            }
            return self.find_attribute(&inner, name);
        }
        if let Some(method) = self.find_method(id, "__getattr__") {
            return self.call(&method, Arguments::positional(vec![Value::text(name)])).map(Some);
        }
        match name {
            "__dict__" => {
                let mut dict = super::value::Dict::default();
                for (key, value) in &self.heap.instances[id].attributes {
                    dict.set(Value::Text(key.clone()), value.clone());
                }
                self.new_dict(dict).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// An attribute of the classes behind `class` in the receiver's order.
    fn super_attribute(
        &mut self,
        object: &Value<H>,
        receiver: &Value<H>,
        class: Id,
        name: &str,
    ) -> Run<Option<Value<H>>> {
        let own = match receiver {
            Value::Instance(id) => self.heap.instances[*id].class,
            Value::Class(id) => Some(*id),
            _ => None,
        };
        if let Some(own) = own {
            let order = self.heap.classes[own].order.clone();
            let behind = order.iter().position(|&id| id == class).map_or(0, |at| at + 1);
            for &id in order.iter().skip(behind) {
                match self.heap.classes[id].attributes.get(name).cloned() {
                    Some(Value::Function(function)) => {
                        return Ok(Some(self.bound_function(receiver.clone(), own, function)));
                    }
                    Some(value) => return Ok(Some(value)),
                    None => {}
                }
            }
        }
        Ok(Some(Value::Bound(Rc::new((object.clone(), Rc::from(name))))))
    }

    pub(crate) fn attribute(&mut self, object: &Value<H>, name: &Name) -> Run<Value<H>> {
        if let Some(value) = self.find_attribute(object, name)? {
            return Ok(value);
        }
        if let Some(value) = H::missing(self, object, name)? {
            return Ok(value);
        }
        let message = match object {
            Value::Class(id) => format!("type object '{}' has no attribute '{name}'", self.heap.classes[*id].name),
            _ => format!("'{}' object has no attribute '{name}'", self.type_of(object)),
        };
        let kind = ProblemKind::UnknownAttribute;
        if self.catches("AttributeError") || self.minding == 0 {
            return self.error(kind, "AttributeError", message);
        }
        let plain = match object {
            Value::Instance(_) => format!("self.{name} is used here, but __init__ never sets it."),
            Value::None => format!("This is None, which has no {name}."),
            _ => format!("There is no {name} here."),
        };
        self.note_error(kind, "AttributeError", message, Some(plain));
        Ok(Value::lost(&format!("self.{name}"), Why::Unset))
    }

    /// Python's name of a value's class.
    pub(crate) fn type_of(&self, value: &Value<H>) -> String {
        match value {
            Value::Instance(id) => {
                let instance = &self.heap.instances[*id];
                match (instance.class, &instance.module) {
                    (Some(class), _) => self.heap.classes[class].name.to_string(),
                    (None, Some(module)) => H::class_of(module).rsplit('.').next().unwrap_or_default().to_string(),
                    (None, None) => "object".to_string(),
                }
            }
            other => other.type_name().to_string(),
        }
    }

    /// The builtin part of making an instance: what `super().__init__(...)` reaches in the end.
    pub(crate) fn library_init(&mut self, instance: &Value<H>, arguments: Arguments<H>) -> Run<Value<H>> {
        let Value::Instance(id) = instance else { return Ok(Value::None) };
        if self.is_hosted(*id) {
            H::initialise(self, *id, arguments)?;
            return Ok(Value::None);
        }
        let class = self.heap.instances[*id].class;
        let order = class.map(|class| self.heap.classes[class].order.clone()).unwrap_or_default();
        if let Some(&dataclass) = order.iter().find(|&&class| self.heap.classes[class].is_dataclass) {
            self.fill_dataclass(dataclass, instance, arguments)?;
            return Ok(Value::None);
        }
        let base = class.and_then(|class| self.heap.classes[class].library_base.clone());
        if let Some(base) = base {
            let inner = match &*base {
                "list" | "dict" | "tuple" | "set" | "collections.OrderedDict" | "str" | "int" | "float" => {
                    Some(self.call(&Value::Library(base.clone()), arguments)?)
                }
                "collections.UserDict" => Some(self.call(&Value::Library(Rc::from("dict")), arguments)?),
                "typing.NamedTuple" => match self.heap.instances[*id].class {
                    Some(class) => {
                        let values = self.fill_dataclass(class, instance, arguments)?;
                        Some(self.new_tuple(values)?)
                    }
                    None => None,
                },
                _ => None,
            };
            self.heap.instances[*id].inner = inner;
        }
        Ok(Value::None)
    }
}
