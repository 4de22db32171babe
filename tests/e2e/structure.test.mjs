// The page as a whole: what is in sight, what is compared, how things come in, and what a link shows of it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { story } from "./support/story.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PARTS = ["layers", "improve", "device", "run", "train", "explore", "details"];
const STANDARD = 0;
const SEPARABLE = 1;

const NET = `class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8 * 30 * 30, 10)
    def forward(self, x):
        return self.fc(torch.flatten(self.conv(x), 1))
`;
// 8 * 27 + 8 and 7200 * 10 + 10.
const NET_PARAMS = 224 + 72010;

const find = (name) => `[data-testid="${name}"]`;

story("one part stands open, and the link and a fresh profile have it", {}, async (page, { openElsewhere }) => {
  const open = () => page.page.$$eval("section.part:not([hidden])", (parts) => parts.map(({ dataset }) => dataset.part));
  assert.deepEqual(await open(), ["layers"]);
  for (const part of PARTS) {
    await page.openPart(part);
    assert.deepEqual(await open(), [part]);
    const fragment = (await page.share()).hash.slice(1);
    assert.equal(new URLSearchParams(fragment).get("view"), part === "layers" ? null : part);
    await page.press("Escape");
  }
  await page.openPart("device");
  const elsewhere = await openElsewhere((await page.share()).hash.slice(1));
  assert.equal(await elsewhere.page.$eval("section.part:not([hidden])", ({ dataset }) => dataset.part), "device");
});

story("what the browser finds in a closed part opens it", {}, async ({ page }) => {
  await page.$eval('section[data-part="explore"]', (part) => part.dispatchEvent(new Event("beforematch", { bubbles: true })));
  await page.waitForSelector('section[data-part="explore"]:not([hidden])');
  const words = await page.$eval("body", (body) => body.textContent);
  for (const part of ["What costs most", "Does it fit", "Forward pass", "Explore variants"]) assert.ok(words.includes(part), part);
});

story("opening a part is no step of undo", {}, async (page) => {
  await page.openPart("run");
  assert.ok(await page.page.$eval(find("undo"), ({ disabled }) => disabled));
});

story("the summary has a row for each design, with the difference to the baseline", {}, async (page) => {
  await page.page.waitForSelector(`${find("summary-1")}[data-ram-bytes]`);
  const [standard, separable] = [await page.summary(STANDARD), await page.summary(SEPARABLE)];
  assert.deepEqual([standard.params, standard.macs, separable.params, separable.macs], ["11831", "141340", "11404", "58884"]);
  assert.deepEqual([standard.flashBytes, separable.flashBytes, standard.fits], ["11976", "11588", "true"]);
  assert.match(separable.text.replaceAll("\u00a0", " "), /−3\.6 %[^]*−58 %/);
  assert.doesNotMatch(standard.text, /%/);
});

story("six designs are seen, and compared by pairs; which pair is undone and in the link", {}, async (page, { openElsewhere }) => {
  for (const preset of ["lenet5", "mlperf_tiny_ic", "mlperf_tiny_kws", "mlperf_tiny_ad"]) {
    await page.page.click(find("add-design"));
    await page.page.waitForSelector(`${find("add-preset")} option[value="${preset}"]`);
    await page.page.select(find("add-preset"), preset);
    await page.waitForPaint();
  }
  assert.equal(await page.designCount(), 6);
  const compared = async () => {
    const rows = await page.page.$$eval('[data-testid^="summary-"]', (all) => all.map(({ dataset }) => dataset.compared));
    return rows.flatMap((is, index) => (is === "true" ? [index] : []));
  };
  assert.deepEqual(await compared(), [0, 5], "what was added is compared");
  assert.match(await page.headline(), /Different inputs/);
  await page.compare(1);
  assert.deepEqual(await compared(), [0, 1]);
  await page.compare(3);
  const visible = await page.page.$$eval('[data-testid^="design-"][data-twin]', (all) =>
    all.filter((design) => design.checkVisibility()).map(({ dataset }) => dataset.testid));
  assert.deepEqual(visible, ["design-0", "design-3"]);
  const elsewhere = await openElsewhere((await page.share()).hash.slice(1));
  assert.equal((await elsewhere.summary(3)).compared, "true");
  await page.press("Escape");
  await page.undo();
  assert.deepEqual(await compared(), [0, 1]);
});

