import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDecoder, getParameters, saveModel } from '@dgpo/lm';
import { ConfigError, DatasetError, writeTrajectories } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComputePool } from '../src/compute/pool.js';
import { distillStage } from '../src/pipeline/distill-stage.js';
import { type StageModel, stageModel } from '../src/pipeline/stage-model.js';
import type { Workshop } from '../src/pipeline/workshop.js';
import { distillSchema } from '../src/recipe/distill-section.js';
import { isTiming } from '../src/run/metric-files.js';
import type { RunDirectory } from '../src/run/run-directory.js';
import type { Metrics } from '../src/run/tracker.js';
import { scoreRows } from '../src/train/distillation/score-rows.js';
import { trainDistillation } from '../src/train/distillation/train-distillation.js';
import { playEpisodes } from '../src/train/play-episodes.js';
import { createTrainedModel } from '../src/train/trained-model.js';
import { openTinyWorld, type TinyWorld, tasks, tinyParameters, withPool } from './tiny-world.js';

let world: TinyWorld;
let root: string;
let student: StageModel;
let teacher: StageModel;
let outputs: { path: string; key: string };

beforeAll(async () => {
  world = await openTinyWorld();
  root = mkdtempSync(join(tmpdir(), 'dgpo-distill-'));
  const save = async (name: string, seed: number) => {
    const directory = join(root, name);
    const { config, tokenizer } = world;
    await saveModel({ directory, config, parameters: tinyParameters(world, seed), tokenizer });
    return stageModel(directory);
  };
  [student, teacher] = [await save('student', 4), await save('teacher', 2)];
  const path = join(root, 'kept.jsonl');
  await withPool(world, 0, async (pool) => {
    const shared = { ...world.playground(pool), policy: 'expert' as const, temperature: 0 };
    await writeTrajectories(path, await playEpisodes({ ...shared, tasks, seed: 1 }));
  });
  outputs = { path, key: 'outputs' };
});
afterAll(() => {
  world.close();
  rmSync(root, { recursive: true });
});

type Section = Parameters<typeof distillSchema.parse>[0];

interface Run {
  folder: string;
  section: Section;
  workers?: number;
  /** Is interrupted by the user after this update. */
  stopAfter?: number;
  /** Is killed after this update: nothing more is saved. */
  killAfter?: number;
}

const common = { numTrainEpochs: 2, batchSize: 2, microBatchSize: 1, learningRate: 0.01, warmupSteps: 1 };

/** Runs the stage as far as it gets; gives back its metrics by update and its model. */
async function runStage({ folder, section, workers = 0, stopAfter, killAfter }: Run) {
  const path = join(root, folder);
  mkdirSync(path, { recursive: true });
  const interrupt = new AbortController();
  const metrics: Metrics[] = [];
  const log = (values: Metrics, step: number) => {
    metrics[step] = Object.fromEntries(Object.entries(values).filter(([name]) => !isTiming(name)));
    if (step === stopAfter) interrupt.abort(new Error('interrupted'));
    if (step === killAfter) throw new Error('killed');
  };
  const tracker = () => ({ log, finish: async () => undefined });
  const quiet = () => undefined;
  const model = await withPool(world, workers, (pool) => {
    const workshop: Partial<Workshop> = {
      run: { path } as RunDirectory,
      pool,
      reporter: { stage: quiet, line: quiet, progress: quiet, tracker },
      tracker,
      signal: interrupt.signal,
    };
    return distillStage({
      workshop: workshop as Workshop,
      name: 'distill',
      playground: world.playground(pool),
      student,
      teacher,
      outputs,
      tasks,
      settings: distillSchema.parse({ ...common, ...(section as object) }),
      seed: 5,
    }).catch((error: Error) => {
      if (error.message !== 'interrupted' && error.message !== 'killed') throw error;
    });
  });
  return { metrics, key: model?.key };
}

const fileOf = (folder: string, name: string) =>
  readFileSync(join(root, folder, 'stages/distill', name)).toString('latin1');

const adaptive = {
  objective: 'distillm',
  divergence: { name: 'skew-fkl' },
  // Both kinds of rows of the student within a few updates.
  distillm: { threshold: 0.9, lossEps: 0, replayRatio: 'constant', replayCapacity: 4 },
  validationEpisodes: 2,
  evalSteps: 1,
  numTrainEpochs: 4,
};

