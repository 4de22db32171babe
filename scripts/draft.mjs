// The site as it is while one works on it: nothing is optimised, and only what has changed is built.
import { cpSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./run.mjs";
import { PAGE, PAGE_SCRIPTS, WORKERS, bind, compile, indexPage, loader, styles } from "./site.mjs";

/** The site's folder; what is in it and newer than its sources is kept. */
export const DRAFT = path.join(ROOT, "target", "draft");

const BUILD = "draft";
const folder = path.join(DRAFT, BUILD);
// What wasm-bindgen would leave out anyway makes a third of a binary.
const UNOPTIMISED = { profile: "dev", config: ["--config", "profile.dev.debug=false"] };
/** All workers from one library, which is compiled sooner than one for each. */
const WORKER_FEATURES = "web,simd,python";

export function writeStyles() {
  mkdirSync(folder, { recursive: true });
  for (const [name, sheet] of Object.entries(styles())) writeFileSync(path.join(folder, name), sheet);
}

/** `listens` names whom the page hears of another one from: "dev", which is scripts/dev.mjs, or "trunk". */
export function writeIndex(listens) {
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(ROOT, "scripts", "reload.js"), path.join(folder, "reload.js"));
  cpSync(path.join(ROOT, "src", "site", "digits.bin"), path.join(folder, "digits.bin"));
  const script = listens === "trunk" ? "reload.js?trunk" : "reload.js";
  const element = `  <script type="module" src="./${BUILD}/${script}"></script>\n  `;
  writeFileSync(path.join(DRAFT, "index.html"), indexPage(BUILD).replace("</head>", `${element}</head>`));
}

/** Whether the page's binaries are others now. */
export async function buildPage(bindgen) {
  const wasm = await compile({ ...PAGE, ...UNOPTIMISED });
  if (isNewer("start.js", [wasm, ...PAGE_SCRIPTS])) return false;
  await bind(bindgen, PAGE, wasm, folder);
  return true;
}

/** Whether a worker's binary is another one now. Gives up between two of them when `isStale` says so. */
export async function buildWorkers(bindgen, isStale = () => false) {
  let changed = false;
  for (const bin of new Set(WORKERS.map((worker) => worker.bin))) {
    if (isStale()) break;
    const [worker, ...others] = WORKERS.filter((worker) => worker.bin === bin);
    const wasm = await compile({ bin, ...UNOPTIMISED, features: WORKER_FEATURES });
    if (isNewer(`${worker.out}_loader.js`, [wasm])) continue;
    await bind(bindgen, worker, wasm, folder);
    // The page asks for the one that fits the browser; a draft has none with helpers.
    for (const { out } of [...others, worker]) writeFileSync(path.join(folder, `${out}_loader.js`), loader(worker.out, false));
    changed = true;
  }
  return changed;
}

/** Whether a file of the draft, the last of its binary to be written, is newer than all that it is made of. */
function isNewer(name, sources) {
  const written = statSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return sources.every((source) => statSync(source).mtimeMs < written);
}
