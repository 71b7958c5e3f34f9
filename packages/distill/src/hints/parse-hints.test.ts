import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { namesOf, problemOf } from './check-hint.js';
import { parseHints, parseIndices } from './parse-hints.js';

describe('parseHints', () => {
  test.each<[string, string[] | null]>([
    ['{"hints": [{"category": "heat", "text": "Open it."}]}', ['Open it.']],
    ['{"hints": ["Open it.", "  Close \\n it. ", "", {"text": 3}, null]}', ['Open it.', 'Close it.']],
    ['{"hints": []}', []],
    ['Sure!\n```json\n{"hints": [{"text": "Open \\"{object}\\" first}"}]}\n``` Done.', ['Open "{object}" first}']],
    ['{"hints": ["old"]} no, rather {"hints": ["new"]}', ['new']],
    ['{"note": {"hints": ["inside"]}}', ['inside']],
    ['{"hints": "Open it."}', null],
    ['{"hints": ["torn', null],
    ['I cannot help with that.', null],
    ['', null],
    ['null', null],
  ])('%s', (answer, hints) => {
    expect(parseHints(answer)).toEqual(hints);
  });

  property.prop([fc.string({ unit: 'binary' })])('never throws', (answer) => {
    parseHints(answer);
    parseIndices(answer, { count: 5, k: 3 });
  });

  const texts = fc.array(
    fc
      .string({ minLength: 1 })
      .map((text) => text.trim().replace(/\s+/g, ' '))
      .filter((text) => text !== ''),
    { maxLength: 5 },
  );
  property.prop([texts, fc.string({ maxLength: 40 }).filter((text) => !/["{}]/.test(text))])(
    'finds what a model wrote between other words',
    (hints, words) => {
      expect(parseHints(`${words}${JSON.stringify({ hints: hints.map((text) => ({ text })) })}${words}`)).toEqual(
        hints,
      );
    },
  );

  test('floods of braces are soon given up', () => {
    expect(parseHints('{'.repeat(200_000))).toBeNull();
    expect(parseHints('{"hints":['.repeat(50_000))).toBeNull();
  });
});

describe('parseIndices', () => {
  test.each<[string, number[]]>([
    ['{"answer": [3, 1]}', [2, 0]],
    ['{"answer": ["2", 2, 9, 0, -1, 1.5, null]}', [1]],
    ['I would take 4, then 2 and 2.', [3, 1]],
    ['1, 2, 3, 4, 5', [0, 1, 2]],
    ['-2, 1.5, 3e', [2]],
    ['none of them', []],
    ['{"answer": []} 3', []],
  ])('%s', (answer, indices) => {
    expect(parseIndices(answer, { count: 5, k: 3 })).toEqual(indices);
  });

  property.prop([fc.string(), fc.array(fc.integer({ min: -3, max: 9 })), fc.nat(6), fc.nat(4)])(
    'are in range, each once, at most k',
    (words, numbers, count, k) => {
      for (const answer of [words + numbers.join(' '), JSON.stringify({ answer: numbers })]) {
        const indices = parseIndices(answer, { count, k });
        expect(indices.length).toBeLessThanOrEqual(k);
        expect(new Set(indices).size).toBe(indices.length);
        expect(indices.every((index) => Number.isInteger(index) && index >= 0 && index < count)).toBe(true);
      }
    },
  );
});

describe('problemOf', () => {
  const names = namesOf({ goal: { asin: 'B00ABCDEFG', name: 'Soft Shirt', options: { size: 'XX-Large', pack: '2' } } });

  test.each([
    ['Open the {container} before you take the {object}.', null],
    [`Take ${'it '.repeat(38)}`, null],
    [`Take ${'it '.repeat(39)}`, 'longer'],
    ['', 'no words'],
    ['You should open it.', 'begins with "you"'],
    ['The agent failed.', 'begins with "the"'],
    ['Go to cabinet 2.', 'number'],
    ['Open the {page}.', '{page} is no placeholder'],
    ['Open the {}.', '{} is no placeholder'],
    ['Open it.\nClose it.', 'more than one line'],
    ['Look for the soft, shirt!', 'it names "Soft Shirt"'],
    ['Choose xx-large at once.', 'it names "XX-Large"'],
    ['Look for shirts.', null],
  ])('%j: %s', (text, problem) => {
    const found = problemOf({ text: text.trimEnd(), domain: 'household', names });
    if (problem === null) expect(found).toBeNull();
    else expect(found).toContain(problem);
  });

  test('placeholders are those of the world', () => {
    expect(problemOf({ text: 'Choose the {size}.', domain: 'webshop' })).toBeNull();
    expect(problemOf({ text: 'Choose the {size}.', domain: 'household' })).toContain('household');
  });
});
