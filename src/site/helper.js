// A helper of the worker that runs networks: it does parts of steps over that worker's memory, and sleeps in between.
addEventListener("message", async ({ data: { module, memory, stack, member } }) => {
  const imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    // It computes, and no more: what calls for anything else has failed.
    const nothing = () => { throw new Error("A thread of the engine failed."); };
    (imports[from] ??= {})[name] = kind === "memory" ? memory : nothing;
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  exports.__stack_pointer.value = stack;
  const words = new Int32Array(memory.buffer);
  const bell = exports.crew_bell() / 4;
  try {
    for (;;) Atomics.wait(words, bell, exports.crew_help(member));
  } catch (error) {
    exports.crew_lose();
    throw error;
  }
});
