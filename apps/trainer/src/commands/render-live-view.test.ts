import { stripVTControlCharacters } from 'node:util';
import { fc, test } from '@fast-check/vitest';
import picocolors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { type LiveState, progressBar, renderLiveView, sparkline } from './render-live-view.js';

const colors = picocolors.createColors(false);

const state: LiveState = {
  training: {
    stage: 'dgpo',
    step: 12,
    totalSteps: 200,
    stepsDone: 2,
    seconds: 60,
    metrics: {
      reward: 0.3125,
      searches: 1.4,
      kl: 0.00012,
      valid_action_rate: 1,
      'completions/mean_length': 231,
      'perf/throughput': 812.4,
      loss: 3,
    },
    show: ['reward', 'searches', 'valid_action_rate'],
    curve: { name: 'reward', values: [0, 0.125, 0.25, 0.3125] },
  },
  count: { label: 'episodes', done: 16, total: 64, secondsLeft: 5 },
  memory: 1.25 * 2 ** 30,
};

describe('renderLiveView', () => {
  it('shows stage, progress, pace, curve, metrics and a count', () => {
    expect(renderLiveView(state, { columns: 80, colors })).toEqual([
      'dgpo  ██░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  12/200 · 6 %',
      '30.0 s/step · 1 h 34 min left · 1 min 00 s so far · 812 tokens/s · 1.3 GiB',
      'reward 0.313  ▁▄▇█',
      'searches 1.40 · valid_action_rate 1 · kl 1.2e-4 · completions/mean_length 231',
      'episodes  ██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  16/64 · 25 % · 5 s left',
    ]);
  });

  it('drops whole parts where they do not fit, and the bar where it would be none', () => {
    expect(renderLiveView(state, { columns: 36, colors })).toEqual([
      'dgpo  █░░░░░░░░░░░░░░░  12/200 · 6 %',
      '30.0 s/step · 1 h 34 min left',
      'reward 0.313  ▁▄▇█',
      'searches 1.40 · valid_action_rate 1',
      'episodes 16/64 · 25 % · 5 s left',
    ]);
  });

  it('has no rate before there is one, and nothing left at the end', () => {
    const training = { ...state.training, stepsDone: 0, step: 200, metrics: {}, curve: undefined } as NonNullable<
      LiveState['training']
    >;
    expect(renderLiveView({ training, count: undefined, memory: undefined }, { columns: 80, colors })).toEqual([
      `dgpo  ${'█'.repeat(40)}  200/200 · 100 %`,
      '1 min 00 s so far',
    ]);
  });

  test.prop([fc.integer({ min: 1, max: 120 }), fc.boolean()])(
    'no line is wider than the terminal',
    (columns, coloured) => {
      for (const line of renderLiveView(state, { columns, colors: picocolors.createColors(coloured) })) {
        expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(columns);
      }
    },
  );
});

describe('sparkline', () => {
  it('goes from the lowest to the highest value', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 20)).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([5, 5], 20)).toBe('▅▅');
    expect(sparkline([], 20)).toBe('');
  });

  it('stands for means of neighbours where there are more values than room', () => {
    expect(sparkline([0, 2, 3, 5, 6, 8], 3)).toBe('▁▅█');
    expect(sparkline([0, Number.NaN, Number.NaN, Number.NaN, 1, 1], 3)).toBe('▁ █');
  });
});

it('draws a bar of exactly the width', () => {
  expect([0, 0.5, 1, 2, -1].map((share) => progressBar(share, 4))).toEqual(['░░░░', '██░░', '████', '████', '░░░░']);
});
