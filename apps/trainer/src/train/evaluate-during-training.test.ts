import type { Task, Trajectory } from '@dgpo/trajectory';
import { expect, it } from 'vitest';
import type { EpisodesJob } from '../compute/episodes-job.js';
import type { ComputePool } from '../compute/pool.js';
import { evaluateDuringTraining } from './evaluate-during-training.js';

const tasks: Task[] = ['a', 'b', 'c', 'd'].map((id) => ({ id, question: `${id}?`, goldenAnswers: [`city of ${id}`] }));

/** Answers: right in other words, half right, wrong, and one that the search engine broke. */
const answers: Record<string, string | null> = { a: 'The City of A.', b: 'city', c: 'village', d: null };

const episode = (task: Task): Trajectory => {
  const answer = answers[task.id] ?? null;
  const broken = answer === null;
  return {
    id: `${task.id}#0`,
    task,
    environment: 'search-qa',
    sample: 0,
    segments: [{ kind: 'policy', text: 'xy', tokenIds: [1, 2] }],
    actions: [],
    outcome: {
      correct: task.id === 'a',
      reward: task.id === 'a' ? 1 : 0,
      answer,
      endedBy: broken ? 'error' : 'answer',
    },
  };
};

function open(played: EpisodesJob[] = []) {
  const pool = {
    parallel: 1,
    run: async (jobs: readonly EpisodesJob[]) => {
      played.push(...jobs);
      return jobs.map((job) => job.tasks.map(episode));
    },
    broadcast: async () => undefined,
    close: async () => undefined,
  };
  const environment = { topK: 1, maxSearches: 1, maxTokensPerTurn: 8, maxObservationTokens: 8, maxContextTokens: 32 };
  const playground = {
    pool: pool as unknown as ComputePool,
    tokenizer: '',
    retriever: { url: 'http://127.0.0.1:9' },
    environment,
  };
  return (options: { step: number; evalSteps: number; metricForBestModel?: string; tasks?: Task[] }) =>
    evaluateDuringTraining({
      playground,
      model: 'student',
      tasks: options.tasks ?? tasks,
      settings: {
        evalSteps: options.evalSteps,
        metricForBestModel: options.metricForBestModel ?? 'eval/exact_match',
        rolloutBatchSize: 8,
      },
      step: options.step,
      maxSteps: 7,
      seed: 1,
    });
}

it('measures the held-out questions greedily, episodes that the world broke left out', async () => {
  const played: EpisodesJob[] = [];
  const { metrics, metric } = await open(played)({ step: 3, evalSteps: 3 });
  expect(metric).toBeCloseTo(1 / 3, 12);
  expect(metrics['eval/exact_match']).toBe(metric);
  // F1 of "city" against "city of b": precision 1, recall 1/3.
  expect(metrics['eval/f1']).toBeCloseTo((1 + 0.5 + 0) / 3, 12);
  expect(metrics).toMatchObject({ 'eval/searches': 0, 'eval/answered': 1, 'eval/errors': 0.25 });
  expect(metrics['eval/completions/mean_length']).toBe(2);
  expect(Object.keys(metrics).every((name) => name.startsWith('eval/'))).toBe(true);
  expect(played).toHaveLength(1);
  expect(played[0]).toMatchObject({ policy: { model: 'student' }, temperature: 0, samplesPerTask: 1, tasks });
});

it('is due every evalSteps updates and after the last one', async () => {
  const due: number[] = [];
  for (let step = 1; step <= 7; step++) {
    const { metric, metrics } = await open()({ step, evalSteps: 3 });
    if (metric !== undefined) due.push(step);
    else expect(metrics).toEqual({});
  }
  expect(due).toEqual([3, 6, 7]);
  expect(await open()({ step: 7, evalSteps: 0 })).toEqual({ metrics: {}, metric: undefined });
  expect(await open()({ step: 7, evalSteps: 1, tasks: [] })).toEqual({ metrics: {}, metric: undefined });
});

it('chooses the best by the metric that is asked for', async () => {
  const { metric, metrics } = await open()({ step: 7, evalSteps: 1, metricForBestModel: 'eval/f1' });
  expect(metric).toBe(metrics['eval/f1']);
});