story("one input for all; different ones are told, and made one", {}, async (page) => {
  await page.setInputShape("1x16x150");
  await page.waitForPaint();
  const outs = async () => [(await page.rows(STANDARD))[0].out, (await page.rows(SEPARABLE))[0].out];
  assert.deepEqual(await outs(), ["4x17x151", "1x17x151"]);
  await page.page.click(`${find("row-1-0")} .more`);
  await page.page.click(find("undo"));
  await page.page.evaluate(() => [...document.querySelectorAll("button")].find(({ innerText }) => innerText === "Detach").click());
  await page.waitForTwin(SEPARABLE, false);
  await page.page.click(find("one-input"));
  await page.page.waitForSelector(find("input-shape-1"));
  await page.setInputShape("1x4x150");
  await page.waitForPaint();
  assert.match(await page.headline(), /Different inputs: 1x4x150 and 1x8x150 do not compare/);
  const text = (await page.summary(SEPARABLE)).text;
  assert.doesNotMatch(text, /%/, "nothing is compared");
  await page.page.evaluate(() => [...document.querySelectorAll("button")].find(({ innerText }) => innerText === "Use 1x4x150 for all").click());
  await page.waitForPaint();
  assert.doesNotMatch(await page.headline(), /Different inputs/);
});

const pasteAnywhere = (page, text) =>
  page.page.evaluate((pasted) => {
    const data = new DataTransfer();
    data.setData("text/plain", pasted);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);

story("what is pasted anywhere is read; a second paste takes the place of the first", {}, async (page) => {
  await pasteAnywhere(page, NET);
  await page.pasted();
  assert.equal(await page.pastedText(), NET);
  await page.press("Escape");
  const other = NET.replaceAll("Small", "Other");
  await page.page.click(find("import-open"));
  await page.page.keyboard.sendCharacter(other);
  await page.pasted();
  assert.equal(await page.pastedText(), other, "the old text was selected");
  await page.openPasted();
  await page.waitForTotals(STANDARD, { params: NET_PARAMS });
});

story("a link that is pasted opens", {}, async (page) => {
  await pasteAnywhere(page, "https://somewhere.example/#v=1&a=1x8x8.c4k3.relu");
  await page.waitForTotals(STANDARD, { params: 40 });
});

story("what was pasted is put beside what is there", {}, async (page) => {
  await page.paste(NET);
  await page.pasted();
  await page.page.click(find("import-add"));
  await page.page.waitForSelector("dialog[open]", { hidden: true });
  await page.waitForTotals(2, { params: NET_PARAMS });
  await page.waitForTotals(STANDARD, { params: 11831 });
});

story("a file opens, chosen or dropped; one that is no text says so", {}, async (page) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "convscope-"));
  const [source, notebook, picture] = ["net.py", "net.ipynb", "net.png"].map((name) => path.join(folder, name));
  await writeFile(source, NET);
  const lines = NET.replaceAll("Small", "Noted").split(/(?<=\n)/);
  await writeFile(notebook, JSON.stringify({ cells: [{ cell_type: "markdown", source: ["# hi"] }, { cell_type: "code", source: lines }] }));
  await writeFile(picture, Buffer.from([137, 80, 78, 71, 0, 0, 0]));
  const input = await page.page.$(find("open-file"));
  for (const [file, name] of [[source, /Small/], [notebook, /Noted/]]) {
    await input.uploadFile(file);
    await page.page.waitForFunction((pattern) => new RegExp(pattern).test(document.querySelector("dialog[open]")?.innerText ?? ""), {}, `Found ${name.source}`);
    await page.press("Escape");
  }
  await input.uploadFile(picture);
  await page.page.waitForFunction((selector) => /net\.png: no text/.test(document.querySelector(selector)?.innerText ?? ""), {}, find("snackbar"));
  await page.page.evaluate((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "dropped.py", { type: "text/x-python" }));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, NET.replaceAll("Small", "Dropped"));
  await page.page.waitForFunction(() => /Found Dropped/.test(document.querySelector("dialog[open]")?.innerText ?? ""));
});

