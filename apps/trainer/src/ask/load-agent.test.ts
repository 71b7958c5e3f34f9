import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentEvent } from '@dgpo/envs';
import { ConfigError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeTinyAgent } from './__fixtures__/tiny-agent.js';
import { loadAgent } from './load-agent.js';

const settings = {
  topK: 1,
  maxSearches: 1,
  maxTokensPerTurn: 8,
  maxObservationTokens: 40,
  maxContextTokens: 128,
  promptTemplate: 'Question: {question}\n',
};

let root: string;
let plain: { checkpoint: string; index: string };
let withRules: { checkpoint: string; index: string };
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-agent-'));
  plain = await writeTinyAgent(join(root, 'plain'));
  withRules = await writeTinyAgent(join(root, 'rules'), settings);
});
afterAll(() => rmSync(root, { recursive: true }));

async function eventsOf(events: AsyncIterable<AgentEvent>) {
  const list: AgentEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

it('keeps the rules of agent.json, asks, and frees everything', async () => {
  const before = tf.memory().numTensors;
  const agent = await loadAgent({ ...withRules, engine: 'cpu' });
  expect(agent.settings).toEqual(settings);
  expect(agent.engine.name).toBe('cpu');
  const events = await eventsOf(agent.ask('What is the capital of Peru?'));
  const last = events.at(-1);
  if (last?.type !== 'answer') throw new Error('the last event is the answer');
  expect(last.trajectory.segments[0]).toMatchObject({
    kind: 'prompt',
    text: 'Question: What is the capital of Peru?\n',
  });
  const written = last.trajectory.segments.filter((segment) => segment.kind === 'policy');
  expect(written.map((segment) => segment.tokenIds?.length ?? 0).every((count) => count >= 1 && count <= 8)).toBe(true);
  expect(written.length).toBeLessThanOrEqual(2);
  expect(await eventsOf(agent.ask('What is the capital of Peru?'))).toEqual(
    events.map((event) =>
      event.type === 'answer'
        ? { ...event, trajectory: { ...event.trajectory, id: expect.any(String), task: expect.anything() } }
        : event,
    ),
  );
  agent.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it('lets options win over agent.json, and has usual rules for a model without one', async () => {
  const agent = await loadAgent({ ...withRules, engine: 'cpu', maxSearches: 3 });
  expect(agent.settings).toEqual({ ...settings, maxSearches: 3 });
  agent.dispose();
  const other = await loadAgent({ ...plain, engine: 'cpu' });
  expect(other.settings).toMatchObject({ topK: 3, maxSearches: 4, maxContextTokens: 256 });
  expect(other.settings.maxTokensPerTurn + 2 * other.settings.maxObservationTokens).toBeLessThan(256);
  other.dispose();
});

it('takes any retriever', async () => {
  const index = { retrieve: async ({ queries }: { queries: readonly string[] }) => queries.map(() => []) };
  const agent = await loadAgent({ checkpoint: withRules.checkpoint, index, engine: 'cpu' });
  expect(typeof (await agent.answer('Where?'))).toMatch(/string|object/);
  agent.dispose();
});

it('says what is wrong', async () => {
  const engine = 'cpu';
  await expect(loadAgent({ ...plain, engine, checkpoint: join(root, 'x') })).rejects.toThrow(/not a model folder/);
  await expect(loadAgent({ ...plain, engine, index: join(root, 'x') })).rejects.toThrow(/there is no index here/);
  await expect(loadAgent({ ...plain, engine, maxContextTokens: 512 })).rejects.toThrow(
    'maxContextTokens: is 512, but this model reads 256 tokens',
  );
  writeFileSync(join(plain.checkpoint, 'agent.json'), '{"topK": 0}');
  await expect(loadAgent({ ...plain, engine })).rejects.toThrow(/agent\.json: topK: /);
  writeFileSync(join(plain.checkpoint, 'agent.json'), '{');
  await expect(loadAgent({ ...plain, engine })).rejects.toBeInstanceOf(ConfigError);
});
