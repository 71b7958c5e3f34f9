import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ComputePool } from '../src/compute/pool.js';
import { readAnswers } from '../src/evaluate/read-answers.js';
import { playEpisodes } from '../src/train/play-episodes.js';
import { trainChild, writeTinyRecipe } from './killed-run.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-interrupt-'));
});
afterAll(() => rmSync(root, { recursive: true }));

it('the first Ctrl-C saves and stops, the second stops at once', async () => {
  const { recipe, run } = writeTinyRecipe({ root });
  const interrupt = (signals: readonly NodeJS.Signals[], resume: boolean) => {
    const left = [...signals];
    return trainChild({
      recipe,
      resume,
      workers: 1,
      onOutput: (errors, kill) => {
        if (/^kd \d+\/60/m.test(errors)) for (const signal of left.splice(0)) kill(signal);
      },
    });
  };
  const first = await interrupt(['SIGINT'], false);
  expect([first.code, first.signal]).toEqual([130, null]);
  expect(first.errors).toMatch(/Stopping.*again stops at once\.\n[\s\S]*interrupted: add --resume to the same command/);
  // Saved after the update that was under way: every line of metrics is of an update that is kept.
  const checkpoints = join(run, 'stages/kd/checkpoints');
  const step = Number(/\d+/.exec(readFileSync(join(checkpoints, 'latest'), 'utf8'))?.[0]);
  const metrics = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  expect(JSON.parse(metrics.at(-1) ?? '')).toMatchObject({ stage: 'kd', step });
  expect(existsSync(join(run, 'run.lock'))).toBe(false);

  const second = await interrupt(['SIGTERM', 'SIGINT'], true);
  // By the signal that comes second.
  expect([130, 143]).toContain(second.code);
  expect(second.errors).not.toContain('interrupted:');
  expect(existsSync(join(run, 'run.lock'))).toBe(false);
  expect(readdirSync(checkpoints)).toContain('latest');
}, 120_000);

/** A pool whose jobs never end. */
const stuck: ComputePool = {
  parallel: 2,
  run: () => new Promise(() => undefined),
  broadcast: async () => undefined,
  close: async () => undefined,
};

it('an interrupt does not wait for rollouts, nor for reading', async () => {
  const controller = new AbortController();
  const task = { id: 'a', question: '?', goldenAnswers: ['b'] };
  const shared = {
    pool: stuck,
    tokenizer: '',
    retriever: { url: 'http://127.0.0.1:9' },
    environment: { topK: 1, maxSearches: 1, maxTokensPerTurn: 8, maxObservationTokens: 8, maxContextTokens: 32 },
    temperature: 0,
    seed: 1,
    batchSize: 1,
    signal: controller.signal,
  };
  const playing = playEpisodes({ ...shared, policy: 'expert', tasks: [task] });
  const reading = readAnswers({
    ...shared,
    policy: { model: 'student' },
    requests: [{ task, passages: [] }],
    think: false,
  });
  controller.abort(new Error('Ctrl-C'));
  await expect(playing).rejects.toThrow('Ctrl-C');
  await expect(reading).rejects.toThrow('Ctrl-C');
});
