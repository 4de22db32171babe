//! Pickles of weights: a restricted reading that runs nothing. Opcodes and names outside of what `torch.save` writes for a state dict
//! are refused by name.

use std::collections::HashMap;

use super::super::problem::FileProblem;
use super::unpickled::{Callable, Id, Unpickled, Values};

/// Names of `torch`'s storages, and the numbers in them.
const STORAGES: &[&str] = &[
    "FloatStorage",
    "DoubleStorage",
    "HalfStorage",
    "BFloat16Storage",
    "LongStorage",
    "IntStorage",
    "ShortStorage",
    "CharStorage",
    "ByteStorage",
    "BoolStorage",
];

/// The state of the reading.
pub(super) struct Pickle<'a> {
    bytes: &'a [u8],
    next: usize,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
    pub values: Values,
}

impl<'a> Pickle<'a> {
    /// Reads a pickle of the protocols 2 to 5: its values, and the one it is.
    ///
    /// # Errors
    /// Names the byte, and the opcode or name that is refused.
    pub(super) fn read(bytes: &'a [u8]) -> Result<(Values, Id), FileProblem> {
        let mut pickle = Self {
            bytes,
            next: 0,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            values: Values::default(),
        };
        loop {
            let at = pickle.next;
            let opcode = pickle.take::<1>()?[0];
            if opcode == b'.' {
                let whole = pickle.pop(at)?;
                return Ok((pickle.values, whole));
            }
            pickle.opcode(opcode, at)?;
        }
    }

