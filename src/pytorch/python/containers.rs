//! Items of sequences, dicts, tensors and modules.

use super::super::problem::ProblemKind;
use super::host::Host;
use super::operators::range_length;
use super::value::Arguments;
use super::{Interpreter, Run, Value};

impl<H: Host> Interpreter<H> {
    /// What stands for the items of a value that does not say how many it has.
    pub(crate) fn uncounted(&mut self, value: &Value<H>) -> Run<Option<Value<H>>> {
        Ok(match value {
            Value::Unknown(_) => Some(value.clone()),
            Value::Library(path) if self.is_foreign(value) => Some(Value::unknown(path)),
            Value::Tensor(_) if H::length(self, value)?.is_none() => {
                Some(Value::unknown("an item of something unknown"))
            }
            _ => None,
        })
    }

    /// The items that a loop over a value sees.
    pub(crate) fn items(&mut self, value: &Value<H>) -> Run<Vec<Value<H>>> {
        let items = match value {
            Value::Tuple(items) => items.to_vec(),
            Value::List(id) => self.heap.lists[*id].clone(),
            Value::Dict(id) | Value::Set(id) => self.heap.dicts[*id].pairs.iter().map(|(key, _)| key.clone()).collect(),
            Value::Text(text) => {
                self.work(text.len())?;
                self.allocate(2 * text.len())?;
                text.chars().map(|character| Value::text(character.encode_utf8(&mut [0; 4]))).collect()
            }
            Value::Range(range) => {
                let length = usize::try_from(range_length(range)).unwrap_or(usize::MAX);
                self.allocate(length)?;
                self.work(length)?;
                let [start, _, step] = **range;
                (0..length as i128).map(|index| Value::Int(start + index * step)).collect()
            }
            Value::Tensor(_) => H::items(self, value)?.unwrap_or_default(),
            Value::Instance(id) => {
                if let Some(items) = H::items(self, value)? {
                    items
                } else if let Some(inner) = self.heap.instances[*id].inner.clone() {
                    self.items(&inner)?
                } else if let Some(method) = self.find_method(*id, "__iter__") {
                    let iterator = self.call(&method, Arguments::default())?;
                    if matches!(iterator, Value::Instance(_)) { Vec::new() } else { self.items(&iterator)? }
                } else {
                    let name = self.type_of(value);
                    self.error(ProblemKind::Raised, "TypeError", format!("'{name}' object is not iterable"))?;
                    Vec::new()
                }
            }
            Value::Unknown(_) => Vec::new(),
            _ => {
                let name = self.type_of(value);
                self.error(ProblemKind::Raised, "TypeError", format!("'{name}' object is not iterable"))?;
                Vec::new()
            }
        };
        self.work(items.len() / 8)?;
        Ok(items)
    }

    pub(crate) fn item(&mut self, object: &Value<H>, index: &Value<H>) -> Run<Value<H>> {
        // Which one is meant, another file says.
        if self.is_foreign(index)
            && !matches!(object, Value::Dict(id) if self.heap.dicts[*id].get(index).is_some())
            && matches!(object, Value::Dict(_) | Value::List(_) | Value::Tuple(_))
        {
            return Ok(self.not_understood("an item by something unknown"));
        }
        match object {
            Value::Tuple(items) => match self.sequence_item(items, index)? {
                // A part of a chunk that is picked is used.
                Ok(Value::Tensor(tensor)) => Ok(Value::Tensor(H::taken(self, &tensor)?)),
                Ok(item) => Ok(item),
                Err(items) => self.new_tuple(items),
            },
            Value::List(id) => {
                let items = std::mem::take(&mut self.heap.lists[*id]);
                let result = self.sequence_item(&items, index);
                self.heap.lists[*id] = items;
                match result? {
                    Ok(item) => Ok(item),
                    Err(items) => self.new_list(items),
                }
            }
            Value::Range(_) => {
                let items = self.items(object)?;
                match self.sequence_item(&items, index)? {
                    Ok(item) => Ok(item),
                    Err(items) => self.new_list(items),
                }
            }
            Value::Text(text) => {
                self.work(text.len() / 8)?;
                let letters: Vec<Value<H>> = self.items(&Value::Text(text.clone()))?;
                match self.sequence_item(&letters, index)? {
                    Ok(item) => Ok(item),
                    Err(items) => {
                        let text: String = items
                            .iter()
                            .filter_map(|item| if let Value::Text(text) = item { Some(&**text) } else { None })
                            .collect();
                        self.new_text(text)
                    }
                }
            }
            Value::Dict(id) => match self.heap.dicts[*id].get(index) {
                Some(value) => Ok(value.clone()),
                None if matches!(index, Value::Unknown(_)) => Ok(Value::unknown("an item by something unknown")),
                None => {
                    let shown = self.repr(index)?;
                    self.error(ProblemKind::Raised, "KeyError", shown)
                }
            },
            Value::Tensor(_) => Ok(H::item(self, object, index)?.unwrap_or_else(|| Value::unknown("an item"))),
            Value::Instance(id) => {
                if let Some(item) = H::item(self, object, index)? {
                    return Ok(item);
                }
                if let Some(inner) = self.heap.instances[*id].inner.clone() {
                    return self.item(&inner, index);
                }
                match self.find_method(*id, "__getitem__") {
                    Some(method) => self.call(&method, Arguments::positional(vec![index.clone()])),
                    None => Ok(Value::unknown("an item")),
                }
            }
            // `List[int]`, `Tuple[int, int]`: a type is a type.
            Value::Library(_) | Value::Class(_) => Ok(object.clone()),
            Value::Unknown(_) => Ok(Value::unknown("an item of something unknown")),
            _ => {
                let name = self.type_of(object);
                self.error(ProblemKind::Raised, "TypeError", format!("'{name}' object is not subscriptable"))
            }
        }
    }

