import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { differences, killedRun } from './killed-run.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-resume-'));
});
afterAll(() => rmSync(root, { recursive: true }));

it('a run that is killed at random moments and resumed leaves the bytes of an undisturbed one', async () => {
  const { expected, actual, kills, last } = await killedRun({ root, kills: 3, seed: 1 });
  expect([last.code, last.errors]).toEqual([0, expect.any(String)]);
  expect(kills.length).toBeGreaterThan(0);
  // Weights, optimiser, best checkpoint, metrics, trajectories and events are among what is compared.
  for (const name of [
    'metrics.jsonl',
    'stages/kd/model/model.safetensors',
    'stages/dgpo-reference/model/model.safetensors',
    'stages/dgpo-reference/checkpoints/checkpoint-6/student/optimizer.safetensors',
    'stages/dgpo-reference/checkpoints/checkpoint-6/critic/model.safetensors',
    'stages/dgpo-reference/checkpoints/best',
    'traces/dgpo-reference-6.jsonl',
    'traces/dgpo-reference-6.tokens.jsonl',
    'tensorboard/dgpo-reference',
  ]) {
    expect(expected.get(name)?.length, name).toBeGreaterThan(0);
  }
  expect(expected.get('metrics.jsonl')).toContain('"eval/exact_match":');
  expect(differences(expected, actual)).toEqual([]);
}, 180_000);
