import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { createReplayBuffer } from './replay-buffer.js';

describe('createReplayBuffer', () => {
  test('keeps the newest', () => {
    const buffer = createReplayBuffer<string>({ seed: 0, capacity: 3 });
    buffer.add(['a', 'b']);
    expect(buffer.size).toBe(2);
    buffer.add(['c', 'd']);
    expect(buffer.items()).toEqual(['b', 'c', 'd']);
    buffer.add(['e', 'f', 'g', 'h']);
    expect(buffer.items()).toEqual(['f', 'g', 'h']);
  });

  test('every item is drawn equally often', () => {
    const buffer = createReplayBuffer({ seed: 3, items: [0, 1, 2, 3, 4] });
    const counts = [0, 0, 0, 0, 0];
    for (let step = 0; step < 2000; step++) {
      for (const item of buffer.sample({ count: 2, step })) counts[item] = (counts[item] as number) + 1;
    }
    // Of 2000 draws with probability 2/5 four standard deviations are 88.
    for (const count of counts) expect(Math.abs(count - 800)).toBeLessThan(88);
  });

  test('too few items, and options out of range', () => {
    const buffer = createReplayBuffer({ seed: 0, items: [1] });
    expect(() => buffer.sample({ count: 2, step: 0 })).toThrow('count: asked for 2 of 1 items');
    expect(() => buffer.sample({ count: 0, step: 0 })).toThrow('count');
    expect(() => createReplayBuffer({ seed: 0, capacity: 0 })).toThrow('capacity');
    expect(() => createReplayBuffer({ seed: 0, capacity: 1, items: [1, 2] })).toThrow('2 items for a capacity of 1');
  });
});

property.prop([fc.array(fc.nat(99), { minLength: 5, maxLength: 40 }), fc.nat(39), fc.integer()])(
  'draws are different members, and saved through JSON it goes on exactly',
  (numbers, cut, seed) => {
    const whole = createReplayBuffer<number>({ seed, capacity: 10 });
    let resumed = createReplayBuffer<number>({ seed, capacity: 10 });
    numbers.forEach((_, step) => {
      if (step === cut) {
        resumed = createReplayBuffer({ seed, capacity: 10, items: JSON.parse(JSON.stringify(resumed.items())) });
      }
      whole.add([step]);
      resumed.add([step]);
      const count = Math.ceil(whole.size / 2);
      const drawn = whole.sample({ count, step });
      expect(new Set(drawn).size).toBe(count);
      expect(drawn.every((item) => whole.items().includes(item))).toBe(true);
      expect(resumed.sample({ count, step })).toEqual(drawn);
    });
    expect(resumed.items()).toEqual(whole.items());
  },
);
