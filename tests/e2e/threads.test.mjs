// Runs on several threads where the page is cross-origin isolated, on one where it is not, and the same outputs.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { startServer } from "../../scripts/serve.mjs";
import { DIST } from "./support/dist.mjs";
import { LINE } from "./support/golden.mjs";
import { story } from "./support/story.mjs";

/** Large enough to be shared, and its twin. */
const LARGE = "v=1&a=16x64x64.c32k3p1.relu.c48k3.relu&b=separable";

const bare = await startServer({ folder: DIST, isolated: false });
// The same page with helpers whose stack ends at once, so that each fails in its first part.
const broken = mkdtempSync(path.join(tmpdir(), "convscope-helpers-"));
cpSync(DIST, broken, { recursive: true });
const build = readdirSync(broken).find((name) => /^[0-9a-f]{16}$/.test(name));
const script = path.join(broken, build, "helper.js");
const failing = readFileSync(script, "utf8").replace(/(__stack_pointer\.value\s*=\s*)\w+/, "$164");
writeFileSync(script, failing);
const frail = await startServer({ folder: broken });
after(async () => {
  await Promise.all([bare.close(), frail.close()]);
  rmSync(broken, { recursive: true });
});

/** How many threads a design's run was on, and what is said of it. */
async function threads({ page }, design) {
  return page.$eval(`[data-testid="run-threads-${design}"]`, ({ dataset, innerText }) => ({ count: Number(dataset.threads), text: innerText }));
}

/** Runs until helpers have come: the first one may be done before. */
async function runOnSeveral(page) {
  for (let round = 0; round < 8; round += 1) {
    const replies = await page.run();
    if ((await threads(page, 0)).count > 1) return replies;
  }
  return assert.fail(`still on one thread: ${(await threads(page, 0)).text}`);
}

const cores = await import("node:os").then(({ availableParallelism }) => availableParallelism());

story("an isolated page runs large networks on all cores, and gives what one thread gives", { fragment: LARGE }, async (page) => {
  assert.equal(await page.page.evaluate(() => crossOriginIsolated), true);
  if (cores < 2) return;
  const shared = await runOnSeveral(page);
  assert.deepEqual(shared.map(({ state }) => state), ["done", "done"]);
  assert.match((await threads(page, 0)).text, /^On \d threads\.$/);
  isolatedOutputs = shared.map(({ output }) => output);
});

let isolatedOutputs;

story("a page that is not isolated runs them on one thread and says why", { fragment: LARGE, url: bare.url }, async (page) => {
  assert.equal(await page.page.evaluate(() => crossOriginIsolated), false);
  const alone = await page.run();
  assert.deepEqual(alone.map(({ state }) => state), ["done", "done"]);
  const { count, text } = await threads(page, 0);
  assert.equal(count, 1);
  assert.match(text, /^On one thread: .*headers/);
  if (isolatedOutputs) assert.deepEqual(alone.map(({ output }) => output), isolatedOutputs);
});

story("small networks stay on one thread", { fragment: LINE }, async (page) => {
  await page.run();
  const { count, text } = await threads(page, 0);
  assert.equal(count, 1);
  if (cores > 1) assert.match(text, /too short to be shared/);
});

story("a thread that ends fails the run in clear words, and the next run has another", { fragment: LARGE, url: frail.url }, async (page) => {
  if (cores < 2) return;
  for (let round = 0; round < 8; round += 1) {
    const [{ state }] = await page.run();
    if (state !== "failed") continue;
    const { text } = await page.shownRun(0);
    assert.match(text, /one of the engine's threads ended/);
    writeFileSync(script, readFileSync(path.join(DIST, build, "helper.js")));
    const again = await runOnSeveral(page);
    assert.equal(again[0].state, "done");
    page.forgive(/thread/);
    return;
  }
  assert.fail("no run failed");
});

story("who wishes for it gets an isolated page from a host without headers, by one reload", { fragment: LARGE, url: bare.url }, async (page) => {
  await page.page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.openPart("run");
  const [, button] = await Promise.all([page.page.waitForNavigation(), page.page.click('[data-testid="isolation"]')]);
  void button;
  await page.waitUntilReady();
  assert.equal(await page.page.evaluate(() => crossOriginIsolated), true);
  if (cores > 1) await runOnSeveral(page);
});
