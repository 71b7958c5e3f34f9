import { expect, test } from 'vitest';
import { createKlController } from './kl-controller.js';

test('fixed stays', () => {
  const controller = createKlController({ type: 'fixed', beta: 0.001 });
  controller.update({ kl: 100, gatedRows: 8, batchSize: 8 });
  expect(controller.beta).toBe(0.001);
});

test('adaptive steers by the error, clipped to 20 %', () => {
  const controller = createKlController({ type: 'adaptive', beta: 1, targetKl: 0.1, horizon: 1000 });
  controller.update({ kl: 0.11, gatedRows: 50, batchSize: 100 });
  expect(controller.beta).toBeCloseTo(1.01, 12); // 1 + 0.1 · 100 / 1000
  controller.update({ kl: 5, gatedRows: 50, batchSize: 100 });
  expect(controller.beta).toBeCloseTo(1.01 * 1.02, 12);
  controller.update({ kl: 0, gatedRows: 50, batchSize: 100 });
  expect(controller.beta).toBeCloseTo(1.01 * 1.02 * 0.98, 12);
});

test('without gated rows there is no signal', () => {
  const controller = createKlController({ type: 'adaptive', beta: 1, targetKl: 0.1, horizon: 1000 });
  controller.update({ kl: 0, gatedRows: 0, batchSize: 100 });
  expect(controller.beta).toBe(1);
});

test('a batch far above the horizon does not turn β negative', () => {
  const controller = createKlController({ type: 'adaptive', beta: 1, targetKl: 0.1, horizon: 10 });
  controller.update({ kl: 0, gatedRows: 1, batchSize: 100 });
  expect(controller.beta).toBe(0);
});

test('β is the whole state', () => {
  const signal = { kl: 0.15, gatedRows: 3, batchSize: 64 };
  const straight = createKlController({ type: 'adaptive', beta: 0.3, targetKl: 0.1, horizon: 500 });
  straight.update(signal);
  const resumed = createKlController({ type: 'adaptive', beta: straight.beta, targetKl: 0.1, horizon: 500 });
  straight.update(signal);
  resumed.update(signal);
  expect(resumed.beta).toBe(straight.beta);
});

test('numbers out of range are refused', () => {
  expect(() => createKlController({ type: 'fixed', beta: -1 })).toThrow(RangeError);
  expect(() => createKlController({ type: 'adaptive', beta: 1, targetKl: 0, horizon: 1 })).toThrow('targetKl');
  expect(() => createKlController({ type: 'adaptive', beta: 1, targetKl: 1, horizon: -1 })).toThrow('horizon');
  const controller = createKlController({ type: 'adaptive', beta: 1, targetKl: 1, horizon: 1 });
  expect(() => controller.update({ kl: Number.NaN, gatedRows: 1, batchSize: 1 })).toThrow('finite');
});
