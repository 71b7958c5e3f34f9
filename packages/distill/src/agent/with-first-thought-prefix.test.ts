import {
  ConfigError,
  DatasetError,
  encodeTrajectory,
  flattenTrajectory,
  type Trajectory,
  trajectorySchema,
} from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { scripted } from '../teachers/__fixtures__/fake-server.js';
import { createChatPolicy } from '../teachers/create-chat-policy.js';
import {
  codeWorld,
  completionOf,
  drawingPolicy,
  requestOf,
  startOf,
  task,
  tokenizer,
} from './__fixtures__/code-world.js';
import type { AgentRequest } from './episode.js';
import { separatePrefix, withFirstThoughtPrefix } from './with-first-thought-prefix.js';

const prefix = 'Thought: add.\n\n';

function prefixed(prefixes: Record<string, string>, line = 'add 42') {
  const asked: AgentRequest[] = [];
  const { policy, released } = drawingPolicy([line]);
  const spied = withFirstThoughtPrefix({
    prefixes: new Map(Object.entries(prefixes)),
    policy: {
      ...policy,
      generate: (requests) => {
        asked.push(...requests);
        return policy.generate(requests);
      },
    },
  });
  return { policy: spied, asked, released };
}

async function playTwoTurns(): Promise<Trajectory> {
  const { environment } = codeWorld();
  const { policy } = prefixed({ sum: prefix });
  let state = startOf();
  for (let turn = 0; turn < 2; turn++) {
    const [completion = completionOf('')] = await policy.generate([requestOf(state)]);
    [state = state] = await environment.step({ turns: [{ state, completion }], tokenizer });
  }
  const outcome = { correct: true, reward: 1, answer: '42', endedBy: 'answer' } as const;
  const { segments, actions } = state;
  return { id: 'sum#0', task, environment: 'code', sample: 0, segments, actions, outcome };
}

describe('withFirstThoughtPrefix', () => {
  test('the first turn goes on from the prefix, which has no log-probabilities', async () => {
    const { policy, asked } = prefixed({ sum: prefix });
    const tokens: number[] = [];
    const request = { ...requestOf(startOf()), onToken: (id: number) => tokens.push(id) };
    const [completion] = await policy.generate([request]);
    const own = completionOf('add 42');
    const prefixIds = tokenizer.encode(prefix);
    expect(completion).toEqual({
      tokenIds: [...prefixIds, ...own.tokenIds],
      logProbs: [...prefixIds.map(() => Number.NaN), ...own.logProbs],
      text: `${prefix}add 42`,
      finishReason: 'stop',
    });
    expect(asked[0]?.contextTokenIds).toEqual([...request.contextTokenIds, ...prefixIds]);
    expect(asked[0]?.maxTokens).toBe(200 - prefixIds.length);
    expect(asked[0]?.turnPrefix).toBe(prefix);
    // Only the prefix: the policy of this test does not stream.
    expect(tokens).toEqual(prefixIds);
  });

  test('later turns and tasks without a prefix are as they were', async () => {
    const { policy, asked } = prefixed({ other: prefix });
    const later = requestOf({ ...startOf(), turn: 1 });
    const requests = [requestOf(startOf()), later];
    expect(await policy.generate(requests)).toEqual([completionOf('add 42'), completionOf('add 42')]);
    expect(asked).toEqual(requests);
    expect(policy.usage()).toEqual({ used: 0, missing: 1, unusable: 0 });
  });

  test('a prefix that ends the turn or fills it is left out', async () => {
    const { policy } = prefixed({ sum: 'Thought: read\nObservation: 4\n\n' });
    const stopped = { ...requestOf(startOf()), stop: ['Observation:'] };
    const full = { ...requestOf(startOf()), stop: [], maxTokens: 30 };
    expect(await policy.generate([stopped, full])).toEqual([completionOf('add 42'), completionOf('add 42')]);
    expect(policy.usage()).toEqual({ used: 0, missing: 0, unusable: 2 });
  });

  test('encodes as plain text, releases and keeps the name', async () => {
    const { policy: inner, released } = drawingPolicy(['add 1']);
    const special: boolean[] = [];
    const policy = withFirstThoughtPrefix({
      prefixes: new Map([['sum', prefix]]),
      policy: {
        ...inner,
        encode: (text, options) => {
          special.push(options?.allowSpecial ?? false);
          return tokenizer.encode(text);
        },
      },
    });
    await policy.generate([{ ...requestOf(startOf()), stop: [] }]);
    policy.release?.(['sum#1']);
    expect(special).toEqual([false]);
    expect(released).toEqual(['sum#1']);
    expect(policy.name).toBe('drawing');
  });
});

