import { describe, expect, it } from 'vitest';
import { createHnswIndex, openHnswIndex } from '../hnsw/hnsw-index.js';
import { resolveHnswSettings } from '../hnsw/hnsw-settings.js';
import { vectorIndexCases } from '../testing/index.js';
import { createFlatIndex, openFlatIndex } from './flat-index.js';

const logger = () => undefined;
const noKernels = { _internal: { createKernelMemory: () => null } };

describe.each([
  { name: 'with kernels', surroundings: {} },
  { name: 'without kernels', surroundings: noKernels },
  { name: 'in blocks of 97', surroundings: { _internal: { rowsPerBlock: 97 } } },
])('the flat index of float32 $name', ({ surroundings }) => {
  const cases = vectorIndexCases({
    create: (options) => createFlatIndex({ ...options, ...surroundings }),
    open: (options) => openFlatIndex({ ...options, ...surroundings }),
  });
  for (const { name, run } of cases) it(name, run);
});

describe.each([
  { name: 'with kernels', surroundings: {} },
  { name: 'without kernels', surroundings: noKernels },
  { name: 'in blocks of 97', surroundings: { _internal: { rowsPerBlock: 97 } } },
  { name: 'with vectors on disk', surroundings: { rescoreFrom: 'disk' as const } },
])('the flat index of int8 $name', ({ surroundings }) => {
  const settings = { precision: 'int8' } as const;
  const cases = vectorIndexCases({
    create: (options) => createFlatIndex({ ...options, ...settings, ...surroundings }),
    open: (options) => openFlatIndex({ ...options, settings, ...surroundings }),
  });
  for (const { name, run } of cases) it(name, run);
});

// Without hnswlib-node these run on the flat index, which must then be what is used; then nothing saved can be an HNSW index.
describe.each([
  { name: 'with kernels', surroundings: {} },
  { name: 'that grows', surroundings: { capacity: 3 } },
  { name: 'without kernels', surroundings: noKernels },
])('the HNSW index $name', ({ surroundings }) => {
  const settings = resolveHnswSettings({});
  const cases = vectorIndexCases({
    create: (options) => createHnswIndex({ ...options, ...surroundings, logger }),
    open: async ({ directory, dimension }) => {
      const probe = await createHnswIndex({ dimension, logger });
      return probe.kind === 'flat'
        ? openFlatIndex({ directory, dimension })
        : openHnswIndex({ directory, dimension, settings, logger, ...surroundings });
    },
    recall: 0.95,
  });
  for (const { name, run } of cases) it(name, run);
});

describe('createFlatIndex', () => {
  it('refuses settings outside their range', () => {
    expect(() => createFlatIndex({ dimension: 4, rescore: -1 })).toThrow(/rescore must/);
    expect(() => createFlatIndex({ dimension: 65_537 })).toThrow(/dimension/);
    const precision = 'int4' as 'int8';
    expect(() => createFlatIndex({ dimension: 4, precision })).toThrow(/precision .* not "int4"/);
  });

  it('does not answer after close', async () => {
    const index = createFlatIndex({ dimension: 2 });
    await index.close();
    await expect(index.search({ vectors: [Float32Array.of(1, 0)], topK: 1 })).rejects.toThrow(/closed/);
  });
});
