import type { BlasFacts } from '@dgpo/lm';
import { median } from '../measure.js';
import type { BenchCase } from './cases.js';
import type { RolloutParts } from './measure-rollout.js';
import type { UpdateTimes } from './measure-update.js';
import { type Part, parts } from './profile-parts.js';

/** Updates of one case in one place: those of the process, of several, that was disturbed least. */
export interface Measurement {
  runner: string;
  case: BenchCase['name'];
  updates: UpdateTimes[];
  /** Largest resident memory of the process. */
  peakMemoryBytes: number;
  versions?: Record<string, string>;
}

/** What `bench/results/trainer.json` holds. */
export interface TrainerResults {
  machine: { cpu: string; cores: number; node: string };
  blas?: BlasFacts;
  cases: readonly BenchCase[];
  /** Processes of each runner, one runner after the other in every round. */
  rounds: number;
  /** Runners that could not run, and why. */
  absent: Record<string, string>;
  measurements: Measurement[];
  rollouts: ({ runner: string; case: BenchCase['name'] } & RolloutParts)[];
}

const phases = ['rollout', 'teacher', 'critic', 'update'] as const;
type Phase = (typeof phases)[number];

const isTorch = (runner: string) => runner.startsWith('PyTorch');
const whole = (value: number) => Math.round(value).toLocaleString('en-US');
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

/** Median over the updates. */
const over = ({ updates }: Pick<Measurement, 'updates'>, figure: (update: UpdateTimes) => number) =>
  median(updates.map(figure));
/** Tokens of all episodes in a second of the whole update, or of a phase. */
export const rate = (measurement: Pick<Measurement, 'updates'>, phase?: Phase) =>
  over(measurement, ({ tokens, all, phases: spent }) => tokens / (phase === undefined ? all : spent[phase]).seconds);

function updateTable(measurements: readonly Measurement[]): string {
  const best = Math.max(...measurements.filter(({ runner }) => isTorch(runner)).map((measured) => rate(measured)));
  return table(
    [
      '',
      'episodes/s',
      'tokens/s (ratio)',
      'tokens per processor second',
      ...phases.map((phase) => `${phase}: s (tokens/s)`),
      'peak memory',
    ],
    measurements.map((measured) => {
      const ratio =
        isTorch(measured.runner) || !Number.isFinite(best) ? '' : ` (**${(rate(measured) / best).toFixed(2)}**)`;
      return [
        measured.runner,
        over(measured, ({ episodes, all }) => episodes / all.seconds).toFixed(1),
        `${whole(rate(measured))}${ratio}`,
        whole(over(measured, ({ tokens, all }) => tokens / all.cpuSeconds)),
        ...phases.map(
          (phase) =>
            `${over(measured, (update) => update.phases[phase].seconds).toFixed(2)} (${whole(rate(measured, phase))})`,
        ),
        `${(measured.peakMemoryBytes / 2 ** 30).toFixed(1)} GiB`,
      ];
    }),
  );
}

/** How much faster two workers are than one, by phase. */
function scalingLine(measurements: readonly Measurement[]): string[] {
  const [one, two] = ['wasm, 1 worker', 'wasm, 2 workers'].map((name) =>
    measurements.find(({ runner }) => runner === name),
  );
  if (one === undefined || two === undefined) return [];
  const gains = phases.map((phase) => `${phase} ${(rate(two, phase) / rate(one, phase)).toFixed(2)}`);
  return [
    `Two workers against one, \`wasm\`: ${gains.join(', ')}; the whole update ${(rate(two) / rate(one)).toFixed(2)}.`,
  ];
}

const rolloutRows: readonly { name: string; parts: readonly (Part | 'messages')[] }[] = [
  { name: 'model', parts: ['model'] },
  { name: 'sampler: drawing tokens, slots, stop tags', parts: ['drawing tokens', 'sampler'] },
  { name: 'episode loop, environment, parser', parts: ['episode loop'] },
  { name: 'tokenizer', parts: ['tokenizer'] },
  { name: 'retriever, waiting for its files', parts: ['retriever', 'waiting'] },
  { name: 'jobs and messages', parts: ['jobs', 'messages'] },
  { name: 'garbage collector, runtime', parts: ['garbage', 'runtime'] },
];

function rolloutTable(rollouts: TrainerResults['rollouts']): string {
  const share = ({ seconds }: RolloutParts, wanted: readonly (Part | 'messages')[]) =>
    wanted.reduce((sum, part) => sum + seconds[part], 0) /
    [...parts, 'messages' as const].reduce((sum, part) => sum + seconds[part], 0);
  return table(
    ['share of a rollout', ...rollouts.map((rollout) => `${rollout.case}, ${rollout.runner}`)],
    rolloutRows.map((row) => [row.name, ...rollouts.map((rollout) => percent(share(rollout, row.parts)))]),
  );
}

/** The tables of `docs/performance.md`. */
export function trainerTables(results: TrainerResults): string {
  const { machine, blas, cases, rounds, absent, measurements, rollouts } = results;
  const versions = measurements.find((measurement) => measurement.versions)?.versions ?? {};
  const where = [
    `${machine.cores} cores of ${machine.cpu}`,
    `Node ${machine.node}`,
    ...(blas === undefined ? [] : [blas.config]),
    ...Object.entries(versions).map(([name, version]) => `${name} ${version}`),
  ].join(', ');
  const sections = cases.flatMap((item) => {
    const own = measurements.filter((measurement) => measurement.case === item.name);
    const [first] = own;
    if (first === undefined) return [];
    const length = Math.round(over(first, ({ tokens, episodes }) => tokens / episodes));
    const sampled = Math.round(over(first, ({ sampledTokens, episodes }) => sampledTokens / episodes));
    return [
      `**${item.name}**: ${item.episodes} episodes of about ${length} tokens, ${sampled} of them sampled.`,
      updateTable(own),
      ...scalingLine(own),
    ];
  });
  const left = Object.entries(absent).map(([runner, reason]) => `${runner} did not run: ${reason}.`);
  return [
    `${where}. Medians over the updates of a process, of the fastest of ${rounds} processes. In brackets after tokens/s the ratio to PyTorch with its best number of threads.`,
    ...sections,
    ...(rollouts.length === 0
      ? []
      : ['**Where the time of a rollout goes**, one thread, by the sampling profiler of V8.', rolloutTable(rollouts)]),
    ...left,
  ].join('\n\n');
}
