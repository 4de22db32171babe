//! How long a pickle is that Python writes.

use rustc_hash::FxHashMap;

/// The length of a pickle of protocol 2, counted while it is "written": each method stands for what Python's C pickler
/// writes. What is written once and met again is a reference, so order counts (pickletools, `Modules/_pickle.c`).
#[derive(Clone, Debug)]
pub(super) struct Pickle {
    length: u64,
    /// Of what has been written and may be met again, its number.
    memo: FxHashMap<String, u64>,
    /// Objects numbered so far; not all of them are met again.
    numbered: u64,
}

/// References take a byte for so many objects, four after that.
const SHORT_REFERENCES: u64 = 256;

/// Items of a dictionary are written in runs of at most so many.
const RUN: usize = 1_000;

impl Pickle {
    /// The protocol's number is written, and the stop at the end counted.
    pub(super) fn new() -> Self {
        Self { length: 2 + 1, memo: FxHashMap::default(), numbered: 0 }
    }

    /// Bytes so far.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// So many opcodes without arguments.
    pub(super) const fn codes(&mut self, count: u64) {
        self.length += count;
    }

    /// Gives the object just written a number.
    pub(super) const fn number(&mut self) {
        self.length += reference(self.numbered);
        self.numbered += 1;
    }

    /// A text that no other object is.
    pub(super) fn text(&mut self, text: &str) {
        // Python keeps texts of one letter once.
        if text.len() <= 1 {
            self.shared_text(text);
        } else {
            self.length += 5 + text.len() as u64;
            self.number();
        }
    }

    /// A text from Python's source, which is one object wherever it stands.
    pub(super) fn shared_text(&mut self, text: &str) {
        self.shared(text, 5 + text.len() as u64);
    }

    /// A class or function by its name.
    pub(super) fn global(&mut self, module: &str, name: &str) {
        self.shared(&format!("{module}\n{name}\n"), 3 + (module.len() + name.len()) as u64);
    }

    /// A whole number.
    pub(super) fn int(&mut self, number: u64) {
        self.length += match number {
            0..=0xff => 2,
            0x100..=0xffff => 3,
            0x1_0000..=0x7fff_ffff => 5,
            // Bytes with a bit for the sign.
            _ => 2 + u64::from(65 - number.leading_zeros()).div_ceil(8),
        };
    }

    /// A float in eight bytes.
    pub(super) const fn float(&mut self) {
        self.length += 9;
    }

    /// A tuple of so many objects, which `write` writes.
    pub(super) fn tuple(&mut self, count: usize, write: impl FnOnce(&mut Self)) {
        write(self);
        self.length += match count {
            0..=3 => 1,
            _ => 2,
        };
        if count > 0 {
            self.number();
        }
    }

    /// A tuple of whole numbers.
    pub(super) fn ints(&mut self, numbers: &[u64]) {
        self.tuple(numbers.len(), |pickle| numbers.iter().for_each(|&number| pickle.int(number)));
    }

    /// `collections.OrderedDict` with these items.
    pub(super) fn ordered_dict<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.global("collections", "OrderedDict");
        self.tuple(0, |_| {});
        self.codes(1);
        self.number();
        for run in items.chunks(RUN) {
            run.iter().for_each(|item| write(self, item));
            // A mark and the end of the run; one item by itself has no mark.
            self.codes(if run.len() == 1 { 1 } else { 2 });
        }
    }

    /// A dictionary of one item, which `write` writes.
    pub(super) fn single_dict(&mut self, write: impl FnOnce(&mut Self)) {
        self.codes(1);
        self.number();
        write(self);
        self.codes(1);
    }

    fn shared(&mut self, key: &str, length: u64) {
        if let Some(&number) = self.memo.get(key) {
            self.length += reference(number);
            return;
        }
        self.memo.insert(key.to_string(), self.numbered);
        self.length += length;
        self.number();
    }
}

const fn reference(number: u64) -> u64 {
    if number < SHORT_REFERENCES { 2 } else { 5 }
}