const sections: Record<string, Section> = {
  sft: { objective: 'sft' },
  kd: { objective: 'kd' },
  gkd: { objective: 'gkd', divergence: { name: 'js' } },
  'gkd on-policy': { objective: 'gkd', divergence: { name: 'rkl' }, onPolicy: { fraction: 1 }, maxSteps: 6 },
  distillm: adaptive,
  taid: { objective: 'taid', taid: { alpha: 0.1 } },
  minillm: { objective: 'minillm', maxSteps: 6 },
  opd: { objective: 'opd', maxSteps: 6 },
} as Record<string, Section>;

describe.each(Object.entries(sections))('%s', (name, section) => {
  it('stopped and killed, it goes on to the bytes of a straight run', async () => {
    const [straight, broken] = [`straight-${name}`, `broken-${name}`];
    const whole = await runStage({ folder: straight, section: { ...(section as object), saveSteps: 2 } });
    const steps = whole.metrics.length - 1;
    expect(steps).toBeGreaterThanOrEqual(6);
    const parts: Metrics[] = [];
    const resumed = { folder: broken, section: { ...(section as object), saveSteps: 2 } };
    // On a checkpoint, between two, and twice without any progress.
    for (const stop of [{ stopAfter: 1 }, { killAfter: 2 }, { killAfter: 3 }, { stopAfter: 4 }, { killAfter: 5 }, {}]) {
      const part = await runStage({ ...resumed, ...stop });
      part.metrics.forEach((values, step) => {
        parts[step] = values;
      });
      if (Object.keys(stop).length === 0) expect(part.key).toBe(whole.key);
    }
    expect(parts).toEqual(whole.metrics);
    const last = steps - (steps % 2);
    const files = ['model/model.safetensors', `checkpoints/checkpoint-${last}/manifest.json`];
    for (const file of files) expect(fileOf(broken, file) === fileOf(straight, file), file).toBe(true);
    for (const values of whole.metrics.slice(1)) expect(Number.isFinite(values.loss)).toBe(true);
  });
});

describe('the course of a training', () => {
  it('taid moves its target towards the teacher', async () => {
    const { metrics } = await runStage({ folder: 'course-taid', section: sections.taid });
    const path = metrics.slice(1).map((values) => values.taid_t as number);
    expect(path[0]).toBe(0.4);
    expect(path.toSorted((a, b) => a - b)).toEqual(path);
    expect(path.at(-1)).toBeGreaterThan(0.6);
  });

  it('distillm learns from data, from what the student plays and from what it played', async () => {
    const { metrics } = await runStage({ folder: 'course-distillm', section: sections.distillm });
    const updates = metrics.slice(1);
    const played = updates.filter((values) => values.on_policy === 1 && values.valid_action_rate !== undefined);
    const replayed = updates.filter((values) => values.on_policy === 1 && values.valid_action_rate === undefined);
    expect(played.length).toBeGreaterThan(0);
    expect(replayed.length).toBeGreaterThan(0);
    expect(updates.some((values) => values.on_policy === 0)).toBe(true);
    expect(updates.every((values) => Number.isFinite(values.eval_loss))).toBe(true);
  });

  it('gkd plays a share of its rows, others in every update, and the number of workers changes nothing', async () => {
    const section = { ...(sections.gkd as object), onPolicy: { fraction: 0.6 }, batchSize: 6 };
    const [inThread, two] = await Promise.all(
      [0, 2].map((workers) => runStage({ folder: `course-gkd-${workers}`, section, workers })),
    );
    expect(two).toEqual(inThread);
    const shares = inThread?.metrics.slice(1).map((values) => values.on_policy as number) ?? [];
    expect(Math.max(...shares)).toBeLessThan(1);
    expect(Math.max(...shares)).toBeGreaterThan(0);
  });

  it('on-policy episodes differ from update to update', async () => {
    const jobs: string[] = [];
    const record = (pool: ComputePool): ComputePool => ({
      ...pool,
      run: async (list) => {
        const results = await pool.run(list);
        list.forEach((job, index) => {
          if (job.kind === 'episodes') jobs.push(JSON.stringify([job.seed, results[index]]));
        });
        return results;
      },
    });
    await withPool(world, 0, async (pool) => {
      const recorded = record(pool);
      const quiet = () => undefined;
      const tracker = () => ({ log: quiet, finish: async () => undefined });
      mkdirSync(join(root, 'differ'));
      const workshop: Partial<Workshop> = {
        run: { path: join(root, 'differ') } as RunDirectory,
        pool: recorded,
        reporter: { stage: quiet, line: quiet, progress: quiet, tracker },
        tracker,
        signal: undefined,
      };
      await distillStage({
        workshop: workshop as Workshop,
        name: 'distill',
        playground: world.playground(recorded),
        student,
        teacher,
        outputs: undefined,
        tasks: tasks.slice(0, 1),
        settings: distillSchema.parse({ ...common, objective: 'opd', maxSteps: 3, batchSize: 1 }),
        seed: 5,
      });
    });
    expect(new Set(jobs).size).toBe(3);
  });
});

