//! `argparse`: a script that is started without arguments has the defaults of its options.

use std::rc::Rc;

use super::host::Host;
use super::value::{Arguments, Instance};
use super::{Id, Interpreter, Run, Value};

const PARSER: &str = "argparse.ArgumentParser";
const METHODS: [&str; 6] = [
    "add_argument",
    "add_argument_group",
    "add_mutually_exclusive_group",
    "parse_args",
    "parse_known_args",
    "set_defaults",
];

impl<H: Host> Interpreter<H> {
    /// A parser: an object with the options' defaults as its attributes.
    pub(crate) fn new_parser(&mut self) -> Run<Value<H>> {
        let parser = self.namespace(&Arguments::default())?;
        if let Value::Instance(id) = parser {
            self.heap.instances[id].inner = Some(Value::Library(Rc::from(PARSER)));
        }
        Ok(parser)
    }

    /// `parser.add_argument`, before it is called.
    pub(crate) fn parser_method(&self, id: Id, name: &str) -> Option<Value<H>> {
        let is_parser = matches!(&self.heap.instances[id].inner, Some(Value::Library(path)) if &**path == PARSER);
        let method = || Value::Bound(Rc::new((Value::Instance(id), Rc::from(name))));
        (is_parser && METHODS.contains(&name)).then(method)
    }

    pub(crate) fn call_parser(&mut self, id: Id, name: &str, arguments: &Arguments<H>) -> Run<Value<H>> {
        match name {
            "add_argument" => self.add_option(id, arguments)?,
            "add_argument_group" | "add_mutually_exclusive_group" => return Ok(Value::Instance(id)),
            "set_defaults" => {
                self.allocate(3 * arguments.keywords.len())?;
                self.heap.instances[id].attributes.extend(arguments.keywords.iter().cloned());
            }
            _ => {
                let attributes = self.heap.instances[id].attributes.clone();
                self.allocate(8 + 3 * attributes.len())?;
                let line = self.line;
                self.heap.instances.push(Instance { class: None, attributes, module: None, inner: None, line });
                let options = Value::Instance(self.heap.instances.len() - 1);
                if name == "parse_args" {
                    return Ok(options);
                }
                let rest = self.new_list(Vec::new())?;
                return self.new_tuple(vec![options, rest]);
            }
        }
        Ok(Value::None)
    }

    /// `'--batch-size', type=int, default=64`.
    fn add_option(&mut self, id: Id, arguments: &Arguments<H>) -> Run<()> {
        let flags: Vec<&str> = arguments
            .positional
            .iter()
            .filter_map(|flag| if let Value::Text(flag) = flag { Some(&**flag) } else { None })
            .collect();
        let Some(first) = flags.iter().find(|flag| flag.starts_with("--")).or(flags.first()) else { return Ok(()) };
        let name = match arguments.keyword("dest") {
            Some(Value::Text(name)) => name.to_string(),
            _ => first.trim_start_matches('-').replace('-', "_"),
        };
        let action = match arguments.keyword("action") {
            Some(Value::Text(action)) => action.to_string(),
            _ => String::new(),
        };
        let must_be_given = !first.starts_with('-') && !matches!(arguments.keyword("nargs"), Some(Value::Text(_)))
            || matches!(arguments.keyword("required"), Some(Value::Bool(true)));
        let value = match arguments.keyword("default").cloned() {
            // Texts are read as if they had been given.
            Some(text @ Value::Text(_)) => match arguments.keyword("type").cloned() {
                Some(kind) => self.call(&kind, Arguments::positional(vec![text]))?,
                None => text,
            },
            Some(value) => value,
            None if must_be_given => Value::unknown(&name),
            None if action == "store_true" => Value::Bool(false),
            None if action == "store_false" => Value::Bool(true),
            None => Value::None,
        };
        self.allocate(3)?;
        self.heap.instances[id].attributes.insert(Rc::from(name), value);
        Ok(())
    }
}
