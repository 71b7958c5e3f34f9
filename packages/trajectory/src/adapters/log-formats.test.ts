import { readFile } from 'node:fs/promises';
import { test as property } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDgpoError } from '../errors.js';
import { trajectoryFromRecord } from '../logs/read-logs.js';
import { encodeTrajectory, trajectorySchema } from '../trajectory.js';
import { formatOf, logFormats } from './log-formats.js';

const samples = new URL('../../../arc/samples/', import.meta.url);

/** A value with one part of it, chosen by the numbers of a path, replaced. */
function replaceAt(value: unknown, path: readonly number[], by: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return by;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(keys.length, 1)];
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? replaceAt(item, rest, by) : item));
  return { ...value, [key]: replaceAt((value as Record<string, unknown>)[key], rest, by) };
}

describe.each(logFormats)('%s', async (format) => {
  const lines = (await readFile(new URL(`${format}.jsonl`, samples), 'utf8')).trim().split('\n');
  const records: unknown[] = lines.map((line) => JSON.parse(line));

  test('its samples are told by their shape', () => {
    expect(records.map(formatOf)).toEqual(records.map(() => format));
  });

  // Any damage to a record gives an episode that keeps the spec, or an error that says what is wrong: never another error.
  property.prop(
    [fc.nat(records.length - 1), fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }), fc.jsonValue({ maxDepth: 2 })],
    { numRuns: 150 },
  )('a damaged record is read or refused', (index, path, by) => {
    const record = replaceAt(records[index], path, by);
    try {
      const encoded = encodeTrajectory(trajectoryFromRecord(record, { format }));
      expect(trajectorySchema.safeParse(encoded).error?.issues).toBeUndefined();
    } catch (error) {
      if (!isDgpoError(error)) throw error;
      expect(error.code).toBe('DATASET_ERROR');
    }
  });
});

property.prop([fc.jsonValue()])('no shape is seen in just any value', (value) => {
  expect(formatOf(value)).toBeNull();
});
