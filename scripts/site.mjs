// What the site is made of: the binaries, how each is compiled and started, the style sheets, index.html.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ROOT, run } from "./run.mjs";

const BUILD_ID = "BUILD_ID";
const TARGET = "wasm32-unknown-unknown";
/** What the page's binary imports, and what starts it; written last. */
export const PAGE_SCRIPTS = ["src/ui/keep/database.js", "src/start.js"].map((name) => path.join(ROOT, name));
// The engine's kernels are compiled for speed and so is the link; what plans and tells is compiled for size.
const FAST_LINK = ["-Copt-level=3"];
const VECTORS = { profile: "release", instructions: ["simd128"], passes: ["-O3"] };

/**
 * The page is two WebAssembly binaries: what shows the designs, and what can wait until they are shown
 * (src/ui/later.rs); each worker is one more.
 * `out` names the files, `bin` is a binary of Cargo.toml; `passes` are what wasm-opt does with it. `instructions`
 * are those of a whole binary. `lane` is a folder
 * below cargo's: those of different lanes are compiled at the same time, and hardly anything they need is the same.
 */
export const PAGE = {
  out: "page", lane: "", bin: "page", profile: "page", features: "ui",
  // The splitter needs the relocations.
  link: ["-Clink-args=--emit-relocs"],
  passes: ["--flatten", "--rereloop", "-Oz", "-Oz", "-ocimfs", "20", "-aimfs", "4"],
};
/**
 * A worker whose memory its helpers share (src/site/helper.js). The standard library as it comes is for one thread: that is
 * the worker itself, and helpers call nothing of it (kernels/src/crew.rs).
 */
const SHARED = {
  lane: "shared", bin: "worker", profile: "page", passes: ["--enable-threads", "-O3"], instructions: ["atomics", "bulk-memory", "mutable-globals"],
  // What wasm-bindgen wants of a shared memory, and where a helper's stack goes.
  link: [
    ...FAST_LINK, `-Clink-args=--shared-memory --import-memory --max-memory=${2 ** 32}`,
    ...["__stack_pointer", "__heap_base", "__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base"].map((name) => `-Clink-arg=--export=${name}`),
  ],
};
export const WORKERS = [
  // Both read what people bring, with the same features: what they share is compiled once.
  { out: "importer", lane: "", bin: "importer", profile: "page", features: "web,python,files", passes: ["-Oz"] },
  { out: "filer", lane: "", bin: "filer", profile: "page", features: "web,python,files", passes: ["-Oz"] },
  { out: "worker", lane: "workers", bin: "worker", profile: "page", features: "web,simd", link: FAST_LINK, passes: ["-O3"] },
  // The same with relaxed SIMD: the page takes it where the browser does.
  { out: "relaxed", lane: "workers", bin: "worker", profile: "page", features: "web,relaxed-simd", link: FAST_LINK, passes: ["-O3"] },
  // Both once more for pages that have memory which threads share.
  { out: "worker_shared", ...SHARED, features: "threads,simd" },
  { out: "relaxed_shared", ...SHARED, features: "threads,relaxed-simd" },
  // Training is loops over several samples at once: all of it is compiled with vectors, not its kernels alone. The
  // explorer shares what is compiled.
  { out: "trainer", lane: "vectors", bin: "trainer", ...VECTORS, features: "web,simd" },
  { out: "explorer", lane: "vectors", bin: "explorer", ...VECTORS, features: "web,simd" },
  { out: "relaxed_trainer", lane: "vectors", bin: "trainer", ...VECTORS, features: "web,relaxed-simd" },
  // For browsers without SIMD.
  { out: "plain_explorer", lane: "workers", bin: "explorer", profile: "page", features: "web", passes: ["-Oz"] },
];

/** Compiles a binary and gives its path. */
export async function compile({ bin, lane = "", profile, config = [], features, link = [], instructions = [] }, settings = {}) {
  const folder = path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", lane);
  await run("cargo", [
    ...compilerFlags(instructions), ...config, "rustc", "--locked", "--target-dir", folder, "--target", TARGET, "--profile", profile, "--bin", bin,
    "--no-default-features", "--features", features, "--", ...link,
  ], settings);
  return path.join(folder, TARGET, profile === "dev" ? "debug" : profile, `${bin}.wasm`);
}

/** The texts of panics name source files: without where this machine keeps them. `instructions` are for all that is compiled. */
function compilerFlags(instructions) {
  const home = process.env.CARGO_HOME ?? path.join(os.homedir(), ".cargo");
  const registry = path.join(home, "registry", "src");
  const remap = (existsSync(registry) ? readdirSync(registry) : []).map((index) => `--remap-path-prefix=${path.join(registry, index)}/=`);
  const enabled = instructions.length > 0 ? [`-Ctarget-feature=${instructions.map((name) => `+${name}`).join(",")}`] : [];
  return ["--config", `target.${TARGET}.rustflags=${JSON.stringify([...remap, ...enabled])}`];
}

