// The built page: the folder in DIST when set, else the project's dist/.
import path from "node:path";
import { fileURLToPath } from "node:url";

export const DIST = path.resolve(process.env.DIST ?? fileURLToPath(new URL("../../../dist", import.meta.url)));
