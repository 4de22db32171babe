// A story: a test that opens the built page in a fresh profile, and fails too when the page logs an error or asks
// another origin for anything.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../../../scripts/serve.mjs";
import { startBrowser } from "./browser.mjs";
import { DIST } from "./dist.mjs";
import { WorkbenchPage } from "./workbench_page.mjs";

const TIMEOUT_MS = 60_000;

let server;
let browser;
const flags = [];

before(async () => {
  server = await startServer({ folder: DIST });
  browser = await startBrowser({ flags });
});

after(async () => {
  await browser?.close();
  await server?.close();
});

/** Has the browser of this file's stories started with a flag. */
export function flagBrowser(flag) {
  flags.push(flag);
}

/**
 * Declares the story `name`. `tell` receives the page, opened as `options` say (`WorkbenchPage.open`),
 * `openElsewhere(fragment)`, which opens a link in another fresh profile, and `openBeside(fragment)`, which opens it in
 * another tab of the page's own.
 */
export function story(name, options, tell) {
  test(name, { timeout: TIMEOUT_MS }, async () => {
    const profiles = [];
    const pages = [];
    const open = async (pageOptions, present) => {
      const profile = present ?? (await browser.createBrowserContext());
      if (!present) profiles.push(profile);
      const page = await WorkbenchPage.open(profile, { url: server.url, ...pageOptions });
      pages.push(page);
      return page;
    };
    try {
      const page = await open(options);
      const openElsewhere = (fragment) => open({ ...options, fragment });
      const openBeside = (fragment) => open({ ...options, fragment }, profiles[0]);
      await tell(page, { openElsewhere, openBeside });
      assert.deepEqual(pages.flatMap((opened) => opened.faults), [], "what the page did wrong meanwhile");
    } finally {
      await Promise.all(profiles.map((profile) => profile.close()));
    }
  });
}
