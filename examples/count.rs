//! What networks cost, as Markdown tables: of the PyTorch source in a file, or of a link.
//!
//! ```sh
//! cargo run --example count --no-default-features --features python -- tests/fixtures/seed_question.txt
//! cargo run --example count --no-default-features --features python -- 'a=1x28x28.c8k3p1.bn.relu.gap.flat.fc10'
//! ```

use std::sync::Arc;
use std::{env, fs};

use convscope::cost::{self, Settings};
use convscope::report::Format;
use convscope::{pytorch, share_link};

fn main() {
    let Some(argument) = env::args().nth(1) else { return eprintln!("usage: count FILE.py, or count LINK") };
    let networks = if let Ok(source) = fs::read_to_string(&argument) {
        let import = pytorch::import(&source, &pytorch::Options::default());
        for problem in &import.problems {
            eprintln!("line {}: {}", problem.line.unwrap_or(1), problem.message);
        }
        import.models.into_iter().map(|model| model.network).collect::<Vec<_>>()
    } else {
        // An address, its fragment, or a part of that.
        let (workbench, problems) = share_link::decode(argument.rsplit('#').next().unwrap_or_default());
        for problem in &problems {
            eprintln!("{problem}");
        }
        workbench.resolve().into_iter().map(|design| Arc::unwrap_or_clone(design.network)).collect()
    };
    for network in networks {
        let report = cost::analyze(&network, &Settings::default());
        println!("{}", Format::Markdown.write(&network, &report));
    }
}
