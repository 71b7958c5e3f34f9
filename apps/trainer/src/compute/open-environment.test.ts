import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHouseholdGames } from '@dgpo/envs/household';
import { createCatalogue, createCatalogueFiles, createGoals } from '@dgpo/envs/webshop';
import type { Task } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTinyWorld, type TinyWorld, tasks, withPool } from '../../test/tiny-world.js';
import { playEpisodes } from '../train/play-episodes.js';
import type { EnvironmentSettings } from './environment-settings.js';
import { openEnvironment } from './open-environment.js';

const rules = { maxTokensPerTurn: 1000, maxObservationTokens: 20_000, maxContextTokens: 1_000_000 };
const household: EnvironmentSettings = { kind: 'household', maxTurns: 50, ...rules };
const invented = { products: 40, seed: 3 };
const webshop: EnvironmentSettings = { kind: 'webshop', maxTurns: 15, catalogue: invented, ...rules };
const goals = createGoals({ catalogue: createCatalogue(invented), seed: 3 }).slice(0, 4);
const games = createHouseholdGames({ seed: 1, perFamily: 1 });

let world: TinyWorld;
let folder: string;
beforeAll(async () => {
  world = await openTinyWorld();
  folder = mkdtempSync(join(tmpdir(), 'dgpo-catalogue-'));
  const { items, attributes, instructions } = createCatalogueFiles(invented);
  const files = { items_shuffle_1000: items, items_ins_v2_1000: attributes, items_human_ins: instructions };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(content));
  }
});
afterAll(() => {
  world.close();
  rmSync(folder, { recursive: true });
});

describe('a job plays the expert of its environment', () => {
  const search: EnvironmentSettings = { topK: 1, maxSearches: 2, ...rules };
  test.each<[string, EnvironmentSettings, readonly Task[]]>([
    ['household', household, games],
    ['household in tags', { ...household, format: 'tags' }, games],
    ['webshop', webshop, goals],
    ['search', search, tasks],
    ['search as ReAct', { ...search, kind: 'search', format: 'react' }, tasks],
    ['search as JSON', { ...search, format: 'json' }, tasks],
  ])('%s', (_, environment, played) =>
    withPool(world, 0, async (pool) => {
      const { retriever, ...playground } = world.playground(pool);
      const episodes = await playEpisodes({
        ...playground,
        ...(environment.kind === 'household' || environment.kind === 'webshop' ? {} : { retriever }),
        environment,
        policy: 'expert',
        tasks: played,
        temperature: 0,
        seed: 1,
      });
      expect(episodes.map(({ outcome }) => outcome.correct)).toEqual(played.map(() => true));
      expect(new Set(episodes.map(({ policy }) => policy))).toEqual(new Set(['expert']));
    }),
  );
});

test('a shop from files is the one that they were written from', async () => {
  const open = (catalogue: typeof invented | { directory: string; seed: number }) =>
    openEnvironment({ settings: { ...webshop, catalogue }, retriever: undefined });
  const [made, read] = [await open(invented), await open({ directory: folder, seed: 3 })];
  const [task = tasks[0] as Task] = goals;
  const turns: string[] = [];
  for (const { environment } of [made, read]) {
    turns.push(environment.oracle?.(environment.start({ task, tokenizer: world.tokenizer })) ?? '');
  }
  expect(turns[0]).toMatch(/search\[/);
  expect(turns[1]).toBe(turns[0]);
});

test.each([
  ['no search engine', { topK: 1, maxSearches: 1, ...rules }, /retriever.*needs a search engine/],
  ['no files', { ...webshop, catalogue: { directory: '/nowhere', seed: 0 } }, /nowhere.*items_shuffle\.json/],
  ['rules out of range', { ...household, maxTurns: 0 }, /maxTurns/],
] as const)('%s is refused', async (_, settings, message) => {
  await expect(openEnvironment({ settings, retriever: undefined })).rejects.toThrow(message);
});
