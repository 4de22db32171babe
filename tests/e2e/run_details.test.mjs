// What a run tells beside its time: rates, predictions, kernels, 8-bit numbers, all presets as a text.
import assert from "node:assert/strict";
import { story } from "./support/story.mjs";

story("every step says its rate, its time at the peak, and its kernel", {}, async ({ page }) => {
  await page.click('[data-testid="part-run"]');
  await page.click('[data-testid="run"]');
  await page.waitForSelector('[data-testid="run-0"][data-state="done"]');
  assert.match(await page.$eval('[data-testid="rate-0"]', (words) => words.textContent), /GMAC\/s, .* % of the/);
  const rows = await page.$$eval('[data-testid="steps-0"] tbody tr', (lines) =>
    lines.map((line) => [...line.children].map((cell) => cell.textContent)),
  );
  assert.ok(rows.length >= 5);
  const convolution = rows.find(([layers]) => layers.startsWith("conv1"));
  assert.match(convolution.at(-1), /matrix product: /);
  for (const [layers, time, , , atPeak] of rows) {
    assert.match(time, /^[\d.]+ (ns|µs|ms)$/, layers);
    assert.match(atPeak, /^[\d.]+ (ns|µs|ms)$/, layers);
  }
});

story("8-bit numbers run beside f32", { fragment: "v=1&a=4x16x16.c8k3p1.relu.c8k3p1.relu.flat.fc4" }, async ({ page }) => {
  await page.click('[data-testid="part-run"]');
  await page.click('[data-testid="run"]');
  await page.waitForSelector('[data-testid="int8-0"]');
  const { medianMs, error } = await page.$eval('[data-testid="int8-0"]', (words) => ({ ...words.dataset }));
  assert.ok(Number(medianMs) > 0);
  assert.ok(Number(error) > 0 && Number(error) < 0.1, error);
});

story("the benchmark makes a text, line by line, and can be stopped", {}, async ({ page }) => {
  await page.click('[data-testid="part-run"]');
  await page.waitForSelector('[data-testid="run-1"][data-state="done"]');
  await page.click(".benchmark summary");
  await page.click('[data-testid="benchmark"]');
  await page.waitForFunction(() => document.querySelector('[data-testid="benchmark-text"]').value.split("\n").length > 3);
  await page.click(".benchmark button:nth-of-type(2)");
  const lines = await page.$eval('[data-testid="benchmark-text"]', (text) => text.value.split("\n"));
  assert.match(lines[0], /SIMD +MACs +time +GMAC\/s +of peak +int8/);
  const copied = await page.evaluate(async () => {
    let text;
    navigator.clipboard.writeText = async (written) => (text = written);
    document.querySelector('[data-testid="benchmark-copy"]').click();
    return text;
  });
  assert.deepEqual(copied.split("\n"), lines, "the button copies the text");
  await page.waitForFunction(() => document.querySelector('[data-testid="benchmark-copy"]').textContent === "Copied");
  assert.match(lines[1], /^Seed, standard +141 k +[\d.]+ (µs|ms) +[\d.]+ +\d+ % /);
});

story("what multiplies nothing has no rate, and a single step is one", { fragment: "v=1&a=1x8x8.relu" }, async ({ page }) => {
  await page.click('[data-testid="part-run"]');
  await page.waitForSelector('[data-testid="run-0"][data-state="done"]');
  assert.equal(await page.$('[data-testid="rate-0"]'), null);
  assert.match(await page.$eval('[data-testid="run-0"]', (result) => result.textContent), /The step: rate/);
});

story("a seed or a gain that cannot be read says which one counts", {}, async (page) => {
  await page.openPart("run");
  const fill = async (name, text) => {
    const field = await page.page.waitForSelector(`[data-testid="${name}"]`);
    await field.evaluate((input) => input.select());
    await field.type(text);
    await page.waitForPaint();
    return page.problems();
  };
  assert.match((await fill("seed", "-1")).join(), /seed is a whole number from 0.* Still using \d+/);
  assert.deepEqual(await fill("seed", "7"), []);
  assert.match((await fill("gain", "0")).join(), /gain is a number above 0. Still using 1/);
  assert.deepEqual(await fill("gain", "0.5"), []);
  await page.press("Control", "z");
  await page.waitForPaint();
  assert.equal(await page.page.$eval('[data-testid="gain"]', (input) => input.value), "1", "undone while the focus is in it");
});
