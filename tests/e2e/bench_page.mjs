// The page's two speeds: from a key press to everything painted, and the size of the first load.
//   node tests/e2e/bench_page.mjs [--presses 200] [--rest 50]
// `--rest`: milliseconds between two presses. From 250 on, each press meets the runs that the one before has started.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { startServer } from "../../scripts/serve.mjs";
import { startBrowser } from "./support/browser.mjs";
import { DIST } from "./support/dist.mjs";
import { WorkbenchPage } from "./support/workbench_page.mjs";

const WARM_UP_PRESSES = 20;
/** What is typed in, in turns. A kernel of 1x1 is pointwise already, so that with every press the twin gains or loses a row. */
const TYPED = [
  { argument: "kernel_size", digits: ["1", "2"] },
  { argument: "out_channels", digits: ["5", "4"] },
];
/** After this many presses in the measured series the page is held still, to see that nothing is painted late. */
const LATE_PAINT_CHECK_EVERY = 20;
const LATE_PAINT_WAIT_MS = 300;
/** Nobody types faster, and the frames that the focus caused are over. */
const LEAST_REST_MS = 50;
/** Frames follow one another at once: the time measured is the page's own, not the wait for a display. */
const NO_FRAME_LIMIT = ["--disable-frame-rate-limit", "--disable-gpu-vsync"];

const { values } = parseArgs({
  options: { presses: { type: "string", default: "200" }, rest: { type: "string", default: String(LEAST_REST_MS) } },
});
const presses = Number(values.presses);
const rest = Number(values.rest);
if (!(presses >= 100)) throw new Error("--presses: at least 100");
if (!(rest >= LEAST_REST_MS)) throw new Error(`--rest: at least ${LEAST_REST_MS}`);

const server = await startServer({ folder: DIST });
const browser = await startBrowser({ flags: NO_FRAME_LIMIT });
try {
  for (const typed of TYPED) await reportKeyPress(typed);
  reportFirstLoad();
} finally {
  await browser.close();
  await server.close();
}

async function reportKeyPress({ argument, digits }) {
  const workbench = await WorkbenchPage.open(await browser.createBrowserContext(), { url: server.url });
  const { page } = workbench;
  await installStopwatch(page);
  const frames = await emptyFrame(page);
  const times = [];
  for (let at = 0; at < WARM_UP_PRESSES + presses; at += 1) {
    const time = await timePress(page, { argument, digit: digits[at % 2] });
    if (at >= WARM_UP_PRESSES) times.push(time);
    if (at % LATE_PAINT_CHECK_EVERY === 0) await checkNothingPaintsLate(workbench);
  }
  if (workbench.faults.length > 0) throw new Error(workbench.faults.join("\n"));
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)].toFixed(1);
  console.log(`Key press to everything painted, ${argument} of the first row, ${presses} presses ${rest} ms apart, release build:`);
  console.log(`  p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, slowest ${at(1)} ms (an empty frame takes ${frames.toFixed(1)} ms of it)`);
}

/**
 * Measures from the moment the browser got a key until the frame is painted in which both designs' totals stand in the
 * page: a message that is posted before a frame is painted arrives when it is. That nothing is painted later is checked.
 */
async function installStopwatch(page) {
  await page.evaluate(() => {
    const totals = () => [0, 1].map((design) => document.querySelector(`[data-testid="totals-${design}"]`).dataset.params);
    // A frame in which nothing changes waits for the display even without a frame limit, so each one changes a dot.
    const dot = document.body.appendChild(document.createElement("div"));
    Object.assign(dot.style, { position: "fixed", bottom: "0", left: "0", width: "1px", height: "1px" });
    window.nextFrame = (act) => {
      dot.style.background = dot.style.background === "red" ? "green" : "red";
      requestAnimationFrame(act);
    };
    const { port1, port2 } = new MessageChannel();
    window.afterPaint = (act) => {
      port1.onmessage = act;
      port2.postMessage(null);
    };
    window.startStopwatch = () => {
      const before = totals();
      window.stopwatch = new Promise((resolve) => {
        const start = ({ timeStamp }) => {
          const stop = () => resolve(performance.now() - timeStamp);
          const look = () => {
            const changed = totals().every((params, design) => params !== before[design]);
            if (changed) window.afterPaint(stop);
            else window.nextFrame(look);
          };
          window.nextFrame(look);
        };
        addEventListener("keydown", start, { capture: true, once: true });
      });
    };
  });
}

/** The median time until a frame is painted in which nothing but the stopwatch's dot changes, in ms. */
async function emptyFrame(page) {
  return page.evaluate(async () => {
    const times = [];
    for (let at = 0; at < 50; at += 1) {
      const start = performance.now();
      await new Promise((resolve) => window.nextFrame(() => window.afterPaint(resolve)));
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[25];
  });
}

async function timePress(page, { argument, digit }) {
  const input = await page.$(`[data-testid="row-0-0"] [name="${argument}"]`);
  await input.evaluate((element) => {
    element.focus();
    element.select();
    window.startStopwatch();
  });
  await new Promise((resolve) => setTimeout(resolve, rest));
  await page.keyboard.press(digit);
  const time = await page.evaluate(() =>
    Promise.race([window.stopwatch, new Promise((resolve) => setTimeout(() => resolve(null), 5000))]),
  );
  if (time === null) throw new Error(`the totals did not change within 5 s of pressing ${digit}`);
  return time;
}

/** Throws when a chart on the screen changes after the stopwatch stopped: then the figure would not be of everything painted. */
async function checkNothingPaintsLate(workbench) {
  const first = await workbench.chartFingerprints();
  await new Promise((resolve) => setTimeout(resolve, LATE_PAINT_WAIT_MS));
  const later = await workbench.chartFingerprints();
  const onScreen = await workbench.page.$$eval("canvas[data-chart]", (charts) =>
    charts.filter((chart) => chart.getBoundingClientRect().top < innerHeight).map((chart) => chart.dataset.chart),
  );
  const late = onScreen.filter((name) => later[name] !== first[name]);
  if (onScreen.length === 0 || late.length > 0) throw new Error(`painted after the measured end: ${late.join(", ")}`);
}

function reportFirstLoad() {
  const [build] = readdirSync(DIST).filter((name) => name !== "index.html");
  const folder = path.join(DIST, build);
  const names = [path.join(DIST, "index.html"), ...readdirSync(folder).map((name) => path.join(folder, name))];
  const files = names.map((file) => {
    const bytes = readFileSync(file);
    return { name: path.basename(file), raw: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length };
  });
  const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  const sum = (list, key) => list.reduce((total, file) => total + file[key], 0);
  const report = (title, list) => {
    console.log(`${title}: ${kB(sum(list, "gzipped"))} gzipped (${kB(sum(list, "raw"))})`);
    for (const { name, raw, gzipped } of list) console.log(`  ${name}: ${kB(gzipped)} (${kB(raw)})`);
  };
  const later = [["split_", "Then, when the designs are shown"], ["worker", "With the first run"], ["relaxed", "With the first run, where there is relaxed SIMD"], ["explorer", "With the first search"], ["plain_explorer", "With the first search, where there is no SIMD"], ["importer", "With the first import"], ["notices", "By no page: the licences"]];
  report("First load", files.filter(({ name }) => !later.some(([prefix]) => name.startsWith(prefix))));
  for (const [prefix, title] of later) report(title, files.filter(({ name }) => name.startsWith(prefix)));
}
