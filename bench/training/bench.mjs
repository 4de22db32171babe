// Steps of training in headless Chromium, one thread: samples a second, a step against a pass forward, and PyTorch with one
// thread where it is installed.
//   node bench/training/bench.mjs [--seconds 2] [--python PYTHON] [--only 0]
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startServer } from "../../scripts/serve.mjs";
import { startBrowser } from "../../tests/e2e/support/browser.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CASES = [
  ["ConvNet, 111,386 parameters", 0, [32, 64]],
  ["seed, standard", 1, [32, 64]],
  ["seed, separable", 2, [32, 64]],
  ["MobileNetV1 0.25, 96 px", 3, [32]],
];

const { values: options } = parseArgs({
  options: { seconds: { type: "string", default: "2" }, python: { type: "string", default: "python3" }, only: { type: "string" } },
});

/** PyTorch's samples a second by case and batch; nothing where it is not installed. */
function pytorch() {
  try {
    const script = path.join(ROOT, "bench/training/pytorch.py");
    return JSON.parse(execFileSync(options.python, [script, options.seconds], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  } catch {
    return {};
  }
}

const folder = mkdtempSync(path.join(tmpdir(), "training-bench-"));
copyFileSync(path.join(ROOT, "target/training_bench/training.wasm"), path.join(folder, "training.wasm"));
writeFileSync(path.join(folder, "index.html"), "<!doctype html><title>training</title>");
const server = await startServer({ folder });
const browser = await startBrowser();
try {
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.evaluate(async () => {
    const { instance } = await WebAssembly.instantiateStreaming(fetch("training.wasm"), {});
    globalThis.measure = (index, batch, seconds) => {
      const { prepare, steps, passes } = instance.exports;
      const parameters = prepare(index, batch);
      const time = (run) => {
        run(3);
        const times = [];
        const end = performance.now() + 1000 * seconds;
        while (performance.now() < end || times.length < 5) {
          const before = performance.now();
          run(1);
          times.push(performance.now() - before);
        }
        return times.sort((a, b) => a - b)[Math.floor(times.length / 4)];
      };
      return { parameters, step: time(steps), pass: time(passes) };
    };
  });
  const peer = pytorch();
  const row = (cells) => console.log(cells.map((cell, at) => (at ? String(cell).padStart(12) : String(cell).padEnd(30))).join(" "));
  row(["network", "batch", "ms a step", "samples/s", "of a pass", "PyTorch/s", "ratio"]);
  for (const [name, index, batches] of CASES.filter(([, index]) => !options.only || options.only === String(index))) {
    for (const batch of batches) {
      const { step, pass } = await page.evaluate((...given) => globalThis.measure(...given), index, batch, Number(options.seconds));
      const rate = (1000 * batch) / step;
      const other = peer[`${index}/${batch}`];
      row([name, batch, step.toFixed(3), rate.toFixed(0), (step / pass).toFixed(2), other ? other.toFixed(0) : "", other ? (rate / other).toFixed(2) : ""]);
    }
  }
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true });
}
