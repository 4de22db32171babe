// The engine's instance, alone or with helpers over a shared memory. Used in pages.

/** Pages of 64 KiB: what the module asks for at least, and what 32 bits address. */
const FEWEST = 512;
const MOST = 65536;

/**
 * The exports of the engine at `url`; with `threads` more than one the module is one with shared memory, and as many helpers
 * less one are at work when this is done.
 */
export async function instantiate(url, threads = 1) {
  const env = { now: () => performance.now(), wake: () => {} };
  const module = await WebAssembly.compileStreaming(fetch(url));
  const isShared = WebAssembly.Module.imports(module).some(({ kind }) => kind === "memory");
  if (!isShared) {
    if (threads > 1) throw new Error(`${url} is for one thread`);
    return (await WebAssembly.instantiate(module, { env })).exports;
  }
  const memory = new WebAssembly.Memory({ initial: FEWEST, maximum: MOST, shared: true });
  const view = new Int32Array(memory.buffer);
  const { exports } = await WebAssembly.instantiate(module, { env: { ...env, memory, wake: (at) => Atomics.notify(view, at / 4) } });
  const workers = Array.from({ length: threads - 1 }, () => new Worker(new URL("helper.mjs", import.meta.url), { type: "module" }));
  const helpers = workers.map((worker, index) => {
    worker.postMessage({ module, memory, stack: exports.stack(), member: index + 1 });
    return new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = (event) => reject(new Error(event.message));
    });
  });
  await Promise.all(helpers);
  return { ...exports, memory, end: () => workers.forEach((worker) => worker.terminate()) };
}
