//! FlatBuffers, read field by field: every offset is checked where it is followed, and nothing is copied.
//!
//! A reader of its own: generated ones are tens of thousands of lines for this schema, and refusals here name the byte and
//! the field.

use super::super::problem::FileProblem;

/// A table, and where its fields are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The field's places, two bytes each.
    places: &'a [u8],
    /// The table's name, for refusals.
    name: &'static str,
}

/// Items of one size after one another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vector<'a> {
    bytes: &'a [u8],
    /// Of the first item.
    at: usize,
    length: usize,
    name: &'static str,
}

fn number<const LENGTH: usize>(bytes: &[u8], at: usize) -> Option<[u8; LENGTH]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Where an offset at a place leads.
fn follow(bytes: &[u8], at: usize) -> Option<usize> {
    at.checked_add(u32::from_le_bytes(number(bytes, at)?) as usize)
}

impl<'a> Table<'a> {
    /// The table that a file is.
    pub(super) fn root(bytes: &'a [u8], name: &'static str) -> Result<Self, FileProblem> {
        let at = follow(bytes, 0).ok_or_else(|| FileProblem::at(0, name, "the file ends within its first offset"))?;
        Self::at(bytes, at, name)
    }

    fn at(bytes: &'a [u8], at: usize, name: &'static str) -> Result<Self, FileProblem> {
        let refuse = |rule: &str| FileProblem::at(at, name, rule);
        let back = number(bytes, at).map(i32::from_le_bytes).ok_or_else(|| refuse("it lies outside of the file"))?;
        let places = i64::try_from(at).ok().map(|at| at - i64::from(back)).and_then(|at| usize::try_from(at).ok());
        let places = places.ok_or_else(|| refuse("its fields' places lie before the file"))?;
        let length = number(bytes, places).map(u16::from_le_bytes);
        let found = length.and_then(|length| bytes.get(places + 4..places.checked_add(usize::from(length).max(4))?));
        let places = found.ok_or_else(|| refuse("its fields' places lie outside of the file"))?;
        Ok(Self { bytes, at, places, name })
    }

    /// Where a field is; `None` where it has its default.
    fn place(&self, field: usize) -> Option<usize> {
        let offset = number(self.places, 2 * field).map(u16::from_le_bytes).filter(|offset| *offset != 0)?;
        self.at.checked_add(usize::from(offset))
    }

    fn refuse(&self, at: usize, field: &str) -> FileProblem {
        FileProblem::at(at, format!("{}.{field}", self.name), "it lies outside of the file")
    }

    fn scalar<const LENGTH: usize>(&self, (field, name): (usize, &str)) -> Result<Option<[u8; LENGTH]>, FileProblem> {
        let Some(at) = self.place(field) else { return Ok(None) };
        number(self.bytes, at).map(Some).ok_or_else(|| self.refuse(at, name))
    }

    pub(super) fn byte(&self, field: (usize, &str), default: u8) -> Result<u8, FileProblem> {
        Ok(self.scalar::<1>(field)?.map_or(default, |[byte]| byte))
    }

    pub(super) fn flag(&self, field: (usize, &str)) -> Result<bool, FileProblem> {
        Ok(self.byte(field, 0)? != 0)
    }

    pub(super) fn integer(&self, field: (usize, &str), default: i32) -> Result<i32, FileProblem> {
        Ok(self.scalar(field)?.map_or(default, i32::from_le_bytes))
    }

    pub(super) fn long(&self, field: (usize, &str)) -> Result<u64, FileProblem> {
        Ok(self.scalar(field)?.map_or(0, u64::from_le_bytes))
    }

    pub(super) fn float(&self, field: (usize, &str), default: f32) -> Result<f32, FileProblem> {
        Ok(self.scalar(field)?.map_or(default, f32::from_le_bytes))
    }

    pub(super) fn table(&self, field: (usize, &str), name: &'static str) -> Result<Option<Table<'a>>, FileProblem> {
        let Some(at) = self.place(field.0) else { return Ok(None) };
        let target = follow(self.bytes, at).ok_or_else(|| self.refuse(at, field.1))?;
        Self::at(self.bytes, target, name).map(Some)
    }

    /// Items of `width` bytes; none where the field is not there.
    pub(super) fn vector(&self, (field, name): (usize, &'static str), width: usize) -> Result<Vector<'a>, FileProblem> {
        let Some(at) = self.place(field) else {
            return Ok(Vector { bytes: self.bytes, at: 0, length: 0, name });
        };
        let start = follow(self.bytes, at).ok_or_else(|| self.refuse(at, name))?;
        let length =
            number(self.bytes, start).map(u32::from_le_bytes).ok_or_else(|| self.refuse(start, name))? as usize;
        let first = start + 4;
        let end = length.checked_mul(width).and_then(|bytes| bytes.checked_add(first));
        if end.is_none_or(|end| end > self.bytes.len()) {
            let rule = format!("it says {length} items of {width} bytes, more than the file has");
            return Err(FileProblem::at(start, format!("{}.{name}", self.name), rule));
        }
        Ok(Vector { bytes: self.bytes, at: first, length, name })
    }

    /// A text of at most so many letters. What is no UTF-8 is replaced.
    pub(super) fn text(&self, field: (usize, &'static str), most: usize) -> Result<String, FileProblem> {
        let vector = self.vector(field, 1)?;
        let shown = &vector.all()[..vector.length.min(4 * most)];
        Ok(String::from_utf8_lossy(shown).chars().take(most).collect())
    }
}

impl<'a> Vector<'a> {
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Where the first item is in the file.
    pub(super) fn start(&self) -> usize {
        self.at
    }

    /// All items, of one byte each.
    pub(super) fn all(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.at + self.length).unwrap_or_default()
    }

    pub(super) fn integers(&self) -> impl Iterator<Item = i32> + use<'a> {
        self.items().map(i32::from_le_bytes)
    }

    pub(super) fn longs(&self) -> impl Iterator<Item = i64> + use<'a> {
        self.items().map(i64::from_le_bytes)
    }

    pub(super) fn floats(&self) -> impl Iterator<Item = f32> + use<'a> {
        self.items().map(f32::from_le_bytes)
    }

    fn items<const WIDTH: usize>(&self) -> impl Iterator<Item = [u8; WIDTH]> + use<'a, WIDTH> {
        let bytes = self.bytes.get(self.at..).unwrap_or_default();
        bytes.chunks_exact(WIDTH).take(self.length).filter_map(|item| item.first_chunk().copied())
    }

    /// The table at a place of the vector.
    pub(super) fn table(&self, index: usize, name: &'static str) -> Result<Table<'a>, FileProblem> {
        let at = self.at + 4 * index;
        let target = follow(self.bytes, at).filter(|_| index < self.length);
        let target = target.ok_or_else(|| FileProblem::at(at, self.name, "it has no such item"))?;
        Table::at(self.bytes, target, name)
    }
}