/** Writes a binary, two of the page, and its scripts into `folder`. `bindgen` is the program of scripts/bindgen/. */
export async function bind(bindgen, binary, wasm, folder, settings = {}) {
  if (binary === PAGE) return bindPage(bindgen, wasm, folder, settings);
  await run(bindgen, ["bind", "worker", wasm, folder, binary.out], settings);
  if (binary.lane !== SHARED.lane) writeFileSync(path.join(folder, `${binary.out}_loader.js`), loader(binary.out));
}

async function bindPage(bindgen, wasm, folder, settings) {
  const split = `${folder}_split`;
  rmSync(split, { recursive: true, force: true });
  mkdirSync(split);
  await run(bindgen, ["split", wasm, split, PAGE.out], settings);
  const main = `${PAGE.out}.wasm`;
  await run(bindgen, ["bind", "page", path.join(split, main), folder, PAGE.out], settings);
  for (const name of readdirSync(split).filter((name) => name !== main)) cpSync(path.join(split, name), path.join(folder, name));
  for (const script of PAGE_SCRIPTS) cpSync(script, path.join(folder, path.basename(script)));
}

/**
 * The script a page starts as `new Worker("./BUILD/NAME_loader.js")`. It keeps messages that arrive before the binary
 * runs, and a failure to start reaches the page as the worker's `error` event. Of a worker that has helpers it starts the
 * binary for them where it can, and says to the binary why it could not.
 */
export function loader(name, mayShare = WORKERS.some(({ out }) => out === `${name}_shared`)) {
  return `"use strict";
const early = [];
const keep = (event) => early.push(event);
self.addEventListener("message", keep);
${mayShare ? chooses(name) : `const name = "${name}";\n`}importScripts(\`./\${name}.js\`);
${mayShare ? "start()" : `wasm_bindgen({ module_or_path: \`./\${name}_bg.wasm\` })`}.then(
  () => {
    self.removeEventListener("message", keep);
    for (const { data, ports } of early) self.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
  },
  (error) => setTimeout(() => { throw error; }),
);
`;
}

/** Which binary it is, of a worker that may have helpers, and how they are called: once, when there is work for them. */
function chooses(name) {
  return `const MOST_THREADS = 8;
self.threads = Math.min(navigator.hardwareConcurrency || 1, MOST_THREADS);
self.oneThread = (() => {
  if (self.threads < 2) return "the browser tells of one core";
  if (!self.crossOriginIsolated) return "this page is served without the two headers that give it memory for more";
  try {
    new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  } catch {
    return "this browser has no room for memory that threads share";
  }
  return "";
})();
const name = self.oneThread ? "${name}" : "${name}_shared";
async function start() {
  const module = await WebAssembly.compileStreaming(fetch(\`./\${name}_bg.wasm\`));
  const { memory, crew_stack } = await wasm_bindgen({ module_or_path: module });
  self.callHelpers = () => {
    for (let member = 1; member < self.threads; member += 1) {
      new Worker("./helper.js").postMessage({ module, memory, stack: crew_stack(), member });
    }
  };
}
`;
}

/** The style sheets by file: what the designs are shown with, tokens first, and what the later binary shows. */
export function styles() {
  const sheet = (...folders) => {
    const folder = path.join(ROOT, "style", ...folders);
    const names = readdirSync(folder).filter((name) => name.endsWith(".css")).sort((a, b) => (b === "base.css") - (a === "base.css") || (a < b ? -1 : 1));
    const text = names.map((name) => readFileSync(path.join(folder, name), "utf8")).join("");
    // Comments and line ends are a seventh of the first load's sheet.
    return text.replace(/\/\*[^]*?\*\//g, "").replace(/\n\s*/g, "");
  };
  return { "style.css": sheet(), "later.css": sheet("later") };
}

/** What stands beside the binaries as it is. */
export const SITE_FILES = ["manifest.webmanifest", "icon.svg", "digits.bin", "helper.js"];

/** The service worker of a build with these files. */
export function serviceWorker(build, files) {
  const worker = readFileSync(path.join(ROOT, "src", "site", "sw.js"), "utf8");
  const kept = files.filter((name) => name !== "notices.txt").map((name) => JSON.stringify(`./${build}/${name}`));
  return worker.replace('"BUILD_FILES"', kept.join(", ")).replaceAll(BUILD_ID, build);
}

/** index.html, for the folder `build` of everything else, without what only Trunk reads. */
export function indexPage(build) {
  const page = readFileSync(path.join(ROOT, "index.html"), "utf8");
  return page.replace(/^.*\bdata-trunk\b.*\n/gm, "").replaceAll(BUILD_ID, build);
}
