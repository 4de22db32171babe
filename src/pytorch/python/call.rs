//! Calls, and how arguments become parameters.

use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::builtins::is_builtin;
use super::host::Host;
use super::statement::Flow;
use super::tree::{Expr, FunctionDefinition, Name};
use super::value::{Arguments, Function, FunctionKind};
use super::{DEEPEST_CALLS, FixWish, Frame, Id, Interpreter, Run, Value};

impl<H: Host> Interpreter<H> {
    pub(crate) fn call(&mut self, function: &Value<H>, arguments: Arguments<H>) -> Run<Value<H>> {
        self.step()?;
        self.deeper()?;
        let result = match function {
            Value::Function(id) => self.call_function(*id, None, arguments),
            Value::Method(method) => self.call_function(method.1, Some(method.0.clone()), arguments),
            Value::Class(id) => self.instantiate(*id, arguments),
            Value::Library(path) if is_builtin(path) => self.call_builtin(path, arguments),
            Value::Library(_) => H::call(self, function, arguments),
            Value::Bound(bound) => self.call_bound(&bound.0, &bound.1, arguments),
            Value::Partial(partial) => {
                let mut all = partial.1.clone();
                all.positional.extend(arguments.positional);
                for (name, value) in arguments.keywords {
                    all.keywords.retain(|(other, _)| *other != name);
                    all.keywords.push((name, value));
                }
                self.call(&partial.0, all)
            }
            Value::Instance(id) => self.call_instance(*id, arguments),
            Value::Unknown(_) => H::call(self, function, arguments),
            _ => {
                let name = self.type_of(function);
                self.error(ProblemKind::Raised, "TypeError", format!("'{name}' object is not callable"))
            }
        };
        self.shallower();
        result
    }

    fn call_instance(&mut self, id: Id, arguments: Arguments<H>) -> Run<Value<H>> {
        if self.is_hosted(id) {
            return H::call(self, &Value::Instance(id), arguments);
        }
        match self.find_method(id, "__call__") {
            Some(method) => self.call(&method, arguments),
            None => Ok(self.not_understood("Calling this object")),
        }
    }

    pub(crate) fn call_function(
        &mut self,
        id: Id,
        receiver: Option<Value<H>>,
        arguments: Arguments<H>,
    ) -> Run<Value<H>> {
        self.budget.calls += 1;
        if self.budget.calls > DEEPEST_CALLS {
            let message = "maximum recursion depth exceeded".to_string();
            return Err(self.raised("RecursionError", message, ProblemKind::TooLong));
        }
        let function = &self.heap.functions[id];
        let (definition, class, parent) = (function.definition.clone(), function.class, function.scope);
        let scope = self.new_scope(Some(parent))?;
        let line = self.line;
        let forgotten = receiver.clone().filter(|_| self.forgets_self(id, arguments.positional.len()));
        let first = match forgotten {
            Some(own) => {
                self.note_forgotten_self(id, &own, arguments.positional.len())?;
                self.heap.scopes[scope].variables.insert(Rc::from("self"), own.clone());
                self.bind(id, scope, None, arguments)?;
                Some(own)
            }
            None => self.bind(id, scope, receiver, arguments)?,
        };
        let yielded = definition.is_generator.then(Vec::new);
        self.frames.push(Frame { scope, class, receiver: first, yielded });
        let flow = match &definition.result {
            Some(result) => self.eval(result).map(Flow::Return),
            None => self.block(&definition.body),
        };
        let frame = self.frames.pop();
        self.line = line;
        self.budget.calls = self.budget.calls.saturating_sub(1);
        let value = match flow? {
            Flow::Return(value) => value,
            Flow::Next | Flow::Break | Flow::Continue => {
                H::returned_nothing(self, id, scope);
                Value::None
            }
        };
        match frame.and_then(|frame| frame.yielded) {
            Some(items) => self.new_list(items),
            None => Ok(value),
        }
    }

