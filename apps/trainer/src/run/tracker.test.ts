import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConsoleTracker, formatDuration } from './console-tracker.js';
import { crc32c } from './crc32.js';
import { createJsonlTracker } from './jsonl-tracker.js';
import { fileVersionEvent, maskedCrc32c, scalarsEvent, sessionStartEvent, tfRecord } from './tensorboard-events.js';
import { createTensorBoardTracker } from './tensorboard-tracker.js';
import { combineTrackers } from './tracker.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-tracker-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const ascii = (text: string) => new TextEncoder().encode(text);

describe('createJsonlTracker', () => {
  it('keeps wall times apart and non-finite values visible', async () => {
    const paths = { metricsPath: join(directory, 'metrics.jsonl'), timingsPath: join(directory, 'timings.jsonl') };
    const tracker = createJsonlTracker({ ...paths, stage: 'rl' });
    tracker.log({ reward: 0.5, 'perf/throughput': 812.4, step_time: 2 }, 1);
    tracker.log({ reward: Number.NaN }, 2);
    await tracker.finish();
    expect(readFileSync(paths.metricsPath, 'utf8')).toBe(
      '{"stage":"rl","step":1,"reward":0.5}\n{"stage":"rl","step":2,"reward":"NaN"}\n',
    );
    expect(readFileSync(paths.timingsPath, 'utf8')).toBe(
      '{"stage":"rl","step":1,"perf/throughput":812.4,"step_time":2}\n',
    );
  });
});

describe('createConsoleTracker', () => {
  const recorded = () => {
    let text = '';
    let time = 0;
    const stream = { isTTY: true, columns: 60, write: (piece: string) => (text += piece) };
    const tracker = createConsoleTracker({
      label: 'DGPO',
      totalSteps: 10,
      completedSteps: 4,
      stream,
      now: () => time,
    });
    const log = (step: number, metrics: Record<string, number>) => {
      time += 30_000;
      tracker.log(metrics, step);
    };
    return { log, finish: () => tracker.finish(), text: () => text };
  };

  it('writes a plain line per step; 2 of 6 steps in 60 s leave 2 min', async () => {
    const out = recorded();
    out.log(5, { reward: 0.25, 'perf/throughput': 3 });
    out.log(6, { reward: 0.5, kl: 0.00012, tokens: 1200 });
    await out.finish();
    expect(out.text()).toBe(
      'DGPO 5/10 · reward 0.250 · 30.0 s/step · 2 min 30 s left\n' +
        'DGPO 6/10 · reward 0.500 · kl 1.2e-4 · tokens 1200 · 30.0 s/step · 2 min 00 s left\n',
    );
  });

  it.each([
    [0.4, '0 s'],
    [59.6, '1 min 00 s'],
    [3599, '59 min 59 s'],
    [7440, '2 h 04 min'],
  ])('shows %d seconds as %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

describe('TensorBoard events', () => {
  it('computes CRC-32C as RFC 3720 (B.4) and masks it as TFRecord does', () => {
    expect(crc32c(ascii('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    // 0xe3069283 rotated right by 15 bits is 0x2507c60d; plus 0xa282ead8 it is 0xc78ab0e5.
    expect(maskedCrc32c(ascii('123456789'))).toBe(0xc78ab0e5);
  });

  // Expected bytes: the same messages written by Python's tensorboard 2.21 (Event.SerializeToString, RecordWriter).
  it('writes the bytes that tensorboard writes', () => {
    expect(hex(tfRecord(ascii('abc')))).toBe('0300000000000000b099490e6162636e57f121');
    expect(hex(fileVersionEvent(1700000000.5))).toBe('0900002040fc54d9411a0d627261696e2e4576656e743a32');
    expect(hex(sessionStartEvent(1700000000.5, 4))).toBe('0900002040fc54d94110043a020801');
    expect(hex(scalarsEvent(1700000000.5, 300, { 'rl/reward': 0.25, kl: -2 }))).toBe(
      '0900002040fc54d94110ac022a1d0a100a09726c2f726577617264150000803e0a090a026b6c15000000c0',
    );
  });

  it('starts each file with its version, and a continued run with where it continues', async () => {
    const wallTime = () => 1700000000.5;
    const tracker = createTensorBoardTracker({ directory, firstStep: 4, wallTime });
    tracker.log({ kl: 1 }, 4);
    await combineTrackers([tracker]).finish();
    const [name = ''] = readdirSync(directory);
    expect(name).toMatch(/^events\.out\.tfevents\.1700000000\.500\./);
    const expected = [
      fileVersionEvent(1700000000.5),
      sessionStartEvent(1700000000.5, 4),
      scalarsEvent(1700000000.5, 4, { kl: 1 }),
    ].map((event) => hex(tfRecord(event)));
    expect(readFileSync(join(directory, name)).toString('hex')).toBe(expected.join(''));
  });
});
