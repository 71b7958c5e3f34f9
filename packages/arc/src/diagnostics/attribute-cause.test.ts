import type { Action, Outcome } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { answer, type EpisodeParts, invalid, makeEpisode, passage, search } from '../__fixtures__/make-episode.js';
import { measureTrajectory } from '../measures/measure-trajectory.js';
import { attributeCause } from './attribute-cause.js';

const peru = passage('Money of Peru', 'The sol is the money of Peru.');
const chile = passage('Money of Chile', 'The peso is the money of Chile.');
const bolivia = passage('Money of Bolivia', 'The boliviano is the money of Bolivia.');

/** A failed episode; the last answer among its actions is the answer of the outcome. */
function failed(actions: Action[], outcome: Partial<Outcome> = {}, parts: EpisodeParts = {}) {
  const said = actions.findLast(({ kind }) => kind === 'answer')?.answer ?? null;
  const endedBy = said === null ? 'turns' : 'answer';
  return makeEpisode({ ...parts, actions, outcome: { correct: false, reward: 0, answer: said, endedBy, ...outcome } });
}

const causeOf = (...options: Parameters<typeof failed>) => attributeCause(failed(...options));

test('a correct episode, a task without golden answers and an environment without searches have no cause', () => {
  expect(attributeCause(makeEpisode())).toBeNull();
  expect(causeOf([answer(0, 'peso')], {}, { task: { goldenAnswers: [] } })).toBeNull();
  expect(attributeCause({ ...failed([answer(0, 'peso')]), environment: 'math' })).toBeNull();
});

test('the environment failed', () => {
  const cause = causeOf([search(0, 'money', [peru])], { endedBy: 'error', error: 'the retriever did not answer' });
  expect(cause).toMatchObject({ name: 'environment-error', explanation: 'the retriever did not answer', turn: null });
});

test('invalid actions, if they are at least half of all and there is no answer', () => {
  // 2 of 4 are half of them, 1 of 3 is less.
  expect(causeOf([search(0, 'a', []), invalid(1), search(2, 'b', []), invalid(3)])).toMatchObject({
    name: 'invalid-actions',
    explanation: '2 of 4 actions are invalid, such as “hm”.',
    turn: 1,
  });
  expect(causeOf([search(0, 'a', []), invalid(1), search(2, 'b', [])])?.name).toBe('stopped-by-turns');
  expect(causeOf([invalid(0), answer(1, 'peso')])?.name).toBe('answered-without-search');
});

test.each([
  ['length', 'stopped-by-length'],
  ['turns', 'stopped-by-turns'],
  ['answer', 'no-answer'],
] as const)('no answer, ended by %s: %s', (endedBy, name) => {
  expect(causeOf([search(0, 'money', [peru])], { endedBy })).toMatchObject({ name, turn: 0 });
  expect(causeOf([search(0, 'money', [peru])], { endedBy, answer: '  ' })?.name).toBe(name);
});

test.each([
  ['the new sol', ['nuevo sol', 'sol']],
  ['8 January 1891', ['January 8, 1891']],
  ['Lockheed', ['Lockheed Corporation']],
  ['Titan IIIE/Centaur', ['Titan IIIE']],
])('“%s” has the words of one of %j', (said, goldenAnswers) => {
  const cause = causeOf([search(0, 'money', [peru]), answer(1, said)], {}, { task: { goldenAnswers } });
  expect(cause).toMatchObject({ name: 'answer-form', turn: 1 });
});

test.each([
  // "sol" has three letters and stands inside of a word; of two words one is common; nothing is left of "the".
  ['console', ['sol']],
  ['Republican Party', ['Democratic Party']],
  ['peso', ['the']],
])('“%s” does not have the words of %j', (said, goldenAnswers) => {
  expect(causeOf([answer(0, said)], {}, { task: { goldenAnswers } })?.name).toBe('answered-without-search');
});

