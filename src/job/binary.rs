//! The workers' binaries.

/// A worker's binary, by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// Runs networks.
    Engine,
    /// Looks for better networks, takes weights apart, checks exact rewrites.
    Explorer,
    /// Reads source text.
    Importer,
    /// Trains networks.
    Trainer,
    /// Reads and writes model files.
    Files,
}

/// The vector instructions of a browser's WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simd {
    /// No vector instructions.
    None,
    /// WebAssembly's 128-bit SIMD.
    Plain,
    /// With relaxed SIMD's multiply-adds, too.
    Relaxed,
}

impl Binary {
    /// The build's name of the fastest file that a browser can run; `None` where it can run none.
    pub const fn file(self, simd: Simd) -> Option<&'static str> {
        match (self, simd) {
            (Self::Engine, Simd::None) => None,
            (Self::Engine, Simd::Plain) => Some("worker"),
            (Self::Engine, Simd::Relaxed) => Some("relaxed"),
            // What checks rewrites has SIMD in it, so there is another one without.
            (Self::Explorer, Simd::None) => Some("plain_explorer"),
            (Self::Explorer, Simd::Plain | Simd::Relaxed) => Some("explorer"),
            (Self::Trainer, Simd::None) => None,
            (Self::Trainer, Simd::Plain) => Some("trainer"),
            (Self::Trainer, Simd::Relaxed) => Some("relaxed_trainer"),
            (Self::Importer, _) => Some("importer"),
            (Self::Files, _) => Some("filer"),
        }
    }
}
