import type { Action } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { answer, invalid, makeEpisode, passage, search } from '../__fixtures__/make-episode.js';
import { measureTrajectory } from './measure-trajectory.js';

const peru = passage('Peru', 'Its capital is Lima.');
const money = passage('Money of Peru', 'The sol is the money of Peru.');
const chile = passage('Chile', 'Its capital is Santiago.');
const sources = { metadata: { supporting_facts: { title: ['Peru', 'money of  Peru'], sent_id: [0, 0] } } };

describe('query rewriting', () => {
  test('the first query misses the answer, the second hits it', () => {
    const episode = makeEpisode({
      task: sources,
      actions: [search(0, 'capital Lima', [chile, peru]), search(1, 'money Peru', [money]), answer(2, 'sol')],
    });
    expect(measureTrajectory(episode)).toMatchObject({
      executedSearches: 2,
      queries: ['capital Lima', 'money Peru'],
      firstQueryAnswerHit: 0,
      anyQueryAnswerHit: 1,
      firstQueryTitleHit: 1,
      anyQueryTitleHit: 1,
      titleRecall: 1,
    });
  });

  test('one of two sources found', () => {
    const episode = makeEpisode({
      task: sources,
      actions: [search(0, 'Chile', [chile]), search(1, 'Peru', [peru, peru])],
    });
    expect(measureTrajectory(episode)).toMatchObject({
      firstQueryTitleHit: 0,
      anyQueryTitleHit: 1,
      titleRecall: 0.5,
      anyQueryAnswerHit: 0,
    });
  });

  test('without a search everything is missed', () => {
    const measures = measureTrajectory(makeEpisode({ task: sources, actions: [answer(0, 'sol')] }));
    expect(measures).toMatchObject({
      firstQueryAnswerHit: 0,
      anyQueryAnswerHit: 0,
      firstQueryTitleHit: 0,
      anyQueryTitleHit: 0,
      titleRecall: 0,
    });
  });

  test('a search that was not carried out does not count, nor do tags in the text', () => {
    const late = { ...search(0, 'money', [money]), executed: false };
    const segments = [{ kind: 'policy' as const, text: '<search>a</search><search>b</search>' }];
    expect(measureTrajectory(makeEpisode({ actions: [late], segments }))).toMatchObject({
      executedSearches: 0,
      anyQueryAnswerHit: 0,
    });
  });

  test('a command is a valid action and no search', () => {
    const command: Action = { turn: 0, kind: 'command', text: 'open[Peru]', command: 'open[Peru]', executed: true };
    const episode = makeEpisode({ actions: [{ ...command, documents: [peru] }, answer(1, 'sol')] });
    expect(measureTrajectory(episode)).toMatchObject({ executedSearches: 0, queries: [], validActionRate: 1 });
  });

  test('what the log does not hold is unknown, not missed', () => {
    const episode = makeEpisode({ task: sources, actions: [search(0, 'one'), search(1, 'two', [peru])] });
    expect(measureTrajectory(episode)).toMatchObject({
      firstQueryAnswerHit: null,
      anyQueryAnswerHit: null,
      firstQueryTitleHit: null,
      anyQueryTitleHit: 1,
      titleRecall: null,
    });
    const yes = makeEpisode({ task: { goldenAnswers: ['yes'] }, actions: [search(0, 'one', [peru])] });
    expect(measureTrajectory(yes)).toMatchObject({
      firstQueryAnswerHit: null,
      anyQueryAnswerHit: null,
      firstQueryTitleHit: null,
      titleRecall: null,
    });
  });
});

test('answers, actions and tokens', () => {
  const episode = makeEpisode({
    actions: [invalid(0), search(1, 'money', [money]), invalid(2), answer(3, 'The Sol, I think')],
    segments: [
      { kind: 'prompt', text: 'ask', tokenIds: [1, 2, 3] },
      { kind: 'policy', text: 'x', tokenIds: [4, 5] },
      { kind: 'observation', text: 'y', tokenIds: [6] },
      { kind: 'policy', text: 'z', tokenIds: [7, 8, 9] },
    ],
    outcome: { answer: 'The Sol, I think', correct: false, reward: 0 },
  });
  expect(measureTrajectory(episode)).toMatchObject({
    exactMatch: 0,
    coverExactMatch: 1,
    f1: 0.5, // sol against sol, i, think: 2 · 1 / (1 + 3)
    correct: 0,
    answered: 1,
    validActionRate: 0.5,
    policyTokens: 5,
    totalTokens: 9,
  });
});

test('an episode without anything', () => {
  const episode = makeEpisode({
    task: { goldenAnswers: [] },
    outcome: { answer: null, correct: false, endedBy: 'length' },
  });
  expect(measureTrajectory(episode)).toMatchObject({
    exactMatch: null,
    coverExactMatch: null,
    f1: null,
    answered: 0,
    validActionRate: null,
    policyTokens: null,
    endedBy: 'length',
    policy: null,
    group: null,
  });
});

test('a log of text alone has no token counts', () => {
  const measures = measureTrajectory(
    makeEpisode({
      segments: [
        { kind: 'policy', text: 'x' },
        { kind: 'policy', text: 'y', tokenIds: [1] },
      ],
    }),
  );
  expect(measures).toMatchObject({ policyTokens: null, totalTokens: null });
});
