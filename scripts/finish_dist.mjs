// Trunk's last step. In the folder that Trunk is about to publish it
// - names the build: the id in <meta name="build">, in each worker's loader and behind each file that a loader fetches,
//   so that a cached worker of another build can never answer a page;
// - writes the hashes of the page's inline scripts into its Content-Security-Policy.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const BUILD_ID = "BUILD_ID";
const INLINE_SCRIPT_HASHES = "'INLINE_SCRIPT_HASHES'";

const folder = process.env.TRUNK_STAGING_DIR ?? process.argv[2];
if (!folder) throw new Error("no folder: Trunk sets TRUNK_STAGING_DIR, or give it as an argument");

const files = readdirSync(folder).sort();
const page = path.join(folder, "index.html");
const build = buildId(files.filter((name) => !name.endsWith("_loader.js")));

for (const name of files) {
  if (name.endsWith("_loader.js")) writeFileSync(path.join(folder, name), loader(name.slice(0, -"_loader.js".length)));
}
let html = readFileSync(page, "utf8");
html = replaceOnce(html, INLINE_SCRIPT_HASHES, inlineScriptHashes(html));
html = replaceOnce(html, BUILD_ID, build);
writeFileSync(page, html);

/** The first 16 hexadecimal digits of the SHA-256 of all names and contents. */
function buildId(names) {
  const hash = createHash("sha256");
  for (const name of names) hash.update(`${name}\0`).update(readFileSync(path.join(folder, name)));
  return hash.digest("hex").slice(0, 16);
}

/**
 * The script a page starts as `new Worker("./NAME_loader.js?build=ID")`. It keeps messages that arrive before the
 * module runs, and a failure to start reaches the page as the worker's `error` event.
 */
function loader(name) {
  return `"use strict";
if (new URL(self.location.href).searchParams.get("build") !== "${build}") {
  throw new Error("The page and its ${name} are of different builds. Reload the page.");
}
const early = [];
const keep = (event) => early.push(event);
self.addEventListener("message", keep);
importScripts("./${name}.js?build=${build}");
wasm_bindgen({ module_or_path: "./${name}_bg.wasm?build=${build}" }).then(
  () => {
    self.removeEventListener("message", keep);
    for (const { data, ports } of early) self.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
  },
  (error) => setTimeout(() => { throw error; }),
);
`;
}

function inlineScriptHashes(text) {
  const scripts = [...text.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)];
  return scripts.map(([, body]) => `'sha256-${createHash("sha256").update(body).digest("base64")}'`).join(" ");
}

function replaceOnce(text, from, to) {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`index.html has ${parts.length - 1} times ${from}, not once`);
  return parts.join(to);
}
