// Opening the page and editing the two designs.
import assert from "node:assert/strict";
import { LINE, readGolden } from "./support/golden.mjs";
import { story } from "./support/story.mjs";

const STANDARD = 0;
const SEPARABLE = 1;
const CONV1 = 0;
const FC2 = 15;

const OPENING = [
  { params: 11831, macs: 75276 },
  { params: 11404, macs: 33244 },
];
// conv1 with a 1x1 kernel on 1x150, padding 1, gives 4 x 3 x 152, which pools to 1x76.
// Standard: 12 weights fewer; conv1 3*152*4 = 1,824 MACs, conv2 2*77*8*4*4 = 19,712, the rest unchanged.
// Separable: a 1x1 convolution is pointwise already and stays, 8 params instead of 13 and 1,824 MACs; then
// 2*77*4*4 + 2*77*8*4 = 7,392.
const KERNEL_1 = [
  { params: 11819, macs: 72524 },
  { params: 11399, macs: 32748 },
];

async function waitForBoth(page, totals) {
  await page.waitForTotals(STANDARD, totals[STANDARD]);
  await page.waitForTotals(SEPARABLE, totals[SEPARABLE]);
}

story("the page opens on the seed's pair with its totals, on an input on which other kernels run, too", {}, async (page) => {
  await waitForBoth(page, [{ params: 11831, macs: 141340 }, { params: 11404, macs: 58884 }]);
  assert.equal(await page.inputShape(), "1x8x150");
  assert.equal(await page.isTwin(STANDARD), false);
  assert.equal(await page.isTwin(SEPARABLE), true);
  for (const design of [STANDARD, SEPARABLE]) assert.equal((await page.totals(design)).buffers, 59);
  for (const size of ["3", "5", "7"]) {
    await page.setArgument(STANDARD, CONV1, "kernel_size", size);
    await page.waitForPaint();
    for (const design of [STANDARD, SEPARABLE]) assert.ok((await page.rows(design)).every(({ state }) => state === "ok"), size);
  }
});

story("golden: every row of the seed's pair matches PyTorch", { fragment: LINE }, async (page) => {
  const { standard, separable } = readGolden("seed.json").models;
  for (const [design, model] of [standard, separable].entries()) {
    const modules = model.layers.filter(({ op }) => op !== "input");
    const rows = await page.rows(design);
    const shown = rows.map(({ out, params, macs }) => ({ out, params: Number(params), macs: Number(macs) }));
    const wanted = modules.map(({ out, params = 0, macs = 0 }) => ({ out: out.slice(1).join("x"), params, macs }));
    assert.deepEqual(shown, wanted, model.class);
    assert.ok(rows.every(({ state }) => state === "ok"));
  }
});

story("a kernel size changes both designs and the charts", { fragment: LINE }, async (page) => {
  const before = await page.chartFingerprints();
  assert.ok(Object.keys(before).length >= 3, "params, MACs and memory have a chart each");
  await page.setArgument(STANDARD, CONV1, "kernel_size", "1");
  await waitForBoth(page, KERNEL_1);
  assert.equal((await page.rows(STANDARD))[CONV1].out, "4x3x152");
  await page.waitForPaint();
  const after = await page.chartFingerprints();
  for (const name of Object.keys(before)) assert.notEqual(after[name], before[name], `the chart ${name} was redrawn`);
});

story("the input's shape changes both designs", { fragment: LINE }, async (page) => {
  await page.setInputShape("1x150x4");
  // 304 features after Flatten here too, so every parameter stays; MACs as other counters give them.
  await waitForBoth(page, [{ params: 11831, macs: 92252 }, { params: 11404, macs: 40516 }]);
});

