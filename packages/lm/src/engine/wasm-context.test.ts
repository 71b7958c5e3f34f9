import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from './select-engine.js';
import { type WasmContext, wasmContext } from './wasm-context.js';

describe('wasmContext', () => {
  let context: WasmContext;
  beforeAll(async () => {
    await selectEngine({ engine: 'wasm' });
    context = wasmContext() as WasmContext;
  });

  test('is one and the same for all callers', () => {
    expect(context).toBeDefined();
    expect(wasmContext()).toBe(context);
  });

  test('scratch memory grows but keeps its place while it is large enough', () => {
    const first = context.scratch(1000);
    expect(first).toBeGreaterThan(0);
    expect(context.scratch(1000)).toBe(first);
    expect(context.scratch(10)).toBe(first);
  });

  test('more than the heap can hold is a ModelError, and smaller work goes on', async () => {
    expect(() => context.scratch(5 * 2 ** 30)).toThrow(ModelError);
    expect(() => context.scratch(3.9 * 2 ** 30)).toThrow(
      /^the wasm engine is out of memory: \d+ MiB more do not fit into its 4 GiB; use smaller micro-batches.* tensorflow/,
    );
    expect(() => context.output([2 ** 20, 2 ** 12])).toThrow(ModelError);
    expect(context.scratch(2000)).toBeGreaterThan(0);
    const sum = tf.sum(tf.ones([64, 64]));
    expect([...(await sum.data())]).toEqual([4096]);
  });
});
