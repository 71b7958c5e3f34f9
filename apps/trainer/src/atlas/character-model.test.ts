import { createRandom } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { createCharacterModel } from './character-model.js';

describe('createCharacterModel', () => {
  it('repeats the only name it knows', () => {
    const model = createCharacterModel({ names: ['abc'] });
    expect(model.generate(createRandom(0))).toBe('abc');
    expect(model.generate(createRandom(0), 'b')).toBe('bc');
  });

  it('leaves a context of n sights and t continuations with probability t / (n + t)', () => {
    // After "b", order 2: "ab" was always followed by "x" (n = 1, t = 1), "b" by x, y, y, y. So P(x | ab) = 1/2 + 1/2 · 1/4.
    const model = createCharacterModel({ names: ['abx', 'by', 'by', 'by'], order: 2 });
    const random = createRandom(1);
    const draws = Array.from({ length: 4000 }, () => model.generate(random, 'ab'));
    const share = draws.filter((name) => name === 'abx').length / draws.length;
    expect(share).toBeGreaterThan(0.59);
    expect(share).toBeLessThan(0.66);
  });

  it('ends a name at its longest', () => {
    const model = createCharacterModel({ names: ['aaaaaaaa'], order: 1, maxLength: 5 });
    const random = createRandom(2);
    for (let draw = 0; draw < 50; draw++) expect(model.generate(random).length).toBeLessThanOrEqual(5);
  });

  it('refuses to imitate nothing', () => {
    expect(() => createCharacterModel({ names: [] })).toThrow(RangeError);
    expect(() => createCharacterModel({ names: ['a'], order: 0 })).toThrow(RangeError);
  });
});
