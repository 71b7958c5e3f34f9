import { describe, expect, it } from 'vitest';
import { createHashedEncoder } from '../vector/hashed-encoder.js';
import { openEncoder } from './open-encoder.js';

describe('openEncoder', () => {
  it('opens the embedded encoder', async () => {
    const encoder = createHashedEncoder({ dimension: 32 });
    const opened = await openEncoder({ settings: encoder.settings, directory: '.' });
    expect(await opened.encode(['Lima'])).toEqual(encoder.encode(['Lima']));
  });

  it('refuses unknown kinds and damaged settings', async () => {
    const open = (settings: unknown) => openEncoder({ settings, directory: 'wiki' });
    await expect(open({ kind: 'colbert' })).rejects.toMatchObject({
      name: 'RetrieverError',
      message: 'wiki: the encoder "colbert" of this index is not known here',
    });
    await expect(open(null)).rejects.toThrow(/not known here/);
    for (const kind of ['hashed', 'transformers', 'embeddings']) {
      await expect(open({ kind })).rejects.toThrow(/settings of the encoder are damaged/);
    }
  });
});
