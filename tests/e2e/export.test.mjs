// Taking a design away as text, and bringing it back.
import assert from "node:assert/strict";
import { story } from "./support/story.mjs";

const find = (name) => `[data-testid="${name}"]`;

story("what is exported as PyTorch comes back as the same link", {}, async (page) => {
  const before = await page.share();
  const [standard, separable] = [await page.exported(0, "PyTorch"), await page.exported(1, "PyTorch")];
  assert.match(standard.text, /class \w+\(nn\.Module\):/);
  const again = separable.text.replace(/^import .*\n/gm, "");
  await page.paste(`${standard.text}\n${again}`);
  await page.pasted();
  await page.openPasted();
  await page.waitForTotals(0, { params: 11831 });
  await page.waitForTotals(1, { params: 11404 });
  const rows = async (design) => (await page.rows(design)).map(({ kind, out, params, macs }) => ({ kind, out, params, macs }));
  const pasted = [await rows(0), await rows(1)];
  const design = (link) => new URLSearchParams(link.hash.slice(1)).get("a");
  assert.equal(design(await page.share()), design(before));
  await page.undo();
  await page.waitForTwin(1, true);
  assert.deepEqual(pasted, [await rows(0), await rows(1)]);
  assert.equal((await page.share()).hash, before.hash);
});

story("every form is a text, and downloads under its own name", {}, async (page) => {
  const forms = {
    PyTorch: [/^import torch/, "py"],
    Keras: [/keras/, "py"],
    "Markdown table": [/^\| ?.*\|$/m, "md"],
    "LaTeX table": [/\\toprule/, "tex"],
    "HTML table": [/^<table>/, "html"],
    CSV: [/conv1,/, "csv"],
    JSON: [/^\{/, "json"],
  };
  for (const [form, [pattern, extension]] of Object.entries(forms)) {
    const { text, name, download } = await page.exported(0, form);
    assert.match(text, pattern, form);
    assert.ok(name.endsWith(`.${extension}`), `${form} saves as ${name}`);
    assert.equal(download.replaceAll("\r\n", "\n"), text, `${form}: the file is the text`);
  }
});

story("the comparison is one HTML file that needs nothing else", {}, async (workbench) => {
  const { page } = workbench;
  await page.click(find("export-open"));
  await page.waitForSelector(find("export-document"));
  // What would be saved, in the place of the browser's downloads.
  await page.evaluate(() => {
    const create = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      window.saved = blob.text();
      return create(blob);
    };
  });
  await page.click(find("export-document"));
  const html = await page.evaluate(() => window.saved);
  const alone = await page.browserContext().newPage();
  try {
    const asked = [];
    alone.on("request", (request) => asked.push(request.url()));
    await alone.setContent(html);
    const shown = await alone.evaluate(() => ({
      title: document.title,
      charts: document.querySelectorAll("svg").length,
      text: document.body.innerText,
      link: document.querySelector("footer a").href,
    }));
    assert.equal(shown.charts, 3);
    assert.match(shown.text, /11,831/);
    assert.match(shown.text, /11,404/);
    assert.match(shown.text, /What to change/);
    assert.match(shown.link, /#v=1&/);
    assert.deepEqual(asked, [], "nothing is fetched");
  } finally {
    await alone.close();
  }
});
