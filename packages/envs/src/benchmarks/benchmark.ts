import type { Task } from '@dgpo/trajectory';

/**
 * The seven sets of questions of Search-R1 and DGPO, in the order of their tables, and the mathematics of agent distillation
 * (arXiv 2505.17612), with what each asks for.
 */
export const benchmarkKinds = {
  nq: 'question-answering',
  triviaqa: 'question-answering',
  popqa: 'question-answering',
  hotpotqa: 'question-answering',
  '2wikimultihopqa': 'question-answering',
  musique: 'question-answering',
  bamboogle: 'question-answering',
  'math-500': 'mathematics',
  'gsm-hard': 'mathematics',
  aime: 'mathematics',
  olymmath: 'mathematics',
} as const;

export type BenchmarkName = keyof typeof benchmarkKinds;

/** Question answering over passages, or mathematics; it decides the environment and the measure. */
export type BenchmarkKind = (typeof benchmarkKinds)[BenchmarkName];

/** The names in the order of the tables. */
export const benchmarkNames = Object.keys(benchmarkKinds) as BenchmarkName[];

/** Whether this is one of {@link benchmarkNames}, as it is written there. */
export const isBenchmarkName = (text: string): text is BenchmarkName => Object.hasOwn(benchmarkKinds, text);

/** The questions of one benchmark. */
export interface Benchmark {
  name: BenchmarkName;
  kind: BenchmarkKind;
  /** Each with a golden answer, and `dataset_name`, `type`, `level` and the like as metadata. */
  tasks: Task[];
  /** Where the rows lie that were left out, since they have no golden answer. @default none */
  withoutAnswer?: string[];
}

/** A row of a file before anybody knows what it is. */
export interface BenchmarkRow {
  value: unknown;
  /** `file:line`, or what else names the place. */
  where: () => string;
}

/** The benchmark that a data set's name means, such as `dgslibisey/MuSiQue`; undefined for any other data set. */
export function benchmarkNamed(name: string): BenchmarkName | undefined {
  // verl calls its copies `searchR1_nq`.
  const plain = (name.split('/').at(-1) ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/^searchr1(?=.)/, '');
  const known: Record<string, BenchmarkName> = {
    nq: 'nq',
    naturalquestions: 'nq',
    triviaqa: 'triviaqa',
    popqa: 'popqa',
    hotpot: 'hotpotqa',
    hotpotqa: 'hotpotqa',
    musique: 'musique',
    musiqueans: 'musique',
    bamboogle: 'bamboogle',
    '2wiki': '2wikimultihopqa',
    '2wikimultihop': '2wikimultihopqa',
    '2wikimultihopqa': '2wikimultihopqa',
    math: 'math-500',
    math500: 'math-500',
    gsmhard: 'gsm-hard',
    aime: 'aime',
    olymmath: 'olymmath',
    olymath: 'olymmath',
  };
  return Object.hasOwn(known, plain) ? known[plain] : undefined;
}
