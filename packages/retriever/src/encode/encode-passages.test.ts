import { mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Document } from '../retriever.js';
import type { Encoder } from '../vector/encoder.js';
import { type EncodePassagesOptions, type EncodingProgress, encodePassages } from './encode-passages.js';
import { readShard } from './shard.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-encode-'));
});
afterEach(() => rm(directory, { recursive: true }));

const passages: Document[] = Array.from({ length: 10 }, (_, index) => ({
  id: `${index}`,
  contents: `passage ${index}`,
}));

async function* stream(documents: readonly Document[] = passages) {
  yield* documents;
}

/** Encodes `passage n` as `[n, -n]` and counts what it was asked; may fail at a passage. */
function countingEncoder({ settings = { kind: 'count' }, failAt = Number.NaN } = {}) {
  const asked: number[] = [];
  const encoder: Encoder = {
    ...{ dimension: 2, settings, save: () => Promise.resolve() },
    encode: (texts) =>
      texts.map((text) => {
        const number = Number(text.split(' ')[1]);
        if (number === failAt) throw new Error('the power failed');
        asked.push(number);
        return Float32Array.of(number, -number);
      }),
  };
  return { encoder, asked };
}

const run = (options: Partial<EncodePassagesOptions> & Pick<EncodePassagesOptions, 'encoder'>) =>
  encodePassages({ documents: stream(), total: 10, directory, shardSize: 4, ...options });

async function readAll(shards: readonly string[]): Promise<number[][]> {
  const rows: number[][] = [];
  for (const shard of shards) rows.push(...(await readShard(shard, 2)).map((row) => [...row]));
  return rows;
}

const expected = passages.map((_, index) => [index, index === 0 ? -0 : -index]);

