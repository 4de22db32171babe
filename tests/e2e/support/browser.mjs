// Starts Chromium for the stories, the screenshots and the benchmarks.
import puppeteer from "puppeteer-core";
import { findChromium } from "../../../scripts/find_chromium.mjs";

const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

/** A headless Chromium with a profile of its own, removed when it closes; or with the one in the folder `profile`. */
export async function startBrowser({ flags = [], profile } = {}) {
  // Chromium's sandbox does not work for root.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return puppeteer.launch({
    executablePath: findChromium(),
    headless: true,
    userDataDir: profile,
    args: [...FLAGS, ...sandbox, ...flags],
  });
}
