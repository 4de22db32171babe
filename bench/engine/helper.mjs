// A helper of the engine: parts of steps, over the memory of the page that started it.
addEventListener("message", async ({ data: { module, memory, stack, member } }) => {
  const nothing = () => { throw new Error("a helper computes, and no more"); };
  const { exports } = await WebAssembly.instantiate(module, { env: { memory, now: nothing, wake: nothing } });
  exports.__stack_pointer.value = stack;
  const view = new Int32Array(memory.buffer);
  postMessage("ready");
  for (;;) Atomics.wait(view, exports.bell() / 4, exports.help(member));
});
