// Running the designs for real.
import assert from "node:assert/strict";
import { LINE, readGolden } from "./support/golden.mjs";
import { story } from "./support/story.mjs";

const { standard, separable } = readGolden("seed.json").models;

for (const gain of [1, 6]) {
  story(`golden: a run with gain ${gain} gives PyTorch's outputs`, { fragment: LINE }, async (page) => {
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

story("a small network runs again by itself after an edit", { fragment: LINE }, async (page) => {
  const before = await page.run();
  await page.setArgument(0, 0, "kernel_size", "1");
  await page.waitForTotals(0, { params: 11819 });
  await page.waitForNewOutput(0, before[0].output);
  const after = await page.runReplies();
  assert.ok(after.every(({ state }) => state === "done"));
  assert.notDeepEqual(after[1].output, before[1].output, "the twin ran again too");
});

story("runs that interrupt one another end well", { fragment: LINE }, async (page) => {
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

/** Too large to run again by itself. */
const LARGE = "v=1&a=16x64x64.c32k3p1.relu&b=separable";

story("a result of what was edited since is marked as such, under the names that were run", { fragment: LARGE }, async (page) => {
  await page.startRun();
  await page.waitForRunState(0, "running");
  await page.rename(0, 0, "stem");
  await page.waitForRunState(0, "stale");
  const { stale, text, steps } = await page.shownRun(0);
  assert.ok(stale);
  assert.ok(text.indexOf("before the last edits") < text.indexOf("a pass"), `the note comes first: ${text}`);
  assert.match(steps.join(), /conv1/);
  assert.doesNotMatch(steps.join(), /stem/);
  await page.run();
  assert.match((await page.shownRun(0)).steps.join(), /stem/);
});

story("a result of another network is not shown", { fragment: LARGE }, async (page) => {
  await page.run();
  await page.choosePreset("vgg16");
  await page.waitForRunState(0, "idle");
  for (const design of [0, 1]) {
    const { state, text } = await page.shownRun(design);
    assert.equal(state, "idle");
    assert.match(text, /Not run yet/);
    assert.doesNotMatch(text, /a pass/);
  }
  await page.undo();
  await page.waitForRunState(0, "done");
});

story("the button says how many designs it runs", { fragment: "v=1&a=1x8x8.c4k3" }, async ({ page }, { openElsewhere }) => {
  const words = (page) => page.click('[data-testid="part-run"]').then(() => page.waitForSelector('[data-testid="run"]').then((button) => button.evaluate(({ innerText }) => innerText)));
  assert.equal(await words(page), "Run");
  const { page: three } = await openElsewhere("v=1&a=1x8x8.c4k3&b=separable&c=separable");
  assert.equal(await words(three), "Run all");
});
