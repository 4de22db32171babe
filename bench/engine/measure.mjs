// Runs in the page of bench.mjs: plans presets and times them.
import { instantiate } from "./threads.mjs";

/** A sample lasts at least so many milliseconds, so that the clock's ticks do not matter. */
const SAMPLE_MS = 5;

/** The benchmark of the module at `url` with so many threads. */
export default async function create(url = "engine.wasm", threads = 1) {
  const engine = await instantiate(url, threads);
  const text = (name) => {
    // Text is not decoded from a shared memory.
    const bytes = new Uint8Array(engine.memory.buffer, Number(name & 0xffffffffn), Number(name >> 32n)).slice();
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
    /** The preset with as many threads as there are; its MACs, or less than 0 where it has no plan. */
    load: (index, int8) => engine.load_preset(index, (int8 ? 4 : 0) | (threads << 8)),
    /** Milliseconds of so many passes. */
    sample(passes) {
      const start = performance.now();
      for (let pass = 0; pass < passes; pass += 1) engine.run();
      return performance.now() - start;
    },
    peak,
    /** What the last pass gave, bit by bit: so many of its values. */
    output: (length) => [...new Uint32Array(engine.memory.buffer, engine.output_address(), length)],
    helped: () => engine.helped(),
    /** Ends the helpers. */
    end: () => engine.end(),
    steps(runs) {
      engine.time_steps(runs);
      const list = [];
      for (let step = 0; engine.step_macs(step) >= 0; step += 1) {
        list.push({ kernel: text(engine.step_kernel(step)), macs: engine.step_macs(step), ms: engine.step_time(step) });
      }
      return list;
    },
  };
}

/** Milliseconds of a preset on each of these engines, which take turns. */
export function measure(engines, index, { seconds, largest, steps, int8 }) {
  const [{ macs }] = engines.map((engine) => ({ macs: engine.load(index, int8) }));
  if (macs < 0) return { macs: 0, skipped: "no plan" };
  if (macs > largest * 1e6) return { macs, skipped: "left out" };
  const runs = engines.map((engine) => {
    let passes = 1;
    // The shortest of three: other programs make single ones long.
    while (Math.min(...[0, 1, 2].map(() => engine.sample(passes))) < SAMPLE_MS) passes *= 2;
    return { engine, passes, times: [] };
  });
  const peaks = [];
  const end = performance.now() + seconds * 1000 * engines.length;
  while (peaks.length < 5 || performance.now() < end) {
    for (const { engine, passes, times } of runs) times.push(engine.sample(passes) / passes);
    peaks.push(engines[0].peak());
  }
  const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
  const outputs = engines.map((engine) => engine.output(4).join());
  return {
    macs,
    // Medians of both, taken in turn: what slows the machine slows both.
    peak: middle(peaks),
    runs: runs.map(({ engine, times }) => ({
      median: middle(times),
      fastest: Math.min(...times),
      /** The first's time by this one's, round by round. */
      ratio: middle(times.map((time, round) => runs[0].times[round] / time)),
      steps: steps ? engine.steps(Math.max(1, Math.ceil((seconds * 1000) / (4 * Math.min(...times))))) : [],
    })),
    agree: outputs.every((output) => output === outputs[0]),
  };
}
