import { expect, test } from 'vitest';
import { afterFailure, createDurations, lateProcess, type Order } from './orders.js';

const order = (changes: Partial<Order> = {}): Order => ({
  job: {} as Order['job'],
  wire: {} as Order['wire'],
  tries: new Map(),
  failures: [],
  settled: false,
  resolve: () => undefined,
  reject: () => undefined,
  ...changes,
});
const failure = (by: string) => ({ message: 'no memory', by });
const running = (by: string, at: number) => ({ queued: true, started: { by, at } });

test('a failed job goes to a worker that has not failed at it, while there is one', () => {
  const options = { maxTries: 3, processes: new Set(['a', 'b']) };
  expect(afterFailure(order({ failures: [failure('a')] }), options)).toEqual({ kind: 'again', avoid: ['a'] });
  expect(afterFailure(order({ failures: [failure('a'), failure('b')] }), options)).toEqual({
    kind: 'again',
    avoid: [],
  });
  expect(afterFailure(order({ failures: [failure('a'), failure('b'), failure('a')] }), options)).toEqual({
    kind: 'fail',
    message: 'no memory (a rollout failed 3 times)',
  });
});

test('a failed job is not given to the worker that plays its copy', () => {
  const tries = new Map([['1', running('b', 0)]]);
  const options = { maxTries: 3, processes: new Set(['a', 'b', 'c']) };
  expect(afterFailure(order({ tries, failures: [failure('a')] }), options)).toEqual({
    kind: 'again',
    avoid: ['a', 'b'],
  });
});

test('late is who plays for longer than allowed, once, and when another one is there', () => {
  const options = { now: 1000, lateAfter: 100, processes: new Set(['a', 'b']) };
  const late = new Map([['1', running('a', 899)]]);
  expect(lateProcess(order({ tries: late }), options)).toBe('a');
  expect(lateProcess(order({ tries: late }), { ...options, processes: new Set(['a']) })).toBeUndefined();
  expect(lateProcess(order({ tries: new Map([['1', running('a', 900)]]) }), options)).toBeUndefined();
  expect(lateProcess(order({ tries: new Map([['1', { queued: true }]]) }), options)).toBeUndefined();
  const helped: Order['tries'] = new Map(late);
  helped.set('2', { queued: true });
  expect(lateProcess(order({ tries: helped }), options)).toBeUndefined();
});

test('late is three times the median of the kind, at least the minimum, ten times that at the beginning', () => {
  const durations = createDurations({ factor: 3, minimum: 50 });
  for (const duration of [900, 100]) durations.add('episodes', duration);
  expect(durations.lateAfter('episodes')).toBe(500);
  durations.add('episodes', 200);
  expect(durations.lateAfter('episodes')).toBe(600);
  expect(durations.lateAfter('read')).toBe(500);
  for (let count = 0; count < 64; count++) durations.add('episodes', 1);
  expect(durations.lateAfter('episodes')).toBe(50);
});
