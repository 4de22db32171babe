// Why, what to change, does it fit, what else could it be, what do others count.
import assert from "node:assert/strict";
import { LINE, readGolden } from "./support/golden.mjs";
import { Panels } from "./support/panels.mjs";
import { story } from "./support/story.mjs";

const STANDARD = 0;
const SEPARABLE = 1;

story("the ladder of the separable design leads from 11,404 to 295 parameters, and every step applies", { fragment: LINE }, async (page) => {
  const panels = new Panels(page);
  await panels.advise(SEPARABLE);
  assert.deepEqual(await panels.ladder(), [364, 323, 295]);
  const opening = await page.contents();
  for (const [step, params] of [364, 323, 295].entries()) {
    await panels.applyStep(step);
    await page.waitForTotals(SEPARABLE, { params });
    await page.undo();
    await page.waitForTotals(SEPARABLE, { params: 11404 });
    await panels.settle();
    assert.deepEqual(await page.contents(), opening);
  }
  await panels.openEveryStep();
  for (const [step, params] of [364, 323, 295].entries()) await page.waitForTotals(2 + step, { params });
});

for (const [design, name] of ["standard", "separable"].entries()) {
  story(`every remedy of the ${name} design says what it gives, gives it, and is undone without a trace`, { fragment: LINE }, async (page) => {
    const panels = new Panels(page);
    await panels.advise(design);
    const findings = await panels.findings();
    assert.equal(findings[0].rule, "dominant-linear");
    assert.match(findings[0].text, design === STANDARD ? /10,980 of 11,831 parameters \(92\.8 %\)/ : /10,980 of 11,404 parameters \(96\.3 %\)/);
    if (design === STANDARD) assert.match(findings[0].remedies[0].costs, /^791 params/);
    const opening = await page.contents();
    let applied = 0;
    for (const [finding, { remedies }] of findings.entries()) {
      for (const [remedy, { title, costs }] of remedies.entries()) {
        for (const figure of [/ params/, / MACs/, / peak/, / int8 flash/, / Cortex-M7/]) assert.match(costs, figure, title);
        await panels.applyRemedy(finding, remedy);
        const params = Number(/^([\d,]+) params/.exec(costs)[1].replaceAll(",", ""));
        await page.waitForTotals(design, { params });
        await page.undo();
        await page.waitForTotals(design, { params: opening.designs[design].totals.params });
        await panels.advise(design);
        assert.deepEqual(await page.contents(), opening, title);
        applied += 1;
      }
    }
    assert.ok(applied >= 10, `${applied} remedies`);
  });
}

story("exact remedies are checked by running both designs", { fragment: LINE }, async (page) => {
  const panels = new Panels(page);
  await panels.advise(SEPARABLE);
  const said = await panels.check();
  assert.ok(said.length >= 4, `${said.length} exact remedies`);
  for (const words of said) {
    const [, apart] = /3 outputs are at most (\S+) apart/.exec(words) ?? [];
    assert.ok(Number(apart) <= 1e-5, words);
  }
});

story("golden: the slider of ranks shows PyTorch's errors", { fragment: LINE }, async (page) => {
  const panels = new Panels(page);
  await panels.advise(STANDARD);
  const slider = await panels.ranks();
  assert.equal(slider.last, 31);
  for (const expected of readGolden("transforms.json").low_rank_first_linear.standard.ranks) {
    if (expected.rank > slider.last + 1) continue;
    const { error, text } = await panels.slideTo(expected.rank - 1);
    assert.ok(Math.abs(error - expected.relative_frobenius_error) < 1e-5, `rank ${expected.rank}: ${error}`);
    assert.ok(text.includes(`${expected.total_params.toLocaleString("en-US")} params`), text);
  }
});

story("what is opened in the advice stays when designs come, and starts anew when the design changes", { fragment: LINE }, async (page) => {
  const panels = new Panels(page);
  await panels.advise(SEPARABLE);
  await panels.ranks();
  const { text } = await panels.slideTo(3);
  await panels.openEveryStep();
  await page.waitForTotals(4, { params: 295 });
  await panels.settle();
  assert.equal((await panels.rank()).text, text);
  await panels.applyStep(2);
  await page.waitForTotals(SEPARABLE, { params: 295 });
  await panels.settle();
  await page.undo();
  await page.waitForTotals(SEPARABLE, { params: 11404 });
  await panels.settle();
  await panels.ranks();
  assert.match((await panels.rank()).text, /3,180 params/);
});

story("golden: every counter's number for the seed's pair", { fragment: LINE }, async (page) => {
  const panels = new Panels(page);
  const keys = {
    flop_counter: "flop_counter_flops",
    fvcore: "fvcore",
    thop: "thop_macs",
    ptflops: "ptflops_macs",
    ptflops_aten: "ptflops_aten_macs",
    torchinfo: "torchinfo_mult_adds",
    calflops_macs: "calflops_macs",
    calflops_flops: "calflops_flops",
  };
  const { models } = readGolden("seed.json");
  const choices = (await panels.conventions()).filter((id) => id !== "plain");
  assert.deepEqual(choices.toSorted(), Object.keys(keys).toSorted());
  for (const [design, model] of [models.standard, models.separable].entries()) {
    for (const id of choices) {
      const { total, text } = await panels.counted(id, design);
      assert.equal(total, model.totals.counters[keys[id]], id);
      if (id === "thop") assert.match(text, /14,688\s+batch norm at 4 an element/);
    }
  }
});

