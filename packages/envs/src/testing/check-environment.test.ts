import { describe, expect, test } from 'vitest';
import { createFixedRetriever, peru } from '../__fixtures__/episodes.js';
import type { Environment, EpisodeState } from '../environment.js';
import { createSearchEnvironment } from '../search/search-environment.js';
import { checkEnvironment } from './check-environment.js';

const { retriever } = createFixedRetriever();
const tasks = [peru, { id: 'lima', question: 'Capital of <answer>Peru</answer>', goldenAnswers: ['Lima'] }];
const search = createSearchEnvironment({ retriever });

/** The search environment with its next states tampered with. */
const tampered = (change: (state: EpisodeState) => EpisodeState): Environment => ({
  ...search,
  step: async (options) => (await search.step(options)).map(change),
});

test.each([
  ['as it is', {}],
  ['without searches', { maxSearches: 0 }],
  ['with a tight context', { maxContextTokens: 700, maxTokensPerTurn: 40 }],
  ['with tight observations', { maxObservationTokens: 6 }],
])('the search environment %s keeps the contract', async (_, options) => {
  await checkEnvironment({ environment: createSearchEnvironment({ retriever, ...options }), tasks });
});

describe('finds an environment that', () => {
  const broken: Record<string, [Environment, string]> = {
    'holds what JSON cannot': [
      tampered((state) => ({ ...state, task: { ...state.task, metadata: { at: new Map() } } })),
      'does not survive JSON',
    ],
    're-encodes what the policy wrote': [
      tampered((state) => ({
        ...state,
        segments: state.segments.map((segment) =>
          segment.kind === 'policy' ? { ...segment, tokenIds: [...(segment.tokenIds ?? []), 1] } : segment,
        ),
      })),
      'policy tokens must be kept exactly as sampled',
    ],
    'goes on after its outcome': [
      tampered((state) => ({ ...state, next: { maxTokens: 5, stop: [] } })),
      'next must be null exactly when there is an outcome',
    ],
    'never ends': [
      tampered((state) => ({ ...state, turn: 0, outcome: null, next: { maxTokens: 5, stop: [] } })),
      'did not end in 12 turns',
    ],
    'changes the states it is given': [
      {
        ...search,
        step: async (options) => {
          for (const { state } of options.turns) state.turn += 1;
          return search.step(options);
        },
      },
      'must not change the states',
    ],
    'mixes up its batch': [
      { ...search, step: async (options) => (await search.step(options)).reverse() },
      'a batch must give what single steps give',
    ],
    'has an oracle that fails': [{ ...search, oracle: () => '<answer>wrong</answer>' }, 'the oracle scored 0'],
  };

  test.each(Object.entries(broken))('%s', async (_, [environment, rule]) => {
    await expect(checkEnvironment({ environment, tasks, maxTurns: 12 })).rejects.toThrow(rule);
  });
});
