// Links: what is shared is what another person sees.
import assert from "node:assert/strict";
import { LINE } from "./support/golden.mjs";
import { story } from "./support/story.mjs";

const STANDARD = 0;
const SEPARABLE = 1;
const CONV1 = 0;

story("the link of the seed's pair is short and readable", {}, async (page) => {
  const fragment = (await page.share()).hash.slice(1);
  assert.ok(fragment.length <= 200, `${fragment.length} characters: ${fragment}`);
  assert.match(fragment, /^v=1&/, "the version comes first");
  assert.match(fragment, /^[A-Za-z0-9\-._~=&]+$/, "nothing in it needs an escape");
});

story("a link shows the same in a fresh profile", { fragment: LINE }, async (page, { openElsewhere }) => {
  await page.setArgument(STANDARD, CONV1, "kernel_size", "1");
  await page.setInputShape("1x20x152");
  await page.waitForRowState(STANDARD, CONV1, "ok");
  const contents = await page.contents();
  const link = await page.share();
  assert.equal(link.origin + link.pathname, page.url.replace(/\/$/, "") + "/");
  const elsewhere = await openElsewhere(link.hash.slice(1));
  assert.deepEqual(await elsewhere.contents(), contents);
});

story("a link to a detached twin keeps both designs", {}, async (page, { openElsewhere }) => {
  const fc2 = (await page.rows(SEPARABLE)).findLastIndex(({ kind }) => kind === "Linear");
  await page.setArgument(SEPARABLE, fc2, "out_features", "5");
  await page.waitForTwin(SEPARABLE, false);
  const contents = await page.contents();
  const elsewhere = await openElsewhere((await page.share()).hash.slice(1));
  assert.deepEqual(await elsewhere.contents(), contents);
});

story("back and forward follow the links one opens", { fragment: LINE }, async (page) => {
  const opening = (await page.share()).href;
  await page.setArgument(STANDARD, CONV1, "kernel_size", "1");
  await page.waitForTotals(STANDARD, { params: 11819 });
  const edited = (await page.share()).href;
  await page.page.goto(opening);
  await page.waitForTotals(STANDARD, { params: 11831 });
  await page.page.goto(edited);
  await page.waitForTotals(STANDARD, { params: 11819 });
  await page.page.goBack();
  await page.waitForTotals(STANDARD, { params: 11831 });
  await page.page.goForward();
  await page.waitForTotals(STANDARD, { params: 11819 });
});

story("a damaged link opens what can be read and names the rest", {}, async (page, { openElsewhere }) => {
  const fragment = (await page.share()).hash.slice(1);
  const damaged = fragment.replace(".bn.", ".zz9.");
  assert.notEqual(damaged, fragment);
  const elsewhere = await openElsewhere(damaged);
  assert.match((await elsewhere.problems()).join("\n"), /zz9/);
  const kinds = (await elsewhere.rows(STANDARD)).map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === "Conv2d").length, 3, "what can be read is there");
  assert.equal(kinds.filter((kind) => kind === "Linear").length, 2);
});

for (const garbage of ["v=1", "v=99&a=1x1x150.c4", "%E0%A4%A", "v=1&a=&b=separable", "v=1&a=1x1x150.c4k99999999999999999999"]) {
  story(`a link of garbage still opens a page that works: ${garbage}`, { fragment: garbage }, async (page) => {
    assert.ok((await page.designCount()) >= 1);
    assert.ok((await page.share()).hash.startsWith("#v=1"));
  });
}

story("a link with nothing known in it says so", { fragment: "hello" }, async (page) => {
  await page.waitForTotals(STANDARD, { params: 11831 });
  await page.page.waitForSelector('[data-testid="problem"]');
  assert.match((await page.problems()).join(), /"hello": no design is in it/);
});

story("an address edited by hand is one step back", { fragment: LINE }, async (page) => {
  await page.setArgument(STANDARD, CONV1, "kernel_size", "1");
  await page.waitForTotals(STANDARD, { params: 11819 });
  const settled = () => new Promise((resolve) => setTimeout(resolve, 600));
  await settled();
  // Not as the page itself would write it.
  await page.page.evaluate(() => (location.hash = "#a=1x1x150.c4k2p1.flat.fc3&b=separable&v=1"));
  await page.page.waitForFunction(() => document.querySelectorAll('[data-testid^="row-0-"]').length === 3);
  await settled();
  assert.match(await page.page.evaluate(() => location.hash), /^#v=1&a=/);
  await page.page.goBack();
  await page.waitForTotals(STANDARD, { params: 11819 });
});