story("the self-check computes more than sixty published figures", { fragment: "selfcheck" }, async (page) => {
  const { met, missed } = await new Panels(page).selfCheckSummary();
  assert.ok(met > 60, `${met} figures`);
  assert.equal(missed, 0);
});

story("a device says whether the designs fit, and never a time without evidence", { fragment: LINE }, async (page) => {
  const panels = new Panels(page);
  await panels.chooseDevice("stm32h747");
  const [standard, separable] = [await panels.fit(STANDARD), await panels.fit(SEPARABLE)];
  assert.deepEqual([standard.flashBytes, separable.flashBytes], [11976, 11588]);
  assert.ok(separable.latencyMs > standard.latencyMs, "fewer MACs, and slower");
  assert.match(separable.text, /extrapolated/);
  assert.match(separable.text, /stm32ai-modelzoo/, "with the source");
  await panels.chooseDevice("pi-4");
  const none = await panels.fit(STANDARD);
  assert.equal(none.latencyMs, null);
  assert.match(none.text, /No published timings/);
  await panels.chooseDevice("own");
  await panels.setOwnFlash("11.9");
  assert.equal((await panels.fit(STANDARD)).fits, "false");
  assert.match((await panels.fit(STANDARD)).text, /too large by 76 B/);
  assert.equal((await panels.fit(SEPARABLE)).fits, "true");
  for (const size of ["0", "-5", "much"]) {
    await panels.setOwnFlash(size);
    assert.match((await page.problems()).join(), /flash is a number above 0.* Still using 11\.9/, size);
  }
  await panels.setOwnFlash("20");
  assert.deepEqual(await page.problems(), []);
});

story("sweeps mark the present, for the design and its twin", { fragment: LINE }, async (page) => {
  const panels = new Panels(page);
  const kernels = await panels.sweep("kernel_size of all convolutions");
  const present = kernels.find(([value]) => value.includes("(now)"));
  assert.deepEqual([present[0], present[1], present[5]], ["kernel 2x2 (now)", "11,831", "11,404"]);
  const heads = await panels.sweep("classifier");
  assert.deepEqual(heads.map((row) => row[1]).slice(0, 2), ["11,831", "791"]);
  const forms = await panels.sweep("conv3 full or separable");
  assert.deepEqual(forms.map((row) => row[1]), ["11,831", "11,487"]);
});

story("a search finds what nothing beats, and opens it", { fragment: LINE }, async (page) => {
  const panels = new Panels(page);
  const found = await panels.search();
  assert.ok(found.length > 5);
  assert.ok(found.every(({ label }) => /width .*, \d+x\d+, /.test(label)), found[0].label);
  await panels.openFound(0);
  await page.waitForTotals(2, { params: found[0].params, macs: found[0].macs });
});

story("what a search found stands among the trade-offs, and a budget is dragged, typed and taken away", { fragment: LINE }, async (page) => {
  const panels = new Panels(page);
  await page.openPart("explore");
  assert.equal((await page.tableCells("tradeoff")).length, 2);
  const found = await panels.search();
  const cells = await page.tableCells("tradeoff");
  assert.equal(cells.length, 2 + found.length);
  // One variant is the smallest by both figures.
  assert.ok(cells.some(([, , , best]) => best === "yes"));
  const field = '[data-testid="tradeoff-x-budget"]';
  const budget = () => page.page.$eval(field, ({ value }) => value);
  const canvas = await page.page.$('canvas[data-chart="tradeoff"]');
  await canvas.scrollIntoView();
  const box = await canvas.boundingBox();
  // No budget yet: the line stands at the right edge.
  await page.page.mouse.move(box.x + box.width - 12, box.y + box.height / 2);
  await page.page.mouse.down();
  await page.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 });
  await page.page.mouse.up();
  await page.page.waitForFunction((selector) => document.querySelector(selector).value !== "", {}, field);
  const dragged = await budget();
  assert.match(dragged, /^[\d,]+$/);
  await page.page.mouse.move(box.x + box.width / 3, box.y + box.height / 3);
  assert.equal(await budget(), dragged, "the line is let go");
  const type = (text) => page.page.$eval(field, (input, text) => {
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, text);
  await type("many");
  await page.page.waitForFunction(() => /a budget of MACs reads like 5M/.test(document.querySelector(".tradeoff").innerText));
  await type("");
  await page.page.waitForFunction(() => !/reads like/.test(document.querySelector(".tradeoff").innerText));
});

story("a sweep over what is gone gives way to one that is there", { fragment: "v=1&a=3x32x32.c8k3p1" }, async (page) => {
  await page.openPart("explore");
  const title = () => page.page.$eval(".sweep .chart h3", ({ innerText }) => innerText);
  await page.chartFingerprints();
  assert.match(await title(), /kernel_size/);
  await page.changeRow(0, 0, "remove");
  await page.openPart("explore");
  await page.page.waitForFunction(() => /width/.test(document.querySelector(".sweep .chart h3").innerText));
  assert.equal(await page.page.$eval('[data-testid="sweep-argument"]', ({ selectedOptions }) => selectedOptions[0].innerText), "width multiplier");
});

story("a limit that cannot be set says why", { fragment: LINE }, async ({ page }) => {
  await page.click('[data-testid="part-explore"]');
  const label = await page.waitForSelector(".find label:has([inputmode])");
  const { disabled, text } = await label.evaluate((element) => ({ disabled: element.querySelector("input").disabled, text: element.innerText }));
  assert.equal(disabled, /no timings of this device are published/.test(text));
});