describe('encodePassages', () => {
  it('writes every passage once, in order, in shards', async () => {
    const { encoder } = countingEncoder();
    const { shards } = await run({ encoder });
    expect(shards.map((shard) => shard.slice(directory.length + 1))).toEqual([
      'vectors-000000.f32',
      'vectors-000001.f32',
      'vectors-000002.f32',
    ]);
    expect(await readAll(shards)).toEqual(expected);
    expect((await readdir(directory)).sort()).toEqual(['encoding.json', ...shards.map((shard) => shard.slice(-18))]);
  });

  it('goes on with the first missing shard, to the same files', async () => {
    const broken = countingEncoder({ failAt: 9 });
    await expect(run({ encoder: broken.encoder })).rejects.toThrow('the power failed');
    const { encoder, asked } = countingEncoder();
    const { shards } = await run({ encoder });
    expect(asked).toEqual([8, 9]);
    expect(await readAll(shards)).toEqual(expected);
    // Nothing is left to do, then a cut file is.
    const again = countingEncoder();
    expect(await run({ encoder: again.encoder })).toEqual({ shards });
    expect(again.asked).toEqual([]);
    await truncate(join(directory, 'vectors-000001.f32'), 12);
    expect(await readAll((await run({ encoder: again.encoder })).shards)).toEqual(expected);
    expect(again.asked).toEqual([4, 5, 6, 7, 8, 9]);
  });

  it('refuses vectors of another encoder, corpus or size of shards', async () => {
    await run({ encoder: countingEncoder().encoder });
    const { encoder } = countingEncoder();
    const changed = passages.map((passage) => (passage.id === '5' ? { ...passage, contents: 'passage 55' } : passage));
    const other = countingEncoder({ settings: { kind: 'other' } });
    await expect(run({ encoder: other.encoder })).rejects.toThrow(/another encoder/);
    await expect(run({ encoder: { ...encoder, dimension: 3 } })).rejects.toThrow(/another encoder/);
    await expect(run({ encoder, documents: stream(changed) })).rejects.toThrow(/another corpus/);
    await expect(run({ encoder, total: 9, documents: passages.slice(1) })).rejects.toThrow(/another corpus/);
    await expect(run({ encoder, shardSize: 5 })).rejects.toThrow(/another size of shards/);
    await writeFile(join(directory, 'encoding.json'), '{"formatVersion": 1');
    await expect(run({ encoder })).rejects.toMatchObject({ name: 'RetrieverError', message: /damaged/ });
    const hostile = { file: '../../etc/vectors-1.f32', rows: 1, passages: '0'.repeat(64) };
    const settings = { encoder: encoder.settings, dimension: 2, total: 10, shardSize: 4 };
    await writeFile(
      join(directory, 'encoding.json'),
      JSON.stringify({ formatVersion: 1, ...settings, shards: [hostile] }),
    );
    await expect(run({ encoder })).rejects.toThrow(/damaged/);
  });

  it('reports how far it is, with the rate of this run only', async () => {
    await expect(run({ encoder: countingEncoder({ failAt: 4 }).encoder })).rejects.toThrow();
    const seen: EncodingProgress[] = [];
    let seconds = 0;
    const now = () => seconds++;
    await run({
      encoder: countingEncoder().encoder,
      onProgress: (progress) => seen.push(progress),
      _internal: { now },
    });
    // Four passages were there; the clock goes on by a second with each look at it.
    expect(seen).toEqual([
      { done: 8, total: 10, rate: 4, secondsLeft: 2 / 4 },
      { done: 10, total: 10, rate: 3, secondsLeft: 0 },
    ]);
  });

  it('ends with the reason of the signal and keeps what is finished', async () => {
    const controller = new AbortController();
    const { encoder } = countingEncoder();
    const onProgress = ({ done }: EncodingProgress) => {
      if (done === 4) controller.abort(new Error('enough'));
    };
    await expect(run({ encoder, onProgress, signal: controller.signal })).rejects.toThrow('enough');
    const rest = countingEncoder();
    await run({ encoder: rest.encoder });
    expect(rest.asked).toEqual([4, 5, 6, 7, 8, 9]);
  });

  it.runIf(process.platform === 'linux')('keeps finished shards when the disk is full', async () => {
    // Whatever is written to /dev/full finds no space left.
    await symlink('/dev/full', join(directory, 'vectors-000001.f32.partial'));
    await expect(run({ encoder: countingEncoder().encoder })).rejects.toMatchObject({
      name: 'RetrieverError',
      message: expect.stringMatching(/the disk is full\); 4 of 10 passages are finished/),
    });
    const checkpoint = JSON.parse(await readFile(join(directory, 'encoding.json'), 'utf8')) as { shards: unknown[] };
    expect(checkpoint.shards.length).toBe(1);
    const rest = countingEncoder();
    expect(await readAll((await run({ encoder: rest.encoder })).shards)).toEqual(expected);
    expect(rest.asked).toEqual([4, 5, 6, 7, 8, 9]);
  });

  it('refuses a wrong total and vectors that do not fit', async () => {
    const { encoder } = countingEncoder();
    await expect(run({ encoder, total: 9 })).rejects.toThrow(/more than the 9 passages announced/);
    await rm(join(directory, 'encoding.json'));
    await expect(run({ encoder, total: 11 })).rejects.toThrow(/10 passages instead of the 11/);
    await rm(join(directory, 'encoding.json'));
    const few = { ...encoder, encode: () => [Float32Array.of(1, 2)] };
    await expect(run({ encoder: few })).rejects.toThrow(/1 vectors for 4 passages/);
    const infinite = {
      ...encoder,
      encode: (texts: readonly string[]) => texts.map(() => Float32Array.of(1, Infinity)),
    };
    await expect(run({ encoder: infinite })).rejects.toThrow(/not finite/);
  });
});

describe('readShard', () => {
  it('refuses files that are not there or hold no whole vectors', async () => {
    const path = join(directory, 'vectors.f32');
    await expect(readShard(path, 2)).rejects.toThrow(/cannot be read/);
    await writeFile(path, new Uint8Array(12));
    await expect(readShard(path, 2)).rejects.toThrow(/3 numbers are no whole vectors of 2/);
    await writeFile(path, new Uint8Array(11));
    await expect(readShard(path, 2)).rejects.toMatchObject({ name: 'RetrieverError' });
  });
});
