//! The command line: what networks cost, whether they fit, how two of them differ, without a browser.
//!
//! Each call ends with an [`Outcome`], which is its exit status; results go to standard output, what is wrong with an input
//! to standard error as `file:line: error: words [rule]`.

mod arguments;
mod count;
mod device_fit;
mod diff;
mod export;
mod figures;
mod fit;
mod help;
mod npy;
mod open;
mod problem;
mod run;
mod text;
mod weights;

use std::io::{self, Write};
use std::process::ExitCode;

use arguments::{Call, Verb};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Fine,
    /// The answer is no: a limit is not kept.
    No,
    /// The call itself, or one of its inputs, is wrong; what could be said was said.
    Wrong,
}

/// Why a call stops: the words for standard error.
type Stopped = String;

/// What the binary does.
pub fn main() -> ExitCode {
    let outcome = answer().unwrap_or_else(|words| {
        eprintln!("convscope: {words}");
        Outcome::Wrong
    });
    ExitCode::from(match outcome {
        Outcome::Fine => 0,
        Outcome::No => 1,
        Outcome::Wrong => 2,
    })
}

fn answer() -> Result<Outcome, Stopped> {
    let call = Call::from_environment()?;
    let (answer, outcome) = match call.verb {
        Verb::Help => (help::HELP.to_string(), Outcome::Fine),
        Verb::Version => (format!("convscope {}\n", env!("CARGO_PKG_VERSION")), Outcome::Fine),
        Verb::Devices => (help::devices(call.format), Outcome::Fine),
        Verb::Count => count::answer(&call)?,
        Verb::Diff => diff::answer(&call)?,
        Verb::Fit => fit::answer(&call)?,
        Verb::Run => run::answer(&call)?,
        Verb::Weights => weights::answer(&call)?,
        Verb::Export => {
            let (bytes, outcome) = export::answer(&call)?;
            return told(&bytes, outcome);
        }
    };
    told(answer.as_bytes(), outcome)
}

/// Writes to standard output.
fn told(answer: &[u8], outcome: Outcome) -> Result<Outcome, Stopped> {
    match io::stdout().write_all(answer).and_then(|()| io::stdout().flush()) {
        // Whoever reads it has enough: `convscope ... | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(outcome),
        Err(error) => Err(format!("the answer could not be written: {error}")),
        Ok(()) => Ok(outcome),
    }
}
