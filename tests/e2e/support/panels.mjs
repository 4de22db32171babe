// The panels below the designs, as a person sees them: advice, devices, search, other counters, the self-check.
import assert from "node:assert/strict";

const hook = (name) => `[data-testid="${name}"]`;
const REMEDY = ".remedies > li";

export class Panels {
  constructor(workbench) {
    this.workbench = workbench;
    this.page = workbench.page;
  }

  // --- advice ---

  /** Chooses the design that is advised, and shows all that is found. */
  async advise(design) {
    await this.workbench.openPart("improve");
    await this.page.waitForSelector(`.advice .tabs button[data-color="${design}"]`);
    await this.page.click(`.advice .tabs button[data-color="${design}"]`);
    await this.page.waitForFunction(
      (chosen) => document.querySelector(chosen)?.getAttribute("aria-pressed") === "true",
      {},
      `.advice .tabs button[data-color="${design}"]`,
    );
    await this.settle();
    await this.page.evaluate(() => {
      const more = [...document.querySelectorAll(".advice button")].find((button) => /^\d+ more$/.test(button.innerText));
      more?.click();
    });
    await this.workbench.waitForPaint();
  }

  /** Waits until nothing of the advice changes any more. */
  async settle() {
    let before;
    for (let looks = 0; looks < 40; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const now = await this.page.$eval(".advice", (element) => element.innerText);
      if (now === before) return;
      before = now;
    }
    assert.fail("the advice never settles");
  }

  /** What is found: `rule`, `saves` (parameters), `text`, `remedies` (their titles). */
  async findings() {
    return this.page.$$eval(
      hook("advice"),
      (items, remedy) =>
        items.map((item) => ({
          rule: item.dataset.rule,
          saves: Number(item.dataset.savesParams),
          text: item.querySelector(".finding-text").innerText,
          remedies: [...item.querySelectorAll(remedy)].map((one) => ({
            title: one.querySelector("b").innerText,
            costs: one.querySelector(".costs").innerText,
            warning: one.querySelector(".warning")?.innerText ?? null,
          })),
        })),
      REMEDY,
    );
  }

  /** Applies a remedy of a finding. */
  async applyRemedy(finding, remedy) {
    const buttons = await this.page.$$(`${hook("advice")}:nth-child(${finding + 1}) ${REMEDY}:nth-child(${remedy + 1}) ${hook("apply")}`);
    assert.equal(buttons.length, 1, `remedy ${remedy} of finding ${finding}`);
    await buttons[0].evaluate((button) => button.click());
  }

  /** The parameters after each step of the ladder. */
  async ladder() {
    return this.page.$$eval(hook("step"), (steps) => steps.map((step) => Number(step.dataset.params)));
  }

  async applyStep(step) {
    const buttons = await this.page.$$(`${hook("step")} button`);
    await buttons[2 * step].evaluate((button) => button.click());
  }

  async openEveryStep() {
    await this.page.$eval(".ladder .beside", (button) => button.click());
  }

  /** Opens the slider of ranks and gives its ends, and the error and text at its present place. */
  async ranks() {
    await this.page.evaluate(() => {
      const summaries = [...document.querySelectorAll(".advice summary")];
      summaries.find((summary) => /rank/.test(summary.innerText))?.click();
    });
    await this.page.waitForSelector(hook("rank"));
    return this.rank();
  }

  async rank() {
    await this.workbench.waitForPaint();
    return this.page.$eval(hook("rank"), (slider) => ({
      last: Number(slider.max),
      error: Number(slider.dataset.error),
      text: slider.closest(".remedy").innerText,
    }));
  }

  async slideTo(place) {
    await this.page.$eval(
      hook("rank"),
      (slider, value) => {
        slider.value = String(value);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      },
      place,
    );
    return this.rank();
  }

  /** Checks every exact remedy by running both designs, and gives what is said. */
  async check() {
    await this.page.$$eval(hook("check"), (buttons) => buttons.forEach((button) => button.click()));
    await this.page.waitForFunction(
      (selector) => [...document.querySelectorAll(selector)].every((one) => !/Running both|Check by/.test(one.innerText)),
      {},
      hook("checked"),
    );
    return this.page.$$eval(hook("checked"), (lines) => lines.map(({ innerText }) => innerText));
  }

