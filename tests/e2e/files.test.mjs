// Model files and weights, opened in the page.
import assert from "node:assert/strict";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { story } from "./support/story.mjs";

const find = (name) => `[data-testid="${name}"]`;
const fixture = (name) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const open = async ({ page }, ...names) => (await page.$(find("open-file"))).uploadFile(...names.map(fixture));
/** The names of the weights are those that PyTorch gives to this network's. */
const FITTING = "v=1&a=1x6x6.c2k3b0_conv1.bn_bn1.gap.flat.fc3_fc";

story("an int8 .tflite file becomes a design, and runs", {}, async (workbench) => {
  await open(workbench, "tflite/small_int8.tflite");
  await workbench.waitForTotals(0, { params: 412 });
  assert.match(await workbench.page.$eval(find("input-shape"), ({ value }) => value), /^3x12x10$/);
  const [{ state }] = await workbench.run();
  assert.equal(state, "done");
});

story("an ONNX file in two parts becomes a design with its weights", {}, async (workbench) => {
  const { page } = workbench;
  await open(workbench, "onnx_parts/net.onnx", "onnx_parts/net.onnx.data");
  await page.waitForSelector(find("weights-report"));
  const { matched, missing } = await page.$eval(find("weights-report"), ({ dataset }) => ({ ...dataset }));
  assert.ok(Number(matched) > 0 && missing === "0", JSON.stringify({ matched, missing }));
});

story("weights go to the design that they fit; what does not fit is listed", { fragment: FITTING }, async (workbench) => {
  const { page } = workbench;
  const report = () => page.$eval(find("weights-report"), ({ dataset: { matched, missing, unexpected, mismatched } }) => ({ matched, missing, unexpected, mismatched }));
  await open(workbench, "weights/state.pth");
  await page.waitForSelector(find("weights-report"));
  assert.deepEqual(await report(), { matched: "8", missing: "0", unexpected: "0", mismatched: "0" });
  const seeded = await workbench.run();
  await page.evaluate((selector) => [...document.querySelectorAll(`${selector} button`)].find(({ innerText }) => innerText === "Forget them").click(), find("weights-report"));
  await page.waitForFunction((selector) => !document.querySelector(selector), {}, find("weights-report"));
  const given = await workbench.run();
  assert.notDeepEqual(seeded[0].output, given[0].output, "the run had the file's weights");
});

story("a layer of another name is missing on one side and left over on the other", { fragment: FITTING.replace("_fc", "_head") }, async (workbench) => {
  const { page } = workbench;
  await open(workbench, "weights/state.safetensors");
  await page.waitForSelector(find("weights-report"));
  const { matched, missing, unexpected } = await page.$eval(find("weights-report"), ({ dataset }) => ({ ...dataset }));
  assert.deepEqual({ matched, missing, unexpected }, { matched: "6", missing: "2", unexpected: "2" });
  assert.match(await page.$eval(find("weights-report"), ({ textContent }) => textContent), /head\.weight/);
});
