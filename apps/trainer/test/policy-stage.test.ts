import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selectEngine } from '@dgpo/lm';
import type { TrajectoryRecord } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComputePool, createComputePool } from '../src/compute/pool.js';
import { policyStage } from '../src/pipeline/policy-stage.js';
import type { Workshop } from '../src/pipeline/workshop.js';
import type { RlSettings } from '../src/recipe/rl-section.js';
import { createLocalExecutor } from '../src/rollout/rollout-executor.js';
import { createJsonlTracker } from '../src/run/jsonl-tracker.js';
import { openRunDirectory } from '../src/run/run-directory.js';
import type { TokenTrace } from '../src/train/policy/token-traces.js';
import { openTinyWorld, type TinyWorld, tasks, tinyParameters, tinySettings } from './tiny-world.js';

let world: TinyWorld;
let root: string;
let pool: ComputePool;
beforeAll(async () => {
  world = await openTinyWorld();
  root = mkdtempSync(join(tmpdir(), 'dgpo-stage-'));
  pool = await createComputePool({ engine: 'wasm', workers: 0 });
});
afterAll(async () => {
  await pool.close();
  world.close();
  rmSync(root, { recursive: true });
});

const killed = new Error('killed');

/** A workshop in this thread, whose tracker throws once an update is logged. */
async function openTinyWorkshop(folder: string, lines: string[], killAt: number | undefined): Promise<Workshop> {
  const run = openRunDirectory({ directory: join(root, folder), config: {}, resume: true });
  return {
    run,
    engine: await selectEngine({ engine: 'wasm' }),
    pool,
    executor: createLocalExecutor(pool),
    signal: undefined,
    traceTokens: 2,
    reporter: {
      stage: () => undefined,
      line: (line) => lines.push(line),
      progress: () => undefined,
      tracker: () => ({ log: () => undefined, finish: async () => undefined }),
    },
    tracker: ({ stage, completedSteps }) => {
      run.rewind({ stage, step: completedSteps });
      const tracker = createJsonlTracker({ metricsPath: run.metricsPath, timingsPath: run.timingsPath, stage });
      return {
        log: (metrics, step) => {
          tracker.log(metrics, step);
          if (step === killAt) throw killed;
        },
        finish: () => tracker.finish(),
      };
    },
    close: async () => run.close(),
  };
}

/** Runs the stage in a folder; it breaks off once the updates in `killAt` are logged, one after the other. */
async function runStage(options: { folder: string; settings: RlSettings; killAt?: readonly number[] }) {
  const { folder, settings, killAt = [] } = options;
  const lines: string[] = [];
  for (const last of [...killAt, undefined]) {
    const workshop = await openTinyWorkshop(folder, lines, last);
    const model = (name: string, seed: number) => ({
      directory: world.directory,
      key: name,
      weights: { config: world.config, parameters: tinyParameters(world, seed), tokenizer: world.tokenizer },
    });
    try {
      const stage = policyStage({
        workshop,
        name: 'rl',
        playground: world.playground(pool),
        student: model('student', 4),
        teacher: model('teacher', 2),
        tasks,
        settings,
        seed: 1,
      });
      if (last === undefined) return { ...(await stage), lines, files: filesOf(join(root, folder)) };
      await expect(stage).rejects.toBe(killed);
    } finally {
      await workshop.close();
    }
  }
  throw new TypeError('unreachable');
}

/** The bytes of what a stage leaves behind. */
function filesOf(folder: string): Map<string, string> {
  const names = [
    'metrics.jsonl',
    ...['stages/rl', 'traces'].flatMap((below) =>
      readdirSync(join(folder, below), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)),
    ),
  ].filter((name) => !name.endsWith('stage.json'));
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
}

const stepsOf = (files: Map<string, string>) =>
  (files.get('metrics.jsonl') ?? '')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { step: number }).step);

describe('a stage whose episodes get too long', () => {
  // Every episode is longer than this: the first verdict comes after two updates.
  const collapse = { ...tinySettings.collapse, window: 2, maximumLength: 3 };
  const settings = { ...tinySettings, maxSteps: 4, saveSteps: 1 };

  it('goes back as often as it may, then stops and says why; also when it is killed in between', async () => {
    const rollingBack: RlSettings = { ...settings, collapse: { ...collapse, action: 'rollBack', maxRollBacks: 2 } };
    const straight = await runStage({ folder: 'straight', settings: rollingBack });
    expect(straight).toMatchObject({ steps: 2 });
    expect(straight.collapsed).toMatch(/the mean length of episodes is .*, above 3 .*; rolled back 2 times before/);
    expect(straight.lines.filter((line) => line.startsWith('rl goes back from update 2 to 0'))).toHaveLength(2);
    const recorded = JSON.parse(straight.files.get('stages/rl/roll-backs.json') ?? '[]') as { to: number }[];
    expect(recorded.map(({ to }) => to)).toEqual([0, 0]);
    expect(stepsOf(straight.files)).toEqual([1, 2]);

    const broken = await runStage({ folder: 'broken', settings: rollingBack, killAt: [2, 2, 1] });
    expect(broken.collapsed).toBe(straight.collapsed);
    expect(broken.files).toEqual(straight.files);
  });

  it('plays other episodes after a roll back', async () => {
    const once: RlSettings = { ...settings, collapse: { ...collapse, action: 'rollBack', maxRollBacks: 1 } };
    const [stopped, again] = [
      await runStage({ folder: 'stopped', settings: { ...settings, collapse: { ...collapse, action: 'stop' } } }),
      await runStage({ folder: 'once', settings: once }),
    ];
    expect(stopped.collapsed).toMatch(/above 3/);
    expect(again.files.get('metrics.jsonl')).not.toBe(stopped.files.get('metrics.jsonl'));
  });

  it('goes on where the recipe only wants to be warned', async () => {
    const warned = await runStage({
      folder: 'warned',
      settings: { ...settings, collapse: { ...collapse, action: 'warn' } },
    });
    expect(warned).toMatchObject({ collapsed: null, steps: 4 });
    expect(warned.lines.filter((line) => /may have collapsed at update 2/.test(line))).toHaveLength(1);
  });
});

