// The page without a network, after one visit.
import assert from "node:assert/strict";
import { Panels } from "./support/panels.mjs";
import { story } from "./support/story.mjs";

story("after the first visit all of it works offline", {}, async (page) => {
  await page.page.evaluate(() => navigator.serviceWorker.ready);
  await page.page.waitForFunction(async () => {
    const [name] = await caches.keys();
    return name && (await (await caches.open(name)).keys()).length > 10;
  });
  // From the next visit on the worker answers.
  await page.reload();
  await page.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.page.setOfflineMode(true);
  await page.reload();
  await page.waitForTotals(0, { params: 11831 });
  for (const { state } of await page.run()) assert.equal(state, "done");
  assert.ok((await new Panels(page).search()).length > 5, "the search's worker is kept");
  await page.paste("nn.Sequential(nn.Conv2d(3, 4, 3))");
  assert.match((await page.pasted()).designs, /112 params/, "and the import's");
  await page.page.setOfflineMode(false);
});

story("the page can be installed", {}, async ({ page }) => {
  const manifest = await page.$eval('link[rel="manifest"]', async ({ href }) => (await fetch(href)).json());
  assert.equal(manifest.name, "Convscope");
  const icon = await page.$eval('link[rel="manifest"]', async ({ href }) => (await fetch(new URL("icon.svg", href))).status);
  assert.equal(icon, 200);
});