story("an edit of the twin detaches it, and it can be attached again", { fragment: LINE }, async (page) => {
  const fc2 = (await page.rows(SEPARABLE)).findLastIndex(({ kind }) => kind === "Linear");
  await page.setArgument(SEPARABLE, fc2, "out_features", "5");
  await page.waitForTwin(SEPARABLE, false);
  // Two more outputs of 36 weights and a bias each.
  await waitForBoth(page, [OPENING[STANDARD], { params: 11404 + 2 * 37 }]);
  await page.setArgument(STANDARD, CONV1, "kernel_size", "1");
  await waitForBoth(page, [KERNEL_1[STANDARD], { params: 11404 + 2 * 37 }]);
  await page.reattach(SEPARABLE);
  await page.waitForTwin(SEPARABLE, true);
  await waitForBoth(page, KERNEL_1);
});

story("a row that cannot be is marked, the rows below wait, and nothing else stops", { fragment: LINE }, async (page) => {
  await page.setArgument(STANDARD, CONV1, "kernel_size", "9");
  await page.waitForRowState(STANDARD, CONV1, "error");
  assert.match(
    await page.rowText(STANDARD, CONV1),
    /Calculated padded input size per channel: \(3 x 152\)\. Kernel size: \(9 x 9\)\. Kernel size can't be greater than actual input size/,
  );
  const rows = await page.rows(STANDARD);
  assert.ok(rows.slice(CONV1 + 1).every(({ state }) => state !== "ok"), "no row below pretends to be fine");
  assert.match(await page.rowText(STANDARD, FC2), /conv1/, "a row below says what it waits for");
  await page.setArgument(STANDARD, FC2, "out_features", "4");
  assert.equal(await page.argument(STANDARD, FC2, "out_features"), "4", "rows below can be edited meanwhile");
  await page.setArgument(STANDARD, FC2, "out_features", "3");
  await page.setArgument(STANDARD, CONV1, "kernel_size", "2");
  await waitForBoth(page, OPENING);
  assert.ok((await page.rows(STANDARD)).every(({ state }) => state === "ok"));
});

story("rows are duplicated, moved, removed and added", { fragment: LINE }, async (page) => {
  const names = async () => (await page.rows(STANDARD)).map(({ kind }) => kind);
  const opening = await names();
  const bn1 = 1;
  await page.changeRow(STANDARD, bn1, "duplicate");
  await page.waitForTotals(STANDARD, { params: 11831 + 8 });
  assert.deepEqual(await names(), opening.toSpliced(bn1 + 1, 0, "BatchNorm2d"));
  await page.changeRow(STANDARD, bn1 + 1, "remove");
  await waitForBoth(page, OPENING);
  assert.deepEqual(await names(), opening);
  await page.changeRow(STANDARD, bn1, "move-down");
  assert.deepEqual(await names(), opening.toSpliced(bn1, 2, "ReLU", "BatchNorm2d"));
  await page.changeRow(STANDARD, bn1 + 1, "move-up");
  assert.deepEqual(await names(), opening);
  await page.addRow(STANDARD, "ReLU");
  assert.deepEqual(await names(), [...opening, "ReLU"]);
});

story("undo and redo step through edits", { fragment: LINE }, async (page) => {
  await page.setArgument(STANDARD, CONV1, "kernel_size", "1");
  await waitForBoth(page, KERNEL_1);
  await page.undo();
  await waitForBoth(page, OPENING);
  assert.equal(await page.argument(STANDARD, CONV1, "kernel_size"), "2");
  await page.redo();
  await waitForBoth(page, KERNEL_1);
  await page.press("Control", "z");
  await waitForBoth(page, OPENING);
  await page.press("Control", "Shift", "z");
  await waitForBoth(page, KERNEL_1);
});

story("a field that is undone while the focus is in it shows the value that counts", { fragment: LINE }, async (page) => {
  await page.setArgument(STANDARD, CONV1, "out_channels", "128");
  await page.press("Control", "z");
  await waitForBoth(page, OPENING);
  assert.equal(await page.argument(STANDARD, CONV1, "out_channels"), "4");
  await page.press("Control", "Shift", "z");
  await page.waitForPaint();
  assert.equal(await page.argument(STANDARD, CONV1, "out_channels"), "128");
  await page.press("Control", "z");
  await page.setInputShape("1x28x28");
  await page.press("Control", "z");
  await page.waitForPaint();
  assert.equal(await page.inputShape(), "1x1x150");
  await page.setBatch("7");
  await page.press("Control", "z");
  await page.waitForPaint();
  assert.equal(await page.page.$eval('[data-testid="batch"]', (field) => field.value), "1");
});

