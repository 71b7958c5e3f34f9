import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveTokenizer, trainCompactTokenizer } from '@dgpo/lm';
import type { Segment } from '@dgpo/trajectory';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTokenSplitter } from './run-tokenizers.js';
import { openServedFolder } from './served-folder.js';

const root = mkdtempSync(join(tmpdir(), 'dgpo-tokens-'));
const tokenizer = trainCompactTokenizer({ texts: ['the sol, the sol'], specialTokens: ['<answer>'], maximumPieces: 4 });
const other = trainCompactTokenizer({ texts: ['banana banana'], specialTokens: [], maximumPieces: 4 });

beforeAll(async () => {
  await saveTokenizer(other, join(root, 'run/stages/another/model'));
  await saveTokenizer(tokenizer, join(root, 'run/stages/student/model'));
});
afterAll(() => rmSync(root, { recursive: true }));

const segment = (kind: Segment['kind'], text: string): Segment => ({
  kind,
  text,
  tokenIds: tokenizer.encode(text, { allowSpecial: true }),
});

test('tokens have the texts of the tokenizer that made them, a letter of two tokens stands at its last', async () => {
  const split = createTokenSplitter(openServedFolder(root));
  const segments = [
    segment('prompt', 'the sol'),
    { kind: 'policy' as const, text: 'alone' },
    segment('policy', '<answer>é'),
  ];
  const texts = await split({ places: ['run'], segments });
  expect(texts?.[0]?.join('')).toBe('the sol');
  expect(texts?.[0]).toHaveLength(segments[0]?.tokenIds?.length ?? -1);
  expect(texts?.[1]).toBeNull();
  // é is two bytes, each a token of its own.
  expect(texts?.[2]).toEqual(['<answer>', '', 'é']);
});

test('no texts where no tokenizer fits, or none is there', async () => {
  const split = createTokenSplitter(openServedFolder(root));
  const foreign: Segment[] = [{ kind: 'policy', text: 'something else', tokenIds: [70, 71] }];
  expect(await split({ places: ['run'], segments: foreign })).toBeUndefined();
  expect(await split({ places: ['elsewhere'], segments: [segment('prompt', 'the sol')] })).toBeUndefined();
});
