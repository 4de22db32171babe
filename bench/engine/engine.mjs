// The engine behind a plain interface: load(graph, weights), then run(input).
// Options: wasm (the module's URL), kernels=reference, fuse=no, numbers=int8, threads=2 (of a module with shared memory).
import { instantiate } from './threads.mjs';

const CODES = { Conv: 0, Gemm: 1, MaxPool: 2, Add: 3, GlobalAveragePool: 4, Flatten: 5, Concat: 6, relu: 7, relu6: 8, pad: 9 };

/** The numbers that exports.rs reads. */
function describe(graph) {
  const [, c, h, w] = graph.input.shape;
  const numbers = [c, h, w];
  const ids = { [graph.input.name]: 0 };
  const shapes = { [graph.input.name]: graph.input.shape };
  let count = 0;
  const push = (code, inputs, ...args) => {
    numbers.push(code, inputs.length, ...inputs, ...args);
    return ++count;
  };
  const tensor = (name) => [graph.tensors[name].offset / 4, graph.tensors[name].length];
  for (const n of graph.nodes) {
    let inputs = n.in.map((name) => ids[name]);
    let args = [];
    if (n.op === 'Conv') {
      let [top, left, bottom, right] = n.pads;
      if (top !== bottom || left !== right) {
        inputs = [push(CODES.pad, inputs, top, left, bottom, right)];
        top = left = 0;
      }
      args = [n.shape[1], n.group, ...n.kernel, ...n.strides, top, left, ...n.dilations, ...tensor(n.w), ...tensor(n.b)];
    } else if (n.op === 'Gemm') {
      args = [n.shape[1], ...tensor(n.w), ...tensor(n.b)];
    } else if (n.op === 'MaxPool') {
      const [top, left] = n.pads;
      const height = shapes[n.in[0]][2];
      const floor = Math.floor((height + 2 * top - n.kernel[0]) / n.strides[0]) + 1;
      args = [...n.kernel, ...n.strides, top, left, n.shape[2] > floor ? 1 : 0];
    }
    let id = push(CODES[n.op], inputs, ...args);
    if (n.act) id = push(CODES[n.act], [id]);
    ids[n.out] = id;
    shapes[n.out] = n.shape;
  }
  return numbers;
}

export default async function create(options = {}) {
  const url = options.wasm ?? new URL('engine.wasm', import.meta.url);
  const threads = Number(options.threads ?? 1);
  const engine = await instantiate(url, threads);
  const flags = threads << 8 | (options.kernels === 'reference' ? 1 : 0) | (options.fuse === 'no' ? 2 : 0) | (options.numbers === 'int8' ? 4 : 0);
  let input, output;
  return {
    info: { name: 'convscope' },
    wants: ['graph', 'weights'],
    load(graph, weights) {
      const numbers = describe(graph);
      const values = new Float32Array(weights);
      const at = engine.reserve_description(numbers.length);
      new Int32Array(engine.memory.buffer, at, numbers.length).set(numbers);
      const to = engine.reserve_weights(values.length);
      new Float32Array(engine.memory.buffer, to, values.length).set(values);
      if (!engine.load(flags)) throw new Error(`${graph.name} cannot be planned`);
      const size = (shape) => shape.reduce((a, b) => a * b, 1);
      input = new Float32Array(engine.memory.buffer, engine.input_address(), size(graph.input.shape));
      output = new Float32Array(engine.memory.buffer, engine.output_address(), size(graph.output.shape));
    },
    // Memory does not grow after load: the views stay.
    run(values) {
      input.set(values);
      engine.run();
      return output;
    },
    /** Milliseconds, MACs and kernel of each step. */
    steps(runs) {
      const list = [];
      engine.time_steps(runs);
      for (let step = 0; engine.step_macs(step) >= 0; step++) {
        const name = engine.step_kernel(step);
        const bytes = new Uint8Array(engine.memory.buffer, Number(name & 0xffffffffn), Number(name >> 32n)).slice();
        list.push({ kernel: new TextDecoder().decode(bytes), macs: engine.step_macs(step), ms: engine.step_time(step) });
      }
      return list;
    },
  };
}
