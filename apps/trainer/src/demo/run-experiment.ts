import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bootstrapInterval, type Figure, formatMarkdownTable, pairedBootstrap } from '@dgpo/arc';
import type { Reporter } from '../pipeline/reporter.js';
import { type DemoEntry, runDemo } from './run-demo.js';

export interface ExperimentOptions {
  outputDir: string;
  /** Gets results.json and results.md. */
  resultsDir: string;
  seeds: readonly number[];
  /** Held-out questions of each set. */
  questions: number;
  /** Every method of the comparison; otherwise only PPO from base. */
  all: boolean;
  workers: number;
  reporter: Reporter;
  signal?: AbortSignal;
}

const sets = ['fiction', 'facts'] as const;
type SetName = (typeof sets)[number];

/** 1 for a right answer, 0 for a wrong one, in the order of the questions. */
function correctness(entry: DemoEntry, set: SetName): number[] {
  const evaluation = entry.evaluation.sets.find(({ name }) => name === set);
  return (evaluation?.trajectories ?? []).map(({ outcome }) => (outcome.correct ? 1 : 0));
}

/** The same question in every seed is one draw: correctness is averaged over seeds first, then questions are resampled. */
function overSeeds(runs: readonly (readonly number[])[]): number[] {
  return (runs[0] ?? []).map((_, question) => runs.reduce((sum, run) => sum + (run[question] ?? 0), 0) / runs.length);
}

interface MethodResult {
  method: string;
  /** Exact match per set: every seed, and the mean over seeds with its 95 % interval. */
  exactMatch: Record<SetName, { seeds: number[]; mean: Figure }>;
  validActionRate: Record<SetName, number[]>;
  searches: Record<SetName, number[]>;
  /** Difference to the cold start on the same questions and seeds. */
  aboveColdStart: Record<SetName, Figure>;
  collapsed: string[];
}

const bySet = <T>(make: (set: SetName) => T): Record<SetName, T> => ({
  fiction: make('fiction'),
  facts: make('facts'),
});
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function summarizeMethod(method: string, runs: readonly (readonly DemoEntry[])[]): MethodResult {
  const entries = runs.flatMap((run) => run.filter(({ name }) => name === method));
  const coldStarts = runs.flatMap((run) => run.filter(({ name }) => name === 'cold-start'));
  const figure = (name: 'validActionRate' | 'executedSearches') =>
    bySet((set) =>
      entries.map(
        (entry) =>
          entry.evaluation.sets.find((candidate) => candidate.name === set)?.summary.overall.figures[name].mean ??
          Number.NaN,
      ),
    );
  return {
    method,
    exactMatch: bySet((set) => {
      const all = entries.map((entry) => correctness(entry, set));
      return { seeds: all.map(mean), mean: bootstrapInterval({ values: overSeeds(all), seed: 0 }) };
    }),
    validActionRate: figure('validActionRate'),
    searches: figure('executedSearches'),
    aboveColdStart: bySet((set) =>
      pairedBootstrap({
        baseline: overSeeds(coldStarts.map((entry) => correctness(entry, set))),
        candidate: overSeeds(entries.map((entry) => correctness(entry, set))),
        seed: 0,
      }),
    ),
    collapsed: entries.flatMap(({ collapsed }) => (collapsed === undefined ? [] : [collapsed])),
  };
}

const percent = (value: number) => (100 * value).toFixed(1);
const interval = ({ mean: value, low, high }: Figure) => `${percent(value)} [${percent(low)}, ${percent(high)}]`;

/** What guessing the most frequent answer of each question type would score. */
function guessing(runs: readonly (readonly DemoEntry[])[]): Record<SetName, number> {
  const [entry] = runs[0] ?? [];
  return bySet((set) => entry?.evaluation.sets.find(({ name }) => name === set)?.baseline.exactMatch ?? Number.NaN);
}

function markdown(
  options: ExperimentOptions,
  methods: readonly MethodResult[],
  guessed: Record<SetName, number>,
): string {
  const table = formatMarkdownTable({
    columns: [
      'method',
      ...sets.flatMap((set) => [`EM ${set} (95 %)`, `seeds`, `above cold start (95 %)`]),
      'valid actions',
      'searches',
    ],
    rows: methods.map((result) => [
      result.method,
      ...sets.flatMap((set) => [
        interval(result.exactMatch[set].mean),
        result.exactMatch[set].seeds.map(percent).join(' / '),
        interval(result.aboveColdStart[set]),
      ]),
      percent(mean(sets.flatMap((set) => result.validActionRate[set]))),
      mean(sets.flatMap((set) => result.searches[set])).toFixed(2),
    ]),
  });
  const collapses = methods.flatMap(({ method, collapsed }) => collapsed.map((reason) => `- ${method}: ${reason}`));
  return [
    '# The demo over several seeds',
    '',
    `Seeds ${options.seeds.join(', ')}; ${options.questions} held-out questions of each set, the same for every method; greedy decoding.`,
    'Intervals resample questions; the seeds of a question are averaged first. Made by `npm run experiment:demo`.',
    '',
    table,
    '',
    `Guessing the most frequent answer of each question type would score ${sets.map((set) => `${percent(guessed[set])} % on ${set}`).join(' and ')}.`,
    '',
    ...(collapses.length === 0 ? [] : ['Trainings that were stopped:', '', ...collapses, '']),
  ].join('\n');
}

/** Runs the full preset of the demo over seeds, compares every method on the same questions and writes the figures. */
export async function runExperiment(options: ExperimentOptions): Promise<void> {
  const { outputDir, resultsDir, seeds, questions, all, workers, reporter, signal } = options;
  const runs: (readonly DemoEntry[])[] = [];
  for (const seed of seeds) {
    reporter.stage(`seed ${seed}`);
    const { interrupted, entries } = await runDemo({
      preset: 'full',
      compare: all,
      ...(all ? {} : { methods: ['ppo-from-base'] }),
      controls: true,
      evaluationTasks: questions,
      seed,
      fromScratch: false,
      outputDir: join(outputDir, `seed-${seed}`),
      engine: 'wasm',
      workers,
      resume: true,
      reporter,
      ...(signal === undefined ? {} : { signal }),
    });
    if (interrupted) return;
    runs.push(entries);
    const names = [...new Set(runs.flatMap((run) => run.map(({ name }) => name)))];
    const methods = names.map((name) => summarizeMethod(name, runs));
    const guessed = guessing(runs);
    await mkdir(resultsDir, { recursive: true });
    const done = { ...options, seeds: seeds.slice(0, runs.length) };
    await writeFile(
      join(resultsDir, 'results.json'),
      `${JSON.stringify({ seeds: done.seeds, questions, guessing: guessed, methods }, null, 2)}\n`,
    );
    await writeFile(join(resultsDir, 'results.md'), markdown(done, methods, guessed));
  }
}
