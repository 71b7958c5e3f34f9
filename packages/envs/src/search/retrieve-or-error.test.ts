import { RetrieverError, type Trajectory } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { createFixedRetriever, document, peru, play } from '../__fixtures__/episodes.js';
import { createByteTokenizer } from '../byte-tokenizer.js';
import type { Retriever } from '../retriever.js';
import { runEpisodes } from '../run-episodes.js';
import { createScriptedPolicy } from '../scripted-policy.js';
import { createSearchEnvironment, type SearchEnvironmentOptions } from './search-environment.js';

const tokenizer = createByteTokenizer();
const wrong = { correct: false, reward: 0 };
const kinds = ({ segments }: Trajectory) => segments.map(({ kind }) => kind);

describe('a retriever that fails', () => {
  const turns = ['<search>x</search>', '<answer>Peruvian sol</answer>'];
  const failing: Record<string, [Retriever, string]> = {
    rejects: [{ retrieve: () => Promise.reject(new Error('connection refused')) }, 'retriever: connection refused'],
    throws: [
      {
        retrieve: () => {
          throw new Error('broken');
        },
      },
      'retriever: broken',
    ],
    'never answers': [{ retrieve: () => new Promise(() => undefined) }, 'retriever: no answer within 20 ms'],
    'gives too few lists': [{ retrieve: async () => [] }, 'retriever: 0 lists for 1 queries'],
  };

  test.each(Object.entries(failing))('%s: the episode ends as error', async (_, [retriever, error]) => {
    const trajectory = await play(turns, { retriever, retrievalTimeout: 20 });
    expect(kinds(trajectory)).toEqual(['prompt', 'policy']);
    expect(trajectory.actions).toEqual([{ turn: 0, kind: 'search', query: 'x', text: turns[0], executed: false }]);
    expect(trajectory.outcome).toEqual({ ...wrong, answer: null, endedBy: 'error', error });
  });

  test('is told to stop at the timeout', async () => {
    let reason: unknown;
    const retriever: Retriever = {
      retrieve: ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            reason = signal.reason;
            reject(new Error('aborted'));
          });
        }),
    };
    const trajectory = await play(turns, { retriever, retrievalTimeout: 20 });
    expect(trajectory.outcome.error).toBe('retriever: no answer within 20 ms');
    expect(reason).toEqual(new Error('no answer within 20 ms'));
  });

  test('leaves the other episodes of the batch alone', async () => {
    const environment = createSearchEnvironment({
      retriever: { retrieve: () => Promise.reject(new Error('down')) },
    });
    const turn = (text: string) => {
      const tokenIds = tokenizer.encode(text, { allowSpecial: true });
      const completion = { tokenIds, logProbs: tokenIds.map(() => -1), text, finishReason: 'stop' as const };
      return { state: environment.start({ task: peru, tokenizer }), completion };
    };
    const states = await environment.step({
      turns: [turn('<search>x</search>'), turn('<answer>Peruvian sol</answer>'), turn('hm')],
      tokenizer,
    });
    expect(states.map(({ outcome }) => outcome?.endedBy)).toEqual(['error', 'answer', undefined]);
  });

  test('may return more than topK: the rest is dropped', async () => {
    const { retriever } = createFixedRetriever();
    const generous: Retriever = { retrieve: (options) => retriever.retrieve({ ...options, topK: 3 }) };
    expect((await play(turns, { retriever: generous, topK: 1 })).actions[0]?.documents).toHaveLength(1);
  });
});

