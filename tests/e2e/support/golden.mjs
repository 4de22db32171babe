// The reference data of the stories: the folder in GOLDEN_DIR when set, else the project's fixtures.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = process.env.GOLDEN_DIR ?? fileURLToPath(new URL("../../fixtures/golden", import.meta.url));

export function readGolden(name) {
  return JSON.parse(readFileSync(path.join(FOLDER, name), "utf8"));
}
