//! Methods of built-in types.

use super::super::problem::ProblemKind;
use super::host::Host;
use super::value::{Arguments, Dict};
use super::{Id, Interpreter, Run, Value};

impl<H: Host> Interpreter<H> {
    pub(crate) fn call_bound(&mut self, object: &Value<H>, name: &str, arguments: Arguments<H>) -> Run<Value<H>> {
        match object {
            Value::Text(text) => self.call_text_method(&text.clone(), name, &arguments),
            Value::List(id) => self.call_list_method(*id, name, &arguments),
            Value::Dict(id) => self.call_dict_method(*id, name, &arguments),
            Value::Set(id) => self.call_set_method(*id, name, &arguments),
            Value::Tuple(items) => {
                let items = items.clone();
                match name {
                    "numel" => {
                        let mut sizes = items.iter().map(Value::as_int);
                        let product = sizes.try_fold(1_i128, |product, size| product.checked_mul(size?));
                        Ok(product.map_or_else(|| Value::unknown("a number of elements"), Value::Int))
                    }
                    _ => self.search(&items, name, &arguments),
                }
            }
            Value::Int(_) | Value::Float(_) => Ok(match name {
                "is_integer" => Value::Bool(object.as_float().is_some_and(|float| float.fract() == 0.0)),
                _ => object.clone(),
            }),
            Value::Tensor(_) => H::method(self, object, name, arguments),
            Value::Super(parts) => {
                let receiver = parts.0.clone();
                self.call_base_method(&receiver, name, arguments)
            }
            Value::Instance(id) if self.is_hosted(*id) => H::method(self, object, name, arguments),
            Value::Instance(id) if matches!(name, "_replace" | "_asdict") => self.named_fields(*id, name, arguments),
            Value::Instance(id) => self.call_parser(*id, name, &arguments),
            _ => Ok(Value::unknown(name)),
        }
    }

    /// What the class of the library does: `super().__init__()`, `super().forward(x)`.
    pub(crate) fn call_base_method(
        &mut self,
        receiver: &Value<H>,
        name: &str,
        arguments: Arguments<H>,
    ) -> Run<Value<H>> {
        match (name, receiver) {
            ("__init__", _) => self.library_init(receiver, arguments),
            ("__setattr__", Value::Instance(_)) => {
                if let [Value::Text(name), value] = arguments.positional.as_slice() {
                    self.set_attribute(receiver, name, value.clone())?;
                }
                Ok(Value::None)
            }
            ("__getattr__" | "__getattribute__", Value::Instance(_)) => match arguments.positional.first() {
                Some(Value::Text(name)) => {
                    let name = name.clone();
                    Ok(H::attribute(self, receiver, &name)?.unwrap_or_else(|| Value::unknown(&name)))
                }
                _ => Ok(Value::unknown(name)),
            },
            (_, Value::Instance(id)) if self.is_hosted(*id) => H::base_method(self, *id, name, arguments),
            (_, Value::Instance(id)) => match self.heap.instances[*id].inner.clone() {
                Some(inner) => self.call_bound(&inner, name, arguments),
                None => Ok(Value::None),
            },
            _ => Ok(Value::None),
        }
    }

    fn search(&mut self, items: &[Value<H>], name: &str, arguments: &Arguments<H>) -> Run<Value<H>> {
        let Some(wanted) = arguments.positional.first().cloned() else { return Ok(Value::None) };
        let mut count = 0;
        for (index, item) in items.iter().enumerate() {
            if self.equal(item, &wanted)? {
                if name == "index" {
                    return Ok(Value::Int(index as i128));
                }
                count += 1;
            }
        }
        if name == "index" {
            return self.error(ProblemKind::Raised, "ValueError", "the value is not in the list".to_string());
        }
        Ok(Value::Int(count))
    }

