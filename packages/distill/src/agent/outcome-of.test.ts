import type { Action } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { completionOf, startOf } from './__fixtures__/code-world.js';
import type { AgentEpisode } from './episode.js';
import { outcomeOf, referenceOutcomeOf } from './outcome-of.js';

const candidate = (action: Partial<Action> | null, changes: Partial<AgentEpisode> = {}) => {
  const before = startOf();
  const whole: Action = { turn: 0, kind: 'code', text: 't', executed: true, ...action };
  const after = { ...before, turn: 1, actions: action === null ? [] : [whole], ...changes };
  return { before, after, completion: completionOf('t') };
};
const document = (id: string) => ({ document: { id, contents: id }, score: 1 });
const seen = (text: string) => ({ segments: [...startOf().segments, { kind: 'observation' as const, text }] });

describe('outcomeOf', () => {
  test.each([
    ['nothing was done', candidate(null)],
    ['it cannot be read', candidate({ kind: 'invalid', executed: false })],
    ['it was not carried out', candidate({ kind: 'search', executed: false })],
    ['the code failed', candidate({ error: 'NameError', stdout: 'x' })],
    [
      'the world failed',
      candidate({}, { outcome: { correct: false, reward: 0, answer: null, endedBy: 'error', error: 'gone' } }),
    ],
  ])('none when %s', (_, one) => {
    expect(outcomeOf(one)).toBeNull();
    expect(referenceOutcomeOf(one)).toBeNull();
  });

  test.each([
    ['prints', candidate({ stdout: '1' }), candidate({ stdout: '2' })],
    ['values', candidate({ stdout: '', value: '1' }), candidate({ stdout: '', value: '2' })],
    ['a value and none', candidate({ stdout: '', value: 'null' }), candidate({ stdout: '' })],
    ['final answers', candidate({ stdout: '', answer: '1' }), candidate({ stdout: '', answer: '2' })],
    ['a value and an answer', candidate({ stdout: '', value: '1' }), candidate({ stdout: '', answer: '1' })],
    ['answers', candidate({ kind: 'answer', answer: '3' }), candidate({ kind: 'answer', answer: '-3' })],
    [
      'documents',
      candidate({ kind: 'search', query: 'x', documents: [document('a'), document('b')] }),
      candidate({ kind: 'search', query: 'x', documents: [document('b'), document('a')] }),
    ],
    ['observations', candidate({ kind: 'command' }, seen('left')), candidate({ kind: 'command' }, seen('right'))],
    [
      'worlds',
      candidate({ kind: 'command' }, { world: { at: 1 } }),
      candidate({ kind: 'command' }, { world: { at: 2 } }),
    ],
  ])('tells apart %s', (_, one, other) => {
    expect(outcomeOf(one)).not.toBe(outcomeOf(other));
  });

  test.each([
    ['code', candidate({ code: 'a', stdout: '1' }), candidate({ code: 'b', stdout: '1' })],
    [
      'searches',
      candidate({ kind: 'search', query: 'x', documents: [document('a')] }),
      candidate({ kind: 'search', query: 'y', documents: [document('a')] }),
    ],
    ['commands', candidate({ kind: 'command', command: 'go' }), candidate({ kind: 'command', command: 'walk' })],
    [
      'answers of another reward',
      candidate({ kind: 'answer', answer: '1' }),
      candidate(
        { kind: 'answer', answer: '1' },
        { outcome: { correct: true, reward: 1, answer: '1', endedBy: 'answer' } },
      ),
    ],
  ])('does not tell apart %s of one outcome', (_, one, other) => {
    expect(outcomeOf(one)).toBe(outcomeOf(other));
  });

  test('the reference key sees prints alone, of code alone', () => {
    const one = candidate({ stdout: '', answer: '1' });
    const other = candidate({ stdout: '', answer: '2' });
    expect(referenceOutcomeOf(one)).toBe(referenceOutcomeOf(other));
    expect(referenceOutcomeOf(candidate({ stdout: 'x' }))).not.toBe(referenceOutcomeOf(one));
    const answer = candidate({ kind: 'answer', answer: '1' });
    expect(referenceOutcomeOf(answer)).toBe(outcomeOf(answer));
  });
});

const anyAction = fc.record(
  {
    kind: fc.constantFrom<Action['kind']>('search', 'answer', 'command', 'code', 'invalid'),
    stdout: fc.string({ unit: 'binary' }),
    value: fc.string({ unit: 'binary' }),
    answer: fc.string({ unit: 'binary' }),
    error: fc.string(),
    executed: fc.boolean(),
  },
  { requiredKeys: [] },
);

property.prop([anyAction, fc.jsonValue()])('never throws, and only valid actions have an outcome', (action, world) => {
  const one = candidate(action, { world });
  const valid = action.executed !== false && action.kind !== 'invalid' && action.error === undefined;
  expect(outcomeOf(one) !== null).toBe(valid);
  expect(referenceOutcomeOf(one) !== null).toBe(valid);
});
