import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createTransformersEncoder, openEncoder } from '@dgpo/retriever';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// Embeddings of the Python library, see tools/parity/minilm.py.
const golden = JSON.parse(await readFile(new URL('__fixtures__/minilm.json', import.meta.url), 'utf8'));
const model = fileURLToPath(new URL('../../../.models/all-minilm-l6-v2', import.meta.url));

const tolerance = 1e-4;
const farthest = (left, right) => Math.max(...left.map((entry, index) => Math.abs(entry - right[index])));
const dot = (left, right) => left.reduce((sum, entry, index) => sum + entry * right[index], 0);

describe('all-MiniLM-L6-v2', () => {
  let encoder;
  beforeAll(async () => {
    encoder = await createTransformersEncoder({ model });
  });
  afterAll(() => encoder?.close());

  it('is recognised', () => {
    expect(encoder.dimension).toBe(384);
    expect(encoder.settings).toMatchObject({ family: 'minilm', pooling: 'mean', normalize: true, maxTokens: 256 });
  });

  it('gives the embeddings of the Python library, in one batch and alone', async () => {
    const together = await encoder.encode(golden.texts);
    for (const [index, expected] of golden.embeddings.entries()) {
      expect(farthest([...together[index]], expected)).toBeLessThan(tolerance);
      const [alone] = await encoder.encode([golden.texts[index]], 'query');
      expect(farthest([...alone], expected)).toBeLessThan(tolerance);
      expect(dot([...alone], [...alone])).toBeCloseTo(1, 5);
    }
  });

  it('brings together what means the same', async () => {
    const [question, same, other] = await encoder.encode([
      'How tall is the highest mountain?',
      'Mount Everest rises 8,849 metres above sea level.',
      'The bakery opens at seven.',
    ]);
    expect(dot([...question], [...same])).toBeGreaterThan(dot([...question], [...other]) + 0.3);
  });

  it('opens again from its settings', async () => {
    const settings = JSON.parse(JSON.stringify(encoder.settings));
    const opened = await openEncoder({ settings, directory: '.', environment: {} });
    expect(await opened.encode(['Lima'])).toEqual(await encoder.encode(['Lima']));
    await opened.close();
  });
});
