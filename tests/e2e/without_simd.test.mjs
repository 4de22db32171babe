// A browser without WebAssembly's SIMD: everything but the run.
import assert from "node:assert/strict";
import { Panels } from "./support/panels.mjs";
import { flagBrowser, story } from "./support/story.mjs";

// V8 has no SIMD on an x86 processor without SSE4.1; other processors always have it.
if (process.arch === "x64") {
  flagBrowser("--js-flags=--no-enable-sse4-1");

  story("a browser without SIMD is told that networks do not run, and does the rest", {}, async (page) => {
    await page.openPart("run");
    assert.match((await page.problems()).join("\n"), /no WebAssembly SIMD, so networks do not run here/);
    assert.deepEqual(await page.page.$eval('[data-testid="run"]', ({ disabled }) => disabled), true);
    assert.equal(await page.page.$('[data-testid="benchmark"]'), null);
    await page.setArgument(0, 0, "kernel_size", "1");
    await page.waitForTotals(0, { params: 22763 });
    const found = await new Panels(page).search();
    assert.ok(found.length > 5, "the search runs without SIMD");
  });
}
