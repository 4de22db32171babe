// Where a Chromium or Chrome is: the file in CHROMIUM when set, else the usual names and places.
// As a program it prints the path, or says in one line what to install.
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const MAC_APPS = ["Google Chrome", "Chromium"].map((app) => `/Applications/${app}.app/Contents/MacOS/${app}`);

/** The path of an executable Chromium or Chrome. Throws, saying what to install, when there is none. */
export function findChromium() {
  const asked = process.env.CHROMIUM;
  if (asked) {
    if (isExecutable(asked)) return asked;
    throw new Error(`CHROMIUM names ${asked}, which cannot be run`);
  }
  const found = findInPath(...NAMES) ?? MAC_APPS.find(isExecutable);
  if (found) return found;
  throw new Error(
    process.platform === "darwin"
      ? "No Chrome found: install Google Chrome (brew install --cask google-chrome), or set CHROMIUM to a browser's path"
      : "No Chromium found: install one (Debian: apt-get install chromium; Ubuntu: Google Chrome's .deb), or set CHROMIUM to its path",
  );
}

/** The first of these programs that PATH has. */
export function findInPath(...names) {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(findChromium());
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
