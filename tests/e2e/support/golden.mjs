// The reference data of the stories: the folder in GOLDEN_DIR when set, else the project's fixtures.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = process.env.GOLDEN_DIR ?? fileURLToPath(new URL("../../fixtures/golden", import.meta.url));

export function readGolden(name) {
  return JSON.parse(readFileSync(path.join(FOLDER, name), "utf8"));
}

/** The question's pair on the line of 150 values on which PyTorch's figures of seed.json were taken. */
export const LINE =
  "v=1&a=1x1x150.c4k2p1.bn.relu.max2.c8k2p1.bn.relu.max2.c16k2p1.bn.relu.max2.flat.fc36.relu.fc3&b=separable";