    /// One item, or (as the error) those of a slice.
    fn sequence_item(&mut self, items: &[Value<H>], index: &Value<H>) -> Run<Result<Value<H>, Vec<Value<H>>>> {
        match index {
            Value::Slice(parts) => {
                let picked = slice_indices(parts, items.len());
                self.allocate(picked.len())?;
                Ok(Err(picked.into_iter().map(|at| items[at].clone()).collect()))
            }
            Value::Unknown(_) => Ok(Ok(Value::unknown("an item by something unknown"))),
            _ => {
                let Some(at) = index.as_int() else {
                    let name = self.type_of(index);
                    let message = format!("list indices must be integers or slices, not {name}");
                    return self.error(ProblemKind::Raised, "TypeError", message).map(Ok);
                };
                let wrapped = if at < 0 { at + items.len() as i128 } else { at };
                match usize::try_from(wrapped).ok().and_then(|at| items.get(at)) {
                    Some(item) => Ok(Ok(item.clone())),
                    None => {
                        self.error(ProblemKind::Raised, "IndexError", "list index out of range".to_string()).map(Ok)
                    }
                }
            }
        }
    }

    pub(crate) fn set_item(&mut self, object: &Value<H>, index: Value<H>, value: Value<H>) -> Run<()> {
        match object {
            Value::List(id) => {
                let length = self.heap.lists[*id].len();
                match &index {
                    Value::Slice(parts) => {
                        self.work(length / 8)?;
                        let picked = slice_indices(parts, length);
                        let values = self.items(&value)?;
                        self.allocate(values.len())?;
                        if let (Some(&first), Some(&last)) = (picked.first(), picked.last())
                            && first <= last
                        {
                            self.heap.lists[*id].splice(first..=last, values);
                        } else if picked.is_empty() {
                            let at = parts[0].as_int().map_or(length, |at| at.clamp(0, length as i128) as usize);
                            self.heap.lists[*id].splice(at..at, values);
                        }
                    }
                    _ => {
                        let Some(at) = index.as_int() else { return Ok(()) };
                        let wrapped = if at < 0 { at + length as i128 } else { at };
                        match usize::try_from(wrapped).ok().filter(|&at| at < length) {
                            Some(at) => self.heap.lists[*id][at] = value,
                            None => {
                                let message = "list assignment index out of range".to_string();
                                self.error(ProblemKind::Raised, "IndexError", message)?;
                            }
                        }
                    }
                }
                Ok(())
            }
            Value::Dict(id) => {
                self.allocate(4)?;
                let key = self.as_key(index)?;
                self.heap.dicts[*id].set(key, value);
                Ok(())
            }
            Value::Instance(id) if self.is_hosted(*id) => H::set_item(self, *id, &index, value),
            Value::Instance(id) => {
                if let Some(inner) = self.heap.instances[*id].inner.clone() {
                    return self.set_item(&inner, index, value);
                }
                if let Some(method) = self.find_method(*id, "__setitem__") {
                    self.call(&method, Arguments::positional(vec![index, value]))?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A key as it is; one that is not known is a text of its own.
    pub(crate) fn as_key(&mut self, key: Value<H>) -> Run<Value<H>> {
        match key {
            Value::Unknown(_) => {
                let text = self.shown(&key)?;
                self.new_text(text)
            }
            key => Ok(key),
        }
    }

    pub(crate) fn delete_item(&mut self, object: &Value<H>, index: &Value<H>) -> Run<()> {
        match object {
            Value::List(id) => {
                let length = self.heap.lists[*id].len();
                match index {
                    Value::Slice(parts) => {
                        let mut picked = slice_indices(parts, length);
                        picked.sort_unstable();
                        for at in picked.into_iter().rev() {
                            self.work(length / 16)?;
                            self.heap.lists[*id].remove(at);
                        }
                    }
                    _ => {
                        let at = index.as_int().map(|at| if at < 0 { at + length as i128 } else { at });
                        if let Some(at) = at.and_then(|at| usize::try_from(at).ok()).filter(|&at| at < length) {
                            self.work(length / 16)?;
                            self.heap.lists[*id].remove(at);
                        }
                    }
                }
            }
            Value::Dict(id) => {
                self.work(self.heap.dicts[*id].pairs.len() / 4)?;
                self.heap.dicts[*id].remove(index);
            }
            Value::Instance(id) if self.is_hosted(*id) => H::delete_item(self, *id, index)?,
            _ => {}
        }
        Ok(())
    }
}

/// The indices that a slice picks, by Python's rules.
pub(crate) fn slice_indices<H: Host>(parts: &[Value<H>; 3], length: usize) -> Vec<usize> {
    let length = length as i128;
    let step = parts[2].as_int().unwrap_or(1);
    if step == 0 {
        return Vec::new();
    }
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |value: &Value<H>, default: i128| match value.as_int() {
        None => default,
        Some(at) => (if at < 0 { at + length } else { at }).clamp(low, high),
    };
    let (start, stop) = if step > 0 {
        (bound(&parts[0], 0), bound(&parts[1], length))
    } else {
        (bound(&parts[0], length - 1), bound(&parts[1], -1))
    };
    let mut picked = Vec::new();
    let mut at = start;
    while (step > 0 && at < stop) || (step < 0 && at > stop) {
        picked.push(at as usize);
        at += step;
    }
    picked
}
