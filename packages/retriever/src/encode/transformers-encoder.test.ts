import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeTransformers } from '../__fixtures__/fake-transformers.js';
import { openEncoder } from './open-encoder.js';
import { createTransformersEncoder } from './transformers-encoder.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dgpo-transformers-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function writeModel(weights: string, name = 'e5-tiny'): Promise<string> {
  const folder = join(directory, name);
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(join(folder, 'onnx', 'model.onnx'), weights);
  return folder;
}

describe('createTransformersEncoder', () => {
  it('pools over the mask, scales to length 1 and keeps the order of the texts', async () => {
    const { _internal, batches } = fakeTransformers();
    const encoder = await createTransformersEncoder({ model: 'minilm', batchSize: 2, _internal });
    expect(encoder.dimension).toBe(2);
    const vectors = await encoder.encode(['aaaa bb', 'c', 'dd dd dd']);
    // Mean word lengths 3, 1 and 2, beside a 1.
    const expected = [3, 1, 2].map((mean) => [mean / Math.hypot(mean, 1), 1 / Math.hypot(mean, 1)]);
    expect(vectors.length).toBe(3);
    for (const [row, vector] of vectors.entries()) {
      for (const [column, entry] of vector.entries())
        expect(entry).toBeCloseTo(expected[row]?.[column] ?? Number.NaN, 6);
    }
    // The probe, then texts of like length together.
    expect(batches.map(({ texts }) => texts)).toEqual([['a'], ['c', 'aaaa bb'], ['dd dd dd']]);
    expect(batches[1]?.maxLength).toBe(256);
  });

  it('puts the prefixes of the family in front, or those it is given', async () => {
    const { _internal, batches } = fakeTransformers({ nameInConfig: 'intfloat/e5-base-v2' });
    const encoder = await createTransformersEncoder({ model: 'my/encoder', _internal });
    await encoder.encode(['x'], 'query');
    await encoder.encode(['x']);
    expect(batches.slice(1).map(({ texts }) => texts)).toEqual([['query: x'], ['passage: x']]);
    const given = await createTransformersEncoder({
      ...{ model: 'my/encoder', queryPrefix: 'Q ', passagePrefix: '', pooling: 'cls', normalize: false, _internal },
    });
    expect(await given.encode(['long b'], 'query')).toEqual([Float32Array.of(1, 1)]);
    expect(await given.encode(['long b'])).toEqual([Float32Array.of(4, 1)]);
    expect(given.settings).toMatchObject({ family: 'e5', queryPrefix: 'Q ', pooling: 'cls', normalize: false });
  });

  it('asks the hub for names and reads folders only locally', async () => {
    const { _internal, loads } = fakeTransformers();
    await createTransformersEncoder({ model: 'BAAI/bge-small-en-v1.5', revision: 'abc', dtype: 'q8', _internal });
    expect(loads).toEqual([
      { part: 'tokenizer', model: 'BAAI/bge-small-en-v1.5', options: { revision: 'abc' } },
      {
        part: 'model',
        model: 'BAAI/bge-small-en-v1.5',
        options: { revision: 'abc', dtype: 'q8', device: 'cpu' },
      },
    ]);
    const folder = await writeModel('weights');
    const local = fakeTransformers();
    await createTransformersEncoder({ model: folder, _internal: local._internal });
    expect(local.loads[1]).toEqual({
      part: 'model',
      model: folder,
      options: { local_files_only: true, dtype: 'fp32', device: 'cpu' },
    });
    await expect(createTransformersEncoder({ model: './nowhere', _internal })).rejects.toThrow(/no such folder/);
  });

  it('records what was resolved and opens again to the same vectors', async () => {
    const folder = await writeModel('weights');
    const { _internal, state } = fakeTransformers({ maxLength: 64 });
    const encoder = await createTransformersEncoder({ model: folder, _internal });
    expect(encoder.settings).toEqual({
      ...{ kind: 'transformers', model: folder, revision: 'main', dtype: 'fp32', family: 'e5' },
      ...{ queryPrefix: 'query: ', passagePrefix: 'passage: ', pooling: 'mean', normalize: true },
      ...{ maxTokens: 64, dimension: 2, weights: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const settings: unknown = JSON.parse(JSON.stringify(encoder.settings));
    const opened = await openEncoder({ settings, directory, environment: {}, _internal });
    expect(opened.settings).toEqual(encoder.settings);
    expect(await opened.encode(['some text'], 'query')).toEqual(await encoder.encode(['some text'], 'query'));
    await opened.close?.();
    expect(state.disposed).toBe(1);
  });

  it('finds a model that has moved, and refuses another one', async () => {
    const { _internal } = fakeTransformers();
    const { settings } = await createTransformersEncoder({ model: await writeModel('weights'), _internal });
    const moved = await writeModel('weights', 'moved');
    const other = await writeModel('other weights', 'other');
    const open = (model: string) =>
      openEncoder({ settings, directory, environment: { DGPO_ENCODER_MODEL: model }, _internal });
    // The prefixes come from the settings, not from the folder's new name.
    expect((await open(moved)).settings).toMatchObject({ queryPrefix: 'query: ', model: moved });
    await expect(open(other)).rejects.toMatchObject({ name: 'RetrieverError', message: /another model/ });
  });

  it('ends with the reason of the signal between batches', async () => {
    const { _internal } = fakeTransformers();
    const encoder = await createTransformersEncoder({ model: 'minilm', _internal });
    await expect(encoder.encode(['x'], 'passage', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });

  it('says what to install, and what is wrong with a model or an option', async () => {
    const absent = {
      importTransformers: () => Promise.reject(new Error("Cannot find package '@huggingface/transformers'")),
    };
    await expect(createTransformersEncoder({ model: 'x', _internal: absent })).rejects.toMatchObject({
      name: 'ConfigError',
      message: /npm install @huggingface\/transformers/,
    });
    const broken = {
      importTransformers: async () => ({
        ...(await fakeTransformers()._internal.importTransformers()),
        AutoModel: { from_pretrained: () => Promise.reject(new Error('no such file\nat …')) },
      }),
    };
    await expect(createTransformersEncoder({ model: 'x', _internal: broken })).rejects.toThrow(
      /^x: this model does not load \(no such file\); a model needs/,
    );
    const { _internal } = fakeTransformers();
    await expect(createTransformersEncoder({ model: 'x', batchSize: 0, _internal })).rejects.toThrow(/batchSize/);
    await expect(createTransformersEncoder({ model: 'x', maxTokens: 0, _internal })).rejects.toThrow(/maxTokens/);
  });
});
