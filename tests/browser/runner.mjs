// Cargo's runner for tests built for wasm32: opens them in Chromium, prints what they print, fails when they fail.
//   CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="node tests/browser/runner.mjs" cargo test --target wasm32-unknown-unknown ...
// wasm-bindgen-test-runner serves the test page; Chromium is driven from here, so no chromedriver is needed.
import { spawn } from "node:child_process";
import { startBrowser } from "../e2e/support/browser.mjs";

const TIMEOUT_MS = 300_000;

const runner = spawn("wasm-bindgen-test-runner", process.argv.slice(2), {
  env: { ...process.env, NO_HEADLESS: "1", WASM_BINDGEN_TEST_ADDRESS: "127.0.0.1:0" },
  stdio: ["ignore", "pipe", "inherit"],
});
let browser;
try {
  const address = await servedAddress();
  if (address !== null) {
    browser = await startBrowser();
    await runTests(address);
  }
} finally {
  await browser?.close();
  runner.kill();
}

/** The address of the test page; null when the runner ends without serving one, as it does where there are no tests. */
function servedAddress() {
  return new Promise((resolve, reject) => {
    let text = "";
    runner.stdout.on("data", (chunk) => {
      process.stdout.write(chunk);
      text += chunk;
      const found = /http:\/\/[\d.]+:\d+/.exec(text);
      if (found) resolve(found[0]);
    });
    runner.on("error", reject);
    runner.on("exit", (code) => (code === 0 ? resolve(null) : reject(new Error(`the runner ended with ${code}`))));
  });
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
