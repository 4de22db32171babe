// Nothing that was made is lost: reloads, crashes, other tabs, links that one opens, faults of the page itself.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { startServer } from "../../scripts/serve.mjs";
import { startBrowser } from "./support/browser.mjs";
import { DIST } from "./support/dist.mjs";
import { story } from "./support/story.mjs";
import { WorkbenchPage } from "./support/workbench_page.mjs";

const STANDARD = 0;
const CONV1 = 0;
const FRIEND = "v=1&a=3x32x32.c8k3p1.relu.flat.fc10";
const FRIEND_PARAMS = 8 * 27 + 8 + 8 * 32 * 32 * 10 + 10;
/** A module whose start function is `unreachable`, as a panic ends. */
const TRAP = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 8, 1, 0, 10, 5, 1, 3, 0, 0, 11];

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const channels = (page) => page.argument(STANDARD, CONV1, "out_channels");
const setChannels = (page, value) => page.setArgument(STANDARD, CONV1, "out_channels", String(value));

for (const rest of [0, 100, 350, 1000]) {
  story(`a reload ${rest} ms after an edit keeps it`, {}, async (page) => {
    await setChannels(page, 7);
    await wait(rest);
    await page.reload();
    assert.equal(await channels(page), "7");
    await page.undo().catch(() => {});
    assert.equal(await channels(page), "7", "what was undone to is gone with the page, the edit is not");
  });
}

story("a reload amid edits that never rest keeps them all", {}, async (page) => {
  for (let value = 5; value < 25; value += 1) {
    await setChannels(page, value);
    await wait(100);
  }
  await page.reload();
  assert.equal(await channels(page), "24");
});

story("edits that follow closely are one step of the browser's history", {}, async (page) => {
  for (const value of [5, 6, 7]) await setChannels(page, value);
  await wait(700);
  await setChannels(page, 9);
  await wait(700);
  await page.page.goBack();
  await page.page.waitForFunction(() => location.hash.includes("c7k2"));
  await page.page.waitForFunction(() => document.querySelector('[data-testid="row-0-0"] [name="out_channels"]').value === "7");
  await page.page.goForward();
  await page.page.waitForFunction(() => document.querySelector('[data-testid="row-0-0"] [name="out_channels"]').value === "9");
});

story("a link that one opens does not take the place of one's own work", {}, async (page, { openBeside }) => {
  await setChannels(page, 6);
  await page.page.close();
  const friends = await openBeside(FRIEND);
  await friends.waitForTotals(STANDARD, { params: FRIEND_PARAMS });
  // It is kept once all of it has been shown.
  await friends.waitUntilKept(2);
  await friends.page.close();
  const again = await openBeside("");
  assert.equal(await channels(again), "6");
  await again.openRecent();
  await again.waitForRecent(2);
  const recent = await again.recent();
  assert.ok(recent.some((work) => work.includes("opened from a link")), recent.join("\n"));
});

story("a link that one opens in the same tab leaves one's work among the recent ones", {}, async (page) => {
  await setChannels(page, 6);
  await wait(500);
  await page.page.evaluate((link) => (location.hash = `#${link}`), FRIEND);
  await page.waitForTotals(STANDARD, { params: FRIEND_PARAMS });
  await page.setArgument(STANDARD, CONV1, "out_channels", "9");
  await page.openRecent();
  await page.waitForRecent(2);
  await page.chooseRecent(1);
  await page.page.waitForFunction(() => document.querySelector('[data-testid="row-0-0"] [name="out_channels"]').value === "6");
});

story("two tabs keep both works, and the second is told", {}, async (page, { openBeside }) => {
  await setChannels(page, 6);
  const second = await openBeside("");
  assert.equal(await channels(second), "6", "it goes on where the first is");
  await second.waitForNotice(/open in another tab/);
  await setChannels(second, 8);
  await setChannels(page, 7);
  await wait(300);
  await second.openRecent();
  await second.waitForRecent(2);
  await second.reload();
  assert.equal(await channels(second), "8");
  await page.reload();
  assert.equal(await channels(page), "7");
});

test("a browser that is killed right after an edit has lost nothing", { timeout: 60_000 }, async () => {
  const server = await startServer({ folder: DIST });
  const profile = await mkdtemp(path.join(os.tmpdir(), "convscope-"));
  try {
    for (const value of [5, 6, 7]) {
      const browser = await startBrowser({ profile });
      const page = await WorkbenchPage.open(browser.defaultBrowserContext(), { url: server.url });
      if (value > 5) assert.equal(await channels(page), String(value - 1), "what was made before the kill");
      await setChannels(page, value);
      const process = browser.process();
      const ended = new Promise((resolve) => process.once("exit", resolve));
      process.kill("SIGKILL");
      await ended;
    }
  } finally {
    await server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
});

story("a page that stops at a fault says so, and a reload goes on", {}, async (page) => {
  await setChannels(page, 6);
  await page.page.evaluate((bytes) => setTimeout(() => new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)))), TRAP);
  await page.page.waitForSelector('[data-testid="stopped"]');
  page.forgive(/unreachable/);
  const bar = await page.page.$eval('[data-testid="stopped"]', (element) => [element.innerText, element.querySelector("input").value]);
  assert.match(bar[0], /What you made is kept/);
  assert.match(bar[1], /#v=1&a=1x8x150\.c6k2/);
  assert.ok(await page.page.$eval(".page", (element) => element.inert), "nothing pretends to work");
  await Promise.all([page.page.waitForNavigation(), page.page.click('[data-testid="stopped"] button')]);
  await page.waitUntilReady();
  assert.equal(await channels(page), "6");
});

story("what did not end when it was opened last is held back", {}, async (page) => {
  await page.page.evaluate((link) => localStorage.setItem("convscope.opening", `0\n${link}`), FRIEND);
  await page.page.goto(`${page.url}#${FRIEND}`);
  await page.reload();
  await page.waitForTotals(STANDARD, { params: 11831 });
  await page.waitForNotice(/did not get to the end/);
  await page.page.evaluate(() => [...document.querySelectorAll('[data-testid="notice"] button')][0].click());
  await page.waitForTotals(STANDARD, { params: FRIEND_PARAMS });
});

const forbidden = () => {
  Object.defineProperty(window, "indexedDB", { get: () => { throw new DOMException("no", "SecurityError"); } });
};
story("a browser that keeps nothing is told of, and edits are in the address", { before: forbidden }, async (page) => {
  await page.waitForNotice(/keeps nothing/);
  await setChannels(page, 6);
  await page.reload();
  assert.equal(await channels(page), "6");
});

const full = () => {
  IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
};
story("a full storage is told of", { before: full }, async (page) => {
  await setChannels(page, 6);
  await page.waitForNotice(/storage is full/);
});

const workless = () => {
  window.Worker = function () { throw new DOMException("no", "SecurityError"); };
};
story("without workers a run and a search say so, and the page goes on", { before: workless }, async (page) => {
  await page.startRun();
  await page.waitForRunState(STANDARD, "failed");
  await page.openPart("explore");
  await page.page.click('[data-testid="search"]');
  await page.page.waitForFunction(() => [...document.querySelectorAll('[data-testid="problem"]')].some((problem) => problem.innerText.includes("did not start a worker")));
  await setChannels(page, 6);
  assert.equal(await channels(page), "6");
});
