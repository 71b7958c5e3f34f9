import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TrajectoryRecord } from '@dgpo/trajectory';

export interface EpisodeParts {
  id?: string;
  question?: string;
  golden?: string[];
  answer?: string | null;
  correct?: boolean;
  queries?: string[];
  endedBy?: TrajectoryRecord['outcome']['endedBy'];
  policy?: string;
  hops?: number;
}

/** A record of a question that was answered after the given searches, each of which finds the passage about Peru. */
export function record(parts: EpisodeParts = {}): TrajectoryRecord {
  const { id = 'peru', question = 'What money is used in Peru?', golden = ['sol'], answer = 'sol' } = parts;
  const { correct = true, queries = ['money of Peru'], endedBy = 'answer', policy = 'student', hops = 1 } = parts;
  const last = `<answer>${answer}</answer>`;
  return {
    id: `${id}#0`,
    task: {
      id,
      question,
      golden_answers: golden,
      metadata: { hops, supporting_facts: { title: ['Peru'], sent_id: [0] } },
    },
    environment: 'search',
    policy,
    sample: 0,
    segments: [
      { kind: 'prompt', text: question, tokenIds: [10, 11] },
      ...queries.map((query) => ({
        kind: 'policy' as const,
        text: `<search>${query}</search>`,
        tokenIds: [1, 2, 3],
        logProbs: [-0.5, -0.25, -0.125],
      })),
      { kind: 'observation', text: 'Peru: The sol is the money of Peru.', tokenIds: [20, 21, 22, 23] },
      { kind: 'policy', text: last, tokenIds: [4, 5], logProbs: [-1, -2] },
    ],
    actions: [
      ...queries.map((query, turn) => ({
        turn,
        kind: 'search' as const,
        text: `<search>${query}</search>`,
        query,
        executed: true,
        documents: [{ document: { id: 'p0', contents: '"Peru"\nThe sol is the money of Peru.' }, score: 2.5 }],
      })),
      ...(answer === null
        ? []
        : [{ turn: queries.length, kind: 'answer' as const, text: last, answer, executed: true }]),
    ],
    outcome: { correct, reward: correct ? 1 : 0, answer, endedBy },
  };
}

/** Writes a file below a folder: text as it is, records a line each. */
export function put(folder: string, path: string, content: string | readonly object[]): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  const text = typeof content === 'string' ? content : content.map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(file, text);
  return file;
}

/** Of two questions in 3 seconds. */
const cost = {
  engine: 'wasm',
  ...{ questions: 2, episodes: 2, seconds: 3, secondsPerQuestion: 1.5, modelCalls: 5, searches: 3 },
  ...{ promptTokens: null, policyTokens: 13, tokensPerSecond: 13 / 3, peakMemoryBytes: 2 ** 30, errors: 0 },
};

const interval = (mean: number) => ({ mean, low: mean - 0.1, high: mean + 0.1, count: 2 });

/**
 * A folder as people have them: a run directory with curves, a trace whose tokens are recorded and the evaluation of a stage in it; two
 * evaluations on the same questions, of which one differs and one knows its cost; a log of its own.
 */
export function putRuns(folder: string): void {
  put(folder, 'train/config.json', '{}');
  put(folder, 'train/metrics.jsonl', [
    { stage: 'cold-start', step: 1, loss: 2 },
    { stage: 'dgpo', step: 1, reward: 0.25, kl: 'NaN' },
    { stage: 'dgpo', step: 2, reward: 0.5, kl: 0.125 },
  ]);
  put(folder, 'train/timings.jsonl', [{ stage: 'dgpo', step: 1, step_time: 3 }]);
  put(folder, 'train/traces/dgpo-10.jsonl', [record({ id: 'a', correct: false, answer: 'inti' }), record({ id: 'b' })]);
  put(folder, 'train/traces/dgpo-10.tokens.jsonl', [
    {
      id: 'a#0',
      episode: 0,
      gated: true,
      logProbs: [-0.5, -0.25, -0.125, -1, -2],
      referenceLogProbs: [-0.75, -0.25, -0.125, -4, -0.5],
      advantages: [1, 2, 3, 4, 5],
    },
  ]);
  put(folder, 'train/traces/dgpo-2.jsonl', [record({ id: 'c' })]);
  const trajectories = [record({ id: 'a' })].map(({ task: { golden_answers: goldenAnswers, ...task }, ...rest }) => ({
    ...rest,
    task: { ...task, goldenAnswers },
  }));
  const summary = { overall: { figures: { exactMatch: interval(1) } } };
  put(
    folder,
    'train/stages/evaluation-cold-start/evaluation.json',
    JSON.stringify({ sets: [{ name: 'peru', summary, trajectories }] }),
  );
  for (const [name, correct] of [
    ['baseline', false],
    ['candidate', true],
  ] as const) {
    const overall = { figures: { exactMatch: interval(correct ? 1 : 0.5), executedSearches: interval(1.5) } };
    put(
      folder,
      `eval/${name}/results.json`,
      JSON.stringify({ model_name: name, results: {}, dgpo: { sets: [{ name: 'peru', overall }] } }),
    );
    put(folder, `eval/${name}/samples_peru.jsonl`, [
      record({ id: 'a', correct, answer: correct ? 'sol' : 'inti', queries: ['one', 'Two words'], hops: 2 }),
      record({ id: 'b' }),
    ]);
  }
  put(
    folder,
    'eval/baseline/cost.json',
    JSON.stringify({ formatVersion: 1, overall: cost, sets: [{ name: 'peru', cost }] }),
  );
  put(folder, 'logs/mine.jsonl', [record({ id: 'z', question: 'Where is Cusco?', answer: null, endedBy: 'turns' })]);
  put(folder, 'logs/corpus.jsonl', [{ id: '0', contents: 'Peru' }]);
}
