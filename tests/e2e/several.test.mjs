// Several rows at once.
import assert from "node:assert/strict";
import { story } from "./support/story.mjs";

const find = (name) => `[data-testid="${name}"]`;
const FOUR = "v=1&a=3x32x32.c8k3p1.relu.c16k3p1.relu.gap1.flat.fc10";

/** A click on the name of a row. */
const choose = async ({ page }, row, shift = false) => {
  if (shift) await page.keyboard.down("Shift");
  await page.click(`${find(row)} .row-name`);
  if (shift) await page.keyboard.up("Shift");
};
const bar = (page) => page.$eval(find("several-0"), ({ innerText }) => innerText);
const names = (page, design) => page.$$eval(`${find(`design-${design}`)} [data-row]`, (rows) => rows.map(({ dataset }) => dataset.name));

story("an argument of several layers is set in one step", { fragment: FOUR }, async (workbench) => {
  const { page } = workbench;
  await choose(workbench, "row-0-0");
  await choose(workbench, "row-0-3", true);
  await page.waitForSelector(find("several-0"));
  assert.match(await bar(page), /^4 layers/);
  await page.waitForFunction(() => document.querySelectorAll(".row.selected").length === 4);
  assert.equal(await page.evaluate(() => String(getSelection())), "", "no text is selected by it");
  await page.select(find("several-argument"), "kernel_size");
  const value = find("several-value");
  assert.equal(await page.$eval(value, ({ value }) => value), "3");
  await page.$eval(value, (field) => field.select());
  await page.type(value, "5");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /fc|linear/i.test(document.querySelector("[data-testid='design-0']").innerText));
  const kernels = () => page.$$eval(`${find("design-0")} [data-kind="Conv2d"] [data-argument="kernel_size"] input, ${find("design-0")} [data-kind="Conv2d"] input[aria-label*="kernel_size"]`, (fields) => fields.map(({ value }) => value));
  assert.deepEqual(await kernels(), ["5", "5"]);
  assert.match(await page.$eval(find("snackbar"), ({ innerText }) => innerText), /kernel_size = 5 in 2 layers/);
  await page.type(value, "x");
  await page.keyboard.press("Enter");
  await page.waitForSelector(`${find("several-0")} .problem`);
  assert.match(await bar(page), /kernel_size/);
  await workbench.undo();
  assert.deepEqual(await kernels(), ["3", "3"], "one step takes both back");
});

story("layers are copied from one design and pasted into the other", { fragment: `${FOUR}&b=1x8x8.fc2` }, async (workbench) => {
  const { page } = workbench;
  await choose(workbench, "row-0-0");
  await choose(workbench, "row-0-1");
  await page.waitForSelector(find("several-0"));
  // What the copy event puts into the clipboard, put back as a paste event does: the driver has no clipboard.
  const text = await page.evaluate(() => {
    const data = new DataTransfer();
    document.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true }));
    return data.getData("text/plain");
  });
  assert.match(text, /^# Convscope layers\nconv1 = Conv2d\(.*\)\nrelu1 = ReLU\(\)$/);
  await choose(workbench, "row-1-0");
  await page.waitForSelector(find("several-1"));
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);
  await page.waitForFunction(() => document.querySelectorAll("[data-testid='design-1'] [data-row]").length === 3);
  assert.deepEqual(await names(page, 1), ["fc1", "conv1", "relu1"]);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Delete");
  await page.waitForFunction(() => document.querySelectorAll("[data-testid='design-1'] [data-row]").length === 1);
  assert.match(await page.$eval(find("snackbar"), ({ innerText }) => innerText), /2 layers removed/);
});
