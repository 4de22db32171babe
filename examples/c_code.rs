//! A network of a link as C: `model.h` and `model.c` into a folder.
//!
//! ```sh
//! cargo run --example c_code --no-default-features -- 'a=1x28x28.c8k3p1.bn.relu.gap.flat.fc10' model int8
//! ```

use std::{env, fs, path::Path};

use convscope::c_code::export;
use convscope::engine::{Numbers, Seeding, WeightSource};
use convscope::share_link;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [link, folder, rest @ ..] = arguments.as_slice() else { return eprintln!("usage: c_code LINK FOLDER [int8]") };
    let numbers = if rest.iter().any(|word| word == "int8") { Numbers::Int8 } else { Numbers::F32 };
    let (workbench, problems) = share_link::decode(link.rsplit('#').next().unwrap_or_default());
    problems.iter().for_each(|problem| eprintln!("{problem}"));
    let Some(design) = workbench.resolve().into_iter().next() else { return eprintln!("no design") };
    match export(&design.network, &WeightSource::Seeded(Seeding::default()), numbers) {
        Ok(code) => {
            let write = |name: &str, text: &str| fs::write(Path::new(folder).join(name), text);
            if let Err(error) = write("model.h", &code.header).and_then(|()| write("model.c", &code.source)) {
                return eprintln!("{folder}: {error}");
            }
            println!("{} bytes of flash on a Cortex-M4 at -Os, an arena of {}", code.flash, code.arena);
        }
        Err(problem) => eprintln!("{problem}"),
    }
}
