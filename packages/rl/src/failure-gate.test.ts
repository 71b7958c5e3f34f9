import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { failureGate } from './failure-gate.js';

const correct = [true, false, false, false];
const groups = ['a', 'a', 'b', 'b'];

describe('failureGate', () => {
  test.each([
    { gate: 'incorrect' as const, open: [0, 1, 1, 1] },
    { gate: 'always' as const, open: [1, 1, 1, 1] },
    { gate: 'never' as const, open: [0, 0, 0, 0] },
    { gate: 'groupAllFail' as const, open: [0, 0, 1, 1] },
  ])('$gate', ({ gate, open }) => {
    expect([...failureGate({ gate, correct, groups })]).toEqual(open);
  });

  test('all correct, all wrong, none at all', () => {
    expect([...failureGate({ gate: 'incorrect', correct: [true, true] })]).toEqual([0, 0]);
    expect([...failureGate({ gate: 'incorrect', correct: [false, false] })]).toEqual([1, 1]);
    expect([...failureGate({ gate: 'incorrect', correct: [] })]).toEqual([]);
    expect([...failureGate({ gate: 'groupAllFail', correct: [false, true], groups: ['a', 'b'] })]).toEqual([1, 0]);
  });

  test('a partial reward neither opens nor closes the gate on correct', () => {
    const rewards = Float32Array.of(0.05, 0.9, 0.1, 0);
    expect([...failureGate({ gate: 'incorrect', correct, rewards })]).toEqual([0, 1, 1, 1]);
  });

  test('lowReward is strict and reads the reward alone, as the released code does', () => {
    const rewards = Float32Array.of(0.05, 0.9, 0.1, 0);
    expect([...failureGate({ gate: { lowReward: 0.1 }, correct, rewards })]).toEqual([1, 0, 0, 1]);
    const rounded = Float32Array.of(0.7, 0.7, 0.7, 0.7);
    expect([...failureGate({ gate: { lowReward: 0.7 }, correct, rewards: rounded })]).toEqual([0, 0, 0, 0]);
  });

  property.prop([fc.array(fc.record({ isCorrect: fc.boolean(), group: fc.constantFrom('a', 'b', 'c') }))])(
    'order does not matter, and groups go by task id',
    (rows) => {
      for (const gate of ['incorrect', 'always', 'never', 'groupAllFail', { lowReward: 0.5 }] as const) {
        const open = (list: typeof rows) =>
          failureGate({
            gate,
            correct: list.map(({ isCorrect }) => isCorrect),
            groups: list.map(({ group }) => group),
            rewards: Float32Array.from(list, ({ isCorrect }) => (isCorrect ? 1 : 0)),
          });
        expect([...open([...rows].reverse())].reverse()).toEqual([...open(rows)]);
      }
    },
  );

  test('a reward or threshold that is not a number is refused, or it would pass as a success', () => {
    const rewards = Float32Array.of(0, Number.NaN, 1, 1);
    expect(() => failureGate({ gate: { lowReward: 0.1 }, correct, rewards })).toThrow('the reward of row 1 is NaN');
    expect(() => failureGate({ gate: { lowReward: Number.NaN }, correct, rewards })).toThrow('lowReward');
  });

  test('what the gate needs must be there', () => {
    expect(() => failureGate({ gate: 'groupAllFail', correct })).toThrow(RangeError);
    expect(() => failureGate({ gate: 'groupAllFail', correct, groups: ['a'] })).toThrow(
      'groups has 1 entries for 4 rows',
    );
    expect(() => failureGate({ gate: { lowReward: 0.1 }, correct })).toThrow('needs the reward');
    expect(() => failureGate({ gate: { lowReward: 0.1 }, correct, rewards: new Float32Array(3) })).toThrow(RangeError);
  });
});