    fn call_list_method(&mut self, id: Id, name: &str, arguments: &Arguments<H>) -> Run<Value<H>> {
        let first = arguments.positional.first().cloned();
        let length = self.heap.lists[id].len();
        match (name, first) {
            ("append", Some(value)) => {
                self.allocate(1)?;
                self.heap.lists[id].push(value);
            }
            ("appendleft", Some(value)) => {
                self.allocate(1)?;
                self.work(length / 8)?;
                self.heap.lists[id].insert(0, value);
            }
            ("extend", Some(values)) => {
                let values = self.items(&values)?;
                self.allocate(values.len())?;
                self.heap.lists[id].extend(values);
            }
            ("insert", Some(at)) => {
                let Some(value) = arguments.positional.get(1).cloned() else { return Ok(Value::None) };
                let at = at.as_int().unwrap_or(0);
                let at = (if at < 0 { at + length as i128 } else { at }).clamp(0, length as i128) as usize;
                self.allocate(1)?;
                self.work(length / 8)?;
                self.heap.lists[id].insert(at, value);
            }
            ("pop" | "popleft", at) => {
                let default = if name == "pop" { -1 } else { 0 };
                let at = at.and_then(|at| at.as_int()).unwrap_or(default);
                let at = if at < 0 { at + length as i128 } else { at };
                return match usize::try_from(at).ok().filter(|&at| at < length) {
                    Some(at) => {
                        self.work((length - at) / 8)?;
                        Ok(self.heap.lists[id].remove(at))
                    }
                    None => self.error(ProblemKind::Raised, "IndexError", "pop index out of range".to_string()),
                };
            }
            ("remove", Some(value)) => {
                for at in 0..length {
                    let item = self.heap.lists[id][at].clone();
                    if self.equal(&item, &value)? {
                        self.heap.lists[id].remove(at);
                        break;
                    }
                }
            }
            ("reverse", _) => {
                self.work(length / 8)?;
                self.heap.lists[id].reverse();
            }
            ("sort", _) => {
                let items = self.heap.lists[id].clone();
                let sorted = self.sorted(items, arguments)?;
                self.heap.lists[id] = sorted;
            }
            ("copy", _) => {
                let items = self.heap.lists[id].clone();
                return self.new_list(items);
            }
            ("clear", _) => self.heap.lists[id].clear(),
            ("index" | "count", _) => {
                let items = self.heap.lists[id].clone();
                self.work(items.len())?;
                return self.search(&items, name, arguments);
            }
            _ => {}
        }
        Ok(Value::None)
    }

