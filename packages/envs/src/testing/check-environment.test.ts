import { EnvironmentError } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { createFixedRetriever, peru } from '../__fixtures__/episodes.js';
import type { Environment, EpisodeState } from '../environment.js';
import type { EpisodeTokenizer } from '../policy.js';
import { createSearchEnvironment } from '../search/search-environment.js';
import { checkEnvironment } from './check-environment.js';

const { retriever } = createFixedRetriever();
const tasks = [peru, { id: 'lima', question: 'Capital of <answer>Peru</answer>', goldenAnswers: ['Lima'] }];
const search = createSearchEnvironment({ retriever });

const { oracle: _, ...withoutOracle } = search;

const blind = ({ maxContextTokens: _, ...tokenizer }: EpisodeTokenizer): EpisodeTokenizer => tokenizer;

/** The search environment, taking every model for one without a limit. */
const boundless: Environment = {
  ...search,
  start: (options) => search.start({ ...options, tokenizer: blind(options.tokenizer) }),
  step: (options) => search.step({ ...options, tokenizer: blind(options.tokenizer) }),
};

/** An environment that knows the states that it has given, and what is to be done for others. */
const remembering = (forget: (state: EpisodeState) => EpisodeState): Environment => {
  const given = new WeakSet<EpisodeState>();
  const remember = (state: EpisodeState): EpisodeState => {
    given.add(state);
    return state;
  };
  return {
    ...search,
    start: (options) => remember(search.start(options)),
    step: async ({ turns, ...options }) => {
      const known = turns.map((turn) => (given.has(turn.state) ? turn : { ...turn, state: forget(turn.state) }));
      return (await search.step({ ...options, turns: known })).map(remember);
    },
  };
};
let visitors = 0;

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
  await checkEnvironment({ environment: createSearchEnvironment({ retriever, ...options }), tasks, ...options });
});

test('an environment must keep to the limit that it is set to', async () => {
  const check = checkEnvironment({ environment: search, tasks, maxContextTokens: 700 });
  await expect(check).rejects.toThrow('a turn must end within 700 tokens');
});

test('there must be a task', async () => {
  await expect(checkEnvironment({ environment: search, tasks: [] })).rejects.toThrow('no task to check it with');
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
    'starts otherwise the next time': [
      {
        ...search,
        start: (options) => {
          visitors += 1;
          const state = search.start(options);
          return { ...state, task: { ...state.task, metadata: { visitors } } };
        },
      },
      'a task must start the same every time',
    ],
    'throws for what was written': [
      {
        ...search,
        step: async () => {
          throw new TypeError('what is this?');
        },
      },
      'step must not throw, but did: what is this?',
    ],
    'throws for a stored state': [
      remembering(() => {
        throw new TypeError('no state of mine');
      }),
      'step must not throw, but did: no state of mine',
    ],
    'loses a part of a stored state': [
      remembering((state) => ({ ...state, actions: [] })),
      'a stored state must give the same next state',
    ],
    'asks a small model for more than it takes': [boundless, 'a turn must end within'],
    'has no oracle': [withoutOracle, 'has no oracle'],
    'has an oracle that fails': [{ ...search, oracle: () => '<answer>wrong</answer>' }, 'the oracle scored 0'],
  };

  test.each(Object.entries(broken))('%s', async (_, [environment, rule]) => {
    const check = checkEnvironment({ environment, tasks, maxTurns: 12 });
    await expect(check).rejects.toThrow(EnvironmentError);
    await expect(check).rejects.toThrow(rule);
  });
});