    fn opcode(&mut self, opcode: u8, at: usize) -> Result<(), FileProblem> {
        match opcode {
            0x80 => {
                let [protocol] = self.take()?;
                if !(2..=5).contains(&protocol) {
                    return Err(FileProblem::at(at, "PROTO", format!("protocol {protocol} is not one of 2 to 5")));
                }
            }
            // A frame's length says nothing that the bytes do not.
            0x95 => {
                self.take::<8>()?;
            }
            b'(' => self.marks.push(self.stack.len()),
            b'N' => self.push(Unpickled::None, at)?,
            0x88 => self.push(Unpickled::Bool(true), at)?,
            0x89 => self.push(Unpickled::Bool(false), at)?,
            b'J' => {
                let integer = i64::from(i32::from_le_bytes(self.take()?));
                self.push(Unpickled::Integer(integer), at)?;
            }
            b'K' => {
                let [byte] = self.take()?;
                self.push(Unpickled::Integer(i64::from(byte)), at)?;
            }
            b'M' => {
                let integer = i64::from(u16::from_le_bytes(self.take()?));
                self.push(Unpickled::Integer(integer), at)?;
            }
            0x8a => {
                let [length] = self.take()?;
                let integer = self.long(usize::from(length), at)?;
                self.push(Unpickled::Integer(integer), at)?;
            }
            b'G' => {
                let float = f64::from_be_bytes(self.take()?);
                self.push(Unpickled::Float(float), at)?;
            }
            b'X' | 0x8c | 0x8d => {
                let length = self.length(match opcode {
                    0x8c => 1,
                    b'X' => 4,
                    _ => 8,
                })?;
                let text = String::from_utf8_lossy(self.some(length)?).into_owned();
                self.push(Unpickled::Text(text), at)?;
            }
            b'C' | b'B' | 0x8e => {
                let length = self.length(match opcode {
                    b'C' => 1,
                    b'B' => 4,
                    _ => 8,
                })?;
                self.some(length)?;
                self.push(Unpickled::Bytes, at)?;
            }
            b'}' => self.push(Unpickled::Dict(Vec::new()), at)?,
            b']' => self.push(Unpickled::List(Vec::new()), at)?,
            b')' => self.push(Unpickled::Tuple(Vec::new()), at)?,
            0x85..=0x87 => {
                let count = usize::from(opcode - 0x84);
                let start = self.stack.len().checked_sub(count).ok_or_else(|| empty(at))?;
                let items = self.stack.split_off(start);
                self.push(Unpickled::Tuple(items), at)?;
            }
            b't' => {
                let items = self.marked(at)?;
                self.push(Unpickled::Tuple(items), at)?;
            }
            b'l' => {
                let items = self.marked(at)?;
                self.push(Unpickled::List(items), at)?;
            }
            b'a' | b'e' => {
                let items = if opcode == b'a' { vec![self.pop(at)?] } else { self.marked(at)? };
                match self.top(at)? {
                    Unpickled::List(list) => list.extend(items),
                    _ => return Err(FileProblem::at(at, "APPENDS", "there is no list below")),
                }
            }
            b's' | b'u' => {
                let items = if opcode == b's' {
                    let value = self.pop(at)?;
                    vec![self.pop(at)?, value]
                } else {
                    self.marked(at)?
                };
                match self.top(at)? {
                    Unpickled::Dict(entries) => entries.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1]))),
                    _ => return Err(FileProblem::at(at, "SETITEMS", "there is no dict below")),
                }
            }
            b'q' | b'r' | 0x94 => {
                let key = match opcode {
                    b'q' => u32::from(self.take::<1>()?[0]),
                    b'r' => u32::from_le_bytes(self.take()?),
                    _ => self.memo.len() as u32,
                };
                let top = *self.stack.last().ok_or_else(|| empty(at))?;
                self.memo.insert(key, top);
            }
            b'h' | b'j' => {
                let key =
                    if opcode == b'h' { u32::from(self.take::<1>()?[0]) } else { u32::from_le_bytes(self.take()?) };
                let value = *self
                    .memo
                    .get(&key)
                    .ok_or_else(|| FileProblem::at(at, "BINGET", format!("nothing is kept under {key}")))?;
                self.stack.push(value);
            }
            b'0' => {
                self.pop(at)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                let callable = callable(&module, &name, at)?;
                self.push(Unpickled::Global(callable), at)?;
            }
            0x93 => {
                let (name, module) = (self.pop(at)?, self.pop(at)?);
                let (Unpickled::Text(module), Unpickled::Text(name)) = (self.values.get(module), self.values.get(name))
                else {
                    return Err(FileProblem::at(at, "STACK_GLOBAL", "there are no two names below"));
                };
                let callable = callable(module, name, at)?;
                self.push(Unpickled::Global(callable), at)?;
            }
            b'R' => self.reduce(at)?,
            // The attributes of an OrderedDict: the versions of modules.
            b'b' => {
                self.pop(at)?;
                if !matches!(self.top(at)?, Unpickled::Dict(_) | Unpickled::Tensor { .. }) {
                    return Err(FileProblem::at(at, "BUILD", "only a dict may have attributes"));
                }
            }
            b'Q' => self.storage(at)?,
            other => {
                let rule = "what state dicts are written with has no such opcode, and nothing else is read";
                return Err(FileProblem::at(at, format!("opcode {}", opcode_name(other)), rule));
            }
        }
        Ok(())
    }

    /// `callable(*arguments)`, of the few that are known.
    fn reduce(&mut self, at: usize) -> Result<(), FileProblem> {
        let (arguments, called) = (self.pop(at)?, self.pop(at)?);
        let refuse = |rule: &str| FileProblem::at(at, "REDUCE", rule);
        let Unpickled::Global(callable) = *self.values.get(called) else {
            return Err(refuse("what is called is no name"));
        };
        let Unpickled::Tuple(arguments) = self.values.get(arguments) else {
            return Err(refuse("its arguments are no tuple"));
        };
        let arguments = arguments.clone();
        match (callable, arguments.as_slice()) {
            (Callable::OrderedDict, []) => self.push(Unpickled::Dict(Vec::new()), at),
            (Callable::Size, [sizes]) => {
                self.stack.push(*sizes);
                Ok(())
            }
            (Callable::RebuildParameter, [tensor, ..]) => {
                self.stack.push(*tensor);
                Ok(())
            }
            (Callable::RebuildTensor, [storage, offset, dims, strides, ..]) => {
                let offset = self.size(*offset).ok_or_else(|| refuse("a tensor's offset is from 0"))?;
                let (dims, strides) =
                    self.sizes(*dims).zip(self.sizes(*strides)).ok_or_else(|| refuse("a tensor's sizes are from 0"))?;
                if dims.len() != strides.len() || dims.len() > 64 {
                    return Err(refuse("a tensor has a stride for each size"));
                }
                self.push(Unpickled::Tensor { storage: *storage, offset, dims, strides }, at)
            }
            _ => Err(refuse("its arguments do not fit what is called")),
        }
    }

    /// `('storage', torch.FloatStorage, '0', 'cpu', 288)`.
    fn storage(&mut self, at: usize) -> Result<(), FileProblem> {
        let id = self.pop(at)?;
        let refuse = || FileProblem::at(at, "BINPERSID", "it is no storage");
        let Unpickled::Tuple(parts) = self.values.get(id) else { return Err(refuse()) };
        let [tag, kind, key, ..] = parts.as_slice() else { return Err(refuse()) };
        match (self.values.get(*tag), self.values.get(*kind), self.values.get(*key)) {
            (Unpickled::Text(tag), Unpickled::Global(Callable::Storage(kind)), Unpickled::Text(key))
                if tag == "storage" =>
            {
                let storage = Unpickled::Storage { kind, key: key.clone() };
                self.push(storage, at)
            }
            _ => Err(refuse()),
        }
    }

    fn size(&self, id: Id) -> Option<u64> {
        match self.values.get(id) {
            Unpickled::Integer(integer) => u64::try_from(*integer).ok(),
            _ => None,
        }
    }

    fn sizes(&self, id: Id) -> Option<Vec<u64>> {
        match self.values.get(id) {
            Unpickled::Tuple(items) | Unpickled::List(items) => items.iter().map(|item| self.size(*item)).collect(),
            _ => None,
        }
    }

    fn push(&mut self, value: Unpickled, at: usize) -> Result<(), FileProblem> {
        let id = self.values.add(value, at)?;
        self.stack.push(id);
        Ok(())
    }

    fn pop(&mut self, at: usize) -> Result<Id, FileProblem> {
        self.stack.pop().ok_or_else(|| empty(at))
    }

    fn top(&mut self, at: usize) -> Result<&mut Unpickled, FileProblem> {
        let top = *self.stack.last().ok_or_else(|| empty(at))?;
        self.values.get_mut(top).ok_or_else(|| empty(at))
    }

    fn marked(&mut self, at: usize) -> Result<Vec<Id>, FileProblem> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or_else(|| FileProblem::at(at, "the pickle", "there is no mark below"))?))
    }

    fn take<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], FileProblem> {
        let found = self.bytes.get(self.next..).and_then(|rest| rest.first_chunk()).copied();
        let found = found.ok_or_else(|| FileProblem::at(self.next, "the pickle", "the bytes end within it"))?;
        self.next += LENGTH;
        Ok(found)
    }

    fn some(&mut self, length: usize) -> Result<&'a [u8], FileProblem> {
        let found = self.next.checked_add(length).and_then(|end| self.bytes.get(self.next..end));
        let found = found.ok_or_else(|| FileProblem::at(self.next, "a text", "it is longer than the pickle"))?;
        self.next += length;
        Ok(found)
    }

    fn length(&mut self, bytes: usize) -> Result<usize, FileProblem> {
        let at = self.next;
        let length = self.some(bytes)?.iter().rev().fold(0_u64, |length, &byte| length << 8 | u64::from(byte));
        usize::try_from(length).map_err(|_| FileProblem::at(at, "a length", "it does not fit"))
    }

    /// A whole number of up to eight bytes.
    fn long(&mut self, length: usize, at: usize) -> Result<i64, FileProblem> {
        if length > 8 {
            return Err(FileProblem::at(at, "LONG1", "it does not fit 64 bits"));
        }
        let bytes = self.some(length)?;
        let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
        let start = if negative { -1 } else { 0 };
        Ok(bytes.iter().rev().fold(start, |number: i64, &byte| number << 8 | i64::from(byte)))
    }

    fn line(&mut self) -> Result<String, FileProblem> {
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        let end = rest.iter().take(1_000).position(|&byte| byte == b'\n');
        let end = end.ok_or_else(|| FileProblem::at(self.next, "GLOBAL", "its name does not end"))?;
        self.next += end + 1;
        Ok(String::from_utf8_lossy(&rest[..end]).into_owned())
    }
}

