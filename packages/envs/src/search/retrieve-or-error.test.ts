import type { Trajectory } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { createFixedRetriever, peru, play } from '../__fixtures__/episodes.js';
import { createByteTokenizer } from '../byte-tokenizer.js';
import type { Retriever } from '../retriever.js';
import { createSearchEnvironment } from './search-environment.js';

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