    /// Gives the parameters their values. Gives back the first, which methods call `self`.
    fn bind(
        &mut self,
        id: Id,
        scope: Id,
        receiver: Option<Value<H>>,
        arguments: Arguments<H>,
    ) -> Run<Option<Value<H>>> {
        let definition = self.heap.functions[id].definition.clone();
        let parameters = &definition.parameters;
        let mut positional = arguments.positional.into_iter();
        let mut given = usize::from(receiver.is_some());
        let mut receiver = receiver;
        let mut keywords = arguments.keywords;
        let mut first = None;
        let mut missing = Vec::new();
        for (index, parameter) in parameters.positional.iter().enumerate() {
            let by_place = receiver.take().or_else(|| {
                let next = positional.next();
                given += usize::from(next.is_some());
                next
            });
            let by_name = keywords.iter().position(|(name, _)| *name == parameter.name);
            let value = match (by_place, by_name) {
                (Some(value), Some(_)) => {
                    let message =
                        format!("{}() got multiple values for argument '{}'", self.function_name(id), parameter.name);
                    self.error(ProblemKind::WrongArguments, "TypeError", message)?;
                    keywords.retain(|(name, _)| *name != parameter.name);
                    value
                }
                (Some(value), None) => value,
                (None, Some(at)) => keywords.remove(at).1,
                (None, None) => match self.default_of(id, &parameter.name) {
                    Some(value) => value,
                    None => {
                        missing.push(parameter.name.clone());
                        Value::unknown("a missing argument")
                    }
                },
            };
            if index == 0 {
                first = Some(value.clone());
            }
            self.heap.scopes[scope].variables.insert(parameter.name.clone(), value);
        }
        for parameter in &parameters.keyword_only {
            let value = match keywords.iter().position(|(name, _)| *name == parameter.name) {
                Some(at) => keywords.remove(at).1,
                None => self.default_of(id, &parameter.name).unwrap_or_else(|| {
                    missing.push(parameter.name.clone());
                    Value::unknown("a missing argument")
                }),
            };
            self.heap.scopes[scope].variables.insert(parameter.name.clone(), value);
        }
        // `def wrapper(*args)` takes the module among the rest.
        let first = first.or_else(|| receiver.clone());
        given += positional.len();
        let rest: Vec<Value<H>> = receiver.into_iter().chain(positional).collect();
        self.wrong_arguments(id, &missing, given, rest.len(), &keywords)?;
        if let Some(name) = &parameters.rest {
            let rest = self.new_tuple(rest)?;
            self.heap.scopes[scope].variables.insert(name.clone(), rest);
        }
        if let Some(name) = &parameters.keyword_rest {
            let mut dict = super::value::Dict::default();
            for (name, value) in keywords {
                dict.set(Value::Text(name), value);
            }
            let dict = self.new_dict(dict)?;
            self.heap.scopes[scope].variables.insert(name.clone(), dict);
        }
        Ok(first)
    }

    fn wrong_arguments(
        &mut self,
        id: Id,
        missing: &[Name],
        given: usize,
        rest: usize,
        keywords: &[(Name, Value<H>)],
    ) -> Run<()> {
        let definition = self.heap.functions[id].definition.clone();
        let parameters = &definition.parameters;
        let name = self.function_name(id);
        let kind = ProblemKind::WrongArguments;
        if !missing.is_empty() {
            let plural = if missing.len() == 1 { "" } else { "s" };
            let names: Vec<String> = missing.iter().map(|name| format!("'{name}'")).collect();
            let message = format!(
                "{name}() missing {} required positional argument{plural}: {}",
                missing.len(),
                names.join(" and ")
            );
            self.error(kind, "TypeError", message)?;
        }
        if rest > 0 && parameters.rest.is_none() {
            let message = self.too_many(id, given);
            self.error(kind, "TypeError", message)?;
        }
        if let (Some((keyword, _)), None) = (keywords.first(), &parameters.keyword_rest) {
            let message = format!("{name}() got an unexpected keyword argument '{keyword}'");
            self.error(kind, "TypeError", message)?;
        }
        Ok(())
    }

    fn too_many(&self, id: Id, given: usize) -> String {
        let parameters = &self.heap.functions[id].definition.parameters.positional;
        let most = parameters.len();
        let least = parameters.iter().filter(|parameter| parameter.default.is_none()).count();
        let takes = if least == most { most.to_string() } else { format!("from {least} to {most}") };
        let plural = if most == 1 { "" } else { "s" };
        let were = if given == 1 { "was" } else { "were" };
        format!("{}() takes {takes} positional argument{plural} but {given} {were} given", self.function_name(id))
    }

    /// A method that takes one argument less than it is given, as its first one is not `self`.
    pub(crate) fn forgets_self(&self, id: Id, given: usize) -> bool {
        let function = &self.heap.functions[id];
        let parameters = &function.definition.parameters;
        let is_own = |name: &str| matches!(name, "self" | "this" | "cls" | "mcs" | "s" | "_");
        function.class.is_some()
            && function.kind == FunctionKind::Plain
            && parameters.rest.is_none()
            && parameters.positional.len() == given
            && !parameters.positional.first().is_some_and(|first| is_own(&first.name))
    }

