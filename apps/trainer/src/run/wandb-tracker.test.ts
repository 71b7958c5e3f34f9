import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { crc32 } from './crc32.js';
import { readWandbLog, wandbHeader, wandbLogRecord } from './wandb-log.js';
import { readWandbRecord } from './wandb-records.js';
import { createWandbTracker } from './wandb-tracker.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-wandb-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const start = 1700000000.5;
const folder = () => join(directory, 'offline-run-20231114_221320-0123abcd');
const path = () => join(folder(), 'run-0123abcd.wandb');

function open({ padding = 3, completedSteps = 0, at = start } = {}) {
  let time = at;
  const tracker = createWandbTracker({
    directory,
    id: '0123abcd',
    project: 'search',
    group: 'first',
    jobType: 'dgpo',
    displayName: 'first dgpo',
    config: { seed: 1, rl: { beta: 0.001 }, note: 'x'.repeat(padding), absent: undefined },
    completedSteps,
    wallTime: () => time,
  });
  return {
    log: (metrics: Record<string, number>, step: number) => {
      time += 1;
      tracker.log(metrics, step);
    },
    finish: () => {
      time += 1;
      return tracker.finish();
    },
  };
}

async function writeRun(padding = 3): Promise<void> {
  const run = open({ padding });
  run.log({ reward: 0.5, 'kl/mean': Number.NaN }, 1);
  run.log({ reward: Number.NEGATIVE_INFINITY }, 2);
  await run.finish();
}

/** Steps and records of another kind, as they stand in the file. */
const contents = () =>
  readWandbLog(readFileSync(path())).map(({ data }) => {
    const content = readWandbRecord(data);
    return typeof content === 'object' ? content.history : content;
  });

describe('createWandbTracker', () => {
  it('computes the CRC-32 of zlib', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  // Expected bytes: the same messages written by W&B's own DataStore and message classes (tools/parity/wandb_file.py golden).
  it('writes the bytes that W&B writes', async () => {
    await writeRun();
    expect(readFileSync(path()).toString('base64')).toBe(
      readFileSync(new URL('./__fixtures__/wandb-run.base64', import.meta.url), 'utf8').trim(),
    );
  });

  it.each([
    [32620, 33289, 'eb992a038cb81313762ef56c15beb9c124d7e6d497c4fdfac45e47c4249af767'],
    [32640, 33309, 'ddec67a36dde63134996bb8530638e5657e6739660654cce803a084ce225c4b0'],
    [70000, 70676, '9795e1f271f357a33c66e1ef6a580057361a71977e0fdb3c2dc183bad72d0254'],
  ])('cuts what does not fit into a block as W&B does: a text of %d bytes', async (padding, bytes, sha256) => {
    await writeRun(padding);
    const data = readFileSync(path());
    expect(data.length).toBe(bytes);
    expect(createHash('sha256').update(data).digest('hex')).toBe(sha256);
    expect(readWandbLog(data)).toHaveLength(7);
  });

  it('reads back what it wrote, wherever a record starts in a block', () => {
    for (const length of [0, 1, 32754, 32761, 32762, 65522, 100_000]) {
      for (const before of [0, 32740, 32741, 32747, 32748]) {
        const first = wandbLogRecord(new Uint8Array(before).fill(7), wandbHeader.length);
        const data = Uint8Array.from({ length }, (_, index) => index % 251);
        const second = wandbLogRecord(data, wandbHeader.length + first.length);
        const entries = readWandbLog(Buffer.concat([wandbHeader, first, second]));
        expect(entries.map((entry) => entry.data.length)).toEqual([before, length]);
        expect(Buffer.compare(entries[1]?.data ?? new Uint8Array(0), data)).toBe(0);
      }
    }
  });

  it('continues where a checkpoint was: the bytes of a run that nothing interrupted', async () => {
    const whole = open();
    for (let step = 1; step <= 4; step++) whole.log({ reward: step / 4 }, step);
    await whole.finish();
    const expected = readFileSync(path());
    rmSync(folder(), { recursive: true });

    const killed = open();
    for (let step = 1; step <= 3; step++) killed.log({ reward: step === 3 ? 9 : step / 4 }, step);
    appendFileSync(path(), 'torn');
    const resumed = open({ completedSteps: 2, at: start + 2 });
    for (let step = 3; step <= 4; step++) resumed.log({ reward: step / 4 }, step);
    await resumed.finish();
    expect(readdirSync(directory)).toHaveLength(1);
    expect(readFileSync(path()).equals(expected)).toBe(true);
  });

  it('continues a finished run too, and the server is told of it again', async () => {
    await writeRun();
    writeFileSync(`${path()}.synced`, '');
    const resumed = open({ completedSteps: 2, at: start + 100 });
    resumed.log({ reward: 1 }, 3);
    await resumed.finish();
    expect(existsSync(`${path()}.synced`)).toBe(false);
    const steps = contents();
    expect(steps.filter((step) => step === 'exit')).toHaveLength(1);
    // Two seconds into the first attempt, and one into the second.
    expect(steps.at(-3)).toEqual({ reward: 1, _timestamp: start + 101, _runtime: 3, _step: 3 });
  });

  it('starts afresh at step 0 and in a file that ends before its first step', async () => {
    await writeRun();
    await writeRun();
    expect(contents().filter((step) => typeof step === 'object')).toHaveLength(2);
    truncateSync(path(), 20);
    const resumed = open({ completedSteps: 2 });
    resumed.log({ reward: 1 }, 3);
    await resumed.finish();
    expect(contents()).toHaveLength(5);
  });

  it('keeps what stands before a damaged record', async () => {
    const run = open();
    for (let step = 1; step <= 5; step++) run.log({ reward: step }, step);
    const data = readFileSync(path());
    const fifth = readWandbLog(data)[5]?.end ?? 0;
    data.writeUInt8(data.readUInt8(fifth + 20) ^ 255, fifth + 20);
    writeFileSync(path(), data);
    open({ completedSteps: 5 });
    expect(contents().filter((step) => typeof step === 'object')).toHaveLength(2);
  });
});