  // --- devices ---

  async chooseDevice(id) {
    await this.page.select(hook("device"), id);
    await this.workbench.waitForPaint();
  }

  /** `flashBytes`, `ramBytes`, `latencyMs`, `fits`, and the text. */
  async fit(design) {
    return this.page.$eval(hook(`fit-${design}`), ({ dataset, textContent }) => ({
      flashBytes: Number(dataset.flashBytes),
      ramBytes: Number(dataset.ramBytes),
      latencyMs: dataset.latencyMs ? Number(dataset.latencyMs) : null,
      fits: dataset.fits,
      text: textContent,
    }));
  }

  async setOwnFlash(kilobytes) {
    await this.workbench.openPart("device");
    const input = await this.page.waitForSelector(hook("own-flash"));
    await input.evaluate((element) => element.select());
    await input.type(kilobytes);
    await this.page.keyboard.press("Tab");
    await this.workbench.waitForPaint();
  }

  // --- sweeps and searches ---

  /** What can be swept over, by name. */
  async sweepArguments() {
    await this.page.waitForSelector(`${hook("sweep-argument")} option`);
    return this.page.$$eval(`${hook("sweep-argument")} option`, (options) => options.map(({ innerText }) => innerText));
  }

  /** Sweeps over an argument and gives the table's rows as texts. */
  async sweep(name) {
    await this.workbench.openPart("explore");
    const place = (await this.sweepArguments()).indexOf(name);
    assert.notEqual(place, -1, name);
    await this.page.select(hook("sweep-argument"), String(place));
    await this.workbench.waitForPaint();
    return this.page.$$eval('table[data-chart="sweep"] tbody tr', (rows) =>
      rows.map((row) => [...row.children].map((cell) => cell.textContent)),
    );
  }

  /** Searches and gives what was found when it is done. */
  async search() {
    await this.workbench.openPart("explore");
    await this.page.$eval(hook("search"), (button) => button.click());
    await this.page.waitForSelector(hook("search-summary"));
    await this.page.waitForFunction((cancel) => !document.querySelector(cancel), {}, hook("search-cancel"));
    return this.found();
  }

  /** Checks what is to be varied too, by name. */
  async vary(...names) {
    for (const name of names) {
      await this.page.$eval(`.find input[name="${name}"]`, (box) => {
        if (!box.checked) box.click();
      });
    }
  }

  /** Searches and gives how many variants were looked at, and the worker's milliseconds for them. */
  async timedSearch() {
    await this.search();
    return this.page.$eval(hook("search-summary"), ({ dataset }) => ({ done: Number(dataset.done), took: Number(dataset.took) }));
  }

  async choosePreset(id) {
    await this.page.select(hook("presets"), id);
    await this.settle();
  }

  async found() {
    return this.page.$$eval(hook("found"), (rows) =>
      rows.map((row) => ({ params: Number(row.dataset.params), macs: Number(row.dataset.macs), label: row.firstElementChild.innerText })),
    );
  }

  async openFound(place) {
    const rows = await this.page.$$(`${hook("found")} button`);
    await rows[place].evaluate((button) => button.click());
  }

  // --- counters and the self-check ---

  async conventions() {
    return this.page.$$eval(`${hook("convention")} option`, (options) => options.map(({ value }) => value));
  }

  /** What a counter prints for a design: its number, and the text with the reasons. */
  async counted(convention, design) {
    await this.workbench.openPart("details");
    await this.page.select(hook("convention"), convention);
    await this.page.waitForSelector(hook(`counted-${design}`));
    await this.workbench.waitForPaint();
    return this.page.$eval(hook(`counted-${design}`), ({ dataset, innerText }) => ({ total: Number(dataset.total), text: innerText }));
  }

  /** Opens the self-check and gives how many figures agree, and how many do not. */
  async selfCheck() {
    await this.workbench.openPart("details");
    await this.page.$eval(hook("selfcheck-open"), (button) => button.click());
    return this.selfCheckSummary();
  }

  async selfCheckSummary() {
    await this.page.waitForSelector(hook("selfcheck-summary"));
    return this.page.$eval(hook("selfcheck-summary"), ({ dataset }) => ({ met: Number(dataset.met), missed: Number(dataset.missed) }));
  }
}
