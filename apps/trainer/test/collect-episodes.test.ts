import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTrajectories, type Trajectory } from '@dgpo/trajectory';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { collectEpisodes, readCollected } from '../src/pipeline/collect-episodes.js';
import { collectStage, requireDemonstrations } from '../src/pipeline/collect-stage.js';
import type { DemonstrationStatistics } from '../src/pipeline/demonstration-statistics.js';
import type { Workshop } from '../src/pipeline/workshop.js';
import { distillSchema } from '../src/recipe/distill-section.js';
import type { RunDirectory } from '../src/run/run-directory.js';
import { openTinyWorld, type TinyWorld, tasks, withPool } from './tiny-world.js';

let world: TinyWorld;
let root: string;
beforeAll(async () => {
  world = await openTinyWorld();
  root = mkdtempSync(join(tmpdir(), 'dgpo-collect-'));
});
afterAll(() => {
  world.close();
  rmSync(root, { recursive: true });
});

it('a broken collection goes on to the bytes of a straight one', () =>
  withPool(world, 0, async (pool) => {
    const shared = {
      playground: world.playground(pool),
      policy: { model: 'sampled' },
      tasks,
      samplesPerTask: 2,
      temperature: 1,
      seed: 7,
    };
    const [straight, broken] = [join(root, 'straight.jsonl'), join(root, 'broken.jsonl')];
    await collectEpisodes({ ...shared, path: straight });
    const expected = readFileSync(straight, 'utf8');

    const interrupt = new AbortController();
    const first = collectEpisodes({
      ...shared,
      path: broken,
      tasksPerCall: 2,
      onProgress: (done) => {
        if (done === 8) interrupt.abort(new Error('interrupted'));
      },
      signal: interrupt.signal,
    });
    await expect(first).rejects.toThrow('interrupted');
    const part = readFileSync(broken, 'utf8');
    expect(part.length).toBeGreaterThan(0);
    expect(expected.startsWith(part)).toBe(true);
    expect(part).not.toBe(expected);
    // As a process leaves it that is killed while it writes.
    appendFileSync(broken, expected.slice(part.length, part.length + 99));
    let played = 0;
    await collectEpisodes({
      ...shared,
      path: broken,
      onProgress: (done) => {
        played = done;
      },
    });
    expect(readFileSync(broken, 'utf8') === expected).toBe(true);
    expect(played).toBe(12);

    const episodes: Trajectory[] = [];
    for await (const trajectory of readCollected(broken)) episodes.push(trajectory);
    expect(episodes.map(({ task, sample }) => `${task.id}#${sample}`)).toEqual(
      tasks.flatMap(({ id }) => [`${id}#0`, `${id}#1`]),
    );
  }));

it('keeps correct episodes once and says what became of each question', () =>
  withPool(world, 0, async (pool) => {
    const quiet = () => undefined;
    const tracker = () => ({ log: quiet, finish: async () => undefined });
    const workshop: Partial<Workshop> = {
      run: { path: root } as RunDirectory,
      pool,
      reporter: { stage: quiet, line: quiet, progress: quiet, tracker },
      signal: undefined,
    };
    const collect = (changes: object) =>
      collectStage({
        workshop: workshop as Workshop,
        playground: {
          ...world.playground(pool),
          environment: { ...world.playground(pool).environment, maxTokensPerTurn: 40 },
        },
        teacher: 'expert',
        tasks: tasks.map((task) => ({
          ...task,
          goldenAnswers: task.id === 'q5' ? ['none of these'] : task.goldenAnswers,
        })),
        settings: { ...distillSchema.parse({ samplesPerTask: 3 }), ...changes },
        seed: 1,
      });
    const { path, statistics } = await collect({});
    const kept: string[] = [];
    for await (const { task, sample } of readTrajectories(path)) kept.push(`${task.id}#${sample}`);
    const { perTask, ...written } = JSON.parse(readFileSync(join(path, '../statistics.json'), 'utf8'));
    expect(written).toEqual(statistics);
    const solved = perTask
      .filter(({ correct }: { correct: number }) => correct === 3)
      .map(({ id }: { id: string }) => id);
    expect(perTask.map(({ id }: { id: string }) => id)).toEqual(tasks.map(({ id }) => id));
    // The expert does the same every time.
    expect(kept).toEqual(solved.map((id: string) => `${id}#0`));
    expect(solved.length).toBeGreaterThan(0);
    expect(statistics).toMatchObject({
      tasks: 6,
      samples: 18,
      correct: 3 * solved.length,
      duplicates: 2 * solved.length,
      kept: solved.length,
      errors: 0,
    });
    expect(statistics.minPolicyTokens).toBeGreaterThan(0);
    expect(statistics.maxPolicyTokens).toBeGreaterThanOrEqual(statistics.minPolicyTokens);
    expect((await collect({ dedupe: false })).statistics.kept).toBe(3 * solved.length);
    expect((await collect({ dedupe: false, maxPerTask: 2 })).statistics.kept).toBe(2 * solved.length);
    expect((await collect({ dedupe: false, maxEpisodes: 1 })).statistics.kept).toBe(1);
  }));

it('nothing to learn from is an error with the counts', () => {
  const statistics: DemonstrationStatistics = {
    tasks: 6,
    samples: 12,
    correct: 0,
    duplicates: 0,
    kept: 0,
    tasksSolved: 0,
    meanSearches: 0,
    meanPolicyTokens: 0,
    errors: 3,
    minPolicyTokens: 0,
    maxPolicyTokens: 0,
  };
  expect(() => requireDemonstrations(statistics, 'teacher')).toThrow(
    /the teacher answered none of 6 training questions correctly in 12 episodes \(3 ended by an error\)/,
  );
  expect(() => requireDemonstrations({ ...statistics, correct: 4 }, 'expert')).toThrow(
    /the expert has 4 correct episodes of 12, but none without .*requireValidActions/,
  );
  expect(() => requireDemonstrations({ ...statistics, correct: 4, kept: 1 }, 'expert')).not.toThrow();
});
