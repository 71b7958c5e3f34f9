import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { scoresOfPlaces } from './scores-of-places.js';
import { type ServerApi, scoringApis } from './scoring-apis.js';

interface Case {
  tokenIds: number[];
  /** `[time, vocabulary]`: log-probabilities of the token at each place. */
  table: number[][];
  k: number;
  first: number;
}

const vocabulary = 6;
const cases: fc.Arbitrary<Case> = fc.integer({ min: 2, max: 6 }).chain((time) =>
  fc.record({
    tokenIds: fc.array(fc.nat(vocabulary - 1), { minLength: time, maxLength: time }),
    // Different logits, so that the best tokens are decided.
    table: fc.array(
      fc.shuffledSubarray([-3, -1.5, -0.5, 0.25, 1, 2.5], { minLength: vocabulary }).map((logits) => {
        const sum = Math.log(logits.reduce((total, logit) => total + Math.exp(logit), 0));
        return logits.map((logit) => logit - sum);
      }),
      { minLength: time, maxLength: time },
    ),
    k: fc.nat(vocabulary),
    first: fc.integer({ min: 1, max: time - 1 }),
  }),
);

const best = (row: readonly number[], k: number) =>
  row
    .map((logProb, tokenId) => ({ tokenId, logProb }))
    .sort((a, b) => b.logProb - a.logProb)
    .slice(0, k);

/** What each kind of server says of one table. */
function answerOf(api: ServerApi, { tokenIds, table, k, first }: Case): object {
  const own = tokenIds.map((id, index) => table[index]?.[id] ?? 0);
  const top = table.map((row) => best(row, k));
  const withOwn = top.map((list, index) => [{ tokenId: tokenIds[index] ?? 0, logProb: own[index] ?? 0 }, ...list]);
  const fromSecond = <T>(values: T[]) => values.map((value, index) => (index === 0 ? null : value));
  if (api === 'vllm') {
    const entries = withOwn.map((list) =>
      Object.fromEntries(list.map((one) => [one.tokenId, { logprob: one.logProb }])),
    );
    return { choices: [{ prompt_logprobs: fromSecond(entries) }] };
  }
  if (api === 'openai') {
    const name = (id: number) => `token_id:${id}`;
    const lists = withOwn.map((list) => Object.fromEntries(list.map((one) => [name(one.tokenId), one.logProb])));
    const logprobs = { tokens: tokenIds.map(name), token_logprobs: fromSecond(own), top_logprobs: fromSecond(lists) };
    return { choices: [{ logprobs }] };
  }
  const tokens = tokenIds.map((id, index) => [index === first - 1 ? null : own[index], id, null]);
  const lists = top.map((list) => list.map((one) => [one.logProb, one.tokenId, null]));
  return { meta_info: { input_token_logprobs: tokens.slice(first - 1), input_top_logprobs: lists.slice(first - 1) } };
}

test.prop([cases])('every API tells the same of the same distributions', (one) => {
  const { tokenIds, table, k, first } = one;
  const indices = tokenIds.flatMap((_, index) => (index >= first ? [index] : []));
  const expected = indices.map((index) => table[index] ?? []);
  for (const api of ['vllm', 'openai', 'sglang'] as const) {
    const request = { model: 'm', tokenIds, first, topK: k };
    const places = scoringApis[api].places(answerOf(api, one), request);
    const { logProbs, topK } = scoresOfPlaces({ places, indices, k, vocabularySize: vocabulary });
    expect(Array.from(logProbs)).toEqual(expected.map((row, at) => Math.fround(row[tokenIds[first + at] ?? 0] ?? 0)));
    const reference = expected.flatMap((row) => best(row, k));
    expect(Array.from(topK?.tokenIds ?? [])).toEqual(reference.map(({ tokenId }) => tokenId));
    expect(Array.from(topK?.logProbs ?? [])).toEqual(reference.map(({ logProb }) => Math.fround(logProb)));
  }
});
