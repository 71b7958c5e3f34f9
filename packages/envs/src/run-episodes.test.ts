import { ConfigError, DatasetError, flattenTrajectory, type Task, type Trajectory } from '@dgpo/trajectory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFixedRetriever, document } from './__fixtures__/episodes.js';
import { createByteTokenizer } from './byte-tokenizer.js';
import type { GenerateRequest, GenerateResult, Policy } from './policy.js';
import type { Retriever } from './retriever.js';
import { type EpisodeProgress, type RunEpisodesOptions, runEpisodes, streamEpisodes } from './run-episodes.js';
import { createScriptedPolicy } from './scripted-policy.js';
import { createSearchEnvironment } from './search/search-environment.js';

const tokenizer = createByteTokenizer();
const environment = createSearchEnvironment({ ...createFixedRetriever(), maxTokensPerTurn: 40, maxContextTokens: 900 });
const task = (id: string, question = `Question ${id}`): Task => ({ id, question, goldenAnswers: ['yes'] });
const tasks = ['a', 'b', 'c', 'd', 'e'].map((id) => task(id));

/** Writes random ids, tags among them, from the random source of each request; remembers all it wrote. */
function createRandomPolicy() {
  const log = new Map<string, GenerateResult[]>();
  const contexts: Pick<GenerateRequest, 'id' | 'contextTokenIds'>[] = [];
  const released: string[] = [];
  const sizes: number[] = [];
  const policy: Policy = {
    ...tokenizer,
    name: 'random',
    async generate(requests) {
      sizes.push(requests.length);
      return requests.map(({ id, contextTokenIds, maxTokens, random }) => {
        const draw = () => (random.next() < 0.5 ? 256 + random.integer(8) : random.integer(256));
        const tokenIds = Array.from({ length: random.integer(maxTokens + 1) }, draw);
        const logProbs = tokenIds.map(() => -random.next());
        const result: GenerateResult = { tokenIds, logProbs, text: tokenizer.decode(tokenIds), finishReason: 'length' };
        log.set(id, [...(log.get(id) ?? []), result]);
        contexts.push({ id, contextTokenIds });
        return result;
      });
    },
    release: (ids) => void released.push(...ids),
  };
  return { policy, log, contexts, released, sizes };
}

const answering = createScriptedPolicy({ script: () => '<answer>yes</answer>' });
const run = (options: Partial<RunEpisodesOptions>) =>
  runEpisodes({ environment, policy: answering, tasks, seed: 0, ...options });

describe('some of the episodes', () => {
  /** Earlier tasks search longer, so later ones end first. */
  const slowFirst = createScriptedPolicy({
    script: ({ turn, task: { id } }) =>
      turn < 3 - 'abcde'.indexOf(id) ? '<search>x</search>' : '<answer>yes</answer>',
  });

  test('those left out change nothing about the others', async () => {
    const play = async (options: Partial<RunEpisodesOptions>) =>
      run({ policy: createRandomPolicy().policy, samplesPerTask: 2, batchSize: 3, ...options });
    const all = await play({});
    const skip = (id: string) => ['a#0', 'c#1', 'e#0', 'e#1'].includes(id);
    expect(await play({ skip })).toEqual(all.filter(({ id }) => !skip(id)));
    expect(await play({ skip: () => true })).toEqual([]);
  });

  test('as they end, each once', async () => {
    const ids = (trajectories: Trajectory[]) => trajectories.map(({ id }) => id);
    // a takes four turns, b three, c two, d and e one.
    const ended = await run({ policy: slowFirst, batchSize: 5, asTheyEnd: true });
    expect(ids(ended)).toEqual(['d#0', 'e#0', 'c#0', 'b#0', 'a#0']);
    const inOrder = await run({ policy: slowFirst, batchSize: 5 });
    expect([...ended].sort((a, b) => a.id.localeCompare(b.id))).toEqual(inOrder);
  });

  test('top-p reaches the policy, and is left out where nobody asked for it', async () => {
    const seen: (number | undefined)[] = [];
    const policy: Policy = {
      ...answering,
      generate: (requests) => {
        seen.push(...requests.map(({ topP }) => topP));
        return answering.generate(requests);
      },
    };
    await run({ policy, tasks: [task('a')], topP: 0.9 });
    await run({ policy, tasks: [task('a')] });
    expect(seen).toEqual([0.9, undefined]);
  });
});

