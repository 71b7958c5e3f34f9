import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EnvironmentSettings } from '../compute/environment-settings.js';
import { readAgentSettings, writeAgentSettings } from './agent-settings.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-agent-settings-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const limits = { maxTokensPerTurn: 9, maxContextTokens: 99 };
const read = () => readAgentSettings({ directory, maxPositionEmbeddings: 99 });

test.each<EnvironmentSettings>([
  { topK: 1, maxSearches: 2, maxObservationTokens: 9, ...limits },
  {
    kind: 'code',
    maxSteps: 3,
    topK: 1,
    maxObservationTokens: 9,
    errorAdvice: '',
    promptTemplate: '{question}',
    ...limits,
  },
  { kind: 'chain-of-thought', world: { seed: 0, inventedCountries: 400 }, ...limits },
  { kind: 'household', maxTurns: 5, maxObservationTokens: 9, ...limits },
])('the rules of $kind come back', async (settings) => {
  await writeAgentSettings({ directory, settings });
  expect(await read()).toEqual(settings);
});

test.each([
  [{ kind: 'code', topK: 1, maxObservationTokens: 9, ...limits }, /agent\.json: maxSteps/],
  [{ kind: 'chain-of-thought', maxSearches: 1, ...limits }, /maxSearches/],
  [{ kind: 'chess' }, /kind/],
])('%j is refused', async (settings, message) => {
  writeFileSync(join(directory, 'agent.json'), JSON.stringify(settings));
  await expect(read()).rejects.toThrow(message);
});