it('goes back to the last checkpoint from before the collapse', async () => {
  const settings: RlSettings = { ...tinySettings, maxSteps: 5, saveSteps: 1, learningRate: 0.02 };
  const free = await runStage({ folder: 'free', settings });
  const lines = (free.files.get('metrics.jsonl') ?? '').trim().split('\n');
  const entropies = lines.map((line) => (JSON.parse(line) as { entropy: number }).entropy);
  // A limit that the third update or a later one is the first to cross.
  const [low, high] = [Math.min(...entropies.slice(0, 2)), Math.max(...entropies.slice(0, 2))];
  const crosses = entropies.findIndex((value) => value < low || value > high);
  expect(crosses).toBeGreaterThan(1);
  const crossing = entropies[crosses] as number;
  const limits = crossing < low ? { minimumEntropy: (low + crossing) / 2 } : { maximumEntropy: (high + crossing) / 2 };
  const guarded = await runStage({
    folder: 'guarded',
    settings: {
      ...settings,
      collapse: { ...settings.collapse, action: 'rollBack', window: 1, ...limits, maxRollBacks: 1 },
    },
  });
  const recorded = JSON.parse(guarded.files.get('stages/rl/roll-backs.json') ?? '[]') as { step: number; to: number }[];
  expect(recorded).toMatchObject([{ step: crosses + 1, to: crosses }]);
  // What stood before the roll back still stands.
  const kept = (guarded.files.get('metrics.jsonl') ?? '').trim().split('\n');
  expect(kept.slice(0, crosses)).toEqual(lines.slice(0, crosses));
  expect(kept[crosses]).not.toBe(lines[crosses]);
});

it('rollouts that were played ahead survive a kill', async () => {
  const settings: RlSettings = { ...tinySettings, maxSteps: 5, saveSteps: 2, maxStaleness: 1 };
  const straight = await runStage({ folder: 'ahead', settings });
  expect(stepsOf(straight.files)).toEqual([1, 2, 3, 4, 5]);
  const broken = await runStage({ folder: 'ahead-broken', settings, killAt: [3, 4, 5] });
  expect(broken.files).toEqual(straight.files);
  expect([...straight.files.keys()].filter((name) => name.includes('rollouts'))).toEqual([]);
});

it('pulls towards the student of the start without a teacher', async () => {
  const guidance: RlSettings['guidance'] = {
    ...tinySettings.guidance,
    ...{ reference: 'initial', gate: 'always', estimator: 'k3', form: 'loss', biased: true, beta: 0.1 },
  };
  const { files } = await runStage({ folder: 'anchored', settings: { ...tinySettings, guidance } });
  const [first, second] = (files.get('metrics.jsonl') ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);
  expect(Math.abs(first?.['gated/kl'] ?? 1)).toBeLessThan(1e-5);
  expect(second?.['loss/guidance']).toBeGreaterThan(1e-8);
});

it('records the tokens of the first episodes of a trace: what the policy, the teacher and the advantages say of each', async () => {
  const { files } = await runStage({ folder: 'tokens', settings: { ...tinySettings, maxSteps: 1, saveSteps: 1 } });
  const read = <Line>(name: string) =>
    (files.get(name) ?? '')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  const episodes = read<TrajectoryRecord>('traces/rl-1.jsonl');
  const records = read<TokenTrace>('traces/rl-1.tokens.jsonl');
  expect(records.map(({ episode }) => episode)).toEqual([0, 1]);
  for (const record of records) {
    const { id, outcome, segments } = episodes[record.episode] as TrajectoryRecord;
    expect([record.id, record.gated]).toEqual([id, !outcome.correct]);
    const sampled = segments.flatMap(({ logProbs = [] }) => logProbs);
    expect(record.logProbs).toHaveLength(sampled.length);
    // Not recomputed in this recipe: those of the sampler, to the seven digits of a 32-bit float.
    record.logProbs.forEach((value, index) => {
      expect(Math.abs(value - (sampled[index] as number))).toBeLessThan(1e-5);
    });
    expect(record.referenceLogProbs).toHaveLength(sampled.length);
    expect(record.referenceLogProbs?.every((value) => value < 0)).toBe(true);
    expect(record.advantages).toHaveLength(sampled.length);
  }
});