describe('order and names', () => {
  test('one trajectory per task and sample, in order, however long each takes', async () => {
    // Earlier tasks search longer, so later ones finish first.
    const policy = createScriptedPolicy({
      script: (state) =>
        state.turn < 3 - tasks.findIndex(({ id }) => id === state.task.id)
          ? '<search>x</search>'
          : '<answer>yes</answer>',
    });
    const trajectories = await run({ policy, samplesPerTask: 2, batchSize: 3 });
    expect(trajectories.map(({ id }) => id)).toEqual([
      'a#0',
      'a#1',
      'b#0',
      'b#1',
      'c#0',
      'c#1',
      'd#0',
      'd#1',
      'e#0',
      'e#1',
    ]);
    expect(trajectories.map(({ sample }) => sample)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    expect(trajectories.every(({ outcome }) => outcome.correct)).toBe(true);
  });

  test('a task that comes again gets further samples', async () => {
    const trajectories = await run({ tasks: [task('a'), task('b'), task('a')], samplesPerTask: 2 });
    expect(trajectories.map(({ id }) => id)).toEqual(['a#0', 'a#1', 'b#0', 'b#1', 'a#2', 'a#3']);
  });

  test('two questions with one id are refused', async () => {
    const clashing = run({ tasks: [task('a'), task('a', 'Another question')] });
    await expect(clashing).rejects.toThrow(DatasetError);
    await expect(clashing).rejects.toThrow('task a: two questions have this id');
  });

  test('tasks may come from a stream, and there may be none', async () => {
    async function* stream() {
      yield* tasks;
    }
    expect(await run({ tasks: stream() })).toHaveLength(5);
    expect(await run({ tasks: [] })).toEqual([]);
  });
});

describe('determinism', () => {
  const play = async (options: Partial<RunEpisodesOptions>) => run({ policy: createRandomPolicy().policy, ...options });
  const byId = (trajectories: Trajectory[]) => new Map(trajectories.map((trajectory) => [trajectory.id, trajectory]));

  test('the batch size changes nothing', async () => {
    const one = await play({ batchSize: 1, samplesPerTask: 3 });
    expect(one.some(({ actions }) => actions.length > 1)).toBe(true);
    expect(await play({ batchSize: 4, samplesPerTask: 3 })).toEqual(one);
    expect(await play({ batchSize: 100, samplesPerTask: 3 })).toEqual(one);
  });

  test('the order and the company of tasks change nothing', async () => {
    const forward = byId(await play({}));
    expect(byId(await play({ tasks: [...tasks].reverse() }))).toEqual(forward);
    expect((await play({ tasks: tasks.slice(2, 3) }))[0]).toEqual(forward.get('c#0'));
  });

  test('seeds, tasks and samples differ', async () => {
    const texts = (trajectories: Trajectory[]) =>
      trajectories.map(({ segments }) => segments.find(({ kind }) => kind === 'policy')?.text);
    const first = texts(await play({ samplesPerTask: 2 }));
    expect(new Set(first).size).toBe(first.length);
    expect(texts(await play({ seed: 1, samplesPerTask: 2 }))).not.toEqual(first);
  });
});

describe('token in, token out', () => {
  test('whatever a policy writes: no crash, its tokens as sampled, each context the tokens before', async () => {
    const contents = fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.nat(), contents, fc.integer({ min: 40, max: 400 }), async (seed, texts, maxContextTokens) => {
        const { policy, log, contexts } = createRandomPolicy();
        const retriever: Retriever = {
          retrieve: async ({ queries }) => queries.map(() => texts.map((text, index) => document(`${index}`, text))),
        };
        const trajectories = await runEpisodes({
          environment: createSearchEnvironment({
            retriever,
            maxContextTokens,
            maxTokensPerTurn: 30,
            promptTemplate: '{question}',
          }),
          policy,
          tasks: tasks.slice(0, 2),
          samplesPerTask: 2,
          seed,
          batchSize: 3,
        });
        expect(trajectories).toHaveLength(4);
        for (const trajectory of trajectories) {
          const flat = flattenTrajectory(trajectory);
          const results = log.get(trajectory.id) ?? [];
          expect(flat.tokenIds.filter((_, i) => flat.policyMask[i])).toEqual(results.flatMap((r) => r.tokenIds));
          expect(flat.logProbs.filter((_, i) => flat.policyMask[i])).toEqual(results.flatMap((r) => r.logProbs));
          expect(flat.tokenIds.length).toBeLessThanOrEqual(maxContextTokens);
          expect(trajectory.actions).toHaveLength(results.length);
          for (const { contextTokenIds } of contexts.filter(({ id }) => id === trajectory.id)) {
            expect(flat.tokenIds.slice(0, contextTokenIds.length)).toEqual(contextTokenIds);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the batch', () => {
  test('never exceeds its size and is refilled while tasks are left', async () => {
    const { policy, sizes } = createRandomPolicy();
    await run({ policy, batchSize: 4, samplesPerTask: 4 });
    expect(Math.max(...sizes)).toBe(4);
    // Of 20 episodes the last four are all that may run in a smaller batch.
    expect(sizes.findIndex((size) => size < 4)).toBeGreaterThan(5);
  });

  test('every episode is released once', async () => {
    const { policy, released } = createRandomPolicy();
    const trajectories = await run({ policy, batchSize: 2 });
    expect([...released].sort()).toEqual(trajectories.map(({ id }) => id));
  });

  test('progress counts episodes, correct ones and tokens', async () => {
    const seen: EpisodeProgress[] = [];
    await run({ batchSize: 3, onProgress: (progress) => seen.push(progress) });
    // "<answer>yes</answer>" is five tokens.
    expect(seen).toEqual([
      { finished: 3, correct: 3, errors: 0, running: 0, policyTokens: 15 },
      { finished: 5, correct: 5, errors: 0, running: 0, policyTokens: 25 },
    ]);
  });

  test('progress counts episodes that a failing search ended', async () => {
    const failing = createSearchEnvironment({
      retriever: {
        retrieve: async ({ queries }) => {
          if (queries.includes('b')) throw new Error('connection refused');
          return queries.map(() => []);
        },
      },
    });
    const policy = createScriptedPolicy({
      script: ({ turn, task: { id } }) => (turn === 0 ? `<search>${id}</search>` : '<answer>yes</answer>'),
    });
    const seen: EpisodeProgress[] = [];
    const options = {
      environment: failing,
      policy,
      batchSize: 1,
      onProgress: (now: EpisodeProgress) => seen.push(now),
    };
    const trajectories = await run(options);
    expect(trajectories.map(({ outcome }) => outcome.endedBy)).toEqual([
      'answer',
      'error',
      'answer',
      'answer',
      'answer',
    ]);
    expect(trajectories[1]?.outcome.error).toBe('retriever: connection refused');
    expect(seen.at(-1)).toMatchObject({ finished: 5, correct: 4, errors: 1, running: 0 });
  });

  test('stream yields as it goes, and leaving it early releases what runs', async () => {
    const { policy, released } = createRandomPolicy();
    for await (const trajectory of streamEpisodes({ environment, policy, tasks, seed: 0, batchSize: 5 })) {
      expect(trajectory.id).toBe('a#0');
      break;
    }
    expect([...new Set(released)].sort()).toEqual(['a#0', 'b#0', 'c#0', 'd#0', 'e#0']);
    expect(released).toHaveLength(5);
  });

  test('temperature and stop strings reach the policy', async () => {
    const seen: Pick<GenerateRequest, 'temperature' | 'stop' | 'maxTokens'>[] = [];
    const policy: Policy = {
      ...answering,
      generate(requests) {
        seen.push(
          ...requests.map(({ temperature, stop, maxTokens }) => ({ temperature, stop: stop ?? [], maxTokens })),
        );
        return answering.generate(requests);
      },
    };
    await run({ policy, tasks: tasks.slice(0, 1), temperature: 0 });
    expect(seen).toEqual([{ temperature: 0, stop: ['</search>', '</answer>'], maxTokens: 40 }]);
  });
});

describe('failures', () => {
  test('a retriever that fails for a while spoils its episodes only', async () => {
    let calls = 0;
    const retriever: Retriever = {
      retrieve: async ({ queries }) => {
        calls += 1;
        // The two searches of a turn together, then each again.
        if (calls <= 3) throw new Error('hiccup');
        return queries.map(() => []);
      },
    };
    const policy = createScriptedPolicy({
      script: ({ turn }) => (turn === 0 ? '<search>x</search>' : '<answer>yes</answer>'),
    });
    const trajectories = await run({ environment: createSearchEnvironment({ retriever }), policy, batchSize: 2 });
    expect(trajectories.map(({ outcome }) => outcome.endedBy)).toEqual([
      'error',
      'error',
      'answer',
      'answer',
      'answer',
    ]);
    expect(trajectories[0]?.outcome).toMatchObject({ correct: false, reward: 0, error: 'retriever: hiccup' });
  });

  test('aborting rejects with the reason, also during a search that hangs', async () => {
    const reason = new Error('stopped by the user');
    await expect(run({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const retriever: Retriever = {
      retrieve: () => {
        setTimeout(() => controller.abort(reason), 5);
        return new Promise(() => undefined);
      },
    };
    const policy = createScriptedPolicy({ script: () => '<search>x</search>' });
    const hanging = createSearchEnvironment({ retriever });
    await expect(run({ environment: hanging, policy, signal: controller.signal })).rejects.toBe(reason);
  });

  test('an error of the policy is passed on, and its episodes are released', async () => {
    const released: string[] = [];
    const policy: Policy = {
      ...answering,
      generate: () => Promise.reject(new Error('engine lost')),
      release: (ids) => void released.push(...ids),
    };
    await expect(run({ policy, batchSize: 2 })).rejects.toThrow('engine lost');
    expect(released).toEqual(['a#0', 'b#0']);
  });

  test('a turn that the policy could not write ends its own episode by an error; the others go on', async () => {
    const policy: Policy = {
      ...answering,
      generate: async (requests) => {
        const written = await answering.generate(requests);
        return written.map((result, index) =>
          requests[index]?.id === 'b#0'
            ? { tokenIds: [], logProbs: [], text: '', finishReason: 'end', error: 'no answer after 6 attempts' }
            : result,
        );
      },
    };
    const progress: EpisodeProgress[] = [];
    const trajectories = await run({ policy, batchSize: 3, onProgress: (now) => void progress.push(now) });
    expect(trajectories.map(({ outcome }) => outcome.endedBy)).toEqual([
      'answer',
      'error',
      'answer',
      'answer',
      'answer',
    ]);
    expect(trajectories[1]).toMatchObject({
      actions: [],
      segments: [{ kind: 'prompt' }],
      outcome: { correct: false, reward: 0, answer: null, error: 'no answer after 6 attempts' },
    });
    expect(progress.at(-1)).toMatchObject({ finished: 5, errors: 1, correct: 4 });
  });

  test.each([
    ['too few results', [], 'policy, request a#0: no result'],
    [
      'uneven lists',
      [{ tokenIds: [1, 2], logProbs: [0], text: 'x', finishReason: 'end' as const }],
      'policy, request a#0: 2 token ids but 1 log-probabilities',
    ],
  ])('a policy that breaks its contract by %s is named', async (_, results, message) => {
    await expect(run({ policy: { ...answering, generate: async () => results } })).rejects.toThrow(message);
  });

  test.each([
    ['samplesPerTask', { samplesPerTask: 0 }],
    ['batchSize', { batchSize: 1.5 }],
    ['temperature', { temperature: Number.NaN }],
    ['temperature', { temperature: -1 }],
    ['topP', { topP: 0 }],
    ['topP', { topP: 1.1 }],
  ])('a bad %s is refused by name', async (name, options) => {
    await expect(run(options)).rejects.toThrow(ConfigError);
    await expect(run(options)).rejects.toThrow(`${name}: `);
  });
});
