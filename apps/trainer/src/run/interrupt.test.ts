import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { type SignalSource, withInterrupt } from './interrupt.js';

class FakeProcess extends EventEmitter implements SignalSource {
  exitCode?: number | string | null | undefined;
  readonly exits: number[] = [];
  exit(code: number) {
    this.exits.push(code);
  }
}

it('returns the value and leaves the process alone when nothing happens', async () => {
  const source = new FakeProcess();
  expect(await withInterrupt(async () => 7, { source })).toEqual({ interrupted: false, value: 7 });
  expect([source.exitCode, source.exits, source.listenerCount('SIGINT')]).toEqual([undefined, [], 0]);
});

it('lets the work finish its step at the first signal and ends with 130', async () => {
  const source = new FakeProcess();
  let told = 0;
  const work = withInterrupt(
    async (signal) => {
      let step = 0;
      while (!signal.aborted && step < 10) {
        step++;
        if (step === 3) source.emit('SIGINT', 'SIGINT');
        await Promise.resolve();
      }
      return step;
    },
    { source, onInterrupt: () => told++ },
  );
  expect(await work).toEqual({ interrupted: true, value: 3 });
  expect([source.exitCode, source.exits, told]).toEqual([130, [], 1]);
});

it('ends at once at the second signal', async () => {
  const source = new FakeProcess();
  await withInterrupt(
    async () => {
      source.emit('SIGINT', 'SIGINT');
      source.emit('SIGINT', 'SIGINT');
    },
    { source, onInterrupt: () => undefined },
  );
  expect(source.exits).toEqual([130]);
});

it('takes the reason of the signal as an end, and SIGTERM as 143, but no other error', async () => {
  const source = new FakeProcess();
  const options = { source, onInterrupt: () => undefined };
  const stopped = await withInterrupt(async (signal) => {
    source.emit('SIGTERM', 'SIGTERM');
    signal.throwIfAborted();
  }, options);
  expect(stopped).toEqual({ interrupted: true, value: undefined });
  expect(source.exitCode).toBe(143);
  const failing = withInterrupt(async () => Promise.reject(new Error('disk')), options);
  await expect(failing).rejects.toThrow('disk');
});
