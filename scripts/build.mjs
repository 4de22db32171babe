// node scripts/build.mjs [FOLDER]    builds the static site into FOLDER, by default dist/
//
// The folder holds index.html and one folder that is named after its contents, so that files of different builds never
// meet, whatever is cached. The page is two WebAssembly binaries: what shows the designs, and what can wait until they
// are shown (src/ui/later.rs); each worker is one more.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const BUILD_ID = "BUILD_ID";
/** What the page's binary imports, and what starts it. */
const PAGE_SCRIPTS = ["src/start.js", "src/ui/keep/database.js"];
const TARGET = "wasm32-unknown-unknown";
const WASM_FEATURES = [
  "bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "relaxed-simd",
  "sign-ext", "simd",
].map((feature) => `--enable-${feature}`);

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.resolve(process.argv[2] ?? path.join(root, "dist"));
const work = path.join(root, "target", "site");
const staging = path.join(work, "staging");
rmSync(work, { recursive: true, force: true });
mkdirSync(staging, { recursive: true });

buildPage();
// The engine's kernels are compiled for speed and so is the link; what plans and tells is compiled for size.
buildWorker("worker", "worker", "page", "web,simd", "-O3", ["-Copt-level=3"]);
// The same with relaxed SIMD: the page takes it where the browser does.
buildWorker("relaxed", "worker", "page", "web,relaxed-simd", "-O3", ["-Copt-level=3"]);
buildWorker("explorer", "explorer", "release", "web,simd", "-O3");
// For browsers without SIMD.
buildWorker("plain_explorer", "explorer", "page", "web", "-Oz");
buildWorker("importer", "importer", "page", "web,python", "-Oz");
writeFileSync(path.join(staging, "style.css"), styles());
minify();
const build = contentHash(staging);
rmSync(dist, { recursive: true, force: true });
cpSync(staging, path.join(dist, build), { recursive: true });
writeFileSync(path.join(dist, "index.html"), readFileSync(path.join(root, "index.html"), "utf8").replaceAll(BUILD_ID, build));
console.log(`Built ${path.relative(process.cwd(), dist) || dist}`);

function buildPage() {
  // The splitter needs the relocations.
  const wasm = compile("page", "page", ["--features", "ui"], ["-Clink-args=--emit-relocs"]);
  const split = path.join(work, "split");
  mkdirSync(split);
  run("wasm-split-cli", [wasm, split, "--target", "web", "--out-name", "page"]);
  // The other part finds memory and table among the exports.
  bind(path.join(split, "page.wasm"), "page", "web", ["--keep-lld-exports"]);
  for (const name of readdirSync(split).filter((name) => name !== "page.wasm")) {
    cpSync(path.join(split, name), path.join(staging, name));
  }
  for (const script of PAGE_SCRIPTS) cpSync(path.join(root, script), path.join(staging, path.basename(script)));
  for (const name of readdirSync(staging).filter((name) => name.endsWith(".wasm"))) {
    optimize(name, "--flatten", "--rereloop", "-Oz", "-Oz", "-ocimfs", "20", "-aimfs", "4");
  }
}

function buildWorker(name, binary, profile, features, level, linking = []) {
  bind(compile(binary, profile, ["--features", features], linking), name, "no-modules");
  optimize(`${name}_bg.wasm`, level);
  writeFileSync(path.join(staging, `${name}_loader.js`), loader(name));
}

/** The path of the binary. */
function compile(name, profile, features, linking) {
  run("cargo", [
    ...shortPaths(), "rustc", "--locked", "--target", TARGET, "--profile", profile, "--bin", name, "--no-default-features", ...features,
    "--", ...linking,
  ]);
  const folder = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
  return path.join(folder, TARGET, profile, `${name}.wasm`);
}

/** The texts of panics name source files: without where this machine keeps them. */
function shortPaths() {
  const home = process.env.CARGO_HOME ?? path.join(os.homedir(), ".cargo");
  const registry = path.join(home, "registry", "src");
  const remap = (existsSync(registry) ? readdirSync(registry) : []).map((index) => `--remap-path-prefix=${path.join(registry, index)}/=`);
  return ["--config", `target.${TARGET}.rustflags=${JSON.stringify(remap)}`];
}

function bind(wasm, name, target, options = []) {
  const places = ["--out-dir", staging, "--out-name", name];
  run("wasm-bindgen", ["--target", target, "--no-typescript", ...options, ...places, wasm]);
}

function optimize(name, ...passes) {
  const file = path.join(staging, name);
  run("wasm-opt", [...WASM_FEATURES, ...passes, "--reorder-functions-by-name", "--strip-debug", "--strip-producers", file, "-o", file]);
}

function minify() {
  const names = readdirSync(staging).filter((name) => /\.(js|css)$/.test(name)).map((name) => path.join(staging, name));
  run("esbuild", [...names, "--minify", "--target=es2022", "--allow-overwrite", `--outdir=${staging}`, "--log-level=warning"]);
}

/**
 * The script a page starts as `new Worker("./BUILD/NAME_loader.js")`. It keeps messages that arrive before the binary
 * runs, and a failure to start reaches the page as the worker's `error` event.
 */
function loader(name) {
  return `"use strict";
const early = [];
const keep = (event) => early.push(event);
self.addEventListener("message", keep);
importScripts("./${name}.js");
wasm_bindgen({ module_or_path: "./${name}_bg.wasm" }).then(
  () => {
    self.removeEventListener("message", keep);
    for (const { data, ports } of early) self.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
  },
  (error) => setTimeout(() => { throw error; }),
);
`;
}

/** All style sheets in one; tokens first. */
function styles() {
  const folder = path.join(root, "style");
  const names = ["base.css", ...readdirSync(folder).filter((name) => name.endsWith(".css") && name !== "base.css").sort()];
  return names.map((name) => readFileSync(path.join(folder, name), "utf8")).join("");
}

/** The first 16 hexadecimal digits of the SHA-256 of all names and contents. */
function contentHash(folder) {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort()) hash.update(`${name}\0`).update(readFileSync(path.join(folder, name)));
  return hash.digest("hex").slice(0, 16);
}

function run(command, options) {
  execFileSync(command, options, { cwd: root, stdio: "inherit" });
}
