import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdamWState } from '@dgpo/lm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ModelCheckpointsOptions, modelCheckpoints } from './model-checkpoints.js';
import type { TrainedParameters } from './trained-model.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-model-checkpoints-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const shapes = new Map([
  ['embedding.weight', [2, 1]],
  ['norm.weight', [1]],
]);

/** Parameters without an engine. */
function fakeModel(name: string, named = true): TrainedParameters & { now: AdamWState } {
  const model = {
    name,
    ...(named ? { shapes } : {}),
    now: stateAt(0),
    update: () => Promise.reject(new Error('not trained here')),
    parameters: async () => model.now.parameters,
    state: async () => model.now,
    load: async (state: AdamWState) => {
      model.now = state;
    },
    dispose: () => undefined,
  };
  return model;
}

const stateAt = (step: number): AdamWState => ({
  step,
  parameters: Float32Array.of(step, 0.1, Number.NaN),
  firstMoment: Float32Array.of(-step, 1e-45, 0),
  secondMoment: Float32Array.of(step / 3, 3e38, -0),
});

function open(options: Partial<ModelCheckpointsOptions> = {}) {
  const model = fakeModel('student');
  const critic = fakeModel('critic', false);
  const checkpoints = modelCheckpoints({ directory, config: { seed: 1 }, models: [model, critic], ...options });
  const save = (step: number, metric?: number) => {
    model.now = stateAt(step);
    critic.now = stateAt(step + 100);
    return checkpoints.save(step, { metric });
  };
  return { model, critic, checkpoints, save };
}

it('gives back every bit of weights, optimiser and further state', async () => {
  let buffer = 'replay';
  const loaded: string[] = [];
  const extras = {
    replay: {
      save: async () => buffer,
      load: (content: Uint8Array) => void loaded.push(Buffer.from(content).toString()),
    },
    schedule: {
      save: () => Uint8Array.of(1, 2),
      load: async (content: Uint8Array) => void loaded.push(`${[...content]}`),
    },
  };
  expect(await open({ extras }).checkpoints.restore()).toBe(0);
  await open({ extras }).save(3);
  buffer = 'later';
  const { model, critic, checkpoints } = open({ extras });
  expect(await checkpoints.restore()).toBe(3);
  expect([model.now, critic.now]).toEqual([stateAt(3), stateAt(103)]);
  expect(Object.is(model.now.secondMoment[2], -0)).toBe(true);
  expect(loaded).toEqual(['replay', '1,2']);
  await expect(open({ extras: { ...extras, guard: extras.replay } }).checkpoints.restore()).rejects.toThrow(
    /has no file extras\/guard/,
  );
});

it('writes weights as safetensors that others read', async () => {
  await open().save(7);
  const file = readFileSync(join(directory, 'checkpoint-7/student/model.safetensors'));
  const length = Number(file.readBigUInt64LE());
  expect(length % 8).toBe(0);
  expect(JSON.parse(file.toString('utf8', 8, 8 + length))).toEqual({
    __metadata__: { format: 'pt' },
    'embedding.weight': { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    'norm.weight': { dtype: 'F32', shape: [1], data_offsets: [8, 12] },
  });
  expect(file.readFloatLE(8 + length)).toBe(7);
  expect(file.length).toBe(8 + length + 12);
});

it('keeps the best, the earliest of equals, and loads it', async () => {
  const { save, checkpoints, model } = open({ keep: 1 });
  expect(await checkpoints.restoreBest()).toBeUndefined();
  const metrics = [0.1, Number.NaN, 0.5, 0.5, undefined, 0.4];
  for (const [index, metric] of metrics.entries()) await save(index + 1, metric);
  expect(readdirSync(directory).sort()).toEqual(['best', 'checkpoint-3', 'checkpoint-6', 'latest']);
  expect(await checkpoints.restoreBest()).toEqual({ step: 3, metric: 0.5 });
  expect(model.now).toEqual(stateAt(3));
  const state = JSON.parse(readFileSync(join(directory, 'checkpoint-6/trainer_state.json'), 'utf8'));
  expect(state).toEqual({ global_step: 6, best_global_step: 3, best_metric: 0.5 });
});

it('goes on from the newest valid one, with the best of that one', async () => {
  const lines: string[] = [];
  const first = open({ keep: 2 });
  for (const [index, metric] of [0.1, 0.2, 0.9].entries()) await first.save(index + 1, metric);
  writeFileSync(join(directory, 'checkpoint-3/student/model.safetensors'), 'torn');
  const second = open({ keep: 2, report: (line) => lines.push(line) });
  expect(await second.checkpoints.restore()).toBe(2);
  expect(lines).toEqual([expect.stringMatching(/^checkpoint-3: student\/model.safetensors is damaged.*checkpoint-2$/)]);
  expect(await second.checkpoints.restoreBest()).toEqual({ step: 2, metric: 0.2 });
  // The same update again: the damaged files are not taken for those of this one.
  await second.save(3, 0.9);
  const third = open({ keep: 2, report: (line) => lines.push(line) });
  expect(await third.checkpoints.restore()).toBe(3);
  expect(third.model.now).toEqual(stateAt(3));
  expect(lines).toHaveLength(1);
});

it('finishes what a killed process had left to do', async () => {
  const { save } = open({ keep: 1 });
  await save(1, 0.5);
  await save(2, 0.4);
  writeFileSync(join(directory, 'best'), 'checkpoint-2\n');
  rmSync(join(directory, 'latest'));
  await modelCheckpoints({ directory, config: { seed: 1 }, models: [fakeModel('student')], keep: 1 }).restore();
  expect(readFileSync(join(directory, 'latest'), 'utf8')).toBe('checkpoint-2\n');
  expect(readFileSync(join(directory, 'best'), 'utf8')).toBe('checkpoint-1\n');
  expect(existsSync(join(directory, 'checkpoint-1'))).toBe(true);
});

it('says when metrics of a checkpoint are missing', async () => {
  const metricsPath = join(directory, 'metrics.jsonl');
  const lines: string[] = [];
  const options = { metricsPath, report: (line: string) => lines.push(line) };
  writeFileSync(metricsPath, '{"step":1}\n{"step":2}\n');
  await open(options).save(2);
  expect(await open(options).checkpoints.restore()).toBe(2);
  expect(lines).toEqual([]);
  writeFileSync(metricsPath, '{"step":1}\n');
  expect(await open(options).checkpoints.restore()).toBe(2);
  expect(lines).toEqual([expect.stringMatching(/metrics.jsonl is shorter than when .*checkpoint-2 was written/)]);
});
