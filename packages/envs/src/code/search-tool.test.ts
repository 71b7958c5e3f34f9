import { RetrieverError } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { createSearchTool } from './search-tool.js';

const failing = (error: Error) => createSearchTool({ retriever: { retrieve: () => Promise.reject(error) } });
const search = (tool: ReturnType<typeof createSearchTool>) =>
  tool.run({ arguments: { query: 'money of Peru' }, signal: new AbortController().signal });

describe('a retriever that gives nothing', () => {
  test('refuses the query: the code is told why, without the address of the server', async () => {
    const where = 'http://127.0.0.1:8000';
    const error = await search(failing(new RetrieverError('too long', { where, refusesQuery: true }))).catch((e) => e);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).not.toHaveProperty('code');
    expect(error.message).toBe('too long');
  });

  test('fails: the world fails, whatever the query was', async () => {
    for (const error of [new RetrieverError('unreachable'), new TypeError('no index')]) {
      await expect(search(failing(error))).rejects.toMatchObject({ code: 'RETRIEVER_ERROR', where: 'search' });
    }
  });
});
