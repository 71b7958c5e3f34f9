import { readFileSync } from 'node:fs';
import { decoderConfig, estimateModelMemory, parameterCount } from '@dgpo/lm';
import { expect, test } from 'vitest';
import { models, withTable } from './memory-table.mjs';

test('docs/memory.md is current (npm run docs:memory)', () => {
  const page = readFileSync(new URL('../../docs/memory.md', import.meta.url), 'utf8');
  expect(withTable(page)).toBe(page);
});

test('the sizes give the published numbers of parameters', () => {
  const counts = Object.values(models).map((sizes) => parameterCount(decoderConfig(sizes)));
  expect(counts).toEqual([124_439_808, 134_515_008, 361_821_120, 494_032_768, 596_049_920, 1_235_814_400]);
});

test('a wasm heap is too small for 1 B, and for full training of 0.5 B, and large enough for LoRA of 0.5 B', () => {
  const fits = (name, mode, more = {}) =>
    estimateModelMemory({
      config: decoderConfig(models[name]),
      engine: 'wasm',
      mode,
      batchSize: 1,
      sequenceLength: 64,
      gradientCheckpointing: true,
      ...more,
    }).fits;
  expect(['sample', 'lora', 'full'].map((mode) => fits('Llama-3.2-1B', mode))).toEqual([false, false, false]);
  expect(['sample', 'lora', 'full'].map((mode) => fits('Qwen2.5-0.5B', mode))).toEqual([true, true, false]);
});
