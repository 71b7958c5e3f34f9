import type { MatrixProduct } from './matrix-products.js';
import type { OpTime } from './op-profile.js';
import type { SamplingFigures } from './sampling.js';

/** What `bench/results.json` holds. */
export interface BenchResults {
  machine: { cpu: string; cores: number; node: string };
  model: { parameters: number; hiddenSize: number; layers: number; heads: number; vocabularySize: number };
  batch: { rows: number; tokensPerRow: number };
  /** Training tokens in a second: forward, backward, AdamW. */
  training: { stock: number; oneThread: number; workers: number; workerCount: number };
  sampling: SamplingFigures & { slots: number; contextTokens: number };
  matrixProducts: MatrixProduct[];
  /** One update on one thread. */
  profile: { seconds: number; optimizerSeconds: number; kernels: OpTime[] };
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const millions = (value: number) => `${(value / 1e6).toFixed(2)} M`;
const milliseconds = (seconds: number) => (seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Kernels of our own start so; all others are TensorFlow.js's. */
const isOwn = (kernel: string) => kernel.startsWith('Dgpo');
const shownKernels = 10;

function profileTable({ seconds, optimizerSeconds, kernels }: BenchResults['profile']): string {
  const row = (name: string, calls: string, spent: number) => [
    name,
    calls,
    milliseconds(spent),
    percent(spent / seconds),
  ];
  const sum = (times: readonly OpTime[]) => times.reduce((total, time) => total + time.seconds, 0);
  const rest = kernels.slice(shownKernels);
  const outside = seconds - optimizerSeconds - sum(kernels);
  return table(
    ['part of one update', 'calls', 'ms', 'share'],
    [
      ...kernels
        .slice(0, shownKernels)
        .map((time) => row(`\`${time.kernel}\`${isOwn(time.kernel) ? '' : ' (stock)'}`, `${time.calls}`, time.seconds)),
      row(`${rest.length} other kernels`, `${rest.reduce((total, time) => total + time.calls, 0)}`, sum(rest)),
      row('AdamW with clipping, upload and download', '1', optimizerSeconds),
      row('outside kernels: graph, copies out of the heap, adding micro-batches', '', outside),
      row('all', '', seconds),
    ],
  );
}

/** The tables of `docs/performance.md`, also printed to the terminal. */
export function resultTables(results: BenchResults): string {
  const { machine, model, batch, training, sampling, profile } = results;
  const rate = (tokens: number) => [whole(tokens), `${(tokens / training.stock).toFixed(1)}×`];
  return [
    `Measured on ${machine.cores} cores of ${machine.cpu}, Node ${machine.node}, engine \`wasm\`.`,
    `**Training** of a decoder with ${millions(model.parameters)} parameters (width ${model.hiddenSize}, ${model.layers} layers, ${model.heads} heads, vocabulary ${whole(model.vocabularySize)}), ${batch.rows} rows of ${batch.tokensPerRow} tokens: forward, backward and AdamW.`,
    table(
      ['', 'training tokens/s', 'against stock'],
      [
        ['stock ops of TensorFlow.js, one thread', ...rate(training.stock)],
        ['our kernels, one thread', ...rate(training.oneThread)],
        [`our kernels, ${training.workerCount} workers`, ...rate(training.workers)],
      ],
    ),
    `**Sampling** with the same decoder on one thread, ${sampling.slots} sequences side by side, contexts of ${sampling.contextTokens} tokens.`,
    table(
      ['', 'tokens/s'],
      [
        ['reading contexts', whole(sampling.contextTokensPerSecond)],
        ['new tokens', whole(sampling.newTokensPerSecond)],
      ],
    ),
    `**Matrix products** of that update (\`rows x inputs → outputs\`), forward, one thread.`,
    table(
      [
        '',
        'our kernel, GFLOP/s',
        'stock, GFLOP/s',
        ...(results.matrixProducts[0]?.blas ?? []).map(
          ({ threads }) => `BLAS, threads: ${threads || 'its own'}; GFLOP/s`,
        ),
      ],
      results.matrixProducts.map(({ shape, own, stock, blas = [] }) =>
        [shape, own, stock, ...blas.map(({ rate }) => rate)].map((cell) =>
          typeof cell === 'number' ? cell.toFixed(1) : cell,
        ),
      ),
    ),
    `**Where one update goes**, one thread.`,
    profileTable(profile),
  ].join('\n\n');
}

/** A page with the tables between its markers, `<!-- name:begin -->` and `<!-- name:end -->`, replaced. */
export function withTables(
  page: string,
  tables: string,
  name: 'bench' | 'bench-lm' | 'bench-trainer' | 'bench-envs' | 'bench-evaluator' = 'bench',
): string {
  const begin = `<!-- ${name}:begin -->`;
  const end = `<!-- ${name}:end -->`;
  const start = page.indexOf(begin);
  const stop = page.indexOf(end);
  if (start < 0 || stop < start) throw new Error(`the page needs the markers ${begin} and ${end}`);
  return `${page.slice(0, start + begin.length)}\n\n${tables}\n\n${page.slice(stop)}`;
}
