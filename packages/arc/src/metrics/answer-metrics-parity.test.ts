import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { exactMatch, normalizeAnswer } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { coverExactMatch } from './cover-exact-match.js';
import { tokenF1 } from './token-f1.js';

/** Made by `tools/parity/answer_metrics.py`. */
interface Reference {
  seed: number;
  cases: number;
  block: number;
  words: string[];
  separators: string[];
  verdicts: string[];
  caseDigests: string[];
  normalizedDigests: string[];
  exactMatch: string;
  substringMatch: string;
  f1Values: number[];
  f1_squad11: string;
  f1_squad20: string;
  f1_hotpotqa: string;
}

interface Case {
  prediction: string;
  golden: string[];
}

const fixture = new URL('./__fixtures__/answer-metrics.json', import.meta.url);
const reference = JSON.parse(await readFile(fixture, 'utf8')) as Reference;

/** The generator of the script, draw for draw. */
function makeCases({ seed, cases, words, separators, verdicts }: Reference): Case[] {
  let state = seed;
  const below = (bound: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state * bound) / 2 ** 32);
  };
  const one = (list: readonly string[]) => list[below(list.length)] ?? '';
  const phrase = (longest: number) => {
    let text = '';
    for (let left = below(longest + 1); left > 0; left--) text += one(words) + one(separators);
    return text;
  };
  return Array.from({ length: cases }, () => {
    const kind = below(6);
    const golden = Array.from({ length: below(4) }, () => phrase(4));
    if (kind === 3) {
      golden.push(one(verdicts));
      return { prediction: one(verdicts), golden };
    }
    if (kind === 0 || golden.length === 0) return { prediction: phrase(5), golden };
    const chosen = one(golden);
    if (kind === 1) return { prediction: `The ${chosen}.`, golden };
    if (kind === 2) return { prediction: phrase(2) + chosen + phrase(2), golden };
    if (kind === 4) return { prediction: chosen.split(' ').reverse().join(' '), golden };
    return { prediction: chosen + one(separators) + chosen, golden };
  });
}

const cases = makeCases(reference);

const digests = (texts: readonly string[]) =>
  Array.from({ length: Math.ceil(texts.length / reference.block) }, (_, index) =>
    createHash('sha256')
      .update(texts.slice(index * reference.block, (index + 1) * reference.block).join('\u0001'))
      .digest('hex')
      .slice(0, 16),
  );

const f1Of = (column: string) => column.split(' ').map((place) => reference.f1Values[Number(place)] ?? Number.NaN);

/** The cases for which a metric differs from the reference by more than rounding. */
const differing = (metric: (value: Case) => number, expected: readonly number[]) =>
  cases.filter((value, index) => !(Math.abs(metric(value) - (expected[index] ?? Number.NaN)) <= 1e-12));

const hasEmptyGold = ({ golden }: Case) => golden.some((answer) => normalizeAnswer(answer) === '');

describe('10,000 answers against the evaluation scripts', () => {
  test('are the same answers', () => {
    expect(cases).toHaveLength(10_000);
    expect(digests(cases.map(({ prediction, golden }) => [prediction, ...golden].join('\u0002')))).toEqual(
      reference.caseDigests,
    );
  });

  test('normalisation of SQuAD', () => {
    const normalized = cases.map(({ prediction, golden }) =>
      [prediction, ...golden].map(normalizeAnswer).join('\u0002'),
    );
    expect(digests(normalized)).toEqual(reference.normalizedDigests);
  });

  test('exact match of SQuAD and Search-R1', () => {
    const metric = ({ prediction, golden }: Case) => Number(exactMatch(prediction, golden));
    expect(differing(metric, [...reference.exactMatch].map(Number))).toEqual([]);
  });

  test('substring match of Search-R1, but for golden answers without words, which it finds in everything', () => {
    const metric = ({ prediction, golden }: Case) => Number(coverExactMatch(prediction, golden));
    const others = differing(metric, [...reference.substringMatch].map(Number));
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter((value) => !hasEmptyGold(value) || metric(value) === 1)).toEqual([]);
  });

  test('F1 of SQuAD v2.0, and of v1.1 but for answers without words', () => {
    const metric = ({ prediction, golden }: Case) => tokenF1(prediction, golden);
    expect(differing(metric, f1Of(reference.f1_squad20))).toEqual([]);
    const others = differing(metric, f1Of(reference.f1_squad11));
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter((value) => !(hasEmptyGold(value) && normalizeAnswer(value.prediction) === ''))).toEqual([]);
  });

  test('F1 of HotpotQA, but for answers without words', () => {
    const metric = ({ prediction, golden }: Case) => tokenF1(prediction, golden, { yesNo: 'exact' });
    const others = differing(metric, f1Of(reference.f1_hotpotqa));
    expect(others.filter((value) => !(hasEmptyGold(value) && normalizeAnswer(value.prediction) === ''))).toEqual([]);
    expect(differing(metric, f1Of(reference.f1_squad20)).length).toBeGreaterThan(0);
  });
});
