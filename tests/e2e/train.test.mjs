// Designs that learn in the page.
import assert from "node:assert/strict";
import { LINE } from "./support/golden.mjs";
import { story } from "./support/story.mjs";
import { TrainingPart } from "./support/training.mjs";

story("both designs learn the digits, from the same seed twice alike", { fragment: LINE }, async (page) => {
  const part = await TrainingPart.open(page);
  assert.ok((await part.memory(0)) > 100_000, "the memory is told before the start");
  await part.fill({ epochs: "3", batch_size: "32", lr: "0.01", train_seed: "0" });
  await part.click("train");
  const first = await part.done([0, 1]);
  for (const { epoch, trainLoss, testAccuracy, losses, confusion } of first) {
    assert.equal(epoch, 3);
    assert.ok(trainLoss > 0 && testAccuracy > 0.15 && testAccuracy <= 1, `${trainLoss} ${testAccuracy}`);
    assert.equal(losses.length, 100);
    assert.equal(confusion, 355, "every test sample is in the confusion matrix");
  }
  assert.ok(first[0].testAccuracy > first[1].testAccuracy, "the separable design has one filter in its first block");
  await part.words("train-sentence", /against/);
  // It stands beside what the designs cost, and among the trade-offs.
  const summary = (design) => page.page.$eval(`[data-testid="summary-${design}"]`, (row) => Number(row.dataset.accuracy));
  assert.equal(await summary(0), first[0].testAccuracy);
  assert.equal(await summary(1), first[1].testAccuracy);
  await page.openPart("explore");
  await page.page.select('[data-testid="tradeoff-y"]', "accuracy");
  const cells = await page.tableCells("tradeoff");
  assert.equal(cells.length, 2);
  for (const [design, [, , accuracy]] of cells.entries()) {
    assert.ok(Math.abs(parseFloat(accuracy) / 100 - first[design].testAccuracy) <= 0.0011, accuracy);
  }
  await page.openPart("train");
  await part.fill({ epochs: "4" });
  await part.click("train");
  await part.waitForEpochs(1, 4);
  const again = await part.done([0, 1]);
  assert.deepEqual(again.map(({ losses }) => losses), first.map(({ losses }) => losses));
});

story("training pauses, takes one step, goes on and stops", { fragment: LINE }, async (page) => {
  const part = await TrainingPart.open(page);
  await part.fill({ epochs: "1000" });
  // It is to end by the button, not by itself.
  await part.click("train-patience");
  await part.click("train");
  await part.waitForState(0, "running");
  await part.click("train-pause");
  await part.waitForState(0, "paused");
  await part.click("train-step");
  await part.waitForState(0, "paused");
  await part.click("train-pause");
  await part.waitForState(0, "running");
  await part.click("train-stop");
  const [{ epoch }] = await part.done([0]);
  assert.ok(epoch >= 1 && epoch < 1000, `${epoch} epochs`);
});

story("a table of one's own is read, and its faults are told", { fragment: LINE }, async (page) => {
  await page.openPart("train");
  const part = new TrainingPart(page);
  await part.choose("train-data", "own");
  await part.typeOwn("a,1,2,3\nb,1");
  await part.words("problem", /line 2: 1 values where the lines above have 3/);
  const wave = (label, shift) => `${label},${Array.from({ length: 24 }, (_, at) => Math.sin(at / 3 + shift).toFixed(3)).join(",")}`;
  const lines = Array.from({ length: 40 }, (_, at) => (at % 2 ? wave("up", 0.1 * at) : wave("down", 3 + 0.1 * at)));
  await part.typeOwn(lines.join("\n"));
  await part.words("train-data-words", /32 samples of 1 x 1 x 24 to learn from and 8 to test on/);
  await part.fill({ epochs: "2" });
  await part.click("train");
  const [{ epoch }] = await part.done([0]);
  assert.equal(epoch, 2);
});
