// Running the designs for real.
import assert from "node:assert/strict";
import { readGolden } from "./support/golden.mjs";
import { story } from "./support/story.mjs";

const { standard, separable } = readGolden("seed.json").models;

for (const gain of [1, 6]) {
  story(`golden: a run with gain ${gain} gives PyTorch's outputs`, {}, async (page) => {
    await page.setGain(gain);
    const replies = await page.run();
    for (const [design, model] of [standard, separable].entries()) {
      const { out } = model.forward.find(({ g, input_stream }) => g === gain && input_stream === 2 ** 31);
      const { state, medianMs, output } = replies[design];
      assert.equal(state, "done", model.class);
      assert.ok(medianMs > 0, "a run takes time");
      assertClose(output, out.flat(Infinity).slice(0, 16));
    }
  });
}

story("a small network runs again by itself after an edit", {}, async (page) => {
  const before = await page.run();
  await page.setArgument(0, 0, "kernel_size", "1");
  await page.waitForTotals(0, { params: 11819 });
  await page.waitForNewOutput(0, before[0].output);
  const after = await page.runReplies();
  assert.ok(after.every(({ state }) => state === "done"));
  assert.notDeepEqual(after[1].output, before[1].output, "the twin ran again too");
});

story("runs that interrupt one another end well", {}, async (page) => {
  for (let round = 0; round < 16; round += 1) {
    await page.startRun();
    await new Promise((resolve) => setTimeout(resolve, 5 * round));
    for (const { state } of await page.run()) assert.equal(state, "done", `round ${round}`);
  }
});

/** Within 1e-5 of the largest output, or of 1. */
function assertClose(found, wanted) {
  const tolerance = 1e-5 * Math.max(1, ...wanted.map(Math.abs));
  assert.equal(found?.length, wanted.length);
  for (const [at, value] of wanted.entries()) {
    assert.ok(Math.abs(found[at] - value) <= tolerance, `output ${at}: ${found[at]}, not ${value}`);
  }
}
