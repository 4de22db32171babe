//! The command line: `convscope --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    convscope::command::main()
}
