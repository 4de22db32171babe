//! What the build does with a compiled binary, from the libraries of wasm-bindgen and wasm-split: their own command
//! lines bring web servers, clients and parsers of arguments with them, and take many times as long to compile.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::Options;

const USAGE: &str = "\
usage: convscope-bindgen split INPUT.wasm FOLDER NAME
       convscope-bindgen bind page|worker|test INPUT.wasm FOLDER NAME";

/// What a binary becomes beside NAME_bg.wasm.
#[derive(Clone, Copy)]
enum Kind {
    /// A module of JavaScript, which the other part of a split page finds memory and table in.
    Page,
    /// A script for `importScripts`.
    Worker,
    /// A module that does not start by itself and leads to the tests among the exports.
    Test,
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["split", input, folder, name] => split(input, Path::new(folder), name),
        ["bind", "page", input, folder, name] => bind(Kind::Page, input, folder, name),
        ["bind", "worker", input, folder, name] => bind(Kind::Worker, input, folder, name),
        ["bind", "test", input, folder, name] => bind(Kind::Test, input, folder, name),
        _ => Err(USAGE.into()),
    }
}

/// Writes NAME.wasm, which is to be bound, the parts that are loaded later, and the script that loads them.
fn split(input: &str, folder: &Path, name: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    let wasm = fs::read(input)?;
    let main = folder.join(format!("{name}.wasm"));
    let script = format!("./{name}.js");
    let mut options = Options::new(&wasm);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.main_module = &script;
    wasm_split_cli_support::transform(options)?;
    Ok(())
}

/// Writes NAME_bg.wasm and the script that starts it, NAME.js.
fn bind(kind: Kind, input: &str, folder: &str, name: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name(name).omit_default_module_path(false);
    match kind {
        Kind::Page => bindgen.web(true)?.keep_lld_exports(true),
        Kind::Worker => bindgen.no_modules(true)?,
        Kind::Test => bindgen.web(true)?.debug(true).export_wasm(true).emit_start(false),
    };
    bindgen.generate(folder)?;
    Ok(())
}
