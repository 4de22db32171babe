//! The wire format of protocol buffers: fields of a message, one after another, without a copy.
//!
//! A reader of its own, as refusals name the byte, unknown depth must be bounded and weights stay where they are; readers
//! of other crates have no metadata of nodes, nor a bound on nesting.

use super::problem::FileProblem;

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Field<'a> {
    pub number: u64,
    pub value: Wire<'a>,
    /// Where it begins in the file.
    pub at: usize,
}

/// A field's value as it is on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    /// A text, bytes, a message, or packed numbers.
    Bytes(Message<'a>),
}

/// The bytes of a message, and where they are in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::files) struct Message<'a> {
    pub bytes: &'a [u8],
    pub start: usize,
}

/// The fields of a message in order; ends at the first that cannot be read.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    message: Message<'a>,
    next: usize,
}

impl<'a> Message<'a> {
    pub(super) const fn whole(bytes: &'a [u8]) -> Self {
        Self { bytes, start: 0 }
    }

    pub(super) const fn fields(self) -> Fields<'a> {
        Fields { message: self, next: 0 }
    }

    /// A text. What is no UTF-8 is replaced.
    pub(super) fn text(self) -> String {
        String::from_utf8_lossy(self.bytes).into_owned()
    }
}

impl<'a> Fields<'a> {
    /// The next field; `None` at the end.
    ///
    /// # Errors
    /// Where the bytes are no field, or it is longer than its message.
    pub(super) fn next(&mut self) -> Result<Option<Field<'a>>, FileProblem> {
        if self.next >= self.message.bytes.len() {
            return Ok(None);
        }
        let at = self.message.start + self.next;
        let key = self.varint("a field's key")?;
        let value = match key & 7 {
            0 => Wire::Varint(self.varint("a number")?),
            1 => Wire::Fixed64(self.fixed()?),
            5 => Wire::Fixed32(self.fixed()?),
            2 => {
                let length = self.varint("a length")?;
                let length = usize::try_from(length).ok().filter(|&length| length <= self.left());
                let Some(length) = length else {
                    return Err(FileProblem::at(at, format!("field {}", key >> 3), "it is longer than what it is in"));
                };
                let start = self.next;
                self.next += length;
                let bytes = self.message.bytes.get(start..self.next).unwrap_or_default();
                Wire::Bytes(Message { bytes, start: self.message.start + start })
            }
            kind => {
                return Err(FileProblem::at(
                    at,
                    format!("field {}", key >> 3),
                    format!("there is no wire type {kind}"),
                ));
            }
        };
        Ok(Some(Field { number: key >> 3, value, at }))
    }

    fn left(&self) -> usize {
        self.message.bytes.len() - self.next
    }

    fn fixed<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], FileProblem> {
        let found = self.message.bytes.get(self.next..).and_then(|rest| rest.first_chunk()).copied();
        let found = found.ok_or_else(|| self.ended("a number"))?;
        self.next += LENGTH;
        Ok(found)
    }

    fn varint(&mut self, what: &'static str) -> Result<u64, FileProblem> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let Some(&byte) = self.message.bytes.get(self.next) else { return Err(self.ended(what)) };
            self.next += 1;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(FileProblem::at(self.message.start + self.next, what, "it has more than ten bytes"))
    }

    fn ended(&self, what: &'static str) -> FileProblem {
        FileProblem::at(self.message.start + self.next, what, "the bytes end within it")
    }
}

impl<'a> Field<'a> {
    pub(super) fn message(&self) -> Result<Message<'a>, FileProblem> {
        match self.value {
            Wire::Bytes(message) => Ok(message),
            _ => Err(FileProblem::at(self.at, format!("field {}", self.number), "it should have a length")),
        }
    }

    pub(super) fn text(&self) -> Result<String, FileProblem> {
        Ok(self.message()?.text())
    }

    pub(super) fn integer(&self) -> Result<i64, FileProblem> {
        match self.value {
            Wire::Varint(value) => Ok(value as i64),
            _ => Err(FileProblem::at(self.at, format!("field {}", self.number), "it should be a whole number")),
        }
    }

    pub(super) fn float(&self) -> Result<f32, FileProblem> {
        match self.value {
            Wire::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            _ => Err(FileProblem::at(self.at, format!("field {}", self.number), "it should be a float")),
        }
    }

    /// Adds whole numbers, packed or one by one.
    pub(super) fn integers(&self, into: &mut Vec<i64>) -> Result<(), FileProblem> {
        match self.value {
            Wire::Bytes(packed) => {
                let mut fields = packed.fields();
                while fields.left() > 0 {
                    into.push(fields.varint("a packed number")? as i64);
                }
                Ok(())
            }
            _ => self.integer().map(|value| into.push(value)),
        }
    }

    /// Adds 32-bit floats, packed or one by one.
    pub(super) fn floats(&self, into: &mut Vec<f32>) -> Result<(), FileProblem> {
        match self.value {
            Wire::Bytes(packed) => {
                into.extend(
                    packed.bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])),
                );
                Ok(())
            }
            _ => self.float().map(|value| into.push(value)),
        }
    }
}