describe('a teacher that is not in the workers', () => {
  const train = (section: object, isRemote: boolean) =>
    withPool(world, 0, async (pool) => {
      const { config } = world;
      const model = await createTrainedModel({ pool, name: 'student', config, parameters: tinyParameters(world, 4) });
      const metrics: Metrics[] = [];
      let asked = 0;
      try {
        await trainDistillation({
          settings: distillSchema.parse({ ...common, objective: 'opd', maxSteps: 2, ...section }),
          pool,
          student: model,
          playground: world.playground(pool),
          tasks,
          seed: 5,
          onStep: (_, values) => {
            metrics.push(values);
          },
          ...(isRemote
            ? {
                scoreTeacher: async (rows) => {
                  asked += rows.length;
                  const scores = await scoreRows({ pool, model: 'teacher', rows, microBatchSize: 1, temperature: 1 });
                  return scores.map((logProbs) => ({ logProbs }));
                },
              }
            : { teacher: 'teacher' }),
        });
      } finally {
        model.dispose();
      }
      return { metrics, asked };
    });

  it('scores what the student sampled, at temperature 1', async () => {
    const [local, remote] = [await train({}, false), await train({}, true)];
    expect(remote.asked).toBe(4);
    remote.metrics.forEach((values, step) => {
      expect(Math.abs((values.loss as number) - (local.metrics[step]?.loss as number))).toBeLessThan(1e-5);
      expect(Math.abs((values.kl as number) - (local.metrics[step]?.kl as number))).toBeLessThan(1e-5);
    });
    await expect(train({ onPolicy: { temperature: 0.5 } }, true)).rejects.toThrow(
      /distill\.onPolicy\.temperature: must be 1 where the teacher is not local/,
    );
  });
});

describe('what cannot be distilled', () => {
  const refused = (changes: Partial<Parameters<typeof distillStage>[0]>) =>
    withPool(world, 0, (pool) => {
      const quiet = () => undefined;
      const tracker = () => ({ log: quiet, finish: async () => undefined });
      const workshop: Partial<Workshop> = {
        run: { path: mkdtempSync(join(root, 'refused-')) } as RunDirectory,
        pool,
        reporter: { stage: quiet, line: quiet, progress: quiet, tracker },
        tracker,
        signal: undefined,
      };
      return distillStage({
        workshop: workshop as Workshop,
        name: 'distill',
        playground: world.playground(pool),
        student,
        teacher,
        outputs,
        tasks,
        settings: distillSchema.parse({ ...common }),
        seed: 5,
        ...changes,
      }).then(
        () => undefined,
        (error: unknown) => error,
      );
    });

  it('a teacher with another vocabulary', async () => {
    const config = { ...world.config, vocabularySize: world.config.vocabularySize + 8 };
    const decoder = createDecoder({ config });
    const parameters = (await getParameters(decoder)).slice();
    decoder.dispose();
    const error = await refused({ teacher: { ...teacher, weights: { ...teacher.weights, config, parameters } } });
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(/the student has a vocabulary of \d+ and the teacher one of \d+; take models/);
  });

  it('no demonstrations, or none left beside those held out', async () => {
    const path = join(root, 'empty.jsonl');
    await writeTrajectories(path, []);
    const none = await refused({ outputs: { path, key: 'none' } });
    expect(none).toBeInstanceOf(DatasetError);
    expect(String(none)).toMatch(/there are no demonstrations to learn from/);
    const held = await refused({ settings: distillSchema.parse({ objective: 'distillm' }) });
    expect(String(held)).toMatch(/all 6 demonstrations would be held out/);
  });

  it('no questions where the student plays', async () => {
    const error = await refused({ settings: distillSchema.parse({ objective: 'opd' }), outputs: undefined, tasks: [] });
    expect(String(error)).toMatch(/there are no questions to learn from/);
  });
});
