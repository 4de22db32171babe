// The page as a person sees it, over the hooks that tests/e2e/README.md lists: stories speak in its words, and no
// selector stands anywhere else.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { IS_FIREFOX } from "./browser.mjs";

const PATIENCE_MS = 10_000;

/** The hook `name` as a selector. */
const hook = (name) => `[data-testid="${name}"]`;

export class WorkbenchPage {
  /** What went wrong so far: errors in the console, exceptions, failed requests, requests to other origins. */
  faults = [];

  constructor(page, url) {
    this.page = page;
    this.url = url;
  }

  /**
   * Opens the page in `profile` (a browser context): `fragment` without its `#`, sizes in CSS pixels; `before` is run in
   * the page before anything of it.
   */
  static async open(profile, { url, fragment = "", width = 1280, height = 900, dark = false, density = 1, before }) {
    const page = await profile.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.setViewport({ width, height, deviceScaleFactor: density });
    if (!IS_FIREFOX) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
    if (before) await page.evaluateOnNewDocument(before);
    const workbench = new WorkbenchPage(page, url);
    workbench.#watchForFaults();
    await page.goto(fragment ? `${url}#${fragment}` : url);
    await workbench.waitUntilReady();
    return workbench;
  }

  /** Until the panels are there too, which move what stands below them. */
  async waitUntilReady() {
    await this.page.waitForSelector(hook("totals-0"));
    await this.page.waitForSelector(hook("search"));
  }

  /** Drops the faults that a story provoked on purpose. */
  forgive(pattern) {
    this.faults = this.faults.filter((fault) => !pattern.test(fault));
  }

  async reload() {
    await this.page.reload();
    await this.waitUntilReady();
  }

  // --- reading ---

  /** The totals of a design as numbers, by attribute: `params`, `macs`, `peakBytes`, ... */
  async totals(design) {
    const data = await this.#dataset(hook(`totals-${design}`));
    return Object.fromEntries(Object.entries(data).filter(([name]) => name !== "testid").map(([name, text]) => [name, Number(text)]));
  }

  /** The rows of a design, top-down, as their attributes: `kind`, `name`, `out`, `params`, `macs`, `state`. */
  async rows(design) {
    return this.page.$$eval(`[data-testid^="row-${design}-"]`, (elements) =>
      elements.map(({ dataset: { kind, name, out, params, macs, state } }) => ({ kind, name, out, params, macs, state })),
    );
  }

  /** Everything that makes two workbenches the same to the eye. */
  async contents() {
    const count = await this.designCount();
    const designs = [];
    for (let design = 0; design < count; design += 1) {
      designs.push({ totals: await this.totals(design), rows: await this.rows(design), twin: await this.isTwin(design) });
    }
    return { input: await this.inputShape(), designs };
  }

  async designCount() {
    return this.page.$$eval(`[data-testid^="design-"][data-twin]`, (elements) => elements.length);
  }

