//! How long a zip file is that PyTorch writes.

/// The length of a zip file, counted while records are added: they are not compressed, and the bytes of each start at
/// a multiple of 64 (`PyTorchStreamWriter`, `caffe2/serialize/inline_container.cc`).
#[derive(Clone, Debug, Default)]
pub(super) struct Archive {
    records: u64,
    directory: u64,
}

/// What every record's name starts with, where a file is written by path `archive.pt` or to memory.
const FOLDER: &str = "archive/";
const ALIGNMENT: u64 = 64;
const HEADER: u64 = 30;
/// Two letters and a length before the filling.
const FILLING_HEADER: u64 = 4;
/// Checksum and sizes, behind what is not empty.
const DESCRIPTOR: u64 = 16;
const DIRECTORY_ENTRY: u64 = 46;
/// The ends of the directory: zip64's, where that is, and zip's.
const ENDS: u64 = 56 + 20 + 22;

impl Archive {
    /// Adds a record of so many bytes.
    pub(super) fn add(&mut self, name: &str, bytes: u64) {
        let name = (FOLDER.len() + name.len()) as u64;
        let start = (self.records + HEADER + name + FILLING_HEADER).next_multiple_of(ALIGNMENT);
        self.records = start + bytes + if bytes > 0 { DESCRIPTOR } else { 0 };
        self.directory += DIRECTORY_ENTRY + name;
    }

    /// `None` where it takes zip64's longer records.
    pub(super) fn length(&self) -> Option<u64> {
        let length = self.records + self.directory + ENDS;
        (length < u64::from(u32::MAX)).then_some(length)
    }
}
