import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { createTaidSchedule, type TaidScheduleState } from './taid-schedule.js';

describe('createTaidSchedule', () => {
  test('by hand: the first update only remembers, later ones move by α·sigmoid(momentum)·(1 − t)', () => {
    const schedule = createTaidSchedule({ totalSteps: 1e6, alpha: 0.5, beta: 0.9 });
    expect(schedule.t).toBe(0.4);
    schedule.update({ loss: 2, step: 0 });
    expect(schedule.state()).toEqual({ t: 0.4, previousLoss: 2, momentum: 0 });
    schedule.update({ loss: 1, step: 1 });
    const momentum = 0.1 * 0.5;
    const t = 0.4 + (0.5 * 0.6) / (1 + Math.exp(-momentum));
    expect(schedule.state().momentum).toBeCloseTo(momentum, 12);
    expect(schedule.t).toBeCloseTo(t, 12);
    schedule.update({ loss: 3, step: 2 });
    expect(schedule.state().momentum).toBeCloseTo(0.9 * momentum - 0.1 * 2, 12);
    expect(schedule.t).toBeCloseTo(t + (0.5 * (1 - t)) / (1 + Math.exp(0.2 - 0.9 * momentum)), 12);
  });

  test('never behind the line to tEnd, and on it without adapting', () => {
    for (const adaptive of [true, false]) {
      const schedule = createTaidSchedule({ totalSteps: 10, tStart: 0.2, tEnd: 0.9, alpha: 0, adaptive });
      for (let step = 0; step < 10; step++) {
        schedule.update({ loss: 1, step });
        expect(schedule.t).toBeCloseTo(0.2 + 0.07 * step, 12);
      }
    }
  });

  test('options, states, losses and steps out of range are refused', () => {
    const call = (options: Partial<Parameters<typeof createTaidSchedule>[0]>) => (): unknown =>
      createTaidSchedule({ totalSteps: 10, ...options });
    expect(call({ totalSteps: 0 })).toThrow('totalSteps');
    expect(call({ tStart: 1 })).toThrow('tStart');
    expect(call({ tEnd: 0.3 })).toThrow('tEnd');
    expect(call({ alpha: 2 })).toThrow('alpha');
    expect(call({ beta: 1 })).toThrow('beta');
    expect(call({ state: { t: 2, previousLoss: null, momentum: 0 } })).toThrow('state');
    const schedule = createTaidSchedule({ totalSteps: 10 });
    expect(() => schedule.update({ loss: Number.NaN, step: 0 })).toThrow('loss');
    expect(() => schedule.update({ loss: 1, step: 10 })).toThrow('step: expected 0 to 9');
  });
});

property.prop([fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 30 }), fc.nat(29)])(
  't never falls and stays in range; saved through JSON it goes on exactly',
  (losses, cut) => {
    const options = { totalSteps: losses.length, alpha: 0.1 };
    const whole = createTaidSchedule(options);
    let resumed = createTaidSchedule(options);
    losses.forEach((loss, step) => {
      const before = whole.t;
      whole.update({ loss, step });
      expect(whole.t).toBeGreaterThanOrEqual(before);
      expect(whole.t).toBeLessThanOrEqual(1);
      if (step === cut) {
        const state = JSON.parse(JSON.stringify(resumed.state())) as TaidScheduleState;
        resumed = createTaidSchedule({ ...options, state });
      }
      resumed.update({ loss, step });
    });
    expect(resumed.state()).toEqual(whole.state());
  },
);