story("what changes out of sight is answered, with the way back", {}, async (page) => {
  await page.page.waitForSelector(find("apply-best"));
  await page.page.click(find("apply-best"));
  await page.page.waitForSelector(find("snackbar"));
  assert.match(await page.page.$eval(find("snackbar"), ({ innerText }) => innerText), /Applied to Separable: 364 params/);
  await page.page.evaluate((selector) => [...document.querySelectorAll(`${selector} button`)].find(({ innerText }) => innerText === "Undo").click(), find("snackbar"));
  await page.waitForTotals(SEPARABLE, { params: 11404 });
});

story("the design that was just changed is the one that is exported", {}, async (page) => {
  await page.page.waitForSelector(find("apply-best"));
  await page.page.click(find("apply-best"));
  await page.page.click(find("export-open"));
  await page.page.waitForSelector(find("export-text"));
  assert.equal(await page.page.$eval(find("export-design"), ({ value }) => value), "1");
  assert.match(await page.page.$eval(find("export-download"), ({ download }) => download), /^separable\.py$/);
  await page.press("Escape");
  assert.equal(await page.page.$(find("export-text")), null);
});

story("new begins with an empty design", {}, async (page) => {
  await page.page.click(find("new"));
  await page.page.waitForFunction(() => document.querySelectorAll('[data-testid^="row-"]').length === 0);
  assert.equal(await page.designCount(), 1);
  const field = await page.page.waitForSelector(find("quick-add-0"));
  await field.type("conv 16 k3 p1, bn, relu, max 2, flatten, fc 10");
  await page.press("Enter");
  await page.waitForTotals(0, { params: 448 + 32 + 40970 });
  const names = (await page.rows(0)).map(({ name }) => name);
  assert.deepEqual(names, ["conv1", "bn1", "relu1", "pool1", "flatten1", "fc1"]);
  await field.type("wibble 3");
  await page.press("Enter");
  await page.waitForPaint();
  assert.match((await page.problems()).join(), /"wibble" is no layer/);
  assert.equal(await field.evaluate(({ value }) => value), "wibble 3", "what was typed is kept");
});

story("a design as text and its rows are in step", {}, async (page) => {
  const set = (text) =>
    page.page.$eval(find("design-text-0"), (area, value) => {
      area.value = value;
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }, text);
  const text = await page.page.waitForSelector(find("design-text-0")).then((area) => area.evaluate(({ value }) => value));
  assert.match(text, /^input 1x8x150\nconv1 = Conv2d\(out_channels=4, kernel_size=2, padding=1\)\n/);
  await set(text.replace("out_features=36", "out_features=10"));
  await page.waitForTotals(STANDARD, { params: 11831 - 26 * 305 - 26 * 3 });
  await set(text.replace("relu1 = ReLU()", "relu1 = Mystery()"));
  await page.waitForPaint();
  const problem = await page.page.$eval(`details:has(${find("design-text-0")}) ${find("problem")}`, ({ textContent }) => textContent);
  assert.match(problem, /line 4: Mystery is no layer/);
  await page.page.$eval(find("design-text-0"), (area) => area.dispatchEvent(new Event("blur")));
  await page.setArgument(STANDARD, 0, "out_channels", "6");
  await page.press("Control", "z");
});

story("nothing below the headline moves while one types", {}, async (page) => {
  await page.page.waitForSelector(find("apply-best"));
  await page.waitForPaint();
  const top = () => page.page.$eval(find("row-0-0"), (row) => Math.round(row.getBoundingClientRect().top));
  const before = await top();
  for (const [argument, value] of [["out_channels", "32"], ["kernel_size", "3"], ["out_channels", "5"]]) {
    await page.setArgument(STANDARD, 0, argument, value);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(await top(), before, `${argument} ${value}`);
  }
});