test('answered without a search; other tools leave it undecided', () => {
  expect(causeOf([answer(0, 'peso')])?.name).toBe('answered-without-search');
  const refused: Action = { turn: 0, kind: 'search', text: '', query: 'money', executed: false };
  expect(causeOf([refused, answer(1, 'peso')])?.name).toBe('answered-without-search');
  const code: Action = { turn: 0, kind: 'code', text: '', code: '1 + 1', executed: true };
  expect(causeOf([code, answer(1, 'peso')])?.name).toBe('undecided');
});

test('evidence not used names the passage, its query and its turn', () => {
  expect(
    causeOf([search(0, 'money of Chile', [chile]), search(1, 'money of Peru', [peru]), answer(2, 'peso')]),
  ).toEqual({
    name: 'evidence-not-used',
    explanation: 'A golden answer stands in “Money of Peru”, retrieved for “money of Peru”; the answer was “peso”.',
    turn: 1,
    passage: 'Money of Peru',
  });
});

test('with supporting titles known, the evidence is all of them', () => {
  const task = { metadata: { supporting_facts: { title: ['Money of Peru', 'Money of Chile'], sent_id: [0, 0] } } };
  const half = [search(0, 'money of Peru', [peru]), answer(1, 'peru')];
  expect(causeOf(half, {}, { task })?.name).toBe('evidence-not-found');
  const both = [search(0, 'money', [peru, chile]), answer(1, 'peru')];
  expect(causeOf(both, {}, { task })?.name).toBe('evidence-not-used');
  const yes = { task: { ...task, goldenAnswers: ['yes'] } };
  expect(causeOf([search(0, 'money', [peru, chile]), answer(1, 'no')], {}, yes)).toMatchObject({
    name: 'evidence-not-used',
    passage: null,
  });
});

test('redundant queries, if they are at least half of those after the first', () => {
  const first = search(0, 'the money of Chile', [chile]);
  // Repeated after normalisation: 1 of 1.
  expect(causeOf([first, search(1, 'Money of Chile?', [chile]), answer(2, 'dollar')])).toMatchObject({
    name: 'redundant-queries',
    explanation: '1 of 1 further searches are redundant: “Money of Chile?” repeats an earlier query.',
    turn: 1,
  });
  // 1 of 2, other words but only passages seen before.
  const stale = [
    first,
    search(1, 'what do they pay with', [chile]),
    search(2, 'Bolivia', [bolivia]),
    answer(3, 'dollar'),
  ];
  expect(causeOf(stale)?.explanation).toContain('brings no new passage');
  // 1 of 3 is less than half.
  const rest = [...stale.slice(0, 3), search(3, 'La Paz', [passage('La Paz', 'A city.')]), answer(4, 'dollar')];
  expect(causeOf(rest)?.name).toBe('unsupported-answer');
});

test('unsupported answers stand in no passage, others do', () => {
  expect(causeOf([search(0, 'money', [chile]), answer(1, 'dollar')])).toMatchObject({
    name: 'unsupported-answer',
    turn: 1,
  });
  // "pesos" is not a word of the passage, "peso" is.
  expect(causeOf([search(0, 'money', [chile]), answer(1, 'pesos')])?.name).toBe('unsupported-answer');
  expect(causeOf([search(0, 'money', [chile]), answer(1, 'peso')])).toMatchObject({
    name: 'evidence-not-found',
    turn: 0,
    passage: 'Money of Chile',
  });
  // What an answer of yes rests on, no passage tells.
  expect(causeOf([search(0, 'money', [chile]), answer(1, 'yes')])?.name).toBe('evidence-not-found');
});

test('undecided without passages, and for yes and no without titles', () => {
  expect(causeOf([search(0, 'money'), answer(1, 'peso')])?.name).toBe('undecided');
  expect(causeOf([search(0, 'money', [chile]), answer(1, 'no')], {}, { task: { goldenAnswers: ['yes'] } })?.name).toBe(
    'undecided',
  );
  // What the known passages show counts all the same.
  expect(causeOf([search(0, 'a'), search(1, 'b', [peru]), answer(2, 'peso')])?.name).toBe('evidence-not-used');
});