story("an input that cannot be read says which one counts, until another network opens", { fragment: LINE }, async (page) => {
  await page.setInputShape("abc");
  assert.match((await page.problems()).join(), /"abc" is not a size.* Still using 1x1x150/);
  await page.choosePreset("lenet5");
  await page.waitForPaint();
  assert.deepEqual(await page.problems(), []);
  assert.equal(await page.inputShape(), "1x32x32");
});

story("rows that take no input from above keep what was typed, until it is undone", { fragment: LINE }, async (page) => {
  await page.setArgument(STANDARD, CONV1 + 1, "takes", "nosuch");
  await page.press("Tab");
  await page.waitForPaint();
  assert.match((await page.problems()).join(), /no row above is called nosuch/);
  assert.equal(await page.argument(STANDARD, CONV1 + 1, "takes"), "nosuch");
  await page.setArgument(STANDARD, FC2, "out_features", "4");
  await page.press("Control", "z");
  await page.waitForPaint();
  assert.deepEqual(await page.problems(), []);
  assert.equal(await page.argument(STANDARD, CONV1 + 1, "takes"), "");
});

story("the focus goes on to the next row when one is removed", { fragment: "v=1&a=1x8x8.c4k3.relu" }, async (page) => {
  await page.page.waitForSelector(`[data-testid="add-0"]`);
  const focused = () => page.page.evaluate(() => document.activeElement.closest("li")?.dataset.name ?? document.activeElement.dataset.testid);
  await page.changeRow(STANDARD, 0, "remove");
  await page.waitForPaint();
  assert.equal(await focused(), "relu1");
  await page.changeRow(STANDARD, 0, "remove");
  await page.waitForPaint();
  assert.equal(await focused(), "add-0");
});

story("StochasticDepth is of rows or of batches", { fragment: "v=1&a=1x8x8.c4k3" }, async (page) => {
  await page.addRow(STANDARD, "StochasticDepth");
  await page.setArgument(STANDARD, 1, "mode", "batch");
  await page.waitForPaint();
  assert.equal(await page.argument(STANDARD, 1, "mode"), "batch");
  assert.match(await page.rowText(STANDARD, 1), /mode batch/);
});

story("the keyboard alone edits, undoes and runs", { fragment: LINE }, async (page) => {
  await page.tabToArgument(STANDARD, CONV1, "kernel_size");
  await page.press("Control", "a");
  await page.type("1");
  await waitForBoth(page, KERNEL_1);
  await page.press("Control", "z");
  await waitForBoth(page, OPENING);
  await page.tabToRun();
  await page.press("Enter");
  for (const reply of await page.runReplies()) assert.equal(reply.state, "done");
});

story("Enter in a row's only field sends nothing and keeps what was typed", { fragment: LINE }, async (page) => {
  await page.setArgument(STANDARD, FC2, "out_features", "4");
  await page.press("Enter");
  await page.waitForPaint();
  assert.equal(await page.argument(STANDARD, FC2, "out_features"), "4");
});

story("what was typed survives a reload", { fragment: LINE }, async (page) => {
  await page.setArgument(STANDARD, CONV1, "kernel_size", "1");
  await waitForBoth(page, KERNEL_1);
  await page.reload();
  await waitForBoth(page, KERNEL_1);
  assert.equal(await page.argument(STANDARD, CONV1, "kernel_size"), "1");
});

story("a name that cannot be is refused in words and stays in its field", { fragment: LINE }, async (page) => {
  const conv2 = (await page.rows(STANDARD)).findIndex(({ name }) => name === "conv2");
  for (const [name, problem] of [["conv1", /another layer is called conv1/], ["conv2.", /no name in Python/], ["", /needs a name/]]) {
    assert.match((await page.rename(STANDARD, conv2, name)) ?? "", problem, name);
    assert.equal(await page.argument(STANDARD, conv2, "name"), name, "what was typed is kept");
    assert.equal((await page.rows(STANDARD))[conv2].name, "conv2");
  }
  await waitForBoth(page, OPENING);
  assert.equal(await page.rename(STANDARD, conv2, "features.2"), undefined);
  assert.equal((await page.rows(STANDARD))[conv2].name, "features.2");
  await waitForBoth(page, OPENING);
});

