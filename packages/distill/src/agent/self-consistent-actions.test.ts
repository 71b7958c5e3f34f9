import { ConfigError, EnvironmentError } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  codeWorld,
  completionOf,
  drawingPolicy,
  listedPolicy,
  requestOf,
  startOf,
  task,
} from './__fixtures__/code-world.js';
import type { AgentEpisode } from './episode.js';
import { type SelfConsistentActionsOptions, selfConsistentActions } from './self-consistent-actions.js';

async function choose(lines: readonly string[], options: Partial<SelfConsistentActionsOptions> = {}) {
  const { environment, counted } = codeWorld();
  const policy = selfConsistentActions({ policy: listedPolicy(lines), environment, samples: lines.length, ...options });
  const [completion] = await policy.generate([requestOf(startOf())]);
  return { text: completion?.text, completion, cost: policy.cost(), counted };
}

describe('selfConsistentActions', () => {
  test.each([
    { lines: ['answer 1', 'answer 42', 'answer 42'], expected: 'answer 42' },
    { lines: ['answer 42', 'answer 1', 'answer 1', 'answer 42'], expected: 'answer 42' },
    { lines: ['gibberish', 'fail', 'print 7', 'print 8'], expected: 'print 7' },
    { lines: ['gibberish', 'fail', '???'], expected: 'gibberish' },
    { lines: ['add 2', 'add 3', 'add 02'], expected: 'add 2' },
  ])('$lines', async ({ lines, expected }) => {
    expect((await choose(lines)).text).toBe(expected);
  });

  test('the reference key does not vote on answers', async () => {
    const lines = ['answer 1', 'print x', 'answer 42', 'answer 42', 'print x'];
    expect((await choose(lines)).text).toBe('print x');
    expect((await choose(['answer 1', ...lines.slice(2, 4)])).text).toBe('answer 42');
    expect((await choose(lines, { compat: 'reference' })).text).toBe('answer 1');
  });

  test('an outcome of your own', async () => {
    const outcome: SelfConsistentActionsOptions['outcome'] = ({ completion }) =>
      completion.text.startsWith('print') ? null : String(completion.text.length);
    expect((await choose(['print 1', 'print 1', 'add 100', 'answer 42', 'fail 1234'], { outcome })).text).toBe(
      'answer 42',
    );
  });

  test('gives tokens and log-probabilities as sampled, streams the chosen turn alone, and counts', async () => {
    const { environment } = codeWorld();
    let clock = 0;
    const onToken: number[] = [];
    const votes: unknown[] = [];
    const policy = selfConsistentActions({
      policy: listedPolicy(['???', 'add 2', 'add 3', 'add 3', 'fail']),
      environment,
      samples: 5,
      now: () => (clock += 500),
      onVote: ({ candidates, ...vote }) => votes.push({ ...vote, texts: candidates.map(({ text }) => text) }),
    });
    const request = { ...requestOf(startOf()), onToken: (id: number) => onToken.push(id) };
    const [chosen] = await policy.generate([request]);
    expect(chosen).toEqual(completionOf('add 3'));
    expect(onToken).toEqual(chosen?.tokenIds);
    expect(votes).toEqual([
      {
        id: 'sum#1',
        turn: 0,
        chosen: 2,
        valid: 3,
        outcomes: 2,
        votes: 2,
        texts: ['???', 'add 2', 'add 3', 'add 3', 'fail'],
      },
    ]);
    expect(policy.cost()).toEqual({
      turns: 1,
      calls: 5,
      promptTokens: 5 * task.question.length,
      policyTokens: 3 + 5 + 5 + 5 + 4,
      executions: 4, // "add 3" is carried out once
      invalid: 2,
      turnsWithoutValid: 0,
      turnsWithoutAgreement: 0,
      samplingSeconds: 0.5,
      executionSeconds: 0.5,
    });
  });

  test('turns without agreement and without a valid candidate are counted', async () => {
    expect((await choose(['add 1', 'add 2'])).cost).toMatchObject({ turnsWithoutAgreement: 1, turnsWithoutValid: 0 });
    expect((await choose(['fail', 'fail'])).cost).toMatchObject({ turnsWithoutAgreement: 0, turnsWithoutValid: 1 });
    expect((await choose(['fail', 'add 2'])).cost).toMatchObject({ turnsWithoutAgreement: 0, turnsWithoutValid: 0 });
  });

  test('forks: no candidate changes the state, nor what another one does', async () => {
    const { environment } = codeWorld();
    const policy = selfConsistentActions({ policy: listedPolicy(['add 40']), environment, samples: 6 });
    const state: AgentEpisode = { ...startOf(), world: 2 };
    const before = JSON.stringify(state);
    const [completion = completionOf('')] = await policy.generate([requestOf(state)]);
    expect(JSON.stringify(state)).toBe(before);
    const [after] = await environment.step({ turns: [{ state, completion }], tokenizer: policy });
    expect(after?.world).toBe(42);
  });

  test('asks with its own temperature, and releases what it asked for', async () => {
    const { policy: inner, asked, released } = drawingPolicy(['add 1']);
    const policy = selfConsistentActions({ policy: inner, environment: codeWorld().environment, samples: 2 });
    await policy.generate([requestOf(startOf())]);
    policy.release?.(['sum#1']);
    expect(asked).toEqual([
      { id: 'sum#1~0', temperature: 0.4 },
      { id: 'sum#1~1', temperature: 0.4 },
    ]);
    expect(released).toEqual(['sum#1~0', 'sum#1~1']);
    expect(policy.name).toBe('drawing');
  });

  test('one sample is the policy alone', async () => {
    const { text, counted, cost } = await choose(['gibberish']);
    expect(text).toBe('gibberish');
    expect(counted.steps).toBe(0);
    expect(cost).toMatchObject({ turns: 0, calls: 1 });
  });

  test('refuses options out of range and requests without an episode', async () => {
    const parts = { policy: listedPolicy(['add 1']), environment: codeWorld().environment };
    for (const options of [
      { samples: 0 },
      { samples: 1.5 },
      { samples: Number.POSITIVE_INFINITY },
      { temperature: -1 },
      { temperature: Number.NaN },
      { compat: 'reference' as const, outcome: () => 'x' },
    ]) {
      expect(() => selfConsistentActions({ ...parts, ...options })).toThrow(ConfigError);
    }
    const { episode: _, ...request } = requestOf(startOf());
    await expect(selfConsistentActions(parts).generate([request])).rejects.toThrow(EnvironmentError);
    const broken = selfConsistentActions({ ...parts, environment: { step: async () => [] } });
    await expect(broken.generate([requestOf(startOf())])).rejects.toThrow('1 turns were to be carried out, 0 were');
  });
});

const lines = ['add 1', 'add 2', 'answer', 'print x', 'fail', 'gibberish'];

property.prop([fc.array(fc.nat(1000), { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 5 })])(
  'what an episode gets does not depend on the batch',
  async (seeds, samples) => {
    const make = () =>
      selfConsistentActions({ policy: drawingPolicy(lines).policy, environment: codeWorld().environment, samples });
    const requests = seeds.map((seed) => requestOf(startOf(), seed));
    const together = await make().generate(requests);
    const alone = await Promise.all(requests.map(async (request) => (await make().generate([request]))[0]));
    expect(together).toEqual(alone);
  },
);
