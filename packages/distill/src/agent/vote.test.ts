import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { voteOnOutcomes } from './vote.js';

test.each([
  { outcomes: ['a', 'b', 'b', null], expected: { chosen: 1, valid: 3, outcomes: 2, votes: 2 } },
  { outcomes: ['b', 'a', 'a', 'b'], expected: { chosen: 0, valid: 4, outcomes: 2, votes: 2 } },
  { outcomes: [null, 'c', 'b', 'a'], expected: { chosen: 1, valid: 3, outcomes: 3, votes: 1 } },
  { outcomes: [null, null], expected: { chosen: 0, valid: 0, outcomes: 0, votes: 0 } },
  { outcomes: [null, '', '', 'a'], expected: { chosen: 1, valid: 3, outcomes: 2, votes: 2 } },
  { outcomes: ['__proto__', 'constructor', '__proto__'], expected: { chosen: 0, valid: 3, outcomes: 2, votes: 2 } },
  { outcomes: [], expected: { chosen: 0, valid: 0, outcomes: 0, votes: 0 } },
])('$outcomes', ({ outcomes, expected }) => {
  expect(voteOnOutcomes(outcomes)).toEqual(expected);
});

const anyOutcomes = fc.array(fc.option(fc.constantFrom('a', 'b', 'c', '')), { maxLength: 9 });

property.prop([anyOutcomes])(
  'the winner is the first member of a largest group, the earliest such group',
  (outcomes) => {
    const { chosen, votes, valid } = voteOnOutcomes(outcomes);
    const sizeOf = (outcome: string | null | undefined) => outcomes.filter((other) => other === outcome).length;
    if (valid === 0) {
      expect(chosen).toBe(0);
      return;
    }
    const sizes = outcomes.map((outcome) => (outcome === null ? 0 : sizeOf(outcome)));
    expect(votes).toBe(Math.max(...sizes));
    expect(chosen).toBe(sizes.indexOf(votes));
  },
);

property.prop([anyOutcomes, fc.integer()])(
  'order decides ties alone: a strict majority survives any order',
  (outcomes, seed) => {
    const { chosen, votes } = voteOnOutcomes(outcomes);
    const rivals = new Set(
      outcomes.filter((one) => one !== null && outcomes.filter((other) => other === one).length === votes),
    );
    const order = outcomes.map((_, index) => (index * 7 + Math.abs(seed)) % 11);
    const permuted = outcomes
      .map((outcome, index) => ({ outcome, index }))
      .sort((a, b) => (order[a.index] ?? 0) - (order[b.index] ?? 0));
    const again = voteOnOutcomes(permuted.map(({ outcome }) => outcome));
    expect(again.votes).toBe(votes);
    if (votes === 0) return;
    const winner = permuted[again.chosen]?.outcome;
    expect(rivals.has(winner ?? null)).toBe(true);
    // The first of the rivals in the new order.
    expect(winner).toBe(permuted.find(({ outcome }) => rivals.has(outcome))?.outcome);
    if (rivals.size === 1) expect(winner).toBe(outcomes[chosen]);
  },
);