describe('around chat completions', () => {
  const chat = (continueFinalMessage: boolean) => {
    const answer = { choices: [{ message: { content: 'add 42\n```' }, finish_reason: 'stop' }] };
    const { options, requests } = scripted([answer]);
    const policy = createChatPolicy({ ...options, model: 'm', continueFinalMessage });
    return { policy: withFirstThoughtPrefix({ policy, prefixes: new Map([['sum', prefix]]) }), requests };
  };

  test('the request ends with the prefix as a message to go on with', async () => {
    const { policy, requests } = chat(true);
    const state = startOf();
    const [completion] = await policy.generate([{ ...requestOf(state), stop: ['<end_code>'] }]);
    expect(completion?.text).toBe(`${prefix}add 42\n\`\`\`<end_code>`);
    expect(completion?.finishReason).toBe('stop');
    expect(requests[0]?.body).toMatchObject({
      messages: [
        { role: 'user', content: task.question },
        { role: 'assistant', content: prefix },
      ],
      ...{ continue_final_message: true, add_generation_prompt: false },
    });
    const later = await policy.generate([requestOf({ ...state, turn: 1 })]);
    expect(later[0]?.text).toBe('add 42\n```');
    expect(requests[1]?.body).not.toHaveProperty('continue_final_message');
    expect(requests[1]?.body.messages).toHaveLength(1);
  });

  test('a server that does not go on with messages is refused, and not asked', async () => {
    const { policy, requests } = chat(false);
    await expect(policy.generate([requestOf(startOf())])).rejects.toThrow(ConfigError);
    await expect(policy.generate([requestOf(startOf())])).rejects.toThrow(/continueFinalMessage: a turn begins with/);
    expect(requests).toEqual([]);
  });
});

describe('separatePrefix', () => {
  test('gives the prefix a segment of its own; tokens, mask and log-probabilities of the sequence stay', async () => {
    const trajectory = await playTwoTurns();
    const separated = separatePrefix(trajectory, tokenizer);
    expect(flattenTrajectory(separated)).toEqual(flattenTrajectory(trajectory));
    expect(separated.segments.map(({ kind, text, logProbs }) => [kind, text, logProbs?.length])).toEqual([
      ['prompt', task.question, undefined],
      ['policy', prefix, undefined],
      ['policy', 'add 42', 6],
      ['observation', '42', undefined],
      ['policy', 'add 42', 6],
      ['observation', '84', undefined],
    ]);
    const written: unknown = JSON.parse(JSON.stringify(encodeTrajectory(separated)));
    expect(trajectorySchema.parse(written)).toEqual(separated);
    expect(separatePrefix(separated, tokenizer)).toEqual(separated);
  });

  test('a turn that is nothing but the prefix; NaN elsewhere is refused', async () => {
    const trajectory = await playTwoTurns();
    const withLogProbs = (logProbs: number[]): Trajectory => ({
      ...trajectory,
      segments: [{ kind: 'policy', text: 'ab', tokenIds: [97, 98], logProbs }],
    });
    const { segments } = separatePrefix(withLogProbs([Number.NaN, Number.NaN]), tokenizer);
    expect(segments).toEqual([{ kind: 'policy', text: 'ab', tokenIds: [97, 98] }]);
    expect(() => separatePrefix(withLogProbs([-1, Number.NaN]), tokenizer)).toThrow(DatasetError);
  });
});
