// node scripts/dev.mjs [--port 8080]    serves a draft of the site, and builds and loads it again whenever a file changes
//
// The page comes before the workers, and of all binaries only those are built whose sources have changed, as cargo
// knows them.
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { compileBindgen } from "./bindgen.mjs";
import { DRAFT, buildPage, buildWorkers, writeIndex, writeStyles } from "./draft.mjs";
import { ROOT } from "./run.mjs";
import { serve } from "./serve.mjs";

/** To look at the time of every file takes some milliseconds, and works with all editors and file systems. */
const LOOK_EVERY_MS = 200;
const SOURCES = ["src", "kernels", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml", ".cargo"];

const server = await serve({ folder: DRAFT, events: true });
const bindgen = await compileBindgen();
await Promise.all([
  keepUp(["style"], () => {
    writeStyles();
    server.tell("style");
  }),
  keepUp(["index.html"], () => {
    writeIndex("dev");
    server.tell("page");
  }),
  keepUp(SOURCES, build),
]);

async function build() {
  const before = timesOf(SOURCES);
  const isStale = () => timesOf(SOURCES) !== before;
  const start = performance.now();
  const show = () => {
    server.tell("page");
    console.log(`Built in ${((performance.now() - start) / 1000).toFixed(1)} s: ${server.url} (Ctrl+C stops it)`);
  };
  if (await buildPage(bindgen)) show();
  if (await buildWorkers(bindgen, isStale)) show();
}

/** Does `act` at once and again whenever a file below the given ones has changed since it began. */
async function keepUp(names, act) {
  let seen = null;
  for (;;) {
    const times = timesOf(names);
    if (times === seen) {
      await sleep(LOOK_EVERY_MS);
    } else {
      seen = times;
      try {
        await act();
      } catch (error) {
        // Where it was a compiler, that has said why.
        console.error(error.message);
      }
    }
  }
}

/** The names of all files and when each was written, as a text to compare. */
function timesOf(names) {
  const files = names.flatMap((name) => filesBelow(path.join(ROOT, name)));
  return files.map((file) => `${file} ${statSync(file, { throwIfNoEntry: false })?.mtimeMs}`).join("\n");
}

function filesBelow(top) {
  try {
    return statSync(top).isFile() ? [top] : readdirSync(top, { recursive: true }).map((below) => path.join(top, below));
  } catch {
    // It is just being replaced.
    return [top];
  }
}
