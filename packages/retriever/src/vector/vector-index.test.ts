import { describe, expect, it } from 'vitest';
import { createHnswIndex, openHnswIndex } from '../hnsw/hnsw-index.js';
import { resolveHnswSettings } from '../hnsw/hnsw-settings.js';
import { vectorIndexCases } from '../testing/index.js';
import { createFlatIndex, openFlatIndex } from './flat-index.js';

const logger = () => undefined;

describe('the flat index', () => {
  for (const { name, run } of vectorIndexCases({ create: createFlatIndex, open: openFlatIndex })) it(name, run);
});

describe('the HNSW index', () => {
  const settings = resolveHnswSettings({});
  // Without hnswlib-node these run on the flat index, which must then be what is used.
  const cases = vectorIndexCases({
    create: (options) => createHnswIndex({ ...options, logger }),
    open: (options) => openHnswIndex({ ...options, settings, logger }),
    recall: 0.95,
  });
  for (const { name, run } of cases) it(name, run);

  it('refuses settings outside their range', async () => {
    await expect(createHnswIndex({ dimension: 4, m: 1 })).rejects.toThrow(/HNSW m must/);
  });
});
