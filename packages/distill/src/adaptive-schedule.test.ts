import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type AdaptiveScheduleOptions, createAdaptiveSchedule } from './adaptive-schedule.js';

const make = (options: Partial<AdaptiveScheduleOptions> = {}) =>
  createAdaptiveSchedule({ seed: 1, totalSteps: 1000, ...options });

describe('createAdaptiveSchedule', () => {
  test('the share grows by 0.1 each time the validation loss has risen enough', () => {
    const schedule = make();
    const shares = [2, 2.05, 1, 2.125, 2.2, 2.25].map((loss) => {
      schedule.update(loss);
      return schedule.threshold;
    });
    // 1 is better than 2, yet 2 stays the loss to beat; then 2.125 is, which 2.2 does not exceed by 0.1 and 2.25 does.
    expect(shares.map((share) => Math.round(share * 10))).toEqual([0, 0, 0, 1, 1, 2]);
    const capped = make({ threshold: 0.95, lossEps: 0 });
    for (let loss = 0; loss < 4; loss++) capped.update(loss);
    expect(capped.threshold).toBe(1);
  });

  test('at 0 all steps are of the data set, at 1 none', () => {
    for (let step = 0; step < 1000; step += 50) {
      expect(make().choose({ step, buffered: 1000 })).toBe('dataset');
      expect(make({ threshold: 1 }).choose({ step, buffered: 999 })).toBe('generate');
      expect(make({ threshold: 1 }).choose({ step, buffered: 1000 })).not.toBe('dataset');
    }
  });

  test.each([
    { replayRatio: 'constant' as const, anew: () => 0.5 },
    { replayRatio: 'increasing' as const, anew: (progress: number) => progress },
    { replayRatio: 'decreasing' as const, anew: (progress: number) => 1 - progress },
  ])('$replayRatio: how much of the share is written anew', ({ replayRatio, anew }) => {
    const draws = 4000;
    const count = (step: number) => {
      const chosen = Array.from({ length: draws }, (_, seed) =>
        make({ seed, threshold: 0.8, replayRatio }).choose({ step, buffered: 1000 }),
      );
      return (['generate', 'replay', 'dataset'] as const).map(
        (source) => chosen.filter((one) => one === source).length / draws,
      );
    };
    for (const step of [100, 900]) {
      const part = anew(step / 1000);
      const [generate = 0, replay = 0, dataset = 0] = count(step);
      // Four standard deviations of a share of 4000 draws are below 0.032.
      expect(Math.abs(generate - 0.8 * part)).toBeLessThan(0.032);
      expect(Math.abs(replay - 0.8 * (1 - part))).toBeLessThan(0.032);
      expect(Math.abs(dataset - 0.2)).toBeLessThan(0.032);
    }
  });

  test('options, states, losses and steps out of range are refused', () => {
    expect(() => make({ threshold: 1.1 })).toThrow('threshold');
    expect(() => make({ totalSteps: 0 })).toThrow('totalSteps');
    expect(() => make({ capacity: 0 })).toThrow('capacity');
    expect(() => make({ lossEps: -1 })).toThrow('lossEps');
    expect(() => make({ state: { threshold: 2, previousLoss: null } })).toThrow('state');
    expect(() => make({ state: { threshold: 0, previousLoss: Number.NaN } })).toThrow('state');
    expect(() => make().update(Number.NaN)).toThrow('validationLoss');
    expect(() => make().choose({ step: 1000, buffered: 0 })).toThrow('step');
  });
});

property.prop([fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 1, maxLength: 20 }), fc.nat(19)])(
  'saved through JSON it goes on exactly',
  (losses, cut) => {
    const whole = make({ lossEps: 0 });
    let resumed = make({ lossEps: 0 });
    losses.forEach((loss, step) => {
      if (step === cut) resumed = make({ lossEps: 0, state: JSON.parse(JSON.stringify(resumed.state())) });
      whole.update(loss);
      resumed.update(loss);
      const now = { step, buffered: 1000 };
      expect(resumed.choose(now)).toBe(whole.choose(now));
    });
    expect(resumed.state()).toEqual(whole.state());
  },
);