    fn note_forgotten_self(&mut self, id: Id, own: &Value<H>, given: usize) -> Run<()> {
        let message = self.too_many(id, given + 1);
        if self.catches("TypeError") {
            return self.error(ProblemKind::WrongArguments, "TypeError", message).map(drop);
        }
        let definition = self.heap.functions[id].definition.clone();
        if self.line == 0 {
            let called = match own {
                Value::Instance(id) => H::called_at(&self.host, *id),
                _ => None,
            };
            self.line = called.unwrap_or(definition.line);
        }
        let plain = format!("{} has no self: Python gives it the module as its first argument.", definition.name);
        let noted = self.note_error(ProblemKind::WrongArguments, "TypeError", message, Some(plain));
        if let (Some(problem), Some(range)) = (noted, definition.first_parameter.clone()) {
            let none = definition.parameters.positional.is_empty();
            let (expected, replacement) = if none { (Some("()".to_string()), "(self)") } else { (None, "self, *") };
            self.notes.fixes.push(FixWish {
                problem,
                range,
                label: format!("Add self to {}", definition.name),
                replacement: replacement.to_string(),
                expected,
            });
        }
        Ok(())
    }

    pub(crate) fn function_name(&self, id: Id) -> String {
        let function = &self.heap.functions[id];
        match function.class {
            Some(class) => format!("{}.{}", self.heap.classes[class].name, function.definition.name),
            None => function.definition.name.to_string(),
        }
    }

    fn default_of(&self, id: Id, name: &Name) -> Option<Value<H>> {
        self.heap.functions[id].defaults.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
    }

    pub(crate) fn define_function(&mut self, definition: &Rc<FunctionDefinition>) -> Run<Value<H>> {
        let mut defaults = Vec::new();
        let parameters = definition.parameters.positional.iter().chain(&definition.parameters.keyword_only);
        for parameter in parameters {
            if let Some(default) = &parameter.default {
                let value = self.eval(default)?;
                defaults.push((parameter.name.clone(), value));
            }
        }
        self.allocate(6 + defaults.len())?;
        let class = self.frames.last().filter(|frame| self.heap.scopes[frame.scope].is_class);
        let function = Function {
            definition: definition.clone(),
            scope: self.scope(),
            defaults,
            class: class.and_then(|frame| frame.class),
            kind: FunctionKind::Plain,
        };
        self.heap.functions.push(function);
        Ok(Value::Function(self.heap.functions.len() - 1))
    }

    pub(crate) fn decorate(&mut self, value: Value<H>, decorators: &[Expr]) -> Run<Value<H>> {
        let mut value = value;
        for decorator in decorators.iter().rev() {
            let decorator = self.quietly(|machine| machine.eval(decorator))?;
            match (&decorator, &value) {
                (Value::Library(path), Value::Function(id)) => {
                    let kind = match path.rsplit('.').next().unwrap_or_default() {
                        "staticmethod" => FunctionKind::Static,
                        "classmethod" => FunctionKind::ClassMethod,
                        "property" | "cached_property" => FunctionKind::Property,
                        _ => FunctionKind::Plain,
                    };
                    if kind != FunctionKind::Plain {
                        self.heap.functions[*id].kind = kind;
                    }
                }
                (Value::Library(path), Value::Class(id)) if path.ends_with("dataclass") => {
                    self.heap.classes[*id].is_dataclass = true;
                }
                (Value::Function(_) | Value::Method(_), _) => {
                    let result = self.call(&decorator, Arguments::positional(vec![value.clone()]))?;
                    if matches!(result, Value::Function(_) | Value::Class(_) | Value::Partial(_)) {
                        value = result;
                    }
                }
                _ => {}
            }
        }
        Ok(value)
    }

    /// `super()` and `super(Net, self)`.
    pub(crate) fn super_call(&mut self, arguments: &[Expr]) -> Run<Value<H>> {
        let (mut class, mut receiver) = match self.frames.last() {
            Some(frame) => (frame.class, frame.receiver.clone()),
            None => (None, None),
        };
        if let [first, second, ..] = arguments {
            if let Value::Class(id) = self.eval(first)? {
                class = Some(id);
            }
            receiver = Some(self.eval(second)?);
        }
        match (class, receiver) {
            (Some(class), Some(receiver)) => Ok(self.keep(Value::Super(Rc::new((receiver, class))))),
            _ => self.error(ProblemKind::Raised, "RuntimeError", "super(): no arguments".to_string()),
        }
    }
}
