// Only a draft of the site has this script. It loads the page again when there is another one, and style sheets without
// that: scripts/dev.mjs says so, or Trunk.
if (import.meta.url.endsWith("?trunk")) {
  new WebSocket(`ws://${location.host}/.well-known/trunk/ws`).addEventListener("message", ({ data }) => {
    if (JSON.parse(data).type === "reload") location.reload();
  });
} else {
  new EventSource("./events").addEventListener("message", ({ data }) => {
    if (data !== "style") return location.reload();
    for (const sheet of document.querySelectorAll("link[rel='stylesheet']")) sheet.href = `${sheet.href.split("?")[0]}?${Date.now()}`;
  });
}
