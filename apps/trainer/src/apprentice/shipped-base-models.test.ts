import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel, parameterCount, selectEngine } from '@dgpo/lm';
import { beforeAll, expect, test } from 'vitest';
import { shippedModel } from '../demo/assets.js';
import { readAgentSettings } from '../evaluate/agent-settings.js';
import { hashFile } from '../run/stable-hash.js';
import type { ApprenticeWorld } from './apprentice-world.js';
import { createHouseholdApprentices } from './household-world.js';
import { measureBase } from './measure-base.js';
import { createWebshopApprentices } from './webshop-world.js';

const worlds: readonly [string, () => ApprenticeWorld][] = [
  ['household', createHouseholdApprentices],
  ['webshop', createWebshopApprentices],
];

beforeAll(() => selectEngine({ engine: 'wasm' }));

test.each(worlds)('the base of the %s is what its manifest says', async (name, create) => {
  const directory = shippedModel(`demo/${name}`) ?? '';
  const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
  expect(manifest.sha256).toBe(await hashFile(join(directory, 'model.safetensors')));
  const { config, parameters } = await loadModel({ directory });
  expect(manifest.parameters).toBe(parameterCount(config));
  expect(parameters.every(Number.isFinite)).toBe(true);
  const { settings } = create();
  expect(await readAgentSettings({ directory, maxPositionEmbeddings: config.maxPositionEmbeddings })).toEqual(settings);
  expect(config.maxPositionEmbeddings).toBeGreaterThan(settings.maxContextTokens);
  const { withHints, withoutHints } = manifest.heldOut;
  // Room to learn, and hints that are worth their tokens.
  expect(withoutHints.success).toBeGreaterThan(0.1);
  expect(withHints.success).toBeGreaterThan(withoutHints.success + 0.15);
});

test.each(worlds)(
  'the base of the %s plays validly, and follows hints',
  async (name, create) => {
    const world = create();
    const tasks = world.tasks({ split: 'unseen', count: 24, seed: 5 });
    const { withHints, withoutHints } = await measureBase({
      directory: shippedModel(`demo/${name}`) ?? '',
      world,
      tasks,
    });
    expect(withoutHints.validActionRate).toBeGreaterThan(0.7);
    expect(withHints.success).toBeGreaterThan(withoutHints.success);
  },
  240_000,
);