story("what cannot be read says which value counts until then", { fragment: LINE }, async (page) => {
  await page.setArgument(STANDARD, CONV1, "out_channels", "many");
  assert.match(await page.rowText(STANDARD, CONV1), /out_channels is a whole number.*Still using 4/);
  await page.setArgument(STANDARD, CONV1, "out_channels", "99999999999999999999999");
  assert.match(await page.rowText(STANDARD, CONV1), /out_channels is at most 9223372036854775807\. Still using 9+/);
  await page.setArgument(STANDARD, CONV1, "out_channels", "4");
  assert.deepEqual(await page.problems(), []);
  for (const batch of ["0", "x", "-1", "12345678901234567890"]) {
    await page.setBatch(batch);
    assert.match((await page.problems()).join(), /batch is a whole number from 1 to 1,000,000,000\. Still using \d+/, batch);
  }
  await page.setBatch("1000000");
  assert.deepEqual(await page.problems(), []);
  const hidden = await page.page.$eval('[data-testid="batch"]', (field) => field.scrollWidth - field.clientWidth);
  assert.ok(hidden <= 0, `${hidden} px of the batch are hidden`);
});

story("a row that is moved by keys, and moved back by undo, keeps the focus", { fragment: LINE }, async (page) => {
  const focused = () => page.page.evaluate(() => `${document.activeElement.name} of ${document.activeElement.closest("li")?.dataset.name}`);
  await page.tabToArgument(STANDARD, CONV1, "kernel_size");
  await page.press("Alt", "ArrowDown");
  await page.waitForPaint();
  assert.equal((await page.rows(STANDARD))[1].name, "conv1");
  assert.equal(await focused(), "kernel_size of conv1");
  await page.press("Control", "z");
  await page.waitForPaint();
  assert.equal((await page.rows(STANDARD))[0].name, "conv1");
  assert.equal(await focused(), "kernel_size of conv1");
});

story("a new Upsample says what to type", { fragment: LINE }, async (page) => {
  await page.addRow(STANDARD, "Upsample");
  const row = (await page.rows(STANDARD)).length - 1;
  // Behind the classifier there is no map.
  for (let place = row; place > 1; place -= 1) await page.changeRow(STANDARD, place, "move-up");
  assert.match(await page.rowText(STANDARD, 1), /either size or scale_factor should be defined\. Type a scale_factor/);
  await page.setArgument(STANDARD, 1, "scale_factor", "2");
  await page.waitForRowState(STANDARD, 1, "ok");
});

story("a preset of several sizes keeps its choice over undo and reload, until it is edited", { fragment: LINE }, async (page) => {
  const sizes = () => page.page.$$eval('.presets select:not([data-testid="presets"])', (all) => all.map(({ value }) => value));
  await page.choosePreset("mobilenet_v1");
  await page.page.waitForSelector('[data-testid="width"]');
  await page.page.select('[data-testid="width"]', "0.25");
  await page.page.waitForFunction(() => document.querySelector('[data-testid="width"]')?.value === "0.25");
  assert.deepEqual(await sizes(), ["0.25", "224"]);
  // Until the address follows.
  await page.page.waitForFunction(() => location.hash.includes("c8k3s2p1"));
  await page.reload();
  await page.page.waitForFunction(() => document.querySelector('[data-testid="width"]')?.value === "0.25");
  await page.setArgument(STANDARD, CONV1, "kernel_size", "5");
  await page.page.waitForSelector('[data-testid="width"]', { hidden: true });
  await page.undo();
  await page.page.waitForFunction(() => document.querySelector('[data-testid="width"]')?.value === "0.25");
});
