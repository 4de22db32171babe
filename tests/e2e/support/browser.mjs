// Starts Chromium for the stories, the screenshots and the benchmarks; Firefox where BROWSER=firefox asks for it.
import puppeteer from "puppeteer-core";
import { findChromium, findInPath } from "../../../scripts/find_chromium.mjs";

const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

/** Whether the stories run in Firefox, of which the driver cannot ask all that it asks of Chromium. */
export const IS_FIREFOX = process.env.BROWSER === "firefox";

/** A headless Chromium with a profile of its own, removed when it closes; or with the one in the folder `profile`. */
export async function startBrowser({ flags = [], profile } = {}) {
  if (IS_FIREFOX) {
    return puppeteer.launch({ browser: "firefox", executablePath: process.env.FIREFOX ?? findInPath("firefox-esr", "firefox"), headless: true });
  }
  // Chromium's sandbox does not work for root.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return puppeteer.launch({
    executablePath: findChromium(),
    headless: true,
    userDataDir: profile,
    args: [...FLAGS, ...sandbox, ...flags],
  });
}
