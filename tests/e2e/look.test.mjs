// Looking closer: devices side by side, feature maps, modules of a large network.
import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { story } from "./support/story.mjs";

const find = (name) => `[data-testid="${name}"]`;
const unfold = (page, name) => page.$eval(find(name), (details) => (details.open = true));

story("every design on every device, found by chip or board", {}, async (workbench) => {
  const { page } = workbench;
  await workbench.openPart("device");
  await unfold(page, "device-matrix");
  await page.waitForSelector("tr[data-device]");
  const all = await page.$$eval("tr[data-device]", (rows) => rows.length);
  assert.ok(all > 20, `${all} devices`);
  await page.type(find("device-search"), "rp2040");
  await page.waitForFunction((all) => document.querySelectorAll("tr[data-device]").length < all, {}, all);
  const rows = await page.$$eval("tr[data-device]", (rows) => rows.map((row) => ({ id: row.dataset.device, text: row.textContent })));
  assert.ok(rows.length > 0 && rows.every(({ text }) => /RP2040/.test(text)), JSON.stringify(rows));
  await page.click("tr[data-device] button");
  assert.equal(await page.$eval(find("device"), ({ value }) => value), rows[0].id);
  // Flash and RAM in the table are those of the summary.
  const { flashBytes } = await workbench.summary(0);
  assert.equal(flashBytes, "11976");
  assert.match(rows[0].text, /12\.0.kB/);
  await page.$eval(find("device-search"), (field) => (field.value = ""));
  await page.type(find("device-search"), "no such board");
  await page.waitForFunction(() => document.querySelectorAll("tr[data-device]").length === 0);
});