test('long text is cut in explanations', () => {
  const cause = causeOf([search(0, 'money', [chile]), answer(1, '𝒳'.repeat(2000))]);
  expect(cause?.explanation).toBe(`The answer “${'𝒳'.repeat(80)}…” stands in none of the retrieved passages.`);
});

test('measures of an episode that goes in circles', () => {
  const measures = measureTrajectory(
    failed([
      search(0, 'money of Chile', [chile]),
      search(1, 'money of Chile', [chile]),
      search(2, 'the money of Chile, please', [chile, bolivia]),
      search(3, 'La Paz', [bolivia, chile]),
      search(4, 'Lima', [passage('Lima', 'A city.')]),
      answer(5, 'dollar'),
    ]),
  );
  // Four searches after the first: one repeats it; with "please", 3 of 4 words are common, which is less than 0.8; one brings nothing new.
  expect(measures).toMatchObject({
    repeatedQueryRate: 1 / 4,
    redundantQueryRate: 2 / 4,
    evidenceUnused: null,
    unsupportedAnswer: 1,
    answeredWithoutSearch: 0,
    cause: { name: 'redundant-queries' },
  });
});

test('measures that do not apply are null', () => {
  expect(measureTrajectory(failed([answer(0, 'peso')]))).toMatchObject({
    repeatedQueryRate: null,
    redundantQueryRate: null,
    evidenceUnused: null,
    unsupportedAnswer: null,
    answeredWithoutSearch: 1,
  });
  expect(measureTrajectory(failed([search(0, 'money', [peru])]))).toMatchObject({
    repeatedQueryRate: null,
    evidenceUnused: 1,
    unsupportedAnswer: null,
    answeredWithoutSearch: null,
  });
  expect(measureTrajectory(failed([search(0, 'money', [peru]), answer(1, 'one sol')]))).toMatchObject({
    evidenceUnused: 0,
    unsupportedAnswer: 1,
    cause: { name: 'answer-form' },
  });
});

test('the worked example of docs/arc.md', () => {
  const country = [passage('Peru', 'The capital of Peru is Lima.'), passage('Cusco', 'Cusco is a city of Peru.')];
  const episode = failed(
    [
      search(0, 'capital of Peru', country),
      search(1, 'The capital of Peru?', country),
      search(2, 'river of Lima', [passage('Lima', 'Lima lies on the Rímac.')]),
      answer(3, 'the Amazon River'),
    ],
    {},
    {
      task: {
        question: 'Which river flows through the capital of Peru?',
        goldenAnswers: ['Rímac', 'Rímac River'],
        metadata: { supporting_facts: { title: ['Peru', 'Lima'], sent_id: [0, 0] } },
      },
    },
  );
  expect(measureTrajectory(episode)).toMatchObject({
    exactMatch: 0,
    coverExactMatch: 0,
    f1: 0.5,
    executedSearches: 3,
    validActionRate: 1,
    firstQueryAnswerHit: 0,
    anyQueryAnswerHit: 1,
    firstQueryTitleHit: 1,
    anyQueryTitleHit: 1,
    titleRecall: 1,
    repeatedQueryRate: 0.5,
    redundantQueryRate: 0.5,
    evidenceUnused: 1,
    unsupportedAnswer: 1,
    answeredWithoutSearch: 0,
    cause: { name: 'evidence-not-used', turn: 2, passage: 'Lima' },
  });
});

test('the same words in another order are nearly the same query, with a fourth word they are not', () => {
  const kinds = (first: string, second: string) => {
    const [one, other] = [passage('One', 'a'), passage('Other', 'b')];
    const episode = failed([search(0, first, [one]), search(1, second, [other]), answer(2, 'dollar')]);
    return measureTrajectory(episode).redundantQueryRate;
  };
  // 4 of 4 and 3 of 4 words are common; the border of 0.8 is 4 of 5.
  expect(kinds('longest bridge in the world', 'bridge, the longest in the world')).toBe(1);
  expect(kinds('money of Chile', 'the money of Chile, please')).toBe(0);
  expect(kinds('tallest tower of Chile', 'tallest tower of Chile today')).toBe(1);
});
