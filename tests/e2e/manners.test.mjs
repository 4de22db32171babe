// How the page behaves towards everybody: accessible, at any width, light and dark, and silent on the network.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { story } from "./support/story.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const width of [390, 1280]) {
  for (const dark of [false, true]) {
    story(`axe finds no violation at ${width} px, ${dark ? "dark" : "light"}`, { width, dark }, async ({ page }) => {
      await page.evaluate(AXE);
      const violations = await page.evaluate(async () =>
        (await window.axe.run()).violations.map(({ id, help, nodes }) => ({
          id,
          help,
          nodes: nodes.map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`),
        })),
      );
      assert.deepEqual(violations, []);
    });
  }
}

for (const width of [360, 390, 1280, 2560]) {
  story(`nothing sticks out sideways at ${width} px`, { width }, async ({ page }) => {
    const { content, visible, culprits } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const wide = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > clientWidth);
      return { content: scrollWidth, visible: clientWidth, culprits: wide.map((element) => element.outerHTML.slice(0, 80)) };
    });
    assert.ok(content <= visible, `${content} px of content in a window of ${visible} px:\n${culprits.join("\n")}`);
  });
}

story("charts are crisp, named, and have their data as a table", { density: 2 }, async (workbench) => {
  const charts = await workbench.page.$$eval("canvas[data-chart]", (canvases) =>
    canvases.filter((canvas) => canvas.checkVisibility()).map((canvas) => ({
      name: canvas.dataset.chart,
      label: canvas.getAttribute("aria-label"),
      density: canvas.width / canvas.getBoundingClientRect().width,
      tableRows: document.querySelectorAll(`table[data-chart="${canvas.dataset.chart}"] tbody tr`).length,
    })),
  );
  assert.ok(charts.length >= 3);
  for (const { name, label, density, tableRows } of charts) {
    assert.ok(label, `the chart ${name} has a label`);
    assert.ok(Math.abs(density - 2) < 0.05, `the chart ${name} has ${density} pixels per CSS pixel, not 2`);
    assert.ok(tableRows > 0, `the chart ${name} has its data as a table`);
  }
});

story("light and dark paint the charts differently", {}, async (workbench) => {
  const light = await workbench.chartFingerprints();
  await workbench.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await workbench.waitForPaint();
  const dark = await workbench.chartFingerprints();
  assert.ok(Object.keys(light).length >= 3);
  for (const name of Object.keys(light)) assert.notEqual(dark[name], light[name], name);
});

story("the content security policy holds", {}, async (workbench) => {
  const { page, url } = workbench;
  const policy = await page.$eval('meta[http-equiv="Content-Security-Policy"]', (meta) => meta.content);
  assert.match(policy, /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; /);
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|\*/);
  const refused = await page.evaluate(
    async (own) => {
      const other = new URL(own);
      other.hostname = "localhost";
      const policyErrors = [];
      addEventListener("securitypolicyviolation", (event) => policyErrors.push(event.effectiveDirective));
      await fetch(other).catch(() => {});
      const script = document.createElement("script");
      script.textContent = "window.inlineScriptRan = true";
      document.head.append(script);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { policyErrors, inlineScriptRan: window.inlineScriptRan === true };
    },
    url,
  );
  assert.deepEqual(refused, { policyErrors: ["connect-src", "script-src-elem"], inlineScriptRan: false });
  workbench.forgive(/Content Security Policy/);
});

story("files of different builds never meet: all but the page stand in a folder named after their contents", {}, async (workbench) => {
  const names = await workbench.page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name));
  const build = await workbench.page.$eval('meta[name="build"]', (meta) => meta.content);
  assert.match(build, /^[0-9a-f]{16}$/);
  assert.deepEqual(names.filter((name) => !name.startsWith("data:") && !name.includes(`/${build}/`)), []);
});

for (const width of [390, 1280]) {
  story(`the self-check fits a window of ${width} px`, { width }, async ({ page }) => {
    await page.waitForSelector('[data-testid="selfcheck-open"]');
    await page.$eval('[data-testid="selfcheck-open"]', (button) => button.click());
    await page.waitForSelector('[data-testid="selfcheck-summary"]');
    const { content, visible, close } = await page.$eval('[data-testid="selfcheck"]', (dialog) => ({
      content: dialog.scrollWidth,
      visible: dialog.clientWidth,
      close: dialog.querySelector(".dialog-head button").getBoundingClientRect().right,
    }));
    assert.ok(content <= visible, `${content} px of content in ${visible} px`);
    assert.ok(close <= width, `Close ends at ${close} px`);
  });
}

story("the end of a long name is to be seen", {}, async (workbench) => {
  await workbench.choosePreset("mobilenet_v1");
  await workbench.page.waitForSelector('[data-testid="row-0-0"][data-name^="features."]');
  await workbench.waitForPaint();
  const hidden = await workbench.page.$$eval('[data-testid^="row-"] .row-name b', (names) =>
    names.filter((name) => {
      const [end, text] = [document.createRange(), name.firstChild];
      end.setStart(text, text.length - 1);
      end.setEnd(text, text.length);
      const [last, box] = [end.getBoundingClientRect(), name.getBoundingClientRect()];
      return last.left < box.left || last.right > box.right + 1;
    }).map(({ innerText }) => innerText),
  );
  assert.deepEqual(hidden, []);
});

story("designs beside each other keep their rows in line, whatever their names", { fragment: "v=1&a=1x1x150_A-rather-long-name-for-a-design.c4k2p1.bn&b=separable&c=separable" }, async ({ page }) => {
  const tops = await page.$$eval(".design:not([hidden]) .rows", (lists) => lists.map((list) => Math.round(list.getBoundingClientRect().top)));
  assert.equal(tops.length, 2, "the two that are compared");
  assert.equal(new Set(tops).size, 1, tops.join());
});

story("a design's menu holds what is in it, and closes by Escape and by a click elsewhere", {}, async ({ page }) => {
  const menu = await page.waitForSelector('[data-testid="design-1"] .menu');
  const summary = await menu.$("summary");
  const isOpen = () => menu.evaluate(({ open }) => open);
  await summary.click();
  assert.ok(await isOpen());
  const wide = await menu.$$eval(".button", (buttons) => buttons.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length);
  assert.equal(wide, 0);
  const { left, right } = await menu.$eval(".menu-items", (items) => {
    const [box, inner] = [items.getBoundingClientRect(), [...items.querySelectorAll(".button")].map((button) => button.getBoundingClientRect())];
    return { left: Math.min(...inner.map(({ left }) => left)) - box.left, right: box.right - Math.max(...inner.map(({ right }) => right)) };
  });
  assert.ok(left >= 0 && right >= 0, `${left}, ${right}`);
  await page.keyboard.press("Escape");
  assert.ok(!(await isOpen()));
  assert.ok(await summary.evaluate((element) => element === document.activeElement), "the focus is back");
  await summary.click();
  assert.ok(await isOpen());
  await page.click("h1");
  assert.ok(!(await isOpen()));
});

story("the keyboard's first stop leads past the bar and the summary", {}, async ({ page }) => {
  await page.waitForSelector('[data-testid="skip"]');
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "skip");
  const { width, height } = await page.$eval('[data-testid="skip"]', (button) => button.getBoundingClientRect().toJSON());
  assert.ok(width > 100 && height > 20, "it is seen while it has the focus");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "part-layers");
});
