// Keeps the page for when there is no network. The build fills in its own name and files; a file of another build is never
// mixed in: each build's files stand in a folder named after their contents, and a visit gets its index.html and all that
// it names from one build.

const BUILD = "BUILD_ID";
const FILES = ["BUILD_FILES"];
const CACHE = `convscope-${BUILD}`;
const PAGE = "./";
/** A cache of this name, empty, is a person's wish for memory that threads share (src/ui/run/isolation.rs). */
const WISH = "isolation";

addEventListener("install", (event) => event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([PAGE, ...FILES]))));

// It takes over when no visit of an older build is left, and then lets go of what that one kept.
addEventListener("activate", (event) => event.waitUntil(forget()));

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(answer(request));
});

async function answer(request) {
  const response = await (request.mode === "navigate" ? page(request) : file(request));
  const isFramed = request.destination === "iframe" || request.destination === "frame";
  return isFramed || response.type !== "basic" || response.redirected || !(await caches.has(WISH)) ? response : isolated(response);
}

/** The same, with what makes a page cross-origin isolated, and its workers too. */
function isolated({ body, status, statusText, headers }) {
  const all = new Headers(headers);
  all.set("Cross-Origin-Opener-Policy", "same-origin");
  all.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(body, { status, statusText, headers: all });
}

async function forget() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("convscope-") && name !== CACHE).map((name) => caches.delete(name)));
}

/** The newest page that is to be had. */
async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await (await caches.open(CACHE)).match(PAGE);
    if (kept) return kept;
    throw error;
  }
}

/** A file of a build never changes: what is kept is as good as what is fetched. */
async function file(request) {
  return (await (await caches.open(CACHE)).match(request)) ?? fetch(request);
}
