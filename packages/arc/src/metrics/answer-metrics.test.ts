import { exactMatch } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { containsAnswer, searchableAnswers } from './contains-answer.js';
import { coverExactMatch } from './cover-exact-match.js';
import { passageTitle } from './passage-title.js';
import { tokenF1 } from './token-f1.js';

describe('coverExactMatch', () => {
  test('finds an alias anywhere in the prediction, after normalisation', () => {
    expect(coverExactMatch('It is the Sol, of course', ['dollar', 'The sol'])).toBe(true);
    expect(coverExactMatch('It is the dollar', ['sol'])).toBe(false);
    expect(coverExactMatch(null, ['sol'])).toBe(false);
    expect(coverExactMatch('sol', [])).toBe(false);
  });

  test('an answer that normalises to nothing is not in everything', () => {
    expect(coverExactMatch('sol', ['the'])).toBe(false);
    expect(coverExactMatch('a', ['the'])).toBe(true);
  });
});

describe('tokenF1', () => {
  test('counts shared words', () => {
    // cat sat on mat against cat on mat: three shared, precision 3/4, recall 3/3, F1 6/7
    expect(tokenF1('The cat sat on a mat.', ['cat on the mat'])).toBeCloseTo(6 / 7, 12);
    // a repeated word counts as often as both have it: sol sol against sol: 2 · 1 / 3
    expect(tokenF1('sol sol', ['sol'])).toBeCloseTo(2 / 3, 12);
  });

  test('takes the best alias', () => {
    expect(tokenF1('Peruvian sol', ['dollar', 'sol', 'Peruvian Sol'])).toBe(1);
    expect(tokenF1('Peruvian sol', ['dollar'])).toBe(0);
  });

  test('no words, no prediction, no golden answers', () => {
    expect(tokenF1('the', ['an'])).toBe(1);
    expect(tokenF1('', ['sol'])).toBe(0);
    expect(tokenF1(null, ['sol'])).toBe(0);
    expect(tokenF1('sol', [])).toBe(0);
  });
});

property.prop([fc.string(), fc.array(fc.string(), { maxLength: 4 })])(
  'EM implies cover EM and F1 of 1',
  (prediction, golden) => {
    const f1 = tokenF1(prediction, golden);
    expect(f1).toBeGreaterThanOrEqual(0);
    expect(f1).toBeLessThanOrEqual(1);
    if (!exactMatch(prediction, golden)) return;
    expect(coverExactMatch(prediction, golden)).toBe(true);
    expect(f1).toBe(1);
  },
);

describe('containsAnswer', () => {
  test('finds whole words only', () => {
    expect(containsAnswer(['"Money"\nThe Sol (PEN) is used.'], searchableAnswers(['sol']))).toBe(true);
    expect(containsAnswer(['A solar party'], searchableAnswers(['sol', 'art']))).toBe(false);
    expect(containsAnswer(['In New', 'York'], searchableAnswers(['New York']))).toBe(false);
  });

  test('yes and no cannot be looked for', () => {
    expect(searchableAnswers(['Yes', 'no.', 'the', 'Peru', 'peru'])).toEqual(['peru']);
    expect(containsAnswer(['yes'], searchableAnswers(['yes']))).toBe(false);
  });
});

test('a title is the first line without its quotes', () => {
  expect(passageTitle('"Money of Peru"\nThe sol.')).toBe('Money of Peru');
  expect(passageTitle('Peru\nA country.')).toBe('Peru');
  expect(passageTitle('"')).toBe('"');
});
