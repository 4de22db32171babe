// Pictures of the built page: node tests/e2e/screenshot.mjs [options] [WIDTHxHEIGHT ...]
//   --dark            in dark colours
//   --window          the window only; without it the whole page
//   --fragment TEXT   opens a link (what stands behind its #)
//   --density NUMBER  device pixels per CSS pixel (default 1)
//   --fill "SELECTOR=TEXT"  types over an input first; --click SELECTOR clicks; both as often as wanted, in order
//   --name TEXT       goes into the files' names
// They land in target/screenshots/; errors of the page are printed.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startServer } from "../../scripts/serve.mjs";
import { startBrowser } from "./support/browser.mjs";
import { DIST } from "./support/dist.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DEFAULT_SIZES = ["1280x900", "390x844"];
const SETTLE_MS = 500;

const { values, positionals, tokens } = parseArgs({
  options: {
    click: { type: "string", multiple: true },
    dark: { type: "boolean", default: false },
    density: { type: "string", default: "1" },
    fill: { type: "string", multiple: true },
    fragment: { type: "string", default: "" },
    name: { type: "string", default: "page" },
    window: { type: "boolean", default: false },
  },
  allowPositionals: true,
  tokens: true,
});
const actions = tokens.filter(({ name }) => name === "click" || name === "fill");
const folder = path.join(ROOT, "target", "screenshots");
await mkdir(folder, { recursive: true });

const server = await startServer({ folder: DIST });
const browser = await startBrowser();
try {
  for (const size of positionals.length > 0 ? positionals : DEFAULT_SIZES) await picture(size);
} finally {
  await browser.close();
  await server.close();
}

async function picture(size) {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(size) ?? [];
  if (!width) throw new Error(`${size} is not WIDTHxHEIGHT`);
  const profile = await browser.createBrowserContext();
  const page = await profile.newPage();
  page.on("console", (message) => console.log(`${size} console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => console.log(`${size} exception: ${error.message}`));
  page.on("requestfailed", (request) => console.log(`${size} failed: ${request.url()}`));
  await page.setViewport({ width: Number(width), height: Number(height), deviceScaleFactor: Number(values.density) });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: values.dark ? "dark" : "light" }]);
  await page.goto(values.fragment ? `${server.url}#${values.fragment}` : server.url, { waitUntil: "networkidle0" });
  for (const action of actions) await act(page, action);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const file = path.join(folder, `${values.name}-${size}${values.dark ? "-dark" : ""}.png`);
  await page.screenshot({ path: file, fullPage: !values.window });
  console.log(path.relative(process.cwd(), file));
  await profile.close();
}

async function act(page, { name, value }) {
  if (name === "click") return page.click(value);
  const at = value.lastIndexOf("=");
  const input = await page.waitForSelector(value.slice(0, at));
  await input.focus();
  await input.evaluate((element) => element.select());
  await page.keyboard.type(value.slice(at + 1));
}