    pub(crate) fn sorted(&mut self, items: Vec<Value<H>>, arguments: &Arguments<H>) -> Run<Vec<Value<H>>> {
        let mut keyed = Vec::with_capacity(items.len());
        let key = arguments.keyword("key").cloned().filter(|key| !matches!(key, Value::None));
        for item in items {
            let by = match &key {
                Some(key) => self.call(key, Arguments::positional(vec![item.clone()]))?,
                None => item.clone(),
            };
            keyed.push((by, item));
        }
        // Insertion by binary search: the comparison can fail, which a sort's closure cannot say.
        let mut sorted: Vec<(Value<H>, Value<H>)> = Vec::with_capacity(keyed.len());
        for (by, item) in keyed {
            let (mut low, mut high) = (0, sorted.len());
            while low < high {
                let middle = (low + high) / 2;
                if self.order(&by, &sorted[middle].0)?.is_some_and(std::cmp::Ordering::is_lt) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            self.work((sorted.len() - low) / 16)?;
            sorted.insert(low, (by, item));
        }
        let mut items: Vec<Value<H>> = sorted.into_iter().map(|(_, item)| item).collect();
        if let Some(reverse) = arguments.keyword("reverse").cloned()
            && self.truth(&reverse)? == Some(true)
        {
            items.reverse();
        }
        Ok(items)
    }

    fn call_dict_method(&mut self, id: Id, name: &str, arguments: &Arguments<H>) -> Run<Value<H>> {
        let first = arguments.positional.first().cloned();
        match (name, first) {
            ("keys" | "values" | "items", _) => {
                let pairs = self.heap.dicts[id].pairs.clone();
                self.allocate(pairs.len() * 2)?;
                let items = pairs.into_iter().map(|(key, value)| match name {
                    "keys" => key,
                    "values" => value,
                    _ => self.keep(Value::tuple(vec![key, value])),
                });
                let items = items.collect();
                self.new_list(items)
            }
            ("get", Some(key)) => Ok(self.heap.dicts[id]
                .get(&key)
                .or_else(|| arguments.get(1, "default"))
                .cloned()
                .unwrap_or(Value::None)),
            ("setdefault", Some(key)) => {
                if let Some(value) = self.heap.dicts[id].get(&key) {
                    return Ok(value.clone());
                }
                let value = arguments.positional.get(1).cloned().unwrap_or(Value::None);
                self.allocate(4)?;
                self.heap.dicts[id].set(key, value.clone());
                Ok(value)
            }
            ("update", first) => {
                let mut pairs: Vec<(Value<H>, Value<H>)> = Vec::new();
                match first {
                    Some(Value::Dict(other)) => pairs = self.heap.dicts[other].pairs.clone(),
                    Some(other) => {
                        for pair in self.items(&other)? {
                            if let [key, value] = self.items(&pair)?.as_slice() {
                                pairs.push((key.clone(), value.clone()));
                            }
                        }
                    }
                    None => {}
                }
                pairs.extend(arguments.keywords.iter().map(|(name, value)| (Value::Text(name.clone()), value.clone())));
                self.allocate(pairs.len() * 4)?;
                for (key, value) in pairs {
                    self.heap.dicts[id].set(key, value);
                }
                Ok(Value::None)
            }
            ("pop", Some(key)) => {
                self.work(self.heap.dicts[id].pairs.len() / 4)?;
                match self.heap.dicts[id].remove(&key).or_else(|| arguments.positional.get(1).cloned()) {
                    Some(value) => Ok(value),
                    None => {
                        let shown = self.repr(&key)?;
                        self.error(ProblemKind::Raised, "KeyError", shown)
                    }
                }
            }
            // The groups of a match.
            ("group", first) => {
                let key = first.unwrap_or(Value::Int(0));
                Ok(self.heap.dicts[id].get(&key).cloned().unwrap_or(Value::None))
            }
            ("popitem", _) => match self.heap.dicts[id].pairs.last().cloned() {
                Some((key, value)) => {
                    self.heap.dicts[id].remove(&key);
                    self.new_tuple(vec![key, value])
                }
                None => self.error(ProblemKind::Raised, "KeyError", "'popitem(): dictionary is empty'".to_string()),
            },
            ("copy", _) => {
                let dict = self.heap.dicts[id].clone();
                self.new_dict(dict)
            }
            ("clear", _) => {
                self.heap.dicts[id] = Dict::default();
                Ok(Value::None)
            }
            _ => Ok(Value::unknown(name)),
        }
    }

    fn call_set_method(&mut self, id: Id, name: &str, arguments: &Arguments<H>) -> Run<Value<H>> {
        let first = arguments.positional.first().cloned().unwrap_or(Value::None);
        match name {
            "add" => {
                self.allocate(4)?;
                self.heap.dicts[id].set(first, Value::None);
            }
            "difference" | "intersection" | "symmetric_difference" | "issubset" | "issuperset" | "isdisjoint" => {
                let other = self.items(&first)?;
                let other = self.new_set(other)?;
                let Value::Set(other) = other else { return Ok(Value::unknown(name)) };
                let (own, other) = (self.heap.dicts[id].clone(), self.heap.dicts[other].clone());
                self.work(own.pairs.len() + other.pairs.len())?;
                let inside = |dict: &Dict<H>, key: &Value<H>| dict.get(key).is_some();
                let of = |dict: &Dict<H>, keep: &dyn Fn(&Value<H>) -> bool| {
                    dict.pairs.iter().map(|(key, _)| key).filter(|key| keep(key)).cloned().collect::<Vec<_>>()
                };
                let mut items = match name {
                    "intersection" | "isdisjoint" => of(&own, &|key| inside(&other, key)),
                    "issuperset" => of(&other, &|key| !inside(&own, key)),
                    _ => of(&own, &|key| !inside(&other, key)),
                };
                if name.starts_with("is") {
                    return Ok(Value::Bool(items.is_empty()));
                }
                if name == "symmetric_difference" {
                    items.extend(of(&other, &|key| !inside(&own, key)));
                }
                return self.new_set(items);
            }
            "pop" => {
                let Some((key, _)) = self.heap.dicts[id].pairs.first().cloned() else {
                    return self.error(ProblemKind::Raised, "KeyError", "'pop from an empty set'".to_string());
                };
                self.work(self.heap.dicts[id].pairs.len() / 4)?;
                self.heap.dicts[id].remove(&key);
                return Ok(key);
            }
            "clear" => self.heap.dicts[id] = Dict::default(),
            "update" | "union" => {
                let mut items: Vec<Value<H>> = self.items(&first)?;
                self.allocate(items.len() * 4)?;
                if name == "union" {
                    items.extend(self.items(&Value::Set(id))?);
                    return self.new_set(items);
                }
                for item in items {
                    self.heap.dicts[id].set(item, Value::None);
                }
            }
            "discard" | "remove" => {
                self.work(self.heap.dicts[id].pairs.len() / 4)?;
                self.heap.dicts[id].remove(&first);
            }
            "copy" => {
                let items = self.items(&Value::Set(id))?;
                return self.new_set(items);
            }
            _ => return Ok(Value::unknown(name)),
        }
        Ok(Value::None)
    }
}
