import { describe, expect, it } from 'vitest';
import { recognizeFamily } from './model-families.js';

describe('recognizeFamily', () => {
  it.each([
    ['intfloat/e5-base-v2', 'e5'],
    ['Xenova/multilingual-e5-small', 'e5'],
    ['/models/E5-large-v2/', 'e5'],
    ['intfloat/multilingual-e5-large-instruct', 'default'],
    ['intfloat/e5-mistral-7b-instruct', 'default'],
    ['BAAI/bge-small-en-v1.5', 'bge'],
    ['BAAI/bge-large-zh-v1.5', 'bge-zh'],
    ['BAAI/bge-m3', 'bge-m3'],
    ['BAAI/bge-reranker-base', 'default'],
    ['sentence-transformers/all-MiniLM-L6-v2', 'minilm'],
    ['thenlper/gte-base', 'gte'],
    ['Alibaba-NLP/gte-base-en-v1.5', 'gte-v1.5'],
    ['Alibaba-NLP/gte-multilingual-base', 'gte-v1.5'],
    ['me5-thing', 'default'],
    ['bert-base-uncased', 'default'],
  ])('%s is %s', (name, family) => {
    expect(recognizeFamily([name]).name).toBe(family);
  });

  it('asks the config when the folder does not say it, and the first name that does wins', () => {
    expect(recognizeFamily(['/srv/models/encoder', 'intfloat/e5-base-v2']).name).toBe('e5');
    expect(recognizeFamily(['BAAI/bge-base-en', 'nreimers/MiniLM-L6-H384-uncased']).name).toBe('bge');
    expect(recognizeFamily([undefined, undefined]).name).toBe('default');
    // The folder above does not count.
    expect(recognizeFamily(['/e5-small/encoder']).name).toBe('default');
  });

  it('knows prefixes and pooling', () => {
    expect(recognizeFamily(['e5-base-v2'])).toMatchObject({
      queryPrefix: 'query: ',
      passagePrefix: 'passage: ',
      pooling: 'mean',
    });
    expect(recognizeFamily(['bge-base-en-v1.5'])).toMatchObject({
      queryPrefix: 'Represent this sentence for searching relevant passages: ',
      passagePrefix: '',
      pooling: 'cls',
    });
    for (const name of ['all-MiniLM-L6-v2', 'gte-small']) {
      expect(recognizeFamily([name])).toMatchObject({ queryPrefix: '', passagePrefix: '', pooling: 'mean' });
    }
  });
});
