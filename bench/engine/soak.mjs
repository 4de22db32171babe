// Runs presets again and again on random numbers of threads, more than there are cores among them, and compares every output with
// one thread's, bit by bit. Helpers are ended and started again on the way.
//   node bench/engine/soak.mjs [--runs 10000] [--seed 1] [--largest 400]
// What it runs is what `make bench-threads` has built. --largest leaves out networks of more million MACs.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startServer } from "../../scripts/serve.mjs";
import { startBrowser } from "../../tests/e2e/support/browser.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const { values: options } = parseArgs({
  options: { runs: { type: "string", default: "10000" }, seed: { type: "string", default: "1" }, largest: { type: "string", default: "400" } },
});

const folder = mkdtempSync(path.join(tmpdir(), "engine-soak-"));
copyFileSync(path.join(ROOT, "target/engine_bench/relaxed.wasm"), path.join(folder, "engine.wasm"));
copyFileSync(path.join(ROOT, "target/engine_bench/relaxed_threads.wasm"), path.join(folder, "threads.wasm"));
for (const name of ["measure.mjs", "threads.mjs", "helper.mjs"]) copyFileSync(path.join(ROOT, "bench/engine", name), path.join(folder, name));
writeFileSync(path.join(folder, "index.html"), "<!doctype html><title>soak</title>");
const server = await startServer({ folder });
const browser = await startBrowser();
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  page.on("console", (message) => console.log(message.text()));
  await page.goto(server.url);
  await page.evaluate(async (seed) => {
    const { default: create } = await import("./measure.mjs");
    const alone = await create();
    const names = alone.presets();
    let state = seed;
    const below = (limit) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % limit;
    /** Up to so many runs by a crew of its own. */
    globalThis.round = async (runs, largest) => {
      const engine = await create("threads.wasm", 2 + below(4));
      let [done, differ] = [0, 0];
      for (let network = 0; network < 8 && done < runs; network += 1) {
        const [index, int8] = [below(names.length), below(4) === 0];
        const macs = alone.load(index, int8);
        if (macs < 0 || macs > largest * 1e6) continue;
        alone.sample(1);
        const wanted = alone.output(16).join();
        engine.load(index, int8);
        for (let pass = 0; pass < 10 && done < runs; pass += 1, done += 1) {
          engine.sample(1);
          if (engine.output(16).join() === wanted) continue;
          differ += 1;
          console.log(`${names[index]}: other outputs`);
        }
        await new Promise((resolve) => setTimeout(resolve, below(3)));
      }
      const helped = engine.helped();
      engine.end();
      return { done, helped, differ };
    };
  }, Number(options.seed));
  const result = { done: 0, helped: 0, differ: 0 };
  while (result.done < Number(options.runs)) {
    const round = await page.evaluate((runs, largest) => globalThis.round(runs, largest), Number(options.runs) - result.done, Number(options.largest));
    for (const name of Object.keys(result)) result[name] += round[name];
    if (process.stdout.isTTY) process.stdout.write(`\r${result.done} runs `);
  }
  console.log(`${result.done} runs, ${result.helped >>> 0} parts by helpers, ${result.differ} with other outputs`);
  process.exitCode = result.differ > 0 || result.helped === 0 ? 1 : 0;
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true });
}
