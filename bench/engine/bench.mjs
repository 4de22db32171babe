// The engine's own benchmark: every preset in headless Chromium, one thread, against what the same thread can do at most.
//   node bench/engine/bench.mjs [--presets NAME,..] [--seconds 1] [--largest 6000] [--steps] [--int8] [--kernels simd]
//     [--threads 1,2]
// --largest leaves out networks of more million MACs; --steps shows every step;
// --int8 takes 8-bit numbers where there are kernels for them; --kernels simd does without relaxed SIMD;
// --threads takes turns with the engine of one thread: "1" is the shared memory with one thread, 2 with two, ..
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startServer } from "../../scripts/serve.mjs";
import { startBrowser } from "../../tests/e2e/support/browser.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARIES = "target/engine_bench";

const { values: options } = parseArgs({
  options: {
    presets: { type: "string" },
    seconds: { type: "string", default: "1" },
    largest: { type: "string", default: "6000" },
    steps: { type: "boolean", default: false },
    int8: { type: "boolean", default: false },
    kernels: { type: "string", default: "relaxed" },
    threads: { type: "string" },
  },
});

const folder = mkdtempSync(path.join(tmpdir(), "engine-bench-"));
copyFileSync(path.join(ROOT, BINARIES, `${options.kernels}.wasm`), path.join(folder, "engine.wasm"));
const threads = options.threads?.split(",").map(Number) ?? [];
if (threads.length > 0) copyFileSync(path.join(ROOT, BINARIES, `${options.kernels}_threads.wasm`), path.join(folder, "threads.wasm"));
for (const name of ["measure.mjs", "threads.mjs", "helper.mjs"]) copyFileSync(path.join(ROOT, "bench/engine", name), path.join(folder, name));
writeFileSync(path.join(folder, "index.html"), "<!doctype html><title>engine</title>");
const server = await startServer({ folder });
const browser = await startBrowser();
try {
  const page = await browser.newPage();
  await page.goto(server.url);
  const names = await page.evaluate(async (threads) => {
    const { default: create, measure } = await import("./measure.mjs");
    globalThis.engines = [await create(), ...(await Promise.all(threads.map((count) => create("threads.wasm", count))))];
    globalThis.measure = measure;
    return globalThis.engines[0].presets();
  }, threads);
  const wanted = options.presets?.split(",") ?? names;
  const row = (cells) => console.log(cells.map((cell, at) => (at ? String(cell).padStart(10) : String(cell).padEnd(34))).join(" "));
  const others = threads.map((count) => [`${count} shared`, "times"]).flat();
  row(["network", "MMAC", "median ms", "fastest", "GMAC/s", "of peak", ...others]);
  for (const name of wanted) {
    const at = names.indexOf(name);
    if (at < 0) throw new Error(`no preset ${name}; there are ${names.join(", ")}`);
    const measured = await page.evaluate(
      (index, settings) => globalThis.measure(globalThis.engines, index, settings),
      at, { seconds: Number(options.seconds), largest: Number(options.largest), steps: options.steps, int8: options.int8 },
    );
    if (measured.skipped) {
      row([name, (measured.macs / 1e6).toFixed(1), measured.skipped]);
      continue;
    }
    const [alone, ...shared] = measured.runs;
    const rate = measured.macs / alone.median / 1e6;
    row([
      name, (measured.macs / 1e6).toFixed(3), alone.median.toPrecision(4), alone.fastest.toPrecision(4),
      rate.toFixed(1), `${((100 * rate) / measured.peak).toFixed(0)} %`,
      ...shared.flatMap(({ median, ratio }) => [median.toPrecision(4), ratio.toFixed(2)]), measured.agree ? "" : "OUTPUTS DIFFER",
    ]);
    for (const [index, step] of alone.steps.entries()) {
      const each = shared.flatMap(({ steps }) => [steps[index].ms.toPrecision(3), (step.ms / steps[index].ms).toFixed(2)]);
      row([`  ${step.kernel}`, (step.macs / 1e6).toFixed(3), step.ms.toPrecision(4), "", step.macs ? (step.macs / step.ms / 1e6).toFixed(1) : "", "", ...each]);
    }
  }
  for (const name of wanted.filter((name) => name.startsWith("seed"))) {
    const { median, fastest } = await page.evaluate((index) => globalThis.engines[0].replan(index), names.indexOf(name));
    row([`${name}, planned anew after an edit`, "", median.toPrecision(4), fastest.toPrecision(4)]);
  }
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true });
}
