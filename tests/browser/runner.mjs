// Cargo's runner for tests built for wasm32: opens them in Chromium, prints what they print, fails when they fail.
//   CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="node tests/browser/runner.mjs" cargo test --target wasm32-unknown-unknown ...
// It takes what is behind cargo's `--`: a part of the names of the tests to be run.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { compileBindgen } from "../../scripts/bindgen.mjs";
import { ROOT, run } from "../../scripts/run.mjs";
import { startServer } from "../../scripts/serve.mjs";
import { startBrowser } from "../e2e/support/browser.mjs";

const TIMEOUT_MS = 300_000;
/** How wasm-bindgen-test names the exports that are tests; what follows "::" is the test's own name. */
const TEST_EXPORT = "__wbgt_";

const [wasm, filter = ""] = process.argv.slice(2);
const exported = WebAssembly.Module.exports(await WebAssembly.compile(readFileSync(wasm))).map(({ name }) => name);
const all = exported.filter((name) => name.startsWith(TEST_EXPORT) && name.includes("::"));
const chosen = all.filter((name) => name.slice(name.indexOf("::") + 2).includes(filter));
if (all.length === 0) throw new Error(`${wasm} exports no tests`);

const folder = path.join(ROOT, "target", "browser_tests");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await run(await compileBindgen(), ["bind", "test", path.resolve(wasm), folder, "tests"]);
writeFileSync(path.join(folder, "index.html"), page());
writeFileSync(path.join(folder, "start.js"), script());
const server = await startServer({ folder });
const browser = await startBrowser();
try {
  await runTests(server.url);
} finally {
  await browser.close();
  await server.close();
}

/** What wasm-bindgen-test expects of a page: it writes into `output`, and hears what tests say on the console. */
function page() {
  return `<!doctype html>
<meta charset="utf-8">
<pre id="output"></pre>
<script>
  for (const method of ["debug", "log", "info", "warn", "error"]) {
    const say = console[method];
    console[method] = (...values) => {
      window["on_console_" + method]?.(values);
      say.apply(console, values);
    };
  }
  window.__wbg_test_invoke = (test) => test();
</script>
<script type="module" src="./start.js"></script>
`;
}

function script() {
  return `import start, * as tests from "./tests.js";
const wasm = await start();
for (const method of ["debug", "log", "info", "warn", "error"]) window["on_console_" + method] = tests["__wbgtest_console_" + method];
const context = new tests.WasmBindgenTestContext(false);
context.filtered_count(${all.length - chosen.length});
await context.run(${JSON.stringify(chosen)}.map((name) => wasm[name]));
`;
}

async function runTests(address) {
  const page = await browser.newPage();
  const messages = [];
  page.on("pageerror", (error) => messages.push(error.message));
  page.on("console", (message) => messages.push(message.text()));
  await page.goto(address);
  await page
    .waitForFunction(() => document.querySelector("#output")?.textContent.includes("test result: "), {
      timeout: TIMEOUT_MS,
      polling: 100,
    })
    .catch(() => console.error(`no result within ${TIMEOUT_MS / 1000} s`));
  const output = await page.$eval("#output", (element) => element.textContent);
  console.log(output);
  if (output.includes("test result: ok")) return;
  console.error(["The console:", ...messages].join("\n"));
  process.exitCode = 1;
}
