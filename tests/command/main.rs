//! The built command line, as a shell calls it.

mod answers;
mod readme;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, process};

/// A folder of a test's own, gone when it ends.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("convscope-{name}-{}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), content).unwrap();
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Calls the binary in this folder.
    pub fn call(&self, arguments: &[&str]) -> Answer {
        let output = Command::new(env!("CARGO_BIN_EXE_convscope")).args(arguments).current_dir(&self.0).output();
        Answer::of(output.unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a call gave.
#[derive(Debug)]
pub struct Answer {
    pub status: i32,
    pub text: String,
    pub problems: String,
}

impl Answer {
    fn of(output: Output) -> Self {
        Self {
            // A signal is no exit status.
            status: output.status.code().unwrap(),
            text: String::from_utf8(output.stdout).unwrap(),
            problems: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
