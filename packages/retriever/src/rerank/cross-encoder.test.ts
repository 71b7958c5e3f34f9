import { describe, expect, it } from 'vitest';
import { fakeTransformers } from '../__fixtures__/fake-transformers.js';
import { createCrossEncoder } from './cross-encoder.js';

describe('createCrossEncoder', () => {
  const texts = ['the capital of Peru', 'a whale', 'capital'];

  it('scores pairs in batches of like length and gives them back in order', async () => {
    const { _internal, batches, state } = fakeTransformers({ maxLength: 100 });
    const reranker = await createCrossEncoder({ model: 'ms-marco', batchSize: 2, _internal });
    expect(await reranker.scores({ query: 'capital of', texts })).toEqual([2, 0, 1]);
    expect(batches).toEqual([
      { texts: ['capital of', 'capital of'], pairs: ['a whale', 'capital'], maxLength: 100 },
      { texts: ['capital of'], pairs: ['the capital of Peru'], maxLength: 100 },
    ]);
    expect(await reranker.scores({ query: 'x', texts: [] })).toEqual([]);
    await reranker.close?.();
    expect(state.disposed).toBe(1);
  });

  it('takes how much the second of two labels is ahead, and refuses more', async () => {
    const two = await createCrossEncoder({ model: 'x', ...fakeTransformers({ labels: 2 }) });
    expect(await two.scores({ query: 'capital of', texts })).toEqual([2, 0, 1]);
    const three = await createCrossEncoder({ model: 'x', ...fakeTransformers({ labels: 3 }) });
    await expect(three.scores({ query: 'x', texts })).rejects.toThrow(/one label or two, this model has 3/);
  });

  it('ends with the reason of the signal', async () => {
    const reranker = await createCrossEncoder({ model: 'x', ...fakeTransformers() });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(reranker.scores({ query: 'x', texts, signal })).rejects.toThrow('enough');
  });
});
