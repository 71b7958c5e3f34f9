// Speed of the wasm kernels on one thread: `node --import tsx --conditions=@dgpo/source tools/build-kernels/bench-kernels.mjs`.
import { loadKernels } from '../../packages/lm/src/kernels/load-kernels.ts';

const memory = new WebAssembly.Memory({ initial: 1024, maximum: 65536 });
const kernels = loadKernels({ memory });
let top = 65536;
const allocate = (bytes) => {
  const at = top;
  top = (top + bytes + 63) & ~63;
  if (top > memory.buffer.byteLength) memory.grow(Math.ceil((top - memory.buffer.byteLength) / 65536));
  return at;
};

/** Seconds per call in the fastest of several rounds, so that other load on the machine matters less. */
const secondsPerCall = (call) => {
  const time = (calls) => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) call();
    return (performance.now() - start) / 1000;
  };
  let calls = 1;
  while (time(calls) < 0.02) calls *= 2;
  return Math.min(...Array.from({ length: 7 }, () => time(calls))) / calls;
};

const forms = { NN: (_m, n, k) => [k, 1, n, 1], NT: (_m, _n, k) => [k, 1, 1, k], TN: (m, n) => [1, m, n, 1] };
const shapes = [
  ['NN', 512, 512, 512],
  ['NT', 512, 512, 512],
  ['TN', 512, 512, 512],
  ['NN', 4096, 128, 128],
  ['NT', 4096, 128, 128],
  ['TN', 128, 128, 4096],
  ['TN', 128, 512, 4096],
  ['NN', 4096, 512, 128],
  ['NT', 4096, 4096, 128],
  ['NN', 64, 128, 128],
  ['NT', 64, 64, 32],
  ['NN', 64, 512, 512],
  ...[1, 2, 3, 4, 8, 9, 16].flatMap((m) => [
    ['NN', m, 512, 128],
    ['NT', m, 4096, 128],
  ]),
];
for (const [form, m, n, k] of shapes) {
  top = 65536;
  const a = allocate(m * k * 4);
  const b = allocate(k * n * 4);
  const c = allocate(m * n * 4);
  const scratch = allocate(kernels.gemmScratchBytes(m, n, k));
  const [aRow, aCol, bRow, bCol] = forms[form](m, n, k);
  new Float32Array(memory.buffer, a, m * k).fill(0.5);
  new Float32Array(memory.buffer, b, k * n).fill(0.25);
  const seconds = secondsPerCall(() => kernels.gemm(m, n, k, a, aRow, aCol, b, bRow, bCol, c, n, 0, 0, scratch));
  console.log(`gemm ${form} ${m}x${n}x${k}: ${((2 * m * n * k) / seconds / 1e9).toFixed(1)} GFLOP/s`);
}