  async isTwin(design) {
    return (await this.#dataset(hook(`design-${design}`))).twin === "true";
  }

  async inputShape() {
    return this.page.$eval(hook("input-shape"), (element) => element.value);
  }

  async rowText(design, row) {
    return this.page.$eval(hook(`row-${design}-${row}`), (element) => element.innerText);
  }

  /** Shows what is kept in this browser. */
  async openRecent() {
    await this.page.click(hook("recent-open"));
  }

  /** The kept works, the newest first, as they are shown. */
  async recent() {
    return this.page.$$eval(hook("recent"), (works) => works.map((work) => work.innerText));
  }

  async waitForRecent(count) {
    await this.page.waitForFunction((selector, count) => document.querySelectorAll(selector).length === count, {}, hook("recent"), count);
  }

  /** Waits until so many works are in the browser's database. */
  async waitUntilKept(count) {
    const isKept = (count) =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open("convscope");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const counting = opening.result.transaction("works").objectStore("works").count();
          counting.onsuccess = () => {
            opening.result.close();
            resolve(counting.result >= count);
          };
        };
      });
    await this.page.waitForFunction(isKept, { polling: 100 }, count);
  }

  /** Goes on with a kept work. */
  /** Chooses what is compared with the baseline by its row of the summary. */
  async compare(design) {
    await this.page.click(`${hook(`summary-${design}`)} button`);
    await this.page.waitForSelector(`${hook(`summary-${design}`)}[data-compared="true"]`);
  }

  /** A design's row of the summary: `params`, `macs`, `ramBytes`, `flashBytes`, `latencyMs`, `fits`, `compared`, and its text. */
  async summary(design) {
    return this.page.$eval(hook(`summary-${design}`), ({ dataset, innerText }) => ({ ...dataset, text: innerText }));
  }

  async headline() {
    return this.page.$eval(`${hook("answer")} h1`, ({ innerText }) => innerText.replaceAll("\u00a0", " "));
  }

  async chooseRecent(index) {
    const works = await this.page.$$(hook("recent"));
    await (await works[index].$("button")).click();
  }

  /** Until the page says something of its own doings. */
  async waitForNotice(pattern) {
    await this.page.waitForFunction(
      (selector, source) => [...document.querySelectorAll(selector)].some((notice) => new RegExp(source).test(notice.innerText)),
      {}, hook("notice"), pattern.source,
    );
  }

  /** The texts of all messages about bad input. */
  async problems() {
    return this.page.$$eval(hook("problem"), (elements) => elements.map((element) => element.innerText));
  }

  /** The texts of all cells of a chart's table, by row. */
  tableCells(chart) {
    const cells = (rows) => rows.map(({ cells }) => [...cells].map(({ textContent }) => textContent));
    return this.page.$$eval(`table[data-chart="${chart}"] tbody tr`, cells);
  }

  async chartNames() {
    return this.page.$$eval("canvas[data-chart]", (charts) => charts.map((chart) => chart.dataset.chart));
  }

  /** A digest of the pixels of each chart, by the chart's name. */
  async chartFingerprints() {
    await this.page.waitForSelector('canvas[data-chart="memory"]');
    await this.waitForPaint();
    const pixels = await this.page.$$eval("canvas[data-chart]", (charts) =>
      charts.filter((chart) => chart.checkVisibility()).map((chart) => [chart.dataset.chart, chart.toDataURL()]),
    );
    return Object.fromEntries(pixels.map(([name, text]) => [name, createHash("sha256").update(text).digest("hex")]));
  }

  // --- acting ---

  /** Types `value` over an argument of a row (`kernel_size`, ...); checkboxes and selects are set to it. */
  async setArgument(design, row, argument, value) {
    await this.openPart("layers");
    const selector = `${hook(`row-${design}-${row}`)} [name="${argument}"]`;
    if (!(await this.#isVisible(selector))) await this.#unfold(hook(`row-${design}-${row}`));
    await this.#fill(selector, value);
  }

  async argument(design, row, argument) {
    return this.page.$eval(`${hook(`row-${design}-${row}`)} [name="${argument}"]`, (element) =>
      element.type === "checkbox" ? String(element.checked) : element.value,
    );
  }

  /** Types a name into a row's details and leaves the field; gives what is wrong with it, or nothing. */
  async rename(design, row, name) {
    await this.setArgument(design, row, "name", name || "x");
    if (!name) await this.press("Backspace");
    await this.press("Tab");
    await this.waitForPaint();
    const field = `${hook(`row-${design}-${row}`)} label:has([name="name"]) ${hook("problem")}`;
    return this.page.$$eval(field, ([problem]) => problem?.innerText);
  }

  async setBatch(batch) {
    await this.#fill(hook("batch"), batch);
    await this.waitForPaint();
  }

  /** Opens a preset. */
  async choosePreset(id) {
    await this.page.waitForSelector(`${hook("presets")} option[value="${id}"]`);
    await this.page.select(hook("presets"), id);
  }

  /** What is to be seen of a design's run: `state`, whether it is marked as `stale`, its `text`, the names of its `steps`. */
  async shownRun(design) {
    await this.openPart("run");
    return this.page.$eval(hook(`run-${design}`), (element) => ({
      state: element.dataset.state,
      stale: element.classList.contains("stale"),
      text: element.innerText,
      steps: [...element.querySelectorAll(".step > :first-child")].map(({ innerText }) => innerText),
    }));
  }

  /** Opens a part of the page: `layers`, `improve`, `device`, `run`, `train`, `explore` or `details`. */
  async openPart(name) {
    const head = await this.page.waitForSelector(hook(`part-${name}`));
    if ((await head.evaluate((button) => button.getAttribute("aria-expanded"))) !== "true") await head.click();
    await this.page.waitForSelector(`#part-${name}:not([hidden])`);
  }

  async waitForRunState(design, state) {
    await this.page.waitForSelector(`${hook(`run-${design}`)}[data-state="${state}"]`);
  }

  async setInputShape(shape) {
    await this.#fill(hook("input-shape"), shape);
  }

  async setGain(gain) {
    await this.openPart("run");
    await this.#fill(hook("gain"), String(gain));
  }

  async undo() {
    await this.page.click(hook("undo"));
  }

  async redo() {
    await this.page.click(hook("redo"));
  }

  /** Makes a detached design the twin of its source again. */
  async reattach(design) {
    await this.page.waitForSelector(hook(`reattach-${design}`));
    await this.page.click(hook(`reattach-${design}`));
  }

  /** One of `remove`, `duplicate`, `move-up`, `move-down`. */
  async changeRow(design, row, action) {
    await this.openPart("layers");
    const selector = `${hook(`row-${design}-${row}`)} [data-action="${action}"]`;
    if (!(await this.#isVisible(selector))) await this.#unfold(hook(`row-${design}-${row}`));
    await this.page.click(selector);
  }

  /** Adds a layer of PyTorch's class `kind` at the end of a design. */
  async addRow(design, kind) {
    await this.page.waitForSelector(hook(`add-${design}`));
    await this.page.select(hook(`add-${design}`), kind);
  }

  /** Runs all designs and gives the reply of each: `state`, `medianMs`, `output` (the first 16 numbers). */
  async run() {
    await this.startRun();
    return this.runReplies();
  }

  async startRun() {
    await this.openPart("run");
    await this.page.waitForSelector(hook("run"));
    await this.page.click(hook("run"));
  }

  /** The replies as soon as no design is idle, running or stale any more. */
  async runReplies() {
    const count = await this.designCount();
    const replies = [];
    for (let design = 0; design < count; design += 1) {
      const selector = hook(`run-${design}`);
      await this.page.waitForFunction(
        (wanted) => ["done", "failed"].includes(document.querySelector(wanted)?.dataset.state),
        {},
        selector,
      );
      const { state, medianMs, output } = await this.#dataset(selector);
      replies.push({ state, medianMs: Number(medianMs), output: JSON.parse(output ?? "null") });
    }
    return replies;
  }

  /** Asks for a link and gives it. */
  async share() {
    if (!(await this.#isVisible(hook("share-url")))) await this.page.click(hook("share"));
    await this.page.waitForFunction((selector) => document.querySelector(selector)?.value, {}, hook("share-url"));
    return new URL(await this.page.$eval(hook("share-url"), (element) => element.value));
  }

  // --- pasting PyTorch ---

  /** Opens the dialog, unless it is open, and puts `text` in as a paste does. */
  async paste(text) {
    if (!(await this.#isVisible(hook("import-text")))) await this.page.click(hook("import-open"));
    const area = await this.page.waitForSelector(hook("import-text"), { visible: true });
    await area.evaluate((element, pasted) => {
      element.value = pasted;
      element.dispatchEvent(new Event("input", { bubbles: true }));
    }, text);
  }

  /** What was read: the sentence about the networks, the inputs to choose from, the problems. */
  async pasted() {
    await this.page.waitForSelector(hook("import-problems"));
    return this.page.$eval(
      "dialog[open]",
      (dialog, [input, problems]) => ({
        designs: [...dialog.querySelectorAll('[role="status"], option')].map((element) => element.innerText).join("\n"),
        inputs: [...dialog.querySelectorAll(`${input} option`)].map((option) => option.value),
        problems: [...dialog.querySelectorAll(`${problems} li`)].map(({ dataset: { kind, line }, innerText }) => ({ kind, line, text: innerText })),
      }),
      [hook("import-input"), hook("import-problems")],
    );
  }

  async pastedText() {
    return this.page.$eval(hook("import-text"), (element) => element.value);
  }

  async choosePastedInput(shape) {
    await this.page.select(`dialog[open] ${hook("import-input")}`, shape);
    await this.page.waitForFunction((shape) => document.querySelector("dialog[open]")?.innerText.includes(`${shape}, as you chose`), {}, shape);
  }

  /** Which of the networks opens as a design. */
  async choosePasted(design, network) {
    const selects = await this.page.$$("dialog[open] .choices select");
    await selects[design].select(String(network));
  }

  /** Presses the button of a fix, and waits until the text is read again. */
  async mend(label) {
    const button = await this.page.waitForSelector(`dialog[open] ::-p-text(${label})`);
    await button.click();
    await this.page.waitForFunction((label) => !document.querySelector("dialog[open]")?.innerText.includes(label), {}, label);
  }

  async openPasted() {
    await this.page.click(hook("import-apply"));
    await this.page.waitForSelector("dialog[open]", { hidden: true });
  }

  async cancelPaste() {
    const button = await this.page.waitForSelector("dialog[open] ::-p-text(Cancel)");
    await button.click();
    await this.page.waitForSelector("dialog[open] ::-p-text(Cancel)", { hidden: true });
  }

  // --- taking a design away ---

  /** A design in a form (`PyTorch`, `Markdown`, ...): the text, the name of the file, and what stands in the file. */
  async exported(design, form) {
    if (!(await this.#isVisible(hook("export-text")))) await this.page.click(hook("export-open"));
    await this.page.waitForSelector(hook("export-text"), { visible: true });
    await this.page.select(hook("export-design"), String(design));
    const options = await this.page.$$eval(`${hook("export-form")} option`, (all) => all.map(({ value, innerText }) => [innerText, value]));
    const value = Object.fromEntries(options)[form];
    assert.ok(value !== undefined, `no form ${form} among ${options}`);
    await this.page.select(hook("export-form"), value);
    await this.waitForPaint();
    const text = await this.page.$eval(hook("export-text"), (element) => element.value);
    const [name, address] = await this.page.$eval(hook("export-download"), (link) => [link.download, link.href]);
    const download = decodeURIComponent(address.slice(address.indexOf(",") + 1));
    return { text, name, download };
  }

  // --- the keyboard alone ---

  async press(...keys) {
    for (const key of keys.slice(0, -1)) await this.page.keyboard.down(key);
    await this.page.keyboard.press(keys.at(-1));
    for (const key of keys.slice(0, -1).reverse()) await this.page.keyboard.up(key);
  }

  async type(text) {
    await this.page.keyboard.type(text);
  }

  /** Presses Tab until the focus is on the argument of a row, opening the row on the way when it is folded. */
  async tabToArgument(design, row, argument) {
    const rowSelector = hook(`row-${design}-${row}`);
    const input = `${rowSelector} [name="${argument}"]`;
    if (!(await this.#isVisible(input))) {
      await this.#tabTo(`${rowSelector} summary, ${rowSelector} [aria-expanded="false"]`);
      await this.press("Enter");
      await this.page.waitForSelector(input, { visible: true });
    }
    await this.#tabTo(input);
  }

  async tabToRun() {
    await this.#tabTo(hook("part-run"));
    await this.press("Enter");
    await this.#tabTo(hook("run"));
  }

  // --- waiting ---

  /** Waits until the totals of a design are `wanted` (some of the attributes of `totals`). */
  async waitForTotals(design, wanted) {
    try {
      await this.page.waitForFunction(
        (selector, pairs) => {
          const data = document.querySelector(selector)?.dataset;
          return data && pairs.every(([name, value]) => data[name] !== undefined && Number(data[name]) === value);
        },
        {},
        hook(`totals-${design}`),
        Object.entries(wanted),
      );
    } catch {
      const totals = await this.totals(design);
      const found = Object.fromEntries(Object.keys(wanted).map((name) => [name, totals[name]]));
      assert.deepEqual(found, wanted, `totals of design ${design}`);
    }
  }

  /** Waits until a design shows a finished run with another output than `output`. */
  async waitForNewOutput(design, output) {
    await this.page.waitForFunction(
      (selector, old) => {
        const data = document.querySelector(selector)?.dataset;
        return data?.state === "done" && JSON.stringify(JSON.parse(data.output)) !== old;
      },
      {},
      hook(`run-${design}`),
      JSON.stringify(output),
    );
  }

  async waitForRowState(design, row, state) {
    await this.page.waitForFunction(
      (selector, wanted) => document.querySelector(selector)?.dataset.state === wanted,
      {},
      hook(`row-${design}-${row}`),
      state,
    );
  }

  async waitForTwin(design, wanted) {
    await this.page.waitForFunction(
      (selector, twin) => document.querySelector(selector)?.dataset.twin === twin,
      {},
      hook(`design-${design}`),
      String(wanted),
    );
  }

  /** Waits until two frames were painted. */
  async waitForPaint() {
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
    );
  }

  // --- private ---

  #watchForFaults() {
    const { page } = this;
    const origin = new URL(this.url).origin;
    const checkOrigin = (address) => {
      if (/^(data|blob|about):/.test(address)) return;
      if (new URL(address).origin !== origin) this.faults.push(`request to another origin: ${address}`);
    };
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warn") this.faults.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.faults.push(`exception: ${error.message}`));
    page.on("request", (request) => checkOrigin(request.url()));
    page.on("response", (response) => {
      if (response.status() >= 400) this.faults.push(`${response.status()}: ${response.url()}`);
    });
    // A worker's requests are not the page's: they are told by the worker's own session.
    page.on("workercreated", (worker) => {
      checkOrigin(worker.url());
      if (IS_FIREFOX) return;
      worker.client.on("Network.requestWillBeSent", ({ request }) => checkOrigin(request.url));
      worker.client.send("Network.enable").catch(() => {});
    });
  }

  async #dataset(selector) {
    await this.page.waitForSelector(selector);
    return this.page.$eval(selector, (element) => ({ ...element.dataset }));
  }

  async #isVisible(selector) {
    const element = await this.page.$(selector);
    return element !== null && (await element.isVisible());
  }

  async #unfold(rowSelector) {
    await this.page.click(`${rowSelector} summary, ${rowSelector} [aria-expanded="false"]`);
  }

  async #fill(selector, value) {
    const element = await this.page.waitForSelector(selector, { visible: true });
    const kind = await element.evaluate(({ tagName, type }) => (tagName === "SELECT" ? "select" : type));
    if (kind === "select") {
      await element.select(value);
    } else if (kind === "checkbox") {
      if (String(await element.evaluate(({ checked }) => checked)) !== value) await element.click();
    } else {
      await element.focus();
      await element.evaluate((input) => input.select());
      await this.page.keyboard.type(value);
    }
  }

  async #tabTo(selector) {
    for (let presses = 0; presses < 400; presses += 1) {
      if (await this.page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
      await this.press("Tab");
    }
    assert.fail(`400 presses of Tab never reached ${selector}`);
  }
}
