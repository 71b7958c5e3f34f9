import { expect, it } from 'vitest';
import { colorScale } from './color-scale.js';

const classOf = (...[channel, value, values = []]: [Parameters<typeof colorScale>[0], number | null, number[]?]) =>
  colorScale(channel, values).stepOf(value)?.className ?? null;

it('colours log-probabilities by probability, a bound belonging to the surer step', () => {
  expect(classOf('logProb', 0)).toBe('tone-warm-0');
  expect(classOf('logProb', Math.log(0.9))).toBe('tone-warm-0');
  expect(classOf('logProb', Math.log(0.899))).toBe('tone-warm-1');
  expect(classOf('logProb', Math.log(0.3))).toBe('tone-warm-2');
  expect(classOf('logProb', Math.log(0.009))).toBe('tone-warm-5');
  expect(classOf('logProb', -80)).toBe('tone-warm-5');
});

it('sets a divergence from the teacher against fixed bounds of 0.1, 0.5 and 2 nats to either side', () => {
  expect(classOf('teacherKl', 0.1)).toBe('tone-none');
  expect(classOf('teacherKl', -0.1)).toBe('tone-none');
  expect(classOf('teacherKl', 0.5)).toBe('tone-plus-1');
  expect(classOf('teacherKl', 2)).toBe('tone-plus-2');
  expect(classOf('teacherKl', 2.01)).toBe('tone-plus-3');
  expect(classOf('teacherKl', -7)).toBe('tone-minus-3');
});

it('sets advantages against the largest of the episode', () => {
  // The largest is 0.9 in size: thirds end at 0.3, 0.6 and 0.9.
  const values = [0.3, -0.9, 0];
  expect(classOf('advantage', 0, values)).toBe('tone-none');
  expect(classOf('advantage', 0.29, values)).toBe('tone-plus-1');
  expect(classOf('advantage', 0.31, values)).toBe('tone-plus-2');
  expect(classOf('advantage', -0.9, values)).toBe('tone-minus-3');
});

it('has one step where all advantages are zero', () => {
  expect(colorScale('advantage', [0, 0, null]).steps).toHaveLength(1);
  expect(classOf('advantage', 0, [0])).toBe('tone-none');
});

it.each(['mask', 'logProb', 'teacherKl', 'advantage'] as const)('leaves tokens without %s uncoloured', (channel) => {
  expect(classOf(channel, null, [1])).toBeNull();
});

it.each(['mask', 'logProb', 'teacherKl', 'advantage'] as const)(
  'names every colour of %s in the legend, each once',
  (channel) => {
    const values = [-3, -1.5, -0.6, -0.3, -0.05, 0, 0.05, 0.3, 0.6, 1, 1.5, 3];
    const { steps, stepOf } = colorScale(channel, values);
    const classes = steps.map(({ className }) => className);
    expect(new Set(classes).size).toBe(classes.length);
    expect(new Set(steps.map(({ label }) => label)).size).toBe(classes.length);
    for (const value of values) expect(classes).toContain(stepOf(value)?.className);
  },
);