story("charts are saved as pictures and tables", {}, async ({ page }) => {
  await page.waitForSelector(find("chart-svg"));
  const saved = await page.evaluate(async () => {
    const files = [];
    HTMLAnchorElement.prototype.click = function () { files.push([this.download, this.href]); };
    for (const kind of ["svg", "png", "csv"]) document.querySelector(`figure:has(canvas[data-chart="params"]) [data-testid="chart-${kind}"]`).click();
    return files;
  });
  assert.deepEqual(saved.map(([name]) => name), ["params.svg", "params.png", "params.csv"]);
  const text = (address) => decodeURIComponent(address.slice(address.indexOf(",") + 1));
  assert.match(text(saved[0][1]), /^<svg[^]*10,980[^]*<\/svg>/);
  assert.match(saved[1][1], /^data:image\/png;base64,iVBOR/);
  assert.match(text(saved[2][1]), /fc1/);
});

story("a presentation hides what is around it, an embedded part has a way to the whole", { fragment: "v=1&a=1x8x8.c4k3.relu&view=layers&show=present" }, async ({ page }, { openElsewhere }) => {
  const seen = (page) => page.$$eval(".topbar, .add", (all) => all.filter((element) => element.checkVisibility()).length);
  assert.equal(await seen(page), 0);
  await page.click(".way-back");
  await page.waitForFunction(() => document.querySelector(".topbar").checkVisibility());
  const { page: embedded } = await openElsewhere("v=1&a=1x8x8.c4k3.relu&view=layers&show=embed");
  assert.equal(await seen(embedded), 0);
  const address = await embedded.$eval("a.way-back", ({ href }) => href);
  assert.doesNotMatch(address, /show=/);
});

story("of a long design the rows near the view are there, and each is found", {}, async (page) => {
  await page.choosePreset("densenet121");
  await page.page.waitForFunction(() => Number(document.querySelector('[role="table"]')?.getAttribute("aria-rowcount")) > 200);
  await page.waitForPaint();
  await page.page.waitForFunction(() => document.querySelectorAll("*").length < 3500);
  const count = await page.page.$eval('[role="table"]', (table) => Number(table.getAttribute("aria-rowcount")));
  assert.equal(await page.page.$(find(`row-0-${count - 1}`)), null);
  await page.page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.page.waitForSelector(find(`row-0-${count - 1}`));
  assert.equal(await page.page.$(find("row-0-0")), null);
  await page.press("/");
  await page.type("denseblock2.denselayer3.conv1");
  await page.page.waitForSelector(find("found-row"));
  await page.press("Enter");
  const row = await page.page.waitForSelector('[data-name$="denseblock2.denselayer3.conv1"].marked');
  const { top, bottom } = await row.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return { top, bottom };
  });
  assert.ok(top > 0 && bottom < 900, `${top} to ${bottom}`);
  await page.page.$eval('[data-name$="denseblock2.denselayer3.conv1"] [name="kernel_size"]', (field) => {
    field.value = "1";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  // Paper has all of it.
  await page.page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.page.waitForSelector(find(`row-0-${count - 1}`));
  await page.page.waitForSelector(find("row-0-0"));
});

for (const width of [390, 1280]) {
  for (const dark of [false, true]) {
    story(`axe finds no violation with every part and detail open at ${width} px, ${dark ? "dark" : "light"}`, { width, dark, fragment: "v=1&a=1x8x150.c4k2p1.bn.relu.max2.flat.fc3&b=separable&view=all" }, async ({ page }) => {
      await page.evaluate(() => document.querySelectorAll("details:not(.menu)").forEach((details) => (details.open = true)));
      await page.click(`${find("row-0-0")} .more`);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await page.evaluate(AXE);
      const violations = await page.evaluate(async () =>
        (await window.axe.run()).violations.map(({ id, help, nodes }) => ({
          id,
          help,
          nodes: nodes.slice(0, 4).map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`),
        })),
      );
      assert.deepEqual(violations, []);
    });
  }
}
