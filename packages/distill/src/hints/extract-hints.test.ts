import { ConfigError } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { type Turn, worldEpisode } from './__fixtures__/worlds.js';
import { problemOf } from './check-hint.js';
import { extractHints } from './extract-hints.js';

const no = 'Nothing happens.';

test('successes, errors of the environment and failures without a cause give no hints', () => {
  const turns: Turn[] = [['dance', no, 'refused']];
  expect(extractHints({ trajectory: worldEpisode({ turns, outcome: { correct: true } }) })).toEqual([]);
  expect(extractHints({ trajectory: worldEpisode({ turns, outcome: { endedBy: 'error' } }) })).toEqual([]);
  expect(extractHints({ trajectory: worldEpisode({ turns: [], task: { question: '' } }) })).toEqual([]);
  expect(extractHints({ trajectory: worldEpisode({ turns: [['look', 'x']], task: { question: 'be good' } }) })).toEqual(
    [],
  );
});

test('other environments and options out of range are refused', () => {
  const trajectory = worldEpisode({ environment: 'search' });
  expect(() => extractHints({ trajectory })).toThrow(ConfigError);
  expect(extractHints({ trajectory, domain: 'household' })).toEqual([]);
  expect(() => extractHints({ trajectory: worldEpisode({}), maxHints: 0 })).toThrow('maxHints');
  expect(() => extractHints({ trajectory: worldEpisode({}), repeats: 0.5 })).toThrow('repeats');
});

const command = fc.oneof(
  fc.constantFrom(
    'look',
    'go to fridge 1',
    'open fridge 1',
    'take mug 1 from fridge 1',
    'move mug 1 to shelf 1',
    'use desklamp 1',
  ),
  fc.constantFrom(
    'search[x]',
    'click[B1]',
    'click[buy now]',
    'click[large]',
    'click[features]',
    'click[< prev]',
    'click[back to search]',
  ),
  fc.string({ maxLength: 12 }),
  fc.constant(null),
);
const turn = fc.tuple(
  command,
  fc.constantFrom(no, 'The fridge 1 is closed.', 'Price: $9.00'),
  fc.constantFrom('refused' as const, undefined),
);

property.prop([fc.array(turn, { maxLength: 25 }), fc.constantFrom('household', 'webshop')])(
  'whatever was played, hints are few, different and keep the rules of hints',
  (played, environment) => {
    const turns = played.map(
      ([one, observation, refused]): Turn => (refused ? [one, observation, refused] : [one, observation]),
    );
    const metadata = { goal: { attributes: ['soft'], options: { size: 'large' }, priceUpper: 5 } };
    const hints = extractHints({ trajectory: worldEpisode({ environment, turns, task: { metadata } }) }).map(
      ({ hint }) => hint,
    );
    expect(hints.length).toBeLessThanOrEqual(environment === 'household' ? 4 : 2);
    expect(new Set(hints).size).toBe(hints.length);
    for (const text of hints)
      expect(problemOf({ text, domain: environment === 'household' ? 'household' : 'webshop' })).toBeNull();
  },
);