story("feature maps follow a drawing, and a pixel tells what it depends on", { fragment: "v=1&a=1x16x16.c4k3p1.relu.max2.flat.fc3" }, async ({ page }) => {
  await page.click(find("part-run"));
  await unfold(page, "feature-maps");
  await page.waitForSelector(`${find("feature-maps-0")} .maps-picture`);
  const names = await page.$$eval(`${find("feature-maps-0")} .maps-name b`, (names) => names.map(({ textContent }) => textContent));
  assert.deepEqual(names, ["input", "conv1", "relu1", "pool1", "fc1"], "the flatten makes nothing of its own");
  const painted = () => page.$$eval(`${find("feature-maps-0")} canvas`, (canvases) => canvases.map((canvas) => canvas.toDataURL()));
  const before = await painted();
  await page.$eval(find("maps-drawing"), (pad) => pad.scrollIntoView({ block: "center" }));
  const pad = await (await page.$(find("maps-drawing"))).boundingBox();
  await page.mouse.move(pad.x + pad.width * 0.3, pad.y + pad.height * 0.3);
  await page.mouse.down();
  await page.mouse.move(pad.x + pad.width * 0.7, pad.y + pad.height * 0.7, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(
    (before) => {
      const canvas = document.querySelector("[data-testid='feature-maps-0'] canvas");
      return canvas && canvas.toDataURL() !== before;
    },
    {},
    before[0],
  );
  const after = await painted();
  assert.ok(after.every((picture, at) => picture !== before[at]), "every layer sees another input");
  // The pixel of the first channel in row 2, column 2 of the pooled maps: its windows reach from row 3 to row 6.
  const pooled = (await page.$$(`${find("feature-maps-0")} canvas`))[3];
  await pooled.evaluate((canvas) => canvas.scrollIntoView({ block: "center" }));
  const { x, y, width } = await pooled.boundingBox();
  const pixel = width / (4 * 8 + 3);
  await page.mouse.click(x + 2.5 * pixel, y + 2.5 * pixel);
  await page.waitForFunction(() => /rows 3 to 6, columns 3 to 6/.test(document.querySelector(".maps-chosen").textContent));
  assert.ok(await page.$(".maps-frame"));
  // A table's row with a label, and one that does not fit.
  const folder = await mkdtemp(path.join(os.tmpdir(), "convscope-"));
  const row = path.join(folder, "row.csv");
  await writeFile(row, `3,${Array.from({ length: 256 }, (_, at) => (at === 0 ? 1 : 0)).join(",")}\n`);
  const file = await page.$(find("maps-file"));
  await file.uploadFile(row);
  await page.waitForFunction((before) => document.querySelector("[data-testid='feature-maps-0'] canvas")?.toDataURL() !== before, {}, after[0]);
  await writeFile(row, "1,2,3\n");
  await file.uploadFile(row);
  await page.waitForFunction(() => /3 numbers; the input takes 256/.test(document.querySelector("[data-testid='feature-maps']").textContent));
});

story("modules of a large network fold, with their sums, in both designs", {}, async (workbench) => {
  const { page } = workbench;
  await workbench.choosePreset("resnet50");
  await page.waitForSelector(`${find("design-0")} [data-module="layer4"]`);
  const lines = await page.$$eval(`${find("design-0")} [data-module]`, (lines) => lines.map((line) => line.textContent));
  assert.equal(lines.length, 4);
  assert.match(lines[0], /layer1.*×3/);
  const height = () => page.$eval(`${find("design-0")} ol.rows`, (list) => list.getBoundingClientRect().height);
  const before = await height();
  await page.click(`${find("design-0")} [data-module="layer1"] button`);
  await page.waitForSelector(`${find("design-0")} [data-module="layer1"] button[aria-expanded="false"]`);
  await page.waitForSelector(`${find("design-1")} [data-module="layer1"] button[aria-expanded="false"]`);
  assert.equal(await page.$$eval(`${find("design-0")} [data-name^="layer1."]`, (rows) => rows.length), 0);
  assert.ok((await height()) < before);
  // What is sought unfolds.
  await page.type(find("find-row"), "layer1.0.conv2");
  await page.waitForSelector(find("found-row"));
  await page.keyboard.press("Enter");
  await page.waitForSelector(`${find("design-0")} [data-name="layer1.0.conv2"]`);
});

story("a layer that is pointed at is set off in both designs and in every chart; a click in a chart leads to it", {}, async ({ page }) => {
  await page.waitForSelector("canvas[data-chart='params']");
  await page.waitForSelector(`${find("row-0-0")}`);
  const marked = () => page.$$eval(".row.marked", (rows) => rows.map(({ dataset }) => dataset.name));
  const painted = (name) => page.$eval(`canvas[data-chart='${name}']`, (canvas) => canvas.toDataURL());
  await page.waitForFunction(() => document.querySelector("canvas[data-chart='memory']").clientWidth > 200);
  const before = [await painted("params"), await painted("memory")];
  await page.hover(`${find("row-0-0")} .row-name`);
  await page.waitForFunction(() => document.querySelectorAll(".row.marked").length > 1);
  assert.deepEqual(await marked(), ["conv1", "depthwise1", "pointwise1"], "the twin's rows are set off, too");
  const now = [await painted("params"), await painted("memory")];
  assert.ok(now.every((picture, at) => picture !== before[at]), "and its bars");
  // The last row of the bars is the first Linear.
  const canvas = await page.$("canvas[data-chart='params']");
  await canvas.evaluate((canvas) => canvas.scrollIntoView({ block: "center" }));
  const { x, y, height } = await canvas.boundingBox();
  await page.mouse.move(x + 120, y + height - 60);
  await page.waitForFunction(() => document.querySelector(".row.marked") && !document.querySelector(".row.marked[data-name='conv1']"));
  const pointed = await marked();
  assert.equal(new Set(pointed).size, 1, JSON.stringify(pointed));
  await page.mouse.click(x + 120, y + height - 60);
  await page.waitForFunction((name) => {
    const { top, bottom } = document.querySelector(`.row.marked[data-name='${name}']`).getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  }, {}, pointed[0]);
});