fn empty(at: usize) -> FileProblem {
    FileProblem::at(at, "the pickle", "its stack is empty")
}

fn callable(module: &str, name: &str, at: usize) -> Result<Callable, FileProblem> {
    let storage = STORAGES.iter().find(|storage| **storage == name);
    match (module, name) {
        ("collections", "OrderedDict") => Ok(Callable::OrderedDict),
        ("torch._utils", "_rebuild_tensor_v2") => Ok(Callable::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") => Ok(Callable::RebuildParameter),
        ("torch", "Size") => Ok(Callable::Size),
        ("torch", _) if storage.is_some() => Ok(Callable::Storage(storage.copied().unwrap_or_default())),
        _ => {
            let shown: String =
                format!("{module}.{name}").chars().filter(|letter| !letter.is_control()).take(120).collect();
            let way = if module.starts_with("torch") && name.contains("Storage") {
                "its numbers are of a kind that is not read"
            } else {
                "only tensors, containers and numbers are; save model.state_dict() in place of the model"
            };
            Err(FileProblem::at(at, "GLOBAL", format!("{shown} is not read: {way}")))
        }
    }
}

fn opcode_name(opcode: u8) -> String {
    let known = match opcode {
        b'i' => "INST",
        b'o' => "OBJ",
        0x81 => "NEWOBJ",
        0x92 => "NEWOBJ_EX",
        0x82..=0x84 => "EXT",
        b'P' => "PERSID",
        0x8b => "LONG4",
        b'd' => "DICT",
        0x8f => "EMPTY_SET",
        0x96 => "BYTEARRAY8",
        _ => return format!("0x{opcode:02x}"),
    };
    format!("{known} (0x{opcode:02x})")
}
