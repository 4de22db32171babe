// A static file server for the built page: 127.0.0.1 only, correct MIME types, nothing cached.
// As a program: node scripts/serve.mjs [--port 8080] [--no-isolation] [FOLDER]; as a module: startServer().
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const MIME_TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** Where a page hears what `tell` says. */
const EVENTS = "/events";

/** What makes a page cross-origin isolated, so that it has memory that threads share. */
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/**
 * Serves `folder` on 127.0.0.1. Port 0 takes any free port. Pages are cross-origin isolated but with `isolated: false`. With `events`, pages that listen at `/events` hear, as
 * server-sent events, what `tell` is given.
 * @returns {Promise<{url: string, tell: (event: string) => void, close: () => Promise<void>}>} the address ends in a slash
 */
export async function startServer({ folder, port = 0, events = false, isolated = true }) {
  const root = path.resolve(folder);
  const listeners = new Set();
  const server = createServer((request, response) => {
    if (events && request.url === EVENTS) return listen(listeners, response);
    answer(root, isolated ? ISOLATION : {}, request, response).catch(() => fail(response, 500));
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    tell: (event) => {
      for (const response of listeners) response.write(`data: ${event}\n\n`);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** Serves at the port that the command line names; ends the program, saying why, where another one has it. */
export async function serve(settings = {}) {
  const { values, positionals } = parseArgs({
    options: { port: { type: "string", default: "8080" }, "no-isolation": { type: "boolean", default: false } },
    allowPositionals: true,
  });
  try {
    return await startServer({ folder: positionals[0] ?? "dist", port: Number(values.port), isolated: !values["no-isolation"], ...settings });
  } catch (error) {
    if (error.code !== "EADDRINUSE") throw error;
    console.error(`Port ${values.port} is taken; another one: PORT=8081`);
    process.exit(1);
  }
}

function listen(listeners, response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  response.flushHeaders();
  listeners.add(response);
  response.on("close", () => listeners.delete(response));
}

async function answer(root, headers, request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") return fail(response, 405);
  const file = fileOf(root, request.url);
  if (file === null) return fail(response, 400);
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) return fail(response, 404);
  response.writeHead(200, {
    "Content-Type": MIME_TYPES[path.extname(file)] ?? "application/octet-stream",
    "Content-Length": found.size,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  if (request.method === "HEAD") return response.end();
  createReadStream(file)
    .on("error", () => response.destroy())
    .pipe(response);
}

/** The file that a request's target names below `root`, or null for a target that is no path inside it. */
function fileOf(root, target) {
  try {
    const name = decodeURIComponent(new URL(target, "http://localhost").pathname);
    if (name.includes("\0")) return null;
    const file = path.join(root, name.endsWith("/") ? `${name}index.html` : name);
    return file.startsWith(root + path.sep) ? file : null;
  } catch {
    return null;
  }
}

function fail(response, status) {
  if (response.headersSent) return response.destroy();
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" });
  response.end(`${status}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve();
  console.log(`Convscope is at ${server.url} (Ctrl+C stops it)`);
}
