// The engine's own benchmark: every preset in headless Chromium, one thread, against what the same thread can do at most.
//   node bench/engine/bench.mjs [--presets NAME,..] [--seconds 1] [--largest 6000] [--steps] [--int8] [--kernels simd]
// --largest leaves out networks of more million MACs; --steps shows every step;
// --int8 takes 8-bit numbers where there are kernels for them; --kernels simd does without relaxed SIMD.
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
  },
});

const folder = mkdtempSync(path.join(tmpdir(), "engine-bench-"));
copyFileSync(path.join(ROOT, BINARIES, `${options.kernels}.wasm`), path.join(folder, "engine.wasm"));
copyFileSync(path.join(ROOT, "bench/engine/measure.mjs"), path.join(folder, "measure.mjs"));
writeFileSync(path.join(folder, "index.html"), "<!doctype html><title>engine</title>");
const server = await startServer({ folder });
const browser = await startBrowser();
try {
  const page = await browser.newPage();
  await page.goto(server.url);
  const names = await page.evaluate(async () => (globalThis.engine = await (await import("./measure.mjs")).default()).presets());
  const wanted = options.presets?.split(",") ?? names;
  const row = (cells) => console.log(cells.map((cell, at) => (at ? String(cell).padStart(10) : String(cell).padEnd(34))).join(" "));
  row(["network", "MMAC", "median ms", "fastest", "GMAC/s", "of peak"]);
  for (const name of wanted) {
    const at = names.indexOf(name);
    if (at < 0) throw new Error(`no preset ${name}; there are ${names.join(", ")}`);
    const measured = await page.evaluate(
      (index, settings) => globalThis.engine.measure(index, settings),
      at, { seconds: Number(options.seconds), largest: Number(options.largest), steps: options.steps, int8: options.int8 },
    );
    if (measured.skipped) {
      row([name, (measured.macs / 1e6).toFixed(1), measured.skipped]);
      continue;
    }
    const rate = measured.macs / measured.median / 1e6;
    row([
      name, (measured.macs / 1e6).toFixed(3), measured.median.toPrecision(4), measured.fastest.toPrecision(4),
      rate.toFixed(1), `${((100 * rate) / measured.peak).toFixed(0)} %`,
    ]);
    for (const step of measured.steps ?? []) {
      row([`  ${step.kernel}`, (step.macs / 1e6).toFixed(3), step.ms.toPrecision(4), "", step.macs ? (step.macs / step.ms / 1e6).toFixed(1) : ""]);
    }
  }
  for (const name of wanted.filter((name) => name.startsWith("seed"))) {
    const { median, fastest } = await page.evaluate((index) => globalThis.engine.replan(index), names.indexOf(name));
    row([`${name}, planned anew after an edit`, "", median.toPrecision(4), fastest.toPrecision(4)]);
  }
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true });
}
