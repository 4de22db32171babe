// What a visit begins with: starts the page's binary, and says so where it cannot start or has stopped. It stands outside
// of the binary, as that can say nothing any more by then.

/** What src/ui/keep/session.rs keeps for this tab: the last line is the link of what was made. */
const SESSION = "convscope.session";
/** What was begun to open and has not been shown: when, and its link. */
const OPENING = "convscope.opening";

/** Light or dark, where one has chosen (src/ui/header/theme.rs). */
try {
  const theme = localStorage.getItem("convscope.theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {}

addEventListener("error", ({ error }) => heed(error));
addEventListener("unhandledrejection", ({ reason }) => heed(reason));

if (typeof WebAssembly === "object") {
  import("./page.js").then((page) => page.default()).then(styleWhatComesLater).catch((error) => isEnd(error) || say(
    "Convscope could not start.",
    `A part of the page could not be fetched or is not understood by this browser (${error?.message ?? error}).`,
  ));
} else {
  say("Convscope could not start.", "It computes in the browser with WebAssembly, which this browser lacks or forbids.");
}

/** The style sheets of the later binary (src/ui/later.rs): it takes longer to arrive than they do. */
function styleWhatComesLater() {
  document.head.append(element("link", { rel: "stylesheet", href: new URL("later.css", import.meta.url).href }));
}

// Once the page has come to rest it is kept for when there is no network (src/site/sw.js); a draft is not.
const build = document.querySelector("meta[name='build']")?.content;
if (navigator.serviceWorker && /^[0-9a-f]{16}$/.test(build)) setTimeout(keepForOffline, 4000);

async function keepForOffline() {
  try {
    const registration = await navigator.serviceWorker.register("./sw.js");
    registration.addEventListener("updatefound", () => {
      const { installing } = registration;
      installing?.addEventListener("statechange", () => {
        // The first one of all is no news.
        if (installing.state === "installed" && navigator.serviceWorker.controller) dispatchEvent(new Event("convscope-newer"));
      });
    });
  } catch {
    // A browser that keeps nothing: the page is fetched each time.
  }
}

/** Whether nothing in the binary can go on after an error: a panic, a stack or a memory that is used up. */
function isEnd(error) {
  const isTrap = typeof WebAssembly === "object" && error instanceof WebAssembly.RuntimeError;
  const isUsedUp = error instanceof RangeError || error?.name === "InternalError";
  return isTrap || (isUsedUp && String(error.stack).includes("wasm"));
}

function heed(error) {
  if (!isEnd(error)) return;
  try {
    // What ends while it is opened is not opened again by itself.
    const opening = localStorage.getItem(OPENING);
    if (opening) localStorage.setItem(OPENING, opening.replace(/^[^\n]*/, "0"));
  } catch {}
  say("The page has stopped at a fault of its own.", "What you made is kept: reload the page to go on.", globalThis.convscopePanic ?? error.message);
}

/** Shows what happened above all else, with the ways out. Once: what follows from a fault tells nothing. */
function say(title, words, cause = "") {
  if (document.querySelector("[data-testid='stopped']")) return;
  const bar = element("section", { className: "card problems stopped", role: "alert" });
  bar.dataset.testid = "stopped";
  bar.append(element("h2", { textContent: title }), element("p", { textContent: words }));
  const link = kept();
  const reload = element("button", { className: "button primary", textContent: "Reload", onclick: () => location.reload() });
  const anew = element("a", { className: "button", textContent: "Begin anew", href: "#fresh", onclick: () => setTimeout(() => location.reload()) });
  const ways = element("p", { className: "ways" });
  ways.append(reload, anew);
  bar.append(ways);
  if (link) {
    const field = element("input", { className: "field", readOnly: true, value: `${location.href.split("#")[0]}#${link}` });
    field.setAttribute("aria-label", "Link to what you made");
    bar.append(field);
  }
  if (cause) bar.append(element("p", { className: "muted", textContent: cause }));
  document.getElementById("skeleton")?.remove();
  for (const part of document.body.children) part.inert = true;
  document.body.prepend(bar);
  bar.scrollIntoView();
}

function kept() {
  try {
    return sessionStorage.getItem(SESSION)?.split("\n").pop();
  } catch {
    return undefined;
  }
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
