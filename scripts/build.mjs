// node scripts/build.mjs [FOLDER]    builds the static site into FOLDER, by default dist/
// As a hook of Trunk it builds into Trunk's folder, and a draft unless that is asked for a release.
//
// The folder holds index.html and one folder that is named after its contents, so that files of different builds never
// meet, whatever is cached.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { compileBindgen } from "./bindgen.mjs";
import { DRAFT, buildPage, buildWorkers, writeIndex, writeStyles } from "./draft.mjs";
import { notices } from "./notices.mjs";
import { ROOT, run } from "./run.mjs";
import { PAGE, SITE_FILES, WORKERS, bind, compile, indexPage, serviceWorker, styles } from "./site.mjs";

const WASM_FEATURES = [
  "bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "relaxed-simd",
  "sign-ext", "simd",
].map((feature) => `--enable-${feature}`);

const { TRUNK_STAGING_DIR, TRUNK_PROFILE } = process.env;
const dist = path.resolve(process.argv[2] ?? TRUNK_STAGING_DIR ?? path.join(ROOT, "dist"));
const work = path.join(ROOT, "target", "site");
const staging = path.join(work, "staging");
const failure = new AbortController();
const settings = { signal: failure.signal };
try {
  await (TRUNK_PROFILE === "debug" ? draft() : release());
} catch (error) {
  failure.abort();
  console.error(error.message);
  process.exitCode = 1;
}

async function draft() {
  const bindgen = await compileBindgen(settings);
  writeStyles();
  writeIndex("trunk");
  await buildPage(bindgen);
  await buildWorkers(bindgen);
  cpSync(DRAFT, dist, { recursive: true });
}

async function release() {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  // Before the first binary: what is fetched has a folder then, which is kept out of the binaries.
  await run("cargo", ["fetch", "--locked"], settings);
  await binaries();
  for (const [name, sheet] of Object.entries(styles())) writeFileSync(path.join(staging, name), sheet);
  writeFileSync(path.join(staging, "notices.txt"), notices());
  for (const name of SITE_FILES) cpSync(path.join(ROOT, "src", "site", name), path.join(staging, name));
  await minify();
  const build = contentHash(staging);
  rmSync(dist, { recursive: true, force: true });
  cpSync(staging, path.join(dist, build), { recursive: true });
  writeFileSync(path.join(dist, "index.html"), indexPage(build));
  writeFileSync(path.join(dist, "sw.js"), serviceWorker(build, readdirSync(staging).sort()));
  console.log(`Built ${path.relative(process.cwd(), dist) || dist}`);
}

/** Links one binary of each lane after another; each is bound and optimised while the next ones are linked. */
async function binaries() {
  const bindgen = compileBindgen(settings);
  const linked = new Map();
  const finished = [PAGE, ...WORKERS].map(async (binary) => {
    const before = linked.get(binary.lane) ?? Promise.resolve();
    const wasm = before.then(() => link(binary));
    linked.set(binary.lane, wasm);
    await finish(binary, await wasm, await bindgen);
  });
  await Promise.all([bindgen, ...finished]);
}

/** The path of the linked binary, which the next one of its name leaves alone. */
async function link(binary) {
  const wasm = path.join(work, `${binary.out}.wasm`);
  cpSync(await compile(binary, settings), wasm);
  return wasm;
}

async function finish(binary, wasm, bindgen) {
  const folder = path.join(work, binary.out);
  mkdirSync(folder);
  await bind(bindgen, binary, wasm, folder, settings);
  for (const name of readdirSync(folder).filter((name) => name.endsWith(".wasm"))) {
    const file = path.join(folder, name);
    const passes = [...binary.passes, "--reorder-functions-by-name", "--strip-debug", "--strip-producers"];
    await run("wasm-opt", [...WASM_FEATURES, ...passes, file, "-o", file], settings);
  }
  cpSync(folder, staging, { recursive: true });
}

async function minify() {
  const names = readdirSync(staging).filter((name) => /\.(js|css)$/.test(name)).map((name) => path.join(staging, name));
  await run("esbuild", [...names, "--minify", "--target=es2022", "--allow-overwrite", `--outdir=${staging}`, "--log-level=warning"], settings);
}

/** The first 16 hexadecimal digits of the SHA-256 of all names and contents. */
function contentHash(folder) {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort()) hash.update(`${name}\0`).update(readFileSync(path.join(folder, name)));
  return hash.digest("hex").slice(0, 16);
}
