// Starts programs for the build: their output is shown, and a failure is an error.
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, in which every program runs. */
export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

// wasm-opt and esbuild are packages of npm.
const environment = { ...process.env, PATH: [path.join(ROOT, "node_modules", ".bin"), process.env.PATH].join(path.delimiter) };

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {string[]} options
 * @param {{ signal?: AbortSignal }} settings `signal` ends it early
 * @returns {Promise<void>} rejected when it cannot be started, fails or is ended
 */
export function run(command, options, { signal } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, options, { cwd: ROOT, env: environment, stdio: ["ignore", "inherit", "inherit"], signal });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${path.basename(command)} failed`))));
  });
}
