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
    canvases.map((canvas) => ({
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
