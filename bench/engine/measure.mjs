// Runs in the page of bench.mjs: plans presets and times them.

/** A sample lasts at least so many milliseconds, so that the clock's ticks do not matter. */
const SAMPLE_MS = 5;

export default async function create() {
  const imports = { env: { now: () => performance.now() } };
  const { instance } = await WebAssembly.instantiateStreaming(fetch("engine.wasm"), imports);
  const engine = instance.exports;
  const text = (name) => {
    const bytes = new Uint8Array(engine.memory.buffer, Number(name & 0xffffffffn), Number(name >> 32n));
    return new TextDecoder().decode(bytes);
  };
  /** The rate of the calibration, in GMAC/s. */
  const peak = () => {
    const start = performance.now();
    const macs = engine.calibrate(2000);
    return macs / (performance.now() - start) / 1e6;
  };
  return {
    presets() {
      const names = [];
      for (let name = text(engine.preset_name(0)); name; name = text(engine.preset_name(names.length))) names.push(name);
      return names;
    },
    /** Milliseconds from an edit of one layer to the new plan: the median and the fastest. */
    replan(index) {
      const PLANS = 16;
      const times = [];
      for (let round = 0; round < 60; round += 1) {
        const start = performance.now();
        if (engine.replan(index, PLANS) !== PLANS) throw new Error("a network cannot be planned");
        times.push((performance.now() - start) / PLANS);
      }
      times.sort((a, b) => a - b);
      return { median: times[times.length >> 1], fastest: times[0] };
    },
    measure(index, { seconds, largest, steps, int8 }) {
      const macs = engine.load_preset(index, int8 ? 4 : 0);
      if (macs < 0) return { macs: 0, skipped: "no plan" };
      if (macs > largest * 1e6) return { macs, skipped: "left out" };
      let passes = 1;
      const sample = () => {
        const start = performance.now();
        for (let pass = 0; pass < passes; pass += 1) engine.run();
        return performance.now() - start;
      };
      // The shortest of three: other programs make single ones long.
      while (Math.min(sample(), sample(), sample()) < SAMPLE_MS) passes *= 2;
      const times = [];
      const peaks = [];
      const end = performance.now() + seconds * 1000;
      while (times.length < 5 || performance.now() < end) {
        times.push(sample() / passes);
        peaks.push(peak());
      }
      times.sort((a, b) => a - b);
      peaks.sort((a, b) => a - b);
      let list;
      if (steps) {
        engine.time_steps(Math.max(1, Math.ceil((seconds * 1000) / (4 * times[0]))));
        list = [];
        for (let step = 0; engine.step_macs(step) >= 0; step += 1) {
          list.push({ kernel: text(engine.step_kernel(step)), macs: engine.step_macs(step), ms: engine.step_time(step) });
        }
      }
      // Medians of both, taken in turn: what slows the machine slows both.
      return { macs, median: times[times.length >> 1], fastest: times[0], peak: peaks[peaks.length >> 1], steps: list };
    },
  };
}
