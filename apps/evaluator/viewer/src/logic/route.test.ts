import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { type EpisodeFilter, parseFilter, parseRoute, type Route, toHash, toParameters } from './route.js';

const name = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 3 });
const count = fc.nat({ max: 9999 });

const filter: fc.Arbitrary<EpisodeFilter> = fc.record(
  {
    search: name.map((text) => text.trim()).filter((text) => text !== ''),
    correct: fc.boolean(),
    endedBy: fc.subarray<'answer' | 'turns' | 'length' | 'error'>(['answer', 'turns', 'length', 'error'], {
      minLength: 1,
    }),
    cause: names,
    environment: names,
    set: names,
    group: names,
    policy: names,
    stage: names,
    step: fc.array(count, { minLength: 1, maxLength: 3 }),
    minSearches: count,
    maxSearches: count,
    disagreesWith: name,
    sort: fc.constantFrom('question', 'correct', 'reward', 'searches', 'tokens', 'step'),
    descending: fc.constant(true),
  },
  { requiredKeys: [] },
);

const channel = fc.constantFrom('mask', 'logProb', 'teacherKl', 'advantage', null);
const episode = fc.record({ run: name, key: name });

const route: fc.Arbitrary<Route> = fc.oneof(
  fc.constant({ view: 'runs' } as const),
  fc.record({ view: fc.constant('run' as const), run: name }),
  fc.record({ view: fc.constant('episodes' as const), run: name, filter }),
  fc.record({ view: fc.constant('episode' as const), run: name, key: name, channel }),
  fc.record({ view: fc.constant('compare' as const), runs: fc.uniqueArray(name, { maxLength: 8 }) }),
  fc.record({ view: fc.constant('pair' as const), first: episode, second: episode, channel }),
);

test.prop([route])('an address leads back to its page', (page) => {
  expect(parseRoute(toHash(page))).toEqual(page);
});

test.prop([filter])('parameters lead back to their filter', (conditions) => {
  expect(parseFilter(toParameters(conditions))).toEqual(conditions);
});

it('leaves out conditions that make no sense', () => {
  const typed = 'correct=maybe&endedBy=never&endedBy=turns&step=-1&step=x&step=20&minSearches=2.5&sort=luck&search=%20';
  expect(parseFilter(new URLSearchParams(typed))).toEqual({ endedBy: ['turns'], step: [20] });
});

it.each(['#/episode?run=a', '#/pair?run=a&key=1&otherRun=b', '#/run', '#/nowhere'])('knows no page %s', (hash) => {
  expect(parseRoute(hash)).toEqual({ view: 'unknown', hash });
});
