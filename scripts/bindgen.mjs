// The program of scripts/bindgen/, compiled when it is not yet: binds a compiled binary to JavaScript, splits the page.
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT, run } from "./run.mjs";

const FOLDER = path.join(ROOT, "scripts", "bindgen");
// Beside what else is installed for the build, where `make clean` leaves it.
const TARGET = path.join(ROOT, ".tools", "bindgen");

/**
 * Compiles the program, which takes nothing when that is done.
 * @returns {Promise<string>} its path
 */
export async function compileBindgen(settings = {}) {
  checkVersions();
  const manifest = path.join(FOLDER, "Cargo.toml");
  await run("cargo", ["build", "--quiet", "--locked", "--manifest-path", manifest, "--target-dir", TARGET], settings);
  return path.join(TARGET, "debug", process.platform === "win32" ? "convscope-bindgen.exe" : "convscope-bindgen");
}

/** What the page was compiled with and what binds it are to be of one version. */
function checkVersions() {
  const page = lockedVersion(path.join(ROOT, "Cargo.lock"), "wasm-bindgen");
  const program = lockedVersion(path.join(FOLDER, "Cargo.lock"), "wasm-bindgen-cli-support");
  if (page === program) return;
  throw new Error(`Cargo.lock has wasm-bindgen ${page}: ask for this version of wasm-bindgen-cli-support in scripts/bindgen/Cargo.toml`);
}

function lockedVersion(file, name) {
  const found = new RegExp(`^name = "${name}"\\r?\\nversion = "(.+)"$`, "m").exec(readFileSync(file, "utf8"));
  if (!found) throw new Error(`${path.relative(ROOT, file)} names no ${name}`);
  return found[1];
}
