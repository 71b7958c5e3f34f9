import { setImmediate } from 'node:timers/promises';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type BatchQueueOptions, createBatchQueue } from './batch-queue.js';

type Answer = BatchQueueOptions<string, string>['answer'];

const never = new AbortController().signal;

/** A queue that records its batches and answers each input with itself and the group. */
function recording(options: Partial<BatchQueueOptions<string, string>> = {}, answer?: Answer) {
  const batches: string[][] = [];
  const queue = createBatchQueue<string, string>({
    maxBatch: 8,
    wait: 0,
    ...options,
    async answer(batch) {
      batches.push([...batch.inputs]);
      await setImmediate();
      return answer ? answer(batch) : batch.inputs.map((input) => `${input}@${batch.group}`);
    },
  });
  const submit = (inputs: string[], group = '3', signal = never) => queue.submit({ inputs, group, signal });
  return { queue, submit, batches };
}

describe('createBatchQueue', () => {
  it('answers what has arrived in one batch of each group, and equal inputs once', async () => {
    const { submit, batches } = recording();
    const answers = await Promise.all([submit(['a', 'b']), submit(['c'], '5'), submit(['b', 'd', 'd'])]);
    expect(answers).toEqual([['a@3', 'b@3'], ['c@5'], ['b@3', 'd@3', 'd@3']]);
    expect(batches).toEqual([['a', 'b', 'd'], ['c']]);
  });

  it('gathers while a batch runs, up to the limit, and never divides a request', async () => {
    const { submit, batches, queue } = recording({ maxBatch: 3 });
    const first = submit(['0']);
    await setImmediate();
    const rest = [submit(['a', 'b']), submit(['c']), submit(['d', 'e', 'f', 'g']), submit(['h'])];
    expect(queue.waiting).toBe(4);
    await Promise.all([first, ...rest]);
    expect(batches).toEqual([['0'], ['a', 'b', 'c'], ['d', 'e', 'f', 'g'], ['h']]);
    expect(queue.waiting).toBe(0);
  });

  it('tries the requests of a failed batch alone', async () => {
    const { submit, batches } = recording({}, async ({ inputs }) => {
      if (inputs.includes('bad')) throw new Error('poison');
      return inputs;
    });
    const results = await Promise.allSettled([submit(['a']), submit(['bad']), submit(['b', 'c'])]);
    expect(results).toMatchObject([
      { status: 'fulfilled', value: ['a'] },
      { status: 'rejected', reason: { message: 'poison' } },
      { status: 'fulfilled', value: ['b', 'c'] },
    ]);
    expect(batches).toEqual([['a', 'bad', 'b', 'c'], ['a'], ['bad'], ['b', 'c']]);
  });

  it('takes too few answers for a failure', async () => {
    const { submit } = recording({}, async ({ inputs }) => inputs.slice(1));
    await expect(submit(['a', 'b'])).rejects.toThrow('the batch of 2 got 1 answers');
  });

  it('lets a request leave the queue, and drops a running batch that all have left', async () => {
    let seen: AbortSignal | undefined;
    const { submit, batches, queue } = recording({}, ({ inputs, signal }) => {
      if (!inputs.includes('stuck')) return Promise.resolve(inputs);
      seen = signal;
      return new Promise(() => undefined);
    });
    const [one, two, three] = [new AbortController(), new AbortController(), new AbortController()];
    const stuck = [submit(['stuck'], '3', one.signal), submit(['other'], '3', two.signal)];
    while (seen === undefined) await setImmediate();
    const gone = submit(['gone'], '3', three.signal);
    const last = submit(['last']);
    expect(queue.waiting).toBe(2);
    three.abort(new Error('left'));
    expect(queue.waiting).toBe(1);
    one.abort(new Error('left first'));
    expect(seen.aborted).toBe(false);
    two.abort(new Error('left second'));
    expect(seen.aborted).toBe(true);
    const results = await Promise.allSettled([...stuck, gone]);
    expect(results.map((result) => result.status === 'rejected' && String(result.reason))).toEqual([
      'Error: left first',
      'Error: left second',
      'Error: left',
    ]);
    expect(await last).toEqual(['last']);
    expect(batches).toEqual([['stuck', 'other'], ['last']]);
    await expect(submit(['late'], '3', AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });

  it('waits for company when told to', async () => {
    const { submit, batches } = recording({ wait: 30 });
    const first = submit(['a']);
    await setImmediate();
    await setImmediate();
    await Promise.all([first, submit(['b'])]);
    expect(batches).toEqual([['a', 'b']]);
  });

  const request = fc.record({
    inputs: fc.array(fc.constantFrom('a', 'b', 'c', 'bad'), { minLength: 1, maxLength: 4 }),
    group: fc.constantFrom('1', '2'),
    pause: fc.nat(3),
    leavesAfter: fc.option(fc.nat(6), { nil: undefined }),
  });
  test.prop([fc.array(request, { maxLength: 25 }), fc.integer({ min: 1, max: 6 }), fc.array(fc.nat(3))])(
    'gives each request its own answer, whatever the interleaving',
    async (requests, maxBatch, delays) => {
      const running = new Set<AbortSignal>();
      const { submit, queue } = recording({ maxBatch }, async ({ inputs, group, signal }) => {
        // Only a batch that all have left may still run beside another.
        expect([...running].every(({ aborted }) => aborted)).toBe(true);
        running.add(signal);
        const ticks = delays.shift() ?? 0;
        for (let tick = 0; tick < ticks; tick++) await setImmediate();
        running.delete(signal);
        if (inputs.includes('bad')) throw new Error('poison');
        return inputs.map((input) => `${input}@${group}`);
      });
      const settled: Promise<void>[] = [];
      for (const { inputs, group, pause, leavesAfter } of requests) {
        const controller = new AbortController();
        const expected = inputs.includes('bad') ? 'Error: poison' : inputs.map((input) => `${input}@${group}`);
        settled.push(
          submit(inputs, group, controller.signal).then(
            (answers) => expect(answers).toEqual(expected),
            (error) =>
              expect(controller.signal.aborted ? ['Error: left', expected] : [expected]).toContain(String(error)),
          ),
        );
        const leave = async (after: number) => {
          for (let tick = 0; tick < after; tick++) await setImmediate();
          controller.abort(new Error('left'));
        };
        if (leavesAfter !== undefined) settled.push(leave(leavesAfter));
        for (let tick = 0; tick < pause; tick++) await setImmediate();
      }
      await Promise.all(settled);
      expect(queue.waiting).toBe(0);
    },
  );
});