describe('a query that fails', () => {
  const queries = ['one', 'two', 'three', 'bad', 'four', 'five', 'six'];

  /** Fails as a whole where `bad` is among the queries; remembers what it was asked. */
  function createFussyRetriever(fail: () => Promise<never> = () => Promise.reject(new Error('not this one'))) {
    const calls: (readonly string[])[] = [];
    const retriever: Retriever = {
      async retrieve({ queries: asked }) {
        calls.push(asked);
        if (asked.includes('bad')) return fail();
        return asked.map((query) => [document(query, `${query}\ntext`)]);
      },
    };
    return { retriever, calls };
  }

  const playAll = (batchSize: number, options: SearchEnvironmentOptions) =>
    runEpisodes({
      environment: createSearchEnvironment({ retrievalTimeout: 50, ...options }),
      policy: createScriptedPolicy({
        script: ({ task, turn }) => (turn === 0 ? `<search>${task.id}</search>` : '<answer>Peruvian sol</answer>'),
      }),
      tasks: queries.map((id) => ({ ...peru, id })),
      seed: 0,
      batchSize,
    });

  test('ends its own episode alone: the episodes are the same for any batch size', async () => {
    const { retriever, calls } = createFussyRetriever();
    const together = await playAll(7, { retriever });
    expect(together).toEqual(await playAll(1, { retriever }));
    expect(together).toEqual(await playAll(4, { retriever }));
    expect(together.map(({ outcome }) => outcome.endedBy)).toEqual(
      queries.map((query) => (query === 'bad' ? 'error' : 'answer')),
    );
    expect(together[3]?.outcome.error).toBe('retriever: not this one');
    // All at once, then each once more.
    expect(calls.slice(0, 8)).toEqual([queries, ...queries.map((query) => [query])]);
  });

  test('by its own fault is a turn of its policy: it reads why, and the episode is no error', async () => {
    const url = 'http://127.0.0.1:8000/retrieve';
    const error = new RetrieverError('status 413: queries.0: too long', { where: url, refusesQuery: true });
    const { retriever } = createFussyRetriever(() => Promise.reject(error));
    const together = await playAll(7, { retriever });
    expect(together).toEqual(await playAll(1, { retriever }));
    expect(together.map(({ outcome }) => outcome.endedBy)).toEqual(queries.map(() => 'answer'));
    const { segments, actions } = together[3] ?? { segments: [], actions: [] };
    expect(segments[2]?.text).toBe(
      '\n\n<information>Not carried out: status 413: queries.0: too long</information>\n\n',
    );
    expect(actions[0]).toEqual({
      turn: 0,
      kind: 'search',
      query: 'bad',
      text: '<search>bad</search>',
      executed: false,
    });
  });

  test('that never answers when asked alone leaves the others their passages', async () => {
    let calls = 0;
    const { retriever } = createFussyRetriever(() =>
      calls++ === 0 ? Promise.reject(new Error('busy')) : new Promise(() => undefined),
    );
    const outcomes = (await playAll(7, { retriever })).map(({ outcome }) => outcome);
    expect(outcomes.map(({ endedBy }) => endedBy).filter((endedBy) => endedBy === 'error')).toHaveLength(1);
    expect(outcomes[3]?.error).toBe('retriever: no answer within 50 ms');
  });

  test('is asked with the others once, where the time is over then', async () => {
    const { retriever, calls } = createFussyRetriever(() => new Promise(() => undefined));
    const trajectories = await playAll(7, { retriever });
    expect(trajectories.every(({ outcome }) => outcome.error === 'retriever: no answer within 50 ms')).toBe(true);
    expect(calls).toEqual([queries]);
  });

  test('touches no other from the start where a retriever answers each query apart', async () => {
    const { retriever, calls } = createFussyRetriever(() => new Promise(() => undefined));
    const apart = { retriever: { ...retriever, batches: false } };
    const together = await playAll(7, apart);
    expect(calls).toEqual(queries.map((query) => [query]));
    expect(together).toEqual(await playAll(1, apart));
    expect(together[4]?.outcome.correct).toBe(true);
  });

  test('a retriever that is down is asked at most a few queries at a time', async () => {
    let running = 0;
    let most = 0;
    const down: Retriever = {
      async retrieve() {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running -= 1;
        throw new Error('down');
      },
    };
    const trajectories = await playAll(7, { retriever: down });
    expect(trajectories.map(({ outcome }) => outcome.error)).toEqual(queries.map(() => 'retriever: down'));
    expect(most).toBe(4);
  });

  test('an aborted signal ends the calls for each, too', async () => {
    const { retriever } = createFussyRetriever();
    const hanging: Retriever = {
      retrieve: (options) => (options.queries.length > 1 ? retriever.retrieve(options) : new Promise(() => undefined)),
    };
    const environment = createSearchEnvironment({ retriever: hanging });
    const policy = createScriptedPolicy({ script: ({ task }) => `<search>${task.id}</search>` });
    const tasks = queries.map((id) => ({ ...peru, id }));
    const signal = AbortSignal.timeout(20);
    await expect(runEpisodes({ environment, policy, tasks, seed: 0, signal })).rejects.toThrow(/timeout/);
  });
});
